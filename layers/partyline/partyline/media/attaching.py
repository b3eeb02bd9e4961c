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
    """What is sent along with a message. What does not fit is left out: uploads were checked when they were attached,
    but what came in by one carrier may be too much for another.

    Raises MediaPending while some of it is still at the carrier that brought it, and what the storage raises.
    """
    ready = [part for part in message.media if part.state is MediaState.READY]
    kept = fitting.fitting(limits, ready, group=group)
    most = fitting.sizes(limits, kept)
    attached = tuple(one for part in kept if (one := _attached(desk, part, most.get(part.sid))))
    if message.pending:
        raise MediaPending(attached)
    return attached


def _attached(desk: Desk, part: Media, most: int | None) -> OutboundMedia | None:
    kind, name = part.content_type or sniffing.BINARY, part.filename
    key, size = storage.original(part.sid, kind), part.size or 0
    if most is not None:
        small = _small(desk, key, part.sid, most)
        if small is None:
            return None
        (key, size), kind = small, images.JPEG
        name = f"{(name or 'image').rpartition('.')[0] or 'image'}.jpg"
    return OutboundMedia(
        desk.link(key), kind, size, name or f"file.{sniffing.extension(kind)}", partial(desk.bucket.read, key)
    )


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
