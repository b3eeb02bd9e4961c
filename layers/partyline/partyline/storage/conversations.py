"""Read conversations, and write changes of their fields and states: one transaction for each change.

partyline.storage.memberships writes changes of members.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from partyline.domain import activities, events, membership, roster_marks, threads, timers
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.events import BY_TIMER, QUIETLY, Cause, Event, EventBatch
from partyline.domain.membership import Roster
from partyline.domain.participants import Participant
from partyline.domain.webhook_configuration import ScopedWebhook
from partyline.errors import Conflict, RuleViolation
from partyline.frozen_classes import frozen, replace
from partyline.storage import activities as stored_activities
from partyline.storage import codec, contacts, conversation_attributes, event_outbox, keys, retry
from partyline.storage.attribute_values import Item
from partyline.storage.conversation_items import (
    CONVERSATION,
    NAME,
    change_writes,
    check_name_free,
    claim_name,
    no_new_message,
    release_thread,
    removal_writes,
    revision_matches,
    with_timer_entry,
)
from partyline.storage.table import Condition, Table, Write, change, delete

# The most bytes of identities in one event batch: an item holds 400 KB, a queue's message 256 KB.
_MAX_IDENTITIES = 150_000
# How often a conversation is read with its members that do not belong together.
_READS = 3
# What an update sets. What messages change is left out, so that an update and a concurrent message both hold.
_SET_BY_UPDATE = (
    *("friendly_name", "unique_name", "state", "messaging_service_sid", "inactive_after", "closed_after"),
    *("assignee", "created", "updated", "threads", "revision", "roster_mark", "due_at"),
    *conversation_attributes.NAMES,
)


# --- reading


# Large attributes are read where `whole` asks for them: by who shows them, publishes them or changes what they are.


def load(table: Table, sid: str, *, whole: bool = False) -> Roster | None:
    """Read a conversation with its participants: one query, two round trips beyond about 2,000 members.

    Reads again while a change of the members is being written. Raises Conflict when its attributes were not those of
    the conversation in any attempt.
    """
    return retry.STANDARD.run(partial(_load, table, sid, whole=whole))


def _load(table: Table, sid: str, *, whole: bool) -> Roster | None:
    for _ in range(_READS - 1):
        roster = _read_roster(table, sid, whole=whole)
        if roster is None or not roster.is_torn:
            return roster
    return _read_roster(table, sid, whole=whole)


def _read_roster(table: Table, sid: str, *, whole: bool) -> Roster | None:
    conversation: Conversation | None = None
    attributes: Item | None = None
    members: list[Participant] = []
    has_webhooks = False
    for item in table.query_all(keys.conversation(sid).pk, between=_partition(sid, whole=whole)):
        if item["SK"].startswith(keys.PARTICIPANTS):
            members.append(codec.decode(Participant, item))
        elif item["SK"] == keys.conversation(sid).sk:
            conversation = codec.decode(Conversation, item)
        elif item["SK"] == keys.attributes(sid).sk:
            attributes = item
        elif item["SK"].startswith(keys.WEBHOOKS):
            has_webhooks = True
    if conversation is None:
        return None
    # A webhook may have been written since, or be one that the query has not seen yet.
    is_unknown = conversation.had_webhooks and not has_webhooks
    complete = conversation_attributes.complete(conversation, attributes) if whole else conversation
    return Roster(complete, tuple(members), None if is_unknown else has_webhooks)


def _partition(sid: str, *, whole: bool) -> tuple[str, str]:
    """Return the sort keys of what is read of a conversation: all, or all behind its attributes."""
    first = keys.attributes(sid) if whole else keys.conversation(sid)
    # "~" sorts behind every letter.
    return first.sk, "~"


def fetch(table: Table, sid: str, *, whole: bool = False) -> Conversation | None:
    """Read a conversation without its participants, in one round trip. Raises Conflict as `load`."""
    return retry.STANDARD.run(partial(_fetch_whole, table, sid)) if whole else _fetch(table, sid)


def _fetch(table: Table, sid: str) -> Conversation | None:
    item = table.get(keys.conversation(sid))
    return codec.decode(Conversation, item) if item else None


def _fetch_whole(table: Table, sid: str) -> Conversation | None:
    key, beside = keys.conversation(sid), keys.attributes(sid)
    found = {item["SK"]: item for item in table.query(key.pk, between=(beside.sk, key.sk)).items}
    if key.sk not in found:
        return None
    return conversation_attributes.complete(codec.decode(Conversation, found[key.sk]), found.get(beside.sk))


def fetch_many(table: Table, conversation_sids: Iterable[str]) -> list[Conversation]:
    """Read some conversations without their participants: one round trip for each hundred."""
    found = table.get_all({keys.conversation(sid) for sid in conversation_sids})
    return [codec.decode(Conversation, item) for item in found.values()]


def complete_many(table: Table, found: Iterable[Conversation]) -> dict[str, Conversation]:
    """Return conversations with their attributes, by SID: a round trip for each hundred that have them apart.

    One whose attributes have just changed is read anew; without it where it is gone. Raises Conflict as `load`.
    """
    known = {one.sid: one for one in found}
    unread = [one.sid for one in known.values() if not one.is_whole]
    beside = table.get_all(map(keys.attributes, unread)) if unread else {}
    complete: dict[str, Conversation] = {}
    for sid, one in known.items():
        try:
            current: Conversation | None = conversation_attributes.complete(one, beside.get(keys.attributes(sid)))
        except Conflict:
            current = fetch(table, sid, whole=True)
        complete |= {sid: current} if current else {}
    return complete


def find_by_unique_name(table: Table, service_sid: str, name: str) -> str | None:
    """Find the conversation with a unique name; return its SID."""
    item = table.get(keys.unique_name(service_sid, name))
    return item["conversation_sid"] if item else None


def find_owner(table: Table, thread: str) -> str | None:
    """Find the open conversation that owns a thread; return its SID."""
    item = table.get(keys.thread(threads.digest(thread)))
    return item["conversation_sid"] if item else None


def find_open_owner(table: Table, thread: str, now: datetime, *, whole: bool = False) -> Conversation | None:
    """Find the open conversation that owns a thread.

    Returns None when its timers have closed it, also when that is not stored yet. Raises Conflict as `load`.
    """
    owner = find_owner(table, thread)
    found = fetch(table, owner, whole=whole) if owner else None
    return found if found and timers.apply_due(found, now).is_open else None


# --- changing


@frozen
class _Announcement:
    """What to publish with a change.

    The events in `first` come before those of the change. Its state event has the `error_code`.
    """

    cause: Cause
    first: tuple[Event, ...] = ()
    error_code: int | None = None


def update(
    table: Table, before: Conversation, after: Conversation, now: datetime, *, cause: Cause = QUIETLY
) -> Conversation:
    """Store changed fields of a conversation, unless another request changed it; closing it releases its threads.

    It was read whole, since the event has its attributes. `after` keeps the SID, threads, revision and last index of
    `before`.

    Raises RuleViolation unique_name_exists, and conversation_changed when another request changed it meanwhile.
    """
    try:
        return _update(table, before, after, now, _Announcement(cause), revision_matches(before))
    except Conflict as conflict:
        raise RuleViolation("conversation_changed") from conflict


def _update(
    table: Table,
    before: Conversation,
    after: Conversation,
    now: datetime,
    announcement: _Announcement,
    condition: Condition,
) -> Conversation:
    """Store changed fields of a conversation while a condition holds.

    Raises RuleViolation unique_name_exists, and Conflict, with nothing in `failed`, when the condition does not hold.
    """
    is_closing = before.is_open and not after.is_open
    changed = roster_marks.raise_revision(replace(after, threads=frozenset() if is_closing else after.threads))
    changed, entries = with_timer_entry(before, changed, now)
    if changed.attributes != before.attributes:
        changed = conversation_attributes.place(changed)
    published = events.conversation_changed_events(before, after, announcement.cause.reason, announcement.error_code)
    noted = activities.describe_change(before, after, announcement.cause, now)
    writes = [
        *change_writes(before, changed, _build_sets(before, changed), condition),
        *conversation_attributes.build_writes(before, changed),
        *entries,
        *event_outbox.build_conversation_writes(changed, announcement.cause, now, [*announcement.first, *published]),
        *stored_activities.build_writes(before, noted, announcement.cause, now),
        *([release_thread(thread, before.sid) for thread in sorted(before.threads)] if is_closing else []),
        *_rename_writes(before, after),
    ]
    try:
        # A text that is being recorded writes the same item, and changes nothing that the condition is about.
        retry.STANDARD.run(lambda: table.transact(writes), can_retry=retry.is_race)
    except Conflict as conflict:
        check_name_free(conflict)
        raise Conflict({}) from conflict
    return changed


def _build_sets(before: Conversation, after: Conversation) -> Item:
    """Build what an update sets in a conversation's own item."""
    item = conversation_attributes.encode(after)
    moved = ("active_at",) if before.active_at != after.active_at else ()
    return {name: item.get(name) for name in (*_SET_BY_UPDATE, *moved)}


