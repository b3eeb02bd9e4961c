"""Conversations with their participants, threads and unique names: one partition, one transaction for each change.

A thread's item exists exactly while an open conversation owns it, so "one open conversation per set of people" is the
condition of one write. Every change of members claims and releases threads in the transaction that makes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from partyline import refusals
from partyline.domain import events, threads, timers
from partyline.domain.conversations import (
    Conversation,
    ConversationState,
    alias_threads,
    group_of,
    masked_threads,
    threads_of,
)
from partyline.domain.events import BY_TIMER, QUIETLY, Cause, Event, EventBatch, Reason, Source
from partyline.domain.participants import SYSTEM, Participant
from partyline.domain.webhook_configuration import ScopedWebhook
from partyline.errors import ApiError, Conflict
from partyline.serialization import format_time
from partyline.storage import codec, event_outbox, keys, retry, schedule, users
from partyline.storage.schedule import ScheduleKind
from partyline.storage.table import EXISTS, NEW, Condition, Item, Table, Write, change, delete, diff_items, put

Made = TypeVar("Made")

# How much of identities one happening names, in bytes: an item holds 400 KB, and a queue's message 256.
_MAX_IDENTITIES = 150_000
# A conversation is closed in one transaction, with all its threads. Handsets show the newest of the smaller ones.
_MAX_SMALLER = 4
_THREAD, _NAME, _CONVERSATION = "thread:", "unique_name", "conversation"
_CHANGEABLE = (
    "friendly_name",
    "unique_name",
    "attributes",
    "state",
    "messaging_service_sid",
    "inactive_after",
    "closed_after",
)
_BY_MEMBERS = ("threads", "revision", "updated", "active_at", "state", "due_at", "GSI2PK")


@dataclass(frozen=True, slots=True)
class Roster:
    """A conversation and everybody in it, in the order of joining."""

    conversation: Conversation
    participants: tuple[Participant, ...]

    def with_member(self, participant: Participant) -> tuple[Participant, ...]:
        """The members with one added or replaced."""
        others = [member for member in self.participants if member.sid != participant.sid]
        return tuple(sorted([*others, participant], key=lambda member: member.sid))

    def without(self, participant: Participant) -> tuple[Participant, ...]:
        """The members with one gone."""
        return tuple(member for member in self.participants if member.sid != participant.sid)


# --- reading


def load(table: Table, sid: str) -> Roster | None:
    """A conversation with its participants, in one query (two round trips beyond about 2,000 members)."""
    conversation: Conversation | None = None
    members: list[Participant] = []
    for item in table.query_all(keys.conversation(sid).pk):
        if item["SK"].startswith(keys.PARTICIPANTS):
            members.append(codec.decode(Participant, item))
        elif item["SK"] == keys.conversation(sid).sk:
            conversation = codec.decode(Conversation, item)
    return Roster(conversation, tuple(members)) if conversation else None


def fetch(table: Table, sid: str) -> Conversation | None:
    """A conversation without its participants."""
    item = table.get(keys.conversation(sid))
    return codec.decode(Conversation, item) if item else None


def find_by_unique_name(table: Table, service_sid: str, name: str) -> str | None:
    """The SID of the conversation with a unique name."""
    item = table.get(keys.unique_name(service_sid, name))
    return item["conversation_sid"] if item else None


def find_owner(table: Table, thread: str) -> str | None:
    """The SID of the open conversation that owns a thread."""
    item = table.get(keys.thread(threads.digest(thread)))
    return item["conversation_sid"] if item else None


def find_open_owner(table: Table, thread: str, now: datetime) -> Conversation | None:
    """The same conversation; None when time has closed it, also where nobody has written that down yet."""
    owner = find_owner(table, thread)
    found = fetch(table, owner) if owner else None
    return found if found and timers.apply_due(found, now).is_open else None


# --- writing


def create(
    table: Table,
    conversation: Conversation,
    participants: Sequence[Participant],
    now: datetime,
    *,
    cause: Cause = QUIETLY,
    every_thread: bool = False,
    known: Collection[str] = (),
) -> Conversation:
    """Store a new conversation with its members and claim its threads, all or nothing; `every_thread` must be free, a
    pair's too; `known` identities must be users still. The members of one that is initializing are told of when it
    becomes active.

    Returns it with the threads that it owns. Raises ApiError 50353, 50416, 50438.
    """

    def attempt(owned: frozenset[str]) -> Conversation:
        made = replace(conversation, threads=owned)
        told = creation_events(made, participants)
        writes = creation_writes(made, participants, now, cause=cause, known=known)
        table.transact([*writes, *event_outbox.build_conversation_writes(made, cause, now, told)])
        return made

    wanted = {thread: every_thread or must for thread, must in plan_claims(participants).items()}
    return _claiming(table, wanted, now, attempt)


def creation_writes(
    conversation: Conversation,
    participants: Sequence[Participant],
    now: datetime,
    *,
    cause: Cause = QUIETLY,
    known: Collection[str] = (),
) -> list[Write]:
    """The writes of a new conversation, its members and the threads it names."""
    watched, watching = _watched(None, conversation, now)
    return [
        put(_CONVERSATION, keys.conversation(conversation.sid), conversation_item(watched), NEW),
        *watching,
        *(_put_member(conversation, member) for member in participants),
        *users.joining_writes(conversation.service_sid, participants, now, cause, known),
        *(_claim(thread, conversation, participants) for thread in sorted(conversation.threads)),
        *([_claim_name(conversation, conversation.unique_name)] if conversation.unique_name else []),
    ]


def creation_events(made: Conversation, participants: Iterable[Participant], **more: str) -> list[Event]:
    """What a new conversation is told as; a text that makes it brings more."""
    members = () if made.state is ConversationState.INITIALIZING else participants
    added = (events.participant_event("onParticipantAdded", member, made) for member in members)
    return [events.conversation_event("onConversationAdded", made, **more), *added]


def _watched(before: Conversation | None, after: Conversation, now: datetime) -> tuple[Conversation, list[Write]]:
    """A changed conversation with when it is looked at next, and the entry for that, unless an earlier one stands.

    What only moves a timer further away leaves the entry where it is: whoever looks enters it anew. So activity costs
    nothing.
    """
    wanted, standing = timers.next_check(after, now), before.due_at if before else None
    if wanted is not None and standing is not None and now < standing <= wanted:
        return after, []
    entered = [] if wanted is None else [schedule.build_entry(ScheduleKind.CONVERSATION, after.sid, wanted)]
    return replace(after, due_at=wanted), entered


def conversation_item(conversation: Conversation) -> Item:
    """A conversation with its places in the lists by date and by state."""
    dated = keys.dated(format_time(conversation.created), conversation.sid)
    item = {
        **codec.encode(conversation),
        "GSI1PK": keys.sharded(keys.conversation_list(conversation.service_sid), conversation.sid),
        "GSI1SK": dated,
        "GSI2PK": _state_partition(conversation),
        "GSI2SK": dated,
    }
    if conversation.state is ConversationState.INITIALIZING:
        item["outbox"] = "activate"
    return item


def reactivation_update(conversation: Conversation, now: datetime) -> tuple[Item, list[Write]]:
    """What a message changes of an inactive conversation, which it makes active again, and the entry for its timers."""
    active = replace(conversation, state=ConversationState.ACTIVE, active_at=now, revision=conversation.revision + 1)
    watched, entered = _watched(conversation, active, now)
    item = conversation_item(watched)
    return {name: item.get(name) for name in ("state", "revision", "due_at", "GSI2PK")}, entered


def _state_partition(conversation: Conversation) -> str:
    """Where the list by state keeps a conversation."""
    return keys.sharded(keys.state_list(conversation.service_sid, conversation.state), conversation.sid)


def update(
    table: Table,
    before: Conversation,
    after: Conversation,
    now: datetime,
    *,
    cause: Cause = QUIETLY,
    first: Iterable[Event] = (),
    error_code: int | None = None,
    condition: Condition | None = None,
) -> Conversation:
    """Store changed fields of a conversation, while it is `unchanged`, or as another condition says; closing it
    releases its threads. `first` is told before the change, `error_code` with it.

    `after` keeps the SID, threads, revision and last index of `before`. Raises ApiError 50349 when another request
    changed it meanwhile, 50353.
    """
    closing = before.is_open and not after.is_open
    kept = replace(after, threads=frozenset() if closing else after.threads, revision=before.revision + 1)
    kept, watching = _watched(before, kept, now)
    item = conversation_item(kept)
    # What messages change is left alone: one that is recorded meanwhile and this change both hold.
    sets = {name: item.get(name) for name in (*_CHANGEABLE, "created", "updated", "threads", "revision", "due_at")}
    if before.active_at != after.active_at:
        sets["active_at"] = item.get("active_at")
    sets |= {name: item[name] for name in ("GSI1SK", "GSI2PK", "GSI2SK")}
    told = [*first, *events.conversation_changed_events(before, after, cause.reason, error_code)]
    writes = [
        change(_CONVERSATION, keys.conversation(before.sid), sets, condition or revision_matches(before)),
        *watching,
        *event_outbox.build_conversation_writes(kept, cause, now, told),
    ]
    if closing:
        writes += [_release(thread, before.sid) for thread in sorted(before.threads)]
    if before.unique_name != after.unique_name:
        if before.unique_name:
            writes.append(delete("old_name", keys.unique_name(before.service_sid, before.unique_name)))
        if after.unique_name:
            writes.append(_claim_name(after, after.unique_name))
    try:
        table.transact(writes)
    except Conflict as conflict:
        _raise_name_taken(conflict)
        raise refusals.conversation_changed() from conflict
    return kept


def apply_due_timers(table: Table, conversation: Conversation, now: datetime) -> Conversation | None:
    """Write down what time has made of a conversation, each change told of by itself; as it is then, None when it is
    gone. Repeats change nothing. Raises Conflict when other requests change it again and again."""
    known: Conversation | None = conversation

    def attempt() -> Conversation | None:
        nonlocal known
        while known is not None and (then := timers.next_change(known, now)) is not None:
            try:
                # Nor may a message have come: it would have started the timers anew.
                known = update(table, known, then, now, cause=BY_TIMER, condition=no_new_message(known))
            except ApiError as changed:
                known = fetch(table, conversation.sid)
                raise Conflict({}) from changed
        return known

    return retry.STANDARD.run(attempt)


def reschedule_timer(table: Table, conversation: Conversation, now: datetime) -> None:
    """Enter when to look at a conversation next, after somebody has looked. Counts as a change, so that a request which
    read the old time does not write it again. Raises Conflict when another request was faster."""
    watched, entered = _watched(None, conversation, now)
    if entered or conversation.due_at:
        moved = {"due_at": codec.encode(watched).get("due_at"), "revision": conversation.revision + 1}
        key = keys.conversation(conversation.sid)
        table.transact([change(_CONVERSATION, key, moved, revision_matches(conversation)), *entered])


def activate(table: Table, roster: Roster, now: datetime) -> None:
    """Move an initializing conversation to the state that it begins in, and tell of its members. One that has got a
    text meanwhile is active. Other states change nothing. Raises Conflict when another request or a text changed it
    since it was read."""
    before = roster.conversation
    if before.state is not ConversationState.INITIALIZING:
        return
    state = before.initial_state if before.last_index < 0 else ConversationState.ACTIVE
    after = replace(before, state=state, updated=now, active_at=now)
    added = [events.participant_event("onParticipantAdded", member, after) for member in roster.participants]
    _end_initializing(table, before, after, now, added)


def fail_activation(table: Table, conversation: Conversation, now: datetime, *, error_code: int) -> None:
    """Close an initializing conversation, and release its threads; `error_code` is told with it. Raises Conflict as
    `activate`."""
    if conversation.state is ConversationState.INITIALIZING:
        closed = replace(conversation, state=ConversationState.CLOSED, updated=now)
        _end_initializing(table, conversation, closed, now, error_code=error_code)


def activation_cause(conversation: Conversation) -> Cause:
    """Who made a conversation that is initializing."""
    made_by_person = conversation.created_by != SYSTEM
    return Cause(
        Source.SDK if made_by_person else Source.API,
        conversation.created_by if made_by_person else None,
        notify_webhooks=conversation.notify_webhooks,
        reason=Reason.EVENT,
    )


def _end_initializing(
    table: Table,
    before: Conversation,
    after: Conversation,
    now: datetime,
    told: Iterable[Event] = (),
    error_code: int | None = None,
) -> None:
    cause = activation_cause(before)
    try:
        update(
            table, before, after, now, cause=cause, first=told, error_code=error_code, condition=no_new_message(before)
        )
    except ApiError as changed:
        raise Conflict({}) from changed


def change_members(
    table: Table,
    roster: Roster,
    members: Sequence[Participant],
    now: datetime,
    *,
    cause: Cause = QUIETLY,
    known: Collection[str] = (),
) -> Roster:
    """Store a changed set of members: claims the threads it wants, releases those it no longer has, in one transaction.

    A pair that another conversation has is not claimed and the change still succeeds (the usual case: a group is built
    member by member with a client who has a 1:1 already). So it does when a group only gets smaller: a member
    can always leave (decision 0034). Raises ApiError 50416, 50438, and Conflict when another request changed the
    conversation since `roster` was read, or an identity is no user any more that is `known` as one.
    """
    before = {member.sid: member for member in roster.participants}
    after = {member.sid: member for member in members}
    conversation = roster.conversation
    wanted = plan_claims(members, roster.participants) if conversation.is_open else {}
    # A new member wakes an inactive conversation.
    wakes = conversation.state is ConversationState.INACTIVE and bool(after.keys() - before.keys())
    state = ConversationState.ACTIVE if wakes else conversation.state

    same_group = group_of(members).thread == group_of(roster.participants).thread
    smaller = alias_threads(conversation.threads, members) if same_group else frozenset()

    def attempt(claimed: frozenset[str]) -> Roster:
        owned = claimed | smaller
        changed = replace(
            conversation,
            threads=owned,
            revision=conversation.revision + 1,
            updated=now,
            active_at=now,
            state=state,
        )
        changed, watching = _watched(conversation, changed, now)
        item = conversation_item(changed)
        sets = {name: item.get(name) for name in _BY_MEMBERS}
        told = [*events.membership_events(changed, roster.participants, members, now)]
        if wakes:
            told.append(events.state_updated_event(conversation, changed, Reason.EVENT))
        gone = [member for sid, member in before.items() if sid not in after or after[sid].identity != member.identity]
        writes = [
            change(_CONVERSATION, keys.conversation(conversation.sid), sets, revision_matches(conversation)),
            *watching,
            *event_outbox.build_conversation_writes(changed, cause, now, told, events.identities_of(gone)),
            *(delete("member", keys.participant(conversation.sid, sid)) for sid in before.keys() - after.keys()),
            *(_put_member(conversation, member) for sid, member in after.items() if sid not in before),
            *(
                _change_member(conversation, before[sid], member)
                for sid, member in after.items()
                if sid in before and before[sid] != member
            ),
            *users.joining_writes(conversation.service_sid, _new_identities(before, after), now, cause, known),
            *(_release(thread, conversation.sid) for thread in sorted(conversation.threads - owned)),
            *(_claim(thread, conversation, members) for thread in sorted(owned - conversation.threads)),
        ]
        table.transact(writes)
        return Roster(changed, tuple(after.values()))

    return _claiming(table, wanted, now, attempt)


def _new_identities(before: Mapping[str, Participant], after: Mapping[str, Participant]) -> list[Participant]:
    """The members that bring an identity which was not there."""
    known = {member.identity for member in before.values()}
    return [member for member in after.values() if member.identity not in known]


def touch_member(
    table: Table,
    conversation: Conversation,
    before: Participant,
    after: Participant,
    now: datetime,
    *,
    cause: Cause = QUIETLY,
) -> None:
    """Store changes of a member that no thread depends on (attributes, role, read horizon, dates). Raises ApiError
    50432 when it is gone, and Conflict when somebody else has its place by now."""
    if before == after:
        return
    updated = [events.participant_event("onParticipantUpdated", after, conversation)]
    told = event_outbox.build_conversation_writes(conversation, cause, now, updated)
    try:
        table.transact([_change_member(conversation, before, after, member_matches(before)), *told])
    except Conflict as conflict:
        if conflict.failed.get("member") != {}:
            raise
        raise refusals.participant_not_found() from conflict


def removal_events(table: Table, conversation: Conversation, now: datetime, cause: Cause) -> list[EventBatch]:
    """What the removal of a conversation is told as, and to whom: afterwards nobody can be found any more. More
    than one only where an item cannot hold all the identities: then webhooks hear of it from the first."""
    identities, webhooks = [], []
    for item in table.query_all(keys.conversation(conversation.sid).pk):
        if item["SK"].startswith(keys.PARTICIPANTS) and "identity" in item:
            identities.append(item["identity"])
        elif item["SK"].startswith(keys.WEBHOOKS):
            webhooks.append(codec.decode(ScopedWebhook, item))
    told = events.conversation_removed_event(conversation, now)
    first, *others = _parts(identities)
    blank = EventBatch(conversation.service_sid, conversation.sid, cause, now, (told,), webhooks=tuple(webhooks))
    return [
        replace(blank, identities=first),
        *(replace(blank, cause=replace(cause, notify_webhooks=False), identities=part) for part in others),
    ]


def _parts(identities: Iterable[str]) -> list[tuple[str, ...]]:
    """Identities in parts of limited size, one at least."""
    parts: list[list[str]] = [[]]
    size = 0
    for identity in identities:
        # A queue's message spells out what is not ASCII.
        length = len(json.dumps(identity))
        if size + length > _MAX_IDENTITIES:
            parts.append([])
            size = 0
        parts[-1].append(identity)
        size += length
    return [tuple(part) for part in parts]


def remove(
    table: Table, conversation: Conversation, condition: Condition | None = None, *, told: Iterable[EventBatch] = ()
) -> None:
    """Delete a conversation and release its threads and name, in one transaction, while it is `unchanged`, or as
    another condition says. What it held is out of reach at once and is deleted asynchronously
    (partyline.lifecycle.cleanup). Raises Conflict when another request changed it since it was read."""
    writes = [
        delete(_CONVERSATION, keys.conversation(conversation.sid), condition or revision_matches(conversation)),
        *(_release(thread, conversation.sid) for thread in sorted(conversation.threads)),
        *event_outbox.build_writes(*told),
    ]
    if conversation.unique_name:
        writes.append(delete(_NAME, keys.unique_name(conversation.service_sid, conversation.unique_name)))
    table.transact(writes)


def claim_threads(table: Table, roster: Roster, now: datetime) -> Roster:
    """Claim a thread that was another conversation's when the members changed, if it is free by now. Raises
    Conflict."""
    if threads_of(roster.participants) <= roster.conversation.threads:
        return roster
    return change_members(table, roster, roster.participants, now)


def claim_alias_thread(table: Table, sid: str, thread: str, now: datetime) -> bool:
    """Claim the thread of a conversation's group without some of its members, if it is free; whether it is the
    conversation's. It is released with the group's own. Raises Conflict when it lost every race."""

    def attempt() -> bool:
        roster = load(table, sid)
        if roster is None or thread in roster.conversation.threads:
            return roster is not None
        conversation = roster.conversation
        group = group_of(roster.participants).thread
        if group not in conversation.threads or not alias_threads([thread], roster.participants):
            # It was closed, or its members have changed.
            return False
        owner = find_owner(table, thread)
        if owner is not None and not _closes(table, owner, now):
            return False
        smaller = alias_threads(conversation.threads, roster.participants)
        gone = smaller if len(smaller) >= _MAX_SMALLER else frozenset()
        threads_then = conversation.threads - gone | {thread}
        owned = replace(conversation, threads=threads_then, revision=conversation.revision + 1)
        sets = {name: value for name, value in conversation_item(owned).items() if name in ("threads", "revision")}
        table.transact(
            [
                change(_CONVERSATION, keys.conversation(sid), sets, revision_matches(conversation)),
                _claim(thread, conversation, roster.participants),
                *(_release(one, sid) for one in sorted(gone)),
            ]
        )
        return True

    return retry.STANDARD.run(attempt)


def revision_matches(conversation: Conversation) -> Condition:
    """That nobody has changed a conversation (but for new messages) since it was read."""
    return Condition("#revision = :revision", {"#revision": "revision"}, {":revision": conversation.revision})


def no_new_message(conversation: Conversation) -> Condition:
    """That it is unchanged, and that no message has come to it either."""
    return Condition(
        "#index = :before AND #revision = :revision",
        {"#index": "last_index", "#revision": "revision"},
        {":before": conversation.last_index, ":revision": conversation.revision},
    )


# --- threads: claimed and released only here


def plan_claims(participants: Iterable[Participant], before: Iterable[Participant] = ()) -> dict[str, bool]:
    """The threads that these members want, each with whether it must be theirs. `before` are the members until now.

    A pair of one native and one own number is claimed when it is free, and so is what is left of a group without new
    members; other sets of three and more, and masked pairs, must be free.
    """
    everybody = list(participants)
    masked = masked_threads(everybody)
    known = set(threads.members_of(group_of(before).thread or ""))
    return {
        thread: thread in masked or not (threads.is_pair(thread) or known.issuperset(threads.members_of(thread)))
        for thread in threads_of(everybody)
    }


def _claiming(
    table: Table, wanted: Mapping[str, bool], now: datetime, attempt: Callable[[frozenset[str]], Made]
) -> Made:
    """Make an attempt that claims all wanted threads, and again without those pairs that turn out to be another's.
    Those of a conversation that time has closed are free."""
    foregone: frozenset[str] = frozenset()

    def once() -> Made:
        nonlocal foregone
        while True:
            try:
                return attempt(frozenset(wanted) - foregone)
            except Conflict as conflict:
                if _CONVERSATION in conflict.failed:
                    raise
                taken = {
                    label.removeprefix(_THREAD): item["conversation_sid"]
                    for label, item in conflict.failed.items()
                    if label.startswith(_THREAD) and item
                }
                _raise_name_taken(conflict)
                if any(_closes(table, owner, now) for owner in set(taken.values())):
                    continue
                _raise_thread_taken({thread: owner for thread, owner in taken.items() if wanted[thread]})
                if not taken:
                    raise
                foregone |= frozenset(taken)

    return retry.STANDARD.run(once, can_retry=retry.is_race)


def _closes(table: Table, sid: str, now: datetime) -> bool:
    """Whether time has closed a conversation and nobody had written that down; now it is. Raises Conflict as
    `settle`."""
    found = fetch(table, sid)
    if found is None or not found.is_open or timers.apply_due(found, now).is_open:
        return False
    apply_due_timers(table, found, now)
    return True


def _raise_thread_taken(taken: Mapping[str, str]) -> None:
    for thread, owner in sorted(taken.items()):
        raise refusals.thread_taken(thread, owner)


def _raise_name_taken(conflict: Conflict) -> None:
    if _NAME in conflict.failed:
        owner = conflict.failed[_NAME]
        raise refusals.unique_name_exists(owner.get("name", ""), owner.get("conversation_sid"))


def _claim(thread: str, owner: Conversation, members: Iterable[Participant]) -> Write:
    numbers = {number for member in members for number in (member.proxy_address, member.projected_address) if number}
    own = sorted(numbers & set(threads.members_of(thread)))
    item = {"conversation_sid": owner.sid, "service_sid": owner.service_sid, "key": thread, "own": own}
    return put(_THREAD + thread, keys.thread(threads.digest(thread)), item, NEW)


def _release(thread: str, owner: str) -> Write:
    mine = Condition("conversation_sid = :owner", values={":owner": owner})
    return delete("released", keys.thread(threads.digest(thread)), mine)


def _claim_name(conversation: Conversation, name: str) -> Write:
    item = {"conversation_sid": conversation.sid, "name": name}
    return put(_NAME, keys.unique_name(conversation.service_sid, name), item, NEW)


def _put_member(conversation: Conversation, member: Participant) -> Write:
    return put("member", keys.participant(conversation.sid, member.sid), _member_item(conversation, member))


def member_matches(member: Participant) -> Condition:
    """That a member is there, and that nobody has taken its place since it was read."""
    names = {"#identity": "identity"}
    if member.identity is None:
        return Condition("attribute_exists(PK) AND attribute_not_exists(#identity)", names)
    return Condition("#identity = :identity", names, {":identity": member.identity})


def _change_member(
    conversation: Conversation, before: Participant, after: Participant, condition: Condition = EXISTS
) -> Write:
    """Only what differs: what another request changes of a member meanwhile, and no thread depends on, stays."""
    sets = diff_items(_member_item(conversation, before), _member_item(conversation, after))
    return change("member", keys.participant(conversation.sid, before.sid), sets, condition)


def _member_item(conversation: Conversation, member: Participant) -> Item:
    """A participant with its place in the list of its address or identity, and among those of its own role."""
    item = codec.encode(member)
    if member.identity:
        item["GSI1PK"] = keys.by_identity(conversation.service_sid, member.identity)
    elif member.address:
        item["GSI1PK"] = keys.by_address(conversation.service_sid, member.address)
    if "GSI1PK" in item:
        item["GSI1SK"] = keys.dated(format_time(member.created), member.sid)
    return {**item, **users.role_index_key(member.role_sid, member.sid)}
