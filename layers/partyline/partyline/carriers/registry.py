"""The carriers there are, and how to build each from a deployment's secrets.

A new carrier is its module, its entry here and its test table (docs/adding-a-carrier.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from partyline.carriers import bandwidth, telnyx, twilio, twilio_groups, vonage
from partyline.carriers.base import Carrier, Transport
from partyline.carriers.limits import Limits
from partyline.carriers.transport import no_transport

# Base URLs that are other than usual, by name: "bandwidth_url" and so on.
Urls = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """How to build a carrier.

    `required` are the secrets that it cannot do without; `make` takes the secrets, the base URLs of a deployment and
    the transport; `limits` are the carrier's.
    """

    required: tuple[str, ...]
    make: Callable[[Mapping[str, str], Urls, Transport], Carrier]
    limits: Limits


def _bandwidth(secrets: Mapping[str, str], urls: Urls, transport: Transport) -> Carrier:
    settings = bandwidth.BandwidthSettings(
        account_id=secrets["bandwidth_account_id"],
        application_id=secrets["bandwidth_application_id"],
        username=secrets["bandwidth_username"],
        password=secrets["bandwidth_password"],
        webhook_token=secrets["bandwidth_webhook_token"],
        webhook_username=secrets.get("bandwidth_webhook_username", ""),
        webhook_password=secrets.get("bandwidth_webhook_password", ""),
        url=_url(urls, "bandwidth_url", bandwidth.URL),
    )
    return bandwidth.Bandwidth(settings, transport)


def _telnyx(secrets: Mapping[str, str], urls: Urls, transport: Transport) -> Carrier:
    settings = telnyx.TelnyxSettings(
        api_key=secrets["telnyx_api_key"],
        public_key=secrets["telnyx_public_key"],
        url=_url(urls, "telnyx_url", telnyx.URL),
    )
    return telnyx.Telnyx(settings, transport)


def _twilio(secrets: Mapping[str, str], urls: Urls, transport: Transport) -> Carrier:
    settings = twilio.TwilioSettings(
        account_sid=secrets["twilio_account_sid"],
        auth_token=secrets["twilio_auth_token"],
        answers_keywords=secrets.get("twilio_answers_keywords", "yes").lower() != "no",
        messaging_service_sid=secrets.get("twilio_messaging_service_sid", ""),
        url=_url(urls, "twilio_url", twilio.URL),
        conversations_url=_url(urls, "twilio_conversations_url", twilio_groups.URL),
        media_url=_url(urls, "twilio_media_url", twilio_groups.MEDIA_URL),
    )
    return twilio.Twilio(settings, transport)


def _vonage(secrets: Mapping[str, str], urls: Urls, transport: Transport) -> Carrier:
    settings = vonage.VonageSettings(
        api_key=secrets["vonage_api_key"],
        api_secret=secrets["vonage_api_secret"],
        signature_secret=secrets["vonage_signature_secret"],
        answers_keywords=secrets.get("vonage_answers_keywords", "no").lower() == "yes",
        url=_url(urls, "vonage_url", vonage.URL),
    )
    return vonage.Vonage(settings, transport)


CARRIERS: Mapping[str, Entry] = MappingProxyType(
    {
        bandwidth.NAME: Entry(
            (
                "bandwidth_account_id",
                "bandwidth_application_id",
                "bandwidth_username",
                "bandwidth_password",
                "bandwidth_webhook_token",
            ),
            _bandwidth,
            bandwidth.Bandwidth.limits,
        ),
        telnyx.NAME: Entry(("telnyx_api_key", "telnyx_public_key"), _telnyx, telnyx.Telnyx.limits),
        twilio.NAME: Entry(("twilio_account_sid", "twilio_auth_token"), _twilio, twilio.Twilio.limits),
        vonage.NAME: Entry(
            ("vonage_api_key", "vonage_api_secret", "vonage_signature_secret"), _vonage, vonage.Vonage.limits
        ),
    }
)


_USUAL_URLS: Urls = MappingProxyType({})


def log_label(name: str) -> str:
    """A carrier's name for a log line: what is no carrier's may be anything, of any length."""
    return name if name in CARRIERS else "unknown"


def build_carrier(name: str, secrets: Mapping[str, str], transport: Transport, urls: Urls = _USUAL_URLS) -> Carrier:
    """Build a carrier by its name.

    `urls` may hold other base URLs; an empty one is the usual one. Raises LookupError for a name
    that is no carrier's and for a secret that is absent or empty, naming it.
    """
    entry = CARRIERS.get(name)
    if entry is None:
        # Its name is whatever a stranger asked for.
        raise LookupError("no such carrier")
    missing = [secret for secret in entry.required if not secrets.get(secret)]
    if missing:
        raise LookupError(f"carrier {name} lacks {', '.join(missing)}")
    return entry.make(secrets, urls, transport)


def _url(urls: Urls, name: str, usual: str) -> str:
    return (urls.get(name) or usual).rstrip("/")


def build_reader(name: str) -> Carrier:
    """A carrier without credentials: it parses, and can do nothing else. Raises LookupError for one that is not
    known."""
    if name not in CARRIERS:
        raise LookupError("no such carrier")
    entry = CARRIERS[name]
    return entry.make(dict.fromkeys(entry.required, ""), _USUAL_URLS, no_transport)


LIMITS: Mapping[str, Limits] = MappingProxyType({name: entry.limits for name, entry in CARRIERS.items()})
# How many others each takes in a group.
MOST_IN_GROUP: Mapping[str, int] = MappingProxyType({name: limits.recipients for name, limits in LIMITS.items()})


def account_rate(name: str, secrets: Mapping[str, str]) -> str | None:
    """How many texts a second a carrier's account may send, by the optional member `<name>_rate` of the secret; None
    for as many as come, and for what is no number: then texts go, and the carrier says when they are too many."""
    given = secrets.get(f"{name}_rate", "")
    return given if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", given) and float(given) else None
