"""Pass requests through to the deployed API, unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
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
# What a browser says of the page that asks. The front has judged that; the emulator answers no pages. The origin of
# an admitted page goes on under this name, for the API to answer by.
_FORWARDED_ORIGIN = "X-Forwarded-Origin"
_OF_THE_PAGE = (
    "origin",
    _FORWARDED_ORIGIN.lower(),
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "sec-fetch-user",
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
        self._emulator = f"{URL(self._upstream).origin()}/"
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on as it is, with the origin of the page that makes it, if one does."""
        body = await request.read()
        passed = _passed(request.headers.items(), dropped=("host", "content-length", *_OF_THE_PAGE))
        if origin := request.headers.get("Origin"):
            passed[_FORWARDED_ORIGIN] = origin
        passed["X-Forwarded-For"] = request.remote or ""
        passed["X-Forwarded-Host"] = request.host
        passed["X-Forwarded-Proto"] = request.scheme
        try:
            async with (
                self._slots,
                self._session.request(
                    request.method,
                    URL(self._upstream + _raw_target(request), encoded=True),
                    data=BytesIO(body) if body else None,
                    headers=passed,
                    skip_auto_headers=_ADDED_BY_CLIENT,
                    allow_redirects=False,
                    timeout=_TIMEOUT,
                ) as answer,
            ):
                location = answer.headers.get("Location", "")
                if location.startswith(self._emulator) and "Sec-Fetch-Site" in request.headers:
                    return await self._fetch(location)
                return await _response(answer)
        except TimeoutError:
            return _unavailable("The API did not answer in time.")
        except (aiohttp.ClientError, OSError):
            return _unavailable("The API cannot be reached: it has not started yet, or has stopped.")

    async def forward_to_emulator(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on to the emulator itself, beside its deployed APIs."""
        return await Proxy(self._emulator, self._session).forward(request)

    async def _fetch(self, location: str) -> web.StreamResponse:
        """What the emulator has at an address that the API redirects to, as S3 does: of a browser it takes nothing."""
        async with self._session.get(URL(location, encoded=True), timeout=_TIMEOUT) as answer:
            return await _response(answer)


async def _response(answer: aiohttp.ClientResponse) -> web.Response:
    headers = _passed(answer.headers.items(), dropped=("content-length",))
    return web.Response(status=answer.status, reason=answer.reason, headers=headers, body=await answer.read())


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
