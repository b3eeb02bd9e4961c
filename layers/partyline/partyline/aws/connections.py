"""Where a service is, and the connections to it."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection

from partyline.frozen_classes import frozen

# Kept connections: a function that was frozen notices sooner that the other side is gone.
_SOCKET_OPTIONS = [*HTTPConnection.default_socket_options, (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
# What only the SDK knows: other kinds of endpoints, and the way through a proxy.
_SDK_ONLY = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "HTTPS_PROXY", "https_proxy")


@frozen
class Timeouts:
    """Seconds to connect, and seconds between two bytes of an answer."""

    connect: float
    read: float


def find_endpoint(service: str, region: str, environment: Mapping[str, str], variable: str = "") -> str | None:
    """Return the URL of a service, without a path: that of the environment, or the public one of the region.

    `variable` is the name of the service in the environment, where that is another one. Returns None where only the
    SDK knows the URL.
    """
    own = f"AWS_ENDPOINT_URL_{variable or service.upper()}"
    given = environment.get(own) or environment.get("AWS_ENDPOINT_URL")
    if given:
        return given.rstrip("/")
    if "-iso" in region or any(environment.get(name, "").lower() not in {"", "false"} for name in _SDK_ONLY):
        return None
    return f"https://{service}.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def open_pool(endpoint: str, timeouts: Timeouts, *, size: int) -> urllib3.HTTPConnectionPool:
    """Return connections to an endpoint, of which `size` are kept. Nothing is connected yet."""
    address = urlsplit(endpoint)
    host = address.hostname or ""
    timeout = urllib3.Timeout(connect=timeouts.connect, read=timeouts.read)
    if address.scheme == "http":
        return urllib3.HTTPConnectionPool(
            host, address.port, timeout=timeout, maxsize=size, socket_options=_SOCKET_OPTIONS
        )
    return urllib3.HTTPSConnectionPool(
        host, address.port, timeout=timeout, maxsize=size, socket_options=_SOCKET_OPTIONS, ssl_context=_build_tls()
    )


@cache
def _build_tls() -> ssl.SSLContext:
    """Build the one context of all connections to AWS: reading the certificates takes a good part of a cold start."""
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
