"""Pages of messages: by index, in either order, from an index or a date on, with links to their files.

A range holds for all pages of its list: `After=99` begins at index 100 and goes on to the end, `Before=100&Order=desc`
begins at 99 and goes back to the beginning.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from partyline.api import media_links, pagination, parsing, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Boolean, choose, whole_number
from partyline.api.form_model import Form, invalid
from partyline.api.pagination import PagePart
from partyline.domain.conversations import Conversation
from partyline.storage import messages
from partyline.storage.messages import IndexRange
from partyline.storage.queries import Window


class Order(StrEnum):
    """The order of a list."""

    ASCENDING = "asc"
    DESCENDING = "desc"


def _check_moment(value: str) -> datetime:
    moment = parsing.parse_moment(value)
    if moment is None:
        raise invalid("it is not an ISO 8601 date or time")
    return moment


class MessageListQuery(Form):
    """Which messages a list shows, and in which order. All but `order` are ours."""

    order: Annotated[Order, choose(Order)] = Order.ASCENDING
    after: Annotated[int, whole_number()] | None = Field(None, description="Those behind this index.")
    before: Annotated[int, whole_number()] | None = Field(None, description="Those before this index.")
    start: Annotated[datetime, BeforeValidator(_check_moment)] | None = Field(
        None, alias="From", description="From the first message on that was created at or after this date or time."
    )
    media_links: Boolean = Field(default=False, description="Whether files have temporary links.")


def build_page(call: Call, conversation: Conversation) -> ApiResponse:
    """Build a page of a conversation's messages. Raises ApiError 20001."""
    query = MessageListQuery.parse(call.request.query)
    ascending = query.order is Order.ASCENDING
    link = media_links.build_linker(call) if query.media_links else None

    def read(window: Window) -> PagePart:
        forward = ascending != window.backward
        page = messages.page(
            call.table,
            conversation.sid,
            size=window.size,
            forward=forward,
            after=None if window.after is None else int(window.after),
            within=_find_range(call, conversation, query, is_continued=forward and window.after is not None),
        )
        entries = [(str(found.message.index), serializers.build_message(call, found, link)) for found in page.messages]
        return PagePart(entries[::-1] if window.backward else entries, page.more)

    return pagination.build_list_response(call, "messages", read)


def _find_range(call: Call, conversation: Conversation, query: MessageListQuery, *, is_continued: bool) -> IndexRange:
    """Find the range of indexes that a query asks for.

    A page that continues upwards from an entry is behind every lower limit, so no date is looked for.
    """
    given = IndexRange(query.after, query.before)
    if query.start is None or is_continued:
        return given
    first = messages.find_index_at(call.table, conversation, query.start) - 1
    # A date before all messages sets no limit.
    return given if first < 0 or (given.after or 0) > first else replace(given, after=first)
