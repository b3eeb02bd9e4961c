"""The one operation of Secrets Manager that is needed, without the SDK."""

from __future__ import annotations

from typing import Any

from partyline.aws.json_client import JsonClient, JsonService
from partyline.frozen_classes import frozen

SECRETS_MANAGER = JsonService("secretsmanager", "secretsmanager", "1.1", variable="SECRETS_MANAGER")


@frozen
class SecretsManager:
    """Reads secrets. Parameters, answer and errors are those of the SDK's client."""

    client: JsonClient

    def get_secret_value(self, **parameters: Any) -> Any:
        """Read the value of a secret."""
        return self.client.call("GetSecretValue", parameters)
