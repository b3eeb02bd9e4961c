"""The part of Twilio's error dictionary that this API uses: HTTP status and text by code.

Client programs parse the texts. A text is that of the dictionary without its final full stop, or the text of the live
service where that is known. A code without a text is used for several refusals, and each of these has its own text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from partyline.errors import ApiError

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, CONFLICT, TOO_LARGE = 400, 401, 403, 404, 405, 409, 413
UNPROCESSABLE, TOO_MANY_REQUESTS = 422, 429
SERVER_ERROR = 500
UNAVAILABLE = 503

# The longest value that is repeated in `details`, in characters. A longer one is cut.
_MAX_LENGTH = 50


class DictionaryEntry(NamedTuple):
    """The text and the HTTP status of a code."""

    text: str = ""
    status: int = BAD_REQUEST


DICTIONARY: Mapping[int, DictionaryEntry] = {
    20001: DictionaryEntry(),
    20003: DictionaryEntry("Authenticate", status=UNAUTHORIZED),
    20004: DictionaryEntry("Method not allowed", status=NOT_ALLOWED),
    20101: DictionaryEntry("Invalid access token", status=UNAUTHORIZED),
    20102: DictionaryEntry("Invalid access token header", status=UNAUTHORIZED),
    20103: DictionaryEntry("Invalid access token issuer/subject", status=UNAUTHORIZED),
    20104: DictionaryEntry("Access token expired or expiration date invalid", status=UNAUTHORIZED),
    20105: DictionaryEntry("Access token not yet valid", status=UNAUTHORIZED),
    20106: DictionaryEntry("Invalid access token grants", status=UNAUTHORIZED),
    20107: DictionaryEntry("Invalid access token signature", status=UNAUTHORIZED),
    20157: DictionaryEntry("Expiration Time Exceeds Maximum Time Allowed", status=UNAUTHORIZED),
    20403: DictionaryEntry("Forbidden", status=FORBIDDEN),
    20404: DictionaryEntry(status=NOT_FOUND),
    20409: DictionaryEntry(status=CONFLICT),
    20429: DictionaryEntry("Too Many Requests", status=TOO_MANY_REQUESTS),
    20500: DictionaryEntry("Internal Server Error", status=SERVER_ERROR),
    20503: DictionaryEntry("Service unavailable", status=UNAVAILABLE),
    21610: DictionaryEntry("Attempt to send to unsubscribed recipient"),
    21623: DictionaryEntry("Number of media files exceeds allowed limit"),
    21653: DictionaryEntry("There are more recipient addresses than allowed"),
    50000: DictionaryEntry("FriendlyName not provided"),
    50003: DictionaryEntry("Friendly name too long"),
    50050: DictionaryEntry("Service Instance not found"),
    50055: DictionaryEntry("Invalid webhook method"),
    50056: DictionaryEntry("Webhook disabled processing of command", status=FORBIDDEN),
    50077: DictionaryEntry("Invalid pre-webhook url"),
    50078: DictionaryEntry("Invalid post-webhook url"),
    50100: DictionaryEntry("Role not found"),
    50102: DictionaryEntry("Deployment role not found"),
    50104: DictionaryEntry("Permission not found"),
    50105: DictionaryEntry("Invalid role type"),
    50106: DictionaryEntry("Channel creator role not found"),
    50107: DictionaryEntry("User not authorized for command", status=FORBIDDEN),
    50109: DictionaryEntry("Conversation role not found"),
    50201: DictionaryEntry("User already exists", status=CONFLICT),
    50203: DictionaryEntry("Identity reserved"),
    50204: DictionaryEntry("Identity not provided"),
    50206: DictionaryEntry("Identity should not match user SID pattern"),
    50207: DictionaryEntry("Identity too long"),
    50210: DictionaryEntry("Invalid notification level"),
    50211: DictionaryEntry("Identity parameter not acceptable for this Participant"),
    50303: DictionaryEntry("Attributes too long"),
    50304: DictionaryEntry("Attributes not valid JSON"),
    50308: DictionaryEntry("Invalid Date Created parameter"),
    50309: DictionaryEntry("Invalid Date Updated parameter"),
    50310: DictionaryEntry("Author parameter is too long"),
    50341: DictionaryEntry("Invalid messaging service SID"),
    50347: DictionaryEntry("Parameters are missing for channel update request"),
    50349: DictionaryEntry("Conflicting channel modification", status=CONFLICT),
    50353: DictionaryEntry("Conversation with provided unique name already exists", status=CONFLICT),
    50361: DictionaryEntry("Too many conversation webhooks"),
    50362: DictionaryEntry("Too many conversation webhook triggers"),
    50364: DictionaryEntry("Invalid conversation webhook type"),
    50365: DictionaryEntry("Invalid conversation webhook filter"),
    50366: DictionaryEntry("Invalid conversation webhook trigger"),
    50367: DictionaryEntry("Invalid conversation webhook flow SID"),
    50368: DictionaryEntry("Conversation webhook type not provided"),
    50369: DictionaryEntry("Conversation webhook URL not provided"),
    50370: DictionaryEntry("Conversation webhook filter not provided"),
    50371: DictionaryEntry("Conversation webhook trigger not provided"),
    50372: DictionaryEntry("Conversation webhook URL is too long"),
    50374: DictionaryEntry("'State' field can't be empty"),
    50375: DictionaryEntry(),
    50376: DictionaryEntry(),
    50377: DictionaryEntry("Can't update conversation as it's in final closed state"),
    50378: DictionaryEntry("'State' parameter value is invalid"),
    50379: DictionaryEntry(),
    50380: DictionaryEntry(),
    # The closing quote is missing in the dictionary too.
    50384: DictionaryEntry("Initial state can't be 'closed"),
    50386: DictionaryEntry("Conversation in 'initializing' state may not be updated or used for message sending"),
    50390: DictionaryEntry("Unique name should not match conversation sid pattern"),
    50396: DictionaryEntry("EndDate parameter should be greater than StartDate parameter"),
    50407: DictionaryEntry("Invalid messaging binding address"),
    50409: DictionaryEntry("Participant address equals proxy address"),
    50411: DictionaryEntry("Participant address is empty"),
    50412: DictionaryEntry("Participant proxy address is empty"),
    50413: DictionaryEntry("Account is not authorized to use proxy address"),
    50416: DictionaryEntry(status=CONFLICT),
    50417: DictionaryEntry("Participants limit exceeded"),
    50418: DictionaryEntry("Non-Chat participants limit exceeded"),
    50419: DictionaryEntry("Conflicting member modification", status=CONFLICT),
    50420: DictionaryEntry("Messaging Binding type does not support the provided parameters"),
    50421: DictionaryEntry("Invalid last read message index format"),
    50424: DictionaryEntry("One of the JSON requests for participant creation is invalid"),
    50425: DictionaryEntry(
        "Participant and proxy address pairs for one or more participants already in use", status=CONFLICT
    ),
    50426: DictionaryEntry("Request contains too many participants"),
    50432: DictionaryEntry("Participant not found", status=NOT_FOUND),
    50433: DictionaryEntry("Participant already exists", status=CONFLICT),
    50434: DictionaryEntry("Participant projected address not provided"),
    50435: DictionaryEntry("Group MMS activation failed"),
    50436: DictionaryEntry("Participant limit exceeded for group conversation"),
    50437: DictionaryEntry("Group Participant already exists", status=CONFLICT),
    50438: DictionaryEntry(status=CONFLICT),
    50439: DictionaryEntry("Account is not authorized to use the projected address"),
    50440: DictionaryEntry("Failed to remove the proxy address of a participant"),
    50441: DictionaryEntry("Failed to add a proxy address to a participant"),
    50442: DictionaryEntry("Failed to remove the projected address of a participant"),
    50443: DictionaryEntry("Failed to add a projected address to a participant"),
    50444: DictionaryEntry("Failed to add an identity to a participant"),
    50451: DictionaryEntry("Only one identifier allowed for lookup: use either Identity or Address"),
    50500: DictionaryEntry("Message not found", status=NOT_FOUND),
    50503: DictionaryEntry("Message body not provided"),
    50504: DictionaryEntry("Message body parameter is too long"),
    50507: DictionaryEntry("Media not found"),
    50508: DictionaryEntry("Media already sent with another message"),
    50510: DictionaryEntry("Invalid message media SID"),
    50511: DictionaryEntry("Invalid message media content type"),
    50512: DictionaryEntry("Message media size is too large", status=TOO_LARGE),
    50513: DictionaryEntry("Message author should be among Group MMS participants"),
    50526: DictionaryEntry("Invalid content SID"),
}


def refuse(code: int, text: str | None = None, *, status: int | None = None, **details: Any) -> ApiError:
    """Build the error of a code; `text` and `status` override those of the dictionary.

    `details` describe the problem of the request: `reason`, and the parameter, address or resource at fault. A detail
    that is None is left out.
    """
    entry = DICTIONARY[code]
    present = {name: value for name, value in details.items() if value is not None}
    return ApiError(code, status or entry.status, text or entry.text, present)


def shorten(value: str) -> str:
    """Cut a long value to the beginning that identifies it."""
    return value if len(value) <= _MAX_LENGTH else f"{value[:_MAX_LENGTH]}..."
