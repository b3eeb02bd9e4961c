"""Catch-ups end to end: what a carrier could not deliver is fetched from it, and what it did deliver is not doubled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.e2e.test_group_texting import agent, conversation, native
from tests.e2e.test_media import content_of, media_of, png
from tests.support.stack_world import World, new_number, until

TELNYX, TWILIO, BANDWIDTH = "+12065550111", "+12065550121", "+12065550101"
LINES = pytest.mark.parametrize("line", [TELNYX, TWILIO], ids=["telnyx", "twilio"])


@pytest.fixture
def earlier(world: World) -> Iterator[World]:
    """Half an hour ago, by the clocks of phones and carriers: the latest texts are not caught up."""
    world.network(seconds_behind=1800)
    yield world
    world.network(seconds_behind=0, drop_copies=[])


def ask(world: World, method: str, line: str, **form: str) -> tuple[int, dict[str, Any]]:
    body = urlencode(form).encode() if form else None
    headers = {"Authorization": world.basic(), "Content_Type": "application/x-www-form-urlencoded"}
    answer = world.request(method, f"/v1/Lines/{line}/CatchUp", body, **headers)
    return answer.status, json.loads(answer.data)


def catch_up(world: World, line: str) -> dict[str, Any]:
    """Catch up a line, as somebody does after an outage."""
    since = datetime.now(UTC) - timedelta(hours=1)
    status, asked = ask(world, "POST", line, Since=since.isoformat())
    assert status == 202, asked
    _, ended = until(lambda: ask(world, "GET", line), lambda seen: seen[1]["state"] in ("completed", "failed"))
    assert (ended["state"], ended["problem"]) == ("completed", None)
    return ended


def bodies(world: World, conversation_sid: str) -> list[str | None]:
    return [body for _, _, body in world.messages(conversation_sid)]


@LINES
def test_text_that_was_lost_arrives_once_and_one_that_came_stays_one(earlier: World, line: str) -> None:
    ann = new_number()
    made = conversation(earlier, agent("jane", line), native(ann))
    earlier.text(ann, line, text="before the outage")
    assert until(lambda: bodies(earlier, made.sid)) == ["before the outage"]
    earlier.network(drop_copies=[line])
    for text in ("are you there?", "hello?"):
        earlier.text(ann, line, text=text)
    earlier.network(drop_copies=[])
    earlier.text(ann, line, text="back again")
    assert until(lambda: bodies(earlier, made.sid), lambda seen: len(seen) > 1) == ["before the outage", "back again"]
    ended = catch_up(earlier, line)
    assert ended["recorded"] >= 2
    recorded = ["before the outage", "back again", "are you there?", "hello?"]
    assert bodies(earlier, made.sid) == recorded
    again = catch_up(earlier, line)
    assert (again["recorded"], again["unrouted"]) == (0, 0)
    assert bodies(earlier, made.sid) == recorded


def test_group_text_with_a_picture_that_telnyx_could_not_deliver_is_in_its_group(earlier: World) -> None:
    ann, ben, picture = new_number(), new_number(), png()
    earlier.text(ann, TELNYX, ben, text="Hello all")
    sid = until(lambda: earlier.owner(TELNYX, ann, ben))
    assert sid
    earlier.network(drop_copies=[TELNYX])
    earlier.text(ben, TELNYX, ann, text="The roof", media=[earlier.picture(ben, picture)])
    earlier.network(drop_copies=[])
    catch_up(earlier, TELNYX)
    assert bodies(earlier, sid) == ["Hello all", "The roof"]
    [media] = until(lambda: media_of(earlier, sid), lambda found: [one["state"] for one in found] == ["ready"])
    assert content_of(earlier, media["sid"]) == picture


def test_picture_that_twilio_could_not_deliver_waits_for_somebody_to_route_it(earlier: World) -> None:
    """Twilio's list does not say who else got it."""
    ann, picture = new_number(), png()
    made = conversation(earlier, agent("jane", TWILIO), native(ann))
    earlier.network(drop_copies=[TWILIO])
    earlier.text(ann, TWILIO, text="The roof", media=[earlier.picture(ann, picture)])
    earlier.network(drop_copies=[])
    catch_up(earlier, TWILIO)
    [waiting] = [text for text in earlier.unrouted() if text["sender"] == ann]
    assert (waiting["reason"], waiting["body"], bodies(earlier, made.sid)) == ("uncertain", "The roof", [])
    routed = earlier.request("POST", f"/v1/UnroutedTexts/{waiting['sid']}", Authorization=earlier.basic())
    assert routed.status == 200, routed.data
    assert bodies(earlier, made.sid) == ["The roof"]
    [media] = until(lambda: media_of(earlier, made.sid), lambda found: [one["state"] for one in found] == ["ready"])
    assert content_of(earlier, media["sid"]) == picture


@LINES
def test_stop_that_was_lost_holds(earlier: World, line: str) -> None:
    ann = new_number()
    earlier.network(drop_copies=[line])
    earlier.text(ann, line, text="STOP")
    earlier.network(drop_copies=[])
    catch_up(earlier, line)
    answer = earlier.request("GET", f"/v1/OptOuts?Address=%2B{ann[1:]}", Authorization=earlier.basic())
    assert [one["line"] for one in json.loads(answer.data)["opt_outs"]] == [line]


def test_bandwidth_lists_nothing(world: World) -> None:
    status, refused = ask(world, "POST", BANDWIDTH)
    assert (status, refused["code"]) == (409, 20409)
