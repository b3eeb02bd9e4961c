"""List the carriers, and build each from a deployment's secrets.

A new carrier is its module, its place in the list here and its test table (docs/adding-a-carrier.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Protocol, Self

from partyline.carriers import carrier_limits
from partyline.carriers.base import Carrier, Transport, Urls
from partyline.carriers.limits import Limits
from partyline.carriers.transport import no_transport


class RegisteredCarrier(Carrier, Protocol):
    """A carrier that can be built from secrets. `required_secrets` are those that it cannot do without."""

    required_secrets: tuple[str, ...]

    @classmethod
    def from_secrets(cls, secrets: Mapping[str, str], urls: Urls, transport: Transport) -> Self:
        """Build the carrier. `urls` are the base URLs of a deployment, where they are other than usual."""


# A carrier is imported when it is asked for: a deployment has one or two, and its models and signatures are a good part
# of a cold start.


def _load_bandwidth() -> type[RegisteredCarrier]:
    from partyline.carriers.bandwidth import Bandwidth

    return Bandwidth


def _load_telnyx() -> type[RegisteredCarrier]:
    from partyline.carriers.telnyx import Telnyx

    return Telnyx


def _load_twilio() -> type[RegisteredCarrier]:
    from partyline.carriers.twilio import Twilio

    return Twilio


def _load_vonage() -> type[RegisteredCarrier]:
    from partyline.carriers.vonage import Vonage

    return Vonage


# Each carrier by its name.
CARRIERS: Mapping[str, Callable[[], type[RegisteredCarrier]]] = MappingProxyType(
    {"bandwidth": _load_bandwidth, "telnyx": _load_telnyx, "twilio": _load_twilio, "vonage": _load_vonage}
)
LIMITS: Mapping[str, Limits] = MappingProxyType(
    {
        "bandwidth": carrier_limits.BANDWIDTH,
        "telnyx": carrier_limits.TELNYX,
        "twilio": carrier_limits.TWILIO,
        "vonage": carrier_limits.VONAGE,
    }
)
# How many others each takes in a group.
MOST_IN_GROUP: Mapping[str, int] = MappingProxyType({name: limits.recipients for name, limits in LIMITS.items()})

_USUAL_URLS: Urls = MappingProxyType({})


def log_label(name: str) -> str:
    """Return a carrier's name for a log line; "unknown" for any other name, which may be anything, of any length."""
    return name if name in CARRIERS else "unknown"


def build_carrier(name: str, secrets: Mapping[str, str], transport: Transport, urls: Urls = _USUAL_URLS) -> Carrier:
    """Build a carrier by its name.

    `urls` may hold other base URLs; an empty one is the usual one. Raises LookupError for a name
    that is no carrier's and for a secret that is absent or empty, naming it.
    """
    carrier = _find(name)
    missing = [secret for secret in carrier.required_secrets if not secrets.get(secret)]
    if missing:
        raise LookupError(f"carrier {name} lacks {', '.join(missing)}")
    return carrier.from_secrets(secrets, urls, transport)


def load_complete(secrets: Mapping[str, str]) -> None:
    """Import the carriers that can be built from these secrets, and no other one."""
    given = {secret.partition("_")[0] for secret, value in secrets.items() if value}
    for name in given.intersection(CARRIERS):
        with suppress(LookupError):
            build_carrier(name, secrets, no_transport)


def build_reader(name: str) -> Carrier:
    """Build a carrier without credentials, which parses and can do nothing else. Raises LookupError for no carrier."""
    carrier = _find(name)
    return carrier.from_secrets(dict.fromkeys(carrier.required_secrets, ""), _USUAL_URLS, no_transport)


def _find(name: str) -> type[RegisteredCarrier]:
    if name not in CARRIERS:
        # The error does not repeat the name, which is whatever the caller of a webhook wrote.
        raise LookupError("no such carrier")
    return CARRIERS[name]()


def account_rate(name: str, secrets: Mapping[str, str]) -> str | None:
    """Return how many texts a second a carrier's account may send, by the optional secret `<name>_rate`.

    Returns None where there is no limit, and where the secret is no number: then texts go, and the carrier says when
    they are too many.
    """
    given = secrets.get(f"{name}_rate", "")
    return given if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", given) and float(given) else None
