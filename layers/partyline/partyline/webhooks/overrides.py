"""What a pre-action webhook changes of a text that a carrier brought.

The limits are REST's. There is nobody to whom a wrong change could be refused, so it is not made, with a line in the
log and a count.
"""

from __future__ import annotations

import json
from dataclasses import replace

from partyline.domain.messages import Message
from partyline.observability import count, logger
from partyline.webhooks.pre_action import PreActionDecision

# Characters.
MAX_NAME = 256
# Bytes; of a body, what Twilio takes of an inbound text, and far beyond what any carrier delivers.
MAX_BODY, MAX_ATTRIBUTES = 32 * 1024, 4 * 1024


def apply_to_message(message: Message, answer: PreActionDecision) -> Message:
    """A text with its body and attributes changed. Who wrote it stays: that is the carrier's word."""
    body, attributes = answer.changes.get("body"), answer.changes.get("attributes")
    if body is not None and _taken("onMessageAdd", "body", well=len(body.encode()) <= MAX_BODY):
        message = replace(message, body=body or None)
    if attributes is not None and _taken("onMessageAdd", "attributes", well=_is_attributes(attributes)):
        message = replace(message, attributes=attributes)
    return message


def read_friendly_name(answer: PreActionDecision) -> str | None:
    """The name of a conversation that a text makes."""
    name = answer.changes.get("friendly_name") or None
    return name if name and _taken("onConversationAdd", "friendly_name", well=len(name) <= MAX_NAME) else None


def _is_attributes(text: str) -> bool:
    if len(text.encode()) > MAX_ATTRIBUTES:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _taken(event_type: str, name: str, *, well: bool) -> bool:
    if not well:
        logger.warning("pre_webhook.unreadable", event_type=event_type, reason=f"{name} is wrong, or too long")
        count("PreWebhookUnreadable")
    return well
