"""Recording on a real table: every text in exactly one conversation, once, at the promised cost."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.carriers import registry
from partyline.carriers.base import InboundMedia, InboundText, MalformedWebhook, WebhookRequest
from partyline.domain import routing, sids, threads
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.lines import AddressConfiguration, AutoCreation, AutoCreationType, Line
from partyline.domain.messages import Message
from partyline.domain.participants import Participant, ParticipantKind
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.services import Configuration, build_service
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.domain.webhook_configuration import POST_EVENTS, ScopedWebhook, WebhookMethod, WebhookTarget
from partyline.errors import Conflict
from partyline.inbound import recorder, unrouted_inbox
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.storage import (
    conversation_lists,
    conversations,
    copies,
    keys,
    lines,
    memberships,
    messages,
    queries,
    services,
    webhooks,
)
from partyline.storage.batch_read import BatchRead
from partyline.storage.queries import Window
from partyline.storage.roster_cache import RosterCache
from partyline.storage.service_settings import SettingsCache
from partyline.storage.table import Table
from tests.support.api_harness import consult_no_webhook
from tests.support.aws_requests import AwsRequest
from tests.support.stored_events import list_batches

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICE = sids.default_service("AC" + "0" * 32)
P, Q, R = "+12065550100", "+12065550101", "+12065550110"
A, B, C = "+12065550150", "+12065550151", "+12065550152"
IDS = itertools.count()


@pytest.fixture
def own(table: Table) -> Table:
    """A table with three lines: two that make groups, one (R) that makes everything."""
    for address, mode in ((P, AutoCreation.GROUPS), (Q, AutoCreation.GROUPS), (R, AutoCreation.ALL)):
        lines.register(table, Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, mode))
    return table


def text(
    sender: str, *recipients: str, line: str = P, body: str = "hello", id: str | None = None, media: int = 0
) -> InboundText:
    return InboundText(
        carrier="bandwidth",
        id=id or f"id-{next(IDS)}",
        line=line,
        sender=sender,
        recipients=recipients,
        text=body,
        media=tuple(InboundMedia(f"https://carrier.example/{number}.jpg", "image/jpeg") for number in range(media)),
    )


def record(table: Table, inbound: InboundText, now: datetime = NOW) -> RecordResult:
    return recorder.InboundRecorder(table, SERVICE, consult_no_webhook).record(inbound, now)


def bodies(table: Table, conversation_sid: str) -> list[tuple[int, str, str | None]]:
    found = messages.page(table, conversation_sid, size=100).messages
    return [(one.message.index, one.message.author, one.message.body) for one in found]


def everything(table: Table) -> list[tuple[int, str, str | None]]:
    """The messages of all conversations."""
    page = conversation_lists.page(table, SERVICE, Window(100))
    return [message for _, conversation in page.entries for message in bodies(table, conversation.sid)]


def test_the_first_text_of_a_group_makes_its_conversation(own: Table) -> None:
    made = record(own, text(A, P, B, body="hi all"))
    assert made.outcome is RecordOutcome.CREATED
    roster = conversations.load(own, made.conversation_sid)
    assert roster
    assert roster.conversation.state is ConversationState.ACTIVE
    assert {(m.kind, m.address or m.projected_address) for m in roster.participants} == {
        (ParticipantKind.PROJECTED, P),
        (ParticipantKind.NATIVE, A),
        (ParticipantKind.NATIVE, B),
    }
    assert bodies(own, made.conversation_sid) == [(0, A, "hi all")]
    assert conversations.find_owner(own, threads.build_key([A, B, P])) == made.conversation_sid


def test_the_author_of_a_text_is_its_member(own: Table) -> None:
    made = record(own, text(A, P, B))
    found = messages.fetch(own, made.conversation_sid, made.message_sid)
    roster = conversations.load(own, made.conversation_sid)
    assert found and roster
    (ann,) = [member for member in roster.participants if member.address == A]
    assert found.message.participant_sid == ann.sid
    assert found.receipts == ()


def test_replies_in_any_order_of_roster_stay_in_the_conversation(own: Table) -> None:
    first = record(own, text(A, P, B))
    replies = [text(B, A, P), text(B, P, A), text(A, B), text("206-555-0150", "(206) 555-0151", P, A, "", ",")]
    outcomes = [record(own, reply) for reply in replies]
    assert {reply.outcome for reply in outcomes} == {RecordOutcome.RECORDED}
    assert {reply.conversation_sid for reply in outcomes} == {first.conversation_sid}
    assert [index for index, _, _ in bodies(own, first.conversation_sid)] == [0, 1, 2, 3, 4]
    assert [author for _, author, _ in bodies(own, first.conversation_sid)] == [A, B, B, A, A]


def test_one_member_more_or_less_is_another_thread(own: Table) -> None:
    sids_of_rosters = {record(own, text(A, P, *others)).conversation_sid for others in ((B,), (B, C), (C,))}
    assert len(sids_of_rosters) == 3


def test_a_text_from_a_stranger_becomes_a_masked_pair_where_the_line_allows_all(own: Table) -> None:
    made = record(own, text(A, R, line=R))
    roster = conversations.load(own, made.conversation_sid)
    assert roster
    assert [(m.address, m.proxy_address) for m in roster.participants] == [(A, R)]


@pytest.mark.parametrize(
    ("inbound", "reason"),
    [
        (text(A, P), UnroutedReason.AUTO_CREATION_OFF),
        (text(A, "+12065550199", line="+12065550199"), UnroutedReason.UNKNOWN_LINE),
        (text(Q, P, A), UnroutedReason.OWN_SENDER),
        (text(A, P, *(f"+1206555{n:04}" for n in range(1000, 1085))), UnroutedReason.ROSTER_TOO_LARGE),
    ],
)
def test_unrouted_text_is_stored_once_and_readable(own: Table, inbound: InboundText, reason: UnroutedReason) -> None:
    first, again = record(own, inbound), record(own, inbound)
    assert (first.outcome, first.reason) == (RecordOutcome.UNROUTED, reason)
    assert again.outcome in (RecordOutcome.REPEATED, RecordOutcome.UNROUTED)
    ((_, unrouted_text),) = queries.unrouted(own, Window(10)).entries
    assert (unrouted_text.reason, unrouted_text.body, unrouted_text.sender) == (reason, "hello", inbound.sender)
    assert conversation_lists.page(own, SERVICE, Window(10)).entries == []


def test_malformed_webhook_is_stored_once_unchanged(own: Table) -> None:
    for _ in range(2):
        unrouted_inbox.store_malformed(own, "bandwidth", MalformedWebhook("not JSON", "{oops"), NOW)
    ((_, unrouted_text),) = queries.unrouted(own, Window(10)).entries
    assert (unrouted_text.reason, unrouted_text.raw) == (UnroutedReason.MALFORMED, "{oops")


def test_a_repeated_webhook_changes_nothing(own: Table) -> None:
    inbound = text(A, P, B)
    made = record(own, inbound)
    assert [record(own, inbound).outcome for _ in range(3)] == [RecordOutcome.REPEATED] * 3
    assert len(bodies(own, made.conversation_sid)) == 1


def test_two_own_numbers_in_one_group_make_one_conversation_and_one_message(own: Table) -> None:
    at_p, at_q = text(A, P, Q, line=P), text(A, P, Q, line=Q)
    made, copied = record(own, at_p), record(own, at_q)
    assert (made.outcome, copied.outcome) == (RecordOutcome.CREATED, RecordOutcome.COPIED)
    assert [record(own, again).outcome for again in (at_p, at_q)] == [RecordOutcome.REPEATED] * 2
    roster = conversations.load(own, made.conversation_sid)
    assert roster
    assert {m.projected_address for m in roster.participants if m.projected_address} == {P, Q}
    assert bodies(own, made.conversation_sid) == [(0, A, "hello")]


def test_copy_of_an_unrouted_text_is_not_stored_twice(own: Table) -> None:
    for address in (P, Q):
        line = lines.fetch(own, [address])[address]
        lines.update(own, line, replace(line, auto_creation=AutoCreation.OFF))
    outcomes = [record(own, text(A, P, Q, line=line)).outcome for line in (P, Q)]
    assert outcomes == [RecordOutcome.UNROUTED, RecordOutcome.COPIED]
    assert len(queries.unrouted(own, Window(10)).entries) == 1


def test_someone_who_says_the_same_twice_says_it_twice(own: Table) -> None:
    made = record(own, text(A, P, Q, body="ok", line=P))
    for line in (P, Q, Q):
        record(own, text(A, P, Q, body="ok", line=line))
    assert bodies(own, made.conversation_sid) == [(0, A, "ok"), (1, A, "ok")]


def test_pictures_without_text_are_counted_as_content(own: Table) -> None:
    made = record(own, text(A, P, Q, body="", media=1, line=P))
    assert record(own, text(A, P, Q, body="", media=1, line=Q)).outcome is RecordOutcome.COPIED
    assert record(own, text(A, P, Q, body="", media=2, line=Q)).outcome is RecordOutcome.RECORDED
    first, second = messages.page(own, made.conversation_sid, size=5).messages
    assert first.message.body is None
    assert [media.content_type for media in second.message.media] == ["image/jpeg"] * 2


def test_a_count_of_copies_ends_some_time_after_it_was_begun(own: Table, client: Any) -> None:
    """A copy that never came must not swallow the same words for ever, however often they are said."""
    for days in (0, 1):
        record(own, text(A, P, Q, body="ok", line=P), NOW + timedelta(days=days))
    (counter,) = [item for item in client.scan(TableName="partyline")["Items"] if item["SK"]["S"].startswith("K#")]
    assert counter["ttl"]["N"] == str(int((NOW + copies.COPIES_LIFE).timestamp()))


@pytest.mark.parametrize("first", [P, Q])
def test_a_number_that_stopped_being_a_line_does_not_double_texts(own: Table, first: str) -> None:
    made = record(own, text(A, P, Q, body="before", line=P))
    record(own, text(A, P, Q, body="before", line=Q))
    lines.remove(own, Q)
    for line in (first, P if first == Q else Q):
        record(own, text(A, P, Q, body="after", line=line))
    assert bodies(own, made.conversation_sid) == [(0, A, "before"), (1, A, "after")]


# --- numbers that are not registered, and numbers that a carrier does not name

FREE = "+12065550109"


@pytest.mark.parametrize("order", [(P, FREE), (FREE, P)])
def test_a_number_that_is_no_line_yet_does_not_double_texts(own: Table, order: tuple[str, str]) -> None:
    """M2."""
    outcomes = [record(own, text(A, P, FREE, B, line=line)).outcome for line in order]
    assert outcomes == [RecordOutcome.CREATED, RecordOutcome.COPIED]
    assert [record(own, text(A, P, FREE, B, line=line)).outcome for line in order] == [
        RecordOutcome.RECORDED,
        RecordOutcome.COPIED,
    ]
    assert everything(own) == [(0, A, "hello"), (1, A, "hello")]
    assert queries.unrouted(own, Window(10)).entries == []


def test_a_number_that_is_registered_between_two_copies_does_not_double_texts(own: Table) -> None:
    """M2."""
    made = record(own, text(A, P, FREE, B, line=P))
    lines.register(own, Line(sids.new(sids.LINE), FREE, "bandwidth", NOW, NOW, AutoCreation.GROUPS))
    assert record(own, text(A, P, FREE, B, line=FREE)).outcome is RecordOutcome.COPIED
    assert len(bodies(own, made.conversation_sid)) == 1


def test_echo_of_our_text_to_a_group_with_a_foreign_number_is_no_message(own: Table) -> None:
    """M2."""
    made = record(own, text(A, P, FREE, B, line=P))
    roster = conversations.load(own, made.conversation_sid)
    assert roster
    (agent,) = [member for member in roster.participants if member.projected_address]
    sends = routing.plan_sends(roster.participants, roster.conversation.threads, agent)
    assert len(sends) == 1
    said = Message(sids.message(1), made.conversation_sid, 1, NOW, NOW, P, "on my way", agent.sid, sends=sends)
    own.transact(messages.recording_writes(roster, said, NOW))
    assert record(own, text(P, A, B, FREE, line=FREE, body="on my way")).outcome is RecordOutcome.COPIED


def test_two_numbers_that_are_no_lines_keep_one_text(own: Table) -> None:
    """M2: routed again once one is registered it is recorded, once."""
    numbers = (FREE, "+12065550108")
    outcomes = [record(own, text(A, *numbers, B, line=line)).outcome for line in numbers]
    assert outcomes == [RecordOutcome.UNROUTED, RecordOutcome.COPIED]
    ((_, unrouted_text),) = queries.unrouted(own, Window(10)).entries
    for number in numbers:
        lines.register(own, Line(sids.new(sids.LINE), number, "bandwidth", NOW, NOW, AutoCreation.GROUPS))
    assert redrive(own, unrouted_text).outcome is RecordOutcome.CREATED
    assert everything(own) == [(0, A, "hello")]


def test_a_text_that_is_routed_again_does_not_double_one_that_has_come_meanwhile(own: Table) -> None:
    """M2: as operations.md says, the number is registered and what was kept is routed again."""
    numbers = (FREE, "+12065550108")
    assert record(own, text(A, *numbers, B, line=FREE)).outcome is RecordOutcome.UNROUTED
    lines.register(own, Line(sids.new(sids.LINE), numbers[1], "bandwidth", NOW, NOW, AutoCreation.GROUPS))
    # A copy of what is kept; what follows is new to both numbers.
    assert record(own, text(A, *numbers, B, line=numbers[1])).outcome is RecordOutcome.COPIED
    again = [record(own, text(A, *numbers, B, line=line)).outcome for line in numbers]
    assert again == [RecordOutcome.CREATED, RecordOutcome.COPIED]
    lines.register(own, Line(sids.new(sids.LINE), FREE, "bandwidth", NOW, NOW, AutoCreation.GROUPS))
    ((_, unrouted_text),) = queries.unrouted(own, Window(10)).entries
    assert redrive(own, unrouted_text).outcome is RecordOutcome.RECORDED
    assert len(everything(own)) == 2


def test_too_large_roster_is_stored_once_for_all_its_copies(own: Table) -> None:
    """M2."""
    crowd = [f"+1206555{number:04}" for number in range(1000, 1085)]
    outcomes = [record(own, text(A, P, Q, *crowd, line=line)).outcome for line in (P, Q)]
    assert outcomes == [RecordOutcome.UNROUTED, RecordOutcome.COPIED]


def both(*, line: str = P, other: str = Q, id: str | None = None) -> InboundText:
    """A copy of which the carrier says that it came to both numbers."""
    return replace(text(A, P, Q, B, line=line, id=id), other_lines=(other,))


def test_copies_that_each_name_both_numbers_are_one_message(own: Table) -> None:
    """C8."""
    outcomes = [record(own, both()).outcome, record(own, both(line=Q, other=P)).outcome]
    assert outcomes == [RecordOutcome.CREATED, RecordOutcome.COPIED]
    outcomes = [record(own, both()).outcome, record(own, both()).outcome]
    assert outcomes == [RecordOutcome.RECORDED, RecordOutcome.COPIED]
    # One that names its number is a copy of either.
    assert record(own, both()).outcome is RecordOutcome.RECORDED
    assert record(own, text(A, P, Q, B, line=Q)).outcome is RecordOutcome.COPIED
    assert everything(own) == [(number, A, "hello") for number in range(3)]


def telnyx(id: str, to: list[dict[str, str]], cc: list[str]) -> InboundText:
    """A text of A's as Telnyx tells of it."""
    payload = {"id": id, "from": {"phone_number": A}, "to": to, "cc": cc, "text": "hello"}
    body = json.dumps({"data": {"event_type": "message.received", "payload": payload}}).encode()
    (inbound,) = registry.build_reader("telnyx").parse(WebhookRequest("", "", {}, {}, body))
    assert isinstance(inbound, InboundText)
    return inbound


