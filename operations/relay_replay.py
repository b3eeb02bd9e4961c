"""Replay what the relay gave up: each record once more through the relay function, in the order of the stream.

A letter is deleted when all of its records were relayed. So a replay that is interrupted is run again, and repeats at
most the letter at which it was: the relay can repeat everything safely. It stops at the first letter that fails, since
what is behind it may belong to the same conversation.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from operations import relay_letters
from operations.relay_letters import Batch, Letter, Record

# How often an event is given to the relay that leaves some of its records undone, and the pauses between, in seconds.
MAX_TRIES = 3
PAUSE = 2.0
# How many seconds a letter is hidden from another run. What is received is hidden anew before it is worked on.
HIDDEN = 600
# The answers of a stream that no longer has what it is asked for.
_GONE = {"TrimmedDataAccessException", "ResourceNotFoundException"}


class LetterOutcome(StrEnum):
    """What became of a letter."""

    RELAYED = "relayed"
    EXPIRED = "expired"  # the stream no longer has all of its records
    FAILED = "failed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ReceivedLetter:
    """A letter as it was received; None for one that cannot be read."""

    receipt_handle: str
    body: str
    letter: Letter | None


@dataclass(frozen=True, slots=True)
class RelayReplay:
    """Replays the letters of a queue.

    - `invoke`: calls the relay function with an event; returns its answer. Raises RuntimeError when it fails.
    - `report`: tells what became of a letter.
    """

    sqs: Any
    streams: Any
    queue_url: str
    invoke: Callable[[bytes], bytes]
    report: Callable[[LetterOutcome, str], None]
    pause: Callable[[float], None] = time.sleep

    def run(self, *, forget_expired: bool = False) -> bool:
        """Replay every letter, from the first record to the last; return whether none is left.

        Letters whose records the stream no longer has stay in the queue, unless they are to be forgotten.
        """
        left = self._receive_all()
        try:
            for received in sorted(left, key=_order):
                outcome = self._replay(received)
                if outcome is LetterOutcome.FAILED:
                    break
                if outcome is LetterOutcome.RELAYED or (outcome is LetterOutcome.EXPIRED and forget_expired):
                    self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=received.receipt_handle)
                    left.remove(received)
        finally:
            # Another run need not wait for them.
            for received in left:
                self._hide(received, 0)
        return not left

    def _receive_all(self) -> list[ReceivedLetter]:
        """Receive all letters, so that they can be replayed in order: a standard queue has none."""
        received: list[ReceivedLetter] = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.queue_url, MaxNumberOfMessages=10, VisibilityTimeout=HIDDEN, WaitTimeSeconds=1
            )
            if not answer.get("Messages"):
                return received
            received += [_read(message) for message in answer["Messages"]]

    def _replay(self, received: ReceivedLetter) -> LetterOutcome:
        """Replay one letter, and report what became of it."""
        letter = received.letter
        if letter is None:
            self.report(LetterOutcome.UNREADABLE, received.body[:200])
            return LetterOutcome.UNREADABLE
        self._hide(received, HIDDEN)
        try:
            outcome = self._replay_letter(letter)
        except RuntimeError as error:
            self.report(LetterOutcome.FAILED, str(error))
            return LetterOutcome.FAILED
        self.report(outcome, _describe(letter))
        return outcome

    def _replay_letter(self, letter: Letter) -> LetterOutcome:
        if letter.batch is not None:
            return self._replay_batch(letter.batch)
        records = [letter.record] if letter.record else []
        return LetterOutcome.RELAYED if self._relay(records) else LetterOutcome.FAILED

    def _replay_batch(self, batch: Batch) -> LetterOutcome:
        """Read the records of a batch from the stream, and relay them."""
        found = 0
        try:
            for page in self._read(batch):
                for event in relay_letters.split_events(page):
                    if not self._relay(event):
                        return LetterOutcome.FAILED
                found += len(page)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            return LetterOutcome.EXPIRED
        return LetterOutcome.RELAYED if found >= batch.size else LetterOutcome.EXPIRED

    def _read(self, batch: Batch) -> Iterator[list[Record]]:
        """Read the records of a batch page by page."""
        iterator = self.streams.get_shard_iterator(
            StreamArn=batch.stream,
            ShardId=batch.shard,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=str(batch.first),
        )["ShardIterator"]
        while iterator:
            answer = self.streams.get_records(ShardIterator=iterator)
            records = [one for one in answer["Records"] if relay_letters.position_of(one) <= batch.last]
            yield [relay_letters.to_event_record(one, batch.stream) for one in records]
            if any(relay_letters.position_of(one) >= batch.last for one in answer["Records"]):
                return
            iterator = answer.get("NextShardIterator")

    def _relay(self, records: Sequence[Record]) -> bool:
        """Give records to the relay, those again from the first that it left undone; return whether all are done."""
        for attempt in range(MAX_TRIES):
            if attempt:
                self.pause(PAUSE)
            answer = json.loads(self.invoke(relay_letters.encode_event(records)))
            failures = answer["batchItemFailures"]
            if not failures:
                return True
            undone = int(failures[0]["itemIdentifier"])
            records = [one for one in records if relay_letters.position_of(one) >= undone]
        return False

    def _hide(self, received: ReceivedLetter, seconds: int) -> None:
        # One that is no longer hidden is in the queue already, and can still be deleted.
        with suppress(self.sqs.exceptions.MessageNotInflight, self.sqs.exceptions.ReceiptHandleIsInvalid):
            self.sqs.change_message_visibility(
                QueueUrl=self.queue_url, ReceiptHandle=received.receipt_handle, VisibilityTimeout=seconds
            )


def _order(received: ReceivedLetter) -> tuple[float, int]:
    return received.letter.order if received.letter else (0.0, 0)


def _read(message: Any) -> ReceivedLetter:
    try:
        letter = relay_letters.parse_letter(message["Body"])
    except ValueError:
        letter = None
    return ReceivedLetter(message["ReceiptHandle"], message["Body"], letter)


def _describe(letter: Letter) -> str:
    if letter.batch is None:
        return f"a record that was set aside, {letter.position}"
    return f"{letter.batch.size} records of {letter.batch.shard}, {letter.batch.first} to {letter.batch.last}"
