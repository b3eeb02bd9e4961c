"""The state machines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain.receipts import ReceiptStatus, rank, summarize_delivery

STATUSES = st.sampled_from(ReceiptStatus)
FINAL = {ReceiptStatus.DELIVERED, ReceiptStatus.UNDELIVERED, ReceiptStatus.FAILED}


def settle(reports: list[ReceiptStatus]) -> ReceiptStatus:
    """Where a receipt ends when reports come in this order."""
    status = ReceiptStatus.QUEUED
    for report in reports:
        if rank(report) > rank(status):
            status = report
    return status


@given(st.lists(STATUSES))
def test_the_first_final_report_wins_whatever_follows(reports: list[ReceiptStatus]) -> None:
    final = [report for report in reports if report in FINAL]
    if final:
        assert settle(reports) is final[0]


@pytest.mark.parametrize(
    ("reports", "end"),
    [
        ([ReceiptStatus.FAILED, ReceiptStatus.DELIVERED], ReceiptStatus.FAILED),
        ([ReceiptStatus.DELIVERED, ReceiptStatus.FAILED], ReceiptStatus.DELIVERED),
        ([ReceiptStatus.DELIVERED, ReceiptStatus.SENT], ReceiptStatus.DELIVERED),
        ([ReceiptStatus.UNKNOWN, ReceiptStatus.DELIVERED], ReceiptStatus.DELIVERED),
        ([ReceiptStatus.UNKNOWN, ReceiptStatus.SENT], ReceiptStatus.UNKNOWN),
    ],
)
def test_contradicting_reports(reports: list[ReceiptStatus], end: ReceiptStatus) -> None:
    assert settle(reports) is end


def test_message_without_recipients_has_no_delivery() -> None:
    assert summarize_delivery([]) is None


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["queued", "queued"], {"sent": "none", "delivered": "none", "failed": "none", "undelivered": "none"}),
        (["sent", "queued"], {"sent": "some", "delivered": "none", "failed": "none", "undelivered": "none"}),
        (["sent", "delivered"], {"sent": "all", "delivered": "some", "failed": "none", "undelivered": "none"}),
        (["delivered", "delivered"], {"sent": "all", "delivered": "all", "failed": "none", "undelivered": "none"}),
        (["unknown", "sent"], {"sent": "all", "delivered": "none", "failed": "none", "undelivered": "none"}),
        (["undelivered", "failed"], {"sent": "some", "delivered": "none", "failed": "some", "undelivered": "some"}),
    ],
)
def test_delivery_counts_what_each_receipt_has_reached(statuses: list[str], expected: dict[str, str]) -> None:
    found = summarize_delivery(ReceiptStatus(status) for status in statuses)
    assert found == {"total": 2, "read": "none", **expected}
