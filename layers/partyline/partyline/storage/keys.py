"""Build every key of the table, except those of its neighbours `*_keys`. docs/table.md lists them.

An item is found by (PK, SK). GSI1 lists all items of a kind or of a person, GSI2 those in one state.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from partyline.domain import sids
from partyline.domain.sends import SendReference


class Key(NamedTuple):
    """A primary key."""

    pk: str
    sk: str

    def attributes(self) -> dict[str, str]:
        """Return the key as the table's attributes."""
        return {"PK": self.pk, "SK": self.sk}


def conversation(sid: str) -> Key:
    return Key(f"C#{sid}", "C")


def attributes(conversation_sid: str) -> Key:
    """Return the key of large attributes. It sorts before the conversation, so that a query can begin behind it."""
    return Key(conversation(conversation_sid).pk, "A")


def participant(conversation_sid: str, sid: str) -> Key:
    return Key(f"C#{conversation_sid}", f"{PARTICIPANTS}{sid}")


PARTICIPANTS = "P#"


def unique_name(service_sid: str, name: str) -> Key:
    return Key(f"N#{service_sid}#{name}", "N")


def messages(conversation_sid: str) -> str:
    """Return the partition of a conversation's messages and receipts."""
    return f"M#{conversation_sid}"


def message(conversation_sid: str, sid: str) -> Key:
    return Key(messages(conversation_sid), sid)


def receipt(conversation_sid: str, message_sid: str, sid: str) -> Key:
    """Return the key of a receipt.

    It sorts right behind its message, so that one query reads a page of messages with their receipts.
    """
    return Key(messages(conversation_sid), f"{message_sid}#{sid}")


def note(conversation_sid: str, sid: str) -> Key:
    """Return the key of a note. It is beside the messages, where neither texts nor members are read with it."""
    return Key(messages(conversation_sid), sid)


def activity(conversation_sid: str, sid: str) -> Key:
    """Return the key of an activity, beside the messages as a note."""
    return Key(messages(conversation_sid), sid)


def thread(digest: str) -> Key:
    return Key(f"T#{digest}", "T")


def copies(digest: str, sender: str, fingerprint: str) -> Key:
    return Key(f"T#{digest}", f"K#{hashlib.sha256(f'{sender}#{fingerprint}'.encode()).hexdigest()}")


def media(sid: str) -> Key:
    return Key(f"ME#{sid}", "ME")


def line(address: str) -> Key:
    return Key(f"L#{address}", "L")


def catch_up(address: str) -> Key:
    """Return the key of the latest catch-up of a line."""
    return Key(line(address).pk, "CU")


def catch_up_run(address: str, run: int) -> Key:
    return Key(line(address).pk, f"CU#{run:06}")


def received(carrier: str, carrier_message_id: str) -> Key:
    return Key(f"D#{carrier}#{carrier_message_id}", "D")


def send(reference: SendReference, member: str = "") -> Key:
    """Return the key of a send, or of its request for one `member`.

    Each part of a long text has a key. The first part has the key that a text in one part has.
    """
    part = f"~{reference.part}" if reference.part > 1 else ""
    return Key(f"S#{reference.message_sid}", reference.thread + (f"#{member}" if member else "") + part)


def turn(reference: SendReference) -> Key:
    """Return the key of the turn of a send: when it may be made, if its line or account has a rate."""
    return Key(f"S#{reference.message_sid}", f"{reference.thread}~turn")


def pace(scope: str) -> Key:
    """Return the key of the rate limit of a line or of a carrier's account."""
    return Key(f"PACE#{scope}", "PACE")


def sent(carrier: str, carrier_message_id: str) -> Key:
    """Return the key that leads from a carrier's message id to its send. Early reports wait in the same partition."""
    return Key(f"R#{carrier}#{carrier_message_id}", "R")


def early_report(carrier: str, carrier_message_id: str, recipient: str, status: str) -> Key:
    return Key(sent(carrier, carrier_message_id).pk, f"{EARLY_REPORTS}{recipient}#{status}")


EARLY_REPORTS = "E#"


def unrouted(sid: str) -> Key:
    return Key(f"U#{sid}", "U")


