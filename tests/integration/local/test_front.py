"""The front: what is passed through unchanged, the control, the page, and who may ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

InWorld = Callable[[Callable[[Any], Awaitable[None]]], None]

ANN, BOB = "+12065550150", "+12065550151"


def raw(url: str) -> URL:
    return URL(url, encoded=True)


def test_requests_pass_through_unchanged(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        target = "/v1/Configuration/Addresses/%2B12065550100/a%2Fb//c?Address=%2B1&Address=+2&x=a%20b&empty"
        headers = {
            "Authorization": "Basic abc",
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Webhook-Enabled": "true",
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
        }
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            async with world.client.request(
                method, raw(world.front(target)), data=b"Body=%E2%82%AC&x=", headers=headers
            ) as response:
                assert (response.status, await response.text()) == (200, "taken")
            request, body = world.upstream.requests.pop()
            assert (request.method, request.raw_path, body) == (method, target, b"Body=%E2%82%AC&x=")
            assert request.headers["Authorization"] == "Basic abc"
            assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
            assert request.headers["X-Twilio-Webhook-Enabled"] == "true"
            assert request.headers["X-Forwarded-Host"] == URL(world.front("")).authority
            assert "X-Hop" not in request.headers

    in_world(scenario)


def test_answers_pass_through_unchanged(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        world.upstream.answers = [
            web.Response(
                status=401,
                body=b'{"code":20003}',
                content_type="application/json",
                headers={"WWW-Authenticate": "Basic realm=x"},
            ),
            web.Response(status=307, headers={"Location": "https://example.com/elsewhere"}),
            web.Response(status=204),
        ]
        async with world.client.get(world.front("/v2/Conversations")) as response:
            assert (response.status, await response.read()) == (401, b'{"code":20003}')
            assert response.headers["WWW-Authenticate"] == "Basic realm=x"
            assert response.content_type == "application/json"
        async with world.client.get(world.front("/v1/x"), allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (307, "https://example.com/elsewhere")
        async with world.client.delete(world.front("/v1/x")) as response:
            assert (response.status, await response.read()) == (204, b"")

    in_world(scenario)


def test_large_bodies_pass_and_larger_ones_do_not(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        async with world.client.post(world.front("/carriers/telnyx"), data=BytesIO(b"x" * 11_000_000)) as response:
            assert response.status == 200
        assert len(world.upstream.requests[0][1]) == 11_000_000
        async with world.client.post(world.front("/carriers/telnyx"), data=BytesIO(b"x" * 13_000_000)) as response:
            assert response.status == 413

    in_world(scenario)


def test_an_upstream_that_is_down(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        await world.upstream.stop()
        async with world.client.get(world.front("/v1/Conversations")) as response:
            assert response.status == 502
            assert "cannot be reached" in (await response.json())["message"]

    in_world(scenario)


def test_only_the_api_and_webhooks_pass_through(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        for path in ("/v10/x", "/carriersx", "/other", "/page/absent.js", "/page/../app.py"):
            async with world.client.get(raw(world.front(path))) as response:
                assert response.status in (403, 404)
        assert world.upstream.requests == []

    in_world(scenario)


def test_the_page_and_its_parts(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        async with world.client.get(world.front("/")) as response:
            assert response.status == 200
            assert response.content_type == "text/html"
            assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
            html = await response.text()
        for part in ("/page/style.css", "/page/main.js", "/page/icon.svg"):
            assert f'"{part}"' in html
            async with world.client.get(world.front(part)) as response:
                assert response.status == 200

    in_world(scenario)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/Conversations", {"Origin": "https://evil.example"}),
        ("/v1/Conversations", {"Host": "evil.example"}),
        (f"/handsets/{ANN}/messages", {"Origin": "https://evil.example"}),
        ("/network", {"Origin": "null"}),
    ],
)
def test_other_pages_may_not_ask(in_world: InWorld, path: str, headers: dict[str, str]) -> None:
    async def scenario(world: Any) -> None:
        async with world.client.post(world.front(path), json={}, headers=headers) as response:
            assert response.status == 403
        assert world.upstream.requests == []

    in_world(scenario)


def test_numbers_in_paths_may_be_encoded(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        url = raw(world.front("/handsets/%2B12065550150/messages"))
        async with world.client.post(url, json={"to": [BOB, "97167", ANN], "media": ["http://x/y.png"]}) as response:
            assert response.status == 201
            sent = await response.json()
        assert sent["at"].endswith("Z")
        assert sent | {"at": ""} == {
            "from": ANN,
            "to": [BOB, "97167"],
            "text": "",
            "media": ["http://x/y.png"],
            "at": "",
            "direction": "outbound",
        }
        assert await world.get(f"/handsets/{ANN}/messages") == [sent]
        assert await world.get("/handsets") == [ANN, BOB, "97167"]

    in_world(scenario)


@pytest.mark.parametrize(
    ("handset", "body", "says"),
    [
        ("+12065550100", {"to": [ANN], "text": "x"}, "is a line"),
        ("nonsense", {"to": [ANN], "text": "x"}, "not a phone number"),
        (ANN, {"to": [], "text": "x"}, "to is a list"),
        (ANN, {"to": BOB, "text": "x"}, "to is a list"),
        (ANN, {"to": ["x"], "text": "x"}, "'x' is not a phone number"),
        (ANN, {"to": [ANN], "text": "x"}, "besides its sender"),
        (ANN, {"to": [BOB]}, "needs text or media"),
        (ANN, {"to": [BOB], "text": 5}, "text is a string"),
        (ANN, {"to": [BOB], "media": "x"}, "media is a list"),
        (ANN, {"to": [BOB], "media": ["javascript:x"]}, "media is a list"),
        (ANN, [], "not a JSON object"),
        (ANN, None, "not JSON"),
    ],
)
def test_texts_that_cannot_be_sent(in_world: InWorld, handset: str, body: Any, says: str) -> None:
    async def scenario(world: Any) -> None:
        async with world.client.post(world.front(f"/handsets/{handset}/messages"), json=body) as response:
            assert response.status == 400
            assert says in (await response.json())["message"]
        assert await world.get("/handsets") == []

    in_world(scenario)


def test_settings_over_http(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        changed = await world.post("/network", {"repeat": 1})
        assert changed["settings"]["repeat"] == 1
        async with world.client.post(world.front("/network"), json={"repeat": 2, "nonsense": 1}) as response:
            assert response.status == 400
        async with world.client.post(world.front("/network"), data=b"{") as response:
            assert response.status == 400
        assert (await world.get("/network"))["settings"]["repeat"] == 1

    in_world(scenario)


def test_lines_can_be_added(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        assert {"number": "+12065550110", "carrier": "telnyx"} in await world.get("/lines")
        added = {"number": "+12065550130", "carrier": "telnyx"}
        assert await world.post("/lines", added) == added
        await world.write(ANN, "+12065550130")
        assert (await world.quiet())["delivered"] == 1
        for bad in ({"number": "x", "carrier": "telnyx"}, {"number": "+12065550131", "carrier": "pigeon"}, {}):
            async with world.client.post(world.front("/lines"), json=bad) as response:
                assert response.status == 400

    in_world(scenario)


def test_events_report_texts_and_webhooks(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        async with world.client.get(world.front("/events")) as response:
            assert response.content_type == "text/event-stream"
            assert await response.content.readline() == b"retry: 1000\n"
            await world.bandwidth(ANN)
            events: list[dict[str, Any]] = []
            async with asyncio.timeout(30):
                while len(events) < 3:
                    line = await response.content.readline()
                    if line.startswith(b"data: "):
                        events.append(json.loads(line[6:]))
        text, underway, delivered = events
        assert (text["type"], text["from"], text["to"], text["text"]) == ("text", "+12065550100", [ANN], "hi")
        for report, webhook in ((underway, "underway"), (delivered, "delivered")):
            assert (report["type"], report["recipient"], report["status"]) == ("report", ANN, "message-delivered")
            assert report["webhook"] == webhook

    in_world(scenario)
