"""Handle the webhook of a carrier: authenticate it, read it, record what it brings.

The answer is 2xx only when everything in the webhook is durable. Carriers deliver at least once, in any order and at
the same time; the recorder makes that exactly once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

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
from partyline.domain.messages import MAX_INBOUND_BODY
from partyline.domain.unrouted import UnroutedReason
from partyline.errors import WebhookRefused
from partyline.frozen_classes import frozen
from partyline.inbound import unrouted_inbox
from partyline.inbound.recorder import InboundRecorder, RecordOutcome, RecordResult
from partyline.media import text_part
from partyline.observability import count, logger
from partyline.outbound import delivery_reports
from partyline.storage.table import Table

# Bytes: far more than any real webhook, far less than the 400 KB of a DynamoDB item.
MAX_BODY = 256 * 1024
# How many files an inbound text has at most: far more than any carrier delivers.
MAX_MEDIA = 50
# Unrouted texts that ask for no action: our own webhook rejected them, or their keyword has taken effect.
_METRICS_BY_REASON = {UnroutedReason.REJECTED: "TextRejected", UnroutedReason.KEYWORD: "TextKeyword"}


@frozen
class WebhookHandler:
    """Handles the webhooks of all carriers.

    `complete` adds the words that only a file of a text has, until a moment of time.monotonic (media.text_part).
    """

    table: Table
    recorder: InboundRecorder
    complete: Callable[[Carrier, InboundText, float], InboundText] = lambda _carrier, text, _until: text

    def handle(self, carrier: Carrier, request: WebhookRequest, now: datetime) -> None:
        """Handle a webhook. Returns when all of it is durable.

        An element that can never be recorded is stored as it came, so that the carrier does not repeat it for ever.

        Raises WebhookRefused, and the table's errors.
        """
        if len(request.body) > MAX_BODY:
            raise WebhookRefused(413, "larger than any webhook")
        carrier.authenticate(request, now.timestamp())
        malformed: MalformedWebhook | None = None
        until = time.monotonic() + text_part.PATIENCE
        for event in parse_webhook(carrier, request):
            result = self.handle_event(carrier.name, self._receive(carrier, event, until), request, now)
            malformed = result if isinstance(result, MalformedWebhook) else malformed
        if malformed:
            # The whole webhook is stored once, however many of its parts cannot be read.
            stored = unrouted_inbox.store_malformed(self.table, carrier.name, malformed, now, request.tag)
            logger.error("webhook.malformed", carrier=carrier.name, reason=malformed.reason, unrouted_sid=stored.sid)
            count("WebhookMalformed")

    def handle_event(
        self, carrier: str, event: Event, request: WebhookRequest, now: datetime
    ) -> RecordResult | MalformedWebhook | None:
        """Handle one event of a webhook; return the result for a text and None for any other event.

        Returns MalformedWebhook for an event that was malformed before, a text without content, and one that the table
        can never store. Raises the table's other errors.
        """
        if isinstance(event, MalformedWebhook):
            return event
        if isinstance(event, InboundText) and _is_blank(event):
            return _malformed("neither text nor file", request)
        try:
            return self._record(carrier, event, now)
        except (ValueError, ClientError) as error:
            if not _is_unstorable(error):
                raise
            return _malformed(f"cannot be recorded: {type(error).__name__}", request)

    def record_text(self, text: InboundText, now: datetime) -> RecordResult:
        """Record a text, with its log line and its metrics. Raises as InboundRecorder.record."""
        result = self.recorder.record(text, now)
        logger.info(
            "text.taken",
            carrier=text.carrier,
            carrier_message_id=text.id,
            outcome=result.outcome.value,
            reason=result.reason.value if result.reason else None,
            conversation_sid=result.conversation_sid,
            message_sid=result.message_sid,
        )
        metric = _METRICS_BY_REASON.get(result.reason) if result.reason else None
        count(metric or f"Text{result.outcome.capitalize()}")
        if result.unanswered:
            logger.info("keyword.unanswered", carrier=text.carrier, carrier_message_id=text.id)
            count("KeywordUnanswered")
        if text.roster_missing and result.outcome is not RecordOutcome.REPEATED:
            logger.error("text.roster_missing", carrier=text.carrier, carrier_message_id=text.id)
            count("TextRosterMissing")
        return result

    def _receive(self, carrier: Carrier, event: Event, until: float) -> Event:
        """Count a text, and add the words that only a file of it has. Returns other events as they are."""
        if not isinstance(event, InboundText):
            return event
        count("TextReceived")
        return self.complete(carrier, event, until)

    def _record(
        self, carrier: str, event: InboundText | DeliveryReport | IgnoredEvent, now: datetime
    ) -> RecordResult | None:
        match event:
            case InboundText():
                return self.record_text(event, now)
            case DeliveryReport():
                applied = delivery_reports.apply_report(self.table, event, now)
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


def parse_webhook(carrier: Carrier, request: WebhookRequest) -> list[Event]:
    """Parse an authentic webhook into its events, in order. A text beyond our limits is a MalformedWebhook."""
    return [
        _malformed("the text is larger than any", request)
        if isinstance(event, InboundText) and _exceeds_limits(event)
        else event
        for event in carrier.parse(request)
    ]


def _malformed(reason: str, request: WebhookRequest) -> MalformedWebhook:
    return MalformedWebhook(reason, request.body.decode("utf-8", "replace"))


def _exceeds_limits(text: InboundText) -> bool:
    """Whether a text is so large that the API could not answer with a list of such texts."""
    return len(text.text.encode("utf-8", "replace")) > MAX_INBOUND_BODY or len(text.media) > MAX_MEDIA


def _is_blank(text: InboundText) -> bool:
    """Whether a text has no content: what it said is elsewhere in its webhook, or was lost.

    A keyword that the carrier has recognised is content without a word.
    """
    return not (
        normalization.normalize(text.text) or any(file.url for file in text.media) or text.keyword_handled_by_carrier
    )


def _is_unstorable(error: ValueError | ClientError) -> bool:
    """Whether the table can never store this: a key or item beyond its limits, or a text that is not Unicode."""
    if not isinstance(error, ClientError):
        return True
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = {error.response["Error"]["Code"], *(reason.get("Code") for reason in reasons)}
    return bool(codes & {"ValidationException", "SerializationException", "ValidationError"})
