"""Signatures are those of the SDK."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from partyline.aws.request_signature import Credentials, SigningScope, sign

words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
# A value may have spaces, also several, inside and around.
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
names = st.from_regex(r"x-[a-z]{1,12}(-[a-z]{1,8})?", fullmatch=True).filter(
    # Lambda adds this one on its way, so the SDK leaves it out.
    lambda name: name not in {"x-amz-date", "x-amz-security-token", "x-amzn-trace-id", "x-ray"}
)


@given(
    headers=st.dictionaries(names, header_values, max_size=4),
    body=st.binary(max_size=200),
    keys=st.tuples(words, secrets, st.none() | words),
    scope=st.tuples(st.sampled_from(["us-east-1", "eu-west-3", "cn-north-1"]), st.sampled_from(["dynamodb", "sqs"])),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    host=st.sampled_from(["dynamodb.us-east-1.amazonaws.com", "127.0.0.1:4566", "localhost"]),
)
def test_a_request_is_signed_as_the_sdk_signs_it(
    headers: dict[str, str],
    body: bytes,
    keys: tuple[str, str, str | None],
    scope: tuple[str, str],
    now: datetime,
    host: str,
) -> None:
    given_headers = {**headers, "host": host, "content-type": "application/x-amz-json-1.0"}
    request = AWSRequest("POST", f"https://{host}/", headers=given_headers, data=body)
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    region, service = scope
    with patch("botocore.auth.get_current_datetime", lambda: now.replace(tzinfo=None)):
        SigV4Auth(SdkCredentials(*keys), service, region).add_auth(request)
    expected: Any = {name.lower(): value for name, value in request.headers.items()}

    signed = sign(given_headers, body, Credentials(*keys), SigningScope(region, service), now)

    assert signed["authorization"] == expected["Authorization".lower()]
    assert signed["x-amz-date"] == expected["x-amz-date"]
    assert signed.get("x-amz-security-token") == expected.get("x-amz-security-token")
    assert signed.items() >= given_headers.items()