def test_copies_of_telnyx_that_mark_two_numbers_as_delivered_to_are_one_message(own: Table) -> None:
    """C8."""
    marked = [{"phone_number": number, "status": "webhook_delivered"} for number in (P, Q)]
    outcomes = [record(own, telnyx(name, marked, [B])).outcome for name in ("at P", "at Q")]
    assert outcomes == [RecordOutcome.CREATED, RecordOutcome.COPIED]
    assert everything(own) == [(0, A, "hello")]


def test_telnyx_text_without_a_marked_number_reaches_the_line_among_its_members(own: Table) -> None:
    """C8."""
    assert record(own, telnyx("1", [{"phone_number": B}, {"phone_number": P}], [])).outcome is RecordOutcome.CREATED
    assert everything(own) == [(0, A, "hello")]
    assert queries.unrouted(own, Window(10)).entries == []


def test_a_copy_that_names_a_number_which_is_no_line_beside_one_that_is(own: Table) -> None:
    """C8, M2."""
    outcomes = [record(own, replace(text(A, P, FREE, B, line=FREE), other_lines=(P,))).outcome for _ in range(2)]
    assert outcomes == [RecordOutcome.CREATED, RecordOutcome.COPIED]


def test_a_copy_that_names_no_number_came_to_the_line_among_its_recipients(own: Table) -> None:
    """C8."""
    made = record(own, text(A, B, P, line=""))
    assert made.outcome is RecordOutcome.CREATED
    assert record(own, text(A, B, P, line="")).outcome is RecordOutcome.RECORDED
    lines.remove(own, P)
    # A line that was given up is still one of its conversation's.
    assert record(own, text(A, B, P, line="")).outcome is RecordOutcome.RECORDED
    assert everything(own) == [(number, A, "hello") for number in range(3)]


