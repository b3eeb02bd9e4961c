"""At how many texts a second each part of the stack is full: arithmetic on what was counted.

A part that is full delays texts or refuses requests. What the template does not say, and what was not counted, is an
assumption: none of it was measured on AWS.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from partyline.queues import queue_sender
from partyline.storage import keys
from partyline.stream import stream_consumer
from tests.support.capacity.flows import FlowCount
from tests.support.capacity.template import QueueSource, StackTemplate

ONE_CONVERSATION = "one conversation"
# A function has a whole processor with so many megabytes (AWS Lambda's documentation).
_PROCESSOR_MEMORY = 1769


def _assume(value: float, what: str) -> float:
    assumed: float = dataclasses.field(default=value, metadata={"what": what})
    return assumed


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What was neither counted nor measured: durations in seconds, and AWS's limits."""

    table_seconds: float = _assume(0.004, "a round trip to the table")
    queue_seconds: float = _assume(0.010, "a request to a queue")
    carrier_seconds: float = _assume(0.3, "the answer of a carrier")
    webhook_seconds: float = _assume(0.2, "the answer of a webhook")
    table_processor_seconds: float = _assume(0.0005, "the work of a request to the table, on a whole processor")
    request_processor_seconds: float = _assume(0.0015, "the work of another request, on a whole processor")
    run_processor_seconds: float = _assume(0.003, "the work of one run of a function besides")
    concurrency: float = _assume(1000, "the account's quota of functions that run at once")
    partition_reads: float = _assume(3000, "read units a second of one partition of the table")
    partition_writes: float = _assume(1000, "written units a second of one partition of the table, or of an index")


@dataclass(frozen=True, slots=True)
class Limit:
    """At how many texts a second a part is full, and why."""

    part: str
    texts: float
    why: str


