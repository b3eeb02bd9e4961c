"""Settings that a process keeps: what another process has changed applies to the next request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from partyline.storage.service_settings import SettingsCache
from tests.support.api_harness import Api, Clock
from tests.support.aws_requests import AwsRequest


@pytest.fixture
def other(api: Api, clock: Clock) -> Api:
    """Another process, which keeps settings of its own."""
    return Api(replace(api.context, settings=SettingsCache(api.context.table, clock)))


def make_service(api: Api) -> str:
    sid: str = api.made("/Services", {"FriendlyName": "elm"})["sid"]
    return sid


def test_a_changed_setting_applies_to_the_next_request(api: Api, other: Api) -> None:
    assert api.get("/Configuration").body["default_closed_timer"] is None
    assert other.post("/Configuration", {"DefaultClosedTimer": "PT10M"}).status == 200
    assert api.get("/Configuration").body["default_closed_timer"] == "PT10M"


def test_the_default_service_is_that_of_now(api: Api, other: Api) -> None:
    service = make_service(api)
    first = api.conversation()
    assert other.post("/Configuration", {"DefaultChatServiceSid": service}).status == 200
    assert api.get(f"/Conversations/{first}").status == 404
    made = api.made("/Conversations", {})
    assert made["chat_service_sid"] == service


def test_a_service_that_was_deleted_is_gone_at_once_and_one_that_was_made_is_there(api: Api, other: Api) -> None:
    service = make_service(other)
    path = f"/Services/{service}/Conversations"
    assert [one.get(path).status for one in (api, other)] == [200, 200]
    assert other.delete(f"/Services/{service}").status == 204
    assert [one.get(path).status for one in (api, other)] == [404, 404]


def test_a_request_confirms_what_is_kept_by_one_small_read(api: Api, requests_made: list[AwsRequest]) -> None:
    sid = api.conversation()
    requests_made.clear()
    assert api.get(f"/Conversations/{sid}").status == 200
    assert [one.operation for one in requests_made] == ["GetItem", "Query"]
    assert requests_made[0].parameters["Key"] == {"PK": {"S": "ACCOUNT"}, "SK": {"S": "VERSION"}}


def test_the_first_request_of_a_process_reads_settings_with_their_version(
    api: Api, other: Api, requests_made: list[AwsRequest]
) -> None:
    sid = api.conversation()
    requests_made.clear()
    assert other.get(f"/Conversations/{sid}").status == 200
    assert [one.operation for one in requests_made] == ["TransactGetItems", "Query"]
