"""Paths and methods."""

from __future__ import annotations

import pytest

from partyline.api import app
from partyline.api.calls import Answer, Call
from partyline.api.router import Route, find
from partyline.errors import ApiError


def handler(call: Call) -> Answer:
    raise NotImplementedError


ROUTES = (Route("Things", {"GET": handler}), Route("Things/{thing}/Parts/{part}", {"POST": handler, "GET": handler}))


def test_a_path_gives_the_names_in_it() -> None:
    assert find(ROUTES, "GET", ("Things", "a/b", "Parts", "+1")) == (handler, {"thing": "a/b", "part": "+1"})


@pytest.mark.parametrize(
    "segments",
    [(), ("",), ("things",), ("Things", "a"), ("Things", "", "Parts", "b"), ("Things", "a", "parts", "b")],
)
def test_another_path_is_not_found(segments: tuple[str, ...]) -> None:
    with pytest.raises(ApiError) as refused:
        find(ROUTES, "GET", segments)
    assert refused.value.code == 20404


def test_another_method_is_refused_with_those_there_are() -> None:
    with pytest.raises(ApiError) as refused:
        find(ROUTES, "DELETE", ("Things", "a", "Parts", "b"))
    assert (refused.value.code, refused.value.details) == (20004, {"allowed": ["GET", "POST"]})


def test_no_path_has_two_routes() -> None:
    shapes = [tuple("{}" if part.startswith("{") else part for part in route.path.split("/")) for route in app.ROUTES]
    assert len(set(shapes)) == len(shapes)
