"""Erase an item that has the number of a person in it, by the kind of item. A repeat changes nothing.

Each kind has a rule, chosen by the item's key. What no rule knows is words of others, which stay and are reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from partyline.domain import erasures
from partyline.domain.idempotency_keys import LIFE as ANSWER_LIFE
from partyline.domain.participants import Participant
from partyline.domain.scheduled_messages import ScheduledMessage, ScheduledState
from partyline.domain.sends import SendState
from partyline.domain.unrouted import UnroutedText
from partyline.errors import RuleViolation
from partyline.frozen_classes import frozen
from partyline.lifecycle.contact_eraser import erase_contact
from partyline.lifecycle.erasure_scope import CAUSE, ErasureScope, Verdict
from partyline.lifecycle.message_eraser import erase_message, leave
from partyline.storage import (
    codec,
    contacts,
    conversations,
    inbox,
    keys,
    memberships,
    message_events,
    messages,
    opt_outs,
    scheduled_messages,
    unrouted,
)
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.receipts import EARLY_REPORT_LIFE
from partyline.storage.table import EXISTS, Condition, change, delete


@frozen
class ErasedItem:
    """What has become of an item: its kind as reports name it, and what it is or belongs to."""

    kind: str
    sid: str
    verdict: Verdict


def erase_item(scope: ErasureScope, item: Item) -> ErasedItem:
    """Erase the number from an item that has it."""
    place = f"{item['PK']} {item['SK']}"
    rule = next((rule for rule in _RULES if rule.place.match(place)), _OTHERS)
    return ErasedItem(rule.kind, _name(item), rule.erase(scope, item))


def _name(item: Item) -> str:
    """Return the SID of an item, or of what it is beneath; never a part of a key that could be the number."""
    found = re.search(r"\b[A-Z]{2}[0-9a-f]{32}\b", f"{item.get('sid', '')} {item['SK']} {item['PK']}")
    return found[0] if found else ""


def _key(item: Item) -> Key:
    return Key(item["PK"], item["SK"])


def _delete(scope: ErasureScope, item: Item) -> Verdict:
    scope.table.delete_all([_key(item)])
    return Verdict.ERASED


def _delete_receipt(scope: ErasureScope, item: Item) -> Verdict:
    return Verdict.NOTHING if scope.is_later(item["created"]) else _delete(scope, item)


def _delete_events(scope: ErasureScope, item: Item) -> Verdict:
    """Delete what was published at once, and is stored for a day."""
    return Verdict.NOTHING if scope.is_later(item["at"]) else _delete(scope, item)


def _expires_later(scope: ErasureScope, item: Item, life: timedelta) -> bool:
    """Whether an item that lives for a while was stored after the erasure."""
    return scope.until is not None and item.get("ttl", 0) > (scope.until + life).timestamp()


# --- conversations


def _erase_conversation(scope: ErasureScope, item: Item) -> Verdict:
    before = conversations.fetch(scope.table, item["PK"].removeprefix("C#"), whole=True)
    if before is None:
        # Its clean-up deletes what is left of it.
        return Verdict.IN_USE
    after = erasures.erase_names(before, scope.number, whole=scope.whole)
    if after != before:
        try:
            conversations.update(scope.table, before, after, scope.clock(), cause=CAUSE)
        except RuleViolation:
            return Verdict.IN_USE
        return Verdict.ERASED
    # Threads of members who have left, whose handsets could still answer in them.
    aliases = [thread for thread in before.threads if scope.is_mentioned(thread)]
    released = memberships.release_aliases(scope.table, before.sid, aliases)
    return Verdict.ERASED if released else Verdict.NOTHING


def _erase_participant(scope: ErasureScope, item: Item) -> Verdict:
    member = codec.decode(Participant, item)
    if member.address != scope.number:
        return Verdict.OTHERS_WORDS
    if scope.is_later(member.created):
        return Verdict.NOTHING
    return Verdict.ERASED if leave(scope, member.conversation_sid) else Verdict.IN_USE


def _erase_thread(scope: ErasureScope, item: Item) -> Verdict:
    owner = conversations.fetch(scope.table, item["conversation_sid"])
    if owner is not None and item["key"] in owner.threads:
        return Verdict.NOTHING
    is_same = Condition("conversation_sid = :owner", values={":owner": item["conversation_sid"]})
    return Verdict.ERASED if scope.table.written(delete("thread", _key(item), is_same)) else Verdict.IN_USE


def _erase_stored_message(scope: ErasureScope, item: Item) -> Verdict:
    """Erase a message, and who was in its conversation when it was recorded, which its event tells (message_events)."""
    rest = {name: value for name, value in item.items() if name != message_events.ADDITION}
    is_about = scope.is_mentioned(rest)
    verdict = erase_message(scope, item["conversation_sid"], item["sid"]) if is_about else Verdict.NOTHING
    is_told = scope.is_mentioned(item.get(message_events.ADDITION)) and not scope.is_later(item["created"])
    if verdict is Verdict.ERASED or not is_told:
        return verdict
    scope.table.written(change("message", _key(item), message_events.WITHOUT_ADDITION, EXISTS))
    return Verdict.ERASED


def _erase_activity(scope: ErasureScope, item: Item) -> Verdict:
    if scope.is_later(item["created"]):
        return Verdict.NOTHING
    scope.table.written(change("activity", _key(item), {"address": None}, EXISTS))
    return Verdict.ERASED


def _erase_note(scope: ErasureScope, item: Item) -> Verdict:
    """Delete what staff have written in a conversation that is about this person only."""
    return _delete(scope, item) if scope.whole else Verdict.OTHERS_WORDS


def _erase_scheduled_message(scope: ErasureScope, item: Item) -> Verdict:
    """Cancel and delete what is to be written to this person only."""
    if not scope.whole:
        return Verdict.OTHERS_WORDS
    before = codec.decode(ScheduledMessage, item)
    if before.state is ScheduledState.SCHEDULED:
        canceled = before.canceled(scope.clock())
        if not scope.table.written(*scheduled_messages.ending_writes(before, canceled)):
            return Verdict.IN_USE
    return _delete(scope, item)


def _forget_answer(scope: ErasureScope, item: Item) -> Verdict:
    """Delete the body of an answer. What stays keeps a late repeat of its request from being carried out again."""
    if _expires_later(scope, item, ANSWER_LIFE):
        return Verdict.NOTHING
    scope.table.written(change("request", _key(item), {"body": None}, EXISTS))
    return Verdict.ERASED


# --- sends


def _erase_send(scope: ErasureScope, item: Item) -> Verdict:
    """Delete the record of a send, once its message does not have it any more: it cannot be sent again then."""
    if "message_sid" in item:
        delivered = messages.fetch(scope.table, item["conversation_sid"], item["message_sid"])
        if delivered is not None and scope.is_later(delivered.message.created):
            return Verdict.NOTHING
        erase_message(scope, item["conversation_sid"], item["message_sid"])
    return Verdict.IN_USE if item.get("state") == SendState.SENDING.value else _delete(scope, item)


def _erase_early_report(scope: ErasureScope, item: Item) -> Verdict:
    return Verdict.NOTHING if _expires_later(scope, item, EARLY_REPORT_LIFE) else _delete(scope, item)


def _erase_carrier_names(scope: ErasureScope, item: Item) -> Verdict:
    """Delete a carrier's name of the person. A report that names it so finds no receipt then."""
    names = {name: number for name, number in item["names"].items() if not scope.is_mentioned([name, number])}
    scope.table.written(change("sent", _key(item), {"names": names}, EXISTS))
    return Verdict.ERASED


