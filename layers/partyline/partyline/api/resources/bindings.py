"""Bindings: the devices on which users want push notifications. Register, fetch, list, delete.

They are stored for clients, without effect: nothing here pushes. Twilio's API registers none; its SDKs for apps do.
"""

from __future__ import annotations

from partyline import refusals
from partyline.api import forms, lookups, pagination, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.pagination import PagePart
from partyline.api.request import Parameters
from partyline.api.router import Level, Router
from partyline.api.serializers import Json
from partyline.domain import identities, sids
from partyline.domain.push_settings import BindingType, PushBinding, PushMessage
from partyline.storage import push_settings as store
from partyline.storage import queries
from partyline.storage.queries import Window

route = Router(Level.SERVICE)

# Each identity of a filter costs a query.
_MAX_IDENTITIES = 20
_MAX_ENDPOINT = 2048


@route.post("Bindings")
def create(call: Call) -> ApiResponse:
    """Register a device: Identity, BindingType, Endpoint, CredentialSid, MessageTypes (repeatable; default: all).

    A device has one binding, the last one registered. Raises ApiError 20001, 50203, 50206, 50207.
    """
    form = call.request.form
    identity, endpoint = forms.read_text(form, "Identity"), forms.read_text(form, "Endpoint", _MAX_ENDPOINT)
    if not identity:
        raise refusals.invalid_parameter("Identity", "it is empty")
    identities.check_identity(identity)
    if not endpoint:
        raise refusals.invalid_parameter("Endpoint", "it is empty")
    kind = forms.read_choice(form, "BindingType", BindingType)
    if kind is None:
        raise refusals.invalid_parameter("BindingType", f"give {', '.join(BindingType)}")
    service_sid = call.scope.service_sid
    binding = PushBinding(
        sid=sids.derive(sids.BINDING, service_sid, kind, endpoint),
        service_sid=service_sid,
        created=call.now,
        updated=call.now,
        identity=identity,
        type=kind,
        endpoint=endpoint,
        credential_sid=_read_credential(call),
        message_types=_read_message_types(form),
    )
    store.bind(call.table, binding)
    return ApiResponse(201, _build_body(call, binding))


def _read_credential(call: Call) -> str | None:
    sid = forms.read_sid(call.request.form, "CredentialSid", sids.CREDENTIAL)
    if sid and store.credential(call.table, sid) is None:
        raise refusals.invalid_parameter("CredentialSid", "there is no such credential")
    return sid


def _read_message_types(form: Parameters) -> tuple[PushMessage, ...]:
    given = {value.lower() for value in form.all("MessageTypes")}
    if not given <= set(PushMessage):
        raise refusals.invalid_parameter("MessageTypes", f"use {', '.join(PushMessage)}")
    return tuple(kind for kind in PushMessage if kind in given) or tuple(PushMessage)


@route.get("Bindings/{binding}")
def fetch(call: Call) -> ApiResponse:
    """Fetch a binding."""
    return ApiResponse(200, _build_body(call, _find_binding(call)))


@route.get("Bindings")
def list_page(call: Call) -> ApiResponse:
    """List the bindings, newest first, by Identity and by BindingType (both repeatable).

    A page by type may hold fewer entries than its size, or none. Raises ApiError 20001.
    """
    query = call.request.query
    kinds = _read_types(query)
    identities = _read_identities(query)

    def read(window: Window) -> PagePart:
        page = queries.bindings(call.table, call.scope.service_sid, window, identities=identities)
        entries = [(key, _build_body(call, found)) for key, found in page.entries if not kinds or found.type in kinds]
        return PagePart(entries, page.more, page.ends)

    return pagination.build_list_response(call, "bindings", read)


def _read_types(query: Parameters) -> set[str]:
    given = {value.lower() for value in query.all("BindingType")}
    if not given <= set(BindingType):
        raise refusals.invalid_parameter("BindingType", f"use {', '.join(BindingType)}")
    return given


def _read_identities(query: Parameters) -> set[str] | None:
    """Read the identities of the filter; None without one."""
    if "Identity" not in query.values:
        return None
    given = set(query.all("Identity"))
    if len(given) > _MAX_IDENTITIES:
        raise refusals.invalid_parameter("Identity", f"give at most {_MAX_IDENTITIES}")
    # No identity is longer, and a key of the table cannot be of any length.
    return {identity for identity in given if len(identity) <= forms.MAX_NAME}


@route.delete("Bindings/{binding}")
def delete(call: Call) -> ApiResponse:
    """Delete a binding."""
    if not store.unbind(call.table, _find_binding(call).sid):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _find_binding(call: Call) -> PushBinding:
    sid = call.ids["binding"]
    found = store.binding(call.table, sid) if sids.matches(sids.BINDING, sid) else None
    if found is None or found.service_sid != call.scope.service_sid:
        raise lookups.not_found(call)
    return found


def _build_body(call: Call, shown: PushBinding) -> Json:
    return {
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "chat_service_sid": shown.service_sid,
        "credential_sid": shown.credential_sid,
        "identity": shown.identity,
        "binding_type": shown.type.value,
        "endpoint": shown.endpoint,
        "message_types": [kind.value for kind in shown.message_types],
        "date_created": serializers.format_timestamp(shown.created),
        "date_updated": serializers.format_timestamp(shown.updated),
        "url": call.url("Bindings", shown.sid),
    }
