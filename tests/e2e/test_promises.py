"""The promises, attacked from outside: a function killed at the worst moment, forged and odd webhooks, strangers."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from local.stack import Stack
from tests.e2e.conftest import ExpiringConversation
from tests.support.stack_world import World, new_id, new_number, until

# {"alg": "none"}, {"iat": 0}: a token that nobody has signed.
NOBODYS = "eyJhbGciOiJub25lIn0.eyJpYXQiOjB9."
P, T, W, V = "+12065550100", "+12065550110", "+12065550120", "+12065550130"


# --- never a second text


@pytest.mark.parametrize("number", [P, T, W, V], ids=["bandwidth", "telnyx", "twilio", "vonage"])
def test_killed_outbound_function_never_sends_a_second_text(world: World, stack: Stack, number: str) -> None:
    """GIVEN a carrier that took a text and has not answered yet WHEN the function that waits for it dies
    AND the queue delivers the send again THEN no second text leaves, and the receipts are settled by the reports."""
    ann, ben = new_number(), new_number()
    made = world.api.conversations.create()
    made.participants.create(identity="agent", messaging_binding_projected_address=number)
    for address in (ann, ben):
        made.participants.create(messaging_binding_address=address)
    body = f"only once {made.sid}"

    def taken() -> int:
        return [send["text"] for send in world.sends()].count(body)

    # Vonage is asked for each member. The first is killed, the second still gets theirs.
    requests = 2 if number == V else 1
    world.network(answer_delay_ms=2000)
    try:
        sent = made.messages.create(author="agent", body=body)
        assert until(taken) == 1
        assert stack.kill("OutboundFunction") >= 1
    finally:
        world.network(answer_delay_ms=0)
    again = {"conversation_sid": made.sid, "message_sid": sent.sid, "thread": _thread(stack, made.sid, sent.sid)}
    for number_of_delivery in range(3):
        # The queue itself would do so after its visibility time-out: another group does not wait for that.
        stack.client("sqs").send_message(
            QueueUrl=stack.output("OutboundQueueUrl"),
            MessageBody=json.dumps(again),
            MessageGroupId=f"again-{made.sid}-{number_of_delivery}",
            MessageDeduplicationId=f"again-{sent.sid}-{number_of_delivery}",
        )

    def settled() -> list[str | None]:
        return [receipt.status for receipt in made.messages(sent.sid).delivery_receipts.list()]

    assert until(settled, lambda s: s == ["delivered"] * 2) == ["delivered"] * 2
    until(lambda: _send_state(stack, sent.sid), lambda state: state in ("sent", "unknown", "split"))
    assert taken() == requests
    for handset in (ann, ben):
        assert [text for _, text in world.read_by(handset)] == [body]


def _send_item(stack: Stack, message_sid: str) -> dict[str, Any]:
    found = stack.client("dynamodb").query(
        TableName=stack.output("TableName"),
        KeyConditionExpression="PK = :pk",
        ExpressionAttributeValues={":pk": {"S": f"S#{message_sid}"}},
        ConsistentRead=True,
    )
    # Where each member has an item of theirs, that of all of them has the shortest key.
    return dict(min(found["Items"], key=lambda item: len(item["SK"]["S"])))


def _thread(stack: Stack, conversation_sid: str, message_sid: str) -> str:
    return str(_send_item(stack, message_sid)["SK"]["S"])


def _send_state(stack: Stack, message_sid: str) -> str:
    return str(_send_item(stack, message_sid)["state"]["S"])


# --- what is not authentic changes nothing


# What time does, whatever is asked: entries that come due, live connections that end, the health of receivers.
BY_TIME = ("DUE#", "LC#", "LV#", "H#")


def everything(stack: Stack, expiring_conversation: ExpiringConversation) -> set[str]:
    """The keys of all items, but for what time changes by itself."""
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=stack.output("TableName"), ProjectionExpression="PK, SK")
    )
    found = {f"{item['PK']['S']} {item['SK']['S']}" for page in pages for item in page["Items"]}
    return {key for key in found if not key.startswith(BY_TIME) and expiring_conversation.sid not in key}


def text(world: World) -> bytes:
    webhook = [
        {
            "type": "message-received",
            "time": "2026-11-22T18:20:16Z",
            "description": "",
            "to": P,
            "message": {
                "id": new_id(),
                "time": "2026-11-22T18:20:16Z",
                "to": [P, new_number()],
                "from": new_number(),
                "text": "hello",
                "applicationId": "a",
                "owner": P,
                "direction": "in",
                "segmentCount": 1,
            },
        }
    ]
    return json.dumps(webhook).encode()


Attempt = Callable[[World], int]
# What is not authentic or too large, and the statuses that refuse it.
REFUSED: list[tuple[Attempt, set[int]]] = [
    (lambda w: w.bandwidth_raw(text(w), token="wrong")(), {403}),
    (lambda w: w.request("POST", "/carriers/bandwidth/", text(w)).status, {403, 404}),
    (lambda w: w.request("POST", "/carriers/bandwidth", text(w)).status, {403, 404}),
    (lambda w: w.request("POST", "/carriers/pigeon", text(w)).status, {403, 404}),
    (lambda w: w.telnyx_raw(b"{}", at=time.time() - 3600)(), {403}),
    (lambda w: w.telnyx_raw(b"{}", at=time.time() + 3600)(), {403}),
    (lambda w: w.request("POST", "/carriers/telnyx", b"{}").status, {401}),
    (lambda w: w.request("POST", "/carriers/twilio", b"Body=hello").status, {403}),
    (lambda w: w.request("POST", "/carriers/twilio", b"Body=x", X_Twilio_Signature="bm8=").status, {403}),
    (lambda w: w.request("POST", "/carriers/vonage", b"{}").status, {401}),
    (lambda w: w.request("POST", "/carriers/vonage", b"{}", Authorization=f"Bearer {NOBODYS}").status, {403}),
    (lambda w: w.bandwidth_raw(b"[" + b" " * 1024 * 1024 + b"]")(), {413}),
    (lambda w: w.telnyx_raw(b" " * 1024 * 1024)(), {413}),
    (lambda w: w.request("GET", "/v1/Conversations").status, {401}),
    (lambda w: w.request("POST", "/v1/Conversations", b"FriendlyName=x").status, {401}),
    (lambda w: w.request("POST", "/v1/Lines", b"Address=x", Authorization="Basic eDp5").status, {401}),
]


def test_what_is_not_authentic_or_too_large_changes_nothing(
    world: World, stack: Stack, expiring_conversation: ExpiringConversation
) -> None:
    def changes() -> set[str]:
        """What is another after the attempts. What earlier tests set off may still go on: then there are more."""
        world.settle()
        before = everything(stack, expiring_conversation)
        for number, (attempt, statuses) in enumerate(REFUSED):
            assert attempt(world) in statuses, f"attempt {number}"
        return before ^ everything(stack, expiring_conversation)

    # The table has what all tests have left, and one read of it holds the emulator up for everybody.
    assert until(changes, lambda seen: not seen, patience=60) == set()


def test_bandwidths_challenge_survives_the_gateway(world: World, stack: Stack) -> None:
    """Where credentials are required, a webhook without them is asked for them, and the copy that has them is taken."""
    manager = stack.client("secretsmanager")
    arn = stack.output("CarriersSecretArn")
    secret = manager.get_secret_value(SecretId=arn)["SecretString"]
    required = {**json.loads(secret), "bandwidth_webhook_username": "hook", "bandwidth_webhook_password": "pass"}
    manager.put_secret_value(SecretId=arn, SecretString=json.dumps(required))
    # Functions keep a secret for a while: new ones read it at once. The first request may still meet a dead one.
    for function in ("InboundFunction", "AuthorizerFunction"):
        stack.kill(function)
    path = f"/carriers/bandwidth/{required['bandwidth_webhook_token']}"
    try:
        first = until(lambda: world.request("POST", path, b"[]"), lambda answer: answer.status == 401)
        assert first.status == 401
        assert first.headers["WWW-Authenticate"].startswith("Basic realm=")
        credentials = base64.b64encode(b"hook:pass").decode()
        assert world.request("POST", path, b"[]", Authorization=f"Basic {credentials}").status == 200
        wrong = base64.b64encode(b"hook:word").decode()
        assert world.request("POST", path, b"[]", Authorization=f"Basic {wrong}").status == 401
    finally:
        manager.put_secret_value(SecretId=arn, SecretString=secret)
        for function in ("InboundFunction", "AuthorizerFunction"):
            stack.kill(function)
        until(lambda: world.request("POST", path, b"[]").status == 200)


# --- what is authentic and odd is kept and answered


def unrouted(world: World) -> list[dict[str, Any]]:
    user = base64.b64encode(f"{world.account_sid}:{world.auth_token}".encode()).decode()
    answer = world.request("GET", "/v1/UnroutedTexts", Authorization=f"Basic {user}")
    assert answer.status == 200, answer.data
    listed: list[dict[str, Any]] = json.loads(answer.data)["unrouted_texts"]
    return listed


def test_text_without_a_conversation_is_stored_and_readable(world: World) -> None:
    stranger, unknown_line = new_number(), new_number()
    assert world.bandwidth(stranger, [P], P, f"only me {stranger}", new_id())() == 200
    assert world.bandwidth(stranger, [unknown_line], unknown_line, f"who {stranger}", new_id())() == 200
    found = until(
        lambda: {text["body"]: text["reason"] for text in unrouted(world)}, lambda seen: f"who {stranger}" in seen
    )
    assert found[f"only me {stranger}"] == "auto_creation_off"
    assert found[f"who {stranger}"] == "unknown_line"


@pytest.mark.parametrize("body", [b"not json ID", b'{"type": 1, "x": "ID"}', b'[{"type": "ID"}, null]', b"\xff\xfeID"])
def test_authentic_unreadable_webhook_is_stored_and_acknowledged(world: World, body: bytes) -> None:
    def kept() -> set[str]:
        return {text["sid"] for text in unrouted(world) if text["reason"] == "malformed"}

    before = kept()
    assert world.bandwidth_raw(body.replace(b"ID", new_id().encode()))() == 200
    assert len(kept() - before) == 1


def test_a_replay_is_answered_and_changes_nothing(world: World, stack: Stack) -> None:
    ann, ben, line = new_number(), new_number(), "+12065550120"
    webhook = world.twilio(ann, [ben, line], line, "again and again", new_id())
    assert webhook() == 200
    sid = until(lambda: world.owner(ann, ben, line))
    assert sid
    world.deliver_all([webhook] * 10)
    assert [body for _, _, body in world.messages(sid)] == ["again and again"]


# --- the API in Twilio's words


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/Conversations/CH00000000000000000000000000000000", 404, 20404),
        ("GET", "/v1/Nonsense", 404, 20404),
        ("GET", "/v2/Conversations", 404, 20404),
        ("PUT", "/v1/Conversations", 405, 20004),
        ("DELETE", "/v1/Conversations", 405, 20004),
        ("GET", "/v1/Conversations?PageToken=made-up", 400, 20001),
    ],
)
def test_refusals_have_twilios_form(world: World, method: str, path: str, status: int, code: int) -> None:
    user = base64.b64encode(f"{world.account_sid}:{world.auth_token}".encode()).decode()
    answer = world.request(method, path, Authorization=f"Basic {user}")
    error = json.loads(answer.data)
    assert (answer.status, error["status"], error["code"]) == (status, status, code)
    assert error["more_info"] == f"https://www.twilio.com/docs/errors/{code}"


def test_lists_go_on_to_the_end_over_our_own_address(world: World) -> None:
    made = world.api.conversations.create(friendly_name="long")
    for number in range(7):
        made.messages.create(author="system", body=str(number))
    assert [m.body for m in made.messages.list(page_size=3)] == [str(number) for number in range(7)]
    assert [m.body for m in made.messages.list(page_size=3, order="desc")] == [str(n) for n in reversed(range(7))]
    form = urlencode({"PageSize": 3})
    user = base64.b64encode(f"{world.account_sid}:{world.auth_token}".encode()).decode()
    page = json.loads(
        world.request("GET", f"/v1/Conversations/{made.sid}/Messages?{form}", Authorization=f"Basic {user}").data
    )
    assert page["meta"]["next_page_url"].startswith(world.url)
