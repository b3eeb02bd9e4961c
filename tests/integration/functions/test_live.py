"""The functions of live connections: what the gateway and the queue are answered, what is logged, what they may do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import boto3
import jwt
import pytest

from partyline.domain import sids
from partyline.domain.events import Event
from partyline.errors import Conflict
from partyline.queues.queue_messages import Cut, Push
from partyline.realtime import publisher
from partyline.realtime.publisher import Publisher
from partyline.storage import connections
from partyline.storage.connections import MAX_PER_IDENTITY
from partyline.storage.keys import Key
from partyline.storage.table import Table
from tests.integration.functions.conftest import ACCOUNT_SID, Context, event, granted
from tests.integration.realtime.conftest import Wire, handshake

Load = Callable[[str], ModuleType]
SERVICE = sids.default_service(ACCOUNT_SID)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def key(function: Load, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An API key, made through the API."""
    keys = boto3.client("secretsmanager").create_secret(Name="keys", SecretString='{"root": "key-root"}')["ARN"]
    monkeypatch.setenv("KEYS_SECRET_ARN", keys)
    monkeypatch.setenv("GROUP_LIMIT", "10")
    made: dict[str, Any] = json.loads(api(function("conversations"), "POST", "Keys"))
    return made


@pytest.fixture
def app(function: Load, key: dict[str, Any], wire: Wire, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The function of connections, on a wire that remembers."""
    loaded = function("connections")
    live = replace(loaded.LIVE, gateway=wire)
    monkeypatch.setattr(loaded, "LIVE", live)
    monkeypatch.setattr(loaded, "SESSIONS", replace(loaded.SESSIONS, live=live))
    return loaded


@pytest.fixture
def live_function(function: Load, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The function of the live queue, on the same wire."""
    loaded = function("live")
    monkeypatch.setattr(loaded, "PUBLISHER", Publisher(replace(loaded.PUBLISHER.live, gateway=wire)))
    return loaded


def api(conversations: ModuleType, method: str, path: str, form: str = "") -> str:
    sample = event("conversations/create-conversation")
    answer = conversations.handler({**sample, "httpMethod": method, "path": f"/v1/{path}", "body": form}, Context())
    assert answer["statusCode"] < 300, answer
    return str(answer["body"])


def token(key: dict[str, Any], identity: str = "ann", life: float = 600) -> str:
    grants = {"identity": identity, "chat": {"service_sid": SERVICE}}
    claims = {"iss": key["sid"], "sub": ACCOUNT_SID, "exp": time.time() + life, "grants": grants}
    return jwt.encode(claims, key["secret"], "HS256", {"cty": "twilio-fpa;v=1"})


def connect(app: ModuleType, sid: str, encoded: str) -> int:
    status: int = app.handler(handshake(sid, encoded), Context())["statusCode"]
    return status


def say(app: ModuleType, sid: str, body: str | None, **more: Any) -> dict[str, Any]:
    sample = event("connections/resume")
    context = {**sample["requestContext"], "connectionId": sid}
    answer: dict[str, Any] = app.handler({**sample, "requestContext": context, "body": body, **more}, Context())
    return answer


def queued(what: Push | Cut, *, received: int = 1, age: float = 0) -> dict[str, Any]:
    """What the queue hands to the function."""
    sample = event("live/message-added")["Records"][0]
    sent = str(int((time.time() - age) * 1000))
    attributes = {**sample["attributes"], "SentTimestamp": sent, "ApproximateReceiveCount": str(received)}
    return {"Records": [{**sample, "body": publisher.encode(what), "attributes": attributes}]}


def hello(*identities: str) -> Push:
    return Push(SERVICE, sids.new(sids.CONVERSATION), (Event("onMessageAdded", {"Body": "a secret"}),), identities)


# --- connections


def test_a_connection_opens_asks_and_ends(app: ModuleType, key: dict[str, Any], wire: Wire, table: Table) -> None:
    assert connect(app, "c1", token(key)) == 200
    assert say(app, "c1", '{"action": "ping"}') == {"statusCode": 200}
    assert wire.types("c1") == ["pong"]
    ended = event("connections/disconnect")
    ended["requestContext"]["connectionId"] = "c1"
    assert app.handler(ended, Context()) == {"statusCode": 200}
    assert not connections.is_any_listening(table, SERVICE)


def test_a_refused_connection_is_answered_with_its_status_and_no_log_has_the_token(
    app: ModuleType, key: dict[str, Any], logged: Callable[[], str]
) -> None:
    good = token(key)
    assert connect(app, "x", "not-a-token") == 401
    expired = token(key, life=-1)
    assert connect(app, "x", expired) == 401
    for number in range(MAX_PER_IDENTITY):
        assert connect(app, f"c{number}", good) == 200
    assert connect(app, "x", good) == 429

    log = logged()
    assert '"live.refused"' in log and '"live.connected"' in log
    assert all(secret not in log for secret in ("not-a-token", good, expired))


def test_identity_whose_connections_always_race_is_asked_to_retry(
    app: ModuleType, key: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*given: Any) -> bool:
        raise Conflict({})

    monkeypatch.setattr("partyline.storage.connections.register", lost)

    assert connect(app, "c1", token(key)) == 409


@pytest.mark.parametrize(("body", "encoded"), [("shout", False), ("eyJhY3Rpb24iOiAicGluZyJ9", True), (None, False)])
def test_a_frame_that_is_no_text_is_refused_like_any_bad_one(
    app: ModuleType, key: dict[str, Any], wire: Wire, body: str | None, encoded: bool
) -> None:
    connect(app, "c1", token(key))

    assert say(app, "c1", body, isBase64Encoded=encoded) == {"statusCode": 200}

    assert wire.types("c1") == ["error"]


@pytest.mark.parametrize(
    ("sample", "status"), [("connect-not-authenticated", 401), ("resume", 200), ("disconnect", 200)]
)
def test_the_sample_events(app: ModuleType, sample: str, status: int) -> None:
    assert app.handler(event(f"connections/{sample}"), Context())["statusCode"] == status


# --- the queue


def test_events_are_published(
    app: ModuleType, live_function: ModuleType, key: dict[str, Any], wire: Wire, logged: Callable[[], str]
) -> None:
    connect(app, "c1", token(key))

    assert live_function.handler(queued(hello("ann")), Context()) == {"batchItemFailures": []}

    assert [each["parameters"] for each in wire.received("c1")] == [{"Body": "a secret"}]
    assert "a secret" not in logged()


def test_what_is_too_old_is_dropped_but_who_is_to_be_cut_is_cut(
    app: ModuleType, live_function: ModuleType, key: dict[str, Any], wire: Wire
) -> None:
    connect(app, "c1", token(key))

    assert live_function.handler(queued(hello("ann"), age=301), Context()) == {"batchItemFailures": []}
    assert wire.posted == {}
    assert live_function.handler(queued(Cut(SERVICE, "US1", "ann"), age=301), Context()) == {"batchItemFailures": []}
    assert wire.cuts == ["c1"]


def test_what_was_not_taken_comes_again_in_a_moment(
    app: ModuleType, live_function: ModuleType, key: dict[str, Any], wire: Wire, delays: list[Mapping[str, Any]]
) -> None:
    connect(app, "c1", token(key))
    wire.stuck.add("c1")
    record = queued(hello("ann"))

    answer = live_function.handler(record, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["Records"][0]["messageId"]}]}
    assert [one["VisibilityTimeout"] for one in delays] == [live_function.BACKOFF]
    assert live_function.handler(queued(hello("ann"), received=3), Context()) == {"batchItemFailures": []}


