"""Samples of each carrier for its contract: the same group text, report and send in each carrier's format.

A new carrier adds its own to CONTRACTS.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from partyline.carriers.base import Accepted, DeliveryReport, InboundText, OutboundText
from partyline.domain.receipts import ReceiptStatus
from partyline.http_client import HttpRequest, HttpResponse
from tests.support.carrier_contract import OWN, A, B, Contract, SendSample, WebhookSample

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TO_ONE = OutboundText(OWN, (A,), "Hello", tag="IM1:0")
CROWD = tuple(f"+1206555{number:04}" for number in range(20))


def encode(document: object) -> bytes:
    return json.dumps(document).encode()


def group_text(carrier: str, id: str, body: bytes, *, received_at: datetime | None = NOON) -> WebhookSample:
    """Build the sample of a text of A to our number and B, which `body` has in the carrier's format."""
    return WebhookSample(
        "group text", body, [InboundText(carrier, id, OWN, A, (OWN, B), "Hello", received_at=received_at)]
    )


def report(
    carrier: str,
    id: str,
    body: bytes,
    statuses: Mapping[str, ReceiptStatus] | None = None,
    query: Mapping[str, str] | None = None,
) -> WebhookSample:
    """Build the sample of a report of a send with our tag: delivered to A, unless there are other `statuses`."""
    reported = statuses or {A: ReceiptStatus.DELIVERED}
    events = [DeliveryReport(carrier, id, address, status, tag="IM1:0") for address, status in reported.items()]
    return WebhookSample("report", body, events, query or {})


def send_to_one(url: str, headers: Mapping[str, str], body: bytes, answer: HttpResponse, id: str) -> SendSample:
    """Build the sample of a text to A: its request, and the answer, in which the carrier gives it an id."""
    return SendSample("to one", TO_ONE, HttpRequest("POST", url, headers, body), answer, Accepted(id))


def build_contract(name: str, webhooks: Sequence[WebhookSample], send: SendSample, too_many: OutboundText) -> Contract:
    return Contract(name, webhooks, [send], too_many)


# The tag of a send, in the query of its callback URL.
TAG = {"send": "IM1:0"}

BANDWIDTH = build_contract(
    "bandwidth",
    [
        group_text(
            "bandwidth",
            "m1",
            encode(
                [
                    {
                        "type": "message-received",
                        "to": OWN,
                        "message": {
                            "id": "m1",
                            "owner": OWN,
                            "direction": "in",
                            "from": A,
                            "to": [OWN, B],
                            "text": "Hello",
                            "time": "2026-11-24T12:00:00Z",
                        },
                    }
                ]
            ),
        ),
        report(
            "bandwidth",
            "m1",
            encode([{"type": "message-delivered", "to": A, "message": {"id": "m1", "tag": "IM1:0"}}]),
        ),
    ],
    send_to_one(
        "https://messaging.bandwidth.com/api/v2/users/5500001/messages",
        {"Authorization": "Basic YXBpOnNlY3JldA==", "Content-Type": "application/json; charset=utf-8"},
        b'{"applicationId": "93de2206", "to": ["+12065550101"], "from": "+12065550100", "text": "Hello",'
        b' "tag": "IM1:0"}',
        HttpResponse(202, b'{"id": "m1"}'),
        "m1",
    ),
    too_many=OutboundText(OWN, CROWD[:11], "Hello"),
)
TELNYX = build_contract(
    "telnyx",
    [
        group_text(
            "telnyx",
            "p1",
            encode(
                {
                    "data": {
                        "event_type": "message.received",
                        "payload": {
                            "id": "p1",
                            "from": {"phone_number": A},
                            "to": [{"phone_number": OWN, "status": "webhook_delivered"}],
                            "cc": [B],
                            "text": "Hello",
                            "received_at": "2026-11-24T12:00:00.000+00:00",
                        },
                    }
                }
            ),
        ),
        report(
            "telnyx",
            "g1",
            encode(
                {
                    "data": {
                        "event_type": "message.finalized",
                        "payload": {
                            "id": "p1",
                            "group_message_id": "g1",
                            "to": [{"phone_number": A, "status": "delivered"}, {"phone_number": B, "status": "sent"}],
                        },
                    }
                }
            ),
            {A: ReceiptStatus.DELIVERED, B: ReceiptStatus.SENT},
            TAG,
        ),
    ],
    send_to_one(
        "https://api.telnyx.com/v2/messages",
        {"Authorization": "Bearer KEY123", "Content-Type": "application/json"},
        b'{"from": "+12065550100", "to": "+12065550101", "text": "Hello"}',
        HttpResponse(200, b'{"data": {"id": "p1"}}'),
        "p1",
    ),
    too_many=OutboundText(OWN, CROWD[:9], "Hello"),
)
TWILIO = build_contract(
    "twilio",
    [
        group_text(
            "twilio",
            "MM1",
            b"MessageSid=MM1&From=%2B12065550101&To=%2B12065550100&OtherRecipients0=%2B12065550102&Body=Hello",
            received_at=None,
        ),
        report("twilio", "SM1", b"MessageSid=SM1&To=%2B12065550101&MessageStatus=delivered", query=TAG),
    ],
    send_to_one(
        "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages.json",
        {"Authorization": "Basic QUMwOjEyMzQ1", "Content-Type": "application/x-www-form-urlencoded"},
        b"To=%2B12065550101&From=%2B12065550100&Body=Hello",
        HttpResponse(201, b'{"sid": "SM1", "status": "queued"}'),
        "SM1",
    ),
    too_many=OutboundText(OWN, CROWD[:10], "Hello"),
)
VONAGE = build_contract(
    "vonage",
    [
        group_text(
            "vonage",
            "u1",
            encode(
                {
                    "message_uuid": "u1",
                    "from": A[1:],
                    "to": OWN[1:],
                    "mms": {"participants": [B[1:]]},
                    "message_type": "text",
                    "text": "Hello",
                    "timestamp": "2026-11-24T12:00:00Z",
                }
            ),
        ),
        report("vonage", "u1", encode({"message_uuid": "u1", "to": A[1:], "status": "delivered"}), query=TAG),
    ],
    send_to_one(
        "https://api.nexmo.com/v1/messages",
        {"Authorization": "Basic YWJjZDp2MG5hZ2U=", "Content-Type": "application/json"},
        b'{"channel": "sms", "from": "12065550100", "to": "12065550101", "message_type": "text", "text": "Hello"}',
        HttpResponse(202, b'{"message_uuid": "u1"}'),
        "u1",
    ),
    too_many=OutboundText(OWN, (A,), "Hello", others=CROWD[:9]),
)
CONTRACTS = [BANDWIDTH, TELNYX, TWILIO, VONAGE]
