"""Send requests to carriers, each at most once.

A send that failed has to say whether the carrier may have the text. Nothing was sent while there was no connection;
once the request has begun to leave, the carrier may have it.
"""

from __future__ import annotations

import ssl

from partyline.carriers.base import Transport
from partyline.errors import Ambiguous, RequestError, Unavailable
from partyline.http_client import HttpClient, HttpRequest, HttpResponse, Policy

# Carriers answer a send with a few kilobytes. An answer that is cut off here cannot be parsed, so it is Ambiguous.
MAX_ANSWER_BYTES = 1_048_576


def build_transport(timeout: float, *, connect_timeout: float = 6.0, max_answer: int = MAX_ANSWER_BYTES) -> Transport:
    """Build the transport of production.

    Both times are in seconds: `connect_timeout` for resolving, connecting and TLS together (the resolver waits five for
    a lost packet), then `timeout` for the request and its answer. An answer is cut off after `max_answer` bytes.

    The transport raises Unavailable when nothing was sent (no connection, or no request that could be written), and
    Ambiguous when the request left and no whole answer came.
    """
    policy = Policy(public_only=False, connect_timeout=connect_timeout)
    # The certificates are read now, while the function starts, and not at the first text.
    client = HttpClient(policy, tls=ssl.create_default_context())

    def send_once(request: HttpRequest) -> HttpResponse:
        try:
            response = client.send(request, timeout=timeout, max_body=max_answer)
        except RequestError as error:
            raise (Ambiguous if error.sent else Unavailable)(str(error)) from error.__cause__
        if not response.complete and len(response.body) < max_answer:
            raise Ambiguous("the answer broke off")
        return response

    return send_once


def no_transport(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - it is a Transport
    """Stand in where a carrier only receives. Raises Unavailable: nothing was sent."""
    raise Unavailable("this function sends nothing")
