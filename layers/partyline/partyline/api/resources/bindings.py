"""Bindings: the devices on which users want push notifications. Register, fetch, list, delete.

They are stored for clients, without effect: nothing here pushes. Twilio's API registers none; its SDKs for apps do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from partyline import refusals
from partyline.api import lookups, pagination, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import MAX_NAME, choose, sid_of
from partyline.api.form_model import Clearable, Form, invalid, refused
from partyline.api.pagination import PagePart
from partyline.api.router import Level, Router
from partyline.domain import identities, sids
from partyline.domain.push_settings import BindingType, PushBinding, PushMessage
from partyline.storage import push_settings as store
from partyline.storage import queries
from partyline.storage.queries import Window

route = Router(Level.SERVICE)

# Each identity of a filter costs a query.
_MAX_IDENTITIES = 20
_MAX_ENDPOINT = 2048


def _check_not_empty(value: str) -> str:
    if not value:
        raise invalid("it is empty")
    return value


def _check_given(value: str | None) -> str:
    if value is None:
        # Pydantic does not say by which name a default would be given.
        raise refused(refusals.invalid_parameter("BindingType", f"give {', '.join(BindingType)}"))
    return value


def _check_identities(value: tuple[str, ...]) -> tuple[str, ...]:
    given = dict.fromkeys(value)
    if len(given) > _MAX_IDENTITIES:
        raise invalid(f"give at most {_MAX_IDENTITIES}")
    # No identity is longer, and a key of the table cannot be of any length.
    return tuple(identity for identity in given if len(identity) <= MAX_NAME)


class BindingForm(Form):
    """A device. Whether there is its credential is checked before the types of messages, which stay as given here."""

    identity: Annotated[str, AfterValidator(_check_not_empty), AfterValidator(identities.check_identity)]
    endpoint: Annotated[str, AfterValidator(_check_not_empty)]
    type: Annotated[BindingType, choose(BindingType), BeforeValidator(_check_given)] = Field(
        None, alias="BindingType", validate_default=True
    )
    credential_sid: Annotated[Clearable[str], sid_of(sids.CREDENTIAL)] = None
    message_types: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _check_lengths(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Check how long the texts are before anything else."""
        for name, limit in (("Identity", MAX_NAME), ("Endpoint", _MAX_ENDPOINT)):
            if len(values[name]) > limit:
                raise refused(refusals.invalid_parameter(name, f"it is longer than {limit} characters"))
        return values


class BindingQuery(Form):
    """Which bindings a list shows. `identities` is None where the list is not filtered by them."""

    types: tuple[Annotated[BindingType, choose(BindingType)], ...] = Field((), alias="BindingType")
    identities: Annotated[tuple[str, ...], AfterValidator(_check_identities)] | None = Field(None, alias="Identity")


class PushBindingBody(TypedDict):
    """A device that wants push notifications."""

    sid: str
    account_sid: str
    chat_service_sid: str
    credential_sid: str | None
    identity: str
    binding_type: str
    endpoint: str
    message_types: list[str]
    date_created: str
    date_updated: str
    url: str


@route.post("Bindings")
def create(call: Call) -> ApiResponse:
    """Register a device: Identity, BindingType, Endpoint, CredentialSid, MessageTypes (repeatable; default: all).

    A device has one binding, the last one registered. Raises ApiError 20001, 50203, 50206, 50207.
    """
    form = BindingForm.parse(call.request.form)
    _check_credential(call, form.credential_sid)
    service_sid = call.scope.service_sid
    binding = PushBinding(
        sid=sids.derive(sids.BINDING, service_sid, form.type, form.endpoint),
        service_sid=service_sid,
        created=call.now,
        updated=call.now,
        identity=form.identity,
        type=form.type,
        endpoint=form.endpoint,
        credential_sid=form.credential_sid,
        message_types=_check_message_types(form.message_types),
    )
    store.bind(call.table, binding)
    return ApiResponse(201, _build_body(call, binding))


def _check_credential(call: Call, sid: str | None) -> None:
    if sid and store.credential(call.table, sid) is None:
        raise refusals.invalid_parameter("CredentialSid", "there is no such credential")


def _check_message_types(values: Sequence[str]) -> tuple[PushMessage, ...]:
    given = {value.lower() for value in values}
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
    query = BindingQuery.parse(call.request.query)

    def read(window: Window) -> PagePart:
        page = queries.bindings(call.table, call.scope.service_sid, window, identities=query.identities)
        entries = [
            (key, _build_body(call, found))
            for key, found in page.entries
            if not query.types or found.type in query.types
        ]
        return PagePart(entries, page.more, page.ends)

    return pagination.build_list_response(call, "bindings", read)


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


def _build_body(call: Call, shown: PushBinding) -> PushBindingBody:
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
