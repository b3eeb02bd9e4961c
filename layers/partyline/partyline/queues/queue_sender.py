"""Send many messages to SQS queues: in batches, in the order of each group, with a result for each message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from partyline.frozen_classes import frozen
from partyline.observability import logger

if TYPE_CHECKING:
    from partyline.aws.sqs import QueueClient

# SQS' own limits for one batch: messages, and bytes of all of them.
MAX_BATCH = 10
MAX_BATCH_BYTES = 1024 * 1024
# How many batches are sent at a time.
AT_ONCE = 8


@frozen
class QueueMessage:
    """One message for a queue: in the order of its `group` in a FIFO queue, or after `delay` seconds."""

    queue_url: str
    body: str
    group: str | None = None
    deduplication_id: str | None = None
    delay: int | None = None


# A message, with its position in the sequence to send.
_Numbered = tuple[int, QueueMessage]


def send_all(sqs: QueueClient, messages: Sequence[QueueMessage]) -> set[int]:
    """Send messages; return the positions of those that were not sent, or may not have been.

    SQS may accept a batch in part. So a message of a group is sent only after the one before it has been sent, and
    never after that one failed. A batch has at most one message of each group, and many groups are sent side by side.
    """
    failed: set[int] = set()
    sequences = _split_sequences(messages)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while sequences:
            heads = [sequence[0] for sequence in sequences]
            for unsent in pool.map(lambda batch: _send(sqs, batch), list(_batches(heads))):
                failed |= unsent
            failed.update(number for sequence in sequences if sequence[0][0] in failed for number, _ in sequence)
            sequences = [sequence[1:] for sequence in sequences if len(sequence) > 1 and sequence[0][0] not in failed]
    return failed


def _split_sequences(messages: Sequence[QueueMessage]) -> list[list[_Numbered]]:
    """Split messages into sequences that are sent in order: one for each group, and one for each other message."""
    sequences: dict[tuple[str, str | int], list[_Numbered]] = {}
    for number, message in enumerate(messages):
        name = number if message.group is None else message.group
        sequences.setdefault((message.queue_url, name), []).append((number, message))
    return list(sequences.values())


def _batches(messages: Sequence[_Numbered]) -> Iterator[list[_Numbered]]:
    """Split messages into batches of one queue each, within SQS' limits."""
    queues: dict[str, list[_Numbered]] = {}
    for one in messages:
        queues.setdefault(one[1].queue_url, []).append(one)
    for queue in queues.values():
        batch: list[_Numbered] = []
        size = 0
        for one in queue:
            length = len(one[1].body.encode())
            if batch and (len(batch) == MAX_BATCH or size + length > MAX_BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(one)
            size += length
        yield batch


def _send(sqs: QueueClient, batch: Sequence[_Numbered]) -> set[int]:
    """Send one batch; return the positions of the messages that were not sent."""
    url = batch[0][1].queue_url
    entries: list[Any] = [_entry(*one) for one in batch]
    try:
        answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    except (ClientError, BotoCoreError) as error:
        logger.error("queue.not_sent", queue=url.rpartition("/")[2], reason=_error_name(error), messages=len(batch))
        return {number for number, _ in batch}
    refused = answer.get("Failed", [])
    for entry in refused:
        logger.error("queue.not_sent", queue=url.rpartition("/")[2], reason=entry.get("Code"), messages=1)
    return {int(entry["Id"]) for entry in refused}


def _entry(number: int, message: QueueMessage) -> dict[str, Any]:
    entry = {
        "Id": str(number),
        "MessageBody": message.body,
        "MessageGroupId": message.group,
        "MessageDeduplicationId": message.deduplication_id,
        "DelaySeconds": message.delay,
    }
    return {name: value for name, value in entry.items() if value is not None}


def _error_name(error: ClientError | BotoCoreError) -> str:
    """Return the name of an error. Its text may contain more than a log should."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
