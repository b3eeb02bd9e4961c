"""CORS: the headers by which a browser lets a page of an allowed origin read an answer."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

_METHODS = "GET, POST, PUT, PATCH, DELETE"
# Seconds for which a browser need not ask again.
_MAX_AGE = "600"


async def answer(request: web.Request, handler: Handler, origin: str) -> web.StreamResponse:
    """Answer a request of a permitted origin, or the question of its browser whether it may be made.

    There are no cookies, so a page brings its credentials itself.
    """
    permitted = {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "*", "Vary": "Origin"}
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        asked = request.headers.get("Access-Control-Request-Headers", "")
        answered = {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": asked,
            "Access-Control-Max-Age": _MAX_AGE,
        }
        return web.Response(status=HTTPStatus.NO_CONTENT, headers={**permitted, **answered})
    try:
        response = await handler(request)
    except web.HTTPException as refused:
        refused.headers.update(permitted)
        raise
    # The handshake of a WebSocket has been sent, and needs none of it.
    if not response.prepared:
        response.headers.update(permitted)
    return response
