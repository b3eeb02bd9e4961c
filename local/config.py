"""The configuration of the local process: ports, addresses, accounts. Plain data, read from one JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from local.admission import BadOrigin, parse_origins
from local.carrier.network import is_number
from local.carrier.settings import BadSetting, Settings, changed

CARRIERS = ("bandwidth", "telnyx", "twilio", "vonage")
_LAST_PORT = 65535
_SEED_BYTES = 32


class BadConfig(ValueError):
    """A configuration that cannot be used. The message says what to mend."""


@dataclass(frozen=True, slots=True)
class BandwidthAccount:
    """An account at the simulated Bandwidth: its API user, and the credentials of its webhooks."""

    account_id: str
    application_id: str
    username: str
    password: str
    webhook_token: str
    webhook_username: str = ""
    webhook_password: str = ""


@dataclass(frozen=True, slots=True)
class TelnyxAccount:
    """An account at the simulated Telnyx: API key, and the hexadecimal Ed25519 seed its webhooks are signed with."""

    api_key: str
    signing_seed: str


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """An account at the simulated Twilio; the token also signs its webhooks."""

    account_sid: str
    auth_token: str


@dataclass(frozen=True, slots=True)
class VonageAccount:
    """An account at the simulated Vonage; the signature secret signs its webhooks."""

    api_key: str
    api_secret: str
    signature_secret: str


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of the process.

    `upstream` is where the deployed API answers (the part before /v1 and /carriers), `live_upstream` where live
    connections are made; `public_url` is what the carriers believe its address to be; `lines` are our own numbers with
    their carriers; port 0 is any free port. Pages of `cors_origins` may use the API. `kept` is the directory of what is
    kept between runs, if it is, and `kept_at` where the emulator keeps it.
    """

    front_port: int
    carrier_port: int
    upstream: str
    live_upstream: str
    public_url: str
    lines: tuple[tuple[str, str], ...]
    bandwidth: BandwidthAccount
    telnyx: TelnyxAccount
    twilio: TwilioAccount
    vonage: VonageAccount
    settings: Settings = field(default_factory=Settings)
    cors_origins: tuple[str, ...] = ()
    kept: str | None = None
    kept_at: str = ""


def load(path: Path) -> Config:
    """Read a configuration file. Raises BadConfig."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise BadConfig(f"{path} is not JSON: {error}") from error
    return from_json(data)


def from_json(data: object) -> Config:
    """A configuration from JSON data whose members are the fields' names. Raises BadConfig."""
    whole = _object("the configuration", data, Config)
    lines = whole["lines"]
    if not isinstance(lines, list):
        raise BadConfig("lines is a list of [number, carrier]")
    for port in ("front_port", "carrier_port"):
        if not _is_port(whole[port]):
            raise BadConfig(f"{port} is a number from 0 to {_LAST_PORT}")
    for url in ("upstream", "public_url"):
        if not str(whole[url]).startswith(("http://", "https://")):
            raise BadConfig(f"{url} is an http address")
    if not str(whole["live_upstream"]).startswith(("ws://", "wss://")):
        raise BadConfig("live_upstream is a WebSocket address")
    try:
        settings = changed(Settings(), whole.get("settings", {}))
    except BadSetting as error:
        raise BadConfig(f"settings: {error}") from error
    return Config(
        front_port=whole["front_port"],
        carrier_port=whole["carrier_port"],
        upstream=whole["upstream"].rstrip("/"),
        live_upstream=whole["live_upstream"],
        public_url=whole["public_url"].rstrip("/"),
        lines=tuple(_line(entry) for entry in lines),
        bandwidth=BandwidthAccount(**_object("bandwidth", whole["bandwidth"], BandwidthAccount)),
        telnyx=_telnyx(TelnyxAccount(**_object("telnyx", whole["telnyx"], TelnyxAccount))),
        twilio=TwilioAccount(**_object("twilio", whole["twilio"], TwilioAccount)),
        vonage=VonageAccount(**_object("vonage", whole["vonage"], VonageAccount)),
        settings=settings,
        cors_origins=_cors_origins(whole.get("cors_origins", [])),
        kept=whole.get("kept"),
        kept_at=whole.get("kept_at", ""),
    )


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LAST_PORT


def _object(name: str, data: object, kind: type[Any]) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise BadConfig(f"{name} is a JSON object")
    known = {item.name for item in fields(kind)}
    needed = {item.name for item in fields(kind) if item.default is MISSING and item.default_factory is MISSING}
    unknown, missing = sorted(set(data) - known), sorted(needed - set(data))
    if unknown:
        raise BadConfig(f"{name} has no member {', '.join(unknown)}")
    if missing:
        raise BadConfig(f"{name} lacks {', '.join(missing)}")
    return dict(data)


def _line(entry: object) -> tuple[str, str]:
    match entry:
        case [str(number), str(carrier)] if carrier in CARRIERS and is_number(number):
            return number, carrier
    raise BadConfig(f"a line is [number, carrier], with one of {', '.join(CARRIERS)}; not {entry!r}")


def _cors_origins(given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(origin, str) for origin in given):
        raise BadConfig("cors_origins is a list of origins")
    try:
        return parse_origins(",".join(given))
    except BadOrigin as error:
        raise BadConfig(f"cors_origins: {error}") from error


def _telnyx(account: TelnyxAccount) -> TelnyxAccount:
    try:
        seed = bytes.fromhex(account.signing_seed)
    except ValueError:
        seed = b""
    if len(seed) != _SEED_BYTES:
        raise BadConfig("telnyx.signing_seed is 64 hexadecimal digits")
    return account
