"""Pages: to the end, over again, back, and with tokens that no list gave out."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.api_harness import BASE, Api, Clock

INVALID = (400, 20001, "Invalid parameter PageToken: it is not one that this list has given out")


@pytest.fixture
def seven(api: Api, clock: Clock) -> Api:
    """Seven conversations, some of one moment."""
    for number in range(7):
        api.conversation(FriendlyName=str(number), UniqueName=f"u {number}")
        clock.tick(seconds=number % 2)
    return api


def walk(api: Api, page: Any, direction: str) -> list[list[str]]:
    """The SIDs of a page and of all behind it."""
    pages = [[one["sid"] for one in page["conversations"]]]
    while page["meta"][f"{direction}_page_url"]:
        page = api.follow(page["meta"][f"{direction}_page_url"]).body
        pages.append([one["sid"] for one in page["conversations"]])
    return pages


def token_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["PageToken"][0]


def test_the_envelope_is_twilios(seven: Api) -> None:
    first = seven.get("/Conversations", {"State": "active", "PageSize": "3"}).body["meta"]
    query = "State=active&PageSize=3"
    assert first == {
        "page": 0,
        "page_size": 3,
        "first_page_url": f"{BASE}/v1/Conversations?{query}&Page=0",
        "previous_page_url": None,
        "url": f"{BASE}/v1/Conversations?{query}&Page=0",
        "next_page_url": f"{BASE}/v1/Conversations?{query}&Page=1&PageToken={token_of(first['next_page_url'])}",
        "key": "conversations",
    }
    second = seven.follow(first["next_page_url"]).body["meta"]
    assert second["url"] == first["next_page_url"]
    assert second["first_page_url"] == first["url"]
    assert (second["page"], second["page_size"]) == (1, 3)
    assert second["previous_page_url"].startswith(f"{BASE}/v1/Conversations?{query}&Page=0&PageToken=")


@pytest.mark.parametrize("filters", [{}, {"State": "active"}, {"StartDate": "2026-11-22", "Unknown": "é&="}])
@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_pages_hold_everything_once_forward_backward_and_over_again(
    seven: Api, filters: dict[str, str], size: int
) -> None:
    everything = [one["sid"] for one in seven.get("/Conversations").body["conversations"]]
    assert len(set(everything)) == 7
    first = seven.get("/Conversations", {**filters, "PageSize": str(size)}).body
    forward = walk(seven, first, "next")
    assert [sid for page in forward for sid in page] == everything
    assert walk(seven, first, "next") == forward
    page = first
    while page["meta"]["next_page_url"]:
        page = seven.follow(page["meta"]["next_page_url"]).body
    backward = walk(seven, page, "previous")
    assert backward == forward[::-1]


def test_pages_hold_still_while_conversations_are_added(seven: Api, clock: Clock) -> None:
    first = seven.get("/Conversations", {"PageSize": "3"}).body
    before = walk(seven, first, "next")
    clock.tick(hours=1)
    seven.conversation()
    assert walk(seven, first, "next") == before


def test_a_page_size_beyond_the_maximum_is_lowered_to_it(api: Api) -> None:
    assert api.get("/Conversations", {"PageSize": "5000"}).body["meta"]["page_size"] == 100
    assert api.get("/Conversations").body["meta"]["page_size"] == 50


@pytest.mark.parametrize("name", ["PageSize", "Page"])
@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "²", "9" * 400])
def test_junk_is_refused(api: Api, name: str, value: str) -> None:
    minimum = 1 if name == "PageSize" else 0
    message = f"Invalid parameter {name}: it is not a whole number of at least {minimum}"
    assert api.get("/Conversations", {name: value}).error == (400, 20001, message)


def test_a_page_of_nothing_is_refused(api: Api) -> None:
    assert api.get("/Conversations", {"PageSize": "0"}).status == 400


def test_page_is_the_clients_own_count(seven: Api) -> None:
    reply = seven.get("/Conversations", {"Page": "5", "PageSize": "3"})
    assert reply.body["meta"]["page"] == 5
    assert len(reply.body["conversations"]) == 3


def test_a_token_of_another_list_or_filter_or_account_is_refused(seven: Api) -> None:
    url = seven.get("/Conversations", {"State": "active", "PageSize": "3"}).body["meta"]["next_page_url"]
    token = token_of(url)
    assert seven.get("/Conversations", {"State": "active", "PageToken": token}).status == 200
    for path, query in (
        ("/Conversations", {}),
        ("/Conversations", {"State": "inactive"}),
        ("/Conversations", {"State": "active", "StartDate": "2026-01-01"}),
        ("/Lines", {"State": "active"}),
        ("/UnroutedTexts", {"State": "active"}),
        ("/Conversations/u%200/Participants", {"State": "active"}),
        ("/Conversations/u%200/Messages", {"State": "active"}),
    ):
        assert seven.get(path, {**query, "PageToken": token}).error == INVALID


def test_a_token_altered_anywhere_is_refused(seven: Api) -> None:
    token = token_of(seven.get("/Conversations", {"PageSize": "3"}).body["meta"]["next_page_url"])
    for position, character in enumerate(token):
        other = "A" if character != "A" else "B"
        altered = token[:position] + other + token[position + 1 :]
        assert seven.get("/Conversations", {"PageToken": altered}).error == INVALID
    for altered in (token + "A", token + "=", token[:-1], " " + token, token[:30] + "\n" + token[30:]):
        assert seven.get("/Conversations", {"PageToken": altered}).error == INVALID


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1) | st.text("abcXYZ019-_=", min_size=1) | st.binary(min_size=17).map(lambda raw: raw.hex()))
def test_any_text_that_is_no_token_is_refused(api: Api, text: str) -> None:
    assert api.get("/Conversations", {"PageToken": text}).error == INVALID
    assert api.get("/Lines", {"PageToken": text}).error == INVALID


def test_a_page_of_very_large_entries_is_shorter_and_still_nothing_is_missing(api: Api) -> None:
    conversation = api.conversation()
    worst = '"' * (32 * 1024)
    for number in range(60):
        assert api.post(f"/Conversations/{conversation}/Messages", {"Body": worst}).body["index"] == number
    first = api.get(f"/Conversations/{conversation}/Messages", {"PageSize": "100"})
    # Lambda takes answers of 6 MB.
    assert len(json.dumps(json.dumps(first.body))) < 6 * 1024 * 1024
    indexes = [message["index"] for message in first.body["messages"]]
    page = first.body
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
        indexes += [message["index"] for message in page["messages"]]
    assert indexes == list(range(60))
    assert page["meta"]["previous_page_url"]
    before = api.follow(page["meta"]["previous_page_url"]).body["messages"]
    assert before[-1]["index"] == page["messages"][0]["index"] - 1
