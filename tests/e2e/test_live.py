"""Live events over a real WebSocket: who hears what, what comes after a gap, and who is cut off."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import boto3
import jwt
import pytest

from local import node
from local.emulator import REGION
from local.stack import Stack
from tests.support.listeners import Frame, Listener, resume, resumed_bodies
from tests.support.stack_world import World, new_number, until

LINE = "+12065550100"


class ServiceAccess:
    """A Service of its own with an API key, to connect people to."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url
        self.service = world.api.services.create(friendly_name="Live")
        answer = world.request(
            "POST",
            "/v1/Keys",
            b"FriendlyName=live",
            Authorization=aiohttp.encode_basic_auth(world.account_sid, world.auth_token),
            Content_Type="application/x-www-form-urlencoded",
        )
        self.key: dict[str, str] = json.loads(answer.data)
        self.listeners: list[Listener] = []

    def token(self, identity: str, life: float = 600, service_sid: str = "") -> str:
        grants = {"identity": identity, "chat": {"service_sid": service_sid or self.service.sid}}
        claims = {"iss": self.key["sid"], "sub": self.world.account_sid, "exp": time.time() + life, "grants": grants}
        return jwt.encode(claims, self.key["secret"], "HS256", {"cty": "twilio-fpa;v=1"})

    def connect(self, identity: str, token: str = "") -> Listener:
        listener = Listener(f"{self.url}?token={quote(token or self.token(identity))}")
        self.listeners.append(listener)
        return listener

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()


@pytest.fixture
def open_service(stack: Stack, world: World) -> Iterator[Callable[[], ServiceAccess]]:
    """Makes Services to connect to."""
    made: list[ServiceAccess] = []

    def make() -> ServiceAccess:
        made.append(ServiceAccess(world, stack.variables()["PARTYLINE_LIVE_URL"]))
        return made[-1]

    yield make
    for service_access in made:
        service_access.close()


def chat(service_access: ServiceAccess, *identities: str) -> Any:
    """A conversation of chat identities."""
    made = service_access.service.conversations.create(friendly_name="12 Elm Street")
    for identity in identities:
        made.participants.create(identity=identity)
    return made


def test_a_member_hears_what_happens_in_a_conversation(world: World, open_service: Callable[[], ServiceAccess]) -> None:
    service_access, ann, ben = open_service(), new_number(), new_number()
    listener = service_access.connect("agent")
    made = service_access.service.conversations.create(friendly_name="12 Elm Street")
    made.participants.create(identity="agent", messaging_binding_projected_address=LINE)
    made.participants.create(messaging_binding_address=ann)
    made.participants.create(messaging_binding_address=ben)
    added = listener.wait_for("onParticipantAdded", **{"MessagingBinding.Address": ben})
    assert added["conversation"] == made.sid

    world.text(ann, LINE, ben, text="Sunday?")
    event = listener.wait_for("onMessageAdded", Body="Sunday?")
    assert event["conversation"] == made.sid
    assert event["parameters"]["Author"] == ann
    assert (event["parameters"]["Source"], event["parameters"]["AccountSid"]) == ("SMS", world.account_sid)

    said = made.messages.create(author="agent", body="At noon")
    assert listener.wait_for("onMessageAdded", Body="At noon")["parameters"]["MessageSid"] == said.sid
    until(lambda: len([1 for each in listener.of_type("onDeliveryUpdated") if _delivered(each, said.sid)]) == 2)
    delivered = [each for each in listener.of_type("onDeliveryUpdated") if _delivered(each, said.sid)]
    assert len({each["parameters"]["ParticipantSid"] for each in delivered}) == 2

    member = next(each for each in made.participants.list() if each.identity == "agent")
    member.update(last_read_message_index=1)
    listener.wait_for("onParticipantUpdated", Identity="agent", LastReadMessageIndex="1")

    made.update(state="closed")
    event = listener.wait_for("onConversationStateUpdated", StateTo="closed")
    assert event["parameters"]["StateFrom"] == "active"


def _delivered(event: Frame, message_sid: str) -> bool:
    parameters = event["parameters"]
    return (parameters["MessageSid"], parameters["Status"]) == (message_sid, "delivered")


def test_typing_is_sent_to_the_other_members(open_service: Callable[[], ServiceAccess]) -> None:
    service_access = open_service()
    made = chat(service_access, "ann", "ben")
    ann, ben, stranger = (service_access.connect(name) for name in ("ann", "ben", "stranger"))

    ann.say(action="typing", conversation=made.sid)

    member = next(each for each in made.participants.list() if each.identity == "ann")
    received = until(lambda: ben.of_type("typing"))
    typing = {"type": "typing", "conversation": made.sid, "identity": "ann", "participant": member.sid}
    assert all(event == typing for event in received) and received
    stranger.say(action="typing", conversation=made.sid)
    [refused] = until(lambda: stranger.of_type("error"))
    assert (refused["code"], refused["status"]) == (20404, 404)
    assert ann.of_type("typing") == []
    assert all(event == typing for event in ben.of_type("typing"))


def test_people_of_two_services_hear_nothing_of_each_other(open_service: Callable[[], ServiceAccess]) -> None:
    one, other = open_service(), open_service()
    ours, theirs = one.connect("ann"), other.connect("ann")
    made = chat(one, "ann")
    chat(other, "ann").messages.create(author="ann", body="theirs")

    made.messages.create(author="ann", body="ours")
    theirs.say(action="resume", conversations={made.sid: -1})

    theirs.wait_for("onMessageAdded", Body="theirs")
    ours.wait_for("onMessageAdded", Body="ours")
    [refused] = until(lambda: theirs.of_type("error"))
    assert (refused["code"], refused["conversation"]) == (20404, made.sid)
    assert (ours.bodies(), theirs.bodies()) == (["ours"], ["theirs"])


