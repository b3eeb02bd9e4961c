"""Lists of messages: ranges of indexes, the first message of a date, words, and links to files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.api import message_lists
from partyline.domain.media import Media, MediaState
from partyline.media import links
from partyline.storage import conversations, messages
from partyline.storage.table import Table
from tests.support.api_harness import BASE, ROOT, A, Api, B, Clock, Counting
from tests.support.people import acting

START = Clock().moment
# The indexes that are left after some messages were deleted, and the hours after START when each was created.
LEFT = [0, 1, 2, 5, 6, 9, 10, 12]
HOURS = {index: index // 2 for index in range(13)}
BODIES = {index: f"{index} {['Roof leaks', 'Éclair at the roof', 'eclipse'][index % 3]}" for index in range(13)}
# Of those that are left, by what is looked for.
FOUND = {
    "roof": [0, 1, 6, 9, 10, 12],
    "ECL": [1, 2, 5, 10],
    "roof écl": [1, 10],
    "1": [1, 10, 12],
    "1 lea": [12],
    "roofs": [],
}


@pytest.fixture
def thread(api: Api, clock: Clock) -> str:
    """The path of the messages of a group, some of which were deleted."""
    path = f"/Conversations/{api.group(A, B)}/Messages"
    sids = []
    for index in range(13):
        clock.moment = START + timedelta(hours=HOURS[index])
        sids.append(api.made(path, {"Author": "agent", "Body": BODIES[index]})["sid"])
    for index in {*range(13)} - {*LEFT}:
        assert api.delete(f"{path}/{sids[index]}").status == 204
    return path


@pytest.fixture
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a search read one message at once, and so five for a page."""
    monkeypatch.setattr(message_lists, "_SEARCHED_AT_ONCE", 1)


def walk(api: Api, page: Any, direction: str) -> Iterator[list[int]]:
    """Yield the indexes of a page and of all that follow it in a direction."""
    yield [one["index"] for one in page["messages"]]
    while page["meta"][f"{direction}_page_url"]:
        page = api.follow(page["meta"][f"{direction}_page_url"]).body
        yield [one["index"] for one in page["messages"]]


def last_page(api: Api, page: Any) -> Any:
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
    return page


_INDEX = st.none() | st.integers(0, 15)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(_INDEX, _INDEX), st.none() | st.integers(-1, 8), st.sampled_from(["asc", "desc"]), st.integers(1, 9))
def test_a_range_is_paged_to_its_end_and_back(
    api: Api, thread: str, limits: tuple[int | None, int | None], hour: int | None, order: str, size: int
) -> None:
    after, before = limits
    given_range = {"After": after, "Before": before}
    query = {name: str(value) for name, value in given_range.items() if value is not None}
    if hour is not None:
        query["From"] = (START + timedelta(hours=hour)).isoformat()
    expected = [
        index
        for index in LEFT
        if (after is None or index > after)
        and (before is None or index < before)
        and (hour is None or HOURS[index] >= hour)
    ][:: 1 if order == "asc" else -1]
    first = api.get(thread, {**query, "Order": order, "PageSize": str(size)}).body
    pages = [*walk(api, first, "next")]
    assert [index for page in pages for index in page] == expected
    assert first["meta"]["previous_page_url"] is None
    assert [*walk(api, last_page(api, first), "previous")] == pages[::-1]


@pytest.mark.usefixtures("short_windows")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*FOUND]),
    st.tuples(_INDEX, _INDEX),
    st.sampled_from([None, "asc", "desc"]),
    st.integers(1, 9),
)
def test_what_a_search_finds_is_paged_to_its_end_and_back(
    api: Api, thread: str, words: str, limits: tuple[int | None, int | None], order: str | None, size: int
) -> None:
    after, before = limits
    given_range = {"After": after, "Before": before, "Order": order}
    query = {name: str(value) for name, value in given_range.items() if value is not None}
    expected = [
        index for index in FOUND[words] if (after is None or index > after) and (before is None or index < before)
    ][:: 1 if order == "asc" else -1]
    first = api.get(thread, {**query, "Q": words, "PageSize": str(size)}).body
    assert [index for page in walk(api, first, "next") for index in page] == expected
    assert first["meta"]["previous_page_url"] is None
    last = last_page(api, first)
    beside = [one["index"] for one in last["messages"]]
    back = [*walk(api, last, "previous")][1:]
    assert [index for page in back[::-1] for index in page] + beside == expected


@pytest.mark.usefixtures("short_windows")
def test_a_search_reads_a_bounded_part_for_a_page(api: Api, table: Table, thread: str) -> None:
    counting = Counting(table)
    page = Api(replace(api.context, table=counting)).get(thread, {"Q": "lea 0"})
    assert page.body["messages"] == []
    # Five windows, each in at most two queries of four items; and what finds the conversation.
    assert counting.read <= 5 * 8 + 2
    found = [*walk(api, page.body, "next")]
    assert found[-1] == [0]
    assert len(found) == 2


def test_a_search_finds_texts_as_they_are_now(api: Api, thread: str) -> None:
    (sid,) = (one["sid"] for one in api.get(thread, {"Q": "1 lea"}).body["messages"])
    api.post(f"{thread}/{sid}", {"Body": "12 gutters"})
    assert api.get(thread, {"Q": "1 lea"}).body["messages"] == []
    assert [one["sid"] for one in api.get(thread, {"Q": "gutter"}).body["messages"]] == [sid]
    assert api.delete(f"{thread}/{sid}").status == 204
    assert api.get(thread, {"Q": "gutter"}).body["messages"] == []


