"""Conversations that were made with their participants: active, or closed, whatever dies in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest

from partyline.domain import sids, threads
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.events import Cause, Event, Source
from partyline.domain.participants import SYSTEM, Participant
from partyline.domain.services import build_service
from partyline.domain.webhook_configuration import PRE_EVENTS, WebhookConfiguration
from partyline.errors import Conflict, RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse
from partyline.lifecycle import activation, expiry
from partyline.lifecycle.activation import ActivationOutcome
from partyline.queues import queue_messages
from partyline.queues.queue_messages import ActivationRequest
from partyline.storage import conversations, event_outbox, keys, memberships, schedule, services, webhooks
from partyline.storage.attribute_values import from_dynamo
from partyline.storage.table import Table, Write
from partyline.stream import relay as stream_relay
from partyline.webhooks import pre_action
from tests.support.api_harness import send_no_message, sweep_nothing

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ACCOUNT = "AC" + "0" * 32
SERVICE = sids.default_service(ACCOUNT)
P, A, B = "+12065550100", "+12065550150", "+12065550151"


class Power(Exception):
    """A power cut."""


@dataclass
class World:
    """The queue, its consumer and the function that looks once a minute, on one clock. `refuse` are the addresses or
    identities that the webhook does not let in."""

    table: Table
    now: datetime = NOW
    refuse: tuple[str, ...] = ()
    late: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def request(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        parameters = dict(parse_qsl(request.body.decode()))
        self.asked.append(parameters)
        if self.late:
            raise RequestTimedOut("late")
        who = {
            parameters.get("Identity"),
            parameters.get("MessagingBinding.Address"),
            parameters.get("MessagingBinding.ProjectedAddress"),
        }
        return HttpResponse(403 if who & set(self.refuse) else 200, b'{"identity": "x"}')

    def ask(
        self, configuration: WebhookConfiguration, about: Sequence[Event], cause: Cause
    ) -> Sequence[pre_action.PreActionDecision]:
        return pre_action.PreActionWebhook(ACCOUNT, lambda: "token", self.request).consult_all(
            configuration, about, cause
        )

    def activate(
        self, sid: str, table: Table | None = None, ask: pre_action.ConsultAll | None = None
    ) -> ActivationOutcome:
        # What is written later has a later time.
        self.now += timedelta(milliseconds=1)
        return activation.Activator(table or self.table, ask or self.ask, self.clock).activate(sid)

    def relay(self, sid: str) -> None:
        """What the stream says of a new conversation."""
        client: Any = self.table._client
        key = keys.conversation(sid)
        item = client.get_item(TableName="partyline", Key={"PK": {"S": key.pk}, "SK": {"S": key.sk}})["Item"]
        unused: Callable[..., Any] = partial(pytest.fail, "not for this")
        relay = stream_relay.StreamRelay(unused, unused, self.queue.append, *[unused] * 8)
        assert relay.relay({"eventName": "INSERT", "dynamodb": {"NewImage": item}}) == "activate"

    def watch(self) -> None:
        runner = expiry.TimerRunner(
            self.table, self.clock, self.queue.append, pytest.fail, send_no_message, sweep_nothing, lambda: True
        )
        runner.run()

    def work(self) -> list[ActivationOutcome]:
        """Take everything out of the queue."""
        taken, self.queue = self.queue, []
        requests = [queue_messages.encode(ActivationRequest(sid)) for sid in taken]
        return [self.activate(queue_messages.decode(ActivationRequest, one).conversation_sid) for one in requests]

    def events_of(self, sid: str) -> list[Event]:
        """What is told of a conversation, in order."""
        client: Any = self.table._client
        items = [from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]]
        mine = [item for item in items if item.get("outbox") == "happening" and item["PK"] == keys.messages(sid)]
        return [
            event for item in sorted(mine, key=lambda item: item["SK"]) for event in event_outbox.decode(item).events
        ]

    def types(self, sid: str) -> list[str]:
        return [event.type for event in self.events_of(sid)]

    def state(self, sid: str) -> ConversationState:
        found = conversations.fetch(self.table, sid)
        assert found
        return found.state


@pytest.fixture
def world(table: Table) -> World:
    service, roles = build_service("First", NOW, sid=SERVICE)
    services.create(table, service, roles)
    configured = WebhookConfiguration(pre_url="https://hooks.example.com/pre", filters=PRE_EVENTS)
    webhooks.configure(table, keys.account_webhooks(), WebhookConfiguration(), configured)
    return World(table)


def made(world: World, *, notify_webhooks: bool = True, created_by: str = SYSTEM, extra: int = 0) -> str:
    """The SID of a new conversation of an agent and two handsets, and of chat identities besides."""
    blank = Conversation(sids.new(sids.CONVERSATION), SERVICE, world.now, world.now, ConversationState.INITIALIZING)
    conversation = replace(blank, notify_webhooks=notify_webhooks, created_by=created_by)
    people: list[dict[str, Any]] = [{"identity": "agent", "projected_address": P}, {"address": A}, {"address": B}]
    people += [{"identity": f"guest {number}"} for number in range(extra)]
    names = sids.new_many(sids.PARTICIPANT, len(people))
    members = [
        Participant(sid, conversation.sid, world.now, world.now, **one) for sid, one in zip(names, people, strict=True)
    ]
    cause = Cause(Source.API, notify_webhooks=notify_webhooks)
    memberships.NewConversation(conversation, members, world.now, cause=cause).store(world.table)
    return conversation.sid


ADDED = ["onConversationAdded", "onParticipantAdded", "onParticipantAdded", "onParticipantAdded"]
STATE = "onConversationStateUpdated"


def test_conversation_becomes_active_and_every_member_is_published(world: World) -> None:
    sid = made(world)
    world.relay(sid)
    assert world.types(sid) == ["onConversationAdded"]
    assert world.work() == [ActivationOutcome.ACTIVATED]
    assert world.state(sid) is ConversationState.ACTIVE
    assert world.types(sid) == [*ADDED, STATE]
    parameters = world.events_of(sid)[-1].parameters
    assert {name: parameters.get(name) for name in ("StateFrom", "StateTo", "Reason", "ErrorCode")} == {
        "StateFrom": "initializing",
        "StateTo": "active",
        "Reason": "EVENT",
        "ErrorCode": None,
    }


def test_each_participant_is_asked_about_before(world: World) -> None:
    sid = made(world)
    world.activate(sid)
    assert {asked["EventType"] for asked in world.asked} == {"onParticipantAdd"}
    by_who = {asked.get("Identity") or asked["MessagingBinding.Address"]: asked for asked in world.asked}
    assert set(by_who) == {"agent", A, B}
    assert by_who["agent"]["RoleSid"].startswith("RL")
    assert {asked["ConversationSid"] for asked in world.asked} == {sid}
    assert not any("ParticipantSid" in asked for asked in world.asked)


@pytest.mark.parametrize(
    ("created_by", "source"), [(SYSTEM, {"Source": "API"}), ("ann", {"Source": "SDK", "ClientIdentity": "ann"})]
)
def test_who_made_it_is_who_adds_them(world: World, created_by: str, source: dict[str, str]) -> None:
    world.activate(made(world, created_by=created_by))
    assert all(source.items() <= asked.items() for asked in world.asked)


def test_pre_webhook_is_not_called_where_webhooks_are_off(world: World) -> None:
    world.refuse = (A,)
    sid = made(world, notify_webhooks=False)
    assert world.activate(sid) is ActivationOutcome.ACTIVATED
    assert (world.asked, world.state(sid)) == ([], ConversationState.ACTIVE)


def test_without_answers_it_becomes_active(world: World) -> None:
    world.late = True
    sid = made(world)
    assert world.activate(sid) is ActivationOutcome.ACTIVATED
    assert len(world.asked) == 3


@pytest.mark.parametrize("refuse", [(A,), ("agent",), (A, B, "agent")])
def test_one_rejection_closes_it_and_frees_its_people(
    world: World, refuse: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    world.refuse = refuse
    sid = made(world)
    thread = threads.build_key([P, A, B])
    assert conversations.find_owner(world.table, thread) == sid
    assert world.activate(sid) is ActivationOutcome.FAILED
    assert world.state(sid) is ConversationState.CLOSED
    assert conversations.find_owner(world.table, thread) is None
    assert world.types(sid) == ["onConversationAdded", STATE]
    parameters = world.events_of(sid)[-1].parameters
    assert (parameters["StateTo"], parameters["Reason"], parameters["ErrorCode"]) == ("closed", "EVENT", "50427")
    [logged] = [record for record in caplog.records if record.getMessage() == "activation.failed"]
    assert logged.__dict__["error_code"] == 50427
    assert len(logged.__dict__["participants"]) == len(refuse)
    world.refuse = ()
    assert world.activate(made(world)) is ActivationOutcome.ACTIVATED


def test_members_are_consulted_in_parallel_and_published_in_order(world: World) -> None:
    sid = made(world, extra=42)
    roster = conversations.load(world.table, sid)
    assert roster
    assert world.activate(sid) is ActivationOutcome.ACTIVATED
    assert len(world.asked) == 45
    added = [event.parameters["ParticipantSid"] for event in world.events_of(sid) if event.type == "onParticipantAdded"]
    assert added == [member.sid for member in roster.participants]


@pytest.mark.parametrize("refuse", [(), (A,)])
def test_repeats_do_nothing(world: World, refuse: tuple[str, ...]) -> None:
    world.refuse = refuse
    sid = made(world)
    world.activate(sid)
    types, asked = world.types(sid), len(world.asked)
    world.refuse = (B,) if not refuse else ()
    assert [world.activate(sid) for _ in range(2)] == [ActivationOutcome.REPEATED] * 2
    assert (world.types(sid), len(world.asked)) == (types, asked)


def test_two_at_once_end_as_one(world: World) -> None:
    sid = made(world)
    outcomes: list[ActivationOutcome] = []

    def slow(
        configuration: WebhookConfiguration, about: Sequence[Event], cause: Cause
    ) -> Sequence[pre_action.PreActionDecision]:
        outcomes.append(world.activate(sid))
        return [pre_action.PreActionDecision(rejected=True) for _ in about]

    outcomes.append(world.activate(sid, ask=slow))
    assert outcomes == [ActivationOutcome.ACTIVATED, ActivationOutcome.REPEATED]
    assert world.state(sid) is ConversationState.ACTIVE
    assert world.types(sid) == [*ADDED, STATE]


def test_a_conversation_that_is_deleted_meanwhile_is_done_with(world: World) -> None:
    sid = made(world)

    def deleting(
        configuration: WebhookConfiguration, about: Sequence[Event], cause: Cause
    ) -> Sequence[pre_action.PreActionDecision]:
        found = conversations.fetch(world.table, sid)
        assert found
        conversations.remove(world.table, found)
        return [pre_action.PROCEED for _ in about]

    assert world.activate(sid, ask=deleting) is ActivationOutcome.REPEATED
    assert conversations.load(world.table, sid) is None
    assert world.activate(sid) is ActivationOutcome.REPEATED


def test_lost_race_is_retried_without_another_call_of_the_pre_webhook(world: World) -> None:
    sid = made(world)
    assert world.activate(sid, table=Failing(world.table, Conflict({}), times=2)) is ActivationOutcome.ACTIVATED
    assert len(world.asked) == 3
    assert world.types(sid) == [*ADDED, STATE]


class Failing(Table):
    """A table whose transactions fail a few times: instead of being made, or behind it."""

    def __init__(self, inner: Table, error: Exception, *, times: int = 1, behind: bool = False) -> None:
        super().__init__(inner._client, inner._name)
        self._error, self._left, self._behind = error, times, behind

    def transact(self, writes: Sequence[Write]) -> None:
        self._left -= 1
        if self._left < 0 or self._behind:
            super().transact(writes)
        if self._left >= 0:
            raise self._error


class Dark(Table):
    """A table that cannot be read."""

    def __init__(self, inner: Table) -> None:
        super().__init__(inner._client, inner._name)

    def query_all(self, *given: Any, **named: Any) -> Any:
        raise Power


def no_ask(
    configuration: WebhookConfiguration, about: Sequence[Event], cause: Cause
) -> Sequence[pre_action.PreActionDecision]:
    raise Power


Crash = Callable[[World, str], object]
CRASHES: dict[str, Crash] = {
    "the message is lost": lambda world, sid: world.queue.clear(),
    "before anything is read": lambda world, sid: world.activate(sid, table=Dark(world.table)),
    "while it is asked": lambda world, sid: world.activate(sid, ask=no_ask),
    "before it is written": lambda world, sid: world.activate(sid, table=Failing(world.table, Power())),
    "after it is written": lambda world, sid: world.activate(sid, table=Failing(world.table, Power(), behind=True)),
}


@pytest.mark.parametrize("refuse", [(), (B,)])
@pytest.mark.parametrize("crash", CRASHES)
def test_what_died_is_found_by_its_time_and_finished(world: World, crash: str, refuse: tuple[str, ...]) -> None:
    world.refuse = refuse
    sid = made(world)
    world.relay(sid)
    if crash.startswith("the message"):
        CRASHES[crash](world, sid)
    else:
        with pytest.raises(Power):
            CRASHES[crash](world, sid)
        world.queue.clear()
    written = crash.startswith("after")
    world.now = NOW + timedelta(seconds=119)
    world.watch()
    assert world.queue == []
    world.now = NOW + timedelta(seconds=121)
    world.watch()
    assert world.queue == ([] if written else [sid])
    world.work()
    assert world.state(sid) is (ConversationState.CLOSED if refuse else ConversationState.ACTIVE)
    assert world.types(sid) == (["onConversationAdded", STATE] if refuse else [*ADDED, STATE])
    world.now = NOW + timedelta(minutes=10)
    world.watch()
    assert world.queue == []
    assert list(schedule.list_overdue(world.table, world.now)) == []


def test_one_that_is_never_finished_is_queued_again_and_again(world: World) -> None:
    sid = made(world)
    for minute in range(1, 8):
        world.now = NOW + timedelta(minutes=minute, seconds=1)
        world.watch()
    assert world.queue == [sid] * 3
    assert world.work() == [ActivationOutcome.ACTIVATED, ActivationOutcome.REPEATED, ActivationOutcome.REPEATED]


def test_the_body_of_the_queues_message_names_the_conversation() -> None:
    assert json.loads(queue_messages.encode(ActivationRequest("CH1"))) == {"conversation_sid": "CH1"}
