"""Build the key of what a restore leaves in the table. docs/table.md lists it with the others."""

from __future__ import annotations

from partyline.storage.keys import Key


def restoration() -> Key:
    """Return the key of the note that the table is a restored copy."""
    return Key("ACCOUNT", "RESTORED")
