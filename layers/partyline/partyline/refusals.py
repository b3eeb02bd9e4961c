"""The refusals of the API, by name: Twilio's code, HTTP status and text of each, in one place.

Codes and texts are those of Twilio's error dictionary, or what the live service answers where that is known, since
client programs parse them. `details` says what is wrong in this request: `reason`, and the address, identity or
parameter at fault. The functions take canonical addresses and show them as people write them.

Only 20001, 20404 and 20409 say it in the text itself, as they do at Twilio: they stand for all that has no code of its
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from partyline.domain.addresses import format_address
from partyline.domain.threads import is_pair
from partyline.errors import ApiError

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, CONFLICT, TOO_LARGE = 400, 401, 403, 404, 405, 409, 413
TOO_MANY = 429
FAILED = 500

# How many characters of what may be of any length are repeated.
_SHOWN = 50

_BODY_TOO_LONG = "Message body parameter is too long"
_MEDIA_TOO_LARGE = "Message media size is too large"
_NO_DATE = "it is not an ISO 8601 date"
_NO_OWN_NUMBER = (
    "no participant has a projected address, so nothing can be sent to the handsets: add one of your own numbers"
)
_NO_SUCH_ROLE = "this Service has no such role of the type {}"
# A timer in Twilio's words, and its codes for what is no duration and for one that is too short, by parameter.
_TO_INACTIVE, _TO_CLOSED = ("TimeToInactive", 50379, 50375), ("TimeToClosed", 50380, 50376)
_TIMERS = {
    "Timers.Inactive": _TO_INACTIVE,
    "Timers.Closed": _TO_CLOSED,
    "DefaultInactiveTimer": _TO_INACTIVE,
    "DefaultClosedTimer": _TO_CLOSED,
}


def _refusal(code: int, message: str, status: int = BAD_REQUEST, **details: Any) -> ApiError:
    return ApiError(code, status, message, {name: value for name, value in details.items() if value is not None})


def _shortened(given: str) -> str:
    """What was given, as far as somebody needs it to know it again."""
    return given if len(given) <= _SHOWN else f"{given[:_SHOWN]}..."


# --- the platform


def unauthenticated() -> ApiError:
    return _refusal(20003, "Authenticate", UNAUTHORIZED)


def keys_manage_no_keys() -> ApiError:
    return _refusal(
        20003, "Authenticate", UNAUTHORIZED, reason="API keys are managed with the account's auth token, not with a key"
    )


def token_invalid() -> ApiError:
    return _refusal(20101, "Invalid access token", UNAUTHORIZED, reason="it is not a JWT with an expiry")


def token_header_invalid() -> ApiError:
    return _refusal(
        20102, "Invalid access token header", UNAUTHORIZED, reason="alg must be HS256 and cty twilio-fpa;v=1"
    )


def token_issuer_invalid() -> ApiError:
    return _refusal(
        20103,
        "Invalid access token issuer/subject",
        UNAUTHORIZED,
        reason="iss must be an API key that was not revoked, sub its account",
    )


def token_expired() -> ApiError:
    return _refusal(20104, "Access token expired or expiration date invalid", UNAUTHORIZED)


def token_revoked() -> ApiError:
    return _refusal(
        20104,
        "Access token expired or expiration date invalid",
        UNAUTHORIZED,
        reason="the tokens of this identity were revoked: get a new one",
    )


def identity_barred(identity: str) -> ApiError:
    return _refusal(
        20403,
        "Forbidden",
        FORBIDDEN,
        identity=identity,
        reason="its user was deleted: it may come back when the account makes it anew",
    )


def token_too_early() -> ApiError:
    return _refusal(20105, "Access token not yet valid", UNAUTHORIZED)


def token_grants_invalid(problem: str) -> ApiError:
    return _refusal(20106, "Invalid access token grants", UNAUTHORIZED, reason=problem)


def token_signature_invalid() -> ApiError:
    return _refusal(20107, "Invalid access token signature", UNAUTHORIZED)


def token_lives_too_long() -> ApiError:
    return _refusal(20157, "Expiration Time Exceeds Maximum Time Allowed", UNAUTHORIZED, reason="at most 24 hours")


def forbidden(problem: str) -> ApiError:
    return _refusal(20403, "Forbidden", FORBIDDEN, reason=problem)


def not_found(path: str) -> ApiError:
    return _refusal(20404, f"The requested resource {path} was not found", NOT_FOUND)


def method_not_allowed(method: str, allowed: Sequence[str]) -> ApiError:
    return _refusal(20004, "Method not allowed", NOT_ALLOWED, method=method, allowed=list(allowed))


def invalid_parameter(name: str, problem: str) -> ApiError:
    return _refusal(20001, f"Invalid parameter {name}: {problem}", parameter=name)


def friendly_name_missing() -> ApiError:
    return _refusal(50000, "FriendlyName not provided", parameter="FriendlyName")


def friendly_name_too_long(limit: int) -> ApiError:
    return _refusal(50003, "Friendly name too long", parameter="FriendlyName", reason=f"at most {limit} characters")


def too_large(limit: int) -> ApiError:
    return _refusal(20001, f"The request's body is larger than {limit} bytes", TOO_LARGE)


def too_many_connections(limit: int) -> ApiError:
    return _refusal(
        20429, "Too Many Requests", TOO_MANY, reason=f"an identity can have {limit} live connections at a time"
    )


def quota_spent(limit: int, seconds: int) -> ApiError:
    told = f"at most {limit} within {seconds} seconds"
    return _refusal(20429, "Too Many Requests", TOO_MANY, reason=told, retry_after=seconds)


def failed() -> ApiError:
    return _refusal(20500, "Internal Server Error", FAILED)


def busy() -> ApiError:
    return _refusal(20409, "Other requests are changing the same resource: try again", CONFLICT)


def too_many_requests() -> ApiError:
    return _refusal(20429, "Too Many Requests", TOO_MANY, reason="the table takes no more at the moment: try again")


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
    return _refusal(50390, "Unique name should not match conversation sid pattern", parameter="UniqueName")


def conversation_changed() -> ApiError:
    return _refusal(50349, "Conflicting channel modification", CONFLICT, reason="another request changed it: try again")


def member_changed() -> ApiError:
    return _refusal(
        50419, "Conflicting member modification", CONFLICT, reason="another request changed the members: try again"
    )


def nothing_to_update() -> ApiError:
    return _refusal(50347, "Parameters are missing for channel update request")


def messaging_service_invalid() -> ApiError:
    return _refusal(
        50341,
        "Invalid messaging service SID",
        parameter="MessagingServiceSid",
        reason="it is not MG and 32 hexadecimal digits",
    )


def state_invalid(given: str) -> ApiError:
    return _refusal(
        50378,
        "'State' parameter value is invalid",
        parameter="State",
        state=_shortened(given),
        reason="use active, inactive or closed",
    )


def state_empty() -> ApiError:
    return _refusal(50374, "'State' field can't be empty", parameter="State")


def closed() -> ApiError:
    return _refusal(50377, "Can't update conversation as it's in final closed state")


def created_closed() -> ApiError:
    # The dictionary's own quotes: one is missing there.
    return _refusal(
        50384, "Initial state can't be 'closed", parameter="State", reason="create it active or inactive, then close it"
    )


def initializing() -> ApiError:
    return _refusal(
        50386,
        "Conversation in 'initializing' state may not be updated or used for message sending",
        reason="wait until its state is active",
    )


def dates_reversed() -> ApiError:
    return _refusal(50396, "EndDate parameter should be greater than StartDate parameter", parameter="EndDate")


def timer_invalid(name: str) -> ApiError:
    timer, code, _ = _TIMERS[name]
    return _refusal(code, f"{timer} format is invalid", parameter=name, reason="use an ISO 8601 duration such as PT10M")


def timer_too_short(name: str, minimum: int) -> ApiError:
    timer, _, code = _TIMERS[name]
    minutes = minimum // 60
    length = f"{minutes} minute" + ("s" if minutes > 1 else "")
    return _refusal(code, f"{timer} should be greater or equal to {length}", parameter=name)


def email_not_supported() -> ApiError:
    return _refusal(
        50420,
        "Messaging Binding type does not support the provided parameters",
        reason="conversations have no e-mail binding here",
    )


def attributes_too_long(limit: int) -> ApiError:
    return _refusal(50303, "Attributes too long", parameter="Attributes", reason=f"at most {limit} bytes")


def attributes_invalid() -> ApiError:
    return _refusal(50304, "Attributes not valid JSON", parameter="Attributes")


def date_created_invalid() -> ApiError:
    return _refusal(50308, "Invalid Date Created parameter", parameter="DateCreated", reason=_NO_DATE)


def date_updated_invalid() -> ApiError:
    return _refusal(50309, "Invalid Date Updated parameter", parameter="DateUpdated", reason=_NO_DATE)


# --- participants


def address_invalid(address: str, problem: str) -> ApiError:
    return _refusal(50407, "Invalid messaging binding address", address=format_address(address), reason=problem)


def address_too_long(given: str, limit: int) -> ApiError:
    return _refusal(
        50407, "Invalid messaging binding address", address=_shortened(given), reason=f"at most {limit} characters"
    )


def address_is_proxy(address: str) -> ApiError:
    return _refusal(50409, "Participant address equals proxy address", address=format_address(address))


def address_empty() -> ApiError:
    return _refusal(50411, "Participant address is empty", parameter="MessagingBinding.Address")


def proxy_empty() -> ApiError:
    return _refusal(50412, "Participant proxy address is empty", parameter="MessagingBinding.ProxyAddress")


def proxy_not_ours(address: str) -> ApiError:
    return _refusal(50413, "Account is not authorized to use proxy address", proxy_address=format_address(address))


def pair_taken(owner: str, address: str | None = None) -> ApiError:
    return _refusal(
        50416,
        f"A binding for this participant and proxy address already exists in Conversation {owner}",
        CONFLICT,
        conversation_sid=owner,
        address=format_address(address) if address else None,
    )


def participants_over_limit(limit: int) -> ApiError:
    return _refusal(50417, "Participants limit exceeded", reason=f"a conversation has at most {limit} participants")


def bound_over_limit(limit: int) -> ApiError:
    return _refusal(
        50418, "Non-Chat participants limit exceeded", reason=f"a conversation has at most {limit} with an address"
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
        address=format_address(address),
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


def group_over_carriers_limit(line: str, carrier: str, limit: int, others: int) -> ApiError:
    return _refusal(
        50436,
        "Participant limit exceeded for group conversation",
        reason=f"line {line} is {carrier}'s, which takes {limit} others in a group; these would be {others}",
        line=line,
        carrier=carrier,
        limit=limit,
    )


def group_participant_exists(address: str) -> ApiError:
    return _refusal(50437, "Group Participant already exists", CONFLICT, address=format_address(address))


def group_taken(owner: str) -> ApiError:
    return _refusal(
        50438,
        f"Group MMS with given participant list already exists as Conversation {owner}",
        CONFLICT,
        conversation_sid=owner,
    )


def thread_taken(thread: str, owner: str) -> ApiError:
    """The refusal for a set of people of another conversation: in the words for a pair, or in those for a group."""
    return pair_taken(owner) if is_pair(thread) else group_taken(owner)


def projected_not_ours(address: str) -> ApiError:
    return _refusal(
        50439, "Account is not authorized to use the projected address", projected_address=format_address(address)
    )


def proxy_not_removed() -> ApiError:
    return _refusal(50440, "Failed to remove the proxy address of a participant", reason="the participant has none")


def proxy_not_added() -> ApiError:
    return _refusal(
        50441,
        "Failed to add a proxy address to a participant",
        reason="the participant has no address, or has this proxy already",
    )


def projected_not_removed(problem: str) -> ApiError:
    return _refusal(50442, "Failed to remove the projected address of a participant", reason=problem)


def projected_not_added() -> ApiError:
    return _refusal(
        50443,
        "Failed to add a projected address to a participant",
        reason="the participant already has a messaging binding",
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
        50421,
        "Invalid last read message index format",
        parameter="LastReadMessageIndex",
        reason="it is not an index of this conversation",
    )


# --- messages


def message_not_found() -> ApiError:
    return _refusal(50500, "Message not found", NOT_FOUND)


def body_missing() -> ApiError:
    return _refusal(50503, "Message body not provided", parameter="Body")


def body_too_long(limit: int, unit: str = "characters") -> ApiError:
    return _refusal(50504, _BODY_TOO_LONG, parameter="Body", reason=f"at most {limit} {unit}")


def author_too_long(limit: int) -> ApiError:
    return _refusal(50310, "Author parameter is too long", parameter="Author", reason=f"at most {limit} characters")


def author_not_in_group(author: str, *, has_number: bool = True) -> ApiError:
    return _refusal(
        50513,
        "Message author should be among Group MMS participants",
        author=author,
        reason=None if has_number else _NO_OWN_NUMBER,
    )


def media_not_found(sid: str) -> ApiError:
    return _refusal(50507, "Media not found", media_sid=sid)


def media_sent(sid: str) -> ApiError:
    return _refusal(50508, "Media already sent with another message", media_sid=sid)


def media_sid_invalid(sid: str) -> ApiError:
    return _refusal(
        50510,
        "Invalid message media SID",
        media_sid=_shortened(sid),
        reason="it is not ME and 32 hexadecimal digits",
    )


def media_type_refused(content_type: str, sid: str | None = None) -> ApiError:
    return _refusal(
        50511,
        "Invalid message media content type",
        content_type=content_type,
        media_sid=sid,
        reason=f"{content_type} is not supported",
    )


def media_too_large(limit: int) -> ApiError:
    return _refusal(50512, _MEDIA_TOO_LARGE, TOO_LARGE, limit=limit, reason=f"at most {limit} bytes")


def media_empty() -> ApiError:
    return _refusal(
        50510, "Invalid message media SID", parameter="body", reason="the media is empty: send its content as the body"
    )


def too_many_media(limit: int, line: str | None = None, carrier: str | None = None) -> ApiError:
    of = f": {carrier}, which line {line} is of, takes no more in this thread" if line else ""
    return _refusal(
        21623,
        "Number of media files exceeds allowed limit",
        limit=limit,
        line=line,
        carrier=carrier,
        reason=f"at most {limit}{of}",
    )


def media_over_limit(sid: str, filename: str | None, size: int, limit: int, line: str, carrier: str) -> ApiError:
    return _refusal(
        50512,
        _MEDIA_TOO_LARGE,
        reason=f"{filename or sid} has {size} bytes, and {carrier}, which line {line} is of, takes {limit} in a text",
        media_sid=sid,
        line=line,
        carrier=carrier,
        limit=limit,
    )


def content_not_supported() -> ApiError:
    return _refusal(
        50526,
        "Invalid content SID",
        parameter="ContentSid",
        reason="content templates are not supported here: send Body",
    )


def line_over_recipients(line: str, carrier: str, limit: int, others: int) -> ApiError:
    return _refusal(
        21653,
        "There are more recipient addresses than allowed",
        reason=f"{carrier}, which line {line} is of, takes at most {limit} recipients, and these are {others}: "
        "write to fewer in another conversation",
        line=line,
        carrier=carrier,
        limit=limit,
    )


def opted_out(participants: Sequence[str]) -> ApiError:
    return _refusal(
        21610,
        "Attempt to send to unsubscribed recipient",
        reason="everybody who would get this has opted out of the sending number",
        participants=[*participants],
    )


# --- lines (our own extension) and their address configurations


def line_exists(address: str) -> ApiError:
    return _refusal(
        20409, f"Line {format_address(address)} is registered already", CONFLICT, address=format_address(address)
    )


def address_configuration_exists(address: str, sid: str) -> ApiError:
    return _refusal(
        20409,
        f"Address {format_address(address)} has a configuration already",
        CONFLICT,
        address=format_address(address),
        address_configuration_sid=sid,
    )


# --- webhooks


def webhook_method_invalid(parameter: str) -> ApiError:
    return _refusal(50055, "Invalid webhook method", parameter=parameter, reason="use get or post")


def pre_webhook_url_invalid(problem: str) -> ApiError:
    return _refusal(50077, "Invalid pre-webhook url", parameter="PreWebhookUrl", reason=problem)


def post_webhook_url_invalid(problem: str) -> ApiError:
    return _refusal(50078, "Invalid post-webhook url", parameter="PostWebhookUrl", reason=problem)


def pre_webhook_rejected(event: str) -> ApiError:
    return _refusal(
        50056,
        "Webhook disabled processing of command",
        FORBIDDEN,
        event=event,
    )


def webhook_event_unknown(parameter: str, event: str, events: Sequence[str]) -> ApiError:
    return _refusal(
        50365,
        "Invalid conversation webhook filter",
        parameter=parameter,
        filter=event,
        reason=f"use {', '.join(events)}",
    )


def too_many_webhooks(limit: int) -> ApiError:
    return _refusal(50361, "Too many conversation webhooks", reason=f"a conversation has at most {limit}")


def too_many_triggers(limit: int) -> ApiError:
    return _refusal(
        50362, "Too many conversation webhook triggers", parameter="Configuration.Triggers", reason=f"at most {limit}"
    )


def webhook_target_invalid(targets: Sequence[str]) -> ApiError:
    return _refusal(50364, "Invalid conversation webhook type", parameter="Target", reason=f"use {', '.join(targets)}")


def trigger_invalid(limit: int) -> ApiError:
    return _refusal(
        50366,
        "Invalid conversation webhook trigger",
        parameter="Configuration.Triggers",
        reason=f"each has 1 to {limit} characters",
    )


def flow_invalid() -> ApiError:
    return _refusal(
        50367,
        "Invalid conversation webhook flow SID",
        parameter="Configuration.FlowSid",
        reason="it is not FW and 32 hexadecimal digits",
    )


def webhook_target_missing() -> ApiError:
    return _refusal(50368, "Conversation webhook type not provided", parameter="Target")


def webhook_url_missing() -> ApiError:
    return _refusal(50369, "Conversation webhook URL not provided", parameter="Configuration.Url")


def webhook_filter_missing() -> ApiError:
    return _refusal(50370, "Conversation webhook filter not provided", parameter="Configuration.Filters")


def trigger_missing() -> ApiError:
    return _refusal(50371, "Conversation webhook trigger not provided", parameter="Configuration.Triggers")


def webhook_url_too_long(limit: int) -> ApiError:
    return _refusal(
        50372,
        "Conversation webhook URL is too long",
        parameter="Configuration.Url",
        reason=f"at most {limit} characters",
    )


# --- settings


def service_is_default(sid: str) -> ApiError:
    return _refusal(
        20409,
        f"Service {sid} is the account's default: make another one the default first",
        CONFLICT,
        service_sid=sid,
    )


def service_not_found(sid: str) -> ApiError:
    return _refusal(50050, "Service Instance not found", service_sid=sid)


def creator_role_not_found(sid: str) -> ApiError:
    return _refusal(50106, "Channel creator role not found", role_sid=sid, reason=_NO_SUCH_ROLE.format("conversation"))


def member_role_not_found(sid: str) -> ApiError:
    return _refusal(50109, "Conversation role not found", role_sid=sid, reason=_NO_SUCH_ROLE.format("conversation"))


def user_role_not_found(sid: str) -> ApiError:
    return _refusal(50102, "Deployment role not found", role_sid=sid, reason=_NO_SUCH_ROLE.format("service"))


# --- roles and users


def role_not_found(sid: str, kind: str) -> ApiError:
    return _refusal(50100, "Role not found", role_sid=sid, reason=_NO_SUCH_ROLE.format(kind))


def role_type_invalid(types: Sequence[str]) -> ApiError:
    return _refusal(50105, "Invalid role type", parameter="Type", reason=f"use {' or '.join(types)}")


def permission_missing() -> ApiError:
    return _refusal(50104, "Permission not found", parameter="Permission", reason="give at least one")


def permission_not_found(given: str, kind: str, permissions: Sequence[str]) -> ApiError:
    return _refusal(
        50104,
        "Permission not found",
        parameter="Permission",
        permission=given,
        reason=f"a {kind} role can have {', '.join(permissions)}",
    )


def role_is_default(sid: str) -> ApiError:
    return _refusal(
        20409,
        f"Role {sid} is a default of its Service: give the Service another one first",
        CONFLICT,
        role_sid=sid,
    )


def role_in_use(sid: str, holder: str, conversation_sid: str | None) -> ApiError:
    """`holder` is a user, or a participant of a conversation."""
    return _refusal(
        20409,
        f"Role {sid} is in use: give its holder another one first",
        CONFLICT,
        role_sid=sid,
        user_sid=None if conversation_sid else holder,
        participant_sid=holder if conversation_sid else None,
        conversation_sid=conversation_sid,
    )


def user_exists(identity: str, sid: str) -> ApiError:
    return _refusal(50201, "User already exists", CONFLICT, identity=identity, user_sid=sid)


def identity_missing() -> ApiError:
    return _refusal(50204, "Identity not provided", parameter="Identity")


def identity_reserved(identity: str) -> ApiError:
    return _refusal(50203, "Identity reserved", parameter="Identity", identity=identity)


def identity_like_sid() -> ApiError:
    return _refusal(50206, "Identity should not match user SID pattern", parameter="Identity")


def identity_too_long(limit: int) -> ApiError:
    return _refusal(50207, "Identity too long", parameter="Identity", reason=f"at most {limit} bytes")


def notification_level_invalid(levels: Sequence[str]) -> ApiError:
    return _refusal(
        50210, "Invalid notification level", parameter="NotificationLevel", reason=f"use {' or '.join(levels)}"
    )


def one_identifier_at_a_time() -> ApiError:
    return _refusal(
        50451,
        "Only one identifier allowed for lookup: use either Identity or Address",
    )


def not_permitted(missing: Sequence[str]) -> ApiError:
    return _refusal(50107, "User not authorized for command", FORBIDDEN, missing=list(missing) or None)


def account_only() -> ApiError:
    return _refusal(
        50107, "User not authorized for command", FORBIDDEN, reason="this takes the account's own credentials"
    )
