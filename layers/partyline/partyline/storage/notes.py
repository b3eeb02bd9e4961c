"""Notes, in the partition of their conversation's messages: no text and no message reads or moves them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from partyline.domain import events, notes
from partyline.domain.conversations import Conversation
from partyline.domain.events import QUIETLY, Cause
from partyline.domain.notes import Note
from partyline.storage import codec, event_outbox, idempotency, keys, retry
from partyline.storage.conversation_items import CONVERSATION
from partyline.storage.table import EXISTS, NEW, Table, Write, change, check, delete, diff_items, put

# The label of the write of a note.
NOTE = "note"


def create(
    table: Table,
    conversation: Conversation,
    note: Note,
    *,
    cause: Cause = QUIETLY,
    beside: Sequence[Write] = (),
) -> None:
    """Store a new note with its event, and with the writes `beside` it, all or nothing.

    Raises Conflict when the conversation is gone, or a condition of `beside` does not hold.
    """
    added = notes.build_event("onNoteAdded", note, conversation)
    writes = [
        put(NOTE, _key_of(note), codec.encode(note), NEW),
        # So that none is stored after the clean-up of a removed conversation.
        check(CONVERSATION, keys.conversation(conversation.sid), EXISTS),
        *event_outbox.build_conversation_writes(conversation, cause, note.created, [added]),
        *beside,
    ]
    retry.STANDARD.run(lambda: table.transact(writes), can_retry=retry.is_race)


def fetch(table: Table, conversation_sid: str, sid: str) -> Note | None:
    """Read a note; return None when it does not exist."""
    item = table.get(keys.note(conversation_sid, sid))
    return codec.decode(Note, item) if item else None


def update(table: Table, conversation: Conversation, before: Note, after: Note, *, cause: Cause = QUIETLY) -> bool:
    """Store what differs between two states of a note, with its event; return False when the note is gone."""
    updated = notes.build_event("onNoteUpdated", after, conversation)
    sets = diff_items(codec.encode(before), codec.encode(after))
    return not sets or table.written(
        change(NOTE, _key_of(before), sets, EXISTS),
        *event_outbox.build_conversation_writes(conversation, cause, after.updated, [updated]),
    )


def remove(table: Table, conversation: Conversation, note: Note, now: datetime, *, cause: Cause = QUIETLY) -> bool:
    """Delete a note; return False when it is gone already.

    The answer of the request that created it loses its body.
    """
    if note.request_digest:
        idempotency.forget_body(table, note.conversation_sid, note.request_digest, note.sid)
    removed = notes.build_event("onNoteRemoved", note, conversation, DateRemoved=events.format_timestamp(now))
    return table.written(
        delete(NOTE, _key_of(note), EXISTS),
        *event_outbox.build_conversation_writes(conversation, cause, now, [removed]),
    )


def _key_of(note: Note) -> keys.Key:
    return keys.note(note.conversation_sid, note.sid)
