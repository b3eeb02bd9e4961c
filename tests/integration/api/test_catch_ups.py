"""Catch-ups of lines: who may ask for one, of which lines, and one at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from partyline.domain.catch_ups import MAX_AGE, OVERLAP, SETTLED, STALLED, TextFate
from partyline.serialization import format_time
from partyline.storage import catch_ups, keys
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, Api, Clock, P, T, W
from tests.support.people import staff

CATCH_UP = f"/Lines/{W}/CatchUp"


def test_catch_up_is_asked_for_and_fetched(api: Api, clock: Clock) -> None:
    registered = clock()
    clock.tick(days=2)
    made = api.post(CATCH_UP)
    assert made.status == 202
    assert made.body == {
        "account_sid": ACCOUNT,
        "address": W,
        "carrier": "twilio",
        "state": "queued",
        "problem": None,
        "since": registered.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "until": (clock() - SETTLED).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "listed": 0,
        "known": 0,
        "recorded": 0,
        "copied": 0,
        "unrouted": 0,
        "unreadable": 0,
        "date_created": "2026-11-24T12:00:00Z",
        "date_updated": "2026-11-24T12:00:00Z",
        "url": f"{BASE}/v1/Lines/{W}/CatchUp",
    }
    assert api.get(CATCH_UP).body == made.body


def test_catch_up_says_how_far_it_is(api: Api, table: Table, clock: Clock) -> None:
    clock.tick(days=1)
    api.post(CATCH_UP)
    begun = catch_ups.fetch(table, W)
    assert begun
    taken = begun.count(TextFate.RECORDED, clock(), "a").count(TextFate.UNROUTED, clock(), "b")
    taken = taken.pause("the carrier answered HTTP 503")
    assert catch_ups.advance(table, begun, taken)
    shown = api.get(CATCH_UP).body
    assert (shown["state"], shown["problem"]) == ("running", "the carrier answered HTTP 503")
    assert (shown["listed"], shown["recorded"], shown["unrouted"]) == (2, 1, 1)


def test_catch_up_is_handed_to_the_relay_once(api: Api, table: Table) -> None:
    api.post(CATCH_UP)
    item = table.get(keys.catch_up_run(W, 1))
    assert item
    assert {name: item[name] for name in ("outbox", "line", "run")} == {"outbox": "catch_up", "line": W, "run": 1}
    assert "ttl" in item


def test_line_has_one_catch_up_at_a_time(api: Api, table: Table, clock: Clock) -> None:
    api.post(CATCH_UP)
    refused = api.post(CATCH_UP)
    assert refused.error == (409, 20409, f"Line {W} is being caught up: wait for its end")
    assert api.post(f"/Lines/{T}/CatchUp").status == 202
    begun = catch_ups.fetch(table, W)
    assert begun
    assert catch_ups.advance(table, begun, begun.complete())
    clock.tick(hours=3)
    again = api.post(CATCH_UP)
    assert again.status == 202
    assert table.get(keys.catch_up_run(W, 2))


def test_catch_up_that_has_not_moved_for_hours_is_replaced(api: Api, table: Table, clock: Clock) -> None:
    api.post(CATCH_UP)
    begun = catch_ups.fetch(table, W)
    clock.moment += STALLED
    assert api.post(CATCH_UP).status == 202
    # The first one, should it come to itself.
    assert begun
    assert not catch_ups.advance(table, begun, begun.complete())


def test_next_one_begins_where_the_last_one_ended(api: Api, table: Table, clock: Clock) -> None:
    clock.tick(days=20)
    api.post(CATCH_UP)
    begun = catch_ups.fetch(table, W)
    assert begun
    assert begun.since == clock() - MAX_AGE
    catch_ups.advance(table, begun, begun.complete())
    clock.tick(days=1)
    api.post(CATCH_UP)
    again = catch_ups.fetch(table, W)
    assert again
    assert again.since == begun.until - OVERLAP


def test_since_can_be_given_also_from_before_the_line_was_registered(api: Api, clock: Clock) -> None:
    since = clock() - timedelta(days=3)
    assert api.post(CATCH_UP, {"Since": format_time(since)}).body["since"] == since.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("since", "problem"),
    [
        ("yesterday", "it is not an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z"),
        ("2026-11-22T11:00:00", "it is not an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z"),
        ("2026-11-15T11:59:00Z", "use a time of the last 7 days, at least 5 minutes ago"),
        ("2026-11-22T11:56:00Z", "use a time of the last 7 days, at least 5 minutes ago"),
        ("2026-11-23T00:00:00Z", "use a time of the last 7 days, at least 5 minutes ago"),
    ],
)
def test_since_that_cannot_be_is_refused(api: Api, since: str, problem: str) -> None:
    assert api.post(CATCH_UP, {"Since": since}).error == (400, 20001, f"Invalid parameter Since: {problem}")
    assert api.get(CATCH_UP).status == 404


def test_line_whose_carrier_lists_nothing_cannot_be_caught_up(api: Api) -> None:
    refused = api.post(f"/Lines/{P}/CatchUp")
    assert refused.error == (409, 20409, f"Line {P} cannot be caught up: bandwidth lists no texts")


@pytest.mark.parametrize("number", ["+12065550199", "nobody", "%2B12065550120x"])
def test_line_that_does_not_exist_has_no_catch_up(api: Api, number: str) -> None:
    for reply in (api.post(f"/Lines/{quote(number, safe='+%')}/CatchUp"), api.get(f"/Lines/{number}/CatchUp")):
        assert reply.status == 404


def test_deleted_line_leaves_no_catch_up(api: Api, table: Table) -> None:
    api.post(CATCH_UP)
    assert api.delete(f"/Lines/{W}").status == 204
    assert catch_ups.fetch(table, W) is None
    api.post("/Lines", {"Address": W, "Carrier": "twilio"})
    assert api.get(CATCH_UP).status == 404
    assert api.post(CATCH_UP).status == 202


def test_two_requests_at_the_same_time_start_one(api: Api, table: Table) -> None:
    api.post(CATCH_UP)
    begun = catch_ups.fetch(table, W)
    assert begun
    assert catch_ups.advance(table, begun, begun.complete())
    ended = catch_ups.fetch(table, W)
    assert ended
    first = replace(ended, run=2)
    assert catch_ups.start(table, ended, first)
    assert not catch_ups.start(table, ended, first)


def test_catch_ups_are_for_the_account_alone(api: Api) -> None:
    dana = staff(api, "dana", "manageLines", "viewAnyConversation", "manageService")
    for reply in (dana.post(CATCH_UP), dana.get(CATCH_UP)):
        assert reply.error[:2] == (403, 50107)
