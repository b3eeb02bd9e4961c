"""Conversations: create, fetch, list, update, delete."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from partyline import refusals
from partyline.api import authorization, inbox_lists, lookups, pagination, parsing, pre_webhook, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import (
    Address,
    ClosedTimer,
    ConversationAttributes,
    DateCreated,
    DateUpdated,
    InactiveTimer,
    Name,
    choose,
)
from partyline.api.form_model import Clearable, Form, invalid, refused
from partyline.api.pagination import PagePart
from partyline.api.request import Parameters
from partyline.api.router import Router
from partyline.domain import addresses, events, identities, sids, threads, timers
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.participants import SYSTEM, Participant
from partyline.domain.permissions import Permission
from partyline.domain.services import default_timers
from partyline.frozen_classes import replace
from partyline.lifecycle import expiry
from partyline.storage import conversation_lists, inbox_pages, participations, retry, users
from partyline.storage import conversations as store
from partyline.storage.memberships import NewConversation
from partyline.storage.queries import Window

route = Router()

LINKS = ("participants", "messages", "webhooks", "export")
_NAMES = ("FriendlyName", "UniqueName")
_TIMERS = ("Timers.Inactive", "Timers.Closed")
# What only the account sets.
_SETTINGS = ("MessagingServiceSid", "DateCreated", "DateUpdated", *_TIMERS)
_EMAIL = ("Bindings.Email.Address", "Bindings.Email.Name")


def _check_state(value: str) -> ConversationState:
    if not value:
        raise refused(refusals.state_empty())
    if value.lower() not in (ConversationState.ACTIVE, ConversationState.INACTIVE, ConversationState.CLOSED):
        raise refused(refusals.state_invalid(value))
    return ConversationState(value.lower())


def _check_new_state(value: ConversationState) -> ConversationState:
    if value is ConversationState.CLOSED:
        raise refused(refusals.created_closed())
    return value


def _check_email(value: str | None) -> None:
    if value:
        raise refused(refusals.email_not_supported())


def _check_unique_name(value: str | None) -> str | None:
    if value and sids.matches(sids.CONVERSATION, value):
        raise refused(refusals.unique_name_like_sid())
    return value


def _check_messaging_service(value: str | None) -> str | None:
    if value and not sids.matches(sids.MESSAGING_SERVICE, value):
        raise refused(refusals.messaging_service_invalid())
    return value


def _check_start(value: str) -> datetime | None:
    if not value:
        return None
    moment = parsing.parse_moment(value)
    if moment is None:
        raise invalid("it is not an ISO 8601 date")
    return moment


def _check_end(value: str) -> datetime | None:
    """Accept a date or time, which stands for the whole day, or second, that it names."""
    moment = _check_start(value)
    if moment and len(value.strip()) == len("2026-01-31"):
        return datetime.combine(moment, time.max, moment.tzinfo)
    return moment.replace(microsecond=999_999) if moment and not moment.microsecond else moment


_State = Annotated[ConversationState, BeforeValidator(_check_state)]
_Email = Annotated[str | None, AfterValidator(_check_email)]


class ConversationForm(Form):
    """What can be changed of a conversation."""

    state: _State | None = None
    email_address: _Email = Field(None, alias="Bindings.Email.Address")
    email_name: _Email = Field(None, alias="Bindings.Email.Name")
    unique_name: Annotated[Clearable[Name], AfterValidator(_check_unique_name)] = None
    messaging_service_sid: Annotated[Clearable[str], AfterValidator(_check_messaging_service)] = None
    friendly_name: Clearable[Name] = None
    attributes: ConversationAttributes | None = None
    created: DateCreated | None = Field(None, alias="DateCreated")
    updated: DateUpdated | None = Field(None, alias="DateUpdated")
    inactive_after: InactiveTimer = Field(None, alias="Timers.Inactive")
    closed_after: ClosedTimer = Field(None, alias="Timers.Closed")


class NewConversationForm(ConversationForm):
    """A new conversation."""

    state: Annotated[_State, AfterValidator(_check_new_state)] = ConversationState.ACTIVE


class ConversationUpdateForm(ConversationForm):
    """What can be changed of a conversation that exists. `assignee` is ours."""

    assignee: Clearable[str] = None


class PreWebhookChanges(Form):
    """What a pre-action webhook can change of a conversation."""

    friendly_name: Clearable[Name] = None


class ConversationQuery(Form):
    """Which conversations a list shows. `start` and `end` are of the creation, both inclusive."""

    state: Annotated[ConversationState, choose(ConversationState)] | None = None
    start: Annotated[datetime | None, BeforeValidator(_check_start)] = Field(None, alias="StartDate")
    end: Annotated[datetime | None, BeforeValidator(_check_end)] = Field(None, alias="EndDate")
    members: tuple[Address, ...] = Field((), alias="Address")

    @model_validator(mode="after")
    def _check_dates(self) -> Self:
        if self.start and self.end and self.end < self.start:
            raise refused(refusals.dates_reversed())
        return self

    def matches(self, found: Conversation, now: datetime) -> bool:
        """Whether a conversation is in the state and of the time that are asked for."""
        return (
            self.state in (None, timers.apply_due(found, now).state)
            and (self.start is None or found.created >= self.start)
            and (self.end is None or found.created <= self.end)
        )


@route.post("Conversations", users=True)
def create(call: Call) -> ApiResponse:
    """Create a conversation. A user that creates one is its member, with the role of creators.

    Raises ApiError 20001, 50056, 50107, 50303, 50304, 50308, 50309, 50341, 50353, 50374 to 50376, 50378 to 50380,
    50384, 50390, 50420.
    """
    authorization.require_service_permission(call, Permission.CREATE_CONVERSATION)
    conversation = apply_pre_webhook(call, "onConversationAdd", build_conversation(call))
    known = authorization.find_known_users(call)
    new = NewConversation(conversation, build_creator(call, conversation), call.now, call.cause, known)
    return ApiResponse(201, serializers.build_conversation(call, new.store(call.table), LINKS))


def build_conversation(call: Call) -> Conversation:
    """Build the conversation that a form describes; nothing is stored."""
    form, configuration = call.request.form, call.scope.configuration
    authorization.deny_users(call, form, *_SETTINGS, "State")
    changes = NewConversationForm.parse(form).changes()
    begun = default_timers(configuration, call.scope.service)
    blank = Conversation(
        sids.new(sids.CONVERSATION),
        call.scope.service_sid,
        call.now,
        call.now,
        messaging_service_sid=configuration.default_messaging_service_sid,
        active_at=call.now,
        inactive_after=begun.inactive,
        closed_after=begun.closed,
        created_by=call.user.identity if call.user else SYSTEM,
    )
    return replace(blank, **changes)


def apply_pre_webhook(call: Call, event: str, conversation: Conversation) -> Conversation:
    """Apply to a conversation what the pre-action webhook changes. Raises ApiError 20001, 50056."""
    changes = pre_webhook.consult(call, events.conversation_event(event, conversation))
    return replace(conversation, **PreWebhookChanges.parse(changes).changes())


def build_creator(call: Call, conversation: Conversation) -> list[Participant]:
    """Build the member that the calling user is in a conversation that they create; none for the account."""
    if call.user is None:
        return []
    role = call.scope.service.creator_role_sid
    sid = sids.new(sids.PARTICIPANT)
    identity = call.user.identity
    return [
        Participant(sid, conversation.sid, call.now, call.now, identity=identity, identified=call.now, role_sid=role)
    ]


@route.get("Conversations/{conversation}", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch a conversation by its SID or unique name."""
    return ApiResponse(200, serializers.build_conversation(call, lookups.find_conversation(call, whole=True), LINKS))


