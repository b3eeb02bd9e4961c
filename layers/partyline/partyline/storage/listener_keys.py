"""The key of what is known of all live connections. Those of each are in partyline.storage.keys."""

from __future__ import annotations

from partyline.storage.keys import Key


def version() -> Key:
    """Return the key of the version of all live connections, of any Service."""
    return Key("LV", "VERSION")
