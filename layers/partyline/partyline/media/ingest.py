"""Fetch a file of an inbound text from its carrier, store it, and attach it to its message.

The text part of a message without words is not stored as a file: its words become the body of the message.

Delivery: at least once. A file that was stored and not written down is stored again under the same key. A file that its
carrier does not give is requested again for as long as carriers keep files; then it has failed, and its message says
why.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from partyline.carriers import mms_parts
from partyline.carriers.base import Carrier
from partyline.domain import normalization
from partyline.domain.media import Media, MediaReference, MediaState
from partyline.domain.messages import Message
from partyline.errors import MediaRefused, MediaUnavailable
from partyline.frozen_classes import frozen, replace
from partyline.http_client import HttpResponse, SendRequest
from partyline.media import bucket, download, file_types, filenames, images, text_part
from partyline.media.bucket import Bucket
from partyline.media.text_part import CompleteText
from partyline.storage import conversations, messages
from partyline.storage import media as media_storage
from partyline.storage.table import Table

# Bandwidth keeps a file for 48 hours, the shortest time of all carriers.
CARRIER_RETENTION = timedelta(hours=48)
# How many attempts end in a doubtful refusal before it is final.
_DOUBTFUL_ATTEMPTS = 3
# Seconds between two attempts; the last value repeats.
_RETRY_DELAYS = (2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)


class IngestOutcome(StrEnum):
    """How an attempt ended."""

    READY = "ready"
    FAILED = "failed"
    READ = "read"  # its words are now the body of its message
    DROPPED = "dropped"  # it has no content of its own: layout, or a copy of the text
    WAITING = "waiting"  # try again after `delay` seconds
    NOTHING = "nothing"  # finished before, or its message is gone


# Outcomes after which the bucket must not hold the file, unless another attempt has finished it.
_WITHOUT_FILE = frozenset({IngestOutcome.FAILED, IngestOutcome.READ, IngestOutcome.DROPPED, IngestOutcome.NOTHING})


@frozen
class IngestResult:
    """How an attempt ended, and after how many seconds to try again.

    `unanswered` is set when the words were a keyword whose answer is withheld (opt_outs.is_answer_allowed).
    """

    outcome: IngestOutcome
    reason: str = ""
    delay: float = 0.0
    unanswered: bool = False


@frozen
class _PendingFile:
    """A file that is still at its carrier, with its message."""

    reference: MediaReference
    media: Media
    message: Message


@frozen
class MediaIngest:
    """Fetches the files of inbound texts.

    `carrier` finds a carrier by name and raises LookupError for one that is not configured. `send` makes the HTTP
    requests. `complete` makes the words of a text part the body of its message (inbound.late_text_part).
    """

    table: Table
    bucket: Bucket
    carrier: Callable[[str], Carrier]
    send: SendRequest
    clock: Callable[[], datetime]
    complete: CompleteText

    def ingest(self, reference: MediaReference, attempt: int) -> IngestResult:
        """Fetch one file; `attempt` counts from one.

        Raises the errors of the table and of the bucket.
        """
        result = self._attempt(reference, attempt)
        if result.outcome in _WITHOUT_FILE:
            # An earlier attempt may have stored the content and died; or the message was deleted meanwhile.
            self.remove_orphan(reference)
        return result

    def remove_orphan(self, reference: MediaReference) -> None:
        """Remove the content of a file that no message has; one that another attempt has finished as ready stays."""
        if reference.media_sid not in media_storage.fetch_many(self.table, [reference.media_sid]):
            self.bucket.remove(reference.media_sid)

    def _attempt(self, reference: MediaReference, attempt: int) -> IngestResult:
        file = self._find(reference)
        if file is None:
            return IngestResult(IngestOutcome.NOTHING)
        try:
            return self._fetch(file)
        except MediaUnavailable as error:
            if self.clock() - file.message.created < CARRIER_RETENTION:
                return IngestResult(IngestOutcome.WAITING, str(error), _retry_delay(attempt))
            return self._finish(reference, _failed(file.media, "expired"))
        except MediaRefused as refused:
            if refused.doubtful and attempt < _DOUBTFUL_ATTEMPTS:
                return IngestResult(IngestOutcome.WAITING, refused.reason, _retry_delay(attempt))
            return self._finish(reference, _failed(file.media, refused.reason))

    def _find(self, reference: MediaReference) -> _PendingFile | None:
        delivered = messages.fetch(self.table, reference.conversation_sid, reference.message_sid)
        if delivered is None:
            return None
        pending = (one for one in delivered.message.pending if one.sid == reference.media_sid)
        media = next(pending, None)
        return _PendingFile(reference, media, delivered.message) if media else None

    def _fetch(self, file: _PendingFile) -> IngestResult:
        """Download a file, and store it or make its words the body. Raises MediaRefused and MediaUnavailable."""
        response = self._download(file.media)
        words = _read_words(response, file)
        if words:
            return self._complete(file.reference, words)
        return self._store(file, _accepted_type(response, file.media), response.body)

    def _download(self, media: Media) -> HttpResponse:
        try:
            carrier = self.carrier(media.carrier or "")
        except LookupError as error:
            # The carrier's credentials may be configured again.
            raise MediaUnavailable(str(error)) from error
        return download.download_file(self.send, carrier.media_access(), media.url, media.sha256)

    def _complete(self, reference: MediaReference, words: str) -> IngestResult:
        completed = self.complete(reference, words, self.clock())
        if completed is None:
            return IngestResult(IngestOutcome.NOTHING)
        return IngestResult(IngestOutcome.READ, unanswered=completed.unanswered)

    def _store(self, file: _PendingFile, content_type: str, content: bytes) -> IngestResult:
        if _is_without_content(content_type, file.message):
            return self._finish(file.reference, None)
        ready = replace(
            file.media,
            content_type=content_type,
            size=len(content),
            filename=filenames.display_name(_name_in_url(file.media.url), content_type),
            state=MediaState.READY,
            scalable=images.is_scalable(content) if content_type in images.SCALABLE else None,
        )
        key = bucket.original_key(ready.sid, content_type)
        self.bucket.put(key, content, content_type, ready.filename)
        return self._finish(file.reference, ready)

    def _finish(self, reference: MediaReference, media: Media | None) -> IngestResult:
        """Write down the end of a file: ready, failed, or None for one that its message loses."""
        conversation = conversations.fetch(self.table, reference.conversation_sid)
        if conversation is None:
            return IngestResult(IngestOutcome.NOTHING)
        finished = media_storage.finish(self.table, conversation, reference, media, self.clock())
        if finished is None:
            return IngestResult(IngestOutcome.NOTHING)
        if finished.media is None:
            return IngestResult(IngestOutcome.DROPPED)
        return IngestResult(IngestOutcome(finished.media.state.value), finished.media.error or "")


def _read_words(response: HttpResponse, file: _PendingFile) -> str | None:
    """Return the words of a file that is the text part of a message without words; None for any other file.

    A text part is known by its declared type or by its bytes.
    """
    media, message = file.media, file.message
    if message.origin is None or message.edited_from is not None:
        return None
    if not (mms_parts.is_text_part(media.content_type, media.url) or _is_plain_text(response, media)):
        return None
    words = text_part.decode_text(response.body, response.headers.get("content-type"), media.content_type)
    body = f"{message.body}\n{words}" if message.body else words
    return words if body and text_part.is_within_limit(body) else None


def _is_plain_text(response: HttpResponse, media: Media) -> bool:
    return file_types.detect_type(response.body, media.content_type, _name_in_url(media.url)) == file_types.PLAIN


def _accepted_type(response: HttpResponse, media: Media) -> str:
    """Return the type of a file. Raises MediaRefused for one that is never stored."""
    # Some carriers declare it in the webhook, some in the response, some in neither.
    declared = file_types.stated_type(media.content_type) or response.headers.get("content-type")
    content_type = file_types.detect_type(response.body, declared, _name_in_url(media.url))
    if content_type in file_types.DANGEROUS:
        raise MediaRefused("type")
    return content_type


def _is_without_content(content_type: str, message: Message) -> bool:
    """Whether a part of an MMS says nothing of its own: its layout, or a copy of its text.

    A plain text part of a message with an origin is no copy: the words of that message are in its parts.
    """
    has_words = bool(normalization.normalize(message.body or ""))
    is_copy = content_type == file_types.PLAIN and message.origin is None and has_words
    return content_type == file_types.SMIL or is_copy


def _failed(media: Media, reason: str) -> Media:
    return replace(media, state=MediaState.FAILED, error=reason)


def _retry_delay(attempt: int) -> float:
    return _RETRY_DELAYS[min(attempt, len(_RETRY_DELAYS)) - 1]


def _name_in_url(url: str) -> str:
    """Return the last part of a URL's path."""
    return PurePosixPath(unquote(urlsplit(url).path)).name
