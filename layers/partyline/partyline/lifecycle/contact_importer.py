"""Run an import of contacts, a hundred rows at a time, for as long as there is time.

A run that ends in between continues behind the last hundred that was recorded. The contact of a row has a SID that
follows from the import and the row, so a row that is read again makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from partyline.domain import contact_imports, contacts
from partyline.domain.contact_imports import ContactImport, ImportState, RejectedRow
from partyline.domain.contacts import Contact, ContactAction, NumberHolder
from partyline.errors import Conflict, RuleViolation
from partyline.media import bucket
from partyline.media.bucket import Bucket
from partyline.storage import contact_imports as store
from partyline.storage import contacts as contact_store
from partyline.storage import retry, services
from partyline.storage.table import Table

CHUNK = 100
CSV = "text/csv"
_Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
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
            failed = replace(current, state=ImportState.FAILED, updated=self.clock())
            store.advance(self.table, current, failed, ())
            return True
        reader = _RowReader(current)
        rows = enumerate(contact_imports.iterate_rows(text), 1)
        reader.skip(islice(rows, current.read))
        while self.has_time():
            after, rejected = self._run_chunk(reader, current, list(islice(rows, CHUNK)))
            if not store.advance(self.table, current, after, rejected) or after.state is ImportState.COMPLETED:
                return True
            current = after
        return False

    def _read_file(self, current: ContactImport) -> str | None:
        """Read the file; None when it, or the Service of the import, is gone."""
        if services.fetch(self.table, current.service_sid) is None:
            return None
        try:
            return self.bucket.read(bucket.original_key(current.sid, CSV)).decode("utf-8-sig")
        except LookupError:
            return None

    def _run_chunk(
        self, reader: _RowReader, before: ContactImport, rows: Sequence[_Row]
    ) -> tuple[ContactImport, list[RejectedRow]]:
        accept = self._check if before.dry_run else self._create
        results = [*accept(reader, before, rows)]
        rejected = [one for one in results if one]
        read = before.read + len(rows)
        after = replace(
            before,
            state=ImportState.RUNNING if read < before.rows else ImportState.COMPLETED,
            read=read,
            accepted=before.accepted + len(rows) - len(rejected),
            rejected=before.rejected + len(rejected),
            updated=self.clock(),
        )
        return after, rejected

    def _check(self, reader: _RowReader, before: ContactImport, rows: Sequence[_Row]) -> Iterator[RejectedRow | None]:
        """Yield for each row why it would be rejected; None for one that would be a contact."""
        parsed = [(row, reader.parse(row)) for row in rows]
        numbers = {number for _, found in parsed if isinstance(found, Contact) for number in found.addresses}
        holders = contact_store.fetch_holders(self.table, before.service_sid, numbers)
        for (row, cells), found in parsed:
            if isinstance(found, RejectedRow):
                yield found
            else:
                problem = _find_taken(found, holders) or reader.find_repeated(row, found)
                yield contact_imports.reject(row, cells, problem) if problem else None

    def _create(self, reader: _RowReader, before: ContactImport, rows: Sequence[_Row]) -> Iterator[RejectedRow | None]:
        """Create a contact of each row; yield why one was not."""
        for row, cells in rows:
            found = reader.parse((row, cells))
            if isinstance(found, RejectedRow):
                yield found
                continue
            problem = self._save(before, found)
            yield contact_imports.reject(row, cells, problem) if problem else None

    def _save(self, before: ContactImport, contact: Contact) -> str | None:
        """Store a contact; return why not. One that an earlier attempt has stored is there already."""
        change = contacts.describe_change(None, contact, ContactAction.CREATED, before.by)
        try:
            retry.STANDARD.run(lambda: contact_store.save(self.table, None, contact, change), can_retry=retry.is_race)
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


@dataclass(slots=True)
class _RowReader:
    """Reads rows as contacts, and knows the numbers of the rows before, since a dry run claims none."""

    imported: ContactImport
    seen: dict[str, int] = field(default_factory=dict)

    def skip(self, rows: Iterable[_Row]) -> None:
        """Pass the rows that were read before."""
        for row in rows:
            found = self.parse(row) if self.imported.dry_run else None
            if isinstance(found, Contact):
                self.find_repeated(row[0], found)

    def parse(self, row: _Row) -> Contact | RejectedRow:
        """Return the contact of a row, or why it is none."""
        number, cells = row
        try:
            return contact_imports.parse_row(self.imported, number, cells)
        except RuleViolation as violation:
            problem = f"{violation.details['name']}: {violation.details['problem']}"
            return contact_imports.reject(number, cells, problem)

    def find_repeated(self, row: int, contact: Contact) -> str | None:
        """Note the numbers of a row; return which of them an earlier row has."""
        repeated = next((number for number in contact.addresses if number in self.seen), None)
        if repeated:
            return f"row {self.seen[repeated]} has {repeated} too"
        self.seen.update(dict.fromkeys(contact.addresses, row))
        return None
