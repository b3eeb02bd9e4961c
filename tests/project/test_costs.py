"""Nothing that a stranger sends costs more than in proportion to its size: each parser, decoder and form on a public
route is given inputs of 1, 2, 4 and 8 times a size, and its work is counted (tests/support/costs.py), not timed.

Who signs nothing is a stranger; so is who signs, as a carrier or with an access token, for what they send after that.
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import yaml

import static_site
from partyline.api import multipart, pagination, parsing, session_endpoint
from partyline.api import request as http_request
from partyline.api.context import ApiContext, Call
from partyline.auth import session_cookies, sign_in_attempts, tokens
from partyline.auth.id_tokens import Claims, read_id_token
from partyline.carriers import bandwidth, gateway_event, mms_parts, registry, schemas, telnyx, twilio, vonage
from partyline.carriers.base import WebhookRequest
from partyline.carriers.transport import no_transport
from partyline.domain import (
    addresses,
    identities,
    json_texts,
    normalization,
    opt_outs,
    segments,
    tapbacks,
    threads,
    timers,
)
from partyline.domain.copies import hash_content
from partyline.errors import IdTokenInvalid
from partyline.media import file_types, filenames, image_headers, links, text_part
from partyline.observability import MaskingFormatter
from partyline.realtime import protocol
from tests.support.carrier_contract import SECRETS
from tests.support.costs import cost, excess

ROOT = Path(__file__).parents[2]
# At 8 times the size, 8 times the cost and a quarter.
MOST = 1.25
NOW = datetime(2026, 11, 27, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """A piece of work on an input of a size. `route` is what a stranger asks for it by; `unit` is what grows."""

    route: str
    name: str
    work: Callable[[Any], object]
    make: Callable[[int], Any]
    unit: int = 40


CARRIERS, API, MEDIA, SESSION, INBOX, LIVE = "/carriers", "/v1", "/media", "/session", "/inbox", "live"

BUILT = {name: registry.build_carrier(name, SECRETS, no_transport) for name in registry.CARRIERS}
HEADERS = {
    "telnyx-timestamp": "1",
    "telnyx-signature-ed25519": base64.b64encode(bytes(64)).decode(),
    "x-twilio-signature": "x",
    "authorization": "Bearer a.b.c",
}


ATTEMPT, _ = sign_in_attempts.begin("r", NOW, bytes)


def read_claims(encoded: str) -> None:
    """Read an ID token. A stranger can have a provider of their own make one, but none that is for us."""
    with contextlib.suppress(IdTokenInvalid):
        read_id_token(encoded, issuer="i", client_id="c", now=NOW, nonce=None)


def webhook(body: bytes, *, url: str = "https://x.example/carriers/c", **headers: str) -> WebhookRequest:
    given = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    return WebhookRequest(url=url, path=SECRETS["bandwidth_webhook_token"], headers=given, query={}, body=body)


def proves(name: str) -> Callable[[WebhookRequest], object]:
    return lambda request: BUILT[name].authenticate(request, 1.0)


def reads(name: str) -> Callable[[bytes], object]:
    return lambda body: BUILT[name].parse(webhook(body))


def text_of(name: str, **fields: Any) -> bytes:
    """A text of a carrier in which some fields are large."""
    given: dict[str, Any] = {
        bandwidth.NAME: [
            {
                "type": "message-received",
                "message": {
                    "id": "1",
                    "owner": "+12065550100",
                    "from": "+12065550150",
                    "to": ["+12065550100"],
                    **fields,
                },
            }
        ],
        telnyx.NAME: {
            "data": {
                "event_type": "message.received",
                "record_type": "event",
                "payload": {
                    "id": "1",
                    "from": {"phone_number": "+12065550150"},
                    "to": [{"phone_number": "+12065550110"}],
                    **fields,
                },
            }
        },
        vonage.NAME: {
            "message_uuid": "1",
            "channel": "mms",
            "message_type": "text",
            "from": "12065550150",
            "to": "12065550130",
            **fields,
        },
    }
    return json.dumps(given[name]).encode()


def telnyx_report(n: int) -> bytes:
    numbers = [{"phone_number": f"+1206{i:07}", "status": "delivery_failed"} for i in range(n)]
    errors = [{"code": "40001", "source": {"pointer": f"/to/{i % 999}/phone_number"}} for i in range(n)]
    payload = {"id": "1", "to": numbers, "cc": numbers, "errors": errors}
    return json.dumps({"data": {"event_type": "message.finalized", "payload": payload}}).encode()


def bandwidth_reports(n: int) -> bytes:
    return json.dumps(
        [{"type": "message-failed", "errorCode": 4720, "to": "+1206", "message": {"id": "x"}}] * n
    ).encode()


def twilio_text(n: int, *more: tuple[str, str]) -> bytes:
    others = [(f"OtherRecipients{i % 999}", f"+1206{i:07}") for i in range(n)]
    return urlencode([("MessageSid", "MM1"), ("From", "+12065550150"), ("To", "+12065550120"), *others, *more]).encode()


def in_form(n: int) -> bytes:
    return urlencode([(f"a{i}", "%+" * 5) for i in range(n)]).encode()


def nested(n: int) -> bytes:
    return b"[" * n + b"]" * n


def numbers(n: int) -> list[str]:
    return [f"+1206{i:07}" for i in range(n)]


def event(body: str, *, path: str = "/v1/Conversations", method: str = "POST", **more: Any) -> dict[str, Any]:
    return {
        "httpMethod": method,
        "path": path,
        "headers": {"Content-Type": "application/x-www-form-urlencoded", **more.pop("headers", {})},
        "multiValueQueryStringParameters": more.pop("query", None),
        "body": body,
        "isBase64Encoded": False,
        "requestContext": {"domainName": "x", "path": path},
        **more,
    }


class Nowhere:
    """A table that nothing is asked of."""


CONTEXT = ApiContext(Nowhere(), "AC" + "1" * 32, lambda: "t", lambda: "root", lambda: NOW, None, None)  # type: ignore[arg-type]
SIGNER = "SK" + "1" * 32


def token(claims: dict[str, Any]) -> str:
    given = {"iss": SIGNER, "sub": CONTEXT.account_sid, "exp": int(NOW.timestamp()) + 60, **claims}
    return jwt.encode(given, tokens.key_secret("root", SIGNER), "HS256", {"cty": "twilio-fpa;v=1"})


def asks_with(authorization: str) -> object:
    return tokens.authenticate({"headers": {"Authorization": authorization}}, CONTEXT)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


NO_PART = pagination.PagePart([], more=False)


def call(token: str) -> Call:
    """A request for a part of a list."""
    request = http_request.parse_request(event("", method="GET", query={"PageToken": [token], "PageSize": ["5"]}), "")
    return Call(CONTEXT, request, None, {}, NOW, None)  # type: ignore[arg-type]


FORM_TYPE = "multipart/form-data; boundary=b"


def part(headers: bytes, content: bytes = b"x") -> bytes:
    return b"--b\r\n" + headers + b"\r\n\r\n" + content + b"\r\n"


def read_form(body: bytes) -> object:
    return [(one.filename, one.content_type) for one in multipart.parse_multipart(body, FORM_TYPE)]


def jpeg(n: int) -> bytes:
    return b"\xff\xd8" + b"\xff\xe1\x00\x08Exif\0\0" * n + b"\xff\xda\x00\x02" * n


def png(n: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + (struct.pack(">I", 0) + b"tEXt" + bytes(4)) * n


def webp(n: int) -> bytes:
    return b"RIFF" + struct.pack("<I", 8 * n + 4) + b"WEBP" + (b"EXIF" + bytes(4)) * n


def gif(n: int) -> bytes:
    return b"GIF89a" + bytes(7) + b"!\xfe\x01x\0" * n


def log_line(text: str) -> object:
    record = logging.LogRecord("partyline", logging.INFO, __file__, 1, "event.code", None, None)
    record.__dict__["field"] = text
    return MaskingFormatter().format(record)


TEXTS: dict[str, Callable[[str], object]] = {
    "keyword": opt_outs.parse_keyword,
    "may be a keyword": opt_outs.is_possible_keyword,
    "tapback": tapbacks.parse_tapback,
    "segments": segments.count_segments,
    "notation": normalization.normalize,
    "fingerprint": lambda text: hash_content(text, 1),
    "address": addresses.canonicalize,
    "subject": lambda text: mms_parts.add_subject(text, text),
}
# A carrier that takes so little that there are many parts.
NARROW = replace(registry.LIMITS[bandwidth.NAME], text=20, segments=1)
# What a text is made of that could be hard.
LETTERS = {
    "letters": "a",
    "blanks": " ",
    "words": "stop ",
    "lines": "\n\r",
    "quotes": "“",
    "tapbacks": "Liked “",
    "reactions": "Reacted 👍 to “",
    "emoji": "👍🏽\u200d",
    "marks": "e\u0301",
    "unseen": "\u200b\u200a\u200c",
    "digits": "+1206",
    "parameters": ";ext=1",
    "percent": "%40@",
}


def repeated(letters: str) -> Callable[[int], str]:
    """Texts of some letters; all are longer than a segment, since shorter ones are not cut."""
    return lambda n: letters * (5 * n // len(letters))


def long_text(name: str, make: Callable[[int], dict[str, Any]]) -> Callable[[int], bytes]:
    return lambda n: text_of(name, **make(n))


CASES = [
    # --- carriers' webhooks
    *(
        Case(CARRIERS, f"{name} proves {what}", proves(name), make)
        for name in registry.CARRIERS
        for what, make in {
            "a body": lambda n: webhook(b"x" * n),
            "a form": lambda n: webhook(in_form(n)),
            "a signature": lambda n: webhook(
                b"", x_twilio_signature="x" * n, telnyx_signature_ed25519="A" * n, telnyx_timestamp="1" * n
            ),
            "a token": lambda n: webhook(b"", authorization="Bearer " + "a." * n),
            "a token's header": lambda n: webhook(b"", authorization=f"Bearer {token({})}".replace(".", "A" * n + ".")),
            "credentials": lambda n: webhook(b"", authorization=basic(":" * n)),
            "a query": lambda n: webhook(b"", url="https://x/c?" + "bodySHA256=a&" * n),
        }.items()
    ),
    *(
        Case(CARRIERS, f"{name} reads {what}", reads(name), make)
        for name in registry.CARRIERS
        for what, make in {
            "no JSON": lambda n: b'{"a":' * n,
            "nesting": nested,
            "a form": in_form,
            "bytes": lambda n: b"\xff\x80" * n,
            "separators": lambda n: b"&=%" * n,
            "big numbers": lambda n: b"[" + b"9" * 400 + b"]" + b" " * n,
        }.items()
    ),
    *(
        Case(
            CARRIERS,
            f"{name} reads a long {what}",
            reads(name),
            long_text(name, make),
        )
        for name in (bandwidth.NAME, telnyx.NAME, vonage.NAME)
        for what, make in {
            "text": lambda n: {"text": "a “ \u200b" * n},
            "list of files": lambda n: {
                "media": [f"https://x/{i}.smil?#" for i in range(n)],
                "content": [{"type": "image", "url": "https://x/1", "caption": "c"}] * n,
                "message_type": "content",
            },
            "roster": lambda n: {"to": numbers(n), "cc": numbers(n)},
            "roster of objects": lambda n: {"to": [{"phone_number": one} for one in numbers(n)], "cc": numbers(n)},
            "subject": lambda n: {"subject": "(no subject) " * n, "text": "no subject " * n},
        }.items()
    ),
    Case(CARRIERS, "telnyx reads reports", reads(telnyx.NAME), telnyx_report, 10),
    Case(CARRIERS, "bandwidth reads reports", reads(bandwidth.NAME), bandwidth_reports, 10),
    Case(CARRIERS, "twilio reads a roster", reads(twilio.NAME), twilio_text),
    Case(
        CARRIERS, "twilio reads files", reads(twilio.NAME), lambda n: twilio_text(0, *[("MediaUrl0", "https://x")] * n)
    ),
    Case(
        CARRIERS,
        "an event",
        lambda given: gateway_event.parse_event(given, "https://x"),
        lambda n: event(
            "x",
            headers={f"h{i}": "v" for i in range(n)},
            query={f"q{i}": ["v"] for i in range(n)},
            resource="/carriers/{carrier}",
            pathParameters={"carrier": "a" * n},
        ),
    ),
    Case(CARRIERS, "the log of a name", log_line, lambda n: "a" * n),
    Case(CARRIERS, "the log of addresses", log_line, lambda n: "a@b.c,+12065550150 " * n),
    Case(CARRIERS, "the log of half addresses", log_line, lambda n: "+12065 a@ @" * n),
    *(
        Case(CARRIERS, f"{what} in {kind}", work, repeated(letters))
        for what, work in TEXTS.items()
        for kind, letters in LETTERS.items()
    ),
    *(
        Case(CARRIERS, f"parts of {kind}", lambda text: NARROW.cuts(text, plain=True), repeated(letters))
        for kind, letters in LETTERS.items()
    ),
    Case(CARRIERS, "a roster", threads.build_key, numbers),
    Case(CARRIERS, "a time", schemas.parse_time, lambda n: "2026-11-27T" + "0" * n),
    *(
        Case(CARRIERS, f"a text part of {what}", lambda given: text_part.decode_text(*given), make)
        for what, make in {
            "blanks": lambda n: (b" \r\n" * n, None),
            "controls": lambda n: (b"a" * n + b"\x01", "text/plain; charset=utf-8"),
            "zeros": lambda n: (b"\0" * n, None),
            "shifts": lambda n: (b"\x1b$B!!\x1b(B" * n, "text/plain; charset=iso-2022-jp"),
            "a long type": lambda n: (b"a", "text/plain" + "; charset=" * n),
            "a long charset": lambda n: (b"a", "text/plain; charset=" + "u" * n),
        }.items()
    ),
    # --- the API
    *(
        Case(API, f"a request with {what}", lambda given: http_request.parse_request(given, ""), make)
        for what, make in {
            "parameters": lambda n: event(urlencode([(f"a{i}", "%") for i in range(n)])),
            "a parameter again and again": lambda n: event("Participant=1&" * n),
            "separators": lambda n: event("&=;" * n),
            "percent": lambda n: event("a=" + "%f0%9f" * n),
            "a long path": lambda n: event("", path="/v1" + "/%2F" * n, method="GET"),
            "a long query": lambda n: event("", method="GET", query={f"q{i}": ["v", "w"] for i in range(n)}),
            "many headers": lambda n: event("", headers={f"h{i}": "v" for i in range(n)}),
        }.items()
    ),
    *(
        Case(API, f"credentials of {what}", asks_with, make)
        for what, make in {
            "letters": lambda n: "Basic " + "A" * n,
            "colons": lambda n: basic(":" * n),
            "a key": lambda n: basic("SK" + "1" * n + ":x"),
            "blanks": lambda n: " " * n,
            "dots": lambda n: "Bearer " + "." * n,
            "parts": lambda n: "Bearer " + "a.b." * n,
            "a header": lambda n: "Bearer " + base64.b64encode(b'{"a":' * n).decode() + ".e30.x",
            "nested claims": lambda n: (
                "Bearer " + token({}).split(".")[0] + "." + base64.b64encode(nested(n)).decode() + ".x"
            ),
            "many claims": lambda n: "Bearer " + token({f"c{i}": i for i in range(n)}),
            "a long identity": lambda n: (
                "Bearer " + token({"grants": {"identity": "a" * n, "chat": {"service_sid": "x"}}})
            ),
        }.items()
    ),
    *(
        Case(API, f"attributes of {what}", json_texts.parse_json, make)
        for what, make in {
            "members": lambda n: json.dumps({f"m{i}": i for i in range(n)}),
            "a member again and again": lambda n: "{" + ",".join(['"a":1'] * n) + "}",
            "nesting": lambda n: nested(n).decode(),
            "no end": lambda n: '{"a":' * n,
            "escapes": lambda n: '"' + "\\ud83d\\udc4d" * n + '"',
            "digits": lambda n: "[" + ",".join(["1.5e3"] * n) + "]",
        }.items()
    ),
    *(
        Case(
            API,
            f"a page token of {what}",
            lambda token: pagination.build_list_response(call(token), "x", lambda _: NO_PART),
            make,
        )
        for what, make in {"letters": lambda n: "A" * n, "rubbish": lambda n: "+/=\u00e9" * n}.items()
    ),
    Case(API, "a time", parsing.parse_moment, lambda n: "2026-11-27T" + "0" * n),
    Case(API, "a duration", timers.parse_duration, lambda n: "P" + "1Y" * n),
    Case(API, "an identity", identities.check_identity, lambda n: "\u202ea" * n),
    *(
        Case(API, f"an upload with {what}", read_form, make)
        for what, make in {
            "a long part": lambda n: part(b"A: b", b"x" * n) + b"--b--",
            "many parts": lambda n: part(b"A: b") * n + b"--b--",
            "empty parts": lambda n: b"--b\r\n" * n,
            "a long header": lambda n: part(b"Content-Disposition: form-data; " + b"a=b; " * n) + b"--b--",
            "many headers": lambda n: part(b"\r\n".join(b"H%d: v" % i for i in range(n))) + b"--b--",
            "encoded words": lambda n: part(b"Content-Disposition: a; filename=" + b"=?utf-8?q?a?= " * n) + b"--b--",
            "quotes": lambda n: part(b'Content-Disposition: a; filename="' + b'\\"' * n) + b"--b--",
            "line ends": lambda n: part(b"A: b", b"\r\n--" * n),
            "boundaries that are none": lambda n: part(b"A: b", b"\r\n--bb" * n) + b"--b--",
            "base64": lambda n: part(b"Content-Transfer-Encoding: base64", b"QUFB\r\n" * n) + b"--b--",
            "parts in parts": lambda n: part(b"Content-Type: multipart/mixed; boundary=c", part(b"") * n) + b"--b--",
        }.items()
    ),
    Case(API, "a boundary", lambda kind: multipart.parse_multipart(b"--b--", kind), lambda n: FORM_TYPE + "; a=b" * n),
    Case(API, "a disposition", multipart.parse_filename, lambda n: 'attachment; filename="' + 'a\\"; ' * n),
    Case(API, "a disposition in percent", multipart.parse_filename, lambda n: "a; filename*=utf-8''" + "%41" * n),
    Case(API, "a file's name", lambda name: filenames.display_name(name, "image/png"), lambda n: "a/\\.\u202e" * n),
    # --- files that are sent, in either direction
    *(
        Case(API, f"a picture's headers: {what}", image_headers.read_header, make)
        for what, make in {
            "jpeg": jpeg,
            "png": png,
            "webp": webp,
            "gif": gif,
            "stuffed": lambda n: b"\xff\xd8" + b"\xff" * n,
        }.items()
    ),
    *(
        Case(API, f"a file of {what}", file_types.detect_type, make)
        for what, make in {
            "blanks": lambda n: b" " * n,
            "markup": lambda n: b"<" * n,
            "wide letters": lambda n: b"\xff\xfe" + b"<\0" * n,
            "old letters": lambda n: b"a\xe9" * n,
            "cards": lambda n: b"BEGIN:VCARD\r\nN:a\r\nEND:VCARD\r\n" * n,
            "an archive": lambda n: b"PK\x03\x04" * n,
            "an archive's list": lambda n: b"PK\x03\x04" + b"PK\x01\x02" * n + b"PK\x05\x06" * n,
            "a film": lambda n: b"\0\0\xff\xffftypmif1" + b"heic" * n,
            "sound": lambda n: b"ID3" + b"\xff\xfb" * n,
        }.items()
    ),
    # --- links to files
    Case(MEDIA, "a link", lambda path: links.open_path("s", path, 1.0), lambda n: "1/" + "a" * n),
    Case(MEDIA, "a link of slashes", lambda path: links.open_path("s", path, 1.0), lambda n: "1/" * n),
    # --- sign-in
    *(
        Case(SESSION, f"cookies of {what}", session_endpoint.parse_cookies, make)
        for what, make in {
            "many names": lambda n: "; ".join(f"c{i}=v" for i in range(n)),
            "blanks": lambda n: " ;" * n,
            "one value": lambda n: "__Host-partyline=" + "=" * n,
        }.items()
    ),
    Case(SESSION, "an attempt", lambda text: sign_in_attempts.read_cookie("r", text, NOW), lambda n: "A." * n),
    Case(SESSION, "a state", ATTEMPT.has_state, lambda n: "é" * n),
    Case(SESSION, "a session", session_cookies.is_cookie, lambda n: "A" * n),
    Case(SESSION, "an ID token", read_claims, lambda n: "e30.e30." + "A" * n),
    Case(SESSION, "groups", lambda groups: Claims("s", {"g": groups}).groups("g"), lambda n: ["a"] * n),
    # --- the files of the inbox
    *(
        Case(INBOX, f"codings: {what}", lambda header: static_site.choose_coding(header, ["identity", "br"]), make)
        for what, make in {
            "many": lambda n: "gzip;q=0.5," * n,
            "parameters": lambda n: "gzip" + ";q=1" * n,
            "a long weight": lambda n: "gzip;q=0." + "1" * n,
            "nothing": lambda n: ";," * n,
        }.items()
    ),
    Case(INBOX, "tags", lambda header: static_site.is_current(header, '"a"'), lambda n: 'W/"b",' * n),
    # --- live connections
    *(
        Case(LIVE, f"a frame of {what}", protocol.parse_frame, make)
        for what, make in {
            "no JSON": lambda n: "[" * n,
            "nesting": lambda n: nested(n).decode(),
            "half letters": lambda n: "\ud800" * n,
            "conversations": lambda n: json.dumps(
                {"action": "resume", "conversations": {f"CH{i}": i for i in range(n)}}
            ),
            "a long name": lambda n: json.dumps({"action": "typing", "conversation": "CH" + "a" * n}),
        }.items()
    ),
    Case(LIVE, "a token", lambda given: tokens.read_token(given, CONTEXT), lambda n: "a." * n),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.route}: {case.name}") for case in CASES])
def test_work_is_in_proportion_to_what_is_sent(case: Case) -> None:
    inputs = [case.make(case.unit * times) for times in (1, 2, 4, 8)]

    assert excess(case.work, inputs) <= MOST


def test_every_public_route_has_cases() -> None:
    """The routes of the template, by what their paths begin with, and the live API."""

    class Loader(yaml.CSafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    template = yaml.load((ROOT / "template.yaml").read_text(), Loader)
    events = [
        event
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in (resource["Properties"].get("Events") or {}).values()
    ]
    paths = {"/" + one["Properties"]["Path"].split("/")[1] for one in events if one["Type"] == "Api"}
    # The other version of the API and its root answer as the first.
    assert paths - {"/v2", "/"} <= {case.route for case in CASES}
    assert {CARRIERS, API, MEDIA} <= paths
    assert "LiveApi" in template["Resources"] and LIVE in {case.route for case in CASES}


# --- the counting itself


def copies(text: str) -> None:
    while text:
        text = text[1:]


def compares(text: str) -> int:
    return sum(1 for one in text for other in text if one == other)


def replaces(text: str) -> None:
    for one in text:
        text.replace(one, "b")


def looks_through(text: str) -> list[str]:
    seen: list[str] = []
    for place, letter in enumerate(text):
        word = f"{letter}{place}"
        if word not in seen:
            seen.append(word)
    return seen


def finds_again(text: str) -> None:
    for _ in text:
        text.find("b")


def puts_first(text: str) -> None:
    letters: list[str] = []
    for letter in text:
        letters.insert(0, letter)


def joins(text: str) -> str:
    joined = ""
    for letter in text:
        joined = joined + letter
    return joined


def raises_late(text: str) -> None:
    copies(text)
    raise ValueError(text)


@pytest.mark.parametrize(
    "work", [copies, compares, replaces, looks_through, finds_again, puts_first, joins, raises_late]
)
def test_what_is_quadratic_is_found(work: Callable[[str], object]) -> None:
    assert excess(work, ["a" * (20 * times) for times in (1, 2, 4, 8)]) > 2 * MOST


def goes_on(text: str) -> int:
    place, found = 0, 0
    while (place := text.find("a", place)) >= 0:
        place, found = place + 1, found + 1
    return found


def collects(text: str) -> set[str]:
    return {letter.upper() for letter in text.split("a")}


@pytest.mark.parametrize("work", [goes_on, collects, str.upper, json.dumps, len])
def test_what_is_not_quadratic_is_not_found(work: Callable[[str], object]) -> None:
    assert excess(work, ["a" * (20 * times) for times in (1, 2, 4, 8)]) <= MOST


def test_the_same_work_costs_the_same() -> None:
    with contextlib.suppress(ValueError):
        cost(lambda: json_texts.parse_json('{"a": [1, 2]}'))
    assert len({cost(lambda: json_texts.parse_json('{"a": [1, 2]}')) for _ in range(3)}) == 1
