"""A conversation and its participants at once: all or nothing, and a refusal says who."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from partyline.carriers.base import InboundText
from partyline.domain import sids
from partyline.inbound import recorder
from partyline.storage import conversations as store
from partyline.storage.table import Table
from tests.support.api_harness import (
    ACCOUNT,
    BASE,
    A,
    Api,
    B,
    C,
    Clock,
    P,
    Q,
    Racing,
    Reply,
    activate,
    consult_no_webhook,
)

INVALID = "One of the JSON requests for participant creation is invalid: "
AGENT = {"identity": "agent", "messaging_binding": {"projected_address": P}}


def native(address: str) -> dict[str, Any]:
    return {"messaging_binding": {"address": address}}


def make(api: Api, *people: Any, **form: str) -> Reply:
    texts = [("Participant", one if isinstance(one, str) else json.dumps(one)) for one in people]
    return api.post("/ConversationWithParticipants", [*form.items(), *texts])


def test_all_members_join_at_once_and_it_becomes_active(api: Api, table: Table, clock: Clock) -> None:
    reply = make(
        api,
        {**native(A), "attributes": '{"a":1}', "date_created": "2020-01-01T00:00:00Z"},
        {**native(B), "attributes": {"b": 2}, "identity": None},
        AGENT,
        FriendlyName="All",
        UniqueName="all",
    )
    assert reply.status == 202
    url = f"{BASE}/v1/Conversations/{reply.body['sid']}"
    assert reply.body["state"] == "initializing"
    assert reply.body["links"] == {
        "participants": f"{url}/Participants",
        "messages": f"{url}/Messages",
        "webhooks": f"{url}/Webhooks",
    }
    members = api.get("/Conversations/all/Participants").body["participants"]
    assert {(one["identity"], one["attributes"]) for one in members} == {
        (None, '{"a":1}'),
        (None, '{"b": 2}'),
        ("agent", "{}"),
    }
    assert [one["sid"] for one in api.get("/Conversations", {"State": "initializing"}).body["conversations"]] == [
        reply.body["sid"]
    ]
    activate(table, reply.body["sid"], clock())
    assert api.say("all").body["delivery"]["total"] == 2


REFUSED: list[tuple[list[Any], tuple[int, int], str, dict[str, Any]]] = [
    ([], (400, 20001), "Invalid parameter Participant: give at least one", {"parameter": "Participant"}),
    (
        [AGENT, "{"],
        (400, 50424),
        f"{INVALID}it is not JSON",
        {"participant": 2},
    ),
    (
        ["[]"],
        (400, 50424),
        f"{INVALID}it is not a JSON object",
        {"participant": 1},
    ),
    (
        [{"messaging_binding": "x"}],
        (400, 50424),
        f"{INVALID}messaging_binding is not a JSON object",
        {"participant": 1},
    ),
    (
        [{"identity": 5}],
        (400, 50424),
        f"{INVALID}identity is not a text",
        {"participant": 1},
    ),
    (
        ['{"identity": "\\ud800"}'],
        (400, 50424),
        f"{INVALID}it is not JSON",
        {"participant": 1},
    ),
    (
        ["[" * 20_000],
        (400, 50424),
        f"{INVALID}it is not JSON",
        {"participant": 1},
    ),
    (
        [AGENT, native(A), native(P)],
        (400, 50407),
        "Invalid messaging binding address: it is one of your own numbers; give it as ProjectedAddress",
        {"address": P, "participant": 3},
    ),
    (
        [AGENT, native("nobody"), native(A)],
        (400, 50407),
        "Invalid messaging binding address: it is not a phone number in E.164 form",
        {"address": "nobody", "participant": 2},
    ),
    (
        [native(A), {"messaging_binding": {"projected_address": B}}],
        (400, 50439),
        "Account is not authorized to use the projected address",
        {"projected_address": B, "participant": 2},
    ),
    (
        [AGENT, native(A), {**native(B), "attributes": "{"}],
        (400, 50304),
        "Attributes not valid JSON",
        {"parameter": "Attributes", "participant": 3},
    ),
    (
        [AGENT, native(A), native(B), native(A)],
        (409, 50437),
        "Group Participant already exists",
        {"address": A, "participant": 4},
    ),
    (
        [AGENT, native(A), {"identity": "agent"}],
        (409, 50433),
        "Participant already exists",
        {"identity": "agent", "participant": 3},
    ),
    (
        [AGENT, native(A), native("+442071838750")],
        (400, 50407),
        "Invalid messaging binding address: group MMS reaches US and Canadian (+1) phone numbers only",
        {"address": "+442071838750", "participant": 3},
    ),
    (
        [AGENT, {"identity": "ann"}, native(A), native(B)],
        (400, 50435),
        "Group MMS activation failed: participant ann has no projected address",
        {"identity": "ann", "participant": 2},
    ),
    (
        [{"messaging_binding": {"address": A, "proxy_address": number}} for number in (P, Q, P)],
        (409, 50425),
        "Participant and proxy address pairs for one or more participants already in use",
        {"address": A, "participant": 3},
    ),
    (
        [native(A), native(B)],
        (400, 50435),
        "Group MMS activation failed: no participant has a projected address: add one of your own numbers",
        {},
    ),
]


@pytest.mark.parametrize(("people", "code", "message", "details"), REFUSED)
def test_a_refusal_names_the_participant_and_nothing_is_made(
    api: Api, people: list[Any], code: tuple[int, int], message: str, details: dict[str, Any]
) -> None:
    reply = make(api, *people, UniqueName="all")
    assert reply.error == (*code, message)
    # The reason was read with the message.
    details_without_reason = {name: value for name, value in reply.body.get("details", {}).items() if name != "reason"}
    assert details_without_reason == details
    assert api.get("/Conversations").body["conversations"] == []
    assert api.get("/Conversations/all").status == 404


def test_more_than_a_group_can_have_are_refused(api: Api) -> None:
    small = Api(replace(api.context, group_limit=3))
    people = [AGENT, native(A), native(B), native(C)]
    assert make(small, *people).error == (400, 50426, "Request contains too many participants: at most 3")
    assert make(small, *people[:3]).status == 202


def test_a_group_a_pair_or_a_name_that_is_taken_is_refused_whole(api: Api, table: Table) -> None:
    first = make(api, AGENT, native(A), native(B), UniqueName="all").body["sid"]
    people = ({"messaging_binding": {"projected_address": P}}, native(A), native(B))
    taken = f"Group MMS with given participant list already exists as Conversation {first}"
    assert make(api, *people).error == (409, 50438, taken)
    name = (409, 50353, "Conversation with provided unique name already exists")
    assert make(api, AGENT, native(A), native(C), UniqueName="all").error == name
    assert store.find_owner(table, f"{P},{A},{C}") is None
    masked = {"messaging_binding": {"address": A, "proxy_address": Q}}
    owner = make(api, masked).body["sid"]
    pair = f"A binding for this participant and proxy address already exists in Conversation {owner}"
    assert make(api, masked).error == (409, 50416, pair)
    assert len(api.get("/Conversations").body["conversations"]) == 2


def test_only_the_whole_set_counts_not_the_smaller_ones_on_the_way(api: Api) -> None:
    api.group(A, B)
    assert make(api, AGENT, native(A), native(B), native(C)).status == 202


@pytest.mark.parametrize(
    ("form", "state"), [({}, "active"), ({"State": "Active"}, "active"), ({"State": "inactive"}, "inactive")]
)
def test_it_begins_in_the_state_that_it_is_asked_for(
    api: Api, table: Table, clock: Clock, form: dict[str, str], state: str
) -> None:
    """U3: once its participants are in."""
    made = make(api, AGENT, native(A), **form).body
    assert made["state"] == "initializing"
    activate(table, made["sid"], clock())
    assert api.get(f"/Conversations/{made['sid']}").body["state"] == state
    assert [one["sid"] for one in api.get("/Conversations", {"State": state}).body["conversations"]] == [made["sid"]]
    assert api.say(made["sid"]).status == 201
    assert api.get(f"/Conversations/{made['sid']}").body["state"] == "active"


def test_it_begins_active_when_a_text_has_come_meanwhile(api: Api, table: Table, clock: Clock) -> None:
    """U3: a text wakes an inactive conversation, also one that is not inactive yet."""
    sid = make(api, AGENT, native(A), State="inactive").body["sid"]
    text = InboundText("bandwidth", "early", P, A, (P,), "hi")
    first = sids.default_service(ACCOUNT)
    recorded = recorder.InboundRecorder(table, first, consult_no_webhook).record(text, clock())
    assert recorded.conversation_sid == sid
    activate(table, sid, clock())
    assert api.get(f"/Conversations/{sid}").body["state"] == "active"


@pytest.mark.parametrize(("state", "code"), [("closed", 50384), ("initializing", 50378), ("", 50374)])
def test_it_does_not_begin_in_any_other(api: Api, state: str, code: int) -> None:
    assert make(api, AGENT, native(A), State=state).error[:2] == (400, code)


def test_its_identities_are_users_when_it_is_made_and_not_when_it_is_refused(api: Api) -> None:
    def identities() -> set[str]:
        return {user["identity"] for user in api.get("/Users").body["users"]}

    assert make(api, AGENT, native("nobody")).status == 400
    assert identities() == set()
    other = {"identity": "ann", "messaging_binding": {"projected_address": Q}}
    assert make(api, AGENT, other, native(A)).status == 202
    assert identities() == {"agent", "ann"}


# --- get or create


def people(*natives: str, own: str = P) -> list[tuple[str, str]]:
    members = [{"identity": "agent", "messaging_binding": {"projected_address": own}}]
    members += [{"messaging_binding": {"address": native}} for native in natives]
    return [("Participant", json.dumps(member)) for member in members]


def test_the_open_conversation_with_exactly_these_people_is_fetched_instead(api: Api) -> None:
    first = api.post("/ConversationWithParticipants", [*people(A, B), ("IfExists", "fetch")])
    again = api.post("/ConversationWithParticipants", [*people(B, A), ("IfExists", "Fetch"), ("FriendlyName", "new")])
    assert (first.status, again.status) == (202, 200)
    assert again.body["sid"] == first.body["sid"]
    assert again.body["friendly_name"] is None
    other = api.post("/ConversationWithParticipants", [*people(A, C), ("IfExists", "fetch")])
    assert (other.status, other.body["sid"] == first.body["sid"]) == (202, False)


def test_a_pair_is_fetched_though_twilio_would_let_it_be_made_twice(api: Api) -> None:
    first = api.post("/ConversationWithParticipants", people(A))
    again = api.post("/ConversationWithParticipants", [*people(A), ("IfExists", "fetch")])
    assert (again.status, again.body["sid"]) == (200, first.body["sid"])


def test_a_closed_conversation_is_not_fetched(api: Api, table: Table, clock: Clock) -> None:
    first = api.post("/ConversationWithParticipants", people(A, B)).body["sid"]
    activate(table, first, clock())
    assert api.post(f"/Conversations/{first}", {"State": "closed"}).status == 200
    again = api.post("/ConversationWithParticipants", [*people(A, B), ("IfExists", "fetch")])
    assert (again.status, again.body["sid"] == first) == (202, False)


def test_a_conversation_with_more_people_is_not_fetched(api: Api) -> None:
    whole = json.dumps({"messaging_binding": {"address": C, "proxy_address": Q}})
    api.made("/ConversationWithParticipants", [*people(A, B), ("Participant", whole)])
    refused = api.post("/ConversationWithParticipants", [*people(A, B), ("IfExists", "fetch")])
    assert refused.error[:2] == (409, 50438)


def test_another_services_conversation_is_not_fetched(api: Api) -> None:
    other = api.made("/Services", {"FriendlyName": "other"})["sid"]
    theirs = api.made(f"/Services/{other}/ConversationWithParticipants", people(A, B))["sid"]
    refused = api.post("/ConversationWithParticipants", [*people(A, B), ("IfExists", "fetch")])
    assert refused.error[:2] == (409, 50438)
    fetched = api.post(f"/Services/{other}/ConversationWithParticipants", [*people(A, B), ("IfExists", "fetch")])
    assert (fetched.status, fetched.body["sid"]) == (200, theirs)


def test_who_is_a_moment_later_fetches_what_the_other_made(api: Api) -> None:
    made: list[str] = []

    def other() -> None:
        made.append(api.made("/ConversationWithParticipants", people(A, B))["sid"])

    racing = Api(replace(api.context, table=Racing(api.context.table, 1, "conversation", other)))
    fetched = racing.post("/ConversationWithParticipants", [*people(A, B), ("IfExists", "fetch")])
    assert (fetched.status, [fetched.body["sid"]]) == (200, made)


def test_any_other_wish_is_refused(api: Api) -> None:
    refused = api.post("/ConversationWithParticipants", [*people(A, B), ("IfExists", "replace")])
    assert refused.error[:2] == (400, 20001)
    assert api.get("/Conversations").body["conversations"] == []


def test_of_two_that_make_a_pair_at_once_the_later_fetches_it(api: Api) -> None:
    made: list[str] = []

    def other() -> None:
        made.append(api.made("/ConversationWithParticipants", [*people(A), ("IfExists", "fetch")])["sid"])

    racing = Api(replace(api.context, table=Racing(api.context.table, 1, "conversation", other)))
    fetched = racing.post("/ConversationWithParticipants", [*people(A), ("IfExists", "fetch")])
    assert (fetched.status, [fetched.body["sid"]]) == (200, made)
