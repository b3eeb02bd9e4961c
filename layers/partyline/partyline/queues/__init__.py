"""Send messages to SQS queues, and consume them."""
