"""Messages: create, fetch, list, update, delete."""

from __future__ import annotations

from collections.abc import Callable

from partyline.api import authorization, lookups, message_lists, pre_webhook, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.idempotency import IdempotentRequest, answer_once
from partyline.api.request import Parameters
from partyline.api.resources import authors
from partyline.api.resources.message_plans import (
    DATES,
    MessageChanges,
    apply_overrides,
    check_body,
    plan_message,
    record_message,
)
from partyline.api.resources.scheduled_messages import SEND_AT, schedule
from partyline.api.router import Router
from partyline.domain import events, sids
from partyline.domain.conversations import Conversation
from partyline.domain.messages import Message
from partyline.domain.permissions import Permission
from partyline.frozen_classes import replace
from partyline.storage import idempotency as idempotent_requests
from partyline.storage import messages as store
from partyline.storage import receipts, retry
from partyline.storage.messages import MessageWithReceipts

route = Router()


@route.post("Conversations/{conversation}/Messages", users=True)
def create(call: Call) -> ApiResponse:
    """Create a message. It is recorded when the request is answered, and sent a moment later.

    With `SendAt` it is scheduled instead, and the answer is a scheduled message, with 202.

    Raises ApiError 21610 (every recipient has opted out), 21623, 21653, 50056, 50303, 50304, 50308, 50309, 50310,
    50377, 50386, 50407, 50413, 50416 and 50438 (another conversation has the thread), 50439, 50503, 50504, 50507,
    50508, 50510 to 50513, 50526.
    """
    create_one = schedule if SEND_AT in call.request.form.values else _record
    return answer_once(
        call, lambda once: retry.CONTENDED.run(lambda: create_one(once), can_retry=idempotent_requests.can_retry)
    )


def _record(once: IdempotentRequest) -> ApiResponse:
    """Record the next message of its conversation. Raises Conflict when another request came first."""
    call = once.call
    roster = lookups.load_roster(call)
    once.place_beneath(roster.conversation.sid)
    planned = replace(plan_message(call, roster), request_digest=once.digest)
    message = record_message(
        call, roster, planned, lambda message: once.writes(_build_answer(call, message), message.sid)
    )
    return _build_answer(call, message)


def _build_answer(call: Call, message: Message) -> ApiResponse:
    delivered = MessageWithReceipts(message, receipts.build_queued(message))
    return ApiResponse(201, serializers.build_message(call, delivered))


@route.get("Conversations/{conversation}/Messages/{message}", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch a message."""
    return ApiResponse(200, serializers.build_message(call, find_message(call, lookups.find_conversation(call))))


@route.get("Conversations/{conversation}/Messages/{message}/ChannelMetadata", users=True)
def channel_metadata(call: Call) -> ApiResponse:
    """Fetch how a message came or goes (`sms` or `chat`), and the carrier's id of an inbound text."""
    message = find_message(call, lookups.find_conversation(call)).message
    return ApiResponse(200, serializers.build_channel_metadata(call, message))


def find_message(call: Call, conversation: Conversation) -> MessageWithReceipts:
    """Find the message that the path names. Raises ApiError 20404."""
    sid = call.ids["message"]
    found = store.fetch(call.table, conversation.sid, sid) if sids.matches(sids.MESSAGE, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return found


@route.get("Conversations/{conversation}/Messages", users=True)
def list_page(call: Call) -> ApiResponse:
    """List the messages by index, in a range of them, or those with some words. Order is asc (default) or desc.

    Raises ApiError 20001.
    """
    return message_lists.build_page(call, lookups.find_conversation(call))


@route.post("Conversations/{conversation}/Messages/{message}", users=True)
def update(call: Call) -> ApiResponse:
    """Change a message. What was sent is not sent again. Raises ApiError as `create`, and 50500."""
    authorization.deny_users(call, call.request.form, "Author", *DATES)
    conversation, delivered = _find_to_change(call, _edit_permissions)
    before, form = delivered.message, MessageChanges.parse(call.request.form)
    body = before.body
    if form.body is not None:
        body = check_body(form.body, (), required=not before.media) or None
    after = replace(
        before,
        author=before.author if call.user else form.author or before.author,
        body=body,
        attributes=form.attributes or before.attributes,
        created=form.date_created or before.created,
        updated=form.date_updated or call.now,
    )
    changes = pre_webhook.consult(call, events.message_event("onMessageUpdate", after, conversation))
    after = apply_overrides(after, MessageChanges.parse(changes), ())
    if after.body != before.body and before.sends:
        # Sends keep the text as it was first, also those that have not left yet.
        after = replace(after, edited_from=before.recorded_body)
    retry.CONTENDED.run(
        lambda: store.update(call.table, conversation, before, after, call.now, cause=call.cause),
    )
    return ApiResponse(200, serializers.build_message(call, replace(delivered, message=after)))


@route.delete("Conversations/{conversation}/Messages/{message}", users=True)
def delete(call: Call) -> ApiResponse:
    """Delete a message here; handsets keep theirs. Raises ApiError 50056, 50107, 50377, 50386."""
    conversation, delivered = _find_to_change(call, _delete_permissions)
    pre_webhook.consult(call, events.message_event("onMessageRemove", delivered.message, conversation))
    if not store.remove(call.table, conversation, delivered, call.now, cause=call.cause):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _find_to_change(
    call: Call, permissions_for: Callable[[Parameters, bool], list[Permission]]
) -> tuple[Conversation, MessageWithReceipts]:
    """Find the conversation and the message of the path, if the caller may change it.

    A user's own messages and those of others have different permissions. Raises ApiError 20404, 50107, 50377, 50386.
    """
    roster = lookups.load_roster(call) if call.user else None
    conversation = roster.conversation if roster else lookups.find_conversation(call)
    delivered = find_message(call, conversation)
    if roster and not authors.wrote_as_line(call, delivered.message):
        is_own = authors.is_own(call, roster, delivered.message)
        authorization.require_conversation_permission(call, roster, *permissions_for(call.request.form, is_own))
    return lookups.require_changeable(conversation), delivered


def _edit_permissions(form: Parameters, is_own: bool) -> list[Permission]:  # noqa: FBT001  (called with it by position, once)
    body = Permission.EDIT_OWN_MESSAGE if is_own else Permission.EDIT_ANY_MESSAGE
    attributes = Permission.EDIT_OWN_MESSAGE_ATTRIBUTES if is_own else Permission.EDIT_ANY_MESSAGE_ATTRIBUTES
    if "Body" not in form.values:
        # Also of a form that names neither: it changes when the message was updated.
        return [attributes]
    return [body, attributes] if "Attributes" in form.values else [body]


def _delete_permissions(_: Parameters, is_own: bool) -> list[Permission]:  # noqa: FBT001  (as above)
    return [Permission.DELETE_OWN_MESSAGE if is_own else Permission.DELETE_ANY_MESSAGE]
