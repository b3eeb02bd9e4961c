"""Activate a conversation that was created with its participants.

The pre-action webhook is consulted about each participant. Then the conversation becomes active with all of them, or is
closed. At least once for each conversation: one that is active, closed or gone is left alone. A run that ends before it
has written leaves the conversation initializing. Its timer finds it (lifecycle.expiry), and the webhook is consulted
again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from partyline.domain import events, membership
from partyline.domain.conversations import ConversationState
from partyline.domain.membership import Roster
from partyline.frozen_classes import frozen
from partyline.observability import logger
from partyline.storage import conversations, retry, webhooks
from partyline.storage.table import Table
from partyline.webhooks.pre_action import ConsultAll

# Twilio's code of "Errors occurred during multiple participants creation". No request is answered with it.
FAILED = 50427


class ActivationOutcome(StrEnum):
    """The result of an activation."""

    ACTIVATED = "activated"
    FAILED = "failed"  # the webhook rejected a participant: the conversation is closed, and its addresses are free
    REPEATED = "repeated"  # the conversation was not initializing any more


@frozen
class Activator:
    """Activates conversations. `consult_all` consults the webhook about the participants, in parallel."""

    table: Table
    consult_all: ConsultAll
    clock: Callable[[], datetime]

    def activate(self, sid: str) -> ActivationOutcome:
        """Activate a conversation, or close it. Takes five seconds for each sixteen participants at most.

        Raises Conflict when other requests change the conversation again and again, and the table's errors. Both can be
        tried again.
        """
        roster = conversations.load(self.table, sid)
        if roster is None or roster.conversation.state is not ConversationState.INITIALIZING:
            return ActivationOutcome.REPEATED
        rejected = self._find_rejected(roster)
        outcome = retry.STANDARD.run(lambda: self._write(sid, failed=bool(rejected)))
        if outcome is ActivationOutcome.FAILED:
            logger.error("activation.failed", conversation_sid=sid, error_code=FAILED, participants=rejected)
        return outcome

    def _find_rejected(self, roster: Roster) -> list[str]:
        """Return the SIDs of the participants that the webhook rejects."""
        conversation = roster.conversation
        if not conversation.notify_webhooks:
            return []
        in_force = webhooks.fetch_in_force(self.table, conversation.service_sid)
        joining = [events.participant_event("onParticipantAdd", member, conversation) for member in roster.participants]
        if in_force.service:
            joining = [events.with_default_role(event, in_force.service) for event in joining]
        decisions = self.consult_all(in_force.webhooks, joining, membership.activation_cause(conversation))
        return [
            member.sid for member, decision in zip(roster.participants, decisions, strict=True) if decision.rejected
        ]

    def _write(self, sid: str, *, failed: bool) -> ActivationOutcome:
        """Write the result. Raises Conflict when another request changed the conversation meanwhile."""
        roster = conversations.load(self.table, sid)
        if roster is None or roster.conversation.state is not ConversationState.INITIALIZING:
            return ActivationOutcome.REPEATED
        if failed:
            conversations.fail_activation(self.table, roster.conversation, self.clock(), error_code=FAILED)
            return ActivationOutcome.FAILED
        conversations.activate(self.table, roster, self.clock())
        return ActivationOutcome.ACTIVATED
