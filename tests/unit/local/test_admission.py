"""Which requests are answered by the servers on this machine."""

from __future__ import annotations

import pytest

from local import admission
from local.admission import BadOrigin, parse_origins

OWN = admission.origins(8080)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "LocalHost:8080", "[::1]:8080"])
def test_refusal_of_a_loopback_host_is_none(host: str) -> None:
    assert admission.refusal(8080, {"host": [host]}, OWN) is None
    assert admission.refusal_of_pages(8080, {"host": [host]}) is None


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example"],
        ["evil.example:8080"],
        ["localhost.evil.example:8080"],
        ["evil.localhost:8080"],
        ["127.0.0.1.evil.example:8080"],
        ["127.0.0.1"],
        ["127.0.0.1:80"],
        ["127.0.0.1:8081"],
        ["0.0.0.0:8080"],
        ["127.0.0.1:8080:8080"],
        ["evil@127.0.0.1:8080"],
        [""],
        [],
        ["127.0.0.1:8080", "evil.example"],
    ],
)
def test_refusal_of_a_foreign_host_says_so(hosts: list[str]) -> None:
    """A8."""
    assert admission.refusal(8080, {"host": hosts}, OWN)
    assert admission.refusal_of_pages(8080, {"host": hosts})


def test_hosts_of_port_80_need_no_port() -> None:
    assert admission.refusal(80, {"host": ["localhost"]}, ()) is None
    assert "http://127.0.0.1" in admission.origins(80)


@pytest.mark.parametrize(
    "origins",
    [
        ["https://evil.example"],
        ["http://evil.localhost:8080"],
        ["http://localhost:8081"],
        ["http://localhost"],
        ["https://localhost:8080"],
        ["null"],
        [""],
        ["http://localhost:8080", "https://evil.example"],
    ],
)
def test_refusal_of_a_foreign_origin_says_so(origins: list[str]) -> None:
    """A4."""
    headers = {"host": ["127.0.0.1:8080"], "origin": origins}
    assert admission.refusal(8080, headers, OWN)
    assert admission.refusal_of_pages(8080, headers)


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"])
def test_refusal_of_an_own_origin_is_none_where_there_are_pages(origin: str) -> None:
    headers = {"host": ["127.0.0.1:8080"], "origin": [origin]}
    assert admission.refusal(8080, headers, OWN) is None
    assert admission.refusal_of_pages(8080, headers)


@pytest.mark.parametrize(
    ("site", "other"), [("cross-site", True), ("same-site", True), ("same-origin", False), ("none", False)]
)
def test_a_page_without_origin_is_known_by_its_site(site: str, other: bool) -> None:
    headers = {"host": ["127.0.0.1:8080"], "sec-fetch-site": [site]}
    assert admission.is_of_another_page(headers) is other
    assert bool(admission.refusal_of_pages(8080, headers)) is other


def test_origins_are_read_as_browsers_write_them() -> None:
    assert parse_origins(" https://App.example , http://localhost:3000/,, https://a.example:443,http://[::1]:5173") == (
        "https://app.example",
        "http://localhost:3000",
        "https://a.example",
        "http://[::1]:5173",
    )
    assert parse_origins("") == ()


@pytest.mark.parametrize(
    "text", ["*", "null", "app.example", "ftp://app.example", "https://", "https://a.example/x", "https://u@a.example"]
)
def test_a_text_that_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(BadOrigin, match="is not an origin"):
        parse_origins(f"https://app.example,{text}")
