"""Opt-outs of people who were erased: only a keyed hash is left, and it holds wherever an opt-out is asked for."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from partyline.carriers.base import Accepted, InboundText
from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.opt_outs import OptOutChannel
from partyline.domain.sends import SendReference
from partyline.errors import HashKeyChanged
from partyline.inbound import recorder
from partyline.storage import erased_opt_outs, lines, opt_outs
from partyline.storage.table import Table
from tests.support.api_harness import consult_no_webhook
from tests.support.scene import FAILED, NOW, SENT, A, P, Q, group, make_scene, opt_out


@pytest.fixture
def lines_table(table: Table) -> Table:
    for address in (P, Q):
        lines.register(table, Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, AutoCreation.ALL))
    return table


def erase(table: Table, address: str) -> int:
    table.transact([erased_opt_outs.mark_write(table, NOW)])
    return opt_outs.erase(table, address)


def list_of_opt_outs(table: Table) -> list[dict[str, Any]]:
    """Everything that is stored of opt-outs."""
    client: Any = table._client
    return [
        one for one in client.scan(TableName="partyline")["Items"] if one["PK"]["S"].startswith(("O#", "OE#", "OO"))
    ]


def say(table: Table, text: str, id: str) -> None:
    inbound = InboundText("bandwidth", id, P, A, (P,), text)
    recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(inbound, NOW)


def count_answers(table: Table) -> int:
    """How many items there are of a line's answers to keywords of A."""
    return sum(one["SK"]["S"].startswith("R#") for one in list_of_opt_outs(table))


def test_nothing_has_the_number_and_texts_leave_the_person_out(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"), clients=3)
    ann, ben, cy = group(one)
    opt_out(table, ann)
    assert erase(table, ann) == 2
    assert ann not in json.dumps(list_of_opt_outs(table))
    one.deliver()
    assert one.receipts() == {ann: (FAILED, 21610), ben: (SENT, 0), cy: (SENT, 0)}


def test_an_erased_opt_out_is_of_its_line_alone(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"))
    ann, ben = group(one)
    opt_out(table, ann, Q)
    erase(table, ann)
    one.deliver()
    assert one.receipts() == {ann: (SENT, 0), ben: (SENT, 0)}


def test_of_an_opt_in_nothing_is_left(lines_table: Table) -> None:
    opt_out(lines_table, A)
    opt_out(lines_table, A, opted_out=False)
    erase(lines_table, A)
    assert list_of_opt_outs(lines_table) == []


def test_erasing_again_changes_nothing(lines_table: Table) -> None:
    opt_out(lines_table, A)
    erase(lines_table, A)
    left = list_of_opt_outs(lines_table)
    assert erase(lines_table, A) == 0
    assert list_of_opt_outs(lines_table) == left


def test_start_opts_in_again_and_leaves_no_hash(lines_table: Table) -> None:
    say(lines_table, "STOP", "1")
    erase(lines_table, A)
    say(lines_table, "START", "2")
    known = opt_outs.fetch_many(lines_table, A, P)
    assert known and not known.opted_out
    assert not [one for one in list_of_opt_outs(lines_table) if one["PK"]["S"].startswith("OE#")]


def test_stop_after_the_erasure_is_known_already_and_start_still_ends_both(lines_table: Table) -> None:
    say(lines_table, "STOP", "1")
    since = opt_outs.fetch_many(lines_table, A, P)
    erase(lines_table, A)
    say(lines_table, "STOP", "2")
    # As any STOP after a STOP: not answered, and it keeps its date.
    assert count_answers(lines_table) == 0
    known = opt_outs.fetch_many(lines_table, A, P)
    assert since and known and (known.since, known.address) == (since.since, A)
    say(lines_table, "START", "3")
    known = opt_outs.fetch_many(lines_table, A, P)
    assert known and not known.opted_out
    assert not [one for one in list_of_opt_outs(lines_table) if one["PK"]["S"].startswith("OE#")]


def test_a_carriers_report_of_an_opt_out_adds_nothing_to_an_erased_one(lines_table: Table) -> None:
    opt_out(lines_table, A)
    erase(lines_table, A)
    left = list_of_opt_outs(lines_table)
    reference = SendReference("CH1", sids.message(0), "0" * 64)
    opt_outs.record_carrier_opt_out(lines_table, A, P, OptOutChannel.CARRIER, reference, NOW)
    assert list_of_opt_outs(lines_table) == left


def test_nothing_is_sent_with_another_key_than_that_of_the_hashes(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"))
    ann, _ = group(one)
    opt_out(table, ann)
    erase(table, ann)
    client: Any = table._client
    one.table = Table(client, "partyline", lambda: "another key")
    with pytest.raises(HashKeyChanged):
        one.deliver()
    assert one.carrier.asked == []


def test_the_key_is_not_read_in_an_account_in_which_nobody_was_erased(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"))
    client: Any = table._client
    one.table = Table(client, "partyline", partial(pytest.fail, "the key was read"))
    one.deliver()
    assert len(one.carrier.asked) == 1
