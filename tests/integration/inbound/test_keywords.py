"""Keywords: they take effect with the text that says them, and are answered once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack, cast
from urllib.parse import urlencode

import pytest

from partyline.carriers import registry
from partyline.carriers.base import Accepted, InboundMedia, InboundText, WebhookRequest
from partyline.domain import opt_outs as optouts_rules
from partyline.domain import routing, sids
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.messages import Message
from partyline.domain.opt_outs import Keyword, OptOutChannel, OptOutEvent
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import SendState
from partyline.domain.unrouted import UnroutedReason
from partyline.inbound import recorder, webhook_handler
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.outbound.sender import AttachmentSource
from partyline.storage import codec, lines, messages, opt_outs, unrouted
from partyline.storage.attribute_values import from_dynamo
from partyline.storage.table import Table
from tests.support.api_harness import consult_no_webhook
from tests.support.aws_requests import AwsRequest
from tests.support.scene import NOW, A, B, FakeCarrier, Outbound, P, Q

TOLL_FREE = "+18005550100"


@pytest.fixture
def lines_table(table: Table) -> Table:
    for address in (P, Q, TOLL_FREE):
        lines.register(table, Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, AutoCreation.ALL))
    return table


class Fields(TypedDict, total=False):
    """What differs from a plain text of A to P."""

    sender: str
    line: str
    keyword_handled_by_carrier: Keyword | None
    media: tuple[InboundMedia, ...]


def arrive(
    table: Table, text: str, *others: str, id: str, at: datetime = NOW, **fields: Unpack[Fields]
) -> RecordResult:
    line = fields.setdefault("line", P)
    plain = InboundText("bandwidth", id, line, A, (line, *others), text)
    inbound = replace(plain, **fields)
    return recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(inbound, at)


def replies(table: Table) -> list[Message]:
    """The answers that were queued, oldest first: messages of nobody's conversation."""
    client: Any = table._client
    stored = [from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]]
    conversations = {item["sid"] for item in stored if item["SK"] == "C"}
    found = [codec.decode(Message, item) for item in stored if item.get("outbox") == "message"]
    return [message for message in found if message.conversation_sid not in conversations]


def state(table: Table, address: str = A, line: str = P) -> bool | None:
    found = opt_outs.fetch_many(table, address, line)
    return found.opted_out if found else None


def said(table: Table, recorded: RecordResult) -> Message:
    found = messages.fetch(table, recorded.conversation_sid, recorded.message_sid)
    assert found
    return found.message


def test_stop_opts_out_and_is_confirmed_once(lines_table: Table) -> None:
    first = arrive(lines_table, "Stop.", id="1")
    assert first.outcome is RecordOutcome.CREATED
    assert state(lines_table) is True
    (confirmation,) = replies(lines_table)
    (send,) = confirmation.sends
    assert (send.sender, list(send.natives), send.confirms_opt_out) == (P, [A], True)
    assert json.loads(said(lines_table, first).attributes) == {"opt_out_type": "STOP"}
    arrive(lines_table, "STOP", id="2")
    assert len(replies(lines_table)) == 1


PICTURE = InboundMedia("https://carrier.example/1.jpg", "image/jpeg")
CARD = InboundMedia("https://carrier.example/ann.vcf", "text/x-vcard")


@pytest.mark.parametrize("media", [(PICTURE,), (CARD,), (PICTURE, CARD)])
@pytest.mark.parametrize(("word", "holds"), [("STOP", True), ("start", False), ("Help!", None)])
def test_a_keyword_is_one_whatever_is_attached_to_it(
    lines_table: Table, word: str, holds: bool | None, media: tuple[InboundMedia, ...]
) -> None:
    """C4. The file is kept with its message, as any."""
    if word == "start":
        arrive(lines_table, "STOP", id="0")
    before = len(replies(lines_table))
    recorded = arrive(lines_table, word, id="1", media=media)
    assert (state(lines_table), len(replies(lines_table)) - before) == (holds, 1)
    message = said(lines_table, recorded)
    assert json.loads(message.attributes)["opt_out_type"] in ("STOP", "START", "HELP")
    assert [(part.url, part.content_type) for part in message.media] == [(one.url, one.content_type) for one in media]


