"""Secrets in HTTP: compared in constant time, and HTTP Basic (RFC 7617)."""

from __future__ import annotations

import base64
import hmac


def matches(given: str, expected: str) -> bool:
    """Whether a secret is the expected one, in constant time. An empty expected secret matches nothing."""
    # Any text must become bytes here, so unpaired surrogates are escaped instead of raising.
    same = hmac.compare_digest(given.encode("utf-8", "backslashreplace"), expected.encode("utf-8", "backslashreplace"))
    return same and bool(expected)


def basic(username: str, password: str) -> str:
    """Value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def basic_matches(header: str, username: str, password: str) -> bool:
    """Whether an Authorization header carries these credentials; the scheme's name may be in any case."""
    scheme, _, given = header.partition(" ")
    return scheme.lower() == "basic" and matches(given.strip(), basic(username, password).removeprefix("Basic "))
