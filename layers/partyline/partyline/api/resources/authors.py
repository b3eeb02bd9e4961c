"""Authors of new messages: the account names one, a user writes as themselves or as a line.

A user with `writeAsLine` who sees a conversation writes as one of its own numbers that they may use, without being a
member. Such a message says by whom it was written. A number counts as the conversation's own where it is projected; in
a conversation without native members also where it is a proxy.
"""

from __future__ import annotations

from collections.abc import Sequence

from partyline import refusals
from partyline.api import authorization, parsing
from partyline.api.context import Call
from partyline.api.field_types import MAX_NAME
from partyline.api.resources.participants import own_lines
from partyline.domain import routing
from partyline.domain.addresses import canonicalize, format_address
from partyline.domain.conversations import group_of
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import SYSTEM, Participant
from partyline.domain.permissions import Permission
from partyline.frozen_classes import frozen, replace


@frozen
class Author:
    """The author of a message. `participant` is None where no member has the name.

    `written_by` is the identity of the user that wrote it under another name.
    """

    name: str
    participant: Participant | None = None
    written_by: str | None = None

    def sign(self, message: Message) -> Message:
        """Return a message with this author."""
        sid = self.participant.sid if self.participant else None
        return replace(message, author=self.name, participant_sid=sid, written_by=self.written_by)


def find_own_number(call: Call, roster: Roster) -> str | None:
    """Find the own number that the calling user writes as; None where they, or the account, do not write as a line.

    It is the one that Author names. Without Author, a member that can reach the handsets writes as themselves, and
    everyone else as the only number that they may use. Raises ApiError 20001, 50107.
    """
    if call.user is None or Permission.WRITE_AS_LINE not in call.user.permissions:
        return None
    given = parsing.restore_plus(call.request.form.get("Author") or "")[:MAX_NAME]
    numbers = _own_numbers(roster.participants)
    if not numbers or given == call.user.identity:
        return None
    if not given:
        return None if _reaches_handsets(call, roster) else _choose_usable(call, numbers)
    if canonicalize(given) not in numbers:
        raise refusals.invalid_parameter("Author", f"write as yourself or as one of {_join(numbers)}")
    return _choose_usable(call, [canonicalize(given)])


def _own_numbers(participants: Sequence[Participant]) -> list[str]:
    group = group_of(participants)
    proxies = () if group.natives else (member.proxy_address for member in participants if member.proxy_address)
    return sorted({*group.projected, *proxies})


def _reaches_handsets(call: Call, roster: Roster) -> bool:
    """Whether handsets get what the calling user writes as themselves: in a group only from a projected number."""
    member = authorization.find_membership(call, roster.participants)
    return member is not None and (member.projected_address is not None or not group_of(roster.participants).natives)


def _choose_usable(call: Call, numbers: Sequence[str]) -> str:
    """Return the only one of some numbers that the caller may use. Raises ApiError 20001, 50107."""
    lines = own_lines(call, numbers)
    # A number that is no line any more is refused with the sends.
    usable = [number for number in numbers if number not in lines or authorization.can_use_line(call, lines[number])]
    if not usable:
        raise refusals.line_not_permitted(numbers[0])
    if len(usable) > 1:
        raise refusals.invalid_parameter("Author", f"give one of {_join(usable)}")
    return usable[0]


def _join(numbers: Sequence[str]) -> str:
    return ", ".join(format_address(number) for number in numbers)


def find_author(call: Call, roster: Roster, given: str | None, number: str | None) -> Author:
    """Find the author of a new message: `given` is Author, `number` what `find_own_number` found.

    Raises ApiError 50107 for a user that names another author.
    """
    if call.user is None:
        return find_named_author(call, roster, given or SYSTEM)
    identity = call.user.identity
    if number:
        return Author(format_address(number), group_of(roster.participants).projected.get(number), identity)
    if given and given != identity:
        raise refusals.account_only()
    return Author(identity, authorization.find_membership(call, roster.participants))


def find_named_author(call: Call, roster: Roster, name: str) -> Author:
    """Find the author that the account names, or its pre-action webhook for the message of a user."""
    participant = routing.find_writer(name, roster.participants)
    author = participant.author if participant else name
    identity = call.user.identity if call.user else None
    return Author(author, participant, None if author == identity else identity)


def is_own(call: Call, roster: Roster, message: Message) -> bool:
    """Whether the calling user wrote a message.

    An identity may look like the number that wrote it: the writing participant, where it still exists, decides.
    """
    if call.user is None:
        return False
    if message.written_by is not None:
        return message.written_by == call.user.identity
    if message.author != call.user.identity:
        return False
    writer = next((member for member in roster.participants if member.sid == message.participant_sid), None)
    return writer is None or writer.identity == call.user.identity


def wrote_as_line(call: Call, message: Message) -> bool:
    """Whether the calling user wrote a message as a line, and may still write so: then it needs no other permission."""
    user = call.user
    return bool(user and message.written_by == user.identity and Permission.WRITE_AS_LINE in user.permissions)