def opt_out(address: str, line: str) -> Key:
    return Key(f"O#{address}", f"{OPT_OUTS}{line}")


OPT_OUTS = "L#"


def opt_out_pointer(sid: str) -> Key:
    """Return the key that leads from the SID of an opt-out to its address and line."""
    return Key(f"OO#{sid}", "OO")


def opt_out_event(address: str, line: str, at: str, token: str) -> Key:
    """Return the key of an entry of the audit trail of opt-outs, by line and time."""
    return Key(f"O#{address}", f"{opt_out_events(line)}{at}#{token}")


def opt_out_events(line: str) -> str:
    return f"A#{line}#"


def keyword_answers(address: str, line: str) -> Key:
    """Return the key of a line's recent answers to the keywords of an address."""
    return Key(f"O#{address}", f"R#{line}")


def webhook(conversation_sid: str, sid: str) -> Key:
    return Key(f"C#{conversation_sid}", f"{WEBHOOKS}{sid}")


WEBHOOKS = "W#"


def removed_message(conversation_sid: str, index: int) -> Key:
    """Return the key of the trace of a deleted message. Counts of unread messages need it."""
    return Key(messages(conversation_sid), f"{REMOVED}{index:010x}")


def index_of_removed(sk: str) -> int:
    """Return the index of the message of which a sort key is that of the trace."""
    return int(sk.removeprefix(REMOVED), 16)


# Sorts behind the messages.
REMOVED = "X#"


def scheduled_message(conversation_sid: str, sid: str) -> Key:
    """Return the key of a scheduled message: beneath its conversation, so that it is deleted with that."""
    return Key(messages(conversation_sid), f"S#{sid}")


def scheduled_count(conversation_sid: str) -> Key:
    """Return the key of the number of messages that a conversation has scheduled."""
    return Key(messages(conversation_sid), "S")


def event_batch(subject: str, at: str, token: str) -> Key:
    """Return the key of an event batch of a conversation or of a user.

    That of a conversation is in the partition of its messages, so that the stream has both in order.
    """
    pk = messages(subject) if subject.startswith(sids.CONVERSATION) else user(subject).pk
    return Key(pk, f"E#{at}#{token}")


def due(name: str, number: int, at: str = "", kind: str = "", sid: str = "") -> Key:
    """Return the key of an entry of a schedule: in one of its SHARDS partitions, by time."""
    return Key(f"{name}#{number}", f"{at}#{kind}#{sid}")


# The schedule of timers, that of messages, and that of the sweeper.
DUE, DUE_MESSAGES, DUE_SWEEPS = "DUE", "DUE_MESSAGES", "DUE_SWEEPS"


def configuration() -> Key:
    """Return the key of the account's settings."""
    return Key("ACCOUNT", "CONFIGURATION")


def account_webhooks() -> Key:
    return Key("ACCOUNT", "WEBHOOKS")


def settings_version() -> Key:
    """Return the key of the version of all settings that are kept in memory (service_settings)."""
    return Key("ACCOUNT", "VERSION")


def service(sid: str) -> Key:
    return Key(f"IS#{sid}", "IS")


def service_webhooks(service_sid: str) -> Key:
    return Key(f"IS#{service_sid}", "WEBHOOKS")


def service_notifications(service_sid: str) -> Key:
    return Key(f"IS#{service_sid}", "NOTIFICATIONS")


def role(service_sid: str, sid: str) -> Key:
    return Key(f"IS#{service_sid}", sid)


def user(sid: str) -> Key:
    """Return the key of a user. Its SID is derived from its Service and identity (sids.user)."""
    return Key(f"US#{sid}", "US")


def revocation(user_sid: str) -> Key:
    """Return the key of the revocation of a user's access tokens. It outlives the user."""
    return Key(user(user_sid).pk, "REVOKED")


def api_key(sid: str) -> Key:
    return Key(f"SK#{sid}", "SK")


def sign_in_session(digest: str) -> Key:
    """Return the key of a session of sign-in, by the hash of its cookie."""
    return Key(f"SS#{digest}", "SS")


def sign_in_attempt(digest: str) -> Key:
    """Return the key of an attempt to sign in that was used."""
    return Key(f"SA#{digest}", "SA")


