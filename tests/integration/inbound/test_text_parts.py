"""Texts whose words stand in a text part of their MMS alone: fetched before they are recorded, or read afterwards where
the carrier does not give them in time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from partyline.carriers import registry
from partyline.carriers.base import Carrier, InboundText, WebhookRequest
from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.media import MediaReference, MediaState
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.unrouted import UnroutedReason
from partyline.errors import RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse
from partyline.inbound import late_text_part, recorder, webhook_handler
from partyline.media import ingest, text_part
from partyline.media.ingest import IngestOutcome
from partyline.storage import codec, conversation_lists, lines, memberships, messages, opt_outs, queries
from partyline.storage.attribute_values import from_dynamo
from partyline.storage.queries import Window
from partyline.storage.table import Table
from tests.support.api_harness import consult_no_webhook
from tests.support.files import Files
from tests.support.scene import Crash, Dying

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
A, B = "+12065550150", "+12065550151"
NUMBERS = {"bandwidth": "0", "telnyx": "1", "twilio": "2", "vonage": "3"}
PART, PICTURE = "https://media.example/0.txt", "https://media.example/roof.jpg"
CARRIERS = pytest.mark.parametrize("carrier", list(NUMBERS))


def own(carrier: str) -> tuple[str, str]:
    """The two own numbers at a carrier."""
    return f"+120655501{NUMBERS[carrier]}0", f"+120655501{NUMBERS[carrier]}1"


# --- a group text of A to B and our numbers, as each carrier brings it


def bandwidth(id: str, line: str, to: list[str], text: str, urls: list[str]) -> bytes:
    message = {"id": id, "owner": line, "direction": "in", "from": A, "to": to, "text": text, "media": urls}
    return json.dumps([{"type": "message-received", "to": line, "message": message}]).encode()


def telnyx(id: str, line: str, to: list[str], text: str, urls: list[str], subject: str = "") -> bytes:
    kinds = {PART: "text/plain; charset=utf-8", PICTURE: "image/jpeg"}
    payload = {
        "id": id,
        "from": {"phone_number": A},
        "to": [{"phone_number": line, "status": "webhook_delivered"}],
        "cc": to,
        "text": text or None,
        "subject": subject,
        "media": [{"url": url, "content_type": kinds[url]} for url in urls],
    }
    return json.dumps({"data": {"event_type": "message.received", "payload": payload}}).encode()


def twilio(id: str, line: str, to: list[str], text: str, urls: list[str]) -> bytes:
    form = {"MessageSid": id, "From": A, "To": line, "Body": text, "NumMedia": str(len(urls))}
    form |= {f"OtherRecipients{number}": one for number, one in enumerate(one for one in to if one != line)}
    form |= {f"MediaUrl{number}": url for number, url in enumerate(urls)}
    return urlencode(form).encode()


def vonage(id: str, line: str, to: list[str], text: str, urls: list[str]) -> bytes:
    message = {
        "message_uuid": id,
        "from": A[1:],
        "to": line[1:],
        "mms": {"participants": [one[1:] for one in to if one != line]},
        "message_type": "file" if urls else "text",
        "text": text,
        "content": [{"type": "file", "url": url} for url in urls],
    }
    return json.dumps(message).encode()


WEBHOOKS: dict[str, Callable[[str, str, list[str], str, list[str]], bytes]] = {
    "bandwidth": bandwidth,
    "telnyx": telnyx,
    "twilio": twilio,
    "vonage": vonage,
}


class Trusted:
    """A carrier whose webhooks are authentic."""

    def __init__(self, carrier: Carrier) -> None:
        self.name, self.parse, self.media_access = carrier.name, carrier.parse, carrier.media_access

    def authenticate(self, request: WebhookRequest, now: float) -> None:
        """They are."""


@dataclass
class Inbox:
    """Our side, with the files that carriers have: a file that is not there yet does not come in time."""

    table: Table
    carrier: str
    files: dict[str, bytes | HttpResponse] = field(default_factory=dict)
    now: datetime = NOW
    stored: Files = field(default_factory=Files)

    def __post_init__(self) -> None:
        for address in own(self.carrier):
            lines.register(self.table, Line(sids.new(sids.LINE), address, self.carrier, NOW, NOW, AutoCreation.GROUPS))

    def ask(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        found = self.files.get(request.url, RequestTimedOut("slow"))
        if isinstance(found, RequestTimedOut):
            raise found
        return found if isinstance(found, HttpResponse) else HttpResponse(200, found)

    def arrive(self, text: str = "", *urls: str, line: int = 0, id: str = "id-1", to: tuple[str, ...] = ()) -> None:
        numbers = own(self.carrier)
        body = WEBHOOKS[self.carrier](id, numbers[line], [*(to or (B, *numbers))], text, list(urls))
        handler = webhook_handler.WebhookHandler(
            self.table,
            recorder.InboundRecorder(self.table, "IS1", consult_no_webhook),
            partial(text_part.fetch_words, self.ask),
        )
        request = WebhookRequest("https://example.com", "", {}, {}, body)
        trusted: Any = Trusted(registry.build_reader(self.carrier))
        handler.handle(trusted, request, self.now)

    def collect(self, message: Message | None = None, attempt: int = 1) -> list[IngestOutcome]:
        """Fetch the files of a message, or of all."""
        media_ingest = ingest.MediaIngest(
            self.table,
            self.stored,
            registry.build_reader,
            self.ask,
            lambda: self.now,
            late_text_part.TextCompleter(self.table).complete,
        )
        return [
            media_ingest.ingest(MediaReference(one.conversation_sid, one.sid, part.sid), attempt).outcome
            for one in ([message] if message else self.messages())
            for part in one.pending
        ]

    def messages(self) -> list[Message]:
        """All messages, in order; answers to keywords are none."""
        found = [one for _, one in conversation_lists.page(self.table, "IS1", Window(10)).entries]
        return [
            one.message
            for conversation in found
            for one in messages.page(self.table, conversation.sid, size=100).messages
        ]

    def bodies(self) -> list[str | None]:
        return [message.body for message in self.messages()]

    def opted_out(self) -> set[str]:
        """The own numbers that A has opted out of."""
        return {one.line for one in opt_outs.list_for_address(self.table, A) if one.opted_out}

    def answers(self) -> list[str]:
        """What A was answered."""
        client: Any = self.table._client
        stored = [from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]]
        sent = [codec.decode(Message, item) for item in stored if item.get("outbox") == "message"]
        return [one.body or "" for one in sent if one.author == "system"]


def test_the_texts_of_one_webhook_wait_no_longer_than_one(table: Table) -> None:
    """C6. A webhook that is not answered in time comes again, and would not be answered then either."""
    ends = []

    def complete(_carrier: Carrier, text: InboundText, until: float) -> InboundText:
        ends.append(until)
        return text

    texts = [json.loads(bandwidth(f"id-{number}", own("bandwidth")[0], [B], "hi", []))[0] for number in range(3)]
    trusted: Any = Trusted(registry.build_reader("bandwidth"))
    request = WebhookRequest("https://example.com", "", {}, {}, json.dumps(texts).encode())
    webhook_handler.WebhookHandler(table, recorder.InboundRecorder(table, "IS1", consult_no_webhook), complete).handle(
        trusted, request, NOW
    )
    assert ends == [ends[0]] * 3


@CARRIERS
def test_words_of_a_text_part_are_the_body(table: Table, carrier: str) -> None:
    """C6."""
    one = Inbox(table, carrier, {PART: "<a href='x'>Grüße</a>".encode("latin-1")})
    one.arrive("", PART, PICTURE)
    (message,) = one.messages()
    assert (message.body, [part.url for part in message.media]) == ("<a href='x'>Grüße</a>", [PICTURE])


@CARRIERS
def test_stop_in_a_text_part_opts_out_and_is_answered(table: Table, carrier: str) -> None:
    """C6."""
    one = Inbox(table, carrier, {PART: b"Stop\r\n"})
    one.arrive("", PART)
    assert one.opted_out() == set(own(carrier))
    assert len(one.answers()) == 1
    assert one.messages()[0].attributes == '{"opt_out_type": "STOP"}'


@CARRIERS
@pytest.mark.parametrize("first", ["text", "part"])
def test_words_in_the_text_and_in_a_part_are_one_message(table: Table, carrier: str, first: str) -> None:
    """C6: two own numbers of one group."""
    one = Inbox(table, carrier, {PART: "The roof’s done".encode()})
    copies = [("The roof's done", PICTURE), ("", PART, PICTURE)]
    for line, copy in enumerate(copies if first == "text" else reversed(copies)):
        one.arrive(*copy, line=line, id=f"id-{line}")
    assert len(one.messages()) == 1


def test_empty_text_part_is_stored_as_malformed(table: Table) -> None:
    """C6, C2."""
    one = Inbox(table, "bandwidth", {PART: b" \n"})
    one.arrive("", PART)
    assert one.messages() == []
    assert [text.reason for _, text in queries.unrouted(table, Window(10)).entries] == [UnroutedReason.MALFORMED]


# --- where its carrier does not give it in time


@CARRIERS
def test_words_that_come_later_become_the_body(table: Table, carrier: str) -> None:
    """C6."""
    one = Inbox(table, carrier)
    one.arrive("", PART, PICTURE)
    assert one.bodies() == [None]
    assert one.collect() == [IngestOutcome.WAITING, IngestOutcome.WAITING]
    one.files = {PART: "<b>Grüße</b>".encode("latin-1"), PICTURE: b"\x89PNG\r\n\x1a\nroof"}
    (before,) = one.messages()
    assert one.collect() == [IngestOutcome.READ, IngestOutcome.READY]
    (message,) = one.messages()
    assert (message.body, [part.state for part in message.media]) == ("<b>Grüße</b>", [MediaState.READY])
    assert one.collect(before, attempt=2) == [IngestOutcome.NOTHING, IngestOutcome.NOTHING]
    assert len(one.stored.stored) == 1


@CARRIERS
def test_stop_that_comes_later_opts_out_and_is_answered_once(table: Table, carrier: str) -> None:
    """C6."""
    one = Inbox(table, carrier)
    one.arrive("", PART)
    (before,) = one.messages()
    assert (one.opted_out(), one.answers()) == (set(), [])
    one.files = {PART: b"STOP"}
    assert one.collect() == [IngestOutcome.READ]
    assert one.collect(before, attempt=2) == [IngestOutcome.NOTHING]
    assert one.opted_out() == set(own(carrier))
    assert len(one.answers()) == 1
    (message,) = one.messages()
    assert (message.body, message.attributes) == ("STOP", '{"opt_out_type": "STOP"}')


def test_keywords_that_come_later_are_answered_no_more_often_than_others(table: Table) -> None:
    one = Inbox(table, "bandwidth")
    for number in range(4):
        one.arrive("", PART, id=f"id-{number}")
    one.files = {PART: b"HELP"}
    media_ingest = ingest.MediaIngest(
        table, one.stored, registry.build_reader, one.ask, lambda: NOW, late_text_part.TextCompleter(table).complete
    )
    collected = [
        media_ingest.ingest(MediaReference(message.conversation_sid, message.sid, message.media[0].sid), 1)
        for message in one.messages()
    ]
    assert [attempt.unanswered for attempt in collected] == [False, False, False, True]
    assert len(one.answers()) == 3


@CARRIERS
@pytest.mark.parametrize("first", ["text", "part"])
def test_a_copy_whose_words_come_later_is_removed(table: Table, carrier: str, first: str) -> None:
    """C6."""
    one = Inbox(table, carrier)
    copies = [("The roof",), ("", PART)]
    for line, copy in enumerate(copies if first == "text" else reversed(copies)):
        one.arrive(*copy, line=line, id=f"id-{line}")
    assert sorted(one.bodies(), key=str) == [None, "The roof"]
    one.files = {PART: b"The roof"}
    assert one.collect() == [IngestOutcome.READ]
    assert one.bodies() == ["The roof"]


def test_two_copies_with_parts_are_one_message_when_both_come_later(table: Table) -> None:
    """C6: and a third copy, with its words, is the same."""
    one = Inbox(table, "bandwidth")
    for line in (0, 1):
        one.arrive("", PART, line=line, id=f"id-{line}")
    one.files = {PART: b"The roof"}
    assert one.collect() == [IngestOutcome.READ]
    one.arrive("The roof", line=1, id="id-9")
    assert one.bodies() == ["The roof"]


def test_who_says_it_twice_has_said_it_twice(table: Table) -> None:
    one = Inbox(table, "bandwidth")
    for number in range(2):
        one.arrive("", PART, id=f"id-{number}")
    one.files = {PART: b"ok"}
    assert one.collect() == [IngestOutcome.READ, IngestOutcome.READ]
    assert one.bodies() == ["ok", "ok"]


def test_several_parts_that_come_later_are_one_text(table: Table) -> None:
    """C6."""
    one = Inbox(table, "bandwidth")
    second = "https://media.example/1.txt"
    one.arrive("", PART, second)
    one.files = {PART: b"one", second: b"two"}
    assert one.collect() == [IngestOutcome.READ, IngestOutcome.READ]
    assert one.bodies() == ["one\ntwo"]


def test_words_that_come_later_stand_below_the_subject(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """C6, C5."""
    monkeypatch.setitem(WEBHOOKS, "telnyx", partial(telnyx, subject="Friday"))
    one = Inbox(table, "telnyx")
    one.arrive("", PART)
    assert one.bodies() == ["Friday"]
    one.files = {PART: b"See you"}
    assert one.collect() == [IngestOutcome.READ]
    one.arrive("", PART, id="id-2")
    assert one.bodies() == ["Friday\nSee you"] * 2


def test_words_below_an_unrouted_subject_are_found_when_it_is_routed(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C6, C5."""
    monkeypatch.setitem(WEBHOOKS, "telnyx", partial(telnyx, subject="Friday"))
    one = Inbox(table, "telnyx")
    for address in own("telnyx"):
        before = lines.fetch(table, [address])[address]
        assert lines.update(table, before, replace(before, auto_creation=AutoCreation.OFF))
    one.arrive("", PART)
    for address in own("telnyx"):
        before = lines.fetch(table, [address])[address]
        assert lines.update(table, before, replace(before, auto_creation=AutoCreation.GROUPS))
    ((_, stored),) = queries.unrouted(table, Window(10)).entries
    recorder.InboundRecorder(table, "IS1", consult_no_webhook).record_unrouted(stored, NOW)
    one.files = {PART: b"See you"}
    assert one.collect() == [IngestOutcome.READ]
    assert one.bodies() == ["Friday\nSee you"]


