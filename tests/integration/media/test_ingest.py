"""A file of a text that came in: from the carrier into our storage, once, whatever its carrier and the others do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from partyline.carriers.base import InboundMedia as Part
from partyline.carriers.base import InboundText
from partyline.domain import sids
from partyline.domain.media import Media, MediaReference, MediaState, StoredMedia
from partyline.domain.messages import Message
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import SendState
from partyline.errors import ImageUnscalable, MediaPending, MediaUnfinished, RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse
from partyline.inbound import recorder
from partyline.inbound.late_text_part import TextCompleter
from partyline.media import bucket, images, ingest
from partyline.media.ingest import IngestOutcome, IngestResult
from partyline.media.outbound_files import OutboundFiles
from partyline.outbound.send_attempt import NextStep
from partyline.storage import codec, conversations, event_outbox, keys, messages
from partyline.storage import media as store
from partyline.storage.attribute_values import from_dynamo
from partyline.storage.table import Table, put
from tests.support.api_harness import consult_no_webhook
from tests.support.files import Files
from tests.support.scene import NOW, A, B, Crash, Dying, FakeCarrier, P, make_scene

PNG, SMIL, PLAIN = b"\x89PNG\r\n\x1a\nroof", b"<smil><head/></smil>", b"The roof"
GONE, LATER = HttpResponse(404, b""), HttpResponse(503, b"")


@dataclass
class Inbox:
    """A text with files that has come in, and the carrier that has them."""

    table: Table
    answers: dict[str, list[HttpResponse | Exception]]
    files: Files = field(default_factory=Files)
    now: datetime = NOW
    declared: str | None = None
    message: Message = field(init=False)

    def arrive(self, *urls: str, text: str = "The roof") -> None:
        parts = tuple(Part(f"https://carrier.example/{url}", self.declared) for url in urls)
        inbound = InboundText("bandwidth", "id-1", P, A, (P, B), text, parts)
        recorded = recorder.InboundRecorder(self.table, "IS1", consult_no_webhook).record(inbound, NOW)
        self.message = self.read(recorded.conversation_sid, recorded.message_sid)

    def read(self, conversation_sid: str = "", message_sid: str = "") -> Message:
        found = messages.fetch(
            self.table, conversation_sid or self.message.conversation_sid, message_sid or self.message.sid
        )
        assert found
        return found.message

    def reference(self, number: int = 0) -> MediaReference:
        return MediaReference(self.message.conversation_sid, self.message.sid, self.message.media[number].sid)

    def ask(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        answer = self.answers[request.url.rpartition("/")[2]].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def collect(self, number: int = 0, attempt: int = 1) -> IngestResult:
        def carrier(name: str) -> FakeCarrier:
            if name != "bandwidth":
                raise LookupError("not set up")
            return FakeCarrier(iter(()))

        media_ingest = ingest.MediaIngest(
            self.table,
            self.files,
            carrier,
            self.ask,
            lambda: self.now,
            TextCompleter(self.table).complete,
        )
        return media_ingest.ingest(self.reference(number), attempt)

    def update_events(self) -> list[dict[str, Any]]:
        """The parameters of the events that updated the message, in order."""
        client: Any = self.table._client
        stored = [from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]]
        happened = sorted((item for item in stored if item.get("outbox") == "happening"), key=lambda item: item["SK"])
        return [
            event.parameters
            for item in happened
            for event in event_outbox.decode(item).events
            if event.type == "onMessageUpdated"
        ]


@pytest.fixture
def inbox(table: Table) -> Iterator[Callable[..., Inbox]]:
    make_scene(table)

    def make(*urls: str, text: str = "The roof", **answers: list[HttpResponse | Exception]) -> Inbox:
        one = Inbox(table, answers)
        one.arrive(*urls, text=text)
        return one

    return make  # type: ignore[return-value]  # a fixture's value


def ok(content: bytes) -> HttpResponse:
    return HttpResponse(200, content)


def test_file_is_stored_and_belongs_to_its_message(inbox: Callable[..., Inbox]) -> None:
    one = inbox("roof.jpg", **{"roof.jpg": [ok(PNG)]})
    (pending,) = one.message.media
    assert (pending.state, pending.carrier) == (MediaState.PENDING, "bandwidth")
    assert one.collect() == IngestResult(IngestOutcome.READY)
    (ready,) = one.read().media
    assert ready == replace(
        pending, content_type="image/png", size=len(PNG), filename="roof.png", state=MediaState.READY, scalable=False
    )
    assert one.files.stored == {f"{ready.sid}/original.png": (PNG, "image/png", "roof.png")}
    (parameters,) = one.update_events()
    assert json.loads(parameters["Media"]) == [
        {"Sid": ready.sid, "ContentType": "image/png", "Filename": "roof.png", "Size": len(PNG)}
    ]
    stored = store.fetch_many(one.table, [ready.sid])[ready.sid]
    assert (stored.service_sid, stored.message_sid, stored.author) == ("IS1", one.message.sid, one.message.author)


def test_a_file_without_an_address_has_failed_and_its_text_is_recorded(table: Table) -> None:
    """C12. It is not asked for, and what goes on to others goes without."""
    make_scene(table)
    parts = (Part("", "image/jpeg"), Part("https://carrier.example/2.jpg"))
    inbound = InboundText("telnyx", "id-1", P, A, (P, B), "The roof", parts)
    recorded = recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(inbound, NOW)
    found = messages.fetch(table, recorded.conversation_sid, recorded.message_sid)
    assert found and found.message.body == "The roof"
    assert [(part.state, part.error) for part in found.message.media] == [
        (MediaState.FAILED, "address"),
        (MediaState.PENDING, None),
    ]
    assert [part.sid for part in found.message.pending] == [found.message.media[1].sid]


@pytest.mark.parametrize(
    ("content", "declared", "kind", "name"),
    [
        pytest.param("BEGIN:VCARD\nN:Jörg".encode("latin-1"), "text/x-vcard", "text/vcard", "x.vcf", id="a card"),
        pytest.param(b"\xff\xf1\x50\x80", "audio/aac", "audio/aac", "x.aac", id="a voice note"),
        pytest.param(b"\0\1\2", "audio/evrc", "audio/evrc", "x.bin", id="what only its carrier knows"),
        pytest.param(b"\0\1\2", "text/html", "application/octet-stream", "x.bin", id="what is no such thing"),
    ],
)
def test_declared_type_counts_where_the_bytes_are_inconclusive(
    table: Table, content: bytes, declared: str, kind: str, name: str
) -> None:
    """C10, A9."""
    make_scene(table)
    one = Inbox(table, {"x.html": [ok(content)]}, declared=declared)
    one.arrive("x.html")
    assert one.collect().outcome is IngestOutcome.READY
    (ready,) = one.read().media
    assert (ready.content_type, ready.filename) == (kind, name)


@pytest.mark.parametrize("declared", [None, "application/octet-stream"])
def test_a_type_that_only_comes_with_the_file_counts_too(table: Table, declared: str | None) -> None:
    """C10: Bandwidth's webhooks name files, and no types."""
    make_scene(table)
    note = HttpResponse(200, b"\0\1\2", {"content-type": "audio/evrc"})
    one = Inbox(table, {"note": [note]}, declared=declared)
    one.arrive("note")
    one.collect()
    assert one.read().media[0].content_type == "audio/evrc"


