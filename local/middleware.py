"""Admission (local/admission.py) for the servers that are made with aiohttp."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from local import admission

_READ = ("host", "origin", "sec-fetch-site")


def arrival(request: web.Request) -> tuple[int, admission.Headers]:
    """The port that a request came in at, and its headers as far as admission looks at them."""
    if request.transport is None:
        raise web.HTTPForbidden(text="The connection is gone.")
    port: int = request.transport.get_extra_info("sockname")[1]
    return port, {name: request.headers.getall(name, []) for name in _READ}


@web.middleware
async def programs_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer no page that is open in a browser."""
    refused = admission.refusal_of_pages(*arrival(request))
    if refused:
        raise web.HTTPForbidden(text=refused)
    return await handler(request)
