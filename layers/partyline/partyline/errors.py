"""Every error that leaves a module, in one tree.

    PartylineError
    ├── ApiError          told to an API caller: code, HTTP status, text, details (participants, routing, store, api)
    ├── RuleViolation     a rule of the domain is broken: its name and details; the API answers it as an ApiError
    ├── WebhookRefused    told to a carrier: HTTP status, headers (carriers, receiving)
    ├── RequestError      an HTTP request without an answer; a later try can help (http_client)
    │   ├── RequestRefused    nothing was sent: no HTTP URL, or its name has an address that is not allowed
    │   ├── RequestFailed     the name is not known, no connection, or one that broke
    │   └── RequestTimedOut   not answered in time
    ├── NotPosted         a live connection did not take a frame, and is not gone: a later try can help (live.wire)
    ├── MediaError        a picture or file that is not there, or not as it should be (media)
    │   ├── MediaPending      it is on its way: a later try can help
    │   ├── MediaUnfinished   some images are still to be made smaller: the next try goes on
    │   ├── ImageUnscalable   it cannot be made smaller
    │   ├── MediaUnavailable  the carrier did not give it: a later try can help
    │   └── MediaRefused      it cannot be had, or is nothing that is kept
    ├── TableThrottled    the table was too busy for too long (storage)
    ├── TransactionUnsettled  it is unknown whether a transaction was written: read before writing anew (storage)
    ├── Conflict          a condition of a write did not hold, nothing was written: read anew (storage)
    └── SendError         a carrier did not take, or may not have taken, a text (carriers)
        ├── NotSent       it certainly did not take it
        │   ├── Throttled     429 or a full queue: a later try can help
        │   ├── Unavailable   501, 503, a 5xx that a carrier promises means this, no connection: a later try can help
        │   │   └── NotReady      it answered, and is not ready for this text yet
        │   └── Refused       it said no: trying again cannot help
        └── Ambiguous     no answer, any other 5xx, 408, or one that cannot be read: never resent

An ApiError's code and status are Twilio's, from its error dictionary; partyline.refusals lists them by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class PartylineError(Exception):
    """Root of the tree."""


class ApiError(PartylineError):
    """A request that is refused.

    `code` is Twilio's error code, `status` the HTTP status, `message` a text that the caller can act on and `details`
    the offending participant or parameter, when there is one.
    """

    def __init__(self, code: int, status: int, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message
        self.details = dict(details) if details else None


class RuleViolation(PartylineError):
    """A rule of the domain that a request would break.

    `rule` names it, as the refusal that the API answers is named (partyline.api.error_responses maps them); `details`
    are the values that this refusal is about.
    """

    def __init__(self, rule: str, **details: Any) -> None:
        super().__init__(rule)
        self.rule = rule
        self.details = details


class WebhookRefused(PartylineError):
    """A webhook that is not answered 2xx because it could not be authenticated or is larger than any real one."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})


class RequestError(PartylineError):
    """An HTTP request without an answer. `sent` is false when certainly nothing of it left; otherwise the server may
    have it. The text says why, without the URL and the headers: they may hold secrets."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent


class RequestRefused(RequestError):
    """We did not send it: the URL is not HTTP, the request cannot be written, or the policy forbids the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, sent=False)


class RequestFailed(RequestError):
    """The name is not known, the connection was refused or broke, its certificate is wrong, or it speaks no HTTP."""


class RequestTimedOut(RequestError):
    """There was no answer in time."""


class NotPosted(PartylineError):
    """A frame that could not be handed to a live connection, or may not have been. Its text says why."""


class MediaError(PartylineError):
    """A picture or file that is not in our storage, or not as small as it should be."""


class MediaPending(MediaError):
    """Some of a message's media is not in our storage yet. `ready` is the OutboundMedia that is there."""

    # Errors are below all packages, so the type of the media is not named here.
    def __init__(self, ready: tuple[Any, ...]) -> None:
        super().__init__("media is on its way")
        self.ready = ready


class MediaUnfinished(MediaError):
    """An attempt has used up its time for images; those that it made smaller are kept, and the next one goes on."""


class ImageUnscalable(MediaError):
    """An image cannot be made smaller: `reason` is one word. One that is `broken` did not end in time, or not well."""

    def __init__(self, reason: str, *, broken: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.broken = broken


class MediaUnavailable(MediaError):
    """A carrier did not give a file; a later try can help. Its text says why, without the URL."""


class MediaRefused(MediaError):
    """A file cannot be had, or is nothing that is kept: `reason` is one word. What is `doubtful` may be otherwise in a
    moment."""

    def __init__(self, reason: str, *, doubtful: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.doubtful = doubtful


class TableThrottled(PartylineError):
    """DynamoDB refused a request as too fast until the tries or the invocation's time were over.

    The request that it refused last has changed nothing.
    """


class TransactionUnsettled(PartylineError):
    """A transaction was still in progress after all tries: it may have been written or not.

    Read before writing it anew.
    """


class Conflict(PartylineError):
    """A write whose condition did not hold. Nothing was written.

    `failed` has the labels of the writes that failed, each with the item found there. It is empty when another
    transaction was writing the same items.
    """

    def __init__(self, failed: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(f"condition failed: {', '.join(sorted(failed)) or 'transaction in progress'}")
        self.failed: dict[str, dict[str, Any]] = {label: dict(item) for label, item in failed.items()}


class SendError(PartylineError):
    """A text that a carrier did not confirm.

    `error_code` is the Twilio code that the receipts get if nothing better comes (30001 queue overflow, 30008 unknown,
    ...); `carrier_code` is what the carrier itself said.
    """

    retryable = False

    def __init__(self, message: str, *, error_code: int = 30008, carrier_code: str | None = None) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.carrier_code = carrier_code


class NotSent(SendError):
    """The carrier certainly did not take the text."""


class Throttled(NotSent):
    """HTTP 429, or a queue that is full. `retry_after` is in seconds, when the carrier named it."""

    retryable = True

    def __init__(
        self,
        message: str,
        *,
        error_code: int = 30001,
        carrier_code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, error_code=error_code, carrier_code=carrier_code)
        self.retry_after = retry_after


class Unavailable(NotSent):
    """HTTP 501, 503 or a 5xx by which the carrier promises that it took nothing, or a connection that was not made."""

    retryable = True


class NotReady(Unavailable):
    """The carrier answered, and has to make something ready before it takes this text: nothing is wrong with it."""


class Refused(NotSent):
    """The carrier said no. `recipients` are the addresses that it named, each with the Twilio code of its own reason;
    `error_code` is that of everybody else."""

    def __init__(
        self,
        message: str,
        *,
        error_code: int = 30008,
        carrier_code: str | None = None,
        recipients: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(message, error_code=error_code, carrier_code=carrier_code)
        self.recipients = dict(recipients or {})


class Ambiguous(SendError):
    """The request left and nobody knows what became of it (time-out, reset, 408, any other 5xx, unreadable answer): the
    text may be on its way."""
