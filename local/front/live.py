"""Live events at the front: the WebSocket passed through to the deployed one, and access tokens for the page."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import Any

import aiohttp
import jwt
from aiohttp import WSCloseCode, web
from yarl import URL

from local.carrier.wire_values import basic_header
from local.config import ApiCredentials

# The identity of the page, with the role that sees every conversation.
IDENTITY = "phones-page"
_ROLE = "service admin"
# Seconds.
_TOKEN_LIFE = 3600
_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)
# For the other side to say that it has ended too.
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


class Tokens:
    """Access tokens for the page: signed with an API key that it makes once, through the API."""

    def __init__(self, upstream: str, api: ApiCredentials, session: aiohttp.ClientSession) -> None:
        self._upstream = upstream
        self._api = api
        self._session = session
        self._key: dict[str, Any] | None = None

    async def give(self, _request: web.Request) -> web.StreamResponse:
        """POST /agent/token: {"token"}, of an identity that sees every conversation of the default Service."""
        try:
            return web.json_response({"token": await self._token()})
        except (aiohttp.ClientError, OSError, TimeoutError, KeyError):
            return web.json_response({"message": "There is no access token: the API does not answer."}, status=502)

    async def _token(self) -> str:
        configuration = await self._ask("GET", "Configuration")
        roles = (await self._ask("GET", "Roles?PageSize=100"))["roles"]
        role = {role["friendly_name"]: role["sid"] for role in roles}[_ROLE]
        # It is there already, or is made.
        await self._ask("POST", "Users", {"Identity": IDENTITY, "RoleSid": role})
        await self._ask("POST", f"Users/{IDENTITY}", {"RoleSid": role})
        key = self._key
        if key is None or "sid" not in await self._ask("GET", f"Keys/{key['sid']}"):
            key = self._key = await self._ask("POST", "Keys", {"FriendlyName": "The phones page"})
        grants = {"identity": IDENTITY, "chat": {"service_sid": configuration["default_chat_service_sid"]}}
        claims = {
            "iss": key["sid"],
            "sub": self._api.account_sid,
            "exp": int(time.time()) + _TOKEN_LIFE,
            "grants": grants,
        }
        return jwt.encode(claims, key["secret"], "HS256", {"cty": "twilio-fpa;v=1"})

    async def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        """What the API answers, a refusal too."""
        async with self._session.request(
            method,
            f"{self._upstream}/v1/{path}",
            data=form,
            # The session leaves what is compressed as it is.
            headers={
                "Accept-Encoding": "identity",
                "Authorization": basic_header(self._api.account_sid, self._api.auth_token),
            },
            timeout=_TIMEOUT,
        ) as answer:
            content: dict[str, Any] = await answer.json()
            return content
