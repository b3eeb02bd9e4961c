"""The members of conversations, kept in memory by the threads into which texts come.

Each use confirms them: the caller has read the conversation, and members are kept for its revision. So a change that
was answered before is seen, and no member is added or left out from memory alone. What has no mark of its
members (partyline.domain.roster_marks) is not kept.

Of kept members only SIDs, identities and addresses are right: the rest changes without another revision. So members are
kept only of conversations with one thread. A text into that is not sent on, so no name can be out of date.
"""

from __future__ import annotations

from partyline.domain.conversations import Conversation, threads_of
from partyline.domain.membership import Roster
from partyline.domain.participants import Participant
from partyline.frozen_classes import frozen

# Of how many threads the members are kept at most, and of how many members.
MAX_KEPT = 500
MAX_MEMBERS = 30


@frozen
class _KeptMembers:
    """The members of a conversation at a revision, which `marks` say."""

    conversation_sid: str
    marks: tuple[int, str | None]
    members: tuple[Participant, ...]
    has_webhooks: bool | None


class RosterCache:
    """Keeps members for the life of a process."""

    def __init__(self) -> None:
        self._kept: dict[str, _KeptMembers] = {}

    def find_conversation(self, thread: str) -> str | None:
        """Return the SID of the conversation that owned a thread; None when none is kept."""
        kept = self._kept.get(thread)
        return kept.conversation_sid if kept else None

    def find(self, thread: str, conversation: Conversation) -> Roster | None:
        """Return a conversation that was just read with its members; None when these must be read."""
        kept = self._kept.get(thread)
        if kept is None or kept.conversation_sid != conversation.sid or kept.marks != _list_marks(conversation):
            return None
        return Roster(conversation, kept.members, kept.has_webhooks)

    def keep(self, thread: str, roster: Roster) -> None:
        """Keep the members of the conversation that owns a thread, if this is its only one and they are certain."""
        self._kept.pop(thread, None)
        conversation = roster.conversation
        is_only = conversation.threads == threads_of(roster.participants) == {thread}
        if is_only and len(roster.participants) <= MAX_MEMBERS and roster.is_certain:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            members = tuple(map(_reduce, roster.participants))
            self._kept[thread] = _KeptMembers(conversation.sid, _list_marks(conversation), members, roster.has_webhooks)


def _reduce(member: Participant) -> Participant:
    """Return a member with what a mark is of, and nothing else, which may be large."""
    return Participant(
        member.sid,
        member.conversation_sid,
        member.created,
        member.updated,
        member.identity,
        member.address,
        member.proxy_address,
        member.projected_address,
    )


def _list_marks(conversation: Conversation) -> tuple[int, str | None]:
    # An earlier version of the code makes another revision without another mark.
    return conversation.revision, conversation.roster_mark
