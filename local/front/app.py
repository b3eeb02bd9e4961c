"""The front's routes: what is passed through, what the page is made of, and who may ask for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from local.carrier.port import basic
from local.config import ApiCredentials
from local.environments import ROOT
from local.front.live import LiveProxy, Tokens
from local.front.proxy import Proxy

MAX_BODY = 12 * 1024 * 1024
_PAGE = Path(__file__).parent / "page"
# The page is the first user of the client that everybody gets.
_LIVE_CLIENT = ROOT / "clients" / "javascript" / "live.js"
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")
_POLICY = (
    "default-src 'self'; img-src 'self' data: https: http:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def app(
    proxy: Proxy, live: LiveProxy, tokens: Tokens, api: ApiCredentials, control: Iterable[web.RouteDef]
) -> web.Application:
    """The front. /agent/v1/... is /v1/... with the account's credentials added, and /agent/token an access token, for
    the page alone."""

    async def page(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(
            _PAGE / "index.html", headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
        )

    async def live_client(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_LIVE_CLIENT)

    async def agent(request: web.Request) -> web.StreamResponse:
        target = URL(request.raw_path, encoded=True).raw_path_qs.removeprefix("/agent")
        return await proxy.ask(request, target, {"Authorization": basic(api.account_sid, api.auth_token)})

    front = web.Application(client_max_size=MAX_BODY, middlewares=[_no_strangers, _no_stale_files])
    front.router.add_routes(
        [
            web.get("/", page),
            web.get("/page/live.js", live_client),
            web.static("/page", _PAGE),
            web.route("*", "/agent/v1/{path:.*}", agent),
            web.post("/agent/token", tokens.give),
            web.get("/live", live.forward),
            *control,
            *(web.route("*", f"/{part}{{path:(/.*)?}}", proxy.forward) for part in ("v1", "v2", "carriers", "media")),
        ]
    )
    return front


@web.middleware
async def _no_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep other web pages that are open in the same browser away from the phones and the account.

    What is passed through has its own authentication.
    """
    if not request.path.startswith(("/v1", "/v2", "/carriers", "/live", "/media")):
        origin = request.headers.get("Origin")
        if origin not in (None, f"http://{request.host}", f"https://{request.host}"):
            raise web.HTTPForbidden(text="Only this page may ask.")
        if request.path.startswith("/agent/") and not _LOOPBACK.fullmatch(request.host):
            raise web.HTTPForbidden(text="Open the page as http://127.0.0.1 or http://localhost.")
    return await handler(request)


@web.middleware
async def _no_stale_files(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if request.path.startswith("/page/"):
        response.headers["Cache-Control"] = "no-cache"
    return response
