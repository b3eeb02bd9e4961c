"""Connections from their client's side: who may open one, what it can ask, and how it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partyline.domain import sids
from partyline.errors import ApiError
from partyline.realtime import frame_handler
from partyline.realtime.sessions import MAX_SECONDS
from partyline.storage import connections, keys, schedule
from partyline.storage.connections import MAX_PER_IDENTITY
from partyline.storage.schedule import ScheduleKind
from partyline.storage.table import Table
from tests.integration.realtime.conftest import House, handshake
from tests.support.api_harness import ACCOUNT, Racing, basic
from tests.support.people import SERVICE, another_service, role_named


def chat(house: House, *identities: str) -> str:
    """A conversation of chat identities."""
    sid = house.api.conversation()
    for identity in identities:
        house.api.member(sid, identity=identity)
    return sid


def say(house: House, conversation: str, *bodies: str, author: str = "ann") -> None:
    for body in bodies:
        assert house.api.say(conversation, body, author).status == 201


def refusal(house: House, event: dict[str, Any]) -> tuple[int, int]:
    with pytest.raises(ApiError) as refused:
        house.sessions.connect(event)
    assert not house.is_known(event["requestContext"]["connectionId"])
    return refused.value.status, refused.value.code


def left_behind(table: Table) -> set[str]:
    """What the keys of everything that is stored of live connections begin with. Their version stays."""
    client: Any = table._client
    stored = client.scan(TableName="partyline")["Items"]
    return {pk[:3] for item in stored if (pk := item["PK"]["S"]).startswith(("LV#", "LC#", "DUE#"))}


# --- opening


def test_a_browser_gives_its_token_in_the_query_and_others_in_a_header(house: House) -> None:
    house.sessions.connect(handshake("one", house.token()))
    house.sessions.connect(handshake("two", None, authorization=f"bearer {house.token()}"))

    assert {each.sid for each in connections.list_for_identities(house.table, SERVICE, ["ann"])} == {"one", "two"}
    assert connections.is_any_listening(house.table, SERVICE)


def test_who_connects_is_a_user_from_then_on(house: House) -> None:
    house.connect("one", "zoe")

    assert house.api.get("/Users/zoe").body["identity"] == "zoe"


def test_a_connection_ends_with_its_token_or_with_the_gateways_patience(house: House) -> None:
    now = house.clock().timestamp()
    house.connect("short", life=60)
    house.connect("long", life=24 * 3600)

    ends = {each.sid: each.until for each in connections.list_for_identities(house.table, SERVICE, ["ann"])}
    assert ends == {"short": int(now + 60), "long": int(now) + MAX_SECONDS}
    house.clock.tick(seconds=61)
    entered = [(entry.kind, entry.sid) for entry in schedule.list_overdue(house.table, house.clock())]
    assert entered == [(ScheduleKind.CONNECTION, "short")]


def test_connection_without_a_valid_token_is_refused(house: House) -> None:
    good = house.token()
    other = another_service(house.api)

    assert refusal(house, handshake("x")) == (401, 20101)
    assert refusal(house, handshake("x", "not-a-token")) == (401, 20101)
    assert refusal(house, handshake("x", good[:-4] + "AAAA")) == (401, 20107)
    assert refusal(house, handshake("x", None, Authorization=basic())) == (401, 20101)
    # The header is what counts where there is one.
    assert refusal(house, handshake("x", good, Authorization="Bearer x")) == (401, 20101)
    assert refusal(house, handshake("x", house.token(life=-1))) == (401, 20104)
    assert refusal(house, handshake("x", house.token(nbf=house.clock().timestamp() + 60))) == (401, 20105)
    # A11: numbers of any size.
    assert refusal(house, handshake("x", house.token(nbf=10**400))) == (401, 20101)
    assert refusal(house, handshake("x", house.token(exp=10**400))) == (401, 20101)
    assert refusal(house, handshake("x", house.token(sub="AC" + "1" * 32))) == (401, 20103)
    assert refusal(house, handshake("x", house.token(service="IS" + "0" * 32))) == (403, 20403)
    late = house.token(service=other)
    assert house.api.delete(f"/Services/{other}").status == 204
    assert refusal(house, handshake("x", late)) == (403, 20403)
    assert house.api.delete(f"/Keys/{house.key['sid']}").status == 204
    assert refusal(house, handshake("x", good)) == (401, 20103)


def test_an_identity_has_so_many_connections_at_a_time(house: House) -> None:
    house.connect("first", life=60)
    for number in range(1, MAX_PER_IDENTITY):
        house.connect(f"c{number}")

    assert refusal(house, handshake("another", house.token())) == (429, 20429)
    house.connect("of ben", "ben")
    # One that ended without a word makes room.
    house.clock.tick(seconds=61)
    house.connect("another")
    assert refusal(house, handshake("one more", house.token())) == (429, 20429)
    house.sessions.live.disconnect("another")
    house.connect("one more")


def test_connections_by_a_revoked_token_do_not_count(house: House) -> None:
    """A7. Who holds one stays silent, so as not to be found out."""
    for number in range(MAX_PER_IDENTITY):
        house.connect(f"c{number}")
    assert house.api.delete("/Users/ann/Tokens").status == 204
    house.clock.tick(seconds=1)

    house.connect("anew")

    assert known(house) == {"anew"}
    assert set(house.wire.cuts) == {f"c{number}" for number in range(MAX_PER_IDENTITY)}


def test_connections_of_one_identity_that_open_at_once_are_all_known(house: House) -> None:
    racing = Racing(house.table, 3, "connection", lambda: house.connect(f"other {len(known(house))}"))

    racing_sessions = replace(house.sessions, live=replace(house.sessions.live, table=racing))
    racing_sessions.connect(handshake("one", house.token()))

    assert known(house) == {"one", "other 0", "other 1", "other 2"}


def known(house: House) -> set[str]:
    return {each.sid for each in connections.list_for_identities(house.table, SERVICE, ["ann"])}


# --- ending


def test_nothing_is_left_of_connections_that_have_ended(house: House) -> None:
    house.api.made("/Users", {"Identity": "boss", "RoleSid": role_named("service admin")})
    for sid, identity in (("one", "ann"), ("two", "ann"), ("three", "boss"), ("four", "boss")):
        house.connect(sid, identity)
    assert {each.sid for each in connections.list_supervisors(house.table, SERVICE)} == {"three", "four"}

    for sid in ("one", "three"):
        house.sessions.live.disconnect(sid)
    assert known(house) == {"two"}
    assert {each.sid for each in connections.list_supervisors(house.table, SERVICE)} == {"four"}
    for sid in ("two", "four", "four", "never there"):
        house.sessions.live.disconnect(sid)

    assert not connections.is_any_listening(house.table, SERVICE)
    assert left_behind(house.table) == set()
    assert house.wire.cuts == []


def test_ending_one_loses_none_that_opens_meanwhile(house: House) -> None:
    house.connect("one")
    racing = Racing(house.table, 1, "connection", lambda: house.connect("other"))
    one = connections.fetch(house.table, "one")
    assert one

    connections.remove(racing, one)

    assert known(house) == {"other"}


def test_a_connection_whose_token_has_ended_is_closed_and_forgotten(house: House) -> None:
    house.connect("one")

    house.sessions.live.expire("one")
    house.sessions.live.expire("one")

    assert house.wire.cuts == ["one"]
    assert left_behind(house.table) == set()


def test_connection_that_cannot_be_closed_is_deleted_and_closed_at_its_next_frame(house: House) -> None:
    house.connect("one")
    house.wire.stuck.add("one")

    house.sessions.live.expire("one")
    assert not house.is_known("one")
    assert house.says("one", action="ping") == []
    house.wire.stuck.clear()
    assert house.says("one", action="ping") == []

    assert house.wire.cuts == ["one"]


# --- asking


def test_a_ping_is_answered(house: House) -> None:
    assert house.says(house.connect("one"), action="ping") == [{"type": "pong"}]


@pytest.mark.parametrize("what", ["token", "key", "user", "service", "revoked"])
def test_a_connection_that_may_not_go_on_is_closed_when_it_speaks(house: House, what: str) -> None:
    service = another_service(house.api)
    house.connect("one", life=60, service=service)
    match what:
        case "token":
            house.clock.tick(seconds=60)
        case "key":
            house.api.delete(f"/Keys/{house.key['sid']}")
        case "user":
            house.api.delete(f"/Services/{service}/Users/ann")
        case "service":
            house.api.delete(f"/Services/{service}")
        case "revoked":
            house.clock.tick(seconds=1)
            house.api.delete(f"/Services/{service}/Users/ann/Tokens")
            house.clock.tick(seconds=1)
            house.connect("two", service=service)
            assert house.says("two", action="ping") == [{"type": "pong"}]

    assert house.says("one", action="ping") == []

    assert house.wire.cuts == ["one"]
    assert not house.is_known("one")


def test_a_connection_is_not_newer_than_its_token_says_it_is(house: House) -> None:
    """A7. Who makes tokens may have a clock that is ahead of ours."""
    house.connect("one", iat=int(house.clock().timestamp()) + 60)
    house.clock.tick(seconds=1)
    house.api.delete("/Users/ann/Tokens")

    assert house.says("one", action="ping") == []

    assert house.wire.cuts == ["one"]


def test_bad_frames_are_refused_and_the_connection_stays(house: House) -> None:
    house.connect("one")

    for frame in ("", "{}", "[1]", '{"action": "shout"}', '{"action": "typing"}', "x" * 40_000, '"' + "[" * 30_000):
        refused = house.sessions.handle_frame("one", frame)
        assert refused
        [error] = house.wire.received("one")
        assert (error["type"], error["code"]) == ("error", 20001)

    assert house.says("one", action="ping") == [{"type": "pong"}]


def test_a_connection_that_does_not_take_its_answer_is_closed(house: House) -> None:
    house.connect("one")
    house.wire.stuck.add("one")

    assert house.sessions.handle_frame("one", '{"action": "ping"}') is None

    assert not house.is_known("one")


# --- resuming


def test_resume_sends_the_messages_behind_an_index(house: House) -> None:
    conversation = chat(house, "ann", "ben")
    say(house, conversation, "0", "1", "2")
    house.connect("one")

    *frames, resumed = house.says("one", action="resume", conversations={conversation: 0})

    assert [event["parameters"]["Body"] for event in frames] == ["1", "2"]
    assert {event["type"] for event in frames} == {"onMessageAdded"}
    assert {event["conversation"] for event in frames} == {conversation}
    first = frames[0]["parameters"]
    assert (first["Index"], first["Author"], first["AccountSid"]) == ("1", "ann", ACCOUNT)
    assert (first["EventType"], first["Source"]) == ("onMessageAdded", "API")
    assert resumed == {"type": "resumed", "conversation": conversation, "after": 0, "index": 2, "more": False}


@pytest.mark.parametrize(("after", "index"), [(-1, -1), (0, 0), (7, 7)])
def test_resume_without_new_messages_sends_none(house: House, after: int, index: int) -> None:
    conversation = chat(house, "ann")
    if after >= 0:
        say(house, conversation, "0")
    house.connect("one")

    frames = house.says("one", action="resume", conversations={conversation: after})

    assert frames == [{"type": "resumed", "conversation": conversation, "after": after, "index": index, "more": False}]


def test_what_was_deleted_is_passed_over(house: House) -> None:
    conversation = chat(house, "ann")
    say(house, conversation, *"0123")
    for message in house.api.get(f"/Conversations/{conversation}/Messages").body["messages"]:
        if message["body"] in "13":
            assert house.api.delete(f"/Conversations/{conversation}/Messages/{message['sid']}").status == 204
    house.connect("one")

    *frames, resumed = house.says("one", action="resume", conversations={conversation: -1})

    assert [event["parameters"]["Index"] for event in frames] == ["0", "2"]
    assert resumed["index"] == 3


def test_a_long_gap_comes_in_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_handler, "MAX_RESUMED", 5)
    monkeypatch.setattr(frame_handler, "_PAGE", 2)
    one, other = chat(house, "ann"), chat(house, "ann")
    for conversation in (one, other):
        say(house, conversation, *"0123456")
    house.connect("c")

    asked = {one: -1, other: 3}
    indexes: dict[str, list[int]] = {one: [], other: []}
    count = 0
    while asked:
        frames = house.says("c", action="resume", conversations=asked)
        count += 1
        assert sum(event["type"] == "onMessageAdded" for event in frames) <= 5
        for event in frames:
            if event["type"] == "onMessageAdded":
                indexes[event["conversation"]].append(int(event["parameters"]["Index"]))
            else:
                assert asked.pop(event["conversation"]) == event["after"]
                if event["more"]:
                    asked[event["conversation"]] = event["index"]

    assert indexes == {one: list(range(7)), other: [4, 5, 6]}
    assert count <= 4


def test_large_messages_are_sent_in_frames_that_the_gateway_accepts(house: House) -> None:
    conversation = chat(house, "ann")
    say(house, conversation, *["x" * 30_000] * 6)
    house.connect("one")

    house.sessions.handle_frame("one", json.dumps({"action": "resume", "conversations": {conversation: -1}}))

    frames = house.wire.posted["one"]
    assert max(len(frame.encode()) for frame in frames) <= 128 * 1024
    assert len(house.wire.received("one")) == 7


def test_resume_refuses_invisible_conversations_and_sends_the_others(house: House) -> None:
    mine, not_mine = chat(house, "ann"), chat(house, "ben")
    elsewhere = another_service(house.api)
    theirs = str(house.api.made(f"/Services/{elsewhere}/Conversations")["sid"])
    house.api.made(f"/Services/{elsewhere}/Conversations/{theirs}/Participants", {"Identity": "ann"})
    unknown = sids.new(sids.CONVERSATION)
    house.connect("one")

    frames = house.says("one", action="resume", conversations={not_mine: -1, theirs: -1, unknown: -1, mine: -1})

    refused = [(each["code"], each["status"], each["conversation"]) for each in frames if each["type"] == "error"]
    assert refused == [(20404, 404, sid) for sid in (not_mine, theirs, unknown)]
    assert [each["conversation"] for each in frames if each["type"] == "resumed"] == [mine]


def test_a_supervisor_resumes_every_conversation_for_as_long_as_the_role_permits(house: House) -> None:
    house.api.made("/Users", {"Identity": "boss", "RoleSid": role_named("service admin")})
    conversation = chat(house, "ann")
    say(house, conversation, "0")
    house.connect("one", "boss")

    frames = house.says("one", action="resume", conversations={conversation: -1})
    assert [each["type"] for each in frames] == ["onMessageAdded", "resumed"]
    house.api.post("/Users/boss", {"RoleSid": role_named("service user")})
    frames = house.says("one", action="resume", conversations={conversation: -1})
    assert [each["type"] for each in frames] == ["error"]


def test_who_is_gone_is_read_nothing_to(house: House) -> None:
    one, other = chat(house, "ann"), chat(house, "ann")
    say(house, one, "0")
    house.connect("c")
    house.wire.gone.add("c")

    assert house.says("c", action="resume", conversations={one: -1, other: -1}) == []


# --- typing


def test_typing_is_sent_to_the_other_members_and_to_supervisors(house: House) -> None:
    house.api.made("/Users", {"Identity": "boss", "RoleSid": role_named("service admin")})
    conversation = chat(house, "ann", "ben")
    for sid, identity in (("a1", "ann"), ("a2", "ann"), ("b1", "ben"), ("b2", "ben"), ("c", "carl"), ("s", "boss")):
        house.connect(sid, identity)

    assert house.says("a1", action="typing", conversation=conversation) == []

    people = house.api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    ann = next(each["sid"] for each in people if each["identity"] == "ann")
    frame = {"type": "typing", "conversation": conversation, "identity": "ann", "participant": ann}
    assert {sid: house.wire.received(sid) for sid in list(house.wire.posted)} == {
        "b1": [frame],
        "b2": [frame],
        "s": [frame],
    }


def test_only_members_type(house: House) -> None:
    house.api.made("/Users", {"Identity": "boss", "RoleSid": role_named("service admin")})
    conversation = chat(house, "ben")
    for sid, identity in (("a", "ann"), ("b", "ben"), ("s", "boss")):
        house.connect(sid, identity)

    for sid in ("a", "s"):
        [refused] = house.says(sid, action="typing", conversation=conversation)
        assert (refused["type"], refused["code"]) == ("error", 20404)
    assert house.wire.received("b") == []


def test_staff_who_write_as_a_line_are_seen_typing_without_being_members(house: House) -> None:
    conversation = house.api.made("/Conversations")["sid"]
    house.api.made(f"/Conversations/{conversation}/Participants", {"Identity": "ann"})
    house.api.made("/Users", {"Identity": "ben", "RoleSid": role_named("inbox member")})
    for sid, identity in (("a", "ann"), ("b", "ben")):
        house.connect(sid, identity)

    assert house.says("b", action="typing", conversation=conversation) == []

    shown = {"type": "typing", "conversation": conversation, "identity": "ben", "participant": None}
    assert house.wire.received("a") == [shown]


def test_typing_is_not_sent_to_unauthorized_connections(house: House) -> None:
    conversation = chat(house, "ann", "ben")
    house.connect("a")
    house.connect("b", "ben", life=60)
    house.clock.tick(seconds=61)

    house.says("a", action="typing", conversation=conversation)

    assert house.wire.received("b") == []


# --- what it costs


def test_an_item_of_an_identity_outlives_no_connection_by_far(house: House) -> None:
    house.connect("one")

    item = house.table.get(keys.listener(SERVICE, "ann"))
    assert item
    remaining = datetime.fromtimestamp(item["ttl"], UTC) - house.clock()
    assert timedelta(seconds=MAX_SECONDS) < remaining <= timedelta(days=2)
