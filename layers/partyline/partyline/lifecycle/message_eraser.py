"""Erase what a conversation has of a person: their membership, their messages, and the texts that wait for them."""

from __future__ import annotations

from collections.abc import Iterable

from partyline.carriers import error_codes
from partyline.domain import erasures
from partyline.domain.conversations import Conversation
from partyline.domain.messages import Message
from partyline.domain.receipts import Receipt, ReceiptStatus
from partyline.domain.sends import RequestReference, Send, SendReference, SendState
from partyline.lifecycle.erasure_scope import CAUSE, ErasureScope, Verdict
from partyline.storage import conversations, idempotency, keys, memberships, messages, receipts, retry, sends
from partyline.storage.messages import MessageWithReceipts


def leave(scope: ErasureScope, conversation_sid: str) -> bool:
    """Remove a number from a conversation, as the API does; return whether it was a member that joined before.

    Raises Conflict when other requests win every race.
    """

    def attempt() -> bool:
        roster = conversations.load(scope.table, conversation_sid)
        if roster is None:
            return False
        staying = [
            member for member in roster.participants if member.address != scope.number or scope.is_later(member.created)
        ]
        if len(staying) == len(roster.participants):
            return False
        memberships.change_members(scope.table, roster, staying, scope.clock(), cause=CAUSE)
        return True

    return retry.STANDARD.run(attempt)


def erase_message(scope: ErasureScope, conversation_sid: str, sid: str) -> Verdict:
    """Leave of a message what `erasures.erase_message` says, without the receipts and the waiting texts of the number.

    Texts that wait are not sent, to the others neither: their receipts fail. A message of a conversation that is gone,
    as an answer to a keyword, is deleted.
    """
    delivered = messages.fetch(scope.table, conversation_sid, sid)
    if delivered is None or scope.is_later(delivered.message.created):
        return Verdict.NOTHING
    conversation = conversations.fetch(scope.table, conversation_sid)
    return _delete(scope, delivered) if conversation is None else _erase(scope, conversation, delivered)


def _delete(scope: ErasureScope, delivered: MessageWithReceipts) -> Verdict:
    """Delete a message without a conversation, with its receipts."""
    message = delivered.message
    for send in message.sends:
        _cancel(scope, delivered, send)
    _delete_receipts(scope, delivered.receipts)
    scope.table.delete_all([keys.message(message.conversation_sid, message.sid)])
    return Verdict.ERASED


def _erase(scope: ErasureScope, conversation: Conversation, delivered: MessageWithReceipts) -> Verdict:
    before = delivered.message
    after = erasures.erase_message(before, scope.number, scope.clock(), whole=scope.whole)
    if after == before:
        return Verdict.OTHERS_WORDS if scope.is_mentioned([before.body, before.attributes]) else Verdict.NOTHING
    for send in before.sends:
        if send not in after.sends:
            _cancel(scope, delivered, send)
    _delete_receipts(scope, (receipt for receipt in delivered.receipts if receipt.address == scope.number))
    _store(scope, conversation, before, after)
    return Verdict.ERASED


def _store(scope: ErasureScope, conversation: Conversation, before: Message, after: Message) -> None:
    """Store what stays of a message. The files go first: a run that ends in between finds them by the message."""
    gone = {part.sid for part in before.media} - {part.sid for part in after.media}
    scope.table.delete_all(keys.media(part) for part in sorted(gone))
    if before.request_digest and not after.request_digest:
        idempotency.forget_body(scope.table, before.conversation_sid, before.request_digest, before.sid)
    messages.update(scope.table, conversation, before, after, scope.clock(), cause=CAUSE)


def _cancel(scope: ErasureScope, delivered: MessageWithReceipts, send: Send) -> None:
    """Keep a text that waits from being sent, and fail the receipts of its other recipients."""
    queued = {receipt.address for receipt in delivered.receipts if receipt.status is ReceiptStatus.QUEUED}
    waiting = sorted(queued & send.natives.keys())
    reference, now = delivered.message.reference(send), scope.clock()
    requests = _list_requests(scope, reference, waiting) if waiting else {}
    canceled = {one for one in set(requests.values()) if sends.cancel(scope.table, one, error_codes.UNKNOWN, now)}
    for address, request in requests.items():
        if request in canceled and address != scope.number:
            scope.table.written(receipts.failing_write(reference, address, error_codes.UNKNOWN, now))


def _list_requests(
    scope: ErasureScope, reference: SendReference, recipients: Iterable[str]
) -> dict[str, RequestReference]:
    """List the requests of a send by recipient: where the carrier takes one a member, each is claimed by itself."""
    whole = RequestReference(reference)
    claim = sends.find(scope.table, whole)
    is_split = claim is not None and claim.state is SendState.SPLIT
    return {address: RequestReference(reference, address) if is_split else whole for address in recipients}


def _delete_receipts(scope: ErasureScope, gone: Iterable[Receipt]) -> None:
    scope.table.delete_all(keys.receipt(one.conversation_sid, one.message_sid, one.sid) for one in gone)