def test_a_sentence_with_a_picture_is_no_keyword(lines_table: Table) -> None:
    """C4."""
    assert said(lines_table, arrive(lines_table, "stop by", id="1", media=(PICTURE,))).attributes == "{}"
    assert said(lines_table, arrive(lines_table, "", id="2", media=(PICTURE,))).attributes == "{}"
    assert (state(lines_table), replies(lines_table)) == (None, [])


def test_unrouted_keyword_with_a_picture_holds_and_is_stored_with_it(lines_table: Table) -> None:
    """C4."""
    configure(lines_table, P, auto_creation=AutoCreation.OFF)
    recorded = arrive(lines_table, "STOP", id="1", media=(PICTURE,))
    assert recorded == RecordResult(RecordOutcome.UNROUTED, reason=UnroutedReason.KEYWORD)
    assert (state(lines_table), len(replies(lines_table))) == (True, 1)
    unrouted_text = unrouted.fetch(lines_table, sids.derive(sids.UNROUTED, "bandwidth", "1"))
    assert unrouted_text and [part.url for part in unrouted_text.media] == [PICTURE.url]


def test_a_carriers_own_word_holds_for_a_line_that_is_registered_later(lines_table: Table) -> None:
    """C4. What the carrier took it for is kept with the text."""
    later = "+12065550199"
    arrive(lines_table, "no more", id="1", line=later, keyword_handled_by_carrier=Keyword.STOP, media=(PICTURE,))
    lines.register(lines_table, Line(sids.new(sids.LINE), later, "bandwidth", NOW, NOW, AutoCreation.ALL))
    unrouted_text = unrouted.fetch(lines_table, sids.derive(sids.UNROUTED, "bandwidth", "1"))
    assert unrouted_text
    again = recorder.InboundRecorder(lines_table, "IS1", consult_no_webhook).record_unrouted(unrouted_text, NOW)
    assert (again.outcome, state(lines_table, A, later), replies(lines_table)) == (RecordOutcome.CREATED, True, [])
    found = opt_outs.fetch_many(lines_table, A, later)
    assert found and found.channel is OptOutChannel.CARRIER
    assert json.loads(said(lines_table, again).attributes) == {"opt_out_type": "STOP"}


BANDWIDTH: dict[str, Any] = {
    "type": "message-received",
    "time": "2026-11-22T12:00:00Z",
    "to": P,
    "message": {"id": "1", "direction": "in", "owner": P, "from": A, "to": [P], "text": "STOP"},
}
TELNYX = {
    "id": "1",
    "from": {"phone_number": A},
    "to": [{"phone_number": P, "status": "webhook_delivered"}],
    "text": "no more",
    "autoresponse_type": "STOP",
    "media": [{"url": PICTURE.url, "content_type": "image/jpeg"}],
}
TWILIO = {
    "MessageSid": "MM" + "1" * 32,
    "SmsStatus": "received",
    "From": A,
    "To": P,
    "Body": "no more",
    "OptOutType": "STOP",
    "NumMedia": "1",
    "MediaUrl0": PICTURE.url,
    "MediaContentType0": "image/jpeg",
}
VONAGE = {
    "message_uuid": "1",
    "from": A.removeprefix("+"),
    "to": P.removeprefix("+"),
    "message_type": "image",
    "image": {"url": PICTURE.url, "caption": "Stop"},
}


def bandwidth(*suffixes: str) -> bytes:
    media = [f"https://messaging.bandwidth.com/api/v2/users/1/media/1/{suffix}" for suffix in suffixes]
    return json.dumps([{**BANDWIDTH, "message": {**BANDWIDTH["message"], "media": media}}]).encode()


