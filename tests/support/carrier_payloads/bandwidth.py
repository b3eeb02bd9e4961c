"""Bandwidth's webhooks: https://dev.bandwidth.com/docs/messaging/webhooks, and its OpenAPI document of Messaging v2."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.support.carrier_payloads.contents import (
    Contents,
    Payload,
    new_file,
    new_members,
    new_number,
    new_text,
    new_text_part,
    new_token,
    optional,
)

_MEDIA = "https://messaging.bandwidth.com/api/v2/users/123/media"
_LAYOUT = (f"{_MEDIA}/0.smil", f"{_MEDIA}/1.xml")
_ERROR_CODES = (4432, 4720, 4775, 9902, 9999, 5100)


@st.composite
def texts(draw: st.DrawFn, line: str) -> Payload:
    """One to three `message-received` events in one array."""
    contents = Contents()
    return Payload([_received(draw, contents, line) for _ in range(draw(st.integers(1, 3)))], contents)


def _received(draw: st.DrawFn, contents: Contents, line: str) -> dict[str, Any]:
    sender, others = new_members(draw, contents)
    message: dict[str, Any] = {
        "id": new_token("id"),
        "time": "2026-11-22T11:59:16Z",
        "to": draw(st.permutations([line, *others])),
        "from": sender,
        "applicationId": "93de2206",
        "owner": line,
        "direction": "in",
        "segmentCount": 1,
    }
    if draw(st.integers(0, 3)):
        message["text"] = new_text(draw, contents, sender)
    if draw(st.booleans()):
        files = [new_file(draw, contents, _MEDIA) for _ in range(draw(st.integers(0, 4)))]
        if not message.get("text") and draw(st.booleans()):
            files.append(new_text_part(draw, contents, _MEDIA))
        message["media"] = draw(st.permutations([*files, *draw(st.sampled_from(((), _LAYOUT[:1], _LAYOUT)))]))
    message |= optional(draw, [("tag", "t"), ("priority", "default"), ("channel", "MMS"), ("unknown", {"a": [1]})])
    event = {"type": "message-received", "time": "2026-11-22T11:59:16Z", "to": line, "message": message}
    return {**event, "description": "Incoming message received", **optional(draw, [("carrierName", "AT&T")])}


@st.composite
def reports(draw: st.DrawFn, line: str) -> Payload:
    """One to three reports of a group text, one a recipient."""
    contents = Contents(ids={new_token("id")})
    (message_id,) = contents.ids
    group = [new_number() for _ in range(draw(st.integers(1, 3)))]
    contents.addresses |= set(group)
    kinds = ("message-sending", "message-sent", "message-delivered", "message-failed")
    events = [_report(draw, draw(st.sampled_from(kinds)), message_id, recipient, group, line) for recipient in group]
    return Payload(events, contents)


def _report(draw: st.DrawFn, kind: str, message_id: str, recipient: str, group: list[str], line: str) -> dict[str, Any]:
    message: dict[str, Any] = {
        "id": message_id,
        "time": "2026-11-22T11:59:16Z",
        "to": group,
        "from": line,
        "text": "",
        "applicationId": "93de2206",
        "owner": draw(st.sampled_from((line, recipient))),
        "direction": "out",
        "segmentCount": 1,
        **optional(draw, [("tag", "not ours"), ("media", []), ("priority", "high")]),
    }
    code = {"errorCode": draw(st.sampled_from(_ERROR_CODES))} if kind == "message-failed" else {}
    return {"type": kind, "time": message["time"], "description": "", "to": recipient, "message": message, **code}
