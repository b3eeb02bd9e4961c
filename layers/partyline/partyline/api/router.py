"""Which handler a method and a path belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from partyline import refusals
from partyline.api.calls import Handler


@dataclass(frozen=True, slots=True)
class Route:
    """A path and what its methods do. A part in braces, `{name}`, stands for one segment."""

    path: str
    handlers: Mapping[str, Handler]

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """What the names in braces stand for; None when it is another path."""
        parts = self.path.split("/")
        if len(parts) != len(segments):
            return None
        ids: dict[str, str] = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{") and segment:
                ids[part.strip("{}")] = segment
            elif part != segment:
                return None
        return ids


def find(routes: Sequence[Route], method: str, segments: Sequence[str]) -> tuple[Handler, dict[str, str]]:
    """The handler of a path's method and what the path names. Raises ApiError 20404, 20004."""
    for route in routes:
        ids = route.match(segments)
        if ids is None:
            continue
        if method not in route.handlers:
            raise refusals.method_not_allowed(method, sorted(route.handlers))
        return route.handlers[method], ids
    raise refusals.not_found("/" + "/".join(segments))
