"""A12. How much a connection, and an identity, may ask for within a time."""

from __future__ import annotations

import json

import pytest

from partyline.errors import ApiError
from partyline.realtime import sessions
from partyline.storage import connections, quotas
from partyline.storage.quotas import SECONDS
from tests.integration.realtime.conftest import House, handshake
from tests.support.api_harness import Api
from tests.support.people import SERVICE, acting

# Less than is deployed, so that it is soon spent.
MAX_WRITES, MAX_ASKED, MAX_FRAMES = 12, 24, 10


@pytest.fixture(autouse=True)
def small_quotas(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MAX_WRITES", MAX_WRITES), ("MAX_ASKED", MAX_ASKED), ("MAX_FRAMES", MAX_FRAMES)):
        monkeypatch.setattr(quotas, name, value)
    monkeypatch.setattr(sessions, "_FLOOD", 4 * MAX_FRAMES)


def types(house: House, sid: str, frame: dict[str, str], times: int) -> list[int | None]:
    """Send a frame many times: the codes with which it is refused."""
    refused = [house.sessions.handle_frame(sid, json.dumps(frame)) for _ in range(times)]
    return [one.code if one else None for one in refused]


@pytest.fixture
def conversation(house: House) -> str:
    sid = house.api.conversation()
    for identity in ("ann", "ben"):
        house.api.member(sid, identity=identity)
    return sid


def test_connection_over_the_typing_quota_gets_one_error_and_others_no_frames(house: House, conversation: str) -> None:
    house.connect("a")
    house.connect("b", "ben")

    codes = types(house, "a", {"action": "typing", "conversation": conversation}, MAX_FRAMES + 30)

    assert codes == [None] * MAX_FRAMES + [20429] * 30
    assert len(house.wire.received("b")) == MAX_FRAMES
    [refusal] = house.wire.received("a")
    assert (refusal["type"], refusal["code"], refusal["status"]) == ("error", 20429, 429)
    # Another connection of the same identity is not silenced by it, and with the next window it goes on.
    house.connect("a2")
    assert house.says("a2", action="ping") == [{"type": "pong"}]
    house.clock.tick(seconds=SECONDS)
    assert house.says("a", action="ping") == [{"type": "pong"}]
    assert house.says("a", action="typing", conversation=conversation) == []
    assert len(house.wire.received("b")) == 1


def test_a_connection_that_goes_on_is_closed(house: House) -> None:
    house.connect("a")

    types(house, "a", {"action": "ping"}, 4 * MAX_FRAMES + 1)

    assert house.wire.cuts == ["a"]
    assert not house.is_known("a")
    assert house.says("a", action="ping") == []


def test_an_identity_asks_for_so_much_over_all_its_connections(house: House, conversation: str) -> None:
    house.connect("b", "ben")
    names = [house.connect(f"a{number}") for number in range(MAX_ASKED // MAX_FRAMES + 1)]
    opened = len(names)

    frame = {"action": "typing", "conversation": conversation}
    codes = [code for sid in names for code in types(house, sid, frame, MAX_FRAMES)]

    assert codes.count(None) == MAX_ASKED - opened
    assert len(house.wire.received("b")) == MAX_ASKED - opened
    # Pings ask for nothing, another identity has its own, and a window is soon over.
    house.connect("b2", "ben")
    house.clock.tick(seconds=SECONDS)
    assert types(house, names[0], frame, 1) == [None]


def test_an_identity_opens_so_many_connections(house: House) -> None:
    for number in range(MAX_ASKED):
        house.connect(f"c{number}")
        house.sessions.live.disconnect(f"c{number}")

    with pytest.raises(ApiError) as refused:
        house.sessions.connect(handshake("one more", house.token()))
    assert (refused.value.status, refused.value.code) == (429, 20429)
    house.clock.tick(seconds=SECONDS)
    house.connect("one more")


def test_an_identity_writes_so_much_over_rest_and_reads_as_it_likes(house: House, conversation: str) -> None:
    ann, ben = acting(house.api, "ann"), acting(house.api, "ben")

    statuses = [say(ann, conversation) for _ in range(MAX_WRITES + 5)]

    assert statuses == [201] * MAX_WRITES + [429] * 5
    answer = ann.post(f"/Conversations/{conversation}/Messages", {"Body": "one more"})
    assert (answer.body["code"], answer.headers["Retry-After"]) == (20429, str(SECONDS))
    assert ann.get(f"/Conversations/{conversation}/Messages").status == 200
    # The account itself, and others, are not counted with it.
    assert house.api.say(conversation, "of the account").status == 201
    assert say(ben, conversation) == 201
    house.clock.tick(seconds=SECONDS)
    assert say(ann, conversation) == 201


def test_who_holds_a_revoked_token_uses_up_nothing_of_the_identity(house: House, conversation: str) -> None:
    """A7, A12."""
    revoked, token = acting(house.api, "ann"), house.token()
    assert house.api.delete("/Users/ann/Tokens").status == 204
    house.clock.tick(seconds=1)

    assert {say(revoked, conversation) for _ in range(MAX_WRITES + 1)} == {401}
    for number in range(MAX_ASKED + 1):
        with pytest.raises(ApiError) as refused:
            house.sessions.connect(handshake(f"c{number}", token))
        assert refused.value.code == 20104

    assert say(acting(house.api, "ann"), conversation) == 201
    house.connect("a")


def say(api: Api, conversation: str) -> int:
    return api.post(f"/Conversations/{conversation}/Messages", {"Body": "hello"}).status


def test_a_clock_that_is_behind_counts_in_the_window_that_is_there(house: House) -> None:
    now = house.clock()
    house.clock.tick(seconds=2 * SECONDS)
    for _ in range(MAX_WRITES):
        assert not quotas.exceeds_write_quota(house.table, SERVICE, "ann", house.clock())

    assert quotas.exceeds_write_quota(house.table, SERVICE, "ann", now)


def test_what_is_counted_of_a_connection_costs_no_round_trip_more(house: House) -> None:
    house.connect("a")

    for frames in (1, 2, 3):
        received = connections.record_frame(house.table, "a", house.clock())
        assert received is not None
        assert (received[0].sid, received[1]) == ("a", frames)
    assert connections.record_frame(house.table, "nobody", house.clock()) is None
    assert connections.fetch(house.table, "nobody") is None
