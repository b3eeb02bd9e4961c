"""Read the settings of a deployment: environment variables and secrets.

A function has only the variables that it needs. Reading another one raises an error that names it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from partyline import aws_clients

# Seconds until a changed secret is in use, without a deployment.
SECRET_LIFE = 300

# The secrets that were read, with the time until which each is used. It is the time of the wall: the monotonic one may
# stand still while a function is frozen.
_known: dict[str, tuple[float, Mapping[str, str]]] = {}


def variable(name: str) -> str:
    """Return an environment variable. Raises KeyError with its name."""
    return os.environ[name]


def secret(arn: str) -> Mapping[str, str]:
    """Return the members of a secret, not older than SECRET_LIFE. They are never logged.

    Raises ClientError or BotoCoreError when it cannot be read.
    """
    until, values = _known.get(arn, (0.0, {}))
    if time.time() >= until:
        values = json.loads(_build_client().get_secret_value(SecretId=arn)["SecretString"])
        _known[arn] = (time.time() + SECRET_LIFE, values)
    return values


def forget_secrets() -> None:
    """Read every secret again the next time."""
    _known.clear()


@cache
def _build_client() -> Any:
    return aws_clients.secrets_manager()


def auth_token() -> str:
    """Return the account's auth token: API requests are authenticated and webhooks are signed with it."""
    return secret(variable("AUTH_SECRET_ARN"))["auth_token"]


def carrier_urls() -> dict[str, str]:
    """Return base URLs of carriers that differ from the usual ones, such as {"telnyx_url": "https://..."}."""
    pairs = (entry.partition("=") for entry in variable("CARRIER_URLS").split(",") if entry)
    return {name: url for name, _, url in pairs}
