"""Define the interface of a carrier: the events that it reports and the texts that it is asked to send.

A carrier's module translates between its protocol and these types, and decides nothing else. The core asks it to send a
content from a number into a thread; the carrier knows how many requests that takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from partyline.carriers.limits import Limits
from partyline.domain.opt_outs import Keyword
from partyline.domain.receipts import ReceiptStatus
from partyline.frozen_classes import frozen
from partyline.http_client import HttpRequest, HttpResponse

# The query parameter of our callback URL that holds our tag, for carriers that echo nothing but the URL itself.
TAG_PARAMETER = "send"


@frozen
class WebhookRequest:
    """A webhook as it reached us.

    `url` is the public URL that the carrier called, with its query string. `path` is what follows the carrier's name in
    it (Bandwidth's token). `headers` have lower-case names.
    """

    url: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    @property
    def tag(self) -> str | None:
        """Our own tag, which the callback URL that we gave to the carrier brings back."""
        return self.query.get(TAG_PARAMETER) or None


@frozen
class InboundMedia:
    """A file of a text, still at the carrier.

    `url` is '' where the carrier named none: the file cannot be fetched. `sha256` is the digest of its content, where
    the carrier gives one.
    """

    url: str
    content_type: str | None = None
    sha256: str | None = None


@frozen
class MediaAccess:
    """How the media of a carrier's texts are fetched.

    authorization  the header that the carrier requires. It goes to the carrier's own API (`url`) and, over TLS, to the
                   hosts of its `domains`, and to no other server
    at_once        whether it goes with the first request; else only after an answer of 401 or 403
    """

    authorization: str = field(repr=False)
    url: str
    domains: tuple[str, ...]
    at_once: bool = True

    def covers(self, url: str) -> bool:
        """Whether a URL is the carrier's own."""
        try:
            asked, own = (_origin(one) for one in (url, self.url))
        except ValueError:
            return False
        scheme, host, port = asked
        is_in_domains = any(host == domain or host.endswith(f".{domain}") for domain in self.domains)
        return asked == own or (scheme == "https" and port == _HTTPS and is_in_domains)


_HTTPS = 443


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or (_HTTPS if parts.scheme == "https" else 80)


@frozen
class InboundText:
    """One copy of a text, as one number of ours received it. Addresses are as the carrier wrote them.

    id            the carrier's id of this copy, equal in every repeat of its webhook
    line          our number of this copy; '' where the carrier does not say which of the recipients it is
    recipients    all members but the sender, our own number included
    other_lines   numbers of ours that the carrier names beside `line`: the copy may have come to any of them
    received_at   when the carrier got the text, by its own clock, where it says so
    only_subject  the text is the subject of an MMS without words, which one of its files may have
    caught_up     a catch-up found it at the carrier; `received_at` is set then
    roster_unknown  where it was found, nothing says whether others got it too

    `keyword_handled_by_carrier` is the keyword that the carrier took the text for and has answered: we do not.
    """

    carrier: str
    id: str
    line: str
    sender: str
    recipients: tuple[str, ...]
    text: str
    media: tuple[InboundMedia, ...] = ()
    roster_missing: bool = False
    keyword_handled_by_carrier: Keyword | None = None
    other_lines: tuple[str, ...] = ()
    received_at: datetime | None = None
    only_subject: bool = False
    caught_up: bool = False
    roster_unknown: bool = False


@frozen
class DeliveryReport:
    """What became of one text at one recipient.

    `recipient` is as the carrier wrote it: an address, or the carrier's own name for it (Accepted.names). `error_code`
    is Twilio's, `carrier_code` the carrier's own. `tag` is the one that we sent along: it identifies our request even
    when the answer was lost.
    """

    carrier: str
    id: str
    recipient: str
    status: ReceiptStatus
    error_code: int | None = None
    carrier_code: str | None = None
    tag: str | None = None


@frozen
class IgnoredEvent:
    """An event of a documented type that needs no action."""

    kind: str


@frozen
class MalformedWebhook:
    """An authentic webhook, or a part of one, that cannot be read. It is stored as it came, raises an alarm, and is
    answered 2xx."""

    reason: str
    raw: str


Event = InboundText | DeliveryReport | IgnoredEvent | MalformedWebhook


@frozen
class OutboundMedia:
    """A file to be sent.

    `url` needs no credentials and works for longer than the carrier queues a text. `size` is in bytes. `read` returns
    the content, for a carrier that takes the bytes instead of a URL.
    """

    url: str
    content_type: str
    size: int
    filename: str
    read: Callable[[], bytes]


@frozen
class OutboundText:
    """One text into one thread, as one request. Addresses are canonical.

    recipients    the addresses that the request reaches: one for a plain SMS or MMS, several for one group text
    others        the other members of the thread; a carrier with one request for each member names them
    own           those of both that are our own numbers at the same carrier
    tag           comes back in every report of the carriers that can carry it
    callback_url  where reports go, for a carrier that takes a URL with each text
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


@frozen
class Accepted:
    """The carrier accepted the text.

    id       the id that its reports will have
    refused  the recipients that the answer already says it will not reach, with Twilio's code of the reason
    names    the recipients by the carrier's own names of them, where its reports have those instead of addresses
    """

    id: str
    refused: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@frozen
class FoundMessage:
    """A text that the carrier has: what its answer would have said, and the reports so far."""

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
    """A carrier: it parses its webhooks, and sends through its API."""

    name: str
    limits: Limits

    def authenticate(self, request: WebhookRequest, now: float) -> None:
        """Check that the carrier sent this request. `now` is in Unix seconds. Raises WebhookRefused."""

    def parse(self, request: WebhookRequest) -> list[Event]:
        """Parse the events of an authentic request, in its order. Never raises: see MalformedWebhook."""

    def send(self, text: OutboundText) -> Accepted:
        """Send a text, at most once.

        At most one request that sends a message is made, and none is repeated. Requests that send none (making a group,
        uploading a file) may come before it. Raises SendError.
        """

    def find(self, text: OutboundText, carrier_message_id: str) -> FoundMessage | None:
        """Find a text whose send was not answered, by our tag or by the id that a report had ('' for none).

        Returns None when the carrier does not know the text, or cannot be asked. Sends nothing. Raises SendError.
        """

    def media_access(self) -> MediaAccess:
        """Return how the media of its texts are fetched."""
