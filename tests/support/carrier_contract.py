"""Check the contract that every carrier keeps: a carrier supplies samples, and the rules are the same for all.

`tests/support/carrier_samples.py` has the samples, `tests/unit/carriers/test_contract.py` runs the rules. What is
particular to one carrier stays in its own test module, which uses the transports and checks here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from partyline.carriers.base import Accepted, Carrier, Event, OutboundText, Transport, WebhookRequest
from partyline.errors import SendError
from partyline.http_client import HttpRequest, HttpResponse

# Made-up credentials of every carrier.
SECRETS = {
    "bandwidth_account_id": "5500001",
    "bandwidth_application_id": "93de2206",
    "bandwidth_username": "api",
    "bandwidth_password": "secret",
    "bandwidth_webhook_token": "t0ken",
    "telnyx_api_key": "KEY123",
    "telnyx_public_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "twilio_account_sid": "AC0",
    "twilio_auth_token": "12345",
    "vonage_api_key": "abcd",
    "vonage_api_secret": "v0nage",
    "vonage_signature_secret": "s1gned" * 8,
}

OWN, A, B, C = "+12065550100", "+12065550101", "+12065550102", "+12065550103"

# Makes the carrier with a transport.
Build = Callable[[Transport], Carrier]


def no_request(request: HttpRequest) -> HttpResponse:
    """Fail where a request is made."""
    raise AssertionError(f"unexpected request: {request.method} {request.url}")


@dataclass
class RecordingTransport:
    """Gives the same answer to each request, or raises it; `requests` are those made."""

    answer: HttpResponse | SendError
    requests: list[HttpRequest] = field(default_factory=list)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        if isinstance(self.answer, SendError):
            raise self.answer
        return self.answer


@dataclass(frozen=True)
class WebhookSample:
    """A webhook and the events in it."""

    label: str
    body: bytes
    events: Sequence[Event]
    query: Mapping[str, str] = field(default_factory=dict)

    def request(self) -> WebhookRequest:
        return WebhookRequest("https://example.com/carriers/x", "", {}, self.query, self.body)


@dataclass(frozen=True)
class SendSample:
    """A text, the request that it is, the carrier's answer and what that means."""

    label: str
    text: OutboundText
    request: HttpRequest
    answer: HttpResponse
    accepted: Accepted


@dataclass(frozen=True)
class Contract:
    """What a carrier supplies. `too_many` is a text to more recipients than the carrier takes."""

    name: str
    webhooks: Sequence[WebhookSample]
    sends: Sequence[SendSample]
    too_many: OutboundText


def check_webhook(build: Build, sample: WebhookSample) -> None:
    assert build(no_request).parse(sample.request()) == list(sample.events)


def check_send(build: Build, sample: SendSample) -> None:
    """One request, which is exactly this one, and the outcome."""
    transport = RecordingTransport(sample.answer)
    assert build(transport).send(sample.text) == sample.accepted
    assert transport.requests == [sample.request]


def check_no_request(build: Build, text: OutboundText, error_code: int) -> None:
    """A text that is refused before any request is made."""
    with pytest.raises(SendError) as refused:
        build(no_request).send(text)
    assert refused.value.error_code == error_code


def send_error(build: Build, text: OutboundText, answer: HttpResponse | SendError) -> SendError:
    """The error that a send ends with. One request was made, and the error does not repeat what the text says."""
    transport = RecordingTransport(answer)
    with pytest.raises(SendError) as raised:
        build(transport).send(text)
    assert len(transport.requests) == 1
    assert text.text not in str(raised.value)
    return raised.value
