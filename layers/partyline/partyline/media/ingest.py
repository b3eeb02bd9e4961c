"""A file of a text that came in: fetched from its carrier, kept, and then the message's own. A text part of a message
without words is no file: it becomes the message's body.

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

from partyline.carriers import schemas
from partyline.carriers.base import Carrier
from partyline.domain import normalization
from partyline.domain.attachments import Media, MediaReference, MediaState
from partyline.domain.messages import Message
from partyline.errors import MediaRefused, MediaUnavailable
from partyline.http_client import FetchedResponse
from partyline.inbound import completion
from partyline.media import bucket as storage
from partyline.media import download, file_types, filenames, images, text_part
from partyline.media.bucket import Bucket
from partyline.media.download import Ask
from partyline.storage import conversations, messages
from partyline.storage import media as store
from partyline.storage.table import Table

# Bandwidth keeps a file for 48 hours, the shortest of the carriers.
KEPT = timedelta(hours=48)
# How often a doubtful refusal is asked again.
_DOUBTS = 3
# Seconds between two attempts: from the first to the last, which holds.
_DELAYS = (2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)


class IngestOutcome(StrEnum):
    """What came of an attempt."""

    READY = "ready"
    FAILED = "failed"
    READ = "read"  # it was the words of its message
    DROPPED = "dropped"  # no content: layout, or a copy of the text
    WAITING = "waiting"  # again after `delay` seconds
    NOTHING = "nothing"  # settled before, or its message is gone


# How an attempt ends that leaves no file, or knows of none.
_WITHOUT = frozenset({IngestOutcome.FAILED, IngestOutcome.READ, IngestOutcome.DROPPED, IngestOutcome.NOTHING})


@dataclass(frozen=True, slots=True)
class IngestResult:
    """How an attempt ended. `delay` is in seconds; `unanswered` is a keyword whose answer was left out, since there
    were enough lately."""

    outcome: IngestOutcome
    reason: str = ""
    delay: float = 0.0
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class MediaIngest:
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


def ingest_media(desk: MediaIngest, reference: MediaReference, attempt: int) -> IngestResult:
    """Fetch one file; `attempt` counts from one. Raises what the table and the storage raise."""
    collected = _attempted(desk, reference, attempt)
    if collected.outcome in _WITHOUT:
        # An attempt before this one may have kept it, and died; or the message was deleted meanwhile.
        _forget(desk, reference)
    return collected


def _attempted(desk: MediaIngest, reference: MediaReference, attempt: int) -> IngestResult:
    delivered = messages.fetch(desk.table, reference.conversation_sid, reference.message_sid)
    pending = delivered.message.pending if delivered else ()
    part = next((one for one in pending if one.sid == reference.media_sid), None)
    if delivered is None or part is None:
        return IngestResult(IngestOutcome.NOTHING)
    message = delivered.message
    try:
        return _take(desk, reference, part, message)
    except MediaUnavailable as error:
        if desk.clock() - message.created < KEPT:
            return IngestResult(IngestOutcome.WAITING, str(error), _delay(attempt))
        return _settle(desk, reference, _failed(part, "expired"))
    except MediaRefused as refused:
        if refused.doubtful and attempt < _DOUBTS:
            return IngestResult(IngestOutcome.WAITING, refused.reason, _delay(attempt))
        return _settle(desk, reference, _failed(part, refused.reason))


def _take(desk: MediaIngest, reference: MediaReference, part: Media, message: Message) -> IngestResult:
    """Fetch a file, which is the words of its message, or is kept. Raises MediaRefused and MediaUnavailable."""
    answer = _fetched(desk, part)
    if words := _words(answer, part, message):
        return _complete(desk, reference, words)
    kind = _checked(answer, part)
    return _keep(desk, reference, replace(part, content_type=kind), answer.body, message)


def _keep(desk: MediaIngest, reference: MediaReference, part: Media, content: bytes, message: Message) -> IngestResult:
    kind = part.content_type or file_types.BINARY
    if _is_wrapping(kind, message):
        return _settle(desk, reference, None)
    name = filenames.display_name(_name(part.url), kind)
    scalable = images.is_scalable(content) if kind in images.SCALABLE else None
    ready = replace(part, size=len(content), filename=name, state=MediaState.READY, scalable=scalable)
    desk.bucket.put(storage.original_key(part.sid, kind), content, kind, ready.filename)
    return _settle(desk, reference, ready)


def _words(answer: FetchedResponse, part: Media, message: Message) -> str | None:
    """The words of a message that has none, where this is them: a text part, by its declaration or its bytes."""
    if message.origin is None or message.edited_from is not None:
        return None
    declared = schemas.is_text_part(part.content_type, part.url)
    if not declared and file_types.detect_type(answer.body, part.content_type, _name(part.url)) != file_types.PLAIN:
        return None
    words = text_part.decode_text(answer.body, answer.headers.get("content-type"), part.content_type)
    whole = f"{message.body}\n{words}" if message.body else words
    return words if whole and text_part.is_within_limit(whole) else None


def _complete(desk: MediaIngest, reference: MediaReference, words: str) -> IngestResult:
    completed = completion.complete_text(desk.table, reference, words, desk.clock())
    return (
        IngestResult(IngestOutcome.READ, unanswered=completed.unanswered)
        if completed
        else IngestResult(IngestOutcome.NOTHING)
    )


def _fetched(desk: MediaIngest, part: Media) -> FetchedResponse:
    try:
        carrier = desk.carrier(part.carrier or "")
    except LookupError as error:
        # Its credentials may come back.
        raise MediaUnavailable(str(error)) from error
    return download.download_file(desk.ask, carrier.media_access(), part.url, part.sha256)


def _checked(answer: FetchedResponse, part: Media) -> str:
    """The type of what came. Raises MediaRefused for what is never kept."""
    # Some carriers say it with the text, some with the file, some with neither.
    declared = file_types.stated_type(part.content_type) or answer.headers.get("content-type")
    kind = file_types.detect_type(answer.body, declared, _name(part.url))
    if kind in file_types.DANGEROUS:
        raise MediaRefused("type")
    return kind


def _is_wrapping(kind: str, message: Message) -> bool:
    """Whether a file is a part of an MMS that says nothing: its layout, or its text once more. What is left of a
    message whose words were in its parts is no copy of them."""
    is_copy = kind == file_types.PLAIN and message.origin is None and bool(normalization.normalize(message.body or ""))
    return kind == file_types.SMIL or is_copy


def _settle(desk: MediaIngest, reference: MediaReference, settled: Media | None) -> IngestResult:
    conversation = conversations.fetch(desk.table, reference.conversation_sid)
    became = store.finish(desk.table, conversation, reference, settled, desk.clock()) if conversation else None
    if became is None:
        return IngestResult(IngestOutcome.NOTHING)
    if became.media is None:
        return IngestResult(IngestOutcome.DROPPED)
    return IngestResult(IngestOutcome(became.media.state.value), became.media.error or "")


def _forget(desk: MediaIngest, reference: MediaReference) -> None:
    """Remove the content of a file that is no message's; one that another attempt has settled as ready stays."""
    if reference.media_sid not in store.fetch_many(desk.table, [reference.media_sid]):
        desk.bucket.remove(reference.media_sid)


def _failed(part: Media, reason: str) -> Media:
    return replace(part, state=MediaState.FAILED, error=reason)


def _delay(attempt: int) -> float:
    return _DELAYS[min(attempt, len(_DELAYS)) - 1]


def _name(url: str) -> str:
    """The last part of a URL's path."""
    return PurePosixPath(unquote(urlsplit(url).path)).name
