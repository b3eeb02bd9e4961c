"""Tasks that take turns in virtual time, always in the same order.

A task is a function that runs until it pauses: at each call to the table, to a queue or to a server. Then the task goes
on whose pause ends first. So how the calls of tasks interleave follows from how long each call takes, and the seed of a
history says that (tests/simulation/faults.py). Nothing else runs meanwhile: no thread, no clock.

    agenda      what happens when: (moment, number, action), the earliest first
    spawn       put the beginning of a task on the agenda
    pause       put the rest of the running task on the agenda, and give the turn back
    kill        end a task where it pauses, as Lambda ends an invocation: nothing of it runs any more
"""

from __future__ import annotations

import concurrent.futures
import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Self, TypeVar

from greenlet import getcurrent, greenlet

Result = TypeVar("Result")


class Killed(BaseException):
    """Raised in a task that is killed. No `except Exception` of the product catches it."""


class Task:
    """A piece of work. `ends` is when Lambda ends it. Tasks that it spawns in a Pool are its children."""

    def __init__(self, scheduler: Scheduler, name: str, work: Callable[[], Any], parent: Task | None) -> None:
        self.name, self.parent = name, parent
        # How often it has made a call, and how often it has paused.
        self.calls = self.turns = 0
        self.is_done = self.is_killed = False
        self.ends: float = parent.ends if parent else float("inf")
        self.result: Any = None
        self.error: BaseException | None = None
        self.children: list[Task] = []
        self.waiting: list[Task] = []
        self._scheduler = scheduler
        self.greenlet = greenlet(lambda: self._run(work), scheduler.hub)
        if parent:
            parent.children.append(self)

    @property
    def root(self) -> Task:
        return self.parent.root if self.parent else self

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            self.result = work()
        except BaseException as error:  # noqa: BLE001  (whoever waits for the task gets it)
            self.error = error
        self.is_done = True
        self._scheduler.wake(self.waiting)

    def outcome(self) -> Any:
        """What a task that is done returned. Raises what it raised."""
        if self.error:
            raise self.error
        return self.result


