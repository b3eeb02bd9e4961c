"""Joining: who may join a conversation, and who may add which participants and lines to it.

The account may add everyone. A user needs a permission: one to join alone, others to add people of the app, and people
with a phone. A user brings in only lines that they may use; another line is no line to them (50413, 50439). A user
who sees only what is assigned to them texts their own contacts only. Where the Service locks groups, no user changes
who is in a group text. Which members can be together in a conversation, whoever adds them, is in
`partyline.domain.join_rules`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from partyline import refusals
from partyline.api import authorization
from partyline.api.context import Call
from partyline.domain.join_rules import ParticipantBinding
from partyline.domain.lines import Line
from partyline.domain.membership import Roster
from partyline.domain.permissions import Permission
from partyline.errors import RuleViolation
from partyline.storage import contacts


def require_addition(call: Call, roster: Roster, binding: ParticipantBinding) -> frozenset[str]:
    """Refuse a user that may not join a conversation, or not add such a participant to it.

    Returns the identities that are users, of the caller and of the participant, where a user adds it. Raises ApiError
    20403, 50107.
    """
    permission = Permission.JOIN_CONVERSATION if _is_caller(call, binding) else _permission_to_add(binding)
    authorization.require_conversation_permission(call, roster, permission)
    return authorization.find_known_users(call, binding.identity)


def require_addition_by_creator(call: Call, binding: ParticipantBinding) -> None:
    """Refuse a user that may not create a conversation with such a participant. Raises ApiError 50107."""
    if not _is_caller(call, binding):
        authorization.require_creator_permission(call, _permission_to_add(binding))


def require_usable_lines(call: Call, binding: ParticipantBinding, own: Mapping[str, Line]) -> None:
    """Refuse a user that brings in a line which they may not use: to them it is none.

    `own` are the lines among the binding's numbers. Raises RuleViolation proxy_not_ours and projected_not_ours.
    """
    proxy, projected = binding.proxy_address, binding.projected_address
    if proxy and not authorization.can_use_line(call, own[proxy]):
        raise RuleViolation("proxy_not_ours", address=proxy)
    if projected and not authorization.can_use_line(call, own[projected]):
        raise RuleViolation("projected_not_ours", address=projected)


def require_usable_group(call: Call, numbers: Collection[str], own: Mapping[str, Line]) -> None:
    """Refuse a user that adds a handset to a group none of whose lines they may use. Raises ApiError 50107."""
    registered = [own[number] for number in sorted(numbers) if number in own]
    if registered and not any(authorization.can_use_line(call, line) for line in registered):
        raise refusals.line_not_permitted(registered[0].address)


def require_assigned(call: Call, addresses: Iterable[str]) -> None:
    """Refuse a user who sees only assigned conversations and texts anybody but their own contacts.

    Cost: one round trip for such a user, none for others. Raises ApiError 50107.
    """
    user, handsets = call.user, sorted(set(addresses))
    if user is None or not handsets or not _sees_assigned_only(user.permissions):
        return
    holders = contacts.fetch_holders(call.table, call.scope.service_sid, handsets)
    for handset in handsets:
        if handset not in holders or holders[handset].owner != user.identity:
            raise refusals.contact_not_assigned(handset)


def _sees_assigned_only(permissions: Collection[Permission]) -> bool:
    return Permission.VIEW_ASSIGNED_CONVERSATIONS in permissions and Permission.VIEW_ANY_CONVERSATION not in permissions


def require_unlocked(call: Call, roster: Roster, *, has_number: bool) -> None:
    """Refuse a user that changes who is in a group text, where the Service locks groups.

    `has_number` is whether the participant that is added or removed has a number. Raises ApiError 50107.
    """
    is_group = any(member.address for member in roster.participants)
    if call.user is not None and call.scope.service.lock_groups and has_number and is_group:
        raise refusals.group_locked()


def _is_caller(call: Call, binding: ParticipantBinding) -> bool:
    """Whether a participant is the calling user, without a number."""
    return call.user is not None and binding == ParticipantBinding(identity=call.user.identity)


def _permission_to_add(binding: ParticipantBinding) -> Permission:
    return Permission.ADD_PARTICIPANT if binding.identity else Permission.ADD_NON_CHAT_PARTICIPANT
