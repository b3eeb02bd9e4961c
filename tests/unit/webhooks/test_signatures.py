"""Twilio's own validator accepts our signatures, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from partyline.webhooks.signatures import sign

TOKEN = "0123456789abcdef0123456789abcdef"
VALIDATOR = RequestValidator(TOKEN)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PARAMETERS = st.dictionaries(TEXT.filter(bool), TEXT, max_size=6)
WORDS = st.text("abcXYZ019-._~%+", min_size=1, max_size=8)
QUERY = st.lists(st.tuples(WORDS, WORDS), max_size=4).map(lambda pairs: "&".join(f"{a}={b}" for a, b in pairs))


@st.composite
def urls(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(["http", "https"]))
    port = draw(st.sampled_from(["", ":8080", ":80" if scheme == "http" else ":443"]))
    query = draw(QUERY)
    return f"{scheme}://hooks.example.com{port}/{draw(WORDS)}" + (f"?{query}" if query else "")


@given(urls(), PARAMETERS)
@example("https://example.com/?a=1&a=2", {"Body": "Sonntag um zwölf? 🎉", "Author": "+12065550150"})
def test_twilios_validator_accepts_a_form(url: str, parameters: dict[str, str]) -> None:
    assert VALIDATOR.validate(url, parameters, sign(TOKEN, url, parameters))


@given(urls())
@example("https://example.com/hook?name=a&name=b&name=a")
def test_twilios_validator_accepts_a_url_alone(url: str) -> None:
    assert VALIDATOR.validate(url, {}, sign(TOKEN, url, {}))


@pytest.mark.parametrize(
    ("configured", "seen"),
    [
        ("https://example.com/hook", "https://example.com:443/hook"),
        ("https://example.com:443/hook", "https://example.com/hook"),
        ("http://example.com/hook?x=1", "http://example.com:80/hook?x=1"),
    ],
)
def test_a_default_port_makes_no_difference_to_the_validator(configured: str, seen: str) -> None:
    assert VALIDATOR.validate(seen, {"a": "b"}, sign(TOKEN, configured, {"a": "b"}))


@pytest.mark.parametrize(
    ("url", "parameters", "token"),
    [
        ("https://example.com/other", {"a": "b"}, TOKEN),
        ("https://example.com/hook", {"a": "c"}, TOKEN),
        ("https://example.com/hook", {"a": "b", "c": ""}, TOKEN),
        ("https://example.com/hook", {"a": "b"}, TOKEN[::-1]),
    ],
)
def test_a_signature_of_something_else_is_refused(url: str, parameters: dict[str, str], token: str) -> None:
    assert not VALIDATOR.validate("https://example.com/hook", {"a": "b"}, sign(token, url, parameters))


def test_the_example_of_twilios_documentation() -> None:
    parameters = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert sign("12345", url, parameters) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
