"""Messages: create, fetch, list, update, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field

from partyline import refusals
from partyline.api import authorization, lookups, message_lists, parsing, pre_webhook, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import MAX_NAME, Attributes, DateCreated, DateUpdated, Name
from partyline.api.form_model import Clearable, Form, refused
from partyline.api.idempotency import IdempotentRequest, answer_once
from partyline.api.request import Parameters
from partyline.api.resources import attachments, authors
from partyline.api.resources.sending_checks import check_lines, owns_thread, require_free_thread
from partyline.api.router import Router
from partyline.domain import events, routing, sids
from partyline.domain.conversations import Conversation, threads_of
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import SYSTEM, Participant
from partyline.domain.permissions import Permission
from partyline.errors import Conflict
from partyline.storage import idempotency as idempotent_requests
from partyline.storage import media, memberships, receipts, retry
from partyline.storage import messages as store
from partyline.storage.messages import MessageWithReceipts

route = Router()

MAX_TEXT = 1600
MAX_BODY = 32 * 1024
_DATES = ("DateCreated", "DateUpdated")


def _check_author(value: str | None) -> str | None:
    if value and len(value) > MAX_NAME:
        raise refused(refusals.author_too_long(MAX_NAME))
    return parsing.restore_plus(value) if value else None


def _check_content_sid(value: str | None) -> str | None:
    if value:
        raise refused(refusals.content_not_supported())
    return value


class MessageChanges(Form):
    """What can be changed of a message."""

    subject: Name | None = Field(None, description="Accepted and ignored, as at Twilio.")
    date_created: DateCreated | None = Field(None, description="For history that is imported. Account only.")
    date_updated: DateUpdated | None = Field(None, description="For history that is imported. Account only.")
    author: Annotated[Clearable[str], AfterValidator(_check_author)] = Field(
        None,
        description="Who writes: an identity, or the number of a participant. A user writes as themselves or, with "
        "`writeAsLine`, as a number of the conversation that they may use.",
    )
    attributes: Attributes | None = Field(None, description="A JSON text of your own.")
    body: str | None = Field(None, description=f"The text. Where it goes to a phone, at most {MAX_TEXT} characters.")


class MessageForm(MessageChanges):
    """A new message."""

    media_sid: tuple[str, ...] = Field((), description="The files that go with it. May be repeated.")
    content_sid: Annotated[str | None, AfterValidator(_check_content_sid)] = Field(
        None, description="Not supported: send Body."
    )


@route.post("Conversations/{conversation}/Messages", users=True)
def create(call: Call) -> ApiResponse:
    """Create a message. It is recorded when the request is answered, and sent a moment later.

    Raises ApiError 21610 (every recipient has opted out), 21623, 21653, 50056, 50303, 50304, 50308, 50309, 50310,
    50377, 50386, 50407, 50413, 50416 and 50438 (another conversation has the thread), 50439, 50503, 50504, 50507,
    50508, 50510 to 50513, 50526.
    """
    return answer_once(
        call, lambda once: retry.CONTENDED.run(lambda: _record(once), can_retry=idempotent_requests.can_retry)
    )


def _record(once: IdempotentRequest) -> ApiResponse:
    """Record the next message of its conversation. Raises Conflict when another request came first."""
    call = once.call
    roster = lookups.load_roster(call)
    once.place_beneath(roster.conversation.sid)
    message = plan_message(call, roster)
    changes = pre_webhook.consult(call, events.message_event("onMessageAdd", message, roster.conversation))
    if changes.values:
        overrides = MessageChanges.parse(changes)
        amended = _apply_overrides(message, overrides, roster.participants)
        if overrides.author:
            amended = authors.find_named_author(call, roster, amended.author).sign(amended)
        message = _with_sends(call, roster, amended)
    roster = memberships.claim_threads(call.table, roster, call.now)
    if not owns_thread(roster):
        # Another conversation has claimed the thread meanwhile.
        raise Conflict({})
    message = replace(message, request_digest=once.digest)
    built = serializers.build_message(call, MessageWithReceipts(message, receipts.build_queued(message)))
    answer = ApiResponse(201, built)
    recording = store.recording_writes(roster, message, call.now, cause=call.cause)
    call.table.transact([*recording, *media.attaching_writes(message), *once.writes(answer, message.sid)])
    return answer


def plan_message(call: Call, roster: Roster) -> Message:
    """Plan the message that a request asks for, with its sends; nothing is recorded.

    Raises ApiError as `create`, except what other requests or a pre-action webhook cause.
    """
    authorization.deny_users(call, call.request.form, *_DATES)
    number = require_writer(call, roster)
    lookups.require_changeable(roster.conversation)
    return plan_message_of(call, roster, number)


def plan_message_of(call: Call, roster: Roster, number: str | None) -> Message:
    """Plan the message of a caller that may write; `number` is the line that a user writes as. Raises as above."""
    return _with_sends(call, roster, _parse_form(call, roster, number))


def require_writer(call: Call, roster: Roster) -> str | None:
    """Refuse a user that may not write in a conversation; return the line that they write as, if they do.

    Raises ApiError 20001, 50107.
    """
    number = authors.find_own_number(call, roster)
    if number is None:
        authorization.require_conversation_permission(call, roster, *_send_permissions(call.request.form))
    return number


def _send_permissions(form: Parameters) -> list[Permission]:
    """Return what the sending of a form takes. It does not depend on files, which a repeat finds attached."""
    has_files = any(form.all("MediaSid"))
    return [Permission.SEND_MESSAGE, *([Permission.SEND_MEDIA_MESSAGE] if has_files else [])]


def _participant_of(message: Message, roster: Roster) -> Participant | None:
    return next((member for member in roster.participants if member.sid == message.participant_sid), None)


def _with_sends(call: Call, roster: Roster, draft: Message) -> Message:
    """Complete a draft with its sends, into every thread of the conversation.

    Threads that the conversation will claim are among these. Raises ApiError 21653, 50107, 50407, 50413, 50416, 50438,
    50439, 50513.
    """
    author = _participant_of(draft, roster)
    routing.check_author(author, draft.author, roster.participants)
    require_free_thread(call, roster)
    sends = routing.plan_sends(roster.participants, threads_of(roster.participants), author)
    check_lines(call, roster, sends, draft.media)
    return replace(draft, sends=sends)


def _apply_overrides(message: Message, changes: MessageChanges, participants: Sequence[Participant]) -> Message:
    """Apply what a pre-action webhook changed, by the rules for what the account itself sends.

    Raises ApiError 50503, 50504.
    """
    body = message.body
    if changes.body is not None:
        body = _check_body(changes.body, participants, required=not message.media) or None
    return replace(
        message,
        author=changes.author or message.author,
        body=body,
        attributes=changes.attributes or message.attributes,
    )


def _parse_form(call: Call, roster: Roster, number: str | None) -> Message:
    """Build the message that a form describes, without its sends; `number` is the line that a user writes as."""
    form = MessageForm.parse(call.request.form)
    uploads = attachments.find_uploads(call, form.media_sid)
    author = authors.find_author(call, roster, form.author, number)
    index = roster.conversation.last_index + 1
    draft = Message(
        sid=sids.message(index),
        conversation_sid=roster.conversation.sid,
        index=index,
        created=form.date_created or call.now,
        updated=form.date_updated or call.now,
        author=SYSTEM,
        body=_check_body(form.body or "", roster.participants, required=not uploads) or None,
        media=uploads,
        attributes=form.attributes or "{}",
        service_sid=roster.conversation.service_sid,
    )
    return author.sign(draft)


def _check_body(body: str, participants: Sequence[Participant], *, required: bool = True) -> str:
    """Refuse a text that is missing (50503), or longer than its recipients can get (50504)."""
    if required and not body.strip():
        raise refusals.body_missing()
    if any(member.address for member in participants) and len(body) > MAX_TEXT:
        raise refusals.body_too_long(MAX_TEXT)
    if len(body.encode()) > MAX_BODY:
        raise refusals.body_too_long(MAX_BODY, "bytes")
    return body


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
    """List the messages by index, in a range of them. Order is asc (default) or desc.

    Raises ApiError 20001.
    """
    return message_lists.build_page(call, lookups.find_conversation(call))


@route.post("Conversations/{conversation}/Messages/{message}", users=True)
def update(call: Call) -> ApiResponse:
    """Change a message. What was sent is not sent again. Raises ApiError as `create`, and 50500."""
    authorization.deny_users(call, call.request.form, "Author", *_DATES)
    conversation, delivered = _find_to_change(call, _edit_permissions)
    before, form = delivered.message, MessageChanges.parse(call.request.form)
    body = before.body
    if form.body is not None:
        body = _check_body(form.body, (), required=not before.media) or None
    after = replace(
        before,
        author=before.author if call.user else form.author or before.author,
        body=body,
        attributes=form.attributes or before.attributes,
        created=form.date_created or before.created,
        updated=form.date_updated or call.now,
    )
    changes = pre_webhook.consult(call, events.message_event("onMessageUpdate", after, conversation))
    after = _apply_overrides(after, MessageChanges.parse(changes), ())
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
