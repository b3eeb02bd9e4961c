"""Admit a person whom the provider knows: the identity and the role that its claims give, set on the User."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from partyline.auth.id_tokens import Claims
from partyline.domain import identities, sids
from partyline.domain.events import Cause, Source
from partyline.domain.group_roles import select_role
from partyline.domain.permissions import INBOX_ROLES, RoleType
from partyline.domain.services import Role, Service, User, build_role
from partyline.errors import Conflict, RuleViolation, SignInRefused
from partyline.frozen_classes import frozen, replace
from partyline.storage import roles, users
from partyline.storage.table import Table

SUBJECT = "sub"
# Which claims may name a person, the best first. The others can change, or be given to another person.
_NAMES = ("name", "preferred_username", "email", "cognito:username")
_MAX_NAME = 256


@frozen
class AdmissionRules:
    """What the deployment's parameters say of people.

    - `identity_claim`: the claim that is the identity, `sub` or another one.
    - `groups_claim`: the claim that names the groups.
    - `roles`: the friendly name of the role of each group, in order of precedence.
    """

    identity_claim: str
    groups_claim: str
    roles: Mapping[str, str]


@frozen
class Member:
    """A User with the role that applies to it; None when the role was deleted, which permits nothing."""

    user: User
    role: Role | None

    @classmethod
    def load(cls, table: Table, service: Service, user: User) -> Member:
        """Load the role of a user. Cost: one read."""
        sid = user.role_sid or service.user_role_sid
        return cls(user, roles.fetch_many(table, service.sid, [sid]).get(sid))


def admit(table: Table, service: Service, rules: AdmissionRules, claims: Claims, now: datetime) -> Member:
    """Set the role that a person's groups give, and create the User if there is none yet.

    Raises SignInRefused: `identity` (the claim is missing or cannot be one), `no_role` (no group has a role; the access
    tokens of the identity are revoked), `role_missing` (the Service lacks the role), `removed` (the account has deleted
    the User). Raises Conflict when other requests change the same User.
    """
    identity = _read_identity(rules, claims)
    user, revocation = users.fetch_with_revocations(table, service.sid, [identity])[identity]
    name = select_role(rules.roles, claims.groups(rules.groups_claim))
    if name is None:
        if user:
            bar(table, user, now)
        raise SignInRefused("no_role")
    if user is None and revocation and revocation.barred:
        raise SignInRefused("removed")
    role = _find_role(table, service.sid, name, now)
    if role is None:
        raise SignInRefused("role_missing")
    member = Member(_set_role(table, user or _build_user(service.sid, identity, claims, now), user, role, now), role)
    if revocation and revocation.lost:
        users.note_access(table, member.user)
    return member


def bar(table: Table, user: User, now: datetime) -> None:
    """Revoke the access tokens and sessions of a person who has lost access."""
    users.revoke_tokens(table, user, now, lost=True)


def _read_identity(rules: AdmissionRules, claims: Claims) -> str:
    identity = claims.subject if rules.identity_claim == SUBJECT else claims.text(rules.identity_claim)
    try:
        return identities.check_identity(identity or "")
    except RuleViolation as violation:
        raise SignInRefused("identity") from violation


def _find_role(table: Table, service_sid: str, name: str, now: datetime) -> Role | None:
    """Find a role by its name. A Service from before the roles for staff gets them when the first person needs
    one, and those of an earlier version get what is new.
    """
    found = roles.find_by_name(table, service_sid, name, RoleType.SERVICE)
    if found is None and name in INBOX_ROLES:
        roles.create_missing(table, service_sid, [build_role(service_sid, one, now) for one in INBOX_ROLES])
        found = roles.find_by_name(table, service_sid, name, RoleType.SERVICE)
    if found and name in INBOX_ROLES:
        found = roles.add_shipped_permissions(table, found, build_role(service_sid, name, now))
    return found


def _set_role(table: Table, user: User, stored: User | None, role: Role, now: datetime) -> User:
    """Store a user with its role. Raises SignInRefused when it was deleted meanwhile, Conflict when it was created."""
    after = replace(user, role_sid=role.sid)
    cause = Cause(Source.SDK, user.identity)
    if stored is None:
        if not users.create(table, after, cause=cause):
            raise Conflict({})
        return after
    if stored.role_sid != role.sid:
        after = replace(after, updated=now)
        if not users.update(table, stored, after, now, cause=cause):
            raise SignInRefused("removed")
    return after


def _build_user(service_sid: str, identity: str, claims: Claims, now: datetime) -> User:
    names = (claims.text(name) for name in _NAMES)
    name = next((name for name in names if name and identities.is_visible(name)), None)
    return User(
        sids.user(service_sid, identity), service_sid, identity, now, now, friendly_name=name and name[:_MAX_NAME]
    )
