"""Frames as they come in and go out."""

from __future__ import annotations

import itertools
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline import refusals
from partyline.domain.events import Event
from partyline.errors import ApiError
from partyline.realtime import protocol
from partyline.realtime.protocol import MAX_CONVERSATIONS, MAX_FRAME, MAX_INCOMING, Ping, Resume, Typing

A, B = "CH" + "a" * 32, "CH" + "b" * 32


def sid(number: int) -> str:
    return f"CH{number:032x}"


# --- in


@pytest.mark.parametrize(
    ("frame", "asked"),
    [
        ({"action": "ping"}, Ping()),
        ({"action": "ping", "more": "is passed over"}, Ping()),
        ({"action": "typing", "conversation": A}, Typing(A)),
        ({"action": "resume", "conversations": {A: -1, B: 41}}, Resume({A: -1, B: 41})),
        (
            {"action": "resume", "conversations": {sid(number): number for number in range(MAX_CONVERSATIONS)}},
            Resume({sid(number): number for number in range(MAX_CONVERSATIONS)}),
        ),
    ],
)
def test_what_a_client_can_ask_for(frame: Any, asked: Resume | Typing | Ping) -> None:
    assert protocol.parse_frame(json.dumps(frame)) == asked


@pytest.mark.parametrize(
    "frame",
    [
        *("", "{", "[]", "null", "1", "NaN", '"ping"', "[" * 30_000),
        *({}, {"action": None}, {"action": "shout"}, {"action": ["ping"]}, {"Action": "ping"}),
        {"action": "typing"},
        {"action": "typing", "conversation": None},
        {"action": "typing", "conversation": "CH1"},
        {"action": "typing", "conversation": f"{A}\n"},
        {"action": "typing", "conversation": "IM" + "a" * 32},
        {"action": "typing", "conversation": [A]},
        {"action": "resume"},
        {"action": "resume", "conversations": {}},
        {"action": "resume", "conversations": [A]},
        {"action": "resume", "conversations": {"elm": 1}},
        *({"action": "resume", "conversations": {A: index}} for index in ("1", None, True, 1.5, -2, 16**10, [1])),
        {"action": "resume", "conversations": {sid(number): 0 for number in range(MAX_CONVERSATIONS + 1)}},
        '{"action": "resume", "conversations": {"CH' + "a" * 32 + '": NaN}}',
    ],
)
def test_invalid_frame_is_refused(frame: Any) -> None:
    with pytest.raises(ApiError) as refused:
        protocol.parse_frame(frame if isinstance(frame, str) else json.dumps(frame))
    assert (refused.value.code, refused.value.status) == (20001, 400)


def test_a_frame_that_is_too_large_is_refused() -> None:
    with pytest.raises(ApiError) as refused:
        protocol.parse_frame(json.dumps({"action": "ping", "more": "é" * (MAX_INCOMING // 2)}, ensure_ascii=False))
    assert (refused.value.code, refused.value.status) == (20001, 413)


@given(st.text())
def test_any_text_is_understood_or_refused(frame: str) -> None:
    with suppress(ApiError):
        assert isinstance(protocol.parse_frame(frame), Resume | Typing | Ping)


# --- out


def added(index: int, body: str = "hello") -> Event:
    return Event("onMessageAdded", {"Index": str(index), "Body": body})


def test_one_event_is_one_frame() -> None:
    (frame,) = protocol.event_frames(A, [added(0)])

    shown = {"type": "onMessageAdded", "conversation": A, "parameters": {"Index": "0", "Body": "hello"}}
    assert json.loads(frame) == shown


def test_an_event_of_a_user_names_the_user() -> None:
    user = "US" + "1" * 32
    (frame,) = protocol.event_frames(user, [Event("onUserUpdated", {})])

    assert json.loads(frame) == {"type": "onUserUpdated", "user": user, "parameters": {}}


def test_no_events_are_no_frame() -> None:
    assert protocol.event_frames(A, []) == []


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=200), max_size=40), st.integers(1, 900))
def test_many_events_are_as_few_frames_as_hold_them_in_order(bodies: list[str], times: int) -> None:
    pushed = [added(index, body * times) for index, body in enumerate(bodies)]

    frames = protocol.event_frames(A, pushed)

    assert all(len(frame.encode()) <= MAX_FRAME for frame in frames)
    shown = [event for frame in map(json.loads, frames) for event in frame.get("events", [frame])]
    assert [event["parameters"]["Index"] for event in shown] == [event.parameters["Index"] for event in pushed]
    # Two neighbours would not have fitted into one.
    sizes = [len(frame.encode()) for frame in frames]
    assert all(one + next_one > MAX_FRAME / 2 for one, next_one in itertools.pairwise(sizes))


def test_event_too_large_for_a_frame_is_sent_without_its_long_values() -> None:
    (frame,) = protocol.event_frames(A, [added(7, "\x01" * 30_000)])

    assert json.loads(frame)["parameters"] == {"Index": "7", "Omitted": "Body"}


def test_a_refusal_names_its_code_its_status_and_its_reason() -> None:
    frame = json.loads(protocol.error_frame(refusals.too_many_connections(20), A))

    reason = "an identity can have 20 live connections at a time"
    message = f"Too Many Requests: {reason}"
    assert frame == {"type": "error", "code": 20429, "status": 429, "message": message, "conversation": A}
