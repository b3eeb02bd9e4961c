"""Which messages of a conversation a person of the app has written: for who wrote it, a text is never unread. Pure.

They are kept as runs, messages of one person that follow each other without any other between. Before each run of a
person stands a message of somebody else. So who has more runs than are kept behind their read horizon has that many
messages of others there too, and nothing counts as unread by their own texts alone, however many these are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from partyline.domain.messages import Message
from partyline.domain.participants import SYSTEM, Participant

# How many runs a conversation keeps, and how many indexes an entry of the inbox tells.
MAX_RUNS, MAX_INDEXES = 20, 50

# By identity the indexes of the first and the last message of each run, the oldest run first.
Runs = Mapping[str, Sequence[int]]


def find_writer(message: Message, members: Iterable[Participant]) -> str | None:
    """Find the identity that wrote a message, as a line or under its own name; None for handsets and the account."""
    if message.written_by is not None:
        return message.written_by
    if message.carrier_message_id is not None or message.author == SYSTEM:
        return None
    author = next((one for one in members if one.sid == message.participant_sid), None)
    return author.identity if author else message.author


def add_to_runs(runs: Runs | None, identity: str, index: int) -> dict[str, Sequence[int]]:
    """Add the newest message of a conversation. Of more than MAX_RUNS the oldest run is left out."""
    added = dict(runs or {})
    held = added.get(identity, ())
    if held and held[-1] == index - 1:
        added[identity] = (*held[:-1], index)
        return added
    added[identity] = (*held, index, index)
    if sum(map(len, added.values())) > 2 * MAX_RUNS:
        oldest = min(added, key=lambda one: added[one][0])
        added[oldest] = added[oldest][2:]
    return {one: ends for one, ends in added.items() if ends}


def list_runs(runs: Runs | None, identity: str | None) -> list[range]:
    """List the runs of a person, the oldest first."""
    ends = (runs or {}).get(identity or "", ())
    return [range(first, last + 1) for first, last in zip(ends[::2], ends[1::2], strict=True)]


def list_indexes(runs: Runs | None, identity: str | None) -> tuple[int, ...]:
    """List the indexes of the newest messages of a person, at most MAX_INDEXES, in order."""
    newest: list[int] = []
    for run in reversed(list_runs(runs, identity)):
        newest = [*run[-(MAX_INDEXES - len(newest)) :], *newest]
        if len(newest) == MAX_INDEXES:
            break
    return tuple(newest)
