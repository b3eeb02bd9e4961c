"""The level of the stored format: who begins with which, and what is written at each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from partyline.domain.events import QUIETLY, Event, EventBatch
from partyline.errors import UnknownFormat
from partyline.storage import event_outbox, format_keys, keys, services, stored_format
from partyline.storage.format_level import FIRST, NEWEST
from partyline.storage.table import Table, put

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BATCH = EventBatch("IS1", "CH1", QUIETLY, NOW, (Event("onMessageAdded", {"Body": "Hello. " * 200}),))


def stored_events(table: Table) -> list[dict[str, Any]]:
    return [*table.query_all(keys.messages("CH1"), begins="E#")]


def test_a_new_stack_begins_with_the_newest_level(table: Table) -> None:
    assert stored_format.fetch_level(table) == FIRST
    services.create_account(table, "IS1", NOW)
    assert stored_format.fetch_level(table) == NEWEST


def test_a_stack_of_an_earlier_release_stays_at_its_level(table: Table) -> None:
    services.create_account(table, "IS1", NOW)
    # Earlier releases did not write it.
    table.delete_all([format_keys.format_level()])
    services.create_account(table, "IS1", NOW)
    assert stored_format.fetch_level(table) == FIRST


def test_the_level_only_rises(table: Table) -> None:
    assert stored_format.raise_level(table, NEWEST)
    assert not stored_format.raise_level(table, NEWEST)
    assert not stored_format.raise_level(table, FIRST)
    assert stored_format.fetch_level(table) == NEWEST


def test_events_are_compressed_once_the_level_is_raised_and_are_read_in_either_form(client: Any, table: Table) -> None:
    table.transact(event_outbox.build_writes(BATCH))
    stored_format.raise_level(table)
    # Another process, which has no level yet; both ways to write.
    for write in (Table(client, "partyline").transact, lambda writes: Table(client, "partyline").write(*writes)):
        write(event_outbox.build_writes(BATCH))

    items = stored_events(table)
    assert sorted("events" in item for item in items) == [False, False, True]
    assert [event_outbox.decode(item) for item in items] == [BATCH] * 3


def test_a_process_that_has_an_earlier_level_writes_what_everyone_reads(table: Table) -> None:
    table.connect()
    stored_format.raise_level(table)
    table.transact(event_outbox.build_writes(BATCH))

    [item] = stored_events(table)
    assert "events" in item


def test_a_connection_knows_the_level_without_another_read(client: Any, table: Table) -> None:
    stored_format.raise_level(table)
    other = Table(client, "partyline")
    other.connect()
    table.delete_all([format_keys.format_level()])
    other.transact(event_outbox.build_writes(BATCH))

    [item] = stored_events(table)
    assert "events" not in item


def test_a_release_that_does_not_know_the_level_writes_nothing(table: Table) -> None:
    table.write(put("format", format_keys.format_level(), {"level": NEWEST + 1}))
    with pytest.raises(UnknownFormat):
        table.transact(event_outbox.build_writes(BATCH))
    assert not stored_events(table)
