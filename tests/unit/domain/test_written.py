"""Tests of which messages of a conversation a person has written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import written
from partyline.domain.messages import Message
from partyline.domain.participants import SYSTEM, Participant

NOW = datetime(2026, 11, 28, tzinfo=UTC)
LINE, HANDSET = "+12065550100", "+12065550150"
MEMBERS = (
    Participant("MB1", "CH1", NOW, NOW, address=HANDSET),
    Participant("MB2", "CH1", NOW, NOW, projected_address=LINE),
    Participant("MB3", "CH1", NOW, NOW, identity="ann"),
)
BLANK = Message("IM1", "CH1", 0, NOW, NOW, SYSTEM)


def find(**given: str) -> str | None:
    return written.find_writer(replace(BLANK, **given), MEMBERS)  # type: ignore[arg-type]  # only texts are given


@pytest.mark.parametrize(
    ("given", "writer"),
    [
        ({"author": "ann", "participant_sid": "MB3"}, "ann"),
        ({"author": LINE, "participant_sid": "MB2", "written_by": "ann"}, "ann"),
        ({"author": "eve"}, "eve"),
        ({"author": LINE, "participant_sid": "MB2"}, None),
        ({"author": HANDSET, "participant_sid": "MB1"}, None),
        ({"author": HANDSET, "carrier_message_id": "1"}, None),
        ({}, None),
    ],
)
def test_a_person_has_written_under_their_name_or_as_a_line(given: dict[str, str], writer: str | None) -> None:
    assert find(**given) == writer


@given(st.lists(st.sampled_from(["ann", "bob", ""]), max_size=60))
def test_the_messages_of_a_person_are_found_again(writers: list[str]) -> None:
    runs: written.Runs | None = None
    for index, writer in enumerate(writers):
        runs = written.add_to_runs(runs, writer, index) if writer else runs
    for person in ("ann", "bob"):
        sent = [index for index, writer in enumerate(writers) if writer == person]
        kept = [index for run in written.list_runs(runs, person) for index in run]
        assert kept == sent[len(sent) - len(kept) :]
        assert written.list_indexes(runs, person) == tuple(kept[-written.MAX_INDEXES :])
        if len(kept) < len(sent):
            assert sum(map(len, (runs or {}).values())) == 2 * written.MAX_RUNS


def test_what_one_person_writes_without_an_answer_is_kept_whatever_its_number() -> None:
    runs = written.add_to_runs({}, "bob", 0)
    for index in range(1, 1_000):
        runs = written.add_to_runs(runs, "ann", index)
    assert written.list_runs(runs, "ann") == [range(1, 1_000)]
    assert written.list_indexes(runs, "ann") == tuple(range(1_000 - written.MAX_INDEXES, 1_000))


def test_the_oldest_run_is_left_out_and_a_person_without_any() -> None:
    runs = written.add_to_runs({}, "bob", 0)
    for index in range(2, 2 + 2 * written.MAX_RUNS, 2):
        runs = written.add_to_runs(runs, "ann", index)
    assert [*runs] == ["ann"]
    assert len(written.list_runs(runs, "ann")) == written.MAX_RUNS
    assert written.list_runs(runs, "bob") == written.list_runs(None, None) == []
