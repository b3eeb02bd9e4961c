"""Typed reading of parameters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.api import forms, serializers
from partyline.api.field_types import json_text
from partyline.api.form_model import Form
from partyline.api.request import Parameters
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
    assert forms.parse_moment(text) == moment


@given(st.text())
def test_any_text_is_a_moment_that_can_be_stored_and_shown_or_nothing(text: str) -> None:
    moment = forms.parse_moment(text)
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
    assert forms.restore_plus(given_text) == meant


@given(st.text())
def test_any_text_as_attributes_is_kept_or_refused(text: str) -> None:
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
    assert forms.read_choice(Parameters({"State": ("CloSed",)}), "State", ConversationState) is ConversationState.CLOSED
    assert forms.read_choice(Parameters(), "State", ConversationState) is None


@given(st.text())
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = forms.read_integer(Parameters({"Page": (text,)}), "Page")
    except ApiError as refused:
        number = refused.code
    assert number is not None
    assert 0 <= number < 10**9
