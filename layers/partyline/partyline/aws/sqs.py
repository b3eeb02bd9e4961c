"""The operations of SQS that the queues need, without the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from partyline.aws.json_client import JsonClient, JsonService
from partyline.frozen_classes import frozen

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SQS = JsonService("sqs", "AmazonSQS", is_query_compatible=True)


@frozen
class Sqs:
    """Calls SQS. Names, parameters, answers and errors are those of the SDK's client."""

    client: JsonClient

    def send_message(self, **parameters: Any) -> Any:
        """Put a message into a queue."""
        return self.client.call("SendMessage", parameters)

    def send_message_batch(self, **parameters: Any) -> Any:
        """Put up to ten messages into a queue. The answer says which of them were refused."""
        return self.client.call("SendMessageBatch", parameters)

    def receive_message(self, **parameters: Any) -> Any:
        """Take up to ten messages out of a queue for some time."""
        return self.client.call("ReceiveMessage", parameters)

    def delete_message(self, **parameters: Any) -> Any:
        """Remove a message that was received."""
        return self.client.call("DeleteMessage", parameters)

    def change_message_visibility(self, **parameters: Any) -> Any:
        """Say how long a message that was received stays hidden."""
        return self.client.call("ChangeMessageVisibility", parameters)

    def get_queue_attributes(self, **parameters: Any) -> Any:
        """Read what is known of a queue."""
        return self.client.call("GetQueueAttributes", parameters)


QueueClient: TypeAlias = "Sqs | SQSClient"
