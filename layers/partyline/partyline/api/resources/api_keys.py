"""API keys: make, fetch, list, rename, revoke. The shape is that of Twilio's IAM v1 (`/v1/Keys`), so its SDKs' IAM
client works here with its own base URL; times are in RFC 2822, as that API has them.

A key calls the whole API for the account, except these resources, and signs access tokens. Its secret is told once,
when it is made.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime

from partyline import refusals
from partyline.api import forms, lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.router import Level, Router
from partyline.api.serializers import Json
from partyline.auth import tokens
from partyline.domain import sids
from partyline.domain.services import ApiKey
from partyline.storage import api_keys as store
from partyline.storage import queries
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)


@route.post("Keys")
def create(call: Call) -> ApiResponse:
    """POST /Keys: FriendlyName; AccountSid may say whose. Raises ApiError 20001, 20003 (called with an API key)."""
    _check_caller(call)
    _check_account(call, call.request.form.get("AccountSid"))
    form = call.request.form
    reason = "restricted keys are not supported: every key may do everything"
    forms.refuse_unsupported(form, ("KeyType", "Policy"), reason)
    key = ApiKey(sids.new(sids.API_KEY), call.now, call.now, _read_name(call) or None)
    store.create(call.table, key)
    secret = tokens.key_secret(call.context.key_root(), key.sid)
    return ApiResponse(201, {**_build_body(key), "secret": secret, "policy": None})


@route.get("Keys/{key}")
def fetch(call: Call) -> ApiResponse:
    """GET /Keys/{sid}, without its secret."""
    return ApiResponse(200, {**_build_body(_find_key(call)), "policy": None})


@route.get("Keys")
def list_page(call: Call) -> ApiResponse:
    """GET /Keys, in the order of their making."""
    _check_caller(call)
    _check_account(call, call.request.query.get("AccountSid"))

    def read(window: Window) -> pagination.PagePart:
        return pagination.to_page_part(
            queries.api_keys(call.table, window), lambda key: {**_build_body(key), "flags": _FLAGS}
        )

    return pagination.build_list_response(call, "keys", read)


@route.post("Keys/{key}")
def update(call: Call) -> ApiResponse:
    """POST /Keys/{sid}: FriendlyName."""
    before = _find_key(call)
    after = replace(before, friendly_name=forms.apply_change(_read_name(call), before.friendly_name), updated=call.now)
    if not store.update(call.table, after):
        raise lookups.not_found(call)
    return ApiResponse(200, {**_build_body(after), "policy": None})


@route.delete("Keys/{key}")
def delete(call: Call) -> ApiResponse:
    """DELETE /Keys/{sid}: it and the access tokens that it signed are refused from the next request on."""
    if not store.remove(call.table, _find_key(call).sid):
        raise lookups.not_found(call)
    return ApiResponse(204)


# What every key is good for, in Twilio's words.
_FLAGS = ("rest_api", "signing")


def _check_caller(call: Call) -> None:
    """Refuse an API key, as Twilio does (20003): who steals one must not be able to make more of them."""
    if call.key_sid:
        raise refusals.keys_manage_no_keys()


def _check_account(call: Call, given: str | None) -> None:
    if given and given != call.context.account_sid:
        raise refusals.invalid_parameter("AccountSid", "it is another account's")


def _read_name(call: Call) -> str | None:
    return forms.read_text(call.request.form, "FriendlyName", forms.MAX_SHORT_NAME)


def _find_key(call: Call) -> ApiKey:
    _check_caller(call)
    sid = call.ids["key"]
    found = store.fetch(call.table, sid) if sids.matches(sids.API_KEY, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return found


def _build_body(key: ApiKey) -> Json:
    return {
        "sid": key.sid,
        "friendly_name": key.friendly_name,
        "date_created": _format_date(key.created),
        "date_updated": _format_date(key.updated),
    }


def _format_date(moment: datetime) -> str:
    """A time as Sun, 22 Nov 2026 12:00:00 +0000."""
    return format_datetime(moment.replace(microsecond=0))
