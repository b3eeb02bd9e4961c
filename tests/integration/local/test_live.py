"""Live events at the front: connections passed through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

InWorld = Callable[[Callable[[Any], Awaitable[None]]], None]


def test_frames_pass_through_both_ways_with_the_credentials(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        address = world.front("/live?token=good%2B1&x=%20")
        async with world.client.ws_connect(address, headers={"Authorization": "Bearer b"}) as socket:
            for frame in ("one", "☎", "x" * 60_000):
                await socket.send_str(frame)
                assert (await socket.receive_str()) == f"{frame}!"
        [(request, _)] = world.upstream.requests
        assert request.raw_path == "/live-upstream?token=good%2B1&x=%20"
        assert request.headers["Authorization"] == "Bearer b"

    in_world(scenario)


def test_a_connection_that_the_other_side_ends_is_ended(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        async with world.client.ws_connect(world.front("/live?token=good")) as socket:
            await socket.send_str("bye")
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE

    in_world(scenario)


def test_connection_is_closed_when_the_process_ends(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        async with world.client.ws_connect(world.front("/live?token=good")) as socket:
            await socket.send_str("one")
            assert await socket.receive_str() == "one!"
            ending = asyncio.create_task(world.running.close())
            closed = await socket.receive()
            assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
            await ending

    in_world(scenario)


def test_refusal_and_an_absent_upstream_are_passed_on(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        for status in (401, 502):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await world.client.ws_connect(world.front("/live?token=bad"))
            assert refused.value.status == status
            await world.upstream.stop()

    in_world(scenario)
