"""The whole system, started once for all end-to-end tests by the same code as `make run`, on ports of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import FrameType

import pytest

from local.stack import Stack
from tests.support.app_pages import serving_app
from tests.support.receivers import Receiver, receiving
from tests.support.stack_world import World, new_number
from tests.support.staff import Answer, StaffMember


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


@pytest.fixture(scope="session", autouse=True)
def minutes_ahead(request: pytest.FixtureRequest) -> None:
    """Begin before the first test what takes a minute of the wall clock, so that the tests of it, which are among the
    last ones, need not wait."""
    used = {name for item in request.session.items if isinstance(item, pytest.Function) for name in item.fixturenames}
    for name in sorted(used & {"expiring_conversation", "scheduled_messages"}):
        request.getfixturevalue(name)


@dataclass(frozen=True)
class ExpiringConversation:
    """A conversation that becomes inactive, with the receiver of its webhooks."""

    sid: str
    receiver: Receiver


@pytest.fixture(scope="session")
def expiring_conversation(world: World) -> Iterator[ExpiringConversation]:
    """A conversation with a timer of a minute."""
    with receiving() as receiver:
        made = world.api.conversations.create(state="active", timers_inactive="PT1M", timers_closed="P1D")
        made.webhooks.create(
            target="webhook",
            configuration_url=receiver.url,
            configuration_filters=["onConversationStateUpdated"],
        )
        yield ExpiringConversation(made.sid, receiver)


@dataclass(frozen=True)
class ScheduledMessages:
    """Two messages that a person has scheduled for the same minute, one of them canceled.

    `recorded` are the messages of the conversation at that time.
    """

    person: StaffMember
    conversation_sid: str
    line: str
    handsets: tuple[str, str]
    send_at: datetime
    kept: Answer
    canceled: Answer
    cancellation: Answer
    recorded: list[tuple[int, str, str | None]]


@pytest.fixture(scope="session")
def scheduled_messages(world: World) -> ScheduledMessages:
    """Messages for a time that is soon over: before the last tests."""
    ann, line, handsets = StaffMember(world, "ann", "inbox member"), "+12065550101", (new_number(), new_number())
    group = world.api.conversations.create(friendly_name="12 Elm Street")
    group.participants.create(messaging_binding_projected_address=line)
    for handset in handsets:
        group.participants.create(messaging_binding_address=handset)
    # A minute is the least, and a busy machine takes its time for two requests.
    send_at = datetime.now(UTC) + timedelta(seconds=90)
    path = f"/Conversations/{group.sid}"
    kept, canceled = (
        ann.post(f"{path}/Messages", {"Body": body, "SendAt": send_at.isoformat()})
        for body in ("See you at nine", "No")
    )
    return ScheduledMessages(
        person=ann,
        conversation_sid=group.sid,
        line=line,
        handsets=handsets,
        send_at=send_at,
        kept=kept,
        canceled=canceled,
        cancellation=ann.delete(f"{path}/ScheduledMessages/{canceled.body['sid']}"),
        recorded=world.messages(group.sid),
    )


def _end(_number: int, _frame: FrameType | None) -> None:
    # pytest tidies up after this one, and would not after the signal itself.
    raise KeyboardInterrupt
