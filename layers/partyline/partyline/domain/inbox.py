"""The inbox: what its list shows of a conversation, who has it in their list, and what is unread. Pure.

An entry is a projection: everything in it follows from the conversation, its members, its newest message and the
contacts that have its numbers. So it can be built again at any time (partyline.stream.inbox_projector).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from partyline.domain import contact_search, receipts, tapbacks
from partyline.domain.addresses import format_address
from partyline.domain.contacts import NumberHolder
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import NotificationLevel, Participant, ParticipantKind
from partyline.domain.receipts import Receipt
from partyline.domain.tapbacks import TapbackMark
from partyline.frozen_classes import frozen, replace

# What an entry shows: so many members, and so many characters of the newest message.
MAX_MEMBERS = 10
MAX_EXCERPT = 120
# By so many words and numbers a conversation is found.
MAX_TERMS = 64
# The viewer of the list of everything, and what the viewers begin with that are people.
EVERYONE, PERSON = "*", "@"


class InboxView(StrEnum):
    """The lists of an inbox. All but `done` are of open conversations: those that are active, or will be at once."""

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    DONE = "done"
    UNREAD = "unread"


class MessageKind(StrEnum):
    """What a message mainly is: words, or files without words."""

    TEXT = "text"
    MEDIA = "media"


@frozen
class EntryMember:
    """A member as an entry shows it. Handsets have a number, people of the app an identity.

    `name` is that of the contact with the number, or of the contact as which the member was added.
    """

    name: str | None = None
    number: str | None = None
    identity: str | None = None
    contact_sid: str | None = None


@frozen
class EntryMessage:
    """The newest message as an entry shows it.

    `body` is its beginning, `delivery` the summary of its receipts. `tapback`: what it says as a tapback on a message
    that is known.
    """

    sid: str
    index: int
    author: str
    created: datetime
    kind: MessageKind
    body: str | None = None
    written_by: str | None = None
    delivery: dict[str, str | int] | None = None
    tapback: TapbackMark | None = None


@frozen
class InboxEntry:
    """What the inbox shows of a conversation.

    - `members`: at most MAX_MEMBERS of them, without lines that stand for themselves; `member_count` counts all.
    - `lines`: its own numbers, the one that stands for itself first.
    - `last_index`, `removed`, `tapbacks`: as of the conversation.
    - `horizon`: up to this index messages count as read for who has never opened it.
    - `terms`: the words and numbers by which it is found.
    - `version`: counts the writes, so that an older view of a conversation never replaces a newer one.
    """

    conversation_sid: str
    service_sid: str
    state: ConversationState
    active_at: datetime
    created: datetime
    title: str | None = None
    assignee: str | None = None
    members: tuple[EntryMember, ...] = ()
    member_count: int = 0
    lines: tuple[str, ...] = ()
    last_message: EntryMessage | None = None
    last_index: int = -1
    removed: int = 0
    tapbacks: tuple[int, ...] = ()
    horizon: int = -1
    terms: tuple[str, ...] = ()
    version: int = 1

    def fits(self, view: InboxView, identity: str | None) -> bool:
        """Whether it is in a list of a person, as far as that follows from the entry. What is unread does not."""
        if view is InboxView.MINE:
            return not self.is_done and self.assignee == identity
        if view is InboxView.UNASSIGNED:
            return not self.is_done and self.assignee is None
        return self.is_done == (view is InboxView.DONE)

    def is_of(self, conversation: Conversation) -> bool:
        """Whether it is what the conversation by itself asks for; names and receipts may differ still."""
        shown = (self.state, self.assignee, self.title, self.last_index, self.removed)
        wanted = (conversation.state, conversation.assignee, conversation.friendly_name)
        return shown == (*wanted, conversation.last_index, conversation.removed)

    @property
    def is_done(self) -> bool:
        """Whether it is in the list of what is done: set aside by a person or a timer, or closed."""
        return self.state not in (ConversationState.ACTIVE, ConversationState.INITIALIZING)


@frozen
class InboxPointer:
    """The place of an entry in one viewer's list, and why the viewer has it there.

    - `viewer`: EVERYONE, or PERSON and an identity.
    - `participant_sid`: the member that the viewer is. `numbers`: those of contacts that the viewer owns.
    - `lines`: those of the entry, so that a list of one line reads nothing else.
    """

    viewer: str
    conversation_sid: str
    active_at: datetime
    lines: tuple[str, ...] = ()
    participant_sid: str | None = None
    numbers: tuple[str, ...] = ()


@frozen
class EntrySources:
    """All that an entry is built of. `holders` are the contacts that have its numbers, by number."""

    roster: Roster
    holders: Mapping[str, NumberHolder]
    last_message: Message | None = None
    receipts: tuple[Receipt, ...] = ()


@frozen
class ReadState:
    """What a person has read of a conversation, and whether its news are to be quiet.

    - `last_read_index`: the index of the last message that was read; None if the person has never opened it.
    - `marked_unread`: set by the person as a reminder, whatever was read.
    """

    last_read_index: int | None = None
    marked_unread: bool = False
    muted: bool = False


def read_state_of(member: Participant | None, own: ReadState | None) -> ReadState:
    """Return what a person has read: as a member, where that is known, or else as one who sees the conversation.

    Of a member it is the same data as Twilio's read horizon and notification level.
    """
    state = own or ReadState()
    if member is None:
        return state
    index = member.last_read_message_index
    return ReadState(
        state.last_read_index if index is None else index,
        bool(member.marked_unread),
        member.notification_level is NotificationLevel.MUTED,
    )


def mark_member(member: Participant, state: ReadState, now: datetime) -> Participant:
    """Return a member with a read state of its own. A horizon that moves was reached now."""
    marked = replace(
        member,
        notification_level=NotificationLevel.MUTED if state.muted else NotificationLevel.DEFAULT,
        marked_unread=state.marked_unread or None,
    )
    if state.last_read_index != member.last_read_message_index:
        is_read = state.last_read_index is not None
        reached = now.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
        marked = replace(
            marked, last_read_message_index=state.last_read_index, last_read_timestamp=reached if is_read else None
        )
    return replace(marked, updated=now) if replace(marked, marked_unread=member.marked_unread) != member else marked


def viewer_of(identity: str) -> str:
    """Return the viewer that an identity is."""
    return PERSON + identity


def build_entry(sources: EntrySources, horizon: int = -1) -> InboxEntry:
    """Build the entry of a conversation, as its first version."""
    conversation, members = sources.roster.conversation, sources.roster.participants
    newest = sources.last_message
    shown = [_build_member(one, sources.holders) for one in _list_shown(members)]
    return InboxEntry(
        conversation_sid=conversation.sid,
        service_sid=conversation.service_sid,
        state=conversation.state,
        active_at=conversation.active_at or conversation.created,
        created=conversation.created,
        title=conversation.friendly_name,
        assignee=conversation.assignee,
        members=tuple(shown[:MAX_MEMBERS]),
        member_count=len(shown),
        lines=_list_lines(members),
        last_message=_build_message(conversation, newest, sources.receipts) if newest else None,
        last_index=conversation.last_index,
        removed=conversation.removed,
        tapbacks=conversation.tapbacks or (),
        horizon=horizon,
        terms=_list_terms(conversation, shown),
    )


def _list_shown(members: Iterable[Participant]) -> list[Participant]:
    """List the members that an entry shows, handsets first."""
    people = [member for member in members if member.kind is not ParticipantKind.PROJECTED]
    return sorted(people, key=lambda member: (member.address is None, member.sid))


def _build_member(member: Participant, holders: Mapping[str, NumberHolder]) -> EntryMember:
    if member.address is None:
        return EntryMember(identity=member.identity)
    holder, added_as = holders.get(member.address), member.contact
    name = holder.friendly_name if holder else added_as.name if added_as else None
    sid = holder.contact_sid if holder else added_as.sid if added_as else None
    return EntryMember(name, member.address, member.identity, sid)


def _list_lines(members: Iterable[Participant]) -> tuple[str, ...]:
    """List the own numbers of a conversation: one that stands for itself, those of people, those that mask."""
    given = [*members]
    by_rank = (
        [one.projected_address for one in given if one.kind is ParticipantKind.PROJECTED],
        [one.projected_address for one in given if one.kind is ParticipantKind.AGENT],
        [one.proxy_address for one in given],
    )
    return tuple(dict.fromkeys(number for numbers in by_rank for number in sorted(filter(None, numbers))))


def _build_message(conversation: Conversation, message: Message, delivered: Iterable[Receipt]) -> EntryMessage:
    is_tapback = message.index in (conversation.tapbacks or ())
    summary = receipts.summarize_delivery(receipt.status for receipt in delivered)
    return EntryMessage(
        sid=message.sid,
        index=message.index,
        author=message.author,
        created=message.created,
        kind=MessageKind.MEDIA if message.media and not message.body else MessageKind.TEXT,
        body=message.body[:MAX_EXCERPT] if message.body else None,
        written_by=message.written_by,
        delivery={name: value for name, value in summary.items() if isinstance(value, str | int)} if summary else None,
        tapback=tapbacks.read_mark(message.attributes) if is_tapback else None,
    )


def _list_terms(conversation: Conversation, members: Iterable[EntryMember]) -> tuple[str, ...]:
    """List what a conversation is found by: the words of its title, the names and the numbers of its members."""
    terms = [*contact_search.list_word_terms(conversation.friendly_name or "")]
    for member in members:
        terms += contact_search.list_word_terms(member.name or member.identity or "")
        terms += contact_search.list_number_terms([member.number] if member.number else [])
    return tuple(sorted({*[*dict.fromkeys(terms)][:MAX_TERMS]}))


def build_pointers(entry: InboxEntry, sources: EntrySources) -> dict[str, InboxPointer]:
    """Build the pointers of an entry by viewer: of everyone, of its members, and of the owners of its contacts."""
    member_sids = {one.identity: one.sid for one in sources.roster.participants if one.identity}
    owned: dict[str, list[str]] = {}
    for member in sources.roster.participants:
        holder = sources.holders.get(member.address or "")
        if holder and holder.owner:
            owned.setdefault(holder.owner, []).append(holder.number)

    def point(viewer: str, participant_sid: str | None = None, numbers: Iterable[str] = ()) -> InboxPointer:
        found = tuple(sorted(set(numbers)))
        return InboxPointer(viewer, entry.conversation_sid, entry.active_at, entry.lines, participant_sid, found)

    return {
        EVERYONE: point(EVERYONE),
        **{
            viewer_of(identity): point(viewer_of(identity), member_sids.get(identity), owned.get(identity, ()))
            for identity in sorted({*member_sids, *owned})
        },
    }


def history_horizon(conversation: Conversation, last_message: Message | None, since: datetime) -> int:
    """Return up to which index messages of a conversation count as read for who has never opened it.

    What was there before its Service used the inbox is not news: no person is to open a thousand old conversations.
    """
    if conversation.created >= since or last_message is None:
        return -1
    return last_message.index if last_message.created < since else last_message.index - 1


def describe_title(entry: InboxEntry) -> str:
    """Return the title of an entry: its friendly name, or else who is in it."""
    if entry.title:
        return entry.title
    names = [one.name or one.identity or format_address(one.number or "") for one in entry.members]
    more = entry.member_count - len(names)
    return ", ".join([*names, *([f"+{more}"] if more else [])])