def test_a_repeat_finds_it_done(inbox: Callable[..., Inbox]) -> None:
    one = inbox("roof.jpg", **{"roof.jpg": [ok(PNG)]})
    one.collect()
    assert one.collect(attempt=2) == IngestResult(IngestOutcome.NOTHING)
    assert len(one.update_events()) == 1
    assert one.files.stored


def test_one_that_comes_late_leaves_the_file_of_the_faster_one(
    inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = inbox("roof.jpg", **{"roof.jpg": [ok(PNG), ok(PNG)]})
    put = one.files.put

    def meanwhile(*given: Any) -> None:
        monkeypatch.setattr(one.files, "put", put)
        assert one.collect() == IngestResult(IngestOutcome.READY)
        put(*given)

    monkeypatch.setattr(one.files, "put", meanwhile)
    assert one.collect() == IngestResult(IngestOutcome.NOTHING)
    assert len(one.files.stored) == len(one.update_events()) == 1


def test_several_files_do_not_hold_each_other_up(inbox: Callable[..., Inbox]) -> None:
    one = inbox("1.png", "2.png", "3.png", **{"1.png": [LATER], "2.png": [ok(PNG)], "3.png": [ok(PNG)]})
    assert [one.collect(number).outcome for number in (0, 1, 2)] == [
        IngestOutcome.WAITING,
        IngestOutcome.READY,
        IngestOutcome.READY,
    ]
    assert [part.state.value for part in one.read().media] == ["pending", "ready", "ready"]


def test_layout_and_a_copy_of_the_text_are_no_files(inbox: Callable[..., Inbox]) -> None:
    one = inbox("a", "b", "c.png", a=[ok(SMIL)], b=[ok(PLAIN)], **{"c.png": [ok(PNG)]})
    assert [one.collect(number).outcome for number in (0, 1, 2)] == [
        IngestOutcome.DROPPED,
        IngestOutcome.DROPPED,
        IngestOutcome.READY,
    ]
    assert [part.filename for part in one.read().media] == ["c.png"]
    assert list(one.files.stored) == [f"{one.message.media[2].sid}/original.png"]


def test_words_become_the_body_of_a_text_without_one_and_are_published(inbox: Callable[..., Inbox]) -> None:
    """C6."""
    one = inbox("note", text="", note=[ok(PLAIN)])
    assert one.collect().outcome is IngestOutcome.READ
    assert (one.read().body, one.read().media) == ("The roof", ())
    (parameters,) = one.update_events()
    assert parameters["Body"] == "The roof"


def test_words_of_a_message_of_an_earlier_version_are_a_file(
    inbox: Callable[..., Inbox],
) -> None:
    one = inbox("note", text="", note=[ok(PLAIN)])
    key = keys.message(one.message.conversation_sid, one.message.sid)
    item = one.table.get(key)
    assert item
    del item["origin"]
    one.table._client.put_item(TableName="partyline", Item=_dynamo(item))
    assert one.collect().outcome is IngestOutcome.READY
    assert one.read().media[0].content_type == "text/plain"


def test_what_its_carrier_does_not_give_is_asked_for_as_long_as_carriers_keep_it(
    inbox: Callable[..., Inbox],
) -> None:
    one = inbox("1.png", **{"1.png": [LATER, RequestTimedOut("slow"), LATER, LATER]})
    assert one.collect(attempt=1) == IngestResult(IngestOutcome.WAITING, "HTTP 503", 2.0)
    assert one.collect(attempt=2) == IngestResult(IngestOutcome.WAITING, "slow", 5.0)
    one.now = NOW + ingest.CARRIER_RETENTION - timedelta(seconds=1)
    assert one.collect(attempt=50) == IngestResult(IngestOutcome.WAITING, "HTTP 503", 3600.0)
    one.now = NOW + ingest.CARRIER_RETENTION
    assert one.collect(attempt=51) == IngestResult(IngestOutcome.FAILED, "expired")
    (failed,) = one.read().media
    assert (failed.state, failed.error) == (MediaState.FAILED, "expired")


def test_the_queue_holds_a_file_for_longer_than_carriers_do() -> None:
    waited, attempts = timedelta(), 0
    while waited < ingest.CARRIER_RETENTION:
        attempts += 1
        waited += timedelta(seconds=ingest._retry_delay(attempts))
    assert attempts < 100


def test_a_file_that_is_not_there_is_asked_for_three_times(inbox: Callable[..., Inbox]) -> None:
    one = inbox("1.png", **{"1.png": [GONE] * 3})
    outcomes = [one.collect(attempt=attempt).outcome for attempt in (1, 2, 3)]
    assert outcomes == [IngestOutcome.WAITING, IngestOutcome.WAITING, IngestOutcome.FAILED]
    assert one.read().media[0].error == "gone"
    assert one.files.stored == {}


def test_file_that_a_browser_would_run_is_not_stored(inbox: Callable[..., Inbox]) -> None:
    one = inbox("1.png", **{"1.png": [ok(b"<html><script>")]})
    assert one.collect() == IngestResult(IngestOutcome.FAILED, "type")
    assert one.files.stored == {}


def test_a_carrier_without_credentials_may_get_them_back(inbox: Callable[..., Inbox]) -> None:
    one = inbox("1.png", **{"1.png": []})
    key = keys.message(one.message.conversation_sid, one.message.sid)
    item = one.table.get(key)
    assert item
    item["media"][0]["carrier"] = "telnyx"
    one.table._client.put_item(TableName="partyline", Item=_dynamo(item))
    assert one.collect() == IngestResult(IngestOutcome.WAITING, "not set up", 2.0)


def _dynamo(item: dict[str, Any]) -> Any:
    from boto3.dynamodb.types import TypeSerializer  # noqa: PLC0415

    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def test_a_message_that_was_deleted_meanwhile_leaves_no_file(
    inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = inbox("1.png", **{"1.png": [ok(PNG)]})
    put = one.files.put

    def delete(*given: Any) -> None:
        put(*given)
        conversation = conversations.fetch(one.table, one.message.conversation_sid)
        found = messages.fetch(one.table, one.message.conversation_sid, one.message.sid)
        assert conversation
        assert found
        messages.remove(one.table, conversation, found, NOW)

    monkeypatch.setattr(one.files, "put", delete)
    assert one.collect() == IngestResult(IngestOutcome.NOTHING)
    assert one.files.stored == {}
    assert one.collect() == IngestResult(IngestOutcome.NOTHING)


def dies_before_it_is_written_down(one: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt, which keeps the file and no more."""
    with monkeypatch.context() as patch:
        patch.setattr(one, "table", Dying(one.table, 0))
        with pytest.raises(Crash):
            one.collect()
    assert one.files.stored


def test_file_stored_before_a_crash_is_deleted_with_its_message(
    inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = inbox("1.png", **{"1.png": [ok(PNG)]})
    dies_before_it_is_written_down(one, monkeypatch)
    conversation = conversations.fetch(one.table, one.message.conversation_sid)
    found = messages.fetch(one.table, one.message.conversation_sid, one.message.sid)
    assert conversation
    assert found
    assert messages.remove(one.table, conversation, found, NOW)
    assert one.collect(attempt=2) == IngestResult(IngestOutcome.NOTHING)
    assert one.files.stored == {}


def test_file_stored_before_a_crash_is_deleted_when_its_carrier_lost_it(
    inbox: Callable[..., Inbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = inbox("1.png", **{"1.png": [ok(PNG), HttpResponse(410, b"")]})
    dies_before_it_is_written_down(one, monkeypatch)
    assert one.collect(attempt=2) == IngestResult(IngestOutcome.FAILED, "gone")
    assert one.files.stored == {}


def test_a_deleted_message_takes_its_files_along(inbox: Callable[..., Inbox]) -> None:
    one = inbox("1.png", **{"1.png": [ok(PNG)]})
    one.collect()
    conversation = conversations.fetch(one.table, one.message.conversation_sid)
    found = messages.fetch(one.table, one.message.conversation_sid, one.message.sid)
    assert conversation
    assert found
    assert messages.remove(one.table, conversation, found, NOW)
    assert store.fetch_many(one.table, [found.message.media[0].sid]) == {}


# --- sending


READY = Media("ME" + "1" * 32, "", "image/png", len(PNG), "roof.png", MediaState.READY)


def outgoing(table: Table, files: Files, elapsed: Callable[[], float] = lambda: 0.0) -> OutboundFiles:
    return OutboundFiles(table, files, lambda key: f"https://example.com/{key}", lambda: NOW, elapsed)


def with_media(table: Table, *media: Media, body: str | None = "hello") -> Any:
    """A scene whose message has these files."""
    one = make_scene(table, clients=2)
    one.message = replace(one.message, media=media, body=body)
    key = keys.message(one.message.conversation_sid, one.message.sid)
    table._client.put_item(TableName="partyline", Item=_dynamo({**key.attributes(), **codec.encode(one.message)}))
    for part in media:
        uploaded = StoredMedia(part.sid, "IS1", NOW, NOW, part.content_type or "", part.size or 0)
        table.write(put("media", keys.media(part.sid), codec.encode(uploaded)))
    return one


def test_files_go_along_with_a_link_and_their_bytes(table: Table) -> None:
    files = Files()
    files.put(bucket.original_key(READY.sid, "image/png"), PNG, "image/png", "roof.png")
    one = with_media(table, READY)
    (sent,) = outgoing(table, files).prepare(one.message, one.carrier.limits, group=True)
    assert sent.url == f"https://example.com/{READY.sid}/original.png"
    assert (sent.content_type, sent.size, sent.filename, sent.read()) == ("image/png", len(PNG), "roof.png", PNG)


def test_while_a_file_is_on_its_way_the_rest_is_known(table: Table) -> None:
    one = with_media(table, READY, replace(READY, sid="ME2", state=MediaState.PENDING))
    with pytest.raises(MediaPending) as pending:
        outgoing(table, Files()).prepare(one.message, one.carrier.limits, group=True)
    assert [media.filename for media in pending.value.ready] == ["roof.png"]


def test_an_image_that_cannot_be_made_small_enough_is_left_out(table: Table) -> None:
    files = Files()
    large = replace(READY, size=10**7)
    files.put(bucket.original_key(READY.sid, "image/png"), b"no image", "image/png")
    one = with_media(table, large, replace(READY, sid="ME" + "2" * 32))
    stored = outgoing(table, files).prepare(one.message, one.carrier.limits, group=True)
    assert [media.url for media in stored] == [f"https://example.com/ME{'2' * 32}/original.png"]


@pytest.mark.parametrize(
    ("beside", "sent"),
    [
        pytest.param(0, ["roof.png"], id="alone"),
        pytest.param(200_000, ["roof.png", "plan.pdf"], id="with what fits beside it"),
        pytest.param(201_000, ["plan.pdf"], id="not with what does not"),
    ],
)
def test_an_image_that_cannot_be_made_smaller_goes_as_it_is_where_that_fits(
    table: Table, beside: int, sent: list[str]
) -> None:
    files = Files()
    image = replace(READY, size=800_000)
    files.put(bucket.original_key(READY.sid, "image/png"), PNG, "image/png")
    plan = Media("ME" + "2" * 32, "", "application/pdf", beside, "plan.pdf", MediaState.READY)
    one = with_media(table, image, *([plan] if beside else []))
    limits = replace(one.carrier.limits, media_bytes=1_000_000, image_bytes=600_000)
    stored = outgoing(table, files).prepare(one.message, limits, group=True)
    assert [media.filename for media in stored] == sent


def media_of(one: Any) -> tuple[Media, ...]:
    found = messages.fetch(one.table, one.message.conversation_sid, one.message.sid)
    assert found
    return found.message.media


def updates(table: Table) -> list[dict[str, Any]]:
    """What was told of messages that have changed."""
    client: Any = table._client
    stored = [from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]]
    events = [event for item in stored for event in item.get("events", [])]
    return [event["parameters"] for event in events if event["type"] == "onMessageUpdated"]


@dataclass
class Scaler:
    """Stands for images.scaled: what becomes of each attempt."""

    outcomes: list[bytes | BaseException]
    asked: int = 0

    def __call__(self, content: bytes, most: int) -> bytes:
        self.asked += 1
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


@pytest.fixture
def scaler(monkeypatch: pytest.MonkeyPatch) -> Scaler:
    one = Scaler([])
    monkeypatch.setattr(images, "scale_image", one)
    return one


PHOTO = replace(READY, content_type="image/jpeg", size=8_000_000, filename="roof.jpg")


def kept_files(*media: Media) -> Files:
    files = Files()
    for part in media:
        files.put(bucket.original_key(part.sid, part.content_type or ""), b"photo", part.content_type or "")
    return files


def test_an_image_that_does_not_end_in_time_is_tried_once_and_the_message_says_so(table: Table, scaler: Scaler) -> None:
    """A1: the text goes at once, and what its file costs is not paid again."""
    one, files = with_media(table, PHOTO), kept_files(PHOTO)
    scaler.outcomes = [ImageUnscalable("time", broken=True)]
    for _ in range(3):
        message = replace(one.message, media=media_of(one))
        assert outgoing(table, files).prepare(message, one.carrier.limits, group=True) == ()
    assert scaler.asked == 1
    assert [(part.state, part.error) for part in media_of(one)] == [(MediaState.READY, "left_out")]
    assert len(updates(table)) == 1


def test_an_image_that_ends_the_function_is_not_begun_for_ever(table: Table, scaler: Scaler) -> None:
    """A1: each attempt is noted before it is made."""
    one, files = with_media(table, PHOTO), kept_files(PHOTO)
    scaler.outcomes = [Crash(), Crash()]
    for _ in range(2):
        with pytest.raises(Crash):
            outgoing(table, files).prepare(one.message, one.carrier.limits, group=True)
    assert outgoing(table, files).prepare(one.message, one.carrier.limits, group=True) == ()
    assert scaler.asked == 2
    assert media_of(one)[0].error == "left_out"


def test_attempts_that_end_well_are_not_counted(table: Table, scaler: Scaler) -> None:
    """A1: one image for several carriers is made smaller for each."""
    one, files = with_media(table, PHOTO), kept_files(PHOTO)
    scaler.outcomes = [b"small"] * 4
    for size in (100_000, 200_000, 300_000, 400_000):
        limits = replace(one.carrier.limits, image_bytes=size)
        for _ in range(2):
            (sent,) = outgoing(table, files).prepare(one.message, limits, group=True)
            assert (sent.size, sent.url) == (5, f"https://example.com/{PHOTO.sid}/{size}.jpg")
    assert scaler.asked == 4
    assert media_of(one) == one.message.media


def test_many_images_are_made_smaller_over_several_attempts(table: Table, scaler: Scaler) -> None:
    """A1: an attempt ends within the function's time, and the next one goes on where it stopped."""
    photos = [replace(PHOTO, sid=f"ME{number:032x}") for number in range(3)]
    one, files = with_media(table, *photos), kept_files(*photos)
    scaler.outcomes = [b"small"] * 3
    for made in (1, 2):
        ticks = iter([0.0, 0.0, 11.0] if made == 1 else [0.0, 9.0, 11.0])
        with pytest.raises(MediaUnfinished):
            outgoing(table, files, partial(next, ticks)).prepare(one.message, one.carrier.limits, group=True)
        assert scaler.asked == made
    assert len(outgoing(table, files).prepare(one.message, one.carrier.limits, group=True)) == 3
    assert scaler.asked == 3


def test_a_text_whose_images_are_being_made_smaller_is_tried_again_in_a_moment(table: Table) -> None:
    """A1."""
    one = with_media(table, PHOTO)

    def unfinished(*_: Any, **__: Any) -> Any:
        raise MediaUnfinished

    attempt = replace(one.outbound(), attachments=unfinished).sender.deliver(one.reference)
    assert (attempt.step, attempt.delay, one.carrier.asked) == (NextStep.RETRY, 1.0, [])


def test_media_beyond_the_carriers_limits_is_marked_as_left_out(table: Table) -> None:
    """A1: whatever is left out is left out visibly."""
    film = Media("ME" + "2" * 32, "", "video/mp4", 10**7, "film.mp4", MediaState.READY)
    one = with_media(table, READY, film)
    files = kept_files(READY, film)
    assert len(outgoing(table, files).prepare(one.message, one.carrier.limits, group=True)) == 1
    assert [part.error for part in media_of(one)] == [None, "left_out"]


def test_a_message_that_has_lost_all_it_had_to_say_is_refused_not_sent_empty(table: Table) -> None:
    one = with_media(table, replace(READY, state=MediaState.FAILED, error="gone"), body=None)
    assert one.deliver().state is SendState.REFUSED
    assert one.carrier.asked == []
    assert set(one.receipts().values()) == {(ReceiptStatus.FAILED, 21620)}


def test_sids_of_files_are_unlike(inbox: Callable[..., Inbox]) -> None:
    one = inbox("1", "2", **{"1": [], "2": []})
    first, second = (part.sid for part in one.message.media)
    assert first != second
    assert sids.matches(sids.MEDIA, first)
