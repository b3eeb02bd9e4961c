"""The files of a message as a carrier is given them: as many as it takes, images made small enough, each with a link
that outlives the carrier's queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from partyline.carriers.limits import Limits
from partyline.carriers.port import OutboundMedia
from partyline.errors import MediaPending
from partyline.media import fitting, images, sniffing, storage
from partyline.media.storage import Bucket
from partyline.model import Media, MediaState, Message


@dataclass(frozen=True, slots=True)
class Desk:
    """What attaching works with. `link` makes a public URL of a file's key."""

    bucket: Bucket
    link: Callable[[str], str]


def attachments(desk: Desk, message: Message, limits: Limits, *, group: bool) -> tuple[OutboundMedia, ...]:
    """What is sent along with a message. An image that should be smaller and cannot be goes as it is where that fits.
    What does not fit is left out: uploads were checked when they were attached, but what came in by one carrier may be
    too much for another.

    Raises MediaPending while some of it is still at the carrier that brought it, and what the storage raises.
    """
    ready = [part for part in message.media if part.state is MediaState.READY]
    kept = fitting.fitting(limits, ready, group=group)
    most = fitting.sizes(limits, kept)
    made = {part.sid: _fitted(desk, part, most.get(part.sid)) for part in kept}
    room = limits.media_bytes - sum(one.size for one in made.values() if one)
    for part in kept:
        if made[part.sid] is None and (part.size or 0) <= room:
            made[part.sid] = _original(desk, part)
            room -= part.size or 0
    attached = tuple(one for one in made.values() if one)
    if message.pending:
        raise MediaPending(attached)
    return attached


def _fitted(desk: Desk, part: Media, most: int | None) -> OutboundMedia | None:
    """A file in at most `most` bytes, as it is without; None where it cannot be made so small."""
    if most is None:
        return _original(desk, part)
    small = _small(desk, storage.original(part.sid, part.content_type or sniffing.BINARY), part.sid, most)
    if small is None:
        return None
    stem = (part.filename or "").rpartition(".")[0]
    return _linked(desk, *small, images.JPEG, f"{stem or 'image'}.jpg")


def _original(desk: Desk, part: Media) -> OutboundMedia:
    kind = part.content_type or sniffing.BINARY
    name = part.filename or f"file.{sniffing.extension(kind)}"
    return _linked(desk, storage.original(part.sid, kind), part.size or 0, kind, name)


def _linked(desk: Desk, key: str, size: int, kind: str, name: str) -> OutboundMedia:
    return OutboundMedia(desk.link(key), kind, size, name, partial(desk.bucket.read, key))


def _small(desk: Desk, key: str, sid: str, most: int) -> tuple[str, int] | None:
    """Key and size of an image made small enough; the next attempt finds it made."""
    smaller = storage.smaller(sid, most)
    if found := desk.bucket.look(smaller):
        return smaller, found.size
    content = images.scaled(desk.bucket.read(key), most)
    if content is None:
        return None
    desk.bucket.put(smaller, content, images.JPEG)
    return smaller, len(content)
