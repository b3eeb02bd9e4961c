"""The table of template.yaml on moto, for tests that run one after the other: moto's writes are not atomic."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws
from moto.moto_api._internal.models import moto_api_backend

from partyline import aws_clients
from partyline.storage.table import Table
from tests.support import aws_requests, moto_connections, moto_table

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
NAME = "partyline"

moto_table.install()


class Template(yaml.CSafeLoader):
    """YAML with CloudFormation's short functions; nothing here needs their values."""


Template.add_multi_constructor("!", lambda loader, suffix, node: None)


@functools.cache
def resources() -> dict[str, Any]:
    """The template's resources, by their logical ids."""
    found: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Template)["Resources"]
    return found


@pytest.fixture(scope="session")
def table_definition() -> dict[str, Any]:
    """The table's properties, as they are deployed."""
    properties: dict[str, Any] = resources()["Table"]["Properties"]
    copied = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    return {name: properties[name] for name in copied}


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    """One client of the SDK for a module's tests: making one takes longer than most of them.

    The clients that functions have lead to moto meanwhile.
    """
    with mock_aws(), moto_connections.installed():
        yield boto3.client("dynamodb")


@pytest.fixture
def client(dynamodb: Any, table_definition: dict[str, Any]) -> Iterator[Any]:
    """A DynamoDB client of the SDK with an empty table; there is nothing else."""
    dynamodb.create_table(TableName=NAME, **table_definition)
    yield dynamodb
    moto_api_backend.reset()


@pytest.fixture
def table(client: Any) -> Table:
    """The table, empty, by the client that functions have."""
    return Table(aws_clients.dynamodb(), NAME, lambda: "hash key")


@pytest.fixture
def requests_made(client: Any) -> Iterator[list[aws_requests.AwsRequest]]:
    """The requests to AWS, of any client, as they are made."""
    with aws_requests.recorded() as made:
        yield made
