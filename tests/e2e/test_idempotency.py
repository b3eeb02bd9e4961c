"""Requests that are repeated with their Idempotency-Key, at once and after an answer that nobody got: each is carried
out once, and once on the phones."""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import pytest
import urllib3

from local.stack import Stack
from tests.support.receivers import Reply as WebhookAnswer
from tests.support.receivers import receiving
from tests.support.stack_world import World, new_number, until

P = "+12065550100"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
AT_ONCE, OF_A_PERSON = 100, 20
FORM = "application/x-www-form-urlencoded"
# What a client comes back after: the request is under way, or the machine is too busy for it.
LATER = {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}

Form = Sequence[tuple[str, str]]
Body = Form | bytes
Answer = urllib3.BaseHTTPResponse


def post(world: World, path: str, body: Body, key: str, authorization: str = "", **headers: str) -> Answer:
    """Post a form or a file with a key until it is answered, as a client does."""
    content = body if isinstance(body, bytes) else urlencode(body).encode()
    given = {"Authorization": authorization or world.basic(), "Content_Type": FORM, **headers}

    def attempt() -> Answer:
        return world.request("POST", path, content, Idempotency_Key=key, **given)

    return until(attempt, lambda answer: answer.status not in LATER and answer.status < 500)


def post_at_once(
    world: World, path: str, body: Body, number: int, authorization: str = "", **headers: str
) -> list[dict[str, Any]]:
    """The bodies that equal posts are answered with; only one of these is no replay."""
    key = str(uuid.uuid4())
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: post(world, path, body, key, authorization, **headers), range(number)))
    assert {answer.status for answer in answers} <= {201, 202}, [answer.data for answer in answers]
    # The first answer may be one that its client came back for.
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) <= 1
    return [json.loads(answer.data) for answer in answers]


def group(world: World, *handsets: str) -> Any:
    """A group of an agent on a line and some handsets."""
    made = world.api.conversations.create()
    made.participants.create(identity="agent", messaging_binding_projected_address=P)
    for handset in handsets:
        made.participants.create(messaging_binding_address=handset)
    return made


def token(world: World, identity: str) -> str:
    """An access token of a person in the default Service."""
    answer = world.request("POST", "/v1/Keys", b"", Authorization=world.basic(), Content_Type=FORM)
    key = json.loads(answer.data)
    service = world.api.configuration().fetch().default_chat_service_sid
    grants = {"identity": identity, "chat": {"service_sid": service}}
    claims = {"iss": key["sid"], "sub": world.account_sid, "exp": time.time() + 600, "grants": grants}
    return "Bearer " + jwt.encode(claims, key["secret"], "HS256", {"cty": "twilio-fpa;v=1"})


@pytest.mark.parametrize("person", [False, True], ids=["the account", "a person"])
def test_equal_posts_at_once_are_one_message_and_one_text(world: World, person: bool) -> None:
    handsets = new_number(), new_number()
    made = group(world, *handsets)
    form = [("Body", "once"), *([] if person else [("Author", "agent")])]
    path, caller = f"/v1/Conversations/{made.sid}/Messages", token(world, "agent") if person else ""

    answers = post_at_once(world, path, form, OF_A_PERSON if person else AT_ONCE, caller)

    assert len({answer["sid"] for answer in answers}) == 1
    assert world.messages(made.sid) == [(0, "agent", "once")]
    # Whatever else was sent would be there before this.
    last = made.messages.create(author="agent", body="last")
    until(lambda: [receipt.status for receipt in made.messages(last.sid).delivery_receipts.list()] == ["delivered"] * 2)
    for handset in handsets:
        assert [text for _, text in world.read_by(handset)] == ["once", "last"]


