"""Membership: what a change of members does to a conversation's threads, state and events. Pure.

A change is decided here as a whole. Then partyline.storage.memberships writes it in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from partyline.domain import events, roster_marks, threads
from partyline.domain.conversations import (
    Conversation,
    ConversationState,
    alias_threads,
    group_of,
    masked_threads,
    threads_of,
)
from partyline.domain.events import Cause, Event, EventBatch, Reason, Source
from partyline.domain.participants import SYSTEM, Participant
from partyline.frozen_classes import frozen, replace

# Closing a conversation releases all its threads in one transaction, whose size is limited. Handsets show the newest
# alias thread.
MAX_ALIAS_THREADS = 4


@frozen
class Roster:
    """A conversation and its members, in the order of joining.

    `has_webhooks` is whether the conversation has webhooks of its own; None when that is not known.
    """

    conversation: Conversation
    participants: tuple[Participant, ...]
    has_webhooks: bool | None = None

    @property
    def is_certain(self) -> bool:
        """Whether the conversation has a mark by which these are its members."""
        mark = self.conversation.roster_mark
        return mark == roster_marks.build_mark(self.conversation.revision, self.participants)

    @property
    def is_torn(self) -> bool:
        """Whether the conversation has a mark by which these are not its members: a transaction was read in part."""
        return roster_marks.is_marked(self.conversation) and not self.is_certain

    def with_member(self, participant: Participant) -> tuple[Participant, ...]:
        """Return the members with one added or replaced."""
        others = [member for member in self.participants if member.sid != participant.sid]
        return tuple(sorted([*others, participant], key=lambda member: member.sid))

    def without(self, participant: Participant) -> tuple[Participant, ...]:
        """Return the members without one."""
        return tuple(member for member in self.participants if member.sid != participant.sid)


def plan_claims(participants: Iterable[Participant], before: Iterable[Participant] = ()) -> dict[str, bool]:
    """Return the threads that these members need, each with whether it must be free.

    `before` are the members before the change. Masked pairs, and sets of three and more, must be free: the change fails
    when another conversation owns one. Two kinds of thread are left unclaimed instead: a pair of one native and one own
    number, and a group that only lost members, since a member can always leave (decision 0034).
    """
    members = list(participants)
    masked = masked_threads(members)
    known = set(threads.members_of(group_of(before).thread or ""))
    return {
        thread: thread in masked or not (threads.is_pair(thread) or known.issuperset(threads.members_of(thread)))
        for thread in threads_of(members)
    }


def build_event_batch(roster: Roster, cause: Cause, now: datetime, published: Iterable[Event]) -> EventBatch:
    """Build the batch of a conversation's events, which are published without looking for webhooks that it has not."""
    conversation = roster.conversation
    webhooks = () if roster.has_webhooks is False else None
    return EventBatch(conversation.service_sid, conversation.sid, cause, now, tuple(published), webhooks=webhooks)


def creation_events(created: Conversation, participants: Iterable[Participant], **more: str) -> list[Event]:
    """Build the events of a new conversation; `more` are parameters of the text that created it.

    An initializing conversation has no events for its members: these follow with its activation.
    """
    members = () if created.state is ConversationState.INITIALIZING else participants
    added = (events.participant_event("onParticipantAdded", member, created) for member in members)
    return [events.conversation_event("onConversationAdded", created, **more), *added]


# --- a change of members


