"""What a chat identity may see and do. The account itself may do everything, so for it nothing here asks the table.

A person sees the conversations they take part in, and all of their Service when their role permits it. What is not
visible is not found (20404); what is visible and not permitted is refused (50107).
"""

from __future__ import annotations

from collections.abc import Collection

from partyline import refusals
from partyline.api.context import Call
from partyline.api.request import Parameters
from partyline.domain.membership import Roster
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission
from partyline.errors import ApiError
from partyline.storage import conversations, roles, users


def can_see_all(call: Call) -> bool:
    """Whether every conversation of the Service is visible to the caller."""
    return call.user is None or Permission.VIEW_ANY_CONVERSATION in call.user.permissions


def can_see(call: Call, members: Collection[Participant]) -> bool:
    """Whether a conversation with these members is visible to the caller."""
    return can_see_all(call) or find_membership(call, members) is not None


def find_membership(call: Call, members: Collection[Participant]) -> Participant | None:
    """The member that the calling person is."""
    user = call.user
    return next((member for member in members if user and member.identity == user.identity), None)


def redact_error(call: Call, refused: ApiError) -> ApiError:
    """A refusal as the caller may hear it: a person is not told which conversation has a name or a set of people when
    they cannot see it."""
    owner = (refused.details or {}).get("conversation_sid")
    if call.user is None or owner is None:
        return refused
    roster = conversations.load(call.table, owner)
    if roster and roster.conversation.service_sid == call.scope.service_sid and can_see(call, roster.participants):
        return refused
    message = refused.message.removesuffix(f" as Conversation {owner}").removesuffix(f" in Conversation {owner}")
    details = {name: value for name, value in (refused.details or {}).items() if name != "conversation_sid"}
    return ApiError(refused.code, refused.status, message, details)


def require_conversation_permission(call: Call, roster: Roster, *wanted: Permission) -> None:
    """Refuse a person whom neither their role in the Service nor the one in this conversation permits all that is
    wanted. Raises ApiError 50107."""
    if call.user is None:
        return
    member = find_membership(call, roster.participants)
    missing = set(wanted) - call.user.permissions
    if missing and member:
        missing -= _conversation_permissions(call, member)
    if missing:
        raise refusals.not_permitted(sorted(missing))


def deny_users(call: Call, form: Parameters, *names: str) -> None:
    """Refuse a person who sends what is the account's alone to set. Raises ApiError 50107."""
    if call.user is not None and any(name in form.values for name in names):
        raise refusals.account_only()


def require_service_permission(call: Call, *wanted: Permission) -> None:
    """Refuse a person whose role in the Service does not permit all that is wanted. Raises ApiError 50107."""
    if call.user is not None:
        missing = set(wanted) - call.user.permissions
        if missing:
            raise refusals.not_permitted(sorted(missing))


def require_creator_permission(call: Call, *wanted: Permission) -> None:
    """Refuse a person who may not make conversations, or whom the role of creators does not permit what is wanted.
    Raises ApiError 50107."""
    require_service_permission(call, Permission.CREATE_CONVERSATION)
    if call.user is None:
        return
    granted = roles.fetch_permissions(call.table, call.scope.service_sid, None, call.scope.service.creator_role_sid)
    missing = set(wanted) - granted - call.user.permissions
    if missing:
        raise refusals.not_permitted(sorted(missing))


def require_self(call: Call, identity: str, *otherwise: Permission) -> None:
    """Refuse a person who is not this identity, unless their role in the Service permits all of `otherwise`, which is
    something. Raises ApiError 50107."""
    if call.user is None or call.user.identity == identity:
        return
    missing = set(otherwise) - call.user.permissions
    if missing or not otherwise:
        raise refusals.not_permitted(sorted(missing))


def find_known_users(call: Call, *identities: str | None) -> frozenset[str]:
    """Those of some identities, and the calling person, who are users, where a person brings them in: they have to be
    users still when that is written. The account makes them anew. Raises ApiError 20403 for another one whose user was
    deleted."""
    if call.user is None:
        return frozenset()
    own = call.user.identity
    others = {one for one in identities if one and one != own}
    found = users.fetch_with_revocations(call.table, call.scope.service_sid, others) if others else {}
    for identity, (user, revocation) in found.items():
        if user is None and revocation and revocation.barred:
            raise refusals.identity_barred(identity)
    return frozenset({own, *(identity for identity, (user, _) in found.items() if user)})


def _conversation_permissions(call: Call, member: Participant) -> frozenset[Permission]:
    """What a member's role in its conversation permits; without one, the Service's own for members."""
    return roles.fetch_permissions(
        call.table, call.scope.service_sid, member.role_sid, call.scope.service.member_role_sid
    )
