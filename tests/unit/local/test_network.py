"""Who gets a text, and where a phone files it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.carrier.network import BadText, Network, Text, is_number, roster
from local.carrier.segments import segments

LINE, OTHER_LINE = "+12065550100", "+12065550110"
ANN, BOB, CY = "+12065550150", "+12065550151", "+12065550152"
UNREACHABLE, LANDLINE, OPTED_OUT = "+12065550190", "+12065550191", "+12065550192"
EVERYBODY = (LINE, OTHER_LINE, ANN, BOB, CY, UNREACHABLE, LANDLINE, OPTED_OUT)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def network() -> Network:
    return Network({LINE: "bandwidth", OTHER_LINE: "telnyx"})


def text(sender: str, *recipients: str, body: str = "hi") -> Text:
    return Text("id", sender, recipients, body, (), NOW)


def test_a_text_reaches_every_other_member() -> None:
    net = network()
    sent = text(ANN, LINE, BOB, OTHER_LINE)
    assert net.carry(sent) == (LINE, OTHER_LINE)
    assert net.texts(ANN) == [sent]
    assert net.texts(BOB) == [sent]
    assert net.texts(CY) == []
    assert net.handsets() == [ANN, BOB]


def test_lines_are_no_handsets() -> None:
    net = network()
    net.carry(text(LINE, ANN, OTHER_LINE))
    assert net.handsets() == [ANN]


def test_some_phones_get_nothing_and_an_opted_out_one_gets_nothing_from_lines() -> None:
    net = network()
    net.carry(text(LINE, UNREACHABLE, LANDLINE, OPTED_OUT, ANN))
    assert net.handsets() == [ANN]
    net.carry(text(ANN, UNREACHABLE, LANDLINE, OPTED_OUT))
    assert net.handsets() == [ANN, OPTED_OUT]


def test_a_phone_files_texts_by_the_set_of_numbers_latest_thread_first() -> None:
    net = network()
    first = text(ANN, BOB, LINE)
    second = text(LINE, ANN, BOB)
    alone = text(BOB, ANN)
    net.carry(first)
    net.carry(alone)
    assert list(net.threads(ANN)) == [{BOB}, {BOB, LINE}]
    net.carry(second)
    assert net.threads(ANN) == {frozenset({BOB, LINE}): [first, second], frozenset({BOB}): [alone]}
    assert list(net.threads(ANN)) == [{BOB, LINE}, {BOB}]


@given(st.lists(st.sampled_from(EVERYBODY), min_size=1), st.sampled_from(EVERYBODY))
def test_every_member_of_a_thread_agrees_on_its_members(to: list[str], sender: str) -> None:
    try:
        recipients = roster(sender, to)
    except BadText:
        assert set(to) == {sender}
        return
    net = network()
    net.carry(text(sender, *recipients))
    assert sender not in recipients
    assert len(set(recipients)) == len(recipients)
    for handset in net.handsets():
        assert [others | {handset} for others in net.threads(handset)] == [{sender, *to}]


def test_forgetting_empties_phones_and_keeps_lines() -> None:
    net = network()
    net.carry(text(ANN, LINE))
    net.forget()
    assert net.handsets() == []
    assert net.carry(text(ANN, LINE)) == (LINE,)


@pytest.mark.parametrize("good", ["+12065550100", "+442071838750", "97167", "911"])
def test_numbers(good: str) -> None:
    assert is_number(good)


@pytest.mark.parametrize(
    "bad", ["", "12065550100", "+0123456789", "+1206555010x", "ann@example.com", " 97167", None, 97167]
)
def test_what_is_no_number(bad: object) -> None:
    assert not is_number(bad)


@pytest.mark.parametrize(
    ("body", "parts"),
    [("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("ü" * 70, 1), ("ü" * 71, 2)],
)
def test_segments(body: str, parts: int) -> None:
    assert segments(body) == parts
