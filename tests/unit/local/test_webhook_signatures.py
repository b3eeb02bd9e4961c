"""Webhooks on the wire: signatures checked by other code than made them, and against known values."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from local.carrier.base import Webhook
from local.carrier.text_router import TextRouter

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1700000000
# Public key of the seed in the first test of RFC 8032.
PUBLIC_KEY = VerifyKey(base64.b64decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="))


def arrival(router: TextRouter, line: str, text: str = "ünï & plus+ ") -> Webhook:
    return router.text("+12065550150", [line, "+12065550151"], text, []).webhooks[0]


def test_telnyx_signs_time_and_body_of_each_attempt(router: TextRouter) -> None:
    webhook = arrival(router, "+12065550110")
    carrier = router.carriers["telnyx"]
    first = carrier.sign(webhook, 1, NOW)
    again = carrier.sign(webhook, 2, NOW + timedelta(seconds=3))
    assert (first.headers["telnyx-timestamp"], again.headers["telnyx-timestamp"]) == ("1700000000", "1700000003")
    for delivery in (first, again):
        signature = base64.b64decode(delivery.headers["telnyx-signature-ed25519"])
        PUBLIC_KEY.verify(delivery.headers["telnyx-timestamp"].encode() + b"|" + delivery.body, signature)
    with pytest.raises(BadSignatureError):
        PUBLIC_KEY.verify(b"1700000001|" + first.body, base64.b64decode(first.headers["telnyx-signature-ed25519"]))
    before, after = json.loads(first.body), json.loads(again.body)
    assert before["data"] == after["data"] == webhook.payload
    assert before["meta"] == {"attempt": 1, "delivered_to": "http://127.0.0.1:8080/carriers/telnyx"}
    assert after["meta"]["attempt"] == 2


def test_twilio_signs_address_and_decoded_parameters(router: TextRouter) -> None:
    webhook = arrival(router, "+12065550120")
    delivery = router.carriers["twilio"].sign(webhook, 1, NOW)
    params = dict(parse_qsl(delivery.body.decode(), keep_blank_values=True))
    assert params == webhook.payload
    assert params["Body"] == "ünï & plus+ "
    text = delivery.url + "".join(name + value for name, value in sorted(params.items()))
    expected = base64.b64encode(hmac.new(b"12345", text.encode(), hashlib.sha1).digest()).decode()
    assert delivery.headers["X-Twilio-Signature"] == expected
    assert router.carriers["twilio"].sign(webhook, 2, NOW + timedelta(seconds=1)) == delivery


def test_twilio_signature_has_the_known_value(router: TextRouter) -> None:
    webhook = replace(
        arrival(router, "+12065550120"),
        url="https://mycompany.com/myapp.php?foo=1&bar=2",
        payload={
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        },
    )
    delivery = router.carriers["twilio"].sign(webhook, 1, NOW)
    assert delivery.headers["X-Twilio-Signature"] == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_bandwidth_sends_the_same_bytes_and_keeps_its_credentials_for_the_challenge(router: TextRouter) -> None:
    webhook = arrival(router, "+12065550100")
    carrier = router.carriers["bandwidth"]
    delivery = carrier.sign(webhook, 1, NOW)
    assert json.loads(delivery.body) == webhook.payload
    assert "Authorization" not in delivery.headers
    assert delivery.headers["User-Agent"] == "BandwidthAPI/v2"
    assert carrier.challenge == "Basic " + base64.b64encode(b"hook:hook-secret").decode()
    assert carrier.sign(webhook, 2, NOW + timedelta(seconds=1)) == delivery
