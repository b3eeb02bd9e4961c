"""Build the keys of snippets. docs/table.md lists them with all others.

All snippets of a Service are in one partition: those for everyone first, then those of each owner, by name.
"""

from __future__ import annotations

import hashlib

from partyline.storage.keys import Key


def partition(service_sid: str) -> str:
    """Return the partition of a Service's snippets."""
    return f"SN#{service_sid}"


def snippet(service_sid: str, owner: str | None, folded_name: str) -> Key:
    """Return the key of a snippet: a name is given once to each owner."""
    return Key(partition(service_sid), f"{scope(owner)}{folded_name}")


def pointer(service_sid: str, sid: str) -> Key:
    """Return the key that leads from the SID of a snippet to its place."""
    return Key(partition(service_sid), f"P#{sid}")


def scope(owner: str | None) -> str:
    """Return what the sort keys of an owner's snippets begin with. Identities are hashed: they may have any letter."""
    return "A#" if owner is None else f"B#{hashlib.sha256(owner.encode()).hexdigest()[:32]}#"