@pytest.mark.parametrize("early", [0, 1])
def test_a_copy_with_a_subject_whose_words_come_later_is_removed(
    table: Table, monkeypatch: pytest.MonkeyPatch, early: int
) -> None:
    """C6, C5: it was counted with its subject alone."""
    monkeypatch.setitem(WEBHOOKS, "telnyx", partial(telnyx, subject="Friday"))
    one = Inbox(table, "telnyx")
    for line in (0, 1):
        one.files = {PART: b"See you"} if line == early else {}
        one.arrive("", PART, line=line, id=f"id-{line}")
    one.files = {PART: b"See you"}
    assert one.collect() == [IngestOutcome.READ]
    assert one.bodies() == ["Friday\nSee you"]


def test_a_copy_with_several_parts_that_come_later_is_removed(table: Table) -> None:
    """C6."""
    one = Inbox(table, "bandwidth")
    second = "https://media.example/1.txt"
    one.arrive("", PART, second)
    one.files = {PART: b"one", second: b"two"}
    one.arrive("", PART, second, line=1, id="id-2")
    assert one.bodies() == [None, "one\ntwo"]
    assert one.collect() == [IngestOutcome.READ, IngestOutcome.READ]
    assert one.bodies() == ["one\ntwo"]


def test_late_keyword_withdraws_its_text_though_some_members_were_unreachable(table: Table) -> None:
    """C6: natives of a group without a number of ours."""
    one = Inbox(table, "bandwidth")
    first, second = own("bandwidth")
    blank = Conversation(sids.new(sids.CONVERSATION), "IS1", NOW, NOW)
    member = Participant("", blank.sid, NOW, NOW)
    members = [
        replace(member, sid=sids.new(sids.PARTICIPANT), address=address, proxy_address=proxy)
        for address, proxy in ((A, first), (B, second), ("+12065550152", None))
    ]
    memberships.NewConversation(blank, members, NOW).store(table)
    one.arrive("", PART, to=(first,))
    one.files = {PART: b"STOP"}
    assert one.collect() == [IngestOutcome.READ]
    (message,) = one.messages()
    found = messages.fetch(table, message.conversation_sid, message.sid)
    assert found
    assert (message.sends, found.receipts) == ((), ())


