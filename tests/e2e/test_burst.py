"""A burst of group texts over several lines: all of it arrives, once and in order in each conversation, also where
lines may not send as fast.

    PARTYLINE_BURST=1000 PARTYLINE_BURST_RATE=40 pytest tests/e2e/test_burst.py --log-cli-level=info
"""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.e2e.test_group_texting import agent, conversation, native
from tests.support.stack_world import World, new_number, until

log = logging.getLogger(__name__)
LINES = ("+12065550100", "+12065550101", "+12065550110", "+12065550120", "+12065550130")
TEXTS = int(os.environ.get("PARTYLINE_BURST", "60"))
RATE = int(os.environ.get("PARTYLINE_BURST_RATE", "0"))
# In as many conversations of each line.
EACH = max(2, TEXTS // 100)


def test_a_burst_arrives_complete_and_in_order(world: World) -> None:
    world.network(rate=RATE)
    try:
        _burst(world)
    finally:
        world.network(rate=0)


def _burst(world: World) -> None:
    groups = [(line, new_number(), new_number()) for line in LINES for _ in range(EACH)]
    made = {group: conversation(world, agent("jane", group[0]), *map(native, group[1:])).sid for group in groups}
    expected = {group: [f"{number} of {group[1]}" for number in range(TEXTS // len(groups))] for group in groups}

    def write(group: tuple[str, str, str]) -> None:
        for text in expected[group]:
            world.api.conversations(made[group]).messages.create(author="jane", body=text)

    def read(group: tuple[str, str, str], handset: int) -> list[str]:
        return [text for sender, text in world.read_by(group[handset]) if sender == group[0]]

    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(write, groups))
    written = time.monotonic() - began

    def seen() -> dict[Any, list[str]]:
        return {(group, handset): read(group, handset) for group in groups for handset in (1, 2)}

    everything = {(group, handset): expected[group] for group in groups for handset in (1, 2)}
    assert until(seen, lambda now: now == everything, patience=3600) == everything
    arrived = time.monotonic() - began
    log.info("%d texts: written in %.1f s, arrived by %.1f s", sum(map(len, expected.values())), written, arrived)
