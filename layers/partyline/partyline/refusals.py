"""The refusals of the API, by name: Twilio's code, HTTP status and text of each, in one place.

Codes and texts are those of Twilio's error dictionary, exact to the byte where they are known, since client programs
parse them. Where Twilio says only that something is wrong, `details` says what: `reason`, and the address, identity or
parameter at fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from partyline.errors import ApiError

BAD_REQUEST, UNAUTHORIZED, NOT_FOUND, NOT_ALLOWED, CONFLICT, TOO_LARGE = 400, 401, 404, 405, 409, 413
FAILED = 500


def _refusal(code: int, message: str, status: int = BAD_REQUEST, **details: Any) -> ApiError:
    return ApiError(code, status, message, {name: value for name, value in details.items() if value is not None})


# --- the platform


def unauthenticated() -> ApiError:
    return _refusal(20003, "Authenticate", UNAUTHORIZED)


def not_found(path: str) -> ApiError:
    return _refusal(20404, f"The requested resource {path} was not found", NOT_FOUND)


def method_not_allowed(method: str, allowed: Sequence[str]) -> ApiError:
    return _refusal(20004, f"Method {method} is not allowed on this resource", NOT_ALLOWED, allowed=list(allowed))


def invalid_parameter(name: str, problem: str) -> ApiError:
    return _refusal(20001, f"Invalid parameter {name}: {problem}", parameter=name)


def too_large(limit: int) -> ApiError:
    return _refusal(20001, f"The request's body is larger than {limit} bytes", TOO_LARGE)


def failed() -> ApiError:
    return _refusal(20500, "Internal Server Error", FAILED)


def page_token_invalid() -> ApiError:
    return _refusal(
        20001, "Invalid parameter PageToken: it is not one that this list has given out", parameter="PageToken"
    )


# --- conversations


def unique_name_exists(name: str, owner: str | None = None) -> ApiError:
    return _refusal(
        50353,
        "Conversation with provided unique name already exists",
        CONFLICT,
        unique_name=name,
        conversation_sid=owner,
    )


def unique_name_like_sid() -> ApiError:
    return _refusal(50390, "Conversation unique name must not look like a conversation SID", parameter="UniqueName")


def conversation_changed() -> ApiError:
    return _refusal(
        50349, "Conflicting modification of the conversation: another request changed it, try again", CONFLICT
    )


def member_changed() -> ApiError:
    return _refusal(50419, "Conflicting member modification: another request changed the members, try again", CONFLICT)


def nothing_to_update() -> ApiError:
    return _refusal(50347, "An update needs at least one parameter")


def messaging_service_invalid() -> ApiError:
    return _refusal(50341, "MessagingServiceSid is not MG and 32 hexadecimal digits", parameter="MessagingServiceSid")


def state_invalid(given: str) -> ApiError:
    return _refusal(50378, f"Invalid conversation state '{given}': use active, inactive or closed", parameter="State")


def state_empty() -> ApiError:
    return _refusal(50374, "Conversation state is empty", parameter="State")


def closed() -> ApiError:
    return _refusal(50377, "A closed conversation cannot be changed")


def created_closed() -> ApiError:
    return _refusal(50384, "A conversation cannot be created closed", parameter="State")


def initializing() -> ApiError:
    return _refusal(50386, "The conversation is initializing: wait until its state is active")


def dates_reversed() -> ApiError:
    return _refusal(50396, "EndDate is before StartDate", parameter="EndDate")


def attributes_too_long(limit: int) -> ApiError:
    return _refusal(50303, f"Attributes are longer than {limit} bytes", parameter="Attributes")


def attributes_invalid() -> ApiError:
    return _refusal(50304, "Attributes are not valid JSON", parameter="Attributes")


def date_created_invalid() -> ApiError:
    return _refusal(50308, "DateCreated is not an ISO 8601 date", parameter="DateCreated")


def date_updated_invalid() -> ApiError:
    return _refusal(50309, "DateUpdated is not an ISO 8601 date", parameter="DateUpdated")


# --- participants


def address_invalid(address: str, problem: str) -> ApiError:
    return _refusal(50407, "Invalid messaging binding address", address=address, reason=problem)


def address_is_proxy(address: str) -> ApiError:
    return _refusal(50409, "Participant address equals proxy address", address=address)


def address_empty() -> ApiError:
    return _refusal(50411, "Participant address is empty", parameter="MessagingBinding.Address")


def proxy_empty() -> ApiError:
    return _refusal(50412, "Proxy address is empty", parameter="MessagingBinding.ProxyAddress")


def proxy_not_ours(address: str) -> ApiError:
    return _refusal(50413, "Account is not authorized to use proxy address", proxy_address=address)


def pair_taken(owner: str, address: str | None = None) -> ApiError:
    return _refusal(
        50416,
        f"A binding for this participant and proxy address already exists in Conversation {owner}",
        CONFLICT,
        conversation_sid=owner,
        address=address,
    )


def participants_over_limit(limit: int) -> ApiError:
    return _refusal(50417, "Participants limit exceeded", reason=f"a conversation has at most {limit} participants")


def bound_over_limit(limit: int) -> ApiError:
    return _refusal(
        50418, "Non-chat participants limit exceeded", reason=f"a conversation has at most {limit} with an address"
    )


def participant_json_invalid(position: int, problem: str) -> ApiError:
    return _refusal(
        50424,
        "One of the JSON requests for participant creation is invalid",
        reason=problem,
        participant=position,
    )


def pair_repeated(address: str) -> ApiError:
    return _refusal(
        50425,
        "Participant and proxy address pairs for one or more participants already in use",
        CONFLICT,
        address=address,
    )


def too_many_participants(limit: int) -> ApiError:
    return _refusal(50426, "Request contains too many participants", parameter="Participant", reason=f"at most {limit}")


def participant_not_found() -> ApiError:
    return _refusal(50432, "Participant not found", NOT_FOUND)


def participant_exists(identity: str) -> ApiError:
    return _refusal(50433, "Participant already exists", CONFLICT, identity=identity)


def projected_missing(identity: str) -> ApiError:
    return _refusal(50434, "Participant projected address not provided", identity=identity)


def group_invalid(problem: str, identity: str | None = None) -> ApiError:
    return _refusal(50435, "Group MMS activation failed", reason=problem, identity=identity)


def group_over_limit(limit: int) -> ApiError:
    return _refusal(50436, "Participant limit exceeded for group conversation", reason=f"at most {limit}")


def group_participant_exists(address: str) -> ApiError:
    return _refusal(50437, "Group Participant already exists", CONFLICT, address=address)


def group_taken(owner: str) -> ApiError:
    return _refusal(
        50438,
        f"Group MMS with given participant list already exists as Conversation {owner}",
        CONFLICT,
        conversation_sid=owner,
    )


def projected_not_ours(address: str) -> ApiError:
    return _refusal(50439, "Account is not authorized to use the projected address", projected_address=address)


def proxy_not_removed() -> ApiError:
    return _refusal(50440, "Failed to remove a proxy address", reason="the participant has none")


def proxy_not_added() -> ApiError:
    return _refusal(
        50441, "Failed to add a proxy address", reason="the participant has no address, or has this proxy already"
    )


def projected_not_removed(problem: str) -> ApiError:
    return _refusal(50442, "Failed to remove a projected address", reason=problem)


def projected_not_added() -> ApiError:
    return _refusal(
        50443, "Failed to add a projected address", reason="the participant already has a messaging binding"
    )


def identity_not_added() -> ApiError:
    return _refusal(50444, "Failed to add an identity to a participant", reason="it has no projected address")


def identity_not_acceptable() -> ApiError:
    return _refusal(
        50211,
        "Identity parameter not acceptable for this Participant",
        parameter="Identity",
        reason="it has an address",
    )


def read_index_invalid() -> ApiError:
    return _refusal(
        50421, "LastReadMessageIndex is not an index of this conversation", parameter="LastReadMessageIndex"
    )


# --- messages


def message_not_found() -> ApiError:
    return _refusal(50500, "Message not found", NOT_FOUND)


def body_missing() -> ApiError:
    return _refusal(50503, "Message body is missing", parameter="Body")


def body_too_long(limit: int, unit: str = "characters") -> ApiError:
    return _refusal(50504, f"Message body is longer than {limit} {unit}", parameter="Body")


def author_too_long(limit: int) -> ApiError:
    return _refusal(50310, f"Author is longer than {limit} characters", parameter="Author")


def author_not_in_group(author: str) -> ApiError:
    return _refusal(50513, "Message author should be among Group MMS participants", author=author)


def media_not_found(sid: str) -> ApiError:
    return _refusal(50507, "Media not found", media_sid=sid)


def content_not_supported() -> ApiError:
    return _refusal(50526, "Content templates are not supported here: send Body", parameter="ContentSid")


def line_sends_no_groups(line: str, carrier: str) -> ApiError:
    return _refusal(
        21653,
        f"Line {line} cannot send to a group: {carrier} takes one recipient for each message. Write as a member whose "
        "number is on a carrier with group MMS",
        line=line,
        carrier=carrier,
    )


def line_over_recipients(line: str, carrier: str, limit: int) -> ApiError:
    return _refusal(
        21653,
        f"Line {line} cannot send to this group: {carrier} takes at most {limit} recipients",
        line=line,
        carrier=carrier,
    )


# --- lines (our own extension)


def line_exists(address: str) -> ApiError:
    return _refusal(20409, f"Line {address} is registered already", CONFLICT, address=address)
