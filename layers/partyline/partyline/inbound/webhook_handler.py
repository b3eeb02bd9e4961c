"""What a carrier's webhook sets off: authenticate, understand, record, answer.

The answer is 2xx only when everything in the webhook is durable. Carriers deliver at least once, in any order and at
the same time; recording makes exactly once of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from partyline.carriers import schemas
from partyline.carriers.base import (
    Carrier,
    DeliveryReport,
    Event,
    IgnoredEvent,
    InboundText,
    MalformedWebhook,
    WebhookRequest,
)
from partyline.domain import normalization
from partyline.domain.unrouted import UnroutedReason
from partyline.errors import WebhookRefused
from partyline.inbound import recorder
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.media import text_part
from partyline.observability import count, logger
from partyline.outbound import delivery_reports
from partyline.storage.table import Table
from partyline.webhooks import overrides
from partyline.webhooks.pre_action import Consult

# Far more than any real webhook, far less than an item of the table holds.
MAX_BODY = 256 * 1024
# How many media an inbound text has at most: far beyond what any carrier delivers.
MAX_MEDIA = 50


@dataclass(frozen=True, slots=True)
class WebhookHandler:
    """What receiving works with. `service_sid` is the account's first Service, in which conversations are made
    while it has no settings; `ask` asks pre-action webhooks; `complete` gives a text the words that only a file of it
    has, until a moment of time.monotonic (media.text_part)."""

    table: Table
    service_sid: str
    ask: Consult
    complete: Callable[[Carrier, InboundText, float], InboundText] = lambda _carrier, text, _until: text


def handle_webhook(desk: WebhookHandler, carrier: Carrier, request: WebhookRequest, now: datetime) -> None:
    """Take a webhook. Returns when all of it is durable; raises WebhookRefused, and what the table raises.

    An element that can never be recorded is kept as it came, so that the carrier does not repeat it for ever.
    """
    if len(request.body) > MAX_BODY:
        raise WebhookRefused(413, "larger than any webhook")
    carrier.authenticate(request, now.timestamp())
    malformed: MalformedWebhook | None = None
    until = time.monotonic() + text_part.PATIENCE
    for event in parse_webhook(carrier, request):
        whole = desk.complete(carrier, event, until) if isinstance(event, InboundText) else event
        taken = handle_event(desk, carrier.name, whole, request, now)
        malformed = taken if isinstance(taken, MalformedWebhook) else malformed
    if malformed:
        # The whole webhook is kept, once, however many of its parts are unreadable.
        kept = recorder.store_malformed(desk.table, carrier.name, malformed, now, schemas.tag(request))
        logger.error("webhook.malformed", carrier=carrier.name, reason=malformed.reason, unrouted_sid=kept.sid)
        count("WebhookMalformed")


def parse_webhook(carrier: Carrier, request: WebhookRequest) -> list[Event]:
    """The events of an authentic webhook, in its order. A text that is larger than any is Malformed."""
    return [
        _malformed("the text is larger than any", request)
        if isinstance(event, InboundText) and _is_monstrous(event)
        else event
        for event in carrier.parse(request)
    ]


def handle_event(
    desk: WebhookHandler, carrier: str, event: Event, request: WebhookRequest, now: datetime
) -> RecordResult | MalformedWebhook | None:
    """Take one event of a webhook: what became of a text, None for another event. Malformed is what was so before, a
    text that says nothing, and what the table can never take. Raises what else the table raises."""
    if isinstance(event, MalformedWebhook):
        return event
    if isinstance(event, InboundText) and _is_blank(event):
        return _malformed("neither text nor file", request)
    try:
        return _take(desk, carrier, event, now)
    except (ValueError, ClientError) as error:
        if not _is_poison(error):
            raise
        return _malformed(f"cannot be recorded: {type(error).__name__}", request)


def _take(
    desk: WebhookHandler, carrier: str, event: InboundText | DeliveryReport | IgnoredEvent, now: datetime
) -> RecordResult | None:
    match event:
        case InboundText():
            return _take_text(desk, event, now)
        case DeliveryReport():
            applied = delivery_reports.apply_report(desk.table, event, now)
            logger.info(
                "report.taken",
                carrier=carrier,
                carrier_message_id=event.id,
                status=event.status.value,
                carrier_code=event.carrier_code,
                applied=applied.value,
            )
            count(f"Report{applied.capitalize()}")
        case IgnoredEvent():
            logger.info("webhook.ignored", carrier=carrier, kind=event.kind)
    return None


def _take_text(desk: WebhookHandler, text: InboundText, now: datetime) -> RecordResult:
    recorded = recorder.record(desk.table, text, service_sid=desk.service_sid, now=now, ask=desk.ask)
    logger.info(
        "text.taken",
        carrier=text.carrier,
        carrier_message_id=text.id,
        outcome=recorded.outcome.value,
        reason=recorded.reason.value if recorded.reason else None,
        conversation_sid=recorded.conversation_sid,
        message_sid=recorded.message_sid,
    )
    # Of these nobody needs to be told: a webhook of ours refused them, or they have had their effect.
    quiet = {UnroutedReason.REJECTED: "TextRejected", UnroutedReason.KEYWORD: "TextKeyword"}
    count(quiet[recorded.reason] if recorded.reason in quiet else f"Text{recorded.outcome.capitalize()}")
    if recorded.unanswered:
        logger.info("keyword.unanswered", carrier=text.carrier, carrier_message_id=text.id)
        count("KeywordUnanswered")
    if text.roster_missing and recorded.outcome is not RecordOutcome.REPEATED:
        logger.error("text.roster_missing", carrier=text.carrier, carrier_message_id=text.id)
        count("TextRosterMissing")
    return recorded


def _malformed(reason: str, request: WebhookRequest) -> MalformedWebhook:
    return MalformedWebhook(reason, request.body.decode("utf-8", "replace"))


def _is_monstrous(text: InboundText) -> bool:
    """Whether a text is so large that lists of such texts could not be answered."""
    return len(text.text.encode("utf-8", "replace")) > overrides.MAX_BODY or len(text.media) > MAX_MEDIA


def _is_blank(text: InboundText) -> bool:
    """Whether a text would be a message of nothing, so that what it said is somewhere else in its webhook, or was
    lost. What its carrier took for a keyword has its effect, also without the word."""
    return not (normalization.normalize(text.text) or any(file.url for file in text.media) or text.answered)


def _is_poison(error: ValueError | ClientError) -> bool:
    """Whether the table can never take this: a key or an item beyond its limits, or a text that is not Unicode."""
    if not isinstance(error, ClientError):
        return True
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = {error.response["Error"]["Code"], *(reason.get("Code") for reason in reasons)}
    return bool(codes & {"ValidationException", "SerializationException", "ValidationError"})
