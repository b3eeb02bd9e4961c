"""The search in all texts: what it finds, for whom, page by page, and what switching it on and off leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.lifecycle.cleanup import Cleaner
from partyline.queues.queue_messages import InboxJob, InboxJobKind, Removed, RemovedKind
from partyline.storage import services
from partyline.storage.table import Table
from partyline.stream.text_indexer import TextIndexer
from tests.support.api_harness import BASE, A, Api, B, C, Clock, Racing
from tests.support.files import Files
from tests.support.inboxes import now, settle
from tests.support.people import SERVICE, acting, another_service, role_named, staff

CONFIGURATION = f"/Services/{SERVICE}/Configuration"


def indexer(table: Table) -> TextIndexer:
    return TextIndexer(table, now, lambda: True, partial(services.fetch, table))


def fill(table: Table, service: str = SERVICE) -> None:
    """Do the job of a whole Service."""
    assert indexer(table).run(InboxJob(InboxJobKind.TEXTS, service)) is None


def index(table: Table, conversation: str, message: str, service: str = SERVICE) -> None:
    """Do the job of one message."""
    assert indexer(table).run(InboxJob(InboxJobKind.MESSAGE, service, f"{conversation}/{message}")) is None


def stored(table: Table) -> list[str]:
    """The keys of everything that the index has, but of messages that are gone."""
    page = table.scan(limit=1000)
    assert page.last_key is None
    items = [item for item in page.items if "ttl" not in item]
    return sorted(f"{one['PK']}/{one['SK']}" for one in items if one["PK"][:3] in ("QW#", "QM#"))


def hits(who: Api, text: str, **query: str) -> list[dict[str, Any]]:
    reply = who.get("/Search", {"Q": text, **query})
    assert reply.status == 200, reply.body
    found: list[dict[str, Any]] = reply.body["hits"]
    return found


def found(who: Api, text: str) -> list[str]:
    """The texts that a search finds."""
    return [one["body"] for one in hits(who, text)]


@pytest.fixture
def searched(api: Api) -> Api:
    """The API of a Service with the search."""
    assert api.post(CONFIGURATION, {"TextSearch": "on"}).body["text_search"] == "on"
    return api


def say(api: Api, conversation: str, body: str) -> str:
    """A message that is indexed."""
    sid = str(api.say(conversation, body).body["sid"])
    index(api.context.table, conversation, sid)
    return sid


# --- what is found


def test_a_hit_shows_the_text_and_where_it_is(searched: Api, clock: Clock) -> None:
    group = searched.group(A)
    searched.post(f"/Conversations/{group}", {"FriendlyName": "12 Elm Street"})
    sid = say(searched, group, "a " * 200 + "The Roof leaks" + " b" * 100)
    [hit] = hits(searched, "roof LEAKS")
    assert "The Roof leaks" in hit.pop("body")
    assert hit == {
        "conversation_sid": group,
        "title": "12 Elm Street",
        "message_sid": sid,
        "index": 0,
        "author": "agent",
        "written_by": None,
        "date_created": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/Conversations/{group}/Messages/{sid}",
    }
    assert searched.follow(hit["url"]).body["sid"] == sid


def test_a_conversation_without_a_name_has_the_title_of_the_inbox(searched: Api) -> None:
    group = searched.group(A)
    say(searched, group, "the roof")
    assert hits(searched, "roof")[0]["title"] is None
    searched.get("/Inbox")
    settle(searched.context.table)
    assert hits(searched, "roof")[0]["title"] == f"{A}, agent"


def test_texts_of_all_conversations_are_found_the_newest_first(searched: Api, clock: Clock) -> None:
    first, second = searched.group(A), searched.group(B)
    for number, group in enumerate((first, second, first)):
        say(searched, group, f"roof {number}")
        clock.tick(seconds=1)
    assert found(searched, "roof") == ["roof 2", "roof 1", "roof 0"]
    assert found(searched, "1 roof") == ["roof 1"]
    assert found(searched, "roo") == found(searched, "roof oak") == []


def test_an_edited_text_is_found_by_its_new_words_only(searched: Api) -> None:
    group = searched.group(A)
    sid = say(searched, group, "the roof leaks")
    path = f"/Conversations/{group}/Messages/{sid}"
    searched.post(path, {"Body": "the cellar leaks"})
    # Not brought up to date yet: what is no longer there is not shown.
    assert found(searched, "roof") == found(searched, "cellar") == []
    index(searched.context.table, group, sid)
    assert found(searched, "cellar") == found(searched, "leaks") == ["the cellar leaks"]
    assert not any("#roof#" in key for key in stored(searched.context.table))
    searched.delete(path)
    assert found(searched, "cellar") == []
    index(searched.context.table, group, sid)
    assert stored(searched.context.table) == []


# --- for whom


def test_people_find_what_they_see_and_no_more(searched: Api) -> None:
    ann, ben = staff(searched, "ann"), staff(searched, "ben", "writeAsLine", "viewAssignedConversations")
    form = {"FriendlyName": "Kay", "Numbers": json.dumps([{"number": B}]), "Owner": "ben"}
    kay = searched.made("/Contacts", form)["sid"]
    of_kay, chat, hidden = searched.group(B), searched.conversation(), searched.group(C)
    joined = searched.member(chat, identity="ben")
    for group, body in ((of_kay, "roof of kay"), (chat, "roof of the chat"), (hidden, "roof that is hidden")):
        say(searched, group, body)
    assert len(found(ann, "roof")) == len(found(searched, "roof")) == 3
    assert set(found(ben, "roof")) == {"roof of kay", "roof of the chat"}
    searched.post(f"/Contacts/{kay}", {"Owner": "ann"})
    assert found(ben, "roof") == ["roof of the chat"]
    searched.delete(f"/Conversations/{chat}/Participants/{joined}")
    assert found(ben, "roof") == []


def test_a_user_of_an_app_may_not_search(searched: Api) -> None:
    searched.member(searched.group(A), identity="eve")
    assert acting(searched, "eve").get("/Search", {"Q": "roof"}).error[:2] == (403, 50107)


def test_nothing_of_another_service_is_found(searched: Api) -> None:
    other = another_service(searched)
    searched.post(f"/Services/{other}/Configuration", {"TextSearch": "on"})
    say(searched, searched.group(A), "the roof")
    assert searched.get(f"/Services/{other}/Search", {"Q": "roof"}).body["hits"] == []
    theirs = searched.made(f"/Services/{other}/Conversations", {})["sid"]
    searched.made(f"/Services/{other}/Conversations/{theirs}/Messages", {"Author": "x", "Body": "their roof"})
    fill(searched.context.table, other)
    # A job that names the wrong Service changes nothing.
    [sid] = [one["message_sid"] for one in searched.get(f"/Services/{other}/Search", {"Q": "roof"}).body["hits"]]
    before = stored(searched.context.table)
    index(searched.context.table, "CH" + "0" * 32, sid)
    assert stored(searched.context.table) == before
    assert found(searched, "roof") == ["the roof"]


def test_a_deleted_conversation_is_gone_at_once_and_its_words_are_cleaned_up(searched: Api, clock: Clock) -> None:
    gone, left = searched.group(A), searched.group(B)
    late = [say(searched, gone, f"roof number{number}") for number in range(12)]
    say(searched, left, "another roof")
    searched.delete(f"/Conversations/{gone}")
    assert found(searched, "roof") == ["another roof"]
    cleaner = Cleaner(searched.context.table, Files(), clock, lambda: True)
    assert cleaner.clean_up(Removed(RemovedKind.CONVERSATION, gone))
    # A job that was under way comes late.
    index(searched.context.table, gone, late[0])
    kept = stored(searched.context.table)
    assert kept
    assert not any(gone in key for key in kept)


# --- the switch


def orders(api: Api) -> list[bool]:
    items = api.context.table.query(f"IS#{SERVICE}", begins="TEXTS#").items
    return [item["on"] for item in items if (item["outbox"], item["sid"]) == ("texts", SERVICE)]


def test_the_switch_orders_a_job_each_time_that_it_is_turned(api: Api) -> None:
    assert (api.get(CONFIGURATION).body["text_search"], orders(api)) == ("off", [])
    assert api.post(CONFIGURATION, {"TextSearch": "off"}).body["text_search"] == "off"
    assert orders(api) == []
    for value, wanted in (("ON", [True]), ("on", [True]), ("off", [False, True]), ("on", [False, True, True])):
        assert api.post(CONFIGURATION, {"TextSearch": value}).body["text_search"] == value.lower()
        assert sorted(orders(api)) == wanted
    api.post(CONFIGURATION, {"LockGroups": "true"})
    assert api.get(CONFIGURATION).body["text_search"] == "on"
    refused = api.post(CONFIGURATION, {"TextSearch": "maybe"})
    assert (refused.body["code"], refused.body["details"]["parameter"]) == (20001, "TextSearch")


def test_people_do_not_turn_the_switch(api: Api) -> None:
    ann = staff(api, "ann")
    assert ann.post(CONFIGURATION, {"TextSearch": "on"}).status == 403


def test_what_was_there_before_is_filled_in_and_removed_again(api: Api, clock: Clock) -> None:
    made = [api.group(A), api.group(B)]
    texts = {f"roof {number} of {group}": group for group in made for number in range(3)}
    for text, group in texts.items():
        api.say(group, text)
        index(api.context.table, group, str(api.get(f"/Conversations/{group}/Messages").body["messages"][-1]["sid"]))
    assert stored(api.context.table) == []
    assert api.get("/Search", {"Q": "roof"}).error[:2] == (409, 20409)
    api.post(CONFIGURATION, {"TextSearch": "on"})
    fill(api.context.table)
    assert set(found(api, "roof")) == set(texts)
    filled = stored(api.context.table)
    fill(api.context.table)
    assert stored(api.context.table) == filled
    api.post(CONFIGURATION, {"TextSearch": "off"})
    assert api.get("/Search", {"Q": "roof"}).error[:2] == (409, 20409)
    fill(api.context.table)
    fill(api.context.table)
    assert stored(api.context.table) == []


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_long_job_goes_on_where_there_was_no_more_time(api: Api, clock: Clock, steps: int) -> None:
    for native in (A, B, C):
        group = api.group(native)
        clock.tick(seconds=1)
        for number in range(4):
            api.say(group, f"roof {number}")

    def run_in_steps() -> int:
        job: InboxJob | None = InboxJob(InboxJobKind.TEXTS, SERVICE)
        rounds = 0
        while job:
            looks = iter(range(steps))
            rounds += 1
            # What is left has its place in the queue's body.

            def has_time(looks: Iterator[int] = looks) -> bool:
                return next(looks, None) is not None

            table = api.context.table
            job = TextIndexer(table, now, has_time, partial(services.fetch, table)).run(job)
            assert rounds < 50
        return rounds

    api.post(CONFIGURATION, {"TextSearch": "on"})
    assert run_in_steps() > 1
    assert len(found(api, "roof")) == 12
    api.post(CONFIGURATION, {"TextSearch": "off"})
    assert run_in_steps() > 1
    assert stored(api.context.table) == []


# --- repeats and races


def test_a_repeat_writes_nothing_but_the_version(searched: Api) -> None:
    group = searched.group(A)
    sid = say(searched, group, "the roof")
    before, keys_before = searched.context.table.query(f"QM#{group}").items, stored(searched.context.table)
    index(searched.context.table, group, sid)
    [record] = searched.context.table.query(f"QM#{group}").items
    assert [{**record, "version": record["version"] - 1}] == before
    assert stored(searched.context.table) == keys_before


@pytest.mark.parametrize("taken_back", [True, False], ids=["taken back", "deleted"])
def test_a_job_stores_no_text_that_is_gone_meanwhile(searched: Api, taken_back: bool) -> None:
    """The job of the later change finds nothing to write: the index has what is there already."""
    table, group = searched.context.table, searched.group(A)
    sid = say(searched, group, "the roof" if taken_back else "a")
    path = f"/Conversations/{group}/Messages/{sid}"
    searched.post(path, {"Body": "cellar"})

    def meanwhile() -> None:
        reply = searched.post(path, {"Body": "the roof"}) if taken_back else searched.delete(path)
        assert reply.status in {200, 204}
        index(table, group, sid)

    racing = Racing(table, 1, "record", meanwhile)
    assert indexer(racing).run(InboxJob(InboxJobKind.MESSAGE, SERVICE, f"{group}/{sid}")) is None
    assert not any("#cellar#" in key for key in stored(table))


def test_a_job_during_the_clean_up_of_its_conversation_leaves_nothing(searched: Api) -> None:
    table, group = searched.context.table, searched.group(A)
    sid = str(searched.say(group, "the roof").body["sid"])

    def clean_up() -> None:
        assert searched.delete(f"/Conversations/{group}").status == 204
        assert Cleaner(table, Files(), now, lambda: True).clean_up(Removed(RemovedKind.CONVERSATION, group))

    index(Racing(table, 1, "record", clean_up), group, sid)
    assert table.query(f"QM#{group}").items == []
    assert stored(table) == []


BODIES = st.sampled_from(["the roof", "roof leaks", "cellar", "a", "the cellar leaks", None])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(BODIES, st.booleans()), min_size=1, max_size=4))
def test_a_job_that_loses_a_race_never_replaces_a_newer_text(
    searched: Api, steps: list[tuple[str | None, bool]]
) -> None:
    table, group = searched.context.table, searched.conversation()
    searched.member(group, identity="agent")
    sid = str(searched.say(group, "the first roof").body["sid"])
    path = f"/Conversations/{group}/Messages/{sid}"
    for body, others_index in steps:

        def meanwhile(body: str | None = body, others_index: bool = others_index) -> None:
            searched.delete(path) if body is None else searched.post(path, {"Body": body})
            if others_index:
                index(table, group, sid)

        # The job has read everything, and the text changes before it writes.
        racing = Racing(table, 1, "record", meanwhile)
        assert indexer(racing).run(InboxJob(InboxJobKind.MESSAGE, SERVICE, f"{group}/{sid}")) is None
        if not others_index:
            index(table, group, sid)
    reply = searched.get(path)
    words = [one for one in reply.body["body"].split() if len(one) > 2] if reply.status == 200 else []
    kept = [key for key in stored(table) if group in key and key.startswith("QW#")]
    assert sorted(key.split("#")[2] for key in kept) == sorted(words)
    searched.delete(f"/Conversations/{group}")


# --- pages


def walk(who: Api, page: Any, direction: str) -> Iterator[list[str]]:
    while True:
        yield [one["body"] for one in page["hits"]]
        url = page["meta"][f"{direction}_page_url"]
        if not url:
            return
        page = who.follow(url).body


@pytest.mark.parametrize("limited", [False, True])
def test_pages_have_every_hit_once_there_and_back(searched: Api, clock: Clock, limited: bool) -> None:
    ann = staff(searched, "ann", "writeAsLine") if limited else staff(searched, "ann")
    for number in range(7):
        for native, text in (("1", "roof of ann"), ("2", "roof of others")):
            group = searched.group(f"+1206555{native}{number:03}")
            if native == "1":
                searched.member(group, identity="ann")
            say(searched, group, f"{text} {number}")
            # Another word, of which the one that is looked for is only the beginning.
            say(searched, group, f"roofs {number}")
        clock.tick(seconds=number % 2)
    text = "roof ann"
    expected = {f"roof of ann {number}" for number in range(7)}
    for size in (1, 2, 3, 7, 8):
        first = ann.get("/Search", {"Q": text, "PageSize": str(size)}).body
        pages = [*walk(ann, first, "next")]
        shown = [body for page in pages for body in page]
        assert (set(shown), len(shown)) == (expected, 7), size
        tokens = dict(parse_qsl(urlsplit(first["meta"]["next_page_url"] or "").query))
        if tokens:
            last = ann.get("/Search", {"Q": text, **tokens}).body
            back = [*walk(ann, last, "previous")]
            assert [body for page in reversed(back) for body in page] == shown[: len([*first["hits"], *last["hits"]])]


# --- odd requests


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({}, "Q"),
        ({"Q": ""}, "Q"),
        ({"Q": "it is"}, "Q"),
        ({"Q": "?!"}, "Q"),
        ({"Q": "x" * 33}, "Q"),
        ({"Q": "x" * 257}, "Q"),
        ({"Q": "roof", "PageSize": "0"}, "PageSize"),
        ({"Q": "roof", "PageToken": "made-up"}, "PageToken"),
    ],
)
def test_wrong_parameters_are_refused_by_name(searched: Api, query: dict[str, str], parameter: str) -> None:
    refused = searched.get("/Search", query)
    assert (refused.status, refused.body["code"], refused.body["details"]["parameter"]) == (400, 20001, parameter)


ANY_VALUE = st.text(max_size=40) | st.sampled_from(["roof", "#", "QW#", "%", "0", "\0\0\0", "ﬀﬀﬀﬀ"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["Q", "PageSize", "Page", "PageToken"]), ANY_VALUE))
def test_no_query_is_answered_with_5xx(searched: Api, query: dict[str, str]) -> None:
    assert searched.get("/Search", query).status in (200, 400)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=200))
def test_every_text_can_be_indexed(searched: Api, body: str) -> None:
    group = searched.group(A, own="+12065550142")
    reply = searched.say(group, body)
    if reply.status == 201:
        index(searched.context.table, group, str(reply.body["sid"]))
    searched.delete(f"/Conversations/{group}")


def test_roles_of_the_inbox_may_search(searched: Api) -> None:
    say(searched, searched.group(A), "the roof")
    searched.get("/Inbox")
    searched.made("/Users", {"Identity": "ann", "RoleSid": role_named("inbox member")})
    assert found(acting(searched, "ann"), "roof") == ["the roof"]
