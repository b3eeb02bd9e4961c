"""Conversations: create, fetch, list, update, delete."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

from partyline import addresses, refusals, sids, threads
from partyline.api import fields, lookup, paging, responses
from partyline.api.calls import Answer, Call
from partyline.api.paging import Part, Window
from partyline.api.requests import Parameters
from partyline.model import Conversation
from partyline.states import ConversationState
from partyline.store import conversations as store
from partyline.store import items, keys, listing
from partyline.store.table import retrying

LINKS = ("participants", "messages", "webhooks", "export")
_TEXTS = ("FriendlyName", "UniqueName", "Attributes", "MessagingServiceSid", "DateCreated", "DateUpdated")
_TRIES = 8
_UNSUPPORTED = ("Timers.Inactive", "Timers.Closed", "Bindings.Email.Address", "Bindings.Email.Name")


def create(call: Call) -> Answer:
    """POST /Conversations.

    Raises ApiError 20001, 50303, 50304, 50308, 50309, 50341, 50353, 50374, 50378, 50384, 50390.
    """
    made = store.create(call.table, new(call), ())
    return Answer(201, responses.conversation(call, made, LINKS))


def new(call: Call) -> Conversation:
    """The conversation that a form describes; nothing is stored."""
    state = _state(call.request.form)
    if state is ConversationState.CLOSED:
        raise refusals.created_closed()
    blank = Conversation(sids.new(sids.CONVERSATION), call.scope.service_sid, call.now, call.now)
    return replace(_described(blank, call.request.form), state=state or ConversationState.ACTIVE)


def fetch(call: Call) -> Answer:
    """GET /Conversations/{sid or unique name}."""
    return Answer(200, responses.conversation(call, lookup.conversation(call), LINKS))


def update(call: Call) -> Answer:
    """POST /Conversations/{sid or unique name}. Raises ApiError as `create`, and 50347, 50349, 50377, 50386."""
    before = lookup.changeable(lookup.conversation(call))
    form = call.request.form
    if not any(name in form.values for name in (*_TEXTS, *_UNSUPPORTED, "State")):
        raise refusals.nothing_to_update()
    after = replace(_described(replace(before, updated=call.now), form), state=_state(form) or before.state)
    return Answer(200, responses.conversation(call, store.update(call.table, before, after), LINKS))


def delete(call: Call) -> Answer:
    """DELETE /Conversations/{sid or unique name}. Tried again when the conversation changes meanwhile, as a new one
    does that becomes active."""
    retrying(lambda: store.remove(call.table, lookup.conversation(call)), tries=_TRIES)
    return Answer(204)


def listed(call: Call) -> Answer:
    """GET /Conversations: newest first, by State and by date of creation; or, with one Address for each of its people,
    the open conversation with exactly these. Raises ApiError 20001, 50396."""
    query = call.request.query
    state = fields.choice(query, "State", ConversationState)
    start, end = _day(query, "StartDate"), _day(query, "EndDate", last=True)
    if start and end and end < start:
        raise refusals.dates_reversed()

    def read(window: Window) -> Part:
        page = listing.conversations(
            call.table,
            call.scope.service_sid,
            size=window.size,
            after=window.key,
            backward=window.backward,
            state=state,
            start=start,
            end=end,
        )
        return Part([_entry(call, found) for found in page.entries], page.more)

    people = query.all("Address")
    return paging.listing(call, "conversations", lambda window: _with_people(call, people) if people else read(window))


def _with_people(call: Call, people: tuple[str, ...]) -> Part:
    thread = threads.key(addresses.canonical(fields.address(address)) for address in people)
    owner = store.owner_of(call.table, thread)
    found = store.fetch(call.table, owner) if owner else None
    mine = found is not None and found.service_sid == call.scope.service_sid
    return Part([_entry(call, found)] if found and mine else [])


def _entry(call: Call, found: Conversation) -> paging.Entry:
    key = keys.dated(items.from_time(found.created), found.sid)
    return key, responses.conversation(call, found, LINKS)


def _described(before: Conversation, form: Parameters) -> Conversation:
    """A conversation with everything changed that a form names, but for its state."""
    fields.unsupported(form, _UNSUPPORTED, "timers and e-mail bindings are not supported")
    unique_name = fields.text(form, "UniqueName")
    if unique_name and sids.matches(sids.CONVERSATION, unique_name):
        raise refusals.unique_name_like_sid()
    friendly_name = fields.text(form, "FriendlyName")
    service = form.get("MessagingServiceSid")
    if service and not sids.matches("MG", service):
        raise refusals.messaging_service_invalid()
    return replace(
        before,
        friendly_name=before.friendly_name if friendly_name is None else friendly_name or None,
        unique_name=before.unique_name if unique_name is None else unique_name or None,
        messaging_service_sid=before.messaging_service_sid if service is None else service or None,
        attributes=fields.attributes(form, fields.CONVERSATION_ATTRIBUTES) or before.attributes,
        created=fields.date_created(form) or before.created,
        updated=fields.date_updated(form) or before.updated,
    )


def _state(form: Parameters) -> ConversationState | None:
    given = form.get("State")
    if given is None:
        return None
    if not given:
        raise refusals.state_empty()
    if given.lower() not in (ConversationState.ACTIVE, ConversationState.INACTIVE, ConversationState.CLOSED):
        raise refusals.state_invalid(given)
    return ConversationState(given.lower())


def _day(query: Parameters, name: str, *, last: bool = False) -> datetime | None:
    """A date of a filter. As the last one it stands for the whole of the day, or second, that it names."""
    given = query.get(name)
    if not given:
        return None
    moment = fields.moment(given)
    if moment is None:
        raise refusals.invalid_parameter(name, "it is not an ISO 8601 date")
    if last and len(given.strip()) == len("2026-01-31"):
        return datetime.combine(moment, time.max, moment.tzinfo)
    return moment.replace(microsecond=999_999) if last and not moment.microsecond else moment
