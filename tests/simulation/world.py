"""A stack in memory: the functions of the product between a table, queues, a stream and the network, all simulated."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.storage import format_keys, lines, services, stored_format
from partyline.storage.table import Table
from tests.simulation import stack
from tests.simulation.aws import SimulatedDynamoDB, SimulatedSQS, Wire
from tests.simulation.faults import Faults
from tests.simulation.functions import TAKING_PART, Lambda, QueueSource
from tests.simulation.network import Network
from tests.simulation.queues import Queues
from tests.simulation.scheduler import Scheduler
from tests.simulation.streams import Stream
from tests.support.api_harness import ACCOUNT, P, Q, T
from tests.support.memory_dynamodb import MemoryDynamoDB

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()
LINES = {P: "bandwidth", Q: "bandwidth", T: "telnyx"}


class World:
    """One stack and what is around it.

    `on_change` is told of each change of the table, `on_error` of each error of a function.
    """

    def __init__(
        self,
        faults: Faults,
        on_change: Callable[[dict[str, Any]], None],
        on_error: Callable[[str, BaseException], None],
    ) -> None:
        self.faults, self.on_error = faults, on_error
        self.scheduler = Scheduler(START)
        self.chance = random.Random(faults.seed)
        self.functions = Lambda(self.scheduler, faults, on_error)
        self.queues = Queues(stack.queues(), self.scheduler)
        stream = Stream(self.functions)

        def observe(record: dict[str, Any]) -> None:
            on_change(record)
            stream.add(record)

        self.memory = MemoryDynamoDB(observe, lambda: self.scheduler.now)
        wire = Wire(self.scheduler, faults)
        self.dynamodb = SimulatedDynamoDB(wire, self.memory)
        self.sqs = SimulatedSQS(wire, self.queues)
        self.network = Network(self.scheduler, faults, self.functions, LINES)
        for function in TAKING_PART:
            for consumer in stack.consumers(function):
                QueueSource(self.functions, consumer, self.queues[consumer.queue])

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.scheduler.now, UTC)

    def run_timers(self, tick: float) -> None:
        """Do what the schedule does once a minute."""
        self.functions.begin("timers", f"minute {tick}", {})

    def register_lines(self) -> None:
        client: Any = self.dynamodb
        for address, carrier in LINES.items():
            mode = AutoCreation.GROUPS if address == Q else AutoCreation.ALL
            line = Line(sids.new(sids.LINE), address, carrier, self.now(), self.now(), mode)
            lines.register(Table(client, "partyline"), line)

    def begin_upgraded(self) -> None:
        """Be a stack that an earlier release has made."""
        services.create_account(self.table, sids.default_service(ACCOUNT), self.now())
        self.table.delete_all([format_keys.format_level()])

    def finalize_upgrade(self) -> None:
        """Raise the level of the stored format."""
        stored_format.raise_level(self.table)

    @property
    def table(self) -> Table:
        """The table as operators reach it, where nothing goes wrong."""
        client: Any = self.memory
        return Table(client, "partyline")
