"""Sending and reporting on a real table: one text for each thread, whatever crashes, and receipts that only move on."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.carriers.base import Accepted, FoundMessage, InboundText, OutboundText
from partyline.domain import sids, threads
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.media import MediaReference
from partyline.domain.receipts import Receipt, ReceiptStatus, summarize_delivery
from partyline.domain.sends import RequestReference, SendReference, SendState
from partyline.errors import Ambiguous, Conflict, Refused, Throttled, Unavailable
from partyline.inbound import recorder
from partyline.outbound.carrier_requester import MAX_ATTEMPTS
from partyline.outbound.delivery_reports import ReportOutcome
from partyline.outbound.send_attempt import NextStep, SendAttempt
from partyline.queues import queue_messages
from partyline.queues.queue_messages import Removed
from partyline.storage import conversations, lines, memberships, messages, opt_outs, receipts, sends
from partyline.storage.table import Table
from partyline.stream import relay as stream_relay
from tests.support.api_harness import consult_no_webhook
from tests.support.scene import (
    CLIENTS,
    DELIVERED,
    FAILED,
    NOW,
    QUEUED,
    SENT,
    A,
    Crash,
    Dying,
    MakeScene,
    P,
    Q,
    group,
    make_scene,
    natives,
    opt_out,
)


def test_message_has_a_queued_receipt_for_each_native_recipient(scene: MakeScene) -> None:
    one = scene()
    assert one.receipts() == dict.fromkeys(natives(one), (QUEUED, 0))


def test_the_carrier_is_asked_once_for_the_whole_group(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben = natives(one)
    assert one.deliver() == SendAttempt(NextStep.DONE, SendState.SENT)
    assert one.carrier.asked == [
        OutboundText(
            sender=P,
            recipients=tuple(sorted([ann, ben, Q])),
            text="hello",
            tag=one.reference.tag,
            callback_url=f"https://example.com/carriers/bandwidth?send={one.reference.tag}",
            own=frozenset({Q}),
        )
    ]
    assert one.receipts() == {ann: (SENT, 0), ben: (SENT, 0)}


def test_each_receipt_gets_a_carrier_message_sid_of_its_own(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    one.deliver()
    found = messages.fetch(one.table, one.message.conversation_sid, one.message.sid)
    assert found
    channel_sids = [receipt.channel_message_sid or "" for receipt in found.receipts]
    assert all(sids.matches("SM", sid) for sid in channel_sids)
    assert len(set(channel_sids)) == 2


def test_a_queue_that_delivers_twice_sends_once(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    assert [one.deliver().step for _ in range(4)] == [NextStep.DONE] * 4
    assert len(one.carrier.asked) == 1


@pytest.mark.parametrize("error", [Throttled("slow down"), Unavailable("down")])
def test_request_that_was_certainly_not_accepted_is_repeated(scene: MakeScene, error: Exception) -> None:
    one = scene(error, error, Accepted("c-1"))
    first = one.deliver()
    one.now += timedelta(seconds=first.delay + 1)
    second = one.deliver()
    assert (first.step, first.state) == (NextStep.RETRY, SendState.WAITING)
    assert first.delay < second.delay
    assert set(one.receipts().values()) == {(QUEUED, 0)}
    one.now += timedelta(seconds=second.delay + 1)
    assert one.deliver().state is SendState.SENT
    assert len(one.carrier.asked) == 3


def test_a_carrier_says_how_long_to_wait(scene: MakeScene) -> None:
    one = scene(Throttled("slow down", retry_after=90))
    assert one.deliver().delay == pytest.approx(90)


def test_carrier_that_never_recovers_ends_in_failed_receipts(scene: MakeScene) -> None:
    one = scene(*[Unavailable("down")] * MAX_ATTEMPTS)
    attempts = []
    for _ in range(MAX_ATTEMPTS):
        attempts.append(one.deliver())
        one.now += timedelta(minutes=6)
    assert [attempt.step for attempt in attempts] == [NextStep.RETRY] * (MAX_ATTEMPTS - 1) + [NextStep.DONE]
    assert set(one.receipts().values()) == {(FAILED, 30008)}
    assert one.deliver() == SendAttempt(NextStep.DONE, SendState.REFUSED)


def test_refused_text_fails_visibly_and_is_not_repeated(scene: MakeScene) -> None:
    one = scene(Refused("no", error_code=30007))
    assert one.deliver().step is NextStep.DONE
    assert set(one.receipts().values()) == {(FAILED, 30007)}
    one.deliver()
    assert len(one.carrier.asked) == 1


def test_recipients_that_the_carrier_refuses_at_once_fail_alone(scene: MakeScene) -> None:
    one = scene()
    ann, ben = natives(one)
    one.carrier.answers = iter([Accepted("c-1", {ann: 21610})])
    one.deliver()
    assert one.receipts() == {ann: (FAILED, 21610), ben: (SENT, 0)}


def test_refusal_fails_named_recipients_for_their_reason_and_the_others(scene: MakeScene) -> None:
    one = scene()
    ann, ben = natives(one)
    one.carrier.answers = iter([Refused("landline", recipients={ann: 30006})])
    one.deliver()
    one.deliver()
    assert one.receipts() == {ann: (FAILED, 30006), ben: (FAILED, 30008)}


def test_each_recipient_named_in_a_refusal_fails_for_its_reason(scene: MakeScene) -> None:
    """C1."""
    one = scene(clients=3)
    ann, ben, cat = group(one)
    one.carrier.answers = iter([Refused("no", error_code=21606, recipients={ann: 30006, ben: 21211})])
    one.deliver()
    assert one.receipts() == {ann: (FAILED, 30006), ben: (FAILED, 21211), cat: (FAILED, 21606)}


def test_a_line_that_is_gone_is_a_refusal(scene: MakeScene) -> None:
    one = scene()
    lines.remove(one.table, P)
    assert one.deliver().state is SendState.REFUSED
    assert set(one.receipts().values()) == {(FAILED, 21606)}
    assert one.carrier.asked == []


def test_a_carrier_that_is_not_set_up_is_a_refusal(scene: MakeScene) -> None:
    one = scene()

    def unknown(name: str) -> Any:
        raise LookupError(f"no carrier {name}")

    attempt = replace(one.outbound(), find_carrier=unknown).sender.deliver(one.reference)
    assert (attempt.state, attempt.reason) == (SendState.REFUSED, "no carrier bandwidth")


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize("stranger", ["alice@example.com", "opaque:110000011909", "alpha:AMAZON"])
def test_group_with_a_member_without_a_number_makes_no_request(table: Table, stranger: str, one_by_one: bool) -> None:
    one = make_scene(table, addresses=(A, stranger))
    one.carrier.limits = replace(one.carrier.limits, one_by_one=one_by_one)
    assert one.deliver() == SendAttempt(NextStep.DONE, SendState.REFUSED, reason="members without a number")
    assert one.receipts() == {A: (FAILED, 30008), stranger: (FAILED, 21211)}
    assert one.carrier.asked == []


def test_opted_out_recipient_without_a_number_is_left_out(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"), addresses=(A, "alice@example.com"))
    opt_out(table, "alice@example.com")
    one.deliver()
    assert one.receipts() == {A: (SENT, 0), "alice@example.com": (FAILED, 21610)}


def test_a_message_deleted_before_it_left_is_not_sent(scene: MakeScene) -> None:
    one = scene()
    found = messages.fetch(one.table, one.message.conversation_sid, one.message.sid)
    roster = conversations.load(one.table, one.message.conversation_sid)
    assert found and roster
    messages.remove(one.table, roster.conversation, found, NOW)
    assert one.deliver().step is NextStep.DONE
    assert one.give_up() == 0
    assert one.carrier.asked == []


# --- ambiguity: never a second text, never silence


def test_request_without_an_answer_is_never_repeated_and_ends_failed(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"))
    assert one.deliver().step is NextStep.RECONCILE
    assert [one.deliver().step for _ in range(3)] == [NextStep.RECONCILE] * 3
    assert set(one.receipts().values()) == {(QUEUED, 0)}
    assert one.give_up() == 2
    assert set(one.receipts().values()) == {(FAILED, 30008)}
    assert one.give_up() == 0
    assert len(one.carrier.asked) == 1


def test_report_with_our_tag_settles_a_send_whose_answer_was_lost(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"))
    ann, ben = natives(one)
    one.deliver()
    assert one.report(ann, DELIVERED) is ReportOutcome.MOVED
    assert one.give_up() == 0
    # A report of one recipient proves that the carrier took the text of all.
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (SENT, 0)}


def test_report_that_proves_acceptance_stops_the_second_request(scene: MakeScene) -> None:
    one = scene(Unavailable("HTTP 503"))
    ann, ben = natives(one)
    assert one.deliver().step is NextStep.RETRY
    one.report(ann, DELIVERED, id="c-1")
    assert one.deliver() == SendAttempt(NextStep.DONE, SendState.SENT)
    assert len(one.carrier.asked) == 1
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (SENT, 0)}
    # It is recorded under the id of that report: those without our tag find it too.
    assert one.report(ben, DELIVERED, id="c-1", tag=False) is ReportOutcome.MOVED


def test_report_proves_acceptance_also_when_the_line_is_gone(scene: MakeScene) -> None:
    one = scene(Throttled("full"))
    ann, ben = natives(one)
    one.deliver()
    one.report(ann, FAILED, code=30003)
    lines.remove(one.table, P)
    assert one.deliver() == SendAttempt(NextStep.DONE, SendState.SENT)
    assert one.receipts() == {ann: (FAILED, 30003), ben: (SENT, 0)}


def test_report_of_one_member_proves_nothing_of_another_members_request(scene: MakeScene) -> None:
    one = scene(Unavailable("down"), Unavailable("down"), Accepted("v-2"))
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    ann, ben = natives(one)
    assert one.deliver().step is NextStep.RETRY
    one.report(ann, DELIVERED, id="v-1")
    assert one.deliver().step is NextStep.DONE
    assert [text.recipients for text in one.carrier.asked] == [(ann,), (ben,), (ben,)]
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (SENT, 0)}


@pytest.mark.parametrize("writes", range(7))
def test_crash_at_any_write_never_sends_twice_and_ends_visibly(scene: MakeScene, writes: int) -> None:
    one = scene(Accepted("c-1"), Accepted("c-2"))
    dying = replace(one, table=Dying(one.table, writes))
    with contextlib.suppress(Crash):
        dying.deliver()
    step = one.deliver().step
    assert len(one.carrier.asked) == 1
    if step is NextStep.RECONCILE:
        one.give_up()
    assert set(one.receipts().values()) in ({(SENT, 0)}, {(FAILED, 30008)})


def test_crash_between_answer_and_record_never_sends_twice(scene: MakeScene) -> None:
    def taken_and_dead(text: OutboundText) -> Accepted:
        raise Crash

    one = scene(taken_and_dead, Accepted("c-2"))
    with pytest.raises(Crash):
        one.deliver()
    assert [one.deliver().step for _ in range(3)] == [NextStep.RECONCILE] * 3
    assert len(one.carrier.asked) == 1


@pytest.mark.parametrize("writes", range(4))
def test_a_crash_while_a_refusal_is_recorded_still_ends_failed(scene: MakeScene, writes: int) -> None:
    one = scene(Refused("no", error_code=30007))
    with contextlib.suppress(Crash):
        replace(one, table=Dying(one.table, writes)).deliver()
    if writes == 0:
        one.carrier.answers = iter([Refused("no", error_code=30007)])
    if one.deliver().step is NextStep.RECONCILE:
        one.give_up()
    assert {status for status, _ in one.receipts().values()} == {FAILED}
    assert len(one.carrier.asked) == 1


@pytest.mark.parametrize("writes", range(5))
def test_crash_while_a_named_refusal_is_recorded_never_says_sent(scene: MakeScene, writes: int) -> None:
    one = scene()
    ann, _ = natives(one)
    one.carrier.answers = iter([Refused("landline", recipients={ann: 30006})] * 2)
    with contextlib.suppress(Crash):
        replace(one, table=Dying(one.table, writes)).deliver()
    if one.deliver().step is NextStep.RECONCILE:
        one.give_up()
    assert {status for status, _ in one.receipts().values()} == {FAILED}


@pytest.mark.parametrize("writes", range(7))
def test_crash_never_loses_recipients_the_carrier_does_not_reach(scene: MakeScene, writes: int) -> None:
    one = scene()
    ann, ben = natives(one)
    one.carrier.answers = iter([Accepted("c-1", {ann: 21610})] * 2)
    with contextlib.suppress(Crash):
        replace(one, table=Dying(one.table, writes)).deliver()
    if one.deliver().step is NextStep.RECONCILE:
        one.give_up()
        assert {status for status, _ in one.receipts().values()} == {FAILED}
    else:
        assert one.receipts() == {ann: (FAILED, 21610), ben: (SENT, 0)}
    assert len(one.carrier.asked) == 1


@pytest.mark.parametrize("answer", ["accepted", "refused"])
def test_crash_after_the_record_never_loses_an_opt_out_of_the_answer(scene: MakeScene, answer: str) -> None:
    """M1."""
    for writes in itertools.count():
        one = scene()
        ann, ben = natives(one)
        named = Refused("stop", recipients={ann: 21610, ben: 21610})
        one.carrier.answers = iter([Accepted("c-1", {ann: 21610, ben: 21610}) if answer == "accepted" else named])
        dying = Dying(one.table, writes)
        with contextlib.suppress(Crash):
            replace(one, table=dying).deliver()
        if one.carrier.asked and one.deliver().step is NextStep.DONE:
            assert set(one.receipts().values()) == {(FAILED, 21610)}
            known = [opt_outs.fetch_many(one.table, address, P) for address in (ann, ben)]
            assert all(found and found.opted_out for found in known), writes
        if not dying.died:
            return


def test_recipient_who_opts_in_meanwhile_is_not_opted_out_by_a_repeat(scene: MakeScene) -> None:
    """M1: an opt-out of an answer is recorded once, and a repeat finds the receipts failed."""
    one = scene()
    ann, _ = natives(one)
    one.carrier.answers = iter([Accepted("c-1", {ann: 21610})])
    one.deliver()
    opt_out(one.table, ann, opted_out=False)
    one.deliver()
    found = opt_outs.fetch_many(one.table, ann, P)
    assert found and not found.opted_out


def test_failed_read_before_the_request_costs_nothing(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))

    class Throttled(Table):
        def __init__(self, table: Table) -> None:
            self.__dict__.update(table.__dict__)

        def get_all(self, keys: Any) -> Any:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        replace(one, table=Throttled(one.table)).deliver()
    assert one.deliver().state is SendState.SENT


def test_claim_written_twice_after_a_lost_answer_is_still_ours(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))

    class Repeating(Table):
        def __init__(self, table: Table) -> None:
            self.__dict__.update(table.__dict__)

        def write(self, write: Any) -> Any:
            if write.label == "send":
                with contextlib.suppress(Conflict):
                    super().write(write)
            return super().write(write)

    assert replace(one, table=Repeating(one.table)).deliver().state is SendState.SENT
    assert len(one.carrier.asked) == 1


def test_recorded_words_are_sent_though_the_message_is_edited(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"), body="at one")
    edited = replace(one.message, body="at two", edited_from=one.message.recorded_body)
    one.edit(one.message, edited)
    one.edit(edited, replace(edited, body="at three", edited_from=edited.recorded_body))
    one.deliver()
    assert one.carrier.asked[0].text == "at one"


# --- reports


@pytest.mark.parametrize("tag", [True, False])
def test_a_report_moves_the_receipt_of_its_recipient(scene: MakeScene, tag: bool) -> None:
    one = scene(Accepted("c-1"))
    ann, ben = natives(one)
    one.deliver()
    assert one.report(ann, DELIVERED, tag=tag) is ReportOutcome.MOVED
    assert one.report("206-" + ben[5:8] + "-" + ben[8:], FAILED, tag=tag, code=30006) is ReportOutcome.MOVED
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (FAILED, 30006)}


def test_late_repeated_or_contradicting_report_changes_nothing(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben = natives(one)
    one.deliver()
    one.report(ann, DELIVERED)
    for status in (DELIVERED, SENT, FAILED, ReceiptStatus.UNKNOWN, QUEUED):
        assert one.report(ann, status, code=30008) is ReportOutcome.UNCHANGED
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (SENT, 0)}


def test_unknown_is_no_failure_and_may_still_be_settled(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, _ = natives(one)
    one.deliver()
    assert one.report(ann, ReceiptStatus.UNKNOWN) is ReportOutcome.MOVED
    assert one.receipts()[ann] == (ReceiptStatus.UNKNOWN, 0)
    assert one.report(ann, DELIVERED) is ReportOutcome.MOVED


def test_early_report_without_tag_is_applied_once_its_send_is_recorded(scene: MakeScene) -> None:
    one = scene()
    ann, ben = natives(one)

    def report_first(text: OutboundText) -> Accepted:
        assert one.report(ann, DELIVERED, tag=False) is ReportOutcome.EARLY
        assert one.report(ann, SENT, tag=False) is ReportOutcome.EARLY
        assert one.report(ben, FAILED, tag=False, code=30003) is ReportOutcome.EARLY
        return Accepted("c-1")

    one.carrier.answers = iter([report_first])
    one.deliver()
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (FAILED, 30003)}


def test_report_during_the_record_of_its_send_is_not_lost(scene: MakeScene) -> None:
    """The send is recorded between the report's two looks at the table."""
    one = scene(Accepted("c-1"))
    ann, _ = natives(one)

    class Slow(Table):
        def __init__(self, table: Table) -> None:
            self.__dict__.update(table.__dict__)

        def transact(self, writes: Any) -> None:
            one.deliver()
            super().transact(writes)

    assert replace(one, table=Slow(one.table)).report(ann, DELIVERED, tag=False) is ReportOutcome.MOVED
    assert one.receipts()[ann] == (DELIVERED, 0)