# --- what belongs to no conversation


def _erase_unrouted_text(scope: ErasureScope, item: Item) -> Verdict:
    text = codec.decode(UnroutedText, item)
    if scope.is_later(text.created):
        return Verdict.NOTHING
    if text.sender == scope.number or scope.is_mentioned(text.raw):
        return Verdict.ERASED if unrouted.remove(scope.table, text.sid) else Verdict.NOTHING
    if scope.number not in text.recipients:
        return Verdict.OTHERS_WORDS
    others = [one for one in text.recipients if one != scope.number]
    scope.table.written(change("unrouted", _key(item), {"recipients": others}, EXISTS))
    return Verdict.ERASED


def _erase_opt_out(scope: ErasureScope, item: Item) -> Verdict:
    if item["PK"] != keys.opt_out(scope.number, "").pk:
        return Verdict.OTHERS_WORDS
    moment = item.get("updated") or item.get("at") or max(one["at"] for one in item["given"])
    if scope.is_later(moment):
        return Verdict.NOTHING
    return Verdict.ERASED if opt_outs.erase(scope.table, scope.number) else Verdict.NOTHING


def _erase_opt_out_pointer(scope: ErasureScope, item: Item) -> Verdict:
    state = scope.table.get(keys.opt_out(item["address"], item["line"]))
    return Verdict.NOTHING if state else _delete(scope, item)


