"""The messages of the queues, and their JSON bodies, which outlive a deployment.

    outbound      SendReference      a send to make
    media         MediaReference     a file to fetch from its carrier
    activation    ActivationRequest  a conversation to activate
    callbacks     Callback           a webhook to call
    live          Push, Cut          events for live connections, connections to close
    cleanup       Removed            a removed resource, whose remains are to be deleted
    imports       ImportRun          a run of an import of contacts
    inbox         InboxJob           entries of the inbox, or indexed texts, to bring up to date
    push          PushJob            a message of which browsers are to show a notification
    catchup       CatchUpRun         a catch-up of a line

A body has every field. Bodies of an earlier version can be decoded: unknown names are ignored, and a missing name takes
the default of its field. Decoding raises ValueError for any other body.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, TypeVar

from partyline.domain.events import Event
from partyline.domain.sends import SendReference
from partyline.domain.webhook_configuration import WebhookMethod
from partyline.frozen_classes import frozen
from partyline.serialization import dump, load

Message = TypeVar("Message")


@frozen
class ActivationRequest:
    """An initializing conversation that is to be activated."""

    conversation_sid: str


@frozen
class Callback:
    """One event for one webhook.

    - `url`, `method`: as configured.
    - `parameters`: the parameters of the event.
    - `token`: the same in every repetition, so that the receiver can recognize a repeated event.
    """

    url: str
    method: WebhookMethod
    parameters: dict[str, str]
    token: str


@frozen
class Push:
    """Events of one conversation or user; `subject` is its SID.

    `identities` receive them besides the members, and so do the `owners` of contacts whose role permits it.
    """

    service_sid: str
    subject: str
    events: tuple[Event, ...]
    identities: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


@frozen
class Cut:
    """Connections to close, since a user or a Service was removed; `subject` is its SID, `identity` the user's."""

    service_sid: str
    subject: str
    identity: str | None = None


@frozen
class ImportRun:
    """A run of an import of contacts that is to begin, or to continue."""

    sid: str
    run: int


@frozen
class CatchUpRun:
    """A catch-up of a line that is to begin, or to continue; `failures` are the tries in vain since it last moved."""

    line: str
    run: int
    failures: int = 0


class InboxJobKind(StrEnum):
    """What a job brings up to date.

    - Entries of the inbox: of one conversation, of a number, of a whole Service.
    - The index of texts: of one message, of a whole Service.
    """

    CONVERSATION = "conversation"
    NUMBER = "number"
    SERVICE = "service"
    MESSAGE = "message"
    TEXTS = "texts"


@frozen
class InboxJob:
    """Entries of the inbox of a Service, or texts in its index, that are to be brought up to date.

    - `subject`: the SID of the conversation, the canonical number, or the SIDs of a conversation and of a message, with
      `/` between them: of a whole index, the message behind which the job goes on.
    - `after`: the place in the list of conversations behind which a job goes on that had no time for all of them.
    """

    kind: InboxJobKind
    service_sid: str
    subject: str = ""
    after: str | None = None

    @classmethod
    def of(cls, service_sid: str, conversation_sid: str) -> InboxJob:
        """Build the job of a conversation, or, with '', of all those of a Service."""
        kind = InboxJobKind.CONVERSATION if conversation_sid else InboxJobKind.SERVICE
        return cls(kind, service_sid, conversation_sid)


@frozen
class PushJob:
    """A message of which browsers are to show a notification.

    - `subscriptions`: the SIDs of the browsers that are left; none named is every browser that wants one.
    - `tries`: how often these have been tried.
    """

    service_sid: str
    conversation_sid: str
    message_sid: str
    subscriptions: tuple[str, ...] = ()
    tries: int = 0


class RemovedKind(StrEnum):
    """The kinds of resources whose remains are deleted after they are removed."""

    CONVERSATION = "conversation"
    SERVICE = "service"
    USER = "user"
    MEDIA = "media"
    CONTACT_IMPORT = "contact_import"
    # The history of a contact that was erased.
    CONTACT_HISTORY = "contact_history"
    # A step of the erasure of a person.
    PERSON = "person"
    # Messages of a Service that are older than it keeps them.
    OLD_MESSAGES = "old_messages"


@frozen
class Removed:
    """A removed resource.

    - `service_sid`, `identity`: set for a user, to find its memberships.
    - `at`: when it was removed, in Unix time; 0 is unknown, and is treated as long ago.
    """

    kind: RemovedKind
    sid: str
    service_sid: str = ""
    identity: str = ""
    at: float = 0.0


def encode(message: Any) -> str:
    """Encode a message whose body has exactly its fields: any but a send, a push or a cut."""
    return json.dumps(dump(message))


def decode(kind: type[Message], body: str) -> Message:
    """Decode a message of a queue with one kind of message."""
    return load(kind, json.loads(body))


def encode_send(send: SendReference) -> str:
    """Encode a send. A send in several parts is one message, and its body has no parts."""
    whole = {"conversation_sid": send.conversation_sid, "message_sid": send.message_sid, "thread": send.thread}
    return json.dumps(whole)


def encode_live(message: Push | Cut) -> str:
    """Encode a message for live connections, with its kind. A push without owners has the body of version 0.1.0."""
    fields = {"kind": "cut" if isinstance(message, Cut) else "push", **dump(message)}
    return json.dumps({name: value for name, value in fields.items() if name != "owners" or value})


def decode_live(body: str) -> Push | Cut:
    """Decode a message for live connections."""
    fields = json.loads(body)
    return load(Cut, fields) if fields["kind"] == "cut" else load(Push, fields)
