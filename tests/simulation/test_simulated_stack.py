"""What histories are made of does what the real thing does: turns, pools, queues, the stream's filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulation.queues import Queue, Queues
from tests.simulation.scheduler import Killed, Pool, Scheduler
from tests.simulation.stack import QueueSettings
from tests.simulation.streams import is_selected

SETTINGS = (
    QueueSettings("Plain", is_fifo=False, visibility=30, delay=0, dead_letters="Letters", most_receives=2),
    QueueSettings("Fifo", is_fifo=True, visibility=30, delay=0, dead_letters="Letters", most_receives=2),
    QueueSettings("Letters", is_fifo=False, visibility=30, delay=0, dead_letters="", most_receives=1000),
)


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler(0.0)


@pytest.fixture
def queues(scheduler: Scheduler) -> Queues:
    return Queues(SETTINGS, scheduler)


def bodies(queue: Queue, most: int = 10) -> list[str]:
    return [message.body for message in queue.receive(most)]


def send(queue: Queue, body: str, group: str = "", token: str = "") -> None:
    queue.send({"MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": token or body})


def test_the_task_whose_pause_ends_first_goes_on(scheduler: Scheduler) -> None:
    steps: list[tuple[float, str]] = []

    def walk(name: str, pause: float) -> Callable[[], None]:
        def run() -> None:
            for _ in range(2):
                scheduler.pause(pause)
                steps.append((scheduler.now, name))

        return run

    scheduler.spawn("slow", walk("slow", 3))
    scheduler.spawn("quick", walk("quick", 2))
    assert scheduler.run(10)
    assert steps == [(2, "quick"), (3, "slow"), (4, "quick"), (6, "slow")]


def test_a_killed_task_runs_no_further_and_neither_do_its_children(scheduler: Scheduler) -> None:
    Pool.scheduler = scheduler
    steps: list[str] = []

    def child() -> None:
        try:
            scheduler.pause(5)
            steps.append("child")
        finally:
            # A stopped process asks for nothing any more.
            with pytest.raises(Killed):
                scheduler.pause(1)

    def parent() -> None:
        with Pool(1) as pool:
            pool.submit(child)
        steps.append("parent")

    task = scheduler.spawn("parent", parent)
    scheduler.at(2, lambda: scheduler.kill(task))
    scheduler.run(100)
    assert steps == []
    assert task.is_done and isinstance(task.error, Killed)


def test_a_pool_does_so_much_at_a_time_and_answers_in_order(scheduler: Scheduler) -> None:
    Pool.scheduler = scheduler
    ends: list[tuple[float, int]] = []

    def work(number: int) -> int:
        scheduler.pause(3 - number)
        ends.append((scheduler.now, number))
        return number * 2

    def run() -> list[int]:
        with Pool(2) as pool:
            return list(pool.map(work, range(3)))

    task = scheduler.spawn("run", run)
    scheduler.run(100)
    assert task.outcome() == [0, 2, 4]
    assert ends == [(2, 1), (3, 0), (3, 2)]


def test_what_never_rests_is_given_up(scheduler: Scheduler) -> None:
    def again() -> None:
        scheduler.after(0, again)

    again()
    assert not scheduler.run(1, most=50)


def test_a_message_comes_again_until_it_is_a_dead_letter(scheduler: Scheduler, queues: Queues) -> None:
    queue = queues["Plain"]
    send(queue, "one")
    assert [bodies(queue), bodies(queue)] == [["one"], []]
    scheduler.run(30)
    assert bodies(queue) == ["one"]
    scheduler.run(60)
    assert bodies(queue) == []
    assert queues.dead_letters() == {"Letters": ["one"]}


def test_a_group_gives_out_nothing_while_its_first_message_is_out(scheduler: Scheduler, queues: Queues) -> None:
    queue = queues["Fifo"]
    for body, group in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("a1", "a")):
        send(queue, body, group)
    first = queue.receive(10)
    assert [message.body for message in first] == ["a1", "b1"]
    assert bodies(queue) == []
    queue.hide(first[1].id, 0)
    queue.delete(first[:1])
    # The repeat of a1 was not taken.
    assert bodies(queue) == ["a2", "b1"]


@pytest.mark.parametrize(
    ("record", "is_taken"),
    [
        ({"eventName": "INSERT", "dynamodb": {"NewImage": {"outbox": {"S": "message"}}}}, True),
        ({"eventName": "MODIFY", "dynamodb": {"NewImage": {"outbox": {"S": "message"}}}}, False),
        ({"eventName": "INSERT", "dynamodb": {"NewImage": {"outbox": {"N": "1"}}}}, False),
        ({"eventName": "REMOVE", "dynamodb": {"Keys": {"SK": {"S": "C"}}}}, True),
        ({"eventName": "REMOVE", "dynamodb": {"Keys": {"SK": {"S": "P"}}}}, False),
    ],
)
def test_the_stream_is_filtered_as_the_template_says(record: dict[str, Any], is_taken: bool) -> None:
    patterns = [
        {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"outbox": {"S": [{"exists": True}]}}}},
        {"eventName": ["REMOVE"], "dynamodb": {"Keys": {"SK": {"S": ["C", "IS"]}}}},
    ]
    assert is_selected(record, patterns) is is_taken