@pytest.mark.parametrize(
    ("carrier", "body", "confirmed"),
    [
        ("bandwidth", bandwidth("1.jpg"), 1),
        ("bandwidth", bandwidth("0.smil", "ann.vcf"), 1),
        ("bandwidth", bandwidth("0.smil"), 1),
        ("telnyx", json.dumps({"data": {"event_type": "message.received", "payload": TELNYX}}).encode(), 0),
        ("twilio", urlencode(TWILIO).encode(), 0),
        ("vonage", json.dumps(VONAGE).encode(), 1),
    ],
)
def test_stop_with_a_file_opts_out_at_every_carrier(
    lines_table: Table, carrier: str, body: bytes, confirmed: int
) -> None:
    """C4."""
    (text,) = registry.build_reader(carrier).parse(WebhookRequest("", "", {}, {}, body))
    assert isinstance(text, InboundText)
    recorder.InboundRecorder(lines_table, "IS1", consult_no_webhook).record(text, NOW)
    assert (state(lines_table), len(replies(lines_table))) == (True, confirmed)


def with_subject(table: Table, line: str, *others: str, **changes: Any) -> RecordResult:
    """A text as Telnyx tells of it, with the subject of its MMS."""
    payload = {**TELNYX, "id": f"at {line}", "media": [], "autoresponse_type": None, **changes}
    payload |= {"to": [{"phone_number": line, "status": "webhook_delivered"}], "cc": list(others)}
    body = json.dumps({"data": {"event_type": "message.received", "payload": payload}}).encode()
    (text,) = registry.build_reader("telnyx").parse(WebhookRequest("", "", {}, {}, body))
    assert isinstance(text, InboundText)
    return recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(text, NOW)


@pytest.mark.parametrize("text", [None, "", "No Subject"])
def test_a_keyword_in_the_subject_is_one(lines_table: Table, text: str | None) -> None:
    """C5."""
    subject = "STOP" if text != "No Subject" else "No Subject"
    recorded = with_subject(lines_table, P, subject=subject, text=text if subject == "STOP" else "STOP")
    assert (state(lines_table), len(replies(lines_table))) == (True, 1)
    assert said(lines_table, recorded).body == "STOP"


def test_a_subject_is_part_of_what_is_said_and_counted(lines_table: Table) -> None:
    """C5."""
    first = with_subject(lines_table, P, B, Q, subject="Friday", text="at six?")
    assert said(lines_table, first).body == "Friday\nat six?"
    assert with_subject(lines_table, Q, B, P, subject="Friday", text="at six?").outcome is RecordOutcome.COPIED
    assert (
        with_subject(lines_table, Q, B, P, id="2", subject="Sunday", text="at six?").outcome is RecordOutcome.RECORDED
    )
    assert said(lines_table, with_subject(lines_table, P, id="3", subject="Friday", text=None)).body == "Friday"
    assert state(lines_table) is None


def test_the_confirmation_is_the_last_text_that_they_get(lines_table: Table) -> None:
    recorded = arrive(lines_table, "hello", id="0")
    arrive(lines_table, "STOP", id="1")
    (confirmation,) = replies(lines_table)
    carrier = FakeCarrier(iter([Accepted("c-1")]))
    nothing = cast(AttachmentSource, lambda message, limits, *, group: ())
    outbound = Outbound(
        lines_table, lambda name: carrier, lambda name, tag: "", lambda: NOW, nothing, lambda name: None
    )
    reference = confirmation.reference(confirmation.sends[0])
    assert outbound.sender.deliver(reference).state is SendState.SENT
    assert carrier.asked[0].recipients == (A,)
    found = messages.fetch(lines_table, reference.conversation_sid, reference.message_sid)
    assert found and [receipt.status for receipt in found.receipts] == [ReceiptStatus.SENT]
    assert recorded.outcome is RecordOutcome.CREATED


def test_a_sentence_with_the_word_is_none(lines_table: Table) -> None:
    arrive(lines_table, "please stop by at five", id="1")
    assert (state(lines_table), replies(lines_table)) == (None, [])


def test_a_repeat_and_a_copy_of_stop_are_one(lines_table: Table) -> None:
    arrive(lines_table, "STOP", B, Q, id="1")
    assert arrive(lines_table, "STOP", B, Q, id="1").outcome is RecordOutcome.REPEATED
    assert arrive(lines_table, "STOP", B, P, id="2", line=Q).outcome is RecordOutcome.COPIED
    assert len(replies(lines_table)) == 1


