"""Lists by a sort key, a window at a time. The cost of a page does not depend on the length of the list.

Long lists are spread over shards, which are read side by side. A window lies behind the entry with a sort key, or, when
going backward, right before it. Its entries are in the order of the list either way.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from partyline.domain import sids
from partyline.domain.contact_imports import RejectedRow
from partyline.domain.contacts import Contact, ContactChange
from partyline.domain.conversations import ConversationState
from partyline.domain.erasures import Erasure
from partyline.domain.inbox import InboxPointer
from partyline.domain.lines import Line
from partyline.domain.notes import Note
from partyline.domain.opt_outs import OptOut, OptOutEvent
from partyline.domain.participants import Participant
from partyline.domain.push_settings import Credential, PushBinding
from partyline.domain.scheduled_messages import ScheduledMessage, ScheduledState
from partyline.domain.services import ApiKey, Role, Service, User
from partyline.domain.snippets import Snippet
from partyline.domain.text_index import TextHit
from partyline.domain.unrouted import UnroutedText
from partyline.domain.webhook_configuration import ScopedWebhook
from partyline.frozen_classes import frozen, replace
from partyline.serialization import format_time
from partyline.storage import codec, contact_keys, erasure_keys, inbox_keys, keys, parallel_reads, text_index_keys
from partyline.storage import conversation_list_keys as list_keys
from partyline.storage.attribute_values import Item
from partyline.storage.conversation_items import ListedConversation
from partyline.storage.table import Table

Entry = TypeVar("Entry")

# Sort before and after every sort key; and after every text, where sort keys have letters of any language.
_FIRST, _LAST, _LAST_LETTER = " ", "~", "\U0010ffff"


@frozen
class Window:
    """The part of a list to read.

    It has at most `size` entries behind the one with the sort key `after`, or before it when `backward`. Without
    `after` it starts at the list's beginning.
    """

    size: int
    after: str | None = None
    backward: bool = False


@frozen
class ListPage(Generic[Entry]):
    """Some entries in the list's order, each with its sort key.

    `more` is whether the list continues in the direction of reading. `ends` are the sort keys of the first and the last
    entry that were read, also of those that a caller has left out.
    """

    entries: list[tuple[str, Entry]]
    more: bool
    ends: tuple[str, str] | None


@frozen
class InboxTerm:
    """A term by which a conversation is found."""

    conversation_sid: str
    term: str


# --- by date, newest first


def conversations(
    table: Table,
    service_sid: str,
    window: Window,
    *,
    state: ConversationState | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> ListPage[ListedConversation]:
    """List a Service's conversations by date of creation, or those in a state. One may just have left the list."""
    name = list_keys.state_list(service_sid, state) if state else list_keys.conversation_list(service_sid)
    low = format_time(start) if start else _FIRST
    # All entries of the last moment are included.
    high = format_time(end) + _LAST if end else _LAST
    return _read_sharded(table, _View(name, "GSI2" if state else "GSI1", window, (low, high)), ListedConversation)


def unrouted(table: Table, window: Window) -> ListPage[UnroutedText]:
    """List the unrouted texts by date of creation."""
    return _read_sharded(table, _View(keys.UNROUTED_LIST, "GSI1", window), UnroutedText)


def opt_outs(table: Table, window: Window, *, opted_out: bool, line: str | None = None) -> ListPage[OptOut]:
    """List the opt-outs, or opt-ins, of all lines or of one, by when they began."""
    if line is not None:
        return _read_list(
            table,
            _View(keys.opt_outs(opted_out=opted_out, line=line), "GSI2", window),
            OptOut,
        )
    return _read_sharded(table, _View(keys.opt_outs(opted_out=opted_out), "GSI1", window), OptOut)


def opt_out_events(table: Table, window: Window, address: str, line: str) -> ListPage[OptOutEvent]:
    """List the audit trail of an address and a line, newest first."""
    within, begins = keys.opt_out(address, line).pk, keys.opt_out_events(line)
    view = _View(within, None, window, (begins, begins + _LAST))
    return _read_list(table, view, OptOutEvent)


