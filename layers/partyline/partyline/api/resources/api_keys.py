"""API keys: make, fetch, list, rename, revoke.

The shape is that of Twilio's IAM v1 (`/v1/Keys`), so the IAM client of its SDKs works here with its own base URL; times
are in RFC 2822, as in that API. A key calls the whole API for the account, except these resources, and signs access
tokens. Its secret is in the answer to its creation only.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, WithJsonSchema

from partyline import refusals
from partyline.api import lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import ShortName, unsupported
from partyline.api.form_model import Clearable, Form
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel
from partyline.api.router import Level, Router
from partyline.auth import tokens
from partyline.domain import sids
from partyline.domain.services import ApiKey
from partyline.frozen_classes import replace
from partyline.storage import api_keys as store
from partyline.storage import queries
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)

# What every key is good for, in Twilio's words.
_FLAGS = ("rest_api", "signing")
_Unsupported = Annotated[str | None, unsupported("restricted keys are not supported: every key may do everything")]


def _format_date(moment: datetime) -> str:
    """Format a time as Sun, 22 Nov 2026 12:00:00 +0000."""
    return format_datetime(moment.replace(microsecond=0))


_Date = Annotated[
    datetime,
    PlainSerializer(_format_date, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["Sun, 22 Nov 2026 12:00:00 +0000"]}),
]


class ApiKeyForm(Form):
    """The name of a key."""

    friendly_name: Clearable[ShortName] = Field(None, description="A name for people. Empty: none.")


class ApiKeyQuery(Form):
    """Whose keys are meant."""

    account_sid: Clearable[str] = Field(None, description="Your account's SID, as Twilio's SDKs send it.")


class NewApiKeyForm(ApiKeyForm, ApiKeyQuery):
    """A new key."""

    key_type: _Unsupported = Field(None, description="Not supported: every key may do everything.")
    policy: _Unsupported = Field(None, description="Not supported: every key may do everything.")


class _ApiKeyMembers(ResponseModel):
    """What every form of a key has."""

    sid: str
    friendly_name: str | None
    date_created: _Date
    date_updated: _Date


class ApiKeyEntry(_ApiKeyMembers):
    """A key in a list."""

    flags: tuple[str, ...] = Field(_FLAGS, description="What the key is good for, in Twilio's words.")


class ApiKeyBody(_ApiKeyMembers):
    """A key, without its secret."""

    policy: None = Field(None, description="Always null: a key may do everything.")


class NewApiKeyBody(_ApiKeyMembers):
    """A key with its secret, which is not shown again."""

    secret: str
    policy: None = Field(None, description="Always null: a key may do everything.")


@route.post("Keys", docs=Operation(form=NewApiKeyForm, answers={201: NewApiKeyBody}, refusals=(20001, 20003)))
def create(call: Call) -> ApiResponse:
    """Make a key. Refused to an API key (20003)."""
    _check_caller(call)
    form = NewApiKeyForm.parse(call.request.form)
    _check_account(call, form.account_sid)
    key = ApiKey(sids.new(sids.API_KEY), call.now, call.now, form.friendly_name)
    # First: a key whose secret was never returned would stay valid.
    secret = tokens.key_secret(call.context.key_root(), key.sid)
    store.create(call.table, key)
    return ApiResponse(201, NewApiKeyBody(**_members_of(key), secret=secret).to_json())


@route.get("Keys/{key}", docs=Operation(answers={200: ApiKeyBody}, refusals=(20003,)))
def fetch(call: Call) -> ApiResponse:
    """Fetch a key, without its secret."""
    return ApiResponse(200, ApiKeyBody(**_members_of(_find_key(call))).to_json())


@route.get("Keys", docs=Operation(query=ApiKeyQuery, list_of=("keys", ApiKeyEntry), refusals=(20001, 20003)))
def list_page(call: Call) -> ApiResponse:
    """List the keys, in the order of their creation."""
    _check_caller(call)
    _check_account(call, ApiKeyQuery.parse(call.request.query).account_sid)

    def read(window: Window) -> pagination.PagePart:
        page = queries.api_keys(call.table, window)
        return pagination.to_page_part(page, lambda key: ApiKeyEntry(**_members_of(key)).to_json())

    return pagination.build_list_response(call, "keys", read)


@route.post("Keys/{key}", docs=Operation(form=ApiKeyForm, answers={200: ApiKeyBody}, refusals=(20001, 20003)))
def update(call: Call) -> ApiResponse:
    """Rename a key."""
    before, form = _find_key(call), ApiKeyForm.parse(call.request.form)
    after = replace(before, **form.changes(), updated=call.now)
    if not store.update(call.table, after):
        raise lookups.not_found(call)
    return ApiResponse(200, ApiKeyBody(**_members_of(after)).to_json())


@route.delete("Keys/{key}", docs=Operation(answers={204: None}, refusals=(20003,)))
def delete(call: Call) -> ApiResponse:
    """Revoke a key: it, and the access tokens that it signed, are refused from the next request on."""
    if not store.remove(call.table, _find_key(call).sid):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _check_caller(call: Call) -> None:
    """Refuse an API key (20003), as Twilio does: a stolen key must not be able to make more keys."""
    if call.key_sid:
        raise refusals.keys_manage_no_keys()


def _check_account(call: Call, sid: str | None) -> None:
    if sid and sid != call.context.account_sid:
        raise refusals.invalid_parameter("AccountSid", "it is another account's")


def _find_key(call: Call) -> ApiKey:
    """Find the key that the path names. Raises ApiError 20003, 20404."""
    _check_caller(call)
    sid = call.ids["key"]
    found = store.fetch(call.table, sid) if sids.matches(sids.API_KEY, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return found


def _members_of(key: ApiKey) -> dict[str, Any]:
    """Return the members that every form of a key has."""
    return {
        "sid": key.sid,
        "friendly_name": key.friendly_name,
        "date_created": key.created,
        "date_updated": key.updated,
    }
