"""Pages of the search in the texts of all conversations.

The index is read by one word, and a moment late. What decides whether a hit is shown is read from the table: the text
as it is now, and whether the caller sees its conversation now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from partyline.api import authorization, filtered_lists
from partyline.api.context import Call
from partyline.api.pagination import PagePart, to_page_part
from partyline.domain import inbox
from partyline.domain.conversations import Conversation
from partyline.domain.inbox import InboxEntry
from partyline.domain.messages import Message
from partyline.domain.text_index import TextHit, TextQuery
from partyline.frozen_classes import frozen
from partyline.storage import codec, conversations, inbox_keys, keys, queries
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.queries import ListPage, Window

# Of a person who does not see every conversation, a page looks at each conversation of a hit by itself.
_MAX_WINDOWS_LIMITED = 2


@frozen
class SeenHit:
    """A message that was found. `title` is that of the inbox, or without an entry there the friendly name."""

    message: Message
    title: str | None


@frozen
class TextSearch:
    """One search of a caller. Each conversation is looked at once for a page."""

    call: Call
    query: TextQuery
    _seen: dict[str, bool] = field(default_factory=dict)

    def read(self, window: Window, show: Callable[[SeenHit], Mapping[str, object]]) -> PagePart:
        """Read the part of what is found that a window shows, the newest messages first."""
        limited = not authorization.can_see_all(self.call)
        most = _MAX_WINDOWS_LIMITED if limited else filtered_lists.MAX_WINDOWS
        return to_page_part(filtered_lists.collect(window, self._read_fitting, most), show)

    def _read_fitting(self, window: Window) -> ListPage[SeenHit]:
        page = queries.text_hits(self.call.table, self.call.scope.service_sid, window, self.query.lead)
        hits = [hit for _, hit in page.entries]
        found = self.call.table.get_all(key for hit in hits for key in _list_keys(hit))
        shown = [(key, self._build_seen(hit, found)) for key, hit in page.entries]
        return ListPage([(key, seen) for key, seen in shown if seen], page.more, page.ends)

    def _build_seen(self, hit: TextHit, found: Mapping[Key, Item]) -> SeenHit | None:
        """Build what is shown of a hit, if it still is one and the caller sees it."""
        item = found.get(keys.message(hit.conversation_sid, hit.message_sid))
        parent = found.get(keys.conversation(hit.conversation_sid))
        if item is None or parent is None:
            return None
        message, conversation = codec.decode(Message, item), codec.decode(Conversation, parent)
        if conversation.service_sid != self.call.scope.service_sid or not self.query.has_match(message):
            return None
        if not self._is_visible(conversation.sid):
            return None
        entry = found.get(inbox_keys.entry(conversation.sid))
        title = inbox.describe_title(codec.decode(InboxEntry, entry)) if entry else None
        return SeenHit(message, conversation.friendly_name or title)

    def _is_visible(self, sid: str) -> bool:
        if authorization.can_see_all(self.call):
            return True
        if sid not in self._seen:
            roster = conversations.load(self.call.table, sid)
            self._seen[sid] = roster is not None and authorization.can_see(self.call, roster.participants)
        return self._seen[sid]


def _list_keys(hit: TextHit) -> tuple[Key, ...]:
    """List the keys of what is shown of a hit."""
    sid = hit.conversation_sid
    return keys.message(sid, hit.message_sid), keys.conversation(sid), inbox_keys.entry(sid)
