"""Twilio's error dictionary, as far as this API uses it: HTTP status and text by code.

Texts are those of the dictionary, without its final full stop, or what the live service answers where that is known:
client programs parse them. A code without a text stands for several refusals, and each of these has its own text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from partyline.errors import ApiError

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, CONFLICT, TOO_LARGE = 400, 401, 403, 404, 405, 409, 413
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500

# How many characters of a value of any length are repeated in `details`.
_SHOWN = 50


class Entry(NamedTuple):
    """The text and the HTTP status of a code."""

    text: str = ""
    status: int = BAD_REQUEST


DICTIONARY: Mapping[int, Entry] = {
    20001: Entry(),
    20003: Entry("Authenticate", status=UNAUTHORIZED),
    20004: Entry("Method not allowed", status=NOT_ALLOWED),
    20101: Entry("Invalid access token", status=UNAUTHORIZED),
    20102: Entry("Invalid access token header", status=UNAUTHORIZED),
    20103: Entry("Invalid access token issuer/subject", status=UNAUTHORIZED),
    20104: Entry("Access token expired or expiration date invalid", status=UNAUTHORIZED),
    20105: Entry("Access token not yet valid", status=UNAUTHORIZED),
    20106: Entry("Invalid access token grants", status=UNAUTHORIZED),
    20107: Entry("Invalid access token signature", status=UNAUTHORIZED),
    20157: Entry("Expiration Time Exceeds Maximum Time Allowed", status=UNAUTHORIZED),
    20403: Entry("Forbidden", status=FORBIDDEN),
    20404: Entry(status=NOT_FOUND),
    20409: Entry(status=CONFLICT),
    20429: Entry("Too Many Requests", status=TOO_MANY_REQUESTS),
    20500: Entry("Internal Server Error", status=SERVER_ERROR),
    21610: Entry("Attempt to send to unsubscribed recipient"),
    21623: Entry("Number of media files exceeds allowed limit"),
    21653: Entry("There are more recipient addresses than allowed"),
    50000: Entry("FriendlyName not provided"),
    50003: Entry("Friendly name too long"),
    50050: Entry("Service Instance not found"),
    50055: Entry("Invalid webhook method"),
    50056: Entry("Webhook disabled processing of command", status=FORBIDDEN),
    50077: Entry("Invalid pre-webhook url"),
    50078: Entry("Invalid post-webhook url"),
    50100: Entry("Role not found"),
    50102: Entry("Deployment role not found"),
    50104: Entry("Permission not found"),
    50105: Entry("Invalid role type"),
    50106: Entry("Channel creator role not found"),
    50107: Entry("User not authorized for command", status=FORBIDDEN),
    50109: Entry("Conversation role not found"),
    50201: Entry("User already exists", status=CONFLICT),
    50203: Entry("Identity reserved"),
    50204: Entry("Identity not provided"),
    50206: Entry("Identity should not match user SID pattern"),
    50207: Entry("Identity too long"),
    50210: Entry("Invalid notification level"),
    50211: Entry("Identity parameter not acceptable for this Participant"),
    50303: Entry("Attributes too long"),
    50304: Entry("Attributes not valid JSON"),
    50308: Entry("Invalid Date Created parameter"),
    50309: Entry("Invalid Date Updated parameter"),
    50310: Entry("Author parameter is too long"),
    50341: Entry("Invalid messaging service SID"),
    50347: Entry("Parameters are missing for channel update request"),
    50349: Entry("Conflicting channel modification", status=CONFLICT),
    50353: Entry("Conversation with provided unique name already exists", status=CONFLICT),
    50361: Entry("Too many conversation webhooks"),
    50362: Entry("Too many conversation webhook triggers"),
    50364: Entry("Invalid conversation webhook type"),
    50365: Entry("Invalid conversation webhook filter"),
    50366: Entry("Invalid conversation webhook trigger"),
    50367: Entry("Invalid conversation webhook flow SID"),
    50368: Entry("Conversation webhook type not provided"),
    50369: Entry("Conversation webhook URL not provided"),
    50370: Entry("Conversation webhook filter not provided"),
    50371: Entry("Conversation webhook trigger not provided"),
    50372: Entry("Conversation webhook URL is too long"),
    50374: Entry("'State' field can't be empty"),
    50375: Entry(),
    50376: Entry(),
    50377: Entry("Can't update conversation as it's in final closed state"),
    50378: Entry("'State' parameter value is invalid"),
    50379: Entry(),
    50380: Entry(),
    # The closing quote is missing in the dictionary too.
    50384: Entry("Initial state can't be 'closed"),
    50386: Entry("Conversation in 'initializing' state may not be updated or used for message sending"),
    50390: Entry("Unique name should not match conversation sid pattern"),
    50396: Entry("EndDate parameter should be greater than StartDate parameter"),
    50407: Entry("Invalid messaging binding address"),
    50409: Entry("Participant address equals proxy address"),
    50411: Entry("Participant address is empty"),
    50412: Entry("Participant proxy address is empty"),
    50413: Entry("Account is not authorized to use proxy address"),
    50416: Entry(status=CONFLICT),
    50417: Entry("Participants limit exceeded"),
    50418: Entry("Non-Chat participants limit exceeded"),
    50419: Entry("Conflicting member modification", status=CONFLICT),
    50420: Entry("Messaging Binding type does not support the provided parameters"),
    50421: Entry("Invalid last read message index format"),
    50424: Entry("One of the JSON requests for participant creation is invalid"),
    50425: Entry("Participant and proxy address pairs for one or more participants already in use", status=CONFLICT),
    50426: Entry("Request contains too many participants"),
    50432: Entry("Participant not found", status=NOT_FOUND),
    50433: Entry("Participant already exists", status=CONFLICT),
    50434: Entry("Participant projected address not provided"),
    50435: Entry("Group MMS activation failed"),
    50436: Entry("Participant limit exceeded for group conversation"),
    50437: Entry("Group Participant already exists", status=CONFLICT),
    50438: Entry(status=CONFLICT),
    50439: Entry("Account is not authorized to use the projected address"),
    50440: Entry("Failed to remove the proxy address of a participant"),
    50441: Entry("Failed to add a proxy address to a participant"),
    50442: Entry("Failed to remove the projected address of a participant"),
    50443: Entry("Failed to add a projected address to a participant"),
    50444: Entry("Failed to add an identity to a participant"),
    50451: Entry("Only one identifier allowed for lookup: use either Identity or Address"),
    50500: Entry("Message not found", status=NOT_FOUND),
    50503: Entry("Message body not provided"),
    50504: Entry("Message body parameter is too long"),
    50507: Entry("Media not found"),
    50508: Entry("Media already sent with another message"),
    50510: Entry("Invalid message media SID"),
    50511: Entry("Invalid message media content type"),
    50512: Entry("Message media size is too large", status=TOO_LARGE),
    50513: Entry("Message author should be among Group MMS participants"),
    50526: Entry("Invalid content SID"),
}


def refuse(code: int, text: str | None = None, *, status: int | None = None, **details: Any) -> ApiError:
    """Build the error of a code. `text` and `status` are given where the dictionary's do not apply.

    `details` say what is wrong in this request: `reason`, and the parameter, address or resource at fault. A detail
    that is None is left out.
    """
    entry = DICTIONARY[code]
    present = {name: value for name, value in details.items() if value is not None}
    return ApiError(code, status or entry.status, text or entry.text, present)


def shorten(given: str) -> str:
    """Shorten a value that may be of any length to what identifies it."""
    return given if len(given) <= _SHOWN else f"{given[:_SHOWN]}..."
