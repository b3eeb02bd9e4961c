"""What every carrier looks like from inside: the events it reports and the texts it is asked to send.

A carrier module turns its own protocol into these and back, and decides nothing else. The core says "this thread, from
this number, this content"; how many requests that takes is the carrier's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from partyline.carriers.limits import Limits
from partyline.domain.opt_outs import Keyword
from partyline.domain.receipts import ReceiptStatus
from partyline.http_client import HttpRequest, HttpResponse

# The query parameter of our callback URL that holds our tag, for carriers that echo nothing but the URL itself.
TAG_PARAMETER = "send"


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A webhook as it reached us. `headers` have lower-case names; `url` is the public URL that the carrier called,
    with its query string; `path` is what follows the carrier's own part (Bandwidth's token)."""

    url: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    @property
    def tag(self) -> str | None:
        """Our own tag, as the callback URL that we gave to the carrier brings it back."""
        return self.query.get(TAG_PARAMETER) or None


@dataclass(frozen=True, slots=True)
class InboundMedia:
    """A picture or file beside a text, still at the carrier. `url` is '' where the carrier named none, so that the file
    cannot be had; `sha256` is what the carrier says of its content."""

    url: str
    content_type: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class MediaAccess:
    """How a carrier is asked for the media of texts: the header that it wants, which goes to its own API (`url`) and,
    over TLS, to its `domains` with all hosts beneath, and to nobody else; `at_once`, or only where it was asked for."""

    authorization: str = field(repr=False)
    url: str
    domains: tuple[str, ...]
    at_once: bool = True

    def covers(self, url: str) -> bool:
        """Whether a URL is the carrier's own."""
        try:
            wanted, own = (_origin(one) for one in (url, self.url))
        except ValueError:
            return False
        scheme, host, port = wanted
        theirs = any(host == domain or host.endswith(f".{domain}") for domain in self.domains)
        return wanted == own or (scheme == "https" and port == _HTTPS and theirs)


_HTTPS = 443


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or (_HTTPS if parts.scheme == "https" else 80)


@dataclass(frozen=True, slots=True)
class InboundText:
    """One copy of a text, as one own number received it. Addresses are as the carrier wrote them.

    `recipients` are everybody but the sender, our own number included; `line` is the own number of this copy, '' where
    the carrier does not say which of the recipients that is; `other_lines` are the own numbers that it names beside
    that one, so that the copy may have come to any of them; `received_at` is when the carrier got it, by its own clock,
    where it says so; `id` is
    the carrier's id of this copy, equal in every repeat of its webhook. `answered` is the keyword that the carrier took
    the text for and has answered itself, so that we must not. `only_subject` says that the text is the subject of
    an MMS without words, which one of its files may have.
    """

    carrier: str
    id: str
    line: str
    sender: str
    recipients: tuple[str, ...]
    text: str
    media: tuple[InboundMedia, ...] = ()
    roster_missing: bool = False
    answered: Keyword | None = None
    other_lines: tuple[str, ...] = ()
    received_at: datetime | None = None
    only_subject: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a carrier says of one text to one recipient.

    `recipient` is as the carrier wrote it: an address, or the carrier's own name for it (Accepted.names). `error_code`
    is Twilio's, `carrier_code` the carrier's own. `tag` is what we sent along to recognise our request even when its
    answer was lost.
    """

    carrier: str
    id: str
    recipient: str
    status: ReceiptStatus
    error_code: int | None = None
    carrier_code: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class IgnoredEvent:
    """An event that asks for nothing (a type that is documented and of no use here)."""

    kind: str


@dataclass(frozen=True, slots=True)
class MalformedWebhook:
    """An authentic webhook, or a part of one, that cannot be understood: kept as it came, alarmed on, answered 2xx."""

    reason: str
    raw: str


Event = InboundText | DeliveryReport | IgnoredEvent | MalformedWebhook


@dataclass(frozen=True, slots=True)
class OutboundMedia:
    """A picture or file to be sent. `url` needs no credentials and outlives the carrier's queue; `size` is in bytes;
    `read` gets the bytes, for a carrier that wants them rather than the URL."""

    url: str
    content_type: str
    size: int
    filename: str
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class OutboundText:
    """One text into one thread, as one request.

    `recipients` are whom this request is to reach, canonical: one is a plain SMS or MMS, several are one group text.
    `others` are members of the thread whom it does not reach, or who get a request of their own: a carrier that takes
    one request a member names them. `own` are those of both that are our own numbers at the same carrier. `tag` comes
    back in every report of the carriers that can carry it. `callback_url` is where reports go when the carrier takes an
    address with each text.
    """

    sender: str
    recipients: tuple[str, ...]
    text: str
    media: tuple[OutboundMedia, ...] = ()
    tag: str = ""
    callback_url: str = ""
    others: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()

    @property
    def media_urls(self) -> tuple[str, ...]:
        """The addresses of its media."""
        return tuple(media.url for media in self.media)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier took the text. `id` is what its reports will carry; `refused` maps recipients that it already said
    it will not reach to the Twilio error code of the reason; `names` maps the carrier's own names of recipients, where
    its reports have those instead of addresses, to the recipients."""

    id: str
    refused: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A text that the carrier turned out to have: what its answer would have said, and what has become of it since."""

    accepted: Accepted
    reports: tuple[DeliveryReport, ...] = ()


# Base URLs that are other than usual, by name: "bandwidth_url" and so on.
Urls = Mapping[str, str]


def choose_url(urls: Urls, name: str, usual: str) -> str:
    """Return a base URL without a slash at its end: a deployment's own, or the usual one."""
    return (urls.get(name) or usual).rstrip("/")


# Sends one request, once. Raises Unavailable when no connection was made, Ambiguous when the request left unanswered.
Transport = Callable[[HttpRequest], HttpResponse]


class Carrier(Protocol):
    """A carrier: its webhooks in, its send API out."""

    name: str
    limits: Limits

    def authenticate(self, request: WebhookRequest, now: float) -> None:
        """Return when the carrier sent this request; raise WebhookRefused otherwise. `now` is in Unix seconds."""

    def parse(self, request: WebhookRequest) -> list[Event]:
        """The events of an authentic request, in its order. Never raises: what it cannot read is Malformed."""

    def send(self, text: OutboundText) -> Accepted:
        """Ask the carrier once. Raises SendError. At most one request that texts anybody leaves, and none is repeated;
        what reaches nobody (making a group, uploading a picture) may come before it."""

    def find(self, text: OutboundText, carrier_message_id: str) -> FoundMessage | None:
        """A text that was asked for and not answered, by our tag or by the id that a report told ('' for none); None
        when the carrier does not know it, or cannot be asked. Sends nothing. Raises SendError."""

    def media_access(self) -> MediaAccess:
        """How the media of its texts are fetched."""
