"""Live connections over a real table, on a wire that remembers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest

from partyline.errors import NotPosted
from partyline.realtime.gateway import LiveConnections
from partyline.realtime.sessions import Sessions
from partyline.storage import connections
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, ROOT, Api, Clock, build_context
from tests.support.people import SERVICE

Frame = dict[str, Any]


@dataclass
class Wire:
    """Connections that take everything, but for those that are gone or take nothing."""

    posted: dict[str, list[str]] = field(default_factory=dict)
    cuts: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)

    def prepare(self) -> None:
        """Nothing has to be prepared."""

    def post(self, sid: str, frame: str) -> bool:
        if sid in self.stuck:
            raise NotPosted("LimitExceededException")
        if sid in self.gone:
            return False
        self.posted.setdefault(sid, []).append(frame)
        return True

    def close(self, sid: str) -> None:
        if sid in self.stuck:
            raise NotPosted("ReadTimeoutError")
        self.cuts.append(sid)

    def received(self, sid: str) -> list[Frame]:
        """The events and other frames that a connection was told since it was last asked for them."""
        frames = [json.loads(frame) for frame in self.posted.pop(sid, [])]
        return [event for frame in frames for event in frame.get("events", [frame])]

    def types(self, sid: str) -> list[str]:
        return [event["type"] for event in self.received(sid)]


@dataclass
class House:
    """Everything a test of live connections begins with."""

    table: Table
    clock: Clock
    wire: Wire
    api: Api
    sessions: Sessions
    key: Frame = field(default_factory=dict)

    def token(self, identity: str = "ann", *, life: float = 3600, service: str = SERVICE, **claims: Any) -> str:
        """An access token that an API key signed."""
        self.key = self.key or self.api.made("/Keys")
        given = {
            "iss": self.key["sid"],
            "sub": ACCOUNT,
            "iat": int(self.clock().timestamp()),
            "exp": int(self.clock().timestamp() + life),
            "grants": {"identity": identity, "chat": {"service_sid": service}},
            **claims,
        }
        return jwt.encode(given, self.key["secret"], "HS256", {"cty": "twilio-fpa;v=1"})

    def connect(self, sid: str, identity: str = "ann", **token: Any) -> str:
        """Let a connection open."""
        self.sessions.connect(handshake(sid, self.token(identity, **token)))
        return sid

    def says(self, sid: str, **frame: Any) -> list[Frame]:
        """What a connection is told when it sends a frame."""
        self.wire.posted.pop(sid, None)
        self.sessions.handle_frame(sid, json.dumps(frame))
        return self.wire.received(sid)

    def is_known(self, sid: str) -> bool:
        return connections.fetch(self.table, sid) is not None


def handshake(sid: str, token: str | None = None, **headers: str) -> dict[str, Any]:
    """A connection that is about to open, as API Gateway tells of it."""
    return {
        "headers": {"Host": "live.example", **headers},
        "queryStringParameters": None if token is None else {"token": token},
        "requestContext": {"routeKey": "$connect", "eventType": "CONNECT", "connectionId": sid},
        "isBase64Encoded": False,
    }


@pytest.fixture
def house(table: Table) -> Iterator[House]:
    clock, wire = Clock(), Wire()
    api = Api(build_context(table, clock))
    sessions = Sessions(LiveConnections(table, wire, clock), ACCOUNT, lambda: ROOT)
    assert api.get("/Configuration").status == 200  # the account and its first Service are there
    yield House(table, clock, wire, api, sessions)
    assert not wire.posted.keys() & wire.gone
