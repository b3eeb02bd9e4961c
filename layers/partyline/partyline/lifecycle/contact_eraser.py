"""Erase the contacts of a person, with their history and what an import has of them.

That a contact wanted no texts is kept as an opt-out of each line, by the hash of its numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from partyline.domain import contacts, sids
from partyline.domain.contacts import Contact
from partyline.domain.lines import Line
from partyline.domain.opt_outs import OptOut, OptOutChannel
from partyline.lifecycle.erasure_scope import ErasureScope, Verdict
from partyline.storage import contacts as store
from partyline.storage import erased_opt_outs, opt_outs, queries
from partyline.storage.queries import Window
from partyline.storage.table import Table

_PAGE = 100


def erase_contact(scope: ErasureScope, sid: str) -> Verdict:
    """Erase a contact, also a tombstone that has the number still. Raises Conflict when it is changed meanwhile."""
    before = store.fetch(scope.table, sid)
    if before is None or scope.is_later(before.created):
        return Verdict.NOTHING
    if not before.deleted and scope.number not in before.addresses:
        return Verdict.OTHERS_WORDS
    if before.do_not_disturb is not None:
        _keep_wish(scope, before, before.do_not_disturb.since)
    after, change = contacts.erase(before, scope.by, scope.clock())
    store.erase(scope.table, before, after, change)
    return Verdict.ERASED


def _keep_wish(scope: ErasureScope, contact: Contact, since: datetime) -> None:
    """Keep as opt-outs of all lines that a contact wants no texts."""
    for line in _list_lines(scope.table):
        for number in contact.addresses:
            known = opt_outs.fetch_many(scope.table, number, line.address)
            if known is None or not known.opted_out:
                sid = sids.opt_out(number, line.address)
                wish = OptOut(
                    sid, number, line.address, opted_out=True, channel=OptOutChannel.API, since=since, updated=since
                )
                scope.table.transact(erased_opt_outs.move_writes(scope.table, wish))


def _list_lines(table: Table) -> Iterator[Line]:
    after: str | None = None
    while True:
        page = queries.lines(table, Window(_PAGE, after))
        yield from (line for _, line in page.entries)
        if not (page.more and page.ends):
            return
        after = page.ends[1]
