"""The operations of Cognito that find the client of a user pool, without the SDK."""

from __future__ import annotations

from typing import Any

from partyline.aws.json_client import JsonClient, JsonService
from partyline.frozen_classes import frozen

COGNITO = JsonService("cognito-idp", "AWSCognitoIdentityProviderService", "1.1", variable="COGNITO_IDENTITY_PROVIDER")


@frozen
class Cognito:
    """Calls Cognito. Names, parameters, answers and errors are those of the SDK's client, but times are numbers."""

    client: JsonClient

    def list_user_pool_clients(self, **parameters: Any) -> Any:
        """Read a page of the clients of a user pool."""
        return self.client.call("ListUserPoolClients", parameters)

    def describe_user_pool_client(self, **parameters: Any) -> Any:
        """Read a client of a user pool, with its secret."""
        return self.client.call("DescribeUserPoolClient", parameters)