def sign_in_key() -> Key:
    """Return the key of the name of the API key that signs the access tokens of sign-in."""
    return Key("ACCOUNT", "SIGN_IN_KEY")


def credential(sid: str) -> Key:
    return Key(f"CR#{sid}", "CR")


def binding(sid: str) -> Key:
    return Key(f"BS#{sid}", "BS")


def address_configuration(sid: str) -> Key:
    """Return the key that leads from the SID of an address configuration to its line."""
    return Key(f"IG#{sid}", "IG")


def receiver(server: str) -> Key:
    """Return the key of the circuit breaker of a server that webhooks call."""
    return Key(f"H#{hashlib.sha256(server.encode()).hexdigest()}", "H")


def live(service_sid: str) -> str:
    """Return the partition of a Service's live connections."""
    return f"LV#{service_sid}"


def listener(service_sid: str, identity: str) -> Key:
    """Return the key of the live connections of one identity."""
    return Key(live(service_sid), f"{LISTENERS}{identity}")


def supervisor(service_sid: str, identity: str) -> Key:
    """Return the key of the live connections of an identity that can see every conversation."""
    return Key(live(service_sid), f"{SUPERVISORS}{identity}")


LISTENERS, SUPERVISORS = "I#", "S#"


def connection(sid: str) -> Key:
    """Return the key of a live connection, by API Gateway's id."""
    return Key(f"LC#{sid}", "LC")


def quota(service_sid: str, identity: str) -> Key:
    """Return the key of the request counters of an identity."""
    return Key(f"QU#{service_sid}#{identity}", "QU")


def request(digest: str, conversation_sid: str | None = None) -> Key:
    """Return the key of a request with an Idempotency-Key.

    One beneath a conversation is in the partition of its messages, so that it is deleted with the conversation.
    """
    return Key(messages(conversation_sid), f"I#{digest}") if conversation_sid else Key(f"IK#{digest}", "IK")


# --- GSI1 and GSI2


# Lists are spread over this many partitions, so that none is hot. It never changes: stored keys depend on it.
SHARDS = 4


def shard_of(sid: str, shards: int = SHARDS) -> int:
    """Return the shard of a list that an item is in."""
    return int.from_bytes(hashlib.sha256(sid.encode()).digest()[:4], "big") % shards


UNROUTED_LIST = "UL"


def shard(list_name: str, number: int) -> str:
    """Return the partition of one shard of a list."""
    return f"{list_name}#{number}"


def sharded(list_name: str, sid: str) -> str:
    """Return the partition of a list that an item is in."""
    return shard(list_name, shard_of(sid))


def by_address(service_sid: str, address: str) -> str:
    return f"PA#{service_sid}#{address}"


def by_identity(service_sid: str, identity: str) -> str:
    return f"PI#{service_sid}#{identity}"


def opt_outs(*, opted_out: bool, line: str = "") -> str:
    """Return the partition of the opt-outs in one state (GSI1), or of those of one line (GSI2)."""
    return f"OL#{'out' if opted_out else 'in'}" + (f"#{line}" if line else "")


LINE_LIST = "LL"
# GSI2: the lines that have an address configuration.
ADDRESS_CONFIGURATION_LIST = "AL"
SERVICE_LIST = "SL"
API_KEY_LIST = "KL"
CREDENTIAL_LIST = "RL"


def user_list(service_sid: str) -> str:
    return f"US#{service_sid}"


def binding_list(service_sid: str) -> str:
    return f"BL#{service_sid}"


def bindings_of(service_sid: str, identity: str) -> str:
    """Return the partition of the bindings of one identity (GSI2)."""
    return f"BI#{service_sid}#{identity}"


def scheduled_list(conversation_sid: str, state: str = "") -> str:
    """Return the partition of a conversation's scheduled messages (GSI1), or of those in one state (GSI2)."""
    return f"SD#{conversation_sid}" + (f"#{state}" if state else "")


def by_role(role_sid: str) -> str:
    """Return the partition of the users and participants that have a role of their own (GSI2)."""
    return f"RO#{role_sid}"


def dated(created: str, sid: str) -> str:
    """Return the sort key of a list by date: time, then SID."""
    return f"{created}#{sid}"
