"""The client of the smoke test: requests as any client makes them, and a live connection."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt
import urllib3

# How long an answer may take, in seconds: API Gateway's own limit, and a little more.
TIMEOUT = 35.0
# Seconds between two looks for what comes later.
PAUSE = 0.5
_TOKEN_LIFE = 300


class StepFailed(Exception):
    """What a step saw instead of what it expected. Its text holds no secret."""


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """The answer of a request: its status, and its JSON body, {} for any other."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Requests to a deployment, with the account's credentials."""

    url: str
    account_sid: str
    auth_token: str
    _http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False, timeout=TIMEOUT))

    def request(
        self, method: str, path: str, form: Mapping[str, str] | None = None, *, authenticated: bool = True
    ) -> ApiAnswer:
        """Make a request. Raises StepFailed when there is no answer."""
        credentials = f"{self.account_sid}:{self.auth_token}"
        headers = {"content-type": "application/x-www-form-urlencoded"} if form is not None else {}
        if authenticated:
            headers |= urllib3.make_headers(basic_auth=credentials)
        body = urlencode(form) if form is not None else None
        try:
            answer = self._http.request(method, self.url + path, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise StepFailed(f"{method} {path} has no answer ({type(error).__name__})") from error
        return ApiAnswer(answer.status, _parse(answer.data))

    def call(self, method: str, path: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Make a request that must succeed; return its body. Raises StepFailed."""
        answer = self.request(method, path, form)
        if answer.status >= 300:
            message = answer.body.get("message", "")
            raise StepFailed(f"{method} {path} answered {answer.status} {answer.body.get('code', '')} {message}")
        return answer.body


def _parse(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def sign_token(account_sid: str, key: Mapping[str, str], identity: str, service_sid: str) -> str:
    """Sign an access token of a person with an API key."""
    now = int(time.time())
    grants = {"identity": identity, "chat": {"service_sid": service_sid}}
    claims = {
        "jti": f"{key['sid']}-{now}",
        "iss": key["sid"],
        "sub": account_sid,
        "exp": now + _TOKEN_LIFE,
        "grants": grants,
    }
    return jwt.encode(claims, key["secret"], "HS256", {"cty": "twilio-fpa;v=1"})


def wait_until(look: Callable[[], bool], seconds: float) -> bool:
    """Look until something is so, for some seconds; return whether it is."""
    end = time.monotonic() + seconds
    while not look():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE)
    return True


class LiveClient:
    """A live connection, with the frames that it has heard. Raises StepFailed when it does not open."""

    def __init__(self, url: str) -> None:
        self.frames: list[dict[str, Any]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self._run(self._open(url))
        except (aiohttp.ClientError, TimeoutError) as error:
            self._end()
            raise StepFailed(f"the handshake failed ({type(error).__name__})") from error

    async def _open(self, url: str) -> None:
        self._session = aiohttp.ClientSession()
        try:
            self._socket = await self._session.ws_connect(url)
        except BaseException:
            await self._session.close()
            raise
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for frame in self._socket:
            self.frames.append(json.loads(frame.data))

    def has_heard(self, message_sid: str) -> bool:
        """Return whether an event of a message has come."""
        return any(message_sid in json.dumps(frame) for frame in list(self.frames))

    def close(self) -> None:
        """Close the connection."""
        self._run(self._close())
        self._end()

    async def _close(self) -> None:
        await self._socket.close()
        await self._listening
        await self._session.close()

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(TIMEOUT)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
