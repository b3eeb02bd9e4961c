"""The whole system, started once for all end-to-end tests by the same code as `make run`, on ports of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

import pytest

from local.stack import Stack
from tests.support.app_pages import serving_app
from tests.support.receivers import Receiver, receiving
from tests.support.stack_world import World


@pytest.fixture(scope="session")
def app_origin() -> Iterator[str]:
    """The origin of an app that people use in a browser. The running Partyline answers its pages."""
    with serving_app() as origin:
        yield origin


@pytest.fixture(scope="session")
def stack(app_origin: str) -> Iterator[Stack]:
    """A running Partyline. Tests share it, so each uses handsets of its own."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        with Stack(f"test-{os.getpid()}", cors_origins=[app_origin]) as running:
            yield running
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def world(stack: Stack) -> World:
    """The running Partyline from outside: API clients, handsets, carriers."""
    running = World(stack.variables() | stack.carrier_variables())
    # What a busy machine does not answer in time comes again until it does: no test is about a carrier that gives up.
    running.network(attempts=100)
    return running


@dataclass(frozen=True)
class ExpiringConversation:
    """A conversation that becomes inactive, with the receiver of its webhooks."""

    sid: str
    receiver: Receiver


@pytest.fixture(scope="session", autouse=True)
def expiring_conversation(world: World) -> Iterator[ExpiringConversation]:
    """A conversation with a timer of a minute, made before the first test, so that the one that looks at it need not
    wait."""
    with receiving() as receiver:
        made = world.api.conversations.create(state="active", timers_inactive="PT1M", timers_closed="P1D")
        made.webhooks.create(
            target="webhook",
            configuration_url=receiver.url,
            configuration_filters=["onConversationStateUpdated"],
        )
        yield ExpiringConversation(made.sid, receiver)


def _end(_number: int, _frame: FrameType | None) -> None:
    # pytest tidies up after this one, and would not after the signal itself.
    raise KeyboardInterrupt