@route.post("Conversations/{conversation}", users=True)
def update(call: Call) -> ApiResponse:
    """Change what the form names. Raises ApiError as `create`, and 50347, 50349, 50377, 50386."""
    form = call.request.form
    authorization.deny_users(call, form, *_SETTINGS)
    if ConversationForm.parse(form).state is ConversationState.CLOSED:
        # What is closed stays so, and frees its threads.
        authorization.deny_users(call, form, "State")
    found = lookups.find_permitted_conversation(call, *_required_permissions(form), whole=True)
    before = lookups.require_changeable(found)
    if not any(name in form.values for name in (*_NAMES, "Attributes", "Assignee", "State", *_SETTINGS, *_EMAIL)):
        raise refusals.nothing_to_update()
    after = replace(before, **{"updated": call.now, **_parse_update(call)})
    if any(name in form.values for name in ("State", *_TIMERS)):
        # Timers run from what was set last.
        after = replace(after, active_at=call.now)
    after = apply_pre_webhook(call, "onConversationUpdate", after)
    changed = store.update(call.table, before, after, call.now, cause=call.cause)
    return ApiResponse(200, serializers.build_conversation(call, changed, LINKS))


def _parse_update(call: Call) -> dict[str, Any]:
    """Return the changes that the form names. Raises ApiError as `update`."""
    changes = ConversationUpdateForm.parse(call.request.form).changes()
    assignee = changes.get("assignee")
    if assignee and not _is_user(call, assignee):
        raise refusals.invalid_parameter("Assignee", "it is the identity of no user of this Service")
    return changes


def _is_user(call: Call, identity: str) -> bool:
    if identities.is_too_long(identity):
        return False
    return users.fetch_by_identity(call.table, call.scope.service_sid, identity) is not None


