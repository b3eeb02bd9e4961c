"""What people see and change of the account's lines, opt-outs and unrouted texts, by the permission `manageLines`.

These belong to the account, whatever the Service. So the permission holds in the account's default Service only, and
not for lines whose texts make conversations in another Service: what is of those lines stays the account's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from partyline import refusals
from partyline.api import authorization, filtered_lists
from partyline.api.context import Call
from partyline.domain import addresses
from partyline.domain.lines import EVERYONE, MAX_USERS, Line, is_user_of, replace_users
from partyline.domain.permissions import Permission
from partyline.frozen_classes import replace
from partyline.storage import lines, queries
from partyline.storage.queries import ListPage, Window

Entry = TypeVar("Entry")

_SERVICES_AT_A_TIME = 100


def can_manage_lines(call: Call) -> bool:
    """Whether the caller is the account, or its role in the default Service permits `manageLines`."""
    return call.user is None or (_is_in_default_service(call) and Permission.MANAGE_LINES in call.user.permissions)


def require_line_management(call: Call) -> None:
    """Refuse a user that may not manage lines. Raises ApiError 50107."""
    if call.user is None:
        return
    authorization.require_service_permission(call, Permission.MANAGE_LINES)
    if not _is_in_default_service(call):
        raise refusals.account_only()


def can_manage(call: Call, line: Line) -> bool:
    """Whether the caller manages a line."""
    return can_manage_lines(call) and (call.user is None or _makes_conversations_here(call, line))


def find_unmanaged(call: Call, numbers: Iterable[str]) -> frozenset[str]:
    """Find the numbers, of some, that are lines which the caller does not manage.

    A number that is no line, or not any more, is the default Service's. Cost for a user: one read.
    """
    if call.user is None:
        return frozenset()
    found = lines.fetch(call.table, {number for number in numbers if addresses.is_number(number)})
    return frozenset(number for number, line in found.items() if not _makes_conversations_here(call, line))


def read_managed(
    call: Call, window: Window, read: Callable[[Window], ListPage[Entry]], number_of: Callable[[Entry], str]
) -> ListPage[Entry]:
    """Read the part of a list that a window shows, without what is of lines that the caller does not manage."""
    if call.user is None:
        return read(window)

    def read_fitting(part: Window) -> ListPage[Entry]:
        page = read(part)
        unmanaged = find_unmanaged(call, (number_of(entry) for _, entry in page.entries))
        return replace(page, entries=[one for one in page.entries if number_of(one[1]) not in unmanaged])

    return filtered_lists.collect(window, read_fitting)


def shown_users(call: Call, line: Line) -> tuple[str, ...]:
    """Return the users of a line that the caller sees: people see those of their own Service."""
    if call.user is None:
        return line.allowed
    return tuple(user for user in line.allowed if is_user_of(user, call.scope.service_sid))


def merge_users(call: Call, line: Line, given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the users of a line after a caller has given new ones. People replace those of their own Service.

    Raises ApiError 50107 for users of another Service, also for everyone of all Services, and 20001 when these and
    those of other Services are too many.
    """
    if call.user is None:
        return given
    own = call.scope.service_sid
    if any(not is_user_of(user, own) or (user == EVERYONE and EVERYONE not in line.allowed) for user in given):
        raise refusals.other_services_users(own)
    services = _list_services(call) if EVERYONE in line.allowed and EVERYONE not in given else []
    merged = replace_users(line.allowed, given, own, services)
    if len(merged) > MAX_USERS:
        raise refusals.invalid_parameter("Users", f"with those of other Services, a line has at most {MAX_USERS}")
    return merged


def _is_in_default_service(call: Call) -> bool:
    return call.scope.service_sid == call.scope.configuration.default_service_sid


def _makes_conversations_here(call: Call, line: Line) -> bool:
    target = line.configuration.service_sid if line.configuration else None
    return target in (None, call.scope.service_sid)


def _list_services(call: Call) -> list[str]:
    """Return the SIDs of all Services."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = queries.services(call.table, Window(_SERVICES_AT_A_TIME, after))
        found += [service.sid for _, service in page.entries]
        if not page.more or page.ends is None:
            return found
        after = page.ends[1]
