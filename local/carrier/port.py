"""What every simulated carrier looks like from inside: requests to its API, and the webhooks it fires."""

from __future__ import annotations

import base64
import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from local.carrier.network import Text
from local.carrier.settings import Settings
from local.carrier.special import Fate

Clock = Callable[[], datetime]
# 32 fresh hexadecimal digits.
NewId = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a carrier's API. `args` are the variable parts of its path; `headers` have lower-case names."""

    operation: str
    args: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A carrier's answer, as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request that a carrier does not take; `answer` says why, in its own shape."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.status))
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Send:
    """A send request that a carrier took. `callback_url` is where it asked for reports, None for the carrier's own;
    `named` are the members of the thread that it does not reach."""

    carrier: str
    id: str
    sender: str
    recipients: tuple[str, ...]
    text: str
    at: datetime
    media: tuple[str, ...] = ()
    tag: str | None = None
    callback_url: str | None = None
    named: tuple[str, ...] = ()

    @property
    def is_group(self) -> bool:
        """Return whether one request went to several recipients."""
        return len(self.recipients) > 1


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook's content. `payload` is JSON data or form fields, equal in every repeat.

    `line` is the own number concerned and `text_id` the network's id of the text. A report also has its recipient, the
    carrier's word for the status and the carrier's error code.
    """

    carrier: str
    kind: Literal["text", "report"]
    url: str
    id: str
    line: str
    payload: Any
    text_id: str = ""
    recipient: str | None = None
    status: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt at a webhook, ready for the wire."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Carrier(Protocol):
    """One carrier's side of the wire."""

    @property
    def name(self) -> str:
        """The carrier's name, as lines and paths have it."""

    @property
    def challenge(self) -> str | None:
        """The Authorization header that follows a 401 with WWW-Authenticate, if it has one."""

    @property
    def gives_up_unchallenged(self) -> bool:
        """Whether a 401 without WWW-Authenticate loses a webhook for good."""

    def read(self, call: Call, lines: Mapping[str, str]) -> Send:
        """Understand a send request. Raises Refused."""

    def refuse_opted_out(self, send: Send, fates: Mapping[str, Fate], settings: Settings, /) -> Answer | None:
        """Return the answer to a send to an opted-out number; None when the opt-out is reported later."""

    def accepted(self, send: Send) -> Answer:
        """The answer to a send that was taken."""

    def throttled(self) -> Answer:
        """The answer to a send that came too fast."""

    def not_found(self, path: str, /) -> Answer:
        """The answer to a path that is not there."""

    def arrival(self, text: Text, line: str, settings: Settings, /) -> Webhook:
        """One own number's copy of a text."""

    def reports(
        self, send: Send, fates: Mapping[str, Fate], lines: Mapping[str, str], settings: Settings, /
    ) -> Sequence[Webhook]:
        """Return the reports of a send, in order."""

    def seal(self, webhook: Webhook, attempt: int, now: datetime, /) -> Delivery:
        """One attempt at a webhook, signed."""


def basic(user: str, password: str) -> str:
    """An Authorization header for HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal."""
    return hmac.compare_digest(given.encode(), expected.encode())


def compact(value: object) -> bytes:
    """JSON without needless space, as carriers send it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def text_list(value: object) -> list[str] | None:
    """A list of strings, or one string as a list of one; None for anything else."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    return None


def repeated(values: Iterable[str]) -> list[str]:
    """The values that occur more than once, in order."""
    return [value for value, times in Counter(values).items() if times > 1]
