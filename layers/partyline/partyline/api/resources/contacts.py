"""Contacts: the people behind phone numbers. Create, fetch, search, change, merge, delete, and the history of each.

A person whose role permits `manageContacts` may do all of it. Others see the contacts that they own, and change what
decides nothing about access: names, do-not-disturb and attributes, but no numbers and no owner. Twilio has no such
resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from partyline import refusals
from partyline.api import authorization, contact_lists, lookups, pagination
from partyline.api.contact_forms import (
    ContactDeletionQuery,
    ContactForm,
    ContactListQuery,
    ContactMergeForm,
    ContactUpdateForm,
    NewContactForm,
)
from partyline.api.contact_lists import ContactSelection
from partyline.api.context import ApiResponse, Call
from partyline.api.idempotency import IdempotentRequest, answer_once
from partyline.api.operations import Operation
from partyline.api.pagination import PagePart
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Router
from partyline.domain import contacts, sids
from partyline.domain.contacts import Contact, ContactAction, ContactChange
from partyline.domain.permissions import Permission
from partyline.frozen_classes import replace
from partyline.storage import contact_wishes, queries, retry
from partyline.storage import contacts as store
from partyline.storage.queries import Window

route = Router()

# What only a person who manages contacts may set: who sees a conversation depends on it.
_MANAGERS_ONLY = ("Numbers", "Owner")


class ContactNumberBody(ResponseModel):
    """A number of a contact."""

    number: str
    label: str
    primary: bool


class DoNotDisturbBody(ResponseModel):
    """That a contact is to get no texts."""

    since: Timestamp
    by: str = Field(description="The identity, the API key or the account that said so.")
    reason: str | None


class ContactLinks(ResponseModel):
    """What is beneath a contact."""

    history: str


class ContactBody(ResponseModel):
    """A person with phone numbers."""

    sid: str
    account_sid: str
    chat_service_sid: str
    friendly_name: str
    numbers: tuple[ContactNumberBody, ...]
    owner: str | None
    do_not_disturb: DoNotDisturbBody | None
    attributes: str
    version: int = Field(description="Counts the changes, from 1.")
    date_created: Timestamp
    date_updated: Timestamp
    url: str
    links: ContactLinks


class FieldChangeBody(ResponseModel):
    """A member of a contact before and after a change."""

    field: str
    before: Any
    after: Any


class ContactChangeBody(ResponseModel):
    """One entry of a contact's history."""

    account_sid: str
    chat_service_sid: str
    contact_sid: str
    action: ContactAction
    by: str
    version: int
    changes: tuple[FieldChangeBody, ...]
    date_created: Timestamp


@route.post(
    "Contacts",
    users=True,
    docs=Operation(
        form=NewContactForm,
        answers={201: ContactBody},
        refusals=(20001, 20409, 50107, 50303, 50304),
        idempotent=True,
    ),
)
def create(call: Call) -> ApiResponse:
    """Create a contact. A number that another contact of the Service has is refused, and names that contact."""
    authorization.require_service_permission(call, Permission.MANAGE_CONTACTS)
    return answer_once(call, _create)


def _create(once: IdempotentRequest) -> ApiResponse:
    call = once.call
    form = NewContactForm.parse(call.request.form)
    blank = Contact(sids.new(sids.CONTACT), call.scope.service_sid, form.friendly_name, call.now, call.now)
    contact = replace(blank, **_read_changes(call, form, blank), request_digest=once.digest)
    change = contacts.describe_change(None, contact, ContactAction.CREATED, call.caller)
    answer = ApiResponse(201, build_body(call, contact))
    store.save(call.table, None, contact, change, beside=once.writes(answer, contact.sid))
    return answer


@route.get("Contacts/{contact}", users=True, docs=Operation(answers={200: ContactBody}))
def fetch(call: Call) -> ApiResponse:
    """Fetch a contact. One that was merged is not found, and the details name the contact with its numbers."""
    return ApiResponse(200, build_body(call, _find_contact(call)))


@route.get(
    "Contacts",
    users=True,
    docs=Operation(query=ContactListQuery, list_of=("contacts", ContactBody), refusals=(20001,)),
)
def list_page(call: Call) -> ApiResponse:
    """List the contacts by name, or search them. Without `manageContacts`, these are the caller's own."""
    query = ContactListQuery.parse(call.request.query)
    owner = query.owner
    if call.user and not authorization.can_manage_contacts(call):
        owner = call.user.identity
    selection = ContactSelection(owner, query.q, query.number)

    def read(window: Window) -> PagePart:
        if query.owner not in (None, owner):
            return PagePart([])
        return contact_lists.read(call, window, selection, lambda one: build_body(call, one))

    return pagination.build_list_response(call, "contacts", read)


@route.post(
    "Contacts/{contact}",
    users=True,
    docs=Operation(form=ContactUpdateForm, answers={200: ContactBody}, refusals=(20001, 20409, 50107, 50303, 50304)),
)
def update(call: Call) -> ApiResponse:
    """Change what the form names of a contact.

    With `Version`, a contact that somebody has changed since is refused with 20409, and the details have its version.
    """
    form = ContactUpdateForm.parse(call.request.form)

    def attempt() -> tuple[Contact, Contact]:
        before = _find_contact(call)
        if any(name in call.request.form.values for name in _MANAGERS_ONLY):
            authorization.require_service_permission(call, Permission.MANAGE_CONTACTS)
        if form.version not in (None, before.version):
            raise refusals.contact_changed(before.sid, before.version)
        after = contacts.update(before, _read_changes(call, form, before), call.now)
        if after is not before:
            change = contacts.describe_change(before, after, ContactAction.UPDATED, call.caller)
            store.save(call.table, before, after, change)
        return before, after

    before, after = retry.STANDARD.run(attempt)
    if (before.do_not_disturb is None) != (after.do_not_disturb is None):
        contact_wishes.record_do_not_disturb(call.table, after, call.cause)
    return ApiResponse(200, build_body(call, after))


