"""The records of one inbound text, read in one round trip, and the writes that only such a text makes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta

from partyline.domain import sids, threads
from partyline.domain.conversations import Conversation
from partyline.domain.lines import Line
from partyline.domain.messages import Message
from partyline.domain.opt_outs import OptOut
from partyline.domain.receipts import ReceiptStatus, rank
from partyline.domain.webhook_configuration import ScopedWebhook
from partyline.frozen_classes import frozen
from partyline.storage import (
    codec,
    copies,
    erased_opt_outs,
    keys,
    keyword_answers,
    message_events,
    receipts,
    service_settings,
)
from partyline.storage.attribute_values import Item
from partyline.storage.copies import CopyCounter
from partyline.storage.keyword_answers import AnswerHistory
from partyline.storage.messages import MessageWithReceipts
from partyline.storage.table import NEW, Condition, Table, Write, change, check, delete, put

# Far longer than any carrier repeats a webhook (Bandwidth: 24 hours). Twilio's signature carries no time, so this is
# also how long a replayed webhook is recognised.
RECEIVED_LIFE = timedelta(days=60)


@frozen
class InboundLookup:
    """What to read about one text.

    `numbers` are the addresses that may be ours. `may_be_keyword` adds the sender's opt-outs from these numbers and
    their recent answers to the sender.
    `reads_version` adds the version of all settings, and `conversation_sid` that conversation.
    """

    carrier: str
    carrier_message_id: str
    thread: str
    sender: str
    body: str
    media_count: int
    numbers: tuple[str, ...]
    may_be_keyword: bool
    reads_version: bool = False
    conversation_sid: str | None = None


@frozen
class ThreadOwner:
    """The open conversation that owns a thread.

    `service_sid` is None for a thread that was claimed before threads named their Service. `own_numbers` are the
    conversation's own numbers in the thread, registered or not.
    """

    conversation_sid: str
    service_sid: str | None
    own_numbers: frozenset[str]


@frozen
class InboundRecords:
    """What the table holds about one text.

    `lines` are the registered lines among the numbers that were read. `opt_outs` and `answers` are by number: the
    sender's opt-out from it, and its answers to the sender. `conversation` is the one that was asked for.
    """

    is_received: bool
    owner: ThreadOwner | None
    counter: CopyCounter
    lines: Mapping[str, Line]
    opt_outs: Mapping[str, OptOut]
    answers: Mapping[str, AnswerHistory]
    settings_version: str = ""
    conversation: Conversation | None = None


def fetch_records(table: Table, lookup: InboundLookup) -> InboundRecords:
    """Read what the table holds about one text, in one round trip.

    For a keyword it takes a second one in an account in which people were erased.
    """
    received = keys.received(lookup.carrier, lookup.carrier_message_id)
    thread = keys.thread(threads.digest(lookup.thread))
    counter = copies.counter_key(lookup.thread, lookup.sender, lookup.body, lookup.media_count)
    line_keys = {number: keys.line(number) for number in lookup.numbers}
    lines_to_read = [number for number in lookup.numbers if number != lookup.sender] if lookup.may_be_keyword else []
    opt_out_keys = {number: keys.opt_out(lookup.sender, number) for number in lines_to_read}
    answer_keys = {number: keys.keyword_answers(lookup.sender, number) for number in lines_to_read}
    found = table.get_all(
        [
            *(received, thread),
            *_list_optional_keys(lookup, counter),
            *(*opt_out_keys.values(), *answer_keys.values(), *line_keys.values()),
            *([erased_opt_outs.MARK] if opt_out_keys else []),
        ]
    )
    answers = _select(found, answer_keys)
    return InboundRecords(
        is_received=received in found,
        owner=_decode_owner(found.get(thread)),
        counter=copies.decode_counter(counter, found.get(counter)),
        lines=_decode_lines(_select(found, line_keys)),
        opt_outs=_find_opt_outs(table, found, lookup.sender, opt_out_keys),
        answers={number: keyword_answers.decode_history(item) for number, item in answers.items()},
        settings_version=service_settings.decode_version(found.get(keys.settings_version())),
        conversation=_decode_conversation(found, lookup.conversation_sid),
    )


def fetch_received(table: Table, carrier: str, ids: Collection[str]) -> set[str]:
    """Read which of some texts of a carrier were recorded before, by their ids: a round trip for each hundred."""
    wanted = {keys.received(carrier, one): one for one in ids}
    return {wanted[key] for key in table.get_all(wanted)}


def fetch_recent_messages(table: Table, conversation_sid: str, *, max_items: int) -> list[Message]:
    """Read the last messages of a conversation, newest first, in one round trip.

    `max_items` counts messages and the receipts between them.
    """
    page = table.query(keys.messages(conversation_sid), begins=sids.MESSAGE, forward=False, limit=max_items)
    return [codec.decode(Message, item) for item in page.items if "#" not in item["SK"]]


def build_received_write(carrier: str, carrier_message_id: str, now: datetime) -> Write:
    """Build the write that records a copy of a text as received. Label: received, when it was received before."""
    expiry = {"ttl": int((now + RECEIVED_LIFE).timestamp())}
    return put("received", keys.received(carrier, carrier_message_id), expiry, NEW)


def build_unowned_check(thread: str) -> Write:
    """Build the check that no conversation owns a thread. Label: thread."""
    return check("thread", keys.thread(threads.digest(thread)), NEW)


def build_webhook_write(webhook: ScopedWebhook) -> Write:
    """Build the write of a webhook of a conversation that is created in the same transaction."""
    return put("webhook", keys.webhook(webhook.conversation_sid, webhook.sid), codec.encode(webhook), NEW)


def build_completion_write(before: Message, after: Message) -> Write:
    """Build the write of a message whose body came from one of its files.

    It holds while the body and the files have not changed. Label: message.
    """
    encoded = codec.encode(after)
    unchanged = Condition(
        "#media = :media AND " + ("#body = :body" if before.body else "attribute_not_exists(#body)"),
        {"#media": "media", "#body": "body"},
        {":media": codec.encode(before)["media"], **({":body": before.body} if before.body else {})},
    )
    sets = {name: encoded[name] for name in ("body", "media", "sends", "attributes", "updated")}
    sets |= message_events.WITHOUT_ADDITION
    return change("message", keys.message(before.conversation_sid, before.sid), sets, unchanged)


def build_withdrawal_writes(delivered: MessageWithReceipts) -> list[Write]:
    """Build the writes that remove the receipts of a message, and so its planned sends.

    There are none once a send has left. Sends wait for the files of their message. The receipts of members that cannot
    be reached are removed as well. Label: receipt, when a send has left meanwhile.
    """
    planned = {receipt.sid for receipt in receipts.build_queued(delivered.message)}
    if any(one.status is not ReceiptStatus.QUEUED for one in delivered.receipts if one.sid in planned):
        return []
    queued = Condition("#rank = :queued", {"#rank": "rank"}, {":queued": rank(ReceiptStatus.QUEUED)})
    return [
        delete(
            "receipt",
            keys.receipt(one.conversation_sid, one.message_sid, one.sid),
            queued if one.sid in planned else None,
        )
        for one in delivered.receipts
    ]


def _decode_owner(item: Item | None) -> ThreadOwner | None:
    if item is None:
        return None
    return ThreadOwner(item["conversation_sid"], item.get("service_sid"), frozenset(item.get("own", ())))


def _list_optional_keys(lookup: InboundLookup, counter: keys.Key) -> Iterator[keys.Key]:
    """List the keys of the counter of copies, the version of the settings and a conversation, where they are needed."""
    # The texts of a pair have no copies.
    if not threads.is_pair(lookup.thread):
        yield counter
    if lookup.reads_version:
        yield keys.settings_version()
    if lookup.conversation_sid:
        yield keys.conversation(lookup.conversation_sid)


def _decode_conversation(found: Mapping[keys.Key, Item], sid: str | None) -> Conversation | None:
    item = found.get(keys.conversation(sid)) if sid else None
    return codec.decode(Conversation, item) if item else None


def _select(found: Mapping[keys.Key, Item], by_number: Mapping[str, keys.Key]) -> dict[str, Item]:
    """Return the items that exist, by number."""
    return {number: found[key] for number, key in by_number.items() if key in found}


def _decode_lines(items: Mapping[str, Item]) -> dict[str, Line]:
    return {number: codec.decode(Line, item) for number, item in items.items()}


def _find_opt_outs(
    table: Table, found: Mapping[keys.Key, Item], sender: str, by_number: Mapping[str, keys.Key]
) -> dict[str, OptOut]:
    """Find what the numbers know of the sender: what was read, and what is left of people who were erased."""
    known = {number: codec.decode(OptOut, item) for number, item in _select(found, by_number).items()}
    unknown = ((sender, number) for number in by_number if number not in known)
    erased = erased_opt_outs.find(table, found.get(erased_opt_outs.MARK), unknown)
    return {**{number: state for (_, number), state in erased.items()}, **known}
