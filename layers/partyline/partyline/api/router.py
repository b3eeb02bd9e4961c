"""Which handler a method and a path belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from partyline import refusals
from partyline.api.context import Handler
from partyline.api.request import Request


@dataclass(frozen=True, slots=True)
class Route:
    """A path and what its methods do. A part in braces, `{name}`, stands for one segment. `people` are the methods that
    chat identities may call; the others are the account's."""

    path: str
    handlers: Mapping[str, Handler]
    people: str = ""

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


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The handler of a path's method, what the path names, and whether chat identities may call it."""

    handler: Handler
    ids: Mapping[str, str]
    people: bool


def match_route(routes: Sequence[Route], request: Request, segments: Sequence[str]) -> RouteMatch:
    """What a request asks for, by the last segments of its path. Raises ApiError 20404 for an unknown path, 20004 for a
    method that the path does not have."""
    for route in routes:
        ids = route.match(segments)
        if ids is None:
            continue
        if request.method not in route.handlers:
            raise refusals.method_not_allowed(request.method, sorted(route.handlers))
        return RouteMatch(route.handlers[request.method], ids, request.method in route.people.split())
    raise refusals.not_found(request.resource)
