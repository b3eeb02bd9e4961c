"""Conversation Services: create, fetch, list, delete. For their settings see `service_configuration`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from partyline.api import lookups, pagination, serializers
from partyline.api.bodies import Links
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import MAX_NAME, name_of_at_most
from partyline.api.form_model import Form
from partyline.api.router import Level, Router
from partyline.domain import sids
from partyline.domain.services import Service, build_service
from partyline.storage import queries
from partyline.storage import services as store
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)

# What is beneath a Service, by the name of its link.
_LINKS = {
    "conversations": "Conversations",
    "users": "Users",
    "roles": "Roles",
    "bindings": "Bindings",
    "configuration": "Configuration",
    "participant_conversations": "ParticipantConversations",
    "conversation_with_participants": "ConversationWithParticipants",
}


class NewServiceForm(Form):
    """A new Service."""

    friendly_name: Annotated[str, name_of_at_most(MAX_NAME, is_required=True)]


class ServiceBody(TypedDict):
    """A Service."""

    sid: str
    account_sid: str
    friendly_name: str
    date_created: str
    date_updated: str
    url: str
    links: Links


@route.post("Services")
def create(call: Call) -> ApiResponse:
    """Create a Service, with the roles that every Service starts with. Raises ApiError 50000, 50003."""
    form = NewServiceForm.parse(call.request.form)
    service, roles = build_service(form.friendly_name, call.now, sid=sids.new(sids.SERVICE))
    store.create(call.table, service, roles)
    return ApiResponse(201, _build_body(call, service))


@route.get("Services/{service}")
def fetch(call: Call) -> ApiResponse:
    """Fetch a Service."""
    return ApiResponse(200, _build_body(call, _find_service(call)))


@route.get("Services")
def list_page(call: Call) -> ApiResponse:
    """List the Services, in the order of their creation."""

    def read(window: Window) -> pagination.PagePart:
        return pagination.to_page_part(queries.services(call.table, window), lambda service: _build_body(call, service))

    return pagination.build_list_response(call, "services", read)


@route.delete("Services/{service}")
def delete(call: Call) -> ApiResponse:
    """Delete a Service. Its resources are out of reach at once, and are deleted asynchronously.

    Raises ApiError 20409 for the account's default Service.
    """
    if not store.remove(call.table, _find_service(call).sid):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _find_service(call: Call) -> Service:
    sid = call.ids["service"]
    found = store.fetch(call.table, sid) if sids.matches(sids.SERVICE, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return found


def _build_body(call: Call, shown: Service) -> ServiceBody:
    return {
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "friendly_name": shown.friendly_name,
        "date_created": serializers.format_timestamp(shown.created),
        "date_updated": serializers.format_timestamp(shown.updated),
        "url": call.account_url("Services", shown.sid),
        "links": {name: call.account_url("Services", shown.sid, part) for name, part in _LINKS.items()},
    }
