"""Joining: who may join a conversation, and who may add which participants and lines to it.

The account may add everyone. A user needs a permission: one to join alone, others to add people of the app, and people
with a phone. A user brings in only lines that they may use; another line is no line to them (50413, 50439). Which
members can be together in a conversation, whoever adds them, is in `partyline.domain.join_rules`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from partyline import refusals
from partyline.api import authorization
from partyline.api.context import Call
from partyline.domain.join_rules import ParticipantBinding
from partyline.domain.lines import Line
from partyline.domain.membership import Roster
from partyline.domain.permissions import Permission
from partyline.errors import RuleViolation


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


def _is_caller(call: Call, binding: ParticipantBinding) -> bool:
    """Whether a participant is the calling user, without a number."""
    return call.user is not None and binding == ParticipantBinding(identity=call.user.identity)


def _permission_to_add(binding: ParticipantBinding) -> Permission:
    return Permission.ADD_PARTICIPANT if binding.identity else Permission.ADD_NON_CHAT_PARTICIPANT
