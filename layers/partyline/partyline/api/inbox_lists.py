"""Pages of the inbox: by activity, or of what a search or a contact finds.

A page reads a limited number of entries. Where a filter leaves most of them out (one line, what is unread, a search in
the lists of one person), it may be shorter than was asked for, or empty, with more behind it. A search in everything,
and a contact, find a limited number of conversations altogether.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from partyline.api import authorization, filtered_lists
from partyline.api.context import Call
from partyline.api.pagination import PagePart, to_page_part
from partyline.domain.contact_search import ContactQuery, parse_query
from partyline.domain.conversations import Conversation
from partyline.domain.inbox import InboxEntry, InboxPointer, InboxView
from partyline.domain.permissions import Permission
from partyline.frozen_classes import frozen
from partyline.serialization import format_time
from partyline.storage import contacts, inbox, inbox_pages, keys, queries
from partyline.storage.inbox_pages import InboxReader, SeenEntry
from partyline.storage.queries import ListPage, Window

# An entry that is still out of date after so long needs a repair. A page orders so many at most.
_SETTLED = timedelta(minutes=1)
_MAX_REPAIRS = 10
# How many conversations a search or a contact finds at most.
MAX_FOUND = 200


@frozen
class SeenWithUnread:
    """An entry as the caller sees it, and how much of it is unread; None for the account."""

    seen: SeenEntry
    unread: int | None


Show = Callable[[SeenWithUnread], Mapping[str, object]]


@frozen
class InboxSelection:
    """Which entries a list shows: a view, and of these those of a line, of a contact, or that a text finds."""

    view: InboxView = InboxView.ALL
    line: str | None = None
    contact_sid: str | None = None
    query: ContactQuery | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether entries of the view are left out."""
        return self.line is not None or self.query is not None or self.view is InboxView.UNREAD


def build_reader(call: Call) -> InboxReader:
    """Build whose inbox the caller reads."""
    service, user = call.scope.service, call.user
    if user is None:
        return InboxReader(service)
    owned = Permission.VIEW_ASSIGNED_CONVERSATIONS in user.permissions
    return InboxReader(service, user.identity, authorization.can_see_all(call), owned)


def parse_search(text: str) -> ContactQuery | None:
    """Parse what a search looks for; None where it looks for nothing."""
    query = parse_query(text)
    return query if query.groups else None


def read(call: Call, window: Window, selection: InboxSelection, show: Show) -> PagePart:
    """Read the part of a list that a window shows.

    A search of who sees every conversation is found by its terms. Others' lists are read through instead: what it finds
    in the whole Service may be much, and little of it theirs.
    """
    reader = build_reader(call)
    if selection.contact_sid or (selection.query and reader.sees_all):
        return _slice(_find(call, selection), window, show)
    return _scan(call, reader, window, selection, show)


# --- by activity


def _scan(call: Call, reader: InboxReader, window: Window, selection: InboxSelection, show: Show) -> PagePart:
    def read_fitting(place: Window) -> ListPage[SeenWithUnread]:
        page = inbox_pages.list_pointers(call.table, reader, place, selection.view)
        return ListPage(_select(call, reader, page.entries, selection), page.more, page.ends)

    max_windows = filtered_lists.MAX_WINDOWS if selection.is_filtered else 1
    return to_page_part(filtered_lists.collect(window, read_fitting, max_windows), show)


def _select(
    call: Call, reader: InboxReader, listed: Collection[tuple[str, InboxPointer]], selection: InboxSelection
) -> list[tuple[str, SeenWithUnread]]:
    """Select the entries that the caller sees and the list shows."""
    wanted = [(key, one) for key, one in listed if selection.line is None or selection.line in one.lines]
    seen = _fetch(call, reader, [one.conversation_sid for _, one in wanted])
    shown = _show_fitting(call, seen, selection)
    return [(key, shown[one.conversation_sid]) for key, one in wanted if one.conversation_sid in shown]


