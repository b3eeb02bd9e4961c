"""What a chat identity may see and do. The account itself may do everything, so for it nothing here asks the table.

A person sees the conversations they take part in, and all of their Service when their role permits it. What is not
visible is not found (20404); what is visible and not permitted is refused (50107).
"""

from __future__ import annotations

from collections.abc import Collection

from partyline import refusals
from partyline.api.calls import Call, Person
from partyline.model import Participant
from partyline.permissions import Permission
from partyline.store import conversations, roles
from partyline.store.conversations import Roster


def sees_all(call: Call) -> bool:
    """Whether every conversation of the Service is visible to the caller."""
    return call.person is None or Permission.VIEW_ANY_CONVERSATION in call.person.permissions


def sees(call: Call, members: Collection[Participant]) -> bool:
    """Whether a conversation with these members is visible to the caller."""
    return sees_all(call) or membership(call, members) is not None


def membership(call: Call, members: Collection[Participant]) -> Participant | None:
    """The member that the calling person is."""
    person = call.person
    return next((member for member in members if person and member.identity == person.identity), None)


def require(call: Call, conversation_sid: str, *wanted: Permission) -> None:
    """Refuse a person whom neither their role in the Service nor the one in this conversation permits all that is
    wanted. Raises ApiError 50107."""
    if call.person is None or call.person.permissions.issuperset(wanted):
        return
    roster = conversations.load(call.table, conversation_sid)
    require_in(call, roster, *wanted)


def require_in(call: Call, roster: Roster | None, *wanted: Permission) -> None:
    """The same for a roster that was read already."""
    if call.person is None:
        return
    member = membership(call, roster.participants) if roster else None
    missing = set(wanted) - call.person.permissions
    if missing and member:
        missing -= _granted(call, member)
    if missing:
        raise refusals.not_permitted(sorted(missing))


def require_in_service(call: Call, *wanted: Permission) -> None:
    """Refuse a person whose role in the Service does not permit all that is wanted. Raises ApiError 50107."""
    if call.person is not None:
        missing = set(wanted) - call.person.permissions
        if missing:
            raise refusals.not_permitted(sorted(missing))


def require_of_creator(call: Call, *wanted: Permission) -> None:
    """Refuse a person who may not make conversations, or whom the role of creators does not permit what is wanted.
    Raises ApiError 50107."""
    require_in_service(call, Permission.CREATE_CONVERSATION)
    if call.person is None:
        return
    creators = call.scope.service.creator_role_sid
    found = roles.find(call.table, call.scope.service_sid, [creators])
    granted = set(found[creators].permissions) if creators in found else set()
    missing = set(wanted) - granted - call.person.permissions
    if missing:
        raise refusals.not_permitted(sorted(missing))


def require_self(call: Call, identity: str, *otherwise: Permission) -> None:
    """Refuse a person who is not this identity, unless their role in the Service permits it."""
    if call.person is not None and call.person.identity != identity:
        _refuse_stranger(call.person, otherwise)


def _refuse_stranger(person: Person, otherwise: Collection[Permission]) -> None:
    if not otherwise or not person.permissions.issuperset(otherwise):
        raise refusals.not_permitted(sorted(otherwise))


def _granted(call: Call, member: Participant) -> frozenset[Permission]:
    """What a member's role in its conversation permits; without one, or when it is gone, the Service's own for
    members."""
    wanted = [sid for sid in (member.role_sid, call.scope.service.member_role_sid) if sid]
    found = roles.find(call.table, call.scope.service_sid, wanted)
    return frozenset(Permission(name) for name in next((found[sid].permissions for sid in wanted if sid in found), ()))
