"""What a text uses of AWS stays within its goals, and the documentation says what it is."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.capacity import flows, pages
from tests.support.capacity.flows import FLOWS, GROUP_SEND
from tests.support.capacity.limits import Assumptions, list_shares
from tests.support.capacity.meter import Usage
from tests.support.capacity.template import StackTemplate

# At most so many written and read units, with everything that follows from a text but the calls of webhooks.
UNITS = {"inbound": (8, 7), "new": (17, 6), "large": (8, 7), "send": (21, 27), "report": (1, 2)}
# What is full before a stack takes its goals (pages.GOALS). A part that is no longer full leaves this list.
FULL: set[str] = set()


@functools.cache
def counts() -> pages.CapacityCounts:
    return pages.count_all(StackTemplate({}), Assumptions())


def used(flow: str, *, without: str = "") -> Usage:
    return counts().alone[flow].count.total_of(name for name in counts().alone[flow].count.parts if name != without)


@pytest.mark.parametrize("flow", UNITS)
def test_a_text_uses_no_more_units_than_its_goal(flow: str) -> None:
    text = used(flow, without="callbacks")

    assert (text.all_writes, text.reads) == UNITS[flow]


@pytest.mark.parametrize("flow", ["inbound", "large", "send"])
def test_a_text_into_a_conversation_writes_no_index(flow: str) -> None:
    assert used(flow).index_writes == 0


@pytest.mark.parametrize("handsets", [1, 8])
def test_a_text_makes_as_many_requests_for_any_number_of_handsets(handsets: int) -> None:
    flow = replace(GROUP_SEND, steps=GROUP_SEND.steps[:1], webhook=False, size=handsets)
    parts = flows.count(StackTemplate({}), flow, 1).parts
    # The relay of the message, and that of the receipts, of which nobody hears.
    assert (parts["outbound"].trips, parts["relay"].trips) == (5, 2)


def test_who_uses_neither_inbox_nor_search_pays_for_neither() -> None:
    assert counts().alone["quiet"].count.parts.keys() == {"inbound", "relay"}
    assert counts().alone["inbound"].count.parts.keys() == {"inbound", "relay", "callbacks"}
    assert {flow.name for flow in FLOWS if "inbox" in counts().alone[flow.name].count.parts} == {"inbox", "words"}


def test_a_webhook_costs_no_written_unit() -> None:
    assert used("inbound").all_writes == used("quiet").all_writes


def test_the_parts_that_carry_a_busy_stack_are_known() -> None:
    shares = list_shares(pages.GOALS, counts().busy)

    assert {part for part, share in shares.items() if share > 1} == FULL


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.name)
def test_documentation_is_current(page: Path) -> None:
    """`make capacity ARGS=--write` writes it."""
    assert page.read_text() == pages.fill(page.read_text(), pages.build_parts(counts()))
