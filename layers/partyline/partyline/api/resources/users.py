"""Users: create, fetch, list, update, delete."""

from __future__ import annotations

from typing import Annotated, TypedDict

from pydantic import AfterValidator

from partyline import refusals
from partyline.api import authorization, lookups, pagination, pre_webhook, serializers
from partyline.api.bodies import Links
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import MAX_NAME, Attributes, name_of_at_most
from partyline.api.form_model import Clearable, Form
from partyline.api.operations import Operation
from partyline.api.router import Router
from partyline.domain import events, identities, sids
from partyline.domain.permissions import Permission, RoleType
from partyline.domain.services import User
from partyline.frozen_classes import replace
from partyline.storage import queries
from partyline.storage import users as store
from partyline.storage.queries import Window

route = Router()


class UserIdentity(Form):
    """The identity of a new user. Its check raises a RuleViolation, which pydantic lets through."""

    identity: Annotated[str, AfterValidator(identities.check_identity)]


class UserForm(Form):
    """What can be changed of a user."""

    friendly_name: Annotated[Clearable[str], name_of_at_most(MAX_NAME)] = None
    attributes: Attributes | None = None
    # Whether there is such a role is checked last: see lookups.find_role.
    role_sid: Clearable[str] = None


class NewUserForm(UserForm, UserIdentity):
    """A new user. The identity is checked first: pydantic takes the fields of the last base first."""


class UserBody(TypedDict):
    """A user. None is shown as online: apps poll and are not connected."""

    sid: str
    account_sid: str
    chat_service_sid: str
    role_sid: str
    identity: str
    friendly_name: str | None
    attributes: str
    is_online: bool | None
    is_notifiable: bool | None
    date_created: str
    date_updated: str
    url: str
    links: Links


@route.post("Users")
def create(call: Call) -> ApiResponse:
    """Create a user. Raises ApiError 20001, 50003, 50100, 50201, 50203, 50204, 50206, 50207, 50303, 50304."""
    form, service_sid = NewUserForm.parse(call.request.form), call.scope.service_sid
    lookups.find_role(call, form.role_sid, RoleType.SERVICE)
    user = User(
        sid=sids.user(service_sid, form.identity),
        service_sid=service_sid,
        created=call.now,
        updated=call.now,
        **form.changes(),
    )
    if not store.create(call.table, user, cause=call.cause):
        raise refusals.user_exists(user.identity, user.sid)
    return ApiResponse(201, _build_body(call, user))


@route.get("Users/{user}", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch a user by its SID or identity."""
    return ApiResponse(200, _build_body(call, lookups.find_user(call)))


@route.get("Users", users=True)
def list_page(call: Call) -> ApiResponse:
    """List the users, newest first. It is for the account and for staff, who assign conversations and contacts."""
    authorization.require_service_permission(call, Permission.WRITE_AS_LINE)

    def read(window: Window) -> pagination.PagePart:
        page = queries.users(call.table, call.scope.service_sid, window)
        return pagination.to_page_part(page, lambda user: _build_body(call, user))

    return pagination.build_list_response(call, "users", read, pagination.SMALL_MAX_PAGE_SIZE)


@route.post("Users/{user}", users=True)
def update(call: Call) -> ApiResponse:
    """Change what the form names. Raises ApiError 20001, 50003, 50056, 50100, 50107, 50303, 50304."""
    before = lookups.find_user(call)
    _check_permitted(call, before)
    form = UserForm.parse(call.request.form)
    lookups.find_role(call, form.role_sid, RoleType.SERVICE)
    after = replace(before, **form.changes(), updated=call.now)
    pre_webhook.consult(call, events.user_event("onUserUpdate", after))
    if not store.update(call.table, before, after, call.now, cause=call.cause):
        raise lookups.not_found(call)
    return ApiResponse(200, _build_body(call, after))


@route.delete("Users/{user}", users=True)
def delete(call: Call) -> ApiResponse:
    """Delete a user. Its identity leaves its conversations a moment later.

    Its access tokens are refused until the account creates it anew, as a user or as a participant. A person with
    `manageService` deletes others. Raises ApiError 50107.
    """
    authorization.require_service_permission(call, Permission.MANAGE_SERVICE)
    user = lookups.find_user(call)
    if call.user and call.user.identity == user.identity:
        # The last administrator would lock everybody out, themselves too.
        raise refusals.own_user()
    if not store.remove(call.table, user, call.now):
        raise lookups.not_found(call)
    return ApiResponse(204)


@route.delete("Users/{user}/Tokens", users=True, docs=Operation(answers={204: None}, refusals=(50107,)))
def revoke_tokens(call: Call) -> ApiResponse:
    """Revoke the access tokens of a user.

    Tokens made until now are refused (20104), and live connections by them end. Twilio has no such resource.
    """
    authorization.require_service_permission(call, Permission.MANAGE_SERVICE)
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


def _build_body(call: Call, user: User) -> UserBody:
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
