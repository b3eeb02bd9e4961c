"""Where a service is, and with what its requests are signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from partyline import aws_clients
from partyline.aws.cognito import COGNITO
from partyline.aws.connections import find_endpoint
from partyline.aws.credential_source import CredentialSource
from partyline.aws.dynamodb import DYNAMODB, DynamoDb
from partyline.aws.kms import KMS
from partyline.aws.request_signature import Credentials
from partyline.aws.secrets_manager import SECRETS_MANAGER, SecretsManager
from partyline.aws.sqs import SQS, Sqs


@pytest.mark.parametrize(
    ("region", "environment", "endpoint"),
    [
        ("eu-west-1", {}, "https://dynamodb.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", {}, "https://dynamodb.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", {}, "https://dynamodb.cn-north-1.amazonaws.com.cn"),
        ("us-east-1", {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566/"}, "http://127.0.0.1:4566"),
        ("us-east-1", {"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_DYNAMODB": "http://b"}, "http://b"),
        ("us-iso-east-1", {}, None),
        ("us-east-1", {"AWS_USE_FIPS_ENDPOINT": "true"}, None),
        ("us-east-1", {"AWS_USE_FIPS_ENDPOINT": "false"}, "https://dynamodb.us-east-1.amazonaws.com"),
        ("us-east-1", {"HTTPS_PROXY": "http://proxy:3128"}, None),
    ],
)
def test_a_service_is_where_the_sdk_finds_it(region: str, environment: dict[str, str], endpoint: str | None) -> None:
    assert find_endpoint("dynamodb", region, environment) == endpoint


def test_a_service_has_the_name_of_the_sdk_in_the_environment() -> None:
    environment = {"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://b"}
    service = SECRETS_MANAGER
    assert find_endpoint(service.name, "us-east-1", environment, service.variable) == "http://b"
    for one in (DYNAMODB, SQS, KMS, SECRETS_MANAGER, COGNITO):
        model = Session().get_service_model(one.name)
        assert (one.variable or one.name.upper()) == str(model.service_id).upper().replace(" ", "_")
        metadata: Any = model.metadata
        assert (one.name, one.target, one.version) == tuple(
            metadata[name] for name in ("endpointPrefix", "targetPrefix", "jsonVersion")
        )
        assert one.is_query_compatible == model.is_query_compatible


def test_the_direct_clients_give_up_within_their_shortest_functions_time() -> None:
    """W2."""
    table, secrets, queues = aws_clients.dynamodb(), aws_clients.secrets_manager(), aws_clients.sqs()
    assert isinstance(table, DynamoDb)
    assert isinstance(secrets, SecretsManager)
    assert isinstance(queues, Sqs)
    for client, most in ((table.client, 10), (secrets.client, 5), (queues.client, 14)):
        timeouts = client.pool.timeouts
        assert client.attempts * (timeouts.connect + timeouts.read) <= most


def test_the_sdk_is_used_where_only_it_knows_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    assert not isinstance(aws_clients.dynamodb(), DynamoDb)
    assert not isinstance(aws_clients.secrets_manager(), SecretsManager)
    assert not isinstance(aws_clients.sqs(), Sqs)


def test_the_credentials_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert CredentialSource().fetch() == Credentials("key", "secret", "token")


def test_without_them_the_sdk_is_asked_once_and_its_answer_is_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    renewed = iter([Credentials("first", "s"), Credentials("second", "s")])
    asked: list[bool] = []

    def find() -> Callable[[], Credentials]:
        asked.append(True)
        return lambda: next(renewed)

    source = CredentialSource(find)
    assert [source.fetch().access_key, source.fetch().access_key] == ["first", "second"]
    assert asked == [True]


def test_where_there_are_none_an_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NoCredentialsError):
        CredentialSource().fetch()
