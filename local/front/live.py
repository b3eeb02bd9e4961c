"""Live events at the front: the WebSocket passed through to the deployed one."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import aiohttp
from aiohttp import WSCloseCode, web
from yarl import URL

# Seconds for the other side to say that it has ended too.
_CLOSING = 0.2
# API Gateway's own limit on a frame.
_MAX_FRAME = 128 * 1024


class LiveProxy:
    """Passes WebSockets through to one upstream: the query, the credentials and the frames as they came."""

    def __init__(self, upstream: str, session: aiohttp.ClientSession) -> None:
        self._upstream = upstream
        self._session = session
        self._ending = asyncio.Event()

    async def close(self) -> None:
        """End every connection, and each that is still being made: nothing waits for the other side to leave."""
        self._ending.set()

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Pass a connection through until either side ends it. A refusal is passed on with its status."""
        target = URL(f"{self._upstream}?{request.rel_url.raw_query_string}", encoded=True)
        headers = {name: request.headers[name] for name in ("Authorization",) if name in request.headers}
        try:
            upstream = await self._session.ws_connect(
                target, headers=headers, max_msg_size=_MAX_FRAME, timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSING)
            )
        except aiohttp.WSServerHandshakeError as refused:
            return web.Response(status=refused.status)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return web.Response(status=HTTPStatus.BAD_GATEWAY)
        client = web.WebSocketResponse(timeout=_CLOSING, max_msg_size=_MAX_FRAME)
        async with upstream:
            await client.prepare(request)
            pumps = (_pump(client, upstream), _pump(upstream, client))
            until = [asyncio.create_task(one) for one in (*pumps, self._ending.wait())]
            try:
                await asyncio.wait(until, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in until:
                    one.cancel()
                await asyncio.gather(*until, return_exceptions=True)
                await client.close(code=WSCloseCode.GOING_AWAY if self._ending.is_set() else WSCloseCode.OK)
        return client


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Socket, target: Socket) -> None:
    """Pass frames on until the source ends."""
    async for frame in source:
        if frame.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(frame.data)
        elif frame.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(frame.data)