def test_a_search_is_for_those_who_see_the_conversation(api: Api) -> None:
    conversation = f"/Conversations/{api.made('/Conversations')['sid']}"
    api.made(f"{conversation}/Participants", {"Identity": "ann"})
    api.made(f"{conversation}/Messages", {"Author": "agent", "Body": "The roof leaks"})
    seen = acting(api, "ann").get(f"{conversation}/Messages", {"Q": "roof"}).body["messages"]
    assert [one["body"] for one in seen] == ["The roof leaks"]
    assert acting(api, "stranger").get(f"{conversation}/Messages", {"Q": "roof"}).status == 404


def test_a_search_finds_nothing_of_other_conversations(api: Api, thread: str) -> None:
    other = f"/Conversations/{api.made('/Conversations')['sid']}/Messages"
    assert api.get(other, {"Q": "roof"}).body["messages"] == []
    assert len(api.get(thread, {"Q": "roof"}).body["messages"]) == len(FOUND["roof"])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("?!", "it has no letter or digit"),
        (" ", "it has no letter or digit"),
        ("x" * 257, "it is longer than 256 characters"),
    ],
)
def test_a_search_for_no_word_is_refused(api: Api, thread: str, value: str, problem: str) -> None:
    assert api.get(thread, {"Q": value}).error == (400, 20001, f"Invalid parameter Q: {problem}")


def test_an_empty_search_is_none(api: Api, thread: str) -> None:
    assert [*walk(api, api.get(thread, {"Q": ""}).body, "next")] == [LEFT]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            ["Q", "Order", "After", "Before", "From", "MediaLinks", "DeliveryStatuses", "PageSize", "Page", "PageToken"]
        ),
        st.text(max_size=300) | st.sampled_from(["roof", "desc", "3", "2026-11-22"]),
    )
)
def test_odd_queries_are_never_server_errors(api: Api, thread: str, query: dict[str, str]) -> None:
    assert api.get(thread, query).status in (200, 400)


def test_messages_that_come_meanwhile_are_on_later_pages(api: Api, thread: str) -> None:
    first = api.get(thread, {"After": "9", "PageSize": "1"}).body
    api.made(thread, {"Author": "agent", "Body": "new"})
    assert [*walk(api, first, "next")] == [[10], [12], [13]]
    assert [*walk(api, api.get(thread, {"Before": "5", "Order": "desc"}).body, "next")] == [[2, 1, 0]]


@pytest.mark.parametrize("name", ["After", "Before"])
@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "9" * 20])
def test_an_index_that_is_none_is_refused(api: Api, thread: str, name: str, value: str) -> None:
    message = f"Invalid parameter {name}: it is not a whole number of at least 0"
    assert api.get(thread, {name: value}).error == (400, 20001, message)


@pytest.mark.parametrize("value", ["", "x", "2026-13-01", "yesterday", "²"])
def test_a_date_that_is_none_is_refused(api: Api, thread: str, value: str) -> None:
    message = "Invalid parameter From: it is not an ISO 8601 date or time"
    assert api.get(thread, {"From": value}).error == (400, 20001, message)


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31T23:59:59Z", "2026-11-22T12:00:00-05:00"])
def test_any_date_is_answered(api: Api, thread: str, value: str) -> None:
    assert api.get(thread, {"From": value}).status == 200


@pytest.mark.parametrize("number", [0, 1, 100, 1000])
def test_a_date_is_found_with_one_read_for_each_doubling(api: Api, table: Table, thread: str, number: int) -> None:
    found = conversations.fetch(table, thread.split("/")[2])
    assert found
    counting = Counting(table)
    imagined = replace(found, last_index=number - 1)
    messages.find_index_at(counting, imagined, START)
    assert len(counting.asked) <= number.bit_length()


def test_links_to_files_are_given_to_those_who_see_the_messages(api: Api, table: Table, clock: Clock) -> None:
    conversation = api.group(A, B)
    path = f"/Conversations/{conversation}/Messages"
    sid = api.made(path, {"Author": "agent", "Body": "look"})["sid"]
    delivered = messages.fetch(table, conversation, sid)
    found = conversations.fetch(table, conversation)
    assert delivered
    assert found
    ready = Media("ME" + "1" * 32, "", "image/jpeg", 9, "roof.jpg", MediaState.READY)
    files = (ready, replace(ready, sid="ME" + "2" * 32, state=MediaState.PENDING))
    messages.update(table, found, delivered.message, replace(delivered.message, media=files), clock())

    (shown,) = api.get(path, {"MediaLinks": "true"}).body["messages"]
    here, pending = (one["link"] for one in shown["media"])
    assert pending is None
    opened = re.fullmatch(re.escape(BASE) + "/media/(.+)", here)
    assert opened
    assert links.open_path(ROOT, opened[1], clock().timestamp() + 299) == f"{ready.sid}/original.jpg"
    assert links.open_path(ROOT, opened[1], clock().timestamp() + 301) is None
    for query in ({}, {"MediaLinks": "false"}):
        (shown,) = api.get(path, query).body["messages"]
        assert all("link" not in one for one in shown["media"])
    assert acting(api, "stranger").get(path, {"MediaLinks": "true"}).status == 404
    assert api.get(path, {"MediaLinks": "yes"}).error == (
        400,
        20001,
        "Invalid parameter MediaLinks: use true or false",
    )
