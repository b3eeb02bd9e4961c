"""The function that looks once a minute, as Lambda runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest

from partyline.domain import sids
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.media import Media, MediaReference
from partyline.domain.scheduled_messages import ScheduledMessage, ScheduledState
from partyline.queues import queue_messages
from partyline.queues.queue_messages import ActivationRequest
from partyline.storage import connections, conversations, memberships, messages, schedule, scheduled_messages, services
from partyline.storage.connections import Connection
from partyline.storage.schedule import ScheduleKind
from partyline.storage.table import Table
from tests.integration.functions.conftest import ACCOUNT_SID, Context, event, granted
from tests.integration.functions.test_others import waiting
from tests.support.scene import make_scene

Load = Callable[[str], ModuleType]
LONG_AGO = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SID = "CH" + "1" * 32


@dataclass
class Wire:
    """Live connections that remember how they ended."""

    ended: list[str] = field(default_factory=list)

    def post(self, sid: str, frame: str) -> bool:
        raise AssertionError(frame)

    def close(self, sid: str) -> None:
        self.ended.append(sid)


def test_everything_that_is_due_is_done_and_nothing_is_permitted_that_is_not_needed(
    function: Load, table: Table, called: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    timers = function("timers")
    wire = Wire()
    monkeypatch.setattr(timers, "LIVE", replace(timers.LIVE, gateway=wire))
    asleep = Conversation(SID, "IS1", LONG_AGO, LONG_AGO, inactive_after=60, closed_after=600, active_at=LONG_AGO)
    busy = replace(asleep, sid="CH" + "2" * 32, closed_after=None, inactive_after=60)
    stuck = replace(asleep, sid="CH" + "3" * 32, state=ConversationState.INITIALIZING)
    for made in (asleep, busy, stuck):
        memberships.NewConversation(made, [], LONG_AGO).store(table)
    # Something happens in this one all the time, so its timer is entered anew.
    moved = replace(busy, active_at=datetime.now(UTC) + timedelta(days=1))
    found = conversations.fetch(table, busy.sid)
    assert found
    conversations.update(table, found, replace(found, active_at=moved.active_at), LONG_AGO)
    connection = Connection("abc=", "IS1", "ann", "SK1", until=int(LONG_AGO.timestamp()), supervises=False)
    connections.register(table, connection, LONG_AGO)
    table.write(schedule.build_entry(ScheduleKind.CONNECTION, connection.sid, LONG_AGO))
    said = scheduled(table)
    called.clear()
    timers.handler(event("timers/minute"), Context())
    assert called == granted("timers")
    ended = conversations.fetch(table, SID)
    assert ended and ended.state is ConversationState.CLOSED
    assert [
        queue_messages.decode(ActivationRequest, message["Body"]).conversation_sid
        for message in waiting(timers.variable("ACTIVATION_QUEUE_URL"))
    ] == [stuck.sid]
    assert wire.ended == ["abc="]
    sent = scheduled_messages.fetch(table, said.conversation_sid, said.sid)
    assert sent and sent.state is ScheduledState.SENT
    [message] = messages.page(table, said.conversation_sid, size=2).messages
    assert (message.message.sid, message.message.body) == (sent.message_sid, "hello")


def scheduled(table: Table) -> ScheduledMessage:
    """A message of the account that was to be sent long ago."""
    service = sids.default_service(ACCOUNT_SID)
    services.create_account(table, service, LONG_AGO)
    chat = Conversation("CH" + "4" * 32, service, LONG_AGO, LONG_AGO)
    memberships.NewConversation(chat, [], LONG_AGO).store(table)
    one = ScheduledMessage(
        sids.new(sids.SCHEDULED_MESSAGE), chat.sid, service, LONG_AGO, LONG_AGO, LONG_AGO, "system", body="hello"
    )
    table.transact(scheduled_messages.creation_writes(one))
    return one


def test_lost_sends_and_files_are_queued_again(
    function: Load, table: Table, logged: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    timers = function("timers")
    picture = Media(sids.new(sids.MEDIA), "https://carrier.example/1")
    scene = make_scene(table, media=[picture])

    timers.handler(event("timers/minute"), Context())

    assert [message["Body"] for message in waiting(timers.variable("OUTBOUND_QUEUE_URL"))] == [
        queue_messages.encode_send(scene.reference)
    ]
    assert [message["Body"] for message in waiting(timers.variable("MEDIA_QUEUE_URL"))] == [
        queue_messages.encode(MediaReference(scene.message.conversation_sid, scene.message.sid, picture.sid))
    ]
    assert '"outbox.swept"' in logged()
    assert '"SendRequeued":[1.0]' in capsys.readouterr().out


def test_a_long_queue_of_sends_is_not_made_longer(
    function: Load, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers = function("timers")
    monkeypatch.setattr(timers, "LONG_QUEUE", 0)
    make_scene(table)

    timers.handler(event("timers/minute"), Context())

    assert waiting(timers.variable("OUTBOUND_QUEUE_URL")) == []


def test_a_run_that_has_no_time_left_leaves_everything_to_the_next(function: Load, table: Table) -> None:
    timers = function("timers")
    asleep = Conversation(SID, "IS1", LONG_AGO, LONG_AGO, inactive_after=60, active_at=LONG_AGO)
    memberships.NewConversation(asleep, [], LONG_AGO).store(table)
    timers.handler(event("timers/minute"), Context(milliseconds=timers.RESERVE))
    found = conversations.fetch(table, SID)
    assert found and found.state is ConversationState.ACTIVE
    timers.handler(event("timers/minute"), Context())
    found = conversations.fetch(table, SID)
    assert found and found.state is ConversationState.INACTIVE
