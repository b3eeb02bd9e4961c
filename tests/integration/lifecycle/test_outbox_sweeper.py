"""What the relay lost is found and queued again, once, by a schedule that costs most messages nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from partyline.carriers.base import Accepted
from partyline.domain import routing, sids
from partyline.domain.media import Media, MediaReference
from partyline.domain.messages import Message
from partyline.domain.sends import SendReference, SendState
from partyline.errors import Throttled
from partyline.lifecycle import expiry
from partyline.lifecycle.outbox_sweeper import OutboxSweeper
from partyline.outbound import sender
from partyline.outbound.send_attempt import NextStep
from partyline.storage import conversations, keys, messages, schedule, sweeps
from partyline.storage.schedule import ScheduledEntry
from partyline.storage.table import Table
from tests.support.scene import FAILED, NOW, QUEUED, SENT, Scene, make_scene

HALF_HOUR = sweeps.DELAY


@dataclass
class Sweeps:
    """The sweeper with its clock and what it queued."""

    table: Table
    now: datetime = NOW
    sends: list[SendReference] = field(default_factory=list)
    files: list[MediaReference] = field(default_factory=list)
    is_full: bool = False

    def run(self, now: datetime) -> list[SendReference]:
        """Run everything that is due at a time; return the sends that were queued."""
        self.now, before = now, len(self.sends)
        sweeper = OutboxSweeper(self.table, lambda: self.now, self._queue, self.files.append, lambda: not self.is_full)
        unexpected: Callable[..., None] = pytest.fail
        expiry.TimerRunner(
            self.table, lambda: self.now, unexpected, unexpected, unexpected, sweeper.sweep, lambda: True
        ).run()
        return self.sends[before:]

    def _queue(self, references: Sequence[SendReference]) -> None:
        self.sends += references

    def entries(self) -> list[ScheduledEntry]:
        """Every entry of the sweeper's schedule."""
        return [*schedule.list_overdue(self.table, NOW + timedelta(days=365), keys.DUE_SWEEPS)]


@pytest.fixture
def world(table: Table) -> Sweeps:
    return Sweeps(table)


def add(scene: Scene, table: Table, at: datetime, *, created: datetime | None = None) -> Message:
    """Record another message of the scene's conversation at a time."""
    roster = conversations.load(table, scene.message.conversation_sid)
    assert roster
    index = roster.conversation.last_index + 1
    sends = routing.plan_sends(roster.participants, roster.conversation.threads, roster.participants[0])
    message = replace(
        scene.message,
        sid=sids.message(index),
        index=index,
        sends=sends,
        created=created or at,
        updated=at,
        recorded=at if created else None,
    )
    table.transact(messages.recording_writes(roster, message, at))
    return message


def reference(message: Message) -> SendReference:
    [send] = message.sends
    return message.reference(send)


def test_lost_send_is_queued_again_and_leaves(table: Table, world: Sweeps) -> None:
    scene = make_scene(table, Accepted("c-1"))

    assert world.run(NOW + HALF_HOUR - timedelta(seconds=1)) == []
    assert world.run(NOW + HALF_HOUR) == [scene.reference]

    scene.now = world.now
    scene.deliver()
    assert {status for status, _ in scene.receipts().values()} == {SENT}
    # The next look finds nothing, and no other follows.
    assert world.run(NOW + 2 * HALF_HOUR) == []
    assert world.entries() == []


def test_send_that_was_queued_twice_leaves_once(table: Table, world: Sweeps) -> None:
    scene = make_scene(table, Accepted("c-1"))

    world.run(NOW + HALF_HOUR)
    for _ in world.sends * 2:
        scene.deliver()

    assert len(scene.carrier.asked) == 1


def test_what_left_is_not_queued_again(table: Table, world: Sweeps) -> None:
    make_scene(table, Accepted("c-1")).deliver()

    assert world.run(NOW + HALF_HOUR) == []
    assert world.entries() == []


def test_messages_of_half_an_hour_share_an_entry(table: Table, world: Sweeps) -> None:
    scene = make_scene(table)

    for minutes in (1, 10, 27):
        add(scene, table, NOW + timedelta(minutes=minutes))
    assert [entry.sid for entry in world.entries()] == [scene.message.sid]

    # A request may take until the entry is due, and what it records would not be seen.
    late = add(scene, table, NOW + timedelta(minutes=29))
    assert [entry.sid for entry in world.entries()] == [scene.message.sid, late.sid]


def test_young_message_waits_for_another_look(table: Table, world: Sweeps) -> None:
    scene = make_scene(table, Accepted("c-1"))
    scene.deliver()
    young = add(scene, table, NOW + timedelta(minutes=25))

    assert world.run(NOW + HALF_HOUR) == []
    assert world.run(NOW + 2 * HALF_HOUR) == [reference(young)]


def test_lost_sends_are_queued_in_the_order_of_their_conversation(table: Table, world: Sweeps) -> None:
    scene = make_scene(table)
    others = [add(scene, table, NOW + timedelta(minutes=minutes)) for minutes in range(1, 15)]

    assert world.run(NOW + HALF_HOUR) == [scene.reference, *map(reference, others)]


