"""Scheduled messages: create, fetch, list, change and cancel messages that are sent at a later time.

Twilio's Conversations API has no such resource. A message is scheduled by `SendAt` of POST Messages.
`api.scheduled_sending` sends it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from partyline import refusals
from partyline.api import authorization, lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Attributes, ZonedTime, choose
from partyline.api.form_model import Form
from partyline.api.idempotency import IdempotentRequest
from partyline.api.operations import Operation
from partyline.api.pagination import PagePart
from partyline.api.resources.message_plans import DATES, check_body, plan_message
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Router
from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.permissions import Permission
from partyline.domain.scheduled_messages import (
    MAX_PER_CONVERSATION,
    ScheduledMessage,
    ScheduledState,
    check_send_at,
)
from partyline.errors import Conflict
from partyline.frozen_classes import replace
from partyline.storage import queries, retry
from partyline.storage import scheduled_messages as store
from partyline.storage.queries import Window

route = Router()

SEND_AT = "SendAt"
_PATH = "Conversations/{conversation}/ScheduledMessages"


class SchedulingForm(Form):
    """When a new message is sent."""

    send_at: ZonedTime


class ScheduledMessageChanges(Form):
    """What can be changed of a scheduled message."""

    send_at: ZonedTime | None = Field(None, description="When it is sent: from one minute to 35 days from now.")
    body: str | None = Field(None, description="The text, as of a message.")
    attributes: Attributes | None = Field(None, description="A JSON text of your own.")


class ScheduledMessageQuery(Form):
    """Which scheduled messages a list shows."""

    state: Annotated[ScheduledState, choose(ScheduledState)] | None = Field(
        None, description="Those in this state only."
    )


class ScheduledMessageBody(ResponseModel):
    """A message that is sent at a later time."""

    sid: str
    account_sid: str
    chat_service_sid: str
    conversation_sid: str
    state: ScheduledState = Field(description="`scheduled`, or how it ended: `sent`, `canceled`, `failed`.")
    send_at: Timestamp = Field(description="When it is sent, within about a minute.")
    author: str = Field(description="The author that it is sent under.")
    scheduled_by: str | None = Field(description="The identity of the user that scheduled it; null for the account.")
    body: str | None = Field(description="The text; null once it was sent: then the message has it.")
    attributes: str = Field(description="A JSON text of your own.")
    media_sids: tuple[str, ...] = Field(description="The uploads that it is sent with.")
    message_sid: str | None = Field(description="The message that it has become.")
    error_code: int | None = Field(description="Why it could not be sent: the code of the refusal.")
    error_message: str | None = Field(description="Why it could not be sent: the text of the refusal.")
    date_created: Timestamp
    date_updated: Timestamp
    url: str


def schedule(once: IdempotentRequest) -> ApiResponse:
    """Schedule the message of a request to its `SendAt`. It is refused if it would be refused now.

    Raises ApiError as the creation of a message, and 20001. Raises Conflict while other requests change the
    conversation.
    """
    call = once.call
    roster = lookups.load_roster(call)
    once.place_beneath(roster.conversation.sid)
    check_send_at(send_at := SchedulingForm.parse(call.request.form).send_at, call.now)
    if given := next((name for name in DATES if name in call.request.form.values), None):
        raise refusals.invalid_parameter(given, f"it cannot be given with {SEND_AT}")
    scheduled = _build(once, plan_message(call, roster), send_at)
    answer = ApiResponse(202, _build_body(call, scheduled))
    try:
        call.table.transact([*store.creation_writes(scheduled), *once.writes(answer, scheduled.sid)])
    except Conflict as conflict:
        if store.COUNT in conflict.failed:
            problem = f"the conversation has {MAX_PER_CONVERSATION} scheduled messages already"
            raise refusals.invalid_parameter(SEND_AT, problem) from conflict
        raise
    return answer


def _build(once: IdempotentRequest, planned: Message, send_at: datetime) -> ScheduledMessage:
    call = once.call
    return ScheduledMessage(
        sid=sids.new(sids.SCHEDULED_MESSAGE),
        conversation_sid=planned.conversation_sid,
        service_sid=call.scope.service_sid,
        created=call.now,
        updated=call.now,
        send_at=send_at,
        author=planned.author,
        scheduled_by=call.user.identity if call.user else None,
        body=planned.body,
        attributes=planned.attributes,
        media_sids=tuple(part.sid for part in planned.media),
        notify_webhooks=call.cause.notify_webhooks,
        request_digest=once.digest,
    )


@route.get(f"{_PATH}/{{scheduled_message}}", users=True, docs=Operation(answers={200: ScheduledMessageBody}))
def fetch(call: Call) -> ApiResponse:
    """Fetch a scheduled message. One that has ended can be read for 30 days."""
    return ApiResponse(200, _build_body(call, _find(call, lookups.find_conversation(call))))


@route.get(
    _PATH,
    users=True,
    docs=Operation(
        query=ScheduledMessageQuery, list_of=("scheduled_messages", ScheduledMessageBody), refusals=(20001,)
    ),
)
def list_page(call: Call) -> ApiResponse:
    """List the scheduled messages of a conversation in the order of sending.

    Users who are no staff get their own. A page may then have fewer entries than
    its size though the list goes on.
    """
    conversation = lookups.find_conversation(call)
    state = ScheduledMessageQuery.parse(call.request.query).state

    def read(window: Window) -> PagePart:
        page = queries.scheduled_messages(call.table, conversation.sid, window, state)
        page = replace(page, entries=[(key, one) for key, one in page.entries if _can_read(call, one)])
        return pagination.to_page_part(page, lambda scheduled: _build_body(call, scheduled))

    return pagination.build_list_response(call, "scheduled_messages", read)


@route.post(
    f"{_PATH}/{{scheduled_message}}",
    users=True,
    docs=Operation(
        form=ScheduledMessageChanges,
        answers={200: ScheduledMessageBody},
        refusals=(20001, 20409, 50107, 50303, 50304, 50377, 50503, 50504),
    ),
)
def update(call: Call) -> ApiResponse:
    """Change a scheduled message before it is sent.

    Users change their own; those of others take `editAnyMessage`, for `Attributes` alone `editAnyMessageAttributes`.
    """
    return retry.STANDARD.run(lambda: _update(call))


def _update(call: Call) -> ApiResponse:
    form = ScheduledMessageChanges.parse(call.request.form)
    roster = lookups.load_roster(call)
    changes_text = {"Body", SEND_AT} & call.request.form.values.keys()
    needed = Permission.EDIT_ANY_MESSAGE if changes_text else Permission.EDIT_ANY_MESSAGE_ATTRIBUTES
    before = _find_to_change(call, roster, needed)
    lookups.require_changeable(roster.conversation)
    after = replace(before, **form.changes(), updated=call.now, version=before.version + 1)
    if form.send_at:
        check_send_at(form.send_at, call.now)
    if form.body is not None:
        body = check_body(form.body, roster.participants, required=not before.media_sids)
        after = replace(after, body=body or None)
    store.update(call.table, before, after)
    return ApiResponse(200, _build_body(call, after))


@route.delete(
    f"{_PATH}/{{scheduled_message}}", users=True, docs=Operation(answers={204: None}, refusals=(20409, 50107))
)
def cancel(call: Call) -> ApiResponse:
    """Cancel a scheduled message. It can still be read for 30 days.

    Users cancel their own; those of others take `deleteAnyMessage`.
    """
    return retry.STANDARD.run(lambda: _cancel(call))


def _cancel(call: Call) -> ApiResponse:
    found = _find_to_change(call, lookups.load_roster(call), Permission.DELETE_ANY_MESSAGE)
    store.cancel(call.table, found, call.now)
    return ApiResponse(204)


def _find(call: Call, conversation: Conversation) -> ScheduledMessage:
    """Find the scheduled message that the path names. Raises ApiError 20404."""
    sid = call.ids["scheduled_message"]
    is_sid = sids.matches(sids.SCHEDULED_MESSAGE, sid)
    found = store.fetch(call.table, conversation.sid, sid) if is_sid else None
    if found is None or not _can_read(call, found):
        raise lookups.not_found(call)
    return found


def _can_read(call: Call, scheduled: ScheduledMessage) -> bool:
    """Whether a scheduled message is shown to the caller: its recipients do not see it before it is sent."""
    return authorization.is_staff(call) or (call.user is not None and scheduled.scheduled_by == call.user.identity)


def _find_to_change(call: Call, roster: Roster, needed: Permission) -> ScheduledMessage:
    """Find the scheduled message of the path, if it is still scheduled and the caller's own or permitted.

    Raises ApiError 20404, 20409, 50107.
    """
    found = _find(call, roster.conversation)
    if call.user is None or found.scheduled_by != call.user.identity:
        authorization.require_conversation_permission(call, roster, needed)
    if found.state is not ScheduledState.SCHEDULED:
        raise refusals.scheduled_message_ended(found.state)
    return found


def _build_body(call: Call, scheduled: ScheduledMessage) -> dict[str, Any]:
    return ScheduledMessageBody(
        sid=scheduled.sid,
        account_sid=call.context.account_sid,
        chat_service_sid=scheduled.service_sid,
        conversation_sid=scheduled.conversation_sid,
        state=scheduled.state,
        send_at=scheduled.send_at,
        author=scheduled.author,
        scheduled_by=scheduled.scheduled_by,
        body=scheduled.body,
        attributes=scheduled.attributes,
        media_sids=scheduled.media_sids,
        message_sid=scheduled.message_sid,
        error_code=scheduled.error_code,
        error_message=scheduled.error_message,
        date_created=scheduled.created,
        date_updated=scheduled.updated,
        url=call.url("Conversations", scheduled.conversation_sid, "ScheduledMessages", scheduled.sid),
    ).to_json()
