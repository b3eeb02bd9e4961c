"""The operations of KMS that the key for push services needs, without the SDK."""

from __future__ import annotations

import base64
from typing import Any

from partyline.aws.json_client import JsonClient, JsonService
from partyline.frozen_classes import frozen

KMS = JsonService("kms", "TrentService", "1.1")


@frozen
class Kms:
    """Calls KMS. Names, parameters, answers and errors are those of the SDK's client: bytes are bytes."""

    client: JsonClient

    def get_public_key(self, **parameters: Any) -> Any:
        """Read the public half of a key."""
        answer = self.client.call("GetPublicKey", parameters)
        return answer | {"PublicKey": base64.b64decode(answer["PublicKey"])}

    def sign(self, **parameters: Any) -> Any:
        """Sign a message by the private half of a key."""
        encoded = base64.b64encode(parameters["Message"]).decode()
        answer = self.client.call("Sign", parameters | {"Message": encoded})
        return answer | {"Signature": base64.b64decode(answer["Signature"])}
