"""Reading an event: what a client meant reaches the handlers, and nothing else does."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.api.request import MAX_BODY, Parameters, parse_request
from partyline.errors import ApiError

FORM = "application/x-www-form-urlencoded"


def event(
    method: str = "POST", path: str = "/v1/Conversations", body: str | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "httpMethod": method,
        "path": path,
        "headers": {"Content-Type": FORM},
        "multiValueQueryStringParameters": None,
        "requestContext": {"domainName": "api.example.com", "path": f"/prod{path}"},
        "body": body,
        "isBase64Encoded": False,
        **more,
    }


TEXTS = st.text(st.characters(codec="utf-8"))


@given(st.lists(st.tuples(TEXTS, TEXTS)), st.booleans())
def test_a_form_is_read_as_it_was_written(pairs: list[tuple[str, str]], encoded: bool) -> None:
    body = urlencode(pairs)
    sent = base64.b64encode(body.encode()).decode() if encoded else body
    form = parse_request(event(body=sent, isBase64Encoded=encoded)).form
    for name in {name for name, _ in pairs}:
        assert form.all(name) == tuple(value for other, value in pairs if other == name)
        assert form.get(name) == form.all(name)[-1]
    assert set(form.values) == {name for name, _ in pairs}


@given(st.text())
def test_any_body_is_a_form_or_refused(body: str) -> None:
    status = 200
    try:
        parse_request(event(body=body))
    except ApiError as refused:
        status = refused.status
    assert status in {200, 400, 413}


@given(st.lists(TEXTS.filter(bool), min_size=1))
def test_a_path_is_read_as_it_was_written(segments: list[str]) -> None:
    path = "".join(f"/{quote(segment, safe='+')}" for segment in ["v1", *segments])
    request = parse_request(event("GET", path))
    assert request.segments == ("v1", *segments)
    assert request.path == path


def test_repeated_and_dotted_names_stay_apart() -> None:
    body = "Participant=a&Participant=b&MessagingBinding.Address=%2B1206&MessagingBinding.Address=x"
    form = parse_request(event(body=body)).form
    assert form.all("Participant") == ("a", "b")
    assert form.get("MessagingBinding.Address") == "x"
    assert (form.get("Nothing"), form.all("Nothing")) == (None, ())


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8", FORM.upper(), ""])
def test_a_form_may_be_declared_in_every_way_or_not_at_all(content_type: str) -> None:
    assert parse_request(event(body="a=1", headers={"content-type": content_type})).form.get("a") == "1"


def test_only_a_post_has_a_form() -> None:
    assert (
        parse_request(event("GET", body="a=1")).form == parse_request(event("DELETE", body="a=1")).form == Parameters()
    )


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_may_be_as_large_as_the_limit_and_no_larger(encoded: bool) -> None:
    def sized(size: int) -> dict[str, Any]:
        body = "a=" + "x" * (size - 2)
        return event(body=base64.b64encode(body.encode()).decode() if encoded else body, isBase64Encoded=encoded)

    assert len(parse_request(sized(MAX_BODY)).form.get("a") or "") == MAX_BODY - 2
    with pytest.raises(ApiError) as refused:
        parse_request(sized(MAX_BODY + 1))
    assert (refused.value.code, refused.value.status) == (20001, 413)


@pytest.mark.parametrize(
    ("path", "context", "public_url", "base", "segments"),
    [
        ("/v1/x", "/prod/v1/x", "", "https://api.example.com/prod", ("v1", "x")),
        ("/v1/x", "/v1/x", "", "https://api.example.com", ("v1", "x")),
        ("/v1/x/", "/prod/v1/x/", "", "https://api.example.com/prod", ("v1", "x")),
        ("/v1/x", "/prod/v1/x", "http://127.0.0.1:8080", "http://127.0.0.1:8080", ("v1", "x")),
        ("/text/v1/x", "/text/v1/x", "https://a.example/text", "https://a.example/text", ("v1", "x")),
        ("/textual/x", "/textual/x", "https://a.example/text", "https://a.example/text", ("textual", "x")),
    ],
)
def test_the_base_url_is_the_public_one_or_the_gateways(
    path: str, context: str, public_url: str, base: str, segments: tuple[str, ...]
) -> None:
    sent = event("GET", path, requestContext={"domainName": "api.example.com", "path": context})
    request = parse_request(sent, public_url)
    assert (request.base_url, request.segments) == (base, segments)


def test_the_query_is_taken_as_the_gateway_decoded_it() -> None:
    query = {"Address": [" 1206", "+1425"], "Empty": [""], "None": []}
    request = parse_request(event("GET", multiValueQueryStringParameters=query))
    assert request.query.pairs() == [("Address", " 1206"), ("Address", "+1425"), ("Empty", "")]


@pytest.mark.parametrize(
    "part", [{"path": "/v1/Conversations/\ud800"}, {"multiValueQueryStringParameters": {"Address": ["\ud83d"]}}]
)
def test_half_a_character_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refused:
        parse_request(event(**part))
    assert (refused.value.status, refused.value.code) == (400, 20001)
