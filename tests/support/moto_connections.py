"""Connections of the clients that functions have, to moto instead of AWS and without a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from partyline.aws import connections
from partyline.aws.connections import ConnectionPool
from partyline.aws.http_answers import HttpAnswer
from tests.support import moto_table


class MotoPool(ConnectionPool):
    """Connections to moto in this process."""

    def post(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Answer a request. One about items is answered by the table directly, as those of the SDK are."""
        target, _, operation = headers["x-amz-target"].partition(".")
        if target.startswith("DynamoDB_") and operation in moto_table.DIRECT:
            status, content = moto_table.respond(operation, body, _read_region(headers["authorization"]))
            return HttpAnswer(status, {}, content)
        request = AWSPreparedRequest(
            "POST", f"{self.endpoint}/", HTTPHeaders.from_dict(headers), body, stream_output=False
        )
        answer = botocore_stubber(event_name="before-send", request=request)
        assert answer is not None, f"moto does not know {request.url}"
        named = {name.lower(): value for name, value in answer.headers.items()}
        return HttpAnswer(answer.status_code, named, answer.content)


def _read_region(authorization: str) -> str:
    """The region of a signature, the third part of its credential."""
    return authorization.split("/", 3)[2]


@contextmanager
def installed() -> Iterator[None]:
    """Lead the clients that are built meanwhile to moto."""
    with patch.object(connections, "ConnectionPool", MotoPool):
        yield
