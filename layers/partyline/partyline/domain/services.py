"""Services with their roles and users, and the account's settings and API keys. Plain data."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from partyline.domain import permissions, sids
from partyline.domain.permissions import RoleType
from partyline.frozen_classes import frozen


@frozen
class Configuration:
    """The account's settings: the default Service of paths that name none, and defaults of new conversations.

    Timers are durations in seconds.
    """

    default_service_sid: str
    default_messaging_service_sid: str | None = None
    default_inactive_timer: int | None = None
    default_closed_timer: int | None = None


@frozen
class Service:
    """A Conversation Service; its resources are not visible through another Service.

    - `creator_role_sid`, `member_role_sid`, `user_role_sid`: the roles of creators of conversations, members of
      conversations and users that have no role of their own.
    - `default_inactive_timer`, `default_closed_timer`: timers of new conversations, in seconds. 0 is no timer, None is
      the account's default.
    - `lock_groups`: whether users cannot change who is in a group text (None: they can, by their permissions).
    - `text_search`: whether its texts are indexed, so that all of them can be searched (None: they are not).
    - `inbox_shards`: over how many partitions the list of its inbox is spread; None when it has never used the inbox.
      It may grow. `inbox_since`: since when it has used the inbox. `inbox_filled`: whether what was there before that
      is in it.
    - `message_retention`: after how many days messages expire (None: never).
    - `push_until`: until when, in Unix seconds, browsers may show notifications of it (None: none has ever asked).
    """

    sid: str
    friendly_name: str
    created: datetime
    updated: datetime
    creator_role_sid: str
    member_role_sid: str
    user_role_sid: str
    reachability_enabled: bool = False
    default_inactive_timer: int | None = None
    default_closed_timer: int | None = None
    lock_groups: bool | None = None
    text_search: bool | None = None
    inbox_shards: int | None = None
    inbox_since: datetime | None = None
    inbox_filled: bool | None = None
    push_until: int | None = None
    message_retention: int | None = None


@frozen
class Role:
    """A set of permissions: in a whole Service, or in a conversation that the holder is a member of."""

    sid: str
    service_sid: str
    created: datetime
    updated: datetime
    friendly_name: str
    type: RoleType
    permissions: tuple[str, ...]


@frozen
class User:
    """An identity of a Service. Without its own role, it has the Service's default role for users."""

    sid: str
    service_sid: str
    identity: str
    created: datetime
    updated: datetime
    friendly_name: str | None = None
    attributes: str = "{}"
    role_sid: str | None = None


@frozen
class ApiKey:
    """An API key of the account. Its secret is derived and never stored (partyline.auth.tokens)."""

    sid: str
    created: datetime
    updated: datetime
    friendly_name: str | None = None


class Timers(NamedTuple):
    """The seconds after which a conversation becomes inactive and closed; None is never."""

    inactive: int | None
    closed: int | None


def default_timers(configuration: Configuration, service: Service | None) -> Timers:
    """Return the timers of a Service's new conversations."""
    inactive = service.default_inactive_timer if service else None
    closed = service.default_closed_timer if service else None
    return Timers(
        (configuration.default_inactive_timer if inactive is None else inactive) or None,
        (configuration.default_closed_timer if closed is None else closed) or None,
    )


def build_role(service_sid: str, name: str, now: datetime) -> Role:
    """Build a default role of a Service. Its SID follows from its name: built again, it has the same."""
    kind, permitted = permissions.DEFAULT_ROLES[name]
    return Role(sids.derive(sids.ROLE, service_sid, name), service_sid, now, now, name, kind, permitted)


def build_service(friendly_name: str, now: datetime, *, sid: str) -> tuple[Service, list[Role]]:
    """Build a Service and its default roles."""
    roles = {name: build_role(sid, name, now) for name in permissions.DEFAULT_ROLES}
    service = Service(
        sid=sid,
        friendly_name=friendly_name,
        created=now,
        updated=now,
        creator_role_sid=roles[permissions.CONVERSATION_ADMIN].sid,
        member_role_sid=roles[permissions.CONVERSATION_USER].sid,
        user_role_sid=roles[permissions.SERVICE_USER].sid,
    )
    return service, list(roles.values())
