"""What people have read of conversations, whether they are members or only see them.

Of a member it is stored in the participant: it is the same data as Twilio's read horizon and notification level. Of
anyone else it is an item of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from partyline.domain import inbox, inbox_events, sids
from partyline.domain.conversations import Conversation
from partyline.domain.events import Cause, EventBatch, Source
from partyline.domain.inbox import ReadState
from partyline.domain.participants import Participant
from partyline.errors import Conflict, RuleViolation
from partyline.frozen_classes import frozen, replace
from partyline.storage import codec, event_outbox, inbox_keys, memberships
from partyline.storage.table import Table, Write, change


@frozen
class Reader:
    """A person who sees a conversation; `member` is the member that they are, if any."""

    identity: str
    conversation: Conversation
    member: Participant | None = None


def fetch(table: Table, reader: Reader) -> ReadState:
    """Read what a person has read of a conversation, in one round trip."""
    item = table.get(inbox_keys.read_state(reader.conversation.sid, reader.identity))
    return inbox.read_state_of(reader.member, codec.decode(ReadState, item) if item else None)


def fetch_many(table: Table, conversation_sid: str, identities: Iterable[str]) -> dict[str, ReadState]:
    """Read what some people who are no members have read of a conversation: one round trip for each hundred."""
    places = {inbox_keys.read_state(conversation_sid, identity): identity for identity in identities}
    return {places[key]: codec.decode(ReadState, item) for key, item in table.get_all(places).items()}


def save(table: Table, reader: Reader, before: ReadState, changes: Mapping[str, Any], now: datetime) -> ReadState:
    """Store the changed fields of a read state, with the event for the person's other connections.

    Concurrent changes of different fields all hold. Raises RuleViolation participant_not_found when the member is gone,
    and Conflict when another request is writing the same items.
    """
    after = replace(before, **changes)
    if after == before:
        return before
    conversation, member = reader.conversation, reader.member
    if member is None:
        key = inbox_keys.read_state(conversation.sid, reader.identity)
        sets = {name: value if value is not False else None for name, value in changes.items()}
        writes = [change("read_state", key, {**sets, "identity": reader.identity})]
    else:
        marked = inbox.mark_member(member, after, now)
        writes = memberships.touch_writes(conversation, member, marked, now, Cause(Source.SDK, reader.identity))
    try:
        table.transact([*writes, *_event_writes(reader, after, now)])
    except Conflict as conflict:
        if conflict.failed.get("member") != {}:
            raise
        raise RuleViolation("participant_not_found") from conflict
    return after


def _event_writes(reader: Reader, after: ReadState, now: datetime) -> list[Write]:
    conversation, identity = reader.conversation, reader.identity
    updated = inbox_events.read_state_updated_event(conversation, after)
    cause = Cause(Source.SDK, identity, notify_webhooks=False)
    subject = sids.user(conversation.service_sid, identity)
    return event_outbox.build_writes(
        EventBatch(conversation.service_sid, subject, cause, now, (updated,), identities=(identity,))
    )
