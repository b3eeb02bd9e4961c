"""A history: what people and programs do to a stack, what goes wrong meanwhile, and which promises it breaks.

It is made of its seed, whole. `run` plays it until everything has come to rest; then it checks the promises.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from http.client import OK
from typing import Any

from local.carrier.base import Webhook
from local.carrier.wire_values import to_compact_json
from partyline.domain.webhook_configuration import POST_EVENTS
from tests.simulation import process
from tests.simulation.clients import ApiClient, NotAnswered, masked
from tests.simulation.descriptions import Descriptions, describe
from tests.simulation.faults import Faults
from tests.simulation.network import ACCOUNT_HOOK, HOOKS, PUBLIC_URL
from tests.simulation.promises import Promises
from tests.simulation.world import LINES, START, World
from tests.support.api_harness import A, B, C, D, P, Q, T
from tests.support.simulated_carriers import BANDWIDTH

# People who text each other, and our numbers among them.
GROUPS = ((A, B, P), (A, B, P, Q), (A, P), (C, D, T), (A, C, P, T), (B, Q))
# For how long something goes wrong, and until everything rests, in seconds.
TROUBLE, REST = 120.0, 12 * 3600.0
_TICKS = (60, 120, 180, 300, 900, 1800, 3600, 7200, 14400, 21600)
_WEIGHTS = {
    "text": 34,
    "say": 34,
    "repeat": 8,
    "stop": 6,
    "start": 4,
    "join": 5,
    "leave": 5,
    "close": 3,
    "delete": 3,
    "mask": 4,
    "poison": 3,
    "hook": 4,
}
# How many acts a history has at most, besides those that describe conversations.
_MOST_ACTS = 10
# How much goes wrong in a history: in most of them as much as the chances say.
_RATES = (0.5, 1.0, 1.0, 3.0)


@dataclass(frozen=True)
class Act:
    """Something that somebody does, at a moment after the beginning: with a group, as one of its people."""

    number: int
    kind: str
    at: float
    group: tuple[str, ...]
    who: str
    missing: frozenset[str] = frozenset()

    def __str__(self) -> str:
        missing = f", no copy at {', '.join(sorted(self.missing))}" if self.missing else ""
        return f"{self.at:6.2f} s  {self.number}: {self.kind} by {self.who} in {', '.join(self.group)}{missing}"


@dataclass(frozen=True)
class History:
    """A seed, less the acts and faults that are left out, and with one that is forced."""

    seed: int
    rate: float = 1.0
    without_acts: frozenset[int] = frozenset()
    without_faults: frozenset[str] = frozenset()
    forced: str = ""

    def acts(self) -> list[Act]:
        chance = random.Random(self.seed)
        acts = [_draw(chance, number) for number in range(chance.randrange(4, _MOST_ACTS))]
        acts += _draw_descriptions(self.seed)
        return [act for act in acts if act.number not in self.without_acts]


@dataclass(frozen=True)
class Outcome:
    """What became of a history: the promises that it broke, and the faults that happened and could have happened."""

    broken: list[str]
    faults: list[str]
    possible: list[str]
    counts: Mapping[str, int]
    log: list[str]


def _draw(chance: random.Random, number: int) -> Act:
    # Few groups, and moments close to each other: what meets is what breaks.
    group = chance.choice(GROUPS[:3] if chance.random() < 0.5 else GROUPS)
    own = [line for line in group if line in LINES]
    (kind,) = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    missing = frozenset(chance.sample(own, len(own) - 1)) if chance.random() < 0.15 else frozenset()
    at = round(chance.choice((0.0, 0.0, 1.0, 10.0)) + chance.random() * 2, 2)
    return Act(number, kind, at, group, chance.choice([one for one in group if one not in LINES]), missing)


def _draw_descriptions(seed: int) -> list[Act]:
    """Acts that give conversations attributes, in two of three histories. The other acts do not depend on them."""
    chance = random.Random(f"descriptions {seed}")
    drawn = [_draw(chance, number) for number in range(_MOST_ACTS, _MOST_ACTS + chance.randrange(3))]
    return [replace(act, kind="describe") for act in drawn]


def _draw_finalizing(seed: int) -> float | None:
    """When the upgrade of the stack is finalized, in seconds after the beginning: None for a stack of this release.

    What comes after the trouble never comes.
    """
    chance = random.Random(f"format {seed}")
    return chance.choice((None, None, None, round(chance.random() * 12, 2), TROUBLE))


def run(history: History) -> Outcome:
    """Play a history."""
    promises = Promises()
    rate = history.rate * _RATES[history.seed % len(_RATES)]
    faults = Faults(history.seed, rate, history.without_faults, forced=history.forced)
    world = World(faults, promises.observe, promises.observe_error)
    world.network.on_accepted = promises.observe_accepted
    world.network.on_request = promises.observe_request
    process.enter(world)
    world.register_lines()
    finalized = _draw_finalizing(history.seed)
    if finalized is not None:
        world.begin_upgraded()
    player = _Player(world, ApiClient(world), promises.descriptions)
    faults.is_calm = True
    world.scheduler.spawn("set-up", player.set_up)
    world.scheduler.run(START + 30)
    faults.is_calm = False
    begun = world.scheduler.now
    promises.log.clear()
    promises.clock = lambda: world.scheduler.now - begun
    for act in history.acts():
        world.scheduler.spawn(f"act {act.number}", partial(player.play, act), delay=act.at)
    for tick in _TICKS:
        world.scheduler.at(begun + tick, partial(world.run_timers, tick))
    if finalized is not None and finalized < TROUBLE:
        world.scheduler.at(begun + finalized, world.finalize_upgrade)
    world.scheduler.at(begun + TROUBLE, faults.calm_down)
    if world.scheduler.run(begun + REST):
        promises.check(world)
        player.check(promises)
    else:
        promises.break_("everything comes to rest")
    counts = {
        "messages": len(promises.by_sid),
        "requests": len(world.network.requests),
        "faults": len(faults.happened),
        "changes": promises.changes,
    }
    return Outcome(promises.broken, faults.happened, faults.possible, counts, promises.log)


class _Player:
    """Plays the acts."""

    def __init__(self, world: World, client: ApiClient, descriptions: Descriptions) -> None:
        self._world, self._client, self._descriptions = world, client, descriptions
        self._acts: dict[str, Callable[[Act], None]] = {
            "text": lambda act: self._text(act, f"text {act.number}"),
            "repeat": lambda act: self._text(act, "ok"),
            "stop": lambda act: self._text(act, "STOP"),
            "start": lambda act: self._text(act, "START"),
            "say": self._say,
            "join": self._join,
            "leave": self._leave,
            "close": partial(self._change, "POST", {"State": "closed"}),
            "delete": partial(self._change, "DELETE", {}),
            "mask": self._mask,
            "poison": self._poison,
            "hook": self._hook,
            "describe": self._describe,
        }
        self._poisons: list[str] = []

    def set_up(self) -> None:
        """Have the customer's server told of everything."""
        form = [("PostWebhookUrl", f"https://{HOOKS}{ACCOUNT_HOOK}"), ("Method", "POST")]
        filters = [("Filters", event) for event in POST_EVENTS]
        self._client.ask("POST", "/Configuration/Webhooks", [*form, *filters])

    def play(self, act: Act) -> None:
        with suppress(NotAnswered):
            self._acts[act.kind](act)

    def check(self, promises: Promises) -> None:
        """Check what programs and people were told."""
        for number in range(20):
            body = f"say {number}"
            times = promises.recorded["agent", body]
            if times > 1 or times < self._client.said[body]:
                promises.break_("a request with a key is carried out once", body, times)
            for line in LINES:
                if promises.recorded[line, body]:
                    promises.break_("our own text does not come back", line, body)
        for raw in self._poisons:
            if raw not in promises.malformed:
                promises.break_("what cannot be read is kept", raw)

    def _text(self, act: Act, body: str) -> None:
        others = tuple(one for one in act.group if one != act.who)
        self._world.network.text(act.who, others, body, act.missing)

    def _say(self, act: Act) -> None:
        sid = self._open(act)
        if sid:
            self._client.say(sid, f"say {act.number}", f"say-{act.number}")

    def _open(self, act: Act) -> str | None:
        return self._client.open(act.group, f"open-{act.number}", describe(act.number))

    def _describe(self, act: Act) -> None:
        """Give a conversation other attributes, while another program gives it a name; both read it then."""
        sid = self._open(act)
        if sid and self._client.ask_later("POST", f"/Conversations/{sid}", {"FriendlyName": "new"}) == OK:
            self._world.scheduler.spawn(f"act {act.number} name", partial(self._name, sid, act))
            setting = self._descriptions.begin(sid, describe(act.number + 100))
            status, _ = self._client.ask("POST", f"/Conversations/{sid}", {"Attributes": setting.text})
            if status == OK:
                self._descriptions.end(setting)
            self._read(sid)

    def _name(self, sid: str, act: Act) -> None:
        with suppress(NotAnswered):
            self._client.ask("POST", f"/Conversations/{sid}", {"FriendlyName": f"name {act.number}"})
            self._read(sid)

    def _read(self, sid: str) -> None:
        since = self._descriptions.clock()
        status, body = self._client.ask("GET", f"/Conversations/{sid}")
        if status == OK:
            self._descriptions.check_read(sid, body["attributes"], since)

    def _mask(self, act: Act) -> None:
        """Have two people write to each other through our numbers: each text of one is sent to the other."""
        behind = {A: P, B: Q}
        form = [("Participant", json.dumps(masked(address, proxy))) for address, proxy in behind.items()]
        self._client.ask("POST", "/ConversationWithParticipants", form, key=f"mask-{act.number}")

    def _join(self, act: Act) -> None:
        sid = self._client.find(act.group)
        if sid:
            added = next(one for one in (D, C, B) if one not in act.group)
            self._client.ask("POST", f"/Conversations/{sid}/Participants", {"MessagingBinding.Address": added})

    def _leave(self, act: Act) -> None:
        sid = self._client.find(act.group)
        if sid:
            _, body = self._client.ask("GET", f"/Conversations/{sid}/Participants")
            for one in body.get("participants", ()):
                if (one["messaging_binding"] or {}).get("address") == act.who:
                    self._client.ask("DELETE", f"/Conversations/{sid}/Participants/{one['sid']}")

    def _change(self, method: str, form: Mapping[str, str], act: Act) -> None:
        sid = self._client.find(act.group)
        if sid:
            self._client.ask(method, f"/Conversations/{sid}", form)

    def _hook(self, act: Act) -> None:
        """Have another server told of the messages of a conversation."""
        sid = self._client.find(act.group)
        if sid:
            form = {"Target": "webhook", "Configuration.Url": f"https://{HOOKS}/own-{act.number}"}
            filters = [("Configuration.Method", "POST"), ("Configuration.Filters", "onMessageAdded")]
            self._client.ask("POST", f"/Conversations/{sid}/Webhooks", [*form.items(), *filters])

    def _poison(self, act: Act) -> None:
        """A webhook that is authentic and says nothing that anybody knows."""
        url = f"{PUBLIC_URL}/carriers/bandwidth/{BANDWIDTH.webhook_token}"
        content: list[Any] = [{"type": "message-unheard-of", "number": act.number}]
        self._poisons.append(to_compact_json(content).decode())
        self._world.network.bring(Webhook("bandwidth", "report", url, "poison", P, content), f"poison {act.number}")
