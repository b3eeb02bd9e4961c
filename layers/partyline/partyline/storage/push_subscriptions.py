"""Push subscriptions: one item for each browser, found by its endpoint, by Service and scope, and by person.

Subscriptions expire by TTL; who reads one checks `until`, since DynamoDB deletes late. The Service has the time until
which any of its subscriptions is in force, so that the relay knows without a read of its own whether there are any.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from partyline.domain import sids
from partyline.domain.push_subscriptions import LIFE, NotifyScope, PushSubscription
from partyline.domain.services import Service
from partyline.errors import Conflict
from partyline.storage import codec, keys, push_subscription_keys, service_settings
from partyline.storage.attribute_values import Item
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, change, check, delete, put

# The Service's time is moved on by a seventh of a life at least, so that browsers write it once a day together.
_STEP = int(LIFE.total_seconds()) // 7


def sid_of(endpoint: str) -> str:
    """Return the SID of the subscription with an endpoint: always the same."""
    return sids.derive(sids.PUSH_SUBSCRIPTION, endpoint)


def save(table: Table, service: Service, subscription: PushSubscription) -> str | None:
    """Store a subscription in the place of any other of the same browser.

    Returns what it needs and is gone, `service` or `session`; None when it is stored.
    """
    writes = [put("subscription", push_subscription_keys.push_subscription(subscription.sid), _to_item(subscription))]
    if (service.push_until or 0) < subscription.until:
        writes += [_extend(service, subscription.until + _STEP), service_settings.build_version_write()]
    if subscription.session:
        writes.append(check("session", push_subscription_keys.ended_session(subscription.session), NEW))
    try:
        table.transact(writes)
    except Conflict as conflict:
        for label in ("service", "session"):
            if label in conflict.failed:
                return label
        raise
    return None


def _extend(service: Service, until: int) -> Write:
    return change("service", keys.service(service.sid), {"push_until": until}, EXISTS)


def _to_item(subscription: PushSubscription) -> Item:
    service_sid, sid = subscription.service_sid, subscription.sid
    return {
        **codec.encode(subscription),
        "ttl": subscription.until,
        "GSI1PK": push_subscription_keys.of_service(service_sid),
        "GSI1SK": f"{push_subscription_keys.in_scope(subscription.scope)}{sid}",
        "GSI2PK": push_subscription_keys.of_person(service_sid, subscription.identity),
        "GSI2SK": sid,
    }


def fetch(table: Table, sid: str) -> PushSubscription | None:
    """Read a subscription; return None when it does not exist. It may have expired."""
    item = table.get(push_subscription_keys.push_subscription(sid))
    return codec.decode(PushSubscription, item) if item else None


def fetch_many(table: Table, found: Iterable[str]) -> list[PushSubscription]:
    """Read the subscriptions that exist among some SIDs: one round trip for each hundred."""
    items = table.get_all(push_subscription_keys.push_subscription(sid) for sid in found)
    return [codec.decode(PushSubscription, item) for item in items.values()]


def list_in_scope(table: Table, service_sid: str, scope: NotifyScope) -> list[str]:
    """List the SIDs of a Service's subscriptions with one scope, as the index has them."""
    begins = push_subscription_keys.in_scope(scope)
    return [item["sid"] for item in _list(table, "GSI1", push_subscription_keys.of_service(service_sid), begins)]


def list_of_service(table: Table, service_sid: str) -> list[str]:
    """List the SIDs of all subscriptions of a Service, as the index has them."""
    return [item["sid"] for item in _list(table, "GSI1", push_subscription_keys.of_service(service_sid))]


def list_of_person(table: Table, service_sid: str, identity: str) -> list[PushSubscription]:
    """List the subscriptions of a person, as the index has them."""
    found = _list(table, "GSI2", push_subscription_keys.of_person(service_sid, identity))
    return [codec.decode(PushSubscription, item) for item in found]


def _list(table: Table, index: str, partition: str, begins: str = "") -> list[Item]:
    found: list[Item] = []
    after: Any = None
    while True:
        page = table.query(partition, index=index, begins=begins, after=after)
        found += page.items
        after = page.last_key
        if after is None:
            return found


def remove(table: Table, subscription: PushSubscription) -> bool:
    """Delete a subscription; return False when its browser has subscribed anew since it was read, or it is gone."""
    unchanged = Condition(
        "#identity = :identity AND confirmed = :confirmed",
        {"#identity": "identity"},
        {":identity": subscription.identity, ":confirmed": codec.encode(subscription)["confirmed"]},
    )
    return table.written(delete("subscription", push_subscription_keys.push_subscription(subscription.sid), unchanged))


def end_session(table: Table, service_sid: str, identity: str, session: str, until: int) -> None:
    """Delete the subscriptions of a person that a session of sign-in made or confirmed last, and let it make no more.

    `until` is when the last of its access tokens has expired, in Unix seconds.
    """
    # First: what is stored before this is listed below, and nothing is stored after it.
    table.write(put("ended", push_subscription_keys.ended_session(session), {"ttl": until}))
    for subscription in list_of_person(table, service_sid, identity):
        if subscription.session == session:
            remove(table, subscription)
