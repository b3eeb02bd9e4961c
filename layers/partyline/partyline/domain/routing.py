"""Where a text goes. Inbound: whose thread it is and who wrote it. Outbound: which sends a message becomes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from partyline.domain import addresses, bylines, threads
from partyline.domain.conversations import alias_threads, group_of, masked_threads
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.participants import Participant
from partyline.domain.sends import Send
from partyline.domain.unrouted import UnroutedReason
from partyline.errors import RuleViolation

# A roster beyond this cannot be recorded in one transaction (nor answered on any carrier).
MAX_ROSTER = 80


@dataclass(frozen=True, slots=True)
class Arrival:
    """An inbound text in canonical terms: who wrote, everybody in it, and the own number that received this copy:
    one of its `receivers`, where the carrier names several. `receivers` is empty while it is unknown which is ours."""

    receivers: tuple[str, ...]
    sender: str
    roster: tuple[str, ...]

    @property
    def line(self) -> str:
        """The first of the receivers; '' for none."""
        return self.receivers[0] if self.receivers else ""

    def among(self, own: Collection[str]) -> Arrival:
        """The arrival with its receivers settled by `own`, the lines in its roster: the numbers that the carrier names,
        registered or not, lines first; where it names none, the lines among the recipients."""
        named = self.receivers or [one for one in self.recipients if one in own]
        return replace(self, receivers=tuple(sorted(named, key=lambda one: (one not in own, one))))

    @property
    def thread(self) -> str:
        """The key of the set of people in it."""
        return threads.build_key(self.roster)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody but the sender."""
        return tuple(member for member in self.roster if member != self.sender)


@dataclass(frozen=True, slots=True)
class Unreached:
    """A handset that a message does not get to: the participant, and the thread that it would have come by."""

    thread: str
    participant: Participant


def build_arrival(sender: str, recipients: Iterable[str], *lines: str) -> Arrival:
    """The roster of a text, from the addresses that a carrier wrote: the sender, every recipient, and the own numbers
    that it says received it, each once.

    Carriers write them in every notation, list the sender among the recipients or leave our own number out; none of it
    changes the set.
    """
    # An empty entry of a carrier's list is nobody.
    written = [recipient for recipient in recipients if recipient.strip(" ,")]
    own = tuple(dict.fromkeys(addresses.canonicalize(line) for line in lines if line))
    region = addresses.region_of(own[0] if own else addresses.canonicalize(written[0]) if written else "")
    author = addresses.canonicalize(sender, region)
    others = (addresses.canonicalize(recipient, region) for recipient in written)
    return Arrival(own, author, tuple(sorted({*own, author, *others})))


def find_line(arrived: Arrival, lines: Mapping[str, Line]) -> Line | UnroutedReason:
    """The line that makes the conversation of a text whose thread nobody owns, or why none is made. `lines` are the own
    numbers among its roster.

    Any of the own numbers may allow it, and the lowest of those that do decides what the conversation is like, so that
    the answer does not depend on which copy comes first: that of a number which is not registered may be the first,
    and is enough. A text from one of our own numbers is an echo, or another system's; it never starts a conversation.
    """
    if not lines.keys() - {arrived.sender}:
        return UnroutedReason.UNKNOWN_LINE
    if arrived.sender in lines:
        return UnroutedReason.OWN_SENDER
    is_group = not threads.is_pair(arrived.thread)
    allowed = (AutoCreation.ALL, AutoCreation.GROUPS) if is_group else (AutoCreation.ALL,)
    allowing = [line for line in lines.values() if line.auto_creation in allowed]
    return min(allowing, key=lambda line: line.address, default=UnroutedReason.AUTO_CREATION_OFF)


def find_author(sender: str, thread: str, participants: Iterable[Participant]) -> Participant | None:
    """The member who wrote from an address into a thread; None when the conversation no longer has them."""
    everybody = list(participants)
    masked = masked_threads(everybody).get(thread)
    if masked and masked.address == sender:
        return masked
    group = group_of(everybody)
    return group.natives.get(sender) or group.projected.get(sender)


