"""The lists of Twilio and Telnyx: the exact requests, and webhooks that are rebuilt from what they answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from partyline.carriers.base import InboundText, WebhookRequest
from partyline.carriers.listing import InboundListing, ListedText
from partyline.carriers.listing_registry import LISTINGS
from partyline.carriers.registry import CARRIERS, build_reader
from partyline.domain.opt_outs import Keyword
from partyline.errors import Ambiguous, ListingRefused, ListingUnavailable, SendError, Unavailable
from partyline.http_client import HttpRequest, HttpResponse
from tests.support.carrier_contract import SECRETS

A, B, P = "+12065550150", "+12065550151", "+12065550120"
DAY = date(2026, 11, 28)
TWILIO = "/2010-04-01/Accounts/AC0/Messages"
Answer = HttpResponse | SendError


@dataclass
class Server:
    """A carrier that has an answer for each URL, without its host. Every request is checked for its credentials."""

    carrier: str
    answers: Mapping[str, Any]
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        assert (request.method, request.body) == ("GET", b"")
        expected = {"twilio": "Basic QUMwOjEyMzQ1", "telnyx": "Bearer KEY123"}
        assert request.headers == {"Authorization": expected[self.carrier]}
        path = request.url.removeprefix("https://carrier.example")
        assert path != request.url
        self.asked.append(path)
        answer = self.answers.get(path, HttpResponse(404, b"{}"))
        if isinstance(answer, SendError):
            raise answer
        return answer if isinstance(answer, HttpResponse) else HttpResponse(200, json.dumps(answer).encode())

    @property
    def listing(self) -> InboundListing:
        urls = {f"{self.carrier}_url": "https://carrier.example"}
        return LISTINGS[self.carrier](SECRETS, urls, self)


def pages(server: Server) -> list[list[ListedText]]:
    return list(server.listing.iterate_pages(P, DAY))


def rebuilt(server: Server, text_id: str) -> InboundText:
    """The text of the webhook that is rebuilt, as the carrier's module reads it."""
    body = server.listing.rebuild_webhook(text_id)
    assert body is not None
    [event] = build_reader(server.carrier).parse(WebhookRequest("", "", {}, {}, body))
    assert isinstance(event, InboundText)
    return event


def test_bandwidth_and_vonage_list_nothing() -> None:
    assert set(CARRIERS) - set(LISTINGS) == {"bandwidth", "vonage"}


# --- Twilio


def message(sid: str, **changed: Any) -> dict[str, Any]:
    """A message that came in, with what else Twilio says of one."""
    return {
        "account_sid": "AC0",
        "body": "hello",
        "date_created": "Sat, 28 Nov 2026 10:00:01 +0000",
        "date_sent": "Sat, 28 Nov 2026 10:00:02 +0000",
        "direction": "inbound",
        "error_code": None,
        "from": A,
        "messaging_service_sid": None,
        "num_media": "0",
        "sid": sid,
        "status": "received",
        "to": P,
        **changed,
    }


FIRST = f"{TWILIO}.json?To=%2B12065550120&DateSent=2026-11-28&PageSize=1000"
SECOND = f"{FIRST}&Page=1&PageToken=PASM2"


def test_twilio_lists_what_came_in_on_every_page() -> None:
    outbound = message("SM9", direction="outbound-api", date_sent=None)
    server = Server(
        "twilio",
        {
            FIRST: {"messages": [message("SM2"), outbound], "next_page_uri": SECOND},
            SECOND: {"messages": [message("MM1", date_sent="Sat, 28 Nov 2026 01:00:00 -0500")], "next_page_uri": None},
        },
    )
    assert pages(server) == [
        [ListedText("SM2", datetime(2026, 11, 28, 10, 0, 2, tzinfo=UTC))],
        [ListedText("MM1", datetime(2026, 11, 28, 6, 0, tzinfo=UTC), roster_unknown=True)],
    ]
    assert server.asked == [FIRST, SECOND]


