"""Delivers webhooks: in the order of each line, or not; once, or more often; again and again until answered 2xx."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from local.carrier.port import Carrier, Clock, Delivery, Webhook
from local.carrier.settings import Settings

_KEPT = 10_000
_LONGEST_BACKOFF = 20
_REORDER_WITHIN_SECONDS = 0.3


class State(StrEnum):
    """Where a webhook is."""

    HELD = "held"
    UNDERWAY = "underway"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    LOST = "lost"


@dataclass(slots=True, eq=False)
class Letter:
    """A webhook on its way. `answers` are the HTTP statuses of its attempts, or why there was none."""

    webhook: Webhook
    state: State
    attempts: int = 0
    answers: list[int | str] = field(default_factory=list)
    open_copies: int = 0


class Postman:
    """Delivers webhooks in the background. `on_change` is called for every change of state."""

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        session: aiohttp.ClientSession,
        clock: Clock,
        on_change: Callable[[Letter], None],
    ) -> None:
        self.letters: deque[Letter] = deque(maxlen=_KEPT)
        self._carriers = carriers
        self._session = session
        self._clock = clock
        self._on_change = on_change
        self._settings = Settings()
        self._random = random.Random()  # noqa: S311 (an order, not a secret)
        self._held: list[Letter] = []
        self._lanes: dict[str, asyncio.Queue[tuple[Letter, float]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def post(self, webhooks: Iterable[Webhook]) -> None:
        """Take webhooks, and deliver them as the settings say."""
        for webhook in webhooks:
            letter = Letter(webhook, State.HELD)
            self.letters.append(letter)
            if webhook.kind == "text" and webhook.line in self._settings.drop_copies:
                self._change(letter, State.DROPPED)
            elif self._settings.hold:
                self._held.append(letter)
                self._on_change(letter)
            else:
                self._dispatch(letter)

    def apply(self, settings: Settings) -> None:
        """Go by new settings from now on. Held webhooks leave when `hold` ends."""
        self._settings = settings
        if not settings.hold:
            held, self._held = self._held, []
            if settings.reorder:
                self._random.shuffle(held)
            for letter in held:
                self._dispatch(letter)

    def counts(self) -> dict[str, int]:
        """How many webhooks are in each state, and how many attempts were made.

        `open` are those with a copy still to be delivered, even when another copy has arrived already.
        """
        counts = {state.value: sum(letter.state is state for letter in self.letters) for state in State}
        return counts | {
            "open": sum(letter.open_copies > 0 for letter in self.letters),
            "attempts": sum(letter.attempts for letter in self.letters),
        }

    async def forget(self) -> None:
        """Drop everything that is held or under way, and the memory of the rest."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lanes.clear()
        self._held.clear()
        self.letters.clear()

    def _dispatch(self, letter: Letter) -> None:
        letter.open_copies = 1 + self._settings.repeat
        self._change(letter, State.UNDERWAY)
        due = asyncio.get_running_loop().time() + self._settings.delay_ms / 1000
        if self._settings.reorder:
            for _ in range(letter.open_copies):
                self._spawn(self._deliver_copy(letter, due + self._random.uniform(0, _REORDER_WITHIN_SECONDS)))
            return
        line = letter.webhook.line
        if line not in self._lanes:
            self._lanes[line] = asyncio.Queue()
            self._spawn(self._run_lane(self._lanes[line]))
        self._lanes[line].put_nowait((letter, due))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_lane(self, lane: asyncio.Queue[tuple[Letter, float]]) -> None:
        """First attempts of one line, one after another; what fails goes on by itself and holds up nothing."""
        while True:
            letter, due = await lane.get()
            await _sleep_until(due)
            for done in await asyncio.gather(*(self._attempt(letter) for _ in range(letter.open_copies))):
                if done:
                    letter.open_copies -= 1
                else:
                    self._spawn(self._repeat(letter))

    async def _deliver_copy(self, letter: Letter, due: float) -> None:
        await _sleep_until(due)
        if await self._attempt(letter):
            letter.open_copies -= 1
        else:
            await self._repeat(letter)

    async def _repeat(self, letter: Letter) -> None:
        backoff = self._settings.backoff_ms / 1000
        for tried in range(1, self._settings.attempts):
            await asyncio.sleep(backoff * min(2 ** (tried - 1), _LONGEST_BACKOFF))
            if await self._attempt(letter):
                break
        else:
            if letter.state is State.UNDERWAY:
                self._change(letter, State.LOST)
        letter.open_copies -= 1

    async def _attempt(self, letter: Letter) -> bool:
        """Try once. True when there is nothing more to do for this copy."""
        letter.attempts += 1
        carrier = self._carriers[letter.webhook.carrier]
        delivery = carrier.seal(letter.webhook, letter.attempts, self._clock())
        status, challenged = await self._ask(delivery)
        if status == HTTPStatus.UNAUTHORIZED and challenged and carrier.challenge:
            letter.answers.append(status)
            status, _ = await self._ask(delivery, {"Authorization": carrier.challenge})
        letter.answers.append(status)
        if isinstance(status, int) and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._change(letter, State.DELIVERED)
            return True
        if status == HTTPStatus.UNAUTHORIZED and not challenged and carrier.gives_up_unchallenged:
            self._change(letter, State.LOST)
            return True
        return False

    async def _ask(self, delivery: Delivery, more_headers: Mapping[str, str] | None = None) -> tuple[int | str, bool]:
        timeout = aiohttp.ClientTimeout(total=self._settings.answer_within_ms / 1000)
        try:
            async with self._session.post(
                URL(delivery.url, encoded=True),
                data=delivery.body,
                headers={**delivery.headers, **(more_headers or {})},
                allow_redirects=False,
                timeout=timeout,
            ) as response:
                await response.read()
                return response.status, "WWW-Authenticate" in response.headers
        except TimeoutError:
            return "no answer in time", False
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"no connection: {type(error).__name__}", False

    def _change(self, letter: Letter, state: State) -> None:
        if letter.state is State.DELIVERED:
            return
        letter.state = state
        self._on_change(letter)


async def _sleep_until(due: float) -> None:
    await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
