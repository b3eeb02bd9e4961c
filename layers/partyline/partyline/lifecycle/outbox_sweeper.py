"""Find what the relay lost: recorded messages whose sends or files nobody has taken up, and queue them again.

The relay loses a record that the stream no longer has, and a table that was restored from a backup has no stream from
before. An entry of a schedule names where to look (partyline.storage.sweeps). A send that is queued twice leaves once:
it is claimed in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from partyline.domain import sids
from partyline.domain.media import MediaReference
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import SendReference
from partyline.frozen_classes import frozen
from partyline.outbound.rate_limiter import PATIENCE
from partyline.storage import messages, sends, sweeps
from partyline.storage.messages import IndexRange, MessageWithReceipts
from partyline.storage.table import Table

# How long a follow-up may take before it is looked at.
GRACE = timedelta(minutes=10)
# For how long a send that was attempted may give no sign: longer than any wait between two attempts.
SILENCE = timedelta(hours=2)
# How many messages are read at a time.
_PAGE = 100


@frozen
class OutboxSweeper:
    """Queues sends and files that were lost on their way to their queues.

    - `queue_sends`: queues sends again, in their order.
    - `fetch_media`: queues the download of a file.
    - `has_room`: whether the queue of sends is short. What is not taken up yet waits in a long one, and is not lost.
    """

    table: Table
    clock: Callable[[], datetime]
    queue_sends: Callable[[Sequence[SendReference]], None]
    fetch_media: Callable[[MediaReference], None]
    has_room: Callable[[], bool]

    def sweep(self, conversation_sid: str, first: str) -> None:
        """Look at the messages of a conversation from a message on, and queue again what is lost.

        At least once. As long as something is unfinished, it is looked at again: after half an hour, and then whenever
        its age has doubled.
        """
        now = self.clock()
        unfinished = list(self._list_unfinished(conversation_sid, first))
        due = [one for one in unfinished if now - one.message.recorded_at >= GRACE]
        lost = self._list_lost(due, now)
        if lost and self.has_room():
            self.queue_sends(lost)
        for one in due:
            for part in one.message.pending:
                self.fetch_media(MediaReference(conversation_sid, one.message.sid, part.sid))
        if unfinished:
            oldest = min((one.message for one in unfinished), key=lambda message: message.recorded_at)
            age = max(now - oldest.recorded_at, sweeps.DELAY)
            self.table.write(sweeps.entry_write(oldest, now + age))

    def _list_unfinished(self, conversation_sid: str, first: str) -> Iterator[MessageWithReceipts]:
        """List the messages from one on that have files at their carrier, or sends that have not ended, in order."""
        after = sids.index_of(first) - 1
        while True:
            page = messages.page(
                self.table, conversation_sid, size=_PAGE, within=IndexRange(after=after if after >= 0 else None)
            )
            for delivered in page.messages:
                if delivered.message.pending or any(self._list_open_sends(delivered)):
                    yield delivered
            if not page.more:
                return
            after = page.messages[-1].message.index

    def _list_open_sends(self, delivered: MessageWithReceipts) -> Iterator[SendReference]:
        """List the sends of a message that may not have ended: with a receipt that is queued, or without receipts."""
        queued = {one.address for one in delivered.receipts if one.status is ReceiptStatus.QUEUED}
        for send in delivered.message.sends:
            reference = delivered.message.reference(send)
            if queued & send.natives.keys() or (not send.natives and self._find_sign(reference) is None):
                yield reference

    def _list_lost(self, unfinished: Sequence[MessageWithReceipts], now: datetime) -> list[SendReference]:
        """List the sends that nobody attends to.

        A conversation is sent in order: what is behind a send that is attended to waits for it, and is not lost.
        """
        lost: list[SendReference] = []
        for delivered in unfinished:
            for reference in self._list_open_sends(delivered):
                sign = self._find_sign(reference)
                if sign is not None and now - sign < SILENCE:
                    return lost
                lost.append(reference)
        return lost

    def _find_sign(self, reference: SendReference) -> datetime | None:
        return sends.find_last_sign(self.table, reference, PATIENCE)
