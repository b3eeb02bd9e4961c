"""The protocol of live connections: frames as they come in and go out. Pure. docs/live.md is its description.

In, each at most MAX_INCOMING bytes of JSON:

    {"action": "resume", "conversations": {"CH...": 41, "CH...": -1}}   what came behind these indexes?
    {"action": "typing", "conversation": "CH..."}
    {"action": "ping"}

Out, each at most MAX_FRAME bytes of JSON:

    {"type": "onMessageAdded", "conversation": "CH...", "parameters": {...}}   or "user": "US..."
    {"type": "events", "events": [...]}                                        several of these, in order
    {"type": "resumed", "conversation": "CH...", "after": 41, "index": 57, "more": false}
    {"type": "typing", "conversation": "CH...", "identity": "ann", "participant": "MB..."}
    {"type": "pong"}
    {"type": "error", "code": 20404, "status": 404, "message": "...", "conversation": "CH..."}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from partyline import refusals
from partyline.domain import sids
from partyline.domain.events import Event
from partyline.errors import ApiError

# API Gateway closes a connection that sends a frame beyond 32 KB, and takes none beyond 128 KB.
MAX_INCOMING = 32 * 1024
MAX_FRAME = 120 * 1024
# How many conversations one frame can resume.
MAX_CONVERSATIONS = 50
# Indexes are stored in ten hexadecimal digits.
_MAX_INDEX = 16**10 - 1
# Bytes of a value from which on it is left out of an event that is too large.
_LONG = 1024

Json = dict[str, Any]


# --- in


@dataclass(frozen=True, slots=True)
class Resume:
    """What came in some conversations behind an index, -1 for from the beginning."""

    after: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody is writing a message."""

    conversation_sid: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Whether the connection still holds."""


def parse_frame(frame: str) -> Resume | Typing | Ping:
    """A frame from a client. Raises ApiError 20001."""
    if len(frame.encode(errors="replace")) > MAX_INCOMING:
        raise refusals.too_large(MAX_INCOMING)
    try:
        content = json.loads(frame)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise refusals.invalid_parameter("frame", "it is no JSON object")
    match content.get("action"):
        case "resume":
            return Resume(_positions(content.get("conversations")))
        case "typing":
            return Typing(_conversation(content.get("conversation"), "conversation"))
        case "ping":
            return Ping()
    raise refusals.invalid_parameter("action", "use resume, typing or ping")


def _positions(given: object) -> dict[str, int]:
    if not isinstance(given, dict) or not 0 < len(given) <= MAX_CONVERSATIONS:
        raise refusals.invalid_parameter("conversations", f"give an object with 1 to {MAX_CONVERSATIONS} of them")
    for index in given.values():
        if isinstance(index, bool) or not isinstance(index, int) or not -1 <= index <= _MAX_INDEX:
            raise refusals.invalid_parameter("conversations", "an index is a whole number from -1")
    return {_conversation(sid, "conversations"): index for sid, index in given.items()}


def _conversation(given: object, name: str) -> str:
    if not isinstance(given, str) or not sids.matches(sids.CONVERSATION, given):
        raise refusals.invalid_parameter(name, "it is no conversation's SID")
    return given


# --- out


def event_frames(subject: str, told: Iterable[Event]) -> list[str]:
    """The frames that tell of some events, in order, as few as hold them."""
    return [_joined(part) for part in _parts(_event(subject, event) for event in told)]


def resumed_frame(conversation_sid: str, after: int, index: int, *, more: bool) -> str:
    """That everything behind one index up to another was told. `more`: that is not all yet, ask again from there."""
    about = {"conversation": conversation_sid, "after": after, "index": index, "more": more}
    return _text({"type": "resumed", **about})


def typing_frame(conversation_sid: str, identity: str, participant_sid: str) -> str:
    """That a member is writing."""
    about = {"conversation": conversation_sid, "identity": identity, "participant": participant_sid}
    return _text({"type": "typing", **about})


def pong_frame() -> str:
    """The answer to a ping."""
    return _text({"type": "pong"})


def error_frame(refused: ApiError, conversation_sid: str | None = None) -> str:
    """That a frame was refused, and where it names several conversations of which one."""
    about = {"conversation": conversation_sid} if conversation_sid else {}
    reason = (refused.details or {}).get("reason")
    message = f"{refused.message}: {reason}" if reason else refused.message
    return _text({"type": "error", "code": refused.code, "status": refused.status, "message": message, **about})


def shorten_event(event: Event) -> Event:
    """An event without its long values, which REST has; their names are in one more parameter, `Omitted`."""
    omitted = sorted(name for name, value in event.parameters.items() if len(value.encode()) >= _LONG)
    kept = {name: value for name, value in event.parameters.items() if name not in omitted}
    return Event(event.type, {**kept, "Omitted": ",".join(omitted)})


def _event(subject: str, event: Event) -> Json:
    """The frame of one event; without its long values where it would be too large."""
    kind = "conversation" if subject.startswith(sids.CONVERSATION) else "user"
    frame = {"type": event.type, kind: subject, "parameters": event.parameters}
    return frame if _size(frame) <= MAX_FRAME else {**frame, "parameters": shorten_event(event).parameters}


def _parts(shown: Iterable[Json]) -> Iterator[list[Json]]:
    part: list[Json] = []
    size = 0
    for event in shown:
        # A comma and a blank between two, and what is around them all.
        length = _size(event) + 2
        if part and size + length > MAX_FRAME - 64:
            yield part
            part, size = [], 0
        part.append(event)
        size += length
    if part:
        yield part


def _joined(part: list[Json]) -> str:
    return _text(part[0] if len(part) == 1 else {"type": "events", "events": part})


def _text(frame: Json) -> str:
    return json.dumps(frame, ensure_ascii=False)


def _size(frame: Json) -> int:
    return len(_text(frame).encode())