def test_copies_that_name_no_number_of_two_lines_are_one_message(own: Table) -> None:
    """C8."""
    outcomes = [record(own, text(A, B, P, Q, line="")).outcome for _ in range(4)]
    assert outcomes == [RecordOutcome.CREATED, RecordOutcome.COPIED, RecordOutcome.RECORDED, RecordOutcome.COPIED]


def test_copies_that_name_no_number_are_counted_when_they_are_routed_again(own: Table) -> None:
    """C8, M2: nothing is lost meanwhile, and nothing doubled in the end."""
    numbers = (FREE, "+12065550108")
    assert [record(own, text(A, B, *numbers, line="")).outcome for _ in range(2)] == [RecordOutcome.UNROUTED] * 2
    entries = queries.unrouted(own, Window(10)).entries
    assert {(unrouted_text.line, unrouted_text.reason) for _, unrouted_text in entries} == {
        ("", UnroutedReason.UNKNOWN_LINE)
    }
    for number in numbers:
        lines.register(own, Line(sids.new(sids.LINE), number, "bandwidth", NOW, NOW, AutoCreation.GROUPS))
    assert [redrive(own, unrouted_text).outcome for _, unrouted_text in entries] == [
        RecordOutcome.CREATED,
        RecordOutcome.COPIED,
    ]
    assert queries.unrouted(own, Window(10)).entries == []
    assert everything(own) == [(0, A, "hello")]


