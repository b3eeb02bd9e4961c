"""Messages, each with its receipts behind it in one partition, in the order of their index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from partyline.domain import events, sids, threads
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.events import QUIETLY, Cause, Reason
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.receipts import Receipt
from partyline.domain.sends import Send
from partyline.errors import Conflict, RuleViolation
from partyline.serialization import format_time
from partyline.storage import codec, conversation_items, copies, event_outbox, keys, receipts
from partyline.storage.attribute_values import Item
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, change, delete, diff_items, put


@dataclass(frozen=True, slots=True)
class MessageWithReceipts:
    """A message with the receipts of its native recipients."""

    message: Message
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Some messages in order; `more` when the list goes on behind the last."""

    messages: list[MessageWithReceipts]
    more: bool


# --- recording


def recording_writes(
    roster: Roster, message: Message, now: datetime, *, cause: Cause = QUIETLY, failed: Sequence[Receipt] = ()
) -> list[Write]:
    """The writes that make a message the next one of its conversation, and tell of it. `failed` are the receipts of
    those whom it cannot reach from the first.

    Its index is assigned here: they hold only while `conversation` has got no other message and no other change, so
    indexes are dense, and the sends planned for its members are right. Labels: conversation, message.
    """
    conversation = roster.conversation
    told = [events.message_added_event(message, conversation, roster.participants)]
    if conversation.state is ConversationState.INACTIVE:
        awake = replace(conversation, state=ConversationState.ACTIVE, updated=now)
        told.append(events.state_updated_event(conversation, awake, Reason.EVENT))
    told += [events.delivery_updated_event(receipt, conversation) for receipt in failed]
    return [
        *_append(conversation, message, now),
        *message_writes(message, now),
        *(receipts.creation_write(receipt) for receipt in failed),
        *event_outbox.build_conversation_writes(conversation, cause, now, told),
    ]


def message_writes(message: Message, now: datetime) -> list[Write]:
    """The message, its receipts and the copies of it that our own numbers will see from now on."""
    message = replace(message, sends=tuple(replace(send, counted=_counted(message, send)) for send in message.sends))
    item = codec.encode(message)
    if message.sends or message.pending:
        item["outbox"] = "message"
    return [
        put("message", keys.message(message.conversation_sid, message.sid), item, NEW),
        *(receipts.creation_write(receipt) for receipt in receipts.build_queued(message)),
        *(
            # The carrier brings our own group text back to our other numbers: to those of now, and of a moment later.
            copies.build_own_write(send.sender, send.thread, send.counted, now)
            for send in message.sends
            if send.counted
        ),
    ]


def _counted(message: Message, send: Send) -> str:
    """The fingerprint under which copies of a send are counted; '' for those of a pair, which nobody else sees."""
    if threads.is_pair(send.thread):
        return ""
    return threads.fingerprint(send.words(message.said), len(message.media))


def _append(conversation: Conversation, message: Message, now: datetime) -> list[Write]:
    sets: dict[str, object] = {"last_index": message.index, "active_at": format_time(now)}
    entered: list[Write] = []
    if conversation.state is ConversationState.INACTIVE:
        # A new message wakes an inactive conversation.
        awakened, entered = conversation_items.reactivation_update(conversation, now)
        sets |= awakened
    key = keys.conversation(conversation.sid)
    return [change("conversation", key, sets, conversation_items.no_new_message(conversation)), *entered]


# --- reading


def fetch(table: Table, conversation_sid: str, sid: str) -> MessageWithReceipts | None:
    """One message with its receipts."""
    found = _grouped(table.query(keys.messages(conversation_sid), begins=sid).items)
    return found[0] if found else None


def page(
    table: Table, conversation_sid: str, *, size: int, forward: bool = True, after: int | None = None
) -> MessagePage:
    """At most `size` messages in the order of their index, from behind the one at index `after`.

    Reads in proportion to the page: its messages and their receipts, and the beginning of the next.
    """
    # "g" sorts behind every hexadecimal digit.
    low, high = sids.MESSAGE, sids.MESSAGE + "g"
    if after is not None:
        low, high = (sids.message_prefix(after) + "g", high) if forward else (low, sids.message_prefix(after))
    read: list[Item] = []
    found: list[MessageWithReceipts] = []
    start: Item | None = None
    while len(found) <= size:
        part = table.query(
            keys.messages(conversation_sid),
            between=(low, high),
            forward=forward,
            limit=(size + 1) * 2,
            after=start,
        )
        read += part.items
        start = part.last_key
        found = _grouped(read)
        if start is None:
            break
    found.sort(key=lambda delivered: delivered.message.index, reverse=not forward)
    return MessagePage(found[:size], len(found) > size)


