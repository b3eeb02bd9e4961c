"""Our own group texts come back at our other numbers: as they left, which may not be as they were recorded."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from partyline.carriers import base
from partyline.carriers.base import Accepted, InboundText, OutboundMedia, OutboundText
from partyline.domain import sids
from partyline.domain.media import Media, MediaReference, MediaState
from partyline.domain.participants import Participant
from partyline.errors import Unavailable
from partyline.inbound import late_text_part, recorder
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.outbound.send_attempt import NextStep
from partyline.storage import conversations, keys, lines, memberships, messages
from partyline.storage import media as files
from partyline.storage.table import Table, change
from tests.support.api_harness import consult_no_webhook
from tests.support.scene import NOW, A, B, FakeCarrier, P, Q, Scene, make_scene

R = "+12065550102"


def file(number: int, state: MediaState = MediaState.READY) -> Media:
    return Media(f"ME{number:032x}", "", "image/jpeg", 10, state=state)


def attached(*parts: Media) -> tuple[OutboundMedia, ...]:
    return tuple(OutboundMedia(f"https://files.example/{one.sid}", "image/jpeg", 10, "", lambda: b"") for one in parts)


def come_back(table: Table, left: OutboundText, number: str = Q, id: str = "echo-1") -> RecordResult:
    """What the carrier brings to another own number of a text that has left."""
    pictures = tuple(
        base.InboundMedia(f"https://carrier.example/{id}-{one.url[-3:]}", "image/jpeg") for one in left.media
    )
    echo = InboundText("bandwidth", id, number, left.sender, left.recipients, left.text, pictures)
    return recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(echo, NOW)


def bodies(table: Table, conversation_sid: str) -> list[str | None]:
    page = messages.page(table, conversation_sid, size=20)
    return [delivered.message.body for delivered in page.messages]


@pytest.mark.parametrize("sent", [0, 1, 2])
def test_a_text_that_leaves_with_fewer_files_comes_back_as_no_message(table: Table, sent: int) -> None:
    """Some are left out for their size, gone at the carrier that brought them, or late."""
    both = (file(1), file(2))
    one = make_scene(table, Accepted("c-1"), media=both)
    one.media = attached(*both[:sent])
    one.deliver()
    (left,) = one.carrier.asked
    assert come_back(table, left).outcome is RecordOutcome.COPIED
    assert bodies(table, one.message.conversation_sid) == ["hello"]
    # It was counted once: the same again from the other system of this number is another message.
    assert come_back(table, left, id="echo-2").outcome is RecordOutcome.RECORDED


def test_a_text_that_is_tried_again_with_fewer_files_comes_back_as_no_message(table: Table) -> None:
    both = (file(1), file(2))
    one = make_scene(table, Unavailable("down"), Unavailable("down"), Accepted("c-1"), media=both)
    for parts in (both, both[:1], both[:1]):
        one.media = attached(*parts)
        one.deliver()
    assert come_back(table, one.carrier.asked[-1]).outcome is RecordOutcome.COPIED
    assert come_back(table, one.carrier.asked[-1], id="echo-2").outcome is RecordOutcome.RECORDED


def test_a_text_of_which_a_layout_is_dropped_comes_back_as_no_message(table: Table) -> None:
    """A file that turns out to be no content is none of the message's any more."""
    layout, picture = file(1, MediaState.PENDING), file(2)
    one = make_scene(table, Accepted("c-1"), media=(layout, picture))
    conversation = conversations.fetch(table, one.message.conversation_sid)
    assert conversation
    reference = MediaReference(conversation.sid, one.message.sid, layout.sid)
    assert files.finish(table, conversation, reference, None, NOW)
    one.media = attached(picture)
    one.deliver()
    assert come_back(table, one.carrier.asked[0]).outcome is RecordOutcome.COPIED


def relayed(table: Table) -> Scene:
    """A text of a masked member whose words are in a file, on its way into a group with two own numbers."""
    scene = make_scene(table, addresses=[A, B])
    sid = scene.message.conversation_sid
    roster = conversations.load(table, sid)
    assert roster
    masked = Participant(sids.new(sids.PARTICIPANT), sid, NOW, NOW, address="+12065550159", proxy_address=R)
    named = replace(masked, attributes=json.dumps({"name": "Cat"}))
    lines.register(table, replace(lines.fetch(table, [P])[P], sid=sids.new(sids.LINE), address=R))
    memberships.change_members(table, roster, roster.with_member(named), NOW)
    words = base.InboundMedia("https://carrier.example/0.txt", "text/plain")
    text = InboundText("bandwidth", "in-1", R, "+12065550159", (R,), "", (words,))
    recorded = recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(text, NOW)
    found = messages.fetch(table, sid, recorded.message_sid)
    assert found
    (send,) = found.message.sends
    return Scene(table, FakeCarrier(iter([Accepted("c-1")])), found.message, found.message.reference(send))


@pytest.mark.parametrize("again", [False, True])
def test_words_that_come_late_and_go_on_to_a_group_come_back_as_no_message(table: Table, again: bool) -> None:
    one = relayed(table)
    (part,) = one.message.media
    reference = MediaReference(one.message.conversation_sid, one.message.sid, part.sid)
    if again:
        one.media = attached(part)
        one.carrier.answers = iter([Unavailable("down"), Accepted("c-1")])
        assert one.deliver().step is NextStep.RETRY
    assert late_text_part.TextCompleter(table).complete(reference, "I am here", NOW)
    one.media = ()
    one.deliver()
    left = one.carrier.asked[-1]
    assert left.text.endswith("I am here")
    assert come_back(table, left).outcome is RecordOutcome.COPIED
    assert bodies(table, one.message.conversation_sid) == ["hello", "I am here"]


def test_what_was_recorded_by_an_earlier_version_is_taken_to_leave_as_it_is(table: Table) -> None:
    """It does not say what was counted of it."""
    one = make_scene(table, Accepted("c-1"))
    before = table.get(keys.message(one.message.conversation_sid, one.message.sid))
    assert before
    sends = [{name: value for name, value in send.items() if name != "counted"} for send in before["sends"]]
    key = keys.message(one.message.conversation_sid, one.message.sid)
    table.write(change("message", key, {"sends": sends}))
    one.deliver()
    assert come_back(table, one.carrier.asked[0]).outcome is RecordOutcome.COPIED
    assert come_back(table, one.carrier.asked[0], id="echo-2").outcome is RecordOutcome.RECORDED


def test_a_long_text_that_is_short_without_the_blanks_at_its_end_is_counted_once(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"), body="hello" + 3000 * " ")
    one.deliver()
    assert [text.text for text in one.carrier.asked] == ["hello"]
    assert come_back(table, one.carrier.asked[0]).outcome is RecordOutcome.COPIED
    assert come_back(table, one.carrier.asked[0], id="echo-2").outcome is RecordOutcome.RECORDED
