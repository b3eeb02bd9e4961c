"""Downloads from carriers: the hosts that get credentials, the end of redirects, and the limits of the answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pytest

from partyline.carriers.base import MediaAccess
from partyline.errors import MediaRefused, MediaUnavailable, RequestError, RequestRefused, RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse
from partyline.media import download

API = "https://api.carrier.example/v2"
SECRET = "Basic c2VjcmV0"
ACCESS = MediaAccess(SECRET, API, ("carrier.example",))
URL = "https://media.carrier.example/1.png"


def ok(body: bytes = b"picture", *, complete: bool = True) -> HttpResponse:
    return HttpResponse(200, body, complete=complete)


def to(location: str, status: int = 302) -> HttpResponse:
    return HttpResponse(status, b"", {"location": location} if location else {})


def status(code: int) -> HttpResponse:
    return HttpResponse(code, b"")


@dataclass
class Servers:
    """Answers in turn, and records the requests."""

    answers: list[HttpResponse | RequestError]
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def ask(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        assert (request.method, request.body, max_body) == ("GET", b"", download.MAX_BYTES)
        self.asked.append((request.url, request.headers.get("Authorization")))
        answer = self.answers.pop(0)
        if isinstance(answer, RequestError):
            raise answer
        return answer


def test_credentials_go_to_the_carrier() -> None:
    servers = Servers([ok()])
    assert download.download_file(servers.ask, ACCESS, URL).body == b"picture"
    assert servers.asked == [(URL, SECRET)]


def test_credentials_go_nowhere_else_on_a_redirect() -> None:
    cdn = "https://cdn.example/x?signed=1"
    servers = Servers([to(cdn, 307), to("/y"), ok()])
    assert download.download_file(servers.ask, ACCESS, URL).body == b"picture"
    assert servers.asked == [(URL, SECRET), (cdn, None), ("https://cdn.example/y", None)]


def test_credentials_wait_until_they_are_asked_for_where_the_carrier_is_like_that() -> None:
    shy = MediaAccess(SECRET, API, ("carrier.example",), at_once=False)
    open_ = Servers([ok()])
    download.download_file(open_.ask, shy, URL)
    assert open_.asked == [(URL, None)]
    closed = Servers([status(401), ok()])
    download.download_file(closed.ask, shy, URL)
    assert closed.asked == [(URL, None), (URL, SECRET)]
    foreign = Servers([status(403)])
    with pytest.raises(MediaUnavailable):
        download.download_file(foreign.ask, shy, "https://else.example/1")
    assert foreign.asked == [("https://else.example/1", None)]


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://a.example/my photo.jpg", "https://a.example/my%20photo.jpg"),
        ("https://a.example/fotó.jpg?of=dächern", "https://a.example/fot%C3%B3.jpg?of=d%C3%A4chern"),
        ("https://a.example/my%20ph%6Fto.jpg?a=%2F+b&c=100%", "https://a.example/my%20ph%6Fto.jpg?a=%2F+b&c=100%"),
        ("https://a.example/a;b=(c)!'*$,:@[d]~?e={f}|", "https://a.example/a;b=(c)!'*$,:@[d]~?e={f}|"),
        ("https://a.example/x\0y", "https://a.example/x%00y"),
    ],
)
def test_a_url_is_asked_for_as_servers_take_it(url: str, asked: str) -> None:
    servers = Servers([ok()])
    download.download_file(servers.ask, ACCESS, url)
    assert servers.asked == [(asked, None)]


def test_where_a_redirect_leads_is_asked_for_in_the_same_way() -> None:
    servers = Servers([to("/my photo.jpg"), to("fotó.jpg".encode().decode("latin-1")), ok()])
    download.download_file(servers.ask, ACCESS, "https://a.example/1")
    assert [url for url, _ in servers.asked[1:]] == [
        "https://a.example/my%20photo.jpg",
        "https://a.example/fot%C3%B3.jpg",
    ]


@pytest.mark.parametrize("url", ["https://[bad/x", "https://a.example/\ud800", "https://a\u2100.example/"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(MediaRefused) as refused:
        download.download_file(Servers([]).ask, ACCESS, url)
    assert refused.value.reason == "address"


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        (f"{API}/users/1/media/2", True),
        ("https://api.carrier.example:443/", True),
        ("https://carrier.example/", True),
        ("https://CARRIER.example./", True),
        ("http://media.carrier.example/", False),
        ("https://media.carrier.example:8443/", False),
        ("https://carrier.example.evil.example/", False),
        ("https://evilcarrier.example/", False),
        ("https://evil.example/carrier.example", False),
        ("https://evil.example?.carrier.example", False),
        ("https://evil.example#.carrier.example", False),
        ("https://api.carrier.example:x/", False),
        ("ftp://carrier.example/", False),
    ],
)
def test_only_the_carriers_own_hosts_over_tls_are_its_own(url: str, ours: bool) -> None:
    assert ACCESS.covers(url) is ours


def test_an_emulated_carrier_is_known_by_its_whole_address() -> None:
    local = MediaAccess(SECRET, "http://127.0.0.1:8081/bandwidth", ("bandwidth.com",))
    assert local.covers("http://127.0.0.1:8081/bandwidth/media/1")
    assert not local.covers("http://127.0.0.1:8082/bandwidth/media/1")
    assert not local.covers("http://localhost:8081/bandwidth/media/1")


@pytest.mark.parametrize(
    ("answers", "reason", "doubtful"),
    [
        ([status(410)], "gone", False),
        ([status(404)], "gone", True),
        ([ok(b"")], "empty", True),
        ([ok(b"x" * download.MAX_BYTES, complete=False)], "too_large", False),
        ([to("https://a.example/")] * 4, "redirected", False),
        ([to("")], "redirected", False),
        ([to("http://media.carrier.example/1")], "redirected", False),
        ([RequestRefused("private")], "address", False),
        ([to("https://10.0.0.1/"), RequestRefused("private")], "address", False),
        ([to("https://user:password@a.example/")], "address", False),
        ([to("https://[::1")], "redirected", False),
    ],
)
def test_what_cannot_be_had_is_refused(answers: list[HttpResponse | RequestError], reason: str, doubtful: bool) -> None:
    with pytest.raises(MediaRefused) as refused:
        download.download_file(Servers(answers).ask, ACCESS, URL)
    assert (refused.value.reason, refused.value.doubtful) == (reason, doubtful)


@pytest.mark.parametrize(
    "answer", [status(500), status(503), status(429), status(401), ok(complete=False), RequestTimedOut("slow")]
)
def test_what_may_be_had_later_is_not(answer: HttpResponse | RequestError) -> None:
    with pytest.raises(MediaUnavailable):
        download.download_file(Servers([answer]).ask, ACCESS, URL)


def test_a_file_is_what_its_carrier_says_it_is() -> None:
    digest = hashlib.sha256(b"picture").hexdigest()
    assert download.download_file(Servers([ok()]).ask, ACCESS, URL, digest.upper()).body == b"picture"
    with pytest.raises(MediaRefused) as refused:
        download.download_file(Servers([ok(b"other")]).ask, ACCESS, URL, digest)
    assert (refused.value.reason, refused.value.doubtful) == ("damaged", True)