def _grouped(read: Sequence[Item]) -> list[MessageWithReceipts]:
    """Messages with their receipts, from items in any order; receipts whose message was not read yet are left out."""
    by_message: dict[str, list[Receipt]] = {}
    heads: dict[str, Message] = {}
    for item in read:
        if "#" in item["SK"]:
            by_message.setdefault(item["message_sid"], []).append(codec.decode(Receipt, item))
        else:
            heads[item["SK"]] = codec.decode(Message, item)
    return [MessageWithReceipts(message, tuple(by_message.get(sid, ()))) for sid, message in heads.items()]


# --- changing


def update(
    table: Table, conversation: Conversation, before: Message, after: Message, now: datetime, *, cause: Cause = QUIETLY
) -> None:
    """Store what was changed of a message; other changes made meanwhile stay, and what was sent is not sent again.
    Raises RuleViolation message_not_found when it is gone, and Conflict while another request is writing it."""
    sets = diff_items(codec.encode(before), codec.encode(after))
    if not sets:
        return
    told = events.message_event("onMessageUpdated", after, conversation)
    changed = change("message", keys.message(before.conversation_sid, before.sid), sets, EXISTS)
    try:
        table.transact([changed, *event_outbox.build_conversation_writes(conversation, cause, now, [told])])
    except Conflict as conflict:
        if not conflict.failed:
            raise
        raise RuleViolation("message_not_found") from conflict


def handing_over_write(message: Message) -> Write:
    """Note of a carrier's text that it is kept elsewhere from now on. Label: message, when it is gone, or noted
    already."""
    held = Condition("#id = :id", {"#id": "carrier_message_id"}, {":id": message.carrier_message_id})
    key = keys.message(message.conversation_sid, message.sid)
    return change("message", key, {"carrier_message_id": None}, held)


def remove(
    table: Table, conversation: Conversation, delivered: MessageWithReceipts, now: datetime, *, cause: Cause = QUIETLY
) -> bool:
    """Delete a message with its receipts and files; False when it is gone already. Its index is not given out again,
    and is remembered for counts of what is unread."""
    return table.written(*removal_writes(conversation, delivered, now, cause=cause))


def removal_writes(
    conversation: Conversation, delivered: MessageWithReceipts, now: datetime, *, cause: Cause = QUIETLY
) -> list[Write]:
    """The writes of that. Label: message, when it is gone."""
    message = delivered.message
    told = events.message_event("onMessageRemoved", message, conversation, DateRemoved=events.format_timestamp(now))
    return [
        delete("message", keys.message(message.conversation_sid, message.sid), EXISTS),
        put("removed", keys.removed_message(message.conversation_sid, message.index), {}),
        change("conversation", keys.conversation(message.conversation_sid), {}, EXISTS, adds={"removed": 1}),
        *(
            delete("receipt", keys.receipt(receipt.conversation_sid, receipt.message_sid, receipt.sid))
            for receipt in delivered.receipts
        ),
        *(delete("media", keys.media(part.sid)) for part in message.media),
        *event_outbox.build_conversation_writes(conversation, cause, now, [told]),
    ]


def unread(table: Table, conversation: Conversation, horizon: int | None) -> int | None:
    """How many messages a conversation has behind a read horizon; None without one. Reads nothing unless some were
    deleted, and then the traces of those behind the horizon."""
    if horizon is None:
        return None
    behind = max(conversation.last_index - horizon, 0)
    if not (behind and conversation.removed):
        return behind
    first = keys.removed_message(conversation.sid, horizon + 1)
    last = keys.removed_message(conversation.sid, conversation.last_index)
    return behind - table.count(first.pk, between=(first.sk, last.sk))
