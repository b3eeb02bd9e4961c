"""The read state of a conversation: what the calling person has read of it, and whether it is quiet for them.

It is for everyone who sees the conversation. Of a member it is the same data as Twilio's UserConversation. Twilio has
no such resource.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from partyline import refusals
from partyline.api import authorization, lookups
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import REMOVED, Boolean
from partyline.api.form_model import CLEARABLE, Form, invalid
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel
from partyline.api.router import Router
from partyline.domain.conversations import Conversation
from partyline.domain.inbox import ReadState
from partyline.domain.membership import Roster
from partyline.domain.permissions import Permission
from partyline.storage import messages, retry
from partyline.storage import read_states as store
from partyline.storage.read_states import Reader

route = Router()


def _check_index(value: str, info: ValidationInfo) -> int | None:
    if value in REMOVED:
        return None
    last = (info.context or {})["last_index"]
    # A number of any length is no index either, and reading it would take long.
    if not (value.isascii() and value.isdecimal() and len(value) <= len(str(last)) and int(value) <= last):
        raise invalid(f"the newest message has the index {last}")
    return int(value)


class ReadStateForm(Form):
    """What a person changes. `parse` needs the conversation's `last_index`."""

    last_read_message_index: Annotated[int | None, BeforeValidator(_check_index), CLEARABLE] = Field(
        None, description="The index of the last message that was read; empty for none. Ends `MarkedUnread`."
    )
    marked_unread: Boolean | None = Field(None, description="Whether to show it as unread, whatever was read.")
    muted: Boolean | None = Field(None, description="Whether its news are to be quiet; stored for the app.")


class ReadStateBody(ResponseModel):
    """What the caller has read of a conversation."""

    conversation_sid: str
    account_sid: str
    chat_service_sid: str
    identity: str
    last_read_message_index: int | None
    last_message_index: int | None
    unread: int | None = Field(
        description="Messages behind the last one that was read, without your own and tapbacks on a message that is "
        "known; null before any was."
    )
    marked_unread: bool
    muted: bool
    url: str


@route.get("Conversations/{conversation}/ReadState", users=True, docs=Operation(answers={200: ReadStateBody}))
def fetch(call: Call) -> ApiResponse:
    """Fetch what the calling person has read of a conversation."""
    reader = _to_reader(call, lookups.load_roster(call))
    return ApiResponse(200, _build_body(call, reader, store.fetch(call.table, reader)))


@route.post(
    "Conversations/{conversation}/ReadState",
    users=True,
    docs=Operation(form=ReadStateForm, answers={200: ReadStateBody}, refusals=(20001, 20403, 50107)),
)
def update(call: Call) -> ApiResponse:
    """Change what the form names. The person's other connections hear of it (`onReadStateUpdated`)."""

    def attempt() -> ApiResponse:
        roster = lookups.load_roster(call)
        reader = _to_reader(call, roster)
        changes = _read_changes(call, reader.conversation)
        if reader.member and "muted" in changes:
            authorization.require_conversation_permission(call, roster, Permission.EDIT_NOTIFICATION_LEVEL)
        before = store.fetch(call.table, reader)
        return ApiResponse(200, _build_body(call, reader, store.save(call.table, reader, before, changes, call.now)))

    return retry.STANDARD.run(attempt)


def _read_changes(call: Call, conversation: Conversation) -> dict[str, Any]:
    given = ReadStateForm.parse(call.request.form, last_index=conversation.last_index).changes()
    if "last_read_message_index" in given:
        given["last_read_index"] = given.pop("last_read_message_index")
        given.setdefault("marked_unread", False)
    return given


def _to_reader(call: Call, roster: Roster) -> Reader:
    """Return who reads a conversation, with the member that they are. Raises ApiError 20403 for the account."""
    if call.user is None:
        raise refusals.forbidden("a read state is that of a person: use an access token")
    return Reader(call.user.identity, roster.conversation, authorization.find_membership(call, roster.participants))


def _build_body(call: Call, reader: Reader, state: ReadState) -> dict[str, Any]:
    conversation = reader.conversation
    return ReadStateBody(
        conversation_sid=conversation.sid,
        account_sid=call.context.account_sid,
        chat_service_sid=conversation.service_sid,
        identity=reader.identity,
        last_read_message_index=state.last_read_index,
        last_message_index=conversation.last_index if conversation.last_index >= 0 else None,
        unread=messages.unread_news(call.table, conversation, state.last_read_index, reader.identity),
        marked_unread=state.marked_unread,
        muted=state.muted,
        url=call.url("Conversations", conversation.sid, "ReadState"),
    ).to_json()
