"""What a log line shows of addresses."""

from __future__ import annotations

import json
import logging

import pytest

from partyline.observability import MaskingFormatter


def line(**fields: str) -> dict[str, str]:
    record = logging.LogRecord("partyline", logging.INFO, __file__, 1, "event.code", None, None)
    record.__dict__.update(fields)
    written: dict[str, str] = json.loads(MaskingFormatter().format(record))
    return written


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("+12065550150", "**********50"),
        ("from +12065550150, to +12065550151.", "from **********50, to **********51."),
        ("ann@example.com", "*************om"),
        ("ann.b+c@example.com and bob@x.org", "*****************om and *******rg"),
        ("+12065550150 or ann@example.com", "**********50 or *************om"),
        ("<ann@example.com>", "***************m>"),
        ("a" * 300 + "@example.com", "*" * 310 + "om"),
        ("no address: a@ @b +123456", "no address: a@ @b +123456"),
        ("a" * 8000, "a" * 8000),
    ],
)
def test_addresses_are_masked(said: str, shown: str) -> None:
    """A5: those whose parts are long too."""
    assert line(field=said)["field"] == shown
