"""Events of the inbox. They are for live connections only: no webhook is called for them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from partyline import serialization
from partyline.domain import inbox
from partyline.domain.addresses import format_address
from partyline.domain.conversations import Conversation
from partyline.domain.events import Event, format_timestamp
from partyline.domain.inbox import EntryMember, EntryMessage, InboxEntry, ReadState

ENTRY_UPDATED, ENTRY_REMOVED, READ_STATE_UPDATED = "onInboxEntryUpdated", "onInboxEntryRemoved", "onReadStateUpdated"
# Those that are for the identities of their batch, and for no one else.
PRIVATE = frozenset({ENTRY_REMOVED, READ_STATE_UPDATED})


def is_private(events: Iterable[Event]) -> bool:
    """Whether a batch is only for the identities that it names."""
    return all(event.type in PRIVATE for event in events)


def is_of_entry(events: Iterable[Event]) -> bool:
    """Whether a batch tells of entries only. These follow from other events, so no entry follows from them."""
    return all(event.type in (ENTRY_UPDATED, ENTRY_REMOVED) for event in events)


def entry_updated_event(entry: InboxEntry) -> Event:
    """Build the event of an entry that is new or has changed. Staff who see the conversation get it."""
    given = {
        "ConversationSid": entry.conversation_sid,
        "ChatServiceSid": entry.service_sid,
        "Title": inbox.describe_title(entry),
        "State": entry.state.value,
        "Assignee": entry.assignee,
        "Line": format_address(entry.lines[0]) if entry.lines else None,
        "Members": _to_json([_describe_member(one) for one in entry.members]),
        "MemberCount": str(entry.member_count),
        "LastMessage": _to_json(_describe_message(entry.last_message)) if entry.last_message else None,
        "TapbackIndexes": _to_json(entry.tapbacks) if entry.tapbacks else None,
        "LastMessageIndex": str(entry.last_index) if entry.last_index >= 0 else None,
        "DateActive": format_timestamp(entry.active_at),
        "DateCreated": format_timestamp(entry.created),
    }
    return Event(ENTRY_UPDATED, {name: value for name, value in given.items() if value is not None})


def entry_removed_event(entry: InboxEntry) -> Event:
    """Build the event of an entry that is no longer in the lists of some people, since they lost sight of it."""
    return Event(ENTRY_REMOVED, {"ConversationSid": entry.conversation_sid, "ChatServiceSid": entry.service_sid})


def read_state_updated_event(conversation: Conversation, state: ReadState) -> Event:
    """Build the event of what a person has read, for the other connections of that person."""
    given = {
        "ConversationSid": conversation.sid,
        "ChatServiceSid": conversation.service_sid,
        "LastReadMessageIndex": None if state.last_read_index is None else str(state.last_read_index),
        "MarkedUnread": _to_json(state.marked_unread),
        "Muted": _to_json(state.muted),
    }
    return Event(READ_STATE_UPDATED, {name: value for name, value in given.items() if value is not None})


def _describe_member(member: EntryMember) -> dict[str, object]:
    number = format_address(member.number) if member.number else None
    return {**serialization.dump(member), "number": number}


def _describe_message(message: EntryMessage) -> dict[str, object]:
    described = serialization.dump(message)
    return {**described, "created": format_timestamp(message.created)}


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
