"""Build the key of the level of the stored format. docs/table.md lists it with the others."""

from __future__ import annotations

from partyline.storage.keys import Key


def format_level() -> Key:
    """Return the key of the level."""
    return Key("ACCOUNT", "FORMAT")
