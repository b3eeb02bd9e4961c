"""The conversations of an identity or of an address: list."""

from __future__ import annotations

from typing import Self, TypedDict

from pydantic import model_validator

from partyline import refusals
from partyline.api import authorization, pagination, serializers
from partyline.api.bodies import Links, TimersBody
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Address
from partyline.api.form_model import Clearable, Form, refused
from partyline.api.pagination import PagePart
from partyline.api.router import Router
from partyline.domain import addresses, identities, sids, timers
from partyline.domain.addresses import format_address
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission
from partyline.storage import participations
from partyline.storage.participations import Participation
from partyline.storage.queries import Window

route = Router()


class ParticipantConversationQuery(Form):
    """Whose conversations a list shows: those of an identity, or of an address in any notation."""

    identity: Clearable[str] = None
    address: Clearable[Address] = None

    @model_validator(mode="after")
    def _check_one_given(self) -> Self:
        if self.identity and self.address:
            raise refused(refusals.one_identifier_at_a_time())
        if not (self.identity or self.address):
            raise refused(refusals.invalid_parameter("Identity", "give Identity or Address"))
        return self


class FullBindingBody(TypedDict):
    """The addresses of a participant, null or not."""

    type: str
    address: str | None
    proxy_address: str | None
    projected_address: str | None
    # Of e-mail, which is not supported.
    name: None
    level: None


class ParticipantConversationBody(TypedDict):
    """A conversation with the participant that an identity or an address is in it."""

    account_sid: str
    chat_service_sid: str
    participant_sid: str
    participant_user_sid: str | None
    participant_identity: str | None
    participant_messaging_binding: FullBindingBody | None
    conversation_sid: str
    conversation_unique_name: str | None
    conversation_friendly_name: str | None
    conversation_attributes: str
    conversation_date_created: str
    conversation_date_updated: str
    conversation_created_by: str
    conversation_state: str
    conversation_timers: TimersBody
    links: Links


@route.get("ParticipantConversations", users=True)
def list_page(call: Call) -> ApiResponse:
    """List conversations by Identity or by Address (in any notation), the one joined last first.

    Raises ApiError 20001, 50107, 50207, 50451.
    """
    identity, address = _read_filter(call)

    def read(window: Window) -> PagePart:
        if address is not None and not addresses.is_number(address):
            # No participant has another kind of address, and some are longer than a key of the table can be.
            return PagePart([])
        page = participations.list_for(
            call.table, call.scope.service_sid, window, identity=identity, address=address, whole=True
        )
        return pagination.to_page_part(page, lambda found: _build_body(call, found))

    return pagination.build_list_response(call, "conversations", read, pagination.SMALL_MAX_PAGE_SIZE)


def _read_filter(call: Call) -> tuple[str | None, str | None]:
    """Read the identity or the canonical address of the filter.

    A user may name their own only, unless their role shows them every conversation.
    """
    query = ParticipantConversationQuery.parse(call.request.query)
    if query.identity:
        identities.check_identity(query.identity)
        authorization.require_self(call, query.identity, Permission.VIEW_ANY_CONVERSATION)
    else:
        authorization.require_service_permission(call, Permission.VIEW_ANY_CONVERSATION)
    return query.identity, addresses.canonicalize(query.address) if query.address else None


def _build_body(call: Call, found: Participation) -> ParticipantConversationBody:
    conversation, participant = timers.apply_due(found.conversation, call.now), found.participant
    identity = participant.identity
    return {
        "account_sid": call.context.account_sid,
        "chat_service_sid": conversation.service_sid,
        "participant_sid": participant.sid,
        "participant_user_sid": sids.user(conversation.service_sid, identity) if identity else None,
        "participant_identity": identity,
        "participant_messaging_binding": _build_binding(participant),
        "conversation_sid": conversation.sid,
        "conversation_unique_name": conversation.unique_name,
        "conversation_friendly_name": conversation.friendly_name,
        "conversation_attributes": conversation.known_attributes,
        "conversation_date_created": serializers.format_timestamp(conversation.created),
        "conversation_date_updated": serializers.format_timestamp(conversation.updated),
        "conversation_created_by": conversation.created_by,
        "conversation_state": conversation.state.value,
        "conversation_timers": serializers.build_timers(conversation),
        "links": {
            "participant": call.url("Conversations", conversation.sid, "Participants", participant.sid),
            "conversation": call.url("Conversations", conversation.sid),
        },
    }


def _build_binding(participant: Participant) -> FullBindingBody | None:
    """Build the addresses; None for a participant without one."""
    if not participant.is_bound:
        return None
    return {
        "type": "sms",
        "address": _format_optional(participant.address),
        "proxy_address": _format_optional(participant.proxy_address),
        "projected_address": _format_optional(participant.projected_address),
        "name": None,
        "level": None,
    }


def _format_optional(address: str | None) -> str | None:
    return format_address(address) if address else None
