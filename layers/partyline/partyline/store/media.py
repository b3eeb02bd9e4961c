"""Files: uploaded ones until they are attached, and all that messages have. Their content is in media.storage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from partyline import events
from partyline.events import BY_TEXT
from partyline.model import Conversation, Media, MediaReference, MediaState, Message, StoredMedia
from partyline.store import happenings, items, keys, messages
from partyline.store.table import NEW, Condition, Table, Write, change, delete, put, retrying

# An upload that is attached to nothing is deleted after this, or a little later.
UNATTACHED_LIFE = timedelta(days=1)
_TRIES = 8
_FREE = Condition("attribute_exists(PK) AND attribute_not_exists(message_sid)")


def upload(table: Table, media: StoredMedia) -> None:
    """Note an upload, before its content is kept: what fails in between is deleted with it."""
    ttl = int((media.created + UNATTACHED_LIFE).timestamp())
    table.write(put("media", keys.media(media.sid), {**items.encode(media), "ttl": ttl}, NEW))


def find(table: Table, sids: Iterable[str]) -> dict[str, StoredMedia]:
    """The files that exist of these SIDs: one round trip."""
    found = table.get_all(keys.media(sid) for sid in sids)
    return {item["sid"]: items.stored_media(item) for item in found.values()}


def attaching_writes(message: Message) -> list[Write]:
    """Give a new message its uploads. Label: media, when one is gone or another message's."""
    mine = {"conversation_sid": message.conversation_sid, "message_sid": message.sid, "ttl": None}
    return [
        change("media", keys.media(part.sid), {**mine, "updated": items.from_time(message.created)}, _FREE)
        for part in message.media
        if part.state is MediaState.READY
    ]


def remove_unattached(table: Table, sid: str) -> bool:
    """Delete an upload; False when it is gone, or a message's."""
    return table.written(delete("media", keys.media(sid), _FREE))


def settle(
    table: Table, conversation: Conversation, reference: MediaReference, settled: Media | None, now: datetime
) -> bool:
    """Write down what became of a file of a text that came in: ready, failed, or None for what is no content and goes.
    Told as an update of the message. Exactly once; False when the message is gone, or it was settled before."""

    def attempt() -> bool:
        delivered = messages.fetch(table, reference.conversation_sid, reference.message_sid)
        before = delivered.message if delivered else None
        if before is None or all(part.sid != reference.media_sid for part in before.pending):
            return False
        kept = ((settled if part.sid == reference.media_sid else part) for part in before.media)
        after = replace(before, media=tuple(part for part in kept if part), updated=now)
        was, becomes = (items.encode(message)["media"] for message in (before, after))
        unchanged = Condition("#media = :before", {"#media": "media"}, {":before": was})
        key = keys.message(reference.conversation_sid, reference.message_sid)
        writes = [
            change("message", key, {"media": becomes, "updated": items.from_time(now)}, unchanged),
            *happenings.of(conversation, BY_TEXT, now, [events.message("onMessageUpdated", after, conversation)]),
        ]
        if settled and settled.state is MediaState.READY:
            writes.append(
                put("media", keys.media(settled.sid), items.encode(_stored(settled, conversation, after)), NEW)
            )
        table.transact(writes)
        return True

    return retrying(attempt, tries=_TRIES)


def _stored(settled: Media, conversation: Conversation, message: Message) -> StoredMedia:
    return StoredMedia(
        sid=settled.sid,
        service_sid=conversation.service_sid,
        created=message.created,
        updated=message.updated,
        content_type=settled.content_type or "",
        size=settled.size or 0,
        filename=settled.filename,
        author=message.author,
        conversation_sid=conversation.sid,
        message_sid=message.sid,
    )