def _required_permissions(form: Parameters) -> list[Permission]:
    """Return the permissions that a user needs to send this form."""
    name = any(given in form.values for given in _NAMES)
    return [
        *([Permission.SET_CONVERSATION_STATE] if "State" in form.values else []),
        *([Permission.EDIT_CONVERSATION_NAME] if name else []),
        *([Permission.EDIT_CONVERSATION_ATTRIBUTES] if "Attributes" in form.values else []),
        *([Permission.WRITE_AS_LINE] if "Assignee" in form.values else []),
    ]


@route.delete("Conversations/{conversation}", users=True)
def delete(call: Call) -> ApiResponse:
    """Delete a conversation.

    Tried again when the conversation changes meanwhile, as a new one does when it becomes active.
    """
    retry.STANDARD.run(lambda: _delete(call))
    return ApiResponse(204)


def _delete(call: Call) -> None:
    conversation = lookups.find_permitted_conversation(call, Permission.DELETE_CONVERSATION, whole=True)
    pre_webhook.consult(call, events.conversation_event("onConversationRemove", conversation))
    batches = store.removal_events(call.table, conversation, call.now, call.cause)
    store.remove(call.table, conversation, batches=batches)


@route.get("Conversations", users=True)
def list_page(call: Call) -> ApiResponse:
    """List the conversations, newest first, by State and by date of creation.

    With one Address for each of its members, the open conversation with exactly these. A user that does not see all
    conversations gets their own, by when they joined; who sees what is assigned to them too gets both, by activity, in
    a Service that uses the inbox. Raises ApiError 20001, 50396.
    """
    query = ConversationQuery.parse(call.request.query)

    def read(window: Window) -> PagePart:
        if query.members:
            return _find_by_members(call, query.members)
        if query.state:
            # In the list of its new state is only what has been written down.
            expiry.apply_overdue_timers(call.table, call.scope.service_sid, call.now)
        if authorization.can_see_all(call):
            return _list_all(call, window, query)
        return (_list_seen if _has_list_of_seen(call) else _list_own)(call, window, query)

    return pagination.build_list_response(call, "conversations", read)


def _list_all(call: Call, window: Window, query: ConversationQuery) -> PagePart:
    """List the conversations of the Service."""
    page = conversation_lists.page(
        call.table, call.scope.service_sid, window, state=query.state, start=query.start, end=query.end
    )
    whole = store.complete_many(call.table, (found for _, found in page.entries))
    entries = [(key, whole[found.sid]) for key, found in page.entries if found.sid in whole]
    fitting = [(key, found) for key, found in entries if query.matches(found, call.now)]
    return pagination.to_page_part(
        replace(page, entries=fitting), lambda found: serializers.build_conversation(call, found, LINKS)
    )


def _list_own(call: Call, window: Window, query: ConversationQuery) -> PagePart:
    """List the conversations that the calling user takes part in.

    A page may hold fewer entries than its size, or none, when others of its window do not fit the filters.
    """
    identity = call.user.identity if call.user else ""
    page = participations.list_for(call.table, call.scope.service_sid, window, identity=identity, whole=True)
    entries = [
        (key, serializers.build_conversation(call, found.conversation, LINKS))
        for key, found in page.entries
        if query.matches(found.conversation, call.now)
    ]
    return PagePart(entries, page.more, page.ends)


def _has_list_of_seen(call: Call) -> bool:
    """Whether the calling user may see more than they take part in, and the inbox has a list of it."""
    assigned = call.user is not None and Permission.VIEW_ASSIGNED_CONVERSATIONS in call.user.permissions
    return assigned and bool(call.scope.service.inbox_filled)


def _list_seen(call: Call, window: Window, query: ConversationQuery) -> PagePart:
    """List the conversations that the calling user sees, by activity. Pages may be shorter, as those of `_list_own`."""
    reader = inbox_lists.build_reader(call)
    page = inbox_pages.list_all_pointers(call.table, reader, window)
    seen = inbox_pages.fetch_entries(call.table, reader, [one.conversation_sid for _, one in page.entries])
    whole = store.complete_many(call.table, (one.conversation for one in seen.values()))
    entries = [
        (key, serializers.build_conversation(call, whole[one.conversation_sid], LINKS))
        for key, one in page.entries
        if one.conversation_sid in whole and query.matches(whole[one.conversation_sid], call.now)
    ]
    return PagePart(entries, page.more, page.ends)


def _find_by_members(call: Call, members: tuple[str, ...]) -> PagePart:
    thread = threads.build_key(addresses.canonicalize(address) for address in members)
    found = store.find_open_owner(call.table, thread, call.now, whole=True)
    if found is None or found.service_sid != call.scope.service_sid or not _is_visible(call, found):
        return PagePart([])
    return PagePart([(found.sid, serializers.build_conversation(call, found, LINKS))])


def _is_visible(call: Call, found: Conversation) -> bool:
    if authorization.can_see_all(call):
        return True
    roster = store.load(call.table, found.sid)
    return roster is not None and authorization.can_see(call, roster.participants)
