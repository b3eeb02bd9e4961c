"""Bylines: who wrote a text, for people whom its number does not tell. Pure.

In a group everybody sees the number that wrote. A text that is relayed comes from another number: a masked member's
from the proxy of whom it goes to, or into a group from one of our own. Where more than one person may have written it,
it begins with its author's name:

    Ann: On my way      the participant's attributes have {"name": "Ann"}
    #2: On my way       they have none: the second of the handsets to have joined

Only what handsets write is marked. What carries no name comes from the house: our own people and programs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from partyline.domain.participants import Participant

MAX_NAME = 30


def build_byline(
    author: Participant | None, sender: str, recipients: Collection[str], participants: Iterable[Participant]
) -> str:
    """Build the name that a text of this author begins with when a number sends it to some handsets; '' for none.

    No name is needed where the number stands for this author alone: it has no owner of its own, and no other handset
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
    """Return the name that the account gave a participant, on one line; never the participant's number."""
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
