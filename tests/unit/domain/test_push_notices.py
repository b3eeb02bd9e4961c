"""What a notification says, and of which messages there are any."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import sids
from partyline.domain.contacts import NumberHolder
from partyline.domain.conversations import Conversation
from partyline.domain.inbox import EntrySources
from partyline.domain.media import Media, MediaState
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.push_notices import MAX_NOTICE, build_notice, find_author, is_news

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CH, A, P = "CH" + "1" * 32, "+12065550150", "+12065550100"


def member(**of: str) -> Participant:
    return Participant(sids.new(sids.PARTICIPANT), CH, NOW, NOW, **of)  # type: ignore[arg-type]


HANDSET, LINE = member(address=A), member(projected_address=P)
MASKED, CHAT = member(address=A, proxy_address=P), member(identity="ann")
AGENT = member(identity="ann", projected_address=P)


def message(author: Participant | None = None, **more: object) -> Message:
    sid = author.sid if author else None
    return replace(Message(sids.message(4), CH, 4, NOW, NOW, "x", "Hi", sid), **more)  # type: ignore[arg-type]


def sources(*members: Participant, name: str | None = None, contact: str | None = None) -> EntrySources:
    holders = {A: NumberHolder(A, "CT1", "IS1", contact)} if contact else {}
    return EntrySources(Roster(Conversation(CH, "IS1", NOW, NOW, friendly_name=name), tuple(members)), holders)


@pytest.mark.parametrize("author", [HANDSET, MASKED, CHAT])
def test_what_others_say_is_news(author: Participant) -> None:
    given_message = message(author)
    assert find_author(given_message, [LINE, author]) is author
    assert is_news(given_message, author)


def test_what_staff_and_programs_write_is_not() -> None:
    assert not is_news(message(LINE, written_by="ann"), LINE)
    assert not is_news(message(LINE), LINE)
    assert not is_news(message(AGENT), AGENT)
    assert not is_news(message(CHAT, written_by="ben"), CHAT)
    assert not is_news(message(None), None)
    assert find_author(message(HANDSET), [LINE]) is None


def test_tapbacks_are_no_news() -> None:
    assert not is_news(message(HANDSET, attributes='{"tapback": {"kind": "like"}}'), HANDSET)
    assert is_news(message(HANDSET, attributes='{"keyword": "STOP"}'), HANDSET)
    assert is_news(message(HANDSET, attributes="[1]"), HANDSET)


def test_a_notice_says_who_wrote_what_where() -> None:
    notice = build_notice(sources(HANDSET, LINE, contact="Kay"), message(HANDSET, body="On\n my  way"), HANDSET, {})
    assert json.loads(notice.encode("ann", 2)) == {
        "type": "message",
        "identity": "ann",
        "conversation_sid": CH,
        "message_sid": notice.message_sid,
        "index": 4,
        "title": "Kay",
        "sender": "Kay",
        "text": "On my way",
        "kind": "text",
        "unread": 2,
        "date_created": "2026-11-22T12:00:00.000Z",
    }


def test_names_are_those_of_contacts_people_and_numbers() -> None:
    unknown = build_notice(sources(HANDSET, LINE, name="12 Elm"), message(HANDSET), HANDSET, {})
    assert (unknown.title, unknown.sender) == ("12 Elm", A)
    person = build_notice(sources(CHAT), message(CHAT), CHAT, {"ann": "Ann Li"})
    assert person.sender == "Ann Li"
    assert build_notice(sources(CHAT), message(CHAT), CHAT, {}).sender == "ann"


def test_a_file_without_words_is_said_to_be_one() -> None:
    picture = Media("ME1", "image/jpeg", MediaState.PENDING)
    only = build_notice(sources(HANDSET), message(HANDSET, body=None, media=(picture,)), HANDSET, {})
    assert (only.kind, only.text) == ("media", "")
    both = build_notice(sources(HANDSET), message(HANDSET, media=(picture,)), HANDSET, {})
    assert (both.kind, both.text) == ("text", "Hi")


def test_what_is_long_is_cut() -> None:
    notice = build_notice(
        sources(HANDSET, name="t" * 300, contact="s" * 300), message(HANDSET, body="b" * 300), HANDSET, {}
    )
    assert [(len(one), one[-1]) for one in (notice.title, notice.sender, notice.text)] == [
        (120, "…"),
        (80, "…"),
        (240, "…"),
    ]


_TEXT = st.text(st.sampled_from('aé漢😀"\\\n\x00\u202e'), min_size=300, max_size=400)


@given(_TEXT, _TEXT, _TEXT, st.text(st.sampled_from('"\\a'), min_size=256, max_size=256))
def test_every_notice_fits(title: str, sender: str, text: str, identity: str) -> None:
    notice = build_notice(sources(HANDSET, name=title, contact=sender), message(HANDSET, body=text), HANDSET, {})
    encoded = notice.encode(identity, 10**9)
    assert len(encoded) <= MAX_NOTICE
    assert json.loads(encoded)["identity"] == identity
