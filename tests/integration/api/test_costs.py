"""What a request reads does not grow with what is stored: a page costs the same with 10, 100 and 300 of everything.

Costs are DynamoDB's read units, counted from the items that each request examines. The emulator's own
`ConsumedCapacity` is of no use: it says 1 for a query of any size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from partyline.api import message_lists
from partyline.api.context import ApiContext
from partyline.api.resources import export
from partyline.domain import sids
from partyline.domain.activities import Activity, ActivityKind
from partyline.domain.contacts import Contact, ContactAction, ContactNumber, describe_change
from partyline.domain.conversations import Conversation
from partyline.domain.events import Source
from partyline.domain.lines import AddressConfiguration, Line
from partyline.domain.messages import Message
from partyline.domain.notes import Note
from partyline.domain.participants import Participant
from partyline.domain.permissions import RoleType
from partyline.domain.push_settings import BindingType, Credential, PushBinding, PushType
from partyline.domain.scheduled_messages import ScheduledMessage
from partyline.domain.services import ApiKey, Role, build_service
from partyline.domain.snippets import Snippet
from partyline.domain.webhook_configuration import MAX_PER_CONVERSATION, ScopedWebhook, WebhookTarget
from partyline.storage import (
    activities,
    api_keys,
    codec,
    contact_keys,
    contacts,
    keys,
    lines,
    memberships,
    messages,
    push_settings,
    roles,
    scheduled_messages,
    services,
    snippets,
)
from partyline.storage.table import MAX_BATCH_WRITE, Table, Write, put
from tests.support.api_harness import ACCOUNT, ROOT, TOKEN, A, Api, B, Clock, P, consult_no_webhook
from tests.support.aws_requests import AwsRequest, Send, intercepted
from tests.support.files import Files
from tests.support.people import acting

FEW, SOME, MANY = 10, 100, 300
SIZE = 5
SERVICE = sids.default_service(ACCOUNT)
# One conversation has many members, the other an agent and a handset; both have many messages.
CONVERSATION, PAIR = sids.derive(sids.CONVERSATION, "the one"), sids.derive(sids.CONVERSATION, "the pair")
# The first ones of their kind.
WEBHOOK, BINDING, CREDENTIAL, KEY, ADDRESS, CONTACT = (
    sids.derive(kind, "0")
    for kind in (sids.WEBHOOK, sids.BINDING, sids.CREDENTIAL, sids.API_KEY, sids.ADDRESS_CONFIGURATION, sids.CONTACT)
)
# Bytes of what is left of a deleted message: its keys.
_TRACE = 100
# What it costs more to ask as a person: who they are and what they may do (three round trips), and everybody in a
# conversation of two instead of the conversation alone.
_PERSON = 6
# Half a unit for each of the four shards of a list.
_ROUNDING = 2


@dataclass
class Meter:
    """Counts what is read: round trips, and units of 4 KB, which are half as much where a read may be a moment behind.

    A query without a filter examines what it returns, or counts, so the answers tell what was examined.
    """

    units: float = 0
    trips: int = 0

    def count(self, request: AwsRequest, send: Send) -> Any:
        """Count a read, and send it on."""
        answer, asked = send(), request.parameters
        self.trips += 1
        match request.operation:
            case "GetItem":
                self.units += _units([answer.get("Item", {})])
            case "BatchGetItem":
                [(_table, wanted)] = asked["RequestItems"].items()
                [(_table, found)] = answer["Responses"].items()
                self.units += sum(_units([item]) for item in found) + len(wanted["Keys"]) - len(found)
            case "Query":
                assert "FilterExpression" not in asked
                counted = max(math.ceil(answer["Count"] * _TRACE / 4096), 1)
                examined = counted if asked.get("Select") == "COUNT" else _units(answer["Items"])
                self.units += examined * (1 if asked["ConsistentRead"] else 0.5)
            case other:
                pytest.fail(f"a reading request does {other}")
        return answer


def _units(items: Sequence[dict[str, Any]]) -> int:
    size = sum(len(name) + len(repr(value)) for item in items for name, value in item.items())
    return max(math.ceil(size / 4096), 1)


class Filling(Table):
    """A table that is filled fast: new items by batches, without conditions."""

    def __init__(self, client: Any, name: str) -> None:
        super().__init__(client, name)
        self._waiting: dict[str, Any] = {}
        self._changed: set[str] = set()

    def write(self, write: Write) -> dict[str, Any]:
        self.transact([write])
        return {}

    def transact(self, writes: Sequence[Write]) -> None:
        for write in self._build_parts(writes):
            if write.operation == "Put":
                item = write.parameters["Item"]
                self._waiting[repr((item["PK"], item["SK"]))] = {"PutRequest": {"Item": item}}
            elif repr(write.parameters["Key"]) not in self._changed:
                self._changed.add(repr(write.parameters["Key"]))
                super().write(write)

    def flush(self) -> None:
        requests = list(self._waiting.values())
        for start in range(0, len(requests), MAX_BATCH_WRITE):
            self._client.batch_write_item(RequestItems={self._name: requests[start : start + MAX_BATCH_WRITE]})


def fill(table: Filling, number: int, clock: Clock) -> None:
    """So many of everything that there can be many of."""
    now = clock()
    members = [
        Participant(sids.new(sids.PARTICIPANT), CONVERSATION, now, now, identity=f"member {count:04}")
        for count in range(number)
    ]
    for sid, name, people in ((CONVERSATION, "the one", members), (PAIR, "the pair", pair(PAIR, now))):
        made = Conversation(sid, SERVICE, now, now, unique_name=name, last_index=number - 1, active_at=now)
        table.transact(memberships.NewConversation(made, people, now).build_writes())
    for count in range(MAX_PER_CONVERSATION):
        webhook = ScopedWebhook(sids.derive(sids.WEBHOOK, str(count)), CONVERSATION, now, now, WebhookTarget.STUDIO)
        table.write(put("webhook", keys.webhook(CONVERSATION, webhook.sid), codec.encode(webhook)))
    for count in range(number):
        moment = now + timedelta(seconds=count)
        fill_conversations(table, count, moment)
        fill_account(table, count, moment)
    table.flush()


def pair(conversation_sid: str, moment: datetime) -> list[Participant]:
    """An agent who has read the first message, and a handset."""
    sid = sids.new(sids.PARTICIPANT)
    agent = Participant(sid, conversation_sid, moment, moment, identity="agent", last_read_message_index=0)
    return [agent, Participant(sids.new(sids.PARTICIPANT), conversation_sid, moment, moment, address=A)]


def fill_conversations(table: Filling, count: int, moment: datetime) -> None:
    """One more conversation of a pair, of whose three messages one was deleted, and a message in the two, with one
    that is scheduled."""
    sid = sids.new(sids.CONVERSATION)
    conversation = Conversation(
        sid, SERVICE, moment, moment, unique_name=f"one {count:04}", last_index=2, active_at=moment, removed=1
    )
    table.transact(memberships.NewConversation(conversation, pair(sid, moment), moment).build_writes())
    table.write(put("removed", keys.removed_message(sid, 1), {}))
    note = Note(sids.between_messages(sids.NOTE, count), CONVERSATION, moment, moment, "agent", "hello")
    table.write(put("note", keys.note(CONVERSATION, note.sid), codec.encode(note)))
    joined = Activity(
        sids.between_messages(sids.ACTIVITY, count),
        CONVERSATION,
        ActivityKind.PARTICIPANT_ADDED,
        moment,
        Source.API,
        identity="agent",
    )
    table.write(activities.put_write(joined))
    snippet = Snippet(sids.new(sids.SNIPPET), SERVICE, f"name{count:04}", "hello", moment, moment)
    table.write(put("snippet", snippets.keys_of(snippet)[0], codec.encode(snippet)))
    later = ScheduledMessage(
        sids.new(sids.SCHEDULED_MESSAGE), CONVERSATION, SERVICE, moment, moment, moment, "agent", body="hello"
    )
    table.transact([write for write in scheduled_messages.creation_writes(later) if write.operation == "Put"])
    for where in (CONVERSATION, PAIR):
        message = Message(sids.message(count), where, count, moment, moment, "agent", "hello")
        table.transact(messages.message_writes(message, moment, None))


def fill_account(table: Filling, count: int, moment: datetime) -> None:
    """One more Service, role, line with its address configuration, API key and credential, and a binding of each of
    two identities."""
    name = str(count)
    fill_contact(table, count, moment)
    service, _ = build_service("Sales", moment, sid=sids.new(sids.SERVICE))
    services.create(table, service, [])
    roles.create(
        table, Role(sids.new(sids.ROLE), SERVICE, moment, moment, "reader", RoleType.CONVERSATION, ("sendMessage",))
    )
    configuration = AddressConfiguration(sids.derive(sids.ADDRESS_CONFIGURATION, name), moment, moment)
    number = f"+1206556{count:04}"
    lines.register(table, Line(sids.new(sids.LINE), number, "bandwidth", moment, moment, configuration=configuration))
    table.write(put("pointer", keys.address_configuration(configuration.sid), {"address": number}))
    api_keys.create(table, ApiKey(sids.derive(sids.API_KEY, name), moment, moment))
    push_settings.create_credential(table, Credential(sids.derive(sids.CREDENTIAL, name), moment, moment, PushType.FCM))
    for identity, sid in (("agent", sids.derive(sids.BINDING, name)), ("other", sids.new(sids.BINDING))):
        push_settings.bind(
            table, PushBinding(sid, SERVICE, moment, moment, identity, BindingType.FCM, f"device of {sid}")
        )


def fill_contact(table: Filling, count: int, moment: datetime) -> None:
    """One more contact of the same owner, whose name has a word in common with all others."""
    number = ContactNumber(f"+1206557{count:04}", primary=True)
    made = Contact(
        sids.derive(sids.CONTACT, str(count)), SERVICE, f"Bob {count:04} Miller", moment, moment, (number,), "agent"
    )
    created = describe_change(None, made, ContactAction.CREATED, ACCOUNT)
    table.transact(contacts.build_writes(None, made, created))
    if count:
        first = sids.derive(sids.CONTACT, "0")
        table.write(
            put(
                "change",
                contact_keys.contact_change(first, count + 1),
                codec.encode(replace(created, contact_sid=first)),
            )
        )


@dataclass(frozen=True)
class Stored:
    """An API over a filled table as the account calls it and as the agent does, and what its requests cost."""

    api: Api
    agent: Api

    def cost(
        self, url_or_path: str, query: Sequence[tuple[str, str]] = (), *, by: Api | None = None
    ) -> tuple[float, int, Any]:
        """Units, round trips, and the answer; by the account unless somebody else is named."""
        meter, api = Meter(), by or self.api
        with intercepted(meter.count):
            reply = api.follow(url_or_path) if "://" in url_or_path else api.get(url_or_path, query)
        assert reply.status == 200, reply.body
        return meter.units, meter.trips, reply.body


# What is counted here are reads, not lines.
pytestmark = pytest.mark.no_cover


@pytest.fixture(scope="module")
def stored(dynamodb: Any, table_definition: dict[str, Any]) -> Iterator[dict[int, Stored]]:
    """The API over a table with few, some and many of everything."""
    clock, made = Clock(), {}
    for number in (FEW, SOME, MANY):
        name = f"partyline-{number}"
        dynamodb.create_table(TableName=name, **table_definition)
        api = Api(
            ApiContext(Table(dynamodb, name), ACCOUNT, lambda: TOKEN, lambda: ROOT, clock, consult_no_webhook, Files())
        )
        api.made("/Lines", {"Address": P, "Carrier": "bandwidth"})
        api.group(A, B)
        fill(Filling(dynamodb, name), number, clock)
        made[number] = Stored(api, acting(api, "agent"))
    yield made
    for number in made:
        dynamodb.delete_table(TableName=f"partyline-{number}")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"/Conversations/{CONVERSATION}", []),
        ("/Conversations/the one", []),
        ("/Conversations", [("Address", A), ("Address", B), ("Address", P)]),
        (f"/Conversations/{CONVERSATION}/Messages/{{message}}", []),
        ("/Users/agent", []),
        (f"/Lines/{P}", []),
        (f"/Conversations/{CONVERSATION}/Webhooks", []),
        (f"/Conversations/{CONVERSATION}/Webhooks/{WEBHOOK}", []),
        (f"/Services/{SERVICE}/Bindings/{BINDING}", []),
        (f"/Credentials/{CREDENTIAL}", []),
        (f"/Keys/{KEY}", []),
        (f"/Configuration/Addresses/{ADDRESS}", []),
        (f"/Contacts/{CONTACT}", []),
        ("/Contacts", [("Number", "+12065570000")]),
    ],
)
def test_finding_one_costs_the_same_however_many_there_are(
    stored: dict[int, Stored], path: str, query: list[tuple[str, str]]
) -> None:
    costs = [each.cost(named(each, path), query)[:2] for each in stored.values()]
    assert costs == [costs[0]] * 3
    assert costs[0][0] <= 6


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/Conversations", []),
        ("/Conversations", [("State", "active")]),
        ("/Conversations", [("StartDate", "2026-11-22"), ("EndDate", "2026-11-22")]),
        (f"/Conversations/{CONVERSATION}/Messages", []),
        (f"/Conversations/{CONVERSATION}/Messages", [("Order", "desc")]),
        (f"/Conversations/{CONVERSATION}/Notes", []),
        (f"/Conversations/{CONVERSATION}/Notes", [("Order", "desc")]),
        (f"/Conversations/{CONVERSATION}/Activity", []),
        (f"/Conversations/{CONVERSATION}/Activity", [("Order", "desc"), ("Messages", "false")]),
        ("/Snippets", []),
        ("/Snippets", [("Q", "NAME0")]),
        (f"/Conversations/{CONVERSATION}/Participants", []),
        (f"/Conversations/{CONVERSATION}/ScheduledMessages", []),
        (f"/Conversations/{CONVERSATION}/ScheduledMessages", [("State", "scheduled")]),
        ("/ParticipantConversations", [("Identity", "agent")]),
        ("/ParticipantConversations", [("Address", A)]),
        ("/Users", []),
        ("/Users/agent/Conversations", []),
        ("/Services", []),
        ("/Roles", []),
        ("/Lines", []),
        (f"/Services/{SERVICE}/Bindings", []),
        (f"/Services/{SERVICE}/Bindings", [("BindingType", "fcm")]),
        (f"/Services/{SERVICE}/Bindings", [("Identity", "agent")]),
        (f"/Services/{SERVICE}/Bindings", [("Identity", "agent"), ("Identity", "other")]),
        ("/Credentials", []),
        ("/Keys", []),
        ("/Configuration/Addresses", []),
        ("/Contacts", []),
        ("/Contacts", [("Owner", "agent")]),
        ("/Contacts", [("Q", "mill")]),
        ("/Contacts", [("Q", "bob mill")]),
        ("/Contacts", [("Q", "mill"), ("Owner", "agent")]),
        (f"/Contacts/{CONTACT}/History", []),
    ],
)
def test_a_page_costs_the_same_however_long_the_list_is(
    stored: dict[int, Stored], path: str, query: list[tuple[str, str]]
) -> None:
    costs = {number: walk(each, path, query) for number, each in stored.items()}
    assert costs[MANY] == costs[SOME]
    # A list that ends soon has less to read behind the page. Which shards have its entries is drawn, though, and what
    # is read of each is rounded up.
    assert all(
        units <= long + _ROUNDING and trips <= longer
        for (units, trips), (long, longer) in zip(costs[FEW], costs[SOME], strict=True)
    )


def test_a_page_of_a_search_costs_the_same_however_long_the_conversation_is(
    stored: dict[int, Stored], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_lists, "_SEARCHED_AT_ONCE", SIZE)
    path = f"/Conversations/{CONVERSATION}/Messages"
    costs = {number: walk(stored[number], path, [("Q", "hel")]) for number in (SOME, MANY)}
    assert costs[MANY] == costs[SOME]
    absent = {number: stored[number].cost(path, [("Q", "absent")]) for number in (SOME, MANY)}
    assert absent[MANY][:2] == absent[SOME][:2]
    assert absent[MANY][2]["messages"] == []
    assert absent[MANY][2]["meta"]["next_page_url"]


def walk(stored: Stored, path: str, query: list[tuple[str, str]], *, by: Api | None = None) -> list[tuple[float, int]]:
    """The costs of the first page, the one behind it, and the first again from there."""
    costs = []
    units, trips, body = stored.cost(path, [*query, ("PageSize", str(SIZE))], by=by)
    costs.append((units, trips))
    for direction in ("next", "previous"):
        units, trips, body = stored.cost(body["meta"][f"{direction}_page_url"], by=by)
        assert len(body[body["meta"]["key"]]) == SIZE
        costs.append((units, trips))
    return costs


def named(stored: Stored, path: str) -> str:
    """A path with the SID of the first message of the conversation that it names."""
    if "{message}" not in path:
        return path
    page = stored.api.get(path.partition("/{message}")[0], {"PageSize": "1"}).body
    return path.format(message=page["messages"][0]["sid"])


def test_deleted_messages_cost_a_count_for_each_conversation_of_the_page(stored: dict[int, Stored]) -> None:
    short, long = (
        [each.cost("/Users/agent/Conversations", [("PageSize", str(size))]) for each in stored.values()]
        for size in (SIZE, 2 * SIZE)
    )
    for (units, trips, page), (more_units, more_trips, longer) in zip(short, long, strict=True):
        assert [len(body["conversations"]) for body in (page, longer)] == [SIZE, 2 * SIZE]
        # A count is a round trip and a unit, and of each conversation its participant and itself are read.
        assert more_trips - trips == SIZE
        assert more_units - units <= 4 * SIZE
    assert short[1][:2] == short[2][:2]
    assert long[1][:2] == long[2][:2]


@pytest.mark.parametrize("after", ["", "9"])
def test_a_part_of_an_export_costs_in_proportion_to_its_size(
    stored: dict[int, Stored], after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_BATCH", SIZE)
    path, query = f"/Conversations/{CONVERSATION}/Export", [("After", after)] if after else []
    costs = {}
    for part in (8_000, 32_000):
        monkeypatch.setattr(export, "PART_BYTES", part)
        parts = {number: stored[number].cost(path, query) for number in (SOME, MANY)}
        assert all(body[-1]["type"] == "next" for _, _, body in parts.values())
        assert parts[MANY][:2] == parts[SOME][:2]
        costs[part] = parts[MANY][:2]
    assert all(long <= 4 * short for short, long in zip(costs[8_000], costs[32_000], strict=True))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"/Conversations/{PAIR}", []),
        ("/Conversations/the pair", []),
        (f"/Conversations/{PAIR}/Messages/{{message}}", []),
        (f"/Conversations/{PAIR}/Messages/{{message}}/Receipts", []),
        (f"/Conversations/{PAIR}/Participants", []),
        (f"/Conversations/{PAIR}/Participants/agent", []),
        ("/Users/agent", []),
        (f"/Users/agent/Conversations/{PAIR}", []),
    ],
)
def test_lookup_costs_a_person_little_more_than_the_account_for_any_number(
    stored: dict[int, Stored], path: str, query: list[tuple[str, str]]
) -> None:
    costs = [each.cost(named(each, path), query, by=each.agent)[:2] for each in stored.values()]
    assert costs == [costs[0]] * 3
    units, trips, _ = stored[FEW].cost(named(stored[FEW], path), query)
    assert units < costs[0][0] <= units + _PERSON
    assert trips < costs[0][1] <= trips + _PERSON


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"/Conversations/{PAIR}/Messages", []),
        (f"/Conversations/{PAIR}/Messages", [("Order", "desc")]),
        ("/ParticipantConversations", [("Identity", "agent")]),
        ("/Users/agent/Conversations", []),
    ],
)
def test_page_costs_a_person_little_more_than_the_account_for_any_list(
    stored: dict[int, Stored], path: str, query: list[tuple[str, str]]
) -> None:
    costs = {number: walk(each, path, query, by=each.agent) for number, each in stored.items()}
    assert costs[MANY] == costs[SOME]
    for (units, trips), (more, longer) in zip(walk(stored[MANY], path, query), costs[MANY], strict=True):
        assert units < more <= units + _PERSON
        assert trips < longer <= trips + _PERSON


def test_page_of_own_conversations_costs_the_same_for_any_number_of_them(
    stored: dict[int, Stored],
) -> None:
    costs = {number: walk(each, "/Conversations", [], by=each.agent) for number, each in stored.items()}
    assert costs[MANY] == costs[SOME]
