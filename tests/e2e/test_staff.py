"""Two people write as one line in one group at the same moment: each text is recorded and shown once, under its
writer."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import uuid4

import jwt

from tests.support.stack_world import World, new_number, until

LINE = "+12065550101"
TEXTS = 20
FORM = "application/x-www-form-urlencoded"


def test_two_people_write_as_one_line_at_once(world: World) -> None:
    ann, ben = f"ann {uuid4().hex}", f"ben {uuid4().hex}"
    role = world.api.roles.create(
        friendly_name=f"staff {uuid4().hex}", type="service", permission=["viewAnyConversation", "writeAsLine"]
    )
    for identity in (ann, ben):
        world.api.users.create(identity=identity, role_sid=role.sid)
    handsets = (new_number(), new_number())
    group = world.api.conversations.create(friendly_name="12 Elm Street")
    group.participants.create(messaging_binding_projected_address=LINE)
    for handset in handsets:
        group.participants.create(messaging_binding_address=handset)

    tokens = {identity: _token(world, identity) for identity in (ann, ben)}
    written = {f"text {number} of {who.split()[0]}": who for who in tokens for number in range(TEXTS)}
    posts = [_post(world, group.sid, body, tokens[who]) for body, who in written.items()]
    random.shuffle(posts)
    with ThreadPoolExecutor(len(posts)) as pool:
        list(pool.map(lambda post: post(), posts))

    path = f"/v1/Conversations/{group.sid}/Messages?PageSize=100"
    recorded = json.loads(world.request("GET", path, Authorization=world.basic()).data)["messages"]
    assert [message["index"] for message in recorded] == list(range(2 * TEXTS))
    assert {message["body"]: message["written_by"] for message in recorded} == written
    assert {message["author"] for message in recorded} == {LINE}
    in_order = [(LINE, message["body"]) for message in recorded]
    until(lambda: all(len(world.read_by(handset)) >= 2 * TEXTS for handset in handsets))
    world.settle()
    assert [Counter(world.read_by(handset)) for handset in handsets] == [Counter(in_order)] * 2
    assert [member.identity for member in group.participants.list()] == [None] * 3


def _token(world: World, identity: str) -> str:
    answer = world.request("POST", "/v1/Keys", b"FriendlyName=staff", Authorization=world.basic(), Content_Type=FORM)
    key = json.loads(answer.data)
    service = world.api.configuration().fetch().default_chat_service_sid
    claims = {
        "iss": key["sid"],
        "sub": world.account_sid,
        "exp": time.time() + 600,
        "grants": {"identity": identity, "chat": {"service_sid": service}},
    }
    return jwt.encode(claims, key["secret"], "HS256", {"cty": "twilio-fpa;v=1"})


def _post(world: World, conversation: str, body: str, token: str) -> Callable[[], None]:
    """What posts a text, and again while it is refused because others write at the moment: then nothing was written."""

    def post() -> None:
        form = urlencode({"Body": body}).encode()
        path = f"/v1/Conversations/{conversation}/Messages"
        while True:
            answer = world.request("POST", path, form, Authorization=f"Bearer {token}", Content_Type=FORM)
            if answer.status not in {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}:
                break
        assert answer.status == HTTPStatus.CREATED, answer.data

    return post
