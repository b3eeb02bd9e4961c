"""Store texts that no conversation takes, and webhooks that cannot be read, so that nothing is ever lost."""

from __future__ import annotations

from datetime import datetime

from partyline.carriers.base import InboundMedia, InboundText, MalformedWebhook
from partyline.domain import sids
from partyline.domain.opt_outs import Keyword
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.inbound import message_builder
from partyline.inbound.inbound_context import InboundContext
from partyline.storage import unrouted
from partyline.storage.table import Table

# Bytes of an unreadable webhook that are stored: an item of the table holds 400 KB.
MAX_RAW = 256 * 1024


def build_unrouted_text(context: InboundContext, reason: UnroutedReason) -> UnroutedText:
    """Build the entry of a text. Its SID is derived from the carrier's id, so that a repeat is the same entry."""
    text, arrival = context.text, context.arrival
    return UnroutedText(
        sid=sids.derive(sids.UNROUTED, text.carrier, text.id),
        carrier=text.carrier,
        carrier_message_id=text.id,
        reason=reason,
        created=context.now,
        received_at=text.received_at,
        line=arrival.line,
        sender=arrival.sender,
        recipients=arrival.recipients,
        body=text.text,
        media=message_builder.build_media(text),
        keyword_handled_by_carrier=text.keyword_handled_by_carrier.value if text.keyword_handled_by_carrier else None,
        only_subject=text.only_subject,
    )


def to_inbound_text(unrouted_text: UnroutedText) -> InboundText:
    """Build the text of an entry, as its carrier delivered it."""
    return InboundText(
        carrier=unrouted_text.carrier,
        id=unrouted_text.carrier_message_id,
        line=unrouted_text.line,
        sender=unrouted_text.sender,
        recipients=unrouted_text.recipients,
        text=unrouted_text.body,
        media=tuple(InboundMedia(media.url, media.content_type, media.sha256) for media in unrouted_text.media),
        # Without a carrier's time, the time at which it came: closer than the time of a replay.
        received_at=unrouted_text.received_at or unrouted_text.created,
        keyword_handled_by_carrier=Keyword(unrouted_text.keyword_handled_by_carrier)
        if unrouted_text.keyword_handled_by_carrier
        else None,
        only_subject=unrouted_text.only_subject,
    )


def store_malformed(
    table: Table, carrier: str, malformed: MalformedWebhook, now: datetime, tag: str | None = None
) -> UnroutedText:
    """Store an authentic webhook that cannot be read: once for the same content, however often it is repeated.

    `tag` is our own tag, where the URL of the webhook had one.
    """
    unrouted_text = UnroutedText(
        sid=sids.derive(sids.UNROUTED, carrier, malformed.raw),
        carrier=carrier,
        carrier_message_id="",
        reason=UnroutedReason.MALFORMED,
        created=now,
        raw=malformed.raw.encode("utf-8", "replace")[:MAX_RAW].decode("utf-8", "ignore"),
        tag=tag,
    )
    table.write(unrouted.put_write(unrouted_text))
    return unrouted_text
