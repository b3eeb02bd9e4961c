"""The accounts of a run, at Partyline itself and at its simulated carriers."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field

from nacl.signing import SigningKey

ACCOUNT_SID = "AC0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Accounts:
    """The credentials of one run, made up anew for each that keeps nothing."""

    auth_token: str = field(default_factory=lambda: secrets.token_hex(16))
    bandwidth_password: str = field(default_factory=lambda: secrets.token_hex(16))
    bandwidth_webhook_token: str = field(default_factory=lambda: secrets.token_hex(16))
    telnyx_api_key: str = field(default_factory=lambda: "KEY" + secrets.token_hex(16))
    telnyx_signing_seed: str = field(default_factory=lambda: secrets.token_hex(32))
    twilio_account_sid: str = field(default_factory=lambda: "AC" + secrets.token_hex(16))
    twilio_auth_token: str = field(default_factory=lambda: secrets.token_hex(16))
    vonage_api_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    vonage_signature_secret: str = field(default_factory=lambda: secrets.token_hex(32))

    def as_secret(self) -> dict[str, str]:
        """Return the content of the carriers' secret, which the deployed functions read."""
        key = SigningKey(bytes.fromhex(self.telnyx_signing_seed)).verify_key
        return {
            "bandwidth_account_id": "5500001",
            "bandwidth_application_id": "93de2206-9669-4e07-948d-329f4b722ee2",
            "bandwidth_username": "partyline",
            "bandwidth_password": self.bandwidth_password,
            "bandwidth_webhook_token": self.bandwidth_webhook_token,
            "bandwidth_webhook_username": "",
            "bandwidth_webhook_password": "",
            "telnyx_api_key": self.telnyx_api_key,
            "telnyx_public_key": base64.b64encode(key.encode()).decode(),
            "twilio_account_sid": self.twilio_account_sid,
            "twilio_auth_token": self.twilio_auth_token,
            "vonage_api_key": "abcd1234",
            "vonage_api_secret": self.vonage_api_secret,
            "vonage_signature_secret": self.vonage_signature_secret,
        }

    def as_settings(self) -> dict[str, dict[str, str]]:
        """Return the simulated carriers' side of the same accounts."""
        secret = self.as_secret()
        bandwidth, vonage = (
            {name.removeprefix(carrier): secret[name] for name in secret if name.startswith(carrier)}
            for carrier in ("bandwidth_", "vonage_")
        )
        return {
            "bandwidth": bandwidth,
            "telnyx": {"api_key": self.telnyx_api_key, "signing_seed": self.telnyx_signing_seed},
            "twilio": {"account_sid": self.twilio_account_sid, "auth_token": self.twilio_auth_token},
            "vonage": vonage,
        }
