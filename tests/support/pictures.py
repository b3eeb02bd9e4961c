"""Media of outbound texts, for the tables of the carriers."""

from __future__ import annotations

from partyline.carriers.base import OutboundMedia


def jpeg(url: str = "https://example.com/x.jpg") -> OutboundMedia:
    """A picture at an address."""
    return OutboundMedia(url, "image/jpeg", 4, "x.jpg", lambda: b"\xff\xd8\xff\xe0")
