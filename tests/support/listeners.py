"""A live connection in end-to-end tests, with all that it hears."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import aiohttp

from tests.support.stack_world import PATIENCE, until

Frame = dict[str, Any]


class Listener:
    """One connection, with all that it hears."""

    def __init__(self, url: str) -> None:
        self.frames: list[Frame] = []
        self._ended = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._opened: Future[aiohttp.ClientWebSocketResponse] = Future()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._listen(url),))
        self._thread.start()
        try:
            self._socket = self._opened.result(PATIENCE)
        except BaseException:
            self._thread.join()
            self._loop.close()
            raise

    async def _listen(self, url: str) -> None:
        async with aiohttp.ClientSession() as session:
            try:
                socket = await session.ws_connect(url)
            except aiohttp.ClientError as error:
                self._opened.set_exception(error)
                return
            self._opened.set_result(socket)
            async for frame in socket:
                self.frames.append(json.loads(frame.data))
            self._ended.set()

    def say(self, **frame: Any) -> None:
        asyncio.run_coroutine_threadsafe(self._socket.send_str(json.dumps(frame)), self._loop).result(PATIENCE)

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def close(self) -> None:
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._socket.close(), self._loop)
        self._thread.join()
        self._loop.close()

    # --- what was heard

    def events(self) -> list[Frame]:
        return [event for frame in self.frames for event in frame.get("events", [frame])]

    def of_type(self, kind: str) -> list[Frame]:
        return [event for event in self.events() if event["type"] == kind]

    def bodies(self) -> list[str]:
        """Return the bodies of the messages that were received. Each is delivered at least once."""
        messages = {event["parameters"]["MessageSid"]: event for event in self.of_type("onMessageAdded")}
        return [event["parameters"]["Body"] for event in messages.values()]

    def wait_for(self, kind: str, **parameters: str) -> Frame:
        """Wait for an event of a type, with some of its parameters."""

        def found() -> Frame | None:
            events = (one for one in self.of_type(kind) if parameters.items() <= one.get("parameters", {}).items())
            return next(events, None)

        received = until(found)
        assert received, (kind, parameters, self.frames)
        return received


def resume(connect: Callable[[], Listener], conversation: str, after: int) -> Listener:
    """A connection that was told what it missed behind an index. One that is closed before that is opened anew, as
    every client has to: a busy machine may not take a frame in time."""
    again = connect()
    again.say(action="resume", conversations={conversation: after})
    until(lambda: again.of_type("resumed") or again.ended)
    if again.ended:
        return resume(connect, conversation, after)
    assert again.of_type("resumed"), again.frames
    return again


def resumed_bodies(listener: Listener) -> list[str]:
    """The bodies of the messages that a resumed connection was told first, in order."""
    [batch] = [frame["events"] for frame in listener.frames if frame["type"] == "events"]
    return [event["parameters"]["Body"] for event in batch]
