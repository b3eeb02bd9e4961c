"""Passes requests through to the deployed API, unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from io import BytesIO

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

# These belong to one connection, not to the request or the answer.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_ADDED_BY_CLIENT = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_TIMEOUT = aiohttp.ClientTimeout(total=60, connect=5)
# The emulator starts a process for each call that finds none free, and fifty at once take it a minute. The rest waits
# here, where it costs nothing.
_AT_ONCE = 8


class Proxy:
    """Forwards to one upstream: method, path and query as they came, headers and body."""

    def __init__(self, upstream: str, session: aiohttp.ClientSession) -> None:
        self._upstream = upstream.rstrip("/")
        self._session = session
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on as it is."""
        return await self.ask(request, _raw_target(request), {})

    async def ask(self, request: web.Request, target: str, headers: Mapping[str, str]) -> web.StreamResponse:
        """Pass a request on to another path and query, with some headers replaced."""
        body = await request.read()
        passed = _passed(request.headers.items(), dropped=("host", "content-length"))
        passed.update(headers)
        passed["X-Forwarded-For"] = request.remote or ""
        passed["X-Forwarded-Host"] = request.host
        passed["X-Forwarded-Proto"] = request.scheme
        try:
            async with (
                self._slots,
                self._session.request(
                    request.method,
                    URL(self._upstream + target, encoded=True),
                    data=BytesIO(body) if body else None,
                    headers=passed,
                    skip_auto_headers=_ADDED_BY_CLIENT,
                    allow_redirects=False,
                    timeout=_TIMEOUT,
                ) as answer,
            ):
                content = await answer.read()
                kept = _passed(answer.headers.items(), dropped=("content-length",))
                return web.Response(status=answer.status, reason=answer.reason, headers=kept, body=content)
        except TimeoutError:
            return _unavailable("The API did not answer in time.")
        except (aiohttp.ClientError, OSError):
            return _unavailable("The API cannot be reached: it has not started yet, or has stopped.")


def _raw_target(request: web.Request) -> str:
    """Path and query exactly as they were sent."""
    target = request.raw_path
    return target if target.startswith("/") else URL(target, encoded=True).raw_path_qs


def _passed(headers: Iterable[tuple[str, str]], dropped: tuple[str, ...]) -> CIMultiDict[str]:
    pairs = list(headers)
    named = {
        token.strip().lower() for name, value in pairs if name.lower() == "connection" for token in value.split(",")
    }
    left_out = _HOP_BY_HOP | named | set(dropped)
    return CIMultiDict((name, value) for name, value in pairs if name.lower() not in left_out)


def _unavailable(message: str) -> web.Response:
    return web.json_response({"status": 502, "message": message}, status=502)
