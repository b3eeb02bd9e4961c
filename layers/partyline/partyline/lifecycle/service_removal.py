"""Remove a conversation of a removed Service, and keep the texts that carriers have delivered to it since.

These texts were acknowledged with 2xx, so they must not be lost: each becomes an unrouted text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from partyline.domain import addresses, sids
from partyline.domain.conversations import group_of
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.frozen_classes import frozen
from partyline.storage import conversation_items, conversations, lines, messages, retry, unrouted
from partyline.storage.table import Table

# How many messages are read at a time.
_PAGE = 100


def remove_conversation(table: Table, sid: str, since: datetime) -> None:
    """Remove a conversation; texts that arrived since `since` become unrouted texts. Exactly once for each text."""

    def attempt() -> None:
        roster = conversations.load(table, sid)
        if roster is None:
            return
        for message in _list_inbound(table, sid, since):
            # In one transaction: a run that ends in between must not store a text again that was routed since.
            stored = unrouted.put_write(_build_unrouted_text(table, roster, message))
            table.transact([stored, messages.handing_over_write(message)])
        # Fails when another text has arrived meanwhile.
        conversations.remove(table, roster.conversation, conversation_items.no_new_message(roster.conversation))

    retry.STANDARD.run(attempt)


def _list_inbound(table: Table, conversation_sid: str, since: datetime) -> Iterator[Message]:
    """List the messages that carriers delivered since a moment, newest first."""
    after: int | None = None
    while True:
        page = messages.page(table, conversation_sid, size=_PAGE, forward=False, after=after)
        for found in page.messages:
            if found.message.created < since:
                return
            if found.message.carrier_message_id:
                yield found.message
        if not page.more:
            return
        after = page.messages[-1].message.index


@frozen
class _Route:
    """The numbers of a text: the line that received it, its sender, and all other recipients."""

    line: str
    sender: str
    recipients: tuple[str, ...]


def _build_unrouted_text(table: Table, roster: Roster, message: Message) -> UnroutedText:
    """Build the unrouted text of a message. A repeat builds the same one."""
    route = _find_route(roster, message)
    registered = lines.fetch(table, [route.line] if route.line else [])
    return UnroutedText(
        sid=sids.derive(sids.UNROUTED, message.sid),
        carrier=registered[route.line].carrier if route.line in registered else "",
        carrier_message_id=message.carrier_message_id or "",
        reason=UnroutedReason.SERVICE_REMOVED,
        created=message.created,
        received_at=message.received_at,
        line=route.line,
        sender=route.sender,
        recipients=route.recipients,
        body=message.body or "",
        media=message.media,
    )


def _find_route(roster: Roster, message: Message) -> _Route:
    """Find the numbers of a message. A pair has its own line; every other text went to the group."""
    author = next((member for member in roster.participants if member.sid == message.participant_sid), None)
    sender = _find_address(author) or addresses.canonicalize(message.author)
    if author and author.address and author.proxy_address:
        own, numbers = [author.proxy_address], {author.address, author.proxy_address}
    else:
        group = group_of(roster.participants)
        own, numbers = sorted(group.projected), {*group.natives, *group.projected}
    line = next((number for number in own if number != sender), "")
    return _Route(line, sender, tuple(sorted(numbers - {sender})))


def _find_address(author: Participant | None) -> str | None:
    return (author.address or author.projected_address) if author else None
