"""The files of a message as a carrier is given them: as many as it takes, images made small enough, each with a link
that outlives the carrier's queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from partyline.carriers.base import OutboundMedia
from partyline.carriers.limits import Limits
from partyline.domain.attachments import Media, MediaState
from partyline.domain.messages import Message
from partyline.errors import ImageUnscalable, MediaPending, MediaUnfinished
from partyline.media import bucket as storage
from partyline.media import file_types, images, sizing
from partyline.media.bucket import Bucket
from partyline.observability import count, logger
from partyline.storage import conversations
from partyline.storage import media as store
from partyline.storage.table import Table

# Seconds after which an attempt begins no further image: with the last one, and two answers of a carrier, it has to end
# within the function's time.
IMAGES_WITHIN = 10


@dataclass(frozen=True, slots=True)
class OutboundFiles:
    """What attaching works with. `link` makes a public URL of a file's key; `elapsed` counts seconds from anywhere."""

    table: Table
    bucket: Bucket
    link: Callable[[str], str]
    clock: Callable[[], datetime]
    elapsed: Callable[[], float] = time.monotonic


def prepare_attachments(
    desk: OutboundFiles, message: Message, limits: Limits, *, group: bool
) -> tuple[OutboundMedia, ...]:
    """What is sent along with a message. An image that should be smaller and cannot be goes as it is where that fits.
    What does not fit is left out, and the message says so: uploads were checked when they were attached, but what came
    in by one carrier may be too much for another.

    Raises MediaPending while some of it is still at the carrier that brought it, MediaUnfinished while some images are
    not yet made smaller, and what the storage raises.
    """
    ready = [part for part in message.media if part.state is MediaState.READY]
    kept = sizing.select_fitting(limits, ready, group=group)
    most = sizing.plan_image_sizes(limits, kept)
    until = desk.elapsed() + IMAGES_WITHIN
    made = {part.sid: _fitted(desk, part, most.get(part.sid), until) for part in kept}
    room = limits.media_bytes - sum(one.size for one in made.values() if one)
    for part in kept:
        if made[part.sid] is None and (part.size or 0) <= room:
            made[part.sid] = _original(desk, part)
            room -= part.size or 0
    attached = tuple(one for one in made.values() if one)
    if message.pending:
        raise MediaPending(attached)
    _tell_left_out(desk, message, [part for part in ready if not made.get(part.sid)])
    return attached


def _tell_left_out(desk: OutboundFiles, message: Message, parts: Iterable[Media]) -> None:
    """Have the message say which of its files some handsets do not get: once, however often it is tried."""
    sids = [part.sid for part in parts if part.error is None]
    conversation = conversations.fetch(desk.table, message.conversation_sid) if sids else None
    if conversation and store.remove_from_message(desk.table, conversation, message.sid, sids, desk.clock()):
        logger.warning("media.left_out", message_sid=message.sid, media_sids=sids)
        count("MediaLeftOut", len(sids))


def _fitted(desk: OutboundFiles, part: Media, most: int | None, until: float) -> OutboundMedia | None:
    """A file in at most `most` bytes, as it is without; None where it cannot be made so small."""
    if most is None:
        return _original(desk, part)
    small = _small(desk, part, most, until)
    if small is None:
        return None
    stem = (part.filename or "").rpartition(".")[0]
    return _linked(desk, *small, images.JPEG, f"{stem or 'image'}.jpg")


def _original(desk: OutboundFiles, part: Media) -> OutboundMedia:
    kind = part.content_type or file_types.BINARY
    name = part.filename or f"file.{file_types.extension_for(kind)}"
    return _linked(desk, storage.original_key(part.sid, kind), part.size or 0, kind, name)


def _linked(desk: OutboundFiles, key: str, size: int, kind: str, name: str) -> OutboundMedia:
    return OutboundMedia(desk.link(key), kind, size, name, partial(desk.bucket.read, key))


def _small(desk: OutboundFiles, part: Media, most: int, until: float) -> tuple[str, int] | None:
    """Key and size of an image made small enough; the next attempt finds it made. None where it cannot be. Raises
    MediaUnfinished when an image would be begun too late."""
    smaller = storage.scaled_key(part.sid, most)
    if found := desk.bucket.look(smaller):
        return smaller, found.size
    if desk.elapsed() > until:
        raise MediaUnfinished
    content = _scaled(desk, part, most)
    if content is None:
        return None
    desk.bucket.put(smaller, content, images.JPEG)
    return smaller, len(content)


def _scaled(desk: OutboundFiles, part: Media, most: int) -> bytes | None:
    """An image made smaller, in an attempt that is noted before it is made: whatever ends this function is not begun
    for ever."""
    original = desk.bucket.read(storage.original_key(part.sid, part.content_type or file_types.BINARY))
    if not store.begin_scaling(desk.table, part.sid):
        logger.info("image.skipped", media_sid=part.sid)
        return None
    try:
        content = images.scale_image(original, most)
    except ImageUnscalable as error:
        store.end_scaling(desk.table, part.sid, made=False)
        logger.warning("image.unscalable", media_sid=part.sid, reason=error.reason)
        count("ImageBroken" if error.broken else "ImageUnscalable")
        return None
    store.end_scaling(desk.table, part.sid, made=True)
    return content
