"""SIDs: two letters that name the kind and 32 hex digits.

Most SIDs are time-ordered (the layout of UUID version 7), so that the items of one partition sort by creation. The SID
of a message begins with its index instead. So the messages of a conversation sort by index, and a message is found by
its SID without a second index. Those of notes and activities begin with the index of the message that they stand
before. The SID of a receipt is derived from its message and recipient, so that a carrier's report finds it without a
read.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time

CONVERSATION, PARTICIPANT, MESSAGE, MEDIA, RECEIPT, SERVICE = "CH", "MB", "IM", "ME", "DY", "IS"
ROLE, USER, WEBHOOK, ADDRESS_CONFIGURATION, API_KEY = "RL", "US", "WH", "IG", "SK"
CREDENTIAL, BINDING = "CR", "BS"
# Resources of Twilio, which are only referred to here.
MESSAGING_SERVICE, STUDIO_FLOW = "MG", "FW"
# Our own kinds, which Twilio does not have.
LINE, UNROUTED, OPT_OUT, CONTACT, CONTACT_IMPORT = "LN", "UT", "OO", "CT", "CI"
ERASURE = "ER"
SCHEDULED_MESSAGE = "SD"
# Beside the messages of a conversation.
NOTE, ACTIVITY = "NT", "AE"
SNIPPET = "SN"
PUSH_SUBSCRIPTION = "WP"

_INDEX_DIGITS = 10


def new(prefix: str) -> str:
    """Create a SID that sorts after every earlier one of its kind (to the millisecond)."""
    milliseconds = time.time_ns() // 1_000_000
    return f"{prefix}{milliseconds:012x}{secrets.token_hex(10)}"


def new_many(prefix: str, number: int) -> list[str]:
    """Create SIDs in order, even within one millisecond."""
    return sorted(new(prefix) for _ in range(number))


def derive(prefix: str, *parts: str) -> str:
    """Derive a SID from some parts; equal parts have equal SIDs."""
    return prefix + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def message(index: int) -> str:
    """Create the SID of the message at an index of its conversation."""
    return f"{MESSAGE}{index:0{_INDEX_DIGITS}x}{secrets.token_hex((32 - _INDEX_DIGITS) // 2)}"


def message_prefix(index: int) -> str:
    """Return the prefix of the SID of the message at an index."""
    return index_prefix(MESSAGE, index)


def index_prefix(prefix: str, index: int) -> str:
    """Return what the SIDs of messages, or of what stands between them, begin with at an index."""
    return f"{prefix}{index:0{_INDEX_DIGITS}x}"


def index_of(sid: str) -> int:
    """Return the index that the SID of a message, or of what stands between messages, begins with."""
    return int(sid[len(MESSAGE) :][:_INDEX_DIGITS], 16)


def between_messages(prefix: str, index: int) -> str:
    """Create the SID of what stands in a conversation before the message at an index, and behind all before it.

    Such SIDs sort by that index, then by creation (to the millisecond).
    """
    milliseconds = time.time_ns() // 1_000_000
    return f"{index_prefix(prefix, index)}{milliseconds:012x}{secrets.token_hex(5)}"


def receipt(message_sid: str, thread: str, address: str) -> str:
    """Derive the SID of a message's receipt for one recipient in one thread (its digest)."""
    return derive(RECEIPT, message_sid, thread, address)


def channel_message(carrier: str, carrier_message_id: str, address: str) -> str:
    """Convert a carrier's message id for one recipient to Twilio's form.

    Twilio's own id of a text does not change.
    """
    if matches("SM", carrier_message_id) or matches("MM", carrier_message_id):
        return carrier_message_id
    return derive("SM", carrier, carrier_message_id, address)


def default_service(account_sid: str) -> str:
    """Derive the SID of an account's default Service."""
    return derive(SERVICE, account_sid)


def default_messaging_service(account_sid: str) -> str:
    """Derive the SID of the default messaging service, since Twilio's clients always expect one."""
    return derive(MESSAGING_SERVICE, account_sid)


def user(service_sid: str, identity: str) -> str:
    """Derive the SID of a Service's user; it is always the same for an identity."""
    return derive(USER, service_sid, identity)


def opt_out(address: str, line: str) -> str:
    """Derive the SID of the opt-out of an address from a line."""
    return derive(OPT_OUT, address, line)


def matches(prefix: str, text: str) -> bool:
    """Whether a text has the form of a SID of this kind."""
    return re.fullmatch(rf"{prefix}[0-9a-fA-F]{{32}}", text) is not None
