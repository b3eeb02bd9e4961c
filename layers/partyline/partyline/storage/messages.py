"""Messages in the order of their index, each with its receipts behind it: one partition for each conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from partyline.domain import activities, events, membership, sids, threads, written
from partyline.domain.activities import Activity
from partyline.domain.conversations import MAX_TAPBACKS, Conversation, ConversationState
from partyline.domain.copies import hash_content
from partyline.domain.events import QUIETLY, Cause, EventBatch, Reason
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.receipts import Receipt
from partyline.domain.sends import Send
from partyline.errors import Conflict, RuleViolation
from partyline.frozen_classes import frozen, replace
from partyline.serialization import format_time
from partyline.storage import (
    absent_webhooks,
    codec,
    conversation_items,
    copies,
    event_outbox,
    idempotency,
    keys,
    message_events,
    receipts,
    sweeps,
)
from partyline.storage import activities as stored_activities
from partyline.storage.attribute_values import Item
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, change, delete, diff_items, put


@frozen
class MessageWithReceipts:
    """A message with the receipts of its native recipients."""

    message: Message
    receipts: tuple[Receipt, ...]


@frozen
class IndexRange:
    """The messages behind the index `after` and before the index `before`, both exclusive; None sets no limit."""

    after: int | None = None
    before: int | None = None


EVERY_INDEX = IndexRange()


@frozen
class MessagePage:
    """Some messages in order. `more` is whether there are further ones."""

    messages: list[MessageWithReceipts]
    more: bool


# --- recording


def recording_writes(
    roster: Roster,
    message: Message,
    now: datetime,
    *,
    cause: Cause = QUIETLY,
    failed: Sequence[Receipt] = (),
    is_tapback: bool = False,
) -> list[Write]:
    """Build the writes that add a message to its conversation and publish it.

    `failed` are the receipts of the recipients that it can never reach. `is_tapback` is for one on a message that is
    known: it is never news.

    The writes hold only while the conversation has no new message and no other change. So indexes are dense, and the
    sends that were planned for its members are right. Labels: conversation, message.
    """
    conversation = roster.conversation
    sweep_at = sweeps.plan_sweep(message, conversation.sweep_at, now)
    published = [events.message_added_event(message, conversation, roster.participants)]
    noted: list[Activity] = []
    if conversation.state is ConversationState.INACTIVE:
        active = replace(conversation, state=ConversationState.ACTIVE, updated=now)
        published.append(events.state_updated_event(conversation, active, Reason.EVENT))
        noted = [*activities.describe_change(conversation, active, cause, now)]
    published += [events.delivery_updated_event(receipt, conversation) for receipt in failed]
    return [
        *_append(roster, message, now, is_tapback=is_tapback, sweep_at=sweep_at),
        # A new webhook is a change of the conversation, so one without any has none when the message is recorded.
        *message_writes(message, now, sweep_at, membership.build_event_batch(roster, cause, now, published)),
        *(receipts.creation_write(receipt) for receipt in failed),
        *stored_activities.build_writes(conversation, noted, cause, now),
    ]


def message_writes(
    message: Message, now: datetime, sweep_at: datetime | None, batch: EventBatch | None = None
) -> list[Write]:
    """Build the writes of a message, its receipts, and the counts of the copies that our own numbers will receive.

    `sweep_at` is when an entry of the sweeper for it is due, None for no entry (partyline.storage.sweeps). `batch` are
    the events of the message, where they are written with it.
    """
    sends = tuple(replace(send, counted=_copy_fingerprint(message, send)) for send in message.sends)
    message = replace(message, sends=sends)
    item = codec.encode(message)
    if message.has_follow_up:
        item["outbox"] = "message"
    key = keys.message(message.conversation_sid, message.sid)
    return [
        message_events.build_write(message, item, batch) if batch else put(message_events.LABEL, key, item, NEW),
        *(receipts.creation_write(receipt) for receipt in receipts.build_queued(message)),
        *(
            # The carrier delivers our own group text to our other numbers too, also to those added right after it.
            copies.build_own_write(send.sender, send.thread, send.counted, now)
            for send in message.sends
            if send.counted
        ),
        *([sweeps.entry_write(message, sweep_at)] if sweep_at else []),
    ]


def _copy_fingerprint(message: Message, send: Send) -> str:
    """Return the fingerprint under which copies of a send are counted; '' for a pair, whose texts have no copies."""
    if threads.is_pair(send.thread):
        return ""
    return hash_content(send.words(message.recorded_body), len(message.media))


def _append(
    roster: Roster, message: Message, now: datetime, *, is_tapback: bool, sweep_at: datetime | None
) -> list[Write]:
    conversation = roster.conversation
    sets: dict[str, object] = {"last_index": message.index, "active_at": format_time(now)}
    if sweep_at:
        sets["sweep_at"] = format_time(sweep_at)
    if is_tapback:
        sets["tapbacks"] = [*(conversation.tapbacks or ()), message.index][-MAX_TAPBACKS:]
    writer = written.find_writer(message, roster.participants)
    if writer is not None:
        sets["written"] = written.add_to_runs(conversation.written, writer, message.index)
    entries: list[Write] = []
    after = conversation
    if conversation.state is ConversationState.INACTIVE:
        # A new message reactivates an inactive conversation.
        after, entries = conversation_items.reactivate(conversation, now)
        item = codec.encode(after)
        sets |= {name: item.get(name) for name in ("state", "revision", "roster_mark", "due_at")}
    if roster.has_webhooks is False:
        sets |= absent_webhooks.build_note(after.revision)
    condition = conversation_items.no_new_message(conversation)
    return [*conversation_items.change_writes(conversation, after, sets, condition, moves=True), *entries]


# --- reading


def fetch(table: Table, conversation_sid: str, sid: str) -> MessageWithReceipts | None:
    """Read a message with its receipts; return None when it does not exist."""
    found = _group_receipts(table.query(keys.messages(conversation_sid), begins=sid).items)
    return found[0] if found else None


def page(
    table: Table,
    conversation_sid: str,
    *,
    size: int,
    forward: bool = True,
    after: int | None = None,
    within: IndexRange = EVERY_INDEX,
) -> MessagePage:
    """Read at most `size` messages of a range in the order of their index, from behind the one at index `after`.

    Cost: in proportion to the page. It reads the page's messages, their receipts and the beginning of the next page.
    """
    low, high = key_range(_cut(within, after, forward=forward))
    if low > high:
        return MessagePage([], more=False)
    read: list[Item] = []
    start: Item | None = None
    while sum("#" not in item["SK"] for item in read) <= size:
        part = table.query(
            keys.messages(conversation_sid),
            between=(low, high),
            forward=forward,
            limit=(size + 1) * 2,
            after=start,
        )
        read += part.items
        start = part.last_key
        if start is None:
            break
    found = _group_receipts(read)
    found.sort(key=lambda delivered: delivered.message.index, reverse=not forward)
    return MessagePage(found[:size], len(found) > size)


def _cut(within: IndexRange, at: int | None, *, forward: bool) -> IndexRange:
    """Return the part of a range behind the index `at`, or, going backward, before it."""
    if at is None:
        return within
    if forward:
        return replace(within, after=at if within.after is None else max(at, within.after))
    return replace(within, before=at if within.before is None else min(at, within.before))


def key_range(within: IndexRange, kind: str = sids.MESSAGE) -> tuple[str, str]:
    """Return the sort keys between which the messages of a range and their receipts are, or what stands before them."""
    # "g" sorts behind every hexadecimal digit.
    low = kind if within.after is None else sids.index_prefix(kind, within.after) + "g"
    high = kind + "g" if within.before is None else sids.index_prefix(kind, within.before)
    return low, high


def find_index_at(table: Table, conversation: Conversation, moment: datetime) -> int:
    """Find the index from which on messages were created at or after a moment; one more than the last, if none was.

    By bisection: one read for each doubling of the number of messages, 20 for a million. Where creation was set by hand
    (imported history), so that it does not rise with the index, this is the beginning of one of the runs.
    """
    low, high = 0, conversation.last_index + 1
    while low < high:
        middle = (low + high) // 2
        # The message itself, or, where it was deleted, the next one.
        between = key_range(IndexRange(middle - 1, high))
        found = table.query(keys.messages(conversation.sid), between=between, limit=1).items
        if found and found[0]["created"] < format_time(moment):
            low = sids.index_of(found[0]["SK"]) + 1
        else:
            high = middle
    return low


def _group_receipts(items: Sequence[Item]) -> list[MessageWithReceipts]:
    """Group receipts by message, from items in any order. Receipts without their message are left out."""
    by_message: dict[str, list[Receipt]] = {}
    by_sid: dict[str, Message] = {}
    for item in items:
        if "#" in item["SK"]:
            by_message.setdefault(item["message_sid"], []).append(codec.decode(Receipt, item))
        else:
            by_sid[item["SK"]] = codec.decode(Message, item)
    return [MessageWithReceipts(message, tuple(by_message.get(sid, ()))) for sid, message in by_sid.items()]


# --- changing


def update(
    table: Table, conversation: Conversation, before: Message, after: Message, now: datetime, *, cause: Cause = QUIETLY
) -> None:
    """Store what differs between two states of a message. It is not sent again.

    Concurrent changes of other attributes stay. Raises RuleViolation message_not_found when the message is gone, and
    Conflict while another request is writing it.
    """
    sets = diff_items(codec.encode(before), codec.encode(after))
    if not sets:
        return
    updated = events.message_event("onMessageUpdated", after, conversation)
    sets |= message_events.WITHOUT_ADDITION
    changed = change("message", keys.message(before.conversation_sid, before.sid), sets, EXISTS)
    try:
        table.transact([changed, *event_outbox.build_conversation_writes(conversation, cause, now, [updated])])
    except Conflict as conflict:
        if not conflict.failed:
            raise
        raise RuleViolation("message_not_found") from conflict


def handing_over_write(message: Message) -> Write:
    """Build the write that removes the carrier's id from a message, since another item has the text from now on.

    Label: message, when the message is gone, or has the id no longer.
    """
    has_id = Condition("#id = :id", {"#id": "carrier_message_id"}, {":id": message.carrier_message_id})
    key = keys.message(message.conversation_sid, message.sid)
    return change("message", key, {"carrier_message_id": None, **message_events.WITHOUT_ADDITION}, has_id)


def remove(
    table: Table, conversation: Conversation, delivered: MessageWithReceipts, now: datetime, *, cause: Cause = QUIETLY
) -> bool:
    """Delete a message with its receipts and files; return False when it is gone already.

    Its index is not assigned again. A trace of it stays for counts of unread messages. The answer of the request that
    created it loses its body.
    """
    message = delivered.message
    if message.request_digest:
        idempotency.forget_body(table, message.conversation_sid, message.request_digest, message.sid)
    return table.written(*removal_writes(conversation, delivered, now, cause=cause))


def removal_writes(
    conversation: Conversation, delivered: MessageWithReceipts, now: datetime, *, cause: Cause = QUIETLY
) -> list[Write]:
    """Build the writes that delete a message. Label: message, when it is gone."""
    message = delivered.message
    removed = events.message_event("onMessageRemoved", message, conversation, DateRemoved=events.format_timestamp(now))
    return [
        delete("message", keys.message(message.conversation_sid, message.sid), EXISTS),
        put("removed", keys.removed_message(message.conversation_sid, message.index), {}),
        change("conversation", keys.conversation(message.conversation_sid), {}, EXISTS, adds={"removed": 1}),
        *(
            delete("receipt", keys.receipt(receipt.conversation_sid, receipt.message_sid, receipt.sid))
            for receipt in delivered.receipts
        ),
        *(delete("media", keys.media(part.sid)) for part in message.media),
        *event_outbox.build_conversation_writes(conversation, cause, now, [removed]),
    ]


def unread(table: Table, conversation: Conversation, horizon: int | None) -> int | None:
    """Count the messages of a conversation behind a read horizon, as Twilio does; return None without a horizon.

    Cost: nothing is read unless messages were deleted. Then the traces of those behind the horizon are counted.
    """
    if horizon is None:
        return None
    behind = max(conversation.last_index - horizon, 0)
    if not (behind and conversation.removed):
        return behind
    pk, between = _traces_behind(conversation, horizon)
    return behind - table.count(pk, between=between)


def unread_news(table: Table, conversation: Conversation, horizon: int | None, identity: str) -> int | None:
    """Count the messages as `unread` does, without those that are no news to a person.

    These are what the person has written, and tapbacks on a message that is known: it shows them. Cost: as `unread`.
    """
    if horizon is None:
        return None
    tapbacks = {index for index in conversation.tapbacks or () if index > horizon}
    own = [run[max(horizon + 1 - run.start, 0) :] for run in written.list_runs(conversation.written, identity)]
    silent = len(tapbacks) + sum(map(len, own))
    if not silent:
        return unread(table, conversation, horizon)
    behind = conversation.last_index - horizon - silent
    if not conversation.removed:
        return behind
    # What was deleted is not to be taken off twice.
    removed = _list_removed(table, conversation, horizon) - tapbacks
    return behind - sum(not any(index in run for run in own) for index in removed)


def _list_removed(table: Table, conversation: Conversation, horizon: int) -> set[int]:
    """List the indexes behind a horizon of which the messages were deleted."""
    pk, between = _traces_behind(conversation, horizon)
    found: set[int] = set()
    after: Item | None = None
    while True:
        page = table.query(pk, between=between, after=after)
        found |= {keys.index_of_removed(item["SK"]) for item in page.items}
        after = page.last_key
        if after is None:
            return found


def _traces_behind(conversation: Conversation, horizon: int) -> tuple[str, tuple[str, str]]:
    """Return the partition of the traces of deleted messages, and the sort keys of those behind a horizon."""
    first = keys.removed_message(conversation.sid, horizon + 1)
    return first.pk, (first.sk, keys.removed_message(conversation.sid, conversation.last_index).sk)
