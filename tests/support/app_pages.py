"""A web server of its own for the page of an app: an empty document, and the clients of `clients/javascript`.

A page that Playwright answers for would not do: with interception it also answers the browser's preflights.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local import loopback
from local.environments import ROOT

_CLIENTS = ROOT / "clients" / "javascript"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.removeprefix("/")
        content, kind = (b"<!doctype html>", "text/html")
        if name in {"rest.js", "live.js"}:
            content, kind = ((_CLIENTS / name).read_bytes(), "text/javascript")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def serving_app() -> Iterator[str]:
    """A running server; its origin."""
    with ThreadingHTTPServer((loopback.HOST, 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{loopback.HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
