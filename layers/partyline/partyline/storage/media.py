"""Files: uploaded ones until they are attached, and all that messages have. Their content is in media.storage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from partyline.domain import events
from partyline.domain.attachments import Media, MediaReference, MediaState, StoredMedia
from partyline.domain.conversations import Conversation
from partyline.domain.events import BY_TEXT
from partyline.domain.messages import Message
from partyline.serialization import format_time
from partyline.storage import codec, event_outbox, keys, messages, retry
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, change, delete, put

# An upload that is attached to nothing is deleted after this, or a little later.
UNATTACHED_LIFE = timedelta(days=1)
# Why a file that is ready did not reach every handset: it is too much for their carrier, and could not be made smaller.
LEFT_OUT = "left_out"
# How many attempts to make an image smaller may end without a word: a deployment can end one, and an image all.
MAX_SCALINGS = 2
_FREE = Condition("attribute_exists(PK) AND attribute_not_exists(message_sid)")


def upload(table: Table, media: StoredMedia) -> None:
    """Note an upload, before its content is kept: what fails in between is deleted with it."""
    ttl = int((media.created + UNATTACHED_LIFE).timestamp())
    table.write(put("media", keys.media(media.sid), {**codec.encode(media), "ttl": ttl}, NEW))


def fetch_many(table: Table, sids: Iterable[str]) -> dict[str, StoredMedia]:
    """The files that exist of these SIDs: one round trip."""
    found = table.get_all(keys.media(sid) for sid in sids)
    return {item["sid"]: codec.decode(StoredMedia, item) for item in found.values()}


def attaching_writes(message: Message) -> list[Write]:
    """Give a new message its uploads. Label: media, when one is gone or another message's."""
    mine = {"conversation_sid": message.conversation_sid, "message_sid": message.sid, "ttl": None}
    return [
        change("media", keys.media(part.sid), {**mine, "updated": format_time(message.created)}, _FREE)
        for part in message.media
        if part.state is MediaState.READY
    ]


def remove_unattached(table: Table, sid: str) -> bool:
    """Delete an upload; False when it is gone, or a message's."""
    return table.written(delete("media", keys.media(sid), _FREE))


@dataclass(frozen=True, slots=True)
class FinishOutcome:
    """What a file has become; `media` is None where it is none of its message's any more."""

    media: Media | None


def finish(
    table: Table, conversation: Conversation, reference: MediaReference, settled: Media | None, now: datetime
) -> FinishOutcome | None:
    """Write down what became of a file of a text that came in: ready, failed, or None for what is no content and goes.
    The last thing that a message has does not go, since that would leave a message of nothing: it has failed.

    Told as an update of the message. Exactly once; None when the message is gone, or it was settled before.
    """

    def become(part: Media) -> Media | None:
        return settled if part.sid == reference.media_sid and part.state is MediaState.PENDING else part

    def stored(after: Message) -> list[Write]:
        if settled is None or settled.state is not MediaState.READY:
            return []
        return [put("media", keys.media(settled.sid), codec.encode(_stored(settled, conversation, after)), NEW)]

    after = _amend(table, conversation, reference.message_sid, become, now, stored)
    return (
        FinishOutcome(next((part for part in after.media if part.sid == reference.media_sid), None)) if after else None
    )


def remove_from_message(
    table: Table, conversation: Conversation, message_sid: str, sids: Collection[str], now: datetime
) -> bool:
    """Note on a message which of its files some handsets do not get. Told as an update of it; False when that was noted
    before, or the message is gone."""

    def become(part: Media) -> Media:
        return replace(part, error=part.error or LEFT_OUT) if part.sid in sids else part

    return _amend(table, conversation, message_sid, become, now) is not None


def _amend(
    table: Table,
    conversation: Conversation,
    message_sid: str,
    become: Callable[[Media], Media | None],
    now: datetime,
    beside: Callable[[Message], list[Write]] = lambda _: [],
) -> Message | None:
    """Change the files of a message, with the writes that go `beside` it: what it is then, None when there is nothing
    to change."""

    def attempt() -> Message | None:
        delivered = messages.fetch(table, conversation.sid, message_sid)
        before = delivered.message if delivered else None
        if before is None:
            return None
        media = tuple(part for part in map(become, before.media) if part)
        if not (media or before.body):
            media = tuple(replace(part, state=MediaState.FAILED, error="empty") for part in before.media)
        if media == before.media:
            return None
        after = replace(before, media=media, updated=now)
        was, becomes = (codec.encode(message)["media"] for message in (before, after))
        unchanged = Condition("#media = :before", {"#media": "media"}, {":before": was})
        sets = {"media": becomes, "updated": format_time(now)}
        table.transact(
            [
                change("message", keys.message(conversation.sid, message_sid), sets, unchanged),
                *event_outbox.build_conversation_writes(
                    conversation, BY_TEXT, now, [events.message_event("onMessageUpdated", after, conversation)]
                ),
                *beside(after),
            ]
        )
        return after

    return retry.STANDARD.run(attempt)


def begin_scaling(table: Table, sid: str) -> bool:
    """Note that an image is about to be made smaller, so that one that ends its function is not tried for ever. False
    where that has happened before, where it is known to be of no use, and where the file is gone."""
    may_try = Condition(
        "attribute_exists(PK) AND (attribute_not_exists(#n) OR #n < :most)"
        " AND (attribute_not_exists(#scalable) OR #scalable <> :no)",
        {"#n": "scalings", "#scalable": "scalable"},
        {":most": MAX_SCALINGS, ":no": False},
    )
    return table.written(change("media", keys.media(sid), {}, may_try, adds={"scalings": 1}))


def end_scaling(table: Table, sid: str, *, made: bool) -> None:
    """Note that such an attempt has come to an end: another one is of use only where it made the image smaller."""
    table.written(change("media", keys.media(sid), {"scalings": None, **({} if made else {"scalable": False})}, EXISTS))


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
        scalable=settled.scalable,
    )
