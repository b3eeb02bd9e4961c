"""The transport of production: one HTTP request over urllib3, sent at most once.

Connecting and asking are two steps here, because what went wrong in the first certainly did not reach the carrier, and
what went wrong in the second may have. A pool would blur that: it raises one class of errors for both steps of TLS.
"""

from __future__ import annotations

import ssl
from http.client import HTTPException, InvalidURL
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from partyline.carriers.base import HttpRequest, HttpResponse, Transport
from partyline.errors import Ambiguous, Unavailable

# Carriers answer a send with a few kilobytes. What is cut off here cannot be parsed, and is Ambiguous by that.
MAX_ANSWER_BYTES = 1_048_576


def build_transport(timeout: float, *, connect_timeout: float = 3.0) -> Transport:
    """Make the transport that sends each request on a connection of its own: no retries, no redirects, no proxies.

    `timeout` is how long to wait for each part of the answer, and both are in seconds. Connections are not kept: a
    function that was frozen between two texts would find its old one dead only after writing to it, and could not tell
    whether the carrier has the text.

    What it makes raises Unavailable when no connection was made (name, refusal, time-out, TLS) or no request could be
    written, and Ambiguous when the request left and no whole answer came.
    """
    tls = ssl.create_default_context()

    def send_once(request: HttpRequest) -> HttpResponse:
        try:
            connection = _connect(request.url, connect_timeout, tls)
        except (OSError, ValueError, HTTPError) as error:
            raise Unavailable(f"no connection: {type(error).__name__}") from error
        try:
            return _ask(connection, request, timeout)
        finally:
            connection.close()

    return send_once


def no_transport(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - it is a Transport
    """Stand in where a carrier only receives. Raises Unavailable: nothing was sent."""
    raise Unavailable("this function sends nothing")


def _connect(url: str, timeout: float, tls: ssl.SSLContext) -> HTTPConnection:
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise ValueError("not an HTTP URL")
    connection = (
        HTTPSConnection(parts.hostname, parts.port, timeout=timeout, ssl_context=tls)
        if parts.scheme == "https"
        else HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    )
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection


def _ask(connection: HTTPConnection, request: HttpRequest, timeout: float) -> HttpResponse:
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.timeout = timeout
    try:
        connection.request(
            request.method,
            target,
            body=request.body,
            headers={"User-Agent": "partyline", "Connection": "close", **request.headers},
            preload_content=False,
            decode_content=False,
        )
    except (ValueError, InvalidURL):
        # A header or path that is none, before anything was written. The error repeats it, credentials and all.
        raise Unavailable("the request cannot be written") from None
    except (OSError, HTTPException, HTTPError) as error:
        raise Ambiguous(f"the request was cut off: {type(error).__name__}") from error
    try:
        answer = connection.getresponse()
        body = b""
        # Only the read after the last part tells an answer that ended from one that was cut off.
        while len(body) < MAX_ANSWER_BYTES and (part := answer.read(MAX_ANSWER_BYTES - len(body))):
            body += part
    except (OSError, HTTPException, HTTPError) as error:
        raise Ambiguous(f"no answer: {type(error).__name__}") from error
    return HttpResponse(answer.status, body, {name.lower(): value for name, value in answer.headers.items()})