def users(table: Table, service_sid: str, window: Window) -> ListPage[User]:
    """List a Service's users by date of creation."""
    return _read_sharded(table, _View(keys.user_list(service_sid), "GSI1", window), User)


def participations(
    table: Table, service_sid: str, window: Window, *, identity: str | None = None, address: str | None = None
) -> ListPage[Participant]:
    """List the participants of an identity or a canonical address, by when they joined.

    A participant of a conversation that was just deleted may still be among them.
    """
    person = (
        keys.by_identity(service_sid, identity) if identity is not None else keys.by_address(service_sid, address or "")
    )
    return _read_list(table, _View(person, "GSI1", window), Participant)


def bindings(
    table: Table, service_sid: str, window: Window, *, identities: Collection[str] | None = None
) -> ListPage[PushBinding]:
    """List a Service's bindings by date of creation, of all identities or of some: one query for each of these."""
    if identities is None:
        return _read_list(table, _View(keys.binding_list(service_sid), "GSI1", window), PushBinding)
    partitions = [keys.bindings_of(service_sid, identity) for identity in identities]
    return _read_merged(table, _View("", "GSI2", window), partitions, PushBinding)


def contact_changes(table: Table, window: Window, sid: str) -> ListPage[ContactChange]:
    """List the history of a contact, newest first."""
    begins = contact_keys.CONTACT_CHANGES
    view = _View(contact_keys.contact(sid).pk, None, window, (begins, begins + _LAST))
    return _read_list(table, view, ContactChange)


def rejected_rows(table: Table, window: Window, sid: str, run: int) -> ListPage[RejectedRow]:
    """List the rows that a run of an import rejected, in their order."""
    view = _View.for_items(contact_keys.contact_import(sid).pk, contact_keys.rejected_rows(run), window)
    return _read_list(table, view, RejectedRow)


def inbox_pointers(table: Table, partitions: Iterable[str], index: str, window: Window) -> ListPage[InboxPointer]:
    """List the pointers of some partitions of an index, those of conversations with the latest activity first."""
    return _read_merged(table, _View("", index, window), partitions, InboxPointer)


def inbox_terms(table: Table, service_sid: str, window: Window, prefixes: Collection[str]) -> ListPage[InboxTerm]:
    """List the terms of a Service's conversations with one of some prefixes, in order."""
    name = inbox_keys.terms(service_sid)
    views = [_View("", None, window, (prefix, prefix + _LAST_LETTER), descending=False) for prefix in sorted(prefixes)]
    parts = [(view, keys.shard(name, number)) for view in views for number in range(keys.SHARDS)]
    return _build_page(_read_parts(table, views[0], parts), views[0], InboxTerm)


def text_hits(table: Table, service_sid: str, window: Window, word: str) -> ListPage[TextHit]:
    """List the messages of a Service that have a word, the newest first."""
    return _read_sharded(table, _View(text_index_keys.hits(service_sid, word), None, window), TextHit)


# --- contacts, by name


def contacts(table: Table, service_sid: str, window: Window, *, owner: str | None = None) -> ListPage[Contact]:
    """List the living contacts of a Service, or those of one owner, by name."""
    bounds = (_FIRST, _LAST_LETTER)
    if owner is not None:
        name = contact_keys.contacts_of(service_sid, owner)
        return _read_list(table, _View(name, "GSI2", window, bounds, descending=False), Contact)
    return _read_sharded(
        table, _View(contact_keys.contact_list(service_sid), "GSI1", window, bounds, descending=False), Contact
    )


def deleted_contacts(table: Table, service_sid: str, window: Window) -> ListPage[Contact]:
    """List the tombstones of a Service's contacts, by name."""
    view = _View(
        contact_keys.deleted_contact_list(service_sid), "GSI1", window, (_FIRST, _LAST_LETTER), descending=False
    )
    return _read_sharded(table, view, Contact)


