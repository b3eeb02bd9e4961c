"""The messages of the queues, and their bodies: JSON that outlives a deployment.

    outbound      SendReference      a send to make
    media         MediaReference     a file to fetch from its carrier
    activation    ActivationRequest  a conversation to activate
    callbacks     Callback           a webhook to call
    live          Push, Cut          events for live connections, connections to close
    cleanup       Removed            what was removed, and has left something behind

A body has every field. Reading takes the body of an earlier version: unknown names are ignored, and missing ones take
the field's default. Reading raises ValueError for anything else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from partyline.domain.events import Event
from partyline.domain.sends import SendReference
from partyline.domain.webhook_configuration import WebhookMethod
from partyline.serialization import dump, load

Message = TypeVar("Message")


@dataclass(frozen=True, slots=True)
class ActivationRequest:
    """An initializing conversation that is to be activated."""

    conversation_sid: str


@dataclass(frozen=True, slots=True)
class Callback:
    """One event for one webhook.

    `url` and `method` are as configured, `parameters` are the event's. `token` is the same in every repetition: a
    receiver recognizes an event that it already has by it.
    """

    url: str
    method: WebhookMethod
    parameters: dict[str, str]
    token: str


@dataclass(frozen=True, slots=True)
class Push:
    """Events of one conversation or user; `subject` is its SID.

    `identities` receive them besides the members.
    """

    service_sid: str
    subject: str
    events: tuple[Event, ...]
    identities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """Connections to close, since a user or a Service was removed; `subject` is its SID, `identity` the user's."""

    service_sid: str
    subject: str
    identity: str | None = None


class RemovedKind(StrEnum):
    """What leaves something behind when it is removed."""

    CONVERSATION = "conversation"
    SERVICE = "service"
    USER = "user"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed.

    `service_sid` and `identity` are a user's: its memberships are found by them. `at` is when, in Unix time; 0 is not
    known, and long ago.
    """

    kind: RemovedKind
    sid: str
    service_sid: str = ""
    identity: str = ""
    at: float = 0.0


def encode(message: Any) -> str:
    """Encode a message whose body has its fields: all but a send, a push and a cut."""
    return json.dumps(dump(message))


def decode(kind: type[Message], body: str) -> Message:
    """Decode a message of a queue that has one kind of them."""
    return load(kind, json.loads(body))


def encode_send(send: SendReference) -> str:
    """Encode a send. A send of several parts is one message: its parts are not in the body."""
    whole = {"conversation_sid": send.conversation_sid, "message_sid": send.message_sid, "thread": send.thread}
    return json.dumps(whole)


def encode_live(message: Push | Cut) -> str:
    """Encode a message for live connections, with its kind."""
    return json.dumps({"kind": "cut" if isinstance(message, Cut) else "push", **dump(message)})


def decode_live(body: str) -> Push | Cut:
    """Decode a message for live connections."""
    fields = json.loads(body)
    return load(Cut, fields) if fields["kind"] == "cut" else load(Push, fields)