def arrive_twice(
    table: Table, text: str, first: str, answered: Mapping[str, Keyword] | None = None
) -> list[RecordOutcome]:
    """A text of A's to a group with P and Q: the copy of one of the two comes first. What became of both."""
    return [
        arrive(
            table,
            text,
            B,
            P,
            Q,
            id=f"{text} at {line}",
            line=line,
            keyword_handled_by_carrier=(answered or {}).get(line),
        ).outcome
        for line in sorted((P, Q), key=lambda line: line != first)
    ]


def configure(table: Table, address: str, **settings: Any) -> None:
    before = lines.fetch(table, [address])[address]
    lines.update(table, before, replace(before, **settings))


@pytest.mark.parametrize("first", [P, Q])
def test_stop_in_the_language_of_one_of_two_numbers_holds_whichever_copy_comes_first(
    lines_table: Table, first: str
) -> None:
    configure(lines_table, P, language="es")
    arrive_twice(lines_table, "BAJA", first)
    assert (state(lines_table, A, P), state(lines_table, A, Q), len(replies(lines_table))) == (True, True, 1)


@pytest.mark.parametrize("first", [P, Q])
def test_a_carriers_own_word_for_stop_holds_whichever_copy_comes_first(lines_table: Table, first: str) -> None:
    assert RecordOutcome.COPIED in arrive_twice(lines_table, "no more", first, {P: Keyword.STOP})
    assert (state(lines_table, A, P), state(lines_table, A, Q), replies(lines_table)) == (True, True, [])
    found = opt_outs.fetch_many(lines_table, A, Q)
    assert found and found.channel is OptOutChannel.CARRIER


def test_a_late_copy_of_stop_does_not_undo_start(lines_table: Table) -> None:
    arrive(lines_table, "STOP", B, Q, id="1")
    arrive(lines_table, "START", B, Q, id="2")
    assert (
        arrive(lines_table, "STOP", B, P, id="3", line=Q, keyword_handled_by_carrier=Keyword.STOP).outcome
        is RecordOutcome.COPIED
    )
    assert (state(lines_table, A, P), state(lines_table, A, Q)) == (False, False)


@pytest.mark.parametrize(("roster", "own"), [(76, 3), (79, 4), (79, 40), (80, 1)])
def test_stop_holds_in_however_large_a_group_with_however_many_numbers(
    lines_table: Table, roster: int, own: int
) -> None:
    """Also where one transaction has no room for all of it; a copy and a repeat change nothing more."""
    numbers = [f"+1206556{number:04}" for number in range(own)]
    people = [f"+1206557{number:04}" for number in range(roster - own)]
    for address in numbers:
        lines.register(lines_table, Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, AutoCreation.ALL))
    for copy, line in (("1", numbers[0]), ("1", numbers[0]), ("2", numbers[-1])):
        recorded = arrive(lines_table, "STOP", *people[1:], *numbers, sender=people[0], id=copy, line=line)
        assert recorded.outcome is not RecordOutcome.UNROUTED or roster > routing.MAX_ROSTER
    assert [state(lines_table, people[0], line) for line in numbers] == [True] * own
    assert len(replies(lines_table)) == 1
    arrive(lines_table, "START", *people[1:], *numbers, sender=people[0], id="3", line=numbers[0])
    assert [state(lines_table, people[0], line) for line in numbers] == [False] * own
    assert len(replies(lines_table)) == 2


def test_a_carriers_own_word_for_stop_holds_for_however_many_numbers(lines_table: Table) -> None:
    """Where only the copy at one of them says so."""
    numbers = [f"+1206556{number:04}" for number in range(40)]
    for address in numbers:
        lines.register(lines_table, Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, AutoCreation.ALL))
    arrive(lines_table, "no more", B, *numbers, id="1", line=numbers[0])
    copy = arrive(lines_table, "no more", B, *numbers, id="2", line=numbers[1], keyword_handled_by_carrier=Keyword.STOP)
    assert copy.outcome is RecordOutcome.COPIED
    assert {state(lines_table, A, line) for line in numbers} == {True}


