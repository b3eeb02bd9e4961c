"""Receipts: one item for each native recipient, which only moves forward.

A report that arrives before its send is recorded is stored until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from partyline.domain import sids, threads
from partyline.domain.messages import Message
from partyline.domain.receipts import PartReceipt, Receipt, ReceiptStatus, rank
from partyline.domain.routing import Unreached
from partyline.domain.sends import SendReference
from partyline.errors import Conflict
from partyline.frozen_classes import frozen, replace
from partyline.serialization import format_time
from partyline.storage import codec, keys, retry, statements
from partyline.storage.attribute_values import Item
from partyline.storage.statements import Statement
from partyline.storage.table import NEW, Condition, Table, Write, change, check, diff_items, put

# Carriers repeat and delay reports for a few days at most. Reports of texts that Partyline did not send expire too.
EARLY_REPORT_LIFE = timedelta(days=7)


@frozen
class ReportedStatus:
    """What a carrier reported of one recipient of a message. `error_code` is Twilio's, 0 for none."""

    recipient: str
    status: ReceiptStatus
    error_code: int = 0


def build_queued(message: Message) -> tuple[Receipt, ...]:
    """Build the first receipts of a message: one for each native recipient of its sends."""
    return tuple(
        _receipt(message, send.thread, address, participant_sid)
        for send in message.sends
        for address, participant_sid in send.natives.items()
    )


def build_failed(message: Message, unreached: Iterable[Unreached], error_code: int) -> tuple[Receipt, ...]:
    """Build the receipts of the recipients that a new message cannot reach, with Twilio's code of the reason."""
    return tuple(
        replace(
            _receipt(message, one.thread, one.participant.address, one.participant.sid),
            status=ReceiptStatus.FAILED,
            error_code=error_code,
        )
        for one in unreached
        if one.participant.address
    )


def _receipt(message: Message, thread: str, address: str, participant_sid: str) -> Receipt:
    return Receipt(
        sid=sids.receipt(message.sid, threads.digest(thread), address),
        message_sid=message.sid,
        conversation_sid=message.conversation_sid,
        participant_sid=participant_sid,
        address=address,
        created=message.created,
        updated=message.created,
    )


def creation_write(receipt: Receipt) -> Write:
    """Build the write of a new receipt."""
    key = keys.receipt(receipt.conversation_sid, receipt.message_sid, receipt.sid)
    return put("receipt", key, codec.encode_receipt(receipt))


def move(
    table: Table,
    reference: SendReference,
    reported: ReportedStatus,
    now: datetime,
    *,
    carrier: str = "",
    carrier_message_id: str = "",
) -> bool:
    """Move one recipient's receipt forward.

    Returns False when it is as far already, or when the recipient has none (another of our own numbers). The carrier
    and its message id are recorded when they are known.
    """
    if reference.parts > 1:
        return _move_part(table, reference, reported, now, carrier, carrier_message_id)
    sets = _moved_attributes(reported, now, carrier, carrier_message_id)
    forward = Condition("#rank < :reached", {"#rank": "rank"}, {":reached": rank(reported.status)})
    key = _key(reference, reported.recipient)
    try:
        # A concurrent write of the receipt does not show how far it is.
        retry.STANDARD.run(
            lambda: table.write(change("receipt", key, sets, forward)),
            can_retry=retry.is_race,
        )
    except Conflict as conflict:
        if not conflict.failed:
            raise
        return False
    return True


def moving_statement(
    reference: SendReference,
    reported: ReportedStatus,
    now: datetime,
    *,
    carrier: str = "",
    carrier_message_id: str = "",
) -> Statement:
    """Build the statement that moves one recipient's receipt forward, as `move` does; not that of a part."""
    sets = _moved_attributes(reported, now, carrier, carrier_message_id)
    return statements.update(_key(reference, reported.recipient), sets, below=("rank", rank(reported.status)))


def failing_write(reference: SendReference, recipient: str, error_code: int, now: datetime) -> Write:
    """Build the write that fails a receipt that is still `queued`. Label: receipt, when it is not."""
    is_queued = Condition("#rank = :queued", {"#rank": "rank"}, {":queued": rank(ReceiptStatus.QUEUED)})
    failed = _status_attributes(ReportedStatus(recipient, ReceiptStatus.FAILED, error_code), now)
    return change("receipt", _key(reference, recipient), failed, is_queued)


def _key(reference: SendReference, recipient: str) -> keys.Key:
    sid = sids.receipt(reference.message_sid, reference.thread, recipient)
    return keys.receipt(reference.conversation_sid, reference.message_sid, sid)