def test_callers_with_one_key_have_a_message_each(world: World) -> None:
    made, key = world.api.conversations.create(), str(uuid.uuid4())
    for identity in ("ann", "ben"):
        made.participants.create(identity=identity)
    callers = ["", token(world, "ann"), token(world, "ben")]
    path = f"/v1/Conversations/{made.sid}/Messages"
    twice = [post(world, path, [("Body", "mine")], key, caller) for caller in callers * 2]
    assert {answer.status for answer in twice} <= {201, 202}, [answer.data for answer in twice]
    assert len({json.loads(answer.data)["sid"] for answer in twice}) == 3
    assert [author for _, author, _ in world.messages(made.sid)] == ["system", "ann", "ben"]


@pytest.mark.parametrize("person", [False, True], ids=["the account", "a person"])
def test_equal_posts_at_once_are_one_conversation(world: World, person: bool) -> None:
    handsets = new_number(), new_number()
    agent = {"identity": "agent", "messaging_binding": {"projected_address": P}}
    members = [agent, *({"messaging_binding": {"address": handset}} for handset in handsets)]
    form = [("Participant", json.dumps(member)) for member in members]

    caller = token(world, "agent") if person else ""
    answers = post_at_once(world, "/v1/ConversationWithParticipants", form, OF_A_PERSON, caller)

    (sid,) = {answer["sid"] for answer in answers}
    assert world.owner(*handsets, P) == sid


def test_equal_posts_at_once_call_the_pre_action_webhook_once(world: World) -> None:
    service = world.api.services.create(friendly_name="asked")
    inside = world.api.services(service.sid)
    with receiving(lambda _: WebhookAnswer(200, b'{"body": "changed"}')) as receiver:
        inside.configuration.webhooks().update(pre_webhook_url=receiver.url, filters=["onMessageAdd"])
        made = inside.conversations.create()
        path = f"/v1/Services/{service.sid}/Conversations/{made.sid}/Messages"
        answers = post_at_once(world, path, [("Body", "once")], OF_A_PERSON, X_Twilio_Webhook_Enabled="true")
        assert {answer["body"] for answer in answers} == {"changed"}
        assert [message.body for message in made.messages.list()] == ["changed"]
        assert len(receiver.calls) == 1
    inside.delete()


def test_equal_uploads_at_once_are_one_file(world: World) -> None:
    answers = post_at_once(world, "/v1/Media", PNG, OF_A_PERSON, Content_Type="image/png")
    (sid,) = {answer["sid"] for answer in answers}
    answer = world.request("GET", f"/v1/Media/{sid}", Authorization=world.basic())
    assert json.loads(answer.data)["size"] == len(PNG)


def test_posts_whose_answers_are_lost_are_carried_out_once(world: World, stack: Stack) -> None:
    """GIVEN clients that hang up when they have asked, and a function that dies meanwhile
    WHEN they repeat their requests THEN each text is there once."""
    ann, ben = new_number(), new_number()
    made = group(world, ann, ben)
    forms = {str(uuid.uuid4()): [("Author", "agent"), ("Body", f"text {number}")] for number in range(10)}
    path = f"/v1/Conversations/{made.sid}/Messages"
    for key, form in forms.items():
        ask_and_hang_up(world, path, form, key)
    stack.kill("ConversationsFunction")

    with ThreadPoolExecutor(len(forms)) as pool:
        answers = list(pool.map(lambda key: post(world, path, forms[key], key), forms))

    assert {answer.status for answer in answers} == {201}
    texts = [body for _, _, body in world.messages(made.sid)]
    assert sorted(str(text) for text in texts) == sorted(dict(form)["Body"] for form in forms.values())
    for handset in (ann, ben):
        shown = until(partial(world.read_by, handset), lambda shown: len(shown) >= len(forms))
        assert [text for _, text in shown] == texts


def ask_and_hang_up(world: World, path: str, form: Form, key: str) -> None:
    """Send a request and close the connection before anything is answered."""
    url, body = urlsplit(world.url), urlencode(form)
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {url.netloc}",
        f"Authorization: {world.basic()}",
        f"Content-Type: {FORM}",
        f"Content-Length: {len(body)}",
        f"Idempotency-Key: {key}",
    ]
    with socket.create_connection((str(url.hostname), url.port or 80)) as connection:
        connection.sendall("\r\n".join([*lines, "", body]).encode())
