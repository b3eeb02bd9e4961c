"""Making a conversation active that was made with its participants: the pre-action webhook is asked about each of them,
and then they are all in it, or it is closed.

At least once for each conversation: what is found active, closed or gone is left alone. A run that dies before it has
written leaves the conversation initializing; it is found by its time (partyline.lifecycle.expiry), and the webhook is
asked again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from partyline.domain import events
from partyline.domain.conversations import ConversationState
from partyline.observability import logger
from partyline.storage import conversations, retry, webhooks
from partyline.storage.conversations import Roster
from partyline.storage.table import Table
from partyline.webhooks.pre_action import ConsultAll

# Twilio's code of "Errors occurred during multiple participants creation". No request is answered with it.
FAILED = 50427


class ActivationOutcome(StrEnum):
    """What became of a conversation."""

    ACTIVATED = "activated"
    FAILED = "failed"  # a participant was rejected: it is closed, and its people are free
    REPEATED = "repeated"  # it was not initializing any more


@dataclass(frozen=True, slots=True)
class Activator:
    """What activating works with. `ask` asks about several participants side by side, and takes five seconds for each
    sixteen of them."""

    table: Table
    ask: ConsultAll
    clock: Callable[[], datetime]


def encode(sid: str) -> str:
    """A conversation to be activated, as the body of a queue's message."""
    return json.dumps({"conversation_sid": sid})


def decode(body: str) -> str:
    """The SID of such a body."""
    return str(json.loads(body)["conversation_sid"])


def activate_conversation(desk: Activator, sid: str) -> ActivationOutcome:
    """Activate a conversation, or close it. Raises Conflict when other requests change it again and again, and the
    table's errors: then it is to be tried again."""
    roster = conversations.load(desk.table, sid)
    if roster is None or roster.conversation.state is not ConversationState.INITIALIZING:
        return ActivationOutcome.REPEATED
    rejected = _rejected(desk, roster)
    outcome = retry.STANDARD.run(lambda: _finish(desk, sid, failed=bool(rejected)))
    if outcome is ActivationOutcome.FAILED:
        logger.error("activation.failed", conversation_sid=sid, error_code=FAILED, participants=rejected)
    return outcome


def _rejected(desk: Activator, roster: Roster) -> list[str]:
    """The SIDs of the participants that the webhook does not let in."""
    conversation = roster.conversation
    if not conversation.notify_webhooks:
        return []
    force = webhooks.fetch_in_force(desk.table, conversation.service_sid)
    joining = [events.participant_event("onParticipantAdd", member, conversation) for member in roster.participants]
    if force.service:
        joining = [events.with_default_role(event, force.service) for event in joining]
    answers = desk.ask(force.webhooks, joining, conversations.activation_cause(conversation))
    return [member.sid for member, answer in zip(roster.participants, answers, strict=True) if answer.rejected]


def _finish(desk: Activator, sid: str, *, failed: bool) -> ActivationOutcome:
    """Write down what came of it. Raises Conflict when another request changed the conversation meanwhile."""
    roster = conversations.load(desk.table, sid)
    if roster is None or roster.conversation.state is not ConversationState.INITIALIZING:
        return ActivationOutcome.REPEATED
    if failed:
        conversations.fail_activation(desk.table, roster.conversation, desk.clock(), error_code=FAILED)
        return ActivationOutcome.FAILED
    conversations.activate(desk.table, roster, desk.clock())
    return ActivationOutcome.ACTIVATED
