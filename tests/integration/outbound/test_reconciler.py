"""Reconciliation: what the carrier knows, and what ends visibly when nothing is known."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from partyline import deadline
from partyline.carriers.base import Accepted, DeliveryReport, FoundMessage, OutboundText
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import RequestReference, SendState
from partyline.errors import Ambiguous, Refused, Unavailable
from partyline.outbound import delivery_reports
from partyline.outbound.delivery_reports import ReportOutcome
from partyline.outbound.send_attempt import NextStep
from partyline.storage import keys, lines, opt_outs, receipts, sends
from partyline.storage.receipts import ReportedStatus
from partyline.storage.table import change
from tests.support.scene import (
    DELIVERED,
    FAILED,
    NOW,
    QUEUED,
    SENT,
    Crash,
    Dying,
    FakeCarrier,
    MakeScene,
    P,
    Scene,
    group,
    natives,
    opt_out,
)


def says(statuses: Mapping[str, ReceiptStatus], names: Mapping[str, str] = MappingProxyType({})) -> FoundMessage:
    reports = (
        DeliveryReport("bandwidth", "c-9", address, status, 30003 if status is FAILED else None)
        for address, status in statuses.items()
    )
    return FoundMessage(Accepted("c-9", names=names), tuple(reports))


def test_carrier_is_asked_for_the_id_that_a_report_brought(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"))
    ann, ben = natives(one)
    one.deliver()
    one.report(ann, DELIVERED, id="c-9")
    one.carrier.found = says({ann: DELIVERED, ben: FAILED})
    assert one.give_up() == 0
    assert one.carrier.known_ids == ["c-9"]
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (FAILED, 30003)}


def test_carrier_is_asked_also_when_no_report_has_come(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"))
    ann, ben = natives(one)
    one.deliver()
    one.carrier.found = says({ann: DELIVERED, ben: SENT})
    assert one.give_up() == 0
    assert one.carrier.known_ids == [""]
    assert set(one.receipts().values()) == {(DELIVERED, 0), (SENT, 0)}


@pytest.mark.parametrize("known", [ReceiptStatus.UNKNOWN, DELIVERED, FAILED])
def test_one_known_recipient_proves_that_the_carrier_has_the_text(scene: MakeScene, known: ReceiptStatus) -> None:
    one = scene(Ambiguous("no answer"))
    ann, ben = natives(one)
    one.deliver()
    one.carrier.found = says({ann: known})
    assert one.give_up() == 0
    assert (one.receipts()[ann][0], one.receipts()[ben]) == (known, (SENT, 0))


def test_carrier_that_is_down_is_asked_again_until_the_last_run(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"))
    one.deliver()
    one.carrier.found = Unavailable("down")
    assert one.outbound().reconciler.reconcile(one.reference, last=False) is None
    assert set(one.receipts().values()) == {(QUEUED, 0)}
    assert one.outbound().reconciler.reconcile(one.reference, last=True) == 2
    assert set(one.receipts().values()) == {(FAILED, 30008)}


def test_reconciliation_without_time_left_goes_on_in_the_next(
    scene: MakeScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a carrier of one request a member, which takes ten seconds to say that it knows each text
    WHEN the function has a minute
    THEN no request is begun that may not end in it, and the next look asks about the others."""
    one = scene(*[Ambiguous("no answer")] * 9, clients=9)
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    one.deliver()
    left = [60.0]

    def find(text: OutboundText) -> FoundMessage:
        left[0] -= 10
        assert left[0] > 0, "the function is ended while the carrier answers"
        return FoundMessage(Accepted(text.tag + text.recipients[0]))

    one.carrier.found = find
    monkeypatch.setattr(deadline, "seconds_left", lambda: left[0])
    looks: list[int | None] = []
    while not looks or looks[-1] is None:
        left[0] = 60.0
        looks.append(one.outbound().reconciler.reconcile(one.reference, last=False))
        assert len(looks) < 9
    assert (looks, len(one.carrier.looked_for)) == ([None, None, 0], 9)
    assert set(one.receipts().values()) == {(SENT, 0)}