@pytest.mark.parametrize("sample", ["message-added", "user-removed"])
def test_the_sample_messages(live_function: ModuleType, sample: str) -> None:
    assert live_function.handler(event(f"live/{sample}"), Context()) == {"batchItemFailures": []}


# --- permissions


def test_connections_may_do_what_they_do(
    app: ModuleType, key: dict[str, Any], function: Load, called: set[str], table: Table
) -> None:
    conversation = json.loads(api(function("conversations"), "POST", "Conversations"))["sid"]
    api(function("conversations"), "POST", f"Conversations/{conversation}/Participants", "Identity=ann")
    # As if nobody had called the API yet: the first connection makes the account's settings and its Service.
    table.delete_all(Key(item["PK"], item["SK"]) for pk in ("ACCOUNT", f"IS#{SERVICE}") for item in table.query_all(pk))
    called.clear()
    for sid, identity in (("c1", "ann"), ("c2", "ann"), ("c3", "ben")):
        assert connect(app, sid, token(key, identity)) == 200
    say(app, "c1", json.dumps({"action": "resume", "conversations": {conversation: -1}}))
    say(app, "c1", json.dumps({"action": "typing", "conversation": conversation}))
    for sid in ("c1", "c2", "c3"):
        ended = event("connections/disconnect")
        ended["requestContext"]["connectionId"] = sid
        app.handler(ended, Context())

    assert called == granted("connections")


def test_the_teller_may_do_what_it_does(
    app: ModuleType, live_function: ModuleType, key: dict[str, Any], wire: Wire, called: set[str]
) -> None:
    for sid in ("c1", "c2"):
        connect(app, sid, token(key))
    wire.gone.add("c1")
    called.clear()

    live_function.handler(queued(hello("ann")), Context())
    live_function.handler(queued(Cut(SERVICE, "US1", "ann")), Context())

    assert called == granted("live")
