"""Twilio's webhooks: https://www.twilio.com/docs/messaging/guides/webhook-request and track-outbound-message-status;
the numbers of a group's others are observed, not documented."""

from __future__ import annotations

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

_MEDIA = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media"
_ABOUT = [
    ("ToCountry", "US"),
    ("FromCity", ""),
    ("NumSegments", "1"),
    ("MessagingServiceSid", "MG" + "0" * 32),
    ("ApiVersion", "2010-04-01"),
    ("SmsStatus", "received"),
    ("NewOne", "of tomorrow"),
]
_STATUSES = ("queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled", "read")


@st.composite
def texts(draw: st.DrawFn, line: str) -> Payload:
    """One message that came in, as the pairs of a form."""
    contents = Contents()
    sender, others = new_members(draw, contents)
    text = new_text(draw, contents, sender)
    form = [("MessageSid", new_token("MM")), ("From", sender), ("To", line)]
    form += [] if text is None and draw(st.booleans()) else [("Body", text or "")]
    form += _media(draw, contents, has_text=bool(text))
    gap = draw(st.integers(0, 1))
    form += [(f"OtherRecipients{number + (gap if number else 0)}", other) for number, other in enumerate(others)]
    if draw(st.integers(0, 3)) == 0:
        form.append(("OptOutType", "STOP"))
        contents.opted_out.add(sender)
    form += list(optional(draw, _ABOUT).items())
    return Payload(draw(st.permutations(form)), contents)


def _media(draw: st.DrawFn, contents: Contents, *, has_text: bool) -> list[tuple[str, str]]:
    """Draw the numbered parameters of the files, and their number."""
    files = [new_file(draw, contents, _MEDIA) for _ in range(draw(st.integers(0, 3)))]
    kinds = [draw(st.sampled_from(("", "image/jpeg"))) for _ in files]
    if not has_text and draw(st.booleans()):
        files.append(new_text_part(draw, contents, _MEDIA))
        kinds.append("text/plain")
    urls = [(f"MediaUrl{number}", url) for number, url in enumerate(files)]
    types = [(f"MediaContentType{number}", kind) for number, kind in enumerate(kinds) if kind]
    return [("NumMedia", str(len(files))), *urls, *types]


@st.composite
def reports(draw: st.DrawFn, line: str) -> Payload:
    """One status callback."""
    contents = Contents(ids={new_token("SM")}, addresses={new_number()})
    (message_id,), (recipient,) = contents.ids, contents.addresses
    status = draw(st.sampled_from(_STATUSES))
    form = [("MessageSid", message_id), ("MessageStatus", status), ("To", recipient), ("From", line)]
    if status in ("undelivered", "failed"):
        form += list(optional(draw, [("ErrorCode", draw(st.sampled_from(("30003", "30006", "21610"))))]).items())
    form += list(optional(draw, [("SmsStatus", status), ("SmsSid", message_id), ("ApiVersion", "2010-04-01")]).items())
    return Payload(draw(st.permutations(form)), contents)