def test_after_a_gap_exactly_the_missed_messages_come(open_service: Callable[[], ServiceAccess]) -> None:
    service_access = open_service()
    made = chat(service_access, "ann")
    first = service_access.connect("ann")
    made.messages.create(author="ann", body="0")
    first.wait_for("onMessageAdded", Index="0")
    first.close()
    for number in range(1, 4):
        made.messages.create(author="ann", body=str(number))

    again = resume(lambda: service_access.connect("ann"), made.sid, after=0)

    [resumed] = again.of_type("resumed")
    assert (resumed["conversation"], resumed["after"], resumed["index"], resumed["more"]) == (made.sid, 0, 3, False)
    # Apart from this one, what was on its way to the first connection may come to the second.
    assert resumed_bodies(again) == ["1", "2", "3"]
    made.messages.create(author="ann", body="4")
    again.wait_for("onMessageAdded", Index="4")


def test_the_javascript_client_misses_nothing_when_its_connection_breaks(
    stack: Stack, open_service: Callable[[], ServiceAccess]
) -> None:
    service_access = open_service()
    made = chat(service_access, "node")
    made.messages.create(author="node", body="0")
    script = Path(__file__).parent / "node" / "live.mjs"
    environment = {
        **os.environ,
        "LIVE_URL": service_access.url,
        "LIVE_TOKEN": service_access.token("node"),
        "LIVE_CONVERSATION": made.sid,
    }
    with subprocess.Popen([node.NODE, script], env=environment, stdout=subprocess.PIPE, text=True) as client:
        try:
            assert client.stdout
            output: list[str] = []
            reader = threading.Thread(target=lambda lines: output.extend(map(str.strip, lines)), args=(client.stdout,))
            reader.start()
            assert until(lambda: output[-1:] == ["0"]), output
            for number in range(1, 6):
                cut_all(stack, "node")
                made.messages.create(author="node", body=str(number))
            assert until(lambda: output[-1:] == ["5"]), output
        finally:
            client.kill()
        reader.join()
    assert [line for line in output if line.isdecimal()] == list("012345")
    # It was really cut off, and came back.
    assert output.count("open") > 1


def cut_all(stack: Stack, identity: str) -> None:
    """Close the connections of an identity, as a bad network would."""
    endpoint = f"{stack.emulator.execute_api}/{stack.output('LiveApiId')}/prod"
    gateway = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=stack.output("TableName"),
            FilterExpression="begins_with(PK, :connection) AND #identity = :identity",
            ExpressionAttributeNames={"#identity": "identity"},
            ExpressionAttributeValues={":connection": {"S": "LC#"}, ":identity": {"S": identity}},
        )
    )
    for item in (item for page in pages for item in page["Items"]):
        with suppress(gateway.exceptions.GoneException):
            gateway.delete_connection(ConnectionId=item["sid"]["S"])


def test_who_may_view_any_conversation_hears_of_every_one(open_service: Callable[[], ServiceAccess]) -> None:
    service_access = open_service()
    roles = {role.friendly_name: role.sid for role in service_access.service.roles.list()}
    service_access.service.users.create(identity="boss", role_sid=roles["service admin"])
    boss = service_access.connect("boss")

    made = service_access.service.conversations.create(friendly_name="12 Elm Street")

    boss.wait_for("onConversationAdded", ConversationSid=made.sid)


def test_bad_frames_are_refused_and_the_connection_stays(open_service: Callable[[], ServiceAccess]) -> None:
    listener = open_service().connect("ann")

    listener.say(action="shout")
    listener.say(conversations=[])
    listener.say(action="ping")

    # Frames are worked side by side: the answers come in any order.
    assert until(lambda: listener.of_type("pong"))
    refused = until(lambda: listener.of_type("error"), lambda seen: len(seen) == 2)
    assert [frame["code"] for frame in refused] == [20001, 20001]
    assert not listener.ended


def test_no_connection_without_a_good_token(stack: Stack, open_service: Callable[[], ServiceAccess]) -> None:
    service_access = open_service()
    url = stack.variables()["PARTYLINE_LIVE_URL"]

    for address in (
        url,
        f"{url}?token=not-a-token",
        f"{url}?token={service_access.token('ann', life=-1)}",
        f"{url}?token={service_access.token('ann', service_sid='IS' + '0' * 32)}",
    ):
        # Which status the gateway answers is API Gateway's: the emulator has one for all.
        with pytest.raises(aiohttp.WSServerHandshakeError):
            Listener(address)


def test_a_connection_ends_with_its_token(stack: Stack, open_service: Callable[[], ServiceAccess]) -> None:
    service_access = open_service()
    made = chat(service_access, "ann")
    silent = connected(service_access, "ann", life=4)
    lasting = service_access.connect("ann")

    def watched() -> bool:
        stack.client("lambda").invoke(FunctionName=stack.physical("TimersFunction"), Payload=b"{}")
        return silent.ended

    assert until(watched)
    made.messages.create(author="ann", body="too late")
    lasting.wait_for("onMessageAdded", Body="too late")
    assert silent.bodies() == []


def connected(service_access: ServiceAccess, identity: str, life: float) -> Listener:
    """A connection whose token ends soon; a slow machine needs one that lives longer."""
    try:
        return service_access.connect(identity, service_access.token(identity, life=life))
    except aiohttp.WSServerHandshakeError:
        return connected(service_access, identity, 2 * life)


def test_a_removed_user_is_cut_off(open_service: Callable[[], ServiceAccess]) -> None:
    service_access = open_service()
    gone, other = service_access.connect("ann"), service_access.connect("ben")

    service_access.service.users("ann").delete()

    assert until(lambda: gone.ended)
    assert not other.ended
