"""The client of the queues without the SDK does what that of the SDK does, whatever the network and AWS do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.moto_api._internal.models import moto_api_backend

from partyline.queues import dead_letters
from partyline.queues.dead_letters import DeadLetters
from partyline.queues.queue_sender import QueueMessage, send_all
from tests.integration.aws.conftest import NAMES, BuildClient, both
from tests.support.aws_server import AwsServer, Fault

ACCOUNT = "123456789012"

Build = Callable[[str], Any]


@pytest.fixture
def server(aws: AwsServer) -> AwsServer:
    """SQS with an empty queue of each kind for each client."""
    for name in NAMES:
        create_queues(aws, name)
    return aws


def create_queues(server: AwsServer, name: str) -> None:
    server.create("AmazonSQS.CreateQueue", {"QueueName": name})
    server.create("AmazonSQS.CreateQueue", {"QueueName": f"{name}.fifo", "Attributes": {"FifoQueue": "true"}})


def url(name: str) -> str:
    return f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{name}"


@pytest.fixture
def build(server: AwsServer, build_client: BuildClient) -> Build:
    """Builds a client, as a function does."""
    return lambda name: build_client("sqs", name)


def bodies(client: Any, queue: str) -> list[str]:
    """What is in a queue, which stays there."""
    found = client.receive_message(QueueUrl=url(queue), MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in found.get("Messages", [])]


# --- what is asked and answered


@both
def test_a_message_is_sent_received_hidden_and_removed(build: Build, name: str) -> None:
    client = build(name)
    sent = client.send_message(QueueUrl=url(name), MessageBody="Dinner – 8 o’clock 🎉\n", DelaySeconds=0)
    [received] = client.receive_message(QueueUrl=url(name), VisibilityTimeout=30)["Messages"]
    assert received["Body"] == "Dinner – 8 o’clock 🎉\n"
    assert received["MessageId"] == sent["MessageId"]
    assert bodies(client, name) == []
    handle = received["ReceiptHandle"]
    client.change_message_visibility(QueueUrl=url(name), ReceiptHandle=handle, VisibilityTimeout=0)
    assert bodies(client, name) == ["Dinner – 8 o’clock 🎉\n"]
    [again] = client.receive_message(QueueUrl=url(name))["Messages"]
    client.delete_message(QueueUrl=url(name), ReceiptHandle=again["ReceiptHandle"])
    attributes = client.get_queue_attributes(QueueUrl=url(name), AttributeNames=["ApproximateNumberOfMessages"])
    assert attributes["Attributes"] == {"ApproximateNumberOfMessages": "0"}


@both
def test_a_group_stays_in_its_order_and_a_repeat_is_one_message(build: Build, name: str) -> None:
    client = build(name)
    messages = [QueueMessage(url(f"{name}.fifo"), str(number), "group", f"id-{number}") for number in (1, 2, 3, 2)]
    assert send_all(client, messages) == set()
    assert bodies(client, f"{name}.fifo") == ["1", "2", "3"]


@both
def test_messages_for_a_queue_that_is_not_there_were_not_sent(build: Build, name: str) -> None:
    client = build(name)
    messages = [QueueMessage(url(name), "a"), QueueMessage(url("missing"), "b"), QueueMessage(url(name), "c")]
    assert send_all(client, messages) == {1}
    assert bodies(client, name) == ["a", "c"]


@both
def test_dead_letters_are_found_and_removed(build: Build, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = build(name)
    # moto has one server.
    monkeypatch.setattr(dead_letters, "WAIT", 0)
    send_all(client, [QueueMessage(url(name), body) for body in ("keep", "remove", "keep too")])
    assert DeadLetters(client, (url(name),)).remove(lambda body: body == "remove").removed == 1
    assert bodies(client, name) == ["keep", "keep too"]


def refusal(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**parameters)
    error: Any = refused.value.response["Error"]
    return {"operation": refused.value.operation_name, "code": error["Code"], "message": error["Message"]}


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("send_message", {"QueueUrl": url("missing"), "MessageBody": "x"}, "AWS.SimpleQueueService.NonExistentQueue"),
        (
            "delete_message",
            {"QueueUrl": url("sdk"), "ReceiptHandle": "no handle"},
            "ReceiptHandleIsInvalid",
        ),
        (
            "send_message_batch",
            {"QueueUrl": url("sdk"), "Entries": [{"Id": "1", "MessageBody": "x"}, {"Id": "1", "MessageBody": "y"}]},
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        ),
    ],
)
def test_an_error_has_the_code_that_the_sdk_makes_of_it(
    build: Build, operation: str, parameters: dict[str, Any], code: str
) -> None:
    sdk, direct = (refusal(build(name), operation, parameters) for name in NAMES)
    assert direct == sdk
    assert direct["code"] == code


queue_messages = st.builds(
    lambda body, group: (body, group),
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), min_size=1),
    st.none() | st.sampled_from(["first", "second"]),
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(queue_messages, max_size=10))
def test_both_clients_send_the_same(build: Build, server: AwsServer, texts: list[tuple[str, str | None]]) -> None:
    moto_api_backend.reset()
    found = []
    for name in NAMES:
        create_queues(server, name)
        client = build(name)
        messages = [
            QueueMessage(url(name if group is None else f"{name}.fifo"), body, group, group and str(number))
            for number, (body, group) in enumerate(texts)
        ]
        assert send_all(client, messages) == set()
        found.append([bodies(client, name), bodies(client, f"{name}.fifo")])
    sdk, direct = found
    assert direct == sdk
    assert sum(map(len, direct)) == len(texts)


# --- faults


@both
@pytest.mark.parametrize("fault", [Fault.CUT, Fault.THROTTLED, Fault.BROKEN, Fault.BAD_GATEWAY])
def test_a_request_that_fails_twice_is_repeated_and_one_that_fails_three_times_is_an_error(
    build: Build, server: AwsServer, name: str, fault: Fault
) -> None:
    client = build(name)
    server.faults += [fault, fault]
    client.send_message(QueueUrl=url(name), MessageBody="x")
    assert len(server.requests) == 3
    server.faults += [fault, fault, fault]
    with pytest.raises((ClientError, BotoCoreError)) as failed:
        client.send_message(QueueUrl=url(name), MessageBody="y")
    assert isinstance(failed.value, ClientError) == (fault is not Fault.CUT)
    assert len(server.requests) == 6
    assert bodies(client, name) == ["x"]


@both
def test_a_message_whose_answer_was_lost_is_sent_again_and_is_one_in_its_group(
    build: Build, server: AwsServer, name: str
) -> None:
    client = build(name)
    server.faults.append(Fault.LOST)
    client.send_message(
        QueueUrl=url(f"{name}.fifo"), MessageBody="x", MessageGroupId="group", MessageDeduplicationId="1"
    )
    assert len(server.requests) == 2
    assert bodies(client, f"{name}.fifo") == ["x"]


@both
def test_a_batch_that_cannot_be_sent_is_not_sent(build: Build, server: AwsServer, name: str) -> None:
    client = build(name)
    server.faults += [Fault.BROKEN] * 3
    assert send_all(client, [QueueMessage(url(name), "a"), QueueMessage(url(name), "b")]) == {0, 1}
