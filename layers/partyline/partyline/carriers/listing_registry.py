"""List the carriers that list the texts which came in, and build each listing from a deployment's secrets.

Bandwidth stores no words, and repeats a webhook for a day. Vonage's reports are a paid product, and whether their
records have the ids of its webhooks is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from partyline.carriers.base import Transport, Urls
from partyline.carriers.listing import InboundListing

# A page of Twilio's has a thousand texts, which may be as long as texts can be.
MAX_ANSWER_BYTES = 16 * 1024 * 1024


class BuildListing(Protocol):
    """Builds a listing from secrets and base URLs."""

    def __call__(self, secrets: Mapping[str, str], urls: Urls, transport: Transport) -> InboundListing:
        """Build it. Raises KeyError for a secret that is absent."""


# Carriers are imported when they are asked for, as in the registry of carriers.
def _build_telnyx(secrets: Mapping[str, str], urls: Urls, transport: Transport) -> InboundListing:
    from partyline.carriers.telnyx_listing import TelnyxListing

    return TelnyxListing.from_secrets(secrets, urls, transport)


def _build_twilio(secrets: Mapping[str, str], urls: Urls, transport: Transport) -> InboundListing:
    from partyline.carriers.twilio_listing import TwilioListing

    return TwilioListing.from_secrets(secrets, urls, transport)


LISTINGS: Mapping[str, BuildListing] = MappingProxyType({"telnyx": _build_telnyx, "twilio": _build_twilio})
