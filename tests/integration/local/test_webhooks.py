"""Texts and sends over HTTP, and the webhooks that follow, all the way through the front."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web
from nacl.signing import VerifyKey

InWorld = Callable[[Callable[[Any], Awaitable[None]]], None]

ANN, BOB = "+12065550150", "+12065550151"
BANDWIDTH_PATH, TELNYX_PATH, TWILIO_PATH = (
    "/carriers/bandwidth/path-token",
    "/carriers/telnyx",
    "/carriers/twilio",
)
PUBLIC_KEY = VerifyKey(base64.b64decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="))


def test_a_text_to_numbers_of_three_carriers_arrives_at_each_signed(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        await world.write(ANN, "+12065550100", "+12065550110", "+12065550120", BOB, text="grüß & co+ ")
        counts = await world.quiet()
        assert (counts["delivered"], counts["attempts"]) == (3, 3)
        found = {request.path: (request, body) for request, body in world.upstream.requests}
        assert set(found) == {BANDWIDTH_PATH, TELNYX_PATH, TWILIO_PATH}

        (event,) = json.loads(found[BANDWIDTH_PATH][1])
        assert (event["to"], event["message"]["text"]) == ("+12065550100", "grüß & co+ ")

        request, body = found[TELNYX_PATH]
        signed = request.headers["telnyx-timestamp"].encode() + b"|" + body
        PUBLIC_KEY.verify(signed, base64.b64decode(request.headers["telnyx-signature-ed25519"]))

        request, body = found[TWILIO_PATH]
        url = world.front(TWILIO_PATH)
        params = sorted(parse_qsl(body.decode(), keep_blank_values=True))
        text = url + "".join(name + value for name, value in params)
        expected = base64.b64encode(hmac.new(b"12345", text.encode(), hashlib.sha1).digest()).decode()
        assert request.headers["X-Twilio-Signature"] == expected

        (inbound,) = await world.get(f"/handsets/{BOB}/messages")
        assert inbound | {"at": ""} == {
            "from": ANN,
            "to": ["+12065550100", "+12065550110", "+12065550120", BOB],
            "text": "grüß & co+ ",
            "media": [],
            "at": "",
            "direction": "inbound",
        }

    in_world(scenario)


def test_a_group_send_reaches_phones_our_other_numbers_and_is_reported(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        assert await world.bandwidth(ANN, BOB, "+12065550110") == 202
        await world.quiet()
        reports = [json.loads(body)[0] for body in world.upstream.bodies(BANDWIDTH_PATH)]
        assert [(report["type"], report["to"], report["message"]["tag"]) for report in reports] == [
            ("message-delivered", ANN, "IM1"),
            ("message-delivered", BOB, "IM1"),
            ("message-delivered", "+12065550110", "IM1"),
        ]
        (echo,) = [json.loads(body)["data"]["payload"] for body in world.upstream.bodies(TELNYX_PATH)]
        assert (echo["from"]["phone_number"], echo["cc"]) == ("+12065550100", [ANN, BOB, "+12065550110"])
        (thread,) = await world.get(f"/handsets/{ANN}/threads")
        assert thread["with"] == ["+12065550100", "+12065550110", BOB]
        (send,) = await world.get("/network/sends")
        assert {name: send[name] for name in ("carrier", "from", "to", "text", "tag")} == {
            "carrier": "bandwidth",
            "from": "+12065550100",
            "to": [ANN, BOB, "+12065550110"],
            "text": "hi",
            "tag": "IM1",
        }
        assert send["id"] == reports[0]["message"]["id"]

    in_world(scenario)


def test_a_webhook_is_repeated_until_it_is_taken(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        world.upstream.answers = [web.Response(status=500), web.Response(status=302), web.Response(status=204)]
        await world.write(ANN, "+12065550110")
        assert (await world.quiet())["delivered"] == 1
        bodies = [json.loads(body) for body in world.upstream.bodies(TELNYX_PATH)]
        assert [body["meta"]["attempt"] for body in bodies] == [1, 2, 3]
        assert len({json.dumps(body["data"]) for body in bodies}) == 1
        (webhook,) = await world.get("/network/webhooks")
        assert (webhook["state"], webhook["answers"]) == ("delivered", [500, 302, 204])
        (thread,) = await world.get(f"/handsets/{ANN}/threads")
        assert thread["messages"][0]["arrivals"] == {"+12065550110": "delivered"}

    in_world(scenario)


def test_webhook_without_an_accepted_attempt_is_lost_in_the_end(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        world.upstream.answers = [web.Response(status=503) for _ in range(4)]
        await world.write(ANN, "+12065550110")
        counts = await world.quiet()
        assert (counts["lost"], counts["attempts"]) == (1, 4)

    in_world(scenario)


def test_bandwidth_shows_its_credentials_only_when_challenged(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        world.upstream.answers = [web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm=""'})]
        await world.write(ANN, "+12065550100")
        assert (await world.quiet())["delivered"] == 1
        first, second = world.upstream.requests
        assert "Authorization" not in first[0].headers
        assert second[0].headers["Authorization"] == "Basic aG9vazpob29rLXNlY3JldA=="
        assert first[1] == second[1]

    in_world(scenario)


def test_bandwidth_gives_up_on_a_401_without_a_challenge(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        world.upstream.answers = [web.Response(status=401)]
        await world.write(ANN, "+12065550100")
        assert (await world.quiet())["lost"] == 1
        assert len(world.upstream.requests) == 1

    in_world(scenario)


def test_every_webhook_can_come_several_times(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        await world.post("/network", {"repeat": 2, "reorder": True})
        await world.write(ANN, "+12065550100")
        await world.write(ANN, "+12065550101")
        counts = await world.quiet()
        assert (counts["delivered"], counts["attempts"]) == (2, 6)
        bodies = world.upstream.bodies(BANDWIDTH_PATH)
        assert len(bodies) == 6
        assert len(set(bodies)) == 2

    in_world(scenario)


def test_webhooks_of_a_line_arrive_in_order_by_default(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        for number in range(12):
            await world.write(ANN, "+12065550100", text=str(number))
        await world.quiet()
        texts = [json.loads(body)[0]["message"]["text"] for body in world.upstream.bodies(BANDWIDTH_PATH)]
        assert texts == [str(number) for number in range(12)]

    in_world(scenario)


def test_held_webhooks_wait_and_dropped_copies_never_come(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        await world.post("/network", {"hold": True, "drop_copies": ["+12065550101"]})
        await world.write(ANN, "+12065550100", "+12065550101")
        counts = await world.quiet()
        assert (counts["held"], counts["dropped"], counts["attempts"]) == (1, 1, 0)
        await world.post("/network", {"hold": False, "reorder": True})
        counts = await world.quiet()
        assert (counts["delivered"], counts["dropped"], counts["attempts"]) == (1, 1, 1)
        assert len(world.upstream.requests) == 1

    in_world(scenario)


def test_reports_can_come_before_the_answer(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        await world.post("/network", {"answer_delay_ms": 300, "answer_within_ms": 5000})
        assert await world.bandwidth(ANN) == 202
        assert (await world.quiet())["delivered"] == 1

    in_world(scenario)


def test_a_text_is_taken_and_the_answer_lost(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        with pytest.raises(aiohttp.ClientConnectionError):
            await world.bandwidth("+12065550195", ANN)
        assert (await world.quiet())["delivered"] == 2
        assert len(await world.get("/network/sends")) == 1
        assert len(await world.get("/handsets/+12065550195/messages")) == 1

    in_world(scenario)


def test_a_send_is_throttled_twice(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        assert [await world.bandwidth("+12065550194") for _ in range(3)] == [429, 429, 202]
        assert len(await world.get("/network/sends")) == 1

    in_world(scenario)


def test_telnyx_and_twilio_over_http(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        key = {"Authorization": "Bearer KEY123"}
        body = {"from": "+12065550110", "to": [ANN, BOB], "text": "hi"}
        url = world.carrier("/telnyx/messages/group_mms")
        async with world.client.post(url, json=body, headers=key) as response:
            assert response.status == 200
            sent = (await response.json())["data"]
        async with world.client.get(world.carrier(f"/telnyx/messages/group/{sent['id']}"), headers=key) as response:
            assert [message["to"][0]["status"] for message in (await response.json())["data"]] == ["delivered"] * 2
        async with world.client.get(world.carrier(f"/telnyx/messages/group/{sent['id']}")) as response:
            assert response.status == 401
        account = {"Authorization": "Basic " + base64.b64encode(b"AC" + b"0" * 32 + b":12345").decode()}
        url = world.carrier(f"/twilio/2010-04-01/Accounts/AC{'0' * 32}/Messages.json")
        form = {
            "From": "+12065550120",
            "To": ANN,
            "Body": "hi",
            "StatusCallback": world.front("/carriers/twilio?tag=x"),
        }
        async with world.client.post(url, data=form, headers=account) as response:
            assert response.status == 201
        await world.quiet()
        assert [request.path_qs for request, _ in world.upstream.requests if "twilio" in request.path] == [
            "/carriers/twilio?tag=x"
        ] * 2
        for path in ("/bandwidth/users/5500/other", "/telnyx/calls", "/twilio/2010-04-01/Accounts.json"):
            async with world.client.get(world.carrier(path)) as response:
                assert response.status == 404
                assert await response.json()

    in_world(scenario)


def test_forgetting_ends_what_is_under_way(in_world: InWorld) -> None:
    async def scenario(world: Any) -> None:
        await world.post("/network", {"hold": True})
        await world.write(ANN, "+12065550100")
        await world.bandwidth(BOB)
        async with world.client.delete(world.front("/network")) as response:
            assert response.status == 204
        network = await world.get("/network")
        assert (network["counts"]["sends"], network["counts"]["webhooks"]["held"]) == (0, 0)
        assert network["settings"]["hold"] is False
        assert await world.get("/handsets") == []
        await world.write(ANN, "+12065550100")
        assert (await world.quiet())["delivered"] == 1

    in_world(scenario)
