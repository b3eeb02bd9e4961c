"""Pre-action webhooks: who is asked, with what, and what an answer means."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from partyline.domain import sids
from partyline.domain.events import BY_TEXT, QUIETLY, Cause, Event, Source
from partyline.domain.webhook_configuration import PRE_EVENTS, WebhookConfiguration, WebhookMethod
from partyline.errors import RequestError, RequestFailed, RequestRefused, RequestTimedOut
from partyline.http_client import HttpRequest
from partyline.http_client import HttpResponse as Reply
from partyline.observability import metrics
from partyline.webhooks import pre_action
from partyline.webhooks.pre_action import MAX_ANSWER, PROCEED, PreActionDecision

URL = "https://hooks.example.com/pre?tenant=1"
ALL = WebhookConfiguration(pre_url=URL, post_url="https://hooks.example.com/post", filters=PRE_EVENTS)
ANN = Cause(Source.SDK, "ann")
MESSAGE = Event("onMessageAdd", {"ConversationSid": "CH1", "MessageSid": "IM1", "Index": "3", "Body": "hé & +1"})


@dataclass
class Receiver:
    """A server that gives prepared answers; it remembers its requests."""

    answer: Reply | RequestError = field(default_factory=lambda: replied(""))
    asked: list[HttpRequest] = field(default_factory=list)

    def __call__(self, request: HttpRequest, *, timeout: float, max_body: int) -> Reply:
        assert (timeout, max_body) == (5, MAX_ANSWER)
        self.asked.append(request)
        if isinstance(self.answer, RequestError):
            raise self.answer
        return self.answer

    @property
    def form(self) -> dict[str, str]:
        """The parameters of the only call."""
        [request] = self.asked
        return dict(parse_qsl(request.body.decode() if request.method == "POST" else urlsplit(request.url).query))


def replied(body: str | bytes, status: int = 200, *, complete: bool = True) -> Reply:
    return Reply(status, body if isinstance(body, bytes) else body.encode(), complete=complete)


def build_webhook(receiver: Receiver) -> pre_action.PreActionWebhook:
    return pre_action.PreActionWebhook("AC1", lambda: "token", receiver)


def ask(
    receiver: Receiver, event: Event = MESSAGE, cause: Cause = ANN, hook: WebhookConfiguration = ALL
) -> PreActionDecision:
    return build_webhook(receiver).consult(hook, event, cause)


@pytest.fixture
def counted() -> Callable[[], list[str]]:
    """The names that were counted, without the one that every call counts."""
    metrics.counted.clear()
    return lambda: sorted(set(metrics.counted) - {"PreWebhookAsked"})


# --- who is asked


@pytest.mark.parametrize(
    ("hook", "cause"),
    [
        (WebhookConfiguration(), ANN),
        (WebhookConfiguration(post_url=URL, filters=PRE_EVENTS), ANN),
        (WebhookConfiguration(pre_url=URL), ANN),
        (WebhookConfiguration(pre_url=URL, filters=("onMessageAdded", "onMessageUpdate")), ANN),
        (ALL, QUIETLY),
        (ALL, Cause(Source.API, notify_webhooks=False)),
    ],
)
def test_webhook_without_a_subscription_is_not_consulted(hook: WebhookConfiguration, cause: Cause) -> None:
    receiver = Receiver(replied("", 403))
    assert ask(receiver, cause=cause, hook=hook) == PROCEED
    assert build_webhook(receiver).consult_all(hook, [MESSAGE], cause) == [PROCEED]
    assert receiver.asked == []


@pytest.mark.parametrize("cause", [ANN, BY_TEXT, Cause(Source.API)])
def test_users_texts_and_requests_with_the_header_are_consulted_about(cause: Cause) -> None:
    receiver = Receiver()
    assert ask(receiver, cause=cause) == PROCEED
    assert receiver.form["Source"] == cause.source


# --- what is asked


def test_a_call_is_the_signed_form_that_twilio_sends() -> None:
    receiver = Receiver()
    ask(receiver)
    [request] = receiver.asked
    assert (request.method, request.url) == ("POST", URL)
    assert receiver.form == {
        "AccountSid": "AC1",
        "EventType": "onMessageAdd",
        "Source": "SDK",
        "ClientIdentity": "ann",
        "RetryCount": "0",
        "MessagingServiceSid": sids.default_messaging_service("AC1"),
        "ConversationSid": "CH1",
        "Body": "hé & +1",
    }
    assert RequestValidator("token").validate(request.url, receiver.form, request.headers["X-Twilio-Signature"])
    assert request.headers["Content-Type"].startswith("application/x-www-form-urlencoded")


def test_by_get_the_parameters_are_in_the_signed_url() -> None:
    receiver = Receiver()
    ask(receiver, hook=WebhookConfiguration(pre_url=URL, method=WebhookMethod.GET, filters=PRE_EVENTS))
    [request] = receiver.asked
    assert (request.method, request.body) == ("GET", b"")
    assert request.url.startswith(f"{URL}&")
    assert parse_qs(urlsplit(request.url).query)["tenant"] == ["1"]
    assert receiver.form["Body"] == "hé & +1"
    assert RequestValidator("token").validate(request.url, {}, request.headers["X-Twilio-Signature"])


@pytest.mark.parametrize(
    ("event", "unknown"),
    [
        ("onMessageAdd", {"MessageSid", "Index", "DateCreated", "DateUpdated"}),
        ("onConversationAdd", {"ConversationSid", "DateUpdated"}),
        ("onParticipantAdd", {"ParticipantSid", "DateCreated", "DateUpdated"}),
        ("onMessageUpdate", set()),
        ("onConversationRemove", set()),
        ("onParticipantUpdate", set()),
        ("onUserUpdate", set()),
    ],
)
def test_new_resources_have_no_sid_yet(event: str, unknown: set[str]) -> None:
    names = ("ConversationSid", "MessageSid", "ParticipantSid", "UserSid", "Index", "DateCreated", "DateUpdated")
    receiver = Receiver()
    ask(receiver, Event(event, dict.fromkeys(names, "1")))
    assert set(names) - set(receiver.form) == unknown


# --- what is answered

CONSENTS = ["", "  \n", "{}", '{"unknown": 1}', '{"body": null, "author": null}']
UNREADABLE: list[str | bytes] = [
    "no",
    "[]",
    '"body"',
    "{",
    '{"body": 5}',
    '{"author": ["ann"]}',
    '{"body": "\\ud83d"}',
    "[" * 50_000,
    b"\xff\xfe\xfa",
]


@pytest.mark.parametrize("event", PRE_EVENTS)
@pytest.mark.parametrize("body", CONSENTS)
def test_empty_answer_lets_the_event_proceed(event: str, body: str, counted: Callable[[], list[str]]) -> None:
    assert ask(Receiver(replied(body)), Event(event, {})) == PROCEED
    assert ask(Receiver(replied(body, 204)), Event(event, {})) == PROCEED
    assert counted() == []


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        ("onMessageAdd", {"body": "b", "author": "a", "attributes": '{"k": 1}'}),
        ("onMessageUpdate", {"body": "b", "author": "a", "attributes": '{"k": 1}'}),
        ("onMessageRemove", {}),
        ("onConversationAdd", {"friendly_name": "f"}),
        ("onConversationUpdate", {"friendly_name": "f"}),
        ("onConversationRemove", {}),
        ("onParticipantAdd", {}),
        ("onParticipantUpdate", {}),
        ("onParticipantRemove", {}),
        ("onUserUpdate", {}),
    ],
)
def test_an_answer_changes_what_its_event_allows(event: str, changes: dict[str, str]) -> None:
    given = {"body": "b", "author": "a", "attributes": {"k": 1}, "friendly_name": "f", "sid": "x", "state": "closed"}
    assert ask(Receiver(replied(json.dumps(given))), Event(event, {})) == PreActionDecision(changes=changes)


def test_empty_text_of_an_answer_is_a_change() -> None:
    assert ask(Receiver(replied('{"body": ""}'))) == PreActionDecision(changes={"body": ""})


@pytest.mark.parametrize("event", PRE_EVENTS)
@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_an_error_rejects(event: str, status: int, counted: Callable[[], list[str]]) -> None:
    assert ask(Receiver(replied('{"body": "x"}', status)), Event(event, {})) == PreActionDecision(rejected=True)
    assert counted() == ["PreWebhookRejected"]


@pytest.mark.parametrize("event", PRE_EVENTS)
@pytest.mark.parametrize(
    "nothing",
    [
        RequestTimedOut("late"),
        RequestFailed("gone"),
        RequestRefused("private"),
        replied("", 301),
        replied('{"body": "x"}', 307),
        replied("", 199),
    ],
)
def test_without_an_answer_the_event_proceeds_unchanged(
    event: str, nothing: Reply | RequestError, counted: Callable[[], list[str]]
) -> None:
    assert ask(Receiver(nothing), Event(event, {})) == PROCEED
    assert counted() == ["PreWebhookUnanswered"]


@pytest.mark.parametrize("event", ["onMessageAdd", "onMessageUpdate"])
@pytest.mark.parametrize(
    "answer",
    [*(replied(body) for body in UNREADABLE), replied('{"body": "x"}', complete=False)],
    ids=range(len(UNREADABLE) + 1),
)
def test_an_answer_that_cannot_be_read_changes_nothing(
    event: str, answer: Reply, counted: Callable[[], list[str]]
) -> None:
    assert ask(Receiver(answer), Event(event, {})) == PROCEED
    assert counted() == ["PreWebhookUnreadable"]


# --- several, and once


def test_several_events_are_decided_in_order() -> None:
    joining = [Event("onParticipantAdd", {"Identity": str(number)}) for number in range(40)]

    def send(request: HttpRequest, *, timeout: float, max_body: int) -> Reply:
        assert request.body
        return replied("", 403 if int(dict(parse_qsl(request.body.decode()))["Identity"]) % 3 == 0 else 200)

    answers = pre_action.PreActionWebhook("AC1", lambda: "token", send).consult_all(ALL, joining, ANN)
    assert [answer.rejected for answer in answers] == [number % 3 == 0 for number in range(40)]
    assert pre_action.PreActionWebhook("AC1", lambda: "token", send).consult_all(ALL, [], ANN) == []


def test_memoized_consultation_asks_once_for_each_event() -> None:
    receiver = Receiver(replied('{"body": "changed"}'))
    once = pre_action.memoize(build_webhook(receiver).consult)
    assert {once(ALL, MESSAGE, ANN).changes["body"] for _ in range(3)} == {"changed"}
    assert len(receiver.asked) == 1
    receiver.answer = replied("", 500)
    assert once(ALL, Event("onMessageRemove", {}), ANN).rejected
    assert not once(ALL, MESSAGE, ANN).rejected
    assert len(receiver.asked) == 2
