"""Group texts at Twilio: which requests lead up to the one that texts, and what is made of every answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from partyline.carriers.base import (
    Accepted,
    FoundMessage,
    OutboundText,
)
from partyline.carriers.twilio import Twilio, TwilioSettings
from partyline.domain import threads
from partyline.domain.receipts import ReceiptStatus
from partyline.errors import Ambiguous, NotReady, Refused, SendError, Throttled, Unavailable
from partyline.http_client import HttpRequest, HttpResponse
from tests.support.pictures import jpeg

A, B, OWN, OTHER = "+12065550101", "+12065550102", "+12065550100", "+12065550103"
TEXT = OutboundText(OWN, tuple(sorted([A, B, OTHER])), "Hello", tag="IM1:0", own=frozenset({OTHER}))
NAME = "partyline-" + threads.digest(threads.build_key([A, B, OWN, OTHER]))
PLACE = f"https://conversations.twilio.com/v1/Conversations/{NAME}"
CH = "CH" + "1" * 32
SETTINGS = TwilioSettings("AC0", "12345")
Script = Iterable[HttpResponse | Exception]


def answer(status: int, body: object = None) -> HttpResponse:
    return HttpResponse(status, json.dumps(body).encode())


def error(status: int, code: int, message: str = "") -> HttpResponse:
    return answer(status, {"code": code, "message": message, "status": status})


PARTICIPANTS = answer(
    200,
    {
        "participants": [
            {"sid": "MBa", "messaging_binding": {"type": "sms", "address": A}},
            {"sid": "MBb", "messaging_binding": {"type": "sms", "address": B}},
            {"sid": "MBo", "messaging_binding": {"type": "sms", "projected_address": OWN}},
            {"sid": "MBx", "messaging_binding": None},
        ]
    },
)
MISSING = error(404, 20404)
TAKEN = answer(201, {"sid": "IM9"})


class Upstream:
    """Twilio, as a script of answers; remembers what it was asked."""

    def __init__(self, script: Script) -> None:
        self.asked: list[HttpRequest] = []
        self._script = iter(script)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        given = next(self._script)
        if isinstance(given, Exception):
            raise given
        return given

    def lines(self) -> list[str]:
        """Method and path of each request."""
        return [
            f"{one.method} {one.url.removeprefix('https://conversations.twilio.com/v1/').replace(NAME, 'NAME')}"
            for one in self.asked
        ]

    def form(self, number: int) -> dict[str, list[str]]:
        return parse_qs(self.asked[number].body.decode())


def send(*script: HttpResponse | Exception, text: OutboundText = TEXT) -> tuple[Upstream, Accepted | SendError]:
    upstream = Upstream(script)
    try:
        return upstream, Twilio(SETTINGS, upstream).send(text)
    except SendError as failed:
        return upstream, failed


LOOK, WRITE = "GET Conversations/NAME/Participants?PageSize=100", "POST Conversations/NAME/Messages"
MAKE, STATE = "POST ConversationWithParticipants", "GET Conversations/NAME"


def test_a_text_is_a_message_of_the_threads_conversation() -> None:
    upstream, accepted = send(PARTICIPANTS, TAKEN)
    assert accepted == Accepted("IM9", names={"MBa": A, "MBb": B})
    assert upstream.asked == [
        HttpRequest("GET", f"{PLACE}/Participants?PageSize=100", {"Authorization": "Basic QUMwOjEyMzQ1"}, b""),
        HttpRequest(
            "POST",
            f"{PLACE}/Messages",
            {
                "Authorization": "Basic QUMwOjEyMzQ1",
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Webhook-Enabled": "true",
            },
            b"Author=%2B12065550100&Body=Hello&Attributes=%7B%22partyline%22%3A+%22IM1%3A0%22%7D",
        ),
    ]


def test_the_conversation_is_made_by_the_first_text_into_the_thread() -> None:
    upstream, waits = send(MISSING, answer(202, {"sid": CH, "state": "initializing"}))
    assert isinstance(waits, NotReady)
    assert upstream.lines() == [LOOK, MAKE]
    assert upstream.form(1) == {
        "UniqueName": [NAME],
        "Participant": [
            json.dumps({"messaging_binding": {kind: number}})
            for number, kind in [
                (OWN, "projected_address"),
                (A, "address"),
                (B, "address"),
                (OTHER, "projected_address"),
            ]
        ],
    }


def test_any_sender_in_a_thread_finds_the_same_conversation() -> None:
    first, _ = send(PARTICIPANTS, TAKEN)
    other = replace(TEXT, sender=OTHER, recipients=tuple(sorted([A, B, OWN])), own=frozenset({OWN}))
    second, _ = send(PARTICIPANTS, TAKEN, text=other)
    assert first.asked[0].url == second.asked[0].url
    third, _ = send(PARTICIPANTS, TAKEN, text=replace(TEXT, recipients=(A, B), own=frozenset()))
    assert third.asked[0].url != first.asked[0].url


def test_a_messaging_service_can_be_pinned() -> None:
    upstream = Upstream([MISSING, answer(202, {"sid": CH})])
    with pytest.raises(NotReady):
        Twilio(replace(SETTINGS, messaging_service_sid="MG1"), upstream).send(TEXT)
    assert upstream.form(1)["MessagingServiceSid"] == ["MG1"]


SET_TAKEN = error(409, 50438, f"Group MMS with given participant list already exists as Conversation {CH}")


def test_a_conversation_that_twilio_has_of_these_people_is_taken_over() -> None:
    upstream, accepted = send(
        MISSING, SET_TAKEN, answer(200, {"unique_name": None}), answer(200, {}), PARTICIPANTS, TAKEN
    )
    assert isinstance(accepted, Accepted)
    theirs = f"Conversations/{CH}"
    assert upstream.lines() == [
        LOOK,
        MAKE,
        f"GET {theirs}",
        f"POST {theirs}",
        f"GET {theirs}/Participants?PageSize=100",
        f"POST {theirs}/Messages",
    ]
    assert upstream.form(3) == {"UniqueName": [NAME]}


def test_one_with_a_name_of_its_own_keeps_it() -> None:
    upstream, accepted = send(MISSING, SET_TAKEN, answer(200, {"unique_name": "theirs"}), PARTICIPANTS, TAKEN)
    assert isinstance(accepted, Accepted)
    assert upstream.lines()[3:] == [
        f"GET Conversations/{CH}/Participants?PageSize=100",
        f"POST Conversations/{CH}/Messages",
    ]


@pytest.mark.parametrize(
    ("script", "asked", "kind"),
    [
        # None of these has sent a text, so all may be tried again.
        ([Ambiguous("no answer")], [LOOK], Unavailable),
        ([Unavailable("no connection")], [LOOK], Unavailable),
        ([answer(500)], [LOOK], Unavailable),
        ([answer(502)], [LOOK], Unavailable),
        ([MISSING, answer(520)], [LOOK, MAKE], Unavailable),
        ([error(429, 20429)], [LOOK], Throttled),
        ([MISSING, Ambiguous("no answer")], [LOOK, MAKE], Unavailable),
        ([MISSING, error(409, 50353)], [LOOK, MAKE], NotReady),
        ([MISSING, error(400, 50436)], [LOOK, MAKE], Refused),
        ([MISSING, SET_TAKEN, Ambiguous("no answer")], [LOOK, MAKE, f"GET Conversations/{CH}"], Unavailable),
        ([PARTICIPANTS, error(400, 50386)], [LOOK, WRITE], NotReady),
        ([PARTICIPANTS, MISSING], [LOOK, WRITE], NotReady),
        ([PARTICIPANTS, error(429, 20429)], [LOOK, WRITE], Throttled),
        ([PARTICIPANTS, error(400, 50513)], [LOOK, WRITE], Refused),
        ([PARTICIPANTS, answer(503)], [LOOK, WRITE], Unavailable),
        # Of these alone it is unknown.
        ([PARTICIPANTS, Ambiguous("no answer")], [LOOK, WRITE], Ambiguous),
        ([PARTICIPANTS, answer(500)], [LOOK, WRITE], Ambiguous),
        ([PARTICIPANTS, answer(504)], [LOOK, WRITE], Ambiguous),
        ([PARTICIPANTS, answer(524)], [LOOK, WRITE], Ambiguous),
        ([PARTICIPANTS, answer(201, {})], [LOOK, WRITE], Ambiguous),
        # It cannot be reopened, and has the name: the next attempt makes another.
        ([PARTICIPANTS, error(400, 50377), answer(204)], [LOOK, WRITE, "DELETE Conversations/NAME"], NotReady),
        # Members that are missing: still being added, or gone.
        ([answer(200, {"participants": []}), answer(200, {"state": "initializing"})], [LOOK, STATE], NotReady),
        (
            [answer(200, {"participants": []}), answer(200, {"state": "active"}), answer(204)],
            [LOOK, STATE, "DELETE Conversations/NAME"],
            NotReady,
        ),
        ([answer(200, "rubbish"), answer(200, "rubbish")], [LOOK, STATE], NotReady),
        # A conversation that another program made is never removed.
        (
            [MISSING, SET_TAKEN, answer(200, {"unique_name": "theirs"}), answer(200, {"participants": []})],
            [LOOK, MAKE, f"GET Conversations/{CH}", f"GET Conversations/{CH}/Participants?PageSize=100"],
            NotReady,
        ),
    ],
)
def test_what_goes_wrong_is_known_for_what_it_is(script: Script, asked: list[str], kind: type[SendError]) -> None:
    upstream, failed = send(*script)
    assert type(failed) is kind
    assert upstream.lines() == asked


@pytest.mark.parametrize(
    ("script", "recipients", "error_code"),
    [
        ([MISSING, error(400, 50407, f"Messaging Address {B} is invalid")], {B: 50407}, 30008),
        ([MISSING, error(400, 50407, f"Messaging Address {B}1 is invalid")], {}, 50407),
        ([MISSING, error(400, 50407, f"Messaging Address {OWN} is invalid")], {}, 50407),
        ([PARTICIPANTS, error(400, 21610, f"unsubscribed: {A}")], {A: 21610}, 30008),
        ([PARTICIPANTS, error(400, 50513)], {}, 50513),
    ],
)
def test_only_a_recipient_that_a_refusal_names_fails_for_it(
    script: Script, recipients: dict[str, int], error_code: int
) -> None:
    """C1, for groups at Twilio."""
    _, failed = send(*script)
    assert isinstance(failed, Refused)
    assert (failed.recipients, failed.error_code) == (recipients, error_code)


def test_a_picture_is_handed_over_first() -> None:
    service = answer(200, {"chat_service_sid": "IS1"})
    upstream, accepted = send(
        PARTICIPANTS, service, answer(201, {"sid": "ME1"}), TAKEN, text=replace(TEXT, media=(jpeg(),))
    )
    assert isinstance(accepted, Accepted)
    upload = upstream.asked[2]
    assert (upload.method, upload.url) == ("POST", "https://mcs.us1.twilio.com/v1/Services/IS1/Media")
    assert (upload.headers["Content-Type"], upload.body) == ("image/jpeg", b"\xff\xd8\xff\xe0")
    assert upstream.form(3)["MediaSid"] == ["ME1"]


def test_a_picture_is_put_off_while_twilio_is_asked_too_much() -> None:
    upstream, failed = send(PARTICIPANTS, error(429, 20429), text=replace(TEXT, media=(jpeg(),)))
    assert type(failed) is Throttled
    assert upstream.lines() == [LOOK, STATE]


@pytest.mark.parametrize(("given", "kind"), [(answer(201, {}), Unavailable), (error(413, 20413), Refused)])
def test_rejected_picture_is_reported(given: HttpResponse, kind: type[SendError]) -> None:
    _, failed = send(PARTICIPANTS, answer(200, {}), given, text=replace(TEXT, media=(jpeg(),)))
    assert type(failed) is kind


# --- asked again


def message(sid: str, attributes: str) -> dict[str, str]:
    return {"sid": sid, "attributes": attributes}


def test_a_text_whose_answer_was_lost_is_found_by_its_tag() -> None:
    listed = [message("IM1", "no JSON"), message("IM2", '{"partyline": "x"}'), message("IM3", '{"partyline": "IM1:0"}')]
    receipts = [
        {"participant_sid": "MBa", "status": "delivered", "error_code": 0},
        {"participant_sid": "MBb", "status": "failed", "error_code": 21610},
        {"participant_sid": "MBz", "status": "delivered"},
    ]
    upstream = Upstream([PARTICIPANTS, answer(200, {"messages": listed}), answer(200, {"delivery_receipts": receipts})])
    found = Twilio(SETTINGS, upstream).find(TEXT, "")
    assert upstream.lines() == [
        LOOK,
        "GET Conversations/NAME/Messages?Order=desc&PageSize=100",
        "GET Conversations/NAME/Messages/IM3/Receipts?PageSize=50",
    ]
    assert found and found.accepted == Accepted("IM3", names={"MBa": A, "MBb": B})
    assert {(one.id, one.tag) for one in found.reports} == {("IM3", "IM1:0")}
    assert [(one.recipient, one.status, one.error_code) for one in found.reports] == [
        (A, ReceiptStatus.DELIVERED, None),
        (B, ReceiptStatus.FAILED, 21610),
    ]


def test_one_that_is_not_there_is_not_found() -> None:
    listed = answer(200, {"messages": [message("IM2", '{"partyline": "x"}')]})
    assert Twilio(SETTINGS, Upstream([PARTICIPANTS, listed])).find(TEXT, "") is None


def test_it_is_found_in_a_conversation_with_a_name_of_its_own() -> None:
    listed = answer(200, {"messages": [message("IM3", '{"partyline": "IM1:0"}')]})
    theirs = answer(200, {"unique_name": "theirs"})
    nothing_yet = answer(200, {"delivery_receipts": []})
    upstream = Upstream([MISSING, SET_TAKEN, theirs, PARTICIPANTS, listed, nothing_yet])
    found = Twilio(SETTINGS, upstream).find(TEXT, "")
    assert found == FoundMessage(Accepted("IM3", names={"MBa": A, "MBb": B}))
    assert upstream.lines()[4:] == [
        f"GET Conversations/{CH}/Messages?Order=desc&PageSize=100",
        f"GET Conversations/{CH}/Messages/IM3/Receipts?PageSize=50",
    ]


def test_where_there_is_none_to_look_in_it_is_looked_for_again() -> None:
    with pytest.raises(Unavailable):
        Twilio(SETTINGS, Upstream([MISSING, answer(202, {"sid": CH})])).find(TEXT, "")


def test_looking_removes_no_conversation_that_has_lost_members() -> None:
    upstream = Upstream([answer(200, {"participants": []}), answer(200, {"messages": []})])
    assert Twilio(SETTINGS, upstream).find(TEXT, "") is None


@pytest.mark.parametrize("given", [Unavailable("down"), answer(503)])
def test_a_twilio_that_is_down_says_nothing(given: HttpResponse | Exception) -> None:
    with pytest.raises(Unavailable):
        Twilio(SETTINGS, Upstream([given])).find(TEXT, "")
