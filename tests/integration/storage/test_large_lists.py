"""Lists of large entries: a query gives a megabyte at a time."""

from __future__ import annotations

from datetime import UTC, datetime

from partyline.domain import sids
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.storage import queries, unrouted
from partyline.storage.queries import Window
from partyline.storage.table import Table

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_list_of_large_texts_goes_on_to_the_end(table: Table) -> None:
    stored = [
        UnroutedText(sids.new(sids.UNROUTED), "bandwidth", "", UnroutedReason.MALFORMED, NOW, raw="x" * 200_000)
        for _ in range(30)
    ]
    for text in stored:
        table.write(unrouted.put_write(text))
    page = queries.unrouted(table, Window(50))
    assert {text.sid for _, text in page.entries} == {text.sid for text in stored}
    assert not page.more
