"""Participants of a new conversation that are copied from another one: the same people, or without some of them.

So a group goes on without a member who wants no texts: phones would show another thread anyway, and a conversation of
its own names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydantic import Field

from partyline import refusals
from partyline.api import authorization
from partyline.api.context import Call
from partyline.api.form_model import Clearable, Form
from partyline.domain import sids
from partyline.domain.conversations import threads_of
from partyline.domain.join_rules import ParticipantBinding
from partyline.domain.membership import Roster
from partyline.domain.participants import NotificationLevel, Participant
from partyline.errors import PartylineError
from partyline.frozen_classes import frozen, replace
from partyline.storage import conversations, memberships


class ParticipantCopyForm(Form):
    """Whose participants a new conversation has."""

    source: Clearable[str] = Field(None, alias="From")
    without: tuple[str, ...] = Field((), alias="Without")


@frozen
class CopiedParticipants:
    """The participants that are copied, with their bindings, and the conversation that they are copied from."""

    source_sid: str | None = None
    described: tuple[tuple[ParticipantBinding, Participant], ...] = ()


def copy_participants(call: Call, form: ParticipantCopyForm, conversation_sid: str) -> CopiedParticipants:
    """Copy the participants of the conversation that a form names: who they are, and their attributes.

    Roles and read horizons are not copied. Raises ApiError 20001 for a conversation that the caller cannot see, and for
    a participant that is not in it.
    """
    if form.source is None:
        if any(form.without):
            raise refusals.invalid_parameter("Without", "it is given with From only")
        return CopiedParticipants()
    roster = _load_source(call, form.source)
    left_out = set(filter(None, form.without))
    if left_out - {member.sid for member in roster.participants}:
        raise refusals.invalid_parameter("Without", "it is no participant of that conversation")
    copied = (_copy(call, member, conversation_sid) for member in roster.participants if member.sid not in left_out)
    return CopiedParticipants(form.source, tuple(copied))


def _load_source(call: Call, sid: str) -> Roster:
    roster = conversations.load(call.table, sid) if sids.matches(sids.CONVERSATION, sid) else None
    is_here = roster is not None and roster.conversation.service_sid == call.scope.service_sid
    if roster is None or not is_here or not authorization.can_see(call, roster.participants):
        raise refusals.invalid_parameter("From", "it is no conversation of this Service")
    return roster


def _copy(call: Call, member: Participant, conversation_sid: str) -> tuple[ParticipantBinding, Participant]:
    binding = ParticipantBinding(member.identity, member.address, member.proxy_address, member.projected_address)
    copied = replace(
        member,
        conversation_sid=conversation_sid,
        created=call.now,
        updated=call.now,
        identified=call.now if member.identity else None,
        role_sid=None,
        last_read_message_index=None,
        last_read_timestamp=None,
        notification_level=NotificationLevel.DEFAULT,
    )
    return binding, copied


@contextmanager
def aliases_released(call: Call, copied: CopiedParticipants, members: Sequence[Participant]) -> Iterator[None]:
    """Release the thread of the new members where the source owns it as an alias, since it has left out the others.

    The source claims it again where the new conversation is refused meanwhile.
    """
    source = copied.source_sid
    released = memberships.release_aliases(call.table, source, threads_of(members)) if source else frozenset()
    try:
        yield
    except PartylineError:
        for thread in sorted(released):
            memberships.claim_alias_thread(call.table, source or "", thread, call.now)
        raise
