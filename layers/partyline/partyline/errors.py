"""Every error that leaves a module, in one tree.

    PartylineError
    ├── ApiError          answers an API request: code, HTTP status, text, details (refusals)
    ├── RuleViolation     a rule of the domain is broken: its name and details; the API answers it as an ApiError
    ├── WebhookRefused    answers a carrier: HTTP status, headers (carriers, inbound)
    ├── RequestError      an HTTP request without an answer; a later try can help (http_client)
    │   ├── RequestRefused    nothing was sent: no HTTP URL, or its name has an address that is not allowed
    │   ├── RequestFailed     the name is not known, no connection, or one that broke
    │   └── RequestTimedOut   not answered in time
    ├── SignInError       a person cannot sign in, or not now (auth)
    │   ├── SignInRefused     this attempt, session or person has no access; a later try is refused too
    │   └── ProviderFailed    the provider did not answer as it must; a later try can help
    │       └── IdTokenInvalid    its ID token is not for us, or not valid now
    ├── NotPosted         a live connection exists and did not accept a frame; a later try can help (realtime)
    ├── MediaError        an image or another file is missing, or not as it must be (media)
    │   ├── MediaPending      the carrier still has it; a later try can help
    │   ├── MediaUnfinished   images are still to be scaled down; the next try continues
    │   ├── ImageUnscalable   it cannot be scaled down
    │   ├── MediaUnavailable  the carrier did not deliver it; a later try can help
    │   └── MediaRefused      it cannot be had, or must not be stored
    ├── TableThrottled    the table was too busy for too long (storage)
    ├── TransactionUnsettled  a transaction may or may not be written: read before writing again (storage)
    ├── UnknownFormat     the table has the stored format of a later release (storage)
    ├── HashKeyChanged    opt-outs of erased people were hashed with another key (storage)
    ├── Conflict          a condition of a write did not hold, nothing was written: read again (storage)
    ├── ListingError      a carrier did not say which texts came in (carriers)
    │   ├── ListingRefused      it refuses to; a later try cannot help
    │   └── ListingUnavailable  it did not answer as it must; a later try can help
    └── SendError         a carrier did not accept, or may not have accepted, a text (carriers)
        ├── NotSent       it certainly did not accept it
        │   ├── Throttled     429 or a full queue; a later try can help
        │   ├── Unavailable   501, 503, a 5xx documented as not accepted, no connection; a later try can help
        │   │   └── NotReady      it answered, and is not ready for this text yet
        │   └── Refused       it rejected the text; a later try cannot help
        └── Ambiguous     no answer, any other 5xx, 408, or an unreadable answer: never sent again

An ApiError's code and status are Twilio's, from its error dictionary; partyline.refusals lists them by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class PartylineError(Exception):
    """Root of the tree."""


class ApiError(PartylineError):
    """An API request that is refused.

    `code` is Twilio's error code and `status` the HTTP status. `message` is a text that the caller can act on.
    `details` name the participant or parameter at fault, if there is one.
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
    """A webhook that is not answered 2xx: it is not authentic, or larger than any real one."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})


class RequestError(PartylineError):
    """An HTTP request without an answer. The text says why, without URL and headers: they may hold secrets.

    `sent` is false when certainly nothing was sent. Otherwise the server may have the request.
    """

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


class SignInError(PartylineError):
    """A person who is not signed in. `reason` is one word, for logs and to choose a text for the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SignInRefused(SignInError):
    """An attempt, a session or a person without access."""


class ProviderFailed(SignInError):
    """A provider that did not answer, or gave an unusable answer. Nothing is known of the person."""


class IdTokenInvalid(ProviderFailed):
    """An ID token that must not be used. `reason` is the claim at fault."""


class NotPosted(PartylineError):
    """A frame that a live connection did not accept, or may not have accepted. The text says why."""


class MediaError(PartylineError):
    """An image or another file that is not in the bucket, or too large to send."""


class MediaPending(MediaError):
    """Some media of a message is not in the bucket yet. `ready` is the OutboundMedia that is there."""

    # Errors are below all packages, so the type of the media is not named here.
    def __init__(self, ready: tuple[Any, ...]) -> None:
        super().__init__("media is on its way")
        self.ready = ready


class MediaUnfinished(MediaError):
    """An attempt has used up its time for images. The images that it scaled are stored, and the next one continues."""


class ImageUnscalable(MediaError):
    """An image that cannot be scaled down; `reason` is one word.

    `broken`: the scaler ran out of time or crashed.
    """

    def __init__(self, reason: str, *, broken: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.broken = broken


class MediaUnavailable(MediaError):
    """A file that a carrier did not deliver; a later try can help. The text says why, without the URL."""


class MediaRefused(MediaError):
    """A file that cannot be had, or must not be stored; `reason` is one word.

    `doubtful`: the answer may be another one in a moment.
    """

    def __init__(self, reason: str, *, doubtful: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.doubtful = doubtful


class TableThrottled(PartylineError):
    """DynamoDB refused a request as too fast until the tries or the invocation's time were over.

    The request that it refused last has changed nothing.
    """


class UnknownFormat(PartylineError):
    """The upgrade to a later release was finalized: this one would not find all that the table has."""


class HashKeyChanged(PartylineError):
    """The key of the hashes of numbers is another one than that by which opt-outs of erased people are stored.

    Nothing is sent until the former key is restored: nobody would know who has opted out (docs/personal-data.md).
    """

    def __init__(self) -> None:
        super().__init__("the secret OptOutsSecret is not the one by which opt-outs of erased people were hashed")


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


class ListingError(PartylineError):
    """A carrier did not list the texts that came in, or did not give one. The text says why, without content."""


class ListingRefused(ListingError):
    """It refuses: its credentials are wrong, or may not read texts."""


class ListingUnavailable(ListingError):
    """It throttles, is down, cannot be reached, or its answer cannot be read."""


class SendError(PartylineError):
    """A text that a carrier did not confirm.

    `error_code` is the Twilio code for the receipts if no better one follows (30001 queue overflow, 30008 unknown).
    `carrier_code` is the carrier's own code.
    """

    retryable = False

    def __init__(self, message: str, *, error_code: int = 30008, carrier_code: str | None = None) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.carrier_code = carrier_code


class NotSent(SendError):
    """The carrier certainly did not accept the text."""


class Throttled(NotSent):
    """HTTP 429, or a full queue. `retry_after` is in seconds, if the carrier named it."""

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
    """HTTP 501, 503, a 5xx that the carrier documents as not accepted, or no connection."""

    retryable = True


class NotReady(Unavailable):
    """The carrier answered, and has to prepare something before it accepts this text. Nothing is wrong with it."""


class Refused(NotSent):
    """The carrier rejected the text.

    `recipients` are the addresses that it named, each with the Twilio code of its reason. `error_code` is the code of
    all other recipients.
    """

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
    """The carrier may or may not have accepted the text: time-out, reset, 408, any other 5xx, unreadable answer."""
