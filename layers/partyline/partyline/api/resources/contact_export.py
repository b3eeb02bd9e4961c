"""Contacts as CSV, by name, a part at a time: the parts, one after the other, are one file.

The first part begins with the names of the columns. A part that is not the last has a header `Link` with the URL of the
next one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlencode

from pydantic import AfterValidator, Field

from partyline.api import authorization, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.form_model import Form, invalid
from partyline.api.operations import Operation
from partyline.api.router import Router
from partyline.domain import contact_csv
from partyline.domain.contacts import Contact
from partyline.domain.permissions import Permission
from partyline.storage import queries
from partyline.storage.queries import Window

route = Router()

# As many bytes of a function's answer as a page of a list has, and as many rows as are read in a few seconds.
PART_BYTES = pagination.MAX_ANSWER_BYTES
PART_ROWS = 5000
_BATCH = 100


def _parse_place(value: str | None) -> str | None:
    """Return the sort key that a place encodes: a position in a list that the caller may read as a whole."""
    if value is None:
        return None
    try:
        place = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()
    except (binascii.Error, ValueError):
        place = ""
    if not place:
        raise invalid("it is not one that an export gave")
    return place


def _format_place(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode()


class ContactExportQuery(Form):
    """Where a part begins."""

    after: Annotated[str | None, Field(max_length=1024), AfterValidator(_parse_place)] = Field(
        None, description="From the header `Link` of the part before."
    )


@route.get(
    "Contacts/Export",
    users=True,
    docs=Operation(query=ContactExportQuery, content_type="text/csv", refusals=(20001, 50107)),
)
def export(call: Call) -> ApiResponse:
    """Export the contacts as CSV, by name, a part at a time. It takes `manageContacts`."""
    authorization.require_service_permission(call, Permission.MANAGE_CONTACTS)
    after = ContactExportQuery.parse(call.request.query).after
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="contacts.csv"',
    }
    parts = [] if after else [contact_csv.format_rows([contact_csv.COLUMNS])]
    room = PART_BYTES
    for row, (key, contact) in enumerate(_iterate_contacts(call, after), 1):
        if room <= 0 or row > PART_ROWS:
            url = f"{call.url('Contacts', 'Export')}?{urlencode({'After': _format_place(after or key)})}"
            headers["Link"] = f'<{url}>; rel="next"'
            break
        line = contact_csv.format_rows([contact_csv.build_row(contact)])
        parts.append(line)
        room -= pagination.encoded_size(line)
        after = key
    return ApiResponse(200, "".join(parts), headers)


def _iterate_contacts(call: Call, after: str | None) -> Iterator[tuple[str, Contact]]:
    """Iterate over the contacts with their places. They are read as the iterator advances."""
    more = True
    while more:
        page = queries.contacts(call.table, call.scope.service_sid, Window(_BATCH, after))
        yield from page.entries
        after, more = page.ends[1] if page.ends else None, page.more