class Scheduler:
    """The agenda and the virtual time, in Unix seconds."""

    def __init__(self, start: float) -> None:
        self.now = start
        self.hub = getcurrent()
        self.current: Task | None = None
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Plan an action outside of every task."""
        heapq.heappush(self._agenda, (max(moment, self.now), next(self._numbers), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + seconds, action)

    def spawn(self, name: str, work: Callable[[], Any], *, delay: float = 0.0) -> Task:
        """Plan the beginning of a task."""
        task = Task(self, name, work, None)
        self.wake([task], delay)
        return task

    def run(self, until: float, most: int = 20_000) -> bool:
        """Do what is on the agenda up to a moment; return False when it is more than `most` actions."""
        for _ in range(most):
            if not self._agenda or self._agenda[0][0] > until:
                self.now = max(self.now, until)
                return True
            self.now, _, action = heapq.heappop(self._agenda)
            action()
        return False

    # --- what tasks do

    def pause(self, seconds: float) -> None:
        """Let others go on for a while. Does nothing outside of a task. Raises Killed."""
        if self.current is not None:
            self.wake([self.current], seconds)
            self._give_turn_back(self.current)

    def wait(self, *others: Task, patience: float = float("inf")) -> bool:
        """Wait until other tasks are done, or for so many seconds; return whether they are. Raises Killed."""
        task = self.current
        if task is None:
            raise RuntimeError("only a task can wait")
        until = self.now + patience
        for other in others:
            while not other.is_done and self.now < until:
                other.waiting.append(task)
                if patience < float("inf"):
                    self.wake([task], until - self.now)
                self._give_turn_back(task)
        return all(other.is_done for other in others)

    def wait_for(self, waiting: list[Task]) -> None:
        """Wait until a list of waiting tasks is woken. Raises Killed."""
        if self.current is None:
            raise RuntimeError("only a task can wait")
        waiting.append(self.current)
        self._give_turn_back(self.current)

    def die(self) -> None:
        """End the running task and all that belongs to it, as if its process stopped here."""
        task = self.current
        if task is None:
            raise RuntimeError("only a task can die")
        self.after(0, lambda: self.kill(task.root))
        self._give_turn_back(task)

    def kill(self, task: Task) -> None:
        """End a task and its children where they pause. For actions on the agenda, not for tasks."""
        if task.is_done or task.is_killed:
            return
        task.is_killed = True
        for child in task.children:
            self.kill(child)
        if task.greenlet:
            self._switch(task, Killed())
        else:
            # It has not begun.
            task.is_done, task.error = True, Killed()
            self.wake(task.waiting)

    def wake(self, tasks: Iterable[Task], delay: float = 0.0) -> None:
        """Plan that tasks go on, unless something else makes them go on before."""
        for task in tasks:
            self.after(delay, partial(self._resume, task, task.turns))

    def _give_turn_back(self, task: Task) -> None:
        if task.is_killed:
            # What still runs in it are the `finally` clauses of the product: a stopped process has none.
            raise Killed
        self.hub.switch()

    def _resume(self, task: Task, turn: int) -> None:
        if not task.is_done and not task.is_killed and task.turns == turn:
            task.turns += 1
            self._switch(task)

    def _switch(self, task: Task, error: BaseException | None = None) -> None:
        self.current = task
        try:
            if error:
                task.greenlet.throw(error)
            else:
                task.greenlet.switch()
        finally:
            self.current = None


class Pool:
    """A ThreadPoolExecutor whose threads are tasks. `scheduler` is that of the history that runs."""

    scheduler: Scheduler

    def __init__(self, max_workers: int) -> None:
        self._parent = self.scheduler.current
        self._max = max_workers
        self._waiting: deque[Task] = deque()
        self._tasks: list[Task] = []
        self._running = 0

    def submit(self, work: Callable[..., Result], *arguments: Any) -> PoolFuture:
        """Begin work in a task, as soon as one of the workers is free."""
        if self._parent is None:
            raise RuntimeError("a pool outside of a task")
        name = f"{self._parent.name}.{len(self._tasks)}"
        task = Task(self.scheduler, name, lambda: self._work(work, arguments), self._parent)
        self._tasks.append(task)
        self._waiting.append(task)
        self._begin()
        return PoolFuture(self.scheduler, task)

    def map(self, work: Callable[..., Result], *arguments: Iterable[Any]) -> Iterator[Result]:
        if self._parent is None:
            # Outside of tasks one thing is done after the other.
            return iter([work(*given) for given in zip(*arguments, strict=False)])
        futures = [self.submit(work, *given) for given in zip(*arguments, strict=False)]
        return iter([future.result() for future in futures])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        current = self.scheduler.current
        if current and not current.is_killed:
            self.scheduler.wait(*self._tasks)

    def _work(self, work: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        try:
            return work(*arguments)
        finally:
            self._running -= 1
            self._begin()

    def _begin(self) -> None:
        while self._waiting and self._running < self._max:
            self._running += 1
            task = self._waiting.popleft()
            self.scheduler.wake([task])


class PoolFuture:
    """What a Pool will have worked out."""

    def __init__(self, scheduler: Scheduler, task: Task) -> None:
        self._scheduler, self._task = scheduler, task

    def result(self) -> Any:
        self._scheduler.wait(self._task)
        return self._task.outcome()


class TurnLock:
    """A threading.Lock between tasks. Outside of tasks there is nobody to wait for."""

    def __init__(self) -> None:
        self._is_held = False
        self._waiting: list[Task] = []

    def acquire(self, _blocking: bool = True, _timeout: float = -1) -> bool:
        while self._is_held:
            Pool.scheduler.wait_for(self._waiting)
        self._is_held = True
        return True

    def release(self) -> None:
        self._is_held = False
        if self._waiting:
            Pool.scheduler.wake(self._waiting)
            self._waiting.clear()

    def locked(self) -> bool:
        return self._is_held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


def replace_threads() -> None:
    """Replace the pools and locks of this process, before what uses them is imported."""
    futures: Any = concurrent.futures
    futures.ThreadPoolExecutor = Pool
    locks: Any = threading
    locks.Lock = TurnLock
