"""Who may call."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.api.authentication import authenticate
from partyline.errors import ApiError


def event(credentials: str) -> dict[str, object]:
    return {"headers": {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}}


def test_a_token_may_hold_colons_and_any_character() -> None:
    authenticate(event("AC1:to:ké n"), "AC1", "to:ké n")


@given(st.text(st.characters(codec="utf-8")))
def test_every_other_credential_is_refused(credentials: str) -> None:
    if credentials == "AC1:token":
        return
    with pytest.raises(ApiError, match="Authenticate"):
        authenticate(event(credentials), "AC1", "token")


@given(st.text())
def test_any_header_is_refused_without_a_fuss(header: str) -> None:
    for headers in ({"Authorization": header}, {"authorization": f"Basic {header}"}, None):
        with pytest.raises(ApiError, match="Authenticate"):
            authenticate({"headers": headers}, "AC1", "token")
