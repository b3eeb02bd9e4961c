"""Which addresses of push services are taken: public ones, over TLS.

A name is resolved when something is sent, by the HTTP client, whose policy then checks every address of it.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from partyline.domain.push_subscriptions import MAX_ENDPOINT
from partyline.http_client import Policy

_PUBLIC = Policy()


def find_endpoint_problem(endpoint: str, policy: Policy) -> str | None:
    """Return what is wrong with an endpoint; None when it can be one.

    http is for addresses in the networks that the deployment allows beside the public ones, as in an emulator.
    """
    if len(endpoint) > MAX_ENDPOINT:
        return f"it is longer than {MAX_ENDPOINT} characters"
    parts = _split(endpoint)
    if parts is None:
        return "it is no URL"
    if "@" in parts.netloc or parts.fragment:
        return "it is the URL of a push service, without credentials and fragment"
    return _find_host_problem(parts.scheme, parts.hostname or "", policy)


def _find_host_problem(scheme: str, host: str, policy: Policy) -> str | None:
    if not _is_address(host):
        return None if scheme == "https" else "it is no https URL"
    if not policy.allows(host):
        return "it has an address that is not public"
    schemes = ("https",) if _PUBLIC.allows(host) else ("https", "http")
    return None if scheme in schemes else "it is no https URL"


def _split(endpoint: str) -> SplitResult | None:
    """Split a URL; None for what is none: it has blanks, or letters that a URL would have to encode."""
    if not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        return None
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
