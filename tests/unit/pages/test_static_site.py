"""The rules by which the files of the inbox are served."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from static_site import StaticSite, build_headers, choose_coding, is_current, read_files

HEADERS = build_headers(media_origin="https://bucket.s3.eu-west-1.amazonaws.com", live_url="wss://live.example/prod")
ASSET = "assets/index-abc123.js"


@pytest.fixture
def site(tmp_path: Path) -> StaticSite:
    """A site of two pages and an asset; one of its files cannot be compressed."""
    table: dict[str, Any] = {}
    for name, kind, codings in (
        ("index.html", "text/html; charset=utf-8", ("identity", "br", "gzip")),
        (ASSET, "text/javascript; charset=utf-8", ("identity", "br", "gzip")),
        ("icons/icon.png", "image/png", ("identity",)),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        forms = {coding: name if coding == "identity" else f"{name}.{coding}" for coding in codings}
        for coding, form in forms.items():
            (tmp_path / form).write_bytes(f"{name} as {coding}".encode())
        table[name] = {"type": kind, "digest": f"digest of {name}", "immutable": name == ASSET, "forms": forms}
    (tmp_path / "files.json").write_text(json.dumps(table))
    return StaticSite(read_files(tmp_path), HEADERS)


def ask(site: StaticSite, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send a request as API Gateway does; returns status, headers and body."""
    name = path.removeprefix("/inbox").removeprefix("/")
    event = {
        "httpMethod": method,
        "path": path,
        "pathParameters": {"proxy": name} if name else None,
        "headers": {key.replace("_", "-"): value for key, value in headers.items()},
        "multiValueHeaders": {key.replace("_", "-"): [value] for key, value in headers.items()},
    }
    response = site.serve(event)
    assert response["isBase64Encoded"] is True
    assert HEADERS.items() <= response["headers"].items()
    return response["statusCode"], response["headers"], base64.b64decode(response["body"])


def test_the_app_is_at_the_address_with_a_slash(site: StaticSite) -> None:
    status, headers, body = ask(site, "/inbox/")
    assert (status, headers["Content-Type"], body) == (200, "text/html; charset=utf-8", b"index.html as identity")


def test_the_address_without_a_slash_leads_there_whatever_stands_before_it(site: StaticSite) -> None:
    status, headers, _ = ask(site, "/inbox")
    assert (status, headers["Location"]) == (308, "inbox/")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", "identity"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("gzip;q=0.5", "gzip"),
        ("identity, gzip;q=0.2", "identity"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("br;q=0, *", "gzip"),
        ("identity;q=0", "identity"),
        ("br; q=1", "br"),
        ("br;q=many", "identity"),
        (";,=;q", "identity"),
    ],
)
def test_the_best_form_that_a_browser_takes_is_sent(accepted: str, coding: str) -> None:
    assert choose_coding(accepted, ["identity", "gzip", "br"]) == coding
    assert choose_coding(accepted, ["identity"]) == "identity"


def test_each_form_says_what_it_is_and_has_an_etag_of_its_own(site: StaticSite) -> None:
    seen = {}
    for coding in ("br", "gzip", "identity"):
        status, headers, body = ask(site, f"/inbox/{ASSET}", accept_encoding=coding)
        assert (status, body) == (200, f"{ASSET} as {coding}".encode())
        assert headers.get("Content-Encoding", "identity") == coding
        assert headers["Vary"] == "Accept-Encoding"
        seen[headers["ETag"]] = coding
    assert len(seen) == 3
    assert not any(etag.startswith("W/") for etag in seen)


def test_only_what_is_named_by_its_content_is_kept_without_asking(site: StaticSite) -> None:
    assert ask(site, f"/inbox/{ASSET}")[1]["Cache-Control"] == "public, max-age=31536000, immutable"
    assert ask(site, "/inbox/")[1]["Cache-Control"] == "no-cache"
    assert ask(site, "/inbox/icons/icon.png")[1]["Cache-Control"] == "no-cache"


def test_a_browser_that_has_the_file_does_not_get_it_again(site: StaticSite) -> None:
    _, first, _ = ask(site, "/inbox/", accept_encoding="br")
    status, headers, body = ask(site, "/inbox/", accept_encoding="br", if_none_match=f'"other", {first["ETag"]}')
    assert (status, body) == (304, b"")
    # Whatever an answer without them would change of what the browser has.
    assert {name: headers[name] for name in ("ETag", "Cache-Control", "Vary", "Content-Type")} == {
        name: first[name] for name in ("ETag", "Cache-Control", "Vary", "Content-Type")
    }
    assert ask(site, "/inbox/", accept_encoding="gzip", if_none_match=first["ETag"])[0] == 200


@pytest.mark.parametrize(
    ("header", "current"),
    [("", False), ('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False)],
)
def test_an_etag_is_compared_whole(header: str, current: bool) -> None:
    assert is_current(header, '"a"') is current


def test_a_head_request_is_answered_as_a_get_without_a_body(site: StaticSite) -> None:
    status, headers, body = ask(site, "/inbox/", "HEAD", accept_encoding="br")
    assert (status, headers, body) == (200, ask(site, "/inbox/", accept_encoding="br")[1], b"")
    assert ask(site, "/inbox/nothing", "HEAD")[2] == b""


@pytest.mark.parametrize(
    "path",
    [
        *("nothing", "files.json", "index.html.br", "assets/", "assets", "../app.py", "..%2fapp.py", "//etc/passwd"),
        *("assets/../index.html", "INDEX.HTML", "index.html/", "index.html\x00", "\u202eindex.html"),
    ],
)
def test_what_is_not_in_the_table_is_not_found(site: StaticSite, path: str) -> None:
    status, headers, body = ask(site, f"/inbox/{path}")
    assert (status, body) == (404, b"Not found\n")
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("text/plain; charset=utf-8", "no-store")


def test_headers_are_read_by_any_letters_and_without_the_repeated_ones(site: StaticSite) -> None:
    event = {"httpMethod": "GET", "path": "/inbox/", "headers": {"ACCEPT-ENCODING": "br"}, "multiValueHeaders": None}
    assert site.serve(event)["headers"]["Content-Encoding"] == "br"
    assert site.serve({**event, "headers": None})["statusCode"] == 200


def test_the_policy_names_this_deployment_and_nothing_wider() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))

    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: https://bucket.s3.eu-west-1.amazonaws.com",
        "media-src": "'self' blob: https://bucket.s3.eu-west-1.amazonaws.com",
        "connect-src": "'self' wss://live.example",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "service-worker",
    }


def test_a_function_without_a_site_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make build"):
        read_files(tmp_path)
