"""Parse and build the frames of live connections. No I/O; docs/live.md describes the protocol.

In, each at most MAX_INCOMING bytes of JSON:

    {"action": "resume", "conversations": {"CH...": 41, "CH...": -1}}   send the messages behind these indexes
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
from typing import Any

from partyline import refusals
from partyline.domain import sids
from partyline.domain.events import Event
from partyline.errors import ApiError
from partyline.frozen_classes import frozen

# API Gateway closes a connection that sends a frame over 32 KB, and accepts none over 128 KB.
MAX_INCOMING = 32 * 1024
MAX_FRAME = 120 * 1024
# How many conversations one frame can resume.
MAX_CONVERSATIONS = 50
# Indexes are stored in ten hexadecimal digits.
_MAX_INDEX = 16**10 - 1
# A value of this many bytes is left out of an event that is too large.
_LONG_VALUE = 1024

Json = dict[str, Any]


# --- in


@frozen
class Resume:
    """Send the messages behind an index of each conversation; -1 sends them from the first one."""

    after: Mapping[str, int]


@frozen
class Typing:
    """Announce that the member is typing."""

    conversation_sid: str


@frozen
class Ping:
    """Ask whether the connection still works."""


def parse_frame(frame: str) -> Resume | Typing | Ping:
    """Parse a frame from a client. Raises ApiError 20001."""
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


def event_frames(subject: str, described: Iterable[Event]) -> list[str]:
    """Build the frames for some events, in order, and as few as possible."""
    return [_join(part) for part in _split(_event_frame(subject, event) for event in described)]


def resumed_frame(conversation_sid: str, after: int, index: int, *, more: bool) -> str:
    """Build the frame that ends a resume: the messages behind `after` up to `index` were sent.

    `more`: there are more, and the client resumes again from `index`.
    """
    about = {"conversation": conversation_sid, "after": after, "index": index, "more": more}
    return _text({"type": "resumed", **about})


def typing_frame(conversation_sid: str, identity: str, participant_sid: str | None) -> str:
    """Build the frame that announces who is typing; `participant_sid` is None for who writes without being a member."""
    about = {"conversation": conversation_sid, "identity": identity, "participant": participant_sid}
    return _text({"type": "typing", **about})


def pong_frame() -> str:
    """Build the answer to a ping."""
    return _text({"type": "pong"})


def error_frame(refused: ApiError, conversation_sid: str | None = None) -> str:
    """Build the frame for an error, of one conversation where the client named several."""
    about = {"conversation": conversation_sid} if conversation_sid else {}
    reason = (refused.details or {}).get("reason")
    message = f"{refused.message}: {reason}" if reason else refused.message
    return _text({"type": "error", "code": refused.code, "status": refused.status, "message": message, **about})


def shorten_event(event: Event) -> Event:
    """Leave long values out of an event and name them in the parameter `Omitted`. REST has the values."""
    omitted = sorted(name for name, value in event.parameters.items() if len(value.encode()) >= _LONG_VALUE)
    short = {name: value for name, value in event.parameters.items() if name not in omitted}
    return Event(event.type, {**short, "Omitted": ",".join(omitted)})


def _event_frame(subject: str, event: Event) -> Json:
    """Build the frame of one event, without its long values where it would be too large."""
    kind = "conversation" if subject.startswith(sids.CONVERSATION) else "user"
    frame = {"type": event.type, kind: subject, "parameters": event.parameters}
    return frame if _size(frame) <= MAX_FRAME else {**frame, "parameters": shorten_event(event).parameters}


def _split(described: Iterable[Json]) -> Iterator[list[Json]]:
    """Split events into parts that fit into a frame each."""
    part: list[Json] = []
    size = 0
    for event in described:
        # Two bytes separate two events; 64 leave room for the frame around them.
        length = _size(event) + 2
        if part and size + length > MAX_FRAME - 64:
            yield part
            part, size = [], 0
        part.append(event)
        size += length
    if part:
        yield part


def _join(part: list[Json]) -> str:
    return _text(part[0] if len(part) == 1 else {"type": "events", "events": part})


def _text(frame: Json) -> str:
    return json.dumps(frame, ensure_ascii=False)


def _size(frame: Json) -> int:
    return len(_text(frame).encode())
