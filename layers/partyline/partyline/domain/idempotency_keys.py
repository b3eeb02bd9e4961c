"""Requests with an Idempotency-Key: what the key is, which requests are equal, and what a repeat finds. Pure.

The header is that of draft-ietf-httpapi-idempotency-key-header-07. It defines the key as a String of structured fields
(RFC 8941), which is quoted; most clients write the key without quotes. Both forms name the same key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from partyline.errors import RuleViolation
from partyline.frozen_classes import frozen

HEADER = "Idempotency-Key"
# How long a key names its first request.
LIFE = timedelta(hours=24)
MAX_LENGTH = 128

_KEY = re.compile(rf"[!-~]{{1,{MAX_LENGTH}}}")
_QUOTED = re.compile(r'"(?:[^"\\]|\\["\\])*"')

# A request of the account itself, with its auth token or any of its API keys. Identities are not empty.
ACCOUNT = ""


@frozen
class RequestIdentity:
    """What one key names: `digest` of the caller, the path and the key; `fingerprint` of what was asked for.

    `conversation_sid` is the conversation beneath which the request creates something. What is recorded of the request
    is deleted with it.
    """

    digest: str
    fingerprint: str
    conversation_sid: str | None = None


@frozen
class RecordedRequest:
    """What is stored of a request.

    - `ttl`: when its key may name another request, in Unix seconds.
    - `claim` and `claimed_until` (Unix milliseconds): the attempt that is under way, of a request without an answer.
    - `status` and `body`: its answer, the body as text.
    - `resource_sid`: what it created. `body` is None once that was deleted.
    """

    fingerprint: str
    ttl: int
    claim: str | None = None
    claimed_until: int | None = None
    status: int | None = None
    body: str | None = None
    resource_sid: str | None = None


class Repeat(StrEnum):
    """What a request finds of an earlier one with its key."""

    # Nothing, or what no longer counts: it is the first.
    FIRST = "first"
    # The earlier one asked for something else.
    DIFFERENT = "different"
    UNDER_WAY = "under way"
    ANSWERED = "answered"
    # What the earlier one created was deleted, and its answer with it.
    DELETED = "deleted"


def parse_key(header: str) -> str:
    """Parse the value of the header: 1 to MAX_LENGTH visible ASCII characters, bare or as a quoted string.

    Raises RuleViolation invalid_parameter.
    """
    key = header.strip(" \t")
    if _QUOTED.fullmatch(key):
        key = re.sub(r'\\(["\\])', r"\1", key[1:-1])
    elif key.startswith('"'):
        raise RuleViolation("invalid_parameter", name=HEADER, problem="its quotes are not closed")
    if not _KEY.fullmatch(key):
        raise RuleViolation("invalid_parameter", name=HEADER, problem=f"use 1 to {MAX_LENGTH} visible characters")
    return key


def build_digest(caller: str, service_sid: str, path: Sequence[str], key: str) -> str:
    """Build the digest of a key in its scope: the caller (an identity, or ACCOUNT), the Service and the path."""
    return _digest([caller, service_sid, list(path), key])


def build_fingerprint(
    query: Mapping[str, Sequence[str]], form: Mapping[str, Sequence[str]], file: Sequence[str | bytes] = ()
) -> str:
    """Build the fingerprint of a request: equal for equal parameters, in whatever order and encoding they came.

    The values of a repeated parameter have an order. `file` is a file with what is said of it.
    """
    parts = [part if isinstance(part, str) else hashlib.sha256(part).hexdigest() for part in file]
    return _digest([_plain(query), _plain(form), parts])


def _plain(parameters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {name: list(values) for name, values in parameters.items()}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def build_expiry(now: datetime) -> int:
    """Build the `ttl` of what is recorded now."""
    return int((now + LIFE).timestamp())


def compare(recorded: RecordedRequest | None, fingerprint: str, now: datetime) -> Repeat:
    """Compare a request with what is recorded under its key."""
    if recorded is None or recorded.ttl <= int(now.timestamp()) or has_lapsed(recorded, now):
        return Repeat.FIRST
    if recorded.fingerprint != fingerprint:
        return Repeat.DIFFERENT
    if recorded.claimed_until is not None:
        return Repeat.UNDER_WAY
    return Repeat.DELETED if recorded.body is None else Repeat.ANSWERED


def has_lapsed(recorded: RecordedRequest, now: datetime) -> bool:
    """Whether the attempt under way has ended without an answer: its function has ended."""
    return recorded.claimed_until is not None and recorded.claimed_until <= to_milliseconds(now)


def to_milliseconds(moment: datetime) -> int:
    """Return a time in Unix milliseconds."""
    return int(moment.timestamp() * 1000)
