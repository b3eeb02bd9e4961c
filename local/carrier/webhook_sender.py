"""Deliver webhooks: in the order of each line or not, once or more often, repeated until answered 2xx."""

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

from local.carrier.base import Carrier, Clock, SignedRequest, Webhook
from local.carrier.settings import Settings

_MAX_REMEMBERED = 10_000
_LONGEST_BACKOFF = 20
_REORDER_WITHIN_SECONDS = 0.3


class State(StrEnum):
    """The delivery state of a webhook."""

    HELD = "held"
    UNDERWAY = "underway"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    LOST = "lost"


@dataclass(slots=True, eq=False)
class QueuedWebhook:
    """A webhook and its delivery. `answers` are the HTTP statuses of its attempts, or why there was none."""

    webhook: Webhook
    state: State
    attempts: int = 0
    answers: list[int | str] = field(default_factory=list)
    open_copies: int = 0


class WebhookSender:
    """Delivers webhooks in the background. `on_change` is called for every change of state."""

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        session: aiohttp.ClientSession,
        clock: Clock,
        on_change: Callable[[QueuedWebhook], None],
    ) -> None:
        self.webhooks: deque[QueuedWebhook] = deque(maxlen=_MAX_REMEMBERED)
        self._carriers = carriers
        self._session = session
        self._clock = clock
        self._on_change = on_change
        self._settings = Settings()
        self._random = random.Random()  # noqa: S311 (an order, not a secret)
        self._held: list[QueuedWebhook] = []
        self._line_queues: dict[str, asyncio.Queue[tuple[QueuedWebhook, float]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def enqueue(self, webhooks: Iterable[Webhook]) -> None:
        """Queue webhooks, and deliver them as the settings say."""
        for webhook in webhooks:
            queued = QueuedWebhook(webhook, State.HELD)
            self.webhooks.append(queued)
            if webhook.kind == "text" and webhook.line in self._settings.drop_copies:
                self._change(queued, State.DROPPED)
            elif self._settings.hold:
                self._held.append(queued)
                self._on_change(queued)
            else:
                self._dispatch(queued)

    def restore(self, webhooks: Iterable[QueuedWebhook]) -> None:
        """Take up the webhooks of an earlier run. Those that had not arrived are delivered now."""
        for queued in webhooks:
            self.webhooks.append(queued)
            if queued.state in (State.HELD, State.UNDERWAY):
                self._dispatch(queued)
            else:
                queued.open_copies = 0

    def apply(self, settings: Settings) -> None:
        """Apply new settings from now on. Held webhooks are sent when `hold` ends."""
        self._settings = settings
        if not settings.hold:
            held, self._held = self._held, []
            if settings.reorder:
                self._random.shuffle(held)
            for queued in held:
                self._dispatch(queued)

    def counts(self) -> dict[str, int]:
        """Count the webhooks in each state, and the attempts.

        `open` are those with a copy still to be delivered, even when another copy has arrived already.
        """
        counts = {state.value: sum(queued.state is state for queued in self.webhooks) for state in State}
        return counts | {
            "open": sum(queued.open_copies > 0 for queued in self.webhooks),
            "attempts": sum(queued.attempts for queued in self.webhooks),
        }

    async def stop(self) -> None:
        """Stop delivering."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._line_queues.clear()

    async def forget(self) -> None:
        """Drop all webhooks: those that are held or under way, and the history."""
        await self.stop()
        self._held.clear()
        self.webhooks.clear()

    def _dispatch(self, queued: QueuedWebhook) -> None:
        queued.open_copies = 1 + self._settings.repeat
        self._change(queued, State.UNDERWAY)
        due = asyncio.get_running_loop().time() + self._settings.delay_ms / 1000
        if self._settings.reorder:
            for _ in range(queued.open_copies):
                self._spawn(self._deliver_copy(queued, due + self._random.uniform(0, _REORDER_WITHIN_SECONDS)))
            return
        line = queued.webhook.line
        if line not in self._line_queues:
            self._line_queues[line] = asyncio.Queue()
            self._spawn(self._deliver_line(self._line_queues[line]))
        self._line_queues[line].put_nowait((queued, due))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver_line(self, line_queue: asyncio.Queue[tuple[QueuedWebhook, float]]) -> None:
        """Make the first attempts of one line one after another. Failed ones are repeated apart, and delay nothing."""
        while True:
            queued, due = await line_queue.get()
            await _sleep_until(due)
            for done in await asyncio.gather(*(self._attempt(queued) for _ in range(queued.open_copies))):
                if done:
                    queued.open_copies -= 1
                else:
                    self._spawn(self._repeat(queued))

    async def _deliver_copy(self, queued: QueuedWebhook, due: float) -> None:
        await _sleep_until(due)
        if await self._attempt(queued):
            queued.open_copies -= 1
        else:
            await self._repeat(queued)

    async def _repeat(self, queued: QueuedWebhook) -> None:
        backoff = self._settings.backoff_ms / 1000
        for tried in range(1, self._settings.attempts):
            await asyncio.sleep(backoff * min(2 ** (tried - 1), _LONGEST_BACKOFF))
            if await self._attempt(queued):
                break
        else:
            if queued.state is State.UNDERWAY:
                self._change(queued, State.LOST)
        queued.open_copies -= 1

    async def _attempt(self, queued: QueuedWebhook) -> bool:
        """Make one attempt. Returns whether this copy is finished."""
        queued.attempts += 1
        carrier = self._carriers[queued.webhook.carrier]
        request = carrier.sign(queued.webhook, queued.attempts, self._clock())
        status, challenged = await self._request(request)
        if status == HTTPStatus.UNAUTHORIZED and challenged and carrier.challenge:
            queued.answers.append(status)
            status, _ = await self._request(request, {"Authorization": carrier.challenge})
        queued.answers.append(status)
        if isinstance(status, int) and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._change(queued, State.DELIVERED)
            return True
        if status == HTTPStatus.UNAUTHORIZED and not challenged and carrier.gives_up_unchallenged:
            self._change(queued, State.LOST)
            return True
        return False

    async def _request(
        self, request: SignedRequest, more_headers: Mapping[str, str] | None = None
    ) -> tuple[int | str, bool]:
        timeout = aiohttp.ClientTimeout(total=self._settings.answer_within_ms / 1000)
        try:
            async with self._session.post(
                URL(request.url, encoded=True),
                data=request.body,
                headers={**request.headers, **(more_headers or {})},
                allow_redirects=False,
                timeout=timeout,
            ) as response:
                await response.read()
                return response.status, "WWW-Authenticate" in response.headers
        except TimeoutError:
            return "no answer in time", False
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"no connection: {type(error).__name__}", False

    def _change(self, queued: QueuedWebhook, state: State) -> None:
        if queued.state is State.DELIVERED:
            return
        queued.state = state
        self._on_change(queued)


async def _sleep_until(due: float) -> None:
    await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
