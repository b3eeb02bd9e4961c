"""Snippets: for everyone of the staff, or for their owner alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.domain import identities, sids
from partyline.lifecycle.cleanup import Cleaner
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import snippet_keys
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, Api, Clock, Racing
from tests.support.files import Files
from tests.support.people import SERVICE, acting, administrator, another_service, staff

KEEPER = ("writeAsLine", "manageContacts")


def names(api: Api, **query: str) -> list[str]:
    return [one["name"] for one in api.get("/Snippets", query).body["snippets"]]


def test_a_snippet_has_every_documented_member(api: Api) -> None:
    made = api.made("/Snippets", {"Name": "Hours", "Body": "We are here from 8 to 5."})
    assert sids.matches("SN", made["sid"])
    assert made == {
        "sid": made["sid"],
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "name": "Hours",
        "body": "We are here from 8 to 5.",
        "owner": None,
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/Snippets/{made['sid']}",
    }
    assert api.get(f"/Snippets/{made['sid']}").body == made
    assert api.get("/Snippets").body["snippets"] == [made]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"Body": "x"}, "Name: use 1 to 40 letters, digits, underscores, dots and hyphens"),
        ({"Name": "a b", "Body": "x"}, "Name: use 1 to 40 letters, digits, underscores, dots and hyphens"),
        ({"Name": "a#", "Body": "x"}, "Name: use 1 to 40 letters, digits, underscores, dots and hyphens"),
        ({"Name": "x" * 41, "Body": "x"}, "Name: use 1 to 40 letters, digits, underscores, dots and hyphens"),
        ({"Name": "a\n", "Body": "x"}, "Name: use 1 to 40 letters, digits, underscores, dots and hyphens"),
        ({"Name": "a"}, "Body: it is empty"),
        ({"Name": "a", "Body": " "}, "Body: it is empty"),
        ({"Name": "a", "Body": "x" * 1601}, "Body: it is longer than 1600 characters"),
        (
            {"Name": "a", "Body": "x", "Owner": "é" * 200},
            f"Owner: {identities.RULE}",
        ),
    ],
)
def test_a_wrong_snippet_is_refused_and_none_is_stored(api: Api, form: dict[str, str], message: str) -> None:
    assert api.post("/Snippets", form).error == (400, 20001, f"Invalid parameter {message}")
    assert names(api) == []


def test_a_name_is_given_once_to_everyone_and_once_to_each_owner(api: Api) -> None:
    first = api.made("/Snippets", {"Name": "Straße", "Body": "x"})["sid"]
    for owner in ("ann", "ben", "ann#x"):
        api.made("/Snippets", {"Name": "straße", "Body": "x", "Owner": owner})
    for form in ({"Name": "STRASSE", "Body": "y"}, {"Name": "straße", "Body": "y"}):
        refused = api.post("/Snippets", form)
        assert (refused.status, refused.body["code"]) == (409, 20409)
        assert refused.body["details"]["snippet_sid"] == first
    assert api.post("/Snippets", {"Name": "straße", "Body": "y", "Owner": "ann"}).status == 409
    assert names(api) == ["Straße"]
    assert names(api, Owner="ann") == ["straße"]


def test_a_snippet_is_renamed_to_a_free_name_only(api: Api, clock: Clock) -> None:
    hours, other = (api.made("/Snippets", {"Name": name, "Body": name})["sid"] for name in ("hours", "other"))
    clock.tick(minutes=1)
    assert api.post(f"/Snippets/{hours}", {"Name": "OTHER"}).status == 409
    assert api.post(f"/Snippets/{hours}", {"Name": "Hours"}).body["name"] == "Hours"
    moved = api.post(f"/Snippets/{hours}", {"Name": "zeiten", "Body": "8 to 5"}).body
    assert (moved["sid"], moved["name"], moved["body"]) == (hours, "zeiten", "8 to 5")
    assert moved["date_updated"] == "2026-11-22T12:01:00Z"
    assert names(api) == ["other", "zeiten"]
    assert api.post(f"/Snippets/{other}", {"Name": "hours"}).status == 200
    assert api.get(f"/Snippets/{hours}").body == moved
    assert api.delete(f"/Snippets/{hours}").status == 204
    assert api.get(f"/Snippets/{hours}").status == api.delete(f"/Snippets/{hours}").status == 404
    assert names(api) == ["hours"]


def test_two_changes_at_once_both_hold(api: Api, table: Table, clock: Clock) -> None:
    sid = api.made("/Snippets", {"Name": "hours", "Body": "x"})["sid"]
    clock.tick(seconds=1)
    racing = Racing(table, 1, "snippet", lambda: api.post(f"/Snippets/{sid}", {"Body": "y"}))
    late = replace(api, context=replace(api.context, table=racing))
    assert late.post(f"/Snippets/{sid}", {"Name": "times"}).body["body"] == "y"
    assert [(one["name"], one["body"]) for one in api.get("/Snippets").body["snippets"]] == [("times", "y")]


def test_people_use_their_own_and_everyones(api: Api) -> None:
    ann, ben, keeper = staff(api, "ann", "writeAsLine"), staff(api, "ben", "writeAsLine"), staff(api, "kim", *KEEPER)
    shared = keeper.made("/Snippets", {"Name": "hours", "Body": "x"})["sid"]
    own = ann.made("/Snippets", {"Name": "bye", "Body": "x", "Owner": "ann"})["sid"]
    assert (names(ann), names(ben), names(keeper)) == (["hours", "bye"], ["hours"], ["hours"])
    assert (names(ann, Owner="ann"), names(ben, Owner="ann"), names(api, Owner="ann")) == (["bye"], [], ["bye"])
    for person in (ben, keeper):
        path = f"/Snippets/{own}"
        assert person.get(path).status == person.post(path, {"Body": "y"}).status == person.delete(path).status == 404
    assert ben.get(f"/Snippets/{shared}").status == 200
    for refused in (
        ben.post("/Snippets", {"Name": "x", "Body": "x"}),
        ben.post("/Snippets", {"Name": "x", "Body": "x", "Owner": "ann"}),
        keeper.post("/Snippets", {"Name": "x", "Body": "x", "Owner": "ann"}),
        ben.post(f"/Snippets/{shared}", {"Body": "y"}),
        ben.delete(f"/Snippets/{shared}"),
    ):
        assert (refused.status, refused.body["code"]) == (403, 50107)
    assert keeper.post(f"/Snippets/{shared}", {"Body": "y"}).status == 200
    assert ann.delete(f"/Snippets/{own}").status == 204


def test_snippets_are_for_staff_of_their_service(api: Api) -> None:
    sid = api.made("/Snippets", {"Name": "hours", "Body": "x"})["sid"]
    for person in (acting(api, "customer"), administrator(api)):
        for refused in (person.get("/Snippets"), person.get(f"/Snippets/{sid}"), person.delete(f"/Snippets/{sid}")):
            assert (refused.status, refused.body["code"]) == (403, 50107)
    service = another_service(api)
    assert api.get(f"/Services/{service}/Snippets").body["snippets"] == []
    assert api.get(f"/Services/{service}/Snippets/{sid}").status == 404
    for junk in ("SN1", "x" * 300, "SN" + "0" * 32):
        assert api.get(f"/Snippets/{junk}").status == 404


def walk(api: Api, page: Any, direction: str) -> list[list[str]]:
    """The names of a page and of all that follow it in a direction."""
    pages = [[one["name"] for one in page["snippets"]]]
    while page["meta"][f"{direction}_page_url"]:
        page = api.follow(page["meta"][f"{direction}_page_url"]).body
        pages.append([one["name"] for one in page["snippets"]])
    return pages


@pytest.fixture
def stocked(api: Api) -> Api:
    """The API of ann, with snippets for everyone, of hers, and of others."""
    ann = staff(api, "ann", *KEEPER)
    for owner, given_names in (("", ("a", "ab", "é", "z")), ("ann", ("AB", "b", "ab2")), ("ben", ("ab", "c"))):
        for name in given_names:
            api.made("/Snippets", {"Name": name, "Body": "x", **({"Owner": owner} if owner else {})})
    return ann


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["", "a", "Ab", "é", "q"]), st.integers(1, 8))
def test_snippets_are_paged_to_the_end_and_back(stocked: Api, begins: str, size: int) -> None:
    everyones, own = ["a", "ab", "z", "é"], ["AB", "ab2", "b"]
    expected = [name for name in (*everyones, *own) if name.casefold().startswith(begins.casefold())]
    first = page = stocked.get("/Snippets", {"Q": begins, "PageSize": str(size)}).body
    pages = walk(stocked, first, "next")
    assert [name for part in pages for name in part] == expected
    while page["meta"]["next_page_url"]:
        page = stocked.follow(page["meta"]["next_page_url"]).body
    assert walk(stocked, page, "previous") == pages[::-1]


def test_snippets_go_with_their_owner_and_with_their_service(api: Api, table: Table, clock: Clock) -> None:
    staff(api, "ann", *KEEPER)
    for owner in ({}, {"Owner": "ann"}, {"Owner": "ben"}):
        api.made("/Snippets", {"Name": "x", "Body": "x", **owner})
    clock.tick(hours=1)
    assert api.delete("/Users/ann").status == 204
    cleaner = Cleaner(table, Files(), clock, has_time=lambda: True)
    user = Removed(RemovedKind.USER, sids.user(SERVICE, "ann"), SERVICE, "ann", clock().timestamp())
    assert cleaner.clean_up(user)
    assert (names(api), names(api, Owner="ann"), names(api, Owner="ben")) == (["x"], [], ["x"])
    other = another_service(api)
    api.made(f"/Services/{other}/Snippets", {"Name": "x", "Body": "x"})
    later = (clock() + timedelta(hours=1)).timestamp()
    assert cleaner.clean_up(Removed(RemovedKind.SERVICE, other, at=later))
    assert [*table.query_all(snippet_keys.partition(other))] == []
    assert names(api) == ["x"]
