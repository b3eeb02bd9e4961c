"""Other web pages, and other names that point here: what the front and the simulated carriers answer them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import AsyncMock, Mock

import aiohttp
import pytest
from yarl import URL

from local.carrier import control
from local.front.app import app

InWorld = Callable[[Callable[[Any], Awaitable[None]]], None]

LISTED = "https://app.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


def routes() -> list[tuple[str, str]]:
    """Every route of the front, with something in the place of what is variable."""
    front = app(AsyncMock(), AsyncMock(), control.routes(Mock()))
    found = {(route.method, route.resource.canonical) for route in front.router.routes() if route.resource}
    return sorted(
        ("POST" if method == "*" else method, re.sub(r"\{.*?\}", "/x" if "path" in path else "x", path))
        for method, path in found
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8080"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:1"},
        {"Origin": "null"},
    ],
)
def test_no_route_answers_a_stranger(in_world: InWorld, headers: dict[str, str]) -> None:
    """A4, A8."""

    async def scenario(world: Any) -> None:
        asked = routes()
        assert {path.split("/")[1] for _, path in asked} >= {"v1", "v2", "carriers", "media", "live", "page"}
        for method, path in asked:
            async with world.client.request(method, world.front(path), headers=headers) as response:
                assert response.status == 403, path
                assert "Access-Control-Allow-Origin" not in response.headers
        assert world.upstream.requests == []

    in_world(scenario)


def test_a_page_that_names_no_origin_gets_nothing_of_the_phones(in_world: InWorld) -> None:
    """A4. As an image or a script is asked for."""

    async def scenario(world: Any) -> None:
        for site in ("cross-site", "same-site"):
            for path in (
                "/lines",
                "/handsets",
                "/network/sends",
                "/events",
                "/page/main.js",
            ):
                async with world.client.get(world.front(path), headers={"Sec-Fetch-Site": site}) as response:
                    assert response.status == 403, path
        for site in ("same-origin", "none"):
            assert (await world.client.get(world.front("/lines"), headers={"Sec-Fetch-Site": site})).status == 200
        # A link to the page is followed from anywhere.
        assert (await world.client.get(world.front("/"), headers={"Sec-Fetch-Site": "cross-site"})).status == 200
        assert world.upstream.requests == []

    in_world(scenario)


@pytest.mark.parametrize("target", ["OPTIONS *", "CONNECT evil.example:80"])
def test_a_target_that_is_no_path_is_nothing_of_ours(in_world: InWorld, target: str) -> None:
    async def scenario(world: Any) -> None:
        front = URL(world.running.front_url)
        for origin, status in (("https://evil.example", b"403"), (world.running.front_url, b"404")):
            reader, writer = await asyncio.open_connection(front.host, front.port)
            writer.write(f"{target} HTTP/1.1\r\nHost: {front.authority}\r\nOrigin: {origin}\r\n\r\n".encode())
            assert (await reader.readline()).split()[1] == status
            writer.close()

    in_world(scenario)


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "https://app.example"}, {"Sec-Fetch-Site": "same-site"}]
)
def test_the_simulated_carriers_answer_programs_only(in_world: InWorld, headers: dict[str, str]) -> None:
    """A4."""

    async def scenario(world: Any) -> None:
        for path in ("/telnyx/messages", "/bandwidth/users/5500/messages", "/cdn/1/x", "/nowhere"):
            async with world.client.post(world.carrier(path), json={}, headers=headers) as response:
                assert response.status == 403
        assert await world.bandwidth("+12065550150") == 202

    in_world(scenario)


def test_a_listed_origin_may_ask_the_api(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        url = world.front("/v1/Conversations")
        permitted = {"Access-Control-Allow-Origin": LISTED, "Vary": "Origin"}
        world.upstream.answers = [aiohttp.web.Response(status=204, headers=permitted)]
        async with world.client.options(url, headers={"Origin": LISTED, **PREFLIGHT}) as response:
            assert (response.status, await response.text()) == (204, "")
            assert permitted.items() <= dict(response.headers).items()

        headers = {"Origin": LISTED, "Authorization": "Basic x", "Sec-Fetch-Site": "cross-site"}
        async with world.client.post(url, data={"a": "b"}, headers=headers) as response:
            # The API says who may read its answers, not the front.
            assert (response.status, "Access-Control-Allow-Origin" in response.headers) == (200, False)
        [(asked, _), (request, body)] = world.upstream.requests
        assert (asked.method, asked.headers["Access-Control-Request-Method"]) == ("OPTIONS", "POST")
        assert (body, request.headers["Authorization"]) == (b"a=b", "Basic x")
        for one in (asked, request):
            assert one.headers["X-Forwarded-Origin"] == LISTED
            # The emulator answers no pages.
            assert not {"Origin", "Sec-Fetch-Site"} & set(one.headers)

        async with world.client.get(url, headers={"X-Forwarded-Origin": LISTED}) as response:
            assert response.status == 200
        assert "X-Forwarded-Origin" not in world.upstream.requests[-1][0].headers

    in_world(scenario)


def test_a_listed_origin_may_not_use_the_phones_nor_act_as_a_carrier(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        for path in ("/handsets", "/network", "/lines", "/events", "/page/main.js", "/"):
            for method in ("GET", "POST", "OPTIONS"):
                headers = {"Origin": LISTED, **PREFLIGHT}
                async with world.client.request(method, world.front(path), headers=headers) as response:
                    assert response.status == 403
                    assert "Access-Control-Allow-Origin" not in response.headers
        async with world.client.post(world.front("/carriers/telnyx"), headers={"Origin": LISTED}) as response:
            assert response.status == 403
        assert world.upstream.requests == []

    in_world(scenario)


def test_live_connections_are_for_listed_origins_and_for_programs(in_world: InWorld) -> None:
    """A4."""

    async def scenario(world: Any) -> None:
        url = world.front("/live?token=good")
        for origin in ("https://evil.example", "null"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await world.client.ws_connect(url, headers={"Origin": origin})
            assert refused.value.status == 403
        assert world.upstream.requests == []
        for headers in ({"Origin": LISTED}, {"Origin": world.running.front_url}, {}):
            async with world.client.ws_connect(url, headers=headers) as socket:
                await socket.send_str("one")
                assert await socket.receive_str() == "one!"
        assert not any("Origin" in request.headers for request, _ in world.upstream.requests)

    in_world(scenario)


def test_a_browser_is_given_the_file_that_the_api_redirects_to(in_world: InWorld) -> None:
    """The file is the emulator's, which answers no browser."""

    async def scenario(world: Any) -> None:
        location = world.upstream.url + "/bucket/file?X-Amz-Signature=a%2Fb"
        redirect = aiohttp.web.Response(status=307, headers={"Location": location})
        world.upstream.answers = [redirect, aiohttp.web.Response(body=b"bytes", content_type="image/png")]
        async with world.client.get(world.front("/media/link"), headers={"Sec-Fetch-Site": "cross-site"}) as response:
            assert (response.status, response.content_type, await response.read()) == (200, "image/png", b"bytes")
        assert world.upstream.requests[1][0].raw_path == "/bucket/file?X-Amz-Signature=a%2Fb"

        world.upstream.answers = [aiohttp.web.Response(status=307, headers={"Location": location})]
        async with world.client.get(world.front("/media/link"), allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (307, location)

    in_world(scenario)
