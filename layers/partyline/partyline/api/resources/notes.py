"""Notes: what staff write to each other in a conversation. Create, fetch, list, update, delete. Twilio has none.

They are for the account, and for people who see the conversation and whose role permits `writeAsLine`: for staff. No
other member gets one, by any way. A note is not sent, and changes nothing in its conversation: no index, no timer, no
state, no unread count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from partyline.api import authorization, lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import MAX_NAME, Attributes, choose
from partyline.api.form_model import Form, invalid
from partyline.api.idempotency import IdempotentRequest, answer_once
from partyline.api.message_lists import Order
from partyline.api.operations import Operation
from partyline.api.pagination import PagePart
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Router
from partyline.domain import identities, sids
from partyline.domain.conversations import Conversation
from partyline.domain.notes import MAX_BODY, Note
from partyline.domain.participants import SYSTEM
from partyline.domain.permissions import Permission
from partyline.frozen_classes import replace
from partyline.storage import notes as store
from partyline.storage import queries
from partyline.storage.queries import Window

route = Router()


def _check_body(value: str) -> str:
    if not value.strip():
        raise invalid("it is empty")
    return value


def _check_author(value: str) -> str:
    if not value or not identities.is_visible(value):
        raise invalid("it is a name of visible characters")
    return value


_Body = Annotated[str, Field(max_length=MAX_BODY), AfterValidator(_check_body)]


class NoteChanges(Form):
    """What can be changed of a note."""

    body: _Body | None = Field(None, description="The text.")
    attributes: Attributes | None = Field(None, description="A JSON text of your own.")


class NewNoteForm(NoteChanges):
    """A new note."""

    body: _Body = Field(description="The text.")
    author: Annotated[str, Field(max_length=MAX_NAME), AfterValidator(_check_author)] | None = Field(
        None, description=f"Who writes it, {SYSTEM} by default. Account only: a person writes as themselves."
    )


class NoteQuery(Form):
    """In which order a list shows the notes."""

    order: Annotated[Order, choose(Order)] = Field(Order.ASCENDING, description="By creation: asc or desc.")


class NoteBody(ResponseModel):
    """A note of a conversation."""

    sid: str
    account_sid: str
    chat_service_sid: str
    conversation_sid: str
    author: str
    body: str
    attributes: str
    message_index: int | None = Field(
        description="The index of the newest message when it was written: it stands behind that. Null without one."
    )
    date_created: Timestamp
    date_updated: Timestamp
    url: str


@route.post(
    "Conversations/{conversation}/Notes",
    users=True,
    docs=Operation(form=NewNoteForm, answers={201: NoteBody}, refusals=(20001, 50107, 50303, 50304), idempotent=True),
)
def create(call: Call) -> ApiResponse:
    """Create a note. It is shown to staff alone, and never sent; a closed conversation takes notes too."""
    return answer_once(call, _create)


def _create(once: IdempotentRequest) -> ApiResponse:
    call = once.call
    conversation = lookups.find_for_staff(call)
    once.place_beneath(conversation.sid)
    authorization.deny_users(call, call.request.form, "Author")
    form = NewNoteForm.parse(call.request.form)
    note = Note(
        sid=sids.between_messages(sids.NOTE, conversation.last_index + 1),
        conversation_sid=conversation.sid,
        created=call.now,
        updated=call.now,
        author=call.user.identity if call.user else form.author or SYSTEM,
        body=form.body,
        attributes=form.attributes or "{}",
        request_digest=once.digest,
    )
    answer = ApiResponse(201, build_body(call, note))
    store.create(call.table, conversation, note, cause=call.cause, beside=once.writes(answer, note.sid))
    return answer


@route.get("Conversations/{conversation}/Notes/{note}", users=True, docs=Operation(answers={200: NoteBody}))
def fetch(call: Call) -> ApiResponse:
    """Fetch a note."""
    return ApiResponse(200, build_body(call, _find_note(call, lookups.find_for_staff(call))))


@route.get(
    "Conversations/{conversation}/Notes",
    users=True,
    docs=Operation(query=NoteQuery, list_of=("notes", NoteBody), refusals=(20001, 50107)),
)
def list_page(call: Call) -> ApiResponse:
    """List the notes by creation."""
    conversation = lookups.find_for_staff(call)
    newest_first = NoteQuery.parse(call.request.query).order is Order.DESCENDING

    def read(window: Window) -> PagePart:
        page = queries.notes(call.table, conversation.sid, window, newest_first=newest_first)
        return pagination.to_page_part(page, lambda note: build_body(call, note))

    return pagination.build_list_response(call, "notes", read)


@route.post(
    "Conversations/{conversation}/Notes/{note}",
    users=True,
    docs=Operation(form=NoteChanges, answers={200: NoteBody}, refusals=(20001, 50107, 50303, 50304)),
)
def update(call: Call) -> ApiResponse:
    """Change a note: one's own, or with `editAnyMessage` any."""
    conversation = lookups.find_for_staff(call)
    before = _find_note(call, conversation)
    _require_own(call, before, Permission.EDIT_ANY_MESSAGE)
    after = replace(before, updated=call.now, **NoteChanges.parse(call.request.form).changes())
    if not store.update(call.table, conversation, before, after, cause=call.cause):
        raise lookups.not_found(call)
    return ApiResponse(200, build_body(call, after))


@route.delete(
    "Conversations/{conversation}/Notes/{note}", users=True, docs=Operation(answers={204: None}, refusals=(50107,))
)
def delete(call: Call) -> ApiResponse:
    """Delete a note: one's own, or with `deleteAnyMessage` any."""
    conversation = lookups.find_for_staff(call)
    note = _find_note(call, conversation)
    _require_own(call, note, Permission.DELETE_ANY_MESSAGE)
    if not store.remove(call.table, conversation, note, call.now, cause=call.cause):
        raise lookups.not_found(call)
    return ApiResponse(204)


def _find_note(call: Call, conversation: Conversation) -> Note:
    """Find the note that the path names. Raises ApiError 20404."""
    sid = call.ids["note"]
    found = store.fetch(call.table, conversation.sid, sid) if sids.matches(sids.NOTE, sid) else None
    if found is None:
        raise lookups.not_found(call)
    return found


def _require_own(call: Call, note: Note, otherwise: Permission) -> None:
    """Refuse a user that did not write a note, unless their role in the Service permits it. Raises ApiError 50107."""
    if call.user and note.author != call.user.identity:
        authorization.require_service_permission(call, otherwise)


def build_body(call: Call, note: Note) -> Mapping[str, Any]:
    """Build a note as the API shows it."""
    index = sids.index_of(note.sid) - 1
    return NoteBody(
        sid=note.sid,
        account_sid=call.context.account_sid,
        chat_service_sid=call.scope.service_sid,
        conversation_sid=note.conversation_sid,
        author=note.author,
        body=note.body,
        attributes=note.attributes,
        message_index=None if index < 0 else index,
        date_created=note.created,
        date_updated=note.updated,
        url=call.url("Conversations", note.conversation_sid, "Notes", note.sid),
    ).to_json()
