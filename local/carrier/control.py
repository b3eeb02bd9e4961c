"""Serve the simulation's own HTTP API: handsets, lines, settings, history, events.

GET    /lines                        our own numbers and their carriers
POST   /lines                        {"number", "carrier"}: one more
GET    /handsets                     every handset seen so far
GET    /handsets/{number}/messages   the texts that it sent and received, oldest first
POST   /handsets/{number}/messages   {"to": [...], "text", "media": [...], "subject"}: it sends a text
POST   /handsets/{number}/media      the bytes of a file, with its Content-Type: {"url"} to be named in `media`; with
                                     ?as=gone, flaky, endless or unnamed the carrier's host of it has that fault
GET    /files/{id}/{name}            such a file, for the page
GET    /handsets/{number}/threads    the same texts by the set of the others, the latest thread first; a sent text
                                     also has the state of its webhook at each own number
GET    /network                      settings and counts
POST   /network                      change settings (settings.Settings), all of them or none
DELETE /network                      forget texts, sends and webhooks, back to the first settings; lines stay
GET    /network/sends                every send request that a carrier accepted
GET    /network/webhooks             every webhook: payload, state, attempts, answers
GET    /events                       texts and webhooks as they occur, as server-sent events
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from local.carrier.hosted_files import Behaviour, HostedFile
from local.carrier.network import BadText, Text, is_number
from local.carrier.settings import BadSetting
from local.carrier.simulation import Simulation

_PING_SECONDS = 15.0


def routes(simulation: Simulation) -> list[web.RouteDef]:
    """Every route of the control."""
    control = _Control(simulation)
    return [
        web.get("/lines", control.lines),
        web.post("/lines", control.add_line),
        web.get("/handsets", control.handsets),
        web.get("/handsets/{number}/messages", control.messages),
        web.post("/handsets/{number}/messages", control.write),
        web.post("/handsets/{number}/media", control.attach),
        web.get("/files/{id}/{name}", control.file),
        web.get("/handsets/{number}/threads", control.threads),
        web.get("/network", control.network),
        web.post("/network", control.change),
        web.delete("/network", control.forget),
        web.get("/network/sends", control.sends),
        web.get("/network/webhooks", control.webhooks),
        web.get("/events", control.events),
    ]


class _Control:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def lines(self, _request: web.Request) -> web.Response:
        return web.json_response([_line(*line) for line in self._simulation.lines.items()])

    async def add_line(self, request: web.Request) -> web.Response:
        body = await _json_object(request)
        number, carrier = body.get("number"), body.get("carrier")
        try:
            self._simulation.add_line(str(number), str(carrier))
        except BadText as error:
            raise _bad_request(str(error)) from error
        return web.json_response(_line(str(number), str(carrier)), status=201)

    async def handsets(self, _request: web.Request) -> web.Response:
        return web.json_response(self._simulation.handsets())

    async def messages(self, request: web.Request) -> web.Response:
        handset = self._handset(request)
        return web.json_response([_message(text, handset) for text in self._simulation.texts(handset)])

    async def write(self, request: web.Request) -> web.Response:
        handset = self._handset(request)
        to, text, media, subject = _read_text(await _json_object(request))
        try:
            sent = self._simulation.text(handset, to, text, media, subject)
        except BadText as error:
            raise _bad_request(str(error)) from error
        return web.json_response(_message(sent, handset), status=201)

    async def attach(self, request: web.Request) -> web.Response:
        self._handset(request)
        try:
            behaviour = Behaviour(request.query.get("as", Behaviour.GOOD))
        except ValueError:
            raise _bad_request(f"as is one of {', '.join(Behaviour)}") from None
        file = HostedFile(await request.read(), request.content_type, behaviour)
        return web.json_response({"url": self._simulation.hosted_files.add(file)}, status=201)

    async def file(self, request: web.Request) -> web.Response:
        file = self._simulation.hosted_files.get(request.match_info["id"])
        if file is None or not file.content_type.startswith("image/"):
            raise web.HTTPNotFound
        return web.Response(
            body=file.content,
            content_type=file.content_type,
            headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"},
        )

    async def threads(self, request: web.Request) -> web.Response:
        handset = self._handset(request)
        arrivals = self._simulation.arrivals()
        threads = self._simulation.threads(handset)
        return web.json_response(
            [
                {
                    "with": sorted(others),
                    "messages": [
                        {"id": text.id, **_message(text, handset), "arrivals": arrivals.get(text.id, {})}
                        for text in texts
                    ],
                }
                for others, texts in threads.items()
            ]
        )

    async def network(self, _request: web.Request) -> web.Response:
        return web.json_response({"settings": self._simulation.settings.as_json(), "counts": self._simulation.counts()})

    async def change(self, request: web.Request) -> web.Response:
        try:
            self._simulation.change(await _json_object(request))
        except BadSetting as error:
            raise _bad_request(str(error)) from error
        return await self.network(request)

    async def forget(self, _request: web.Request) -> web.Response:
        await self._simulation.forget()
        return web.Response(status=204)

    async def sends(self, _request: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "carrier": send.carrier,
                    "id": send.id,
                    "from": send.sender,
                    "to": list(send.recipients),
                    "text": send.text,
                    "media": list(send.media),
                    "tag": send.tag,
                    "callback_url": send.callback_url,
                    "at": send.at.isoformat(),
                }
                for send in self._simulation.sends
            ]
        )

    async def webhooks(self, _request: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "carrier": queued.webhook.carrier,
                    "kind": queued.webhook.kind,
                    "id": queued.webhook.id,
                    "line": queued.webhook.line,
                    "url": queued.webhook.url,
                    "recipient": queued.webhook.recipient,
                    "status": queued.webhook.status,
                    "code": queued.webhook.code,
                    "payload": queued.webhook.payload,
                    "state": queued.state.value,
                    "attempts": queued.attempts,
                    "answers": queued.answers,
                }
                for queued in self._simulation.webhooks
            ]
        )

    async def events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        try:
            async for event in self._simulation.events.listen(_PING_SECONDS):
                line = ": still here" if event is None else f"data: {json.dumps(event)}"
                await response.write(f"{line}\n\n".encode())
        except ConnectionError:
            pass
        return response

    def _handset(self, request: web.Request) -> str:
        number = request.match_info["number"]
        if number in self._simulation.lines:
            raise _bad_request(f"{number} is a line ({self._simulation.lines[number]}), not a handset")
        if not is_number(number):
            raise _bad_request(f"{number!r} is not a phone number: write it as +12065550150, or a short code as 12345")
        return number


def _read_text(body: dict[str, Any]) -> tuple[list[str], str, list[str], str]:
    """Read the recipients, the words, the media and the subject of a text that a handset sends."""
    to, text, subject = _read_recipients(body.get("to")), body.get("text"), body.get("subject") or ""
    if not (text is None or isinstance(text, str)):
        raise _bad_request("text is a string")
    if not isinstance(subject, str):
        raise _bad_request("subject is a string")
    media = _read_media(body.get("media"))
    if not (text or media or subject):
        raise _bad_request("a text needs text or media")
    return to, text or "", media, subject


def _read_recipients(to: object) -> list[str]:
    if not isinstance(to, list) or not to:
        raise _bad_request("to is a list of phone numbers")
    for number in to:
        if not is_number(number):
            raise _bad_request(
                f"to: {number!r} is not a phone number: write it as +12065550150, or a short code as 12345"
            )
    return to


def _read_media(media: object) -> list[str]:
    if media is None:
        return []
    if not isinstance(media, list) or not all(map(_is_http_address, media)):
        raise _bad_request("media is a list of http addresses")
    return media


def _is_http_address(url: object) -> bool:
    return isinstance(url, str) and url.startswith(("http://", "https://"))


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise _bad_request("the body is not JSON") from error
    if not isinstance(body, dict):
        raise _bad_request("the body is not a JSON object")
    return body


def _bad_request(message: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"message": message}), content_type="application/json")


def _line(number: str, carrier: str) -> dict[str, str]:
    return {"number": number, "carrier": carrier}


def _message(text: Text, handset: str) -> dict[str, Any]:
    return {
        "from": text.sender,
        "to": list(text.recipients),
        "text": text.body,
        **({"subject": text.subject} if text.subject else {}),
        "media": list(text.media),
        "at": text.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "direction": "outbound" if text.sender == handset else "inbound",
    }
