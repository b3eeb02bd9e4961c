"""Texts and webhooks that were kept, tried again: a line has been registered since, or the carrier's reader mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from partyline.carriers import registry, schemas
from partyline.carriers.base import Event, InboundText, MalformedWebhook, WebhookRequest
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.inbound import recorder, webhook_handler
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.inbound.webhook_handler import WebhookHandler
from partyline.observability import count, logger
from partyline.storage import unrouted


def replay_unrouted(desk: WebhookHandler, kept: UnroutedText, now: datetime) -> RecordResult:
    """Try again what was kept; what became of it. What was taken is no longer kept. Exactly once for each text.

    Raises Conflict as recording.redrive.
    """
    if kept.reason is UnroutedReason.MALFORMED:
        redriven = _read_again(desk, kept, now)
    else:
        redriven = recorder.record_unrouted(desk.table, kept, service_sid=desk.service_sid, now=now, ask=desk.ask)
    logger.info(
        "unrouted.redriven",
        unrouted_sid=kept.sid,
        outcome=redriven.outcome.value,
        reason=redriven.reason.value if redriven.reason else None,
        message_sid=redriven.message_sid,
    )
    count("UnroutedKept" if redriven.outcome is RecordOutcome.UNROUTED else "UnroutedRedriven")
    return redriven


def _read_again(desk: WebhookHandler, kept: UnroutedText, now: datetime) -> RecordResult:
    """Read a webhook anew, which was authentic when it came; the last of its texts is what became of it. While a part
    of it cannot be read it stays, and what can be read is repeated without harm."""
    query = {schemas.TAG_PARAMETER: kept.tag} if kept.tag else {}
    request = WebhookRequest("", "", {}, query, kept.raw.encode())
    events = webhook_handler.parse_webhook(registry.build_reader(kept.carrier), request)
    unreadable = RecordResult(RecordOutcome.UNROUTED, reason=UnroutedReason.MALFORMED)
    if any(isinstance(event, MalformedWebhook) for event in events):
        return unreadable
    redriven = RecordResult(RecordOutcome.REPEATED)
    for event in events:
        taken = webhook_handler.handle_event(desk, kept.carrier, _dated(event, kept), request, now)
        if isinstance(taken, MalformedWebhook):
            return unreadable
        redriven = taken or redriven
    unrouted.remove(desk.table, kept.sid)
    return redriven


def _dated(event: Event, kept: UnroutedText) -> Event:
    """A text dated by its webhook, where its carrier tells no time."""
    if isinstance(event, InboundText) and event.received_at is None:
        return replace(event, received_at=kept.created)
    return event
