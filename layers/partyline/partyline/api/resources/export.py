"""A conversation as JSON lines: itself, its participants, its messages with their receipts, each as the API shows it.

For the account and for staff its notes follow (partyline.api.resources.notes).

Shape of a line: {"type": "conversation" | "participant" | "message" | "delivery_receipt" | "note" | "next", ...}. A
part ends when it has PART bytes, so that every answer fits through API Gateway; then its last line is
{"type": "next", "url": ...}, and the header `Link` names the same URL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated
from urllib.parse import urlencode

from pydantic import AfterValidator, Field

from partyline.api import contact_members, lookups, pagination, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.form_model import Form, invalid
from partyline.api.operations import Operation
from partyline.api.resources import notes
from partyline.api.resources.conversations import LINKS
from partyline.api.router import Router
from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.permissions import Permission
from partyline.storage import keys, queries
from partyline.storage import messages as store
from partyline.storage.messages import MessageWithReceipts
from partyline.storage.queries import Window

route = Router()

# As many bytes of a function's answer as a page of a list has.
PART_BYTES = pagination.MAX_ANSWER_BYTES
_BATCH = 100


def _check_place(value: str | None) -> str | None:
    if value is None or sids.matches(sids.PARTICIPANT, value) or sids.matches(sids.NOTE, value):
        return value
    if not re.fullmatch("[0-9]{1,9}", value):
        raise invalid("it is not one that an export gave")
    return value


class ExportQuery(Form):
    """Where a part begins."""

    after: Annotated[str | None, AfterValidator(_check_place)] = Field(
        None,
        description="From the `next` line of the part before: a participant's SID, a message's index, or a note's SID.",
    )


@route.get(
    "Conversations/{conversation}/Export",
    users=True,
    docs=Operation(query=ExportQuery, content_type="application/x-ndjson", refusals=(20001,)),
)
def export(call: Call) -> ApiResponse:
    """Export a conversation, a part at a time.

    Participants come as they joined, then messages by index, then notes. What is recorded meanwhile is in a later part.
    """
    after = ExportQuery.parse(call.request.query).after
    conversation = lookups.find_conversation(call, whole=after is None)
    headers = {"Content-Type": "application/x-ndjson"}
    first = ""
    if after is None:
        first = _format_line("conversation", serializers.build_conversation(call, conversation, LINKS))
    parts, room = [first], PART_BYTES - pagination.encoded_size(first)
    for place, lines in _iterate_lines(call, conversation, after):
        parts.append(lines)
        room -= pagination.encoded_size(lines)
        if room <= 0:
            url = f"{call.url('Conversations', conversation.sid, 'Export')}?{urlencode({'After': place})}"
            parts.append(_format_line("next", {"url": url}))
            headers["Link"] = f'<{url}>; rel="next"'
            break
    return ApiResponse(200, "".join(parts), headers)


def _iterate_lines(call: Call, conversation: Conversation, after: str | None) -> Iterator[tuple[str, str]]:
    """Iterate over positions and lines. Items are read as the iterator advances."""
    begins = _find_kind(after)
    if begins == sids.PARTICIPANT:
        yield from _iterate_participants(call, conversation, after)
    if begins != sids.NOTE:
        yield from _iterate_messages(call, conversation, int(after or 0) if begins == sids.MESSAGE else None)
    if call.user is None or Permission.WRITE_AS_LINE in call.user.permissions:
        yield from _iterate_notes(call, conversation, after if begins == sids.NOTE else None)


def _find_kind(after: str | None) -> str:
    """Return the kind of the last line of the part before, as the prefix of its SID."""
    if after is None:
        return sids.PARTICIPANT
    return sids.MESSAGE if after.isdecimal() else after[: len(sids.PARTICIPANT)]


def _iterate_messages(call: Call, conversation: Conversation, index: int | None) -> Iterator[tuple[str, str]]:
    more = True
    while more:
        page = store.page(call.table, conversation.sid, size=_BATCH, after=index)
        for delivered in page.messages:
            index = delivered.message.index
            yield str(index), _format_message(call, delivered)
        more = page.more


def _iterate_notes(call: Call, conversation: Conversation, after: str | None) -> Iterator[tuple[str, str]]:
    more = True
    while more:
        page = queries.notes(call.table, conversation.sid, Window(_BATCH, after))
        for place, note in page.entries:
            after = place
            yield place, _format_line("note", notes.build_body(call, note))
        more = page.more


def _iterate_participants(call: Call, conversation: Conversation, after: str | None) -> Iterator[tuple[str, str]]:
    place = keys.participant(conversation.sid, after).sk if after else None
    more = True
    while more:
        page = queries.participants(call.table, conversation.sid, Window(_BATCH, place))
        bodies = iter(contact_members.build_participants(call, (member for _, member in page.entries)))
        for key, member in page.entries:
            place = key
            yield member.sid, _format_line("participant", next(bodies))
        more = page.more


def _format_message(call: Call, delivered: MessageWithReceipts) -> str:
    receipts = sorted(delivered.receipts, key=lambda receipt: receipt.sid)
    return _format_line("message", serializers.build_message(call, delivered)) + "".join(
        _format_line("delivery_receipt", serializers.build_receipt(call, receipt)) for receipt in receipts
    )


def _format_line(kind: str, body: Mapping[str, object]) -> str:
    return json.dumps({"type": kind, **body}, ensure_ascii=False) + "\n"
