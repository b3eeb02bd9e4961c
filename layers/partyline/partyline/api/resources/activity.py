"""Activity: what happened in a conversation, in one order with its messages and notes. For staff, as notes are."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from partyline.api import lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Boolean, choose, whole_number
from partyline.api.form_model import Form
from partyline.api.message_lists import Order
from partyline.api.operations import Operation
from partyline.api.pagination import PagePart
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Router
from partyline.domain import sids
from partyline.domain.activities import Activity, ActivityKind
from partyline.domain.addresses import format_address
from partyline.domain.events import Source
from partyline.domain.messages import Message
from partyline.domain.notes import Note
from partyline.domain.participants import SYSTEM
from partyline.storage import activity_pages
from partyline.storage.activity_pages import Entry
from partyline.storage.messages import IndexRange
from partyline.storage.queries import Window

route = Router()


class EntryKind(StrEnum):
    """The entries that are no activities."""

    MESSAGE = "message"
    NOTE = "note"


class ActivityQuery(Form):
    """Which entries a list shows, and in which order."""

    order: Annotated[Order, choose(Order)] = Field(Order.ASCENDING, description="asc or desc.")
    after: Annotated[int, whole_number()] | None = Field(None, description="What is behind the message at this index.")
    before: Annotated[int, whole_number()] | None = Field(
        None, description="What is before the message at this index, and before what stands between the two messages."
    )
    messages: Boolean = Field(default=True, description="Whether messages are among the entries.")


class ActivityBody(ResponseModel):
    """One thing that happened in a conversation."""

    sid: str = Field(description="Of the message, the note or the activity.")
    account_sid: str
    chat_service_sid: str
    conversation_sid: str
    kind: EntryKind | ActivityKind
    source: Source | None = Field(description="Where a change came from. Null for messages and notes.")
    by: str | None = Field(
        description="The identity that did it, or wrote it; of a message that no person of yours wrote, its author. "
        "Null for the account, a handset, a carrier or a timer."
    )
    message_index: int | None = Field(
        description="The index of the message; of another entry, of the message that it stands behind. Null for none."
    )
    before: str | None = Field(description="The assignee, or the state, before the change.")
    after: str | None = Field(description="The assignee, or the state, after the change.")
    participant_sid: str | None
    identity: str | None
    address: str | None
    lines: tuple[str, ...] = Field(description="The numbers that an opt-out or opt-in is about.")
    contact_sid: str | None
    body: str | None = Field(description="The text of a note. That of a message is in the list of messages.")
    date_created: Timestamp


@route.get(
    "Conversations/{conversation}/Activity",
    users=True,
    docs=Operation(query=ActivityQuery, list_of=("activity", ActivityBody), refusals=(20001, 50107)),
)
def list_page(call: Call) -> ApiResponse:
    """List what happened in a conversation: messages, notes, and changes with who made them, in one order."""
    conversation = lookups.find_for_staff(call)
    query = ActivityQuery.parse(call.request.query)

    def read(window: Window) -> PagePart:
        page = activity_pages.page(
            call.table,
            conversation.sid,
            window,
            within=IndexRange(query.after, query.before),
            newest_first=query.order is Order.DESCENDING,
            with_messages=query.messages,
        )
        return pagination.to_page_part(page, lambda entry: _build_body(call, entry))

    return pagination.build_list_response(call, "activity", read)


def _build_body(call: Call, entry: Entry) -> Mapping[str, Any]:
    index = sids.index_of(entry.sid) - (0 if isinstance(entry, Message) else 1)
    details = {
        "source": None,
        "before": None,
        "after": None,
        "participant_sid": None,
        "identity": None,
        "address": None,
        "lines": (),
        "contact_sid": None,
        "body": None,
        **_describe(entry),
    }
    return ActivityBody(
        sid=entry.sid,
        account_sid=call.context.account_sid,
        chat_service_sid=call.scope.service_sid,
        conversation_sid=entry.conversation_sid,
        message_index=None if index < 0 else index,
        date_created=entry.created,
        **details,
    ).to_json()


def _describe(entry: Entry) -> dict[str, Any]:
    """Return what is particular to the kind of an entry."""
    match entry:
        case Message():
            by = entry.written_by or _name(entry.author)
            return {"kind": EntryKind.MESSAGE, "by": by, "participant_sid": entry.participant_sid}
        case Note():
            return {"kind": EntryKind.NOTE, "by": _name(entry.author), "body": entry.body}
        case Activity():
            return {
                "kind": entry.kind,
                "source": entry.source,
                "by": entry.by,
                "before": entry.before,
                "after": entry.after,
                "participant_sid": entry.participant_sid,
                "identity": entry.identity,
                "address": format_address(entry.address) if entry.address else None,
                "lines": tuple(format_address(line) for line in entry.lines),
                "contact_sid": entry.contact_sid,
            }


def _name(author: str) -> str | None:
    """Return an author; None for the account that named none."""
    return None if author == SYSTEM else author
