"""Putting many messages into SQS queues: in batches, in the order of each group, and each answered for alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from partyline.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# SQS' own limits for one batch: messages, and bytes of all of them.
MAX_BATCH = 10
MAX_BATCH_BYTES = 1024 * 1024
# How many batches are on their way at a time.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """One message for a queue: in the turn of its group where the queue is FIFO, or after `delay` seconds."""

    queue_url: str
    body: str
    group: str | None = None
    deduplication_id: str | None = None
    delay: int | None = None


# A position in what is to be sent, and the message there.
_Numbered = tuple[int, QueueMessage]


def send_all(sqs: SQSClient, messages: Sequence[QueueMessage]) -> set[int]:
    """Send messages; the positions of those that were not, or may not have been, sent.

    A message of a group is sent when the one before it has been, never beside it and never after it failed: a batch
    may be taken in part. So a batch has one message of a group, and many groups go side by side.
    """
    failed: set[int] = set()
    turns = _turns(messages)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while turns:
            heads = [turn[0] for turn in turns]
            for unsent in pool.map(lambda batch: _send(sqs, batch), list(_batches(heads))):
                failed |= unsent
            failed.update(number for turn in turns if turn[0][0] in failed for number, _ in turn)
            turns = [turn[1:] for turn in turns if len(turn) > 1 and turn[0][0] not in failed]
    return failed


def _turns(messages: Sequence[QueueMessage]) -> list[list[_Numbered]]:
    """What has to be sent one after the other: each group's messages, and each that has no group by itself."""
    turns: dict[tuple[str, str | int], list[_Numbered]] = {}
    for number, message in enumerate(messages):
        name = number if message.group is None else message.group
        turns.setdefault((message.queue_url, name), []).append((number, message))
    return list(turns.values())


def _batches(messages: Sequence[_Numbered]) -> Iterator[list[_Numbered]]:
    """Messages of one queue each, within SQS' limits."""
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


def _send(sqs: SQSClient, batch: Sequence[_Numbered]) -> set[int]:
    """Send one batch; the positions of those that were not sent."""
    url = batch[0][1].queue_url
    entries: list[Any] = [_entry(*one) for one in batch]
    try:
        answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    except (ClientError, BotoCoreError) as error:
        logger.error("queue.not_sent", queue=url.rpartition("/")[2], reason=_why(error), messages=len(batch))
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


def _why(error: ClientError | BotoCoreError) -> str:
    """The name of an error. Its text may hold more than a log should."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
