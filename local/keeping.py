"""Keep the simulated carriers and the emulator together, every second in which something has happened.

The carriers answer nobody until the emulator has begun to save (local/emulator_state.py). So both are kept at one
instant: no text is on a phone that the table does not know of, nor the other way round. What was on its way from one to
the other is lost, as it is when a function is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from local import loopback
from local.carrier.simulation import Simulation

_EVERY = 1.0
# Of the last save, which waits for the one before it.
_PATIENCE = 15


class Keeper:
    """Keeps a simulation and the emulator behind `url`."""

    def __init__(self, simulation: Simulation, url: str) -> None:
        self._simulation = simulation
        self._url = url
        self._is_new = False

    @web.middleware
    async def note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note that something may have changed here, as a middleware of both servers."""
        self._is_new = True
        return await handler(request)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep now and then, and once more at the end."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._save("?last=1", _PATIENCE)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            if self._is_new or self._simulation.is_busy or await asyncio.to_thread(self._has_changed):
                # Not in a thread: nothing may happen here meanwhile. It takes some milliseconds.
                self._is_new = not self._save("", seconds=2)

    def _has_changed(self) -> bool:
        status, body = loopback.request(self._url, seconds=2)
        return status == HTTPStatus.OK and bool(json.loads(body)["changed"])

    def _save(self, query: str, seconds: float) -> bool:
        """Save, and return whether it was done: not while the last save is being written, nor without an emulator."""
        asked = urllib.request.Request(self._url + query, data=self._simulation.keep(), method="POST")
        try:
            with loopback.opener.open(asked, timeout=seconds) as answer:
                return bool(answer.status == HTTPStatus.NO_CONTENT)
        except (urllib.error.HTTPError, OSError):
            return False
