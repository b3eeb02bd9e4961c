"""Build the simulated carriers without their sockets: their accounts, and the router of their texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

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

BANDWIDTH = BandwidthAccount("5500", "app-1", "user", "secret", "path-token", "hook", "hook-secret")
TELNYX = TelnyxAccount("KEY123", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
TWILIO = TwilioAccount("AC" + "0" * 32, "12345")
VONAGE = VonageAccount("abcd1234", "secret", "signature-secret" * 2)
# The same accounts, as a deployment has them in its secret.
SECRETS = {
    "bandwidth_account_id": BANDWIDTH.account_id,
    "bandwidth_application_id": BANDWIDTH.application_id,
    "bandwidth_username": BANDWIDTH.username,
    "bandwidth_password": BANDWIDTH.password,
    "bandwidth_webhook_token": BANDWIDTH.webhook_token,
    "telnyx_api_key": TELNYX.api_key,
    # The public half of the account's signing seed.
    "telnyx_public_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "twilio_account_sid": TWILIO.account_sid,
    "twilio_auth_token": TWILIO.auth_token,
    "vonage_api_key": VONAGE.api_key,
    "vonage_api_secret": VONAGE.api_secret,
    "vonage_signature_secret": VONAGE.signature_secret,
}


@dataclass(frozen=True)
class SimulatedCarriers:
    """A router of texts, and the carriers that are used beside it."""

    router: TextRouter
    telnyx: Telnyx
    groups: Groups


def build_simulated_carriers(
    lines: Mapping[str, str], public_url: str, clock: Callable[[], datetime], new_id: Callable[[], str]
) -> SimulatedCarriers:
    """Build the four carriers with some lines; `public_url` is where their webhooks go."""
    config = Config(0, 8081, "", "", public_url, (), BANDWIDTH, TELNYX, TWILIO, VONAGE)
    hosted_files = HostedFiles(config, new_id)
    groups = Groups(new_id, hosted_files.add)
    telnyx = Telnyx(TELNYX, public_url, clock, new_id)
    carriers: dict[str, Carrier] = {
        "bandwidth": Bandwidth(BANDWIDTH, public_url, clock, new_id),
        "telnyx": telnyx,
        "twilio": Twilio(TWILIO, public_url, clock, new_id, groups),
        "vonage": Vonage(VONAGE, public_url, clock, new_id),
    }
    return SimulatedCarriers(TextRouter(Network(lines), carriers, hosted_files, clock, new_id), telnyx, groups)
