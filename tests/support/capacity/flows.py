"""The flows that are counted: what a text, a message or a report sets off, until nothing follows any more.

Each is made by several conversations at once, each with people and a line of its own, as in a busy stack: what they
share is read once where the product does so. Or by one alone, as in a quiet one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from tests.support.capacity.meter import Usage
from tests.support.capacity.stack import CountedStack, running
from tests.support.capacity.template import StackTemplate

# As many texts are relayed at once in a busy stack: less than a full batch, so that no part gains from one text more.
BUSY = 5
# Between two steps of a flow.
_PAUSE = timedelta(seconds=5)
# A text of 80 characters.
_WORDS = "The plumber comes at ten on Monday; please leave the key with the neighbour, 4B."
_LARGE_ATTRIBUTES = json.dumps({"notes": "x" * (16 * 1024 - 13)})
_WEBHOOK = "https://hooks.example.com/partyline"
_FILTERS = ("onConversationAdded", "onParticipantAdded", "onMessageAdded", "onDeliveryUpdated")


@dataclass(frozen=True, slots=True)
class Group:
    """People with handsets, and the line that they write to. `number` makes them others than those of other groups."""

    number: int
    size: int = 3

    @property
    def line(self) -> str:
        """Our number."""
        return f"+12065{self.number:02}0100"

    @property
    def handsets(self) -> tuple[str, ...]:
        """The numbers of the people."""
        return tuple(f"+12065{self.number:02}0{150 + place}" for place in range(self.size))


@dataclass
class FlowRun:
    """A flow under way: the stack, and the groups with what is known of each."""

    stack: CountedStack
    groups: Sequence[Group]
    conversations: dict[Group, str] = field(default_factory=dict)
    _texts: int = 0

    def text(self, group: Group, *others: str, sender: str = "", words: str = _WORDS) -> None:
        """Let a handset, the first one of a group if no other is given, text its line, and others."""
        self._texts += 1
        message = {
            "id": f"16000000{self._texts:08}",
            "time": "2026-11-22T12:00:00Z",
            "to": [group.line, *others],
            "from": sender or group.handsets[0],
            "text": words,
            "applicationId": "93de2206-9669-4e07-948d-329f4b722ee2",
            "owner": group.line,
            "direction": "in",
            "segmentCount": 1,
        }
        self.stack.receive({"type": "message-received", "time": message["time"], "to": group.line, "message": message})

    def make_group(self, group: Group, **more: str) -> None:
        """Create a conversation of an agent behind the line of a group and its handsets."""
        made = self.stack.request("POST", "/v1/Conversations", list(more.items()))
        sid = self.conversations[group] = made["sid"]
        agent = {"Identity": "agent", "MessagingBinding.ProjectedAddress": group.line}
        for member in (agent, *({"MessagingBinding.Address": one} for one in group.handsets)):
            self.stack.request("POST", f"/v1/Conversations/{sid}/Participants", list(member.items()))

    def say(self, group: Group) -> None:
        """Send a message to a group by the API."""
        form = [("Author", "agent"), ("Body", _WORDS)]
        self.stack.request("POST", f"/v1/Conversations/{self.conversations[group]}/Messages", form)

    def report(self, group: Group, *handsets: str) -> None:
        """Report that the last message to a group was delivered."""
        sent = next(one for one in reversed(self.stack.sent) if one["from"] == group.line)
        for handset in handsets:
            event = {"type": "message-delivered", "to": handset, "time": "2026-11-22T12:00:05Z"}
            message = {"id": "carrier", "tag": sent["tag"], "to": list(group.handsets), "from": group.line}
            self.stack.receive({**event, "description": "ok", "message": message})


Step = Callable[[FlowRun, Group], None]


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow: what comes before, and the steps that are counted, each followed by what it sets off.

    `settings` are those of the Service. With `inbox`, the Service uses it. With `webhook`, the account has one. `size`
    is how many handsets a group has.
    """

    name: str
    title: str
    before: tuple[Step, ...]
    steps: tuple[Step, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    inbox: bool = False
    webhook: bool = True
    size: int = 3


def _text_alone(run: FlowRun, group: Group) -> None:
    run.text(group)


def _text_group(run: FlowRun, group: Group) -> None:
    run.text(group, *group.handsets[1:])


def _make_group(run: FlowRun, group: Group) -> None:
    run.make_group(group)


def _make_large_group(run: FlowRun, group: Group) -> None:
    run.make_group(group, Attributes=_LARGE_ATTRIBUTES)


def _say(run: FlowRun, group: Group) -> None:
    run.say(group)


def _report_all(run: FlowRun, group: Group) -> None:
    run.report(group, *group.handsets)


def _report_one(run: FlowRun, group: Group) -> None:
    run.report(group, group.handsets[0])


INBOUND = Flow("inbound", "inbound text into a known group", (_text_group,), (_text_group,))
GROUP_SEND = Flow("send", "message by the API to 3 handsets, until delivered", (_make_group, _say), (_say, _report_all))
FLOWS = (
    INBOUND,
    replace(INBOUND, name="quiet", title="the same without a webhook", webhook=False),
    replace(INBOUND, name="inbox", title="the same in a Service that uses the inbox", inbox=True),
    replace(INBOUND, name="words", title="the same with `TextSearch=on`", settings={"TextSearch": "on"}),
    Flow("large", "the same with 16 KB of `Attributes`", (_make_large_group, _text_group), (_text_group,)),
    # The text before is to another thread: functions that have run before keep the settings.
    Flow("new", "inbound text that makes a 1:1", (_text_group,), (_text_alone,)),
    GROUP_SEND,
    Flow("report", "delivery report", (_make_group, _say), (_report_one,)),
)


@dataclass(frozen=True, slots=True)
class FlowCount:
    """What a flow uses, for each text.

    - `parts`: by function. `batches`: of each queue, by its logical id.
    - `shared`: the units of the partitions that texts of different conversations have in common, by what they are of
      and by the partition. `lists`: those of the indexes, by the index and its list.
    - `hottest`: the written units of the partition of one conversation that has most of them.
    """

    flow: Flow
    texts: int
    parts: Mapping[str, Usage]
    records: float
    relayed: float
    batches: Mapping[str, float]
    shared: Mapping[tuple[str, str], float]
    lists: Mapping[tuple[str, str], float]
    hottest: float

    @property
    def total(self) -> Usage:
        """What all functions use."""
        return self.total_of(self.parts)

    def total_of(self, parts: Iterable[str]) -> Usage:
        """Return what some functions use together."""
        return _add(self.parts[part] for part in parts)

    def of(self, part: str) -> Usage:
        """What one function uses for each text; nothing if it has nothing to do."""
        return self.parts.get(part, Usage())


def count(template: StackTemplate, flow: Flow, texts: int) -> FlowCount:
    """Run a flow for some conversations at once, and count what it uses."""
    with running(template) as stack:
        run = FlowRun(stack, [Group(number, flow.size) for number in range(texts)])
        _prepare(run, flow)
        for step in flow.before:
            _make_step(run, step)
        stack.meter.reset()
        for step in flow.steps:
            _make_step(run, step)
        return _summarize(stack, flow, texts)


def _prepare(run: FlowRun, flow: Flow) -> None:
    stack = run.stack
    if flow.webhook:
        filters = [("Filters", name) for name in _FILTERS]
        stack.request("POST", "/v1/Configuration/Webhooks", [("PostWebhookUrl", _WEBHOOK), *filters])
    service = stack.request("GET", "/v1/Configuration")["default_chat_service_sid"]
    if flow.settings:
        stack.request("POST", f"/v1/Services/{service}/Configuration", list(flow.settings.items()))
    for group in run.groups:
        form = [("Address", group.line), ("Carrier", "bandwidth"), ("AutoCreation", "all")]
        stack.request("POST", "/v1/Lines", form)
    if flow.inbox:
        stack.request("GET", "/v1/Inbox")
    stack.settle()


def _make_step(run: FlowRun, step: Step) -> None:
    # What processes keep for a second is not kept until the next step: reports come later.
    run.stack.now += _PAUSE
    for group in run.groups:
        step(run, group)
    run.stack.settle()


def _summarize(stack: CountedStack, flow: Flow, texts: int) -> FlowCount:
    parts = {name: _divide(usage, texts) for name, usage in stack.meter.parts.items() if name}
    together = _add(stack.meter.parts.values()).partitions
    table = {place: units for place, units in together.items() if place[0] in {"reads", "writes"}}
    shared = {place: units / texts for place, units in table.items() if _is_shared(place[1])}
    lists: defaultdict[tuple[str, str], float] = defaultdict(float)
    for (index, partition), units in together.items():
        if index not in {"reads", "writes"}:
            lists[index, partition.partition("#")[0]] += units / texts
    own = [units for (kind, partition), units in table.items() if kind == "writes" and not _is_shared(partition)]
    return FlowCount(
        flow,
        texts,
        parts,
        stack.meter.records / texts,
        stack.meter.relayed / texts,
        {queue: number / texts for queue, number in stack.meter.batches.items()},
        shared,
        lists,
        max(own, default=0),
    )


# What the partitions begin with that texts of different conversations share.
_SHARED = ("ACCOUNT", "IS#", "LV#", "PACE#account#", "SK#", "H#", "QU#")


def _is_shared(partition: str) -> bool:
    return partition.startswith(_SHARED)


def _add(usages: Iterable[Usage]) -> Usage:
    total = Usage()
    for usage in usages:
        for name in _AMOUNTS:
            setattr(total, name, getattr(total, name) + getattr(usage, name))
        for place, units in usage.partitions.items():
            total.partitions[place] += units
    return total


def _divide(usage: Usage, texts: int) -> Usage:
    divided: dict[str, Any] = {name: getattr(usage, name) / texts for name in _AMOUNTS}
    return Usage(**divided)


_AMOUNTS = ("writes", "index_writes", "reads", "trips", "queue_requests", "polls", "invocations", "calls", "log_bytes")
