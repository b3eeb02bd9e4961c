"""SQS queues: sending to them and consuming them."""
