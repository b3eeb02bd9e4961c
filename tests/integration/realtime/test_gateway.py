"""API Gateway's management API: what it says, and what becomes of that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from partyline.errors import NotPosted
from partyline.realtime.gateway import ApiGateway


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> ApiGateway:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return ApiGateway("https://abc123.execute-api.us-east-1.amazonaws.com/prod")


@contextmanager
def stubbed(gateway: ApiGateway) -> Iterator[Stubber]:
    with Stubber(gateway._client) as stub:
        yield stub
    stub.assert_no_pending_responses()


def test_a_frame_is_posted_as_utf_8(gateway: ApiGateway) -> None:
    with stubbed(gateway) as stub:
        stub.add_response("post_to_connection", {}, {"ConnectionId": "c1", "Data": "☎".encode()})
        assert gateway.post("c1", "☎")


def test_a_connection_that_is_gone_is_no_failure(gateway: ApiGateway) -> None:
    with stubbed(gateway) as stub:
        stub.add_client_error("post_to_connection", "GoneException", http_status_code=410)
        stub.add_client_error("delete_connection", "GoneException", http_status_code=410)
        assert not gateway.post("c1", "x")
        gateway.close("c1")


@pytest.mark.parametrize("code", ["LimitExceededException", "PayloadTooLargeException", "ForbiddenException", "500"])
def test_whatever_else_it_says_is_a_failure_that_names_the_error(gateway: ApiGateway, code: str) -> None:
    with stubbed(gateway) as stub:
        stub.add_client_error("post_to_connection", code, "not to be told")
        stub.add_client_error("delete_connection", code, "not to be told")
        with pytest.raises(NotPosted, match=f"^{code}$"):
            gateway.post("c1", "x")
        with pytest.raises(NotPosted, match=f"^{code}$"):
            gateway.close("c1")


def test_no_answer_in_time_is_a_failure(gateway: ApiGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(**given: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://example/@connections/secret-id")

    monkeypatch.setattr(gateway._client, "post_to_connection", slow)
    with pytest.raises(NotPosted, match=r"^ReadTimeoutError$"):
        gateway.post("c1", "x")


def test_unresponsive_connection_delays_others_only_briefly(gateway: ApiGateway) -> None:
    config = gateway._client.meta.config

    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.retries["total_max_attempts"] == 2
