"""SIDs: two letters that name the kind and 32 hex digits.

Most are time-ordered (the layout of UUID version 7), so that items of one partition sort by their making. A message's
begins with its index instead, so that a conversation's messages sort by index and are found by SID without a second
index. A receipt's follows from its message and recipient, so that a carrier's report finds it without a read.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time

CONVERSATION, PARTICIPANT, MESSAGE, MEDIA, RECEIPT, SERVICE = "CH", "MB", "IM", "ME", "DY", "IS"
ROLE, USER, WEBHOOK, ADDRESS_CONFIGURATION, API_KEY = "RL", "US", "WH", "IG", "SK"
CREDENTIAL, BINDING = "CR", "BS"
# Twilio's own things, which are only named here.
MESSAGING_SERVICE, STUDIO_FLOW = "MG", "FW"
# Our own kinds, which Twilio does not have.
LINE, UNROUTED, OPT_OUT = "LN", "UT", "OO"

_INDEX_DIGITS = 10


def new(prefix: str) -> str:
    """A new SID that sorts after every earlier one of its kind (to the millisecond)."""
    milliseconds = time.time_ns() // 1_000_000
    return f"{prefix}{milliseconds:012x}{secrets.token_hex(10)}"


def new_many(prefix: str, number: int) -> list[str]:
    """New SIDs in order, though they be made in one millisecond."""
    return sorted(new(prefix) for _ in range(number))


def derive(prefix: str, *parts: str) -> str:
    """The SID that follows from some parts: equal for equal parts."""
    return prefix + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def message(index: int) -> str:
    """A new SID for the message at an index of its conversation."""
    return f"{MESSAGE}{index:0{_INDEX_DIGITS}x}{secrets.token_hex((32 - _INDEX_DIGITS) // 2)}"


def message_prefix(index: int) -> str:
    """What the SID of the message at this index begins with."""
    return f"{MESSAGE}{index:0{_INDEX_DIGITS}x}"


def receipt(message_sid: str, thread: str, address: str) -> str:
    """The SID of a message's receipt for one recipient in one thread (its digest)."""
    return derive(RECEIPT, message_sid, thread, address)


def channel_message(carrier: str, carrier_message_id: str, address: str) -> str:
    """A carrier's message id for one recipient in Twilio's form. Twilio's own id of a text is kept as it is."""
    if matches("SM", carrier_message_id) or matches("MM", carrier_message_id):
        return carrier_message_id
    return derive("SM", carrier, carrier_message_id, address)


def default_service(account_sid: str) -> str:
    """The SID of an account's default Service."""
    return derive(SERVICE, account_sid)


def default_messaging_service(account_sid: str) -> str:
    """The messaging service of conversations for which none is named. Clients of Twilio take one for granted."""
    return derive(MESSAGING_SERVICE, account_sid)


def user(service_sid: str, identity: str) -> str:
    """The SID of a Service's user: the same whenever the identity is met again."""
    return derive(USER, service_sid, identity)


def opt_out(address: str, line: str) -> str:
    """The SID of what is known of an address and a line."""
    return derive(OPT_OUT, address, line)


def matches(prefix: str, text: str) -> bool:
    """Whether a text has the form of a SID of this kind."""
    return re.fullmatch(rf"{prefix}[0-9a-fA-F]{{32}}", text) is not None