LATER = "+12065550199"


@pytest.mark.parametrize("first", [P, LATER])
def test_stop_holds_for_a_number_that_is_registered_between_two_copies(lines_table: Table, first: str) -> None:
    """Whichever number the first copy came to, and whether or not that was a line."""
    numbers = sorted((P, LATER), key=lambda line: line != first)
    arrive(lines_table, "STOP", B, P, LATER, id="1", line=numbers[0])
    lines.register(lines_table, Line(sids.new(sids.LINE), LATER, "bandwidth", NOW, NOW, AutoCreation.ALL))
    assert arrive(lines_table, "STOP", B, P, LATER, id="2", line=numbers[1]).outcome is RecordOutcome.COPIED
    assert (state(lines_table, A, P), state(lines_table, A, LATER), len(replies(lines_table))) == (True, True, 1)


def test_stop_holds_at_once_when_its_first_copy_came_before_there_was_a_line(lines_table: Table) -> None:
    other = "+12065550198"
    arrive(lines_table, "STOP", B, LATER, other, id="1", line=LATER)
    for address in (LATER, other):
        lines.register(lines_table, Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, AutoCreation.ALL))
    assert arrive(lines_table, "STOP", B, LATER, other, id="2", line=other).outcome is RecordOutcome.COPIED
    assert (state(lines_table, A, LATER), state(lines_table, A, other)) == (True, True)


def test_a_late_copy_of_stop_at_a_new_number_does_not_undo_start(lines_table: Table) -> None:
    arrive(lines_table, "STOP", B, LATER, id="1")
    arrive(lines_table, "START", B, LATER, id="2")
    lines.register(lines_table, Line(sids.new(sids.LINE), LATER, "bandwidth", NOW, NOW, AutoCreation.ALL))
    assert arrive(lines_table, "STOP", B, P, id="3", line=LATER).outcome is RecordOutcome.COPIED
    assert (state(lines_table, A, P), state(lines_table, A, LATER)) == (False, None)


@pytest.mark.parametrize("first", [P, Q])
@pytest.mark.parametrize("word", [Keyword.STOP, Keyword.HELP])
def test_a_keyword_is_answered_once_though_one_of_the_numbers_answers_nothing(
    lines_table: Table, word: Keyword, first: str
) -> None:
    configure(lines_table, P, answers_keywords=False)
    arrive_twice(lines_table, word, first)
    assert [message.sends[0].sender for message in replies(lines_table)] == [Q]


def test_stop_in_a_group_is_said_to_every_own_number_in_it_by_who_said_it(lines_table: Table) -> None:
    arrive(lines_table, "STOP", B, Q, id="1")
    assert (state(lines_table, A, P), state(lines_table, A, Q), state(lines_table, B, P)) == (True, True, None)


def test_start_brings_them_back_and_is_answered(lines_table: Table) -> None:
    arrive(lines_table, "STOP", id="1")
    arrive(lines_table, "start", id="2")
    assert state(lines_table) is False
    assert [message.sends[0].confirms_opt_out for message in replies(lines_table)].count(False) == 1
    arrive(lines_table, "stop", id="3")
    assert len(replies(lines_table)) == 3


def test_start_of_who_never_stopped_is_written_down_and_not_answered(lines_table: Table) -> None:
    arrive(lines_table, "START", id="1")
    assert (state(lines_table), replies(lines_table)) == (False, [])


# --- two programs that answer each other


def say(table: Table, *words: str, begin: int = 0, at: datetime = NOW) -> list[bool]:
    """Say these one after the other; which were left without the answer that was due."""
    return [
        arrive(table, word, id=f"said-{number}", at=at).unanswered for number, word in enumerate(words, start=begin)
    ]