def redrive(table: Table, unrouted_text: UnroutedText) -> RecordResult:
    return recorder.InboundRecorder(table, SERVICE, consult_no_webhook).record_unrouted(unrouted_text, NOW)


def test_an_inbound_text_wakes_an_inactive_conversation_and_never_a_closed_one(own: Table) -> None:
    made = record(own, text(A, P, B))
    conversation = conversations.fetch(own, made.conversation_sid)
    assert conversation
    asleep = conversations.update(own, conversation, _in_state(conversation, ConversationState.INACTIVE), NOW)
    assert record(own, text(A, P, B)).conversation_sid == made.conversation_sid
    awake = conversations.fetch(own, made.conversation_sid)
    assert awake and awake.state is ConversationState.ACTIVE
    assert awake.revision > asleep.revision
    active = conversation_lists.page(own, SERVICE, Window(5), state=ConversationState.ACTIVE).entries
    assert [conversation.sid for _, conversation in active] == [awake.sid]
    conversations.update(own, awake, _in_state(awake, ConversationState.CLOSED), NOW)
    again = record(own, text(A, P, B))
    assert again.outcome is RecordOutcome.CREATED
    assert again.conversation_sid != made.conversation_sid


def _in_state(conversation: Conversation, state: ConversationState) -> Conversation:
    return replace(conversation, state=state)


