"""Roles: create, fetch, list, update, delete. People with `manageService` read them; the account alone changes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypedDict

from pydantic import Field

from partyline import refusals
from partyline.api import authorization, lookups, pagination, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import MAX_SHORT_NAME, choose, name_of_at_most
from partyline.api.form_model import Form
from partyline.api.router import Router
from partyline.domain import sids
from partyline.domain.permissions import GRANTABLE, Permission, RoleType
from partyline.domain.services import Role
from partyline.frozen_classes import replace
from partyline.storage import queries
from partyline.storage import roles as store
from partyline.storage.queries import Window

route = Router()


class RoleForm(Form):
    """What can be changed of a role. Its type says which permissions it can have: see _check_permissions."""

    permissions: tuple[str, ...] = Field((), alias="Permission")


class NewRoleForm(RoleForm):
    """A new role."""

    type: Annotated[RoleType, choose(RoleType, refusals.role_type_invalid)]
    friendly_name: Annotated[str, name_of_at_most(MAX_SHORT_NAME, is_required=True)]


class RoleBody(TypedDict):
    """A role."""

    sid: str
    account_sid: str
    chat_service_sid: str
    friendly_name: str
    type: str
    permissions: list[str]
    date_created: str
    date_updated: str
    url: str


@route.post("Roles")
def create(call: Call) -> ApiResponse:
    """Create a role. Raises ApiError 50000, 50003, 50104, 50105."""
    form = NewRoleForm.parse(call.request.form)
    role = Role(
        sid=sids.new(sids.ROLE),
        service_sid=call.scope.service_sid,
        created=call.now,
        updated=call.now,
        friendly_name=form.friendly_name,
        type=form.type,
        permissions=_check_permissions(form.permissions, form.type),
    )
    store.create(call.table, role)
    return ApiResponse(201, _build_body(call, role))


@route.get("Roles/{role}", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch a role."""
    authorization.require_service_permission(call, Permission.MANAGE_SERVICE)
    return ApiResponse(200, _build_body(call, _find_role(call)))


@route.get("Roles", users=True)
def list_page(call: Call) -> ApiResponse:
    """List the roles, by SID."""
    authorization.require_service_permission(call, Permission.MANAGE_SERVICE)

    def read(window: Window) -> pagination.PagePart:
        page = queries.roles(call.table, call.scope.service_sid, window)
        return pagination.to_page_part(page, lambda role: _build_body(call, role))

    return pagination.build_list_response(call, "roles", read, pagination.SMALL_MAX_PAGE_SIZE)


@route.post("Roles/{role}")
def update(call: Call) -> ApiResponse:
    """Replace a role's permissions by those of the form. Raises ApiError 50104."""
    role = _find_role(call)
    permissions = _check_permissions(RoleForm.parse(call.request.form).permissions, role.type)
    if not store.update_permissions(call.table, role, permissions, call.now):
        raise lookups.not_found(call)
    return ApiResponse(200, _build_body(call, replace(role, permissions=permissions, updated=call.now)))


@route.delete("Roles/{role}")
def delete(call: Call) -> ApiResponse:
    """Delete a role. Raises ApiError 20409 for one that is in use, or is a default of the Service."""
    if not store.remove(call.table, _find_role(call)):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _find_role(call: Call) -> Role:
    sid = call.ids["role"]
    named = [sid] if sids.matches(sids.ROLE, sid) else []
    found = store.fetch_many(call.table, call.scope.service_sid, named)
    if sid not in found:
        raise lookups.not_found(call)
    return found[sid]


def _check_permissions(given: Sequence[str], kind: RoleType) -> tuple[str, ...]:
    """Return the permissions of a role of this type, each once, in the order given.

    Raises ApiError 50104.
    """
    grantable = {permission.lower(): permission.value for permission in sorted(GRANTABLE[kind])}
    if not given:
        raise refusals.permission_missing()
    for name in given:
        if name.lower() not in grantable:
            raise refusals.permission_not_found(name, kind, list(grantable.values()))
    return tuple(dict.fromkeys(grantable[name.lower()] for name in given))


def _build_body(call: Call, role: Role) -> RoleBody:
    return {
        "sid": role.sid,
        "account_sid": call.context.account_sid,
        "chat_service_sid": role.service_sid,
        "friendly_name": role.friendly_name,
        "type": role.type.value,
        "permissions": list(role.permissions),
        "date_created": serializers.format_timestamp(role.created),
        "date_updated": serializers.format_timestamp(role.updated),
        "url": call.url("Roles", role.sid),
    }
