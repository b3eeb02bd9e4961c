"""Masked members, alone and beside a group: who gets each text, from which number, under whose name."""

from __future__ import annotations

import itertools

import pytest

from partyline.carriers.base import InboundMedia, InboundText
from partyline.domain import sids
from partyline.inbound import recorder
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.storage import messages
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, A, Api, B, C, D, P, Q, Reply, T, consult_no_webhook

IDS = itertools.count()
# From, to whom, the words.
Leaving = tuple[str, tuple[str, ...], str]
E = "+12065550154"


def arrive(api: Api, table: Table, sender: str, line: str, *others: str, body: str = "hi") -> RecordResult:
    """A handset's text to one of our numbers, and to others in a group."""
    text = InboundText("bandwidth", f"masked-{next(IDS)}", line, sender, (line, *others), body)
    first = sids.default_service(ACCOUNT)
    return recorder.InboundRecorder(table, first, consult_no_webhook).record(text, api.context.clock())


def leaving(table: Table, conversation: str, message: str) -> set[Leaving]:
    """What a message becomes on the wire."""
    found = messages.fetch(table, conversation, message)
    assert found
    said = found.message
    return {(send.sender, send.recipients, send.words(said.recorded_body)) for send in said.sends}


def by_text(table: Table, recorded: RecordResult) -> set[Leaving]:
    return leaving(table, recorded.conversation_sid, recorded.message_sid)


@pytest.fixture
def mixed(api: Api) -> str:
    """Jane (P) and bob (Q) with Ann (A) and Ben (B) in a group; Cat (C) behind T, Dan (D) and another behind P."""
    sid = api.conversation()
    api.member(sid, identity="jane", projected=P)
    api.member(sid, identity="bob", projected=Q)
    api.member(sid, address=A, Attributes='{"name": "Ann"}')
    api.member(sid, address=B)
    api.member(sid, address=C, proxy=T, Attributes='{"name": "Cat"}')
    api.member(sid, address=D, proxy=P)
    api.member(sid, address=E, proxy=P)
    return sid


def test_stop_with_a_picture_is_not_relayed_and_the_picture_stays_with_it(api: Api, table: Table, mixed: str) -> None:
    """C4."""
    picture = InboundMedia("https://carrier.example/1.jpg", "image/jpeg")
    text = InboundText("bandwidth", "stop", T, C, (T,), "STOP", (picture,))
    said = recorder.InboundRecorder(table, sids.default_service(ACCOUNT), consult_no_webhook).record(
        text, api.context.clock()
    )
    assert said.conversation_sid == mixed
    assert by_text(table, said) == set()
    shown = api.get(f"/Conversations/{mixed}/Messages/{said.message_sid}").body
    assert (shown["body"], len(shown["media"])) == ("STOP", 1)
    assert [one["address"] for one in api.get("/OptOuts").body["opt_outs"]] == [C]


def test_a_text_of_the_group_reaches_each_masked_member_under_its_authors_name(
    api: Api, table: Table, mixed: str
) -> None:
    named = {(T, (C,), "Ann: hi"), (P, (D,), "Ann: hi"), (P, (E,), "Ann: hi")}
    assert by_text(table, arrive(api, table, A, P, Q, B)) == named
    assert {words for _, _, words in by_text(table, arrive(api, table, B, P, Q, A))} == {"#2: hi"}


def test_a_masked_members_text_reaches_the_group_once_and_the_other_masked_ones(
    api: Api, table: Table, mixed: str
) -> None:
    recorded = arrive(api, table, C, T)
    assert by_text(table, recorded) == {
        (P, tuple(sorted([A, B, Q])), "Cat: hi"),
        (P, (D,), "Cat: hi"),
        (P, (E,), "Cat: hi"),
    }
    (said,) = api.get(f"/Conversations/{mixed}/Messages").body["messages"]
    assert (said["author"], said["body"]) == (C, "hi")
    # The carrier brings it to our other number of the group, with the name that it left with.
    echo = arrive(api, table, P, Q, A, B, body="Cat: hi")
    assert echo.outcome is RecordOutcome.COPIED
    assert {words for _, _, words in by_text(table, arrive(api, table, D, P))} == {"#4: hi"}


def test_what_our_own_people_write_carries_no_name(api: Api, table: Table, mixed: str) -> None:
    message = api.say(mixed, author="bob").body["sid"]
    assert leaving(table, mixed, message) == {
        (Q, tuple(sorted([A, B, P])), "hello"),
        (T, (C,), "hello"),
        (P, (D,), "hello"),
        (P, (E,), "hello"),
    }


def test_no_handset_gets_the_number_of_a_masked_member(api: Api, table: Table, mixed: str) -> None:
    for sender, line, others in ((C, T, ()), (D, P, ()), (A, P, (Q, B))):
        for number, recipients, words in by_text(table, arrive(api, table, sender, line, *others)):
            masked = {C, D, E} - {*recipients}
            shown = {number, *recipients}
            assert not masked & shown
            assert not any(one in words for one in (*masked, A, B))


def test_two_masked_members_need_no_names(api: Api, table: Table) -> None:
    sid = api.conversation()
    api.member(sid, address=A, proxy=P, Attributes='{"name": "Ann"}')
    api.member(sid, address=B, proxy=Q)
    api.member(sid, identity="office")
    assert by_text(table, arrive(api, table, A, P)) == {(Q, (B,), "hi")}
    assert by_text(table, arrive(api, table, B, Q)) == {(P, (A,), "hi")}


def test_a_name_counts_for_segments_unless_the_text_is_too_long_for_one(api: Api) -> None:
    sid = api.conversation()
    api.member(sid, address=A, proxy=P, Attributes='{"name": "Ann"}')
    api.member(sid, address=B, proxy=P)
    api.member(sid, address=C, proxy=T)

    def ask(resource: str, length: int) -> Reply:
        return api.post(f"/Conversations/{sid}/{resource}", {"Author": A, "Body": "x" * length})

    counted = [[one["segments"] for one in ask("Preview", length).body["sends"]] for length in (155, 156)]
    assert counted == [[1, 1], [2, 2]]
    assert ask("Messages", 1600).status == 201
