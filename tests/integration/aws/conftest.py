"""AWS on a server of this process, and the clients of a service that are compared there: the SDK's and ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from partyline import aws_clients
from tests.support.aws_server import AwsServer, serving_aws

NAMES = ("sdk", "direct")

both = pytest.mark.parametrize("name", NAMES)
# Builds the client of a service, by the name of its function and of the client.
BuildClient = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def running() -> Iterator[AwsServer]:
    with serving_aws() as server:
        yield server


@pytest.fixture
def aws(running: AwsServer) -> Iterator[AwsServer]:
    """The server, with nothing in it."""
    yield running
    running.faults.clear()
    running.requests.clear()
    running.answers.clear()
    moto_api_backend.reset()


@pytest.fixture
def build_client(running: AwsServer, monkeypatch: pytest.MonkeyPatch) -> BuildClient:
    """Builds a client as a function does, for the server."""
    for service in ("DYNAMODB", "SQS", "KMS", "COGNITO_IDENTITY_PROVIDER"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", running.url)
    # Nothing sleeps between two attempts.
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))

    def build(service: str, name: str) -> Any:
        monkeypatch.setenv("AWS_CLIENT", name)
        client: Any = getattr(aws_clients, service)()
        if name == "direct":
            client.client.pause = lambda _: None
        return client

    return build
