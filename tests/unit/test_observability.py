"""Log lines, what they show of addresses, and the lines of metrics."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from hypothesis import given
from hypothesis import strategies as st

from partyline.observability import Counters, MaskingFormatter


class Outcome(StrEnum):
    SENT = "sent"


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


@given(
    st.dictionaries(
        st.sampled_from(["carrier", "service", "status", "is_known", "exception", "level_of_care"]),
        st.one_of(
            st.none(), st.text(max_size=5), st.integers(), st.booleans(), st.just(Outcome.SENT), st.just(("a", 1))
        ),
    ),
    st.sampled_from([None, "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"]),
)
def test_a_line_is_that_of_powertools(fields: dict[str, Any], trace: str | None) -> None:
    record = logging.LogRecord("partyline", logging.WARNING, __file__, 7, "event.code", None, None, "function")
    record.__dict__.update(fields)
    formatter = MaskingFormatter(json_deserializer=str)
    formatter.append_keys(service="stack", cold_start=True, function_arn=None)
    with pytest.MonkeyPatch.context() as patch:
        if trace:
            patch.setenv("_X_AMZN_TRACE_ID", trace)
        assert json.loads(formatter.format(record)) == json.loads(LambdaPowertoolsFormatter.format(formatter, record))


def test_an_error_has_its_stack_and_arguments_are_put_in() -> None:
    with pytest.raises(ValueError, match="12065550150") as failed:
        int("+12065550150 and more")
    error = (failed.type, failed.value, failed.tb)
    record = logging.LogRecord("partyline", logging.ERROR, __file__, 1, "%s.failed", ("api",), error)
    written = json.loads(MaskingFormatter(json_deserializer=str).format(record))
    assert (written["message"], written["exception_name"]) == ("api.failed", "ValueError")
    assert "'**********50 and more'" in written["exception"]


def test_arguments_are_put_in_without_an_error_too() -> None:
    record = logging.LogRecord("partyline", logging.INFO, __file__, 1, "%s.%d", ("of +12065550150", 3), None)
    assert json.loads(MaskingFormatter(json_deserializer=str).format(record))["message"] == "of **********50.3"


def read_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_was_counted_is_one_line_of_embedded_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    counters = Counters("Partyline", "stack")

    @counters.log_metrics
    def handler(event: int, _context: None) -> int:
        counters.add("TextReceived", 1)
        counters.add("TextReceived", 2)
        counters.add("TextCopied", 1)
        return 1 // event

    assert handler(1, None) == 1
    with pytest.raises(ZeroDivisionError):
        handler(0, None)
    for line in read_lines(capsys):
        [described] = line.pop("_aws")["CloudWatchMetrics"]
        assert described == {
            "Namespace": "Partyline",
            "Dimensions": [["service"]],
            "Metrics": [{"Name": "TextReceived", "Unit": "Count"}, {"Name": "TextCopied", "Unit": "Count"}],
        }
        assert line == {"service": "stack", "TextReceived": [1.0, 2.0], "TextCopied": [1.0]}


def test_nothing_is_written_where_nothing_was_counted(capsys: pytest.CaptureFixture[str]) -> None:
    Counters("Partyline", "stack").flush()
    assert read_lines(capsys) == []


@pytest.mark.parametrize("names", [["Same"] * 250, [f"Metric{number}" for number in range(250)]])
def test_no_line_has_more_than_cloudwatch_takes(names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    counters = Counters("Partyline", None)
    for name in names:
        counters.add(name, 1)
    counters.flush()
    lines = read_lines(capsys)
    values = [[value for name, value in line.items() if name != "_aws"] for line in lines]
    assert [max(len(each), *map(len, each)) for each in values] == [100, 100, 50]
    assert sum(sum(map(sum, each)) for each in values) == 250
    assert lines[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_count_together_and_nothing_twice(capsys: pytest.CaptureFixture[str]) -> None:
    counters = Counters("Partyline", None)

    def count(_: int) -> None:
        for _number in range(3000):
            counters.add("Same", 1)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, range(8)))
    counters.flush()
    sizes = [len(line["Same"]) for line in read_lines(capsys)]
    assert (max(sizes), sum(sizes)) == (100, 24_000)
