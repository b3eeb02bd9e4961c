"""The client without the SDK does what that of the SDK does, whatever the network and AWS do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.aws import repeatable_errors
from partyline.aws.connections import Timeouts
from partyline.errors import Conflict
from partyline.storage import statements
from partyline.storage.keys import Key
from partyline.storage.table import EXISTS, NEW, Table, Write, change, check, delete, put
from tests.integration.aws.conftest import NAMES, BuildClient, both
from tests.support.aws_server import AHEAD, AwsServer, Fault

FIRST, SECOND = Key("C#1", "C"), Key("C#1", "M#1")

Build = Callable[[str], Table]


@pytest.fixture
def server(aws: AwsServer, table_definition: dict[str, Any]) -> AwsServer:
    """DynamoDB with an empty table for each client."""
    for name in NAMES:
        aws.create_table(name, table_definition)
    return aws


@pytest.fixture
def build(server: AwsServer, build_client: BuildClient) -> Build:
    """Builds the table of a client, as a function does."""
    return lambda name: Table(build_client("dynamodb", name), name)


# --- what is asked and answered


@both
def test_an_item_is_stored_read_changed_and_removed(build: Build, name: str) -> None:
    table = build(name)
    item = {"body": "Dinner – 8 o’clock 🎉\n", "index": 10**20, "tags": ["a", {"b": None}], "open": True, "ids": {"x"}}
    table.write(put("item", FIRST, item, NEW))
    assert table.get(FIRST) == {"PK": "C#1", "SK": "C", **item}
    changed = table.write(change("item", FIRST, {"body": None, "index": 1}, EXISTS, adds={"count": 2}))
    kept = {"tags": ["a", {"b": None}], "open": True, "ids": {"x"}}
    assert changed == {"PK": "C#1", "SK": "C", "index": 1, "count": 2, **kept}
    table.write(delete("item", FIRST))
    assert table.get(FIRST) is None


@both
def test_a_partition_is_read_in_pages(build: Build, name: str) -> None:
    table = build(name)
    for number in range(7):
        table.write(put("item", Key("C#1", f"M#{number}"), {"GSI1PK": "all", "GSI1SK": str(number)}))
    first = table.query("C#1", begins="M#", limit=3, forward=False)
    rest = table.query("C#1", begins="M#", forward=False, after=first.last_key)
    assert [item["SK"] for item in first.items + rest.items] == [f"M#{number}" for number in reversed(range(7))]
    assert [item["SK"] for item in table.query("all", index="GSI1").items] == [f"M#{number}" for number in range(7)]
    assert table.count("C#1", between=("M#2", "M#4")) == 3
    assert table.query("C#2").items == []


@both
def test_many_items_are_read_and_removed_in_batches(build: Build, name: str) -> None:
    table = build(name)
    wanted = [Key("C#1", f"M#{number:03}") for number in range(120)]
    stored = wanted[::12]
    for key in stored:
        table.write(put("item", key, {}))
    assert table.get_all(wanted).keys() == set(stored)
    table.delete_all([*wanted[:30], *stored])
    assert table.get_all(wanted) == {}


@both
def test_a_condition_that_fails_says_what_is_there(build: Build, name: str) -> None:
    table = build(name)
    table.write(put("first", FIRST, {"n": 1}))
    with pytest.raises(Conflict) as alone:
        table.write(put("first", FIRST, {"n": 2}, NEW))
    with pytest.raises(Conflict) as together:
        table.transact(
            [put("second", SECOND, {"n": 2}), put("first", FIRST, {"n": 2}, NEW), check("x", Key("C#2", "C"), NEW)]
        )
    expected = {"first": {"PK": "C#1", "SK": "C", "n": 1}}
    assert alone.value.failed == together.value.failed == expected
    assert table.get(SECOND) is None


@both
def test_statements_take_effect_each_for_itself(build: Build, name: str) -> None:
    table = build(name)
    table.write(put("first", FIRST, {"n": 1}))
    effective = table.execute_all(
        [
            statements.update(FIRST, {"n": 5, "names": {"a": "b"}, "all": ["x"]}, below=("n", 2)),
            statements.update(FIRST, {"n": 6}, below=("n", 2)),
            statements.update(SECOND, {"n": 1}),
            statements.insert(Key("R#1", "R"), {"names": {}}),
            statements.insert(Key("R#1", "R"), {"names": {"c": "d"}}),
            *(statements.insert(Key("R#2", f"{number:02}"), {"n": number}) for number in range(30)),
        ]
    )
    assert effective == [True, False, False, True, False, *[True] * 30]
    assert table.get(FIRST) == {"PK": "C#1", "SK": "C", "n": 5, "names": {"a": "b"}, "all": ["x"]}
    assert table.get(SECOND) is None
    assert table.get(Key("R#1", "R")) == {"PK": "R#1", "SK": "R", "names": {}}
    assert table.count("R#2", between=("00", "99")) == 30


@both
def test_an_error_has_the_code_and_the_words_of_the_service(build: Build, name: str) -> None:
    table = build(name)
    table._name = "missing"
    with pytest.raises(ClientError) as missing:
        table.get(FIRST)
    assert missing.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert missing.value.response["Error"]["Message"]
    assert missing.value.operation_name == "GetItem"


writes = st.builds(
    lambda build, key, value: build(key, value),
    st.sampled_from(
        [
            lambda key, value: put("w", key, {"v": value}),
            lambda key, value: put("w", key, {"v": value}, NEW),
            lambda key, value: change("w", key, {"v": value}),
            lambda key, value: change("w", key, {"v": value}, EXISTS, adds={"n": 1}),
            lambda key, _value: delete("w", key),
            lambda key, _value: delete("w", key, EXISTS),
        ]
    ),
    st.sampled_from([FIRST, SECOND, Key("C#2", "C")]),
    st.none() | st.text(max_size=5) | st.integers(-9, 9) | st.lists(st.booleans(), max_size=2),
)


def outcome(table: Table, steps: list[Write]) -> object:
    """What some writes in one transaction, or one alone, come to."""
    try:
        if len(steps) == 1:
            return table.write(steps[0])
        table.transact(steps)
    except Conflict as conflict:
        return conflict.failed
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(writes, min_size=1, max_size=3), max_size=6))
def test_both_clients_do_the_same(build: Build, steps: list[list[Write]]) -> None:
    tables = [build(name) for name in NAMES]
    for table in tables:
        for key in (FIRST, SECOND, Key("C#2", "C")):
            table.write(delete("w", key))
    for one in steps:
        sdk, direct = (outcome(table, one) for table in tables)
        assert direct == sdk
    sdk, direct = (table.get_all([FIRST, SECOND, Key("C#2", "C")]) for table in tables)
    assert direct == sdk


# --- faults


@both
@pytest.mark.parametrize(
    "fault", [Fault.CUT, Fault.CHANGED, Fault.THROTTLED, Fault.BROKEN, Fault.BAD_GATEWAY, Fault.LOST]
)
def test_a_request_that_fails_once_is_repeated(build: Build, server: AwsServer, name: str, fault: Fault) -> None:
    table = build(name)
    server.faults.append(fault)
    table.write(put("first", FIRST, {"n": 1}))
    assert len(server.requests) == 2
    assert table.get(FIRST) == {"PK": "C#1", "SK": "C", "n": 1}


@both
@pytest.mark.parametrize("fault", [Fault.CUT, Fault.BROKEN, Fault.BAD_GATEWAY])
def test_a_request_that_fails_twice_is_an_error(build: Build, server: AwsServer, name: str, fault: Fault) -> None:
    table = build(name)
    server.faults += [fault, fault]
    with pytest.raises((ClientError, BotoCoreError)) as failed:
        table.get(FIRST)
    assert isinstance(failed.value, ClientError) == (fault is not Fault.CUT)
    assert len(server.requests) == 2
    # The connection that broke is not used again.
    assert table.get(FIRST) is None


@pytest.mark.parametrize("fault", [Fault.HALF, Fault.UNCHECKED, Fault.ENDLESS])
def test_what_is_no_answer_is_asked_for_again(build: Build, server: AwsServer, fault: Fault) -> None:
    """The SDK raises errors that are not its own."""
    table = build("direct")
    server.faults.append(fault)
    assert table.get(FIRST) is None
    server.faults += [fault, fault]
    with pytest.raises(BotoCoreError):
        table.get(FIRST)
    assert len(server.requests) == 4


@both
def test_what_was_written_and_not_answered_meets_its_own_condition(build: Build, server: AwsServer, name: str) -> None:
    """The caller decides: the item in the conflict is the one that it wrote."""
    table = build(name)
    server.faults.append(Fault.LOST)
    with pytest.raises(Conflict) as conflict:
        table.write(put("first", FIRST, {"n": 1}, NEW))
    assert conflict.value.failed == {"first": {"PK": "C#1", "SK": "C", "n": 1}}


@both
def test_a_redirect_is_an_error_and_is_not_followed(build: Build, server: AwsServer, name: str) -> None:
    table = build(name)
    server.faults.append(Fault.MOVED)
    with pytest.raises(ClientError) as refused:
        table.get(FIRST)
    assert refused.value.response["Error"]["Code"] == "307"
    assert len(server.requests) == 1


@both
def test_silence_ends_with_the_time_out(
    build: Build, server: AwsServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = build(name)
    client: Any = table._client
    if name == "direct":
        client.client.pool.timeouts = Timeouts(1, 0.05)
    else:
        client._endpoint.http_session._timeout = 0.05
        client._endpoint.http_session._manager.connection_pool_kw["timeout"] = 0.05
    server.faults += [Fault.SILENT, Fault.SILENT]
    with pytest.raises(BotoCoreError, match="Read timeout"):
        table.get(FIRST)


def test_a_signature_that_is_too_old_is_made_with_the_services_time(build: Build, server: AwsServer) -> None:
    table = build("direct")
    server.faults.append(Fault.SKEWED)
    assert table.get(FIRST) is None
    assert table.get(FIRST) is None
    dates = [datetime.strptime(one["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for one in server.requests]
    first, second, third = dates
    assert AHEAD - timedelta(minutes=1) < second - first < AHEAD + timedelta(minutes=1)
    assert third - first > AHEAD - timedelta(minutes=1)


def test_a_time_without_a_zone_is_none_to_sign_with(build: Build, server: AwsServer) -> None:
    server.faults.append(Fault.ZONELESS)
    with pytest.raises(ClientError) as refused:
        build("direct").get(FIRST)
    assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"


def test_credentials_that_have_ended_are_found_anew(
    build: Build, server: AwsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = build("direct")
    assert table.get(FIRST) is None
    server.faults.append(Fault.EXPIRED)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "renewed")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert table.get(FIRST) is None
    assert ["Credential=renewed/" in one["authorization"] for one in server.requests] == [False, True, True]
    assert server.requests[-1]["x-amz-security-token"] == "token"


def test_what_is_repeated_is_what_the_sdk_repeats() -> None:
    throttled: Any = ThrottledRetryableChecker
    transient: Any = TransientRetryableChecker
    assert {*throttled._THROTTLED_ERROR_CODES, *transient._TRANSIENT_ERROR_CODES} == repeatable_errors.REPEATED
