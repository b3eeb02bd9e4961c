"""The carriers' APIs over HTTP, under /bandwidth, /telnyx, /twilio and /vonage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from local.carrier import telnyx, telnyx_records, twilio, twilio_messages
from local.carrier.base import Answer, Call
from local.carrier.hosted_files import Behaviour
from local.carrier.simulation import Simulation

_PART = 65_536
_TWILIO = "/twilio/2010-04-01/Accounts/{account}"


def routes(simulation: Simulation) -> list[web.RouteDef]:
    """Every route of the carriers."""

    async def not_found(request: web.Request) -> web.Response:
        return _response(simulation.not_found(request.match_info["carrier"], request.path))

    async def hosted(request: web.Request) -> web.StreamResponse:
        carrier, sid, name = (request.match_info[part] for part in ("carrier", "id", "name"))
        if not simulation.hosted_files.is_permitted(carrier, request.headers.get("Authorization", "")):
            return web.Response(status=401)
        if carrier == "twilio":
            return web.Response(status=307, headers={"Location": simulation.hosted_files.cdn_url(sid, name)})
        return await _file_response(simulation, request)

    async def cdn(request: web.Request) -> web.StreamResponse:
        # As S3 does with a request that is signed in two ways.
        if "Authorization" in request.headers:
            return web.Response(status=400)
        return await _file_response(simulation, request)

    async def twilio_group(request: web.Request) -> web.Response:
        call = await _call(request, "groups")
        return _response(simulation.twilio_group(request.method, request.match_info["path"], call))

    return [
        web.get("/{carrier:bandwidth|telnyx|twilio|vonage}/media/{id}/{name}", hosted),
        web.get("/cdn/{id}/{name}", cdn),
        web.post("/bandwidth/users/{account}/messages", _send(simulation, "bandwidth", "messages")),
        web.post("/telnyx/messages", _send(simulation, "telnyx", telnyx.MESSAGES)),
        web.post("/telnyx/messages/group_mms", _send(simulation, "telnyx", telnyx.GROUP_MMS)),
        web.get("/telnyx/messages/group/{id}", _answer(simulation.group, telnyx.GROUP)),
        *_build_received_routes(simulation),
        web.post(f"{_TWILIO}/Messages.json", _send(simulation, "twilio", "messages")),
        web.post("/twilio/v1/Conversations/{name}/Messages", _send(simulation, "twilio", twilio.GROUP_MESSAGE)),
        web.route("*", "/twilio/v1/{path:.*}", twilio_group),
        web.post("/vonage/v1/messages", _send(simulation, "vonage", "messages")),
        web.route("*", "/{carrier:bandwidth|telnyx|twilio|vonage}/{path:.*}", not_found),
    ]


def _answer(find: Callable[[Call], Answer], operation: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return _response(find(await _call(request, operation)))

    return handle


def _send(simulation: Simulation, carrier: str, operation: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        outcome = simulation.send(carrier, await _call(request, operation))
        settings = simulation.settings
        if outcome.answer_lost:
            await asyncio.sleep(settings.unanswered_ms / 1000)
            return await _hang_up(request)
        await asyncio.sleep(settings.answer_delay_ms / 1000)
        return _response(outcome.answer)

    return handle


def _build_received_routes(simulation: Simulation) -> list[web.RouteDef]:
    """Build the routes of the texts that came in, as carriers list them."""
    messages, records = simulation.twilio_messages, simulation.telnyx_records
    return [
        web.get("/telnyx/messages/{id}", _answer(records, telnyx_records.MESSAGE)),
        web.get("/telnyx/detail_records", _answer(records, telnyx_records.RECORDS)),
        web.get(f"{_TWILIO}/Messages.json", _answer(messages, twilio_messages.MESSAGES)),
        web.get(f"{_TWILIO}/Messages/{{sid}}.json", _answer(messages, twilio_messages.MESSAGE)),
        web.get(f"{_TWILIO}/Messages/{{sid}}/Media.json", _answer(messages, twilio_messages.MEDIA)),
    ]


async def _file_response(simulation: Simulation, request: web.Request) -> web.StreamResponse:
    status, file = simulation.hosted_files.fetch(request.match_info["id"])
    if file is None:
        return web.Response(status=status)
    if file.behaviour is not Behaviour.ENDLESS:
        return web.Response(body=file.content, content_type=file.content_type)
    response = web.StreamResponse(headers={"Content-Type": file.content_type})
    await response.prepare(request)
    try:
        while True:
            await response.write(file.content or bytes(_PART))
    except ConnectionError:
        return response


async def _call(request: web.Request, operation: str) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(operation, dict(request.match_info), headers, await request.read(), dict(request.query))


def _response(answer: Answer) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status)
    return web.json_response(answer.body, status=answer.status, headers=answer.headers)


async def _hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer, as a network does that loses it."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
