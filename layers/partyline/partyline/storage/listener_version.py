"""The version of all live connections: which Services have none is kept in memory, and confirmed by it (listeners).

It is beside the version of all settings, in one item, so that who asks for both pays for one.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from partyline.storage import keys
from partyline.storage.table import Write, change

_ATTRIBUTE = "listeners"


def build_write() -> Write:
    """Build the write of another version; a change of settings leaves it alone, as it does theirs."""
    return change("version", keys.settings_version(), {_ATTRIBUTE: secrets.token_hex(8)})


def decode(item: Mapping[str, Any] | None) -> str:
    """Return the version in its item; the empty one while no live connection was ever opened."""
    version: str = (item or {}).get(_ATTRIBUTE, "")
    return version
