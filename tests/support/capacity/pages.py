"""The counted parts of docs/capacity.md and docs/costs.md.

A part stands between two comments, `<!-- counted: NAME -->` and `<!-- end -->`. What is around it is written by hand.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from local.environments import ROOT
from tests.support.capacity import flows, limits, prices
from tests.support.capacity.flows import Flow, FlowCount
from tests.support.capacity.limits import Assumptions, StackLimits
from tests.support.capacity.meter import Usage
from tests.support.capacity.template import StackTemplate

# What a stack is to carry at once: texts a second of each flow.
GOALS = {flows.INBOUND.name: 1000, flows.GROUP_SEND.name: 300}
PAGES = (ROOT / "docs" / "capacity.md", ROOT / "docs" / "costs.md")

# The texts of a month, of the example.
_MONTHLY = 300_000
_PART = re.compile(r"(<!-- counted: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
# The flows of which the limits and the prices are told.
_MAIN = (flows.INBOUND, flows.GROUP_SEND)


@dataclass(frozen=True, slots=True)
class CapacityCounts:
    """Everything that was counted: each flow alone, and the main ones in a busy stack."""

    alone: Mapping[str, StackLimits]
    busy: Mapping[str, StackLimits]


def count_all(template: StackTemplate, assumptions: Assumptions) -> CapacityCounts:
    """Count every flow."""

    def count(flow: Flow, texts: int) -> StackLimits:
        return StackLimits(template, assumptions, flows.count(template, flow, texts))

    return CapacityCounts(
        {flow.name: count(flow, 1) for flow in flows.FLOWS}, {flow.name: count(flow, flows.BUSY) for flow in _MAIN}
    )


def build_parts(counts: CapacityCounts) -> dict[str, str]:
    """Build the counted parts of the pages, by name."""
    return {
        "flows": _build_flow_table(counts),
        **{f"functions_{flow.name}": _build_function_table(counts.alone[flow.name].count) for flow in _MAIN},
        **{f"limits_{name}": _build_limit_table(busy) for name, busy in counts.busy.items()},
        "goals": _build_goal_table(counts),
        "assumptions": _build_assumption_table(counts),
        "prices": _build_price_table(counts),
        "extras": _build_extras(counts),
        "example": _build_example(counts),
    }


def fill(page: str, parts: Mapping[str, str]) -> str:
    """Return a page with its counted parts."""
    return _PART.sub(lambda match: f"{match[1]}\n{parts[match[2]]}\n{match[3]}", page)


def _build_flow_table(counts: CapacityCounts) -> str:
    head = ("flow", "written units", "read units", "round trips", "records, relayed", "queue requests", "runs")
    rows = [
        (
            count.flow.title,
            _format_writes(count.total),
            _format(count.total.reads),
            _format(count.total.trips),
            f"{_format(count.records)}, {_format(count.relayed)}",
            _format(count.total.queue_requests + count.total.polls),
            _format(count.total.invocations),
        )
        for count in (alone.count for alone in counts.alone.values())
    ]
    return _build_table(head, rows)


def _build_function_table(count: FlowCount) -> str:
    head = ("function", "runs", "written units", "read units", "round trips", "queue requests")
    rows = [
        (
            f"`{name}`",
            _format(used.invocations),
            _format_writes(used),
            _format(used.reads),
            _format(used.trips),
            _format(used.queue_requests + used.polls),
        )
        for name, used in count.parts.items()
    ]
    return _build_table(head, rows)


def _build_limit_table(busy: StackLimits) -> str:
    rows = [(limit.part, _round(limit.texts), limit.why) for limit in busy.list()]
    return _build_table(("part", "texts a second", "because"), rows)


def _build_goal_table(counts: CapacityCounts) -> str:
    warm = limits.warm_for(GOALS, counts.busy)
    head = ("part", f"used, on a table warmed for {warm.warm_units[0]:,} written units a second")
    return _build_table(
        head, [(part, f"{share:.0%}") for part, share in limits.list_shares(GOALS, counts.busy).items()]
    )


def _build_assumption_table(counts: CapacityCounts) -> str:
    assumed = counts.busy[flows.INBOUND.name].assumptions
    rows = [
        (f"`{one.name}`", str(one.metadata["what"]), f"{getattr(assumed, one.name):g}")
        for one in dataclasses.fields(Assumptions)
    ]
    return _build_table(("name", "what", "value"), rows)


def _build_price_table(counts: CapacityCounts) -> str:
    listed = [prices.list_prices(busy) for busy in counts.busy.values()]
    rows = [(service, *(f"{one[service]:.1f}" for one in listed)) for service in listed[0]]
    together = ("**dollars for a million texts**", *(f"**{sum(one.values()):.0f}**" for one in listed))
    return _build_table(("what", *(busy.count.flow.title for busy in counts.busy.values())), [*rows, together])


def _build_extras(counts: CapacityCounts) -> str:
    """What an inbound text costs more where something is used that most do not use."""
    base = counts.alone[flows.INBOUND.name]
    rows = []
    for name in ("inbox", "words"):
        used = counts.alone[name]
        writes = used.count.total.all_writes - base.count.total.all_writes
        dollars = sum(prices.list_prices(used).values()) - sum(prices.list_prices(base).values())
        rows.append((used.count.flow.title, _format(writes), f"{dollars:.0f}"))
    return _build_table(("an inbound text", "written units more", "dollars more for a million"), rows)


def _build_example(counts: CapacityCounts) -> str:
    """What a stack of some size pays for its texts."""
    dollars = sum(sum(prices.list_prices(busy).values()) for busy in counts.busy.values()) * _MONTHLY / 1_000_000
    return (
        f"An example: 10,000 inbound and 10,000 outbound texts a day cost about {dollars:.0f} a month for the texts.\n"
        "Fixed costs, metrics and traces come on top.\n"
    )


def _build_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _format(number: float) -> str:
    return f"{number:g}"


def _format_writes(used: Usage) -> str:
    of_indexes = f" ({used.index_writes:g} in indexes)" if used.index_writes else ""
    return f"{used.all_writes:g}{of_indexes}"


def _round(number: float) -> str:
    """Two digits count: the assumptions are no better."""
    return f"{float(f'{number:.2g}'):,.0f}"
