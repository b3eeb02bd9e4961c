"""Activities: what happened in a conversation beside its messages, and who did it. Pure.

A change stores its activities in its own transaction. Each stands between two messages: its SID begins with the index
of the message that comes after it. Messages and notes are no activities; the list of activities shows them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

from partyline.domain import sids
from partyline.domain.contacts import Contact
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.events import BY_TEXT, Cause, Event, Source, format_timestamp
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.sends import SendReference
from partyline.frozen_classes import frozen, replace


class ActivityKind(StrEnum):
    """What an activity is."""

    ASSIGNED = "assigned"
    STATE_CHANGED = "state_changed"
    PARTICIPANT_ADDED = "participant_added"
    PARTICIPANT_REMOVED = "participant_removed"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    DO_NOT_DISTURB_SET = "do_not_disturb_set"
    DO_NOT_DISTURB_CLEARED = "do_not_disturb_cleared"


@frozen
class Activity:
    """One thing that happened in a conversation.

    - `by`: the identity that did it; None for the account, a handset, a carrier or a timer, as `source` says.
    - `before`, `after`: of an assignment the assignees, of a change of state the states.
    - `participant_sid`, `identity`, `address`: the member that it is about.
    - `lines`: the numbers that an opt-out or opt-in is about.
    - `contact_sid`: the contact that wants no texts, or wants them again.
    """

    sid: str
    conversation_sid: str
    kind: ActivityKind
    created: datetime
    source: Source
    by: str | None = None
    before: str | None = None
    after: str | None = None
    participant_sid: str | None = None
    identity: str | None = None
    address: str | None = None
    lines: tuple[str, ...] = ()
    contact_sid: str | None = None


def describe_change(before: Conversation, after: Conversation, cause: Cause, now: datetime) -> Iterator[Activity]:
    """Yield the activities of a change of a conversation: of its assignee and of its state. Activation is none."""
    if before.assignee != after.assignee:
        blank = _blank(before, ActivityKind.ASSIGNED, cause, now)
        yield replace(blank, before=before.assignee, after=after.assignee)
    if before.state is not after.state and before.state is not ConversationState.INITIALIZING:
        blank = _blank(before, ActivityKind.STATE_CHANGED, cause, now)
        yield replace(blank, before=before.state.value, after=after.state.value)


def describe_members(
    conversation: Conversation, left: Iterable[Participant], joined: Iterable[Participant], cause: Cause, now: datetime
) -> Iterator[Activity]:
    """Yield the activities of a change of members: who left, then who joined."""
    changes = [(ActivityKind.PARTICIPANT_REMOVED, member) for member in left]
    changes += [(ActivityKind.PARTICIPANT_ADDED, member) for member in joined]
    for kind, member in changes:
        yield _about(_blank(conversation, kind, cause, now), member)


def describe_keyword(
    roster: Roster, message: Message, sender: str, numbers: Iterable[str], now: datetime, *, opted_out: bool
) -> Activity:
    """Describe what a text that is STOP or START changes for some numbers. It stands right behind the text."""
    kind = ActivityKind.OPTED_OUT if opted_out else ActivityKind.OPTED_IN
    current = replace(roster.conversation, last_index=message.index)
    described = replace(_blank(current, kind, BY_TEXT, now), address=sender, lines=tuple(sorted(numbers)))
    member = next((one for one in roster.participants if one.address == sender), None)
    return _about(described, member) if member else described


def describe_carrier_opt_out(reference: SendReference, address: str, line: str, now: datetime) -> Activity:
    """Describe an opt-out that a carrier reported by refusing a message. It stands right behind the message."""
    sid = sids.between_messages(sids.ACTIVITY, sids.index_of(reference.message_sid) + 1)
    kind, source = ActivityKind.OPTED_OUT, BY_TEXT.source
    return Activity(sid, reference.conversation_sid, kind, now, source, address=address, lines=(line,))


def describe_do_not_disturb(
    participation: Participant, conversation: Conversation, contact: Contact, cause: Cause
) -> Activity:
    """Describe that a contact wants no texts from now on, or wants them again, for a conversation that it is in."""
    is_set = contact.do_not_disturb is not None
    kind = ActivityKind.DO_NOT_DISTURB_SET if is_set else ActivityKind.DO_NOT_DISTURB_CLEARED
    described = _blank(conversation, kind, cause, contact.updated)
    return _about(replace(described, contact_sid=contact.sid), participation)


def activity_event(activity: Activity, conversation: Conversation) -> Event | None:
    """Build onActivityAdded (ours); None for an activity whose change has an event of its own."""
    if activity.kind in _WITH_OWN_EVENT:
        return None
    parameters = {
        "ConversationSid": activity.conversation_sid,
        "ChatServiceSid": conversation.service_sid,
        "ActivitySid": activity.sid,
        "Kind": activity.kind.value,
        "ParticipantSid": activity.participant_sid,
        "Address": activity.address,
        "Lines": ",".join(activity.lines) or None,
        "ContactSid": activity.contact_sid,
        "DateCreated": format_timestamp(activity.created),
    }
    return Event("onActivityAdded", {name: value for name, value in parameters.items() if value is not None})


def _blank(conversation: Conversation, kind: ActivityKind, cause: Cause, now: datetime) -> Activity:
    sid = sids.between_messages(sids.ACTIVITY, conversation.last_index + 1)
    return Activity(sid, conversation.sid, kind, now, cause.source, cause.identity)


def _about(activity: Activity, member: Participant) -> Activity:
    return replace(
        activity,
        participant_sid=member.sid,
        identity=member.identity,
        address=member.address or member.projected_address,
    )


_WITH_OWN_EVENT = frozenset(
    {
        ActivityKind.ASSIGNED,
        ActivityKind.STATE_CHANGED,
        ActivityKind.PARTICIPANT_ADDED,
        ActivityKind.PARTICIPANT_REMOVED,
    }
)
