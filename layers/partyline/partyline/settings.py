"""Read the settings of a deployment: environment variables and secrets.

A function has only the variables that it needs. Reading another one raises an error that names it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS

from partyline import aws_clients

# Seconds until a changed secret is in use, without a deployment.
SECRET_LIFE = 300


def variable(name: str) -> str:
    """Return an environment variable. Raises KeyError with its name."""
    return os.environ[name]


def secret(arn: str) -> Mapping[str, str]:
    """Return the members of a secret, not older than SECRET_LIFE. They are never logged."""
    if "secrets" not in DEFAULT_PROVIDERS:
        # The provider that get_secret would build, with time-outs of our own.
        DEFAULT_PROVIDERS["secrets"] = SecretsProvider(boto3_client=aws_clients.secrets_manager())
    values: Mapping[str, str] = json.loads(parameters.get_secret(arn, max_age=SECRET_LIFE))
    return values


def auth_token() -> str:
    """Return the account's auth token: API requests are authenticated and webhooks are signed with it."""
    return secret(variable("AUTH_SECRET_ARN"))["auth_token"]


def carrier_urls() -> dict[str, str]:
    """Return base URLs of carriers that differ from the usual ones, such as {"telnyx_url": "https://..."}."""
    pairs = (entry.partition("=") for entry in variable("CARRIER_URLS").split(",") if entry)
    return {name: url for name, _, url in pairs}