def test_each_look_is_later_by_the_age_of_what_is_unfinished(table: Table, world: Sweeps) -> None:
    scene = make_scene(table)
    ages = []
    for _ in range(4):
        [entry] = world.entries()
        assert world.run(entry.at) == [scene.reference]
        ages.append(entry.at - NOW)

    assert ages == [HALF_HOUR, 2 * HALF_HOUR, 4 * HALF_HOUR, 8 * HALF_HOUR]


def test_send_that_waits_for_its_turn_is_left_alone_and_what_is_behind_it(table: Table, world: Sweeps) -> None:
    scene = make_scene(table, Throttled("slow down"))
    behind = add(scene, table, NOW + timedelta(minutes=1))
    assert scene.deliver().step is NextStep.RETRY

    assert world.run(NOW + HALF_HOUR) == []
    # Its queue message is gone: nothing was heard of it for longer than anything waits.
    assert world.run(NOW + timedelta(hours=8)) == [scene.reference, reference(behind)]


def test_attempt_that_died_is_queued_again_and_its_fate_is_unknown(table: Table, world: Sweeps) -> None:
    scene = make_scene(table, SystemExit(), Accepted("c-2"))
    with pytest.raises(SystemExit):
        scene.deliver()

    assert world.run(NOW + 8 * HALF_HOUR) == [scene.reference]
    attempt = scene.deliver()

    assert (attempt.step, attempt.state) == (NextStep.RECONCILE, SendState.UNKNOWN)
    assert len(scene.carrier.asked) == 1


def test_files_at_a_carrier_are_fetched_again(table: Table, world: Sweeps) -> None:
    picture = Media(sids.new(sids.MEDIA), "https://carrier.example/1")
    scene = make_scene(table, media=[picture])

    world.run(NOW + HALF_HOUR)

    assert world.files == [MediaReference(scene.message.conversation_sid, scene.message.sid, picture.sid)]


def test_long_queue_is_not_made_longer(table: Table, world: Sweeps) -> None:
    scene = make_scene(table)
    world.is_full = True

    assert world.run(NOW + HALF_HOUR) == []
    world.is_full = False
    assert world.run(NOW + 2 * HALF_HOUR) == [scene.reference]


def test_imported_message_is_as_old_as_its_recording(table: Table, world: Sweeps) -> None:
    scene = make_scene(table, Accepted("c-1"))
    scene.deliver()
    imported = add(scene, table, NOW + timedelta(minutes=25), created=NOW - timedelta(days=100))

    assert world.run(NOW + HALF_HOUR) == []
    scene.now, scene.reference = NOW + HALF_HOUR, reference(imported)
    scene.carrier.answers = iter([Accepted("c-2")])
    assert scene.deliver().state is SendState.SENT


def test_removed_conversation_is_forgotten(table: Table, world: Sweeps) -> None:
    scene = make_scene(table)
    table.delete_all([keys.message(scene.message.conversation_sid, scene.message.sid)])

    assert world.run(NOW + HALF_HOUR) == []
    assert world.entries() == []


# --- what is too old, and what may have left before a restore


def test_text_that_nothing_was_tried_for_in_hours_fails_visibly(table: Table) -> None:
    scene = make_scene(table)
    scene.now = NOW + sender.MAX_AGE + timedelta(seconds=1)

    assert scene.deliver().state is SendState.REFUSED
    assert scene.carrier.asked == []
    assert set(scene.receipts().values()) == {(FAILED, 30036)}
    # Whatever queues it later finds that it has ended.
    assert scene.deliver().step is NextStep.DONE
    assert scene.carrier.asked == []


def test_text_that_was_attempted_in_time_is_not_too_old(table: Table) -> None:
    scene = make_scene(table, Throttled("slow down"), Accepted("c-1"))
    scene.deliver()
    scene.now = NOW + sender.MAX_AGE + timedelta(hours=1)

    assert scene.deliver().state is SendState.SENT


@pytest.mark.parametrize("age", [timedelta(minutes=1), timedelta(days=1)])
def test_text_that_may_have_left_before_a_restore_is_asked_about_and_not_sent(table: Table, age: timedelta) -> None:
    scene = make_scene(table)
    scene.restored_at = scene.now = NOW + age

    attempt = scene.deliver()

    assert (attempt.step, attempt.state) == (NextStep.RECONCILE, SendState.UNKNOWN)
    assert scene.carrier.asked == []
    assert {status for status, _ in scene.receipts().values()} == {QUEUED}
    scene.give_up()
    assert len(scene.carrier.looked_for) == 1
    assert set(scene.receipts().values()) == {(FAILED, 30008)}


def test_text_that_waited_before_a_restore_may_have_left_too(table: Table) -> None:
    scene = make_scene(table, Throttled("slow down"))
    scene.deliver()
    scene.restored_at = scene.now = NOW + timedelta(hours=1)

    assert scene.deliver().state is SendState.UNKNOWN
    assert len(scene.carrier.asked) == 1


def test_text_that_was_recorded_after_a_restore_is_sent(table: Table) -> None:
    scene = make_scene(table, Accepted("c-1"))
    scene.restored_at = NOW - timedelta(seconds=1)

    assert scene.deliver().state is SendState.SENT
