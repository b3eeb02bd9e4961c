"""Record unrouted texts and unreadable webhooks again, by the same rules as new ones."""

from __future__ import annotations

from datetime import datetime

from partyline.carriers import registry
from partyline.carriers.base import TAG_PARAMETER, Event, InboundText, MalformedWebhook, WebhookRequest
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.frozen_classes import frozen, replace
from partyline.inbound import webhook_handler
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.inbound.webhook_handler import WebhookHandler
from partyline.observability import count, logger
from partyline.storage import unrouted

_UNREADABLE = RecordResult(RecordOutcome.UNROUTED, reason=UnroutedReason.MALFORMED)


@frozen
class UnroutedReplay:
    """Records what is in the inbox of unrouted texts again, by the same rules as a new webhook."""

    handler: WebhookHandler

    def replay(self, unrouted_text: UnroutedText, now: datetime) -> RecordResult:
        """Record an unrouted text again; once it is recorded it leaves the inbox. Exactly once for each text.

        Raises Conflict as InboundRecorder.record_unrouted.
        """
        if unrouted_text.reason is UnroutedReason.MALFORMED:
            result = self._read_again(unrouted_text, now)
        else:
            result = self.handler.recorder.record_unrouted(unrouted_text, now)
        logger.info(
            "unrouted.redriven",
            unrouted_sid=unrouted_text.sid,
            outcome=result.outcome.value,
            reason=result.reason.value if result.reason else None,
            message_sid=result.message_sid,
        )
        count("UnroutedKept" if result.outcome is RecordOutcome.UNROUTED else "UnroutedRedriven")
        return result

    def _read_again(self, unrouted_text: UnroutedText, now: datetime) -> RecordResult:
        """Read a webhook that was authentic when it came; return the result for the last of its texts.

        While a part of it cannot be read it stays in the inbox. Repeating the parts that can be read does no harm.
        """
        query = {TAG_PARAMETER: unrouted_text.tag} if unrouted_text.tag else {}
        request = WebhookRequest("", "", {}, query, unrouted_text.raw.encode())
        events = webhook_handler.parse_webhook(registry.build_reader(unrouted_text.carrier), request)
        if any(isinstance(event, MalformedWebhook) for event in events):
            return _UNREADABLE
        last = RecordResult(RecordOutcome.REPEATED)
        for event in events:
            result = self.handler.handle_event(unrouted_text.carrier, _dated(event, unrouted_text), request, now)
            if isinstance(result, MalformedWebhook):
                return _UNREADABLE
            last = result or last
        unrouted.remove(self.handler.table, unrouted_text.sid)
        return last


def _dated(event: Event, unrouted_text: UnroutedText) -> Event:
    """Date a text by its webhook where its carrier gives no time."""
    if isinstance(event, InboundText) and event.received_at is None:
        return replace(event, received_at=unrouted_text.created)
    return event
