"""Conversations: their fields, their states, and the threads that their members form. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from partyline.domain import threads
from partyline.domain.participants import SYSTEM, Participant, ParticipantKind
from partyline.frozen_classes import frozen

# Of how many tapbacks a conversation keeps the indexes, so that its item stays small.
MAX_TAPBACKS = 50


class ConversationState(StrEnum):
    """Twilio's conversation states. Open means every state but closed; only an open conversation owns threads.

    initializing -> active      by its activation, after it is stored; it cannot be changed before
    initializing -> inactive    the same, when it was created inactive and has no message yet
    initializing -> closed      when a participant was refused
    active <-> inactive         by a caller or a timer; a new message or a new member makes it active again
    active, inactive -> closed  by a caller or a timer; final, and its threads are released
    """

    INITIALIZING = "initializing"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"


@frozen
class UnreadAttributes:
    """Attributes of a conversation that was read without them; `digest` tells them from others."""

    digest: str


@frozen
class Conversation:
    """A conversation without its participants.

    - `threads`: the keys of the threads that it owns now.
    - `last_index`: the index of its newest message, -1 without one; `removed` counts the messages that were deleted.
    - `revision`: counts every change except new and deleted messages, so that a message planned for one set of members
      is never recorded for another.
    - `active_at`: its last activity, from which the timers run.
    - `inactive_after`, `closed_after`: its timers, in seconds.
    - `due_at`: when the next check of its timers is scheduled.
    - `sweep_at`: when the sweeper next looks at its messages; None before the first one with a follow-up.
    - `notify_webhooks`: whether webhooks are called for its activation; `initial_state`: its state after that.
    - `created_by`: an identity, or SYSTEM.
    - `assignee`: the identity that takes care of it; None, also of conversations that version 0.2.0 stored.
    - `tapbacks`: the indexes of its newest messages that are tapbacks on a message that is known, at most MAX_TAPBACKS;
      None before the first one.
    - `written`: which of its newest messages people of the app have written (partyline.domain.written); None before the
      first one.
    - `expired`: the index up to which messages have expired; None before the first one.
    - `attributes`: JSON of the customer's; unread where they are large and were not asked for.
    - `listed_apart`: whether its places in the lists are an item of their own, and so are its attributes if they are
      large; None while its own item has both.
    - `attributes_apart`: whether its attributes are an item of their own; None while its own item has them.
    - `roster_mark`: which members it has at a revision (partyline.domain.roster_marks); None before it was changed by a
      version that marks it.
    - `had_webhooks`: whether it has had webhooks of its own; None without any, and with webhooks of version 0.2.0.
    """

    sid: str
    service_sid: str
    created: datetime
    updated: datetime
    state: ConversationState = ConversationState.ACTIVE
    friendly_name: str | None = None
    unique_name: str | None = None
    attributes: str | UnreadAttributes = "{}"
    messaging_service_sid: str | None = None
    threads: frozenset[str] = frozenset()
    last_index: int = -1
    revision: int = 0
    removed: int = 0
    active_at: datetime | None = None
    inactive_after: int | None = None
    closed_after: int | None = None
    due_at: datetime | None = None
    notify_webhooks: bool = False
    initial_state: ConversationState = ConversationState.ACTIVE
    created_by: str = SYSTEM
    assignee: str | None = None
    tapbacks: tuple[int, ...] | None = None
    written: Mapping[str, Sequence[int]] | None = None
    expired: int | None = None
    sweep_at: datetime | None = None
    listed_apart: bool | None = None
    roster_mark: str | None = None
    had_webhooks: bool | None = None
    attributes_apart: bool | None = None

    @property
    def is_open(self) -> bool:
        """Whether its state is any other than closed."""
        return self.state is not ConversationState.CLOSED

    @property
    def is_whole(self) -> bool:
        """Whether its attributes were read."""
        return isinstance(self.attributes, str)

    @property
    def known_attributes(self) -> str:
        """Its attributes. Raises RuntimeError where they were not read, so that they are never taken for others."""
        if isinstance(self.attributes, str):
            return self.attributes
        raise RuntimeError(f"{self.sid} was read without its attributes")


@frozen
class Group:
    """The members that share the group thread of a conversation: natives and projected numbers, by address."""

    natives: dict[str, Participant] = field(default_factory=dict)
    projected: dict[str, Participant] = field(default_factory=dict)

    @property
    def thread(self) -> str | None:
        """The key of the group thread; None without natives or without projected numbers."""
        if not (self.natives and self.projected):
            return None
        return threads.build_key([*self.natives, *self.projected])


def group_of(participants: Iterable[Participant]) -> Group:
    """Collect the members that share the group thread."""
    group = Group()
    for participant in participants:
        if participant.kind is ParticipantKind.NATIVE and participant.address:
            group.natives[participant.address] = participant
        elif participant.projected_address:
            group.projected[participant.projected_address] = participant
    return group


def masked_threads(participants: Iterable[Participant]) -> dict[str, Participant]:
    """Return the masked members by the key of their 1:1 thread."""
    return {
        threads.build_key([member.address, member.proxy_address]): member
        for member in participants
        if member.address and member.proxy_address
    }


def alias_threads(owned: Iterable[str], participants: Iterable[Participant]) -> frozenset[str]:
    """Find the alias threads in `owned`: threads that are the group without some of its members.

    Handsets show such a thread after a text that left out opted-out members.
    """
    members = list(participants)
    group = group_of(members).thread
    whole = set(threads.members_of(group or ""))
    return frozenset(one for one in owned if set(threads.members_of(one)) < whole) - masked_threads(members).keys()


def threads_of(participants: Iterable[Participant]) -> frozenset[str]:
    """Return the keys of all threads that a conversation with these participants needs."""
    members = list(participants)
    group = group_of(members).thread
    return frozenset({*masked_threads(members), *([group] if group else [])})
