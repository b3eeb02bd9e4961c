"""Keywords in the largest groups: what one transaction has no room for is written before it, each number whole."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from partyline.carriers.base import InboundMedia, InboundText
from partyline.domain import sids
from partyline.domain.lines import AddressConfiguration, AutoCreation, AutoCreationType, Line
from partyline.domain.opt_outs import OptOutChannel, OptOutEvent
from partyline.domain.services import Configuration
from partyline.inbound.recorder import InboundRecorder, RecordOutcome, RecordResult
from partyline.storage import conversations, erased_opt_outs, keys, lines, opt_outs, queries, services
from partyline.storage.grouped_writes import write_groups
from partyline.storage.keys import Key
from partyline.storage.queries import Window
from partyline.storage.table import MAX_TRANSACTION, Condition, Table, Write, put
from tests.support.api_harness import consult_no_webhook
from tests.support.aws_requests import AwsRequest
from tests.support.scene import NOW

SERVICE = sids.default_service("AC" + "0" * 32)
# With these people and numbers, the transaction is as large as it gets: 64 + 5 * 4 is what it has room for.
ROSTER, OWN = 64, 4
IDS = itertools.count()


def numbers(own: int) -> list[str]:
    return [f"+1206556{number:04}" for number in range(own)]


def people(count: int) -> list[str]:
    return [f"+1206557{number:04}" for number in range(count)]


def prepare(table: Table, own: int) -> None:
    """Lines that give their conversations a webhook, and an account that gives them timers."""
    services.create_account(table, SERVICE, NOW)
    services.configure(table, Configuration(SERVICE), Configuration(SERVICE, default_closed_timer=600))
    for address in numbers(own):
        line = Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, AutoCreation.ALL)
        lines.register(table, line)
        webhook = AddressConfiguration(
            sids.new(sids.ADDRESS_CONFIGURATION), NOW, NOW, type=AutoCreationType.STUDIO, studio_flow_sid="FW1"
        )
        assert lines.update(table, line, replace(line, configuration=webhook))


def say(table: Table, words: str, roster: int, own: int) -> RecordResult:
    """A text with a picture into a group of so many, of which so many numbers are ours."""
    sender, *others = people(roster - own)
    recipients = (*others, *numbers(own))
    picture = (InboundMedia("https://carrier.example/1.jpg", "image/jpeg"),)
    text = InboundText("bandwidth", f"id-{next(IDS)}", numbers(own)[0], sender, recipients, words, picture)
    return InboundRecorder(table, SERVICE, consult_no_webhook).record(text, NOW)


def stop_and_erase(table: Table, own: int) -> None:
    """Leave of the first of the people only that all of our numbers may not text them."""
    sender = people(1)[0]
    for line in numbers(own):
        channel = OptOutChannel.TEXT
        table.transact(opt_outs.build_writes(None, OptOutEvent(sender, line, opted_out=True, channel=channel, at=NOW)))
    table.transact([erased_opt_outs.mark_write(table, NOW)])
    opt_outs.erase(table, sender)


def sizes(requests: Sequence[AwsRequest]) -> list[int]:
    return [len(one.parameters["TransactItems"]) for one in requests if one.operation == "TransactWriteItems"]


def states(table: Table, own: int) -> list[bool | None]:
    found = [opt_outs.fetch_many(table, people(1)[0], line) for line in numbers(own)]
    return [one.opted_out if one else None for one in found]


def test_a_transaction_has_room_for_what_is_planned_to_be_in_it(table: Table, requests_made: list[AwsRequest]) -> None:
    """START of a person who was erased takes most."""
    prepare(table, OWN)
    stop_and_erase(table, OWN)
    requests_made.clear()
    made = say(table, "START", ROSTER, OWN)
    assert made.outcome is RecordOutcome.CREATED
    assert sizes(requests_made) == [MAX_TRANSACTION]
    assert states(table, OWN) == [False] * OWN


@pytest.mark.parametrize("word", ["STOP", "START"])
@pytest.mark.parametrize("is_erased", [False, True])
@pytest.mark.parametrize(("roster", "own"), [(ROSTER, OWN), (ROSTER + 1, OWN), (79, 1), (76, 3), (79, 78)])
def test_keyword_holds_in_the_largest_groups(
    table: Table, requests_made: list[AwsRequest], word: str, roster: int, own: int, *, is_erased: bool
) -> None:
    prepare(table, own)
    if is_erased:
        stop_and_erase(table, own)
    requests_made.clear()
    made = say(table, word, roster, own)
    assert made.outcome is RecordOutcome.CREATED
    assert max(sizes(requests_made)) <= MAX_TRANSACTION
    assert states(table, own) == [word == "STOP"] * own
    loaded = conversations.load(table, made.conversation_sid)
    assert loaded
    assert len(loaded.participants) == roster
    # What is written before is written of each number as a whole: each state has its history, and is in the list.
    for line in numbers(own) if word == "START" or not is_erased else ():
        history = queries.opt_out_events(table, Window(10), people(1)[0], line)
        assert [event.opted_out for _, event in history.entries] == [word == "STOP"]
        state = opt_outs.fetch_many(table, people(1)[0], line)
        assert state
        assert table.get(keys.opt_out_pointer(state.sid))


def build_group(number: int, size: int, condition: Condition | None = None) -> list[Write]:
    return [put(f"{number}/{at}", Key(f"GROUP{number}", f"{at:03}"), {}, condition) for at in range(size)]


@pytest.mark.parametrize("group_sizes", [[], [1], [100], [60, 60], [3] * 67, [100, 100, 1], [99, 2, 99]])
def test_a_group_is_never_divided(table: Table, requests_made: list[AwsRequest], group_sizes: list[int]) -> None:
    table.connect()
    requests_made.clear()
    write_groups(table, (build_group(number, size) for number, size in enumerate(group_sizes)))
    parts: list[list[Any]] = [
        [one["Put"]["Item"]["PK"]["S"] for one in request.parameters["TransactItems"]] for request in requests_made
    ]
    assert all(len(part) <= MAX_TRANSACTION for part in parts)
    assert [pk for part in parts for pk in part] == [
        f"GROUP{number}" for number, size in enumerate(group_sizes) for _ in range(size)
    ]
    assert all(
        len({at for at, part in enumerate(parts) if f"GROUP{number}" in part}) == 1
        for number in range(len(group_sizes))
    )
