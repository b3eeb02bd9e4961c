"""The account's settings and its Services."""

from __future__ import annotations

from datetime import datetime

from partyline.domain.services import Configuration, Role, Service, build_service
from partyline.errors import Conflict, RuleViolation
from partyline.serialization import format_time
from partyline.storage import codec, keys, retry, service_settings, stored_format
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, change, check, delete, diff_items, put

_DEFAULT_ROLES = ("creator_role_sid", "member_role_sid", "user_role_sid")


def fetch_with_configuration(table: Table, sid: str) -> tuple[Configuration | None, Service | None]:
    """Read the account's settings and one of its Services, in one round trip.

    Both are None when the account was never set up.
    """
    found = table.get_all([keys.configuration(), keys.service(sid)])
    configuration, service = found.get(keys.configuration()), found.get(keys.service(sid))
    return (
        codec.decode(Configuration, configuration) if configuration else None,
        codec.decode(Service, service) if service else None,
    )


def fetch(table: Table, sid: str) -> Service | None:
    """Read a Service; return None when it does not exist."""
    item = table.get(keys.service(sid))
    return codec.decode(Service, item) if item else None


def create_account(table: Table, sid: str, now: datetime) -> None:
    """Create the account's settings and its first Service. Repeats change nothing.

    A table without an account has the newest stored format: no earlier release has written more than texts without a
    conversation.
    """
    service, roles = build_service("Default Conversations Service", now, sid=sid)
    writes = [put("configuration", keys.configuration(), codec.encode(Configuration(sid)), NEW)]
    try:
        table.transact([*writes, stored_format.build_level_write(), *_creation_writes(service, roles)])
    except Conflict as conflict:
        # Another request has created them, or is creating them: the caller reads them, or tries again.
        if not conflict.failed:
            raise


def create(table: Table, service: Service, roles: list[Role]) -> None:
    """Store a new Service with its roles."""
    table.transact([*_creation_writes(service, roles), service_settings.build_version_write()])


def _creation_writes(service: Service, roles: list[Role]) -> list[Write]:
    dated = keys.dated(format_time(service.created), service.sid)
    item = {**codec.encode(service), "GSI1PK": keys.SERVICE_LIST, "GSI1SK": dated}
    return [
        put("service", keys.service(service.sid), item, NEW),
        *(put("role", keys.role(role.service_sid, role.sid), codec.encode(role)) for role in roles),
    ]


def update(table: Table, before: Service, after: Service, *orders: Write) -> bool:
    """Store a Service's changed settings, with what they order; return False when the Service is gone.

    Raises Conflict when a role that becomes a default is gone, or another request is writing the same items.
    """
    sets = diff_items(codec.encode(before), codec.encode(after))
    if not sets:
        return True
    # Each role once: a transaction must not have an item twice.
    new_defaults = dict.fromkeys(sets[name] for name in _DEFAULT_ROLES if name in sets)
    writes = [
        change("service", keys.service(after.sid), sets, EXISTS),
        service_settings.build_version_write(),
        *(check("role", keys.role(after.sid, sid), EXISTS) for sid in new_defaults),
        *orders,
    ]
    try:
        table.transact(writes)
    except Conflict as conflict:
        if "service" in conflict.failed:
            return False
        raise
    return True


def remove(table: Table, sid: str) -> bool:
    """Delete a Service; return False when it is gone already.

    Its contents are out of reach at once and are deleted asynchronously (partyline.lifecycle.cleanup). Raises
    RuleViolation service_is_default for the account's default Service.
    """
    is_not_default = Condition("default_service_sid <> :sid", values={":sid": sid})
    writes = [
        check("default", keys.configuration(), is_not_default),
        delete("service", keys.service(sid), EXISTS),
        service_settings.build_version_write(),
    ]
    try:
        retry.STANDARD.run(lambda: table.transact(writes), can_retry=retry.is_race)
    except Conflict as conflict:
        if "default" in conflict.failed:
            raise RuleViolation("service_is_default", sid=sid) from conflict
        if "service" in conflict.failed:
            return False
        raise
    return True


def configure(table: Table, before: Configuration, after: Configuration) -> None:
    """Store what differs between two states of the account's settings.

    Concurrent changes of different settings all hold. Raises RuleViolation service_not_found when the new default
    Service does not exist.
    """
    sets = diff_items(codec.encode(before), codec.encode(after))
    if not sets:
        return
    writes = [change("configuration", keys.configuration(), sets), service_settings.build_version_write()]
    if before.default_service_sid != after.default_service_sid:
        writes.append(check("service", keys.service(after.default_service_sid), EXISTS))
    if not table.written(*writes):
        raise RuleViolation("service_not_found", sid=after.default_service_sid)