def test_masked_members_get_each_others_texts_from_their_proxies(own: Table) -> None:
    made = record(own, text(A, R, line=R))
    roster = conversations.load(own, made.conversation_sid)
    assert roster
    cat = Participant(sids.new(sids.PARTICIPANT), made.conversation_sid, NOW, NOW, address=C, proxy_address=Q)
    memberships.change_members(own, roster, roster.with_member(cat), NOW)
    relayed = record(own, text(A, R, line=R, body="psst"))
    found = messages.fetch(own, relayed.conversation_sid, relayed.message_sid)
    assert found
    (send,) = found.message.sends
    assert (send.sender, send.recipients, send.thread) == (Q, (C,), threads.build_key([C, Q]))
    assert [(r.address, r.status) for r in found.receipts] == [(C, ReceiptStatus.QUEUED)]


# --- what a line gives to the conversations it makes


def configure(table: Table, address: str, **fields: Any) -> None:
    """Give a line an address configuration."""
    line = lines.fetch(table, [address])[address]
    given = AddressConfiguration(sids.new(sids.ADDRESS_CONFIGURATION), NOW, NOW, **fields)
    assert lines.update(table, line, replace(line, configuration=given))


def second_service(table: Table) -> str:
    service, roles = build_service("Second", NOW, sid=sids.new(sids.SERVICE))
    services.create(table, service, roles)
    return service.sid


def made_by(table: Table, inbound: InboundText) -> Conversation:
    """The conversation that a text makes."""
    made = record(table, inbound)
    assert made.outcome is RecordOutcome.CREATED
    found = conversations.fetch(table, made.conversation_sid)
    assert found
    return found


def test_without_settings_a_conversation_is_in_the_accounts_first_service(own: Table) -> None:
    made = made_by(own, text(A, P, B))
    assert (made.service_sid, made.active_at, made.messaging_service_sid) == (SERVICE, NOW, None)
    assert (made.inactive_after, made.closed_after) == (None, None)


def test_a_conversation_starts_with_what_the_account_says(own: Table) -> None:
    services.create_account(own, SERVICE, NOW)
    service = second_service(own)
    services.configure(own, Configuration(SERVICE), Configuration(service, "MG1", 600, 7200))
    made = made_by(own, text(A, P, B))
    assert (made.service_sid, made.messaging_service_sid) == (service, "MG1")
    assert (made.inactive_after, made.closed_after) == (600, 7200)
    assert [one.sid for _, one in conversation_lists.page(own, service, Window(5)).entries] == [made.sid]


def test_a_conversation_is_in_the_service_that_the_line_names(own: Table) -> None:
    services.create_account(own, SERVICE, NOW)
    service = second_service(own)
    configure(own, P, service_sid=service)
    assert made_by(own, text(A, P, B)).service_sid == service
    services.remove(own, service)
    assert made_by(own, text(A, P, C)).service_sid == SERVICE


@pytest.mark.parametrize(
    ("given", "webhook"),
    [
        ({}, None),
        (
            {
                "type": AutoCreationType.WEBHOOK,
                "webhook_url": "https://example.com",
                "webhook_method": WebhookMethod.GET,
                "webhook_filters": ("onMessageAdded",),
            },
            {
                "target": WebhookTarget.WEBHOOK,
                "url": "https://example.com",
                "method": WebhookMethod.GET,
                "filters": ("onMessageAdded",),
                "flow_sid": None,
            },
        ),
        (
            # One that names no events is told all.
            {"type": AutoCreationType.WEBHOOK, "webhook_url": "https://example.com"},
            {"target": WebhookTarget.WEBHOOK, "method": WebhookMethod.POST, "filters": POST_EVENTS},
        ),
        (
            {"type": AutoCreationType.STUDIO, "studio_flow_sid": "FW1", "studio_retry_count": 3},
            {
                "target": WebhookTarget.STUDIO,
                "url": None,
                "method": WebhookMethod.POST,
                "filters": (),
                "flow_sid": "FW1",
            },
        ),
    ],
)
def test_a_conversation_has_the_webhook_that_the_line_gives_it(
    own: Table, given: dict[str, Any], webhook: dict[str, Any] | None
) -> None:
    configure(own, P, **given)
    made = made_by(own, text(A, P, B))
    found = [one for _, one in queries.webhooks(own, made.sid, Window(5)).entries]
    assert [{name: getattr(one, name) for name in webhook or {}} for one in found] == ([webhook] if webhook else [])
    assert all((one.conversation_sid, one.created, one.updated) == (made.sid, NOW, NOW) for one in found)