def test_text_that_reports_have_settled_is_not_looked_up(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"))
    one.deliver()
    for native in natives(one):
        one.report(native, DELIVERED)
    assert one.give_up() == 0
    assert one.carrier.looked_for == []


def test_reports_of_a_text_that_was_found_find_it_too(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"), clients=3)
    ann, ben, cat = group(one)
    one.deliver()
    early = delivery_reports.apply_report(one.table, DeliveryReport("bandwidth", "c-9", "MB1", DELIVERED), NOW)
    assert early is ReportOutcome.EARLY
    one.carrier.found = says({}, names={"MB0": ann, "MB1": ben, "MB2": cat})
    one.give_up()
    assert one.receipts() == {ann: (SENT, 0), ben: (DELIVERED, 0), cat: (SENT, 0)}
    late = delivery_reports.apply_report(one.table, DeliveryReport("bandwidth", "c-9", "MB2", FAILED, 30003), NOW)
    assert late is ReportOutcome.MOVED
    assert one.receipts()[cat] == (FAILED, 30003)
    assert one.deliver().step is NextStep.DONE


# --- what was asked for, whatever has changed since


def test_left_out_recipient_is_not_marked_sent(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"), clients=3)
    ann, ben, cat = group(one)
    opt_out(one.table, ben)
    one.deliver()
    one.report(ann, DELIVERED)
    one.give_up()
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (FAILED, 21610), cat: (SENT, 0)}


def test_stop_or_start_meanwhile_changes_nothing_of_what_is_looked_up(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"), clients=3)
    ann, ben, cat = group(one)
    opt_out(one.table, ben)
    one.deliver()
    opt_out(one.table, ben, opted_out=False)
    opt_out(one.table, ann)
    one.carrier.found = says({cat: DELIVERED})
    one.give_up()
    assert one.carrier.looked_for == [one.carrier.asked[0]]
    assert one.receipts() == {ann: (SENT, 0), ben: (FAILED, 21610), cat: (DELIVERED, 0)}


def test_carrier_of_the_claim_is_looked_up_after_the_line_moved(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"))
    ann, ben = natives(one)
    one.deliver()
    line = lines.fetch(one.table, [P])[P]
    lines.update(one.table, line, replace(line, carrier="telnyx"))
    one.carrier.found = says({ann: DELIVERED, ben: DELIVERED})
    new = FakeCarrier(iter(()), name="telnyx")
    outbound = replace(one.outbound(), find_carrier=lambda name: new if name == "telnyx" else one.carrier)
    outbound.reconciler.reconcile(one.reference)
    assert new.looked_for == []
    assert set(one.receipts().values()) == {(DELIVERED, 0)}


def test_claim_without_a_carrier_is_looked_up_at_the_lines_carrier(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"))
    one.deliver()
    sets = {"carrier": "", "refused": {}}
    one.table.write(change("send", keys.send(one.reference), sets))

    def known(name: str) -> FakeCarrier:
        if not name:
            raise LookupError(name)
        return one.carrier

    one.carrier.found = says(dict.fromkeys(natives(one), DELIVERED))
    assert replace(one.outbound(), find_carrier=known).reconciler.reconcile(one.reference) == 0
    assert {status for status, _ in one.receipts().values()} == {DELIVERED}


# --- a request a member


def test_each_member_of_unknown_fate_is_reconciled_alone(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"), Accepted("v-2"))
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    ann, ben = natives(one)
    assert one.deliver().step is NextStep.RECONCILE
    assert one.receipts() == {ann: (QUEUED, 0), ben: (SENT, 0)}
    # What is known of Ben says nothing of Ann.
    assert one.give_up() == 1
    assert one.receipts() == {ann: (FAILED, 30008), ben: (SENT, 0)}
    assert len(one.carrier.asked) == 2


def test_member_whose_turn_has_not_come_is_not_given_up(scene: MakeScene) -> None:
    one = scene(Ambiguous("no answer"), Unavailable("down"), Accepted("v-2"))
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    ann, ben = natives(one)
    assert one.deliver().step is NextStep.RETRY
    assert one.give_up() == 1
    assert one.receipts() == {ann: (FAILED, 30008), ben: (QUEUED, 0)}
    one.deliver()
    assert one.receipts() == {ann: (FAILED, 30008), ben: (SENT, 0)}


def test_crash_between_two_members_sends_nothing_twice(scene: MakeScene) -> None:
    def dies(_: object) -> Accepted:
        raise Crash

    one = scene(Accepted("v-1"), dies, Accepted("v-3"))
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    ann, ben = natives(one)
    with pytest.raises(Crash):
        one.deliver()
    assert one.deliver().step is NextStep.RECONCILE
    assert [text.recipients for text in one.carrier.asked] == [(ann,), (ben,)]
    one.give_up()
    assert one.receipts() == {ann: (SENT, 0), ben: (FAILED, 30008)}


# --- a look that dies


def test_reconciliation_that_crashes_while_failing_marks_none_sent(scene: MakeScene) -> None:
    """M1."""
    one = scene(Ambiguous("no answer"), clients=3)
    one.deliver()
    for writes in range(4):
        dies_looking(one, writes)
    one.give_up()
    assert set(one.receipts().values()) == {(FAILED, 30008)}


def test_what_an_earlier_version_left_half_given_up_ends_as_it_began(scene: MakeScene) -> None:
    """M1: its look failed one receipt after the other, and a receipt that it failed proves nothing."""
    one = scene(Ambiguous("no answer"))
    one.deliver()
    receipts.move(one.table, one.reference, ReportedStatus(natives(one)[0], FAILED, 30008), NOW)
    one.give_up()
    assert set(one.receipts().values()) == {(FAILED, 30008)}


def test_reconciliation_that_crashes_before_early_reports_is_repeated(scene: MakeScene) -> None:
    """M3."""
    one = scene(Ambiguous("no answer"))
    ann, ben = natives(one)
    one.deliver()
    early = delivery_reports.apply_report(
        one.table, DeliveryReport("bandwidth", "c-9", ann, ReceiptStatus.UNDELIVERED, 30003), NOW
    )
    assert early is ReportOutcome.EARLY
    one.carrier.found = FoundMessage(Accepted("c-9"))
    dies_looking(one, 4)
    assert set(one.receipts().values()) == {(SENT, 0)}
    one.give_up()
    assert one.receipts() == {ann: (ReceiptStatus.UNDELIVERED, 30003), ben: (SENT, 0)}


def dies_looking(one: Scene, writes: int) -> bool:
    """A look that dies at a write; False when it ends before."""
    try:
        replace(one, table=Dying(one.table, writes)).give_up()
    except Crash:
        return True
    return False


def nobody_knows(one: Scene) -> None:
    one.carrier.answers = iter([Ambiguous("no answer")])
    one.deliver()


def one_is_left_out(one: Scene) -> None:
    opt_out(one.table, group(one)[1])
    nobody_knows(one)


def one_is_reported(one: Scene) -> None:
    nobody_knows(one)
    one.report(group(one)[0], DELIVERED, id=f"c-{one.message.conversation_sid}")


def the_carrier_has_it(one: Scene) -> None:
    """It knows of all of them what has become of it; of the last an early report waits besides."""
    nobody_knows(one)
    ann, ben, cat = group(one)
    reported_id = f"c-{one.message.conversation_sid}"
    delivery_reports.apply_report(
        one.table, DeliveryReport("bandwidth", reported_id, "MB2", ReceiptStatus.UNDELIVERED, 30003), NOW
    )
    reports = (
        DeliveryReport("bandwidth", reported_id, ann, DELIVERED),
        DeliveryReport("bandwidth", reported_id, ben, FAILED, 21610),
        DeliveryReport("bandwidth", reported_id, cat, SENT),
    )
    one.carrier.found = FoundMessage(Accepted(reported_id, names={"MB0": ann, "MB1": ben, "MB2": cat}), reports)


def each_gets_a_request(one: Scene) -> None:
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    reported_id = f"c-{one.message.conversation_sid}"
    delivery_reports.apply_report(
        one.table, DeliveryReport("bandwidth", reported_id, group(one)[1], FAILED, 30003), NOW
    )
    one.carrier.answers = iter([Ambiguous("no answer"), Accepted(reported_id), Ambiguous("no answer")])
    one.deliver()


def each_gets_one_that_the_carrier_has(one: Scene) -> None:
    """All three are unknown, and the carrier has each under an id of its own; early reports of two of them wait."""
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    one.carrier.answers = iter([Ambiguous("no answer")] * 3)
    one.deliver()
    ids = {member: f"c-{number}-{one.message.conversation_sid}" for number, member in enumerate(group(one))}
    for member in group(one)[:2]:
        delivery_reports.apply_report(one.table, DeliveryReport("bandwidth", ids[member], member, FAILED, 30003), NOW)
    one.carrier.found = lambda text: FoundMessage(Accepted(ids[text.recipients[0]]))


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (nobody_knows, [(FAILED, 30008)] * 3),
        (one_is_left_out, [(FAILED, 30008), (FAILED, 21610), (FAILED, 30008)]),
        (one_is_reported, [(DELIVERED, 0), (SENT, 0), (SENT, 0)]),
        (the_carrier_has_it, [(DELIVERED, 0), (FAILED, 21610), (ReceiptStatus.UNDELIVERED, 30003)]),
        (each_gets_a_request, [(FAILED, 30008), (FAILED, 30003), (FAILED, 30008)]),
        (each_gets_one_that_the_carrier_has, [(FAILED, 30003), (FAILED, 30003), (SENT, 0)]),
    ],
)
def test_reconciliation_that_crashes_at_any_write_is_repeated(
    scene: MakeScene, begin: Callable[[Scene], None], end: list[tuple[ReceiptStatus, int]]
) -> None:
    """M1, M3."""
    for writes in itertools.count():
        one = scene(clients=3)
        # A carrier that has not answered is left alone for some time.
        one.now += timedelta(minutes=10 * writes)
        begin(one)
        died = dies_looking(one, writes)
        one.give_up()
        found = one.receipts()
        assert [found[address] for address in group(one)] == end, writes
        for address in group(one):
            known = opt_outs.fetch_many(one.table, address, P)
            assert (known is not None and known.opted_out) == (found[address] == (FAILED, 21610))
        if not died:
            return


def test_send_that_is_to_be_repeated_is_not_given_up(scene: MakeScene) -> None:
    """M1: another attempt thought this one had died, and its late answer was: not now."""
    one = scene(Unavailable("down"), Accepted("c-1"))
    one.deliver()
    assert one.give_up() == 0
    assert set(one.receipts().values()) == {(QUEUED, 0)}
    one.now += timedelta(minutes=1)
    one.deliver()
    assert set(one.receipts().values()) == {(SENT, 0)}


def test_reconciliation_of_a_refused_send_marks_no_receipt_sent(scene: MakeScene) -> None:
    """M1: the attempt that was refused died while it failed the receipts."""
    one = scene(Refused("no", error_code=30007))
    with pytest.raises(Crash):
        replace(one, table=Dying(one.table, 3)).deliver()
    assert sorted(one.receipts().values()) == [(FAILED, 30007), (QUEUED, 0)]
    one.give_up()
    assert set(one.receipts().values()) == {(FAILED, 30007)}


def test_answer_that_comes_while_another_attempt_gives_up_stands(scene: MakeScene) -> None:
    """M1: what is recorded of a send is not forgotten when another attempt takes it for unknown."""
    one = scene(Refused("no", error_code=30007))
    one.deliver()
    sends.record_unknown(one.table, RequestReference(one.reference), NOW)
    claim = sends.find(one.table, RequestReference(one.reference))
    assert claim and claim.state is SendState.REFUSED