def test_report_of_our_other_number_or_a_stranger_moves_nothing(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    one.deliver()
    assert one.report(Q, DELIVERED) is ReportOutcome.UNCHANGED
    assert one.report("+12065559999", DELIVERED) is ReportOutcome.UNCHANGED
    assert one.report(natives(one)[0], DELIVERED, tag=False, id="another-systems") is ReportOutcome.EARLY


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_reports_in_any_order_end_the_same(scene: MakeScene, data: st.DataObject) -> None:
    """GIVEN reports of one recipient, with one final status among them WHEN they come in any order around the record
    THEN the receipt ends at that status."""
    one = scene()
    ann, _ = natives(one)
    final = data.draw(st.sampled_from([DELIVERED, FAILED, ReceiptStatus.UNDELIVERED]))
    reports = data.draw(st.permutations([SENT, SENT, final, final]))
    cut = data.draw(st.integers(0, len(reports)))

    carrier_id = f"c-{next(CLIENTS)}"

    def early(text: OutboundText) -> Accepted:
        for status in reports[:cut]:
            one.report(ann, status, tag=data.draw(st.booleans()), id=carrier_id)
        return Accepted(carrier_id)

    one.carrier.answers = iter([early])
    one.deliver()
    for status in reports[cut:]:
        one.report(ann, status, tag=data.draw(st.booleans()), id=carrier_id)
    assert one.receipts()[ann][0] is final


def test_delivery_aggregates_the_receipts(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    one.deliver()
    one.report(natives(one)[0], DELIVERED)
    found = messages.fetch(one.table, one.message.conversation_sid, one.message.sid)
    assert found
    assert summarize_delivery(receipt.status for receipt in found.receipts) == {
        "total": 2,
        "sent": "all",
        "delivered": "some",
        "read": "none",
        "failed": "none",
        "undelivered": "none",
    }


# --- echoes


def test_copy_of_our_group_text_at_our_other_number_is_no_message(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    one.deliver()
    ann, ben = natives(one)
    for number in range(2):
        echo = InboundText("bandwidth", f"echo-{number // 2}", Q, P, (ann, ben, Q), "hello")
        recorded = recorder.InboundRecorder(one.table, "IS1", consult_no_webhook).record(echo, NOW)
        assert recorded.outcome in (recorder.RecordOutcome.COPIED, recorder.RecordOutcome.REPEATED)
    assert len(messages.page(one.table, one.message.conversation_sid, size=10).messages) == 1


# --- the outbox


def stream_records(client: Any, table_name: str = "partyline") -> list[dict[str, Any]]:
    """What the table's stream would hold for its items, as inserts."""
    return [
        {
            "eventID": str(number),
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": {name: item[name] for name in ("PK", "SK")},
                "NewImage": item,
                "SequenceNumber": str(number),
            },
        }
        for number, item in enumerate(client.scan(TableName=table_name)["Items"])
    ]


@dataclass
class Queue:
    bodies: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, group: str, deduplication_id: str, body: str) -> None:
        self.bodies.append((group, deduplication_id, body))


def build_relay(
    queue: Queue, *, activate: list[str] | None = None, delivered: list[Receipt] | None = None
) -> stream_relay.StreamRelay:
    """The relay with its queues; events are published elsewhere."""

    def clean(removed: Removed) -> None:
        raise AssertionError(removed)

    def collect(reference: MediaReference) -> None:
        raise AssertionError(reference)

    return stream_relay.StreamRelay(
        queue,
        collect,
        activate=(activate if activate is not None else []).append,
        publish=lambda happening, name: None,
        publish_receipt=(delivered if delivered is not None else []).append,
        clean_up=clean,
        run_import=lambda run: pytest.fail(run.sid),
        catch_up=lambda run: pytest.fail(run.line),
        refresh_inbox=lambda service_sid, sid: pytest.fail(sid),
        order_texts=lambda service_sid, on: pytest.fail(service_sid),
        note_holder=lambda service_sid, number: pytest.fail(number),
    )


def test_recorded_message_is_queued_for_each_send_in_its_group(scene: MakeScene, client: Any) -> None:
    one = scene()
    queue = Queue()
    relay = build_relay(queue)
    done = [relay.relay(record) for record in stream_records(client)]
    assert done.count("message") == 1
    ((group, deduplication_id, body),) = queue.bodies
    assert group == one.message.conversation_sid
    assert len(deduplication_id) <= 128
    assert queue_messages.decode(SendReference, body) == one.reference


def test_a_changed_message_is_not_queued_again(scene: MakeScene, client: Any) -> None:
    scene()
    queue = Queue()
    relay = build_relay(queue)
    for record in stream_records(client):
        unmoved = {**record["dynamodb"], "OldImage": record["dynamodb"]["NewImage"]}
        assert relay.relay({**record, "eventName": "MODIFY", "dynamodb": unmoved}) == "nothing"
    assert queue.bodies == []


def test_receipt_that_moved_is_published_and_one_that_got_an_id_is_not(scene: MakeScene, client: Any) -> None:
    scene(Accepted("c-1"))
    delivered: list[Receipt] = []
    relay = build_relay(Queue(), delivered=delivered)
    (record, *_) = (each for each in stream_records(client) if "rank" in each["dynamodb"]["NewImage"])
    after = record["dynamodb"]["NewImage"]
    for status in ("queued", "delivered"):
        moved = {**record["dynamodb"], "OldImage": after, "NewImage": {**after, "status": {"S": status}}}
        relay.relay({**record, "eventName": "MODIFY", "dynamodb": moved})
    assert [receipt.status for receipt in delivered] == [DELIVERED]


def test_initializing_conversation_is_queued_for_its_activation(table: Table, client: Any) -> None:
    sid = sids.new(sids.CONVERSATION)
    waiting = Conversation(sid, "IS1", NOW, NOW, state=ConversationState.INITIALIZING)
    memberships.NewConversation(waiting, [], NOW).store(table)
    activated: list[str] = []
    for record in stream_records(client):
        build_relay(Queue(), activate=activated).relay(record)
    assert activated == [sid]


# --- names


def test_a_tag_is_one_word_that_finds_its_send() -> None:
    reference = SendReference("CH" + "a" * 32, "IM" + "b" * 32, threads.digest("x"))
    assert SendReference.from_tag(reference.tag) == reference
    assert reference.tag.replace("-", "").isalnum()
    for tag in (None, "", "somebody else's", reference.tag + "0", reference.tag[1:]):
        assert SendReference.from_tag(tag) is None


def test_early_reports_are_applied_weakest_first(table: Table) -> None:
    for status in (DELIVERED, SENT):
        receipts.store_early_report(table, "bandwidth", "c-1", receipts.ReportedStatus(A, status), NOW)
    found = receipts.list_early_reports(table, "bandwidth", "c-1")
    assert [reported.status for reported in found] == [SENT, DELIVERED]


class Busy(Table):
    """A table on which other transactions are under way: the next writes fail."""

    def __init__(self, table: Table, times: int) -> None:
        self.__dict__.update(table.__dict__)
        self.times = times

    def transact(self, writes: Any) -> None:
        self._meet()
        super().transact(writes)

    def write(self, write: Any) -> Any:
        self._meet()
        return super().write(write)

    def _meet(self) -> None:
        if self.times:
            self.times -= 1
            raise Conflict({})


def test_report_under_way_does_not_cost_the_record_of_an_acceptance(scene: MakeScene) -> None:
    one = scene()
    busy = Busy(one.table, 0)

    def accept(text: OutboundText) -> Accepted:
        busy.times = 3
        return Accepted("c-1")

    one.carrier.answers = iter([accept])
    assert replace(one, table=busy).deliver().state is SendState.SENT
    assert set(one.receipts().values()) == {(SENT, 0)}


@pytest.mark.parametrize(
    ("error", "state"),
    [(Throttled("slow down"), SendState.WAITING), (Refused("no", error_code=30007), SendState.REFUSED)],
)
def test_write_under_way_does_not_cost_the_record_that_nothing_was_accepted(
    scene: MakeScene, error: Exception, state: SendState
) -> None:
    one = scene()
    busy = Busy(one.table, 0)

    def decline(text: OutboundText) -> Accepted:
        busy.times = 3
        raise error

    one.carrier.answers = iter([decline])
    assert replace(one, table=busy).deliver().state is state


def test_crash_before_the_carriers_id_is_linked_costs_no_report(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben = natives(one)

    with pytest.raises(Crash):
        replace(one, table=Dying(one.table, 2)).deliver()
    claim = sends.find(one.table, RequestReference(one.reference))
    assert claim
    assert claim.state is SendState.SENT
    assert one.report(ann, DELIVERED, tag=False) is ReportOutcome.EARLY
    assert one.deliver().state is SendState.SENT
    assert one.report(ben, DELIVERED, tag=False) is ReportOutcome.MOVED
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (DELIVERED, 0)}
    assert len(one.carrier.asked) == 1


# The statements that settle a text to two handsets: the acceptance, the carrier's id, and the receipts.
@pytest.mark.parametrize("effective", [{0}, {1}, {2}, {3}, {0, 1}, {1, 2}, {2, 3}, {1, 2, 3}, {0, 1, 3}])
def test_answer_of_which_a_dying_function_has_written_a_part_sends_nothing_twice_and_is_settled(
    scene: MakeScene, effective: set[int]
) -> None:
    one = scene(Accepted("c-1"))

    class Partly(Table):
        def execute_all(self, statements: Any) -> list[bool]:
            super().execute_all([statements[number] for number in sorted(effective)])
            raise Crash

    with pytest.raises(Crash):
        replace(one, table=Partly(one.table._client, one.table._name)).deliver()
    if effective == {1}:
        # Nothing says what was answered, so the carrier is asked.
        one.carrier.found = FoundMessage(Accepted("c-1"))
    if one.deliver().step is NextStep.RECONCILE:
        one.give_up()
    assert {status for status, _ in one.receipts().values()} == {ReceiptStatus.SENT}
    assert len(one.carrier.asked) == 1


def test_early_report_that_meets_other_writes_is_stored(scene: MakeScene) -> None:
    one = scene()
    ann, _ = natives(one)
    assert replace(one, table=Busy(one.table, 3)).report(ann, DELIVERED, tag=False) is ReportOutcome.EARLY


def test_echo_of_an_imported_message_with_an_old_date_is_no_message(table: Table, scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    roster = conversations.load(table, one.message.conversation_sid)
    assert roster
    old = replace(one.message, sid=sids.message(1), index=1, created=datetime(2015, 1, 1, tzinfo=UTC), body="long ago")
    table.transact(messages.recording_writes(roster, old, NOW))
    echo = InboundText("bandwidth", "echo", Q, P, (*natives(one), Q), "long ago")
    assert (
        recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(echo, NOW).outcome
        is recorder.RecordOutcome.COPIED
    )


def test_copy_of_our_text_at_a_member_that_became_a_line_is_no_message(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben = natives(one)
    one.deliver()
    lines.register(one.table, Line(sids.new(sids.LINE), ann, "bandwidth", NOW, NOW, AutoCreation.GROUPS))
    echo = InboundText("bandwidth", "late echo", ann, P, (ann, ben, Q), "hello")
    assert (
        recorder.InboundRecorder(one.table, "IS1", consult_no_webhook).record(echo, NOW).outcome
        is recorder.RecordOutcome.COPIED
    )


def test_changes_of_one_message_by_two_callers_both_hold(scene: MakeScene) -> None:
    one = scene()
    one.edit(one.message, replace(one.message, attributes="[1]"))
    one.edit(one.message, replace(one.message, body="changed"))
    found = messages.fetch(one.table, one.message.conversation_sid, one.message.sid)
    assert found
    assert (found.message.body, found.message.attributes) == ("changed", "[1]")


def test_changes_of_one_member_by_two_callers_both_hold(scene: MakeScene) -> None:
    one = scene()
    roster = conversations.load(one.table, one.message.conversation_sid)
    assert roster
    agent = next(member for member in roster.participants if member.identity == "agent")
    memberships.touch_member(one.table, roster.conversation, agent, replace(agent, attributes="[1]"), NOW)
    memberships.touch_member(one.table, roster.conversation, agent, replace(agent, last_read_message_index=0), NOW)
    handed_over = replace(agent, identity="another")
    memberships.change_members(one.table, roster, roster.with_member(handed_over), NOW)
    after = conversations.load(one.table, one.message.conversation_sid)
    assert after
    found = next(member for member in after.participants if member.sid == agent.sid)
    assert (found.attributes, found.last_read_message_index, found.identity) == ("[1]", 0, "another")
