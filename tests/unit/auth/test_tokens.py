"""Who may call."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.api.context import ApiContext
from partyline.auth.tokens import Caller, authenticate
from partyline.errors import ApiError
from partyline.media.bucket import Bucket
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.table import Table
from partyline.webhooks.pre_action import PreActionDecision


class NoKeys(Table):
    """A table without an API key."""

    def __init__(self) -> None:
        pass

    def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        return None


def build_context(token: str = "token") -> ApiContext:
    return ApiContext(
        NoKeys(),
        "AC1",
        lambda: token,
        lambda: "root",
        lambda: datetime(2026, 11, 22, tzinfo=UTC),
        ask=lambda *about: PreActionDecision(),
        bucket=Bucket(lambda: None, "media"),
    )


def event(credentials: str) -> dict[str, object]:
    return {"headers": {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}}


def test_a_token_may_hold_colons_and_any_character() -> None:
    assert authenticate(event("AC1:to:ké n"), build_context("to:ké n")) == Caller()


@given(st.text(st.characters(codec="utf-8")))
def test_every_other_credential_is_refused(credentials: str) -> None:
    if credentials == "AC1:token":
        return
    with pytest.raises(ApiError, match="Authenticate"):
        authenticate(event(credentials), build_context())


@given(st.text())
def test_any_header_is_refused_without_a_fuss(header: str) -> None:
    for headers in ({"Authorization": header}, {"authorization": f"Basic {header}"}, None):
        with pytest.raises(ApiError) as refused:
            authenticate({"headers": headers}, build_context())
        assert refused.value.status == 401


@given(st.text())
def test_any_access_token_is_refused_without_a_fuss(token: str) -> None:
    with pytest.raises(ApiError) as refused:
        authenticate({"headers": {"Authorization": f"Bearer {token}"}}, build_context())
    assert refused.value.status == 401
