"""Pages of contacts: by name, by search, or the one with a number.

A search reads the terms that fit the longest part of the query, and leaves out the contacts that do not fit the rest.
It reads a limited number of them for a page, which may so be shorter than was asked for, with more behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from partyline.api import filtered_lists, pagination
from partyline.api.context import Call
from partyline.api.pagination import PagePart
from partyline.domain import addresses
from partyline.domain.contact_search import ContactQuery, list_terms, parse_query
from partyline.domain.contacts import Contact
from partyline.frozen_classes import frozen, replace
from partyline.storage import contacts, queries
from partyline.storage.queries import ContactTerm, ListPage, Window

Show = Callable[[Contact], Mapping[str, object]]


@frozen
class ContactSelection:
    """Which contacts a list shows: those of an owner, those that a text finds, the one with a number."""

    owner: str | None = None
    text: str | None = None
    number: str | None = None


def read(call: Call, window: Window, selection: ContactSelection, show: Show) -> PagePart:
    """Read the part of a list that a window shows."""
    if selection.number is not None:
        found = _find_by_number(call, selection)
        return pagination.slice_entries([(found.sid, show(found))] if found else [], window)
    if selection.text is not None:
        query = parse_query(selection.text)
        return _search(call, window, query, selection.owner, show) if query.groups else PagePart([])
    page = queries.contacts(call.table, call.scope.service_sid, window, owner=selection.owner)
    return pagination.to_page_part(page, show)


def _find_by_number(call: Call, selection: ContactSelection) -> Contact | None:
    number = addresses.canonicalize(selection.number or "")
    if not addresses.is_number(number):
        return None
    holder = contacts.fetch_holders(call.table, call.scope.service_sid, [number]).get(number)
    found = contacts.fetch(call.table, holder.contact_sid) if holder else None
    if found is None or selection.owner not in (None, found.owner):
        return None
    is_found = selection.text is None or parse_query(selection.text).has_match(list_terms(found))
    return found if is_found and not found.deleted else None


def _search(call: Call, window: Window, query: ContactQuery, owner: str | None, show: Show) -> PagePart:
    def read_terms(place: Window) -> ListPage[ContactTerm]:
        page = queries.contact_terms(call.table, call.scope.service_sid, place, query.lead, owner=owner)
        return replace(page, entries=[entry for entry in page.entries if _has_match(query, entry[1])])

    return _show_found(call, filtered_lists.collect(window, read_terms), show)


def _has_match(query: ContactQuery, term: ContactTerm) -> bool:
    return query.has_match(term.terms) and query.is_first_match(term.term, term.terms)


def _show_found(call: Call, found: ListPage[ContactTerm], show: Show) -> PagePart:
    """Build the page, from the contacts as they are now."""
    known = contacts.fetch_many(call.table, [term.contact_sid for _, term in found.entries])
    entries = [
        (key, show(known[term.contact_sid]))
        for key, term in found.entries
        if term.contact_sid in known and not known[term.contact_sid].deleted
    ]
    return PagePart(entries, found.more, found.ends)
