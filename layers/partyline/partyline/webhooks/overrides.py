"""Apply the changes of a pre-action webhook to a text that a carrier delivered.

The limits are those of the REST API. A carrier has no use for an error about an invalid change, so the change is
dropped: a warning is logged and `PreWebhookUnreadable` is counted.
"""

from __future__ import annotations

import json

from partyline.domain.messages import MAX_INBOUND_BODY, Message
from partyline.frozen_classes import replace
from partyline.observability import count, logger
from partyline.webhooks.pre_action import PreActionDecision

# Characters.
MAX_NAME = 256
# Bytes.
MAX_ATTRIBUTES = 4 * 1024


def apply_to_message(message: Message, decision: PreActionDecision) -> Message:
    """Return a message with the body and attributes of a decision.

    The author never changes: the carrier names it.
    """
    body, attributes = decision.changes.get("body"), decision.changes.get("attributes")
    if body is not None and _accept("onMessageAdd", "body", valid=len(body.encode()) <= MAX_INBOUND_BODY):
        message = replace(message, body=body or None)
    if attributes is not None and _accept("onMessageAdd", "attributes", valid=_is_attributes(attributes)):
        message = replace(message, attributes=attributes)
    return message


def read_friendly_name(decision: PreActionDecision) -> str | None:
    """Return the valid friendly name that a decision gives to a new conversation."""
    name = decision.changes.get("friendly_name") or None
    return name if name and _accept("onConversationAdd", "friendly_name", valid=len(name) <= MAX_NAME) else None


def _is_attributes(text: str) -> bool:
    if len(text.encode()) > MAX_ATTRIBUTES:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _accept(event_type: str, name: str, *, valid: bool) -> bool:
    """Return `valid`; log and count a change that is not."""
    if not valid:
        logger.warning("pre_webhook.unreadable", event_type=event_type, reason=f"{name} is wrong, or too long")
        count("PreWebhookUnreadable")
    return valid
