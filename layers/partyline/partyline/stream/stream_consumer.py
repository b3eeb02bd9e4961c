"""The consumer of the table's stream: partitions side by side, each in its order.

What the records of a batch ask for is sent together. Lambda's partial batch response names the first record that was
not done, and all from there on comes again. What was done behind it is remembered as long as this process lives, and
not done twice. A record that has failed for an hour by its own fault is set aside, whole, so that it does not hold up
all others of its shard until the stream forgets them (decision 0032).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from partyline.errors import PartylineError
from partyline.observability import count, logger
from partyline.queues.queue_sender import QueueMessage, send_all

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Record = Mapping[str, Any]
Answer = dict[str, Any]
# How many partitions are worked at a time.
AT_ONCE = 8
# Seconds that a record may hold up its shard by its own fault.
PATIENCE = 3600


@dataclass(frozen=True, slots=True)
class Relayed:
    """What a record asks for: the name of it, the messages, and how many of these are calls of webhooks."""

    name: str
    messages: tuple[QueueMessage, ...] = ()
    calls: int = 0


Relay = Callable[[Record], Relayed]


@dataclass(frozen=True, slots=True)
class StreamConsumer:
    """The queues, and the URL of the one for records that cannot be relayed. `clock` is in Unix time."""

    sqs: SQSClient
    failures_url: Callable[[], str]
    clock: Callable[[], float] = time.time
    # Positions of what was done behind a record that failed, and of what failed by its own fault, with since when.
    _done: set[str] = field(default_factory=set)
    _failing: dict[str, float] = field(default_factory=dict)

    def consume(self, event: Mapping[str, Any], relay: Relay) -> Answer:
        """Relay a batch of records; the answer names the first that failed."""
        records: list[Record] = [record for record in event["Records"] if _position(record) not in self._done]
        done = self._send(self._relay_all(records, relay))
        for number, one in done.items():
            self._report(records[number], one)
        failed = [number for number in range(len(records)) if number not in done]
        if not failed:
            self._done.difference_update(_position(record) for record in event["Records"])
            return {"batchItemFailures": []}
        count("OutboxFailed", len(failed))
        self._done.update(_position(records[number]) for number in done)
        return {"batchItemFailures": [{"itemIdentifier": _position(records[failed[0]])}]}

    def _send(self, relayed: Mapping[int, Relayed]) -> dict[int, Relayed]:
        """Send the messages of all records together; return the records of which all were sent."""
        numbered = [(number, message) for number, one in relayed.items() for message in one.messages]
        unsent = {numbered[at][0] for at in send_all(self.sqs, [message for _, message in numbered])}
        return {number: one for number, one in relayed.items() if number not in unsent}

    def _report(self, record: Record, relayed: Relayed) -> None:
        logger.info("outbox.relayed", event_id=record.get("eventID"), done=relayed.name)
        count(f"Outbox{relayed.name.capitalize()}")
        self._failing.pop(_position(record), None)
        if relayed.calls:
            count("CallbackQueued", relayed.calls)

    def _relay_all(self, records: Sequence[Record], relay: Relay) -> dict[int, Relayed]:
        """What each record asks for that can be relayed, in their order."""
        partitions: dict[str, list[int]] = {}
        for number, record in enumerate(records):
            partitions.setdefault(record["dynamodb"]["Keys"]["PK"]["S"], []).append(number)

        def work(numbers: list[int]) -> dict[int, Relayed]:
            return self._relay_partition({number: records[number] for number in numbers}, relay)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(work, partitions.values()))
        return dict(sorted(one for part in found for one in part.items()))

    def _relay_partition(self, records: Mapping[int, Record], relay: Relay) -> dict[int, Relayed]:
        """The records of one partition, up to the first that fails."""
        relayed: dict[int, Relayed] = {}
        for number, record in records.items():
            try:
                relayed[number] = relay(record)
            except Exception as error:  # noqa: BLE001  (one partition's failure is no other's; it is answered for)
                logger.exception("outbox.record_failed", event_id=record.get("eventID"), position=_position(record))
                if not self._is_hopeless(record, error):
                    break
                message = QueueMessage(self.failures_url(), json.dumps({"record": record}))
                relayed[number] = Relayed("aside", (message,))
        return relayed

    def _is_hopeless(self, record: Record, error: Exception) -> bool:
        """Whether a record has failed for long, and by its own fault. AWS is waited for."""
        if isinstance(error, ClientError | BotoCoreError | PartylineError):
            return False
        now = self.clock()
        return now - self._failing.setdefault(_position(record), now) > PATIENCE


def _position(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])
