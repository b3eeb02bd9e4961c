"""Write conversations with their members. Each change claims and releases threads in its own transaction.

partyline.domain.membership decides what a change means.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from partyline.domain import activities, events, membership, roster_marks, timers
from partyline.domain.conversations import Conversation, threads_of
from partyline.domain.events import QUIETLY, Cause
from partyline.domain.membership import MembershipChange, Roster
from partyline.domain.participants import Participant
from partyline.errors import Conflict, RuleViolation
from partyline.frozen_classes import frozen, replace
from partyline.storage import absent_webhooks, codec, conversations, event_outbox, idempotency, keys, retry, users
from partyline.storage import activities as stored_activities
from partyline.storage.conversation_items import (
    CONVERSATION,
    change_member,
    change_writes,
    check_name_free,
    claim_name,
    claim_thread,
    creation_writes,
    form_new,
    member_matches,
    put_member,
    release_thread,
    revision_matches,
    taken_threads,
    with_timer_entry,
)
from partyline.storage.table import Table, Write, change, delete

Result = TypeVar("Result")

# What a change of members sets in its conversation.
_SET_BY_MEMBERS = ("threads", "revision", "roster_mark", "updated", "active_at", "state", "due_at")


@frozen
class NewConversation:
    """A new conversation with its members, to be stored with the threads that it can claim.

    - `existing_users`: identities that must still be users.
    - `only_owner`: whether all its threads must be free, also those of pairs.
    - `also`: further writes of the same transaction.
    - `has_webhooks`: whether it begins with webhooks of its own; None when nothing is to be noted of that.
    """

    conversation: Conversation
    participants: Sequence[Participant]
    now: datetime
    cause: Cause = QUIETLY
    existing_users: Collection[str] = ()
    only_owner: bool = False
    also: Sequence[Write] = ()
    has_webhooks: bool | None = None

    def store(self, table: Table) -> Conversation:
        """Store the conversation with its members and claim its threads, all or nothing.

        Returns the conversation with the threads that it owns: another conversation may own a pair's thread.

        Raises RuleViolation unique_name_exists, thread_taken, and Conflict when a condition of `also` does not hold.
        """
        claims = membership.plan_claims(self.participants)
        if self.only_owner:
            claims = dict.fromkeys(claims, True)
        return _claim(table, claims, self.now, partial(self._store_as_owner, table))

    def _store_as_owner(self, table: Table, owned: frozenset[str]) -> Conversation:
        """Store the conversation as the owner of some threads, all or nothing. Raises Conflict."""
        owner = replace(self.conversation, threads=owned)
        created = form_new(table, owner, self.participants, has_webhooks=self.has_webhooks)
        added = membership.creation_events(created, self.participants)
        writes = replace(self, conversation=created).build_writes()
        announced = event_outbox.build_conversation_writes(created, self.cause, self.now, added)
        table.transact([*writes, *announced, *self.also])
        return created

    def build_writes(self) -> list[Write]:
        """Build the writes of the conversation, its members and the threads that it names."""
        conversation, members = self.conversation, self.participants
        scheduled, entries = with_timer_entry(None, conversation, self.now)
        note = absent_webhooks.build_note(conversation.revision) if self.has_webhooks is False else {}
        return [
            *creation_writes(scheduled, note),
            *entries,
            *(put_member(conversation, member) for member in members),
            *users.joining_writes(conversation.service_sid, members, self.now, self.cause, self.existing_users),
            *(claim_thread(thread, conversation, members) for thread in sorted(conversation.threads)),
            *([claim_name(conversation, conversation.unique_name)] if conversation.unique_name else []),
        ]


def change_members(
    table: Table,
    roster: Roster,
    members: Sequence[Participant],
    now: datetime,
    *,
    cause: Cause = QUIETLY,
    existing_users: Collection[str] = (),
) -> Roster:
    """Store a changed set of members, and claim and release threads, in one transaction.

    The change succeeds without the thread of a pair that another conversation owns: a group is often built member by
    member with a client who has a 1:1 conversation already. The same holds when a group only gets smaller.

    Raises RuleViolation thread_taken, and Conflict when another request changed the conversation since `roster` was
    read, or an identity in `existing_users` is no longer a user.
    """
    planned = membership.plan_change(roster, members)

    def attempt(claimed: frozenset[str]) -> Roster:
        after, entries = with_timer_entry(roster.conversation, planned.apply(claimed, now), now)
        table.transact(
            [
                *_set_by_members(roster.conversation, after),
                *entries,
                *event_outbox.build_conversation_writes(
                    after, cause, now, planned.build_events(after, now), planned.gone_identities
                ),
                *_activity_writes(planned, after, cause, now),
                *_member_writes(planned),
                *users.joining_writes(after.service_sid, planned.new_identities, now, cause, existing_users),
                *_thread_writes(roster.conversation, after, members),
            ]
        )
        return Roster(after, planned.members)

    return _claim(table, planned.claims, now, attempt)


def _set_by_members(before: Conversation, after: Conversation) -> list[Write]:
    item = codec.encode(after)
    sets = {name: item.get(name) for name in _SET_BY_MEMBERS}
    return change_writes(before, after, sets, revision_matches(before))


def _activity_writes(planned: MembershipChange, after: Conversation, cause: Cause, now: datetime) -> list[Write]:
    before = planned.roster.conversation
    added = [
        *activities.describe_members(before, planned.left, planned.joined, cause, now),
        *activities.describe_change(before, after, cause, now),
    ]
    return stored_activities.build_writes(before, added, cause, now)


def _member_writes(planned: MembershipChange) -> list[Write]:
    conversation = planned.roster.conversation
    return [
        *(delete("member", keys.participant(conversation.sid, member.sid)) for member in planned.left),
        *(put_member(conversation, member) for member in planned.joined),
        *(change_member(conversation, before, after) for before, after in planned.changed),
    ]


def _thread_writes(before: Conversation, after: Conversation, members: Sequence[Participant]) -> list[Write]:
    return [
        *(release_thread(thread, before.sid) for thread in sorted(before.threads - after.threads)),
        *(claim_thread(thread, before, members) for thread in sorted(after.threads - before.threads)),
    ]


def touch_member(
    table: Table,
    conversation: Conversation,
    before: Participant,
    after: Participant,
    now: datetime,
    *,
    cause: Cause = QUIETLY,
) -> None:
    """Store changes of a member that affect no thread: attributes, role, read horizon, dates.

    Raises RuleViolation participant_not_found when the member is gone, and Conflict when its identity has changed.
    """
    if before == after:
        return
    try:
        table.transact(touch_writes(conversation, before, after, now, cause))
    except Conflict as conflict:
        if conflict.failed.get("member") != {}:
            raise
        raise RuleViolation("participant_not_found") from conflict


def touch_writes(
    conversation: Conversation, before: Participant, after: Participant, now: datetime, cause: Cause
) -> list[Write]:
    """Build the writes of `touch_member`. It publishes no event: a mark is for the person alone."""
    is_told = replace(before, marked_unread=after.marked_unread) != after
    updated = [events.participant_event("onParticipantUpdated", after, conversation)] if is_told else []
    return [
        change_member(conversation, before, after, member_matches(before)),
        *event_outbox.build_conversation_writes(conversation, cause, now, updated),
    ]


# --- threads that another conversation owned before


def claim_threads(table: Table, roster: Roster, now: datetime) -> Roster:
    """Claim each thread that another conversation owned when the members changed, and that is free now.

    Raises Conflict as `change_members`.
    """
    if threads_of(roster.participants) <= roster.conversation.threads:
        return roster
    return change_members(table, roster, roster.participants, now)


def claim_alias_thread(table: Table, sid: str, thread: str, now: datetime) -> bool:
    """Claim the thread of a conversation's group without some of its members, if the thread is free.

    Returns whether the conversation owns it. It is released with the thread of the group. Raises Conflict when other
    requests win every race.
    """

    def attempt() -> bool:
        roster = conversations.load(table, sid)
        if roster is None or thread in roster.conversation.threads:
            return roster is not None
        if not membership.can_claim_alias(roster, thread):
            # The conversation was closed, or its members have changed.
            return False
        owner = conversations.find_owner(table, thread)
        if owner is not None and not _close_if_due(table, owner, now):
            return False
        table.transact(_alias_writes(roster, thread))
        return True

    return retry.STANDARD.run(attempt)


def release_aliases(table: Table, sid: str, wanted: Collection[str]) -> frozenset[str]:
    """Release those of some threads that a conversation owns as aliases, for a conversation of exactly these members.

    The threads of its own members stay. Returns what was released. Raises Conflict when other requests win every race.
    """

    def attempt() -> frozenset[str]:
        roster = conversations.load(table, sid)
        if roster is None:
            return frozenset()
        released = (roster.conversation.threads - threads_of(roster.participants)) & frozenset(wanted)
        if released:
            table.transact(_set_threads(roster.conversation, roster.conversation.threads - released))
        return released

    return retry.STANDARD.run(attempt)


def _set_threads(conversation: Conversation, threads: frozenset[str]) -> list[Write]:
    """Build the writes of a conversation that releases threads, and of these."""
    item = codec.encode(roster_marks.raise_revision(replace(conversation, threads=threads)))
    sets = {name: item.get(name) for name in ("threads", "revision", "roster_mark")}
    return [
        change(CONVERSATION, keys.conversation(conversation.sid), sets, revision_matches(conversation)),
        *(release_thread(one, conversation.sid) for one in sorted(conversation.threads - threads)),
    ]


def _alias_writes(roster: Roster, thread: str) -> list[Write]:
    conversation, released = roster.conversation, membership.plan_alias_release(roster)
    return [
        *_set_threads(conversation, conversation.threads - released | {thread}),
        claim_thread(thread, conversation, roster.participants),
    ]


# --- claiming


def _claim(
    table: Table, claims: Mapping[str, bool], now: datetime, attempt: Callable[[frozenset[str]], Result]
) -> Result:
    """Make an attempt that claims threads; `claims` has for each whether it must be free.

    The attempt is repeated without the threads that another conversation owns and that need not be free. A conversation
    whose timers have ended it is closed first, which frees its threads.
    """
    skipped: frozenset[str] = frozenset()

    def claim_free() -> Result:
        nonlocal skipped
        while True:
            try:
                return attempt(frozenset(claims) - skipped)
            except Conflict as conflict:
                if CONVERSATION in conflict.failed or idempotency.LABEL in conflict.failed:
                    raise
                check_name_free(conflict)
                taken = taken_threads(conflict)
                if any(_close_if_due(table, owner, now) for owner in set(taken.values())):
                    continue
                _check_free({thread: owner for thread, owner in taken.items() if claims[thread]})
                if not taken:
                    raise
                skipped |= frozenset(taken)

    return retry.STANDARD.run(claim_free, can_retry=retry.is_race)


def _check_free(taken: Mapping[str, str]) -> None:
    for thread, owner in sorted(taken.items()):
        raise RuleViolation("thread_taken", thread=thread, owner=owner)


def _close_if_due(table: Table, sid: str, now: datetime) -> bool:
    """Close a conversation if its timers have ended it; return whether they have.

    Raises Conflict as `conversations.apply_due_timers`.
    """
    found = conversations.fetch(table, sid)
    if found is None or not found.is_open or timers.apply_due(found, now).is_open:
        return False
    conversations.apply_due_timers(table, found, now)
    return True
