"""Timers, by a clock that the test moves: what is read, written and published, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from partyline.carriers.base import InboundText
from partyline.domain import sids
from partyline.domain.conversations import ConversationState
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.errors import Conflict, TableThrottled
from partyline.inbound import recorder
from partyline.inbound.recorder import RecordOutcome
from partyline.lifecycle import cleanup, expiry
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import conversations, event_outbox, keys, messages, schedule
from partyline.storage.attribute_values import from_dynamo
from partyline.storage.schedule import ScheduleKind
from partyline.storage.table import Table, Write
from tests.support.api_harness import (
    ACCOUNT,
    A,
    Api,
    B,
    C,
    Clock,
    Counting,
    P,
    Racing,
    activate,
    consult_no_webhook,
    send_no_message,
    sweep_nothing,
)
from tests.support.files import Files

TIMERS = {"State": "active", "Timers.Inactive": "PT1M", "Timers.Closed": "PT10M"}


@dataclass
class Watch:
    """The function that looks once a minute."""

    table: Table
    clock: Clock
    activated: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)

    def __call__(self, table: Table | None = None, has_time: Callable[[], bool] = lambda: True) -> tuple[int, bool]:
        runner = expiry.TimerRunner(
            table or self.table,
            self.clock,
            self.activated.append,
            self.expired.append,
            send_no_message,
            sweep_nothing,
            has_time,
        )
        return runner.run()


@pytest.fixture
def watch(table: Table, clock: Clock) -> Watch:
    return Watch(table, clock)


def state(api: Api, sid: str) -> str:
    return str(api.get(f"/Conversations/{sid}").body["state"])


def stored(table: Table, sid: str) -> ConversationState:
    found = conversations.fetch(table, sid)
    assert found
    return found.state


def state_changes(table: Table, sid: str) -> list[tuple[str, str, str, str]]:
    """From, to, when and why of the changes of state that were told, in order."""
    client: Any = table._client
    written = [from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]]
    batches = [event_outbox.decode(item) for item in written if item.get("outbox") == "happening"]
    told = [event.parameters for batch in batches if batch.subject == sid for event in batch.events]
    changes = [one for one in told if "StateFrom" in one]
    # The table has no order of what was written at one moment.
    changes.sort(key=lambda change: change["StateUpdated"])
    return [(one["StateFrom"], one["StateTo"], one["StateUpdated"], one["Reason"]) for one in changes]


def entered(table: Table) -> int:
    client: Any = table._client
    return sum(item["PK"]["S"].startswith("DUE#") for item in client.scan(TableName="partyline")["Items"])


def text(table: Table, clock: Clock, sender: str, *recipients: str, id: str = "carrier-1") -> recorder.RecordResult:
    arrived = InboundText("bandwidth", id, P, sender, recipients, "hello")
    service = sids.default_service(ACCOUNT)
    return recorder.InboundRecorder(table, service, consult_no_webhook).record(arrived, clock())


def test_a_conversation_becomes_inactive_and_closed_when_due_and_not_before(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    sid = api.group(A, B, **TIMERS)
    for seconds, expected in ((59, "active"), (1, "inactive"), (539, "inactive"), (1, "closed")):
        clock.tick(seconds=seconds)
        watch()
        assert stored(table, sid) == expected
    assert state_changes(table, sid) == [
        ("active", "inactive", "2026-11-22T12:01:00.250Z", "TIMER"),
        ("inactive", "closed", "2026-11-22T12:10:00.250Z", "TIMER"),
    ]
    assert entered(table) == 0


def test_closing_by_a_timer_releases_the_threads(api: Api, clock: Clock, watch: Watch) -> None:
    api.group(A, B, **TIMERS)
    clock.tick(minutes=10)
    watch()
    assert api.get("/Conversations", [("Address", A), ("Address", B), ("Address", P)]).body["conversations"] == []
    api.group(A, B)


def test_state_is_read_as_due_before_the_timer_ran(api: Api, clock: Clock) -> None:
    sid = api.conversation(**TIMERS)
    api.add(sid, identity="ann")
    clock.tick(seconds=60)

    def seen() -> set[str]:
        listed = api.get("/Conversations").body["conversations"]
        of_user = api.get("/Users/ann/Conversations").body["conversations"]
        of_person = api.get("/ParticipantConversations", {"Identity": "ann"}).body["conversations"]
        return {
            *(one["state"] for one in listed),
            *(one["conversation_state"] for one in [*of_user, *of_person]),
        }

    assert seen() == {"inactive"}
    assert api.get("/Conversations", {"State": "active"}).body["conversations"] == []
    [found] = api.get("/Conversations", {"State": "inactive"}).body["conversations"]
    assert (found["sid"], found["date_updated"]) == (sid, "2026-11-22T12:01:00Z")
    clock.tick(minutes=9)
    assert seen() == {"closed"}
    assert state(api, sid) == "closed"


def test_a_list_by_state_writes_what_is_due_in_its_service_and_reads_it_at_once(
    api: Api, table: Table, clock: Clock
) -> None:
    other = api.made("/Services", {"FriendlyName": "other"})["sid"]
    elsewhere = api.made(f"/Services/{other}/Conversations", TIMERS)["sid"]
    here = [api.conversation(**TIMERS) for _ in range(20)]
    clock.tick(seconds=60)
    counting = Counting(table)
    listed = Api(replace(api.context, table=counting)).get("/Conversations", {"State": "inactive"})
    assert {one["sid"] for one in listed.body["conversations"]} == set(here)
    # All conversations that are due, and those that are listed.
    assert counting.asked.count("get_all") == 2
    assert (stored(table, here[0]), stored(table, elsewhere)) == ("inactive", "active")


@pytest.mark.usefixtures("instant_retries")
def test_a_list_by_state_does_not_wait_for_who_is_writing_the_same(api: Api, table: Table, clock: Clock) -> None:
    def underway() -> None:
        raise Conflict({})

    sids_here = {api.conversation(**TIMERS) for _ in range(2)}
    clock.tick(seconds=60)
    racing = Racing(table, 100, "conversation", underway)
    assert Api(replace(api.context, table=racing)).get("/Conversations", {"State": "active"}).status == 200
    assert {one["sid"] for one in api.get("/Conversations", {"State": "inactive"}).body["conversations"]} == sids_here


def test_overdue_conversation_cannot_be_changed_before_the_timer_ran(api: Api, table: Table, clock: Clock) -> None:
    sid = api.group(A, B, **TIMERS)
    clock.tick(minutes=10)
    assert api.say(sid).error[:2] == (400, 50377)
    assert api.add(sid, identity="ann").error[:2] == (400, 50377)
    assert api.post(f"/Conversations/{sid}", {"State": "active"}).error[:2] == (400, 50377)
    assert len(state_changes(table, sid)) == 2
    # Its people are free for another one.
    api.group(A, B)


def test_members_of_an_overdue_conversation_are_free_before_the_timer_ran(api: Api, table: Table, clock: Clock) -> None:
    sid = api.group(A, B, **TIMERS)
    clock.tick(minutes=10)
    assert api.get("/Conversations", [("Address", A), ("Address", B), ("Address", P)]).body["conversations"] == []
    other = api.group(A, B)
    assert api.say(other).status == 201
    assert [change[:2] for change in state_changes(table, sid)] == [("active", "inactive"), ("inactive", "closed")]


@pytest.mark.parametrize("if_exists", ["refuse", "fetch"])
def test_conversation_with_participants_replaces_one_that_a_timer_closed(
    api: Api, table: Table, clock: Clock, if_exists: str
) -> None:
    sid = api.group(A, B, **TIMERS)
    clock.tick(minutes=10)
    people = [
        {"identity": "agent", "messaging_binding": {"projected_address": P}},
        *({"messaging_binding": {"address": address}} for address in (A, B)),
    ]
    form = [("IfExists", if_exists), *(("Participant", json.dumps(one)) for one in people)]
    made = api.post("/ConversationWithParticipants", form)
    assert made.status == 202
    assert made.body["sid"] != sid
    assert stored(table, sid) == "closed"


def test_who_is_removed_as_a_user_does_not_wake_what_time_has_closed(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    service = sids.default_service(ACCOUNT)
    sid = api.conversation(**TIMERS)
    api.add(sid, identity="ann")
    clock.tick(minutes=10)
    api.delete("/Users/ann")
    removed = Removed(RemovedKind.USER, sids.user(service, "ann"), service, "ann", clock().timestamp())
    assert cleanup.Cleaner(table, Files(), clock, has_time=lambda: True).clean_up(removed)
    assert stored(table, sid) == "closed"
    assert api.get(f"/Conversations/{sid}/Participants").body["participants"] == []
    watch()
    assert entered(table) == 0


@pytest.mark.parametrize(("path", "form"), [("", {"FriendlyName": "late"}), ("/Participants", {"Identity": "late"})])
def test_a_request_that_began_before_a_look_does_not_lose_the_timer(
    api: Api, table: Table, clock: Clock, watch: Watch, path: str, form: dict[str, str]
) -> None:
    sid = api.conversation(**TIMERS)
    clock.tick(seconds=30)
    api.say(sid, author="system")
    # What it asked before it wrote took a while, and meanwhile the time came that was entered first.
    began = Clock(clock() + timedelta(seconds=29))
    clock.tick(seconds=31)
    context = replace(api.context, table=Racing(table, 1, "conversation", watch), clock=began)
    Api(context).post(f"/Conversations/{sid}{path}", form)
    for minutes in (2, 9):
        clock.tick(minutes=minutes)
        watch()
    assert stored(table, sid) == "closed"


def test_activity_starts_the_timers_anew_and_writes_nothing_for_them(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    sid = api.group(A, B, **TIMERS)
    before = entered(table)
    for _ in range(20):
        clock.tick(seconds=30)
        api.say(sid)
        assert entered(table) == before
        watch()
        assert stored(table, sid) == "active"
    clock.tick(seconds=60)
    watch()
    assert stored(table, sid) == "inactive"


def test_each_message_writes_the_same_with_timers_and_without(api: Api, table: Table) -> None:
    counts = []
    for timers in ({}, TIMERS):
        sid = api.conversation(**timers)
        roster = conversations.load(table, sid)
        assert roster
        message = Message(sids.message(0), sid, 0, api.context.clock(), api.context.clock(), "system", "hi")
        counts.append(len(messages.recording_writes(roster, message, api.context.clock())))
    assert counts[0] == counts[1]


def test_a_timer_that_is_removed_does_nothing_any_more(api: Api, table: Table, clock: Clock, watch: Watch) -> None:
    sid = api.conversation(**TIMERS)
    api.post(f"/Conversations/{sid}", {"Timers.Inactive": "PT0S", "Timers.Closed": "PT0S"})
    clock.tick(days=365)
    watch()
    assert state(api, sid) == "active"
    assert entered(table) == 0


def test_a_timer_that_is_shortened_is_due_at_the_new_time(api: Api, table: Table, clock: Clock, watch: Watch) -> None:
    sid = api.conversation(**{"State": "active", "Timers.Closed": "P30D"})
    clock.tick(seconds=10)
    api.post(f"/Conversations/{sid}", {"Timers.Closed": "PT10M"})
    clock.tick(minutes=10)
    watch()
    assert stored(table, sid) == "closed"
    clock.tick(days=30)
    assert watch() == (1, True)
    assert entered(table) == 0
    assert len(state_changes(table, sid)) == 1


def test_a_text_wakes_what_time_made_inactive_and_its_timer_runs_from_then(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    sid = api.group(A, B, **TIMERS)
    clock.tick(minutes=5)
    # Nobody has looked yet: that it was inactive in between is told all the same.
    assert text(table, clock, A, B, P).conversation_sid == sid
    assert stored(table, sid) == "active"
    assert [change[:2] + change[3:] for change in state_changes(table, sid)] == [
        ("active", "inactive", "TIMER"),
        ("inactive", "active", "EVENT"),
    ]
    clock.tick(seconds=60)
    watch()
    assert stored(table, sid) == "inactive"
    clock.tick(minutes=9)
    watch()
    assert stored(table, sid) == "closed"


def test_a_text_never_wakes_what_time_has_closed(api: Api, table: Table, clock: Clock) -> None:
    sid = api.group(A, B, **TIMERS)
    clock.tick(minutes=10)
    recorded = text(table, clock, A, B, P)
    assert recorded.outcome is RecordOutcome.CREATED
    assert recorded.conversation_sid != sid
    assert stored(table, sid) == "closed"


def test_a_new_member_wakes_an_inactive_conversation_and_its_timer_runs_from_then(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    sid = api.group(A, B, **TIMERS)
    clock.tick(minutes=5)
    api.member(sid, address=C)
    assert stored(table, sid) == "active"
    clock.tick(seconds=60)
    watch()
    assert stored(table, sid) == "inactive"


def test_message_during_the_timers_write_keeps_the_conversation_active(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    sid = api.group(A, B, **TIMERS)
    roster = conversations.load(table, sid)
    assert roster
    clock.tick(seconds=60)
    moment = clock() - timedelta(milliseconds=1)

    def speak() -> None:
        say(table, roster, moment)

    watch(Racing(table, 1, "conversation", speak))
    assert stored(table, sid) == "active"
    assert state_changes(table, sid) == []
    clock.tick(seconds=60)
    watch()
    assert stored(table, sid) == "inactive"


def say(table: Table, roster: Roster, now: Any) -> None:
    made = Message(sids.message(0), roster.conversation.sid, 0, now, now, "system", "just in time")
    table.transact(messages.recording_writes(roster, made, now))


def test_two_concurrent_timer_runs_publish_one_event(api: Api, table: Table, clock: Clock, watch: Watch) -> None:
    sid = api.group(A, B, **TIMERS)
    clock.tick(minutes=1)
    watch(Racing(table, 1, "conversation", watch))
    assert len(state_changes(table, sid)) == 1
    clock.tick(minutes=9)
    watch()
    assert stored(table, sid) == "closed"


def test_looking_that_dies_half_way_is_done_by_the_next_minute(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    sid = api.conversation(**TIMERS)

    class Dies(Table):
        def __init__(self) -> None:
            self.__dict__.update(table.__dict__)

        def written(self, *writes: Any) -> bool:
            raise ConnectionError

    for minutes in (1, 9):
        clock.tick(minutes=minutes)
        with pytest.raises(ExceptionGroup):
            watch(Dies())
        watch()
    assert [change[:2] for change in state_changes(table, sid)] == [("active", "inactive"), ("inactive", "closed")]
    assert entered(table) == 0


def test_failing_timer_delays_no_others_and_is_reported_in_the_end(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    broken, well = (api.conversation(**TIMERS) for _ in range(2))

    class Fails(Table):
        def __init__(self) -> None:
            self.__dict__.update(table.__dict__)

        def get(self, key: Any, *, consistent: bool = True) -> Any:
            if broken in key.pk:
                raise ValueError("not a conversation")
            return super().get(key, consistent=consistent)

    clock.tick(minutes=1)
    with pytest.raises(ExceptionGroup) as failed:
        watch(Fails())
    assert [str(error) for error in failed.value.exceptions] == ["not a conversation"]
    assert (stored(table, broken), stored(table, well)) == (ConversationState.ACTIVE, ConversationState.INACTIVE)
    assert watch() == (1, True)
    assert stored(table, broken) is ConversationState.INACTIVE


def test_what_is_changed_all_the_time_waits_and_holds_up_nothing_else(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    busy, quiet = (api.conversation(**TIMERS) for _ in range(2))
    clock.tick(minutes=2)

    class Busy(Table):
        def transact(self, writes: Any) -> None:
            if any(busy in str(write.parameters) for write in writes):
                raise Conflict({})
            super().transact(writes)

    assert watch(Busy(table._client, table._name)) == (1, True)
    assert (stored(table, busy), stored(table, quiet)) == (ConversationState.ACTIVE, ConversationState.INACTIVE)
    watch()
    assert stored(table, busy) is ConversationState.INACTIVE


def test_looking_costs_nothing_for_conversations_that_are_idle(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    costs = []
    for number in (3, 60):
        for _ in range(number):
            api.conversation(**{"State": "active", "Timers.Closed": "P30D"})
            api.conversation(State="inactive")
        counting = Counting(table)
        assert watch(counting) == (0, True)
        costs.append((len(counting.asked), counting.read))
    assert costs[0] == costs[1]


def test_a_run_without_time_leaves_the_rest_to_the_next(api: Api, table: Table, clock: Clock, watch: Watch) -> None:
    made = [api.conversation(**TIMERS) for _ in range(5)]
    clock.tick(minutes=1)
    patience = iter([True, True])
    assert watch(has_time=lambda: next(patience, False)) == (2, False)
    assert watch() == (3, True)
    assert {stored(table, sid) for sid in made} == {"inactive"}


def unexpected(sid: str) -> None:
    """How a conversation is activated, and a connection expires, where none does."""
    raise AssertionError(sid)


def due(table: Table, conversation: str, times: int, clock: Clock) -> None:
    """Enter messages of a conversation, the latest first."""
    for number in reversed(range(times)):
        at = clock() - timedelta(minutes=times - number)
        sid = f"SD{number:032}"
        table.write(schedule.build_entry(ScheduleKind.SCHEDULED_MESSAGE, f"{sid}{conversation}", at, conversation))


def test_messages_of_several_conversations_are_sent_at_a_time_beside_the_timers(
    api: Api, table: Table, clock: Clock
) -> None:
    """One that hangs would hang them all, if they waited for each other."""
    sid = api.conversation(**TIMERS)
    clock.tick(minutes=5)
    everyone = Barrier(expiry.AT_ONCE + 1, timeout=20)
    for number in range(expiry.AT_ONCE):
        due(table, f"CH{number:032}", 1, clock)

    class Waiting(Table):
        waited = False

        def transact(self, writes: Sequence[Write]) -> None:
            if not self.waited:
                self.waited = True
                everyone.wait()
            super().transact(writes)

    waiting = Waiting(table._client, table._name)

    def send(conversation: str, sid: str) -> None:
        everyone.wait()

    runner = expiry.TimerRunner(waiting, clock, unexpected, unexpected, send, sweep_nothing, lambda: True)
    assert runner.run() == (expiry.AT_ONCE + 1, True)
    assert stored(table, sid) is ConversationState.INACTIVE


@pytest.mark.parametrize("looks", [1, 3, 1000])
def test_the_messages_of_a_conversation_are_sent_in_order_in_as_many_runs_as_it_takes(
    table: Table, clock: Clock, looks: int
) -> None:
    names = [f"CH{number:032}" for number in range(3)]
    for name in names:
        due(table, name, 5, clock)
    sent: list[tuple[str, str]] = []
    done = False
    while not done:
        left = iter(range(looks))

        def has_time(left: Iterator[int] = left) -> bool:
            return next(left, None) is not None

        def send(conversation: str, sid: str) -> None:
            sent.append((conversation, sid))

        _, done = expiry.TimerRunner(table, clock, unexpected, unexpected, send, sweep_nothing, has_time).run()
    assert len(sent) == 15
    for name in names:
        assert [sid for conversation, sid in sent if conversation == name] == [
            f"SD{number:032}{name}" for number in range(5)
        ]


def test_a_message_that_cannot_be_sent_now_holds_up_no_other(table: Table, clock: Clock) -> None:
    names = [f"CH{number:032}" for number in range(3)]
    for name in names:
        due(table, name, 2, clock)
    sent: list[tuple[str, str]] = []

    def send(conversation: str, sid: str) -> None:
        if conversation == names[1] and sid.startswith("SD" + "0" * 32):
            raise TableThrottled
        sent.append((conversation, sid))

    runner = expiry.TimerRunner(table, clock, unexpected, unexpected, send, sweep_nothing, lambda: True)
    with pytest.raises(ExceptionGroup):
        runner.run()
    assert len(sent) == 5
    assert len([*schedule.list_overdue(table, clock(), keys.DUE_MESSAGES)]) == 1


def test_accounts_defaults_apply_to_new_conversations_of_requests_and_texts(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    api.post("/Configuration", {"DefaultInactiveTimer": "PT1M", "DefaultClosedTimer": "PT10M"})
    made = [api.conversation(), text(table, clock, A, B, P).conversation_sid]
    clock.tick(minutes=1)
    watch()
    assert [stored(table, sid) for sid in made] == ["inactive", "inactive"]


def test_a_services_default_holds_for_a_conversation_that_a_text_makes_there(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    service = sids.default_service(ACCOUNT)
    api.post("/Configuration", {"DefaultInactiveTimer": "PT1H"})
    api.post(f"/Services/{service}/Configuration", {"DefaultInactiveTimer": "PT1M"})
    made = text(table, clock, A, B, P).conversation_sid
    clock.tick(minutes=1)
    watch()
    assert stored(table, made) == "inactive"


def test_a_conversation_that_stays_initializing_is_found_until_it_is_active(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    sid = api.made("/ConversationWithParticipants", [("Participant", '{"identity":"ann"}')])["sid"]
    for found in ([], [sid], [sid, sid]):
        watch()
        assert watch.activated == found
        clock.tick(minutes=2)
    activate(table, sid, clock())
    watch()
    clock.tick(days=1)
    watch()
    assert watch.activated == [sid, sid]
    assert entered(table) == 0


def test_timers_of_a_conversation_with_participants_start_when_it_is_active(
    api: Api, table: Table, clock: Clock, watch: Watch
) -> None:
    form = [("Participant", '{"identity":"ann"}'), ("State", "active"), ("Timers.Inactive", "PT1M")]
    sid = api.made("/ConversationWithParticipants", form)["sid"]
    clock.tick(seconds=90)
    watch()
    assert state(api, sid) == "initializing"
    activate(table, sid, clock())
    clock.tick(seconds=59)
    watch()
    assert stored(table, sid) == "active"
    clock.tick(seconds=1)
    watch()
    assert stored(table, sid) == "inactive"


def test_a_deleted_conversation_leaves_nothing_to_look_at(api: Api, table: Table, clock: Clock, watch: Watch) -> None:
    sid = api.conversation(**TIMERS)
    api.delete(f"/Conversations/{sid}")
    clock.tick(days=1)
    watch()
    assert entered(table) == 0


def test_an_entry_of_a_connection_ends_it(table: Table, clock: Clock, watch: Watch) -> None:
    table.write(schedule.build_entry(schedule.ScheduleKind.CONNECTION, "abc=", clock() + timedelta(minutes=1)))
    watch()
    clock.tick(minutes=1)
    watch()
    assert watch.expired == ["abc="]
    assert entered(table) == 0
