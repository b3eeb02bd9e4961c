"""Pages of contacts: by name, by search, or the one with a number.

A search reads the terms that fit the longest part of the query, and leaves out the contacts that do not fit the rest.
It reads a limited number of them for a page, which may so be shorter than was asked for, with more behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from partyline.api import pagination
from partyline.api.context import Call
from partyline.api.pagination import PagePart
from partyline.domain import addresses
from partyline.domain.contact_search import ContactQuery, list_terms, parse_query
from partyline.domain.contacts import Contact
from partyline.storage import contacts, queries
from partyline.storage.queries import ContactTerm, Window

# How many windows of terms a page of a search reads at most.
_MAX_WINDOWS = 5

Show = Callable[[Contact], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
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
    """Read terms until the page is full, or enough were read."""
    found: list[tuple[str, ContactTerm]] = []
    ends: tuple[str, str] | None = None
    more, place = True, window
    for _ in range(_MAX_WINDOWS):
        page = queries.contact_terms(call.table, call.scope.service_sid, place, query.lead, owner=owner)
        more = page.more
        if page.ends is None:
            break
        matches = [entry for entry in page.entries if _has_match(query, entry[1])]
        if window.backward:
            found, ends = [*matches, *found], (page.ends[0], ends[1] if ends else page.ends[1])
            place = replace(place, after=page.ends[0])
        else:
            found, ends = [*found, *matches], (ends[0] if ends else page.ends[0], page.ends[1])
            place = replace(place, after=page.ends[1])
        if len(found) >= window.size or not more:
            break
    return _show_found(call, _cut(_FoundTerms(found, more, ends), window), show)


def _has_match(query: ContactQuery, term: ContactTerm) -> bool:
    return query.has_match(term.terms) and query.is_first_match(term.term, term.terms)


@dataclass(frozen=True, slots=True)
class _FoundTerms:
    """The terms of a page, and where in the list of terms it is."""

    terms: list[tuple[str, ContactTerm]]
    more: bool
    ends: tuple[str, str] | None


def _cut(found: _FoundTerms, window: Window) -> _FoundTerms:
    """Keep as many terms as the page has; the others are read again for the next one."""
    kept = found.terms[-window.size :] if window.backward else found.terms[: window.size]
    if len(kept) == len(found.terms) or found.ends is None:
        return found
    first, last = found.ends
    ends = (kept[0][0], last) if window.backward else (first, kept[-1][0])
    return _FoundTerms(kept, more=True, ends=ends)


def _show_found(call: Call, found: _FoundTerms, show: Show) -> PagePart:
    """Build the page, from the contacts as they are now."""
    known = contacts.fetch_many(call.table, [term.contact_sid for _, term in found.terms])
    entries = [
        (key, show(known[term.contact_sid]))
        for key, term in found.terms
        if term.contact_sid in known and not known[term.contact_sid].deleted
    ]
    return PagePart(entries, found.more, found.ends)
