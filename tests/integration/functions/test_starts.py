"""What a function does when Lambda starts it, before its first invocation."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from partyline import serialization
from partyline.carriers import schemas
from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.storage import lines
from partyline.storage.table import Table
from tests.integration.conftest import resources
from tests.integration.functions.conftest import SECRETS, Context, event, granted
from tests.support.aws_requests import AwsRequest, Send, intercepted

ROOT = Path(__file__).parents[3]
# The function of the inbox's files has no permission, and nothing to prepare.
NAMES = sorted({path.name for path in (ROOT / "functions").iterdir()} - {"pages"})
# What these need is not known before their first invocation, but for a client.
ASKING_NOBODY = {"activation", "live"}
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

Load = Callable[[str], ModuleType]


@pytest.fixture
def asked(client: Any) -> Iterator[list[str]]:
    """The operations of AWS that were asked for, by any client."""
    operations: list[str] = []

    def record(request: AwsRequest, send: Send) -> Any:
        operations.append(request.operation)
        return send()

    with intercepted(record):
        yield operations


@pytest.fixture
def start(function: Load, secret: Callable[[dict[str, str]], None], monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads a function as Lambda starts it, with no variable but its own."""
    secret({**SECRETS, "root": "root"})
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    key = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    monkeypatch.setenv("PUSH_KEY_ID", key["KeyMetadata"]["KeyId"])
    functions = {
        name.removesuffix("Function").lower(): entry["Properties"].get("Environment", {}).get("Variables", {})
        for name, entry in resources().items()
        if entry["Type"] == "AWS::Serverless::Function"
    }

    def load(name: str) -> ModuleType:
        for variable in {variable for variables in functions.values() for variable in variables} - set(functions[name]):
            monkeypatch.delenv(variable, raising=False)
        return function(name)

    return load


@pytest.fixture
def garbage_left() -> Iterator[None]:
    """No garbage is looked for, as while a function starts."""
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def refuse(_request: AwsRequest, _send: Send) -> NoReturn:
    raise EndpointConnectionError(endpoint_url="https://aws.example")


def add_line(table: Table) -> None:
    line = Line(sids.new(sids.LINE), "+12065550100", "bandwidth", NOW, NOW, AutoCreation.GROUPS)
    lines.register(table, line)


@pytest.mark.parametrize("name", NAMES)
def test_a_start_prepares_what_the_functions_variables_and_role_allow(
    name: str, start: Load, logged: Callable[[], str], called: set[str], asked: list[str]
) -> None:
    asked.clear()
    assert start(name).handler
    assert logged() == ""
    assert called <= granted(name)
    assert bool(asked) == (name not in ASKING_NOBODY)


def test_the_first_text_reads_no_secret(start: Load, table: Table, asked: list[str]) -> None:
    add_line(table)
    asked.clear()
    inbound = start("inbound")
    assert asked == ["GetSecretValue", "GetItem"]
    assert inbound.handler(event("inbound/bandwidth-group-text"), Context())["statusCode"] == 200
    assert asked.count("GetSecretValue") == 1


def test_what_reads_the_items_of_the_first_texts_is_built_by_the_start(start: Load, table: Table) -> None:
    add_line(table)
    serialization._adapter.cache_clear()
    inbound = start("inbound")
    built = serialization._adapter.cache_info().misses
    first = event("inbound/bandwidth-group-text")
    [webhook] = json.loads(first["body"])
    webhook["message"]["id"] = "another"
    for sent in (first, {**first, "body": json.dumps([webhook])}):
        assert inbound.handler(sent, Context())["statusCode"] == 200
    assert serialization._adapter.cache_info().misses == built > 0


def test_the_models_of_the_carriers_are_built_by_the_start(start: Load) -> None:
    start("inbound")
    models = {model.__name__: model.__pydantic_complete__ for model in schemas.list_models()}
    # Twilio's texts are models of a model.
    assert {"BandwidthEvent", "InboundForm", "StatusCallback"} <= models.keys()
    assert {name for name, is_built in models.items() if not is_built} == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_start_that_cannot_prepare_is_a_start(name: str, start: Load, logged: Callable[[], str]) -> None:
    with intercepted(refuse):
        assert start(name).handler
    prepares = name not in ASKING_NOBODY
    assert logged().count('"message":"start.not_prepared"') == prepares
    assert ("EndpointConnectionError" in logged()) == prepares


def test_the_first_text_does_what_the_start_could_not(start: Load, table: Table) -> None:
    add_line(table)
    with intercepted(refuse):
        inbound = start("inbound")
    assert inbound.handler(event("inbound/bandwidth-group-text"), Context())["statusCode"] == 200


@pytest.mark.usefixtures("garbage_left")
@pytest.mark.parametrize("name", NAMES)
def test_garbage_is_looked_for_once_a_function_has_started(name: str, start: Load) -> None:
    start(name)
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


@pytest.mark.usefixtures("garbage_left")
def test_garbage_is_looked_for_after_a_start_that_cannot_prepare(start: Load) -> None:
    with intercepted(refuse):
        start("inbound")
    assert gc.isenabled()


@pytest.mark.parametrize("kind", ["on-demand", "snap-start", None])
def test_no_garbage_is_looked_for_while_a_function_starts(kind: str | None) -> None:
    program = (
        "import gc; from partyline import bootstrap; print(gc.isenabled()); bootstrap.prepare(); print(gc.isenabled())"
    )
    environment = {
        "PYTHONPATH": str(ROOT / "layers" / "partyline"),
        **({"AWS_LAMBDA_INITIALIZATION_TYPE": kind} if kind else {}),
    }
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == [str(kind is None), "True"]
