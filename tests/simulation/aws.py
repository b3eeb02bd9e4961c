"""The clients of DynamoDB, SQS and Secrets Manager, with what can happen to a request on its way.

A request travels, is carried out, and its answer travels. At each of these steps it may be lost, or the process that
made it may end. Like botocore, the clients repeat a request that got no answer or was refused as too fast.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.simulation.faults import Faults
from tests.simulation.queues import Queues
from tests.simulation.scheduler import Scheduler
from tests.support.memory_dynamodb import MemoryDynamoDB

# Attempts of a request and seconds until an answer is missed: those of partyline.aws_clients.
ATTEMPTS = {"dynamodb": 2, "sqs": 3}
MISSED = 3.0
_ALWAYS = {
    "crash before": 0.004,
    "crash after": 0.004,
    "request lost": 0.004,
    "answer lost": 0.008,
    "throttled": 0.008,
}
# Seconds between two items that a query sees.
_LONG_QUERY = 0.2
_TRANSACTION = {"cancelled as too fast": 0.01, "conflict": 0.01}
_WRITES = frozenset({"put_item", "update_item", "delete_item"})
_REPEATED = frozenset(
    {"ThrottlingException", "ProvisionedThroughputExceededException", "TransactionInProgressException"}
)


@dataclass(frozen=True)
class Wire:
    """The way to AWS."""

    scheduler: Scheduler
    faults: Faults

    def request(
        self, service: str, operation: str, carry_out: Callable[[], Any], in_part: Callable[[], Any] | None = None
    ) -> Any:
        """Make a request; repeat it as botocore does. `in_part` carries out a part of a batch, or of a query."""
        for attempt in range(1, ATTEMPTS[service] + 1):
            try:
                return self._attempt(operation, carry_out, in_part)
            except (ClientError, ReadTimeoutError) as error:
                if attempt == ATTEMPTS[service] or not _may_repeat(error):
                    raise
                self.scheduler.pause(0.05 * attempt)
        raise AssertionError(operation)

    def _attempt(self, operation: str, carry_out: Callable[[], Any], in_part: Callable[[], Any] | None) -> Any:
        task = self.scheduler.current
        if task is None:
            # The set-up of a history, before anything happens.
            return carry_out()
        task.calls += 1
        name = f"{task.name}/{task.calls} {operation}"
        fault = self.faults.happens(name, _chances(operation))
        self.scheduler.pause(self.faults.latency(f"{name}/to"))
        match fault:
            case "crash before":
                self.scheduler.die()
            case "throttled":
                raise _error("ProvisionedThroughputExceededException", operation)
            case "cancelled as too fast":
                raise _error("TransactionCanceledException", operation, "ThrottlingError")
            case "conflict":
                raise _conflict(operation)
            case "request lost":
                self._miss(operation)
        answer = in_part() if fault == "in part" and in_part else carry_out()
        if fault == "crash after":
            self.scheduler.die()
        if fault == "answer lost":
            self._miss(operation)
        self.scheduler.pause(self.faults.latency(f"{name}/back"))
        return answer

    def _miss(self, operation: str) -> None:
        self.scheduler.pause(MISSED)
        raise ReadTimeoutError(endpoint_url=f"https://{operation}.example")


def _chances(operation: str) -> Mapping[str, float]:
    if operation.startswith("transact_"):
        return {**_ALWAYS, **_TRANSACTION}
    if operation in _WRITES:
        return {**_ALWAYS, "conflict": 0.008}
    if "batch" in operation:
        return {**_ALWAYS, "in part": 0.01}
    if operation == "query":
        return {**_ALWAYS, "in part": 0.05}
    return _ALWAYS


def _may_repeat(error: Exception) -> bool:
    return not isinstance(error, ClientError) or error.response["Error"]["Code"] in _REPEATED


def _error(code: str, operation: str, *reasons: str) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "injected"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(response, operation)


def _conflict(operation: str) -> ClientError:
    if operation.startswith("transact_"):
        return _error("TransactionCanceledException", operation, "TransactionConflict")
    return _error("TransactionConflictException", operation)


class SimulatedDynamoDB:
    """The client of the table."""

    def __init__(self, wire: Wire, table: MemoryDynamoDB) -> None:
        self._wire, self._table = wire, table

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self._table, operation)

        def request(**parameters: Any) -> Any:
            in_part = {
                "batch_get_item": self._read_half,
                "batch_write_item": self._write_half,
                "batch_execute_statement": self._execute_half,
                "query": self._query_twice,
            }.get(operation)
            return self._wire.request(
                "dynamodb",
                operation,
                lambda: method(**parameters),
                (lambda: in_part(**parameters)) if in_part else None,
            )

        return request

    def _read_half(self, **asked: Any) -> dict[str, Any]:
        ((name, request),) = asked["RequestItems"].items()
        keys = request["Keys"]
        read, left = keys[: len(keys) // 2], keys[len(keys) // 2 :]
        found = self._table.batch_get_item(RequestItems={name: {"Keys": read}}) if read else {"Responses": {name: []}}
        return {**found, "UnprocessedKeys": {name: {**request, "Keys": left}}}

    def _query_twice(self, **asked: Any) -> dict[str, Any]:
        """See the first item as it is now, and the others as they are a moment later: a query is no transaction."""
        first = self._table.query(**asked)
        self._wire.scheduler.pause(_LONG_QUERY)
        rest = self._table.query(**asked)
        place = (
            {name: value for name, value in first["Items"][0].items() if name in ("PK", "SK")} if first["Items"] else {}
        )
        if "IndexName" in asked or not place or "LastEvaluatedKey" in {**first, **rest}:
            return rest
        others = [item for item in rest["Items"] if {**item, **place} != item]
        return {**rest, "Items": [first["Items"][0], *others], "Count": len(others) + 1}

    def _execute_half(self, **asked: Any) -> dict[str, Any]:
        """Carry out every second statement; the others meet a transaction."""
        answers: list[dict[str, Any]] = [{"Error": {"Code": "TransactionConflict"}} for _ in asked["Statements"]]
        for number in range(1, len(answers), 2):
            statement = asked["Statements"][number]
            answers[number] = self._table.batch_execute_statement(Statements=[statement])["Responses"][0]
        return {"Responses": answers}

    def _write_half(self, **asked: Any) -> dict[str, Any]:
        ((name, writes),) = asked["RequestItems"].items()
        made, left = writes[: len(writes) // 2], writes[len(writes) // 2 :]
        if made:
            self._table.batch_write_item(RequestItems={name: made})
        return {"UnprocessedItems": {name: left}}


class SimulatedSQS:
    """The client of the queues."""

    def __init__(self, wire: Wire, queues: Queues) -> None:
        self._wire, self._queues = wire, queues

    def send_message(self, **request: Any) -> dict[str, Any]:
        queue = self._queues[request["QueueUrl"]]
        self._wire.request("sqs", "send_message", lambda: queue.send(request))
        return {}

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        queue = self._queues[request["QueueUrl"]]

        def send(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
            for entry in entries:
                queue.send(entry)
            failed = [entry for entry in request["Entries"] if entry not in entries]
            return {"Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in failed]}

        entries = request["Entries"]
        answer: dict[str, Any] = self._wire.request(
            "sqs", "send_message_batch", lambda: send(entries), lambda: send(entries[1:])
        )
        return answer

    def change_message_visibility(self, **request: Any) -> dict[str, Any]:
        queue = self._queues[request["QueueUrl"]]
        change = (request["ReceiptHandle"], request["VisibilityTimeout"])
        self._wire.request("sqs", "change_message_visibility", lambda: queue.hide(*change))
        return {}


@dataclass(frozen=True)
class Secrets:
    """The client of the secrets: every secret has all values."""

    values: Mapping[str, str]

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        return {"SecretString": json.dumps(dict(self.values))}
