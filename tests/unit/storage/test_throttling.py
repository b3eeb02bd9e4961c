"""W2, M4: a table that is too busy, or does not say what became of a transaction."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from partyline import aws_clients, deadline
from partyline.errors import Conflict, TableThrottled, TransactionUnsettled
from partyline.observability import metrics
from partyline.storage import retry
from partyline.storage.keys import Key
from partyline.storage.table import MAX_BATCH_GET, NEW, Table, change, delete, put

KEY = Key("C#1", "C")
WRITES = [put("a", KEY, {"name": "elm"}, NEW), change("b", Key("C#2", "C"), {"name": "oak"})]
ITEM = {"PK": {"S": "C#1"}, "SK": {"S": "C"}, "name": {"S": "elm"}}
THROTTLES = ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The longest that each pause could have been; nothing really sleeps."""
    taken: list[float] = []
    monkeypatch.setattr(retry.THROTTLED, "sleep", taken.append)
    monkeypatch.setattr(retry.THROTTLED, "uniform", lambda low, high: high)
    yield taken
    metrics.counted.clear()


@pytest.fixture
def stub() -> Iterator[tuple[Table, Stubber]]:
    client: Any = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1, "mode": "standard"}))
    with Stubber(client) as stubber:
        yield Table(client, "partyline"), stubber
        stubber.assert_no_pending_responses()


class Answers:
    """A client whose transactions are answered in turn: None is success, a code an error, a list cancellation reasons.
    `tokens` are what they were asked by; `stored` is what a batch read finds."""

    def __init__(self, *answers: str | list[Any] | None, stored: list[dict[str, Any]] | None = None) -> None:
        self._answers = list(answers)
        self._stored = stored or []
        self.tokens: list[str] = []

    def transact_write_items(self, **given: Any) -> None:
        assert len(given["TransactItems"]) == len(WRITES)
        self.tokens.append(given["ClientRequestToken"])
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer, "Message": "x"}}, "TransactWriteItems")
        if answer is not None:
            reasons: Any = [reason if isinstance(reason, dict) else {"Code": reason or "None"} for reason in answer]
            error: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise ClientError(error, "TransactWriteItems")

    def batch_get_item(self, **given: Any) -> dict[str, Any]:
        return {"Responses": {"partyline": self._stored}}


def on(client: Any) -> Table:
    return Table(client, "partyline")


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"])
def test_a_transaction_cancelled_by_a_throttle_is_made_again_as_another(reason: str, pauses: list[float]) -> None:
    client = Answers([None, reason], [reason, reason], None)
    on(client).transact(WRITES)
    assert len(set(client.tokens)) == 3
    assert pauses == [0.05, 0.1]


@pytest.mark.parametrize("code", THROTTLES)
def test_a_transaction_that_is_refused_as_too_fast_is_made_again(code: str) -> None:
    client = Answers(code, None)
    on(client).transact(WRITES)
    assert len(client.tokens) == 2


def test_endless_throttle_is_reported_by_name_and_counted(pauses: list[float]) -> None:
    with pytest.raises(TableThrottled):
        on(Answers([None, "ThrottlingError"])).transact(WRITES)
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert metrics.counted["TableThrottled"] == [1.0]


def test_transaction_error_is_a_failed_condition_before_a_race_before_a_throttle(pauses: list[float]) -> None:
    found = {"Code": "ConditionalCheckFailed", "Item": ITEM}
    with pytest.raises(Conflict) as conflict:
        on(Answers([found, "ThrottlingError"])).transact(WRITES)
    assert conflict.value.failed == {"a": {"PK": "C#1", "SK": "C", "name": "elm"}}
    with pytest.raises(Conflict) as conflict:
        on(Answers(["TransactionConflict", "ThrottlingError"])).transact(WRITES)
    assert conflict.value.failed == {}
    assert pauses == []


def test_what_is_wrong_with_a_transaction_goes_through(pauses: list[float]) -> None:
    for client in (Answers(["ValidationError", None]), Answers("AccessDeniedException")):
        with pytest.raises(ClientError):
            on(client).transact(WRITES)
    assert pauses == []


# --- in progress


def test_a_transaction_in_progress_is_asked_for_again_by_the_same_token(pauses: list[float]) -> None:
    client = Answers("TransactionInProgressException", "TransactionInProgressException", None)
    on(client).transact(WRITES)
    assert len(client.tokens) == 3
    assert len(set(client.tokens)) == 1
    assert pauses == [0.05, 0.1]


def test_a_transaction_that_stays_in_progress_is_never_taken_for_not_written() -> None:
    client = Answers("TransactionInProgressException")
    with pytest.raises(TransactionUnsettled):
        on(client).transact(WRITES)
    assert len(set(client.tokens)) == 1


def test_a_transaction_in_progress_that_ends_in_a_throttle_is_another_afterwards() -> None:
    client = Answers("TransactionInProgressException", ["ThrottlingError", None], None)
    on(client).transact(WRITES)
    first, second, third = client.tokens
    assert first == second != third


def test_a_transaction_that_was_in_progress_and_finds_itself_is_written() -> None:
    failed = {"Code": "ConditionalCheckFailed", "Item": ITEM}
    on(Answers("TransactionInProgressException", [failed, None], stored=[ITEM])).transact(WRITES)


