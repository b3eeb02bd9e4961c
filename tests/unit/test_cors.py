"""The headers by which a browser lets a page read an answer."""

from __future__ import annotations

from typing import Any

import pytest

from partyline.cors import CorsPolicy, parse_origins

LISTED = "https://app.example,http://localhost:3000"
RESPONSE = {"statusCode": 200, "headers": {"Content-Type": "application/json", "Retry-After": "3"}, "body": "{}"}


def answered(policy: CorsPolicy, headers: dict[str, str] | None) -> dict[str, Any]:
    headers_then: dict[str, Any] = policy.apply({"headers": headers}, dict(RESPONSE))["headers"]
    return headers_then


@pytest.mark.parametrize("text", ["", ",", ",,"])
def test_without_origins_an_answer_stays_as_it_is(text: str) -> None:
    response = {"statusCode": 204, "body": ""}

    assert parse_origins(text).apply({"headers": {"Origin": "https://app.example"}}, response) is response


@pytest.mark.parametrize("name", ["Origin", "origin", "ORIGIN"])
@pytest.mark.parametrize("origin", LISTED.split(","))
def test_a_listed_origin_is_named_and_may_read_the_headers_of_the_api(name: str, origin: str) -> None:
    headers = answered(parse_origins(LISTED), {"Accept": "*/*", name: origin})

    assert headers["Access-Control-Allow-Origin"] == origin
    assert headers["Vary"] == "Origin"
    exposed = set(headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed >= {
        "Retry-After",
        "Idempotent-Replayed",
        "Link",
        "Location",
        "Content-Range",
        "Content-Disposition",
        "Allow",
    }
    assert "Access-Control-Allow-Credentials" not in headers
    assert headers["Retry-After"] == "3"


@pytest.mark.parametrize(
    "origin",
    ["", "null", "*", "https://evil.example", "http://app.example", "https://app.example:444", "https://app.example/",
     "https://app.example.evil.example", "https://app.example,http://localhost:3000", "HTTPS://APP.EXAMPLE"],
)  # fmt: skip
def test_another_origin_is_not_named(origin: str) -> None:
    headers = answered(parse_origins(LISTED), {"Origin": origin})

    assert headers == {**RESPONSE["headers"], "Vary": "Origin"}  # type: ignore[dict-item]


@pytest.mark.parametrize("sent", [None, {}, {"Host": "x"}])
def test_a_program_names_no_origin_and_its_answer_is_not_for_every_cache(sent: dict[str, str] | None) -> None:
    headers = answered(parse_origins(LISTED), sent)

    assert headers == {**RESPONSE["headers"], "Vary": "Origin"}  # type: ignore[dict-item]


def test_a_response_without_headers_gets_some() -> None:
    response = parse_origins("https://app.example").apply({"headers": {"Origin": "https://app.example"}}, {"body": ""})

    assert response["headers"]["Access-Control-Allow-Origin"] == "https://app.example"
