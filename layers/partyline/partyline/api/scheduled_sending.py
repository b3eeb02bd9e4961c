"""Send scheduled messages: at its time, each is what POST Messages would make of it then, from who scheduled it.

So the members, lines, opt-outs and permissions of that moment hold, and the pre-action webhook is consulted. What would
refuse the request is stored as the reason why the message could not be sent.
"""

from __future__ import annotations

from partyline.api import authorization, lookups
from partyline.api.context import ApiContext, Call
from partyline.api.request import Parameters, Request
from partyline.api.resources.message_plans import plan_message, record_message
from partyline.auth.scope import VERSION, Scope, load_user
from partyline.domain.scheduled_messages import ScheduledMessage
from partyline.errors import ApiError
from partyline.frozen_classes import frozen, replace
from partyline.observability import logger
from partyline.refusals.dictionary import SERVER_ERROR
from partyline.refusals.violations import as_refusals
from partyline.storage import conversations, idempotency, retry, services
from partyline.storage import scheduled_messages as store
from partyline.webhooks import pre_action
from partyline.webhooks.pre_action import Consult


@frozen
class ScheduledSender:
    """Sends scheduled messages that are due."""

    context: ApiContext

    def send(self, conversation_sid: str, sid: str) -> None:
        """Send a scheduled message if it is due, or store why it cannot be sent.

        The message is recorded in the transaction that ends its scheduling, so a repeat finds nothing to do. Raises
        Conflict while other requests change the conversation, and what is a failure of ours: a later call can help.
        """
        ask = pre_action.memoize(self.context.ask)
        retry.CONTENDED.run(lambda: self._attempt(conversation_sid, sid, ask))

    def _attempt(self, conversation_sid: str, sid: str, ask: Consult) -> None:
        scheduled = store.fetch(self.context.table, conversation_sid, sid)
        if scheduled is None:
            # It has gone with its conversation.
            return
        if scheduled.message_sid:
            # An earlier attempt recorded it, and may have ended right behind that.
            self._reassign_answer(scheduled, scheduled.message_sid)
        if not scheduled.is_due(self.context.clock()):
            # It was changed to a later time, canceled or sent.
            return
        call = self._build_call(scheduled, ask)
        if call is None:
            # The clean-up of its Service deletes it.
            return
        try:
            with as_refusals():
                message_sid = _record(call, scheduled)
        except ApiError as refused:
            if refused.status >= SERVER_ERROR:
                raise
            # Everyone who sees the conversation reads why, and may not see the one that has its thread.
            self._fail(call, scheduled, authorization.without_owner(refused))
            return
        self._reassign_answer(scheduled, message_sid)
        logger.info("scheduled.sent", conversation_sid=conversation_sid, sid=sid, message_sid=message_sid)

    def _reassign_answer(self, scheduled: ScheduledMessage, message_sid: str) -> None:
        """Have the stored answer of the request go with the message. A repeat changes nothing."""
        digest = scheduled.request_digest
        if digest:
            idempotency.reassign(self.context.table, scheduled.conversation_sid, digest, scheduled.sid, message_sid)

    def _build_call(self, scheduled: ScheduledMessage, ask: Consult) -> Call | None:
        """Build the call that POST Messages would get now from the account; None when the Service is gone."""
        configuration, service = services.fetch_with_configuration(self.context.table, scheduled.service_sid)
        if configuration is None or service is None:
            return None
        segments = (VERSION, "Services", service.sid, "Conversations", scheduled.conversation_sid, "Messages")
        request = Request(
            method="POST",
            segments=segments,
            query=Parameters(),
            form=_build_form(scheduled),
            base_url=self.context.public_url,
            webhooks_enabled=scheduled.notify_webhooks,
        )
        scope = Scope(service, configuration, f"/{VERSION}/Services/{service.sid}", named=True)
        ids = {"conversation": scheduled.conversation_sid}
        return Call(self.context, request, scope, ids, self.context.clock(), ask)

    def _fail(self, call: Call, scheduled: ScheduledMessage, refused: ApiError) -> None:
        conversation = conversations.fetch(call.table, scheduled.conversation_sid)
        if conversation is None:
            # Its clean-up deletes the scheduled message too.
            return
        store.fail(call.table, conversation, scheduled, scheduled.failed_with(refused.code, refused.message, call.now))
        logger.info("scheduled.failed", conversation_sid=conversation.sid, sid=scheduled.sid, code=refused.code)


def _record(call: Call, scheduled: ScheduledMessage) -> str:
    """Record the message for who scheduled it; return its SID. Raises ApiError, RuleViolation, Conflict."""
    if scheduled.scheduled_by is not None:
        call = replace(call, user=load_user(call.table, call.scope, scheduled.scheduled_by, scheduled.created))
    roster = lookups.load_roster(call)
    planned = replace(plan_message(call, roster), request_digest=scheduled.request_digest)
    message = record_message(
        call,
        roster,
        planned,
        lambda message: store.ending_writes(scheduled, scheduled.sent_as(message.sid, call.now)),
    )
    return message.sid


def _build_form(scheduled: ScheduledMessage) -> Parameters:
    """Build the form of POST Messages that a scheduled message stands for."""
    return Parameters.from_pairs(
        [
            ("Author", scheduled.author),
            ("Body", scheduled.body or ""),
            ("Attributes", scheduled.attributes),
            *(("MediaSid", sid) for sid in scheduled.media_sids),
        ]
    )
