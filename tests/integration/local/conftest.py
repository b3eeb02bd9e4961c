"""The local process in this process, before a deployed API that records what reaches it."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

from local.carrier.settings import Settings
from local.config import BandwidthAccount, Config, TelnyxAccount, TwilioAccount, VonageAccount
from local.serve import start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from local.serve import Running

LINES = (
    ("+12065550100", "bandwidth"),
    ("+12065550101", "bandwidth"),
    ("+12065550110", "telnyx"),
    ("+12065550111", "telnyx"),
    ("+12065550120", "twilio"),
    ("+12065550121", "twilio"),
    ("+12065550130", "vonage"),
)
SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"


@dataclass
class Upstream:
    """Stands where the deployed API does. `answers` are given in turn, 200 after the last."""

    url: str = ""
    requests: list[tuple[web.Request, bytes]] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    stop: Callable[[], Awaitable[None]] | None = None

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request, await request.read()))
        return self.answers.pop(0) if self.answers else web.Response(text="taken")

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Stands where live connections are made: says everything again, and ends at "bye"."""
        self.requests.append((request, b""))
        if "good" not in request.query.get("token", ""):
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for frame in socket:
            if frame.data == "bye":
                break
            await socket.send_str(f"{frame.data}!")
        return socket

    def bodies(self, path: str) -> list[bytes]:
        return [body for request, body in self.requests if request.path == path]


@dataclass
class World:
    """A running process, what stands behind it, and a client."""

    running: Running
    upstream: Upstream
    client: aiohttp.ClientSession

    def front(self, path: str) -> str:
        return self.running.front_url + path

    def carrier(self, path: str) -> str:
        return self.running.carrier_url + path

    async def get(self, path: str) -> Any:
        async with self.client.get(self.front(path)) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def post(self, path: str, body: Any) -> Any:
        async with self.client.post(self.front(path), json=body) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def write(self, handset: str, *to: str, text: str = "hello") -> Any:
        return await self.post(f"/handsets/{handset}/messages", {"to": list(to), "text": text})

    async def bandwidth(self, *to: str, sender: str = "+12065550100", text: str = "hi", tag: str = "IM1") -> int:
        body = {"applicationId": "app-1", "from": sender, "to": list(to), "text": text, "tag": tag}
        url = self.carrier("/bandwidth/users/5500/messages")
        async with self.client.post(url, json=body, headers=basic("user", "secret")) as response:
            return response.status

    async def quiet(self) -> dict[str, int]:
        """Wait until no webhook is under way; the counts then."""
        counts: dict[str, int] = {}

        async def is_quiet() -> bool:
            nonlocal counts
            counts = (await self.get("/network"))["counts"]["webhooks"]
            return counts["open"] == 0

        await eventually(is_quiet)
        return counts


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition, up to far longer than it can take."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 (what it waits for is behind HTTP)
            await asyncio.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    upstream = Upstream()
    deployed = web.Application(client_max_size=100_000_000)
    deployed.router.add_get("/live-upstream", upstream.live)
    deployed.router.add_route("*", "/{path:.*}", upstream.take)
    server = web.AppRunner(deployed, access_log=None)
    await server.setup()
    await web.TCPSite(server, "127.0.0.1", 0).start()
    upstream.stop = server.cleanup
    upstream.url = f"http://127.0.0.1:{server.addresses[0][1]}"
    front_port = free_port()
    config = Config(
        front_port=front_port,
        carrier_port=0,
        upstream=upstream.url,
        live_upstream=upstream.url.replace("http", "ws", 1) + "/live-upstream",
        public_url=f"http://127.0.0.1:{front_port}",
        lines=LINES,
        bandwidth=BandwidthAccount("5500", "app-1", "user", "secret", "path-token", "hook", "hook-secret"),
        telnyx=TelnyxAccount("KEY123", SEED),
        twilio=TwilioAccount("AC" + "0" * 32, "12345"),
        vonage=VonageAccount("abcd", "secret", "s" * 64),
        settings=Settings(attempts=4, backoff_ms=1),
        cors_origins=("https://app.example",),
    )
    running = await start(config)
    try:
        async with aiohttp.ClientSession() as client:
            yield World(running, upstream, client)
    finally:
        await running.close()
        await server.cleanup()


@pytest.fixture
def in_world() -> Callable[[Callable[[Any], Awaitable[None]]], None]:
    """Run a scenario against a fresh process."""

    def run(scenario: Callable[[Any], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with world() as fresh:
                await scenario(fresh)

        asyncio.run(whole())

    return run
