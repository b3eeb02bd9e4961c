"""C7. Texts that are longer than their carrier takes: in parts, each sent once and in order, with one receipt."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline import deadline as invocations
from partyline.carriers.base import Accepted, DeliveryReport, FoundMessage, InboundText, OutboundMedia, OutboundText
from partyline.carriers.registry import LIMITS
from partyline.domain import long_texts, sids
from partyline.domain.conversations import Conversation
from partyline.domain.lines import Line
from partyline.domain.media import Media, MediaState
from partyline.domain.participants import Participant
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import Send, SendReference, SendState
from partyline.errors import Ambiguous, Refused, Throttled, Unavailable
from partyline.inbound import recorder
from partyline.inbound.recorder import RecordOutcome
from partyline.outbound import delivery_reports
from partyline.outbound.delivery_reports import ReportOutcome
from partyline.outbound.send_attempt import NextStep, SendAttempt
from partyline.outbound.sender import PARTS_AT_ONCE
from partyline.storage import keys, lines, memberships, messages
from partyline.storage.table import Table
from tests.support.api_harness import consult_no_webhook
from tests.support.scene import (
    CLIENTS,
    DELIVERED,
    FAILED,
    NOW,
    QUEUED,
    SENT,
    A,
    B,
    Crash,
    Dying,
    FakeCarrier,
    MakeScene,
    P,
    Q,
    Scene,
    group,
    make_scene,
    natives,
    opt_out,
)

# Of 2300 characters Bandwidth takes 2048 at once, and a blank is two characters before that.
FIRST, SECOND = "a" * 2046, "b" * 253
BODY = f"{FIRST} {SECOND}"
THREE = f"{'a' * 2000} {'b' * 2000} {'c' * 300}"


@pytest.fixture
def scene(table: Table) -> MakeScene:
    return partial(make_scene, table, body=BODY)


def said(one: Scene) -> list[str]:
    return [text.text for text in one.carrier.asked]


def tag(one: Scene, part: int, parts: int = 2) -> str:
    return f"{one.reference.tag}-{part}of{parts}"


def report(one: Scene, part: int, address: str, status: ReceiptStatus, *, id: str = "", code: int = 0) -> ReportOutcome:
    """What a carrier reports of a part of two: under our tag, or else under its own id."""
    named = None if id else tag(one, part)
    delivered = DeliveryReport("bandwidth", id or f"c-{part}", address, status, code, None, named)
    return delivery_reports.apply_report(one.table, delivered, NOW)


def accepting() -> Iterator[Accepted]:
    return (Accepted(f"c-{number}") for number in range(1, 100))


# --- what leaves


def test_long_text_is_sent_in_parts_in_order_each_with_its_tag(scene: MakeScene) -> None:
    one = scene(*accepting())
    ann, ben = natives(one)
    assert one.deliver().state is SendState.SENT
    whole = OutboundText(P, tuple(sorted([ann, ben, Q])), "", own=frozenset({Q}))
    assert one.carrier.asked == [
        replace(
            whole,
            text=words,
            tag=tag(one, part),
            callback_url=f"https://example.com/carriers/bandwidth?send={tag(one, part)}",
        )
        for part, words in ((1, FIRST), (2, SECOND))
    ]
    assert one.receipts() == {ann: (SENT, 0), ben: (SENT, 0)}
    assert [one.deliver().step for _ in range(3)] == [NextStep.DONE] * 3
    assert len(one.carrier.asked) == 2


def test_text_of_exactly_the_limit_is_sent_whole_with_its_plain_tag(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"), body="x" * 2048)
    one.deliver()
    assert [(text.text, text.tag) for text in one.carrier.asked] == [("x" * 2048, one.reference.tag)]


@pytest.mark.parametrize(
    ("carrier", "length", "parts"),
    [
        ("vonage", 1000, 1),
        ("vonage", 1400, 2),
        ("twilio", 1600, 1),
        ("twilio", 1700, 2),
        ("bandwidth", 2048, 1),
        ("bandwidth", 2300, 2),
        ("telnyx", 1600, 1),
    ],
)
def test_a_carriers_own_limit_decides(table: Table, carrier: str, length: int, parts: int) -> None:
    one = make_scene(table, *accepting(), body="x" * length)
    one.carrier.limits = replace(LIMITS[carrier], one_by_one=False)
    one.deliver()
    assert len(one.carrier.asked) == parts
    assert "".join(said(one)) == "x" * length


def test_the_files_go_with_the_first_part(scene: MakeScene) -> None:
    one = scene(*accepting())
    picture = OutboundMedia("https://example.com/1.jpg", "image/jpeg", 1, "1.jpg", lambda: b"x")
    one.media = (picture,)
    one.edit(one.message, replace(one.message, media=(Media("ME1", "", state=MediaState.READY),)))
    one.deliver()
    assert [text.media for text in one.carrier.asked] == [(picture,), ()]


def test_byline_precedes_the_first_part_only_and_counts_for_its_length() -> None:
    send = Send("", P, {Q: "MB2"}, byline="Ann")
    words = send.words("x" * 1400)
    assert long_texts.split_parts(words, LIMITS["vonage"].cuts(words, plain=True)) == ("Ann: " + "x" * 995, "x" * 405)


def test_each_part_to_each_recipient_counts_for_the_rate(scene: MakeScene) -> None:
    one = scene(*accepting())
    one.rate = "1"
    line = lines.fetch(one.table, [P])[P]
    lines.update(one.table, line, replace(line, rate="1"))
    one.deliver()
    item = one.table.get(keys.pace(f"line#{P}"))
    # Two natives and Q, twice.
    assert item and item["next"] - int(NOW.timestamp() * 1000) == 6000


def test_our_other_number_knows_each_part_for_ours(scene: MakeScene) -> None:
    one = scene(Throttled("later"), *accepting())
    ann, ben = natives(one)
    for _ in range(2):
        one.deliver()
        one.now += timedelta(minutes=10)
    for number, words in enumerate((FIRST, SECOND)):
        echo = InboundText("bandwidth", f"echo-{number}", Q, P, (ann, ben, Q), words)
        recorded = recorder.InboundRecorder(one.table, "IS1", consult_no_webhook).record(echo, NOW)
        assert recorded.outcome is RecordOutcome.COPIED
        again = replace(echo, id=f"own words-{number}")
        recorded = recorder.InboundRecorder(one.table, "IS1", consult_no_webhook).record(again, NOW)
        assert recorded.outcome is RecordOutcome.RECORDED


@pytest.mark.parametrize(("carrier", "length"), [("vonage", 1400), ("twilio", 1700), ("bandwidth", 2300)])
def test_long_text_of_a_masked_member_reaches_the_other_in_parts(table: Table, carrier: str, length: int) -> None:
    blank = Conversation(sids.new(sids.CONVERSATION), "IS1", NOW, NOW)
    member = Participant("", blank.sid, NOW, NOW)
    masked = [
        replace(member, sid=sids.new(sids.PARTICIPANT), address=address, proxy_address=proxy)
        for address, proxy in ((A, P), (B, Q))
    ]
    for line in (P, Q):
        lines.register(table, Line(sids.new(sids.LINE), line, carrier, NOW, NOW))
    memberships.NewConversation(blank, masked, NOW).store(table)
    limits = LIMITS[carrier]
    first = "a" * (limits.text - 10)
    second = "b" * (length - len(first) - 1)
    text = InboundText(carrier, "long", P, A, (P,), f"{first} {second}")
    recorded = recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(text, NOW)
    assert (recorded.outcome, recorded.conversation_sid) == (RecordOutcome.RECORDED, blank.sid)
    found = messages.fetch(table, blank.sid, recorded.message_sid)
    assert found and found.message.body == f"{first} {second}"
    (send,) = found.message.sends
    asked = FakeCarrier(accepting(), name=carrier, limits=limits)
    one = Scene(table, asked, found.message, found.message.reference(send))
    assert one.deliver().state is SendState.SENT
    assert [(text.sender, text.recipients, text.text) for text in asked.asked] == [(Q, (B,), first), (Q, (B,), second)]
    assert one.receipts() == {B: (SENT, 0)}


def test_opted_out_recipient_gets_no_part_and_the_others_all(table: Table) -> None:
    one = make_scene(table, *accepting(), body=BODY, clients=3)
    ann, ben, cat = group(one)
    opt_out(one.table, ben)
    one.deliver()
    assert [text.recipients for text in one.carrier.asked] == [tuple(sorted([ann, cat, Q]))] * 2
    assert one.receipts() == {ann: (SENT, 0), ben: (FAILED, 21610), cat: (SENT, 0)}


def test_recipient_who_opts_out_between_two_parts_gets_no_other(table: Table) -> None:
    one = make_scene(table, body=BODY, clients=3)
    ann, ben, cat = group(one)
    one.carrier.answers = iter([Accepted("c-1"), Throttled("later"), Accepted("c-2")])
    one.deliver()
    opt_out(one.table, ben)
    one.now += timedelta(minutes=10)
    one.deliver()
    assert one.carrier.asked[-1].recipients == tuple(sorted([ann, cat, Q]))
    assert one.receipts() == {ann: (SENT, 0), ben: (FAILED, 21610), cat: (SENT, 0)}


# --- what goes wrong


@pytest.mark.parametrize("error", [Throttled("slow down"), Unavailable("down")])
def test_part_that_was_not_accepted_is_repeated_before_the_next(table: Table, error: Exception) -> None:
    one = make_scene(table, Accepted("c-1"), error, *(Accepted(f"c-{n}") for n in (2, 3)), body=THREE)
    first = one.deliver()
    assert (first.step, first.state) == (NextStep.RETRY, SendState.WAITING)
    assert set(one.receipts().values()) == {(QUEUED, 0)}
    one.now += timedelta(minutes=10)
    assert one.deliver().state is SendState.SENT
    assert [text[0] for text in said(one)] == ["a", "b", "b", "c"]
    assert set(one.receipts().values()) == {(SENT, 0)}


def test_nothing_follows_a_part_that_is_refused(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"), Refused("no", error_code=30007), body=THREE)
    assert one.deliver().state is SendState.REFUSED
    assert one.deliver().state is SendState.REFUSED
    assert len(one.carrier.asked) == 2
    assert set(one.receipts().values()) == {(FAILED, 30007)}


def test_part_without_an_answer_is_never_sent_again_others_are(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"), Ambiguous("?"), Accepted("c-3"), body=THREE)
    assert one.deliver().step is NextStep.RECONCILE
    assert one.deliver().step is NextStep.RECONCILE
    assert [text[0] for text in said(one)] == ["a", "b", "c"]
    assert set(one.receipts().values()) == {(QUEUED, 0)}
    assert one.give_up() == 2
    assert set(one.receipts().values()) == {(FAILED, 30008)}
    assert one.give_up() == 0


def test_report_of_a_part_settles_it_and_proves_nothing_of_another(table: Table) -> None:
    one = make_scene(table, Ambiguous("?"), Accepted("c-2"), Ambiguous("?"), body=THREE)
    ann, _ = natives(one)
    one.deliver()
    first_of_three = DeliveryReport("bandwidth", "c-1", ann, DELIVERED, 0, None, tag(one, 1, 3))
    assert delivery_reports.apply_report(one.table, first_of_three, NOW) is ReportOutcome.MOVED
    one.carrier.found = None
    assert one.give_up() == 2
    assert set(one.receipts().values()) == {(FAILED, 30008)}
    assert [text.tag for text in one.carrier.looked_for] == [tag(one, 1, 3), tag(one, 3, 3)]


def test_the_carrier_is_asked_what_became_of_each_part(table: Table) -> None:
    one = make_scene(table, Ambiguous("?"), Accepted("c-2"), body=BODY)
    ann, ben = natives(one)
    one.deliver()
    one.carrier.found = FoundMessage(Accepted("c-1"), (DeliveryReport("bandwidth", "c-1", ann, DELIVERED),))
    assert one.give_up() == 0
    assert one.carrier.looked_for == [one.carrier.asked[0]]
    assert one.receipts() == {ann: (SENT, 0), ben: (SENT, 0)}
    report(one, 2, ann, DELIVERED)
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (SENT, 0)}


@pytest.mark.parametrize("part", [1, 2])
def test_report_that_proves_a_part_accepted_stops_its_second_request(scene: MakeScene, part: int) -> None:
    one = scene(*[Accepted("c-1")] * (part - 1), Unavailable("HTTP 503"), Accepted("c-2"))
    ann, ben = natives(one)
    assert one.deliver().step is NextStep.RETRY
    report(one, part, ann, DELIVERED)
    one.now += timedelta(minutes=10)
    assert one.deliver().step is NextStep.DONE
    assert said(one) == [FIRST, SECOND]
    assert one.receipts() == {ann: (SENT, 0), ben: (SENT, 0)}


def test_cuts_stay_though_the_line_moves_between_two_parts(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"), Throttled("later"), Accepted("c-2"))
    one.deliver()
    one.carrier.limits = replace(LIMITS["vonage"], one_by_one=False)
    one.now += timedelta(minutes=10)
    assert one.deliver().state is SendState.SENT
    assert said(one) == [FIRST, SECOND, SECOND]


def test_text_is_cut_anew_while_no_part_was_sent(scene: MakeScene) -> None:
    one = scene(Throttled("later"), *accepting())
    one.deliver()
    one.carrier.limits = replace(LIMITS["twilio"], one_by_one=False)
    one.now += timedelta(minutes=10)
    assert one.deliver().state is SendState.SENT
    assert said(one)[1:] == ["a" * 1600, f"{'a' * 446} {SECOND}"]


def test_a_line_that_is_gone_between_two_parts_fails_the_text(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"), Throttled("later"))
    one.deliver()
    lines.remove(one.table, P)
    one.now += timedelta(minutes=10)
    assert one.deliver().state is SendState.REFUSED
    assert set(one.receipts().values()) == {(FAILED, 21606)}


@pytest.mark.parametrize(
    ("one_by_one", "writes"), [*((False, number) for number in range(14)), *((True, number) for number in range(24))]
)
def test_crash_at_any_write_sends_no_part_twice_and_skips_none(table: Table, writes: int, one_by_one: bool) -> None:
    one = make_scene(table, *accepting(), body=BODY)
    one.carrier.limits = replace(one.carrier.limits, one_by_one=one_by_one)
    with contextlib.suppress(Crash):
        replace(one, table=Dying(one.table, writes)).deliver()
    step = one.deliver().step
    asked = [(text.recipients, text.text) for text in one.carrier.asked]
    assert len(asked) == len(set(asked))
    for recipients in {recipients for recipients, _ in asked}:
        # A crash between the claim and the request costs the part, visibly, and never its order.
        words = [words for each, words in asked if each == recipients]
        assert words == sorted(words)
    if step is NextStep.RECONCILE:
        one.give_up()
    elif step is NextStep.DONE:
        assert len(asked) == (4 if one_by_one else 2)
    assert set(one.receipts().values()) <= {(SENT, 0), (FAILED, 30008)}


@pytest.mark.parametrize("request_number", range(4))
@pytest.mark.parametrize("one_by_one", [False, True])
def test_a_crash_at_any_request_sends_no_part_twice(table: Table, request_number: int, one_by_one: bool) -> None:
    asked = 0

    def dies_once(_: OutboundText) -> Accepted:
        nonlocal asked
        asked += 1
        if asked == request_number + 1:
            raise Crash
        return Accepted(f"c-{asked}")

    one = make_scene(table, *[dies_once] * 8, body=BODY)
    one.carrier.limits = replace(one.carrier.limits, one_by_one=one_by_one)
    with contextlib.suppress(Crash):
        one.deliver()
    for _ in range(3):
        one.deliver()
    requests = [(text.recipients, text.text) for text in one.carrier.asked]
    assert len(requests) == len(set(requests)) == (4 if one_by_one else 2)
    one.give_up()
    dead = request_number < len(requests)
    statuses = set(one.receipts().values())
    assert ((FAILED, 30008) in statuses) is dead
    assert statuses <= {(SENT, 0), (FAILED, 30008)}


@pytest.mark.parametrize("first", ["one", "each"])
def test_line_moved_between_parts_to_the_other_kind_fails_the_text(scene: MakeScene, first: str) -> None:
    one = scene(
        *([Accepted("c-1"), Throttled("later")] if first == "one" else [Accepted("c-1"), Throttled("later")] * 2)
    )
    one.carrier.limits = replace(one.carrier.limits, one_by_one=first == "each")
    one.deliver()
    asked = len(one.carrier.asked)
    one.carrier.limits = replace(one.carrier.limits, one_by_one=first == "one")
    one.now += timedelta(minutes=10)
    assert one.deliver().state is SendState.REFUSED
    assert len(one.carrier.asked) == asked
    assert {status for status, _ in one.receipts().values()} == {FAILED}


def test_split_send_back_at_its_first_carrier_sends_no_further_part(scene: MakeScene) -> None:
    """The first attempt recorded where it is cut, and then each member got each part."""
    one = scene(Throttled("later"), *accepting())
    one.deliver()
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    one.now += timedelta(minutes=10)
    assert one.deliver().state is SendState.SENT
    assert len(one.carrier.asked) == 1 + 4
    one.carrier.limits = replace(one.carrier.limits, one_by_one=False)
    assert one.deliver().step is NextStep.DONE
    assert len(one.carrier.asked) == 1 + 4
    assert set(one.receipts().values()) == {(SENT, 0)}


def test_a_text_of_many_parts_goes_on_in_the_next_attempt(table: Table) -> None:
    one = make_scene(table, *accepting(), body=" ".join(letter * 2000 for letter in "abcdefgh"))
    first = one.deliver()
    assert (first.step, first.delay, len(one.carrier.asked)) == (NextStep.RETRY, 0.0, PARTS_AT_ONCE)
    assert one.deliver() == SendAttempt(NextStep.DONE, SendState.SENT)
    assert "".join(text[0] for text in said(one)) == "abcdefgh"
    assert set(one.receipts().values()) == {(SENT, 0)}


def test_each_member_gets_all_parts_of_a_one_by_one_carrier(scene: MakeScene) -> None:
    one = scene(Accepted("v-1"), Throttled("later"), Accepted("v-2"), Accepted("v-3"), Accepted("v-4"))
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    ann, ben = natives(one)
    assert one.deliver().step is NextStep.RETRY
    assert one.receipts() == {ann: (QUEUED, 0), ben: (SENT, 0)}
    one.now += timedelta(minutes=10)
    assert one.deliver().step is NextStep.DONE
    assert [(text.recipients, text.text) for text in one.carrier.asked] == [
        ((ann,), FIRST),
        ((ann,), SECOND),
        ((ben,), FIRST),
        ((ben,), SECOND),
        ((ann,), SECOND),
    ]
    assert one.receipts() == {ann: (SENT, 0), ben: (SENT, 0)}


class Slow:
    """A carrier that takes ten seconds for each answer, and a function that has a minute."""

    def __init__(self, one: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 60.0
        self._answers = itertools.count(1)
        one.carrier.answers = iter(self._answer, None)
        monkeypatch.setattr(invocations, "seconds_left", lambda: self.left)

    def _answer(self) -> Accepted:
        self.left -= 10
        assert self.left > 0, "the function is ended while the carrier answers"
        return Accepted(f"s-{next(self._answers)}")


@pytest.mark.parametrize(("body", "clients", "one_by_one"), [("hello", 9, True), (BODY, 9, True), (BODY * 4, 2, False)])
def test_no_request_is_begun_that_may_not_end_in_time(
    table: Table, monkeypatch: pytest.MonkeyPatch, body: str, clients: int, one_by_one: bool
) -> None:
    """GIVEN a carrier that is slow, and a text that it is asked for again and again: for each member, or each part
    WHEN the function's time would be over before it answers
    THEN the next attempt asks, and each request leaves once."""
    one = make_scene(table, body=body, clients=clients)
    one.carrier.limits = replace(one.carrier.limits, one_by_one=one_by_one)
    slow = Slow(one, monkeypatch)
    attempts = 0
    while one.deliver().step is NextStep.RETRY:
        slow.left, attempts = 60.0, attempts + 1
        assert attempts < 20
    asked = [text.tag + str(text.recipients) for text in one.carrier.asked]
    assert len(asked) == len(set(asked))
    assert set(one.receipts().values()) == {(SENT, 0)}


# --- one receipt


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([(1, DELIVERED)], (SENT, 0)),
        ([(1, DELIVERED), (2, DELIVERED)], (DELIVERED, 0)),
        ([(1, DELIVERED), (2, ReceiptStatus.UNKNOWN)], (ReceiptStatus.UNKNOWN, 0)),
        ([(1, DELIVERED), (2, ReceiptStatus.UNKNOWN), (2, DELIVERED)], (DELIVERED, 0)),
        ([(2, FAILED)], (FAILED, 30007)),
        ([(1, DELIVERED), (2, ReceiptStatus.UNDELIVERED)], (ReceiptStatus.UNDELIVERED, 30007)),
        # Forward only.
        ([(2, FAILED), (2, DELIVERED), (1, DELIVERED)], (FAILED, 30007)),
        ([(1, DELIVERED), (1, FAILED), (2, DELIVERED)], (DELIVERED, 0)),
    ],
)
@pytest.mark.parametrize("tagged", [True, False])
def test_the_receipt_is_what_the_reports_of_all_parts_come_to(
    scene: MakeScene, reports: list[tuple[int, ReceiptStatus]], expected: tuple[ReceiptStatus, int], tagged: bool
) -> None:
    one = scene(*accepting())
    ann, ben = natives(one)
    one.deliver()
    for part, status in reports:
        code = 30007 if status in (FAILED, ReceiptStatus.UNDELIVERED) else 0
        report(one, part, ann, status, code=code, id="" if tagged else f"c-{part}")
    assert one.receipts() == {ann: expected, ben: (SENT, 0)}


def test_a_receipt_has_the_carriers_id_of_the_first_part(scene: MakeScene) -> None:
    one = scene(*accepting())
    ann, _ = natives(one)
    one.deliver()
    report(one, 2, ann, DELIVERED)
    found = messages.fetch(one.table, one.message.conversation_sid, one.message.sid)
    assert found
    for receipt in found.receipts:
        assert receipt.carrier_message_id == "c-1"
        assert receipt.channel_message_sid == sids.channel_message("bandwidth", "c-1", receipt.address)
        assert [part.carrier_message_id for part in receipt.parts] == ["c-1", "c-2"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_reports_of_parts_in_any_order_end_the_same(table: Table, data: st.DataObject) -> None:
    one = make_scene(table, body=BODY)
    ann, _ = natives(one)
    ends = data.draw(st.tuples(*[st.sampled_from([DELIVERED, FAILED])] * 2))
    known = [(part, status) for part, end in enumerate(ends, start=1) for status in (SENT, end, end)]
    reports = data.draw(st.permutations(known))
    cut = data.draw(st.integers(0, len(reports)))
    ids = {part: f"c-{next(CLIENTS)}" for part in (1, 2)}

    def apply(some: list[tuple[int, ReceiptStatus]]) -> None:
        for part, status in some:
            named = tag(one, part) if data.draw(st.booleans()) else None
            reported = DeliveryReport(
                "bandwidth", ids[part], ann, status, 30007 if status is FAILED else 0, None, named
            )
            delivery_reports.apply_report(one.table, reported, NOW)

    def early(_: OutboundText) -> Accepted:
        apply(reports[:cut])
        return Accepted(ids[1])

    one.carrier.answers = iter([early, Accepted(ids[2])])
    one.deliver()
    apply(reports[cut:])
    assert one.receipts()[ann][0] is (FAILED if FAILED in ends else DELIVERED)


def test_concurrent_reports_of_two_parts_both_count(scene: MakeScene) -> None:
    one = scene(*accepting())
    ann, _ = natives(one)
    one.deliver()

    class Late(Table):
        def __init__(self, table: Table) -> None:
            self.__dict__.update(table.__dict__)
            self.met = False

        def write(self, write: Any) -> Any:
            if not self.met:
                self.met = True
                report(one, 1, ann, DELIVERED)
            return super().write(write)

    assert report(replace(one, table=Late(one.table)), 2, ann, DELIVERED) is ReportOutcome.MOVED
    assert one.receipts()[ann] == (DELIVERED, 0)


def test_a_report_of_a_whole_text_of_an_earlier_version_still_finds_it(scene: MakeScene) -> None:
    one = scene(*accepting())
    ann, _ = natives(one)
    assert one.report(ann, DELIVERED) is ReportOutcome.MOVED
    assert one.receipts()[ann] == (DELIVERED, 0)


def test_a_tag_names_its_part() -> None:
    whole = SendReference("CH" + "a" * 32, "IM" + "b" * 32, "c" * 64)
    part = replace(whole, part=2, parts=13)
    assert SendReference.from_tag(part.tag) == part
    assert (part.whole, part.tag) == (whole, whole.tag + "-2of13")
    assert part.tag.replace("-", "").isalnum()
    assert SendReference.from_tag(whole.tag) == whole
    for tag in (f"{whole.tag}-2", f"{whole.tag}-0of2", f"{whole.tag}-2of", f"{whole.tag}-02of3", f"{whole.tag}-3of2"):
        assert SendReference.from_tag(tag) is None
