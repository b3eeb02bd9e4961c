"""Run an import of contacts, a hundred rows at a time, for as long as there is time.

A run that ends in between continues behind the last hundred that was recorded. The contact of a row has a SID that
follows from the import and the row, so a row that is read again makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from partyline.domain import contact_imports, contacts
from partyline.domain.contact_imports import ContactImport, ImportState, RejectedRow
from partyline.domain.contacts import Contact, ContactAction, NumberHolder
from partyline.errors import Conflict, RuleViolation
from partyline.frozen_classes import frozen, replace
from partyline.media import bucket
from partyline.media.bucket import Bucket
from partyline.storage import contact_imports as store
from partyline.storage import contacts as contact_store
from partyline.storage import services
from partyline.storage.table import Table

CHUNK = 100
CSV = "text/csv"
_Row = tuple[int, list[str]]
_Parsed = tuple[_Row, Contact | RejectedRow]


@dataclass(slots=True)
class _ChunkResult:
    """What a hundred rows have come to: the rejected ones, and in a dry run the rows of numbers that were accepted."""

    rejected: list[RejectedRow] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)


@frozen
class ContactImporter:
    """Runs imports. `has_time` is asked before each hundred rows, which take a second or two."""

    table: Table
    bucket: Bucket
    clock: Callable[[], datetime]
    has_time: Callable[[], bool]

    def run(self, sid: str, run: int) -> bool:
        """Continue a run; return whether it has ended, also as one that another invocation is at."""
        current = store.fetch(self.table, sid)
        if current is None or current.run != run or current.state not in (ImportState.QUEUED, ImportState.RUNNING):
            return True
        text = self._read_file(current)
        if text is None:
            return self._fail(current)
        rows = islice(enumerate(contact_imports.iterate_rows(text), 1), current.read, None)
        while self.has_time():
            # Each time: a run is longer than the clean-up of a removed Service waits.
            if services.fetch(self.table, current.service_sid) is None:
                return self._fail(current)
            after, result = self._run_chunk(current, list(islice(rows, CHUNK)))
            if not store.advance(self.table, current, after, result.rejected, result.checked):
                return True
            if after.state is ImportState.COMPLETED:
                return True
            current = after
        return False

    def _fail(self, current: ContactImport) -> bool:
        """End an import whose file or Service is gone."""
        store.advance(self.table, current, replace(current, state=ImportState.FAILED, updated=self.clock()))
        return True

    def _read_file(self, current: ContactImport) -> str | None:
        """Read the file; None when it is gone."""
        try:
            return self.bucket.read(bucket.original_key(current.sid, CSV)).decode("utf-8-sig")
        except LookupError:
            return None

    def _run_chunk(self, before: ContactImport, rows: Sequence[_Row]) -> tuple[ContactImport, _ChunkResult]:
        parsed = [(row, _parse(before, row)) for row in rows]
        result = self._check(before, parsed) if before.dry_run else self._create(before, parsed)
        read = before.read + len(rows)
        after = replace(
            before,
            state=ImportState.RUNNING if read < before.rows else ImportState.COMPLETED,
            read=read,
            accepted=before.accepted + len(rows) - len(result.rejected),
            rejected=before.rejected + len(result.rejected),
            updated=self.clock(),
        )
        return after, result

    def _check(self, before: ContactImport, parsed: Sequence[_Parsed]) -> _ChunkResult:
        """Find the rows that would be rejected: also those with a number of an earlier row, since none is claimed."""
        numbers = {number for _, found in parsed if isinstance(found, Contact) for number in found.addresses}
        holders = contact_store.fetch_holders(self.table, before.service_sid, numbers)
        result = _ChunkResult(checked=store.fetch_checked(self.table, before, numbers))
        for (row, cells), found in parsed:
            if isinstance(found, RejectedRow):
                result.rejected.append(found)
            elif problem := _find_taken(found, holders) or _find_repeated(row, found, result.checked):
                result.rejected.append(contact_imports.reject(row, cells, problem))
            else:
                result.checked.update(dict.fromkeys(found.addresses, row))
        return result

    def _create(self, before: ContactImport, parsed: Sequence[_Parsed]) -> _ChunkResult:
        """Create a contact of each row."""
        result = _ChunkResult()
        for (row, cells), found in parsed:
            if isinstance(found, RejectedRow):
                result.rejected.append(found)
            elif problem := self._save(before, found):
                result.rejected.append(contact_imports.reject(row, cells, problem))
        return result

    def _save(self, before: ContactImport, contact: Contact) -> str | None:
        """Store a contact; return why not. One that an earlier attempt has stored is there already."""
        change = contacts.describe_change(None, contact, ContactAction.CREATED, before.by)
        try:
            contact_store.save(self.table, None, contact, change)
        except Conflict as conflict:
            if contact_store.CONTACT not in conflict.failed:
                raise
        except RuleViolation as violation:
            return f"{violation.details['number']} belongs to Contact {violation.details['contact_sid']}"
        return None


def _find_taken(contact: Contact, holders: Mapping[str, NumberHolder]) -> str | None:
    """Return which number of a contact another one has."""
    taken = next((number for number in contact.addresses if number in holders), None)
    return f"{taken} belongs to Contact {holders[taken].contact_sid}" if taken else None


def _find_repeated(row: int, contact: Contact, checked: Mapping[str, int]) -> str | None:
    """Return which number of a contact an earlier row has."""
    repeated = next((number for number in contact.addresses if checked.get(number, row) != row), None)
    return f"row {checked[repeated]} has {repeated} too" if repeated else None


def _parse(imported: ContactImport, row: _Row) -> Contact | RejectedRow:
    """Return the contact of a row, or why it is none."""
    number, cells = row
    try:
        return contact_imports.parse_row(imported, number, cells)
    except RuleViolation as violation:
        problem = f"{violation.details['name']}: {violation.details['problem']}"
        return contact_imports.reject(number, cells, problem)
