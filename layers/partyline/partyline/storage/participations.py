"""What a person takes part in: participants by identity or address, each with its conversation."""

from __future__ import annotations

from dataclasses import dataclass

from partyline.domain.conversations import Conversation
from partyline.domain.participants import Participant
from partyline.storage import codec, keys, queries
from partyline.storage.keys import Key
from partyline.storage.queries import ListPage, Window
from partyline.storage.table import Table


@dataclass(frozen=True, slots=True)
class Participation:
    """A participant and its conversation."""

    participant: Participant
    conversation: Conversation


def list_for(
    table: Table, service_sid: str, window: Window, *, identity: str | None = None, address: str | None = None
) -> ListPage[Participation]:
    """A page of what an identity, or a canonical address, takes part in, newest first: one query, and a batch for each
    hundred of participants and conversations.

    The index, which is a moment behind, says only where to look: each participant and conversation is as it is now. So
    a page holds fewer than its size when the person has just left a conversation of it, or it was just deleted.
    """
    page = queries.participations(table, service_sid, window, identity=identity, address=address)
    places = [(key, _places(listed)) for key, listed in page.entries]
    found = table.get_all(place for _, both in places for place in both)
    entries = []
    for key, (member, conversation) in places:
        if member not in found or conversation not in found:
            continue
        participant = codec.decode(Participant, found[member])
        if (participant.identity == identity) if address is None else (participant.address == address):
            entries.append((key, Participation(participant, codec.decode(Conversation, found[conversation]))))
    return ListPage(entries, page.more, page.ends)


def _places(listed: Participant) -> tuple[Key, Key]:
    """Where a participant and its conversation are."""
    return keys.participant(listed.conversation_sid, listed.sid), keys.conversation(listed.conversation_sid)
