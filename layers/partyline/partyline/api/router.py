"""Routes: each handler names its path and method, and a request is matched against the table of these.

A handler is registered where it is defined:

    route = Router()

    @route.get("Lines/{line}", users=True)
    def fetch(call: Call) -> ApiResponse: ...

A part in braces stands for one segment, whose value is in `call.ids`. Access tokens of users are refused unless the
handler says `users=True`; what a user may do there is `authorization`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from partyline import refusals
from partyline.api.context import Handler
from partyline.api.operations import Operation
from partyline.api.request import Request
from partyline.frozen_classes import frozen


class Level(Enum):
    """Where the paths of a router are: beneath the account, beneath `/Services/{service}`, or beneath both.

    Beneath both, a path without a Service means the account's default one.
    """

    ACCOUNT = auto()
    SERVICE = auto()
    BOTH = auto()


@frozen
class Route:
    """A path with its handlers by method. `user_methods` are those that access tokens of users may call."""

    path: str
    handlers: Mapping[str, Handler]
    user_methods: frozenset[str] = frozenset()

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """Return the values of the parts in braces, or None for another path."""
        parts = self.path.split("/") if self.path else []
        if len(parts) != len(segments):
            return None
        ids: dict[str, str] = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{") and segment:
                ids[part.strip("{}")] = segment
            elif part != segment:
                return None
        return ids


@dataclass(slots=True)
class Router:
    """The handlers of one resource, in the order of their definition, and what is documented of them."""

    level: Level = Level.BOTH
    operations: dict[tuple[str, str], Operation] = field(default_factory=dict, init=False)
    _handlers: dict[str, dict[str, Handler]] = field(default_factory=dict, init=False)
    _user_methods: dict[str, set[str]] = field(default_factory=dict, init=False)

    def get(self, path: str, *, users: bool = False, docs: Operation | None = None) -> Callable[[Handler], Handler]:
        """Register a handler of GET."""
        return self._register("GET", path, users=users, docs=docs)

    def post(self, path: str, *, users: bool = False, docs: Operation | None = None) -> Callable[[Handler], Handler]:
        """Register a handler of POST."""
        return self._register("POST", path, users=users, docs=docs)

    def delete(self, path: str, *, users: bool = False, docs: Operation | None = None) -> Callable[[Handler], Handler]:
        """Register a handler of DELETE."""
        return self._register("DELETE", path, users=users, docs=docs)

    def build_routes(self) -> list[Route]:
        """Build the routes, one for each path."""
        return [
            Route(path, handlers, frozenset(self._user_methods.get(path, ())))
            for path, handlers in self._handlers.items()
        ]

    def _register(self, method: str, path: str, *, users: bool, docs: Operation | None) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            handlers = self._handlers.setdefault(path, {})
            if method in handlers:
                raise ValueError(f"{method} {path} has two handlers")
            handlers[method] = handler
            if users:
                self._user_methods.setdefault(path, set()).add(method)
            if docs:
                self.operations[method, path] = docs
            return handler

        return add


@frozen
class RouteMatch:
    """The handler of a request, the values that its path names, and whether users may call it."""

    handler: Handler
    ids: Mapping[str, str]
    users: bool


def build_table(routers: Iterable[Router], level: Level) -> tuple[Route, ...]:
    """Build the table of a level: the routes of its own routers and of those that belong to both.

    Raises ValueError when two routers have the same path.
    """
    table = [route for router in routers if router.level in (level, Level.BOTH) for route in router.build_routes()]
    if len({route.path for route in table}) != len(table):
        raise ValueError("two routers have the same path")
    return tuple(table)


def match_route(routes: Sequence[Route], request: Request, segments: Sequence[str]) -> RouteMatch:
    """Find the handler of a request by the segments of its path below the version and the Service.

    Raises ApiError 20404 for an unknown path, 20004 for a method that the path does not have.
    """
    for route in routes:
        ids = route.match(segments)
        if ids is None:
            continue
        if request.method not in route.handlers:
            raise refusals.method_not_allowed(request.method, sorted(route.handlers))
        return RouteMatch(route.handlers[request.method], ids, request.method in route.user_methods)
    raise refusals.not_found(request.resource)
