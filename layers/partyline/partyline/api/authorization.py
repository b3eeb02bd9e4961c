"""Authorization: what a user may see and do. For the account, which may do everything, nothing here reads the table.

Which conversations a user sees is in `partyline.auth.visibility`. What is not visible is not found (20404); what is
visible and not permitted is refused (50107). A text from a line that they may not use is refused (50107). Who may join
a conversation, and whom and which line they may add, is in `joining`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from partyline import refusals
from partyline.api.context import Call
from partyline.api.request import Parameters
from partyline.auth import visibility
from partyline.domain.contacts import Contact
from partyline.domain.lines import Line, may_use
from partyline.domain.membership import Roster
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission
from partyline.domain.sends import Send
from partyline.errors import ApiError
from partyline.storage import conversations, roles, users

_STAFF = frozenset({Permission.WRITE_AS_LINE, Permission.VIEW_ANY_CONVERSATION})


def can_see_all(call: Call) -> bool:
    """Whether every conversation of the Service is visible to the caller."""
    return call.user is None or Permission.VIEW_ANY_CONVERSATION in call.user.permissions


def is_staff(call: Call) -> bool:
    """Whether the caller is the account, writes as lines, or sees every conversation.

    Others are people of an app: what staff know of a conversation is not for them.
    """
    return call.user is None or not call.user.permissions.isdisjoint(_STAFF)


def can_see(call: Call, members: Collection[Participant]) -> bool:
    """Whether a conversation with these members is visible to the caller (partyline.auth.visibility)."""
    return call.user is None or visibility.is_visible(call.table, call.scope.service_sid, call.user, members)


def find_membership(call: Call, members: Collection[Participant]) -> Participant | None:
    """Return the member that the calling user is, if any."""
    user = call.user
    return next((member for member in members if user and member.identity == user.identity), None)


def can_use_line(call: Call, line: Line) -> bool:
    """Whether the caller may write as a line, and bring it into conversations."""
    return call.user is None or may_use(line, call.scope.service_sid, call.user.identity)


def can_see_prices(call: Call) -> bool:
    """Whether the caller sees the prices of lines, and what texts cost: those who see every conversation do."""
    return can_see_all(call)


def require_sending_lines(call: Call, sends: Iterable[Send], lines: Mapping[str, Line]) -> None:
    """Refuse a user whose message would be sent from a line that they may not use. Raises ApiError 50107."""
    for send in sends:
        line = lines.get(send.sender)
        if line and not can_use_line(call, line):
            raise refusals.line_not_permitted(line.address)


def redact_error(call: Call, refused: ApiError) -> ApiError:
    """Remove from a refusal the conversation that the calling user cannot see.

    A unique name or a set of people that is taken names the conversation that has it.
    """
    owner = (refused.details or {}).get("conversation_sid")
    if call.user is None or owner is None:
        return refused
    roster = conversations.load(call.table, owner)
    if roster and roster.conversation.service_sid == call.scope.service_sid and can_see(call, roster.participants):
        return refused
    return without_owner(refused)


def without_owner(refused: ApiError) -> ApiError:
    """Remove from a refusal the conversation that it names."""
    owner = (refused.details or {}).get("conversation_sid")
    message = refused.message.removesuffix(f" as Conversation {owner}").removesuffix(f" in Conversation {owner}")
    details = {name: value for name, value in (refused.details or {}).items() if name != "conversation_sid"}
    return ApiError(refused.code, refused.status, message, details)


def require_conversation_permission(call: Call, roster: Roster, *needed: Permission) -> None:
    """Refuse a user whose roles in the Service and in this conversation do not permit all of it.

    Raises ApiError 50107.
    """
    if call.user is None:
        return
    member = find_membership(call, roster.participants)
    missing = set(needed) - call.user.permissions
    if missing and member:
        missing -= _conversation_permissions(call, member)
    if missing:
        raise refusals.not_permitted(sorted(missing))


def can_manage_contacts(call: Call) -> bool:
    """Whether the caller sees and changes all contacts of the Service; others see those that they own."""
    return call.user is None or Permission.MANAGE_CONTACTS in call.user.permissions


def can_see_contact(call: Call, contact: Contact) -> bool:
    """Whether a contact is visible to the caller."""
    return can_manage_contacts(call) or (call.user is not None and contact.owner == call.user.identity)


def deny_users(call: Call, form: Parameters, *names: str) -> None:
    """Refuse a user that sends parameters which only the account may set. Raises ApiError 50107."""
    if call.user is not None and any(name in form.values for name in names):
        raise refusals.account_only()


def require_service_permission(call: Call, *needed: Permission) -> None:
    """Refuse a user whose role in the Service does not permit all of it. Raises ApiError 50107."""
    if call.user is not None:
        missing = set(needed) - call.user.permissions
        if missing:
            raise refusals.not_permitted(sorted(missing))


def require_creator_permission(call: Call, *needed: Permission) -> None:
    """Refuse a user that may not create conversations, or not do all of it as a conversation's creator.

    Raises ApiError 50107.
    """
    require_service_permission(call, Permission.CREATE_CONVERSATION)
    if call.user is None:
        return
    granted = roles.fetch_permissions(call.table, call.scope.service_sid, None, call.scope.service.creator_role_sid)
    missing = set(needed) - granted - call.user.permissions
    if missing:
        raise refusals.not_permitted(sorted(missing))


def require_self(call: Call, identity: str, *otherwise: Permission) -> None:
    """Refuse a user with another identity, unless their role in the Service permits all of `otherwise`.

    With nothing in `otherwise`, no role permits it. Raises ApiError 50107.
    """
    if call.user is None or call.user.identity == identity:
        return
    missing = set(otherwise) - call.user.permissions
    if missing or not otherwise:
        raise refusals.not_permitted(sorted(missing))


def find_known_users(call: Call, *identities: str | None) -> frozenset[str]:
    """Return which of some identities, and of the caller, are users, where a user brings them in.

    They must still be users when that is written. The account makes users of identities, so for it the set is empty.
    Raises ApiError 20403 for another identity whose user was deleted.
    """
    if call.user is None:
        return frozenset()
    own = call.user.identity
    others = {identity for identity in identities if identity and identity != own}
    return frozenset({own, *_existing_users(call, others)})


def _existing_users(call: Call, identities: Collection[str]) -> Iterator[str]:
    """Yield the identities that are users. Raises ApiError 20403 for one whose user was deleted."""
    found = users.fetch_with_revocations(call.table, call.scope.service_sid, identities) if identities else {}
    for identity, (user, revocation) in found.items():
        if user:
            yield identity
        elif revocation and revocation.barred:
            raise refusals.identity_barred(identity)


def _conversation_permissions(call: Call, member: Participant) -> frozenset[Permission]:
    """Return what a member's role in its conversation permits; without one, the Service's role for members."""
    return roles.fetch_permissions(
        call.table, call.scope.service_sid, member.role_sid, call.scope.service.member_role_sid
    )
