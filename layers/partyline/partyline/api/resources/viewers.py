"""Who sees a conversation, and why. For those who see every conversation. Twilio has no such resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from pydantic import Field

from partyline.api import authorization, lookups
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Identity
from partyline.api.form_model import Form
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel
from partyline.api.router import Router
from partyline.domain.contacts import NumberHolder
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission
from partyline.domain.services import Role
from partyline.frozen_classes import frozen
from partyline.storage import contacts, roles, users

route = Router()


class ViewersQuery(Form):
    """What is asked about the viewers of a conversation."""

    identity: Identity | None = Field(
        None, description="An identity to list too, whether or not it sees the conversation."
    )


class ReasonKind(StrEnum):
    """Why an identity sees a conversation: it is a member, owns a contact in it, or its role permits it."""

    MEMBER = "member"
    CONTACT = "contact"
    ROLE = "role"


class ViewerReason(ResponseModel):
    """One reason, with the SID of the participant, the contact or the role."""

    kind: ReasonKind
    sid: str


class Viewer(ResponseModel):
    """An identity that has to do with the conversation."""

    identity: str
    sees: bool = Field(description="Whether it sees the conversation.")
    reasons: tuple[ViewerReason, ...] = Field(
        description="Why; what is listed for one that does not see it is not enough."
    )
    role_sid: str | None = Field(description="Its role in the Service; null for an identity that is no user.")
    missing: tuple[Permission, ...] = Field(description="What its role lacks, where that is why it sees nothing.")


class ViewingRole(ResponseModel):
    """A role whose users see every conversation of the Service."""

    sid: str
    friendly_name: str


class ViewersBody(ResponseModel):
    """Who sees a conversation."""

    conversation_sid: str
    roles: tuple[ViewingRole, ...] = Field(description="The users with one of these roles see every conversation.")
    viewers: tuple[Viewer, ...] = Field(description="The members and the owners of contacts, and who was asked about.")


@route.get(
    "Conversations/{conversation}/Viewers", users=True, docs=Operation(query=ViewersQuery, answers={200: ViewersBody})
)
def list_viewers(call: Call) -> ApiResponse:
    """Show who sees a conversation and why. Users need `viewAnyConversation`. Raises ApiError 20404, 50107."""
    authorization.require_service_permission(call, Permission.VIEW_ANY_CONVERSATION)
    roster, asked = lookups.load_roster(call), ViewersQuery.parse(call.request.query).identity
    handsets = {member.address for member in roster.participants if member.address}
    holders = contacts.fetch_holders(call.table, call.scope.service_sid, handsets) if handsets else {}
    reasons = _collect_reasons(roster.participants, holders)
    if asked:
        reasons.setdefault(asked, ())
    viewing = _Viewing.read(call, reasons)
    body = ViewersBody(
        conversation_sid=roster.conversation.sid,
        roles=tuple(
            ViewingRole(sid=role.sid, friendly_name=role.friendly_name)
            for role in viewing.roles.values()
            if Permission.VIEW_ANY_CONVERSATION in role.permissions
        ),
        viewers=tuple(viewing.describe(identity, found) for identity, found in sorted(reasons.items())),
    )
    return ApiResponse(200, body.to_json())


def _collect_reasons(
    members: Iterable[Participant], holders: Mapping[str, NumberHolder]
) -> dict[str, tuple[ViewerReason, ...]]:
    """Return the reasons of each identity that is a member or owns a contact."""
    found = [(member.identity, ViewerReason(kind=ReasonKind.MEMBER, sid=member.sid)) for member in members]
    found += [(held.owner, ViewerReason(kind=ReasonKind.CONTACT, sid=held.contact_sid)) for held in holders.values()]
    reasons: dict[str, tuple[ViewerReason, ...]] = {}
    for identity, reason in found:
        if identity:
            reasons[identity] = tuple(dict.fromkeys((*reasons.get(identity, ()), reason)))
    return reasons


@frozen
class _Viewing:
    """The roles of a Service by SID, and the role of each identity that is a user."""

    roles: Mapping[str, Role]
    role_sids: Mapping[str, str]

    @classmethod
    def read(cls, call: Call, identities: Iterable[str]) -> _Viewing:
        service = call.scope.service
        known = users.fetch_with_revocations(call.table, service.sid, list(identities))
        role_sids = {identity: user.role_sid or service.user_role_sid for identity, (user, _) in known.items() if user}
        return cls({role.sid: role for role in roles.list_all(call.table, service.sid)}, role_sids)

    def describe(self, identity: str, reasons: tuple[ViewerReason, ...]) -> Viewer:
        """Describe one identity, with the reason that its role is, if it is one."""
        role_sid = self.role_sids.get(identity)
        role = self.roles.get(role_sid) if role_sid else None
        permitted = role.permissions if role else ()
        if role and Permission.VIEW_ANY_CONVERSATION in permitted:
            reasons = (*reasons, ViewerReason(kind=ReasonKind.ROLE, sid=role.sid))
        kinds = {reason.kind for reason in reasons}
        sufficient = {ReasonKind.MEMBER, ReasonKind.ROLE}
        if Permission.VIEW_ASSIGNED_CONVERSATIONS in permitted:
            sufficient.add(ReasonKind.CONTACT)
        # An identity that is no user has no role, and sees nothing.
        sees = role_sid is not None and not kinds.isdisjoint(sufficient)
        lacks = () if sees or ReasonKind.CONTACT not in kinds else (Permission.VIEW_ASSIGNED_CONVERSATIONS,)
        return Viewer(identity=identity, sees=sees, reasons=reasons, role_sid=role_sid, missing=lacks)