def test_a_program_that_answers_every_text_with_info_is_answered_three_times_an_hour(lines_table: Table) -> None:
    """C14."""
    assert say(lines_table, *["INFO"] * 6) == [False] * 3 + [True] * 3
    assert len(replies(lines_table)) == 3
    almost = NOW + optouts_rules.ANSWERS_PERIOD - timedelta(seconds=1)
    assert say(lines_table, "INFO", begin=6, at=almost) == [True]
    assert say(lines_table, *["INFO"] * 4, begin=7, at=NOW + optouts_rules.ANSWERS_PERIOD) == [False] * 3 + [True]
    assert len(replies(lines_table)) == 6


def test_alternating_stop_and_start_hold_each_time_and_are_answered_three_times(lines_table: Table) -> None:
    """C14."""
    for number in range(8):
        word = ("STOP", "START")[number % 2]
        assert say(lines_table, word, begin=number) == [number >= 3]
        assert state(lines_table) is (word == "STOP")
    assert len(replies(lines_table)) == 3


def test_opt_out_is_confirmed_once_after_three_other_answers(lines_table: Table) -> None:
    """C14."""
    assert say(lines_table, "HELP", "HELP", "HELP", "STOP", "START", "STOP") == [False] * 4 + [True] * 2
    assert state(lines_table) is True
    assert [message.sends[0].confirms_opt_out for message in replies(lines_table)].count(True) == 1


def test_answers_are_counted_for_each_address_and_line(lines_table: Table) -> None:
    """C14."""
    say(lines_table, *["HELP"] * 4)
    assert not arrive(lines_table, "HELP", id="another", sender=B).unanswered
    assert not arrive(lines_table, "HELP", id="elsewhere", line=Q).unanswered
    assert arrive(lines_table, "HELP", B, id="in a group").unanswered


def test_what_is_not_answered_anyway_counts_for_nothing(lines_table: Table) -> None:
    """C14."""
    assert say(lines_table, "START", "START", "STOP", "STOP", "HELP", "HELP") == [False] * 6
    assert [
        arrive(lines_table, "HELP", id=f"by-{number}", keyword_handled_by_carrier=Keyword.HELP).unanswered
        for number in range(4)
    ] == ([False] * 4)
    assert len(replies(lines_table)) == 1


def test_two_answers_at_the_same_moment_are_both_counted(lines_table: Table) -> None:
    """C14. Another text is recorded between the read and the write of this one."""
    say(lines_table, "HELP", "HELP")

    class Late(Table):
        def __init__(self, table: Table) -> None:
            self.__dict__.update(table.__dict__)
            self.met = False

        def transact(self, writes: Any) -> None:
            if not self.met:
                self.met = True
                arrive(lines_table, "HELP", id="first")
            super().transact(writes)

    assert arrive(Late(lines_table), "HELP", id="second").unanswered
    assert len(replies(lines_table)) == 3


def test_a_keyword_into_a_known_thread_costs_three_round_trips(
    lines_table: Table, requests_made: list[AwsRequest]
) -> None:
    """C14."""
    say(lines_table, "hello", "HELP")
    requests_made.clear()
    say(lines_table, "HELP", begin=2)
    # The settings are kept, or read beside the conversation.
    assert [one.operation for one in requests_made if one.operation != "TransactGetItems"] == [
        "BatchGetItem",
        "Query",
        "TransactWriteItems",
    ]


def test_help_is_answered_each_time_but_not_after_stop(lines_table: Table) -> None:
    arrive(lines_table, "HELP", id="1")
    arrive(lines_table, "help!", id="2")
    assert len(replies(lines_table)) == 2
    arrive(lines_table, "STOP", id="3")
    arrive(lines_table, "HELP", id="4")
    assert len(replies(lines_table)) == 3


def test_help_is_answered_in_a_roster_too_large_for_a_conversation(lines_table: Table) -> None:
    recorded = arrive(lines_table, "HELP", *(f"+1206555{number:04}" for number in range(1000, 1090)), id="1")
    assert (recorded.outcome, recorded.reason) == (RecordOutcome.UNROUTED, UnroutedReason.ROSTER_TOO_LARGE)
    assert len(replies(lines_table)) == 1