def find_writer(name: str, participants: Iterable[Participant]) -> Participant | None:
    """The member that an API caller names as Author: by identity, own number or address."""
    address = addresses.canonicalize(name)
    for participant in participants:
        if name == participant.identity:
            return participant
        if address in (participant.projected_address, participant.address):
            return participant
    return None


def plan_sends(
    participants: Sequence[Participant],
    owned: Iterable[str],
    author: Participant | None,
    arrived_on: str | None = None,
) -> tuple[Send, ...]:
    """Plan the sends of a message: one into every thread that is `owned`, or planned for as if it were.

    There is none into the thread that the message arrived on, whose handsets have it already, and none into the masked
    threads of its author, behind any proxy.
    """
    targets = set(owned) - {arrived_on}
    # The handsets of an alias thread are the group's.
    arrived_in_group = arrived_on in alias_threads([arrived_on] if arrived_on else [], participants)
    group = None if arrived_in_group else _plan_group_send(participants, targets, author)
    masked = _plan_masked_sends(participants, targets, author)
    return (group, *masked) if group else tuple(masked)


def _plan_group_send(
    participants: Sequence[Participant], targets: Collection[str], author: Participant | None
) -> Send | None:
    group = group_of(participants)
    if group.thread is None or group.thread not in targets:
        return None
    sender = _group_sender(author, tuple(group.projected))
    natives = {address: native.sid for address, native in group.natives.items()}
    others = tuple(sorted(number for number in group.projected if number != sender))
    byline = bylines.build_byline(author, sender, natives, participants)
    return Send(group.thread, sender, natives, others, byline=byline)


def _plan_masked_sends(
    participants: Sequence[Participant], targets: Collection[str], author: Participant | None
) -> Iterator[Send]:
    group_thread = group_of(participants).thread
    for thread, member in sorted(masked_threads(participants).items()):
        is_author = author is not None and member.address == author.address
        if thread not in targets or thread == group_thread or is_author:
            continue
        if member.address and member.proxy_address:
            byline = bylines.build_byline(author, member.proxy_address, {member.address}, participants)
            yield Send(thread, member.proxy_address, {member.address: member.sid}, byline=byline)


def _group_sender(author: Participant | None, projected: Sequence[str]) -> str:
    """Return the author's own number; for an author without one (a masked member) the first of the group's."""
    return author.projected_address if author and author.projected_address else min(projected)


def find_unreached(
    participants: Sequence[Participant],
    sends: Iterable[Send],
    author: Participant | None,
    arrived_on: str | None = None,
) -> tuple[Unreached, ...]:
    """Find the handsets that get a recorded message neither by one of its sends nor by the thread it arrived on.

    That is every native while the group has no own number, or a thread that belongs to another conversation; and a
    native who is left out of the alias thread that a text arrived on. The author is none of them, behind any proxy.
    """
    served = {sid for send in sends for sid in send.natives.values()}
    has_it = {author.address if author else None, *threads.members_of(arrived_on or "")}
    group = group_of(participants)
    shared = group.thread or threads.build_key(group.natives)
    return tuple(
        Unreached(_thread_of(member, shared), member)
        for member in participants
        if member.address and member.sid not in served and member.address not in has_it
    )


def _thread_of(member: Participant, shared: str) -> str:
    """Return the thread that a handset is in: its own pair's, or the one that it shares."""
    return threads.build_key([member.address or "", member.proxy_address]) if member.proxy_address else shared


def check_author(author: Participant | None, name: str, participants: Sequence[Participant]) -> None:
    """Refuse an author without an own number in a group: its handsets see the number that a text is sent from.

    Raises RuleViolation author_not_in_group.
    """
    group = group_of(participants)
    if group.natives and not (author and author.projected_address):
        raise RuleViolation("author_not_in_group", author=name, has_number=bool(group.projected))
