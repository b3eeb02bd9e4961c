"""`python -m operations.redrive` against the stack's own relay, its table's stream and its queues, on moto."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import boto3
import pytest

from operations import redrive
from partyline.queues import queue_messages
from partyline.storage.table import Table
from tests.integration.functions.conftest import Context
from tests.integration.functions.test_others import waiting
from tests.support.scene import make_scene

Load = Callable[[str], ModuleType]


class Stack:
    """What AWS says of the stack, and the relay as Lambda calls it."""

    def __init__(self, relay: ModuleType, stream: str) -> None:
        self.relay = relay
        self.stream = stream
        self.events: list[dict[str, Any]] = []

    def build_client(self, service: str) -> Any:
        """The client of a service: moto's, or this."""
        client: Any = boto3.client
        return self if service in ("cloudformation", "lambda", "dynamodb") else client(service)

    def describe_stacks(self, **given: str) -> dict[str, Any]:
        assert given == {"StackName": "partyline"}
        outputs = {
            "TableName": "partyline",
            "RelayFailuresUrl": self.relay.variable("RELAY_FAILURES_URL"),
            "OutboundDeadLettersUrl": "https://queue.example/dead",
        }
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": one} for key, one in outputs.items()]}]}

    def describe_table(self, **given: str) -> dict[str, Any]:
        return {"Table": {"LatestStreamArn": self.stream}}

    def list_event_source_mappings(self, **given: str) -> dict[str, Any]:
        assert given == {"EventSourceArn": self.stream}
        return {"EventSourceMappings": [{"FunctionArn": "arn:relay:live"}]}

    def invoke(self, **given: Any) -> dict[str, Any]:
        assert given["FunctionName"] == "arn:relay:live"
        self.events.append(json.loads(given["Payload"]))
        answer = self.relay.handler(self.events[-1], Context())
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def stack(function: Load, client: Any) -> Stack:
    """A stack whose relay has seen nothing yet."""
    settings = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    client.update_table(TableName="partyline", StreamSpecification=settings)
    stream = client.describe_table(TableName="partyline")["Table"]["LatestStreamArn"]
    return Stack(function("relay"), stream)


def give_up(stack: Stack) -> int:
    """Write the letter of everything in the stream, as Lambda does; return how many records that are."""
    streams: Any = boto3.client("dynamodbstreams")
    [shard] = streams.describe_stream(StreamArn=stack.stream)["StreamDescription"]["Shards"]
    place = {"StreamArn": stack.stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    records = streams.get_records(ShardIterator=streams.get_shard_iterator(**place)["ShardIterator"])["Records"]
    info = {
        "streamArn": stack.stream,
        "shardId": shard["ShardId"],
        "startSequenceNumber": records[0]["dynamodb"]["SequenceNumber"],
        "endSequenceNumber": records[-1]["dynamodb"]["SequenceNumber"],
        "batchSize": len(records),
        "approximateArrivalOfFirstRecord": "2026-11-28T12:00:00Z",
    }
    url = stack.relay.variable("RELAY_FAILURES_URL")
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"DDBStreamBatchInfo": info}))
    return len(records)


def test_sends_of_a_batch_that_was_given_up_are_queued(
    stack: Stack, table: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    scenes = [make_scene(table) for _ in range(3)]
    count = give_up(stack)

    assert redrive.main(["partyline", "RelayFailures"], stack.build_client) == 0
    assert sum(len(event["Records"]) for event in stack.events) == count
    queued = [message["Body"] for message in waiting(stack.relay.variable("OUTBOUND_QUEUE_URL"))]
    assert sorted(queued) == sorted(queue_messages.encode_send(scene.reference) for scene in scenes)
    assert waiting(stack.relay.variable("RELAY_FAILURES_URL")) == []
    assert capsys.readouterr().out.splitlines()[-1] == "done"


def test_relay_that_fails_keeps_its_letter(
    stack: Stack, table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_scene(table)
    give_up(stack)

    def fail(**given: Any) -> dict[str, Any]:
        return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorMessage": "no"}')}

    monkeypatch.setattr(stack, "invoke", fail)
    assert redrive.main(["partyline", "RelayFailures"], stack.build_client) == 1
    assert len(waiting(stack.relay.variable("RELAY_FAILURES_URL"))) == 1
    assert "the relay failed" in capsys.readouterr().out


def test_queue_that_does_not_exist_is_refused_with_those_that_do(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        redrive.main(["partyline", "Nothing"], stack.build_client)

    assert "RelayFailures, OutboundDeadLetters" in capsys.readouterr().err