@pytest.mark.parametrize("word", list(Keyword))
def test_what_the_carrier_has_answered_is_not_answered_again(lines_table: Table, word: Keyword) -> None:
    if word is Keyword.START:
        # It would not be answered either where it is no news.
        arrive(lines_table, "SAIR", id="0", keyword_handled_by_carrier=Keyword.STOP)
    arrive(lines_table, "ALTO", id="1", keyword_handled_by_carrier=word)
    assert replies(lines_table) == []
    assert state(lines_table) is {Keyword.STOP: True, Keyword.START: False, Keyword.HELP: None}[word]
    found = opt_outs.fetch_many(lines_table, A, P)
    assert found is None or found.channel is OptOutChannel.CARRIER


def test_the_network_answers_for_toll_free_numbers_but_not_to_help(lines_table: Table) -> None:
    arrive(lines_table, "STOP", id="1", line=TOLL_FREE)
    arrive(lines_table, "START", id="2", line=TOLL_FREE)
    assert replies(lines_table) == []
    arrive(lines_table, "HELP", id="3", line=TOLL_FREE)
    assert len(replies(lines_table)) == 1


@pytest.mark.parametrize("settings", [{"answers_keywords": False}, {"replies": {"stop": "Bye from us."}}])
def test_a_line_has_its_own_answers_or_none(lines_table: Table, settings: Mapping[str, Any]) -> None:
    configure(lines_table, P, **settings)
    arrive(lines_table, "STOP", id="1")
    assert state(lines_table) is True
    assert [message.body for message in replies(lines_table)] == (["Bye from us."] if "replies" in settings else [])


def test_stop_holds_also_where_no_conversation_takes_the_text(lines_table: Table) -> None:
    configure(lines_table, P, auto_creation=AutoCreation.OFF)
    assert arrive(lines_table, "STOP", id="1").outcome is RecordOutcome.UNROUTED
    assert state(lines_table) is True
    assert len(replies(lines_table)) == 1


def test_keyword_of_an_own_number_or_to_a_foreign_one_opts_no_one_out(lines_table: Table) -> None:
    arrive(lines_table, "STOP", id="1", line="+12065550199")
    arrive(lines_table, "STOP", A, id="2", sender=Q)
    assert (state(lines_table, A, "+12065550199"), state(lines_table, Q, P), replies(lines_table)) == (None, None, [])


def test_who_cannot_be_texted_is_not_answered(lines_table: Table) -> None:
    arrive(lines_table, "HELP", id="1", sender="ann@example.com")
    assert replies(lines_table) == []


def test_keyword_is_shown_in_its_conversation_and_not_sent_on(lines_table: Table) -> None:
    group = arrive(lines_table, "hello", B, id="1")
    stop = arrive(lines_table, "STOP", B, id="2")
    assert stop.conversation_sid == group.conversation_sid
    assert (said(lines_table, stop).body, said(lines_table, stop).sends) == ("STOP", ())


def test_each_thing_said_is_in_the_audit_trail(lines_table: Table) -> None:
    for number, text in enumerate(["STOP", "STOP", "START"]):
        arrive(lines_table, text, id=str(number))
    found = lines_table.query_all(f"O#{A}", begins=f"A#{P}#")
    events = sorted((codec.decode(OptOutEvent, item) for item in found), key=lambda event: event.source)
    assert [(event.opted_out, event.channel, event.source) for event in events] == [
        (True, OptOutChannel.TEXT, "bandwidth/0"),
        (True, OptOutChannel.TEXT, "bandwidth/1"),
        (False, OptOutChannel.TEXT, "bandwidth/2"),
    ]


def test_keywords_without_an_answer_are_counted_by_a_metric(
    lines_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C14."""
    counted: list[str] = []
    monkeypatch.setattr(webhook_handler, "count", counted.append)
    say(lines_table, *["INFO"] * 3)
    at = webhook_handler.WebhookHandler(lines_table, recorder.InboundRecorder(lines_table, "IS1", consult_no_webhook))
    text = InboundText("bandwidth", "robot", P, A, (P,), "INFO")
    at.handle_event("bandwidth", text, WebhookRequest("", "", {}, {}, b""), NOW)
    assert counted == ["TextRecorded", "KeywordUnanswered"]
