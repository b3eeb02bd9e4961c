"""Telnyx' webhooks: https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks, its guide to group MMS
and the types of its SDKs. Addresses come as strings and as objects, in one payload too."""

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
    new_words,
    optional,
)

_MEDIA = "https://media.telnyx.com"
_STATUSES = ("queued", "sending", "sent", "delivered", "unknown", "delivery_failed", "sending_failed", "expired")
_ABOUT: list[tuple[str, Any]] = [
    ("completed_at", None),
    ("cost", {"amount": "0.0051", "currency": "USD"}),
    ("encoding", "UCS-2"),
    ("errors", []),
    ("is_spam", False),
    ("messaging_profile_id", "1e0df9c5"),
    ("organization_id", "47a530f8"),
    ("parts", 1),
    ("received_at", "2026-11-22T11:59:16.129+00:00"),
    ("sent_at", None),
    ("tags", []),
    ("valid_until", None),
    ("webhook_url", "https://example.com"),
    ("type", "MMS"),
]


@st.composite
def texts(draw: st.DrawFn, line: str) -> Payload:
    """One `message.received`."""
    contents = Contents()
    sender, others = new_members(draw, contents)
    payload: dict[str, Any] = {
        "direction": "inbound",
        "id": new_token("id"),
        "record_type": "message",
        "from": {"phone_number": sender, **optional(draw, [("carrier", "AT&T"), ("line_type", "Wireless")])},
        "to": [{"phone_number": line, **optional(draw, [("status", "webhook_delivered"), ("carrier", "Telnyx")])}],
        **optional(draw, _ABOUT),
    }
    payload |= _cc(draw, others, line)
    if draw(st.integers(0, 3)):
        payload["text"] = new_text(draw, contents, sender)
    if draw(st.booleans()):
        _add_subject(draw, contents, payload)
    if draw(st.booleans()):
        payload["autoresponse_type"] = draw(st.sampled_from((None, "STOP", "OPT_OUT")))
        if payload["autoresponse_type"]:
            contents.opted_out.add(sender)
    if draw(st.booleans()):
        payload["media"] = _media(draw, contents, has_text=bool(payload.get("text")))
    event = {"event_type": "message.received", "id": new_token("event"), "record_type": "event", "payload": payload}
    return Payload({"data": event, **optional(draw, [("meta", {"attempt": 1})])}, contents)


def _cc(draw: st.DrawFn, others: list[str], line: str) -> dict[str, Any]:
    """Draw the field of the other members, which may contain our own number too."""
    if draw(st.booleans()) or others:
        members = [*others, *draw(st.sampled_from(([], [line])))]
        return {"cc": [draw(st.sampled_from((one, {"phone_number": one, "carrier": ""}))) for one in members]}
    return {"cc": None} if draw(st.booleans()) else {}


def _media(draw: st.DrawFn, contents: Contents, *, has_text: bool) -> list[dict[str, Any]]:
    media = [_file(draw, contents) for _ in range(draw(st.integers(0, 4)))]
    if not has_text and draw(st.booleans()):
        media.append({"url": new_text_part(draw, contents, _MEDIA), "content_type": "text/plain; charset=utf-8"})
    return media


def _add_subject(draw: st.DrawFn, contents: Contents, payload: dict[str, Any]) -> None:
    """Add the content of an iPhone's subject field. It counts with the text: a keyword beside a subject is none."""
    payload["subject"] = draw(st.sampled_from((None, "", "No Subject", "words", "words", "words")))
    if payload["subject"] == "words":
        payload["subject"] = new_words(draw, contents)
        contents.opted_out.clear()


def _file(draw: st.DrawFn, contents: Contents) -> dict[str, Any]:
    about = [("content_type", "image/png"), ("sha256", None), ("hash_sha256", None), ("size", 100)]
    if draw(st.integers(0, 19)) == 19:
        # A file that Telnyx could not store.
        return optional(draw, [("url", None), *about])
    return {"url": new_file(draw, contents, _MEDIA), **optional(draw, about)}


@st.composite
def reports(draw: st.DrawFn, line: str) -> Payload:
    """One `message.sent` or `message.finalized` of one to three recipients."""
    contents = Contents(ids={new_token("id")})
    (message_id,) = contents.ids
    to = []
    for _ in range(draw(st.integers(1, 3))):
        recipient = new_number()
        contents.addresses.add(recipient)
        entry = {"phone_number": recipient, "status": draw(st.sampled_from(_STATUSES))}
        to.append({**entry, **optional(draw, [("carrier", "TELNYX LLC"), ("line_type", "Wireless")])})
    pointer = {"pointer": f"/to/{draw(st.integers(0, 3))}/phone_number"}
    fault = {
        "code": draw(st.sampled_from(("40001", "40300", "40002", 40008))),
        "title": "a title",
        **optional(draw, [("source", pointer), ("detail", "a detail"), ("meta", {})]),
    }
    payload: dict[str, Any] = {
        "direction": "outbound",
        "id": message_id,
        "from": draw(st.sampled_from((line, {"phone_number": line}))),
        "to": to,
        **optional(draw, [("group_message_id", message_id), ("errors", [fault]), ("cc", []), ("text", "..")]),
    }
    kind = draw(st.sampled_from(("message.sent", "message.finalized")))
    return Payload({"data": {"event_type": kind, "id": new_token("event"), "payload": payload}}, contents)
