"""Participations: the participants of an identity or an address, each with its conversation."""

from __future__ import annotations

from collections.abc import Sequence

from partyline.domain.conversations import Conversation
from partyline.domain.participants import Participant
from partyline.frozen_classes import frozen, replace
from partyline.storage import codec, conversations, keys, queries
from partyline.storage.keys import Key
from partyline.storage.queries import ListPage, Window
from partyline.storage.table import Table


@frozen
class Participation:
    """A participant and its conversation."""

    participant: Participant
    conversation: Conversation


def list_for(
    table: Table,
    service_sid: str,
    window: Window,
    *,
    identity: str | None = None,
    address: str | None = None,
    whole: bool = False,
) -> ListPage[Participation]:
    """Read a page of the participations of an identity or a canonical address, newest first.

    Cost: one query, and one batch for each hundred participants and conversations; with `whole`, the conversations with
    their attributes, one more for each hundred that have them apart.

    The query gives only the keys, since the index is eventually consistent. The batches read the current items. So a
    page is shorter when the person has just left a conversation, or a conversation was just deleted.
    """
    page = queries.participations(table, service_sid, window, identity=identity, address=address)
    entry_keys = [(key, _item_keys(listed)) for key, listed in page.entries]
    found = table.get_all(item_key for _, both in entry_keys for item_key in both)
    entries = []
    for key, (member, conversation) in entry_keys:
        if member not in found or conversation not in found:
            continue
        participant = codec.decode(Participant, found[member])
        if (participant.identity == identity) if address is None else (participant.address == address):
            entries.append((key, Participation(participant, codec.decode(Conversation, found[conversation]))))
    return ListPage(_complete(table, entries) if whole else entries, page.more, page.ends)


def _complete(table: Table, entries: Sequence[tuple[str, Participation]]) -> list[tuple[str, Participation]]:
    found = conversations.complete_many(table, (one.conversation for _, one in entries))
    return [
        (key, replace(one, conversation=found[one.conversation.sid]))
        for key, one in entries
        if one.conversation.sid in found
    ]


def _item_keys(listed: Participant) -> tuple[Key, Key]:
    """Return the keys of a participant and its conversation."""
    return keys.participant(listed.conversation_sid, listed.sid), keys.conversation(listed.conversation_sid)
