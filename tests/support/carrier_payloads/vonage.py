"""Vonage's webhooks: https://developer.vonage.com/en/api/messages (inbound message, message status), its guide to MMS
group messaging and the types of its Java and Kotlin SDKs. Numbers have no plus."""

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
    new_token,
    new_words,
    optional,
)

_MEDIA = "https://api-us.nexmo.com/v3/media"
_KINDS = ("image", "audio", "video", "vcard", "file")
_STATUSES = ("submitted", "delivered", "read", "undeliverable", "rejected")


@st.composite
def texts(draw: st.DrawFn, line: str) -> Payload:
    """One message that came in."""
    contents = Contents()
    sender, others = new_members(draw, contents)
    message: dict[str, Any] = {
        "message_uuid": new_token("id"),
        "to": line.removeprefix("+"),
        "from": sender.removeprefix("+"),
        "timestamp": "2026-11-22T11:59:16Z",
        **optional(draw, [("channel", "mms"), ("client_ref", "x"), ("usage", {"price": "0.01", "currency": "EUR"})]),
    }
    if draw(st.booleans()) or others:
        message["mms"] = {"participants": [other.removeprefix("+") for other in others]}
    kind = draw(st.sampled_from(("text", *_KINDS, *["content"] * 5)))
    text = None if kind != "text" and draw(st.booleans()) else new_text(draw, contents, sender)
    if text is not None:
        message["text"] = text
        message |= optional(draw, [("sms", {"num_messages": "1", "keyword": text.split(" ")[0].upper()})])
    message |= _media(draw, contents, kind, captioned=not text)
    if draw(st.booleans()):
        message["message_type"] = draw(st.sampled_from((kind, "image"))) if kind == "content" else kind
    return Payload(message, contents)


def _media(draw: st.DrawFn, contents: Contents, kind: str, *, captioned: bool) -> dict[str, Any]:
    """Draw the fields that hold the files of a message of a kind."""
    if kind in _KINDS:
        return {kind: _file(draw, contents, captioned=captioned)}
    if kind != "content":
        return {}
    files = [_file(draw, contents, captioned=captioned) for _ in range(draw(st.integers(1, 3)))]
    content = [{"type": draw(st.sampled_from(_KINDS)), **file} for file in files]
    # The first of several files may be in the field of its own kind as well.
    first = {content[0]["type"]: {"url": files[0]["url"]}} if draw(st.booleans()) else {}
    return {"content": content, **first}


def _file(draw: st.DrawFn, contents: Contents, *, captioned: bool) -> dict[str, Any]:
    """A file. Vonage's caption is the text of a message that has none of its own."""
    file = {"url": new_file(draw, contents, _MEDIA), **optional(draw, [("name", "a.png")])}
    if captioned and draw(st.booleans()):
        file["caption"] = new_words(draw, contents)
    return file


@st.composite
def reports(draw: st.DrawFn, line: str) -> Payload:
    """One status, with its error in either form."""
    contents = Contents(ids={new_token("id")}, addresses={new_number()})
    (message_id,), (recipient,) = contents.ids, contents.addresses
    report: dict[str, Any] = {
        "message_uuid": message_id,
        "to": recipient.removeprefix("+"),
        "from": line.removeprefix("+"),
        "status": draw(st.sampled_from(_STATUSES)),
        "timestamp": "2026-11-22T11:59:16Z",
        **optional(draw, [("channel", "mms"), ("usage", {"price": "0.01"}), ("client_ref", "x")]),
    }
    if report["status"] in ("undeliverable", "rejected"):
        fault = {"type": "https://developer.vonage.com/api-errors/messages#1170", "title": "1170", "detail": "a detail"}
        report |= draw(st.sampled_from(({"error": fault}, {"error": {"error": fault}}, {})))
    return Payload(report, contents)