@pytest.mark.parametrize(("words", "sent"), [(b"STOP", 0), (b"hello", 1)])
def test_a_keyword_that_comes_later_is_not_said_to_people_behind_other_threads(
    table: Table, words: bytes, sent: int
) -> None:
    """C6: it is said to the number."""
    one = Inbox(table, "bandwidth")
    first, second = own("bandwidth")
    blank = Conversation(sids.new(sids.CONVERSATION), "IS1", NOW, NOW)
    masked = [
        Participant(sids.new(sids.PARTICIPANT), blank.sid, NOW, NOW, address=address, proxy_address=proxy)
        for address, proxy in ((A, first), (B, second))
    ]
    memberships.NewConversation(blank, masked, NOW).store(table)
    one.arrive("", PART, to=(first,))
    one.files = {PART: words}
    assert one.collect() == [IngestOutcome.READ]
    (message,) = one.messages()
    found = messages.fetch(table, message.conversation_sid, message.sid)
    assert found
    assert (len(message.sends), len(found.receipts)) == (sent, sent)


def test_a_part_that_says_nothing_of_itself_is_read_by_its_bytes(table: Table) -> None:
    """C6: Vonage declares no types."""
    one = Inbox(table, "vonage", {"https://media.example/1": b"STOP"})
    one.arrive("", "https://media.example/1")
    assert one.bodies() == [None]
    assert one.collect() == [IngestOutcome.READ]
    assert (one.bodies(), one.opted_out()) == (["STOP"], set(own("vonage")))


