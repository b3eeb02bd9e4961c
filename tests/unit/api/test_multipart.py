"""A multipart form, as browsers, curl and libraries write it, and as an attacker does."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from partyline.api import multipart
from partyline.api.multipart import MAX_HEADERS, MAX_PARTS, MalformedForm

FORM = "multipart/form-data; boundary=b0"


def part(content: bytes = b"x", *headers: bytes) -> bytes:
    return b"--b0\r\n" + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + content + b"\r\n"


def file(disposition: bytes, content: bytes = b"x") -> bytes:
    return part(content, b"Content-Disposition: form-data; " + disposition, b"Content-Type: image/png")


END = b"--b0--\r\n"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        pytest.param(b'form-data; name="f"; filename="roof.png"', "roof.png", id="plain"),
        pytest.param('form-data; name="f"; filename="Dach ü.png"'.encode(), "Dach ü.png", id="browsers"),
        pytest.param('form-data; name="f"; filename="Dach ü.png"'.encode("latin-1"), "Dach ü.png", id="Latin-1"),
        pytest.param(b'form-data; name="f"; filename="a%22b.png"', 'a"b.png', id="a quote by browsers"),
        pytest.param(b'form-data; name="f"; filename="a\\"b.png"', 'a"b.png', id="a quote by curl"),
        pytest.param(b'form-data; name="f"; filename="a;b=c.png"', "a;b=c.png", id="a semicolon"),
        pytest.param(b"form-data; name=f; filename=roof.png", "roof.png", id="a token"),
        pytest.param(b"form-data; name=f; filename*=utf-8''d%C3%A4ch.png", "däch.png", id="requests"),
        pytest.param(b"form-data; filename=\"d.png\"; filename*=UTF-8'en'd%C3%A4.png", "dä.png", id="both"),
        pytest.param(b"form-data; filename*=iso-8859-1''d%E4.png", "dä.png", id="another charset"),
        pytest.param(b"form-data; filename*=utf-7''x; filename=d.png", "d.png", id="no charset that is taken"),
        pytest.param(b"form-data; filename*=utf-8''%ff; filename=d.png", "d.png", id="no UTF-8"),
        pytest.param(b'FORM-DATA; NAME="f" ; FileName = "roof.png"', "roof.png", id="capitals and blanks"),
        pytest.param(b'form-data; filename="roof.png', "roof.png", id="no end"),
        pytest.param(b'form-data; filename=""', "", id="an empty one"),
        pytest.param(b'form-data; name="filename=x"', None, id="a field of that name"),
        pytest.param(b"form-data", None, id="none"),
    ],
)
def test_a_file_is_called_as_its_part_says(disposition: bytes, name: str | None) -> None:
    """A2."""
    body = part(b"content", b"Content-Disposition: " + disposition, b"Content-Type: image/png") + END
    (read,) = multipart.parse_multipart(body, FORM)
    assert (read.filename, read.content, read.content_type) == (name, b"content", "image/png")


@pytest.mark.parametrize(
    "content", [b"", b"\r\n", b"--", b"--b", b"\r\n--b", b"\r\n--\r\n--x", bytes(range(256)), b"\r\n\r\n"]
)
def test_what_is_in_a_part_is_its_bytes(content: bytes) -> None:
    """A2."""
    assert [one.content for one in multipart.parse_multipart(part(content) + part(b"y") + END, FORM)] == [content, b"y"]


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b"a preamble\r\n" + part() + END, 1),
        (part() + END + b"an epilogue\r\n--b0\r\n", 1),
        (part() + b"--b0--", 1),
        (part().replace(b"--b0", b"--b0 \t") + END, 1),
        (END, 0),
        (part() * MAX_PARTS + END, MAX_PARTS),
        (part(b"", b"X: " + b"x" * (MAX_HEADERS - 100)) + END, 1),
    ],
)
def test_a_form_may_have_all_that_the_standard_lets_it_have(body: bytes, count: int) -> None:
    """A2."""
    assert len(multipart.parse_multipart(body, FORM)) == count


@pytest.mark.parametrize("boundary", ['"b0"', "b0; charset=utf-8", "b0 "])
def test_a_boundary_may_be_quoted(boundary: str) -> None:
    assert len(multipart.parse_multipart(part() + END, f"multipart/form-data; boundary={boundary}")) == 1


def test_what_is_in_base64_is_decoded() -> None:
    encoded = part(b"cm9vZg==", b"Content-Transfer-Encoding: base64")
    assert multipart.parse_multipart(encoded + END, FORM)[0].content == b"roof"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"nothing", id="no boundary"),
        pytest.param(part(), id="no end"),
        pytest.param(b"--b0", id="no more than a boundary"),
        pytest.param(b"--b0\r\n", id="no headers"),
        pytest.param(b"--b0x\r\n\r\nx\r\n" + END, id="another boundary"),
        pytest.param(part() * (MAX_PARTS + 1) + END, id="too many parts"),
        pytest.param(part(b"x", b"X: " + b"x" * MAX_HEADERS) + END, id="headers that are too long"),
        pytest.param(part(b"x", b"no header") + END, id="no header"),
        pytest.param(part(b"x", b"a b: c") + END, id="a name with a blank"),
        pytest.param(part(b"x", b"Content-Transfer-Encoding: x-uuencode") + END, id="an odd encoding"),
        pytest.param(part(b"x", b"Content-Transfer-Encoding: base64") + END, id="no base64"),
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    """A2."""
    with pytest.raises(MalformedForm):
        multipart.parse_multipart(body, FORM)


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "x; boundary=" + "x" * 71])
def test_a_form_has_a_boundary(kind: str) -> None:
    """A2."""
    with pytest.raises(MalformedForm):
        multipart.parse_multipart(part() + END, kind)


NESTED = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(3000))


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(part(b"") * 20_000, id="empty parts"),
        pytest.param(part(b"x", b"X: " + b"a=b; " * 40_000), id="a long header"),
        pytest.param(part(b"x", b"X: " + b"=?utf-8?q?a?= " * 15_000), id="encoded words"),
        pytest.param(part(b"x", b"Content-Disposition: " + b'; filename="' * 600) + END, id="half quotes"),
        pytest.param(part(b"x", b"Content-Disposition: " + b'; "\\' * 1500) + END, id="quotes and backslashes"),
        pytest.param(part(b"x", b"Content-Disposition: " + b" ;" * 3000) + END, id="semicolons"),
        pytest.param(part(b"x", b"Content-Disposition: " + b";a" + b" " * 6000) + END, id="blanks"),
        pytest.param(part(b"x", b"Content-Disposition: x; filename*=" + b"utf-8'" * 1000) + END, id="apostrophes"),
        pytest.param(NESTED, id="forms within forms"),
        pytest.param(b"\r\n--b" * 60_000, id="almost boundaries"),
        pytest.param(b"--b0\r\n" + b"\r\n--b0" * 40_000, id="boundaries without lines"),
        pytest.param(b"--b0" + b" " * 200_000, id="blanks behind a boundary"),
    ],
)
def test_any_body_is_bounded_work(hostile: bytes) -> None:
    """A2: counted in steps of the interpreter; what is left are searches through the body."""
    taken = 0

    def count(frame: Any, event: str, argument: Any) -> Any:
        nonlocal taken
        taken += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        [one.filename for one in multipart.parse_multipart(hostile, FORM)]
    except MalformedForm:
        pass
    finally:
        sys.settrace(before)
    assert taken < 10 * MAX_HEADERS
