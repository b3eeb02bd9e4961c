"""Prepare the files of a message for a carrier.

The carrier gets as many files as it takes, images scaled to its limits, and for each file a link that lives longer than
the carrier's queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from partyline.carriers.base import OutboundMedia
from partyline.carriers.limits import Limits
from partyline.domain.media import Media, MediaState
from partyline.domain.messages import Message
from partyline.errors import ImageUnscalable, MediaPending, MediaUnfinished
from partyline.frozen_classes import frozen
from partyline.media import bucket, file_types, images, sizing
from partyline.media.bucket import Bucket
from partyline.observability import count, logger
from partyline.storage import conversations
from partyline.storage import media as media_storage
from partyline.storage.table import Table

# Seconds after which an attempt begins no further image. The last image and two carrier requests must still end within
# the function's timeout.
IMAGES_WITHIN = 10


@frozen
class OutboundFiles:
    """Prepares the files of outbound messages.

    `link` makes the public URL of a key. `elapsed` counts seconds from any moment.
    """

    table: Table
    bucket: Bucket
    link: Callable[[str], str]
    clock: Callable[[], datetime]
    elapsed: Callable[[], float] = time.monotonic

    def prepare(self, message: Message, limits: Limits, *, group: bool) -> tuple[OutboundMedia, ...]:
        """Return the files that are sent with a message, in its order.

        An image that cannot be scaled is sent as it is where it fits. A file that does not fit is left out, and the
        message says so. Uploads were checked when they were attached; a file that one carrier delivered may be too
        large for another carrier.

        Raises MediaPending while a file is still at the carrier that delivered it, MediaUnfinished while an image is
        not scaled yet, and the errors of the table and of the bucket.
        """
        ready = [media for media in message.media if media.state is MediaState.READY]
        attached = self._attach(ready, limits, group=group)
        files = tuple(attached.values())
        if message.pending:
            raise MediaPending(files)
        self._report_left_out(message, [media for media in ready if media.sid not in attached])
        return files

    def _attach(self, ready: list[Media], limits: Limits, *, group: bool) -> dict[str, OutboundMedia]:
        """Return what fits, by SID and in order: first the images that can be scaled, then the rest by what is left."""
        fitting = sizing.select_fitting(limits, ready, group=group)
        max_bytes = sizing.plan_image_sizes(limits, fitting)
        until = self.elapsed() + IMAGES_WITHIN
        prepared = {media.sid: self._prepare_file(media, max_bytes.get(media.sid), until) for media in fitting}
        room = limits.media_bytes - sum(file.size for file in prepared.values() if file)
        for media in fitting:
            size = media.size or 0
            if prepared[media.sid] is None and size <= room:
                prepared[media.sid] = self._original(media)
                room -= size
        return {sid: file for sid, file in prepared.items() if file}

    def _report_left_out(self, message: Message, left_out: Iterable[Media]) -> None:
        """Note on the message which files some handsets do not get: once, however often the send is tried."""
        sids = [media.sid for media in left_out if media.error is None]
        conversation = conversations.fetch(self.table, message.conversation_sid) if sids else None
        if conversation is None:
            return
        if media_storage.remove_from_message(self.table, conversation, message.sid, sids, self.clock()):
            logger.warning("media.left_out", message_sid=message.sid, media_sids=sids)
            count("MediaLeftOut", len(sids))

    def _prepare_file(self, media: Media, max_bytes: int | None, until: float) -> OutboundMedia | None:
        """Return a file in at most `max_bytes`, unscaled for None; None when it cannot be scaled to that size."""
        if max_bytes is None:
            return self._original(media)
        scaled = self._find_or_scale(media, max_bytes, until)
        if scaled is None:
            return None
        stem = (media.filename or "").rpartition(".")[0]
        return self._linked(*scaled, images.JPEG, f"{stem or 'image'}.jpg")

    def _original(self, media: Media) -> OutboundMedia:
        content_type = media.content_type or file_types.BINARY
        name = media.filename or f"file.{file_types.extension_for(content_type)}"
        return self._linked(bucket.original_key(media.sid, content_type), media.size or 0, content_type, name)

    def _linked(self, key: str, size: int, content_type: str, name: str) -> OutboundMedia:
        return OutboundMedia(self.link(key), content_type, size, name, partial(self.bucket.read, key))

    def _find_or_scale(self, media: Media, max_bytes: int, until: float) -> tuple[str, int] | None:
        """Return key and size of a scaled image; the next attempt finds it stored. None when it cannot be scaled.

        Raises MediaUnfinished instead of scaling an image too late.
        """
        key = bucket.scaled_key(media.sid, max_bytes)
        stored = self.bucket.describe(key)
        if stored:
            return key, stored.size
        if self.elapsed() > until:
            raise MediaUnfinished
        content = self._scale(media, max_bytes)
        if content is None:
            return None
        self.bucket.put(key, content, images.JPEG)
        return key, len(content)

    def _scale(self, media: Media, max_bytes: int) -> bytes | None:
        """Scale an image; None when it cannot be scaled.

        The attempt is written down before it begins, so that an image which ends the function is not tried for ever.
        """
        original = self.bucket.read(bucket.original_key(media.sid, media.content_type or file_types.BINARY))
        if not media_storage.begin_scaling(self.table, media.sid):
            logger.info("image.skipped", media_sid=media.sid)
            return None
        try:
            content = images.scale_image(original, max_bytes)
        except ImageUnscalable as error:
            media_storage.end_scaling(self.table, media.sid, is_scaled=False)
            logger.warning("image.unscalable", media_sid=media.sid, reason=error.reason)
            count("ImageBroken" if error.broken else "ImageUnscalable")
            return None
        media_storage.end_scaling(self.table, media.sid, is_scaled=True)
        return content