def _erase_stored_contact(scope: ErasureScope, item: Item) -> Verdict:
    return erase_contact(scope, item["sid"])


def _erase_of_contact(scope: ErasureScope, item: Item) -> Verdict:
    """Erase the contact of a claim, of a search term or of an entry in a history; then there is none of these."""
    contact = contacts.fetch(scope.table, item["contact_sid"])
    if contact is not None and scope.is_later(contact.created):
        return Verdict.NOTHING
    if contact is not None and scope.number in contact.addresses:
        return erase_contact(scope, contact.sid)
    return _delete(scope, item)


# --- projections: they follow what they show


def _refresh_inbox(scope: ErasureScope, item: Item) -> Verdict:
    sid = item["conversation_sid"]
    roster = conversations.load(scope.table, sid)
    if roster and any(member.address == scope.number for member in roster.participants):
        return Verdict.NOTHING
    if roster:
        inbox.order_repair(scope.table, roster.conversation.service_sid, sid, scope.clock())
    return Verdict.IN_USE


def _refresh_text_index(scope: ErasureScope, item: Item) -> Verdict:
    delivered = messages.fetch(scope.table, item["conversation_sid"], item["message_sid"])
    is_said = delivered is not None and scope.is_mentioned(delivered.message.body)
    return Verdict.NOTHING if is_said else Verdict.IN_USE


def _leave_alone(scope: ErasureScope, item: Item) -> Verdict:  # noqa: ARG001  (as every rule)
    return Verdict.NOTHING


def _report(scope: ErasureScope, item: Item) -> Verdict:  # noqa: ARG001  (as every rule)
    return Verdict.OTHERS_WORDS


_Erase = Callable[[ErasureScope, Item], Verdict]


@frozen
class _Rule:
    """What is done with the items whose keys, with a blank between them, begin with a pattern."""

    place: re.Pattern[str]
    kind: str
    erase: _Erase


_OTHERS = _Rule(re.compile(""), "settings", _report)
_RULES = (
    _Rule(re.compile(r"ER#"), "erasures", _leave_alone),
    _Rule(re.compile(r"C#\w+ [AC]$"), "conversations", _erase_conversation),
    _Rule(re.compile(r"C#\w+ P#"), "participants", _erase_participant),
    _Rule(re.compile(r"T#\w+ T$"), "threads", _erase_thread),
    _Rule(re.compile(r"M#\w+ IM\w+$"), "messages", _erase_stored_message),
    _Rule(re.compile(r"M#\w+ IM\w+#DY"), "receipts", _delete_receipt),
    _Rule(re.compile(r"M#\w+ AE"), "activities", _erase_activity),
    _Rule(re.compile(r"M#\w+ NT"), "notes", _erase_note),
    _Rule(re.compile(r"M#\w+ S#"), "scheduled_messages", _erase_scheduled_message),
    _Rule(re.compile(r"(M|US)#\w+ E#"), "events", _delete_events),
    _Rule(re.compile(r"M#\w+ I#|IK#"), "answers", _forget_answer),
    _Rule(re.compile(r"S#"), "sends", _erase_send),
    _Rule(re.compile(r"R#.* R$"), "carrier_names", _erase_carrier_names),
    _Rule(re.compile(r"R#"), "reports", _erase_early_report),
    _Rule(re.compile(r"U#"), "unrouted_texts", _erase_unrouted_text),
    _Rule(re.compile(r"O#"), "opt_outs", _erase_opt_out),
    _Rule(re.compile(r"OO#"), "opt_outs", _erase_opt_out_pointer),
    _Rule(re.compile(r"CT#\w+ CT$"), "contacts", _erase_stored_contact),
    _Rule(re.compile(r"CT#\w+ E#"), "contact_history", _erase_of_contact),
    _Rule(re.compile(r"(CN|CW)#"), "contacts", _erase_of_contact),
    _Rule(re.compile(r"CI#\w+ [DR]#"), "imports", _delete),
    _Rule(re.compile(r"IN#\w+ E$|IW#"), "inbox", _refresh_inbox),
    _Rule(re.compile(r"Q[MW]#"), "text_index", _refresh_text_index),
)
