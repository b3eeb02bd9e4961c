"""Pages of messages: by index, in either order, from an index or a date on, those with some words, with links to files.

A range holds for all pages of its list: `After=99` begins at index 100 and goes on to the end, `Before=100&Order=desc`
begins at 99 and goes back to the beginning.

A search reads the messages of the range themselves, a limited number for a page, so it needs nothing stored and finds
what is there now.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from partyline.api import filtered_lists, media_links, pagination, parsing, serializers
from partyline.api.bodies import MessageBody
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import MAX_NAME, Boolean, choose, whole_number
from partyline.api.form_model import Form, invalid, none_if_empty
from partyline.api.pagination import PagePart
from partyline.domain.conversations import Conversation
from partyline.domain.message_search import MessageQuery, parse_query
from partyline.frozen_classes import frozen, replace
from partyline.storage import messages
from partyline.storage.messages import IndexRange, MessageWithReceipts
from partyline.storage.queries import ListPage, Window
from partyline.storage.table import Table

# How many messages a search reads at once. Few fit, so a page of any size reads about as many.
_SEARCHED_AT_ONCE = 100


class Order(StrEnum):
    """The order of a list."""

    ASCENDING = "asc"
    DESCENDING = "desc"


def _check_moment(value: str) -> datetime:
    moment = parsing.parse_moment(value)
    if moment is None:
        raise invalid("it is not an ISO 8601 date or time")
    return moment


def _check_search(value: str | None) -> MessageQuery | None:
    if value is None:
        return None
    if len(value) > MAX_NAME:
        raise invalid(f"it is longer than {MAX_NAME} characters")
    query = parse_query(value)
    if query is None:
        raise invalid("it has no letter or digit")
    return query


class MessageListQuery(Form):
    """Which messages a list shows, and in which order. All but `order` are ours."""

    order: Annotated[Order, choose(Order)] | None = None
    after: Annotated[int, whole_number()] | None = Field(None, description="Those behind this index.")
    before: Annotated[int, whole_number()] | None = Field(None, description="Those before this index.")
    start: Annotated[datetime, BeforeValidator(_check_moment)] | None = Field(
        None, alias="From", description="From the first message on that was created at or after this date or time."
    )
    search: Annotated[MessageQuery | None, BeforeValidator(_check_search), BeforeValidator(none_if_empty)] = Field(
        None, alias="Q", description="Those with a word for each of these beginnings of words, the newest first."
    )
    media_links: Boolean = Field(default=False, description="Whether files have temporary links.")
    delivery_statuses: Boolean = Field(
        default=False, description="Whether messages have the status of each receipt, by its participant."
    )

    @property
    def is_ascending(self) -> bool:
        """Whether the oldest message is the first. Unless an order is given, a search begins with the newest."""
        return self.order is Order.ASCENDING if self.order else self.search is None


def build_page(call: Call, conversation: Conversation) -> ApiResponse:
    """Build a page of a conversation's messages. Raises ApiError 20001."""
    query = MessageListQuery.parse(call.request.query)
    link = media_links.build_linker(call) if query.media_links else None

    def build(found: MessageWithReceipts) -> MessageBody:
        if query.delivery_statuses:
            return serializers.build_counted_message(call, found, link)
        return serializers.build_message(call, found, link)

    def read(window: Window) -> PagePart:
        is_continued = query.is_ascending != window.backward and window.after is not None
        within = _find_range(call, conversation, query, is_continued=is_continued)
        reader = _RangeReader(call.table, conversation.sid, within, query.is_ascending)
        page = reader.search(window, query.search) if query.search else reader.read(window)
        return pagination.to_page_part(page, build)

    return pagination.build_list_response(call, "messages", read)


@frozen
class _RangeReader:
    """Reads windows of a range of a conversation's messages, in one order."""

    table: Table
    conversation_sid: str
    within: IndexRange
    ascending: bool

    def read(self, window: Window) -> ListPage[MessageWithReceipts]:
        """Read the messages of a window."""
        page = messages.page(
            self.table,
            self.conversation_sid,
            size=window.size,
            forward=self.ascending != window.backward,
            after=None if window.after is None else int(window.after),
            within=self.within,
        )
        entries = [(str(found.message.index), found) for found in page.messages]
        ends = (entries[0][0], entries[-1][0]) if entries else None
        if window.backward:
            return ListPage(entries[::-1], page.more, ends and (ends[1], ends[0]))
        return ListPage(entries, page.more, ends)

    def search(self, window: Window, query: MessageQuery) -> ListPage[MessageWithReceipts]:
        """Find the messages of a page of a search."""

        def read_fitting(place: Window) -> ListPage[MessageWithReceipts]:
            page = self.read(replace(place, size=_SEARCHED_AT_ONCE))
            return replace(page, entries=[one for one in page.entries if query.has_match(one[1].message)])

        return filtered_lists.collect(window, read_fitting)


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