def test_a_transaction_that_was_in_progress_and_finds_another_is_a_conflict() -> None:
    other = {**ITEM, "name": {"S": "ash"}}
    failed = {"Code": "ConditionalCheckFailed", "Item": other}
    with pytest.raises(Conflict):
        on(Answers("TransactionInProgressException", [failed, None], stored=[other])).transact(WRITES)


# --- single requests, and batches


REQUESTS: dict[str, Callable[[Table], Any]] = {
    "get_item": lambda table: table.get(KEY),
    "query": lambda table: table.query("C#1"),
    "put_item": lambda table: table.write(put("a", KEY, {})),
    "update_item": lambda table: table.write(change("a", KEY, {"name": "elm"})),
    "delete_item": lambda table: table.write(delete("a", KEY)),
    "batch_get_item": lambda table: table.get_all([KEY]),
    "batch_write_item": lambda table: table.delete_all([KEY]),
}
ANSWERS: dict[str, dict[str, Any]] = {"query": {"Items": [], "Count": 0}, "batch_get_item": {"Responses": {}}}


@pytest.mark.parametrize("code", THROTTLES)
@pytest.mark.parametrize("request_name", REQUESTS)
def test_every_request_waits_out_a_throttle(stub: tuple[Table, Stubber], request_name: str, code: str) -> None:
    table, stubber = stub
    stubber.add_client_error(request_name, code)
    stubber.add_response(request_name, ANSWERS.get(request_name, {}))
    REQUESTS[request_name](table)


@pytest.mark.parametrize("request_name", REQUESTS)
def test_every_request_ends_waiting_and_says_why(stub: tuple[Table, Stubber], request_name: str) -> None:
    table, stubber = stub
    for _ in range(8):
        stubber.add_client_error(request_name, "ProvisionedThroughputExceededException")
    with pytest.raises(TableThrottled):
        REQUESTS[request_name](table)


def test_a_count_waits_out_a_throttle(stub: tuple[Table, Stubber]) -> None:
    table, stubber = stub
    stubber.add_client_error("query", "ThrottlingException")
    stubber.add_response("query", {"Count": 3})
    assert table.count("C#1", between=("a", "b")) == 3


def key(number: int) -> dict[str, Any]:
    return {"PK": {"S": f"C#{number}"}, "SK": {"S": "C"}}


def test_what_a_batch_leaves_unread_is_asked_for_with_longer_and_longer_pauses(
    stub: tuple[Table, Stubber], pauses: list[float]
) -> None:
    table, stubber = stub
    left: list[Any] = [[key(2), key(3)], [key(3)], []]
    found = [[key(1)], [key(2)], [key(3)]]
    for items, rest in zip(found, left, strict=True):
        unread = {"partyline": {"Keys": rest}} if rest else {}
        stubber.add_response("batch_get_item", {"Responses": {"partyline": items}, "UnprocessedKeys": unread})
    assert len(table.get_all([Key(f"C#{number}", "C") for number in (1, 2, 3)])) == 3
    assert pauses == [0.05, 0.1]


def test_a_batch_that_is_never_read_comes_to_an_end(stub: tuple[Table, Stubber]) -> None:
    table, stubber = stub
    for _ in range(8):
        unread = {"partyline": {"Keys": [key(1)]}}
        stubber.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": unread})
    with pytest.raises(TableThrottled):
        table.get_all([Key("C#1", "C")])


def test_a_batch_that_is_never_written_comes_to_an_end(stub: tuple[Table, Stubber]) -> None:
    table, stubber = stub
    for _ in range(8):
        left = {"partyline": [{"DeleteRequest": {"Key": key(1)}}]}
        stubber.add_response("batch_write_item", {"UnprocessedItems": left})
    with pytest.raises(TableThrottled):
        table.delete_all([Key("C#1", "C")])


def test_more_than_a_batch_is_read_in_several(stub: tuple[Table, Stubber]) -> None:
    table, stubber = stub
    for _ in range(2):
        stubber.add_response("batch_get_item", {"Responses": {}}, {"RequestItems": ANY})
    assert table.get_all(Key(str(number), "C") for number in range(MAX_BATCH_GET + 1)) == {}


# --- the time that there is


def test_waiting_ends_with_the_invocations_time(pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partyline.deadline.time", SimpleNamespace(monotonic=lambda: sum(pauses)))

    @deadline.track_deadline
    def handler(event: dict[str, Any], context: SimpleNamespace) -> None:
        on(Answers([None, "ThrottlingError"])).transact(WRITES)

    with pytest.raises(TableThrottled):
        handler({}, SimpleNamespace(get_remaining_time_in_millis=lambda: 1_300))
    # After the second there are 1.15 seconds, of which one is kept; the third pause may take 0.2.
    assert pauses == [0.05, 0.1]
    assert deadline.seconds_left() == math.inf


# --- the clients


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (aws_clients.dynamodb, 10),
        (aws_clients.sqs, 14),
        (aws_clients.s3, 15),
        (aws_clients.secrets_manager, 5),
        (lambda: aws_clients.live_connections("https://live.example/prod", at_once=4), 29),
    ],
)
def test_a_client_of_the_sdk_gives_up_within_its_shortest_functions_time(
    make: Callable[[], Any], most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W2."""
    monkeypatch.setenv("AWS_CLIENT", "sdk")
    config = make().meta.config
    assert config.retries["mode"] == "standard"
    attempts = config.retries["total_max_attempts"]
    assert attempts * (config.connect_timeout + config.read_timeout) <= most
