"""Imports of contacts from CSV files: a dry run, then the run that makes contacts, and the rows that were rejected.

All of it takes `manageContacts`. Twilio has no such resource.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import Field

from partyline import refusals
from partyline.api import authorization, lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Boolean, whole_number
from partyline.api.form_model import Form
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Router
from partyline.domain import contact_csv, contact_imports, sids
from partyline.domain.contact_imports import ContactImport, ImportState, RejectedRow
from partyline.domain.permissions import Permission
from partyline.frozen_classes import replace
from partyline.media import bucket
from partyline.storage import contact_imports as store
from partyline.storage import contact_keys, queries
from partyline.storage.queries import Window

route = Router()

PART_BYTES = pagination.MAX_ANSWER_BYTES
_CSV, _BATCH = "text/csv", 100


class ContactImportForm(Form):
    """What is done with an import whose dry run has ended."""

    dry_run: Boolean | None = Field(None, description="`false` makes contacts of the rows. Required.")


class RejectedRowsQuery(Form):
    """Where a part begins."""

    after: Annotated[int, whole_number()] | None = Field(
        None, description="From the header `Link` of the part before: a row."
    )


class ContactImportLinks(ResponseModel):
    """What is beneath an import."""

    errors: str
    rejected: str


class ContactImportBody(ResponseModel):
    """An import of contacts."""

    sid: str
    account_sid: str
    chat_service_sid: str
    state: ImportState
    dry_run: bool = Field(description="Whether rows are only checked.")
    rows: int = Field(description="How many rows the file has.")
    read: int = Field(description="How many of them were read so far.")
    accepted: int = Field(description="How many are contacts now, or would be after a dry run.")
    rejected: int
    date_created: Timestamp
    date_updated: Timestamp
    url: str
    links: ContactImportLinks


class RejectedRowBody(ResponseModel):
    """A row that is no contact."""

    row: int = Field(description="Its number, from 1 for the first behind the names of the columns.")
    cells: tuple[str, ...]
    problem: str


@route.post("Contacts/Imports", users=True, docs=Operation(answers={202: ContactImportBody}, refusals=(20001, 50107)))
def create(call: Call) -> ApiResponse:
    """Import a CSV file of at most 4 MB and 100,000 rows: the body. It is a dry run, which makes no contact."""
    authorization.require_service_permission(call, Permission.MANAGE_CONTACTS)
    content = call.request.upload.content if call.request.upload else b""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refusals.invalid_parameter("body", "it is not UTF-8") from None
    imported = ContactImport(
        sid=sids.new(sids.CONTACT_IMPORT),
        service_sid=call.scope.service_sid,
        by=call.caller,
        created=call.now,
        updated=call.now,
        columns=contact_imports.parse_head(text),
        rows=contact_imports.count_rows(text),
    )
    store.create(call.table, imported)
    call.context.bucket.put(bucket.original_key(imported.sid, _CSV), content, _CSV, "contacts.csv")
    store.start(call.table, imported)
    return ApiResponse(202, _build_body(call, imported))


@route.get("Contacts/Imports/{contact_import}", users=True, docs=Operation(answers={200: ContactImportBody}))
def fetch(call: Call) -> ApiResponse:
    """Fetch an import, with how far it is."""
    return ApiResponse(200, _build_body(call, _find_import(call)))


@route.post(
    "Contacts/Imports/{contact_import}",
    users=True,
    docs=Operation(form=ContactImportForm, answers={202: ContactImportBody}, refusals=(20001, 20409, 50107)),
)
def run(call: Call) -> ApiResponse:
    """Make contacts of the rows, once the dry run has ended. Its rejected rows are those of the new run then."""
    before, form = _find_import(call), ContactImportForm.parse(call.request.form)
    if form.dry_run is not False:
        raise refusals.invalid_parameter("DryRun", "use false, to make contacts of the rows")
    after = replace(
        before,
        dry_run=False,
        run=before.run + 1,
        state=ImportState.QUEUED,
        read=0,
        accepted=0,
        rejected=0,
        by=call.caller,
        updated=call.now,
    )
    is_ready = before.dry_run and before.state is ImportState.COMPLETED
    if not is_ready or not store.restart(call.table, before, after):
        raise refusals.import_not_ready(before.sid)
    return ApiResponse(202, _build_body(call, after))


@route.get("Contacts/Imports/{contact_import}/Errors", users=True, docs=Operation(list_of=("errors", RejectedRowBody)))
def list_errors(call: Call) -> ApiResponse:
    """List the rows that the last run rejected, in their order."""
    found = _find_import(call)

    def read(window: Window) -> pagination.PagePart:
        return pagination.to_page_part(queries.rejected_rows(call.table, window, found.sid, found.run), _build_error)

    return pagination.build_list_response(call, "errors", read)


@route.get(
    "Contacts/Imports/{contact_import}/Rejected",
    users=True,
    docs=Operation(query=RejectedRowsQuery, content_type="text/csv", refusals=(20001,)),
)
def export_rejected(call: Call) -> ApiResponse:
    """Export the rejected rows as CSV, each with its problem, in parts as the export of contacts."""
    found, after = _find_import(call), RejectedRowsQuery.parse(call.request.query).after
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="rejected.csv"',
    }
    parts = [] if after else [contact_csv.format_rows([[*found.columns, "problem"]])]
    room = PART_BYTES
    for one in _iterate_rejected(call, found, after):
        if room <= 0:
            url = f"{call.url('Contacts', 'Imports', found.sid, 'Rejected')}?{urlencode({'After': after or 0})}"
            headers["Link"] = f'<{url}>; rel="next"'
            break
        cells = [*one.cells, *[""] * (len(found.columns) - len(one.cells))]
        line = contact_csv.format_rows([[*cells, one.problem]])
        parts.append(line)
        room -= pagination.encoded_size(line)
        after = one.row
    return ApiResponse(200, "".join(parts), headers)


def _iterate_rejected(call: Call, found: ContactImport, after: int | None) -> Iterator[RejectedRow]:
    place = contact_keys.rejected_row(found.sid, found.run, after).sk if after else None
    more = True
    while more:
        page = queries.rejected_rows(call.table, Window(_BATCH, place), found.sid, found.run)
        yield from (row for _, row in page.entries)
        place, more = page.ends[1] if page.ends else None, page.more


def _find_import(call: Call) -> ContactImport:
    """Find the import that the path names. Raises ApiError 20404, 50107."""
    authorization.require_service_permission(call, Permission.MANAGE_CONTACTS)
    sid = call.ids["contact_import"]
    found = store.fetch(call.table, sid) if sids.matches(sids.CONTACT_IMPORT, sid) else None
    if found is None or found.service_sid != call.scope.service_sid:
        raise lookups.not_found(call)
    return found


def _build_body(call: Call, imported: ContactImport) -> dict[str, Any]:
    url = call.url("Contacts", "Imports", imported.sid)
    return ContactImportBody(
        sid=imported.sid,
        account_sid=call.context.account_sid,
        chat_service_sid=imported.service_sid,
        state=imported.state,
        dry_run=imported.dry_run,
        rows=imported.rows,
        read=imported.read,
        accepted=imported.accepted,
        rejected=imported.rejected,
        date_created=imported.created,
        date_updated=imported.updated,
        url=url,
        links=ContactImportLinks(errors=f"{url}/Errors", rejected=f"{url}/Rejected"),
    ).to_json()


def _build_error(one: RejectedRow) -> dict[str, Any]:
    return RejectedRowBody(row=one.row, cells=one.cells, problem=one.problem).to_json()
