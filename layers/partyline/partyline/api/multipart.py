"""A multipart form (RFC 7578), and the headers that say what a file is called.

One level, at most MAX_PARTS parts, and bounded headers: the work for any body is a few searches through it. Python's
`email` package reads all that mail has ever been, for which a body of a few megabytes can be made to take minutes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_to_bytes

from partyline.frozen_classes import frozen

MAX_PARTS = 10
# The headers of one part, in bytes.
MAX_HEADERS = 8 * 1024

# The characters that may be in a boundary (RFC 2046), of which a blank is not the last.
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_TOKEN = re.compile(r"[^\s\"(),/:;<=>?@\[\\\]{}]+")
# Of a name: its charset, a language, and the name in percent (RFC 5987).
_EXTENDED = re.compile(r"([\w.:+-]{1,40})'[^']{0,40}'(.*)", re.DOTALL | re.ASCII)
_CHARSETS = {"utf-8": "utf-8", "iso-8859-1": "latin-1", "us-ascii": "ascii", "windows-1252": "cp1252"}


class MalformedForm(ValueError):
    """No multipart form, or not one that is taken; its text says why."""


@frozen
class FormPart:
    """A part of a form. `headers` have names in small letters; `filename` is None for a field that is no file."""

    headers: Mapping[str, str]
    content: bytes

    @property
    def content_type(self) -> str:
        """What it is said to be."""
        return self.headers.get("content-type", "text/plain")

    @property
    def filename(self) -> str | None:
        """What the file is called."""
        return parse_filename(self.headers.get("content-disposition", ""))


def parse_multipart(body: bytes, content_type: str) -> list[FormPart]:
    """The parts of a form, in their order. Raises Malformed."""
    boundary = parse_parameters(content_type).get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedForm("its boundary is missing, or is none")
    parts: list[FormPart] = []
    for start, end in _spans(body, b"--" + boundary.encode("ascii")):
        if len(parts) == MAX_PARTS:
            raise MalformedForm(f"it has more than {MAX_PARTS} parts")
        parts.append(_part(body, start, end))
    return parts


def parse_filename(disposition: str) -> str | None:
    """The name in a Content-Disposition header; None without one."""
    given = parse_parameters(disposition)
    extended = _extended(given.get("filename*", ""))
    return given.get("filename") if extended is None else extended


def parse_parameters(header: str) -> dict[str, str]:
    """What follows the first semicolon of a header, by name in small letters; of one that is repeated, the first."""
    found: dict[str, str] = {}
    position = header.find(";")
    while position >= 0:
        name = _TOKEN.match(header, _after_blanks(header, position + 1))
        position = name.end() if name else position + 1
        if name and header.startswith("=", _after_blanks(header, position)):
            value, position = _value(header, _after_blanks(header, _after_blanks(header, position) + 1))
            found.setdefault(name[0].lower(), value)
        position = header.find(";", position)
    return found


def _spans(body: bytes, delimiter: bytes) -> Iterator[tuple[int, int]]:
    """Where each part begins and ends. Raises Malformed."""
    position = 0 if body.startswith(delimiter) else body.find(b"\r\n" + delimiter) + 2
    if position == 1:
        raise MalformedForm("it has no part")
    start = position + len(delimiter)
    while not body.startswith(b"--", start):
        begins = body.find(b"\r\n", start) + 2
        if begins == 1 or body[start : begins - 2].strip(b" \t"):
            raise MalformedForm("a boundary is followed by something else")
        # A part may be empty: then the end of the boundary is also the beginning of the next one.
        end = body.find(b"\r\n" + delimiter, begins - 2)
        if end < 0:
            raise MalformedForm("it breaks off")
        yield begins, max(end, begins)
        start = end + 2 + len(delimiter)


def _part(body: bytes, start: int, end: int) -> FormPart:
    if body.startswith(b"\r\n", start):
        return FormPart({}, body[start + 2 : end])
    close = body.find(b"\r\n\r\n", start, min(end, start + MAX_HEADERS))
    if close < 0:
        raise MalformedForm(f"the headers of a part have no end, or more than {MAX_HEADERS} bytes")
    headers = _headers(body[start:close])
    return FormPart(headers, _decoded(body[close + 4 : end], headers.get("content-transfer-encoding", "")))


def _headers(block: bytes) -> dict[str, str]:
    """Headers by name; what is no UTF-8 is read as Latin-1."""
    try:
        text = block.decode()
    except UnicodeDecodeError:
        text = block.decode("latin-1")
    headers: dict[str, str] = {}
    for line in text.split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            raise MalformedForm("a header of a part is none")
        headers.setdefault(name.lower(), value.strip())
    return headers


def _decoded(content: bytes, encoding: str) -> bytes:
    """What a part holds. Browsers write it as it is; some libraries still write base64."""
    match encoding.strip().lower():
        case "" | "binary" | "8bit" | "7bit":
            return content
        case "base64":
            try:
                return base64.b64decode(content)
            except binascii.Error:
                raise MalformedForm("a part is not base64") from None
        case _:
            raise MalformedForm("a part is encoded in a way that is not known")


def _value(header: str, position: int) -> tuple[str, int]:
    """A parameter's value and where it ends: a token, or anything in quotes."""
    if not header.startswith('"', position):
        end = header.find(";", position)
        end = len(header) if end < 0 else end
        return header[position:end].strip(), end
    written, position = [], position + 1
    while position < len(header) and header[position] != '"':
        # curl writes \\" for a quote, browsers %22; older browsers a whole path, whose backslashes quote nothing.
        if header[position] == "\\" and header[position + 1 : position + 2] in ('"', "\\"):
            position += 1
        written.append(header[position])
        position += 1
    return "".join(written).replace("%22", '"'), position + 1


def _extended(value: str) -> str | None:
    """A name in another charset (RFC 5987); None for what is none."""
    match = _EXTENDED.fullmatch(value)
    charset = _CHARSETS.get(match[1].lower()) if match else None
    if match is None or charset is None:
        return None
    try:
        return unquote_to_bytes(match[2]).decode(charset)
    except UnicodeDecodeError:
        return None


def _after_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position
