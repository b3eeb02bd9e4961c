from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.auth.id_tokens import Claims, read_id_token
from partyline.errors import IdTokenInvalid

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
MOMENT = int(NOW.timestamp())
GOOD: dict[str, Any] = {
    "iss": "https://id.example",
    "aud": "client",
    "sub": "person-1",
    "iat": MOMENT,
    "exp": MOMENT + 300,
    "nonce": "n-1",
}
LEFT_OUT = object()


def read(claims: dict[str, Any], nonce: str | None = "n-1") -> Claims:
    # Not by a library: it would refuse to write what must be refused when it is read.
    given = {name: value for name, value in claims.items() if value is not LEFT_OUT}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, given)]
    encoded = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, b"signature"))
    return read_id_token(encoded, issuer="https://id.example", client_id="client", now=NOW, nonce=nonce)


def test_a_token_for_us_is_read() -> None:
    assert read(GOOD).subject == "person-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["client"]},
        {"aud": ["client", "other"], "azp": "client"},
        {"azp": "client"},
        # The provider's clock may be a little ahead or behind.
        {"iat": MOMENT + 100},
        {"iat": MOMENT - 500},
        {"exp": MOMENT - 100},
        {"iat": MOMENT + 0.5},
    ],
)
def test_what_the_standard_permits_is_taken(changes: dict[str, Any]) -> None:
    assert read(GOOD | changes).subject == "person-1"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://id.example/"}, "iss"),
        ({"iss": LEFT_OUT}, "iss"),
        ({"iss": ["https://id.example"]}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"aud": LEFT_OUT}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": ["client", "other"]}, "azp"),
        ({"aud": ["client", "other"], "azp": "other"}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"exp": MOMENT - 121}, "exp"),
        ({"exp": LEFT_OUT}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"exp": float("inf")}, "exp"),
        ({"iat": MOMENT - 601}, "iat"),
        ({"iat": MOMENT + 121}, "iat"),
        ({"iat": LEFT_OUT}, "iat"),
        ({"iat": float("nan")}, "iat"),
        ({"nonce": "n-2"}, "nonce"),
        ({"nonce": LEFT_OUT}, "nonce"),
        ({"nonce": ["n-1"]}, "nonce"),
        ({"nonce": "\udcff"}, "form"),
        ({"sub": ""}, "sub"),
        ({"sub": LEFT_OUT}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"more": "x" * 40_000}, "size"),
    ],
)
def test_every_other_token_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(IdTokenInvalid, match=f"^{reason}$"):
        read(GOOD | changes)


def test_a_refresh_needs_no_nonce() -> None:
    assert read({name: value for name, value in GOOD.items() if name != "nonce"}, nonce=None).subject == "person-1"


@given(st.text() | st.text(alphabet="ey.AJ0-_=", max_size=60))
def test_any_text_is_refused_without_a_fuss(text: str) -> None:
    with pytest.raises(IdTokenInvalid):
        read_id_token(text, issuer="i", client_id="c", now=NOW, nonce=None)


@pytest.mark.parametrize(
    ("values", "email"),
    [
        ({"email": "Ann@Example.com", "email_verified": True}, "ann@example.com"),
        ({"email": "ann@example.com", "email_verified": "true"}, "ann@example.com"),
        ({"email": "ann@example.com", "email_verified": False}, None),
        ({"email": "ann@example.com", "email_verified": "false"}, None),
        ({"email": "ann@example.com"}, None),
        ({"email": "", "email_verified": True}, None),
        ({"email": ["ann@example.com"], "email_verified": True}, None),
        ({"email": "ann@example.com", "email_verified": 1.5}, None),
    ],
)
def test_an_email_counts_only_when_it_is_verified(values: dict[str, Any], email: str | None) -> None:
    claims = Claims("s", values)
    assert claims.text("email") == email
    assert claims.groups("email") == frozenset([email] if email else ())


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        (["admins", "staff"], {"admins", "staff"}),
        (["admins", 1, None, "", ["x"]], {"admins"}),
        ("example.com", {"example.com"}),
        ("", set()),
        (None, set()),
        ({"admins": True}, set()),
    ],
)
def test_groups_are_a_list_of_texts_or_one_text(value: Any, groups: set[str]) -> None:
    assert Claims("s", {"groups": value}).groups("groups") == groups
