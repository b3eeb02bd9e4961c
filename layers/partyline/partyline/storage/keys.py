"""Every key of the table is built here, and nowhere else. docs/table.md is the chart.

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
        """The key as the table's attributes."""
        return {"PK": self.pk, "SK": self.sk}


def conversation(sid: str) -> Key:
    return Key(f"C#{sid}", "C")


def participant(conversation_sid: str, sid: str) -> Key:
    return Key(f"C#{conversation_sid}", f"{PARTICIPANTS}{sid}")


PARTICIPANTS = "P#"


def unique_name(service_sid: str, name: str) -> Key:
    return Key(f"N#{service_sid}#{name}", "N")


def messages(conversation_sid: str) -> str:
    """The partition of a conversation's messages and receipts."""
    return f"M#{conversation_sid}"


def message(conversation_sid: str, sid: str) -> Key:
    return Key(messages(conversation_sid), sid)


def receipt(conversation_sid: str, message_sid: str, sid: str) -> Key:
    """A receipt stands right behind its message, so that one query reads a page of messages with their delivery."""
    return Key(messages(conversation_sid), f"{message_sid}#{sid}")


def thread(digest: str) -> Key:
    return Key(f"T#{digest}", "T")


def copies(digest: str, sender: str, fingerprint: str) -> Key:
    return Key(f"T#{digest}", f"K#{hashlib.sha256(f'{sender}#{fingerprint}'.encode()).hexdigest()}")


def media(sid: str) -> Key:
    return Key(f"ME#{sid}", "ME")


def line(address: str) -> Key:
    return Key(f"L#{address}", "L")


def received(carrier: str, carrier_message_id: str) -> Key:
    return Key(f"D#{carrier}#{carrier_message_id}", "D")


def send(reference: SendReference, member: str = "") -> Key:
    """A send, or what of it goes to one member by a request of its own; of a long text one part, the first of which
    stands where a whole one does."""
    part = f"~{reference.part}" if reference.part > 1 else ""
    return Key(f"S#{reference.message_sid}", reference.thread + (f"#{member}" if member else "") + part)


def turn(reference: SendReference) -> Key:
    """When a send may go, where its line or its account has a rate."""
    return Key(f"S#{reference.message_sid}", f"{reference.thread}~turn")


def pace(scope: str) -> Key:
    """How fast a line, or a carrier's account, may send."""
    return Key(f"PACE#{scope}", "PACE")


def sent(carrier: str, carrier_message_id: str) -> Key:
    """From a carrier's message id to the message that it carries; reports that came too early wait beside it."""
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
    """From the SID of an opt-out to its address and line."""
    return Key(f"OO#{sid}", "OO")


def opt_out_event(address: str, line: str, at: str, token: str) -> Key:
    """What was said, behind what holds: by line and time."""
    return Key(f"O#{address}", f"{opt_out_events(line)}{at}#{token}")


def opt_out_events(line: str) -> str:
    return f"A#{line}#"


def keyword_answers(address: str, line: str) -> Key:
    """What a line has answered to the keywords of an address lately."""
    return Key(f"O#{address}", f"R#{line}")


def webhook(conversation_sid: str, sid: str) -> Key:
    return Key(f"C#{conversation_sid}", f"{WEBHOOKS}{sid}")


WEBHOOKS = "W#"


def removed_message(conversation_sid: str, index: int) -> Key:
    """What is left of a deleted message: that there was one, for counts of what is unread."""
    return Key(messages(conversation_sid), f"{REMOVED}{index:010x}")


# Sorts behind the messages.
REMOVED = "X#"


def happening(subject: str, at: str, token: str) -> Key:
    """What happened in a conversation, among its messages, so that the stream keeps one order; or to a user."""
    pk = messages(subject) if subject.startswith(sids.CONVERSATION) else user(subject).pk
    return Key(pk, f"E#{at}#{token}")


def due(number: int, at: str = "", kind: str = "", sid: str = "") -> Key:
    """Something to look at when its time has come: in one of SHARDS partitions, by time."""
    return Key(f"DUE#{number}", f"{at}#{kind}#{sid}")