@route.delete(
    "Contacts/{contact}",
    users=True,
    docs=Operation(query=ContactDeletionQuery, answers={204: None}, refusals=(20001, 50107)),
)
def delete(call: Call) -> ApiResponse:
    """Delete a contact: its numbers are free for another one, participants that were added as it stay.

    Its name and history stay for those who manage contacts, unless `Erase=true` deletes these too.
    """
    is_erased = ContactDeletionQuery.parse(call.request.query).erase
    retry.STANDARD.run(lambda: _erase(call) if is_erased else _delete(call))
    return ApiResponse(204)


def _delete(call: Call) -> None:
    before = _find_managed_contact(call)
    after = contacts.bury(before, call.now)
    store.save(call.table, before, after, contacts.describe_change(before, after, ContactAction.DELETED, call.caller))


def _erase(call: Call) -> None:
    before = _find_any_contact(call)
    authorization.require_service_permission(call, Permission.MANAGE_CONTACTS)
    store.erase(call.table, before, *contacts.erase(before, call.caller, call.now))


@route.post(
    "Contacts/{contact}/Merge",
    users=True,
    docs=Operation(form=ContactMergeForm, answers={200: ContactBody}, refusals=(20001, 50107)),
)
def merge(call: Call) -> ApiResponse:
    """Merge another contact into this one.

    The numbers of the other move here. Its owner and do-not-disturb do too, where this contact has none. The other
    contact is no longer found.
    """
    form = ContactMergeForm.parse(call.request.form)

    def attempt() -> Contact:
        survivor = _find_managed_contact(call)
        other = store.fetch(call.table, form.contact_sid)
        if other is None or other.deleted or other.service_sid != survivor.service_sid or other.sid == survivor.sid:
            raise refusals.invalid_parameter("ContactSid", "it is no other contact of this Service")
        after = contacts.merge(survivor, other, call.now)
        changes = contacts.describe_merge((survivor, other), after, call.caller)
        store.save_merge(call.table, (survivor, other), after, changes)
        return after[0]

    return ApiResponse(200, build_body(call, retry.STANDARD.run(attempt)))


@route.get("Contacts/{contact}/History", users=True, docs=Operation(list_of=("history", ContactChangeBody)))
def list_history(call: Call) -> ApiResponse:
    """List who changed what of a contact, the latest first. That of a deleted contact takes `manageContacts`."""
    found = _find_any_contact(call)

    def read(window: Window) -> PagePart:
        page = queries.contact_changes(call.table, window, found.sid)
        return pagination.to_page_part(page, lambda change: _build_change(call, change))

    return pagination.build_list_response(call, "history", read)


def _read_changes(call: Call, form: ContactForm, before: Contact) -> Mapping[str, Any]:
    """Return the fields of a contact that a form changes. Raises RuleViolation invalid_parameter."""
    given = form.changes()
    wanted, reason = given.pop("do_not_disturb", None), given.pop("do_not_disturb_reason", None)
    given.pop("version", None)
    if wanted is not None or reason is not None:
        given["do_not_disturb"] = contacts.set_do_not_disturb(
            before.do_not_disturb, wanted=wanted, reason=reason, by=call.caller, now=call.now
        )
    return given


def _find_contact(call: Call) -> Contact:
    """Find the living contact that the path names. Raises ApiError 20404."""
    found = _find_any_contact(call)
    if found.deleted:
        raise lookups.not_found(call, merged_into=found.merged_into)
    return found


def _find_managed_contact(call: Call) -> Contact:
    """Find the contact of the path for a caller that may do everything with it. Raises ApiError 20404, 50107."""
    found = _find_contact(call)
    authorization.require_service_permission(call, Permission.MANAGE_CONTACTS)
    return found


def _find_any_contact(call: Call) -> Contact:
    """Find the contact or tombstone that the path names. Raises ApiError 20404, also when the caller may not see it."""
    sid = call.ids["contact"]
    found = store.fetch(call.table, sid) if sids.matches(sids.CONTACT, sid) else None
    if found is None or found.service_sid != call.scope.service_sid or not authorization.can_see_contact(call, found):
        raise lookups.not_found(call)
    return found


def build_body(call: Call, contact: Contact) -> dict[str, Any]:
    """Build a contact."""
    url, quiet = call.url("Contacts", contact.sid), contact.do_not_disturb
    return ContactBody(
        sid=contact.sid,
        account_sid=call.context.account_sid,
        chat_service_sid=contact.service_sid,
        friendly_name=contact.friendly_name,
        numbers=tuple(
            ContactNumberBody(number=one.number, label=one.label, primary=one.primary) for one in contact.numbers
        ),
        owner=contact.owner,
        do_not_disturb=DoNotDisturbBody(since=quiet.since, by=quiet.by, reason=quiet.reason or None) if quiet else None,
        attributes=contact.attributes,
        version=contact.version,
        date_created=contact.created,
        date_updated=contact.updated,
        url=url,
        links=ContactLinks(history=f"{url}/History"),
    ).to_json()


def _build_change(call: Call, change: ContactChange) -> dict[str, Any]:
    return ContactChangeBody(
        account_sid=call.context.account_sid,
        chat_service_sid=call.scope.service_sid,
        contact_sid=change.contact_sid,
        action=change.action,
        by=change.by,
        version=change.version,
        changes=tuple(FieldChangeBody(field=one.field, before=one.before, after=one.after) for one in change.changes),
        date_created=change.at,
    ).to_json()
