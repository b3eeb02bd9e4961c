"""A conversation as JSON lines, in parts that fit."""

from __future__ import annotations

from typing import Any

import pytest

from partyline.api.resources import export
from tests.support.api_harness import A, Api, B


def lines(api: Api, url: str) -> list[dict[str, Any]]:
    """Every line of an export, following its parts."""
    whole: list[dict[str, Any]] = []
    while url:
        reply = api.follow(url)
        assert (reply.status, reply.headers["Content-Type"]) == (200, "application/x-ndjson")
        part = list(reply.body)
        url = part.pop()["url"] if part[-1:] and part[-1]["type"] == "next" else ""
        assert reply.headers.get("Link", "") == (f'<{url}>; rel="next"' if url else "")
        whole += part
    return whole


def test_an_export_has_everything_as_the_api_shows_it(api: Api) -> None:
    conversation = api.group(A, B)
    said = [api.say(conversation, text).body["sid"] for text in ("one", "two\n“quoted”", "three")]
    shown = api.get(f"/Conversations/{conversation}").body
    exported = lines(api, shown["links"]["export"])
    assert exported[0] == {"type": "conversation", **shown}
    people = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    assert [line for line in exported if line["type"] == "participant"] == [
        {"type": "participant", **person} for person in people
    ]
    messages = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    assert [line for line in exported if line["type"] == "message"] == [
        {"type": "message", **message} for message in messages
    ]
    receipts = [line["message_sid"] for line in exported if line["type"] == "delivery_receipt"]
    assert receipts == [sid for sid in said for _ in (A, B)]


@pytest.mark.parametrize("part", [1, 1500, 4000])
def test_parts_join_to_the_whole_without_a_gap_or_a_repeat(
    api: Api, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = api.group(A, B)
    for number in range(7):
        api.say(conversation, str(number))
    url = api.get(f"/Conversations/{conversation}").body["links"]["export"]
    whole = lines(api, url)
    monkeypatch.setattr(export, "PART_BYTES", part)
    monkeypatch.setattr(export, "_BATCH", 2)
    assert lines(api, url) == whole
    assert [line["index"] for line in whole if line["type"] == "message"] == list(range(7))


def test_an_empty_conversation_is_one_line(api: Api) -> None:
    conversation = api.conversation()
    url = api.get(f"/Conversations/{conversation}").body["links"]["export"]
    assert [line["type"] for line in lines(api, url)] == ["conversation"]


@pytest.mark.parametrize("after", ["x", "-1", "MBx", "", "1.5"])
def test_a_place_that_no_export_gave_is_refused(api: Api, after: str) -> None:
    conversation = api.conversation()
    assert api.get(f"/Conversations/{conversation}/Export", {"After": after}).error[:2] == (400, 20001)