def configuration() -> Key:
    """The account's settings."""
    return Key("ACCOUNT", "CONFIGURATION")


def account_webhooks() -> Key:
    return Key("ACCOUNT", "WEBHOOKS")


def service(sid: str) -> Key:
    return Key(f"IS#{sid}", "IS")


def service_webhooks(service_sid: str) -> Key:
    return Key(f"IS#{service_sid}", "WEBHOOKS")


def service_notifications(service_sid: str) -> Key:
    return Key(f"IS#{service_sid}", "NOTIFICATIONS")


def role(service_sid: str, sid: str) -> Key:
    return Key(f"IS#{service_sid}", sid)


def user(sid: str) -> Key:
    """A user's SID follows from its Service and identity (sids.user), so either finds it."""
    return Key(f"US#{sid}", "US")


def revocation(user_sid: str) -> Key:
    """Which access tokens of a user's identity are not taken any more; it outlives the user."""
    return Key(user(user_sid).pk, "REVOKED")


def api_key(sid: str) -> Key:
    return Key(f"SK#{sid}", "SK")


def credential(sid: str) -> Key:
    return Key(f"CR#{sid}", "CR")


def binding(sid: str) -> Key:
    return Key(f"BS#{sid}", "BS")


def address_configuration(sid: str) -> Key:
    """From the SID of an address configuration to the line that it is of."""
    return Key(f"IG#{sid}", "IG")


def receiver(server: str) -> Key:
    """How a server that webhooks call is doing."""
    return Key(f"H#{hashlib.sha256(server.encode()).hexdigest()}", "H")


def live(service_sid: str) -> str:
    """The partition of a Service's live connections."""
    return f"LV#{service_sid}"


def listener(service_sid: str, identity: str) -> Key:
    """The live connections of one identity."""
    return Key(live(service_sid), f"{LISTENERS}{identity}")


def supervisor(service_sid: str, identity: str) -> Key:
    """The same of one who hears of every conversation."""
    return Key(live(service_sid), f"{SUPERVISORS}{identity}")


LISTENERS, SUPERVISORS = "I#", "S#"


def connection(sid: str) -> Key:
    """A live connection by API Gateway's id of it."""
    return Key(f"LC#{sid}", "LC")


def quota(service_sid: str, identity: str) -> Key:
    """What an identity has asked for lately."""
    return Key(f"QU#{service_sid}#{identity}", "QU")


# --- GSI1 and GSI2


# Lists are spread over this many partitions, so that none is hot. Stored items are found by it: it never changes.
SHARDS = 4


def shard_of(sid: str) -> int:
    """The shard of a list that an item is in."""
    return int.from_bytes(hashlib.sha256(sid.encode()).digest()[:4], "big") % SHARDS


def conversation_list(service_sid: str) -> str:
    return f"CL#{service_sid}"


def state_list(service_sid: str, state: str) -> str:
    return f"CS#{service_sid}#{state}"


UNROUTED_LIST = "UL"


def shard(list_name: str, number: int) -> str:
    """The partition of one shard of a list."""
    return f"{list_name}#{number}"


def sharded(list_name: str, sid: str) -> str:
    """The partition of a list that an item is in."""
    return shard(list_name, shard_of(sid))


def by_address(service_sid: str, address: str) -> str:
    return f"PA#{service_sid}#{address}"


def by_identity(service_sid: str, identity: str) -> str:
    return f"PI#{service_sid}#{identity}"


def opt_outs(*, opted_out: bool, line: str = "") -> str:
    """GSI1: those in one state; GSI2: those of a line."""
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
    """GSI2: the bindings of one identity."""
    return f"BI#{service_sid}#{identity}"


def by_role(role_sid: str) -> str:
    """GSI2: the users and participants that were given a role of their own."""
    return f"RO#{role_sid}"


def dated(created: str, sid: str) -> str:
    """The sort key of a list by date: time, then SID."""
    return f"{created}#{sid}"
