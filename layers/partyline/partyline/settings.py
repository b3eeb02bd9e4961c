"""What a deployment tells its functions: environment variables, read once at a cold start, and secrets.

A function is given only the variables it needs; asking for one it was not given is an error that names it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.constants import DEFAULT_PROVIDERS

from partyline import aws_clients

# A changed secret is in use after this many seconds, without a deployment.
SECRET_LIFE = 300


def variable(name: str) -> str:
    """An environment variable. Raises KeyError naming it."""
    return os.environ[name]


def secret(arn: str) -> Mapping[str, str]:
    """The values of a secret by name, not older than SECRET_LIFE. They are never logged."""
    if "secrets" not in DEFAULT_PROVIDERS:
        # What get_secret would make itself, with our time-outs.
        DEFAULT_PROVIDERS["secrets"] = SecretsProvider(boto3_client=aws_clients.secrets_manager())
    values: Mapping[str, str] = json.loads(parameters.get_secret(arn, max_age=SECRET_LIFE))
    return values


def auth_token() -> str:
    """The account's auth token: API requests bring it, and webhooks are signed with it."""
    return secret(variable("AUTH_SECRET_ARN"))["auth_token"]


def carrier_urls() -> dict[str, str]:
    """The carriers' base URLs, where a deployment has other ones than the usual: {"telnyx_url": "https://..."}."""
    pairs = (entry.partition("=") for entry in variable("CARRIER_URLS").split(",") if entry)
    return {name: url for name, _, url in pairs}
