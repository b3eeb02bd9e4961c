"""The files of the inbox as the deployed stack serves them."""

from __future__ import annotations

import json
import re

import pytest

from local import inbox
from local.stack import Stack
from tests.support.stack_world import World


def test_the_address_without_a_slash_leads_to_the_app(stack: Stack, world: World) -> None:
    answer = world.request("GET", "/inbox", Host=f"127.0.0.1:{stack.port}")
    assert (answer.status, answer.headers["Location"]) == (308, "inbox/")
    page = world.request("GET", "/inbox/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert stack.output("InboxUrl") == f"{stack.url}/inbox/"


def test_every_file_comes_as_it_was_built_and_compressed(stack: Stack, world: World) -> None:
    table = json.loads((inbox.SITE / "files.json").read_text())
    assert {"index.html", "manifest.webmanifest"} < set(table)
    for name, entry in table.items():
        answer = world.request("GET", f"/inbox/{name}", Accept_Encoding="gzip")
        assert (answer.status, answer.headers["Content-Type"]) == (200, entry["type"]), name
        # urllib3 unpacks what is packed.
        assert answer.data == (inbox.SITE / name).read_bytes(), name
        assert answer.headers.get("Content-Encoding", "identity") == (
            "gzip" if "gzip" in entry["forms"] else "identity"
        )
        assert answer.headers["Vary"] == "Accept-Encoding"


def test_what_has_not_changed_is_not_sent_again(world: World, stack: Stack) -> None:
    first = world.request("GET", "/inbox/", Accept_Encoding="br")
    again = world.request("GET", "/inbox/", Accept_Encoding="br", If_None_Match=first.headers["ETag"])
    other = world.request("GET", "/inbox/", Accept_Encoding="gzip", If_None_Match=first.headers["ETag"])
    assert (first.status, first.headers["Cache-Control"], first.headers["Content-Encoding"]) == (200, "no-cache", "br")
    assert (again.status, again.data, again.headers["Content-Type"]) == (304, b"", "text/html; charset=utf-8")
    assert other.status == 200
    asset = next(name for name in json.loads((inbox.SITE / "files.json").read_text()) if name.startswith("assets/"))
    assert "immutable" in world.request("GET", f"/inbox/{asset}").headers["Cache-Control"]


def test_a_head_request_has_the_headers_alone(world: World) -> None:
    answer = world.request("HEAD", "/inbox/manifest.webmanifest")
    assert (answer.status, answer.headers["Content-Type"], answer.data) == (200, "application/manifest+json", b"")


@pytest.mark.parametrize("path", ["nothing", "../app.py", "%2e%2e/app.py", "files.json", "index.html.br", "assets/"])
def test_what_is_no_file_of_the_app_is_not_found(world: World, path: str) -> None:
    answer = world.request("GET", f"/inbox/{path}")
    assert answer.status == 404
    assert b"import" not in answer.data


@pytest.mark.parametrize("path", ["/inbox", "/inbox/", "/inbox/nothing"])
def test_every_answer_protects_the_app(stack: Stack, world: World, path: str) -> None:
    headers = world.request("GET", path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))

    bucket = f"https://{stack.output('MediaBucketName')}.s3.us-east-1.amazonaws.com"
    assert policy["connect-src"] == f"'self' {stack.live_url.removesuffix('/live')}"
    assert policy["img-src"] == policy["media-src"] == f"'self' blob: {bucket}"
    assert policy["require-trusted-types-for"] == "'script'"
    assert not re.search(r"\*|unsafe", headers["Content-Security-Policy"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in headers
