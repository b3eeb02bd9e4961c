"""What is kept of the simulated network for the next run, as JSON: its texts and its sends, not its faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from local.carrier.base import Send
from local.carrier.hosted_files import Behaviour
from local.carrier.network import Text
from local.carrier.twilio_groups import GroupConversation
from local.carrier.webhook_sender import QueuedWebhook


@dataclass
class KeptNetwork:
    """Everything of it. A member that a later version adds has a default, so that what is kept can still be read.

    `files` are their content types and behaviours; their contents are on disk. `blocked` are pairs of the scope of a
    handset's STOP, and the handset.
    """

    lines: dict[str, str] = field(default_factory=dict)
    texts: dict[str, list[Text]] = field(default_factory=dict)
    sends: list[Send] = field(default_factory=list)
    blocked: list[tuple[str | None, str]] = field(default_factory=list)
    groups: dict[str, GroupConversation] = field(default_factory=dict)
    uploads: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, Behaviour]] = field(default_factory=dict)
    webhooks: list[QueuedWebhook] = field(default_factory=list)


_adapter = TypeAdapter(KeptNetwork)


def write(network: KeptNetwork) -> bytes:
    """Write it as JSON."""
    return _adapter.dump_json(network)


def read(content: Mapping[str, Any]) -> KeptNetwork:
    """Read what `write` wrote, as JSON data."""
    return _adapter.validate_python(content)
