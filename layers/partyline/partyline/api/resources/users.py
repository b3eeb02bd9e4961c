"""Users: create, fetch, list, update, delete."""

from __future__ import annotations

from dataclasses import replace

from partyline import refusals
from partyline.api import authorization, forms, lookups, pagination, pre_webhook, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.operations import Operation
from partyline.api.router import Router
from partyline.api.serializers import Json
from partyline.domain import events, identities, sids
from partyline.domain.permissions import Permission, RoleType
from partyline.domain.services import User
from partyline.storage import queries
from partyline.storage import users as store
from partyline.storage.queries import Window

route = Router()


@route.post("Users")
def create(call: Call) -> ApiResponse:
    """Create a user. Raises ApiError 20001, 50003, 50100, 50201, 50203, 50204, 50206, 50207, 50303, 50304."""
    identity, service_sid = identities.check_identity(call.request.form.get("Identity") or ""), call.scope.service_sid
    blank = User(sids.user(service_sid, identity), service_sid, identity, call.now, call.now)
    user = _apply_form(call, blank)
    if not store.create(call.table, user, cause=call.cause):
        raise refusals.user_exists(identity, user.sid)
    return ApiResponse(201, _build_body(call, user))


@route.get("Users/{user}", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch a user by its SID or identity."""
    return ApiResponse(200, _build_body(call, lookups.find_user(call)))


@route.get("Users")
def list_page(call: Call) -> ApiResponse:
    """List the users, newest first."""

    def read(window: Window) -> pagination.PagePart:
        page = queries.users(call.table, call.scope.service_sid, window)
        return pagination.to_page_part(page, lambda user: _build_body(call, user))

    return pagination.build_list_response(call, "users", read, pagination.SMALL_MAX_PAGE_SIZE)


@route.post("Users/{user}", users=True)
def update(call: Call) -> ApiResponse:
    """Change what the form names. Raises ApiError 20001, 50003, 50056, 50100, 50107, 50303, 50304."""
    before = lookups.find_user(call)
    _check_permitted(call, before)
    after = _apply_form(call, replace(before, updated=call.now))
    pre_webhook.consult(call, events.user_event("onUserUpdate", after))
    if not store.update(call.table, before, after, call.now, cause=call.cause):
        raise lookups.not_found(call)
    return ApiResponse(200, _build_body(call, after))


@route.delete("Users/{user}")
def delete(call: Call) -> ApiResponse:
    """Delete a user. Its identity leaves its conversations a moment later.

    Its access tokens are refused until the account creates it anew, as a user or as a participant.
    """
    if not store.remove(call.table, lookups.find_user(call), call.now):
        raise lookups.not_found(call)
    return ApiResponse(204)


@route.delete("Users/{user}/Tokens", docs=Operation(answers={204: None}))
def revoke_tokens(call: Call) -> ApiResponse:
    """Revoke the access tokens of a user.

    Tokens made until now are refused (20104), and live connections by them end. Twilio has no such resource.
    """
    if not store.revoke_tokens(call.table, lookups.find_user(call), call.now):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _check_permitted(call: Call, user: User) -> None:
    """Refuse changes that are not the calling user's to make.

    Users change names and attributes, their own or others', as their role permits; roles are the account's. Raises
    ApiError 50107.
    """
    if call.user is None:
        return
    if "RoleSid" in call.request.form.values:
        raise refusals.account_only()
    is_own = user.identity == call.user.identity
    authorization.require_service_permission(
        call, Permission.EDIT_OWN_USER_INFO if is_own else Permission.EDIT_ANY_USER_INFO
    )


def _apply_form(call: Call, before: User) -> User:
    """Apply what a form names to a user."""
    form = call.request.form
    name = forms.read_friendly_name(form, forms.MAX_NAME, required=False)
    return replace(
        before,
        friendly_name=forms.apply_change(name, before.friendly_name),
        attributes=forms.read_attributes(form, forms.MAX_ATTRIBUTES) or before.attributes,
        role_sid=lookups.find_role(call, form, "RoleSid", RoleType.SERVICE)
        if "RoleSid" in form.values
        else before.role_sid,
    )


def _build_body(call: Call, user: User) -> Json:
    """Build a user. None is shown as online: apps poll and are not connected."""
    reachable = False if call.scope.service.reachability_enabled else None
    url = call.url("Users", user.sid)
    return {
        "sid": user.sid,
        "account_sid": call.context.account_sid,
        "chat_service_sid": user.service_sid,
        "role_sid": user.role_sid or call.scope.service.user_role_sid,
        "identity": user.identity,
        "friendly_name": user.friendly_name,
        "attributes": user.attributes,
        "is_online": reachable,
        "is_notifiable": reachable,
        "date_created": serializers.format_timestamp(user.created),
        "date_updated": serializers.format_timestamp(user.updated),
        "url": url,
        "links": {"user_conversations": f"{url}/Conversations"},
    }
