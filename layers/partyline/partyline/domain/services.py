"""Services with their roles and users, and the account's settings and API keys. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from partyline.domain import permissions, sids
from partyline.domain.permissions import RoleType


@dataclass(frozen=True, slots=True)
class Configuration:
    """The account's settings: which Service paths without one mean, and what new conversations start with.

    Timers are durations in seconds.
    """

    default_service_sid: str
    default_messaging_service_sid: str | None = None
    default_inactive_timer: int | None = None
    default_closed_timer: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A Conversation Service: what is in one is not seen through another. Three of its roles are given to whoever has
    none of their own: creators of conversations, members of conversations, users. New conversations start with its
    timers (0: without one), or, where it has none set, with the account's."""

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


@dataclass(frozen=True, slots=True)
class Role:
    """What an identity may do: in a whole Service, or in the conversation that it takes part in with this role."""

    sid: str
    service_sid: str
    created: datetime
    updated: datetime
    friendly_name: str
    type: RoleType
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class User:
    """An identity of a Service. Without a role of its own it has the one that the Service gives to users."""

    sid: str
    service_sid: str
    identity: str
    created: datetime
    updated: datetime
    friendly_name: str | None = None
    attributes: str = "{}"
    role_sid: str | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A second way in, with a secret of its own that is derived and never stored (partyline.auth.tokens)."""

    sid: str
    created: datetime
    updated: datetime
    friendly_name: str | None = None


class Timers(NamedTuple):
    """After how many seconds a conversation becomes inactive and closed; None is never."""

    inactive: int | None
    closed: int | None


def default_timers(configuration: Configuration, service: Service | None) -> Timers:
    """The timers that a Service's new conversations start with."""
    inactive = service.default_inactive_timer if service else None
    closed = service.default_closed_timer if service else None
    return Timers(
        (configuration.default_inactive_timer if inactive is None else inactive) or None,
        (configuration.default_closed_timer if closed is None else closed) or None,
    )


def build_service(friendly_name: str, now: datetime, *, sid: str) -> tuple[Service, list[Role]]:
    """A Service with the roles that every Service starts with."""
    roles = {
        name: Role(sids.derive(sids.ROLE, sid, name), sid, now, now, name, kind, granted)
        for name, (kind, granted) in permissions.DEFAULT_ROLES.items()
    }
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
