"""Push subscriptions: the calling person's browsers that show notifications. Twilio has no such resource.

Only the person has access to them: the address of a browser at its push service is a secret.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from partyline import refusals
from partyline.api import authorization, lookups
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import choose
from partyline.api.form_model import Form, invalid
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Router
from partyline.auth.tokens import Token
from partyline.domain import push_subscriptions, sids
from partyline.domain.permissions import Permission
from partyline.domain.push_subscriptions import AUTH_BYTES, LIFE, MAX_PER_PERSON, NotifyScope, PushSubscription
from partyline.storage import push_subscriptions as store
from partyline.web_push.endpoints import find_endpoint_problem

route = Router()


def _check_endpoint(value: str, info: ValidationInfo) -> str:
    problem = find_endpoint_problem(value, (info.context or {})["policy"])
    if problem:
        raise invalid(problem)
    return value


def _check_public_key(value: str) -> str:
    key = push_subscriptions.decode_key(value)
    if key is None or not push_subscriptions.is_public_key(key):
        raise invalid("it is not a public key of P-256 in base64url")
    return push_subscriptions.encode_key(key)


def _check_secret(value: str) -> str:
    key = push_subscriptions.decode_key(value)
    if key is None or len(key) != AUTH_BYTES:
        raise invalid(f"it is not {AUTH_BYTES} bytes in base64url")
    return push_subscriptions.encode_key(key)


class PushSubscriptionForm(Form):
    """A browser that is to show notifications, and which ones. `parse` needs the `policy` for endpoints."""

    endpoint: Annotated[str, AfterValidator(_check_endpoint), Field(json_schema_extra={"format": "uri"})] = Field(
        description="`endpoint` of the browser's PushSubscription."
    )
    p256dh: Annotated[str, AfterValidator(_check_public_key)] = Field(
        alias="P256dh", description="`keys.p256dh` of its JSON."
    )
    auth: Annotated[str, AfterValidator(_check_secret)] = Field(description="`keys.auth` of its JSON.")
    scope: Annotated[NotifyScope, choose(NotifyScope)] = Field(
        NotifyScope.MINE,
        description="`mine`: conversations that are assigned to the caller, that have a contact of theirs, or in which "
        "they take part. `all`: every one that they see.",
    )


class PushSubscriptionBody(ResponseModel):
    """A browser that shows notifications."""

    sid: str
    account_sid: str
    chat_service_sid: str
    identity: str
    endpoint: str
    scope: str
    date_created: Timestamp
    date_updated: Timestamp = Field(description="When the browser last asked for notifications.")
    date_expires: Timestamp = Field(description="When it gets no more, unless it asks again before.")
    url: str


class PushSubscriptionListBody(ResponseModel):
    """The browsers of the caller, at most ten."""

    push_subscriptions: tuple[PushSubscriptionBody, ...]


class PushKeyBody(ResponseModel):
    """The public key of this deployment for push services."""

    public_key: str = Field(description="`applicationServerKey` of `pushManager.subscribe`, in base64url.")


@route.get("PushSubscriptions/Key", users=True, docs=Operation(answers={200: PushKeyBody}, refusals=(20403, 50107)))
def fetch_key(call: Call) -> ApiResponse:
    """Fetch the key with which a browser subscribes. It stays the same as long as the stack exists."""
    _require_person(call)
    if call.context.push_key is None:
        raise lookups.not_found(call)
    key = push_subscriptions.encode_key(call.context.push_key())
    return ApiResponse(200, PushKeyBody(public_key=key).to_json())


@route.post(
    "PushSubscriptions",
    users=True,
    docs=Operation(
        form=PushSubscriptionForm,
        answers={200: PushSubscriptionBody, 201: PushSubscriptionBody},
        refusals=(20001, 20403, 50107),
    ),
)
def create(call: Call) -> ApiResponse:
    """Have a browser show notifications for a week, or for a week from now on.

    A browser is known by its endpoint: what it asked for before, whoever its person was, is replaced. Of more than ten
    browsers of a person, those that have not asked for longest are forgotten.
    """
    token = _require_person(call)
    form = PushSubscriptionForm.parse(call.request.form, policy=call.context.policy)
    sid = store.sid_of(form.endpoint)
    before = store.fetch(call.table, sid)
    is_known = before is not None and _is_own(call, before, token)
    subscription = PushSubscription(
        sid=sid,
        service_sid=call.scope.service_sid,
        identity=token.identity,
        endpoint=form.endpoint,
        p256dh=form.p256dh,
        auth=form.auth,
        scope=form.scope,
        created=before.created if before and is_known else call.now,
        confirmed=call.now,
        until=int((call.now + LIFE).timestamp()),
        key_sid=token.key_sid,
        issued=min(token.issued, int(call.now.timestamp())),
        session=token.session,
    )
    gone = store.save(call.table, call.scope.service, subscription)
    if gone:
        raise lookups.not_found(call) if gone == "service" else refusals.signed_out_since()
    _forget_oldest(call, subscription)
    return ApiResponse(200 if is_known else 201, _build_body(call, subscription).to_json())


def _forget_oldest(call: Call, kept: PushSubscription) -> None:
    """Delete the subscriptions of a person beyond the most that one can have."""
    listed = store.list_of_person(call.table, kept.service_sid, kept.identity)
    others = sorted((one for one in listed if one.sid != kept.sid), key=lambda one: one.confirmed, reverse=True)
    for subscription in others[MAX_PER_PERSON - 1 :]:
        store.remove(call.table, subscription)


@route.get(
    "PushSubscriptions",
    users=True,
    docs=Operation(answers={200: PushSubscriptionListBody}, refusals=(20403, 50107)),
)
def list_all(call: Call) -> ApiResponse:
    """List the browsers in which the caller gets notifications, the latest first."""
    token = _require_person(call)
    indexed = store.list_of_person(call.table, call.scope.service_sid, token.identity)
    found = store.fetch_many(call.table, [one.sid for one in indexed])
    own = sorted((one for one in found if _is_own(call, one, token)), key=lambda one: one.confirmed, reverse=True)
    bodies = tuple(_build_body(call, one) for one in own)
    return ApiResponse(200, PushSubscriptionListBody(push_subscriptions=bodies).to_json())


@route.get(
    "PushSubscriptions/{push_subscription}",
    users=True,
    docs=Operation(answers={200: PushSubscriptionBody}, refusals=(20403, 50107)),
)
def fetch(call: Call) -> ApiResponse:
    """Fetch a push subscription of the caller."""
    return ApiResponse(200, _build_body(call, _find_own(call)).to_json())


@route.delete(
    "PushSubscriptions/{push_subscription}",
    users=True,
    docs=Operation(answers={204: None}, refusals=(20403, 50107)),
)
def delete(call: Call) -> ApiResponse:
    """Have a browser show no more notifications."""
    store.remove(call.table, _find_own(call))
    return ApiResponse(204)


def _require_person(call: Call) -> Token:
    """Return the access token of a person of the staff. Raises ApiError 20403 for the account, 50107 for others."""
    if call.token is None:
        raise refusals.forbidden("notifications are for a person: use an access token")
    authorization.require_service_permission(call, Permission.WRITE_AS_LINE)
    return call.token


def _find_own(call: Call) -> PushSubscription:
    """Find the caller's subscription that the path names. Raises ApiError 20404, also for one of another person."""
    token = _require_person(call)
    sid = call.ids["push_subscription"]
    found = store.fetch(call.table, sid) if sids.matches(sids.PUSH_SUBSCRIPTION, sid) else None
    if found is None or not _is_own(call, found, token):
        raise lookups.not_found(call)
    return found


def _is_own(call: Call, subscription: PushSubscription, token: Token) -> bool:
    """Whether a subscription is the caller's and has not expired."""
    place = (subscription.service_sid, subscription.identity)
    return place == (call.scope.service_sid, token.identity) and subscription.until > call.now.timestamp()


def _build_body(call: Call, subscription: PushSubscription) -> PushSubscriptionBody:
    return PushSubscriptionBody(
        sid=subscription.sid,
        account_sid=call.context.account_sid,
        chat_service_sid=subscription.service_sid,
        identity=subscription.identity,
        endpoint=subscription.endpoint,
        scope=subscription.scope.value,
        date_created=subscription.created,
        date_updated=subscription.confirmed,
        date_expires=subscription.confirmed + LIFE,
        url=call.url("PushSubscriptions", subscription.sid),
    )
