"""Lists of a Service's conversations, each as it is now."""

from __future__ import annotations

from datetime import datetime

from partyline.domain.conversations import Conversation, ConversationState
from partyline.storage import conversations, queries
from partyline.storage.queries import ListPage, Window
from partyline.storage.table import Table


def page(
    table: Table,
    service_sid: str,
    window: Window,
    *,
    state: ConversationState | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> ListPage[Conversation]:
    """Read a page of a Service's conversations by date of creation, or of those in a state.

    Cost: a query of each shard, and one batch for each hundred conversations.

    The queries give only the SIDs, since an index is eventually consistent. So a page is shorter when a conversation
    was just deleted, or has just changed its state.
    """
    listed = queries.conversations(table, service_sid, window, state=state, start=start, end=end)
    found = {one.sid: one for one in conversations.fetch_many(table, (one.sid for _, one in listed.entries))}
    entries = [(key, found[one.sid]) for key, one in listed.entries if one.sid in found]
    if state is not None:
        entries = [(key, one) for key, one in entries if one.state is state]
    return ListPage(entries, listed.more, listed.ends)
