"""The key of what is known of all who listen live. Those of their connections are in partyline.storage.keys."""

from __future__ import annotations

from partyline.storage.keys import Key


def version() -> Key:
    """Return the key of the version of who listens, in any Service."""
    return Key("LV", "VERSION")
