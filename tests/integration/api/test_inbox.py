"""The inbox: what its list shows of a conversation, to whom, in which order, and page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.api import inbox_lists
from partyline.domain import permissions
from partyline.storage import services
from tests.support import people
from tests.support.api_harness import ACCOUNT, BASE, A, Api, B, C, Clock, Counting, D, P, Q
from tests.support.inboxes import entries, found, listed, settle
from tests.support.people import SERVICE, another_service, role_named

Person = Callable[[str, str], Api]


@pytest.fixture
def person(api: Api) -> Person:
    """Makes a person with one of the roles of an inbox."""

    def make(identity: str, role: str) -> Api:
        api.made("/Users", {"Identity": identity, "RoleSid": role_named(f"inbox {role}")})
        return people.acting(api, identity)

    return make


@pytest.fixture
def inbox(api: Api) -> Api:
    """The API of a Service that uses its inbox."""
    assert api.get("/Inbox").status == 200
    return api


def contact(api: Api, name: str, number: str, owner: str = "") -> str:
    form = {"FriendlyName": name, "Numbers": json.dumps([{"number": number}]), "Owner": owner}
    return str(api.made("/Contacts", form)["sid"])


# --- what an entry shows


def test_an_entry_shows_the_members_and_the_newest_message(inbox: Api, clock: Clock) -> None:
    bob = contact(inbox, "Bob Miller", A)
    group = inbox.group(A, B)
    clock.tick(minutes=1)
    sent = inbox.say(group, "x" * 200).body
    [entry] = entries(inbox)
    assert entry == {
        "conversation_sid": group,
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "title": f"Bob Miller, {B}, agent",
        "friendly_name": None,
        "members": [
            {"name": "Bob Miller", "number": A, "identity": None, "contact_sid": bob},
            {"name": None, "number": B, "identity": None, "contact_sid": None},
            {"name": None, "number": None, "identity": "agent", "contact_sid": None},
        ],
        "member_count": 3,
        "last_message": {
            "sid": sent["sid"],
            "index": 0,
            "author": "agent",
            "written_by": None,
            "body": "x" * 120,
            "kind": "text",
            "delivery": sent["delivery"],
            "tapback": None,
            "date_created": sent["date_created"],
        },
        "unread": None,
        "tapback_indexes": [],
        "own_indexes": [],
        "marked_unread": False,
        "muted": False,
        "assignee": None,
        "state": "active",
        "line": P,
        "date_active": "2026-11-22T12:01:00Z",
        "date_created": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/Conversations/{group}",
        "links": {
            "conversation": f"{BASE}/v1/Conversations/{group}",
            "messages": f"{BASE}/v1/Conversations/{group}/Messages",
            "read_state": f"{BASE}/v1/Conversations/{group}/ReadState",
        },
    }


def test_a_large_conversation_shows_ten_members_and_counts_all(inbox: Api) -> None:
    large = inbox.conversation()
    for number in range(12):
        inbox.member(large, identity=f"person {number:02}")
    [entry] = entries(inbox)
    assert (len(entry["members"]), entry["member_count"]) == (10, 12)
    assert entry["title"].endswith("person 09, +2")
    assert entry["line"] is None


def test_the_list_is_by_last_activity(inbox: Api, clock: Clock) -> None:
    first, second = inbox.group(A), inbox.group(B)
    clock.tick(seconds=1)
    inbox.say(first)
    assert found(inbox) == [first, second]
    clock.tick(seconds=1)
    inbox.say(second)
    assert found(inbox) == [second, first]


def test_changes_of_a_contact_show_in_its_conversations(inbox: Api) -> None:
    bob = contact(inbox, "Bob", A)
    inbox.group(A)
    assert entries(inbox)[0]["members"][0]["name"] == "Bob"
    inbox.post(f"/Contacts/{bob}", {"FriendlyName": "Robert"})
    assert entries(inbox)[0]["title"] == "Robert, agent"
    inbox.delete(f"/Contacts/{bob}")
    assert entries(inbox)[0]["members"][0] == {"name": None, "number": A, "identity": None, "contact_sid": None}


# --- who sees what


def test_people_see_in_their_inbox_exactly_the_conversations_that_they_see(inbox: Api, person: Person) -> None:
    ann, ben = person("ann", "member"), person("ben", "limited")
    kay = contact(inbox, "Kay", B, "ben")
    of_kay, others, chat = inbox.group(A, B), inbox.group(C), inbox.conversation()
    inbox.member(chat, identity="ben")
    assert set(found(ann)) == set(found(inbox)) == {of_kay, others, chat}
    assert set(found(ben)) == {of_kay, chat}
    # The lists are not brought up to date: what is shown follows the rights of now.
    inbox.post(f"/Contacts/{kay}", {"Owner": "ann"})
    assert [one["conversation_sid"] for one in listed(ben.get("/Inbox"))] == [chat]
    settle(inbox.context.table)
    assert [one["conversation_sid"] for one in listed(ben.get("/Inbox"))] == [chat]
    inbox.delete(f"/Conversations/{chat}/Participants/ben")
    assert listed(ben.get("/Inbox")) == []


def test_a_user_of_the_app_neither_starts_nor_reads_the_inbox(api: Api) -> None:
    contact(api, "Kay", A)
    api.member(api.group(A), identity="eve")
    assert people.acting(api, "eve").get("/Inbox").error[:2] == (403, 50107)
    service = services.fetch(api.context.table, SERVICE)
    assert service
    assert service.inbox_shards is None


def test_a_role_that_is_taken_away_takes_what_is_assigned_along(inbox: Api, person: Person) -> None:
    ben = person("ben", "limited")
    contact(inbox, "Kay", B, "ben")
    group = inbox.group(A, B)
    assert found(ben) == [group]
    role = inbox.made("/Roles", {"FriendlyName": "x", "Type": "service", "Permission": "writeAsLine"})["sid"]
    inbox.post("/Users/ben", {"RoleSid": role})
    assert listed(ben.get("/Inbox")) == []


def test_nothing_of_another_service_is_in_an_inbox(inbox: Api) -> None:
    inbox.group(A)
    other = another_service(inbox)
    assert listed(inbox.get(f"/Services/{other}/Inbox")) == []
    theirs = inbox.made(f"/Services/{other}/Conversations", {})["sid"]
    settle(inbox.context.table, other)
    [entry] = listed(inbox.get(f"/Services/{other}/Inbox"))
    assert entry["conversation_sid"] == theirs
    assert theirs not in found(inbox)


def test_a_deleted_conversation_is_gone_at_once(inbox: Api) -> None:
    group = inbox.group(A)
    assert found(inbox) == [group]
    inbox.delete(f"/Conversations/{group}")
    assert listed(inbox.get("/Inbox")) == []


# --- views and filters


def test_views(inbox: Api, person: Person) -> None:
    ann, ben = person("ann", "member"), person("ben", "member")
    free, of_ann, of_ben, done = (inbox.group(number) for number in (A, B, C, D))
    inbox.post(f"/Conversations/{of_ann}", {"Assignee": "ann"})
    inbox.post(f"/Conversations/{of_ben}", {"Assignee": "ben"})
    inbox.post(f"/Conversations/{done}", {"State": "inactive"})
    assert set(found(ann)) == set(found(ann, View="all")) == {free, of_ann, of_ben}
    assert found(ann, View="mine") == [of_ann]
    assert found(ben, View="mine") == [of_ben]
    assert found(ann, View="unassigned") == found(inbox, View="unassigned") == [free]
    assert found(ann, View="done") == found(inbox, View="done") == [done]
    # A page never shows what is not in its view any more.
    inbox.post(f"/Conversations/{of_ann}", {"Assignee": ""})
    assert listed(ann.get("/Inbox", {"View": "mine"})) == []
    inbox.say(done)
    assert listed(ann.get("/Inbox", {"View": "done"})) == []
    assert found(ann, View="done") == []
    assert set(found(ann)) == {free, of_ann, of_ben, done}


def test_views_of_a_limited_person(inbox: Api, person: Person) -> None:
    ben = person("ben", "limited")
    contact(inbox, "Kay", B, "ben")
    contact(inbox, "Lee", C, "ben")
    of_kay, of_lee, hidden = inbox.group(A, B), inbox.group(C), inbox.group(D)
    for one in (of_kay, hidden):
        inbox.post(f"/Conversations/{one}", {"Assignee": "ben"})
    assert set(found(ben)) == {of_kay, of_lee}
    assert found(ben, View="mine") == [of_kay]
    assert found(ben, View="unassigned") == [of_lee]


def test_one_line(inbox: Api) -> None:
    on_p, on_q = inbox.group(A), inbox.group(B, own=Q)
    assert found(inbox, Line=Q) == [on_q]
    assert found(inbox, Line=P) == [on_p]
    assert found(inbox, Line="+12065550199") == []


def test_one_contact(inbox: Api, person: Person) -> None:
    ben = person("ben", "limited")
    kay, bob = contact(inbox, "Kay", B, "ben"), contact(inbox, "Bob", A)
    both, only_bob = inbox.group(A, B), inbox.group(A, own=Q)
    assert set(found(inbox, Contact=bob)) == {both, only_bob}
    assert found(inbox, Contact=kay) == found(ben, Contact=kay) == [both]
    assert found(ben, Contact=bob) == []


@pytest.mark.parametrize("text", ["mil", "Bob", "bob m", "0150", "206 555 0150", "elm", "ELM street", "tree-house"])
def test_search_by_names_titles_and_ends_of_numbers(inbox: Api, text: str) -> None:
    contact(inbox, "Bob Miller", A)
    group = inbox.group(A)
    inbox.post(f"/Conversations/{group}", {"FriendlyName": "12 Elm Street, the tree house"})
    inbox.group(B, own=Q)
    assert found(inbox, Q=text) == [group]


def test_search_finds_only_what_one_sees(inbox: Api, person: Person) -> None:
    ben = person("ben", "limited")
    contact(inbox, "Kay One", B, "ben")
    contact(inbox, "Kay Two", C)
    of_ben, hidden = inbox.group(A, B), inbox.group(C)
    assert set(found(inbox, Q="kay")) == {of_ben, hidden}
    assert found(ben, Q="kay") == [of_ben]
    assert found(ben, Q="two") == []


@pytest.mark.parametrize("size", [1, 2, 50])
def test_search_of_a_limited_person_is_not_hidden_by_what_others_have(
    inbox: Api, person: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(inbox_lists, "MAX_FOUND", 1)
    ben = person("ben", "limited")
    expected = []
    for number in range(6):
        contact(inbox, f"Kay {number}", f"+1206555{2000 + number}", "ben" if number % 3 == 0 else "")
        group = inbox.group(f"+1206555{2000 + number}")
        expected += [group] if number % 3 == 0 else []
        clock.tick(seconds=1)
    settle(inbox.context.table)
    first = ben.get("/Inbox", {"Q": "kay", "PageSize": str(size)}).body
    assert [sid for page in walk(ben, first, "next") for sid in page] == expected[::-1]


def test_a_search_forgets_an_old_title(inbox: Api) -> None:
    group = inbox.group(A)
    inbox.post(f"/Conversations/{group}", {"FriendlyName": "Elm"})
    assert found(inbox, Q="elm") == [group]
    inbox.post(f"/Conversations/{group}", {"FriendlyName": "Oak"})
    assert found(inbox, Q="elm") == []
    assert found(inbox, Q="oak") == [group]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"View": "theirs"}, "View"),
        ({"View": "mine"}, "View"),
        ({"View": "unread"}, "View"),
        ({"Contact": "CT1"}, "Contact"),
        ({"Q": "?!"}, "Q"),
        ({"Q": "x" * 257}, "Q"),
        ({"PageSize": "0"}, "PageSize"),
        ({"PageToken": "made-up"}, "PageToken"),
    ],
)
def test_wrong_parameters_are_refused_by_name(api: Api, query: dict[str, str], parameter: str) -> None:
    refused = api.get("/Inbox", query)
    assert (refused.status, refused.body["code"], refused.body["details"]["parameter"]) == (400, 20001, parameter)
    # Nothing was begun.
    stored = services.fetch(api.context.table, SERVICE)
    assert stored is None or stored.inbox_shards is None or "PageToken" in query or "PageSize" in query


ANY_VALUE = st.text(max_size=40) | st.sampled_from(["all", "mine", "done", P, "+", "0", "CT" + "0" * 32, "%", "#"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["View", "Line", "Contact", "Q", "PageSize", "Page", "PageToken"]), ANY_VALUE))
def test_no_query_is_answered_with_5xx(api: Api, query: dict[str, str]) -> None:
    assert api.get("/Inbox", query).status in (200, 400)


def test_the_list_of_conversations_has_what_is_assigned_once_the_inbox_is_filled(
    inbox: Api, person: Person, clock: Clock
) -> None:
    ben = person("ben", "limited")
    contact(inbox, "Kay", B, "ben")
    of_kay, _, chat = inbox.group(A, B), inbox.group(C), inbox.conversation()
    inbox.member(chat, identity="ben")

    def seen(**query: str) -> list[str]:
        return [one["sid"] for one in ben.get("/Conversations", query).body["conversations"]]

    assert seen() == [chat]
    settle(inbox.context.table)
    assert set(seen()) == {of_kay, chat}
    clock.tick(seconds=1)
    inbox.post(f"/Conversations/{of_kay}", {"State": "inactive"})
    settle(inbox.context.table)
    assert seen() == [of_kay, chat]
    assert (seen(State="inactive"), seen(State="active")) == ([of_kay], [chat])
    first = ben.get("/Conversations", {"PageSize": "1"}).body
    second = ben.follow(first["meta"]["next_page_url"]).body
    assert [one["sid"] for page in (first, second) for one in page["conversations"]] == [of_kay, chat]


# --- the first use


def test_the_first_request_gives_the_service_its_inbox_and_its_roles(api: Api) -> None:
    own = api.made("/Roles", {"FriendlyName": "x", "Type": "service", "Permission": "createConversation"})["sid"]
    for name in (permissions.INBOX_ADMIN, permissions.INBOX_LIMITED):
        assert api.delete(f"/Roles/{role_named(name)}").status == 204
    mine = api.made("/Roles", {"FriendlyName": "inbox limited", "Type": "service", "Permission": "createConversation"})
    first = api.get("/Inbox").status, services.fetch(api.context.table, SERVICE)
    assert (first[0], first[1] and first[1].inbox_shards) == (200, 4)
    roles = {one["friendly_name"]: one for one in api.get("/Roles").body["roles"]}
    assert roles["inbox limited"] == mine
    assert roles["inbox admin"]["sid"] == role_named("inbox admin")
    assert roles["x"]["sid"] == own
    api.get("/Inbox")
    assert services.fetch(api.context.table, SERVICE) == first[1]


def test_what_was_there_before_is_filled_in_and_counts_as_read(api: Api, person: Person, clock: Clock) -> None:
    ann = person("ann", "member")
    old = api.group(A)
    api.say(old)
    clock.tick(minutes=10)
    assert listed(ann.get("/Inbox")) == []
    assert [(one["conversation_sid"], one["unread"]) for one in entries(ann)] == [(old, 0)]
    clock.tick(minutes=10)
    api.say(old)
    new = api.group(B)
    api.say(new)
    assert {one["conversation_sid"]: one["unread"] for one in entries(ann)} == {old: 1, new: 1}


def test_nothing_is_written_for_a_service_that_does_not_use_the_inbox(api: Api) -> None:
    group = api.group(A)
    settle(api.context.table)
    assert api.context.table.query(f"IN#{group}").items == []


def test_an_entry_that_was_left_behind_is_repaired_once_a_page_meets_it(inbox: Api, clock: Clock) -> None:
    group = inbox.group(A)
    settle(inbox.context.table)
    inbox.say(group)

    def orders() -> list[str]:
        items = inbox.context.table.query(f"IN#{group}", begins="X#").items
        return [item["conversation_sid"] for item in items if (item["outbox"], item["sid"]) == ("inbox", SERVICE)]

    listed(inbox.get("/Inbox"))
    # It may still come.
    assert orders() == []
    clock.tick(minutes=2)
    listed(inbox.get("/Inbox"))
    assert orders() == [group]
    settle(inbox.context.table)
    listed(inbox.get("/Inbox"))
    assert orders() == [group]


# --- pages


def walk(who: Api, page: Any, direction: str) -> Iterator[list[str]]:
    while True:
        yield [one["conversation_sid"] for one in page["entries"]]
        url = page["meta"][f"{direction}_page_url"]
        if not url:
            return
        page = who.follow(url).body


@pytest.mark.parametrize("query", [{}, {"View": "unassigned"}, {"Line": P}, {"Q": "elm"}, {"View": "unread"}])
def test_pages_have_every_entry_once_there_and_back(
    inbox: Api, person: Person, clock: Clock, query: dict[str, str]
) -> None:
    ann = person("ann", "member")
    for number in range(7):
        group = inbox.group(f"+1206555{2000 + number}")
        inbox.post(f"/Conversations/{group}", {"FriendlyName": f"Elm {number}"})
        inbox.say(group)
        clock.tick(seconds=number % 2)
    whole = found(ann, **query)
    assert len(whole) == 7
    for size in (1, 2, 3, 7, 8):
        first = ann.get("/Inbox", {**query, "PageSize": str(size)}).body
        pages = [*walk(ann, first, "next")]
        assert [sid for page in pages for sid in page] == whole, size
        assert all(len(page) == size for page in pages[:-1]), size
        tokens = dict(parse_qsl(urlsplit(first["meta"]["next_page_url"] or "").query))
        assert bool(tokens) == (size < 7)
        if tokens:
            last = ann.get("/Inbox", {**query, **tokens}).body
            back = [*walk(ann, last, "previous")]
            assert [sid for page in reversed(back) for sid in page] == whole[: size * 2], size


def test_a_page_of_a_line_that_is_rare_is_short_and_goes_on(inbox: Api, clock: Clock) -> None:
    rare = inbox.group(A, own=Q)
    for number in range(25):
        clock.tick(seconds=1)
        inbox.group(f"+1206555{2000 + number}")
    settle(inbox.context.table)
    first = inbox.get("/Inbox", {"Line": Q, "PageSize": "2"}).body
    assert first["entries"] == []
    assert [sid for page in walk(inbox, first, "next") for sid in page] == [rare]


def test_a_page_costs_the_same_however_long_the_list_is(inbox: Api, person: Person, clock: Clock) -> None:
    ann = person("ann", "member")

    def cost() -> list[str]:
        settle(inbox.context.table)
        counting = Counting(inbox.context.table)
        listed(replace(ann, context=replace(ann.context, table=counting)).get("/Inbox", {"PageSize": "2"}))
        return counting.asked

    for number in range(3):
        inbox.group(f"+1206555{2000 + number}")
    short = cost()
    for number in range(20):
        clock.tick(seconds=1)
        inbox.group(f"+1206555{2100 + number}")
    assert cost() == short
    assert (short.count("query"), len(short)) == (4, 10)