@pytest.mark.parametrize("first", [P, Q])
def test_the_lowest_line_that_allows_it_decides_whichever_copy_comes_first(own: Table, first: str) -> None:
    service = second_service(own)
    configure(own, P, type=AutoCreationType.STUDIO, studio_flow_sid="FW1")
    configure(own, Q, service_sid=service)
    made = made_by(own, text(A, P, Q, line=first))
    assert made.service_sid == SERVICE
    assert len(queries.webhooks(own, made.sid, Window(5)).entries) == 1
    low = lines.fetch(own, [P])[P]
    lines.update(own, low, replace(low, auto_creation=AutoCreation.OFF))
    made = made_by(own, text(B, P, Q, line=first))
    assert made.service_sid == service
    assert queries.webhooks(own, made.sid, Window(5)).entries == []


# --- cost


Make = Callable[[], InboundText]


@pytest.mark.parametrize(
    ("name", "make", "known", "expected"),
    [
        ("known thread", lambda: text(A, P, B), True, ["BatchGetItem", "TransactWriteItems"]),
        ("known thread, two own numbers", lambda: text(A, P, Q), True, ["BatchGetItem", "TransactWriteItems"]),
        ("new group", lambda: text(A, P, B), False, ["BatchGetItem", "BatchGetItem", "TransactWriteItems"]),
        ("new group, two own", lambda: text(A, P, Q), False, ["BatchGetItem", "BatchGetItem", "TransactWriteItems"]),
        ("new pair", lambda: text(A, R, line=R), False, ["BatchGetItem", "TransactWriteItems"]),
        ("unrouted", lambda: text(A, P), False, ["BatchGetItem", "TransactWriteItems"]),
    ],
)
def test_what_a_text_costs(
    own: Table, requests_made: list[AwsRequest], name: str, make: Make, known: bool, expected: list[str]
) -> None:
    keeping = keep_settings(own)
    inbound = make()
    if known:
        keeping.record(inbound, NOW)
    # As functions do when they start.
    own.connect()
    requests_made.clear()
    keeping.record(text(inbound.sender, *inbound.recipients, line=inbound.line, body="another"), NOW)
    assert [one.operation for one in requests_made] == expected


def test_text_into_a_known_group_reads_the_line_that_got_it_and_no_other_number(
    own: Table, requests_made: list[AwsRequest]
) -> None:
    def lines_read() -> list[str]:
        batches = [one.parameters for one in requests_made if one.operation == "BatchGetItem"]
        read = [key["PK"]["S"] for batch in batches for key in batch["RequestItems"][own._name]["Keys"]]
        return [pk for pk in read if pk.startswith("L#")]

    keeping = keep_settings(own)
    keeping.record(text(A, P, B), NOW)
    requests_made.clear()
    keeping.record(text(A, P, B, body="another"), NOW)
    assert lines_read() == [f"L#{P}"]
    requests_made.clear()
    keeping.record(text(A, P, B, body="STOP"), NOW)
    assert set(lines_read()) == {f"L#{one}" for one in (A, B, P)}


def keep_settings(own: Table) -> recorder.InboundRecorder:
    """A recorder that keeps the settings of the account's first Service, and members."""
    services.create_account(own, SERVICE, NOW)
    cache = SettingsCache(own, lambda: NOW)
    cache.fetch(SERVICE, BatchRead(own).fetch_settings_version())
    return recorder.InboundRecorder(own, SERVICE, consult_no_webhook, cache, RosterCache())


def test_settings_that_are_not_kept_are_read_beside_the_conversation(
    own: Table, requests_made: list[AwsRequest]
) -> None:
    services.create_account(own, SERVICE, NOW)
    record(own, text(A, P, B))
    requests_made.clear()
    record(own, text(A, P, B, body="another"))
    first, second, third, last = [one.operation for one in requests_made]
    assert (first, {second, third}, last) == ("BatchGetItem", {"Query", "TransactGetItems"}, "TransactWriteItems")


def test_a_conversation_in_a_service_that_the_line_names_costs_no_more(
    own: Table, requests_made: list[AwsRequest]
) -> None:
    keeping = keep_settings(own)
    configure(own, P, service_sid=second_service(own), type=AutoCreationType.STUDIO, studio_flow_sid="FW1")
    keeping.record(text(A, P, C), NOW)
    requests_made.clear()
    keeping.record(text(A, P, B), NOW)
    keeping.record(text(B, P, A), NOW)
    assert [one.operation for one in requests_made] == [
        *("BatchGetItem", "BatchGetItem", "TransactWriteItems"),
        *("BatchGetItem", "TransactWriteItems"),
    ]


