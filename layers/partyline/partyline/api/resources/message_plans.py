"""Plan and record the message that a request asks for: who writes it, its text and files, and the texts it becomes.

It is planned with the members, lines and rules of the moment, and recorded only while those are unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from partyline import refusals
from partyline.api import authorization, lookups, parsing, pre_webhook
from partyline.api.context import Call
from partyline.api.field_types import MAX_NAME, Attributes, DateCreated, DateUpdated, Name
from partyline.api.form_model import Clearable, Form, refused
from partyline.api.request import Parameters
from partyline.api.resources import attachments, authors
from partyline.api.resources.sending_checks import check_lines, owns_thread, require_free_thread
from partyline.domain import events, routing, sids
from partyline.domain.conversations import threads_of
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import SYSTEM, Participant
from partyline.domain.permissions import Permission
from partyline.errors import Conflict
from partyline.frozen_classes import replace
from partyline.storage import media, memberships, messages
from partyline.storage.table import Write

MAX_TEXT = 1600
MAX_BODY = 32 * 1024
DATES = ("DateCreated", "DateUpdated")


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


def plan_message(call: Call, roster: Roster) -> Message:
    """Plan the message that a request asks for, with its sends; nothing is recorded.

    Raises ApiError 21610 (every recipient has opted out), 21623, 21653, 50107, 50303, 50304, 50308 to 50310, 50377,
    50386, 50407, 50413, 50416 and 50438 (another conversation has the thread), 50439, 50503, 50504, 50507, 50508, 50510
    to 50513, 50526.
    """
    authorization.deny_users(call, call.request.form, *DATES)
    number = require_writer(call, roster)
    lookups.require_changeable(roster.conversation)
    return plan_message_of(call, roster, number)


def plan_message_of(call: Call, roster: Roster, number: str | None) -> Message:
    """Plan the message of a caller that may write; `number` is the line that a user writes as. Raises as above."""
    return _with_sends(call, roster, _parse_form(call, roster, number))


def record_message(
    call: Call, roster: Roster, planned: Message, build_writes: Callable[[Message], Iterable[Write]]
) -> Message:
    """Consult the pre-action webhook about a planned message, and record it; return it as it was recorded.

    `build_writes` builds further writes of its transaction from it. Raises Conflict when another request came first,
    and ApiError 50056, or as `plan_message` for what the webhook changed.
    """
    message = _consult(call, roster, planned)
    roster = memberships.claim_threads(call.table, roster, call.now)
    if not owns_thread(roster):
        # Another conversation has claimed the thread meanwhile.
        raise Conflict({})
    recording = messages.recording_writes(roster, message, call.now, cause=call.cause)
    call.table.transact([*recording, *media.attaching_writes(message), *build_writes(message)])
    return message


def _consult(call: Call, roster: Roster, planned: Message) -> Message:
    changes = pre_webhook.consult(call, events.message_event("onMessageAdd", planned, roster.conversation))
    if not changes.values:
        return planned
    overrides = MessageChanges.parse(changes)
    amended = apply_overrides(planned, overrides, roster.participants)
    if overrides.author:
        amended = authors.find_named_author(call, roster, amended.author).sign(amended)
    return _with_sends(call, roster, amended)


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


def apply_overrides(message: Message, changes: MessageChanges, participants: Sequence[Participant]) -> Message:
    """Apply what a pre-action webhook changed, by the rules for what the account itself sends.

    Raises ApiError 50503, 50504.
    """
    body = message.body
    if changes.body is not None:
        body = check_body(changes.body, participants, required=not message.media) or None
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
        body=check_body(form.body or "", roster.participants, required=not uploads) or None,
        media=uploads,
        attributes=form.attributes or "{}",
        service_sid=roster.conversation.service_sid,
        recorded=call.now if form.date_created else None,
    )
    return author.sign(draft)


def check_body(body: str, participants: Sequence[Participant], *, required: bool = True) -> str:
    """Refuse a text that is missing (50503), or longer than its recipients can get (50504)."""
    if required and not body.strip():
        raise refusals.body_missing()
    if any(member.address for member in participants) and len(body) > MAX_TEXT:
        raise refusals.body_too_long(MAX_TEXT)
    if len(body.encode()) > MAX_BODY:
        raise refusals.body_too_long(MAX_BODY, "bytes")
    return body
