"""Of any authentic webhook of a documented shape all that it says is found again in what is recorded, or the webhook is
kept as unreadable, with an alarm."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from nacl.signing import SigningKey

from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.http_client import HttpClient, HttpRequest, HttpResponse
from partyline.storage import lines
from partyline.storage.attribute_values import from_dynamo
from partyline.storage.table import Table
from tests.integration.functions.conftest import SECRETS, Context, event
from tests.support.carrier_payloads import bandwidth, telnyx, twilio, vonage
from tests.support.carrier_payloads.contents import Contents, Payload

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TELNYX = SigningKey(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
MODELS: dict[str, Any] = {"bandwidth": bandwidth, "telnyx": telnyx, "twilio": twilio, "vonage": vonage}
# A line of each carrier that makes conversations for every text, and one that makes none.
LINES = {"bandwidth": "+1206555010", "telnyx": "+1206555011", "twilio": "+1206555012", "vonage": "+1206555013"}
MAKES_ALL, MAKES_NONE = "0", "1"
# What tells people what was said: conversations, messages with receipts, unrouted texts, opt-outs, reports that wait.
RECORDS = ("C#", "M#", "U#", "O#", "R#")
_EXAMPLES = settings(
    # Enough to say what is missing: a smaller example can be made by hand.
    phases=(Phase.generate,),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Inbound:
    """The inbound function and what it recorded of the last webhook. `served` are the files that its carrier gives."""

    module: ModuleType
    alarms: Callable[[], int]
    served: dict[str, bytes]

    def receive(self, carrier: str, body: Any) -> None:
        """Deliver a webhook as its carrier signs it. What was recorded of earlier ones is forgotten: they share nothing
        with it."""
        for pk in [pk for pk in self._items() if pk.value.startswith(RECORDS)]:
            del self._items()[pk]
        assert self.module.handler(signed(carrier, body), Context())["statusCode"] == 200

    def records(self) -> list[dict[str, Any]]:
        """All that was recorded, but what happens next and what is kept as it came."""
        stored = [item.to_json()["Attributes"] for by_sk in self._items().values() for item in by_sk.values()]
        items = [from_dynamo(item) for item in stored]
        return [item for item in items if item["PK"].startswith(RECORDS) and not item["SK"].startswith("E#20")]

    def _items(self) -> Any:
        return dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].get_table("partyline").items


@pytest.fixture
def inbound(function: Callable[[str], ModuleType], table: Table, monkeypatch: pytest.MonkeyPatch) -> Inbound:
    for carrier, prefix in LINES.items():
        for digit, creation in ((MAKES_ALL, AutoCreation.ALL), (MAKES_NONE, AutoCreation.OFF)):
            lines.register(table, Line(sids.new(sids.LINE), prefix + digit, carrier, NOW, NOW, creation))
    served: dict[str, bytes] = {}

    def send(_: HttpClient, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        assert request.method == "GET"
        status = 200 if request.url in served else 404
        return HttpResponse(status, served.get(request.url, b""), {"content-type": "text/plain"})

    monkeypatch.setattr(HttpClient, "send", send)
    counted: list[str] = []
    monkeypatch.setattr("partyline.inbound.webhook_handler.count", counted.append)
    return Inbound(function("inbound"), lambda: counted.count("WebhookMalformed"), served)


def written(carrier: str, body: Any) -> str:
    """The bytes that a carrier sends."""
    return urlencode(body) if carrier == "twilio" else json.dumps(body)


def signed(carrier: str, body: Any) -> dict[str, Any]:
    """A webhook as API Gateway hands it over."""
    stamp = str(int(time.time()))
    raw = written(carrier, body)
    sent = event(f"inbound/{carrier}-group-text")
    headers = sent["headers"]
    match carrier:
        case "telnyx":
            signature = TELNYX.sign(f"{stamp}|{raw}".encode()).signature
            headers["telnyx-timestamp"] = stamp
            headers["telnyx-signature-ed25519"] = base64.b64encode(signature).decode()
        case "twilio":
            url = f"https://{sent['requestContext']['domainName']}/prod/carriers/twilio"
            signed_text = url + "".join(name + value for name, value in sorted(body))
            digest = hmac.new(SECRETS["twilio_auth_token"].encode(), signed_text.encode(), hashlib.sha1).digest()
            headers["X-Twilio-Signature"] = base64.b64encode(digest).decode()
        case "vonage":
            claims = {"iat": int(stamp), "payload_hash": hashlib.sha256(raw.encode()).hexdigest()}
            token = jwt.encode(claims, SECRETS["vonage_signature_secret"], "HS256")
            headers["Authorization"] = f"Bearer {token}"
    return {**sent, "body": raw}


def missing(inbound: Inbound, contents: Contents, line: str) -> set[str]:
    """What a webhook says that is nowhere in the records."""
    records = inbound.records()
    stored = json.dumps([{**item, "raw": None} for item in records], ensure_ascii=False)
    said = contents.words | contents.files | contents.addresses | contents.ids
    out = {item["PK"] for item in records if item["SK"] == f"L#{line}" and item.get("opted_out")}
    # A text part is read, or it is kept as the file that it is.
    parts = {url: words for url, (_, words) in contents.text_parts.items() if url not in stored}
    said |= {word for words in parts.values() for word in words}
    return {one for one in said if one not in stored} | {
        f"the opt-out of {sender}" for sender in contents.opted_out if f"O#{sender}" not in out
    }


def is_kept(inbound: Inbound, carrier: str, body: Any) -> bool:
    """Whether a webhook is kept as unreadable, whole."""
    return [item["raw"] for item in inbound.records() if item.get("reason") == "malformed"] == [written(carrier, body)]


def check(inbound: Inbound, carrier: str, kind: str, *, overlooked: str = "") -> None:
    """Deliver payloads of a kind, and look for all that they say. `overlooked` is a field that does not arrive."""

    @settings(_EXAMPLES, max_examples=400 if overlooked else 100)
    @given(st.data(), st.sampled_from((MAKES_ALL, MAKES_NONE)), st.booleans())
    def holds(data: st.DataObject, digit: str, gives_files: bool) -> None:
        line = LINES[carrier] + digit
        payload: Payload = data.draw(getattr(MODELS[carrier], kind)(line))
        inbound.served.clear()
        if gives_files:
            inbound.served.update({url: content for url, (content, _) in payload.contents.text_parts.items()})
        alarms = inbound.alarms()
        inbound.receive(carrier, without(payload.body, overlooked) if overlooked else payload.body)
        if inbound.alarms() == alarms:
            assert missing(inbound, payload.contents, line) == set()
        else:
            assert is_kept(inbound, carrier, payload.body) or overlooked

    holds()


def without(body: Any, field: str) -> Any:
    """A body less the fields whose names begin so."""
    if isinstance(body, dict):
        return {name: without(value, field) for name, value in body.items() if not name.startswith(field)}
    if isinstance(body, list):
        return [without(part, field) for part in body if not (isinstance(part, tuple) and part[0].startswith(field))]
    return body


@pytest.mark.parametrize("kind", ["texts", "reports"])
@pytest.mark.parametrize("carrier", sorted(MODELS))
def test_content_of_a_webhook_is_recorded_or_stored(inbound: Inbound, carrier: str, kind: str) -> None:
    check(inbound, carrier, kind)


@pytest.mark.parametrize(
    ("carrier", "field"),
    [
        ("bandwidth", "text"),
        ("bandwidth", "media"),
        ("telnyx", "text"),
        ("telnyx", "subject"),
        ("telnyx", "media"),
        ("telnyx", "cc"),
        ("telnyx", "autoresponse_type"),
        ("twilio", "Body"),
        ("twilio", "MediaUrl"),
        ("twilio", "OtherRecipients"),
        ("twilio", "OptOutType"),
        ("vonage", "text"),
        ("vonage", "image"),
        ("vonage", "content"),
        ("vonage", "caption"),
        ("vonage", "mms"),
    ],
)
def test_a_field_that_is_overlooked_is_noticed(inbound: Inbound, carrier: str, field: str) -> None:
    with pytest.raises(AssertionError, match=r"set\(\)"):
        check(inbound, carrier, "texts", overlooked=field)
