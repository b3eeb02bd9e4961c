"""A conversation as JSON lines: itself, its participants, its messages with their receipts, each as the API shows it.

Shape of a line: {"type": "conversation" | "participant" | "message" | "delivery_receipt" | "next", ...}. A part ends
when it has PART bytes, so that every answer fits through API Gateway; then its last line is
{"type": "next", "url": ...}, and the header `Link` names the same URL.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from partyline import refusals, sids
from partyline.api import fields, lookup, paging, responses
from partyline.api.calls import Answer, Call
from partyline.api.conversations import LINKS
from partyline.model import Conversation
from partyline.store import keys, listing
from partyline.store import messages as store
from partyline.store.listing import Window
from partyline.store.messages import Delivered

# As many bytes of a function's answer as a page of a list has.
PART = paging.ANSWER
_BATCH = 100


def export(call: Call) -> Answer:
    """GET /Conversations/{conversation}/Export: participants as they joined, messages by index, from behind `After` on,
    which a part's `next` gives. What is recorded meanwhile is in a later part. Raises ApiError 20001."""
    conversation = lookup.conversation(call)
    after = _after(call)
    headers = {"Content-Type": "application/x-ndjson"}
    first = _line("conversation", responses.conversation(call, conversation, LINKS)) if after is None else ""
    parts, room = [first], PART - paging.size(first)
    for place, lines in _entries(call, conversation, after):
        parts.append(lines)
        room -= paging.size(lines)
        if room <= 0:
            url = f"{call.url('Conversations', conversation.sid, 'Export')}?{urlencode({'After': place})}"
            parts.append(_line("next", {"url": url}))
            headers["Link"] = f'<{url}>; rel="next"'
            break
    return Answer(200, "".join(parts), headers)


def _after(call: Call) -> str | None:
    """The participant's SID, or the message's index, behind which a part begins."""
    given = call.request.query.get("After")
    if given is None or sids.matches(sids.PARTICIPANT, given):
        return given
    if fields.integer(call.request.query, "After") is None:
        raise refusals.invalid_parameter("After", "it is not one that an export gave")
    return given


def _entries(call: Call, conversation: Conversation, after: str | None) -> Iterator[tuple[str, str]]:
    """Places and lines, read as far as they are wanted."""
    index: int | None = None
    if after is None or sids.matches(sids.PARTICIPANT, after):
        yield from _participants(call, conversation, after)
    else:
        index = int(after)
    more = True
    while more:
        page = store.page(call.table, conversation.sid, size=_BATCH, after=index)
        for delivered in page.messages:
            index = delivered.message.index
            yield str(index), _of_message(call, delivered)
        more = page.more


def _participants(call: Call, conversation: Conversation, after: str | None) -> Iterator[tuple[str, str]]:
    place = keys.participant(conversation.sid, after).sk if after else None
    more = True
    while more:
        page = listing.participants(call.table, conversation.sid, Window(_BATCH, place))
        for key, member in page.entries:
            place = key
            yield member.sid, _line("participant", responses.participant(call, member))
        more = page.more


def _of_message(call: Call, delivered: Delivered) -> str:
    receipts = sorted(delivered.receipts, key=lambda receipt: receipt.sid)
    return _line("message", responses.message(call, delivered)) + "".join(
        _line("delivery_receipt", responses.receipt(call, receipt)) for receipt in receipts
    )


def _line(kind: str, body: Mapping[str, Any]) -> str:
    return json.dumps({"type": kind, **body}, ensure_ascii=False) + "\n"
