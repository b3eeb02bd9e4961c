"""Marks that say which members a conversation has at a revision. Pure.

A query reads the items of a partition one after the other, and may see a transaction in part: the conversation as it is
now, and its members as they were. The mark is in the conversation's item. So a reader of both knows whether they
belong together, and members that are known for a revision are those of the conversation while it has that revision.

A mark is of the members' SIDs, identities and addresses, which do not change without another revision. Their
attributes, roles and read horizons are not in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from partyline.domain.conversations import Conversation
from partyline.domain.participants import Participant
from partyline.frozen_classes import replace

# Of the digest, in bytes. It tells states of one conversation apart that follow each other. It is no secret.
_SIZE = 8


def build_mark(revision: int, members: Iterable[Participant]) -> str:
    """Build the mark of the members that a conversation has at a revision, in any order: `<revision>/<digest>`."""
    described = sorted(
        f"{one.sid} {one.address} {one.proxy_address} {one.projected_address} {one.identity}" for one in members
    )
    digest = hashlib.blake2b("\n".join(described).encode(), digest_size=_SIZE)
    return f"{revision}/{digest.hexdigest()}"


def is_marked(conversation: Conversation) -> bool:
    """Whether a conversation has a mark of its revision. An earlier version of the code leaves that of another one."""
    return (conversation.roster_mark or "").startswith(f"{conversation.revision}/")


def raise_revision(conversation: Conversation) -> Conversation:
    """Return a conversation with its next revision, in which it has the same members."""
    revision = conversation.revision + 1
    _, _, digest = (conversation.roster_mark or "").partition("/")
    mark = f"{revision}/{digest}" if is_marked(conversation) else None
    return replace(conversation, revision=revision, roster_mark=mark)
