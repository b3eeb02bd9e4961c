"""Catch-ups on a real table: what webhooks lost is recorded once, what they brought is not doubled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from partyline.carriers.base import Carrier, WebhookRequest
from partyline.carriers.listing import ListedText
from partyline.carriers.registry import build_carrier
from partyline.carriers.transport import no_transport
from partyline.domain import sids
from partyline.domain.catch_ups import CatchUp, CatchUpState, plan_catch_up
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.unrouted import UnroutedReason
from partyline.errors import ListingRefused, ListingUnavailable, PartylineError, TableThrottled
from partyline.inbound.catch_up_runner import MAX_TRIES, CatchUpRunner, CatchUpSource, find_delay
from partyline.inbound.recorder import InboundRecorder
from partyline.inbound.webhook_handler import WebhookHandler
from partyline.queues.queue_messages import CatchUpRun
from partyline.storage import catch_ups, conversation_lists, conversations, lines, messages, opt_outs, queries
from partyline.storage.queries import Window
from partyline.storage.table import Table
from tests.support.api_harness import consult_no_webhook
from tests.support.carrier_contract import SECRETS

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
SERVICE = sids.default_service("AC" + "0" * 32)
A, B = "+12065550150", "+12065550151"
TWILIO, TELNYX, TELNYX_TOO = "+12065550120", "+12065550110", "+12065550111"


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


@dataclass
class Listing:
    """A carrier's list, as its numbers have it."""

    texts: dict[str, list[tuple[ListedText, bytes | None]]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    failing: dict[str, Exception] = field(default_factory=dict)
    fails_to_list: Exception | None = None
    is_newest_first: bool = True

    def iterate_pages(self, line: str, day: date) -> Iterator[list[ListedText]]:
        if self.fails_to_list:
            raise self.fails_to_list
        found = [text for text, _ in self.texts.get(line, ()) if text.received_at.date() == day]
        # The latest first, and one of them on both pages, as when a text comes in between.
        yield list(reversed(found))[:2]
        yield list(reversed(found))[1:]

    def rebuild_webhook(self, text_id: str) -> bytes | None:
        self.fetched.append(text_id)
        if text_id in self.failing:
            raise self.failing[text_id]
        return next(body for texts in self.texts.values() for text, body in texts if text.id == text_id)

    def add(self, line: str, text_id: str, at: datetime, body: bytes | None, *, mms: bool = False) -> None:
        self.texts.setdefault(line, []).append((ListedText(text_id, at, roster_unknown=mms), body))


def twilio(sid: str, text: str, sender: str = A, media: int = 0, **more: str) -> bytes:
    files = {f"MediaUrl{place}": f"https://api.twilio.com/{sid}/{place}" for place in range(media)}
    form = {"MessageSid": sid, "From": sender, "To": TWILIO, "Body": text, "NumMedia": str(media), **files, **more}
    return urlencode(form).encode()


def telnyx(sid: str, text: str, *others: str, line: str = TELNYX, sender: str = A) -> bytes:
    payload = {
        "id": sid,
        "from": {"phone_number": sender},
        "to": [{"phone_number": line, "status": "webhook_failed"}],
        "cc": [line, *others] if others else [],
        "text": text,
    }
    return json.dumps({"data": {"event_type": "message.received", "payload": payload}}).encode()


@dataclass
class World:
    """A table with lines at two carriers, and the carriers' lists."""

    table: Table
    listing: Listing = field(default_factory=Listing)
    now: datetime = NOW
    has_time: Callable[[], bool] = field(default=lambda: True)

    @property
    def handler(self) -> WebhookHandler:
        return WebhookHandler(self.table, InboundRecorder(self.table, SERVICE, consult_no_webhook))

    def carrier(self, name: str) -> Carrier:
        return build_carrier(name, SECRETS, no_transport)

    def arrive(self, name: str, body: bytes, at: datetime | None = None) -> Any:
        """A webhook that comes in time."""
        carrier = self.carrier(name)
        request = WebhookRequest("", "", {}, {}, body)
        [event] = carrier.parse(request)
        return self.handler.handle_event(name, event, request, at or self.now)

    def runner(self) -> CatchUpRunner:
        return CatchUpRunner(
            self.table,
            self.handler,
            lambda name: CatchUpSource(self.carrier(name), self.listing),
            lambda: self.now,
            self.has_time,
        )

    def start(self, line: str, since: datetime | None = None) -> CatchUpRun:
        registered = lines.fetch(self.table, [line])[line]
        before = catch_ups.fetch(self.table, line)
        after = plan_catch_up(line, registered.carrier, registered.created, before, since, self.now)
        assert catch_ups.start(self.table, before, after)
        return CatchUpRun(line, after.run)

    def catch_up(self, line: str, since: datetime | None = None) -> CatchUp:
        """A catch-up from its beginning to its end."""
        assert self.runner().run(self.start(line, since)) is None
        return self.fetch(line)

    def fetch(self, line: str) -> CatchUp:
        found = catch_ups.fetch(self.table, line)
        assert found
        return found

    def bodies(self) -> list[str | None]:
        """The messages of all conversations, each in its order."""
        page = conversation_lists.page(self.table, SERVICE, Window(100))
        return [
            one.message.body
            for _, conversation in reversed(page.entries)
            for one in messages.page(self.table, conversation.sid, size=200).messages
        ]

    def unrouted(self) -> list[tuple[str, str]]:
        return [(text.reason.value, text.body) for _, text in queries.unrouted(self.table, Window(100)).entries]


@pytest.fixture
def world(table: Table) -> World:
    for address, carrier in ((TWILIO, "twilio"), (TELNYX, "telnyx"), (TELNYX_TOO, "telnyx")):
        registered = ago(days=100)
        lines.register(table, Line(sids.new(sids.LINE), address, carrier, registered, registered, AutoCreation.ALL))
    return World(table)


def counts(found: CatchUp) -> tuple[int, int, int, int, int]:
    return found.known, found.recorded, found.copied, found.unrouted, found.unreadable


def test_text_whose_webhook_was_lost_is_recorded_and_one_that_came_is_not_doubled(world: World) -> None:
    world.arrive("twilio", twilio("SM2", "came"))
    for number, text in enumerate(("lost first", "came", "lost last"), 1):
        world.listing.add(TWILIO, f"SM{number}", ago(hours=4 - number), twilio(f"SM{number}", text))
    found = world.catch_up(TWILIO)
    assert (found.state, counts(found)) == (CatchUpState.COMPLETED, (1, 2, 0, 0, 0))
    assert world.bodies() == ["came", "lost first", "lost last"]
    # What is known is not even fetched.
    assert world.listing.fetched == ["SM1", "SM3"]


def test_texts_of_the_same_second_keep_the_order_of_the_list(world: World) -> None:
    for sid in ("SM3", "SM1", "SM2"):
        world.listing.add(TWILIO, sid, ago(hours=1), twilio(sid, f"text {sid}"))
    job = world.start(TWILIO)
    world.has_time = lambda: len(world.listing.fetched) < 2
    left = world.runner().run(job)
    assert left
    assert world.bodies() == ["text SM3", "text SM1"]
    world.has_time = lambda: True
    assert world.runner().run(left) is None
    assert world.bodies() == ["text SM3", "text SM1", "text SM2"]
    assert counts(world.fetch(TWILIO)) == (0, 3, 0, 0, 0)


def test_webhook_that_comes_after_the_catch_up_changes_nothing(world: World) -> None:
    world.listing.add(TWILIO, "SM1", ago(hours=1), twilio("SM1", "late"))
    world.catch_up(TWILIO)
    world.arrive("twilio", twilio("SM1", "late"))
    assert world.bodies() == ["late"]


def test_second_catch_up_records_nothing_again(world: World) -> None:
    world.listing.add(TWILIO, "SM1", ago(minutes=30), twilio("SM1", "lost"))
    world.catch_up(TWILIO)
    again = world.catch_up(TWILIO)
    assert (again.run, counts(again)) == (2, (1, 0, 0, 0, 0))
    assert world.bodies() == ["lost"]


def test_caught_up_text_has_the_carriers_time_and_its_files_are_fetched(world: World) -> None:
    body = telnyx("u1", "look").replace(b'"text"', b'"media": [{"url": "https://media.example/1"}], "text"')
    world.listing.add(TELNYX, "u1", ago(hours=1), body)
    world.catch_up(TELNYX)
    [(_, conversation)] = conversation_lists.page(world.table, SERVICE, Window(5)).entries
    [found] = messages.page(world.table, conversation.sid, size=5).messages
    assert (found.message.received_at, found.message.created) == (ago(hours=1), NOW)
    assert [media.url for media in found.message.pending] == ["https://media.example/1"]


def test_texts_of_the_last_minutes_are_left_to_their_webhooks(world: World) -> None:
    world.listing.add(TWILIO, "SM1", ago(minutes=4), twilio("SM1", "just now"))
    assert counts(world.catch_up(TWILIO)) == (0, 0, 0, 0, 0)
    world.now += timedelta(minutes=10)
    assert counts(world.catch_up(TWILIO)) == (0, 1, 0, 0, 0)


def test_group_text_of_which_the_roster_is_listed_goes_into_its_group(world: World) -> None:
    world.arrive("telnyx", telnyx("u1", "hi all", B))
    world.listing.add(TELNYX, "u2", ago(hours=1), telnyx("u2", "lost", B))
    assert counts(world.catch_up(TELNYX)) == (0, 1, 0, 0, 0)
    assert world.bodies() == ["hi all", "lost"]


def test_copy_at_another_line_is_no_second_message(world: World) -> None:
    world.arrive("telnyx", telnyx("u1", "hi both", TELNYX_TOO, B))
    copy = telnyx("u2", "hi both", TELNYX, B, line=TELNYX_TOO)
    world.listing.add(TELNYX_TOO, "u2", ago(hours=1), copy)
    assert counts(world.catch_up(TELNYX_TOO)) == (0, 0, 1, 0, 0)
    assert world.bodies() == ["hi both"]


def test_group_text_whose_copies_are_counted_no_more_is_left_to_a_person(world: World) -> None:
    world.arrive("telnyx", telnyx("u1", "hi both", TELNYX_TOO, B), ago(days=3))
    for line, sid in ((TELNYX_TOO, "u2"), (TELNYX, "u3")):
        body = telnyx(sid, "hi both" if sid == "u2" else "alone", TELNYX, TELNYX_TOO, B, line=line)
        world.listing.add(line, sid, ago(days=3), body)
    world.now = NOW
    # Of moto's table nothing expires by itself.
    forget_counters(world.table)
    assert counts(world.catch_up(TELNYX_TOO)) == (0, 0, 0, 1, 0)
    assert counts(world.catch_up(TELNYX)) == (0, 0, 0, 1, 0)
    assert sorted(world.unrouted()) == [("uncertain", "alone"), ("uncertain", "hi both")]
    assert world.bodies() == ["hi both"]


def forget_counters(table: Table) -> None:
    client: Any = table._client
    for item in client.scan(TableName="partyline")["Items"]:
        if item["SK"]["S"].startswith("K#"):
            client.delete_item(TableName="partyline", Key={name: item[name] for name in ("PK", "SK")})


def test_text_that_may_have_gone_to_a_group_is_in_no_conversation_until_a_person_routes_it(world: World) -> None:
    world.arrive("twilio", twilio("SM1", "before"))
    world.listing.add(TWILIO, "MM1", ago(hours=1), twilio("MM1", "to whom?", media=1), mms=True)
    assert counts(world.catch_up(TWILIO)) == (0, 0, 0, 1, 0)
    assert (world.bodies(), world.unrouted()) == (["before"], [("uncertain", "to whom?")])
    [(_, text)] = queries.unrouted(world.table, Window(5)).entries
    assert [media.url for media in text.media] == ["https://api.twilio.com/MM1/0"]
    world.handler.recorder.record_unrouted(text, world.now)
    assert (world.bodies(), world.unrouted()) == (["before", "to whom?"], [])


def test_webhook_with_the_roster_that_came_is_not_left_to_a_person(world: World) -> None:
    world.arrive("twilio", twilio("MM1", "hi all", OtherRecipients0=B))
    world.listing.add(TWILIO, "MM1", ago(hours=1), twilio("MM1", "hi all"), mms=True)
    assert counts(world.catch_up(TWILIO)) == (1, 0, 0, 0, 0)
    assert (world.bodies(), world.unrouted()) == (["hi all"], [])


# --- keywords


def is_out(world: World) -> bool:
    found = opt_outs.fetch_many(world.table, A, TWILIO)
    return found is not None and found.opted_out


def test_stop_that_was_lost_takes_effect_without_an_answer(world: World) -> None:
    world.listing.add(TWILIO, "SM1", ago(hours=1), twilio("SM1", "OPT OUT"))
    world.catch_up(TWILIO)
    found = opt_outs.fetch_many(world.table, A, TWILIO)
    assert found
    assert (found.opted_out, found.since) == (True, ago(hours=1))
    client: Any = world.table._client
    stored = client.scan(TableName="partyline")["Items"]
    # A confirmation would be a message of no conversation.
    assert [item for item in stored if item.get("outbox") == {"S": "message"}] == []


def test_start_that_was_said_after_a_stop_holds_whatever_was_lost(world: World) -> None:
    world.listing.add(TWILIO, "SM1", ago(hours=3), twilio("SM1", "STOP"))
    world.listing.add(TWILIO, "SM2", ago(hours=2), twilio("SM2", "START"))
    world.catch_up(TWILIO)
    assert not is_out(world)


def test_stop_that_came_holds_against_an_earlier_start_that_was_lost(world: World) -> None:
    world.arrive("twilio", twilio("SM2", "STOP"), ago(hours=1))
    world.listing.add(TWILIO, "SM1", ago(hours=2), twilio("SM1", "START"))
    assert counts(world.catch_up(TWILIO)) == (0, 1, 0, 0, 0)
    assert is_out(world)


def test_start_that_came_holds_against_an_earlier_stop_that_was_lost(world: World) -> None:
    world.arrive("twilio", twilio("SM2", "START"), ago(hours=1))
    world.listing.add(TWILIO, "SM1", ago(hours=2), twilio("SM1", "STOP"))
    world.catch_up(TWILIO)
    assert not is_out(world)


def test_stop_in_a_text_of_unknown_roster_takes_effect(world: World) -> None:
    world.listing.add(TWILIO, "MM1", ago(hours=1), twilio("MM1", "stop", media=1), mms=True)
    world.catch_up(TWILIO)
    assert (is_out(world), world.unrouted()) == (True, [("uncertain", "stop")])


# --- what gets in the way


def many(world: World, number: int) -> None:
    for place in range(number):
        sid = f"SM{place:03}"
        world.listing.add(TWILIO, sid, ago(days=2) + timedelta(minutes=15 * place), twilio(sid, str(place)))


def test_run_without_time_goes_on_where_it_was(world: World) -> None:
    many(world, 150)
    job = world.start(TWILIO)
    left: CatchUpRun | None = job
    runs = 0
    while left:
        enough = len(world.listing.fetched) + 40
        world.has_time = lambda enough=enough: len(world.listing.fetched) < enough  # type: ignore[misc]
        left = world.runner().run(left)
        runs += 1
    assert runs > 3
    assert counts(world.fetch(TWILIO)) == (0, 150, 0, 0, 0)
    assert world.bodies() == [str(place) for place in range(150)]
    assert world.listing.fetched == [f"SM{place:03}" for place in range(150)]


def test_run_that_was_cut_off_before_it_stored_how_far_it_is_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(world, 3)
    job = world.start(TWILIO)
    with monkeypatch.context() as patch:
        patch.setattr(catch_ups, "advance", crash)
        with pytest.raises(Crash):
            world.runner().run(job)
    assert world.runner().run(job) is None
    assert counts(world.fetch(TWILIO)) == (3, 0, 0, 0, 0)
    assert world.bodies() == ["0", "1", "2"]


class Crash(Exception):
    """A function that ends."""


def crash(*_: Any) -> bool:
    raise Crash


def test_message_that_comes_twice_runs_once(world: World) -> None:
    many(world, 2)
    job = world.start(TWILIO)
    assert world.runner().run(job) is None
    before = world.fetch(TWILIO)
    assert world.runner().run(job) is None
    assert world.runner().run(replace(job, run=7)) is None
    assert world.fetch(TWILIO) == before


def test_two_runs_at_the_same_time_count_once(world: World) -> None:
    many(world, 2)
    job = world.start(TWILIO)
    inner = world.runner()

    def complete(carrier: Carrier, text: Any, until: float) -> Any:
        # Another invocation of the same message is faster.
        world.listing.failing.clear()
        inner.run(job)
        return text

    slow = replace(world.runner(), handler=replace(world.handler, complete=complete))
    assert slow.run(job) is None
    assert counts(world.fetch(TWILIO)) == (0, 2, 0, 0, 0)
    assert world.bodies() == ["0", "1"]


@pytest.mark.parametrize("error", [ListingUnavailable("the carrier answered HTTP 503"), TableThrottled()])
def test_what_passes_is_waited_for_and_what_was_taken_counts(world: World, error: PartylineError) -> None:
    many(world, 3)
    world.listing.failing["SM002"] = error
    left = world.runner().run(world.start(TWILIO))
    assert left == CatchUpRun(TWILIO, 1, failures=1)
    waiting = world.fetch(TWILIO)
    assert (waiting.state, counts(waiting)) == (CatchUpState.RUNNING, (0, 2, 0, 0, 0))
    assert waiting.problem in ("the carrier answered HTTP 503", "the table is busy")
    again = world.runner().run(left)
    assert again == CatchUpRun(TWILIO, 1, failures=2)
    world.listing.failing.clear()
    assert world.runner().run(again) is None
    assert counts(world.fetch(TWILIO)) == (0, 3, 0, 0, 0)
    assert world.fetch(TWILIO).problem == ""


def test_carrier_that_never_answers_is_given_up_in_the_end(world: World) -> None:
    world.listing.fails_to_list = ListingUnavailable("the carrier answered HTTP 503")
    left: CatchUpRun | None = world.start(TWILIO)
    delays = []
    while left:
        left = world.runner().run(left)
        delays += [find_delay(left)] if left else []
    assert (delays[0], max(delays), len(delays)) == (60, 900, MAX_TRIES - 1)
    found = world.fetch(TWILIO)
    assert (found.state, found.problem) == (CatchUpState.FAILED, "the carrier answered HTTP 503")


def test_day_that_takes_longer_to_list_than_a_run_is_no_loop(world: World) -> None:
    many(world, 3)
    world.has_time = lambda: False
    assert world.runner().run(world.start(TWILIO)) == CatchUpRun(TWILIO, 1, failures=1)
    assert world.fetch(TWILIO).problem == "the carrier takes too long to list a day"


def refuse(world: World) -> None:
    world.listing.fails_to_list = ListingRefused("the carrier refused: HTTP 401, code 20003")


def remove_secret(world: World) -> None:
    world.runner = lambda: replace(CatchUpRunner(world.table, world.handler, lack, lambda: NOW, lambda: True))  # type: ignore[method-assign]


def lack(name: str) -> CatchUpSource:
    raise LookupError(f"carrier {name} lacks twilio_auth_token")


def move_line(world: World) -> None:
    before = lines.fetch(world.table, [TWILIO])[TWILIO]
    lines.update(world.table, before, replace(before, carrier="telnyx"))


@pytest.mark.parametrize(
    ("happens", "problem"),
    [
        (refuse, "the carrier refused: HTTP 401, code 20003"),
        (remove_secret, "carrier twilio lacks twilio_auth_token"),
        (move_line, "the line is not with this carrier any more"),
    ],
)
def test_what_does_not_pass_ends_it_and_says_why(world: World, happens: Callable[[World], None], problem: str) -> None:
    many(world, 1)
    job = world.start(TWILIO)
    happens(world)
    assert world.runner().run(job) is None
    found = world.fetch(TWILIO)
    assert (found.state, found.problem, world.bodies()) == (CatchUpState.FAILED, problem, [])


def test_catch_up_of_a_line_that_was_deleted_ends(world: World) -> None:
    many(world, 1)
    job = world.start(TWILIO)
    lines.remove(world.table, TWILIO)
    assert world.runner().run(job) is None
    assert (catch_ups.fetch(world.table, TWILIO), world.bodies()) == (None, [])


@pytest.mark.parametrize("body", [None, b"", twilio("SM1", ""), b"Body=hi&MessageSid=SM1"])
def test_text_that_cannot_be_read_is_counted_and_holds_up_no_other(world: World, body: bytes | None) -> None:
    world.listing.add(TWILIO, "SM1", ago(hours=2), body)
    world.listing.add(TWILIO, "SM2", ago(hours=1), twilio("SM2", "fine"))
    assert counts(world.catch_up(TWILIO)) == (0, 1, 0, 0, 1)
    assert (world.bodies(), world.unrouted()) == (["fine"], [])


def test_text_that_no_conversation_takes_is_unrouted_as_by_webhook(world: World) -> None:
    before = lines.fetch(world.table, [TWILIO])[TWILIO]
    lines.update(world.table, before, replace(before, auto_creation=AutoCreation.OFF))
    world.listing.add(TWILIO, "SM1", ago(hours=2), twilio("SM1", "hello?"))
    assert counts(world.catch_up(TWILIO)) == (0, 0, 0, 1, 0)
    assert world.unrouted() == [(UnroutedReason.AUTO_CREATION_OFF.value, "hello?")]


def test_text_goes_into_a_conversation_that_was_made_for_it(world: World) -> None:
    made = world.arrive("twilio", twilio("SM1", "first"))
    world.listing.add(TWILIO, "SM2", ago(hours=2), twilio("SM2", "lost"))
    world.catch_up(TWILIO)
    roster = conversations.load(world.table, made.conversation_sid)
    assert roster
    assert roster.conversation.last_index == 1