@pytest.mark.parametrize("following", [FIRST, "https://elsewhere.example/", "/2010-04-01/Accounts/AC1/Messages.json?"])
def test_page_that_is_no_other_page_of_the_list_is_not_asked_for(following: str) -> None:
    server = Server("twilio", {FIRST: {"messages": [], "next_page_uri": following}})
    with pytest.raises(ListingUnavailable):
        pages(server)
    assert server.asked == [FIRST]


def test_twilios_message_is_read_as_its_webhook() -> None:
    server = Server("twilio", {f"{TWILIO}/SM2.json": message("SM2", body="grüß & co+")})
    assert rebuilt(server, "SM2") == InboundText("twilio", "SM2", P, A, (P,), "grüß & co+")
    assert server.asked == [f"{TWILIO}/SM2.json"]


def test_keyword_that_twilio_has_answered_is_one() -> None:
    server = Server("twilio", {f"{TWILIO}/SM2.json": message("SM2", body="Stop")})
    body = server.listing.rebuild_webhook("SM2")
    assert body is not None
    secrets = {**dict.fromkeys(CARRIERS["twilio"]().required_secrets, "")}
    [event] = CARRIERS["twilio"]().from_secrets(secrets, {}, server).parse(WebhookRequest("", "", {}, {}, body))
    assert isinstance(event, InboundText)
    assert event.keyword_handled_by_carrier is Keyword.STOP


def test_files_of_twilios_message_are_where_its_webhook_has_them() -> None:
    file = f"{TWILIO}/MM1/Media/ME1"
    server = Server(
        "twilio",
        {
            f"{TWILIO}/MM1.json": message("MM1", body="", num_media="1"),
            f"{TWILIO}/MM1/Media.json": {"media_list": [{"uri": f"{file}.json", "content_type": "image/jpeg"}]},
        },
    )
    [media] = rebuilt(server, "MM1").media
    assert (media.url, media.content_type) == (f"https://carrier.example{file}", "image/jpeg")


def test_file_that_twilio_has_no_more_is_counted() -> None:
    answers = {f"{TWILIO}/MM1.json": message("MM1", num_media="1"), f"{TWILIO}/MM1/Media.json": {"media_list": []}}
    assert [media.url for media in rebuilt(Server("twilio", answers), "MM1").media] == [""]


def test_message_of_ours_is_no_text_that_came_in() -> None:
    server = Server("twilio", {f"{TWILIO}/SM2.json": message("SM2", direction="outbound-api")})
    assert server.listing.rebuild_webhook("SM2") is None


# --- Telnyx


def records(number: int) -> str:
    query = [
        ("filter[record_type]", "messaging"),
        ("filter[direction]", "inbound"),
        ("filter[cld]", P),
        ("filter[created_at][gte]", "2026-11-28"),
        ("filter[created_at][lt]", "2026-11-29"),
        ("sort", "created_at"),
        ("page[size]", "50"),
        ("page[number]", str(number)),
    ]
    return json.dumps(["/detail_records", query])