def test_a_crash_before_it_is_written_down_changes_nothing(table: Table) -> None:
    one = Inbox(table, "bandwidth")
    one.arrive("", PART)
    one.files = {PART: b"STOP"}
    one.table = Dying(table, 0)
    with pytest.raises(Crash):
        one.collect()
    one.table = table
    assert (one.bodies(), one.opted_out()) == ([None], set())
    assert one.collect(attempt=2) == [IngestOutcome.READ]
    assert one.opted_out() == set(own("bandwidth"))


def test_a_message_that_was_deleted_meanwhile_says_nothing(table: Table) -> None:
    one = Inbox(table, "bandwidth")
    one.arrive("", PART)
    (message,) = one.messages()
    (_, conversation) = conversation_lists.page(table, "IS1", Window(1)).entries[0]
    found = messages.fetch(table, message.conversation_sid, message.sid)
    assert found
    assert messages.remove(table, conversation, found, NOW)
    one.files = {PART: b"STOP"}
    assert one.collect(message) == [IngestOutcome.NOTHING]
    assert one.opted_out() == set()


def test_a_part_that_is_gone_leaves_a_message_that_says_so(table: Table) -> None:
    one = Inbox(table, "bandwidth")
    one.arrive("", PART)
    one.now += timedelta(days=3)
    assert one.collect() == [IngestOutcome.FAILED]
    (message,) = one.messages()
    assert [(part.state, part.error) for part in message.media] == [(MediaState.FAILED, "expired")]


def test_a_message_of_nothing_but_layout_says_so(table: Table) -> None:
    """C2: its carrier did not say that it is layout."""
    one = Inbox(table, "vonage", {"https://media.example/1": b"<smil><head/></smil>"})
    one.arrive("", "https://media.example/1")
    assert one.collect() == [IngestOutcome.FAILED]
    (message,) = one.messages()
    assert [(part.state, part.error) for part in message.media] == [(MediaState.FAILED, "empty")]
    assert one.stored.stored == {}
