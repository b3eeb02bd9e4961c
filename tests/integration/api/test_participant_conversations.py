"""The conversations of an identity or an address: whose they are, and as what one takes part in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from partyline.domain import sids
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, A, Api, B, C, Clock, Counting, P, Pairs, Q
from tests.support.people import SERVICE, acting, administrator, another_service

PATH = "/ParticipantConversations"


def found(api: Api, **query: str) -> list[dict[str, Any]]:
    reply = api.get(PATH, query)
    assert reply.status == 200, reply.body
    listed: list[dict[str, Any]] = reply.body["conversations"]
    return listed


def where(api: Api, **query: str) -> list[str]:
    """Only their SIDs."""
    return [one["conversation_sid"] for one in found(api, **query)]


def test_by_identity_it_has_every_documented_member(api: Api) -> None:
    timers = {"Timers.Closed": "PT10M"}
    sid = api.conversation(UniqueName="u", FriendlyName="f", Attributes="[1]", State="active", **timers)
    member = api.member(sid, identity="ann")
    assert found(api, Identity="ann") == [
        {
            "account_sid": ACCOUNT,
            "chat_service_sid": SERVICE,
            "participant_sid": member,
            "participant_user_sid": api.get("/Users/ann").body["sid"],
            "participant_identity": "ann",
            "participant_messaging_binding": None,
            "conversation_sid": sid,
            "conversation_unique_name": "u",
            "conversation_friendly_name": "f",
            "conversation_attributes": "[1]",
            "conversation_date_created": "2026-11-22T12:00:00Z",
            "conversation_date_updated": "2026-11-22T12:00:00Z",
            "conversation_created_by": "system",
            "conversation_state": "active",
            "conversation_timers": {"date_closed": "2026-11-22T12:10:00Z"},
            "links": {
                "participant": f"{BASE}/v1/Conversations/{sid}/Participants/{member}",
                "conversation": f"{BASE}/v1/Conversations/{sid}",
            },
        }
    ]


def test_a_binding_has_every_key_whatever_one_takes_part_as(api: Api) -> None:
    group, masked = api.group(A, B), api.conversation()
    api.member(masked, address=C, proxy=Q)
    empty = {"address": None, "proxy_address": None, "projected_address": None, "name": None, "level": None}
    for query, sid, binding in (
        ({"Identity": "agent"}, group, {"projected_address": P}),
        ({"Address": A}, group, {"address": A}),
        ({"Address": C}, masked, {"address": C, "proxy_address": Q}),
    ):
        [one] = found(api, **query)
        assert one["conversation_sid"] == sid
        assert one["participant_messaging_binding"] == {"type": "sms", **empty, **binding}
    [one] = found(api, Address=A)
    assert (one["participant_identity"], one["participant_user_sid"]) == (None, None)


@pytest.mark.parametrize("notation", [A, A.removeprefix("+1"), A.replace("+", " "), "(206) 555-0150", f" {A} "])
def test_an_address_is_found_in_any_notation(api: Api, notation: str) -> None:
    assert where(api, Address=notation) == []
    group = api.group(A, B)
    assert where(api, Address=notation) == [group]


def test_an_own_number_is_nobodys_address(api: Api) -> None:
    api.group(A, B)
    assert where(api, Address=P) == []


@pytest.mark.parametrize("address", ["x", "a@b.example", "🦆" * 5000, "9" * 5000, "\0", "+1", " "])
def test_other_kind_of_address_finds_no_conversation(api: Api, address: str) -> None:
    assert found(api, Address=address) == []


INVISIBLE = "Invalid parameter Identity: it has control characters, or such that change its direction"
REFUSED: list[tuple[Pairs, tuple[int, int, str]]] = [
    ({}, (400, 20001, "Invalid parameter Identity: give Identity or Address")),
    ({"Identity": "", "Address": ""}, (400, 20001, "Invalid parameter Identity: give Identity or Address")),
    (
        {"Identity": "ann", "Address": A},
        (400, 50451, "Only one identifier allowed for lookup: use either Identity or Address"),
    ),
    ({"Identity": "x" * 257}, (400, 50207, "Identity too long: at most 256 bytes")),
    # A10: as everywhere, in bytes.
    ({"Identity": "🦆" * 256}, (400, 50207, "Identity too long: at most 256 bytes")),
    ({"Identity": "a\0b"}, (400, 20001, INVISIBLE)),
    ({"Identity": "a\u202eb"}, (400, 20001, INVISIBLE)),
]


@pytest.mark.parametrize(("query", "error"), REFUSED)
def test_one_asks_for_exactly_one(api: Api, query: Pairs, error: tuple[int, int, str]) -> None:
    assert api.get(PATH, query).error == error


@pytest.mark.parametrize("identity", ["🦆" * 64, "👩\u200d🚀", "ann é/?", A])
def test_an_identity_is_found_in_exactly_its_letters(api: Api, identity: str) -> None:
    sid = api.conversation()
    api.member(sid, identity=identity)
    assert where(api, Identity=identity) == [sid]
    assert where(api, Identity=identity[:-1] + "x") == []


def test_every_state_is_among_them_until_one_leaves_or_it_is_deleted(api: Api) -> None:
    made = {api.group(A, B): "active", api.group(A, own=Q): "inactive", api.group(A, C): "closed"}
    for sid, state in made.items():
        api.post(f"/Conversations/{sid}", {"State": state})
    assert {one["conversation_sid"]: one["conversation_state"] for one in found(api, Address=A)} == made
    first, second, third = made
    assert api.delete(f"/Conversations/{third}").status == 204
    [gone] = [one["participant_sid"] for one in found(api, Address=A) if one["conversation_sid"] == second]
    assert api.delete(f"/Conversations/{second}/Participants/{gone}").status == 204
    assert where(api, Address=A) == [first]


def test_they_are_listed_newest_first_page_by_page(api: Api, clock: Clock) -> None:
    made = []
    for _ in range(5):
        made.append(api.conversation())
        api.member(made[-1], identity="ann")
        clock.tick(seconds=1)
    page = api.get(PATH, {"Identity": "ann", "PageSize": "2"}).body
    assert page["meta"]["key"] == "conversations"
    seen = [one["conversation_sid"] for one in page["conversations"]]
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
        seen += [one["conversation_sid"] for one in page["conversations"]]
    assert seen == made[::-1]
    assert api.get(PATH, {"Identity": "ann", "PageSize": "100"}).body["meta"]["page_size"] == 50


def test_a_page_costs_the_same_however_many_there_are(api: Api, table: Table) -> None:
    costs = []
    for _ in range(2):
        for _ in range(6):
            api.member(api.conversation(), identity="ann")
        counting = Counting(table)
        query = {"Identity": "ann", "PageSize": "2"}
        assert len(Api(replace(api.context, table=counting)).get(PATH, query).body["conversations"]) == 2
        costs.append(counting.read)
    assert costs[0] == costs[1]


def test_another_services_are_not_found_through_this_one(api: Api) -> None:
    other = another_service(api)
    theirs = api.made(f"/Services/{other}/Conversations")["sid"]
    for form in ({"Identity": "ann"}, {"MessagingBinding.Address": A}):
        api.made(f"/Services/{other}/Conversations/{theirs}/Participants", form)
    for query in ({"Identity": "ann"}, {"Address": A}):
        assert found(api, **query) == []
        [one] = api.get(f"/Services/{other}{PATH}", query).body["conversations"]
        assert (one["conversation_sid"], one["chat_service_sid"]) == (theirs, other)
        assert one["links"]["conversation"] == f"{BASE}/v1/Services/{other}/Conversations/{theirs}"
    [one] = api.get(f"/Services/{other}{PATH}", {"Identity": "ann"}).body["conversations"]
    assert one["participant_user_sid"] == sids.user(other, "ann")


# --- by chat identities


def test_a_person_asks_for_their_own_and_an_administrator_for_anybodys(api: Api) -> None:
    sid = api.group(A, B)
    agent, boss = acting(api, "agent"), administrator(api)
    assert found(agent, Identity="agent") == found(api, Identity="agent")
    for query in ({"Identity": "boss"}, {"Address": A}):
        assert agent.get(PATH, query).error[:2] == (403, 50107)
    for query in ({"Identity": "agent"}, {"Address": A}):
        assert where(boss, **query) == [sid]
