"""Users: create, fetch, list, update, delete."""

from __future__ import annotations

from dataclasses import replace

from partyline import events, identities, refusals, sids
from partyline.api import access, fields, hooks, lookup, paging, responses
from partyline.api.calls import Answer, Call
from partyline.api.responses import Json
from partyline.directory import User
from partyline.permissions import Permission, RoleType
from partyline.store import listing
from partyline.store import users as store
from partyline.store.listing import Window


def create(call: Call) -> Answer:
    """POST /Users. Raises ApiError 20001, 50003, 50100, 50201, 50203, 50204, 50206, 50207, 50303, 50304."""
    identity, service_sid = identities.check(call.request.form.get("Identity") or ""), call.scope.service_sid
    blank = User(sids.user(service_sid, identity), service_sid, identity, call.now, call.now)
    user = _described(call, blank)
    if not store.create(call.table, user, cause=call.cause):
        raise refusals.user_exists(identity, user.sid)
    return Answer(201, _body(call, user))


def fetch(call: Call) -> Answer:
    """GET /Users/{sid or identity}."""
    return Answer(200, _body(call, lookup.user(call)))


def listed(call: Call) -> Answer:
    """GET /Users, newest first."""

    def read(window: Window) -> paging.Part:
        page = listing.users(call.table, call.scope.service_sid, window)
        return paging.shown(page, lambda user: _body(call, user))

    return paging.listing(call, "users", read, paging.SMALL_MAXIMUM)


def update(call: Call) -> Answer:
    """POST /Users/{sid or identity}: what the form names changes, the rest stays. Raises ApiError 20001, 50003, 50056,
    50100, 50107, 50303, 50304."""
    before = lookup.user(call)
    _check_permitted(call, before)
    after = _described(call, replace(before, updated=call.now))
    hooks.before(call, events.user("onUserUpdate", after))
    if not store.update(call.table, before, after, call.now, cause=call.cause):
        raise lookup.missing(call)
    return Answer(200, _body(call, after))


def delete(call: Call) -> Answer:
    """DELETE /Users/{sid or identity}: the identity leaves its conversations a moment later. Its access tokens are
    refused until the account makes it anew, as a user or as a participant."""
    if not store.remove(call.table, lookup.user(call), call.now):
        raise lookup.missing(call)
    return Answer(204)


def revoke_tokens(call: Call) -> Answer:
    """DELETE /Users/{sid or identity}/Tokens: the access tokens that were made until now are refused (20104), and live
    connections by them end. Twilio has no such resource."""
    if not store.revoke_tokens(call.table, lookup.user(call), call.now):
        raise lookup.missing(call)
    return Answer(204)


def _check_permitted(call: Call, user: User) -> None:
    """A person changes names and attributes, their own or others', as their role permits; roles are the account's.
    Raises ApiError 50107."""
    if call.person is None:
        return
    if "RoleSid" in call.request.form.values:
        raise refusals.account_only()
    is_own = user.identity == call.person.identity
    access.require_in_service(call, Permission.EDIT_OWN_USER_INFO if is_own else Permission.EDIT_ANY_USER_INFO)


def _described(call: Call, before: User) -> User:
    """A user with everything changed that the form names."""
    form = call.request.form
    name = fields.friendly_name(form, fields.MAX_NAME, required=False)
    return replace(
        before,
        friendly_name=fields.changed(name, before.friendly_name),
        attributes=fields.attributes(form, fields.OTHER_ATTRIBUTES) or before.attributes,
        role_sid=lookup.role(call, form, "RoleSid", RoleType.SERVICE) if "RoleSid" in form.values else before.role_sid,
    )


def _body(call: Call, user: User) -> Json:
    """A user. Nobody is ever online: apps ask and are not connected."""
    reachable = False if call.scope.service.reachability_enabled else None
    url = call.url("Users", user.sid)
    return {
        "sid": user.sid,
        "account_sid": call.desk.account_sid,
        "chat_service_sid": user.service_sid,
        "role_sid": user.role_sid or call.scope.service.user_role_sid,
        "identity": user.identity,
        "friendly_name": user.friendly_name,
        "attributes": user.attributes,
        "is_online": reachable,
        "is_notifiable": reachable,
        "date_created": responses.timestamp(user.created),
        "date_updated": responses.timestamp(user.updated),
        "url": url,
        "links": {"user_conversations": f"{url}/Conversations"},
    }
