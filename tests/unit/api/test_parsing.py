"""Single values of parameters, and the filters of lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.api import parsing, serializers
from partyline.api.field_types import json_text
from partyline.api.form_model import Form
from partyline.api.pagination import PageQuery
from partyline.api.request import Parameters
from partyline.api.resources.conversations import ConversationQuery
from partyline.domain.conversations import ConversationState
from partyline.errors import ApiError
from partyline.serialization import format_time, parse_time

MOMENTS = st.datetimes(timezones=st.just(UTC))


class Described(Form):
    attributes: Annotated[str, json_text(100)]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T10:11:12Z", datetime(2026, 1, 31, 10, 11, 12, tzinfo=UTC)),
        ("2026-01-31T10:11:12.5Z", datetime(2026, 1, 31, 10, 11, 12, 500_000, tzinfo=UTC)),
        ("2026-01-31T10:11:12", datetime(2026, 1, 31, 10, 11, 12, tzinfo=UTC)),
        ("2026-01-31T10:11:12+02:00", datetime(2026, 1, 31, 8, 11, 12, tzinfo=UTC)),
        (" 2026-01-31 10:11 ", datetime(2026, 1, 31, 10, 11, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("2026-02-30", None),
        ("1234567890123", None),
        ("now", None),
        ("", None),
    ],
)
def test_a_moment_is_iso_8601_or_nothing(text: str, moment: datetime | None) -> None:
    assert parsing.parse_moment(text) == moment


@given(st.text())
def test_any_text_is_a_moment_that_can_be_stored_and_shown_or_nothing(text: str) -> None:
    moment = parsing.parse_moment(text)
    if moment:
        assert parse_time(format_time(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_stored_times_sort_as_the_moments_do(one: datetime, other: datetime) -> None:
    assert (one < other) == (format_time(one) < format_time(other))
    assert parse_time(format_time(one)) == one


@given(MOMENTS)
def test_times_are_shown_as_twilios_sdk_reads_them(moment: datetime) -> None:
    shown = serializers.format_timestamp(moment.astimezone(timezone(timedelta(0))))
    assert datetime.strptime(shown, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    ("given_text", "meant"),
    [
        (" 12065550100", "+12065550100"),
        ("+12065550100", "+12065550100"),
        ("12065550100", "12065550100"),
        (" ann", " ann"),
        ("  12065550100", "  12065550100"),
        (" ", " "),
    ],
)
def test_a_plus_that_became_a_blank_is_restored(given_text: str, meant: str) -> None:
    assert parsing.restore_plus(given_text) == meant


@given(st.text())
def test_any_text_as_attributes_is_stored_or_refused(text: str) -> None:
    try:
        outcome: str | int = Described.parse(Parameters({"Attributes": (text,)})).attributes
    except ApiError as refused:
        outcome = refused.code
    assert outcome in {text, 50303, 50304}


@pytest.mark.parametrize("text", ["{}", " [1]", '"x"', "null", "-1.5e300", '{"a": "\\u00e9\\ud83d\\ude00"}'])
def test_every_json_value_may_be_attributes(text: str) -> None:
    assert Described.parse(Parameters({"Attributes": (text,)})).attributes == text


@pytest.mark.parametrize("text", ["", "{", "{'a':1}", "NaN", "Infinity", "[" * 90, '"\\ud800"', "{} {}"])
def test_what_is_no_json_is_refused_as_attributes(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        Described.parse(Parameters({"Attributes": (text,)}))
    assert refused.value.code == 50304


def test_a_choice_is_read_in_any_case() -> None:
    assert ConversationQuery.parse(Parameters({"State": ("CloSed",)})).state is ConversationState.CLOSED
    assert ConversationQuery.parse(Parameters()).state is None


@given(st.text())
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = PageQuery.parse(Parameters({"Page": (text,)})).page
    except ApiError as refused:
        number = refused.code
    assert 0 <= number < 10**9


@pytest.mark.parametrize("name", ["PageSize", "Page"])
def test_page_without_a_value_is_refused_as_no_number(name: str) -> None:
    with pytest.raises(ApiError) as refused:
        PageQuery.parse(Parameters({name: ("",)}))
    assert (refused.value.code, refused.value.message.split(":")[0]) == (20001, f"Invalid parameter {name}")


@pytest.mark.parametrize(
    ("start", "end", "moment"),
    [
        ("", "2026-01-31", "2026-01-31T23:59:59.999999+00:00"),
        ("", " 2026-01-31 ", "2026-01-31T23:59:59.999999+00:00"),
        ("", "2026-01-31T10:11:12Z", "2026-01-31T10:11:12.999999+00:00"),
        ("2026-01-31", "2026-01-31T10:11:12.5Z", "2026-01-31T10:11:12.500000+00:00"),
    ],
)
def test_end_of_a_filter_is_the_end_of_the_day_or_second_it_names(start: str, end: str, moment: str) -> None:
    query = ConversationQuery.parse(Parameters({"StartDate": (start,), "EndDate": (end,)}))
    assert query.end == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("values", "code", "parameter"),
    [
        ({"State": "x", "StartDate": "x"}, 20001, "State"),
        ({"StartDate": "x", "EndDate": "x"}, 20001, "StartDate"),
        ({"StartDate": "2026-02-01", "EndDate": "2026-01-31"}, 50396, "EndDate"),
    ],
)
def test_wrong_filters_are_refused_for_the_first_of_them(values: dict[str, str], code: int, parameter: str) -> None:
    with pytest.raises(ApiError) as refused:
        ConversationQuery.parse(Parameters({name: (value,) for name, value in values.items()}))
    assert (refused.value.code, (refused.value.details or {})["parameter"]) == (code, parameter)
