"""Two people write as one line in one group at the same moment: each text is recorded and shown once, under its
writer."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from tests.support.stack_world import World, new_number, until
from tests.support.staff import Caller, StaffMember

LINE = "+12065550101"
TEXTS = 20


def test_two_people_write_as_one_line_at_once(world: World) -> None:
    staff = {one.identity: one for one in (StaffMember(world, name, "inbox member") for name in ("ann", "ben"))}
    handsets = (new_number(), new_number())
    group = world.api.conversations.create(friendly_name="12 Elm Street")
    group.participants.create(messaging_binding_projected_address=LINE)
    for handset in handsets:
        group.participants.create(messaging_binding_address=handset)

    written = {f"text {number} of {who.split()[0]}": who for who in staff for number in range(TEXTS)}
    posts = [_post(staff[who], group.sid, body) for body, who in written.items()]
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


def _post(who: Caller, conversation: str, body: str) -> Callable[[], None]:
    """What posts a text, and again while it is refused because others write at the moment: then nothing was written."""

    def post() -> None:
        while True:
            answer = who.post(f"/Conversations/{conversation}/Messages", {"Body": body})
            if answer.status not in {HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}:
                break
        assert answer.status == HTTPStatus.CREATED, answer

    return post