@frozen
class MembershipChange:
    """A change of a conversation's members, decided and not yet written.

    - `members`: the members after the change.
    - `claims`: the threads that these members need, each with whether it must be free.
    - `aliases`: the alias threads that the conversation keeps.
    """

    roster: Roster
    members: tuple[Participant, ...]
    claims: Mapping[str, bool]
    aliases: frozenset[str]

    @property
    def joined(self) -> list[Participant]:
        """The new members."""
        known = _by_sid(self.roster.participants)
        return [member for member in self.members if member.sid not in known]

    @property
    def left(self) -> list[Participant]:
        """The members that leave."""
        staying = _by_sid(self.members)
        return [member for member in self.roster.participants if member.sid not in staying]

    @property
    def changed(self) -> list[tuple[Participant, Participant]]:
        """The members that stay and change, as pairs (before, after)."""
        known = _by_sid(self.roster.participants)
        pairs = ((known.get(member.sid), member) for member in self.members)
        return [(before, after) for before, after in pairs if before is not None and before != after]

    @property
    def new_identities(self) -> list[Participant]:
        """The members with an identity that is new to the conversation."""
        known = {member.identity for member in self.roster.participants}
        return [member for member in self.members if member.identity not in known]

    @property
    def gone_identities(self) -> tuple[str, ...]:
        """The identities that a member had before and no longer has."""
        renamed = [before for before, after in self.changed if before.identity != after.identity]
        return events.identities_of([*self.left, *renamed])

    @property
    def reactivates(self) -> bool:
        """Whether a new member makes an inactive conversation active again."""
        return self.roster.conversation.state is ConversationState.INACTIVE and bool(self.joined)

    def apply(self, claimed: frozenset[str], now: datetime) -> Conversation:
        """Return the conversation after the change; `claimed` are the threads that it could claim."""
        conversation = self.roster.conversation
        return replace(
            conversation,
            threads=claimed | self.aliases,
            revision=conversation.revision + 1,
            # Members that were read in part are not to be taken for all of them.
            roster_mark=None if self.roster.is_torn else self._build_mark(),
            updated=now,
            active_at=now,
            state=ConversationState.ACTIVE if self.reactivates else conversation.state,
        )

    def _build_mark(self) -> str:
        return roster_marks.build_mark(self.roster.conversation.revision + 1, self.members)

    def build_events(self, after: Conversation, now: datetime) -> list[Event]:
        """Build the events of the change; `after` is the conversation as `apply` returned it."""
        published = [*events.membership_events(after, self.roster.participants, self.members, now)]
        if self.reactivates:
            published.append(events.state_updated_event(self.roster.conversation, after, Reason.EVENT))
        return published


def _by_sid(members: Iterable[Participant]) -> dict[str, Participant]:
    return {member.sid: member for member in members}


def plan_change(roster: Roster, members: Sequence[Participant]) -> MembershipChange:
    """Plan a change of members. A closed conversation claims no threads."""
    conversation = roster.conversation
    is_same_group = group_of(members).thread == group_of(roster.participants).thread
    return MembershipChange(
        roster,
        tuple(members),
        plan_claims(members, roster.participants) if conversation.is_open else {},
        alias_threads(conversation.threads, members) if is_same_group else frozenset(),
    )


# --- alias threads


def can_claim_alias(roster: Roster, thread: str) -> bool:
    """Whether a conversation may claim an alias thread: it owns the group thread that the alias is a subset of."""
    group = group_of(roster.participants).thread
    return group in roster.conversation.threads and bool(alias_threads([thread], roster.participants))


def plan_alias_release(roster: Roster) -> frozenset[str]:
    """Return the alias threads to release before another is claimed: all of them at MAX_ALIAS_THREADS."""
    aliases = alias_threads(roster.conversation.threads, roster.participants)
    return aliases if len(aliases) >= MAX_ALIAS_THREADS else frozenset()


# --- activation


def activate(roster: Roster, now: datetime) -> tuple[Conversation, list[Event]]:
    """Activate an initializing conversation; return it with the events of its members.

    It becomes active when it has a message, else its initial state applies.
    """
    before = roster.conversation
    state = before.initial_state if before.last_index < 0 else ConversationState.ACTIVE
    after = replace(before, state=state, updated=now, active_at=now)
    return after, [events.participant_event("onParticipantAdded", member, after) for member in roster.participants]


def activation_cause(conversation: Conversation) -> Cause:
    """Return the cause of an initializing conversation."""
    made_by_user = conversation.created_by != SYSTEM
    return Cause(
        Source.SDK if made_by_user else Source.API,
        conversation.created_by if made_by_user else None,
        notify_webhooks=conversation.notify_webhooks,
        reason=Reason.EVENT,
    )
