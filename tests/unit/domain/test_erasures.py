"""What is erased of a message and of a conversation's names, and where a number is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partyline.domain import erasures
from partyline.domain.conversations import Conversation
from partyline.domain.erasures import Erasure, ErasureState, Kept, KeptReason
from partyline.domain.media import Media, MediaState
from partyline.domain.messages import Message
from partyline.domain.sends import Send
from partyline.domain.threads import build_key

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
P, ANN, BEN = "+12065550100", "+12065550163", "+12065550151"
GROUP = Send(build_key([P, ANN, BEN]), P, {ANN: "MB1", BEN: "MB2"})
PAIR, OTHER_PAIR = Send(build_key([P, ANN]), P, {ANN: "MB1"}), Send(build_key([P, BEN]), P, {BEN: "MB2"})
PLAIN = Message("IM1", "CH1", 4, NOW, NOW, "staff", "hello", "MB9", received_at=NOW)


@pytest.mark.parametrize(
    "value",
    [ANN, f"from {ANN}", ["x", {"y": (ANN,)}], {ANN: 1}, "%2B12065550163", "n36105556021", {"a": frozenset([ANN])}],
)
def test_a_number_is_found_wherever_it_is_stored(value: Any) -> None:
    assert erasures.is_mentioned(ANN, value)


@pytest.mark.parametrize("value", [BEN, "", None, 12065550163, [], {"a": [BEN]}])
def test_nothing_else_is(value: Any) -> None:
    assert not erasures.is_mentioned(ANN, value)


def test_a_row_of_a_file_has_the_number_in_any_notation() -> None:
    assert erasures.is_listed(ANN, ["Ben,2065550151", "Ann,(206) 555-0163,x"])
    assert not erasures.is_listed(ANN, ["Ben,2065550151"])


def test_of_a_persons_own_message_index_and_date_stay() -> None:
    picture = Media("ME1", MediaState.READY, "image/png", 1)
    before = replace(
        PLAIN, author=ANN, media=(picture,), sends=(OTHER_PAIR,), attributes='{"a": 1}', carrier_message_id="c"
    )
    after = erasures.erase_message(before, ANN, LATER, whole=False)
    assert after == Message("IM1", "CH1", 4, NOW, LATER, "erased", received_at=NOW)
    assert erasures.erase_message(after, ANN, LATER, whole=False) == after


def test_a_message_to_nobody_else_loses_its_words_and_keeps_its_author() -> None:
    after = erasures.erase_message(replace(PLAIN, sends=(PAIR,)), ANN, LATER, whole=False)
    assert (after.body, after.sends, after.author, after.participant_sid) == (None, (), "staff", "MB9")


def test_a_message_to_others_too_loses_only_the_texts_with_the_number() -> None:
    before = replace(PLAIN, sends=(GROUP, OTHER_PAIR))
    assert erasures.erase_message(before, ANN, LATER, whole=False) == replace(
        before, sends=(OTHER_PAIR,), updated=LATER
    )


@pytest.mark.parametrize("message", [PLAIN, replace(PLAIN, sends=(OTHER_PAIR,)), replace(PLAIN, body=f"ask {ANN}")])
def test_a_message_of_others_stays(message: Message) -> None:
    assert erasures.erase_message(message, ANN, LATER, whole=False) is message


def test_in_a_conversation_about_one_person_all_words_go() -> None:
    assert erasures.erase_message(PLAIN, ANN, LATER, whole=True).body is None


def test_but_not_those_of_a_handset_that_has_left() -> None:
    theirs = replace(PLAIN, author=BEN, carrier_message_id="c")
    assert erasures.erase_message(theirs, ANN, LATER, whole=True) is theirs


def test_the_number_goes_out_of_names() -> None:
    before = Conversation(
        "CH1", "IS1", NOW, NOW, friendly_name=f"Ann {ANN}", unique_name=ANN, attributes=f'{{"a": "{ANN}"}}'
    )
    after = erasures.erase_names(before, ANN, whole=False)
    assert (after.friendly_name, after.unique_name, after.attributes) == ("Ann erased", None, '{"a": "erased"}')
    bare = erasures.erase_names(replace(before, friendly_name="Ann"), ANN, whole=True)
    assert (bare.friendly_name, bare.attributes) == (None, "{}")
    named = replace(before, friendly_name="Elm", unique_name="elm", attributes="{}")
    assert erasures.erase_names(named, ANN, whole=False) == named


def test_an_erasure_walks_until_nothing_is_left_to_erase() -> None:
    begun = Erasure("ER1", "AC1", NOW, NOW, ANN).begin_walk(NOW)
    assert begun.is_last_walk
    kept = Kept("messages", "IM1", KeptReason.OTHERS_WORDS)
    assert begun.add({}, [kept]).is_last_walk
    assert not begun.add({"messages": 2}).is_last_walk
    assert not begun.add({}, [replace(kept, reason=KeptReason.IN_USE)]).is_last_walk
    again = begun.add({"messages": 2}, [kept]).begin_walk(LATER)
    assert (again.walk, again.until, again.kept, again.erased) == (2, NOW, (), {"messages": 2})
    assert replace(again, walk=erasures.MAX_WALKS, changed=True).is_last_walk
    done = again.complete(LATER)
    assert (done.number, done.state, done.completed) == (None, ErasureState.COMPLETED, LATER)
