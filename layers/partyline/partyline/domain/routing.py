"""Routing: the line and author of an inbound text, and the sends of an outbound message. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from partyline.domain import addresses, bylines, threads
from partyline.domain.conversations import alias_threads, group_of, masked_threads
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.participants import Participant
from partyline.domain.sends import Send
from partyline.domain.unrouted import UnroutedReason
from partyline.errors import RuleViolation
from partyline.frozen_classes import frozen, replace

# A larger roster cannot be recorded in one transaction with a keyword (inbound.keywords), and no carrier could send a
# reply to it.
MAX_ROSTER = 79


@frozen
class Arrival:
    """The canonical addresses of an inbound text.

    - `receivers`: the own number that received this copy, or several of which one did. Empty while it is not known
      which of the recipients is ours.
    - `roster`: the sender and all recipients, sorted.
    """

    receivers: tuple[str, ...]
    sender: str
    roster: tuple[str, ...]

    @property
    def line(self) -> str:
        """The first receiver; '' when there is none."""
        return self.receivers[0] if self.receivers else ""

    def among(self, own: Collection[str]) -> Arrival:
        """Return the arrival with its receivers, given the lines in its roster.

        Receivers are the numbers that the carrier names, registered or not, lines first. When it names none, they are
        the lines among the recipients.
        """
        named = self.receivers or [one for one in self.recipients if one in own]
        return replace(self, receivers=tuple(sorted(named, key=lambda one: (one not in own, one))))

    @property
    def thread(self) -> str:
        """The key of its thread."""
        return threads.build_key(self.roster)

    @property
    def recipients(self) -> tuple[str, ...]:
        """All members except the sender."""
        return tuple(member for member in self.roster if member != self.sender)


@frozen
class Unreached:
    """A participant that a message does not reach, with the thread that it is missing from."""

    thread: str
    participant: Participant


def build_arrival(sender: str, recipients: Iterable[str], *lines: str) -> Arrival:
    """Build an arrival from the addresses of a carrier's webhook.

    `lines` are the own numbers that received the text according to the carrier. The roster has the sender, each
    recipient and each of the lines once. It does not depend on the notation that the carrier uses, on whether the
    carrier lists the sender as a recipient, or on whether it leaves out our own number.
    """
    # A carrier's list may have empty entries.
    written = [recipient for recipient in recipients if recipient.strip(" ,")]
    own = tuple(dict.fromkeys(addresses.canonicalize(line) for line in lines if line))
    region = addresses.region_of(own[0] if own else addresses.canonicalize(written[0]) if written else "")
    author = addresses.canonicalize(sender, region)
    others = (addresses.canonicalize(recipient, region) for recipient in written)
    return Arrival(own, author, tuple(sorted({*own, author, *others})))


def find_line(arrival: Arrival, lines: Mapping[str, Line]) -> Line | UnroutedReason:
    """Find the line that creates a conversation for a text in an unowned thread, or the reason why none is created.

    `lines` are the lines in the roster of the text. Each of them may allow a new conversation, and the lowest one that
    allows it decides its settings. So the result is the same for each copy, also for one at an unregistered number. A
    text from one of our own numbers is an echo or comes from another system; it never starts a conversation.
    """
    if not lines.keys() - {arrival.sender}:
        return UnroutedReason.UNKNOWN_LINE
    if arrival.sender in lines:
        return UnroutedReason.OWN_SENDER
    is_group = not threads.is_pair(arrival.thread)
    allowed = (AutoCreation.ALL, AutoCreation.GROUPS) if is_group else (AutoCreation.ALL,)
    allowing = [line for line in lines.values() if line.auto_creation in allowed]
    return min(allowing, key=lambda line: line.address, default=UnroutedReason.AUTO_CREATION_OFF)


def find_author(sender: str, thread: str, participants: Iterable[Participant]) -> Participant | None:
    """Find the member that wrote from an address into a thread; None when it is no longer a member."""
    members = list(participants)
    masked = masked_threads(members).get(thread)
    if masked and masked.address == sender:
        return masked
    group = group_of(members)
    return group.natives.get(sender) or group.projected.get(sender)


def find_writer(name: str, participants: Iterable[Participant]) -> Participant | None:
    """Find the member that an API caller names as Author, by identity, own number or address."""
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
    """Plan the sends of a message: one into each thread in `owned`.

    `owned` are threads of these members, whether the conversation owns them already or not.
    The thread that the message arrived on gets none, since its handsets have the message. The masked threads of its
    author get none either, behind any proxy.
    """
    targets = set(owned) - {arrived_on}
    # The handsets of an alias thread are handsets of the group.
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
    """Return the author's own number, or the group's first own number for an author without one."""
    return author.projected_address if author and author.projected_address else min(projected)


def find_unreached(
    participants: Sequence[Participant],
    sends: Iterable[Send],
    author: Participant | None,
    arrived_on: str | None = None,
) -> tuple[Unreached, ...]:
    """Find the handsets that get a message neither by one of its sends nor by the thread that it arrived on.

    These are all natives when the group has no own number or its thread belongs to another conversation. A native that
    is missing from the alias thread of an inbound text is another case. The author is never included, behind any proxy.
    """
    served = {sid for send in sends for sid in send.natives.values()}
    already_reached = {author.address if author else None, *threads.members_of(arrived_on or "")}
    group = group_of(participants)
    shared = group.thread or threads.build_key(group.natives)
    return tuple(
        Unreached(_thread_of(member, shared), member)
        for member in participants
        if member.address and member.sid not in served and member.address not in already_reached
    )


def _thread_of(member: Participant, shared: str) -> str:
    """Return the thread of a handset: its own pair, or the thread of the group."""
    return threads.build_key([member.address or "", member.proxy_address]) if member.proxy_address else shared


def check_author(author: Participant | None, name: str, participants: Sequence[Participant]) -> None:
    """Refuse an author without an own number in a group, whose handsets see the sending number.

    Raises RuleViolation author_not_in_group.
    """
    group = group_of(participants)
    if group.natives and not (author and author.projected_address):
        raise RuleViolation("author_not_in_group", author=name, has_number=bool(group.projected))
