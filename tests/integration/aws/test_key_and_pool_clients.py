"""The clients of keys and of the user pool without the SDK answer what those of the SDK answer."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from partyline.auth.provider_settings import ClientCredentials, UserPoolClient
from partyline.web_push.server_key import ServerKey
from tests.integration.aws.conftest import BuildClient, both
from tests.support.aws_server import AwsServer


@both
def test_a_key_signs_and_its_public_half_verifies(aws: AwsServer, build_client: BuildClient, name: str) -> None:
    made: Any = aws.create("TrentService.CreateKey", {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})
    key = ServerKey(build_client("kms", name), made["KeyMetadata"]["KeyId"])
    message = bytes(range(256))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.read_public())
    public.verify(key.sign(message), message, ec.ECDSA(hashes.SHA256()))


@both
def test_a_key_that_is_not_there_is_an_error(aws: AwsServer, build_client: BuildClient, name: str) -> None:
    key = ServerKey(build_client("kms", name), "12345678-1234-1234-1234-123456789012")
    with pytest.raises(ClientError, match="NotFoundException"):
        key.read_public()


@both
def test_the_client_of_a_user_pool_is_found(aws: AwsServer, build_client: BuildClient, name: str) -> None:
    pool = {"UserPoolId": "us-east-1_pool", "ClientId": "client", "ClientName": "inbox"}
    service = "AWSCognitoIdentityProviderService"
    aws.answers[f"{service}.ListUserPoolClients"] = {"UserPoolClients": [pool]}
    described = {**pool, "ClientSecret": "secret", "CreationDate": 1795694400.5}
    aws.answers[f"{service}.DescribeUserPoolClient"] = {"UserPoolClient": described}
    assert UserPoolClient(build_client("cognito", name), "us-east-1_pool").read() == ClientCredentials(
        "client", "secret"
    )
    assert ["/cognito-idp/aws4_request" in one["authorization"] for one in aws.requests] == [True, True]
