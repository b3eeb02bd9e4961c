"""The operations of DynamoDB that the table needs, without the SDK."""

from __future__ import annotations

from typing import Any

from partyline.aws.json_client import JsonClient, JsonService
from partyline.frozen_classes import frozen

DYNAMODB = JsonService("dynamodb", "DynamoDB_20120810")


@frozen
class DynamoDb:
    """Calls DynamoDB. Names, parameters, answers and errors are those of the SDK's client."""

    client: JsonClient

    def get_item(self, **parameters: Any) -> Any:
        """Read one item."""
        return self.client.call("GetItem", parameters)

    def batch_get_item(self, **parameters: Any) -> Any:
        """Read up to a hundred items."""
        return self.client.call("BatchGetItem", parameters)

    def transact_get_items(self, **parameters: Any) -> Any:
        """Read up to a hundred items as they are at one moment."""
        return self.client.call("TransactGetItems", parameters)

    def query(self, **parameters: Any) -> Any:
        """Read a page of a partition."""
        return self.client.call("Query", parameters)

    def scan(self, **parameters: Any) -> Any:
        """Read a page of the whole table."""
        return self.client.call("Scan", parameters)

    def put_item(self, **parameters: Any) -> Any:
        """Store a whole item."""
        return self.client.call("PutItem", parameters)

    def update_item(self, **parameters: Any) -> Any:
        """Change an item."""
        return self.client.call("UpdateItem", parameters)

    def delete_item(self, **parameters: Any) -> Any:
        """Remove an item."""
        return self.client.call("DeleteItem", parameters)

    def batch_write_item(self, **parameters: Any) -> Any:
        """Store or remove up to 25 items."""
        return self.client.call("BatchWriteItem", parameters)

    def batch_execute_statement(self, **parameters: Any) -> Any:
        """Carry out up to 25 statements, each for itself."""
        return self.client.call("BatchExecuteStatement", parameters)

    def transact_write_items(self, **parameters: Any) -> Any:
        """Make up to a hundred writes, or none."""
        return self.client.call("TransactWriteItems", parameters)