def _rename_writes(before: Conversation, after: Conversation) -> list[Write]:
    if before.unique_name == after.unique_name:
        return []
    return [
        *([delete("old_name", keys.unique_name(before.service_sid, before.unique_name))] if before.unique_name else []),
        *([claim_name(after, after.unique_name)] if after.unique_name else []),
    ]


# --- timers


def apply_due_timers(table: Table, conversation: Conversation, now: datetime) -> Conversation | None:
    """Store each change of state that a conversation's timers have made, with its event.

    Returns the changed conversation, None when it is gone; with its attributes if it was given with them. Repeats
    change nothing. Raises Conflict when other requests win every race.
    """
    current: Conversation | None = conversation

    def attempt() -> Conversation | None:
        nonlocal current
        while current is not None and (after := timers.next_change(current, now)) is not None:
            try:
                # A new message would have restarted the timers.
                current = _update(table, current, after, now, _Announcement(BY_TIMER), no_new_message(current))
            except Conflict:
                current = fetch(table, conversation.sid, whole=conversation.is_whole)
                raise
        return current

    return retry.STANDARD.run(attempt)


def reschedule_timer(table: Table, conversation: Conversation, now: datetime) -> None:
    """Schedule a conversation's next check, after a check.

    This increments the revision, so that a request that read the old time does not store it again. Raises Conflict when
    another request changed the conversation first.
    """
    scheduled, entries = with_timer_entry(None, conversation, now)
    if entries or conversation.due_at:
        item = codec.encode(roster_marks.raise_revision(scheduled))
        moved = {name: item.get(name) for name in ("due_at", "revision", "roster_mark")}
        key = keys.conversation(conversation.sid)
        table.transact([change(CONVERSATION, key, moved, revision_matches(conversation)), *entries])


