"""A line that moves from one carrier to another, with texts under way: nothing twice, nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from partyline.carriers.base import Accepted, DeliveryReport, InboundText
from partyline.carriers.telnyx import Telnyx
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import SendState
from partyline.errors import Ambiguous, Unavailable
from partyline.inbound import recorder
from partyline.inbound.recorder import RecordOutcome
from partyline.outbound import delivery_reports
from partyline.outbound.delivery_reports import ReportOutcome
from partyline.storage import lines, messages
from partyline.storage.table import Table
from tests.support.api_harness import consult_no_webhook
from tests.support.scene import DELIVERED, FAILED, NOW, FakeCarrier, P, Q, Scene, make_scene, natives


def move(table: Table, *addresses: str) -> None:
    for address, line in lines.fetch(table, addresses or (P, Q)).items():
        assert lines.update(table, line, replace(line, carrier="telnyx")), address


def at_the_new_one(one: Scene, *answers: object) -> FakeCarrier:
    """The carrier that the line has from now on."""
    one.carrier = FakeCarrier(iter(answers), name="telnyx", limits=Telnyx.limits)
    return one.carrier


def test_reports_of_the_old_carrier_still_move_receipts(table: Table) -> None:
    one = make_scene(table, Accepted("old-1"))
    one.deliver()
    move(table)
    ann, ben = natives(one)
    assert one.report(ann, ReceiptStatus.DELIVERED, tag=False, id="old-1") is ReportOutcome.MOVED
    assert one.report(ben, ReceiptStatus.FAILED, tag=False, id="old-1", code=30005) is ReportOutcome.MOVED
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (FAILED, 30005)}


def test_the_same_id_at_the_new_carrier_is_another_text(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"))
    one.deliver()
    move(table)
    ann, _ = natives(one)
    report = DeliveryReport("telnyx", "c-1", ann, ReceiptStatus.DELIVERED)
    assert delivery_reports.apply_report(table, report, NOW) is ReportOutcome.EARLY


def test_a_send_that_waits_leaves_by_the_new_carrier(table: Table) -> None:
    one = make_scene(table, Unavailable("down"))
    assert one.deliver().state is SendState.WAITING
    move(table)
    new = at_the_new_one(one, Accepted("new-1"))
    assert one.deliver().state is SendState.SENT
    assert len(new.asked) == 1
    ann, _ = natives(one)
    report = DeliveryReport("telnyx", "new-1", ann, ReceiptStatus.DELIVERED)
    assert delivery_reports.apply_report(table, report, NOW) is ReportOutcome.MOVED


def test_send_that_the_old_carrier_may_have_is_not_sent_by_the_new_one(table: Table) -> None:
    one = make_scene(table, Ambiguous("no answer"))
    assert one.deliver().state is SendState.UNKNOWN
    move(table)
    new = at_the_new_one(one)
    assert one.deliver().state is SendState.UNKNOWN
    assert new.asked == []
    ann, ben = natives(one)
    # The old one's report settles it all the same.
    assert one.report(ann, ReceiptStatus.DELIVERED, id="old-1") is ReportOutcome.MOVED
    assert one.give_up() == 0
    assert one.receipts() == {ann: (DELIVERED, 0), ben: (ReceiptStatus.SENT, 0)}


@pytest.mark.parametrize("carrier", ["bandwidth", "telnyx"])
def test_texts_through_either_webhook_are_recorded_once(table: Table, carrier: str) -> None:
    one = make_scene(table, Accepted("old-1"))
    move(table, P)
    ann, ben = natives(one)
    text = InboundText(carrier, "in-1", P, ann, (P, Q, ben), "from the old days")
    outcomes = [recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(text, NOW).outcome for _ in range(3)]
    assert outcomes == [RecordOutcome.RECORDED, RecordOutcome.REPEATED, RecordOutcome.REPEATED]
    found = messages.page(table, one.message.conversation_sid, size=10).messages
    assert [delivered.message.body for delivered in found] == ["hello", "from the old days"]
