"""Tapbacks in the inbox: one on a message that is known is a reaction, and so counts for nobody as unread."""

from __future__ import annotations

import itertools
import json

import pytest

from partyline.carriers.base import InboundText
from partyline.inbound.recorder import InboundRecorder
from partyline.storage import messages
from tests.support import people
from tests.support.api_harness import A, Api, B, P, consult_no_webhook
from tests.support.inboxes import entries, found
from tests.support.people import SERVICE, role_named

_IDS = itertools.count()


@pytest.fixture
def ann(api: Api) -> Api:
    """A person who sees everything."""
    api.made("/Users", {"Identity": "ann", "RoleSid": role_named("inbox member")})
    who = people.acting(api, "ann")
    assert who.get("/Inbox").status == 200
    return who


@pytest.fixture
def group(api: Api) -> str:
    return api.group(A, B)


def text(api: Api, body: str, sender: str = A) -> str:
    """A handset writes to the group; returns the message."""
    recipients = (P, B if sender == A else A)
    arrived = InboundText("bandwidth", f"carrier-{next(_IDS)}", P, sender, recipients, body, ())
    return (
        InboundRecorder(api.context.table, SERVICE, consult_no_webhook).record(arrived, api.context.clock()).message_sid
    )


def read(who: Api, conversation: str, index: int) -> dict[str, object]:
    path = f"/Conversations/{conversation}/ReadState"
    reply = who.post(path, {"LastReadMessageIndex": str(index)})
    assert reply.status == 200, reply.body
    return dict(reply.body)


def test_a_tapback_is_not_unread(api: Api, ann: Api, group: str) -> None:
    text(api, "Sunday at noon?")
    text(api, "Or Monday")
    read(ann, group, 1)
    text(api, "Liked “Sunday at noon?”", B)
    [entry] = entries(ann)
    assert (entry["unread"], entry["tapback_indexes"]) == (0, [2])
    assert found(ann, View="unread") == []
    state = ann.get(f"/Conversations/{group}/ReadState").body
    assert (state["unread"], state["last_message_index"]) == (0, 2)
    text(api, "See you", B)
    [entry] = entries(ann)
    assert entry["unread"] == 1
    assert read(ann, group, 2)["unread"] == 1
    assert read(ann, group, 3)["unread"] == 0


def test_the_entry_tells_the_tapback_beside_its_words(api: Api, ann: Api, group: str) -> None:
    text(api, "Sunday at noon?")
    assert entries(ann)[0]["last_message"]["tapback"] is None
    text(api, "Reacted 🎉 to “Sunday at noon?”", B)
    last = entries(ann)[0]["last_message"]
    assert last["tapback"] == {"kind": "emoji", "removed": False, "emoji": "🎉"}
    text(api, "Removed a heart from “Sunday at noon?”", B)
    last = entries(ann)[0]["last_message"]
    assert last["tapback"] == {"kind": "love", "removed": True, "emoji": None}
    assert last["body"] == "Removed a heart from “Sunday at noon?”"


def test_one_that_is_not_certain_is_a_text_and_unread(api: Api, ann: Api, group: str) -> None:
    text(api, "ok")
    text(api, "ok", B)
    read(ann, group, 1)
    text(api, "Liked “ok”")
    [entry] = entries(ann)
    assert (entry["unread"], entry["tapback_indexes"], entry["last_message"]["tapback"]) == (1, [], None)


def test_attributes_of_a_request_make_nothing_a_tapback(api: Api, ann: Api, group: str) -> None:
    """A person could hide what they say from the unread counts of others."""
    sid = text(api, "Sunday at noon?")
    read(ann, group, 0)
    mark = json.dumps({"tapback": {"kind": "like", "removed": False, "message_sid": sid, "index": 0}})
    assert api.say(group, "Read this", Attributes=mark).status == 201
    [entry] = entries(ann)
    assert (entry["unread"], entry["tapback_indexes"], entry["last_message"]["tapback"]) == (1, [], None)


def test_a_tapback_that_is_deleted_is_taken_off_once(api: Api, ann: Api, group: str) -> None:
    text(api, "Sunday at noon?")
    read(ann, group, 0)
    tapback = text(api, "Liked “Sunday at noon?”", B)
    said = [text(api, body, B) for body in ("One", "Two")]
    assert entries(ann)[0]["unread"] == 2
    api.delete(f"/Conversations/{group}/Messages/{tapback}")
    assert entries(ann)[0]["unread"] == 2
    api.delete(f"/Conversations/{group}/Messages/{said[0]}")
    assert entries(ann)[0]["unread"] == 1


def test_the_newest_are_kept(api: Api, ann: Api, group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_TAPBACKS", 3)
    text(api, "Sunday at noon?")
    read(ann, group, 0)
    for _ in range(5):
        text(api, "Liked “Sunday at noon?”", B)
    [entry] = entries(ann)
    assert entry["tapback_indexes"] == [3, 4, 5]
    # Who is behind that many has older ones counted.
    assert entry["unread"] == 2
