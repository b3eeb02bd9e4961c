"""The clients of keys and of the user pool without the SDK answer what those of the SDK answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from moto.moto_api._internal.models import moto_api_backend

from partyline import aws_clients
from partyline.auth.provider_settings import ClientCredentials, UserPoolClient
from partyline.web_push.server_key import ServerKey
from tests.support.aws_server import AwsServer, serving_aws

both = pytest.mark.parametrize("name", ["sdk", "direct"])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsServer]:
    with serving_aws() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", running.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", running.url)
        yield running
    moto_api_backend.reset()


@both
def test_a_key_signs_and_its_public_half_verifies(
    server: AwsServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("AWS_CLIENT", name)
    made: Any = server.create("TrentService.CreateKey", {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})
    key = ServerKey(aws_clients.kms(), made["KeyMetadata"]["KeyId"])
    message = bytes(range(256))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.read_public())
    public.verify(key.sign(message), message, ec.ECDSA(hashes.SHA256()))


@both
def test_a_key_that_is_not_there_is_an_error(server: AwsServer, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("AWS_CLIENT", name)
    key = ServerKey(aws_clients.kms(), "12345678-1234-1234-1234-123456789012")
    with pytest.raises(ClientError, match="NotFoundException"):
        key.read_public()


@both
def test_the_client_of_a_user_pool_is_found(server: AwsServer, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("AWS_CLIENT", name)
    pool = {"UserPoolId": "us-east-1_pool", "ClientId": "client", "ClientName": "inbox"}
    service = "AWSCognitoIdentityProviderService"
    server.answers[f"{service}.ListUserPoolClients"] = {"UserPoolClients": [pool]}
    described = {**pool, "ClientSecret": "secret", "CreationDate": 1795694400.5}
    server.answers[f"{service}.DescribeUserPoolClient"] = {"UserPoolClient": described}
    assert UserPoolClient(aws_clients.cognito(), "us-east-1_pool").read() == ClientCredentials("client", "secret")
    assert ["/cognito-idp/aws4_request" in one["authorization"] for one in server.requests] == [True, True]
