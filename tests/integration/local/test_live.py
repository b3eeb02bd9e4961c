"""Live events at the front: connections passed through, and access tokens for the page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web

from local.front.live import IDENTITY

InWorld = Callable[[Callable[[Any], Awaitable[None]]], None]
CLIENT = Path(__file__).parents[3] / "clients" / "javascript" / "live.js"
SERVICE = "IS" + "5" * 32
KEY = {"sid": "SK" + "6" * 32, "secret": "s" * 43}


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


def answers(*bodies: dict[str, Any]) -> list[web.Response]:
    return [web.json_response(body) for body in bodies]


BEFORE: tuple[dict[str, Any], ...] = (
    {"default_chat_service_sid": SERVICE},
    {"roles": [{"sid": "RL1", "friendly_name": "service user"}, {"sid": "RL2", "friendly_name": "service admin"}]},
    {"code": 50201},
    {"role_sid": "RL2"},
)


def test_page_gets_a_token_that_sees_every_conversation(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        world.upstream.answers = answers(*BEFORE, KEY)
        token = (await world.post("/agent/token", None))["token"]

        claims = jwt.decode(token, KEY["secret"], ["HS256"])
        assert claims["grants"] == {"identity": IDENTITY, "chat": {"service_sid": SERVICE}}
        assert (claims["iss"], claims["sub"]) == (KEY["sid"], "AC" + "1" * 32)
        asked = [(request.method, request.path, body.decode()) for request, body in world.upstream.requests]
        assert asked[2:] == [
            ("POST", "/v1/Users", f"Identity={IDENTITY}&RoleSid=RL2"),
            ("POST", f"/v1/Users/{IDENTITY}", "RoleSid=RL2"),
            ("POST", "/v1/Keys", "FriendlyName=The+phones+page"),
        ]

    in_world(scenario)


def test_one_key_signs_all_tokens_until_it_is_revoked(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        another = {"sid": "SK" + "7" * 32, "secret": "t" * 43}
        world.upstream.answers = answers(*BEFORE, KEY, *BEFORE, KEY, *BEFORE, {"code": 20404}, another)
        issuers = []
        for _ in range(3):
            token = (await world.post("/agent/token", None))["token"]
            issuers.append(jwt.decode(token, options={"verify_signature": False})["iss"])

        assert issuers == [KEY["sid"], KEY["sid"], another["sid"]]

    in_world(scenario)


def test_without_an_api_there_is_no_token(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        world.upstream.answers = answers({"code": 20003})
        for _ in range(2):
            async with world.client.post(world.front("/agent/token")) as response:
                assert response.status == 502
                assert "API" in (await response.json())["message"]
            await world.upstream.stop()

    in_world(scenario)


def test_no_other_page_and_no_other_machine_is_given_a_token(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "partyline.example"}):
            async with world.client.post(world.front("/agent/token"), headers=headers) as response:
                assert response.status == 403
        assert world.upstream.requests == []

    in_world(scenario)


def test_page_uses_the_published_client(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        async with world.client.get(world.front("/page/live.js")) as response:
            assert await response.text() == CLIENT.read_text()
            assert response.content_type in ("text/javascript", "application/javascript")

    in_world(scenario)