# --- activation


def activate(table: Table, roster: Roster, now: datetime) -> None:
    """Move an initializing conversation to its initial state, and announce its members.

    Changes nothing in other states. Raises Conflict when another request or a text changed it since it was read.
    """
    before = roster.conversation
    if before.state is ConversationState.INITIALIZING:
        after, added = membership.activate(roster, now)
        announcement = _Announcement(membership.activation_cause(before), tuple(added))
        _update(table, before, after, now, announcement, no_new_message(before))


def fail_activation(table: Table, conversation: Conversation, now: datetime, *, error_code: int) -> None:
    """Close an initializing conversation and release its threads; its event has the `error_code`.

    Raises Conflict as `activate`.
    """
    if conversation.state is ConversationState.INITIALIZING:
        closed = replace(conversation, state=ConversationState.CLOSED, updated=now)
        announcement = _Announcement(membership.activation_cause(conversation), error_code=error_code)
        _update(table, conversation, closed, now, announcement, no_new_message(conversation))


# --- removal


def remove(
    table: Table, conversation: Conversation, condition: Condition | None = None, *, batches: Iterable[EventBatch] = ()
) -> None:
    """Delete a conversation and release its threads and name, in one transaction.

    `condition` defaults to: the conversation is unchanged since it was read. The conversation's items are out of reach
    at once and are deleted asynchronously (partyline.lifecycle.cleanup). Raises Conflict when the condition does not
    hold.
    """
    writes = [
        delete(CONVERSATION, keys.conversation(conversation.sid), condition or revision_matches(conversation)),
        *removal_writes(conversation),
        *(release_thread(thread, conversation.sid) for thread in sorted(conversation.threads)),
        *event_outbox.build_writes(*batches),
    ]
    if conversation.unique_name:
        writes.append(delete(NAME, keys.unique_name(conversation.service_sid, conversation.unique_name)))
    table.transact(writes)


def removal_events(table: Table, conversation: Conversation, now: datetime, cause: Cause) -> list[EventBatch]:
    """Build the event batches of the removal of a conversation that was read whole.

    They include their recipients, which cannot be found after the removal. There is more than one batch only when an
    item cannot hold all identities; webhooks are called for the first.
    """
    identities, webhooks, handsets = [], [], set()
    behind_attributes = _partition(conversation.sid, whole=False)
    for item in table.query_all(keys.conversation(conversation.sid).pk, between=behind_attributes):
        if item["SK"].startswith(keys.PARTICIPANTS):
            identities += [item["identity"]] if "identity" in item else []
            handsets |= {item["address"]} if "address" in item else set()
        elif item["SK"].startswith(keys.WEBHOOKS):
            webhooks.append(codec.decode(ScopedWebhook, item))
    removed = events.conversation_removed_event(conversation, now)
    first, *others = _split_identities(identities)
    owners = contacts.fetch_owners(table, conversation.service_sid, handsets)
    blank = EventBatch(
        conversation.service_sid,
        conversation.sid,
        cause,
        now,
        (removed,),
        webhooks=tuple(webhooks),
        owners=tuple(sorted(owners)) or None,
    )
    return [
        replace(blank, identities=first),
        *(replace(blank, cause=replace(cause, notify_webhooks=False), identities=part) for part in others),
    ]


def _split_identities(identities: Iterable[str]) -> list[tuple[str, ...]]:
    """Split identities into one or more parts of at most _MAX_IDENTITIES bytes."""
    parts: list[list[str]] = [[]]
    size = 0
    for identity in identities:
        # A queue's message escapes characters outside ASCII.
        length = len(json.dumps(identity))
        if size + length > _MAX_IDENTITIES:
            parts.append([])
            size = 0
        parts[-1].append(identity)
        size += length
    return [tuple(part) for part in parts]
