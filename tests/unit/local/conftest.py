"""An exchange with a clock that stands still and ids that count."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from local.carrier.bandwidth import Bandwidth
from local.carrier.base import Carrier
from local.carrier.hosted_files import HostedFiles
from local.carrier.network import Network
from local.carrier.telnyx import Telnyx
from local.carrier.text_router import TextRouter
from local.carrier.twilio import Twilio
from local.carrier.twilio_groups import Groups
from local.carrier.vonage import Vonage
from local.config import BandwidthAccount, Config, TelnyxAccount, TwilioAccount, VonageAccount

NOW = datetime(2026, 11, 22, 4, 40, 2, 158_000, tzinfo=UTC)
PUBLIC_URL = "http://127.0.0.1:8080"
LINES = {
    "+12065550100": "bandwidth",
    "+12065550101": "bandwidth",
    "+12065550110": "telnyx",
    "+12065550111": "telnyx",
    "+12065550120": "twilio",
    "+12065550121": "twilio",
    "+12065550130": "vonage",
    "+12065550131": "vonage",
}
BANDWIDTH = BandwidthAccount("5500", "app-1", "user", "secret", "path-token", "hook", "hook-secret")
TELNYX = TelnyxAccount("KEY123", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
TWILIO = TwilioAccount("AC" + "0" * 32, "12345")
VONAGE = VonageAccount("abcd1234", "secret", "signature-secret")


@pytest.fixture
def router() -> TextRouter:
    numbers = itertools.count(1)
    stamps: tuple[Callable[[], datetime], Callable[[], str]] = (lambda: NOW, lambda: f"{next(numbers):04x}" + "0" * 28)
    config = Config(0, 8081, "", "", PUBLIC_URL, (), BANDWIDTH, TELNYX, TWILIO, VONAGE)
    hosted_files = HostedFiles(config, stamps[1])
    carriers: dict[str, Carrier] = {
        "bandwidth": Bandwidth(BANDWIDTH, PUBLIC_URL, *stamps),
        "telnyx": Telnyx(TELNYX, PUBLIC_URL, *stamps),
        "twilio": Twilio(TWILIO, PUBLIC_URL, *stamps, Groups(stamps[1], hosted_files.add)),
        "vonage": Vonage(VONAGE, PUBLIC_URL, *stamps),
    }
    return TextRouter(Network(LINES), carriers, hosted_files, *stamps)
