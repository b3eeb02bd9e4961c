"""A write of one's own that the client repeats is recognized; one of somebody else is not."""

from __future__ import annotations

from typing import Any

import pytest

from partyline.errors import Conflict
from partyline.storage import own_writes
from partyline.storage.keys import Key
from partyline.storage.table import NEW, Condition, Table, change, put

KEY = Key("P", "1")


class Repeating:
    """A client that repeats each write, since the answer to the first attempt was lost."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.delete_item = client.delete_item

    def put_item(self, **request: Any) -> Any:
        self._client.put_item(**request)
        return self._client.put_item(**request)

    def update_item(self, **request: Any) -> Any:
        self._client.update_item(**request)
        return self._client.update_item(**request)


@pytest.fixture
def repeating(table: Table) -> Table:
    client: Any = Repeating(table._client)
    return Table(client, "partyline")


def test_a_new_item_that_was_stored_twice_is_stored(repeating: Table, table: Table) -> None:
    item = {"sid": "CI1", "rows": 2, "columns": ("a", "b"), "problem": None}
    assert own_writes.is_made(repeating, put("item", KEY, item, NEW), item)
    assert not own_writes.is_made(table, put("item", KEY, {**item, "sid": "CI2"}, NEW), {**item, "sid": "CI2"})


def test_a_change_that_was_made_twice_is_made(repeating: Table, table: Table) -> None:
    table.write(put("item", KEY, {"sid": "CI1", "read": 0}))
    sets = {"read": 100}
    unread = Condition("#read = :zero", {"#read": "read"}, {":zero": 0})
    assert own_writes.is_made(repeating, change("item", KEY, sets, unread), sets)
    assert not own_writes.is_made(table, change("item", KEY, {"read": 50}, unread), {"read": 50})


def test_what_another_writer_has_stored_is_a_conflict_with_what_was_found(table: Table) -> None:
    table.write(put("item", KEY, {"sid": "CI1"}))
    with pytest.raises(Conflict) as conflict:
        own_writes.make(table, put("item", KEY, {"sid": "CI2"}, NEW), {"sid": "CI2"})
    assert conflict.value.failed["item"]["sid"] == "CI1"


def test_an_item_with_more_than_was_to_be_stored_is_somebody_elses(table: Table) -> None:
    """Two users of one identity that are made in one moment differ by what only one of them has."""
    table.write(put("item", KEY, {"sid": "US1", "created": "now", "friendly_name": "Ann"}))
    item = {"sid": "US1", "created": "now"}
    assert not own_writes.is_made(table, put("item", KEY, item, NEW), item)


def test_an_item_that_is_gone_is_a_conflict(table: Table) -> None:
    unread = Condition("#read = :zero", {"#read": "read"}, {":zero": 0})
    assert not own_writes.is_made(table, change("item", KEY, {"read": 50}, unread), {"read": 50})
