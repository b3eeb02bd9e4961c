"""A stack is upgraded while texts flow through it: none is lost, and none is doubled.

A webhook that fails is repeated, as carriers do. The functions of the releases of the past are called while they are
replaced, and those of this one are not; but the emulator is one process, which answers nobody while it reads a
template, so that a request to the table can run out of its time here in each upgrade.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from twilio.base.exceptions import TwilioRestException

from local.deployment import STACK
from local.stack import Stack
from operations import finalize_upgrade
from partyline.storage.format_level import NEWEST
from tests.support import releases
from tests.support.stack_world import World, new_id, new_number, until

pytestmark = pytest.mark.slow

BANDWIDTH, TELNYX = "+12065550100", "+12065550110"
# Of each conversation: so large that they are an item of their own once the upgrade is finalized.
ATTRIBUTES = json.dumps({"notes": "a" * 4000})
# Seconds between two texts of a kind: a steady pace, which nothing is measured by.
PACE = 0.4
# Longer than a message stays hidden in a queue after a call that failed.
PATIENCE = 600.0


@dataclass
class Traffic:
    """Texts of one conversation in both directions, one after the other."""

    world: World
    line: str
    ann: str = field(default_factory=new_number)
    ben: str = field(default_factory=new_number)
    sid: str = ""
    received: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    # No two texts have the same words.
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def begin(self) -> None:
        """Make the conversation, with a first text each way: the functions have started then."""
        made = self.world.api.conversations.create(attributes=ATTRIBUTES)
        made.participants.create(identity="desk", messaging_binding_projected_address=self.line)
        for handset in (self.ann, self.ben):
            made.participants.create(messaging_binding_address=handset)
        self.sid = made.sid
        self.receive("in 0")
        self.send("out 0")
        assert until(lambda: len(self.world.messages(self.sid))) and self.sent

    def receive(self, text: str) -> None:
        """Let the line's carrier deliver a text, again and again until it is accepted."""
        carrier = self.world.bandwidth if self.line == BANDWIDTH else self.world.telnyx
        webhook = carrier(self.ann, [self.line, self.ben], self.line, text, new_id())
        while (status := webhook()) != HTTPStatus.OK:
            if status < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise AssertionError(f"{text} was refused: {status}")
            time.sleep(PACE)
        self.received.append(text)

    def send(self, text: str) -> None:
        """Write to the handsets by the API, once."""
        try:
            self.world.api.conversations(self.sid).messages.create(author="desk", body=text)
            self.sent.append(text)
        except TwilioRestException as error:
            self.unanswered.append(text)
            if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Inside it texts flow; some before the body, and some after it."""
        over = threading.Event()

        def flow(act: Callable[[str], None], name: str) -> None:
            while not over.wait(PACE):
                act(f"{name} {next(self.numbers)}")

        threads = [
            threading.Thread(target=flow, args=given, daemon=True)
            for given in ((self.receive, "in"), (self.send, "out"))
        ]
        for thread in threads:
            thread.start()
        try:
            self._await_more(threads)
            yield
            self._await_more(threads)
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _await_more(self, threads: Sequence[threading.Thread]) -> None:
        """Wait for some more texts in both directions, while both flow."""
        received, sent = len(self.received) + 5, len(self.sent) + 5

        def flowed() -> bool:
            return len(self.received) >= received and len(self.sent) >= sent

        until(lambda: flowed() or not all(thread.is_alive() for thread in threads))
        assert flowed()

    def check(self) -> None:
        """Every text is there once, in the conversation and on both handsets."""
        whole = Counter([*self.received, *self.sent])
        in_doubt = set(self.unanswered)

        def recorded() -> Counter[str]:
            bodies = [body or "" for _, _, body in self.world.messages(self.sid)]
            # What was refused may have been recorded, if only the answer was lost. Then it is sent too.
            return Counter(body for body in bodies if body not in in_doubt)

        def shown() -> list[Counter[str]]:
            seen = [self.world.read_by(handset) for handset in (self.ann, self.ben)]
            return [Counter(text for sender, text in texts if sender == self.line) for texts in seen]

        def told() -> list[Counter[str]]:
            return [Counter({text: n for text, n in texts.items() if text not in in_doubt}) for texts in shown()]

        assert until(recorded, lambda found: found == whole, PATIENCE) == whole
        everybody = [Counter(self.sent)] * 2
        assert until(told, lambda found: found == everybody, PATIENCE) == everybody
        self.world.settle()
        assert recorded() == whole
        assert self.world.api.conversations(self.sid).fetch().attributes == ATTRIBUTES
        assert [max(texts.values()) for texts in shown()] == [1, 1]


@contextmanager
def running(stack: Stack) -> Iterator[World]:
    with stack:
        world = World(stack.variables() | stack.carrier_variables())
        world.network(attempts=100)
        yield world


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack(f"test-{os.getpid()}-next", parameters={"GroupLimit": "3"})


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    with running(stack) as world:
        yield world


def test_no_text_is_lost_or_doubled_while_a_stack_is_upgraded_to_the_next_release_and_taken_back(
    stack: Stack, world: World
) -> None:
    """Of the next release no function works with this layer, and none of this release with that one."""
    traffic = Traffic(world, BANDWIDTH)
    traffic.begin()
    before = versions(stack)
    with traffic.flowing():
        stack.upgrade(releases.make_next())
    assert all(version > before[function] for function, version in versions(stack).items())
    # As docs/operations.md says to go back.
    with traffic.flowing():
        for function, version in before.items():
            stack.client("lambda").update_alias(FunctionName=function, Name="current", FunctionVersion=str(version))
    assert versions(stack) == before
    traffic.check()


def test_changed_parameter_reaches_the_functions(stack: Stack, world: World) -> None:
    """They work by published versions, and the value of a parameter alone publishes none."""
    traffic = Traffic(world, TELNYX)
    traffic.begin()
    group = world.api.conversations(traffic.sid)
    with pytest.raises(TwilioRestException):
        group.participants.create(messaging_binding_address=new_number())
    with traffic.flowing():
        stack.upgrade(GroupLimit="10")
    traffic.check()
    assert group.participants.create(messaging_binding_address=new_number()).sid


@pytest.mark.parametrize("version", releases.PAST)
def test_no_text_is_lost_or_doubled_while_a_stack_of_an_earlier_release_is_upgraded_and_finalized(version: str) -> None:
    """What the earlier release has written is still read when the stored format is another."""
    source = releases.check_out(version)
    if source is None:
        pytest.skip("the history of the project is not here")
    stack = Stack(f"test-{os.getpid()}-{version}")
    stack.source = source
    with running(stack) as world:
        flows = [Traffic(world, line) for line in (BANDWIDTH, TELNYX)]
        for traffic in flows:
            traffic.begin()
        quiet = world.api.conversations.create(attributes=ATTRIBUTES).sid
        with flows[0].flowing(), flows[1].flowing():
            stack.upgrade()
        with flows[0].flowing(), flows[1].flowing():
            finalize(stack)
        for traffic in flows:
            traffic.check()
        # Conversations that the earlier release made, each once, whether they have moved or not.
        found = world.api.conversations.list()
        assert {one.attributes for one in found} == {ATTRIBUTES}
        listed = [one.sid for one in found]
        assert Counter(dict.fromkeys((quiet, *(traffic.sid for traffic in flows)), 1)) - Counter(listed) == Counter()
        assert max(Counter(listed).values()) == 1


def finalize(stack: Stack) -> None:
    """Finalize an upgrade, as docs/upgrading.md says, as if the stack had been updated a while ago."""
    arguments = [STACK, "--yes"]
    output = io.StringIO()
    with redirect_stdout(output):
        status = finalize_upgrade.main(
            arguments, stack.client, lambda: datetime.now(UTC) + finalize_upgrade.LONGEST_RUN
        )
    assert (status, output.getvalue()) == (0, f"done: the stored format has level {NEWEST}\n")


def versions(stack: Stack) -> dict[str, int]:
    """The version of each function that everything calls."""
    found = {
        physical: stack.client("lambda").get_alias(FunctionName=physical, Name="current")["FunctionVersion"]
        for logical, physical in stack.deployment.resources.items()
        if logical.endswith("Function")
    }
    return {function: int(version) for function, version in found.items()}
