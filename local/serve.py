"""The local process: simulated carriers on one port, the front on another.

    python -m local.serve --config FILE

FILE is JSON with the members of config.Config. It says nothing while it works, and ends on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from local.carrier import api, control
from local.carrier.simulation import Simulation
from local.config import BadConfig, Config, load
from local.front import app as front
from local.front.live import LiveProxy
from local.front.proxy import Proxy
from local.keeping import Keeper
from local.middleware import programs_only
from local.orphans import end_with_parent

HOST = "127.0.0.1"


class CannotStart(Exception):
    """The process cannot listen. The message says what to do about it."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that serves; the URLs have the ports that it really got."""

    front_url: str
    carrier_url: str
    simulation: Simulation
    _stack: AsyncExitStack

    async def close(self) -> None:
        """Stop listening and delivering."""
        await self._stack.aclose()


async def start(config: Config) -> Running:
    """Start both listeners. Raises CannotStart, and then nothing is left running."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                # A connection for each request: the other side may close a persistent one just as it is used again.
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        )
        simulation = Simulation(config, session)
        keeper = Keeper(simulation, config.kept_at) if config.kept else None
        carriers = web.Application(client_max_size=front.MAX_BODY, middlewares=[programs_only])
        carriers.router.add_routes(api.routes(simulation))
        live = LiveProxy(config.live_upstream, session)
        door = front.app(
            Proxy(config.upstream, session),
            live,
            control.routes(simulation),
            config.cors_origins,
        )
        if keeper:
            # Entered first, it ends last: behind servers that take nothing more.
            await stack.enter_async_context(keeper.running())
            for server in (carriers, door):
                server.middlewares.append(keeper.note)
        carrier_url = await _listen(stack, carriers, config.carrier_port)
        front_url = await _listen(stack, door, config.front_port)
        # Last in, first out: the listeners' connections end before the servers wait for them.
        stack.push_async_callback(simulation.close)
        stack.push_async_callback(live.close)
        state = Path(config.kept, "state.json") if config.kept else None
        if state and state.is_file():
            simulation.restore(json.loads(state.read_text())["network"])
        return Running(front_url, carrier_url, simulation, stack.pop_all())
    raise AssertionError("the stack swallows nothing")


async def _listen(stack: AsyncExitStack, app: web.Application, port: int) -> str:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise CannotStart(f"cannot listen on {HOST}:{port}: {error.strerror}") from error
        raise CannotStart(f"port {port} is in use by another program: stop it, or choose another port") from error
    return f"http://{HOST}:{runner.addresses[0][1]}"


async def _serve_until_stopped(config: Config) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    running = await start(config)
    try:
        await stopped.wait()
    finally:
        await running.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process; the result is its exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.serve", description="Simulated carriers, phones and front.")
    parser.add_argument("--config", type=Path, required=True, help="a JSON file with ports, lines and accounts")
    options = parser.parse_args(arguments)
    end_with_parent()
    try:
        asyncio.run(_serve_until_stopped(load(options.config)))
    except (BadConfig, CannotStart) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
