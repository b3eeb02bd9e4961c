"""Push credentials: create, fetch, list, update, delete.

They are stored for clients, without effect: nothing here pushes, so the certificate, key or secret is not stored.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

from partyline import refusals
from partyline.api import lookups, pagination, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Boolean, ShortName, choose
from partyline.api.form_model import Clearable, Form
from partyline.api.router import Level, Router
from partyline.domain import sids
from partyline.domain.push_settings import Credential, PushType
from partyline.frozen_classes import replace
from partyline.storage import push_settings as store
from partyline.storage import queries
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)


_Type = Annotated[PushType, choose(PushType)]


class CredentialForm(Form):
    """What can be changed of a credential."""

    type: _Type | None = None
    friendly_name: Clearable[ShortName] = None
    sandbox: Boolean | None = None


class CredentialBody(TypedDict):
    """The record of a push service's credential. `sandbox` is a word, as Twilio has it: True or False."""

    sid: str
    account_sid: str
    friendly_name: str | None
    type: str
    sandbox: str
    date_created: str
    date_updated: str
    url: str


@route.post("Credentials")
def create(call: Call) -> ApiResponse:
    """Create a credential: Type (apn, gcm or fcm), FriendlyName, Sandbox. Raises ApiError 20001."""
    form = CredentialForm.parse(call.request.form)
    if form.type is None:
        raise refusals.invalid_parameter("Type", f"give {', '.join(PushType)}")
    credential = Credential(
        sid=sids.new(sids.CREDENTIAL),
        created=call.now,
        updated=call.now,
        type=form.type,
        friendly_name=form.friendly_name,
        sandbox=form.sandbox or False,
    )
    store.create_credential(call.table, credential)
    return ApiResponse(201, _build_body(call, credential))


@route.get("Credentials/{credential}")
def fetch(call: Call) -> ApiResponse:
    """Fetch a credential."""
    return ApiResponse(200, _build_body(call, _find_credential(call)))


@route.get("Credentials")
def list_page(call: Call) -> ApiResponse:
    """List the credentials, in the order of their creation."""

    def read(window: Window) -> pagination.PagePart:
        return pagination.to_page_part(
            queries.credentials(call.table, window), lambda credential: _build_body(call, credential)
        )

    return pagination.build_list_response(call, "credentials", read)


@route.post("Credentials/{credential}")
def update(call: Call) -> ApiResponse:
    """Change what the form names. Raises ApiError 20001."""
    before, form = _find_credential(call), CredentialForm.parse(call.request.form)
    after = replace(before, **form.changes(), updated=call.now)
    changed = store.update_credential(call.table, before, after)
    if changed is None:
        raise lookups.not_found(call)
    return ApiResponse(200, _build_body(call, changed))


@route.delete("Credentials/{credential}")
def delete(call: Call) -> ApiResponse:
    """Delete a credential. Bindings that name it stay."""
    if not store.remove_credential(call.table, _find_credential(call).sid):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _find_credential(call: Call) -> Credential:
    sid = call.ids["credential"]
    found = store.credential(call.table, sid) if sids.matches(sids.CREDENTIAL, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return found


def _build_body(call: Call, shown: Credential) -> CredentialBody:
    return {
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "friendly_name": shown.friendly_name,
        "type": shown.type.value,
        "sandbox": str(shown.sandbox),
        "date_created": serializers.format_timestamp(shown.created),
        "date_updated": serializers.format_timestamp(shown.updated),
        "url": call.account_url("Credentials", shown.sid),
    }
