"""Tapbacks as carriers bring them: recorded as the texts they are, marked with what they are about."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from partyline.carriers.base import InboundMedia, InboundText
from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.messages import Message
from partyline.inbound import recorder
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.storage import conversations, lines, messages
from partyline.storage.table import Table
from tests.integration.conftest import NAME
from tests.support import event_world as world
from tests.support.api_harness import Clock, consult_no_webhook
from tests.support.aws_requests import AwsRequest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVICE = sids.default_service("AC" + "0" * 32)
P, Q, R = "+12065550100", "+12065550101", "+12065550110"
A, B = "+12065550150", "+12065550151"
IDS = itertools.count()


@pytest.fixture
def own(table: Table) -> Table:
    """A table with lines of which P and Q make conversations of groups, R of everything."""
    for address, mode in ((P, AutoCreation.GROUPS), (Q, AutoCreation.GROUPS), (R, AutoCreation.ALL)):
        lines.register(table, Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, mode))
    return table


def record(
    table: Table, body: str, *media: str, sender: str = A, others: tuple[str, ...] = (P, B), line: str = P
) -> RecordResult:
    parts = tuple(InboundMedia("https://carrier.example/1", content_type) for content_type in media)
    text = InboundText("bandwidth", f"id-{next(IDS)}", line, sender, others, body, parts)
    return recorder.InboundRecorder(table, SERVICE, consult_no_webhook).record(text, NOW)


def message(table: Table, recorded: RecordResult) -> Message:
    found = messages.fetch(table, recorded.conversation_sid, recorded.message_sid)
    assert found
    return found.message


def marked(table: Table, recorded: RecordResult) -> dict[str, Any]:
    attributes: dict[str, Any] = json.loads(message(table, recorded).attributes)
    return attributes


def test_a_tapback_is_a_message_marked_with_the_one_it_is_about(own: Table) -> None:
    record(own, "Is 12 Elm Street still for sale?")
    about = record(own, "It is.", sender=B, others=(P, A))
    record(own, "Great")
    tapback = record(own, "Liked “It is.”")
    assert tapback.outcome is RecordOutcome.RECORDED
    assert (message(own, tapback).body, message(own, tapback).index) == ("Liked “It is.”", 3)
    expected = {"kind": "like", "removed": False, "message_sid": about.message_sid, "index": 1}
    assert marked(own, tapback) == {"tapback": expected}
    removed = record(own, "Removed a like from “It is.”")
    assert marked(own, removed) == {"tapback": {**expected, "removed": True}}


def test_one_in_another_language_is_marked_with_what_it_is_about(own: Table) -> None:
    """C9."""
    about = record(own, "El domingo a las 12")
    place = {"message_sid": about.message_sid, "index": 0}
    assert marked(own, record(own, "Le gustó “El domingo a las 12”")) == {
        "tapback": {"kind": "like", "removed": False, **place}
    }
    assert marked(own, record(own, "„El domingo a las 12“ ein Herz hinzugefügt")) == {
        "tapback": {"kind": "love", "removed": False, **place}
    }


def test_an_emoji_is_named_and_a_picture_found(own: Table) -> None:
    picture = record(own, "look", "image/jpeg")
    emoji = record(own, "\u200aReacted \u200b🎉\u200b to “\u200alook\u200a”\u200a", sender=B, others=(P, A))
    about = {"removed": False, "message_sid": picture.message_sid, "index": 0}
    assert marked(own, emoji) == {"tapback": {"kind": "emoji", "emoji": "🎉", **about}}
    # People react to their own too.
    assert marked(own, record(own, "Loved an image")) == {"tapback": {"kind": "love", **about}}


def test_what_is_not_certain_is_left_out(own: Table) -> None:
    record(own, "ok", "image/jpeg")
    record(own, "ok", "image/jpeg", sender=B, others=(P, A))
    for text in ("Liked “ok”", "Liked “never said”", "Liked an image"):
        assert marked(own, record(own, text)) == {"tapback": {"kind": "like", "removed": False}}


def test_other_texts_are_not_marked(own: Table) -> None:
    assert message(own, record(own, "hello")).attributes == "{}"
    assert message(own, record(own, "Loved “hello”, you?")).attributes == "{}"
    # A tapback brings nothing along.
    assert message(own, record(own, "Loved “hello”", "image/jpeg")).attributes == "{}"


def test_a_tapback_that_makes_its_conversation_refers_to_nothing(own: Table) -> None:
    made = record(own, "Loved “hello”")
    assert made.outcome is RecordOutcome.CREATED
    assert marked(own, made) == {"tapback": {"kind": "love", "removed": False}}


def test_copies_and_repeats_of_a_tapback_are_one_message(own: Table) -> None:
    record(own, "hello", others=(P, Q))
    at_p = record(own, "Liked “hello”", others=(P, Q))
    at_q = record(own, "Liked “hello”", others=(P, Q), line=Q)
    assert (at_p.outcome, at_q.outcome) == (RecordOutcome.RECORDED, RecordOutcome.COPIED)
    assert marked(own, at_p)["tapback"]["index"] == 0


class Interrupted(Table):
    """A table on which something else happens just before the first transaction."""

    meanwhile: Callable[[], object] | None = None

    def transact(self, writes: Any) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        super().transact(writes)


@pytest.mark.parametrize(("said", "index"), [("yes", 1), ("hello", None)])
def test_what_is_said_meanwhile_counts(own: Table, client: Any, said: str, index: int | None) -> None:
    """A message that wins the race is what a tapback is about, or makes uncertain what it is about."""
    made = record(own, "hello")
    table = Interrupted(client, NAME)
    table.meanwhile = lambda: record(own, said, sender=B, others=(P, A))
    tapback = record(table, f"Liked “{said}”")
    assert message(own, tapback).index == 2
    assert marked(own, tapback)["tapback"].get("index") == index
    conversation = conversations.fetch(own, made.conversation_sid)
    assert conversation and conversation.last_index == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", ["BatchGetItem", "Query", "TransactWriteItems"]),
        ("Liked “hello”", ["BatchGetItem", "Query", "Query", "TransactWriteItems"]),
    ],
)
def test_only_a_tapback_costs_more_and_by_one_query(
    own: Table,
    requests_made: list[AwsRequest],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    expected: list[str],
) -> None:
    monkeypatch.setattr(recorder, "_RECENT_ITEMS", 3)
    for number in range(5):
        record(own, f"hello {number}")
    requests_made.clear()
    record(own, text)
    # The settings are kept, or read beside the conversation.
    assert [one.operation for one in requests_made if one.operation != "TransactGetItems"] == expected


def test_it_is_not_looked_back_for_ever(own: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_RECENT_ITEMS", 3)
    for body in ("one", "two", "three", "four"):
        record(own, body)
    assert marked(own, record(own, "Liked “two”"))["tapback"]["index"] == 1
    assert "index" not in marked(own, record(own, "Liked “two”"))["tapback"]


def test_receipts_between_messages_do_not_hide_them(dynamodb: Any, table_definition: dict[str, Any]) -> None:
    """What our own people said is what handsets react to, and it has receipts. Webhooks hear of what was found."""
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.create_table(TableName=NAME, StreamSpecification=stream, **table_definition)
    try:
        here = world.beginning(dynamodb, NAME, Clock())
        sid = here.text(A, P, B).conversation_sid
        path = f"/Conversations/{sid}/Participants"
        [member] = [
            one["sid"] for one in here.api.get(path).body["participants"] if not one["messaging_binding"].get("address")
        ]
        here.api.post(f"{path}/{member}", {"Identity": "agent"})
        about = here.api.say(sid, "Sunday at noon?").body
        here.api.say(sid, "Or Monday.")
        here.listen("onMessageAdded")
        here.relay()
        here.text(B, P, A, body="Loved “Sunday at noon?”")
        [call] = here.relay()
        expected = {"kind": "love", "removed": False, "message_sid": about["sid"], "index": 1}
        assert json.loads(call["Attributes"] or "") == {"tapback": expected}
    finally:
        dynamodb.delete_table(TableName=NAME)
