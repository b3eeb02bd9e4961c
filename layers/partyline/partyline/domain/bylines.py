"""Bylines: the author's name at the beginning of a text whose number does not identify the author. Pure.

In a group thread each member sees the number of the author. A relayed text comes from another number. A masked member
receives it from its proxy, and a group receives a masked member's text from one of our own numbers. When more than one
person may have written such a text, it begins with the author's name:

    Ann: On my way      the participant's attributes have {"name": "Ann"}
    #2: On my way       the attributes have no name: the handset was the second to join

Only texts of handsets have a byline. A text without one comes from the account: from its people and programs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from partyline.domain.participants import Participant

MAX_NAME = 30


def build_byline(
    author: Participant | None, sender: str, recipients: Collection[str], participants: Iterable[Participant]
) -> str:
    """Build the byline of a text that `sender` relays to `recipients`; '' when it needs none.

    It needs none when the number stands for this author alone: no participant owns the number, and no other handset
    writes through it.
    """
    if author is None or not author.address:
        return ""
    members = list(participants)
    has_owner = any(member.projected_address == sender for member in members)
    if not has_owner and _handsets(members) - set(recipients) <= {author.address}:
        return ""
    return _name(author) or _place(author.address, members)


def _handsets(participants: Iterable[Participant]) -> set[str]:
    return {member.address for member in participants if member.address}


def _name(author: Participant) -> str:
    """Return the name in a participant's attributes, on one line; never the participant's number."""
    try:
        attributes = json.loads(author.attributes)
    except ValueError:
        return ""
    name = attributes.get("name") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        return ""
    return "".join(letter for letter in " ".join(name.split()) if letter.isprintable())[:MAX_NAME].strip()


def _place(address: str, participants: Iterable[Participant]) -> str:
    in_order = sorted(participants, key=lambda member: member.sid)
    handsets = list(dict.fromkeys(member.address for member in in_order if member.address))
    return f"#{handsets.index(address) + 1}"
