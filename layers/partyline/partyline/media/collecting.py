"""A file of a text that came in: fetched from its carrier, kept, and then the message's own.

At least once: what was kept and not written down is kept again under the same key. A file that its carrier does not
give is asked for again for as long as carriers keep one, and then failed: the message says so, and why.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from partyline.carriers.port import Carrier
from partyline.errors import MediaRefused, MediaUnavailable
from partyline.media import fetching, filenames, images, sniffing, storage
from partyline.media.fetching import Ask
from partyline.media.storage import Bucket
from partyline.model import Media, MediaReference, MediaState, Message
from partyline.store import conversations, messages
from partyline.store import media as store
from partyline.store.table import Table

# Bandwidth keeps a file for 48 hours, the shortest of the carriers.
KEPT = timedelta(hours=48)
# How often a doubtful refusal is asked again.
_DOUBTS = 3
# Seconds between two attempts: from the first to the last, which holds.
_DELAYS = (2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)


class Outcome(StrEnum):
    """What came of an attempt."""

    READY = "ready"
    FAILED = "failed"
    DROPPED = "dropped"  # no content: layout, or a copy of the text
    WAITING = "waiting"  # again after `delay` seconds
    NOTHING = "nothing"  # settled before, or its message is gone


# How an attempt ends that leaves no file, or knows of none.
_WITHOUT = frozenset({Outcome.FAILED, Outcome.DROPPED, Outcome.NOTHING})


@dataclass(frozen=True, slots=True)
class Collected:
    """How an attempt ended. `delay` is in seconds."""

    outcome: Outcome
    reason: str = ""
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Desk:
    """What collecting works with. `carrier` finds a carrier by name; it raises LookupError for one that is not set
    up."""

    table: Table
    bucket: Bucket
    carrier: Callable[[str], Carrier]
    ask: Ask
    clock: Callable[[], datetime]


def encode(reference: MediaReference) -> str:
    """A file as the body of a queue's message."""
    return json.dumps(asdict(reference))


def decode(body: str) -> MediaReference:
    """The file of such a body."""
    return MediaReference(**json.loads(body))


def collect(desk: Desk, reference: MediaReference, attempt: int) -> Collected:
    """Fetch one file; `attempt` counts from one. Raises what the table and the storage raise."""
    collected = _attempted(desk, reference, attempt)
    if collected.outcome in _WITHOUT:
        # An attempt before this one may have kept it, and died; or the message was deleted meanwhile.
        _forget(desk, reference)
    return collected


def _attempted(desk: Desk, reference: MediaReference, attempt: int) -> Collected:
    delivered = messages.fetch(desk.table, reference.conversation_sid, reference.message_sid)
    pending = delivered.message.pending if delivered else ()
    part = next((one for one in pending if one.sid == reference.media_sid), None)
    if delivered is None or part is None:
        return Collected(Outcome.NOTHING)
    try:
        content = _fetched(desk, part)
        kind = _checked(content, part)
    except MediaUnavailable as error:
        if desk.clock() - delivered.message.created < KEPT:
            return Collected(Outcome.WAITING, str(error), _delay(attempt))
        return _settle(desk, reference, _failed(part, "expired"))
    except MediaRefused as refused:
        if refused.doubtful and attempt < _DOUBTS:
            return Collected(Outcome.WAITING, refused.reason, _delay(attempt))
        return _settle(desk, reference, _failed(part, refused.reason))
    return _keep(desk, reference, replace(part, content_type=kind), content, delivered.message)


def _keep(desk: Desk, reference: MediaReference, part: Media, content: bytes, message: Message) -> Collected:
    kind = part.content_type or sniffing.BINARY
    if _is_wrapping(kind, message):
        return _settle(desk, reference, None)
    name = filenames.display_name(_name(part.url), kind)
    scalable = images.is_scalable(content) if kind in images.SCALABLE else None
    ready = replace(part, size=len(content), filename=name, state=MediaState.READY, scalable=scalable)
    desk.bucket.put(storage.original(part.sid, kind), content, kind, ready.filename)
    return _settle(desk, reference, ready)


def _fetched(desk: Desk, part: Media) -> bytes:
    try:
        carrier = desk.carrier(part.carrier or "")
    except LookupError as error:
        # Its credentials may come back.
        raise MediaUnavailable(str(error)) from error
    return fetching.fetch(desk.ask, carrier.media_access(), part.url, part.sha256)


def _checked(content: bytes, part: Media) -> str:
    """The type of what came. Raises MediaRefused for what is never kept."""
    kind = sniffing.content_type(content, part.content_type, _name(part.url))
    if kind in sniffing.DANGEROUS:
        raise MediaRefused("type")
    return kind


def _is_wrapping(kind: str, message: Message) -> bool:
    """Whether a file is a part of an MMS that says nothing: its layout, or its text once more."""
    return kind == sniffing.SMIL or (kind == sniffing.PLAIN and bool(message.body))


def _settle(desk: Desk, reference: MediaReference, settled: Media | None) -> Collected:
    conversation = conversations.fetch(desk.table, reference.conversation_sid)
    if conversation is None or not store.settle(desk.table, conversation, reference, settled, desk.clock()):
        return Collected(Outcome.NOTHING)
    if settled is None:
        return Collected(Outcome.DROPPED)
    return Collected(Outcome(settled.state.value), settled.error or "")


def _forget(desk: Desk, reference: MediaReference) -> None:
    """Remove the content of a file that is no message's; one that another attempt has settled as ready stays."""
    if reference.media_sid not in store.find(desk.table, [reference.media_sid]):
        desk.bucket.remove(reference.media_sid)


def _failed(part: Media, reason: str) -> Media:
    return replace(part, state=MediaState.FAILED, error=reason)


def _delay(attempt: int) -> float:
    return _DELAYS[min(attempt, len(_DELAYS)) - 1]


def _name(url: str) -> str:
    """The last part of a URL's path."""
    return PurePosixPath(unquote(urlsplit(url).path)).name
