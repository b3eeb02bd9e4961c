"""The emulator's HTTP server: Uvicorn with a parser in C, where the emulator brings Hypercorn, which is all Python.

A request took 0.7 ms of a processor there, and takes 0.3 ms here. A text makes about a hundred.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import uvicorn

# Seconds; more than any client of ours keeps a connection that it does not use.
_KEEP_ALIVE = 75
# Seconds that requests have to end when the emulator is stopped.
_GRACE = 3


async def serve(app: Any, config: Any) -> None:
    """Serve an application until a signal ends it, at the one address of Hypercorn's configuration."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        async def send_if_connected(message: Any) -> None:
            # Where a client has gone, Hypercorn says nothing, and the emulator calls what is to be called then.
            with contextlib.suppress(OSError):
                await send(message)

        await app(scope, receive, send_if_connected)

    (address,) = config.bind
    host, _, port = address.rpartition(":")
    # It would log the address of each live connection, with the token in it.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    server = uvicorn.Server(
        uvicorn.Config(
            answer,
            host=host,
            port=int(port),
            ws="wsproto",
            # The emulator logs by itself, and answers with the headers that AWS answers with.
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            # AWS sends no pings.
            ws_ping_interval=None,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_GRACE,
        )
    )
    await server.serve()