def test_a_service_whose_settings_changed_is_used_as_it_is_now(own: Table) -> None:
    """What was answered before a text came applies to it, whatever a process keeps."""
    keeping = keep_settings(own)
    keeping.record(text(A, P, B), NOW)
    other = second_service(own)
    configure(own, P, service_sid=other)
    services.configure(own, Configuration(SERVICE), Configuration(SERVICE, default_closed_timer=600))
    made = conversations.fetch(own, keeping.record(text(A, P, C), NOW).conversation_sid)
    assert made
    assert (made.service_sid, made.closed_after) == (other, 600)
    assert services.remove(own, other)
    made = conversations.fetch(own, keeping.record(text(B, P, C), NOW).conversation_sid)
    assert made
    assert made.service_sid == SERVICE


def test_what_a_repeat_and_a_copy_cost(own: Table, requests_made: list[AwsRequest]) -> None:
    inbound = text(A, P, Q)
    record(own, inbound)
    requests_made.clear()
    record(own, inbound)
    record(own, text(A, P, Q, line=Q))
    assert [one.operation for one in requests_made] == ["BatchGetItem", "BatchGetItem", "TransactWriteItems"]


# --- races, one after the other: what a transaction finds when another came first


class Interrupted(Table):
    """A table on which something else happens just before the first transaction."""

    def __init__(self, table: Table, meanwhile: Callable[[], object]) -> None:
        self.__dict__.update(table.__dict__)
        self._meanwhile: Callable[[], object] | None = meanwhile

    def transact(self, writes: Any) -> None:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile:
            meanwhile()
        super().transact(writes)


def test_webhook_that_is_added_while_a_text_is_recorded_gets_the_text(own: Table) -> None:
    sid = record(own, text(A, P, B, body="first")).conversation_sid
    known = conversations.fetch(own, sid)
    assert known
    added = ScopedWebhook(sids.new(sids.WEBHOOK), sid, NOW, NOW, WebhookTarget.WEBHOOK, url="https://example.com")
    racing = Interrupted(own, lambda: webhooks.create(own, known, added))
    assert record(racing, text(B, P, A, body="second")).outcome is RecordOutcome.RECORDED
    batches = list_batches(own.query(keys.messages(sid)).items)
    assert sorted((batch.webhooks is None, len(batch.events)) for batch in batches) == [(False, 6), (True, 1)]


def test_two_first_texts_of_a_group_at_once_make_one_conversation(own: Table) -> None:
    rival = text(B, P, A, body="second")
    racing = Interrupted(own, lambda: record(own, rival))
    lost = record(racing, text(A, P, B, body="first"))
    assert lost.outcome is RecordOutcome.RECORDED
    assert bodies(own, lost.conversation_sid) == [(0, B, "second"), (1, A, "first")]


def test_the_same_webhook_twice_at_once_is_recorded_once(own: Table) -> None:
    inbound = text(A, P, B)
    racing = Interrupted(own, lambda: record(own, inbound))
    assert record(racing, inbound).outcome is RecordOutcome.REPEATED
    assert len(everything(own)) == 1


def test_copies_at_two_own_numbers_at_once_are_one_message(own: Table) -> None:
    racing = Interrupted(own, lambda: record(own, text(A, P, Q, line=Q)))
    assert record(racing, text(A, P, Q, line=P)).outcome is RecordOutcome.COPIED
    assert len(everything(own)) == 1


def test_two_texts_at_once_get_two_indexes(own: Table) -> None:
    made = record(own, text(A, P, B, body="zero"))
    racing = Interrupted(own, lambda: record(own, text(B, P, A, body="one")))
    record(racing, text(A, P, B, body="two"))
    assert bodies(own, made.conversation_sid) == [(0, A, "zero"), (1, B, "one"), (2, A, "two")]


def test_a_conversation_closed_under_a_text_is_not_written_to(own: Table) -> None:
    made = record(own, text(A, P, B))
    conversation = conversations.fetch(own, made.conversation_sid)
    assert conversation
    closed = _in_state(conversation, ConversationState.CLOSED)
    racing = Interrupted(own, lambda: conversations.update(own, conversation, closed, NOW))
    after = record(racing, text(A, P, B, body="late"))
    assert after.outcome is RecordOutcome.CREATED
    assert bodies(own, made.conversation_sid) == [(0, A, "hello")]
    assert bodies(own, after.conversation_sid) == [(0, A, "late")]


@pytest.mark.usefixtures("instant_retries")
def test_a_text_that_loses_every_race_is_not_recorded_and_says_so(own: Table) -> None:
    class Contended(Table):
        def __init__(self, table: Table) -> None:
            self.__dict__.update(table.__dict__)

        def transact(self, writes: Any) -> None:
            raise Conflict({})

    with pytest.raises(Conflict):
        record(Contended(own), text(A, P, B))
    assert everything(own) == []


