"""The inbox: the conversations that the caller sees, by last activity, each with what a list shows of it.

It is for the account and for staff, as notes are: it shows the names of contacts, and a Service's first request has a
price. Twilio has no such resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from partyline import refusals
from partyline.api import authorization, inbox_lists, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Address, Name, choose
from partyline.api.form_model import Clearable, Form, invalid
from partyline.api.inbox_lists import InboxSelection, SeenWithUnread
from partyline.api.operations import Operation
from partyline.api.pagination import PagePart
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Router
from partyline.domain import addresses, inbox, permissions, sids, written
from partyline.domain.addresses import format_address
from partyline.domain.conversations import MAX_TAPBACKS
from partyline.domain.inbox import EntryMember, EntryMessage, InboxView
from partyline.domain.permissions import Permission
from partyline.domain.services import build_role
from partyline.serialization import format_time
from partyline.storage import inbox as store
from partyline.storage import roles
from partyline.storage.queries import Window

route = Router()


class InboxMemberBody(ResponseModel):
    """A member: a handset with its number, or a person of the app with an identity."""

    name: str | None = Field(description="The name of the contact with the number.")
    number: str | None
    identity: str | None
    contact_sid: str | None


class InboxTapbackBody(ResponseModel):
    """What a tapback says of the message that it is about."""

    kind: str
    removed: bool = Field(description="Whether the reaction was taken back.")
    emoji: str | None = Field(description="With the kind `emoji` only.")


class InboxMessageBody(ResponseModel):
    """The newest message."""

    sid: str
    index: int
    author: str
    written_by: str | None = Field(description="The person who wrote as a line.")
    body: str | None = Field(description=f"At most {inbox.MAX_EXCERPT} characters.")
    kind: str = Field(description="`media` for files without words.", json_schema_extra={"enum": ["text", "media"]})
    delivery: dict[str, str | int] | None = Field(description="As of a Message.")
    tapback: InboxTapbackBody | None = Field(description="For a tapback on a message that is known.")
    date_created: Timestamp


class InboxLinks(ResponseModel):
    """What else there is of a conversation."""

    conversation: str
    messages: str
    read_state: str


class InboxEntryBody(ResponseModel):
    """An entry of the inbox."""

    conversation_sid: str
    account_sid: str
    chat_service_sid: str
    title: str = Field(description="The friendly name of the conversation, or else who is in it.")
    friendly_name: str | None
    members: tuple[InboxMemberBody, ...] = Field(
        description=f"At most {inbox.MAX_MEMBERS}, handsets first, without lines of your own."
    )
    member_count: int
    last_message: InboxMessageBody | None
    unread: int | None = Field(
        description="How many messages you have not read, without `tapback_indexes` and your own; null for the account."
    )
    tapback_indexes: tuple[int, ...] = Field(
        description=f"The newest messages that are tapbacks on a message that is known, at most {MAX_TAPBACKS}."
    )
    own_indexes: tuple[int, ...] = Field(
        description=f"The newest messages that you have written, at most {written.MAX_INDEXES}."
    )
    marked_unread: bool
    muted: bool
    assignee: str | None
    state: str
    line: str | None = Field(description="Your number in it; the first one, where there are several.")
    date_active: Timestamp = Field(description="The last activity, by which the list is ordered.")
    date_created: Timestamp
    url: str
    links: InboxLinks


def _check_contact(value: str | None) -> str | None:
    if value and not sids.matches(sids.CONTACT, value):
        raise invalid(f"it is not {sids.CONTACT} and 32 hexadecimal digits")
    return value


class InboxQuery(Form):
    """Which entries a list shows."""

    view: Annotated[InboxView, choose(InboxView)] = Field(
        InboxView.ALL,
        description="Those that are open (`all`), and of these those that are assigned to you (`mine`) or to no one, "
        "and those that you have not read; or those that are `done`: inactive and closed.",
    )
    line: Clearable[Address] = Field(None, description="Those with this number of yours.")
    contact: Annotated[Clearable[str], AfterValidator(_check_contact)] = Field(
        None, description="Those in which a handset is a number of this contact."
    )
    q: Clearable[Name] = Field(
        None,
        alias="Q",
        description="Those that this finds: beginnings of words of the title and of names, or ends of numbers.",
    )


@route.get(
    "Inbox",
    users=True,
    docs=Operation(query=InboxQuery, list_of=("entries", InboxEntryBody), refusals=(20001, 50107)),
)
def list_page(call: Call) -> ApiResponse:
    """List the conversations that the caller sees, the one with the latest activity first.

    The first request of a Service creates its inbox. What was there before is filled in within minutes, the newest
    conversations first.
    """
    authorization.require_service_permission(call, Permission.WRITE_AS_LINE)
    selection = _read_selection(call, InboxQuery.parse(call.request.query))
    _start(call)

    def read(window: Window) -> PagePart:
        return inbox_lists.read(call, window, selection, lambda one: _build_body(call, one))

    return pagination.build_list_response(call, "entries", read)


def _read_selection(call: Call, query: InboxQuery) -> InboxSelection:
    if call.user is None and query.view in (InboxView.MINE, InboxView.UNREAD):
        raise refusals.invalid_parameter("View", f"{query.view} is that of a person; use an access token")
    search = inbox_lists.parse_search(query.q) if query.q else None
    if query.q and search is None:
        raise refusals.invalid_parameter("Q", "it has no letter or digit")
    line = addresses.canonicalize(query.line) if query.line else None
    return InboxSelection(query.view, line, query.contact, search)


def _start(call: Call) -> None:
    """Let the Service use the inbox from now on. Repeats change nothing, also after a first attempt that broke off."""
    service = call.scope.service
    if service.inbox_shards is None:
        # The switch comes last, so that a Service that uses the inbox has the roles.
        wanted = [build_role(service.sid, name, call.now) for name in permissions.INBOX_ROLES]
        roles.create_missing(call.table, service.sid, wanted)
        store.start(call.table, service, format_time(call.now))


def _build_body(call: Call, shown: SeenWithUnread) -> Mapping[str, Any]:
    seen = shown.seen
    entry, url = seen.entry, call.url("Conversations", seen.entry.conversation_sid)
    return InboxEntryBody(
        conversation_sid=entry.conversation_sid,
        account_sid=call.context.account_sid,
        chat_service_sid=entry.service_sid,
        title=inbox.describe_title(entry),
        friendly_name=entry.title,
        members=tuple(_build_member(one) for one in entry.members),
        member_count=entry.member_count,
        last_message=_build_message(entry.last_message) if entry.last_message else None,
        unread=shown.unread,
        tapback_indexes=seen.conversation.tapbacks or (),
        own_indexes=written.list_indexes(seen.conversation.written, call.user.identity if call.user else None),
        marked_unread=seen.read.marked_unread,
        muted=seen.read.muted,
        assignee=entry.assignee,
        state=entry.state.value,
        line=format_address(entry.lines[0]) if entry.lines else None,
        date_active=entry.active_at,
        date_created=entry.created,
        url=url,
        links=InboxLinks(conversation=url, messages=f"{url}/Messages", read_state=f"{url}/ReadState"),
    ).to_json()


def _build_member(shown: EntryMember) -> InboxMemberBody:
    number = format_address(shown.number) if shown.number else None
    return InboxMemberBody(name=shown.name, number=number, identity=shown.identity, contact_sid=shown.contact_sid)


def _build_message(shown: EntryMessage) -> InboxMessageBody:
    mark = shown.tapback
    return InboxMessageBody(
        sid=shown.sid,
        index=shown.index,
        author=shown.author,
        written_by=shown.written_by,
        body=shown.body,
        kind=shown.kind.value,
        delivery=shown.delivery,
        tapback=InboxTapbackBody(kind=mark.kind, removed=mark.removed, emoji=mark.emoji) if mark else None,
        date_created=shown.created,
    )