@frozen
class ContactTerm:
    """A term by which a contact is found, and all terms of that contact."""

    contact_sid: str
    term: str
    terms: tuple[str, ...]


def contact_terms(
    table: Table, service_sid: str, window: Window, prefixes: Collection[str], *, owner: str | None = None
) -> ListPage[ContactTerm]:
    """List the terms with one of some prefixes, in order: of all contacts of a Service, or of one owner's."""
    partitions = (
        [contact_keys.contact_terms(service_sid, owner)]
        if owner is not None
        else [keys.shard(contact_keys.contact_terms(service_sid), number) for number in range(keys.SHARDS)]
    )
    index = "GSI2" if owner is not None else None
    views = [_View("", index, window, (prefix, prefix + _LAST_LETTER), descending=False) for prefix in sorted(prefixes)]
    parts = [(view, partition) for view in views for partition in partitions]
    return _build_page(_read_parts(table, views[0], parts), views[0], ContactTerm)


def snippets(table: Table, partition: str, window: Window, prefixes: Collection[str]) -> ListPage[Snippet]:
    """List the snippets of a partition whose sort key has one of some prefixes, in order."""
    views = [
        _View(partition, None, window, (prefix, prefix + _LAST_LETTER), descending=False) for prefix in sorted(prefixes)
    ]
    return _build_page(_read_parts(table, views[0], [(view, partition) for view in views]), views[0], Snippet)


# --- in ascending order: short lists, each in one partition


def services(table: Table, window: Window) -> ListPage[Service]:
    """List the account's Services by date of creation."""
    return _read_list(table, _View(keys.SERVICE_LIST, "GSI1", window, descending=False), Service)


def api_keys(table: Table, window: Window) -> ListPage[ApiKey]:
    """List the account's API keys by date of creation."""
    return _read_list(table, _View(keys.API_KEY_LIST, "GSI1", window, descending=False), ApiKey)


def erasures(table: Table, window: Window) -> ListPage[Erasure]:
    """List the erasures, the newest first."""
    return _read_list(table, _View(erasure_keys.ERASURE_LIST, "GSI1", window), Erasure)


def credentials(table: Table, window: Window) -> ListPage[Credential]:
    """List the account's push credentials by date of creation."""
    return _read_list(
        table,
        _View(keys.CREDENTIAL_LIST, "GSI1", window, descending=False),
        Credential,
    )


def lines(table: Table, window: Window) -> ListPage[Line]:
    """List the lines by number."""
    return _read_list(table, _View(keys.LINE_LIST, "GSI1", window, descending=False), Line)


def address_configurations(table: Table, window: Window) -> ListPage[Line]:
    """List the lines that have an address configuration, by number."""
    return _read_list(
        table,
        _View(keys.ADDRESS_CONFIGURATION_LIST, "GSI2", window, descending=False),
        Line,
    )


def participants(table: Table, conversation_sid: str, window: Window) -> ListPage[Participant]:
    """List a conversation's participants in the order of joining."""
    within = keys.conversation(conversation_sid).pk
    return _read_list(table, _View.for_items(within, keys.PARTICIPANTS, window), Participant)


def webhooks(table: Table, conversation_sid: str, window: Window) -> ListPage[ScopedWebhook]:
    """List a conversation's webhooks in the order of creation."""
    within = keys.conversation(conversation_sid).pk
    return _read_list(table, _View.for_items(within, keys.WEBHOOKS, window), ScopedWebhook)


def scheduled_messages(
    table: Table, conversation_sid: str, window: Window, state: ScheduledState | None = None
) -> ListPage[ScheduledMessage]:
    """List a conversation's scheduled messages, or those in one state, in the order of sending."""
    name = keys.scheduled_list(conversation_sid, state.value if state else "")
    return _read_list(table, _View(name, "GSI2" if state else "GSI1", window, descending=False), ScheduledMessage)


