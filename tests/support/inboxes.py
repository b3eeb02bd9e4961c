"""An inbox that is up to date, without a stream: every conversation is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from partyline.queues.queue_messages import InboxJob, InboxJobKind
from partyline.storage import services
from partyline.storage.table import Table
from partyline.stream.inbox_projector import InboxProjector
from tests.support.api_harness import Api, Reply
from tests.support.people import SERVICE


def now() -> datetime:
    """The time of events."""
    return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def settle(table: Table, service: str = SERVICE) -> None:
    """Bring the whole inbox of a Service up to date."""
    projector = InboxProjector(table, now, lambda: True, partial(services.fetch, table))
    assert projector.run(InboxJob(InboxJobKind.SERVICE, service)) is None


def entries(who: Api, **query: str) -> list[dict[str, Any]]:
    """The first page of somebody's inbox, once everything is up to date."""
    settle(who.context.table)
    return listed(who.get("/Inbox", query))


def listed(reply: Reply) -> list[dict[str, Any]]:
    """The entries of a page."""
    assert reply.status == 200, reply.body
    found: list[dict[str, Any]] = reply.body["entries"]
    return found


def found(who: Api, **query: str) -> list[str]:
    """The conversations in somebody's inbox, in order."""
    return [one["conversation_sid"] for one in entries(who, **query)]
