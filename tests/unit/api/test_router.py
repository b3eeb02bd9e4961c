"""Paths and methods."""

from __future__ import annotations

import pytest

from partyline.api import routes
from partyline.api.context import ApiResponse, Call
from partyline.api.request import Parameters, Request
from partyline.api.router import Level, Route, RouteMatch, Router, build_table, match_route
from partyline.errors import ApiError


def handler(call: Call) -> ApiResponse:
    raise NotImplementedError


def asking(method: str, *segments: str) -> RouteMatch:
    """What a request for a path under /v1 finds."""
    return match_route(ROUTES, Request(method, ("v1", *segments), Parameters(), Parameters(), "https://x"), segments)


ROUTES = (
    Route("Things", {"GET": handler}),
    Route("Things/{thing}/Parts/{part}", {"POST": handler, "GET": handler}, user_methods=frozenset({"GET"})),
)


def test_a_path_gives_the_names_in_it() -> None:
    ids = {"thing": "a/b", "part": "+1"}
    assert asking("GET", "Things", "a/b", "Parts", "+1") == RouteMatch(handler, ids, users=True)


def test_chat_identities_may_call_the_methods_that_say_so() -> None:
    assert not asking("GET", "Things").users
    assert asking("GET", "Things", "a", "Parts", "b").users
    assert not asking("POST", "Things", "a", "Parts", "b").users


@pytest.mark.parametrize(
    "segments",
    [(), ("",), ("things",), ("Things", "a"), ("Things", "", "Parts", "b"), ("Things", "a", "parts", "b")],
)
def test_another_path_is_not_found(segments: tuple[str, ...]) -> None:
    with pytest.raises(ApiError) as refused:
        asking("GET", *segments)
    assert (refused.value.code, refused.value.status) == (20404, 404)


def test_another_method_is_refused_with_those_there_are() -> None:
    with pytest.raises(ApiError) as refused:
        asking("DELETE", "Things", "a", "Parts", "b")
    assert (refused.value.code, refused.value.details) == (20004, {"method": "DELETE", "allowed": ["GET", "POST"]})


@pytest.mark.parametrize("table", [routes.ACCOUNT, routes.SERVICE])
def test_no_path_has_two_routes(table: tuple[Route, ...]) -> None:
    shapes = [tuple("{}" if part.startswith("{") else part for part in route.path.split("/")) for route in table]
    assert len(set(shapes)) == len(shapes)


@pytest.mark.parametrize("route", [*routes.ACCOUNT, *routes.SERVICE], ids=lambda route: route.path)
def test_chat_identities_are_named_methods_that_there_are(route: Route) -> None:
    assert route.user_methods <= set(route.handlers)


def test_router_registers_each_method_of_a_path_with_its_users() -> None:
    route = Router()
    assert route.get("Things", users=True)(handler) is handler
    route.post("Things")(handler)
    route.delete("Things/{thing}", users=True)(handler)
    assert route.build_routes() == [
        Route("Things", {"GET": handler, "POST": handler}, frozenset({"GET"})),
        Route("Things/{thing}", {"DELETE": handler}, frozenset({"DELETE"})),
    ]


def test_router_with_a_second_handler_of_a_method_is_refused() -> None:
    route = Router()
    route.get("Things")(handler)
    with pytest.raises(ValueError, match="GET Things has two handlers"):
        route.get("Things")(handler)


def test_table_holds_its_own_level_and_both() -> None:
    routers = Router(Level.ACCOUNT), Router(Level.SERVICE), Router()
    for router, path in zip(routers, ("Lines", "Bindings", "Users"), strict=True):
        router.get(path)(handler)
    assert [route.path for route in build_table(routers, Level.ACCOUNT)] == ["Lines", "Users"]
    assert [route.path for route in build_table(routers, Level.SERVICE)] == ["Bindings", "Users"]


def test_table_with_one_path_in_two_routers_is_refused() -> None:
    routers = Router(), Router(Level.ACCOUNT)
    for router in routers:
        router.get("Things")(handler)
    with pytest.raises(ValueError, match="two routers"):
        build_table(routers, Level.ACCOUNT)