def notes(table: Table, conversation_sid: str, window: Window, *, newest_first: bool = False) -> ListPage[Note]:
    """List a conversation's notes in the order of creation, or backwards."""
    view = _View.for_items(keys.messages(conversation_sid), sids.NOTE, window)
    return _read_list(table, replace(view, descending=newest_first), Note)


def beside_messages(
    table: Table, conversation_sid: str, window: Window, bounds: tuple[str, str], *, newest_first: bool
) -> list[Item]:
    """Read what may be on a page of the items beside a conversation's messages, between two sort keys."""
    partition = keys.messages(conversation_sid)
    return _read_partition(table, _View(partition, None, window, bounds, descending=newest_first), partition)


def roles(table: Table, service_sid: str, window: Window) -> ListPage[Role]:
    """List a Service's roles by SID."""
    within = keys.service(service_sid).pk
    return _read_list(table, _View.for_items(within, sids.ROLE, window), Role)


@frozen
class _View:
    """A window on a list: its name, its index, and the lowest and highest sort key.

    Without an index, the list is the items of the partition `name`.
    """

    name: str
    index: str | None
    window: Window
    bounds: tuple[str, str] = (_FIRST, _LAST)
    descending: bool = True

    @classmethod
    def for_items(cls, partition: str, begins: str, window: Window) -> _View:
        """Build the view of the items of one partition whose sort key has a prefix."""
        return cls(partition, None, window, (begins, begins + _LAST), descending=False)

    @property
    def forward(self) -> bool:
        """Whether the table is read from lower to higher sort keys."""
        return self.descending == self.window.backward

    @property
    def sort_key(self) -> str:
        return f"{self.index or ''}SK"


def _read_sharded(table: Table, view: _View, kind: type[Entry]) -> ListPage[Entry]:
    return _read_merged(table, view, [keys.shard(view.name, number) for number in range(keys.SHARDS)], kind)


def _read_merged(table: Table, view: _View, partitions: Iterable[str], kind: type[Entry]) -> ListPage[Entry]:
    return _build_page(_read_parts(table, view, [(view, one) for one in partitions]), view, kind)


def _read_parts(table: Table, view: _View, parts: Iterable[tuple[_View, str]]) -> list[Item]:
    """Read views of partitions side by side, and merge them in the order of `view`, in the direction of reading."""
    found = parallel_reads.read_all([partial(_read_partition, table, one, partition) for one, partition in parts])
    return [*heapq.merge(*found, key=lambda item: str(item[view.sort_key]), reverse=not view.forward)]


def _read_list(table: Table, view: _View, kind: type[Entry]) -> ListPage[Entry]:
    return _build_page(_read_partition(table, view, view.name), view, kind)


def _read_partition(table: Table, view: _View, partition: str) -> list[Item]:
    """Read the entries of one partition that may be on the page, and one more, in the direction of reading."""
    low, high = view.bounds
    after = view.window.after
    if after is not None:
        low, high = (max(low, after), high) if view.forward else (low, min(high, after))
    if low > high:
        return []
    found: dict[str | None, Item] = {after: {}}
    start: Item | None = None
    # Two more than the page: one shows that the list continues, and the entry at the sort key `after` is left out. One
    # query returns at most a megabyte, which is a few entries when they are large. A conversation that moves is there
    # twice (conversation_items).
    while len(found) < view.window.size + 2:
        part = table.query(
            partition,
            index=view.index,
            between=(low, high),
            forward=view.forward,
            limit=view.window.size + 3 - len(found),
            after=start,
        )
        for item in part.items:
            found.setdefault(item[view.sort_key], item)
        start = part.last_key
        if start is None:
            break
    del found[after]
    return [*found.values()]


def _build_page(found: list[Item], view: _View, kind: type[Entry]) -> ListPage[Entry]:
    size = view.window.size
    shown = [(str(item[view.sort_key]), codec.decode(kind, item)) for item in found[:size]]
    if view.window.backward:
        shown.reverse()
    return ListPage(shown, len(found) > size, (shown[0][0], shown[-1][0]) if shown else None)
