"""Which addresses a customer's URL may lead to."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.errors import RequestError, RequestRefused
from partyline.http_client import HttpClient, HttpRequest, Policy, is_allowed_address, parse_networks

PUBLIC = ["8.8.8.8", "1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
NOT_PUBLIC = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.127.255.255", "192.0.2.1", "198.18.0.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8"),
    *("64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1"),
    *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:808:808::1", "2001:0:7f00:1::1", "2001:0:808:808::1"),
    *("4000::1", "not an address", ""),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_allowed_address(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_any_other_is_not(address: str) -> None:
    assert not is_allowed_address(address)


@given(st.ip_addresses(v=4))
def test_an_address_in_the_clothes_of_ipv6_is_allowed_as_it_is_itself(address: IPv4Address) -> None:
    for carried in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_allowed_address(carried) == is_allowed_address(str(address))


@pytest.mark.parametrize(
    ("address", "listed", "expected"),
    [
        ("10.1.2.3", "10.1.0.0/16", True),
        ("10.2.2.3", "10.1.0.0/16", False),
        ("127.0.0.1", "127.0.0.0/8,::1/128", True),
        ("::ffff:127.0.0.1", "127.0.0.0/8", True),
        ("::1", " 127.0.0.0/8 , ::1/128", True),
        ("fd12::1", "fd12::/48", True),
        ("169.254.169.254", "0.0.0.0/0", False),
        ("169.254.169.254", "169.0.0.0/8", False),
        ("::ffff:169.254.169.254", "0.0.0.0/0,::/0", False),
        ("fe80::1", "::/0", False),
        ("fd00:ec2::254", "fd00::/8", False),
        ("169.254.169.254", "169.254.169.254/32", True),
        ("fe80::1", "fe80::/64", True),
        ("fd00:ec2::254", "fd00:ec2::254/128", True),
    ],
)
def test_a_deployment_allows_more_but_what_is_link_local_only_by_its_own_network(
    address: str, listed: str, expected: bool
) -> None:
    assert is_allowed_address(address, parse_networks(listed)) is expected


def test_no_networks_are_none_and_rubbish_is_an_error() -> None:
    assert parse_networks("") == ()
    with pytest.raises(ValueError, match="does not appear"):
        parse_networks("everything")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "localhost"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
        *("169.254.169.254", "2852039166", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "10.0.0.1"),
        *("user:secret@127.0.0.1", "example.com@127.0.0.1", "127.0.0.1:443", "example.com\\@127.0.0.1"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_however_a_url_writes_it_the_address_is_what_counts(scheme: str, host: str) -> None:
    # Where the machine has no such family it finds no address, which is as good.
    with pytest.raises(RequestError) as raised:
        HttpClient().send(HttpRequest("GET", f"{scheme}://{host}/latest/meta-data/"), timeout=5, max_body=0)
    assert isinstance(raised.value, RequestRefused) or host.startswith("[")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://", "http://[x"],
)
def test_only_http_is_asked(url: str) -> None:
    with pytest.raises(RequestRefused):
        HttpClient(Policy(networks=parse_networks("127.0.0.0/8"))).send(HttpRequest("GET", url), timeout=5, max_body=0)


@pytest.mark.parametrize("other", ["127.0.0.1", "10.0.0.1", "64:ff9b::7f00:1"])
def test_one_address_that_is_not_public_spoils_the_name(other: str) -> None:
    client = HttpClient(resolve=lambda host, port: ["8.8.8.8", other])
    with pytest.raises(RequestRefused):
        client.send(HttpRequest("GET", "http://hooks.example.com/"), timeout=5, max_body=0)