def _moved_attributes(
    reported: ReportedStatus, now: datetime, carrier: str, carrier_message_id: str
) -> dict[str, object]:
    sets = _status_attributes(reported, now)
    if carrier_message_id:
        sets["channel_message_sid"] = sids.channel_message(carrier, carrier_message_id, reported.recipient)
        sets["carrier_message_id"] = carrier_message_id
    return sets


def _status_attributes(reported: ReportedStatus, now: datetime) -> dict[str, object]:
    return {
        "status": reported.status.value,
        "rank": rank(reported.status),
        "error_code": reported.error_code,
        "updated": format_time(now),
    }


def _move_part(
    table: Table,
    reference: SendReference,
    reported: ReportedStatus,
    now: datetime,
    carrier: str,
    carrier_message_id: str,
) -> bool:
    """Move one part of a long text forward, and the recipient's receipt with it; return whether the part moved."""
    key = _key(reference, reported.recipient)

    def attempt() -> bool:
        item = table.get(key)
        if item is None:
            return False
        before = codec.decode(Receipt, item)
        previous = before.part(reference.part)
        if rank(reported.status) <= rank(previous.status):
            return False
        part = PartReceipt(reference.part, reported.status, carrier_message_id or previous.carrier_message_id)
        after = replace(before.with_part(reference, part, reported.error_code), updated=now)
        if carrier_message_id and reference.part == 1:
            channel_message_sid = sids.channel_message(carrier, carrier_message_id, reported.recipient)
            after = replace(after, channel_message_sid=channel_message_sid, carrier_message_id=carrier_message_id)
        sets = diff_items(codec.encode_receipt(before), codec.encode_receipt(after))
        table.write(change("receipt", key, sets, _is_unchanged(item)))
        return True

    return retry.CONTENDED.run(attempt)


def _is_unchanged(item: Item) -> Condition:
    """Require that neither the receipt nor a part of it has moved since it was read."""
    names = {"#rank": "rank", "#parts": "parts"}
    if "parts" not in item:
        return Condition("#rank = :rank AND attribute_not_exists(#parts)", names, {":rank": item["rank"]})
    values = {":rank": item["rank"], ":parts": item["parts"]}
    return Condition("#rank = :rank AND #parts = :parts", names, values)


@frozen
class SentText:
    """What a carrier's message id stands for: a send, and its recipients by the carrier's names for them."""

    reference: SendReference
    names: Mapping[str, str]


def find_sent(table: Table, carrier: str, carrier_message_id: str) -> SentText | None:
    """Find the send that a carrier's message id stands for."""
    item = table.get(keys.sent(carrier, carrier_message_id))
    if item is None:
        return None
    send = SendReference(item["conversation_sid"], item["message_sid"], item["thread"])
    return SentText(replace(send, part=item.get("part", 1), parts=item.get("parts", 1)), item.get("names", {}))


def store_early_report(
    table: Table, carrier: str, carrier_message_id: str, reported: ReportedStatus, now: datetime
) -> bool:
    """Store a report whose send is not recorded yet.

    Returns False when the send is recorded by now, so that the report can be applied.
    """
    unrecorded = check("sent", keys.sent(carrier, carrier_message_id), NEW)
    try:
        table.transact([unrecorded, early_report_write(carrier, carrier_message_id, reported, now)])
    except Conflict as conflict:
        if "sent" in conflict.failed:
            return False
        raise
    return True


def early_report_write(carrier: str, carrier_message_id: str, reported: ReportedStatus, now: datetime) -> Write:
    """Build the write of a report that waits beside the carrier's message id until the send is settled."""
    key = keys.early_report(carrier, carrier_message_id, reported.recipient, reported.status)
    item = {
        "recipient": reported.recipient,
        "status": reported.status.value,
        "error_code": reported.error_code,
        "ttl": int((now + EARLY_REPORT_LIFE).timestamp()),
    }
    return put("early", key, item)


def list_early_reports(table: Table, carrier: str, carrier_message_id: str) -> list[ReportedStatus]:
    """List the reports that arrived before their send was recorded, or were recorded with it; weakest first."""
    items = table.query_all(keys.sent(carrier, carrier_message_id).pk, begins=keys.EARLY_REPORTS)
    reports = [
        ReportedStatus(item["recipient"], ReceiptStatus(item["status"]), item.get("error_code", 0)) for item in items
    ]
    return sorted(reports, key=lambda reported: rank(reported.status))
