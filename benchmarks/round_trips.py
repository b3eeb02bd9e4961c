"""Count the requests to the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from benchmarks.processes import Call
from benchmarks.results import Row
from tests.support.capacity import flows
from tests.support.capacity.template import StackTemplate


def count_trips(known: Iterable[Call]) -> Iterator[Row]:
    """Count the requests of each flow. `known` are those of a text into a known thread."""
    yield Row("round trips: inbound text, known thread", 2, sum(call.service == "DynamoDB" for call in known))
    for size in (1, 8):
        yield count_send(size)
    yield from count_report()


def count_send(size: int) -> Row:
    """Count the requests that send a text: those of outbound, and of the relay before it and after it."""
    parts = _count(replace(flows.GROUP_SEND, steps=flows.GROUP_SEND.steps[:1], webhook=False, size=size))
    title = f"round trips: outbound and relay, a text to {size} handset{'s' if size > 1 else ''}, without receivers"
    note = f"outbound {parts['outbound']:g}, relay {parts['relay']:g}"
    return Row(title, 7, parts["outbound"] + parts["relay"], note=note)


def count_report() -> Iterable[Row]:
    """Count the requests that a delivery report makes, and its relay, without receivers of its events.

    The relay reads the versions of what it keeps once for a batch, and the conversations of its reports with them.
    Without that it would have to believe its memory that there are no receivers (docs/decisions/0181). What comes
    beyond is counted.
    """
    [report] = [flow for flow in flows.FLOWS if flow.name == "report"]
    parts = _count(replace(report, webhook=False))
    yield Row("round trips: delivery report", 1, parts["inbound"])
    title = "round trips: relay of a delivery report, without receivers, beyond its batch's read of versions"
    yield Row(title, 0, parts["relay"] - 1, note=f"relay {parts['relay']:g} in all")


def _count(flow: flows.Flow) -> dict[str, float]:
    return {name: used.trips for name, used in flows.count(StackTemplate({}), flow, 1).parts.items()}
