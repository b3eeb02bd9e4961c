"""What a request reads does not grow with what is stored: a page costs the same with 10, 100 and 1000 of everything.

Costs are DynamoDB's read units, counted from the items that each request examines. The emulator's own
`ConsumedCapacity` is of no use: it says 1 for a query of any size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from partyline import sids
from partyline.api.calls import Desk
from partyline.directory import Role
from partyline.model import Conversation, Line, Message, Participant
from partyline.permissions import RoleType
from partyline.store import conversations, lines, messages, roles, services
from partyline.store.table import MAX_BATCH_WRITE, Table, Write
from tests.integration.api.harness import ACCOUNT, ROOT, TOKEN, A, Api, B, Clock, P

FEW, SOME, MANY = 10, 100, 1000
SIZE = 5
SERVICE = sids.default_service(ACCOUNT)
CONVERSATION, MESSAGE = sids.of(sids.CONVERSATION, "the one"), sids.message(0)


@dataclass
class Meter:
    """Counts what is read: round trips, and units of 4 KB, which are half as much where a read may be a moment behind.

    A query without a filter examines what it returns, so the answers tell what was examined.
    """

    units: float = 0
    trips: int = 0
    _asked: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def running(self, client: Any) -> Iterator[None]:
        """Count what the client reads meanwhile."""
        events = {"provide-client-params.dynamodb": self._ask, "after-call.dynamodb": self._count}
        for name, handler in events.items():
            client.meta.events.register(name, handler)
        yield
        for name, handler in events.items():
            client.meta.events.unregister(name, handler)

    def _ask(self, params: dict[str, Any], **_: Any) -> None:
        self._asked = params

    def _count(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        self.trips += 1
        match model.name:
            case "GetItem":
                self.units += _units([parsed.get("Item", {})])
            case "BatchGetItem":
                [(_table, wanted)] = self._asked["RequestItems"].items()
                [(_table, found)] = parsed["Responses"].items()
                self.units += sum(_units([item]) for item in found) + len(wanted["Keys"]) - len(found)
            case "Query":
                assert "FilterExpression" not in self._asked
                self.units += _units(parsed["Items"]) * (1 if self._asked["ConsistentRead"] else 0.5)
            case other:
                pytest.fail(f"a reading request does {other}")


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
        for write in writes:
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
    """So many conversations of one agent and one handset, messages and participants of one of them, and Services,
    roles, users and lines."""
    now = clock()
    members = [
        Participant(sids.new(sids.PARTICIPANT), CONVERSATION, now, now, identity=f"member {count:04}")
        for count in range(number)
    ]
    one = Conversation(
        CONVERSATION, SERVICE, now, now, unique_name="the one", last_index=number - 1, active_at=now, removed=0
    )
    table.transact(conversations.creation_writes(one, members, now))
    for count in range(number):
        moment = now + timedelta(seconds=count)
        sid = sids.new(sids.CONVERSATION)
        conversation = Conversation(sid, SERVICE, moment, moment, unique_name=f"one {count:04}", active_at=moment)
        both = [
            Participant(sids.new(sids.PARTICIPANT), sid, moment, moment, identity="agent", last_read_message_index=0),
            Participant(sids.new(sids.PARTICIPANT), sid, moment, moment, address=A),
        ]
        table.transact(conversations.creation_writes(conversation, both, moment))
        message = Message(sids.message(count), CONVERSATION, count, moment, moment, "agent", "hello")
        table.transact(messages.message_writes(message, moment))
        service, _ = services.new("Sales", moment, sid=sids.new(sids.SERVICE))
        services.create(table, service, [])
        roles.create(
            table, Role(sids.new(sids.ROLE), SERVICE, moment, moment, "reader", RoleType.CONVERSATION, ("sendMessage",))
        )
        lines.register(table, Line(sids.new(sids.LINE), f"+1206556{count:04}", "bandwidth", moment, moment))
    table.flush()


@dataclass(frozen=True)
class Stored:
    """An API over a filled table, and what its requests cost."""

    api: Api

    def cost(self, url_or_path: str, query: Sequence[tuple[str, str]] = ()) -> tuple[float, int, Any]:
        """Units, round trips, and the answer."""
        meter = Meter()
        with meter.running(self.api.desk.table._client):
            reply = self.api.follow(url_or_path) if "://" in url_or_path else self.api.get(url_or_path, query)
        assert reply.status == 200, reply.body
        return meter.units, meter.trips, reply.body


@pytest.fixture(scope="module")
def stored(dynamodb: Any, table_definition: dict[str, Any]) -> Iterator[dict[int, Stored]]:
    """The API over a table with few, some and many of everything."""
    clock, made = Clock(), {}
    for number in (FEW, SOME, MANY):
        name = f"partyline-{number}"
        dynamodb.create_table(TableName=name, **table_definition)
        api = Api(Desk(Table(dynamodb, name), ACCOUNT, lambda: TOKEN, lambda: ROOT, clock))
        api.made("/Lines", {"Address": P, "Carrier": "bandwidth"})
        api.group(A, B)
        fill(Filling(dynamodb, name), number, clock)
        made[number] = Stored(api)
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
    ],
)
def test_finding_one_costs_the_same_however_many_there_are(
    stored: dict[int, Stored], path: str, query: list[tuple[str, str]]
) -> None:
    costs = []
    for each in stored.values():
        page = each.api.get(f"/Conversations/{CONVERSATION}/Messages", {"PageSize": "1"}).body
        costs.append(each.cost(path.format(message=page["messages"][0]["sid"]), query)[:2])
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
        (f"/Conversations/{CONVERSATION}/Participants", []),
        ("/ParticipantConversations", [("Identity", "agent")]),
        ("/ParticipantConversations", [("Address", A)]),
        ("/Users", []),
        ("/Users/agent/Conversations", []),
        ("/Services", []),
        ("/Roles", []),
        ("/Lines", []),
    ],
)
def test_a_page_costs_the_same_however_long_the_list_is(
    stored: dict[int, Stored], path: str, query: list[tuple[str, str]]
) -> None:
    costs = {number: walk(each, path, query) for number, each in stored.items()}
    assert costs[MANY] == costs[SOME]
    # A list that ends soon has less to read behind the page.
    assert all(
        units <= long and trips <= longer
        for (units, trips), (long, longer) in zip(costs[FEW], costs[SOME], strict=True)
    )


def walk(stored: Stored, path: str, query: list[tuple[str, str]]) -> list[tuple[float, int]]:
    """The costs of the first page, the one behind it, and the first again from there."""
    costs = []
    units, trips, body = stored.cost(path, [*query, ("PageSize", str(SIZE))])
    costs.append((units, trips))
    for direction in ("next", "previous"):
        units, trips, body = stored.cost(body["meta"][f"{direction}_page_url"])
        assert len(body[body["meta"]["key"]]) == SIZE
        costs.append((units, trips))
    return costs
