"""Define the front's routes: the forwarded ones, the files of the page, and the origins that may request them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from local import admission, middleware
from local.front.live import LiveProxy
from local.front.proxy import Proxy

MAX_BODY = 12 * 1024 * 1024
_PAGE = Path(__file__).parent / "page"
# What is passed through has its own authentication. Pages of listed origins may ask for what an app in a browser uses.
_FOR_APPS = ("v1", "v2", "live", "media")
_PASSED = (*_FOR_APPS, "carriers", "session", "inbox")
# The pages of the emulator's Cognito. On AWS they have a domain of their own.
_PROVIDER = ("oauth2/authorize", "login")
_POLICY = (
    "default-src 'self'; img-src 'self' data: https: http:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def app(
    proxy: Proxy,
    live: LiveProxy,
    control: Iterable[web.RouteDef],
    cors_origins: Collection[str] = (),
) -> web.Application:
    """The front. Pages of `cors_origins` may use the API, which answers them by a list of its own, and listen."""

    async def page(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(
            _PAGE / "index.html", headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
        )

    front = web.Application(client_max_size=MAX_BODY, middlewares=[_admit(cors_origins), _no_stale_files])
    front.router.add_routes(
        [
            web.get("/", page),
            web.static("/page", _PAGE),
            web.get("/live", live.forward),
            *control,
            *(web.route("*", f"/{part}{{path:(/.*)?}}", proxy.forward) for part in _PASSED if part != "live"),
            *(web.route("*", f"/{path}", proxy.forward_to_emulator) for path in _PROVIDER),
        ]
    )
    return front


def _admit(cors_origins: Collection[str]) -> Middleware:
    """Keep other web pages that are open in the same browser away from the phones and the account."""

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        # Not every target is a path: OPTIONS asks of the whole server with *.
        part = request.path.partition("/")[2].partition("/")[0]
        port, headers = middleware.arrival(request)
        listed = cors_origins if part in _FOR_APPS else ()
        refused = admission.refusal(port, headers, {*admission.origins(port), *listed})
        # The page itself may be opened from anywhere; it cannot be put into a frame.
        if refused is None and part not in {"", *_PASSED} and admission.is_of_another_page(headers):
            refused = "Only this page may ask."
        if refused:
            raise web.HTTPForbidden(text=refused)
        return await handler(request)

    return admit


@web.middleware
async def _no_stale_files(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if request.path.startswith("/page/"):
        response.headers["Cache-Control"] = "no-cache"
    return response
