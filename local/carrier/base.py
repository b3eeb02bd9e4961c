"""Define the interface of a simulated carrier: requests to its API, and the webhooks that it sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from local.carrier.network import Text
from local.carrier.settings import Settings
from local.carrier.special_numbers import Outcome

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
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A carrier's answer, as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A carrier rejects a request; `answer` is its error response."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.status))
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Send:
    """A send request that a carrier accepted.

    `callback_url` is where it asked for reports, None for the carrier's own. `unreached` are the members of the thread
    that the request does not reach.
    """

    carrier: str
    id: str
    sender: str
    recipients: tuple[str, ...]
    text: str
    at: datetime
    media: tuple[str, ...] = ()
    tag: str | None = None
    callback_url: str | None = None
    unreached: tuple[str, ...] = ()

    @property
    def is_group(self) -> bool:
        """Return whether one request went to several recipients."""
        return len(self.recipients) > 1


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook's content. `payload` is JSON data or form fields, equal in every repeat.

    `line` is the own number concerned. Of a text, `text_id` is the network's id, and `at` when it came. A report also
    has its recipient, the carrier's word for the status and the carrier's error code.
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
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """One attempt at a webhook, signed and ready to be sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Carrier(Protocol):
    """The API and the webhooks of one carrier."""

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
        """Parse a send request. Raises Refused."""

    def refuse_opted_out(self, send: Send, outcomes: Mapping[str, Outcome], settings: Settings, /) -> Answer | None:
        """Return the answer to a send to an opted-out number; None when the opt-out is reported later."""

    def accepted(self, send: Send) -> Answer:
        """Return the answer to a send that was accepted."""

    def throttled(self) -> Answer:
        """Return the answer to a send that came too fast."""

    def not_found(self, path: str, /) -> Answer:
        """Return the answer to an unknown path."""

    def arrival(self, text: Text, line: str, settings: Settings, /) -> Webhook:
        """Build the webhook of the copy of a text at one own number."""

    def reports(
        self, send: Send, outcomes: Mapping[str, Outcome], lines: Mapping[str, str], settings: Settings, /
    ) -> Sequence[Webhook]:
        """Return the reports of a send, in order."""

    def sign(self, webhook: Webhook, attempt: int, now: datetime, /) -> SignedRequest:
        """Sign one attempt at a webhook."""
