"""Pictures both ways, end to end: from each carrier as it hands them out, and to each as it takes them."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
import urllib3
from PIL import Image

from tests.e2e.test_group_texting import agent, conversation, native, statuses
from tests.support.stack_world import World, new_number, until

BANDWIDTH, TELNYX, TWILIO, VONAGE = "+12065550100", "+12065550110", "+12065550120", "+12065550130"
LINES = pytest.mark.parametrize(
    "line", [BANDWIDTH, TELNYX, TWILIO, VONAGE], ids=["bandwidth", "telnyx", "twilio", "vonage"]
)


def png(side: int = 8) -> bytes:
    """A picture; a large one is one that nothing can compress."""
    written = BytesIO()
    (Image.new("RGB", (side, side), "teal") if side < 100 else Image.effect_noise((side, side), 80)).save(
        written, "PNG"
    )
    return written.getvalue()


def media_of(world: World, conversation_sid: str) -> list[dict[str, Any]]:
    """The files of the newest message."""
    newest = world.api.conversations(conversation_sid).messages.list(order="desc", limit=1)
    return list(newest[0].media or []) if newest else []


def upload(world: World, content: bytes, name: str = "plan.png") -> dict[str, Any]:
    answer = world.request(
        "POST", f"/v1/Media?Filename={name}", content, Authorization=world.basic(), Content_Type="image/png"
    )
    assert answer.status == 201, answer.data
    uploaded: dict[str, Any] = json.loads(answer.data)
    return uploaded


def content_of(world: World, sid: str) -> bytes:
    """A file by the link that its own resource gives."""
    fetched = json.loads(world.request("GET", f"/v1/Media/{sid}", Authorization=world.basic()).data)
    return urllib3.request("GET", fetched["links"]["content_direct_temporary"]).data


@LINES
def test_inbound_picture_is_stored_and_shown(world: World, line: str) -> None:
    ann, ben, picture = new_number(), new_number(), png()
    world.text(ann, line, ben, text="The roof", media=[world.picture(ann, picture)])
    sid = until(lambda: world.owner(line, ann, ben))
    assert sid
    (media,) = until(lambda: media_of(world, sid), lambda found: [one["state"] for one in found] == ["ready"])
    assert (media["content_type"], media["size"], media["filename"]) == ("image/png", len(picture), "picture.png")
    assert content_of(world, media["sid"]) == picture


def test_unavailable_picture_is_requested_again_or_shown_as_missing(world: World) -> None:
    ann, ben = new_number(), new_number()
    kinds = {"flaky": png(), "gone": png(), "endless": b""}
    for behaves, content in kinds.items():
        world.text(ann, BANDWIDTH, ben, text=behaves, media=[world.picture(ann, content, behaves=behaves)])
    page = world.picture(ann, b"<html><script>alert(1)</script></html>")
    world.text(ann, BANDWIDTH, ben, text="page", media=[page])
    sid = until(lambda: world.owner(BANDWIDTH, ann, ben))
    assert sid

    def states() -> dict[str | None, tuple[str, str | None]]:
        found = world.api.conversations(sid).messages.list()
        return {one.body: (one.media[0]["state"], one.media[0]["error"]) for one in found}

    settled = until(states, lambda found: len(found) == 4 and "pending" not in dict(found.values()))
    assert settled == {
        "flaky": ("ready", None),
        "gone": ("failed", "gone"),
        "endless": ("failed", "too_large"),
        "page": ("failed", "type"),
    }


@LINES
def test_an_uploaded_picture_reaches_every_handset_small_enough_for_its_network(world: World, line: str) -> None:
    ann, ben, large = new_number(), new_number(), png(1100)
    assert len(large) > 1_000_000
    made = conversation(world, agent("jane", line), native(ann), native(ben))
    uploaded = upload(world, large)
    message = made.messages.create(author="jane", body="The plan", media_sid=uploaded["sid"])
    assert message.media[0]["size"] == len(large)
    assert until(
        lambda: statuses(world, made.sid, message.sid), lambda found: [s for s, _ in found] == ["delivered"] * 2
    )
    for handset in (ann, ben):
        (shown,) = [text for text in world.on_handset(handset) if text["text"] == "The plan"]
        (url,) = shown["media"]
        got = urllib3.request("GET", url)
        assert (got.status, got.headers["Content-Type"]) == (200, "image/jpeg")
        assert len(got.data) <= 600 * 1024
        assert Image.open(BytesIO(got.data)).format == "JPEG"


def test_a_picture_of_a_masked_member_goes_on_to_the_others(world: World) -> None:
    ann, ben, picture = new_number(), new_number(), png()
    made = world.api.conversations.create()
    made.participants.create(messaging_binding_address=ann, messaging_binding_proxy_address=BANDWIDTH)
    made.participants.create(messaging_binding_address=ben, messaging_binding_proxy_address=TELNYX)
    world.text(ann, BANDWIDTH, text="Look", media=[world.picture(ann, picture)])
    (shown,) = until(lambda: [text for text in world.on_handset(ben) if text["media"]])
    assert shown["from"] == TELNYX
    assert urllib3.request("GET", shown["media"][0]).data == picture


def test_a_link_opens_nothing_else(world: World) -> None:
    one, other = upload(world, png()), upload(world, png(9))
    link = one["links"]["content_direct_temporary"]
    assert urllib3.request("GET", link).data == png()
    assert urllib3.request("HEAD", link).status == 200
    for wrong in (link.replace(one["sid"], other["sid"]), link.replace("/media/1", "/media/2"), link + "x"):
        assert urllib3.request("GET", wrong).status == 404
