"""Check the secrets of webhooks: in constant time, HTTP Basic (RFC 7617), and the age of a signature."""

from __future__ import annotations

import base64
import hmac


def secrets_match(given: str, expected: str) -> bool:
    """Whether a secret is the expected one, in constant time. An empty expected secret matches nothing."""
    # Any text must become bytes here, so unpaired surrogates are escaped instead of raising.
    same = hmac.compare_digest(given.encode("utf-8", "backslashreplace"), expected.encode("utf-8", "backslashreplace"))
    return same and bool(expected)


def basic_header(username: str, password: str) -> str:
    """Build the value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def basic_matches(header: str, username: str, password: str) -> bool:
    """Whether an Authorization header carries these credentials; the scheme's name may be in any case."""
    scheme, _, given = header.partition(" ")
    return scheme.lower() == "basic" and secrets_match(
        given.strip(), basic_header(username, password).removeprefix("Basic ")
    )


def is_recent(moment: object, now: float, tolerance: float) -> bool:
    """Whether a signed time is within a tolerance of now, both ways. All three are in Unix seconds.

    Anything but a number is not, and neither are NaN, infinity and whole numbers that no float holds.
    """
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        return False
    # Compared, not subtracted: that works for integers of any size, and is false for NaN.
    return now - tolerance <= moment <= now + tolerance