@dataclass(frozen=True, slots=True)
class StackLimits:
    """The limits of a stack for one flow, counted in a busy stack."""

    template: StackTemplate
    assumptions: Assumptions
    count: FlowCount

    def list(self) -> list[Limit]:
        """List the limits, the lowest first. A part that the flow does not use has none."""
        found = [
            *self._of_gateway(),
            *self._of_functions(),
            *self._of_relay(),
            *(limit for source in self.template.queue_sources for limit in self._of_queue(source)),
            *self._of_table(),
            *self._of_partitions(),
        ]
        return sorted(found, key=lambda limit: limit.texts)

    def busy_seconds(self, function: str) -> float:
        """Return for how long a function runs for each text."""
        used, assumed = self.count.of(function), self.assumptions
        answers = {"outbound": assumed.carrier_seconds, "callbacks": assumed.webhook_seconds}
        waiting = (
            used.trips * assumed.table_seconds
            + used.queue_requests * assumed.queue_seconds
            + used.calls * answers.get(function, 0.0)
        )
        return waiting + self._working_seconds(function)

    def _working_seconds(self, function: str) -> float:
        used, assumed = self.count.of(function), self.assumptions
        whole = (
            used.trips * assumed.table_processor_seconds
            + (used.queue_requests + used.calls) * assumed.request_processor_seconds
            + used.invocations * assumed.run_processor_seconds
        )
        return whole / min(1.0, self.template.memory(function) / _PROCESSOR_MEMORY)

    def _of_gateway(self) -> Iterator[Limit]:
        for function, part, path in (
            ("conversations", "requests to the API", "/v1/{proxy+}"),
            ("inbound", "webhooks of carriers", "/carriers/{carrier}"),
        ):
            limit, requests = self.template.limit(path, "POST"), self.count.of(function).invocations
            if requests:
                yield Limit(part, limit / requests, f"{limit:,} a second, {_plural(requests, 'request')} a text")

    def _of_functions(self) -> Iterator[Limit]:
        seconds = sum(map(self.busy_seconds, self.count.parts))
        quota = self.assumptions.concurrency
        yield Limit("functions that run at once", quota / seconds, f"{quota:,.0f}, {seconds:.2f} s a text")
        for function in self.count.parts:
            reserved = self.template.reserved(function)
            if reserved:
                seconds = self.busy_seconds(function)
                yield Limit(f"`{function}`, reserved", reserved / seconds, f"{reserved:,}, {seconds:.3f} s a text")

    def _of_relay(self) -> Iterator[Limit]:
        """The relay handles a batch of each shard at a time: its partitions side by side, on one processor."""
        used, assumed = self.count.of("relay"), self.assumptions
        if not used.invocations:
            return
        reading = used.trips * assumed.table_seconds / stream_consumer.AT_ONCE
        sending = used.queue_requests * assumed.queue_seconds / queue_sender.AT_ONCE
        seconds = reading + sending + self._working_seconds("relay")
        shards = self.template.warm_units[0] / assumed.partition_writes
        batches = shards * int(self.template.stream.get("ParallelizationFactor", 1))
        yield Limit("`relay`", batches / seconds, f"{batches:,.0f} batches at once, {seconds * 1000:.1f} ms a text")

    def _of_queue(self, source: QueueSource) -> Iterator[Limit]:
        batches = self.count.batches.get(source.queue, 0.0)
        if not (batches and source.concurrency):
            return
        seconds = self.busy_seconds(source.function) * batches / self.count.of(source.function).invocations
        why = f"{source.concurrency} at once, {seconds:.2f} s a text"
        yield Limit(f"`{source.function}`, by `{source.queue}`", source.concurrency / seconds, why)

    def _of_table(self) -> Iterator[Limit]:
        total = self.count.total
        writes, reads = self.template.warm_units
        if total.writes:
            yield Limit("writes of the table", writes / total.writes, f"{writes:,} units, {total.writes:g} a text")
        if total.reads:
            yield Limit("reads of the table", reads / total.reads, f"{reads:,} units, {total.reads:g} a text")

    def _of_partitions(self) -> Iterator[Limit]:
        if self.count.hottest:
            why = f"{self.assumptions.partition_writes:,.0f} units of its partition, {self.count.hottest:g} a text"
            yield Limit(ONE_CONVERSATION, self.assumptions.partition_writes / self.count.hottest, why)
        most = {"reads": self.assumptions.partition_reads, "writes": self.assumptions.partition_writes}
        for (kind, partition), units in self.count.shared.items():
            why = f"{most[kind]:,.0f} units, {units:g} a text"
            yield Limit(f"{kind} of the partition `{_mask(partition)}`", most[kind] / units, why)
        for (index, name), units in self.count.lists.items():
            if name in _SHARDED:
                available = keys.SHARDS * most["writes"]
                why = f"{keys.SHARDS} shards of {most['writes']:,.0f} units, {units:g} a text"
                yield Limit(f"the list `{name}#` in {index}", available / units, why)


# The lists that all conversations of a Service are in.
_SHARDED = frozenset({"CL", "CS", "IL", "IA"})


def _mask(partition: str) -> str:
    """Return what a partition is, without whose it is."""
    kind, separator, _ = partition.rpartition("#")
    return f"{kind}#…" if separator else partition


def _plural(number: float, noun: str) -> str:
    return f"{number:g} {noun}" if number == 1 else f"{number:g} {noun}s"


def warm_for(rates: Mapping[str, float], limits: Mapping[str, StackLimits]) -> StackTemplate:
    """Return the template with a table that is warmed for so many texts a second of each flow."""
    writes = sum(rate * limits[flow].count.total.writes for flow, rate in rates.items())
    reads = sum(rate * limits[flow].count.total.reads for flow, rate in rates.items())
    given = next(iter(limits.values())).template.parameters
    return StackTemplate({**given, "TableWarmWrites": _round_up(writes), "TableWarmReads": _round_up(reads)})


def list_shares(rates: Mapping[str, float], limits: Mapping[str, StackLimits]) -> dict[str, float]:
    """List which share of each part is used by so many texts a second of each flow, the largest first.

    The table is warmed for them. A conversation has its own share of texts, so it is left out.
    """
    warm = warm_for(rates, limits)
    shares: dict[str, float] = {}
    for flow, rate in rates.items():
        for limit in dataclasses.replace(limits[flow], template=warm).list():
            if limit.part != ONE_CONVERSATION:
                shares[limit.part] = shares.get(limit.part, 0.0) + rate / limit.texts
    return dict(sorted(shares.items(), key=lambda one: -one[1]))


def _round_up(units: float) -> str:
    return str(math.ceil(units / 1000) * 1000)
