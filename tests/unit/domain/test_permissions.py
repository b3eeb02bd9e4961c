"""Permissions: which role can have which, and that the roles of a new Service are in order."""

from __future__ import annotations

import pytest

from partyline.domain.permissions import (
    CONVERSATION_ADMIN,
    CONVERSATION_USER,
    DEFAULT_ROLES,
    GRANTABLE,
    SERVICE_ADMIN,
    SERVICE_USER,
    Permission,
    RoleType,
)


def test_every_permission_can_be_had_by_some_role() -> None:
    assert frozenset().union(*GRANTABLE.values()) == frozenset(Permission)


def test_what_only_holds_in_a_whole_service_is_no_conversations() -> None:
    assert frozenset(Permission) - GRANTABLE[RoleType.CONVERSATION] == {
        Permission.CREATE_CONVERSATION,
        Permission.JOIN_CONVERSATION,
        Permission.MANAGE_CONTACTS,
        Permission.MANAGE_LINES,
        Permission.MANAGE_SERVICE,
        Permission.SET_CONVERSATION_STATE,
        Permission.VIEW_ANY_CONVERSATION,
        Permission.VIEW_ASSIGNED_CONVERSATIONS,
        Permission.WRITE_AS_LINE,
    }


@pytest.mark.parametrize("name", DEFAULT_ROLES)
def test_a_default_role_has_each_of_its_permissions_once_and_only_what_its_type_can(name: str) -> None:
    kind, granted = DEFAULT_ROLES[name]
    assert len(set(granted)) == len(granted)
    assert set(granted) <= {permission.value for permission in GRANTABLE[kind]}


@pytest.mark.parametrize(("user", "admin"), [(CONVERSATION_USER, CONVERSATION_ADMIN), (SERVICE_USER, SERVICE_ADMIN)])
def test_an_administrator_may_all_that_a_user_may(user: str, admin: str) -> None:
    assert set(DEFAULT_ROLES[user][1]) < set(DEFAULT_ROLES[admin][1])


@pytest.mark.parametrize("name", [CONVERSATION_USER, SERVICE_USER])
def test_a_user_sees_and_touches_nothing_of_others(name: str) -> None:
    granted = set(DEFAULT_ROLES[name][1])
    assert not granted & {
        Permission.VIEW_ANY_CONVERSATION,
        Permission.DELETE_ANY_MESSAGE,
        Permission.EDIT_ANY_MESSAGE,
        Permission.EDIT_ANY_MESSAGE_ATTRIBUTES,
        Permission.EDIT_ANY_PARTICIPANT_ATTRIBUTES,
        Permission.EDIT_ANY_USER_INFO,
        Permission.REMOVE_PARTICIPANT,
        Permission.DELETE_CONVERSATION,
    }
