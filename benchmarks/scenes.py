"""What is measured: the call of a function, with the items that it finds in the table.

All scenes are of one stack, which the real functions have filled on an emulated table (tests/support/capacity). What
follows from a text is what that text sets off, such as the batch that the relay gets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from tests.support.capacity.flows import FlowRun, Group
from tests.support.capacity.stack import TABLE, CountedStack, running
from tests.support.capacity.template import StackTemplate

Item = dict[str, Any]
# The conversations, and the messages of one of them, of the pages that are read.
PAGE = 50


@dataclass(frozen=True, slots=True)
class Scene:
    """A call of a function, by its name and event, and the items that are in the table before."""

    name: str
    function: str
    event: Mapping[str, Any]
    items: list[Item]


@dataclass
class SceneRecorder:
    """Records, as a scene, the next call of a function after it was asked to."""

    scenes: list[Scene] = field(default_factory=list)
    _wanted: dict[str, str] = field(default_factory=dict)

    def expect(self, function: str, name: str) -> None:
        """Record the next call of a function under a name."""
        self._wanted[function] = name

    def observe(self, function: str, event: Mapping[str, Any]) -> None:
        """Note a call that begins."""
        if name := self._wanted.pop(function, None):
            self.scenes.append(Scene(name, function, event, list(_read_items())))


@dataclass
class SceneBuilder:
    """Plays what is recorded, on a stack with a line for each group."""

    stack: CountedStack
    recorder: SceneRecorder
    run: FlowRun

    def record(self, function: str, name: str, act: Callable[[], object]) -> Scene:
        """Record the first call of a function that an act makes."""
        self.recorder.expect(function, name)
        act()
        return next(scene for scene in self.recorder.scenes if scene.name == name)

    def play_inbound(self, known: Group, new: Group) -> None:
        """Texts of a handset: into a known thread, the same again, STOP, and one that makes a thread."""
        self._text(known)
        self.stack.settle()
        first = self.record("inbound", "known", lambda: self._text(known))
        self.record("inbound", "repeat", lambda: self.stack.deliver(first.event))
        self.record("inbound", "new", lambda: self._text(new))
        self.record("inbound", "stop", lambda: self.run.text(known, words="STOP"))
        self.stack.settle()

    def play_outbound(self, group: Group) -> None:
        """A message by the API, what sends it, and the report of a handset."""
        self.run.make_group(group)
        self.run.say(group)
        self.stack.settle()
        self.record("conversations", "post", lambda: self.run.say(group))
        self.record("outbound", "send", self.stack.settle)
        self.record("inbound", "report", lambda: self.run.report(group, group.handsets[0]))
        self.stack.settle()

    def play_pages(self, group: Group, senders: Group) -> None:
        """Pages of the API: the messages of a group, half of them sent by us, and conversations."""
        self.run.make_group(group)
        for _ in range(PAGE // 2):
            self._text(group)
            self.run.say(group)
        for number in range(PAGE):
            self.run.text(senders, sender=f"+12067{senders.number:02}{number:04}")
        self.stack.settle()
        sid, size = self.run.conversations[group], [("PageSize", str(PAGE))]
        messages = f"/v1/Conversations/{sid}/Messages"
        self.record("conversations", "messages", lambda: self.stack.request("GET", messages, size))
        self.record("conversations", "conversations", lambda: self.stack.request("GET", "/v1/Conversations", size))

    def _text(self, group: Group) -> None:
        self.run.text(group, *group.handsets[1:])


@contextmanager
def building() -> Iterator[SceneBuilder]:
    """A stack on which scenes can be played; its time is that of this machine."""
    with running(StackTemplate({})) as stack:
        stack.now = datetime.now(UTC) - timedelta(minutes=5)
        recorder = SceneRecorder()
        stack.observe = recorder.observe
        run = FlowRun(stack, [Group(number) for number in range(5)])
        for group in run.groups:
            form = [("Address", group.line), ("Carrier", "bandwidth"), ("AutoCreation", "all")]
            stack.request("POST", "/v1/Lines", form)
        stack.settle()
        yield SceneBuilder(stack, recorder, run)


def build_scenes() -> tuple[list[Scene], dict[str, dict[str, str]]]:
    """Play and record all scenes. Return them, with the variables of each function in them."""
    with building() as builder:
        known, new, sent, page, senders = builder.run.groups
        builder.play_inbound(known, new)
        builder.play_outbound(sent)
        builder.play_pages(page, senders)
        scenes = builder.recorder.scenes
        stack = builder.stack
        common = stack.template.common_variables
        return scenes, {scene.function: common | stack.variables(scene.function) for scene in scenes}


def _read_items() -> Iterator[Item]:
    dynamodb: Any = boto3.client("dynamodb")
    for page in dynamodb.get_paginator("scan").paginate(TableName=TABLE):
        yield from page["Items"]
