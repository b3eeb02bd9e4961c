"""The note in a conversation's item that it has no webhooks of its own, by which the relay looks for none.

It is the revision in which there were none. A webhook that is added makes another revision, in every version of the
code. So the note holds while the two are equal, and nobody has to take it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def build_note(revision: object) -> dict[str, object]:
    """Build the attribute, for a write whose condition is that revision, or that makes it."""
    return {"no_webhooks_at": revision}


def is_noted(item: Mapping[str, Any]) -> bool:
    """Return whether the item of a conversation says that it has none."""
    return bool(item.get("no_webhooks_at") == item.get("revision", 0))
