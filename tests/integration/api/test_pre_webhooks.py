"""Pre-action webhooks through the API: what is asked, and what an answer does to the request."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from partyline import http_client
from partyline.domain import sids
from partyline.domain.sends import Send
from partyline.domain.webhook_configuration import PRE_EVENTS
from partyline.errors import RequestError, RequestFailed, RequestRefused, RequestTimedOut
from partyline.http_client import HttpClient, HttpRequest, HttpResponse
from partyline.storage import messages
from partyline.storage.attribute_values import from_dynamo
from partyline.storage.table import Table
from partyline.webhooks import pre_action
from tests.support.api_harness import ACCOUNT, TOKEN, A, Api, B, C, Counting, P, Q, Racing, Reply
from tests.support.people import SERVICE, acting, another_service
from tests.support.stored_events import list_batches

URL = "https://hooks.example.com/pre"
REJECTED = (403, 50056, "Webhook disabled processing of command")


@dataclass
class Hook:
    """A receiver that says no, changes things, or does not answer at all."""

    answer: HttpResponse | RequestError = field(default_factory=lambda: answered(""))
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        self.asked.append(dict(parse_qsl(request.body.decode())))
        if isinstance(self.answer, RequestError):
            raise self.answer
        return self.answer

    @property
    def events(self) -> list[str]:
        return [published_events["EventType"] for published_events in self.asked]

    def changes(self, **changes: Any) -> None:
        self.answer = answered(json.dumps(changes))


def answered(body: str, status: int = 200, *, complete: bool = True) -> HttpResponse:
    return HttpResponse(status, body.encode(), complete=complete)


@dataclass
class EnabledApi(Api):
    """The API as a client calls it that has webhooks told."""

    def send(self, event: Mapping[str, Any]) -> Reply:
        return super().send({**event, "headers": {**event["headers"], "X-Twilio-Webhook-Enabled": "true"}})


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
def enabled_api(api: Api, hook: Hook) -> EnabledApi:
    """The API with a pre-action webhook that wants to be asked about everything."""
    configure(api)
    return with_hook(api, hook)


def with_hook(api: Api, hook: http_client.SendRequest) -> EnabledApi:
    pre_webhook = pre_action.PreActionWebhook(ACCOUNT, lambda: TOKEN, hook)
    return EnabledApi(replace(api.context, ask=pre_webhook.consult))


def configure(api: Api, path: str = "", url: str = URL, events: tuple[str, ...] = PRE_EVENTS) -> None:
    form = [("PreWebhookUrl", url), *(("Filters", event) for event in events)]
    assert api.post(f"{path}/Configuration/Webhooks", form).status == 200


def stored(table: Table) -> list[str]:
    """Everything in the table."""
    client: Any = table._client
    return sorted(json.dumps(item, sort_keys=True) for item in client.scan(TableName="partyline")["Items"])


def published_events(table: Table, event: str) -> list[dict[str, str]]:
    """The parameters of the events of a type that are told afterwards."""
    client: Any = table._client
    items = [from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]]
    return [one.parameters for batch in list_batches(items) for one in batch.events if one.type == event]


@dataclass
class Scene:
    """A group with a message, and the paths of both."""

    api: EnabledApi
    conversation: str
    message: str
    native: str

    @property
    def path(self) -> str:
        return f"/Conversations/{self.conversation}"


@pytest.fixture
def scene(api: Api, enabled_api: EnabledApi) -> Scene:
    """Made without the header, so that nobody is asked about it."""
    sid = api.group(A, B)
    native = api.get(f"/Conversations/{sid}/Participants").body["participants"][1]["sid"]
    return Scene(enabled_api, sid, str(api.say(sid).body["sid"]), native)


Act = Callable[[Scene], Reply]
MANY = [("Participant", json.dumps(one)) for one in ({"identity": "x"}, {"identity": "y"})]
ACTIONS: list[tuple[str, Act]] = [
    ("onMessageAdd", lambda at: at.api.say(at.conversation, "hi")),
    ("onMessageUpdate", lambda at: at.api.post(f"{at.path}/Messages/{at.message}", {"Body": "hi"})),
    ("onMessageRemove", lambda at: at.api.delete(f"{at.path}/Messages/{at.message}")),
    ("onConversationAdd", lambda at: at.api.post("/Conversations", {"FriendlyName": "new"})),
    ("onConversationAdd", lambda at: at.api.post("/ConversationWithParticipants", MANY)),
    ("onConversationAdd", lambda at: at.api.post("/ConversationWithParticipants", [*MANY, ("IfExists", "fetch")])),
    ("onConversationUpdate", lambda at: at.api.post(at.path, {"State": "closed"})),
    ("onConversationRemove", lambda at: at.api.delete(at.path)),
    ("onParticipantAdd", lambda at: at.api.add(at.conversation, address=C)),
    ("onParticipantUpdate", lambda at: at.api.post(f"{at.path}/Participants/agent", {"Attributes": "[]"})),
    (
        "onParticipantUpdate",
        lambda at: at.api.post(f"{at.path}/Participants/agent", {"MessagingBinding.ProjectedAddress": "null"}),
    ),
    (
        "onParticipantUpdate",
        lambda at: at.api.post(f"/Users/agent/Conversations/{at.conversation}", {"LastReadMessageIndex": "0"}),
    ),
    ("onParticipantRemove", lambda at: at.api.delete(f"{at.path}/Participants/{at.native}")),
    ("onParticipantRemove", lambda at: at.api.delete(f"/Users/agent/Conversations/{at.conversation}")),
    ("onUserUpdate", lambda at: at.api.post("/Users/agent", {"FriendlyName": "Ann"})),
]
LATE = RequestTimedOut("late")


def test_there_is_an_action_for_every_event() -> None:
    assert {event for event, _ in ACTIONS} == set(PRE_EVENTS)


@pytest.mark.parametrize(("event", "act"), ACTIONS, ids=[f"{at}-{event}" for at, (event, _) in enumerate(ACTIONS)])
def test_what_is_rejected_does_not_happen_and_what_is_not_answered_does(
    scene: Scene, table: Table, hook: Hook, event: str, act: Act
) -> None:
    before = stored(table)
    for status in (400, 503):
        hook.answer = answered("", status)
        reply = act(scene)
        assert (reply.error, reply.body["details"]) == (REJECTED, {"event": event})
        assert stored(table) == before
    hook.answer = LATE
    assert act(scene).status < 300
    assert stored(table) != before
    assert hook.events == [event] * 3
    assert {(asked["Source"], asked["AccountSid"]) for asked in hook.asked} == {("API", ACCOUNT)}


@pytest.mark.parametrize(
    "answer",
    [
        LATE,
        RequestFailed("gone"),
        RequestRefused("private"),
        answered("", 302),
        answered("no JSON"),
        answered('{"body": "x', complete=False),
    ],
)
def test_a_receiver_that_makes_no_sense_does_not_stop_a_message(
    scene: Scene, hook: Hook, answer: HttpResponse | RequestError
) -> None:
    hook.answer = answer
    assert scene.api.say(scene.conversation, "as it was").body["body"] == "as it was"


def test_pre_webhook_is_not_called_for_a_request_that_is_refused(scene: Scene, hook: Hook) -> None:
    api, path = scene.api, scene.path
    assert api.say(scene.conversation, "").error[1] == 50503
    assert api.say(scene.conversation, author="nobody").error[1] == 50513
    assert api.say(scene.conversation, Attributes="{").error[1] == 50304
    assert api.add(scene.conversation, address=A).error[1] == 50437
    assert api.post("/Conversations", {"State": "closed"}).error[1] == 50384
    assert api.post("/ConversationWithParticipants", [("Participant", "{")]).error[1] == 50424
    assert api.post(path, {}).error[1] == 50347
    assert api.post("/Users/agent", {"Attributes": "{"}).error[1] == 50304
    assert api.delete(f"{path}/Messages/IM{'0' * 32}").status == 404
    assert hook.asked == []


def test_the_header_decides_for_the_account_and_people_are_always_asked_about(
    api: Api, enabled_api: EnabledApi, hook: Hook
) -> None:
    quiet = Api(enabled_api.context)
    sid = quiet.conversation()
    quiet.member(sid, identity="ann")
    assert hook.asked == []
    ann = acting(quiet, "ann")
    assert ann.post(f"/Conversations/{sid}/Messages", {"Body": "hi"}).status == 201
    assert [(one["EventType"], one["Source"], one["ClientIdentity"]) for one in hook.asked] == [
        ("onMessageAdd", "SDK", "ann")
    ]


def test_what_is_asked_about_a_message_is_what_it_would_be(scene: Scene, hook: Hook) -> None:
    """U4."""
    scene.api.say(scene.conversation, "hi", Attributes='{"k": 1}')
    agent = scene.api.get(f"{scene.path}/Participants/agent").body
    [asked] = hook.asked
    assert asked == {
        "AccountSid": ACCOUNT,
        "EventType": "onMessageAdd",
        "MessagingServiceSid": sids.default_messaging_service(ACCOUNT),
        "Source": "API",
        "RetryCount": "0",
        "ConversationSid": scene.conversation,
        "ChatServiceSid": SERVICE,
        "Author": "agent",
        "ParticipantSid": agent["sid"],
        "Body": "hi",
        "Attributes": '{"k": 1}',
    }


def test_an_identity_joins_with_the_role_that_it_will_have(enabled_api: EnabledApi, hook: Hook) -> None:
    sid = enabled_api.conversation()
    enabled_api.member(sid, identity="ann")
    role = enabled_api.get(f"/Services/{SERVICE}/Configuration").body["default_conversation_role_sid"]
    assert (hook.asked[-1]["RoleSid"], hook.asked[-1]["MessagingBinding.Type"]) == (role, "CHAT")


# --- changes


def test_changed_message_is_stored_returned_published_and_sent(scene: Scene, table: Table, hook: Hook) -> None:
    scene.api.member(scene.conversation, identity="bob", projected=Q)
    hook.changes(body="polite", author="bob", attributes='{"was": "rude"}', index=9)
    made = scene.api.say(scene.conversation, "rude").body
    bob = scene.api.get(f"{scene.path}/Participants/bob").body["sid"]
    assert (made["body"], made["author"], made["participant_sid"]) == ("polite", "bob", bob)
    assert made["attributes"] == '{"was": "rude"}'
    assert scene.api.get(f"{scene.path}/Messages/{made['sid']}").body == made
    found = messages.fetch(table, scene.conversation, made["sid"])
    assert found
    sends: tuple[Send, ...] = found.message.sends
    assert [(send.sender, found.message.recorded_body) for send in sends] == [(Q, "polite")]
    [after] = [one for one in published_events(table, "onMessageAdded") if one["MessageSid"] == made["sid"]]
    assert (after["Body"], after["Author"], after["ParticipantSid"]) == ("polite", "bob", bob)


def test_webhook_may_change_the_author_of_a_persons_message(scene: Scene, hook: Hook) -> None:
    agent = acting(Api(scene.api.context), "agent")
    hook.changes(author=P)
    made = agent.post(f"{scene.path}/Messages", {"Body": "hi"})
    assert (made.status, made.body["author"]) == (201, "agent")


def test_changed_edit_is_stored(scene: Scene, hook: Hook) -> None:
    hook.changes(body="polite", author="moderator", attributes="{}")
    edited = scene.api.post(f"{scene.path}/Messages/{scene.message}", {"Body": "rude"}).body
    assert (edited["body"], edited["author"]) == ("polite", "moderator")
    assert scene.api.get(f"{scene.path}/Messages/{scene.message}").body["body"] == "polite"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/Conversations", {"FriendlyName": "plain"}),
        ("/ConversationWithParticipants", MANY),
        ("/ConversationWithParticipants", [*MANY, ("IfExists", "fetch")]),
        ("/Conversations/elm", {"FriendlyName": "plain"}),
    ],
)
def test_a_conversation_gets_the_name_that_the_webhook_gives(
    api: Api, enabled_api: EnabledApi, hook: Hook, path: str, form: Any
) -> None:
    api.conversation(UniqueName="elm")
    hook.changes(friendly_name="given", state="closed")
    reply = enabled_api.post(path, form)
    assert reply.status in (200, 201, 202)
    assert reply.body["friendly_name"] == "given"
    assert enabled_api.get(f"/Conversations/{reply.body['sid']}").body["friendly_name"] == "given"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"body": ""}, (400, 50503)),
        ({"body": "x" * 1601}, (400, 50504)),
        ({"author": "nobody"}, (400, 50513)),
        ({"author": "x" * 257}, (400, 50310)),
        ({"attributes": "{"}, (400, 50304)),
        ({"attributes": json.dumps("x" * 4096)}, (400, 50303)),
    ],
)
def test_a_change_that_is_not_valid_is_the_callers_error(
    scene: Scene, table: Table, hook: Hook, changes: dict[str, str], error: tuple[int, int]
) -> None:
    before = stored(table)
    hook.changes(**changes)
    assert scene.api.say(scene.conversation, "hi").error[:2] == error
    assert stored(table) == before


def test_a_name_that_is_too_long_is_the_callers_error(enabled_api: EnabledApi, table: Table, hook: Hook) -> None:
    enabled_api.get("/Conversations")
    before = stored(table)
    hook.changes(friendly_name="x" * 257)
    assert enabled_api.post("/Conversations").error[:2] == (400, 20001)
    assert stored(table) == before


# --- races, cost


def test_a_message_that_loses_races_is_asked_about_once_and_changed_in_the_end(
    scene: Scene, table: Table, hook: Hook
) -> None:
    hook.changes(body="polite")
    other = Api(scene.api.context)
    racing = Racing(table, 3, "message", lambda: other.say(scene.conversation, "faster"))
    rude = EnabledApi(replace(scene.api.context, table=racing)).say(scene.conversation, "rude")
    assert (rude.status, rude.body["body"], rude.body["index"]) == (201, "polite", 4)
    assert hook.events == ["onMessageAdd"]


def test_a_member_that_loses_races_is_asked_about_once(scene: Scene, table: Table, hook: Hook) -> None:
    other, numbers = Api(scene.api.context), itertools.count(160)
    racing = Racing(table, 2, "member", lambda: other.add(scene.conversation, address=f"+12065550{next(numbers)}"))
    assert EnabledApi(replace(scene.api.context, table=racing)).add(scene.conversation, address=C).status == 201
    assert hook.events == ["onParticipantAdd"]


@pytest.mark.parametrize("path", ["/Conversations", "/Users/ann"])
def test_pre_webhook_is_known_with_the_service(api: Api, enabled_api: EnabledApi, table: Table, path: str) -> None:
    api.made("/Users", {"Identity": "ann"})

    def costs(kind: type[Api]) -> list[str]:
        counting = Counting(table)
        asked = kind(replace(enabled_api.context, table=counting))
        assert asked.post(path, {"FriendlyName": kind.__name__}).status < 300
        return counting.asked

    assert costs(EnabledApi) == costs(Api)


# --- whose webhook


def test_a_services_webhook_silences_the_accounts(api: Api, enabled_api: EnabledApi, hook: Hook) -> None:
    service = another_service(api)
    configure(api, f"/Services/{service}", "https://other.example.com/pre", ("onConversationUpdate",))
    made = enabled_api.made(f"/Services/{service}/Conversations")
    assert hook.asked == []
    enabled_api.post(f"/Services/{service}/Conversations/{made['sid']}", {"FriendlyName": "x"})
    assert hook.events == ["onConversationUpdate"]
    assert hook.asked[0]["ChatServiceSid"] == service


def test_only_events_of_the_filters_are_asked_about(api: Api, enabled_api: EnabledApi, hook: Hook) -> None:
    configure(api, events=("onConversationUpdate", "onConversationAdded"))
    sid = enabled_api.conversation()
    enabled_api.post(f"/Conversations/{sid}", {"FriendlyName": "x"})
    assert hook.events == ["onConversationUpdate"]


# --- over a real connection


@contextmanager
def serving(status: int, body: bytes) -> Iterator[tuple[str, list[tuple[str, dict[str, str], str]]]]:
    """A server on loopback; its URL, and the path, form and signature of what it was asked."""
    asked: list[tuple[str, dict[str, str], str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            asked.append((self.path, form, self.headers["X-Twilio-Signature"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/pre?tenant=1", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "becomes"),
    [
        (200, b"", "plain"),
        (200, b'{"friendly_name": "gr\xc3\xbcn"}', "grün"),
        (200, b'{"friendly_name": "x", "rest": "' + b"y" * pre_action.MAX_ANSWER + b'"}', "plain"),
        (302, b"", "plain"),
        (418, b"", None),
    ],
)
def test_a_real_receiver_is_asked_and_obeyed(api: Api, status: int, body: bytes, becomes: str | None) -> None:
    with serving(status, body) as (url, asked):
        configure(api, url=url)
        reply = with_hook(
            api, HttpClient(http_client.Policy(networks=http_client.parse_networks("127.0.0.0/8"))).send
        ).post("/Conversations", {"FriendlyName": "plain"})
    [(path, form, signature)] = asked
    assert path == "/pre?tenant=1"
    assert RequestValidator(TOKEN).validate(url, form, signature)
    assert form["EventType"] == "onConversationAdd"
    assert reply.body.get("friendly_name") == becomes
    assert reply.status == (201 if becomes else 403)


def test_an_address_that_is_not_public_is_not_asked(api: Api) -> None:
    with serving(403, b"") as (url, asked):
        configure(api, url=url)
        assert with_hook(api, HttpClient().send).post("/Conversations").status == 201
    assert asked == []
