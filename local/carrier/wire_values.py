"""Build and check values of HTTP requests that several carriers share: credentials, JSON and lists."""

from __future__ import annotations

import base64
import hmac
import json
from collections import Counter
from collections.abc import Iterable


def basic_header(user: str, password: str) -> str:
    """Return an Authorization header for HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def secrets_match(given: str, expected: str) -> bool:
    """Whether two secrets are equal."""
    return hmac.compare_digest(given.encode(), expected.encode())


def to_compact_json(value: object) -> bytes:
    """Encode a value as JSON without whitespace, as carriers send it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def parse_text_list(value: object) -> list[str] | None:
    """Return a list of strings, or one string as a list of one; None for anything else."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    return None


def find_repeated(values: Iterable[str]) -> list[str]:
    """Return the values that occur more than once, in order."""
    return [value for value, times in Counter(values).items() if times > 1]
