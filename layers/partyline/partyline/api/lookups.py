"""Find what a path names, and check that it may be changed."""

from __future__ import annotations

from partyline import refusals
from partyline.api import authorization, parsing
from partyline.api.context import Call
from partyline.api.field_types import MAX_NAME
from partyline.domain import addresses, sids, timers
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.lines import Line
from partyline.domain.membership import Roster
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission, RoleType
from partyline.domain.services import User
from partyline.errors import ApiError
from partyline.frozen_classes import replace
from partyline.storage import conversations, lines, roles, users

# `whole` is for who shows a conversation's attributes, publishes or changes them (partyline.storage.conversations).


def find_conversation(call: Call, *, whole: bool = False) -> Conversation:
    """Find the conversation that the path names by SID or unique name.

    Raises ApiError 20404, also when the caller may not see it.
    """
    if not authorization.can_see_all(call):
        return load_roster(call, whole=whole).conversation
    found = conversations.fetch(call.table, _find_sid(call), whole=whole)
    if found is None or found.service_sid != call.scope.service_sid:
        raise not_found(call)
    return _apply_timers(call, found)


def find_permitted_conversation(call: Call, *needed: Permission, whole: bool = False) -> Conversation:
    """Find the conversation of the path, if the caller has these permissions in it. Raises ApiError 20404, 50107."""
    if call.user is None:
        return find_conversation(call, whole=whole)
    found = load_roster(call, whole=whole)
    authorization.require_conversation_permission(call, found, *needed)
    return found.conversation


def load_roster(call: Call, *, whole: bool = False) -> Roster:
    """Load the conversation of the path with all its members. Raises ApiError 20404."""
    found = conversations.load(call.table, _find_sid(call), whole=whole)
    if found is None or found.conversation.service_sid != call.scope.service_sid:
        raise not_found(call)
    if not authorization.can_see(call, found.participants):
        raise not_found(call)
    return replace(found, conversation=_apply_timers(call, found.conversation))


def find_for_staff(call: Call) -> Conversation:
    """Find the conversation of the path for the account, or for staff who see it.

    Raises ApiError 20404 for a conversation that the caller does not see, 50107 for a user without `writeAsLine`.
    """
    return find_permitted_conversation(call, Permission.WRITE_AS_LINE)


def _apply_timers(call: Call, found: Conversation) -> Conversation:
    """Store what timers that are due have made of a conversation, if that was not done yet."""
    settled = (
        conversations.apply_due_timers(call.table, found, call.now) if timers.next_change(found, call.now) else found
    )
    if settled is None:
        raise not_found(call)
    return settled


def _find_sid(call: Call) -> str:
    name = call.ids["conversation"]
    if sids.matches(sids.CONVERSATION, name):
        return name
    # No name is longer, and a key of the table cannot be of any length.
    known = len(name) <= MAX_NAME
    sid = conversations.find_by_unique_name(call.table, call.scope.service_sid, name) if known else None
    if sid is None:
        raise not_found(call)
    return sid


def find_participant(call: Call, found: Roster) -> Participant:
    """Find the participant that the path names by SID or identity. Raises ApiError 20404."""
    name = call.ids["participant"]
    for member in found.participants:
        if name in (member.sid, member.identity):
            return member
    raise not_found(call)


def find_role(call: Call, sid: str | None, kind: RoleType) -> str | None:
    """Check the role that RoleSid names: it must be of this Service and of this type.

    Returns None when it is not given, or empty. Raises ApiError 20001, 50100.
    """
    if not sid:
        return None
    if not sids.matches(sids.ROLE, sid):
        raise refusals.invalid_parameter("RoleSid", f"it is not {sids.ROLE} and 32 hexadecimal digits")
    found = roles.fetch_many(call.table, call.scope.service_sid, [sid]).get(sid)
    if found is None or found.type is not kind:
        raise refusals.role_not_found(sid, kind)
    return sid


def find_line(call: Call) -> Line:
    """Find the line that the path names by its number, whoever may use it. Raises ApiError 20404."""
    address = addresses.canonicalize(parsing.restore_plus(call.ids["line"]))
    found = lines.fetch(call.table, [address]).get(address) if addresses.is_number(address) else None
    if found is None:
        raise not_found(call)
    return found


def find_user(call: Call) -> User:
    """Find the user that the path names by SID or identity. Raises ApiError 20404."""
    name = call.ids["user"]
    if sids.matches(sids.USER, name):
        found = users.fetch(call.table, name)
    else:
        found = users.fetch_by_identity(call.table, call.scope.service_sid, name) if len(name) <= MAX_NAME else None
    if found is None or found.service_sid != call.scope.service_sid:
        raise not_found(call)
    return found


def require_changeable(found: Conversation) -> Conversation:
    """Refuse to change a conversation that is closed (50377) or initializing (50386)."""
    if found.state is ConversationState.CLOSED:
        raise refusals.closed()
    if found.state is ConversationState.INITIALIZING:
        raise refusals.initializing()
    return found


def not_found(call: Call, *, merged_into: str | None = None) -> ApiError:
    """Build the refusal of a resource that does not exist. It names the path as Twilio does."""
    return refusals.not_found(call.request.resource, merged_into)
