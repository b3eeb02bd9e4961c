"""The consumer of the table's stream: partitions side by side, each in its order.

The messages of all records of a batch are sent together. Lambda's partial batch response names the first record that
failed, and Lambda delivers that record and all later ones again. Later records that were done are remembered for the
life of this process, and are not relayed twice. A record that fails for an hour through its own fault is moved to the
failures queue. Otherwise it would block its shard until the stream drops the records (decision 0032).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from partyline.errors import PartylineError
from partyline.frozen_classes import frozen
from partyline.observability import count, logger
from partyline.queues.queue_sender import QueueMessage, send_all

if TYPE_CHECKING:
    from partyline.aws.sqs import QueueClient

Record = Mapping[str, Any]
Answer = dict[str, Any]
# How many partitions are relayed at a time.
AT_ONCE = 8
# How many seconds a record may block its shard through its own fault.
PATIENCE = 3600


@frozen
class Relayed:
    """The follow-up of a record: its name, its messages, and how many of these are calls of webhooks."""

    name: str
    messages: tuple[QueueMessage, ...] = ()
    calls: int = 0


Relay = Callable[[Record], Relayed]


@frozen
class StreamConsumer:
    """Consumes batches of stream records.

    - `failures_url`: returns the URL of the queue for records that cannot be relayed.
    - `clock`: returns the Unix time.
    """

    sqs: QueueClient
    failures_url: Callable[[], str]
    clock: Callable[[], float] = time.time
    # `_done`: positions of records that were done behind a failed one. `_failing`: the time of the first failure of
    # records that fail through their own fault, by position.
    _done: set[str] = field(default_factory=set)
    _failing: dict[str, float] = field(default_factory=dict)

    def consume(self, event: Mapping[str, Any], relay: Relay) -> Answer:
        """Relay a batch of records; return the partial batch response with the first that failed."""
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
        """Send the messages of all records together; return the records whose messages were all sent."""
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
        """Build the follow-up of each record that can be relayed, in their order."""
        partitions: dict[str, list[int]] = {}
        for number, record in enumerate(records):
            partitions.setdefault(record["dynamodb"]["Keys"]["PK"]["S"], []).append(number)

        def relay_partition(numbers: list[int]) -> dict[int, Relayed]:
            return self._relay_partition({number: records[number] for number in numbers}, relay)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(relay_partition, partitions.values()))
        return dict(sorted(one for result in results for one in result.items()))

    def _relay_partition(self, records: Mapping[int, Record], relay: Relay) -> dict[int, Relayed]:
        """Build the follow-up of the records of one partition, up to the first that fails."""
        relayed: dict[int, Relayed] = {}
        for number, record in records.items():
            try:
                relayed[number] = relay(record)
            except Exception as error:  # noqa: BLE001  (one failed partition must not stop the others; it is logged and retried)
                logger.exception("outbox.record_failed", event_id=record.get("eventID"), position=_position(record))
                if not self._is_hopeless(record, error):
                    break
                message = QueueMessage(self.failures_url(), json.dumps({"record": record}))
                relayed[number] = Relayed("aside", (message,))
        return relayed

    def _is_hopeless(self, record: Record, error: Exception) -> bool:
        """Whether a record has failed for long through its own fault.

        Errors of AWS and of Partyline's own tree are only retried.
        """
        if isinstance(error, ClientError | BotoCoreError | PartylineError):
            return False
        now = self.clock()
        return now - self._failing.setdefault(_position(record), now) > PATIENCE


def _position(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])
