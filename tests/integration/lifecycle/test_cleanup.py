"""What is left of conversations, Services and users that were removed, from the stream to the last item."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partyline.domain import sids
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.lines import Line
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import Participant, ParticipantKind
from partyline.domain.push_settings import BindingType, PushBinding
from partyline.domain.sends import Send
from partyline.domain.services import User, build_service
from partyline.domain.unrouted import UnroutedReason
from partyline.domain.webhook_configuration import ScopedWebhook, WebhookTarget
from partyline.lifecycle import cleanup
from partyline.queues import queue_messages
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import (
    codec,
    conversation_lists,
    conversations,
    keys,
    lines,
    memberships,
    messages,
    push_settings,
    queries,
    services,
    unrouted,
    users,
)
from partyline.storage.queries import Window
from partyline.storage.table import Table, Write, put
from partyline.stream import relay as stream_relay
from tests.support.files import Files
from tests.support.scene import Crash, Dying

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
FIRST, SECOND = sids.default_service("AC" + "0" * 32), sids.derive(sids.SERVICE, "second")
P, Q = "+12065550100", "+12065550101"
A, B, C = "+12065550150", "+12065550151", "+12065550152"


@pytest.fixture
def account(table: Table) -> Table:
    """A table with two Services."""
    services.create_account(table, FIRST, NOW)
    services.create(table, *build_service("Second", NOW, sid=SECOND))
    return table


@dataclass
class Patience:
    """Time for a number of steps."""

    steps: int = 1_000_000

    def __call__(self) -> bool:
        self.steps -= 1
        return self.steps > 0


def clean(table: Table, removed: Removed, steps: int = 1_000_000) -> bool:
    return cleanup.Cleaner(table, Files(), clock=lambda: LATER, has_time=Patience(steps)).clean_up(removed)


def conversation(table: Table, *members: dict[str, Any], service: str = FIRST, **fields: Any) -> Conversation:
    made = Conversation(sids.new(sids.CONVERSATION), service, NOW, NOW, **fields)
    people = [
        Participant(sid, made.sid, NOW, NOW, **member)
        for sid, member in zip(sids.new_many(sids.PARTICIPANT, len(members)), members, strict=True)
    ]
    return memberships.NewConversation(made, people, NOW).store(table)


def group(table: Table, *natives: str, service: str = FIRST, **fields: Any) -> Conversation:
    agent = {"identity": "agent", "projected_address": P, "role_sid": "RL1"}
    return conversation(table, agent, *({"address": native} for native in natives), service=service, **fields)


def say(table: Table, owner: Conversation, number: int = 1) -> None:
    (thread,) = owner.threads
    for index in range(number):
        before = replace(owner, last_index=index - 1)
        send = Send(thread, P, {A: "MB1", B: "MB2"})
        said = Message(sids.message(index), owner.sid, index, NOW, NOW, "agent", "hi", sends=(send,))
        table.transact(messages.recording_writes(Roster(before, ()), said, NOW))


def webhook(table: Table, owner: Conversation) -> None:
    made = ScopedWebhook(sids.new(sids.WEBHOOK), owner.sid, NOW, NOW, WebhookTarget.STUDIO, flow_sid="FW1")
    table.write(put("webhook", keys.webhook(owner.sid, made.sid), codec.encode(made)))


def stored(client: Any) -> list[dict[str, Any]]:
    return [
        dict(item) for page in client.get_paginator("scan").paginate(TableName="partyline") for item in page["Items"]
    ]


def naming(client: Any, sid: str) -> list[str]:
    """The items whose key has a SID in it."""
    return [item["PK"]["S"] + "/" + item["SK"]["S"] for item in stored(client) if sid in item["PK"]["S"]]


# --- the stream


def unexpected(*given: object) -> None:
    raise AssertionError(given)


@dataclass
class Relay:
    """The relay, and what it queues."""

    table: Table
    queued: list[Removed] = field(default_factory=list)

    def take(self, before: dict[str, Any]) -> str:
        """Tell it of an item that was removed, as the table had it."""
        stream = stream_relay.StreamRelay(
            unexpected,
            unexpected,
            unexpected,
            unexpected,
            unexpected,
            self.queued.append,
            unexpected,
            unexpected,
            unexpected,
            unexpected,
            unexpected,
        )
        image = {"Keys": {"PK": before["PK"], "SK": before["SK"]}, "OldImage": before}
        return stream.relay({"eventName": "REMOVE", "dynamodb": image})


def test_only_removed_conversations_services_and_users_are_queued(account: Table, client: Any) -> None:
    made = group(account, A, B)
    say(account, made)
    relay = Relay(account)
    done = {item["SK"]["S"]: relay.take(item) for item in stored(client)}
    assert {name for name, what in done.items() if what == "clean"} == {"C", "IS", "US"}
    assert set(relay.queued) == {
        Removed(RemovedKind.CONVERSATION, made.sid),
        Removed(RemovedKind.SERVICE, FIRST),
        Removed(RemovedKind.SERVICE, SECOND),
        Removed(RemovedKind.USER, sids.user(FIRST, "agent"), FIRST, "agent"),
    }


@pytest.mark.parametrize(
    "removed", [Removed(RemovedKind.CONVERSATION, "CH1"), Removed(RemovedKind.USER, "US1", "IS1", "añn\n#")]
)
def test_what_was_removed_comes_out_of_the_queue_as_it_went_in(removed: Removed) -> None:
    assert queue_messages.decode(Removed, queue_messages.encode(removed)) == removed


# --- conversations


def test_nothing_of_a_removed_conversation_is_left_but_its_sends(account: Table, client: Any) -> None:
    remaining, gone = group(account, A, C), group(account, A, B)
    for made in (remaining, gone):
        say(account, made, 3)
        webhook(account, made)
    remaining_items = naming(client, remaining.sid)
    found = conversations.fetch(account, gone.sid)
    assert found
    conversations.remove(account, found)
    for _ in range(2):
        assert clean(account, Removed(RemovedKind.CONVERSATION, gone.sid))
        assert naming(client, gone.sid) == []
        assert naming(client, remaining.sid) == remaining_items


def test_a_run_stops_when_its_time_is_over_and_the_next_one_goes_on(account: Table, client: Any) -> None:
    made = group(account, A, B)
    say(account, made, 60)
    found = conversations.fetch(account, made.sid)
    assert found
    conversations.remove(account, found)
    runs = [clean(account, Removed(RemovedKind.CONVERSATION, made.sid), steps=1) for _ in range(5)]
    assert runs == [False, False, False, False, True]
    assert naming(client, made.sid) == []


# --- users


def left(table: Table, sid: str) -> list[tuple[ParticipantKind, str | None]]:
    roster = conversations.load(table, sid)
    assert roster
    return [(member.kind, member.identity) for member in roster.participants]


def remove_user(table: Table, identity: str, service: str = FIRST) -> Removed:
    removed = Removed(RemovedKind.USER, sids.user(service, identity), service, identity)
    table.delete_all([keys.user(removed.sid)])
    return removed


def test_a_removed_user_leaves_and_the_number_they_stood_behind_stays(account: Table) -> None:
    chat = conversation(account, {"identity": "agent"}, {"identity": "ann"})
    texts = group(account, A, B)
    closed = conversation(account, {"identity": "agent"}, state=ConversationState.CLOSED)
    elsewhere = conversation(account, {"identity": "agent"}, service=SECOND)
    removed = remove_user(account, "agent")
    for _ in range(2):
        assert clean(account, removed)
        assert left(account, chat.sid) == [(ParticipantKind.CHAT, "ann")]
        assert left(account, texts.sid) == [
            (ParticipantKind.PROJECTED, None),
            (ParticipantKind.NATIVE, None),
            (ParticipantKind.NATIVE, None),
        ]
        assert left(account, closed.sid) == []
        assert left(account, elsewhere.sid) == [(ParticipantKind.CHAT, "agent")]
    roster = conversations.load(account, texts.sid)
    assert roster
    assert roster.conversation.threads == texts.threads
    assert roster.participants[0].role_sid is None


def test_who_comes_back_with_the_same_identity_keeps_what_they_joined_since(account: Table) -> None:
    before = conversation(account, {"identity": "agent"})
    removed = remove_user(account, "agent")
    roster = conversations.load(account, conversation(account).sid)
    assert roster
    again = Participant(sids.new(sids.PARTICIPANT), roster.conversation.sid, LATER, LATER, identity="agent")
    memberships.change_members(account, roster, [again], LATER)
    assert clean(account, removed)
    assert left(account, before.sid) == []
    assert left(account, roster.conversation.sid) == [(ParticipantKind.CHAT, "agent")]
    assert users.fetch(account, removed.sid) == User(removed.sid, FIRST, "agent", LATER, LATER)


def test_a_user_leaves_although_a_conversation_changes_or_goes_meanwhile(account: Table) -> None:
    changing, going = (conversation(account, {"identity": "agent"}) for _ in range(2))

    class Interrupted(Table):
        def __init__(self, inner: Table) -> None:
            super().__init__(inner._client, inner._name)
            self.acts: Iterator[Any] = iter(
                [
                    lambda: conversations.remove(account, going),
                    lambda: conversations.update(account, changing, changing, NOW),
                ]
            )

        def transact(self, writes: Any) -> None:
            act = next(self.acts, None)
            if act:
                act()
            super().transact(writes)

    removed = remove_user(account, "agent")
    assert clean(Interrupted(account), removed)
    assert left(account, changing.sid) == []
    assert conversations.load(account, going.sid) is None


def test_there_is_nothing_to_leave_when_the_service_is_gone_too(account: Table) -> None:
    chat = conversation(account, {"identity": "agent"}, service=SECOND)
    services.remove(account, SECOND)
    assert clean(account, remove_user(account, "agent", SECOND))
    assert left(account, chat.sid) == [(ParticipantKind.CHAT, "agent")]


# --- Services


def test_everything_in_a_removed_service_goes_and_nothing_else_does(account: Table, client: Any) -> None:
    remaining = group(account, A, C, unique_name="elm")
    before = {item["PK"]["S"] + item["SK"]["S"] for item in stored(client)} - {f"IS#{SECOND}IS"}
    gone = group(account, A, B, service=SECOND, unique_name="elm")
    say(account, gone)
    webhook(account, gone)
    conversation(account, {"identity": "ann"}, service=SECOND, state=ConversationState.CLOSED)
    account.write(put("webhooks", keys.service_webhooks(SECOND), {"method": "post"}))
    account.write(put("notifications", keys.service_notifications(SECOND), {"log_enabled": True}))
    push_settings.bind(account, PushBinding(sids.new(sids.BINDING), SECOND, NOW, NOW, "ann", BindingType.APN, "device"))
    services.remove(account, SECOND)
    runs = 0
    while not clean(account, Removed(RemovedKind.SERVICE, SECOND), steps=2):
        runs += 1
    assert runs > 1
    assert conversations.find_owner(account, next(iter(gone.threads))) is None
    assert conversations.find_by_unique_name(account, SECOND, "elm") is None
    assert conversations.find_by_unique_name(account, FIRST, "elm") == remaining.sid
    # What each of its conversations leaves behind follows through the stream.
    for sid in {item["PK"]["S"].partition("#")[2] for item in stored(client) if item["PK"]["S"][:2] in ("C#", "M#")}:
        if sid != remaining.sid:
            clean(account, Removed(RemovedKind.CONVERSATION, sid))
    after = {item["PK"]["S"] + item["SK"]["S"] for item in stored(client)}
    roles = {name for name in before if name.startswith(f"IS#{SECOND}")}
    # What has an end of its own: counts of copies, and an entry that the sweeper removes when it finds nothing there.
    copies = {name for name in after if "K#" in name or name.startswith("DUE_SWEEPS#")}
    # The removal is a change of the settings.
    assert after - copies == (before - roles) | {"".join(keys.settings_version())}


def test_groups_of_a_removed_service_are_free_once_it_is_cleaned_up(account: Table) -> None:
    gone = group(account, A, B, service=SECOND)
    services.remove(account, SECOND)
    assert clean(account, Removed(RemovedKind.SERVICE, SECOND))
    assert clean(account, Removed(RemovedKind.SERVICE, SECOND))
    assert group(account, A, B).threads == gone.threads
    assert conversation_lists.page(account, SECOND, Window(5)).entries == []


def arrive(table: Table, owner: Conversation, index: int, at: datetime, *, body: str = "hi") -> None:
    """A text that a carrier brings to a conversation, as it is recorded."""
    roster = conversations.load(table, owner.sid)
    assert roster
    writer = next(member for member in roster.participants if member.address == A)
    message = Message(
        sids.message(index), owner.sid, index, at, at, A, body, writer.sid, carrier_message_id=f"carrier-{index}"
    )
    table.transact(messages.recording_writes(roster, message, at))


def test_texts_of_a_removed_service_are_stored_among_the_unrouted(account: Table) -> None:
    lines.register(account, Line(sids.new(sids.LINE), P, "telnyx", NOW, NOW))
    gone = group(account, A, B, service=SECOND)
    masked = conversation(account, {"address": A, "proxy_address": Q}, service=SECOND)
    arrive(account, gone, 0, NOW, body="before")
    services.remove(account, SECOND)
    arrive(account, gone, 1, LATER, body="after")
    arrive(account, gone, 2, LATER + timedelta(seconds=1), body="and more")
    arrive(account, masked, 0, LATER, body="masked")
    removed = Removed(RemovedKind.SERVICE, SECOND, at=LATER.timestamp())
    assert clean(account, removed)
    assert clean(account, removed)
    remaining = {text.body: text for _, text in queries.unrouted(account, Window(10)).entries}
    assert set(remaining) == {"after", "and more", "masked"}
    text = remaining["after"]
    assert (text.carrier, text.carrier_message_id, text.reason) == (
        "telnyx",
        "carrier-1",
        UnroutedReason.SERVICE_REMOVED,
    )
    assert (text.line, text.sender, text.recipients, text.created) == (P, A, (P, B), LATER)
    assert (remaining["masked"].line, remaining["masked"].sender, remaining["masked"].recipients) == (Q, A, (Q,))


class Meanwhile(Table):
    """A table to which a text comes at the moment when a conversation is deleted."""

    def __init__(self, inner: Table, act: Callable[[], None]) -> None:
        super().__init__(inner._client, inner._name)
        self._acts = [act]

    def transact(self, writes: Sequence[Write]) -> None:
        if self._acts and any(write.operation == "Delete" for write in writes):
            self._acts.pop()()
        super().transact(writes)


def test_text_that_arrives_during_the_clean_up_is_stored_too(account: Table) -> None:
    gone = group(account, A, B, service=SECOND)
    services.remove(account, SECOND)
    racing = Meanwhile(account, lambda: arrive(account, gone, 0, LATER, body="late"))
    assert clean(racing, Removed(RemovedKind.SERVICE, SECOND, at=NOW.timestamp()))
    assert [text.body for _, text in queries.unrouted(account, Window(10)).entries] == ["late"]
    assert conversations.fetch(account, gone.sid) is None


def test_a_clean_up_that_dies_does_not_keep_anew_what_was_dealt_with_meanwhile(account: Table) -> None:
    """M1: a repeat judges what is left by what an earlier run has written."""
    gone = group(account, A, B, service=SECOND)
    services.remove(account, SECOND)
    for index in range(3):
        arrive(account, gone, index, LATER, body=f"late {index}")
    for writes in range(1, 4):
        with pytest.raises(Crash):
            clean(Dying(account, 1), Removed(RemovedKind.SERVICE, SECOND, at=NOW.timestamp()))
        ((_, remaining),) = queries.unrouted(account, Window(10)).entries
        assert remaining.body == f"late {3 - writes}"
        assert unrouted.remove(account, remaining.sid)
    assert clean(account, Removed(RemovedKind.SERVICE, SECOND, at=NOW.timestamp()))
    assert queries.unrouted(account, Window(10)).entries == []
    assert conversations.fetch(account, gone.sid) is None


def test_removal_in_the_stream_queues_a_clean_up(account: Table, client: Any) -> None:
    relay = Relay(account)
    (before,) = (item for item in stored(client) if item["PK"]["S"] == f"IS#{SECOND}" and item["SK"]["S"] == "IS")
    stream = stream_relay.StreamRelay(
        unexpected,
        unexpected,
        unexpected,
        unexpected,
        unexpected,
        relay.queued.append,
        unexpected,
        unexpected,
        unexpected,
        unexpected,
        unexpected,
    )
    change = {"Keys": {"PK": before["PK"], "SK": before["SK"]}, "OldImage": before}
    moment = {"ApproximateCreationDateTime": 1795348800.0}
    stream.relay({"eventName": "REMOVE", "dynamodb": {**change, **moment}})
    assert relay.queued == [Removed(RemovedKind.SERVICE, SECOND, at=1795348800.0)]


def test_who_came_back_keeps_a_number_that_is_older_than_they_are(account: Table) -> None:
    owner = group(account, A, B)
    removed = remove_user(account, "agent")
    user = User(sids.user(FIRST, "agent"), FIRST, "agent", LATER, LATER)
    assert users.create(account, user)
    roster = conversations.load(account, owner.sid)
    assert roster
    (number,) = (member for member in roster.participants if member.projected_address)
    again = replace(number, identity="agent", identified=LATER)
    memberships.change_members(account, roster, roster.with_member(again), LATER)
    assert clean(account, removed)
    assert (ParticipantKind.AGENT, "agent") in left(account, owner.sid)


def test_the_devices_of_a_removed_user_go_too(account: Table) -> None:
    group(account, A, B)
    for identity in ("agent", "ann"):
        sid = sids.derive(sids.BINDING, identity)
        push_settings.bind(
            account, PushBinding(sid, FIRST, NOW, NOW, identity, BindingType.APN, f"device of {identity}")
        )
    assert clean(account, remove_user(account, "agent"))
    assert [one.identity for _, one in queries.bindings(account, FIRST, Window(5)).entries] == ["ann"]
