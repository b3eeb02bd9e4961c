"""Activity: what happened in a conversation, in one order with its messages and notes, page by page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.carriers.base import InboundText
from partyline.domain import sids
from partyline.domain.opt_outs import OptOutChannel
from partyline.domain.sends import SendReference
from partyline.inbound import recorder
from partyline.lifecycle.cleanup import Cleaner
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import event_outbox, keys, opt_outs
from partyline.storage.table import Table, Write
from tests.support.api_harness import ACCOUNT, A, Api, B, C, Clock, Counting, P, Q, consult_no_webhook
from tests.support.files import Files
from tests.support.people import SERVICE, acting, administrator, another_service, staff


def text(table: Table, clock: Clock, body: str, id: str, sender: str = A) -> None:
    others = {A, B} - {sender}
    arrived = InboundText("bandwidth", id, P, sender, (P, *others), body)
    recorder.InboundRecorder(table, SERVICE, consult_no_webhook).record(arrived, clock())


def listed(api: Api, conversation: str, **query: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = api.get(f"/Conversations/{conversation}/Activity", query).body["activity"]
    return entries


def kinds(api: Api, conversation: str, **query: str) -> list[str]:
    return [entry["kind"] for entry in listed(api, conversation, **query)]


def test_everything_is_in_one_order_with_who_did_it(api: Api, table: Table, clock: Clock) -> None:
    conversation = api.group(A, B)
    path = f"/Conversations/{conversation}"
    ann = staff(api, "ann", "viewAnyConversation", "writeAsLine", "setConversationState")
    ann.post(path, {"Assignee": "ann"})
    clock.tick(seconds=1)
    text(table, clock, "Sunday?", "1")
    ann.made(f"{path}/Notes", {"Body": "Ask about the dog"})
    clock.tick(seconds=1)
    assert ann.post(path, {"State": "inactive"}).status == 200
    clock.tick(seconds=1)
    text(table, clock, "STOP", "2", sender=B)
    assert ann.post(f"{path}/Messages", {"Author": P, "Body": "Noon"}).status == 201
    text(table, clock, "START", "3", sender=B)
    third = api.member(conversation, address=C)
    api.delete(f"{path}/Participants/{third}")
    ann.post(path, {"Assignee": ""})
    shown = [
        (one["kind"], one["source"], one["by"], one["before"], one["after"], one["address"], one["message_index"])
        for one in listed(ann, conversation)
    ]
    assert shown == [
        ("assigned", "SDK", "ann", None, "ann", None, None),
        ("message", None, A, None, None, None, 0),
        ("note", None, "ann", None, None, None, 0),
        ("state_changed", "SDK", "ann", "active", "inactive", None, 0),
        ("state_changed", "SMS", None, "inactive", "active", None, 0),
        ("message", None, B, None, None, None, 1),
        ("opted_out", "SMS", None, None, None, B, 1),
        ("message", None, "ann", None, None, None, 2),
        ("message", None, B, None, None, None, 3),
        ("opted_in", "SMS", None, None, None, B, 3),
        ("participant_added", "API", None, None, None, C, 3),
        ("participant_removed", "API", None, None, None, C, 3),
        ("assigned", "SDK", "ann", "ann", None, None, 3),
    ]
    assert [one["body"] for one in listed(ann, conversation) if one["kind"] == "note"] == ["Ask about the dog"]
    opted_out = listed(ann, conversation)[6]
    assert opted_out["lines"] == [P]
    assert sids.matches("AE", opted_out["sid"])
    members = {one["sid"]: one for one in api.get(f"{path}/Participants").body["participants"]}
    assert members[opted_out["participant_sid"]]["messaging_binding"]["address"] == B
    assert (opted_out["account_sid"], opted_out["chat_service_sid"]) == (ACCOUNT, SERVICE)
    assert opted_out["date_created"] == "2026-11-22T12:00:03Z"


def test_a_repeated_keyword_changes_nothing_and_is_none(api: Api, table: Table, clock: Clock) -> None:
    conversation = api.group(A, B)
    for number, body in enumerate(("START", "STOP", "stop", "START", "HELP")):
        clock.tick(minutes=1)
        text(table, clock, body, str(number))
    assert [kind for kind in kinds(api, conversation) if kind != "message"] == ["opted_out", "opted_in"]
    batches = [event_outbox.decode(item) for item in table.query_all(keys.messages(conversation), begins="E#")]
    # In a batch of their own, since who gets it depends on its events.
    added = [batch.events for batch in batches if any(event.type == "onActivityAdded" for event in batch.events)]
    assert [[event.parameters["Kind"] for event in events] for events in added] == [["opted_out"], ["opted_in"]]


def test_a_keyword_that_makes_its_conversation_is_in_it(api: Api, table: Table, clock: Clock) -> None:
    text(table, clock, "STOP", "1")
    (conversation,) = api.get("/Conversations").body["conversations"]
    assert kinds(api, conversation["sid"]) == ["message", "opted_out"]


def test_an_opt_out_that_a_carrier_reports_stands_behind_the_message(api: Api, table: Table, clock: Clock) -> None:
    conversation = api.group(A, B)
    said = [api.say(conversation).body["sid"] for _ in range(2)]
    reference = SendReference(conversation, said[0], "digest")
    for _ in range(2):
        opt_outs.record_carrier_opt_out(table, A, P, OptOutChannel.CARRIER, reference, clock())
    assert kinds(api, conversation) == ["message", "opted_out", "message"]


def test_a_carriers_report_leaves_nothing_of_a_conversation_that_is_gone(api: Api, table: Table, clock: Clock) -> None:
    """It may come days after the clean-up."""
    conversation = api.group(A, B)
    reference = SendReference(conversation, api.say(conversation).body["sid"], "digest")
    assert api.delete(f"/Conversations/{conversation}").status == 204
    cleaner = Cleaner(table, Files(), clock, lambda: True)
    assert cleaner.clean_up(Removed(RemovedKind.CONVERSATION, conversation))
    opt_outs.record_carrier_opt_out(table, A, P, OptOutChannel.CARRIER, reference, clock())
    found = opt_outs.fetch_many(table, A, P)
    assert found
    assert found.opted_out
    assert table.query(keys.messages(conversation)).items == []


def test_do_not_disturb_is_in_the_open_conversations_of_the_contact(api: Api, table: Table) -> None:
    group, closed, other = api.group(A, B), api.group(A, C), api.group(B, C)
    api.post(f"/Conversations/{closed}", {"State": "closed"})
    ann = staff(api, "ann", "viewAnyConversation", "writeAsLine", "manageContacts")
    numbers = json.dumps([{"number": A}])
    contact = api.made("/Contacts", {"FriendlyName": "Kay", "Numbers": numbers, "DoNotDisturb": "true"})["sid"]
    for wanted in ("false", "false", "true"):
        assert ann.post(f"/Contacts/{contact}", {"DoNotDisturb": wanted}).status == 200
    assert ann.post(f"/Contacts/{contact}", {"FriendlyName": "Kay B."}).status == 200
    noted = listed(api, group)
    assert [(one["kind"], one["by"], one["contact_sid"], one["address"]) for one in noted] == [
        ("do_not_disturb_cleared", "ann", contact, A),
        ("do_not_disturb_set", "ann", contact, A),
    ]
    assert kinds(api, closed) == ["state_changed"]
    assert kinds(api, other) == []
    batches = [event_outbox.decode(item) for item in table.query_all(keys.messages(group), begins="E#")]
    added = [event for batch in batches for event in batch.events if event.type == "onActivityAdded"]
    assert sorted(event.parameters["Kind"] for event in added) == ["do_not_disturb_cleared", "do_not_disturb_set"]


def test_the_wish_of_a_contact_with_many_conversations_is_noted_in_few_round_trips(api: Api, table: Table) -> None:
    groups = [api.group(A, f"+1206557{number:04}") for number in range(60)]
    contact = api.made("/Contacts", {"FriendlyName": "Kay", "Numbers": json.dumps([A, B])})["sid"]
    transactions: list[int] = []

    class Transacting(Counting):
        def transact(self, writes: Sequence[Write]) -> None:
            transactions.append(len(writes))
            super().transact(writes)

    counting = Transacting(table)
    caller = replace(api, context=replace(api.context, table=counting))
    assert caller.post(f"/Contacts/{contact}", {"DoNotDisturb": "true"}).status == 200
    # The contact itself, and the newest fifty conversations of each number.
    assert transactions[1:] == [100]
    noted = [group for group in groups if kinds(api, group) == ["do_not_disturb_set"]]
    assert noted == groups[10:]


def test_activity_is_for_staff_and_for_no_other_member(api: Api) -> None:
    conversation = api.group(A, B)
    api.member(conversation, identity="customer", projected=Q)
    path = f"/Conversations/{conversation}/Activity"
    for person in (acting(api, "customer"), administrator(api)):
        refused = person.get(path)
        assert (refused.status, refused.body["code"]) == (403, 50107)
    for blind in (acting(api, "stranger"), staff(api, "ivy", "writeAsLine")):
        assert blind.get(path).status == 404
    assert api.get(f"/Services/{another_service(api)}{path}").status == 404
    assert staff(api, "ann").get(path).status == 200


@pytest.mark.parametrize("query", [{"After": "x"}, {"Before": "-1"}, {"Order": "up"}, {"Messages": "yes"}])
def test_a_wrong_query_is_refused(api: Api, query: dict[str, str]) -> None:
    refused = api.get(f"/Conversations/{api.group(A, B)}/Activity", query)
    assert (refused.status, refused.body["code"]) == (400, 20001)
    assert next(iter(query)) in refused.body["message"]


@pytest.fixture
def busy(api: Api, clock: Clock) -> str:
    """A conversation with several entries before, between and behind its messages."""
    conversation = api.group(A, B)
    path = f"/Conversations/{conversation}"
    staff(api, "ann")
    for number in (3, 0, 1, 2, 0, 4):
        for turn in range(number):
            clock.tick(seconds=1)
            if turn % 2:
                api.made(f"{path}/Notes", {"Body": "x"})
            else:
                api.post(path, {"Assignee": "ann"})
                api.post(path, {"Assignee": ""})
        api.say(conversation)
    api.made(f"{path}/Notes", {"Body": "last"})
    return conversation


def walk(api: Api, page: Any, direction: str) -> list[list[str]]:
    """The SIDs of a page and of all that follow it in a direction."""
    pages = [[one["sid"] for one in page["activity"]]]
    while page["meta"][f"{direction}_page_url"]:
        page = api.follow(page["meta"][f"{direction}_page_url"]).body
        pages.append([one["sid"] for one in page["activity"]])
    return pages


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.tuples(st.none() | st.integers(0, 7), st.none() | st.integers(0, 7)),
    st.sampled_from(["asc", "desc"]),
    st.integers(1, 9),
    st.booleans(),
)
def test_a_range_is_paged_to_its_end_and_back(
    api: Api, busy: str, limits: tuple[int | None, int | None], order: str, size: int, messages: bool
) -> None:
    whole = listed(api, busy)
    assert len(whole) == 23
    slots = [_slot(entry) for entry in whole]
    assert all(one <= other for one, other in pairwise(slots))
    after, before = limits
    expected = [
        entry["sid"]
        for entry, slot in zip(whole, slots, strict=True)
        if (after is None or slot > after)
        and (before is None or slot < before)
        and (messages or entry["kind"] != "message")
    ][:: 1 if order == "asc" else -1]
    given_range = {"After": after, "Before": before}
    query = {name: str(value) for name, value in given_range.items() if value is not None}
    query |= {"Order": order, "PageSize": str(size), "Messages": str(messages).lower()}
    first = page = api.get(f"/Conversations/{busy}/Activity", query).body
    pages = walk(api, first, "next")
    assert [sid for page in pages for sid in page] == expected
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
    assert walk(api, page, "previous") == pages[::-1]


def _slot(entry: dict[str, Any]) -> int:
    """The index of a message, or of the message that an entry stands before."""
    index = -1 if entry["message_index"] is None else int(entry["message_index"])
    return index if entry["kind"] == "message" else index + 1
