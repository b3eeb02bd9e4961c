"""Opt-outs end to end: one confirmation from whoever owes it, the others go on, and all of it by hand too."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from local.carrier import keywords
from tests.e2e.test_group_texting import agent, conversation, native, statuses
from tests.support.stack_world import World, new_number, until

BANDWIDTH, TELNYX, TWILIO, VONAGE = "+12065550100", "+12065550110", "+12065550120", "+12065550130"
OUT = "{name}: You are unsubscribed and will get no more messages. Reply START to resubscribe."
IN = "{name}: You are subscribed again. Reply HELP for help, STOP to unsubscribe."
OURS = OUT.format(name="Bandwidth 0100")


def ask(world: World, method: str, path: str, **form: str) -> Any:
    answer = world.request(
        method,
        f"/v1/{path}",
        urlencode(form).encode() if form else None,
        Authorization=aiohttp.encode_basic_auth(world.account_sid, world.auth_token),
        Content_Type="application/x-www-form-urlencoded",
    )
    return json.loads(answer.data)


def of(world: World, handset: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(world, "GET", f"OptOuts?Address=%2B{handset[1:]}")["opt_outs"]
    return found


@pytest.mark.parametrize(
    ("line", "name", "by_carrier"),
    [
        (BANDWIDTH, "Bandwidth 0100", False),
        (TELNYX, "Telnyx 0110", True),
        (TWILIO, "Twilio 0120", True),
        (VONAGE, "Vonage 0130", False),
    ],
    ids=["bandwidth", "telnyx", "twilio", "vonage"],
)
def test_stop_is_confirmed_once_by_us_or_by_the_carrier(
    world: World, line: str, name: str, *, by_carrier: bool
) -> None:
    out = OUT.format(name=name)
    theirs = keywords.ANSWERS["STOP"], keywords.ANSWERS["START"]
    stopped, started = theirs if by_carrier else (out, IN.format(name=name))
    ann = new_number()

    def received_texts() -> list[str]:
        return [text for sender, text in world.read_by(ann) if sender == line]

    world.text(ann, line, text="Stop")
    assert until(lambda: of(world, ann)), "not noted"
    assert [opt_out["line"] for opt_out in of(world, ann)] == [line]
    assert until(received_texts) == [stopped]
    world.text(ann, line, text="STOP")
    world.settle()
    world.text(ann, line, text="START")
    assert until(lambda: not of(world, ann)), "not brought back"
    # A confirmation of START that is still queued when she opts out again is rightly not sent.
    assert until(received_texts, lambda texts: len(texts) > 1) == [stopped, started]
    # No carrier here knows this one, so we confirm it.
    world.text(ann, line, text="OPT OUT")
    assert until(received_texts, lambda texts: len(texts) > 2) == [stopped, started, out]


@pytest.mark.parametrize("line", [BANDWIDTH, TELNYX, TWILIO], ids=["bandwidth", "telnyx", "twilio"])
def test_who_says_stop_in_a_group_is_left_out_and_the_others_go_on(world: World, line: str) -> None:
    ann, ben, cat = new_number(), new_number(), new_number()
    made = conversation(world, agent("jane", line), native(ann), native(ben), native(cat))
    first = made.messages.create(author="jane", body="Open house at noon")
    assert until(lambda: [status for status, _ in statuses(world, made.sid, first.sid)] == ["delivered"] * 3)
    world.text(cat, line, ann, ben, text="STOP")
    assert until(lambda: of(world, cat))

    second = made.messages.create(author="jane", body="Moved to one")
    expected = [("delivered", 0), ("delivered", 0), ("failed", 21610)]
    assert until(lambda: statuses(world, made.sid, second.sid), lambda seen: seen == expected) == expected
    assert "Moved to one" in [text for _, text in world.read_by(ann)]
    assert "Moved to one" not in [text for _, text in world.read_by(cat)]

    # What handsets show now is a smaller thread, and an answer in it comes home, once.
    world.text(ann, line, ben, text="See you")
    bodies = until(
        lambda: [body for _, _, body in world.messages(made.sid)], lambda seen: bool(seen) and seen[-1] == "See you"
    )
    assert bodies == ["Open house at noon", "STOP", "Moved to one", "See you"]

    world.text(cat, line, text="START")
    assert until(lambda: not of(world, cat))
    third = made.messages.create(author="jane", body="Bring a coat")
    expected = [("delivered", 0)] * 3
    assert until(lambda: statuses(world, made.sid, third.sid), lambda seen: seen == expected) == expected


def test_opt_out_by_hand_holds_and_a_send_without_recipients_is_refused(world: World) -> None:
    ann, ben = new_number(), new_number()
    made = conversation(world, agent("kim", BANDWIDTH), native(ann), native(ben))
    for handset in (ann, ben):
        noted = ask(world, "POST", "OptOuts", Address=handset, Line=BANDWIDTH, Reason="wrote a letter")
        assert (noted["state"], noted["how"]) == ("opted_out", "api")
    form = {"Author": "kim", "Body": "hello"}
    refused = ask(world, "POST", f"Conversations/{made.sid}/Messages", **form)
    assert (refused["status"], refused["code"]) == (400, 21610)
    ask(world, "POST", f"OptOuts/{of(world, ann)[0]['sid']}", State="opted_in")
    message = made.messages.create(author="kim", body="hello")
    expected = [("delivered", 0), ("failed", 21610)]
    assert until(lambda: statuses(world, made.sid, message.sid), lambda seen: seen == expected) == expected
