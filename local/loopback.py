"""The loopback interface: ports, and plain HTTP requests that no proxy gets to see."""

from __future__ import annotations

import base64
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping

HOST = "127.0.0.1"

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a program could listen on the port."""
    with socket.socket() as listener:
        # As servers do: a port of which only old connections linger is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True


def request(
    url: str, form: Mapping[str, str] | None = None, user: tuple[str, str] | None = None, seconds: float = 60
) -> tuple[int, str]:
    """Get a page, or post a form. Returns status and body; status 0 without an answer."""
    asked = urllib.request.Request(url, data=urllib.parse.urlencode(form).encode() if form is not None else None)
    if user is not None:
        asked.add_header("Authorization", "Basic " + base64.b64encode(":".join(user).encode()).decode())
    try:
        with opener.open(asked, timeout=seconds) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode(errors="replace")
    except OSError:
        return 0, ""