def _fetch(call: Call, reader: InboxReader, conversation_sids: Collection[str]) -> dict[str, SeenEntry]:
    """Fetch the entries that the caller sees, and have those repaired that a lost message has left behind.

    Entries of conversations that have just changed are a moment late anyway.
    """
    seen = inbox_pages.fetch_entries(call.table, reader, conversation_sids)
    left = [one.conversation for one in seen.values() if one.is_late and _is_settled(one.conversation, call.now)]
    for conversation in left[:_MAX_REPAIRS]:
        inbox.order_repair(call.table, conversation.service_sid, conversation.sid, call.now)
    return seen


def _is_settled(conversation: Conversation, now: datetime) -> bool:
    """Whether a conversation has not changed lately."""
    return now - max(conversation.updated, conversation.active_at or conversation.updated) > _SETTLED


def _show_fitting(call: Call, seen: Mapping[str, SeenEntry], selection: InboxSelection) -> dict[str, SeenWithUnread]:
    """Return the entries that the selection shows, by conversation, with what is unread of each."""
    fitting = {sid: _with_unread(call, one) for sid, one in seen.items() if _fits(call, one.entry, selection)}
    if selection.view is not InboxView.UNREAD:
        return fitting
    return {sid: one for sid, one in fitting.items() if one.unread}


def _fits(call: Call, entry: InboxEntry, selection: InboxSelection) -> bool:
    """Whether the selection shows an entry, as far as that follows from the entry."""
    return (
        entry.fits(selection.view, call.user.identity if call.user else None)
        and (selection.line is None or selection.line in entry.lines)
        and (selection.query is None or selection.query.has_match(entry.terms))
    )


def _with_unread(call: Call, seen: SeenEntry) -> SeenWithUnread:
    return SeenWithUnread(seen, inbox_pages.count_unread(call.table, seen, call.user.identity) if call.user else None)


# --- found by a text or a contact


def _find(call: Call, selection: InboxSelection) -> list[tuple[str, SeenWithUnread]]:
    """Find at most MAX_FOUND conversations; return those that the caller sees and the list shows, by activity."""
    if selection.contact_sid:
        sids = _find_of_contact(call, selection.contact_sid)
    else:
        prefixes = selection.query.lead if selection.query else ()
        sids = inbox_pages.find_by_terms(call.table, call.scope.service_sid, prefixes, MAX_FOUND)
    seen = _fetch(call, build_reader(call), sids)
    shown = _show_fitting(call, seen, selection).values()
    return sorted(((_place_of(one.seen.entry), one) for one in shown), key=lambda one: one[0], reverse=True)


def _place_of(entry: InboxEntry) -> str:
    """Return the sort key of an entry in lists by activity."""
    return keys.dated(format_time(entry.active_at), entry.conversation_sid)


def _find_of_contact(call: Call, sid: str) -> list[str]:
    """Find the conversations in which a handset is a number of a contact; none of one that the caller cannot see."""
    contact = contacts.fetch(call.table, sid)
    if (
        contact is None
        or contact.service_sid != call.scope.service_sid
        or not authorization.can_see_contact(call, contact)
    ):
        return []
    pages = [
        queries.participations(call.table, call.scope.service_sid, Window(MAX_FOUND), address=number)
        for number in contact.addresses
    ]
    newest = sorted((entry for page in pages for entry in page.entries), key=lambda entry: entry[0], reverse=True)
    return [*dict.fromkeys(member.conversation_sid for _, member in newest)][:MAX_FOUND]


def _slice(found: list[tuple[str, SeenWithUnread]], window: Window, show: Show) -> PagePart:
    """Return the part of what was found that a window shows."""
    after = window.after
    if window.backward:
        before = [one for one in found if after is None or one[0] > after]
        shown, more = before[-window.size :], len(before) > window.size
    else:
        behind = [one for one in found if after is None or one[0] < after]
        shown, more = behind[: window.size], len(behind) > window.size
    return PagePart([(key, show(one)) for key, one in shown], more)