@dataclass
class TelnyxServer(Server):
    """Telnyx, whose URLs are compared by their parameters."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        parts = urlsplit(request.url)
        if parts.query:
            self.asked.append(asked := json.dumps([parts.path, parse_qsl(parts.query)]))
            return HttpResponse(200, json.dumps(self.answers[asked]).encode())
        return super().__call__(request)


def record(uuid: str, at: str) -> dict[str, Any]:
    return {"record_type": "message_detail_record", "uuid": uuid, "created_at": at, "cld": P, "direction": "inbound"}


def test_telnyx_lists_every_page() -> None:
    server = TelnyxServer(
        "telnyx",
        {
            records(1): {"data": [record("u1", "2026-11-28T10:00:02Z")], "meta": {"total_pages": 2}},
            records(2): {"data": [record("u2", "2026-11-28T11:00:00.5Z")], "meta": {"total_pages": 2}},
        },
    )
    assert pages(server) == [
        [ListedText("u1", datetime(2026, 11, 28, 10, 0, 2, tzinfo=UTC))],
        [ListedText("u2", datetime(2026, 11, 28, 11, 0, 0, 500_000, tzinfo=UTC))],
    ]


def test_telnyx_may_list_nothing() -> None:
    server = TelnyxServer("telnyx", {records(1): {"data": [], "meta": {"total_pages": 0}}})
    assert pages(server) == [[]]


PAYLOAD = {
    "autoresponse_type": "HELP",
    "cc": [P, B],
    "direction": "inbound",
    "from": {"phone_number": A},
    "id": "u1",
    "media": [{"url": "https://media.example/1", "content_type": "image/png"}],
    "received_at": "2026-11-28T10:00:02Z",
    "record_type": "message",
    "text": "help",
    "to": [{"phone_number": P, "status": "webhook_failed"}],
    "type": "MMS",
}


def test_telnyx_message_is_read_as_its_webhook_with_the_whole_roster() -> None:
    text = rebuilt(Server("telnyx", {"/messages/u1": {"data": PAYLOAD}}), "u1")
    assert (text.id, text.line, text.sender, set(text.recipients), text.text) == ("u1", P, A, {P, B}, "help")
    assert [(media.url, media.content_type) for media in text.media] == [("https://media.example/1", "image/png")]
    assert text.received_at == datetime(2026, 11, 28, 10, 0, 2, tzinfo=UTC)
    assert text.keyword_handled_by_carrier is Keyword.HELP


@pytest.mark.parametrize("data", [{**PAYLOAD, "direction": "outbound"}, None, []])
def test_what_telnyx_says_of_other_messages_is_no_text_that_came_in(data: Any) -> None:
    assert Server("telnyx", {"/messages/u1": {"data": data}}).listing.rebuild_webhook("u1") is None


# --- both


def lists(server: Server) -> object:
    return pages(server)


def rebuilds(server: Server) -> object:
    return server.listing.rebuild_webhook("id")


class Everywhere(dict[str, Any]):
    """The same answer to every request."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer

    def get(self, _key: str, _default: Any = None) -> Any:
        return self.answer


@pytest.mark.parametrize("carrier", LISTINGS)
def test_text_that_the_carrier_has_no_more_is_none(carrier: str) -> None:
    assert Server(carrier, {}).listing.rebuild_webhook("gone") is None


@pytest.mark.parametrize("act", [lists, rebuilds])
@pytest.mark.parametrize("carrier", LISTINGS)
@pytest.mark.parametrize(
    "answer",
    [
        Unavailable("no connection"),
        Ambiguous("no answer"),
        *(HttpResponse(status, b"") for status in (408, 429, 500, 502, 503)),
        HttpResponse(200, b"<html>"),
        HttpResponse(200, b"[]"),
    ],
    ids=lambda answer: str(getattr(answer, "status", answer)),
)
def test_what_may_pass_is_told_from_what_may_not(carrier: str, answer: Answer, act: Callable[[Server], object]) -> None:
    with pytest.raises(ListingUnavailable):
        act(Server(carrier, Everywhere(answer)))


@pytest.mark.parametrize(
    ("carrier", "body"),
    [("twilio", {"code": 20003, "message": "secret"}), ("telnyx", {"errors": [{"code": "20003", "detail": "secret"}]})],
)
@pytest.mark.parametrize("act", [lists, rebuilds])
def test_refusal_says_its_code_and_no_content(carrier: str, body: Any, act: Callable[[Server], object]) -> None:
    server = Server(carrier, Everywhere(HttpResponse(401, json.dumps(body).encode())))
    with pytest.raises(ListingRefused) as raised:
        act(server)
    assert str(raised.value) == "the carrier refused: HTTP 401, code 20003"


@pytest.mark.parametrize("carrier", LISTINGS)
def test_list_that_does_not_exist_is_a_refusal(carrier: str) -> None:
    with pytest.raises(ListingRefused):
        pages(Server(carrier, {}))


@pytest.mark.parametrize(("carrier", "secret"), [("twilio", "12345"), ("telnyx", "KEY123")])
def test_credentials_are_not_shown(carrier: str, secret: str) -> None:
    assert secret not in repr(Server(carrier, {}).listing)
