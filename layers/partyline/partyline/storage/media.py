"""The records of files: uploads, and the files of messages. Their content is in the bucket."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from partyline.domain import events
from partyline.domain.conversations import Conversation
from partyline.domain.events import BY_TEXT
from partyline.domain.media import Media, MediaReference, MediaState, StoredMedia
from partyline.domain.messages import Message
from partyline.frozen_classes import frozen, replace
from partyline.serialization import format_time
from partyline.storage import codec, event_outbox, keys, message_events, messages, own_writes, retry
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, change, delete, put

# An upload that no message has is deleted after this time, or a little later.
UNATTACHED_LIFE = timedelta(days=1)
# The error of a ready file that did not reach every recipient: it is too large for their carrier, and cannot be scaled.
LEFT_OUT = "left_out"
# How many attempts to scale an image may end unrecorded. A deployment can end one; a bad image ends each.
MAX_SCALINGS = 2
_FREE = Condition("attribute_exists(PK) AND attribute_not_exists(message_sid)")


def upload(table: Table, media: StoredMedia) -> None:
    """Store the record of an upload, before its content is stored.

    The record expires unless a message takes the upload. So a failure in between leaves nothing behind.
    """
    ttl = int((media.created + UNATTACHED_LIFE).timestamp())
    item = {**codec.encode(media), "ttl": ttl}
    own_writes.make(table, put("media", keys.media(media.sid), item, NEW), item)


def fetch_many(table: Table, sids: Iterable[str]) -> dict[str, StoredMedia]:
    """Read the files that exist among some SIDs, in one round trip."""
    found = table.get_all(keys.media(sid) for sid in sids)
    return {item["sid"]: codec.decode(StoredMedia, item) for item in found.values()}


def attaching_writes(message: Message) -> list[Write]:
    """Build the writes that attach its uploads to a new message.

    Label: media, when an upload is gone or is attached to another message.
    """
    attached = {"conversation_sid": message.conversation_sid, "message_sid": message.sid, "ttl": None}
    return [
        change("media", keys.media(part.sid), {**attached, "updated": format_time(message.created)}, _FREE)
        for part in message.media
        if part.state is MediaState.READY
    ]


def keeping_write(sid: str, until: datetime) -> Write:
    """Build the write that keeps an upload until a time, since a message is to be sent with it.

    Label: media, when it is gone or is attached to a message.
    """
    return change("media", keys.media(sid), {"ttl": int(until.timestamp())}, _FREE)


def remove_unattached(table: Table, sid: str) -> bool:
    """Delete an upload; return False when it is gone, or attached to a message."""
    return table.written(delete("media", keys.media(sid), _FREE))


@frozen
class FinishOutcome:
    """The file after it is finished; `media` is None when it was removed from its message."""

    media: Media | None


def finish(
    table: Table, conversation: Conversation, reference: MediaReference, result: Media | None, now: datetime
) -> FinishOutcome | None:
    """Store the result of a file of an inbound text: ready, failed, or None to remove it from its message.

    The last content of a message is not removed: it becomes failed. Publishes an update of the message, exactly once.
    Returns None when the message is gone, or the file was finished before.
    """

    def change_part(part: Media) -> Media | None:
        return result if part.sid == reference.media_sid and part.state is MediaState.PENDING else part

    def build_record_writes(after: Message) -> list[Write]:
        if result is None or result.state is not MediaState.READY:
            return []
        record = _build_stored_media(result, conversation, after)
        return [put("media", keys.media(result.sid), codec.encode(record), NEW)]

    after = _amend(table, conversation, reference.message_sid, change_part, now, build_record_writes)
    return (
        FinishOutcome(next((part for part in after.media if part.sid == reference.media_sid), None)) if after else None
    )


def remove_from_message(
    table: Table, conversation: Conversation, message_sid: str, sids: Collection[str], now: datetime
) -> bool:
    """Record on a message which of its files do not reach every recipient.

    Publishes an update of the message. Returns False when that was recorded before, or the message is gone.
    """

    def change_part(part: Media) -> Media:
        return replace(part, error=part.error or LEFT_OUT) if part.sid in sids else part

    return _amend(table, conversation, message_sid, change_part, now) is not None


def _amend(
    table: Table,
    conversation: Conversation,
    message_sid: str,
    change_part: Callable[[Media], Media | None],
    now: datetime,
    build_more_writes: Callable[[Message], list[Write]] = lambda _: [],
) -> Message | None:
    """Change the files of a message, with more writes in the same transaction.

    Returns the changed message, None when there is nothing to change.
    """

    def attempt() -> Message | None:
        delivered = messages.fetch(table, conversation.sid, message_sid)
        before = delivered.message if delivered else None
        if before is None:
            return None
        media = tuple(part for part in map(change_part, before.media) if part)
        if not (media or before.body):
            media = tuple(replace(part, state=MediaState.FAILED, error="empty") for part in before.media)
        if media == before.media:
            return None
        after = replace(before, media=media, updated=now)
        old_media, new_media = (codec.encode(message)["media"] for message in (before, after))
        unchanged = Condition("#media = :before", {"#media": "media"}, {":before": old_media})
        sets = {"media": new_media, "updated": format_time(now), **message_events.WITHOUT_ADDITION}
        table.transact(
            [
                change("message", keys.message(conversation.sid, message_sid), sets, unchanged),
                *event_outbox.build_conversation_writes(
                    conversation, BY_TEXT, now, [events.message_event("onMessageUpdated", after, conversation)]
                ),
                *build_more_writes(after),
            ]
        )
        return after

    return retry.STANDARD.run(attempt)


def begin_scaling(table: Table, sid: str) -> bool:
    """Record that an attempt to scale an image begins.

    So an image that crashes its function is not tried forever. Returns False when too many attempts have ended
    unrecorded, when an earlier one showed that scaling is of no use, and when the file is gone.
    """
    may_try = Condition(
        "attribute_exists(PK) AND (attribute_not_exists(#n) OR #n < :max)"
        " AND (attribute_not_exists(#scalable) OR #scalable <> :no)",
        {"#n": "scalings", "#scalable": "scalable"},
        {":max": MAX_SCALINGS, ":no": False},
    )
    return table.written(change("media", keys.media(sid), {}, may_try, adds={"scalings": 1}))


def end_scaling(table: Table, sid: str, *, is_scaled: bool) -> None:
    """Record that an attempt to scale an image has ended. One that did not make it smaller is the last."""
    sets = {"scalings": None, **({} if is_scaled else {"scalable": False})}
    table.written(change("media", keys.media(sid), sets, EXISTS))


def _build_stored_media(media: Media, conversation: Conversation, message: Message) -> StoredMedia:
    return StoredMedia(
        sid=media.sid,
        service_sid=conversation.service_sid,
        created=message.created,
        updated=message.updated,
        content_type=media.content_type or "",
        size=media.size or 0,
        filename=media.filename,
        author=message.author,
        conversation_sid=conversation.sid,
        message_sid=message.sid,
        scalable=media.scalable,
    )
