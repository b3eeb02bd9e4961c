"""Large contents of event items are compressed, and read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.storage import event_packing

# Written by the first code that compressed. Never write it anew: a table in use has such items.
STORED = (
    "eLtyXdJm7ZS5bQNBDABb2QYM8FvesQMVoEi4ZN9IsCtwC4pVnyrRAwOWtSvfHexQGaMBSA6m1S2ycshllOw1CccSYzJmi2IDFpYH"
    "HQEDEVcvZoEQdRwyXeahDEG9T2NX13XuIb4RbZG+3Bv9v7q3YIGOmwuu9MxdRC5VLGdTghSseCWz+txoAr2ujB76bt9vgDWGWDVU"
    "SV4UShKEb/c3Zb//cKfjYXp/jX8al1akdXc3nwg3PXwVmq8CXErg7lPgph+qXCviltF7zvxOxxV0aug0Q6cVdG7oPEPnWy87Zfw8"
    "A+Qap/g="
)
TEXT = "The plumber comes at ten on Monday; please leave the key with the neighbour, 4B. "


def content(words: str) -> dict[str, Any]:
    """The event of a text in a group of three handsets."""
    sids = [f"MB01a223f5499a{number}fbabf6af4c5460ec4{number}0" for number in range(4)]
    roster = [{"participant_sid": sid, "address": f"+1206500015{number}"} for number, sid in enumerate(sids)]
    parameters = {
        "ConversationSid": "CH01a223f5499a211687d24997e7a655c8",
        "ChatServiceSid": "ISb363ade84d56c43bebbc9339b4971e34",
        "MessageSid": "IM000000000113ef49dd9620ca9e56299f",
        "Index": "1",
        "Author": "+12065000150",
        "ParticipantSid": sids[1],
        "Body": words,
        "Attributes": "{}",
        "DateCreated": "2026-11-22T12:00:00.850Z",
        "Roster": json.dumps(roster),
    }
    return {
        "service_sid": parameters["ChatServiceSid"],
        "subject": parameters["ConversationSid"],
        "cause": {"source": "SMS", "told": True, "reason": "EVENT"},
        "at": "2026-11-22T12:00:00.850000Z",
        "events": [{"type": "onMessageAdded", "parameters": parameters}],
        "identities": [],
    }


def size(item: dict[str, Any]) -> int:
    return len(json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode())


def test_the_event_of_an_ordinary_text_becomes_half_as_large() -> None:
    before = content(TEXT)
    packed = event_packing.pack(before)

    assert size(packed) < size(before) / 2
    assert event_packing.unpack({**packed, "outbox": "happening"}) == {**before, "outbox": "happening"}


def test_a_small_content_stays_as_it_is() -> None:
    small = {"events": [{"type": "onTypingStarted", "parameters": {}}]}

    assert event_packing.pack(small) == small == event_packing.unpack(small)


def test_what_was_stored_first_is_read() -> None:
    """The dictionary is a part of what is stored."""
    assert event_packing.unpack({event_packing.PACKED: STORED}) == content("Hello ☎\n" * 30)


@pytest.mark.parametrize("length", [0, 10, 1_000, 100_000])
@given(letters=st.text(min_size=1, max_size=20))
def test_any_words_are_read_as_they_were(length: int, letters: str) -> None:
    before = content(letters * (length // len(letters) + 1))

    assert event_packing.unpack(event_packing.pack(before)) == before