# --- properties


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    data=st.data(), own_numbers=st.integers(1, 3), said=st.lists(st.sampled_from(["ok", "yes"]), min_size=1, max_size=3)
)
def test_whatever_comes_in_whatever_order_leaves_exactly_what_was_said(
    own: Table, data: st.DataObject, own_numbers: int, said: list[str]
) -> None:
    """GIVEN a person who writes `said` into a new group with one to three own numbers
    WHEN every copy comes under its own carrier id, in any order, each any number of times
    THEN one conversation holds exactly those texts."""
    ours = [P, Q, R][:own_numbers]
    stranger, other = f"+1206556{next(IDS):04}", f"+1206557{next(IDS):04}"
    copies = [
        text(stranger, other, *ours, line=line, body=body, id=f"{stranger}-{line}-{number}")
        for line in ours
        for number, body in enumerate(said)
    ]
    repeats = data.draw(st.lists(st.sampled_from(copies), max_size=3))
    recorded = [record(own, copy) for copy in data.draw(st.permutations(copies + repeats))]
    (conversation_sid,) = {one.conversation_sid for one in recorded if one.conversation_sid}
    assert sorted(body or "" for _, _, body in bodies(own, conversation_sid)) == sorted(said)
    assert [index for index, _, _ in bodies(own, conversation_sid)] == list(range(len(said)))


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data(), said=st.lists(st.sampled_from(["ok", "yes"]), min_size=1, max_size=3))
def test_whatever_numbers_are_registered_when_leaves_exactly_what_was_said(
    own: Table, data: st.DataObject, said: list[str]
) -> None:
    """M2, C8. GIVEN a person who writes `said` into a group with two numbers whose webhooks come, and a carrier that
    names one or both of them in each copy
    WHEN the numbers are registered at any time, and at last what was kept is routed again
    THEN one conversation holds exactly those texts, and nothing is left among the unrouted."""
    ours = [f"+1206558{next(IDS):04}", f"+1206558{next(IDS):04}"]
    stranger, other = f"+1206556{next(IDS):04}", f"+1206557{next(IDS):04}"
    steps: list[InboundText | str] = [*ours]
    for line, beside in (ours, reversed(ours)):
        for number, body in enumerate(said):
            copy = text(stranger, other, *ours, line=line, body=body, id=f"{stranger}-{line}-{number}")
            steps.append(replace(copy, other_lines=(beside,) if data.draw(st.booleans()) else ()))
    for step in data.draw(st.permutations(steps)):
        if isinstance(step, str):
            lines.register(own, Line(sids.new(sids.LINE), step, "bandwidth", NOW, NOW, AutoCreation.GROUPS))
        else:
            record(own, step)
    for _, unrouted_text in queries.unrouted(own, Window(20)).entries:
        redrive(own, unrouted_text)
    assert queries.unrouted(own, Window(20)).entries == []
    owner = conversations.find_owner(own, threads.build_key([stranger, other, *ours]))
    assert owner
    assert sorted(body or "" for _, _, body in bodies(own, owner)) == sorted(said)


def test_members_of_a_new_group_are_listed_in_one_order(own: Table) -> None:
    made = record(own, text(A, P, B, C))
    roster = conversations.load(own, made.conversation_sid)
    assert roster
    assert [member.address or member.projected_address for member in roster.participants] == [P, A, B, C]


# --- the carrier's own time


@pytest.mark.parametrize(
    ("received_at", "recorded_at"),
    [
        (NOW - timedelta(days=5), NOW - timedelta(days=5)),
        (NOW, NOW),
        # A clock that is ahead of ours, by however much, and one that was never set.
        (NOW + timedelta(milliseconds=1), NOW),
        (NOW + timedelta(days=900), NOW),
        (datetime(1970, 1, 1, tzinfo=UTC), None),
        (datetime(1, 1, 1, tzinfo=UTC), None),
        (None, None),
    ],
)
def test_a_text_keeps_the_carriers_time_where_it_can_be_one(
    own: Table, received_at: datetime | None, recorded_at: datetime | None
) -> None:
    """C13."""
    made = record(own, replace(text(A, P, B), received_at=received_at))
    again = record(own, replace(text(A, P, B), received_at=received_at))
    for recorded in (made, again):
        found = messages.fetch(own, recorded.conversation_sid, recorded.message_sid)
        assert found
        assert (found.message.received_at, found.message.created) == (recorded_at, NOW)


def test_texts_stand_in_the_order_in_which_they_arrived(own: Table) -> None:
    """C13: whatever their carriers' clocks say."""
    made = record(own, replace(text(A, P, B, body="second"), received_at=NOW))
    record(own, replace(text(A, P, B, body="first"), received_at=NOW - timedelta(days=1)))
    assert bodies(own, made.conversation_sid) == [(0, A, "second"), (1, A, "first")]
