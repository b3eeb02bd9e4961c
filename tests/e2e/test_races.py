"""Fifty webhooks at once: retries, copies at two own numbers, the first texts of a new group. Exactly the right
conversations and messages, every time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support.stack_world import World, new_id, new_number

P, Q, T, W = "+12065550100", "+12065550101", "+12065550110", "+12065550120"
AT_ONCE = 50


def carrier(world: World, line: str) -> Callable[..., Callable[[], int]]:
    """What makes a webhook of a line's carrier."""
    return {T: world.telnyx, W: world.twilio}.get(line, world.bandwidth)


def bodies(world: World, sid: str) -> list[str]:
    found = world.messages(sid)
    assert [index for index, _, _ in found] == list(range(len(found)))
    return [body or "" for _, _, body in found]


@pytest.mark.parametrize("line", [P, T, W], ids=["bandwidth", "telnyx", "twilio"])
def test_fifty_times_the_same_webhook_is_one_message(world: World, line: str) -> None:
    ann, ben = new_number(), new_number()
    webhook = carrier(world, line)(ann, [line, ben], line, "once", new_id())
    world.deliver_all([webhook] * AT_ONCE)
    sid = world.owner(ann, ben, line)
    assert sid
    assert bodies(world, sid) == ["once"]


def test_fifty_texts_into_a_new_group_are_fifty_messages_of_one_conversation(world: World) -> None:
    ann, ben = new_number(), new_number()
    texts = [f"text {number}" for number in range(AT_ONCE)]
    webhooks = [
        world.bandwidth(*((ann, [P, ben]) if number % 2 else (ben, [ann, P])), P, text, new_id())
        for number, text in enumerate(texts)
    ]
    world.deliver_all(webhooks)
    sid = world.owner(ann, ben, P)
    assert sid
    assert sorted(bodies(world, sid)) == sorted(texts)


@pytest.mark.parametrize(
    "lines", [(P, Q), (P, T), (T, W)], ids=["one carrier", "two carriers", "two carriers and one is Twilio"]
)
def test_fifty_mixed_webhooks_leave_what_was_said(world: World, lines: tuple[str, str]) -> None:
    """Two groups that are new, each with two own numbers; texts that differ and texts that repeat; retries of each."""
    groups = [(new_number(), new_number()) for _ in range(2)]
    said = Counter[tuple[tuple[str, str], str]]()
    webhooks = []
    for number in range(10):
        group = groups[number % 2]
        sender, other = group if number % 3 else group[::-1]
        text = f"ok {number % 2}" if number % 5 == 0 else f"text {number}"
        said[group, text] += 1
        for line in lines:
            webhook = carrier(world, line)(sender, [other, *lines], line, text, new_id())
            webhooks += [webhook] * (3 if line == lines[0] else 2)
    assert len(webhooks) == AT_ONCE
    random.shuffle(webhooks)
    world.deliver_all(webhooks)
    for group in groups:
        sid = world.owner(*group, *lines)
        assert sid
        assert Counter(bodies(world, sid)) == Counter({text: count for (g, text), count in said.items() if g == group})
