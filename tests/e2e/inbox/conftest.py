"""The browser of the tests of the inbox, and the sessions of the people in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.stack import Stack
from tests.support.inbox_app import InboxBrowser, Sessions, inbox_browser
from tests.support.offices import Office
from tests.support.stack_world import World


@pytest.fixture(scope="session")
def sessions() -> Sessions:
    """The sessions of those who have signed in: each person signs in once."""
    return {}


# Not for all tests: those of other pages run a browser of their own, and there is one at a time.
@pytest.fixture(scope="module")
def inbox(stack: Stack, sessions: Sessions) -> Iterator[InboxBrowser]:
    """A browser for the inbox."""
    with inbox_browser(stack, sessions) as running:
        yield running


@pytest.fixture(scope="session")
def office(world: World) -> Office:
    """What staff have around them."""
    return Office.open(world)
