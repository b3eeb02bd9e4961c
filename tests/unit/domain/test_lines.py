"""Lines: who may use one, and how its users are written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain.lines import EVERYONE, Line, format_user, may_use, resolve_user

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HERE, THERE = "IS" + "0" * 32, "IS" + "f" * 32


def line(users: tuple[str, ...] | None) -> Line:
    return Line("LN1", "+12065550100", "bandwidth", NOW, NOW, users=users)


@pytest.mark.parametrize(
    ("users", "permitted"),
    [
        (None, {(HERE, "ann"), (HERE, "ben"), (THERE, "ann")}),  # stored before lines had users
        ((EVERYONE,), {(HERE, "ann"), (HERE, "ben"), (THERE, "ann")}),
        ((), set()),
        ((f"{HERE}/ann",), {(HERE, "ann")}),
        ((f"{THERE}/ann",), {(THERE, "ann")}),
        ((f"{HERE}/*",), {(HERE, "ann"), (HERE, "ben")}),
        ((f"{HERE}/ben", f"{THERE}/*"), {(HERE, "ben"), (THERE, "ann")}),
        ((f"{HERE}/Ann", f"{HERE}/ann ", "ann"), set()),
    ],
)
def test_a_line_is_used_by_its_users_only(users: tuple[str, ...] | None, permitted: set[tuple[str, str]]) -> None:
    people = {(HERE, "ann"), (HERE, "ben"), (THERE, "ann")}
    assert {(service, identity) for service, identity in people if may_use(line(users), service, identity)} == permitted


@pytest.mark.parametrize(
    ("given_as", "stored", "shown"),
    [
        ("*", "*", "*"),
        ("ann", f"{HERE}/ann", "ann"),
        (f"{HERE}/ann", f"{HERE}/ann", "ann"),
        (f"{THERE}/ann", f"{THERE}/ann", f"{THERE}/ann"),
        (f"{HERE}/*", f"{HERE}/*", f"{HERE}/*"),
        ("ann/home", f"{HERE}/ann/home", "ann/home"),
        (f"{HERE}/{THERE}/ann", f"{HERE}/{THERE}/ann", f"{HERE}/{THERE}/ann"),
        (f"{HERE}/{HERE}/ann", f"{HERE}/{HERE}/ann", f"{HERE}/{HERE}/ann"),
        (THERE, f"{HERE}/{THERE}", THERE),
    ],
)
def test_a_user_without_a_service_is_of_the_default_one(given_as: str, stored: str, shown: str) -> None:
    assert resolve_user(given_as, HERE) == stored
    assert format_user(stored, HERE) == shown


identities = st.one_of(st.text(max_size=8), st.sampled_from(["*", HERE, f"{THERE}/x", f"{HERE}/*", f"{HERE}/", "/"]))


@given(service=st.sampled_from([HERE, THERE]), identity=identities, default=st.sampled_from([HERE, THERE]))
def test_what_is_shown_of_a_user_names_the_same_user(service: str, identity: str, default: str) -> None:
    stored = f"{service}/{identity}"
    assert resolve_user(format_user(stored, default), default) == stored
