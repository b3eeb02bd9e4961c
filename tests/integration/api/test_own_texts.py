"""What people write themselves in the inbox: it is never unread for who wrote it."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from partyline.api.scheduled_sending import ScheduledSender
from partyline.carriers.base import InboundText
from partyline.domain import written
from partyline.inbound.recorder import InboundRecorder
from partyline.serialization import format_time
from tests.support import people
from tests.support.api_harness import A, Api, Clock, P, consult_no_webhook
from tests.support.inboxes import entries, found
from tests.support.people import SERVICE, role_named

_IDS = itertools.count()


def person(api: Api, identity: str) -> Api:
    """A person who sees everything, and uses the inbox."""
    api.made("/Users", {"Identity": identity, "RoleSid": role_named("inbox member")})
    who = people.acting(api, identity)
    assert who.get("/Inbox").status == 200
    return who


@pytest.fixture
def ann(api: Api) -> Api:
    return person(api, "ann")


@pytest.fixture
def ben(api: Api) -> Api:
    return person(api, "ben")


@pytest.fixture
def kay(api: Api, ann: Api, ben: Api) -> str:
    """A conversation with a customer."""
    del ann, ben
    conversation = api.conversation()
    for member in ({"projected": P}, {"address": A}):
        assert api.add(conversation, **member).status == 201
    return conversation


def text(api: Api, body: str) -> None:
    """The customer writes."""
    arrived = InboundText("bandwidth", f"own-{next(_IDS)}", P, A, (P,), body, ())
    InboundRecorder(api.context.table, SERVICE, consult_no_webhook).record(arrived, api.context.clock())


def answer(who: Api, conversation: str, **form: str) -> Any:
    reply = who.post(f"/Conversations/{conversation}/Messages", {"Author": P, "Body": "Sunday at noon?", **form})
    assert reply.status in (201, 202), reply.body
    return reply.body


def read(who: Api, conversation: str, **form: str) -> dict[str, Any]:
    reply = who.post(f"/Conversations/{conversation}/ReadState", form)
    assert reply.status == 200, reply.body
    return dict(reply.body)


def unread(who: Api) -> int:
    [entry] = entries(who)
    assert bool(found(who, View="unread")) == bool(entry["unread"])
    return int(entry["unread"])


def test_a_text_as_a_line_is_unread_for_others_alone(ann: Api, ben: Api, kay: str) -> None:
    answer(ann, kay)
    answer(ann, kay)
    assert (unread(ann), unread(ben)) == (0, 2)
    assert [entries(one)[0]["own_indexes"] for one in (ann, ben)] == [[0, 1], []]
    assert ben.get(f"/Conversations/{kay}/ReadState").body["unread"] is None
    answer(ben, kay)
    assert (unread(ann), unread(ben)) == (1, 2)


def test_what_came_just_before_an_answer_stays_unread(api: Api, ann: Api, kay: str) -> None:
    text(api, "Hi")
    read(ann, kay, LastReadMessageIndex="0")
    text(api, "Is anybody there?")
    answer(ann, kay)
    assert unread(ann) == 1
    text(api, "Fine")
    assert unread(ann) == 2
    assert read(ann, kay, LastReadMessageIndex="1")["unread"] == 1
    assert read(ann, kay, LastReadMessageIndex="3")["unread"] == 0


def test_what_is_marked_afterwards_is_unread(api: Api, ann: Api, kay: str) -> None:
    text(api, "Hi")
    answer(ann, kay)
    assert read(ann, kay, LastReadMessageIndex="")["unread"] is None
    assert unread(ann) == 1
    read(ann, kay, LastReadMessageIndex="1")
    assert unread(ann) == 0
    read(ann, kay, MarkedUnread="true")
    answer(ann, kay)
    assert unread(ann) == 1


def test_a_scheduled_text_is_its_authors(api: Api, ann: Api, ben: Api, kay: str, clock: Clock) -> None:
    later = answer(ann, kay, SendAt=format_time(clock() + timedelta(minutes=30)))
    clock.tick(seconds=1800)
    ScheduledSender(api.context).send(kay, later["sid"])
    assert (unread(ann), unread(ben)) == (0, 1)


def test_a_member_writes_under_their_name_and_twilios_horizon_stays(api: Api, ann: Api, ben: Api) -> None:
    chat = api.conversation()
    for identity in ("ann", "ben"):
        api.member(chat, identity=identity)
    read(ann, chat, LastReadMessageIndex="")
    for who in (ben, ann):
        assert who.post(f"/Conversations/{chat}/Messages", {"Body": "Lunch?"}).status == 201
    assert (unread(ann), unread(ben)) == (1, 1)
    mine = ann.get(f"/Users/ann/Conversations/{chat}").body
    assert (mine["last_read_message_index"], mine["unread_messages_count"]) == (None, None)
    read(ann, chat, LastReadMessageIndex="0")
    mine = ann.get(f"/Users/ann/Conversations/{chat}").body
    # As at Twilio, which counts what one has written oneself.
    assert (unread(ann), mine["last_read_message_index"], mine["unread_messages_count"]) == (0, 0, 1)


def test_a_text_that_was_deleted_is_taken_off_once(api: Api, ann: Api, kay: str) -> None:
    text(api, "Hi")
    said = answer(ann, kay)
    assert unread(ann) == 1
    assert api.delete(f"/Conversations/{kay}/Messages/{said['sid']}").status == 204
    assert unread(ann) == 1


def test_who_answers_more_often_than_is_kept_has_older_answers_counted(
    api: Api, ann: Api, kay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written, "MAX_RUNS", 2)
    for _ in range(3):
        text(api, "Hi")
        answer(ann, kay)
    [entry] = entries(ann)
    assert (entry["unread"], entry["own_indexes"]) == (4, [3, 5])
