"""Messages that are older than their Service keeps them: what stays, what goes with them, and what ends in between."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from partyline.carriers.base import InboundText
from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.inbound import recorder
from partyline.lifecycle import message_expirer
from partyline.lifecycle.cleanup import Cleaner
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import lines
from partyline.storage.table import Table
from tests.support.api_harness import A, Api, B, Clock, P, build_context, consult_no_webhook
from tests.support.event_world import SERVICE
from tests.support.files import Files
from tests.support.people import acting
from tests.support.scene import Crash, Dying

SETTINGS = f"/Services/{SERVICE}/Configuration"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(table: Table, clock: Clock) -> Api:
    """An account that keeps messages for thirty days."""
    lines.register(table, Line(sids.new(sids.LINE), P, "bandwidth", clock(), clock(), AutoCreation.ALL))
    made = Api(build_context(table, clock))
    assert made.post(SETTINGS, {"MessageRetention": "30"}).body["message_retention"] == 30
    return made


def text(api: Api, sender: str, *others: str, words: str) -> str:
    """The conversation that takes a text."""
    arrived = InboundText("bandwidth", sids.new("c-"), P, sender, (P, *others), words)
    inbound = recorder.InboundRecorder(api.context.table, SERVICE, consult_no_webhook)
    return inbound.record(arrived, api.context.clock()).conversation_sid


def look(api: Api, table: Table | None = None) -> bool:
    """Do what the clean-up does once a day; whether it came to its end."""
    cleaner = Cleaner(table or api.context.table, Files(), api.context.clock, lambda: True)
    return cleaner.clean_up(Removed(RemovedKind.OLD_MESSAGES, SERVICE))


def said(api: Api, conversation: str) -> list[tuple[int, str, str | None]]:
    found = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    return [(one["index"], one["author"], one["body"]) for one in found]


def stored(api: Api) -> str:
    client: Any = api.context.table._client
    return json.dumps(client.scan(TableName="partyline")["Items"])


def later(api: Api, **period: int) -> None:
    """Let time pass, after which the table has deleted what expires by itself."""
    clock: Any = api.context.clock
    clock.tick(**period)
    client: Any = api.context.table._client
    for item in client.scan(TableName="partyline")["Items"]:
        if "ttl" in item and int(item["ttl"]["N"]) < clock().timestamp():
            client.delete_item(TableName="partyline", Key={"PK": item["PK"], "SK": item["SK"]})


def test_of_an_old_message_index_and_date_stay_and_newer_ones_are_as_they_were(api: Api) -> None:
    conversation = text(api, A, B, words="the old words")
    dates = [one["date_created"] for one in api.get(f"/Conversations/{conversation}/Messages").body["messages"]]
    api.say(conversation, "an old answer", P)
    later(api, days=31)
    text(api, B, A, words="the new words")
    assert look(api)
    assert said(api, conversation) == [(0, "erased", None), (1, "erased", None), (2, B, "the new words")]
    found = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    assert found[0]["date_created"] == dates[0]
    later(api, days=2)
    assert "old words" not in stored(api) and "old answer" not in stored(api)


def test_receipts_sends_notes_and_activities_go_with_the_messages(api: Api) -> None:
    conversation = text(api, A, B, words="old")
    message = api.say(conversation, "an old answer", P).body["sid"]
    api.made(f"/Conversations/{conversation}/Notes", {"Body": "an old note"})
    text(api, B, A, words="old too")
    later(api, days=31)
    assert look(api)
    assert api.get(f"/Conversations/{conversation}/Messages/{message}/Receipts").body["delivery_receipts"] == []
    assert api.get(f"/Conversations/{conversation}/Notes").body["notes"] == []


def test_a_conversation_that_was_closed_for_as_long_is_deleted(api: Api) -> None:
    conversation = text(api, A, words="old")
    api.post(f"/Conversations/{conversation}", {"State": "closed"})
    later(api, days=29)
    assert look(api)
    assert api.get(f"/Conversations/{conversation}").status == 200
    later(api, days=2)
    assert look(api)
    assert api.get(f"/Conversations/{conversation}").status == 404
    cleaner = Cleaner(api.context.table, Files(), api.context.clock, lambda: True)
    assert cleaner.clean_up(Removed(RemovedKind.CONVERSATION, conversation))
    later(api, days=61)
    assert A not in stored(api)


def test_nothing_expires_in_a_service_that_keeps_messages(api: Api) -> None:
    conversation = text(api, A, words="old")
    assert api.post(SETTINGS, {"MessageRetention": ""}).body["message_retention"] is None
    later(api, days=1000)
    assert look(api)
    assert said(api, conversation) == [(0, A, "old")]


def test_a_look_reads_each_message_once(api: Api) -> None:
    conversation = text(api, A, B, words="old")
    later(api, days=31)
    look(api)
    before = stored(api)
    assert look(api)
    assert stored(api) == before
    assert api.say(conversation, "new", P).status == 201


def test_a_look_that_dies_at_every_third_write_comes_to_the_same_end(api: Api) -> None:
    conversations = [text(api, A, f"+1206555{number}", words="old") for number in range(1000, 1004)]
    later(api, days=31)
    died, done = 0, False
    while not done:
        try:
            done = look(api, Dying(api.context.table, 3))
        except Crash:
            died += 1
    assert died > 1
    assert [said(api, one) for one in conversations] == [[(0, "erased", None)]] * 4


def test_a_look_is_ordered_once_a_day_where_messages_expire(api: Api, table: Table, clock: Clock) -> None:
    other = api.made("/Services", {"FriendlyName": "keeps everything"})["sid"]

    def ordered(service: str) -> int:
        return sum(item["SK"].startswith("RETENTION#") for item in table.query_all(f"IS#{service}"))

    for _ in range(2):
        message_expirer.order_expiry(table, clock())
    assert (ordered(SERVICE), ordered(other)) == (1, 0)
    message_expirer.order_expiry(table, clock() + timedelta(days=1))
    assert ordered(SERVICE) == 2


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "P30D", "3661", "1" * 12, "\u0663"])
def test_the_period_is_a_whole_number_of_days(api: Api, value: str) -> None:
    assert api.post(SETTINGS, {"MessageRetention": value}).error[:2] == (400, 20001)


def test_only_the_account_sets_the_period(api: Api) -> None:
    ann = acting(api, "ann")
    assert ann.post(SETTINGS, {"MessageRetention": "1"}).status == 403
