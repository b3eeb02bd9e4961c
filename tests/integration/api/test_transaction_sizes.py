"""What callers make as large as they may fits into one transaction: DynamoDB takes a hundred writes, of which the table
of the tests takes no more either."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from partyline.api.resources import attachments
from partyline.domain import contacts, join_rules
from partyline.storage import stored_format
from partyline.storage.table import MAX_TRANSACTION, Table
from tests.support.api_harness import Api, P, activate, proxy_event

# The most that the parameter GroupLimit of the template can be.
GROUP_LIMIT = 45
LARGE = json.dumps("x" * 16_000)
KEY = {"Idempotency-Key": "one"}


class Measuring(Table):
    """A table that remembers the size of its largest transaction."""

    largest = 0

    def transact(self, writes: Any) -> None:
        self.largest = max(self.largest, len(writes))
        super().transact(writes)


def number(index: int) -> str:
    return f"+1206557{index:04}"


@pytest.fixture
def measuring(api: Api) -> Measuring:
    """At the newest level of the stored format, at which a conversation has most items of its own."""
    inner = api.context.table
    stored_format.raise_level(inner)
    return Measuring(inner._client, inner._name)


@pytest.fixture
def large(api: Api, measuring: Measuring) -> Api:
    return replace(api, context=replace(api.context, table=measuring, group_limit=GROUP_LIMIT), headers=KEY)


def upload(api: Api) -> str:
    event = proxy_event("POST", "/v1/Media", headers={"Authorization": api.authorization or ""})
    png = {"body": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode(), "isBase64Encoded": True}
    event["headers"]["Content-Type"] = "image/png"
    return str(api.send({**event, **png}).body["sid"])


def participants(*members: dict[str, str]) -> list[tuple[str, str]]:
    return [("Participant", json.dumps(member)) for member in members]


@pytest.mark.parametrize("kind", ["identity", "masked"])
def test_a_conversation_of_the_largest_size_is_made_at_once(large: Api, measuring: Measuring, kind: str) -> None:
    members: list[dict[str, Any]] = [
        {"identity": f"person {index}", "attributes": json.dumps({"a": "x" * 4000})}
        if kind == "identity"
        else {"messaging_binding": {"address": number(index), "proxy_address": P}}
        for index in range(GROUP_LIMIT)
    ]
    settings = [("UniqueName", "all"), ("Timers.Inactive", "P1D"), ("FriendlyName", "All"), ("Attributes", LARGE)]
    reply = large.post("/ConversationWithParticipants", [*settings, *participants(*members)])
    assert reply.status == 202, reply.body
    activate(measuring, reply.body["sid"], large.context.clock())
    # A member that is the caller takes two more.
    assert GROUP_LIMIT * 2 < measuring.largest <= MAX_TRANSACTION - 2
    assert large.post(f"/Conversations/{reply.body['sid']}", {"State": "closed"}).status == 200


def test_a_conversation_of_as_many_pairs_as_it_may_have(large: Api, measuring: Measuring) -> None:
    group = large.conversation(UniqueName="all", Attributes=LARGE, **{"Timers.Inactive": "P1D"})
    for index in range(join_rules.MAX_BOUND):
        assert large.add(group, address=number(index), proxy=P).status == 201
    assert large.add(group, address=number(join_rules.MAX_BOUND), proxy=P).error[:2] == (400, 50418)
    large.member(group, identity="agent")
    assert large.post(f"/Conversations/{group}", {"State": "inactive"}).status == 200
    files = [upload(large) for _ in range(attachments.MAX_MEDIA)]
    form = [("Author", "agent"), ("Body", "hello"), *(("MediaSid", sid) for sid in files)]
    assert large.post(f"/Conversations/{group}/Messages", form).status == 201
    assert join_rules.MAX_BOUND < measuring.largest < MAX_TRANSACTION
    assert large.delete(f"/Conversations/{group}").status == 204


def test_contacts_of_the_largest_size_are_merged(large: Api, measuring: Measuring) -> None:
    def create(first: int, count: int, word: str) -> str:
        given = json.dumps([number(index) for index in range(first, first + count)])
        name = " ".join(f"{word}{index}" for index in range(20))
        return str(replace(large, headers={}).made("/Contacts", {"FriendlyName": name, "Numbers": given})["sid"])

    half = contacts.MAX_NUMBERS // 2
    survivor, other = create(0, half, "a"), create(half, half, "b")
    assert large.post(f"/Contacts/{survivor}/Merge", {"ContactSid": other}).status == 200
    moved = json.dumps([number(index) for index in range(50, 50 + contacts.MAX_NUMBERS)])
    name = " ".join(f"c{index}" for index in range(20))
    assert large.post(f"/Contacts/{survivor}", {"FriendlyName": name, "Numbers": moved}).status == 200
    assert measuring.largest < MAX_TRANSACTION
