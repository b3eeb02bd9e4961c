"""The tables of `make latency`."""

from __future__ import annotations

from benchmarks.latency import build_table


def test_the_table_tells_the_median_and_what_one_of_twenty_exceeds() -> None:
    seconds = [number / 1000 for number in range(1, 22)]

    table = build_table({"a text": seconds}, {"relay": 50.4, "inbound": 41.6})

    assert "| a text | 11 ms | 20 ms |\n" in table
    assert "| `inbound` | 42 MiB |\n| `relay` | 50 MiB |\n" in table
