"""The inbound function: real webhooks in, the documented answer out, and nothing changed by what is not authentic."""

from __future__ import annotations

import base64
import copy
import io
import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from nacl.signing import SigningKey

from local.events import signed_now
from partyline.carriers.twilio import sign as signature
from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.messages import MAX_INBOUND_BODY as MAX_TEXT
from partyline.domain.unrouted import UnroutedReason
from partyline.errors import Conflict
from partyline.http_client import HttpClient, HttpRequest
from partyline.http_client import HttpResponse as Fetched
from partyline.inbound import recorder
from partyline.inbound.webhook_handler import MAX_BODY, MAX_MEDIA
from partyline.observability import MaskingFormatter, logger
from partyline.storage import conversation_lists, conversations, lines, messages, opt_outs, queries
from partyline.storage.queries import Window
from partyline.storage.table import Table
from tests.integration.functions.conftest import ACCOUNT_SID, SECRETS, Context, event

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICE = sids.default_service(ACCOUNT_SID)
TELNYX = SigningKey(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
Answer = dict[str, Any]


@pytest.fixture
def inbound(function: Callable[[str], ModuleType], table: Table) -> Callable[[Answer], Answer]:
    """The function, with a line on each carrier that makes groups."""
    for address, carrier in (
        ("+12065550100", "bandwidth"),
        ("+12065550101", "bandwidth"),
        ("+12065550110", "telnyx"),
        ("+12065550120", "twilio"),
        ("+12065550130", "vonage"),
    ):
        lines.register(table, Line(sids.new(sids.LINE), address, carrier, NOW, NOW, AutoCreation.GROUPS))
    module = function("inbound")

    def invoke(webhook: Answer) -> Answer:
        answer: Answer = module.handler(webhook, Context())
        return answer

    return invoke


def telnyx(body: str | bytes, *, at: float | None = None, key: SigningKey = TELNYX) -> Answer:
    """A webhook that Telnyx signed at a time, now by default."""
    raw = body.encode() if isinstance(body, str) else body
    stamp = str(int(time.time() if at is None else at))
    sent = event("inbound/telnyx-group-text")
    sent["headers"]["telnyx-timestamp"] = stamp
    sent["headers"]["telnyx-signature-ed25519"] = base64.b64encode(
        key.sign(f"{stamp}|".encode() + raw).signature
    ).decode()
    return {**sent, "body": raw.decode("utf-8", "surrogateescape")}


def bandwidth(body: Any) -> Answer:
    sent = event("inbound/bandwidth-group-text")
    return {**sent, "body": body if isinstance(body, str) else json.dumps(body)}


def twilio(parameters: list[tuple[str, str]], *, query: str = "") -> Answer:
    sent = event("inbound/twilio-group-text")
    url = f"https://{sent['requestContext']['domainName']}/prod/carriers/twilio" + query
    sent["headers"]["X-Twilio-Signature"] = signature(SECRETS["twilio_auth_token"], url, parameters)
    return {**sent, "body": urlencode(parameters)}


def state(table: Table) -> tuple[list[Any], list[Any]]:
    """All messages and all unrouted texts."""
    found = [one for _, one in conversation_lists.page(table, SERVICE, Window(100)).entries]
    return (
        [
            (one.message.author, one.message.body)
            for conversation in found
            for one in messages.page(table, conversation.sid, size=100).messages
        ],
        [(text.reason, text.body or text.raw) for _, text in queries.unrouted(table, Window(100)).entries],
    )


Inbound = Callable[[Answer], Answer]


@pytest.mark.parametrize(
    ("webhook", "expected"),
    [
        (lambda: event("inbound/bandwidth-group-text"), [("+12065550150", "Can we see it on Sunday?")]),
        (lambda: event("inbound/bandwidth-two-own-numbers"), [("+12065550152", "Hello both")]),
        (
            lambda: telnyx(event("inbound/telnyx-group-text")["body"]),
            [("+12065550150", "Sounds good, see you at noon!")],
        ),
        (
            lambda: telnyx(event("inbound/telnyx-group-text-objects")["body"]),
            [("+12065550150", "Sounds good, see you at noon!")],
        ),
        (lambda: event("inbound/twilio-group-text"), [("+12065550150", "Ünïcode & plus+ ")]),
        (lambda: signed_now(event("inbound/vonage-group-text")), [("+12065550150", "The lock box is open")]),
    ],
)
def test_each_carriers_group_text_is_recorded_once_however_often_it_comes(
    inbound: Inbound, table: Table, webhook: Callable[[], Answer], expected: list[Any]
) -> None:
    sent = webhook()
    assert [inbound(copy.deepcopy(sent))["statusCode"] for _ in range(3)] == [200, 200, 200]
    assert state(table) == (expected, [])


def test_layout_parts_of_a_picture_message_are_no_content(inbound: Inbound, table: Table) -> None:
    inbound(event("inbound/bandwidth-two-own-numbers"))
    ((_, conversation),) = conversation_lists.page(table, SERVICE, Window(5)).entries
    (only,) = messages.page(table, conversation.sid, size=5).messages
    assert [media.url.rsplit("/", 1)[1] for media in only.message.media] == ["house.jpg"]


@pytest.mark.parametrize("name", ["inbound/bandwidth-failed", "inbound/twilio-delivered"])
def test_report_of_an_unknown_text_is_acknowledged_and_stored(inbound: Inbound, table: Table, name: str) -> None:
    assert inbound(event(name))["statusCode"] == 200
    assert state(table) == ([], [])


def test_texts_are_counted_as_they_come_and_reports_are_not(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    monkeypatch.setattr("partyline.inbound.webhook_handler.count", counted.append)
    for name in ("bandwidth-group-text", "bandwidth-failed", "bandwidth-malformed", "bandwidth-group-text"):
        inbound(event(f"inbound/{name}"))

    assert counted == ["TextReceived", "TextCreated", "ReportEarly", "WebhookMalformed", "TextReceived", "TextRepeated"]


# --- what is not authentic


def stale() -> Answer:
    return telnyx(event("inbound/telnyx-group-text")["body"], at=time.time() - 3600)


def future() -> Answer:
    return telnyx(event("inbound/telnyx-group-text")["body"], at=time.time() + 3600)


def changed_body() -> Answer:
    sent = telnyx(event("inbound/telnyx-group-text")["body"])
    return {**sent, "body": sent["body"].replace("noon", "dawn")}


def another_key() -> Answer:
    return telnyx(event("inbound/telnyx-group-text")["body"], key=SigningKey.generate())


def unsigned(name: str, header: str) -> Callable[[], Answer]:
    def make() -> Answer:
        sent = event(name)
        del sent["headers"][header]
        return sent

    return make


def of_no_carrier() -> Answer:
    return {**event("inbound/twilio-group-text"), "pathParameters": {"carrier": "pigeon"}}


def bandwidths_without_a_token() -> Answer:
    sent = event("inbound/bandwidth-group-text")
    return {**sent, "resource": "/carriers/{carrier}", "pathParameters": {"carrier": "bandwidth"}}


def no_token() -> Answer:
    return {**event("inbound/bandwidth-group-text"), "pathParameters": {"token": ""}}


@pytest.mark.parametrize(
    ("webhook", "status"),
    [
        (lambda: event("inbound/bandwidth-wrong-token"), 403),
        (no_token, 403),
        (lambda: event("inbound/telnyx-group-text"), 403),  # signed in 2023
        (stale, 403),
        (future, 403),
        (changed_body, 403),
        (another_key, 403),
        (unsigned("inbound/telnyx-group-text", "telnyx-signature-ed25519"), 401),
        (lambda: event("inbound/twilio-tampered"), 403),
        (unsigned("inbound/twilio-group-text", "X-Twilio-Signature"), 403),
        (of_no_carrier, 403),
        (bandwidths_without_a_token, 403),
    ],
)
def test_unauthentic_webhook_is_refused_without_effect_or_detail(
    inbound: Inbound, table: Table, webhook: Callable[[], Answer], status: int
) -> None:
    answer = inbound(webhook())
    assert (answer["statusCode"], answer["body"]) == (status, "")
    assert state(table) == ([], [])


@pytest.mark.parametrize("write", [str.upper, str.lower, str.title])
def test_header_names_are_read_in_any_case(inbound: Inbound, table: Table, write: Callable[[str], str]) -> None:
    sent = telnyx(event("inbound/telnyx-group-text")["body"])
    sent["headers"] = {write(name): value for name, value in sent["headers"].items()}
    assert inbound(sent)["statusCode"] == 200
    assert len(state(table)[0]) == 1


def test_a_replayed_twilio_webhook_is_answered_and_changes_nothing(inbound: Inbound, table: Table) -> None:
    sent = event("inbound/twilio-group-text")
    inbound(copy.deepcopy(sent))
    before = state(table)
    assert inbound(sent)["statusCode"] == 200
    assert state(table) == before


@pytest.mark.parametrize(
    "webhook",
    [
        lambda: bandwidth("x" * (MAX_BODY + 1)),
        lambda: bandwidth([{"type": "message-received", "filler": "x" * 1024 * 1024}]),
        lambda: telnyx("x" * 1024 * 1024),
    ],
)
def test_a_body_larger_than_any_webhook_is_refused(
    inbound: Inbound, table: Table, webhook: Callable[[], Answer]
) -> None:
    assert inbound(webhook())["statusCode"] == 413
    assert state(table) == ([], [])


def test_a_carrier_without_secrets_takes_nothing(inbound: Inbound, secret: Any, table: Table) -> None:
    secret({**SECRETS, "bandwidth_webhook_token": ""})
    assert inbound({**event("inbound/bandwidth-group-text"), "pathParameters": None})["statusCode"] == 403
    assert state(table) == ([], [])


@pytest.mark.parametrize(
    ("authorization", "status"),
    [(None, 401), ("Basic " + base64.b64encode(b"hook:wrong").decode(), 401), ("Bearer x", 401), ("good", 200)],
)
def test_bandwidth_webhook_without_required_credentials_gets_a_challenge(
    inbound: Inbound, secret: Any, authorization: str | None, status: int
) -> None:
    secret({**SECRETS, "bandwidth_webhook_username": "hook", "bandwidth_webhook_password": "pass"})
    sent = event("inbound/bandwidth-group-text")
    if authorization:
        good = "Basic " + base64.b64encode(b"hook:pass").decode()
        sent["headers"]["authorization"] = good if authorization == "good" else authorization
    answer = inbound(sent)
    assert answer["statusCode"] == status
    assert (answer["headers"].get("WWW-Authenticate") == 'Basic realm="partyline"') is (status == 401)


# --- what is authentic and odd: kept, answered 2xx, alarmed on


@pytest.mark.parametrize(
    "webhook",
    [
        lambda: event("inbound/bandwidth-malformed"),
        lambda: bandwidth('"text"'),
        lambda: bandwidth([{"type": "never-heard-of"}]),
        lambda: bandwidth([{"type": "message-received", "message": {"direction": "in"}}]),
        lambda: telnyx("not json"),
        lambda: telnyx(b"\xff\xfe not utf-8".decode("utf-8", "replace")),
        lambda: twilio([("Body", "no sid, no sender")]),
    ],
)
def test_unreadable_webhook_is_stored_once_and_acknowledged(
    inbound: Inbound, table: Table, webhook: Callable[[], Answer]
) -> None:
    sent = webhook()
    assert [inbound(copy.deepcopy(sent))["statusCode"] for _ in range(2)] == [200, 200]
    recorded, ((reason, raw),) = state(table)
    assert (recorded, reason) == ([], UnroutedReason.MALFORMED)
    assert raw == sent["body"]


def bandwidth_text(**changes: Any) -> Answer:
    (text,) = json.loads(event("inbound/bandwidth-group-text")["body"])
    text["message"] |= changes
    return bandwidth([text])


def telnyx_text(**changes: Any) -> Answer:
    document = json.loads(event("inbound/telnyx-group-text")["body"])
    document["data"]["payload"] |= changes
    return telnyx(json.dumps(document))


def twilio_text(*parameters: tuple[str, str]) -> Answer:
    sid = [("MessageSid", "MM" + "0" * 32), ("From", "+12065550150"), ("To", "+12065550120")]
    return twilio([*sid, ("OtherRecipients0", "+12065550151"), *parameters])


def vonage_text(**changes: Any) -> Answer:
    sent = event("inbound/vonage-group-text")
    message = {**json.loads(sent["body"]), **changes}
    body = json.dumps({name: one for name, one in message.items() if one is not None})
    signed: Answer = signed_now({**sent, "body": body})
    return signed


LAYOUT, ELSE = "https://carrier.example/0.smil", "https://else.example/1.txt"


@pytest.mark.parametrize(
    "webhook",
    [
        lambda: bandwidth_text(text="", media=[]),
        lambda: bandwidth_text(text=None, media=None),
        lambda: bandwidth_text(text=" \u200b\n", media=[LAYOUT]),
        lambda: bandwidth_text(text=None, media=[None]),
        lambda: telnyx_text(text=None, media=[]),
        lambda: telnyx_text(text=None, media=[{"content_type": "image/jpeg"}]),
        lambda: telnyx_text(text=None, media=[], subject="No Subject"),
        lambda: telnyx_text(text="", media=[{"url": LAYOUT, "content_type": "application/smil"}]),
        lambda: twilio_text(("Body", ""), ("NumMedia", "0")),
        lambda: twilio_text(("NumMedia", "1"), ("MediaUrl0", LAYOUT), ("MediaContentType0", "application/smil")),
        lambda: twilio_text(("Body", ""), ("NumMedia", "1")),
        lambda: vonage_text(text=None),
        lambda: vonage_text(message_type="image", text="", image={}),
        lambda: vonage_text(message_type="image", text="", image=None),
        lambda: vonage_text(message_type="content", text=None, content=[]),
        lambda: vonage_text(message_type="unsupported", text="what is left of it"),
    ],
)
def test_empty_text_is_stored_unchanged_and_raises_an_alarm(
    inbound: Inbound, table: Table, webhook: Callable[[], Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    """C2: on every carrier."""
    sent = webhook()
    assert inbound(copy.deepcopy(sent))["statusCode"] == 200
    assert state(table) == ([], [(UnroutedReason.MALFORMED, sent["body"])])
    assert "WebhookMalformed" in capsys.readouterr().out


def test_an_unknown_carrier_is_not_logged_by_name(inbound: Inbound) -> None:
    """A5."""
    said = logging.StreamHandler(io.StringIO())
    said.setFormatter(MaskingFormatter())
    logger.addHandler(said)
    try:
        answer = inbound({**event("inbound/twilio-group-text"), "pathParameters": {"carrier": "a" * 8000}})
    finally:
        logger._logger.removeHandler(said)
    [line] = said.stream.getvalue().splitlines()
    assert answer["statusCode"] == 403
    assert {"carrier": "unknown", "reason": "no such carrier"}.items() <= json.loads(line).items()
    assert "aaaa" not in line


def test_a_keyword_that_a_carrier_took_a_text_for_counts_without_the_word(inbound: Inbound, table: Table) -> None:
    assert inbound(telnyx_text(text=None, media=[], autoresponse_type="STOP"))["statusCode"] == 200
    assert opt_outs.fetch_many(table, "+12065550150", "+12065550110") is not None


def test_a_text_of_nothing_but_files_is_no_blank_one(inbound: Inbound, table: Table) -> None:
    several = [{"type": "file", "url": f"https://api.nexmo.com/v3/media/{number}"} for number in (1, 2, 2)]
    image = {"url": "https://api.nexmo.com/v3/media/1"}
    assert inbound(vonage_text(message_type="image", text=None, image=image, content=several))["statusCode"] == 200
    ((_, conversation),) = conversation_lists.page(table, SERVICE, Window(5)).entries
    (only,) = messages.page(table, conversation.sid, size=5).messages
    assert [media.url for media in only.message.media] == [one["url"] for one in several[:2]]


@pytest.mark.parametrize(
    ("urls", "asked"),
    [
        ("", [("https://media.bandwidth.com/0.txt", True), (ELSE, False)]),
        ("bandwidth_url=https://else.example", [("https://media.bandwidth.com/0.txt", True), (ELSE, True)]),
    ],
)
def test_words_of_a_text_part_are_fetched_before_the_text_is_recorded(
    request: pytest.FixtureRequest,
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
    urls: str,
    asked: list[tuple[str, bool]],
) -> None:
    """C6."""
    requests = []

    def send(self: HttpClient, request: HttpRequest, *, timeout: float, max_body: int) -> Fetched:
        requests.append((request.url, "Authorization" in request.headers))
        return Fetched(200, request.url[-5:].encode())

    monkeypatch.setattr(HttpClient, "send", send)
    inbound: Inbound = request.getfixturevalue("inbound")
    monkeypatch.setenv("CARRIER_URLS", urls)
    assert inbound(bandwidth_text(text="", media=[url for url, _ in asked]))["statusCode"] == 200
    assert state(table) == ([("+12065550150", "0.txt\n1.txt")], [])
    assert requests == asked
    assert inbound(bandwidth_text(id="another", text="with words"))["statusCode"] == 200
    assert requests == asked


def test_one_bad_element_does_not_cost_its_neighbours(inbound: Inbound, table: Table) -> None:
    good = json.loads(event("inbound/bandwidth-group-text")["body"])
    assert inbound(bandwidth([{"type": "?"}, *good, None]))["statusCode"] == 200
    recorded, unrouted_texts = state(table)
    assert recorded == [("+12065550150", "Can we see it on Sunday?")]
    assert [reason for reason, _ in unrouted_texts] == [UnroutedReason.MALFORMED]


@pytest.mark.parametrize("body", ["[]", '[{"type": "suggestion-response", "new": 1}]'])
def test_what_asks_for_nothing_is_answered(inbound: Inbound, table: Table, body: str) -> None:
    assert inbound(bandwidth(body))["statusCode"] == 200
    assert state(table) == ([], [])


def test_text_to_an_unknown_line_is_stored_and_acknowledged(inbound: Inbound, table: Table) -> None:
    (text,) = json.loads(event("inbound/bandwidth-group-text")["body"])
    text["to"] = text["message"]["owner"] = "+12065550199"
    text["message"]["to"] = ["+12065550199"]
    assert inbound(bandwidth([text]))["statusCode"] == 200
    assert state(table) == ([], [(UnroutedReason.UNKNOWN_LINE, "Can we see it on Sunday?")])


@pytest.mark.parametrize(
    "change",
    [
        {"text": None},
        {"text": "", "media": None},
        {"from": "97167"},
        {"from": "110000011909"},
        {"from": "AMAZON"},
        {"from": "Bob@Example.com"},
        {"from": "x" * 3000},
        {"text": "half a pair \ud83d"},
        {"unknown": {"field": [1, 2]}},
        {"to": [f"+1206556{n:04}" for n in range(30)] + ["+12065550100"]},
        {"to": [f"+1206556{n:04}" for n in range(120)] + ["+12065550100"]},
    ],
)
def test_odd_texts_are_stored_whole_and_acknowledged(inbound: Inbound, table: Table, change: dict[str, Any]) -> None:
    (text,) = json.loads(event("inbound/bandwidth-group-text")["body"])
    text["message"] |= change
    assert inbound(bandwidth([text]))["statusCode"] == 200
    recorded, unrouted_texts = state(table)
    assert len(recorded) + len(unrouted_texts) == 1


def test_a_text_message_with_a_lost_roster_is_taken_and_alarmed_on(
    inbound: Inbound, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = twilio(
        [
            *(("MessageSid", "MM" + "0" * 32), ("From", "+12065550150"), ("To", "+12065550120")),
            *(("NumMedia", "0"), ("Body", "hello")),
        ]
    )
    assert inbound(sent)["statusCode"] == 200
    assert "TextRosterMissing" in capsys.readouterr().out


@pytest.mark.parametrize("elements", [b"1", b'{"type": 1}'])
def test_webhook_of_many_unreadable_parts_is_stored_once(
    inbound: Inbound, table: Table, logged: Callable[[], str], elements: bytes
) -> None:
    body = b"[" + b",".join([elements] * 2000) + b"]"
    assert inbound(bandwidth(body.decode()))["statusCode"] == 200
    assert state(table) == ([], [(UnroutedReason.MALFORMED, body.decode())])
    assert len(logged().splitlines()) == 1


@pytest.mark.parametrize(
    "change",
    [{"text": "x" * (MAX_TEXT + 1)}, {"media": [f"https://carrier.example/{n}" for n in range(MAX_MEDIA + 1)]}],
)
def test_oversized_text_is_stored_unchanged(inbound: Inbound, table: Table, change: dict[str, Any]) -> None:
    (text,) = json.loads(event("inbound/bandwidth-group-text")["body"])
    text["message"] |= change
    assert inbound(bandwidth([text]))["statusCode"] == 200
    recorded, ((reason, raw),) = state(table)
    assert (recorded, reason, json.loads(raw)) == ([], UnroutedReason.MALFORMED, [text])


def test_text_that_the_table_refuses_is_stored_and_not_retried_forever(
    inbound: Inbound, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(self: Table, writes: Any) -> None:
        reasons = [{"Code": "None"}, {"Code": "ValidationError", "Message": "Item size has exceeded"}]
        response: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        raise ClientError(response, "TransactWriteItems")

    monkeypatch.setattr(Table, "transact", too_large)
    assert inbound(event("inbound/bandwidth-group-text"))["statusCode"] == 200
    assert [reason for reason, _ in state(table)[1]] == [UnroutedReason.MALFORMED]


def test_a_custom_domain_with_a_base_path_takes_webhooks(
    inbound: Inbound, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://example.com/texts")
    sent = event("inbound/bandwidth-group-text")
    assert inbound({**sent, "path": f"/texts{sent['path']}"})["statusCode"] == 200
    parameters = [("MessageSid", "SM" + "1" * 32), ("From", "+12065550150"), ("To", "+12065550120"), ("Body", "hi")]
    signed = {**event("inbound/twilio-group-text"), "path": "/texts/carriers/twilio", "body": urlencode(parameters)}
    signed["headers"]["X-Twilio-Signature"] = signature(
        SECRETS["twilio_auth_token"], "https://example.com/texts/carriers/twilio", parameters
    )
    assert inbound(signed)["statusCode"] == 200
    assert len(state(table)[0]) == 1


# --- no 2xx before it is durable


def test_what_could_not_be_recorded_is_not_answered(inbound: Inbound, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*args: Any, **kwargs: Any) -> None:
        raise Conflict({})

    monkeypatch.setattr(recorder.InboundRecorder, "record", lose)
    with pytest.raises(Conflict):
        inbound(event("inbound/bandwidth-group-text"))


# --- logs


def test_logs_hold_codes_and_masked_numbers_and_never_what_was_said(
    inbound: Inbound, logged: Callable[[], str]
) -> None:
    inbound(event("inbound/bandwidth-group-text"))
    inbound(event("inbound/bandwidth-malformed"))
    inbound(event("inbound/bandwidth-wrong-token"))
    codes = [json.loads(line)["message"] for line in logged().splitlines()]
    assert codes == ["text.taken", "webhook.malformed", "webhook.refused"]
    for secret in ("Sunday", "2065550150", "2065550100", "sample-bandwidth-token", "not-the-token"):
        assert secret not in logged()


def test_a_number_is_masked_in_whatever_field_it_stands(logged: Callable[[], str]) -> None:
    logger.info("sample.event", said="call +12065550150 or bob@example.com", nested={"to": ["+12065550151"]})
    assert "206555" not in logged()
    assert "bob" not in logged()
    assert "***50" in logged()


def test_a_conversation_is_found_by_its_people(inbound: Inbound, table: Table) -> None:
    inbound(event("inbound/bandwidth-group-text"))
    assert conversations.find_owner(table, "+12065550100,+12065550150,+12065550151")
