"""What a file is, whatever is said of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.media import sniffing

ISO = b"\0\0\0\x18ftyp"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\0", "image/png"),
        (b"GIF89a\x01", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (ISO + b"heic\0\0", "image/heic"),
        (ISO + b"avif\0\0", "image/avif"),
        (ISO + b"isom\0\0", "video/mp4"),
        (ISO + b"3gp4\0\0", "video/3gpp"),
        (ISO + b"qt  \0\0", "video/quicktime"),
        (ISO + b"M4A \0\0", "audio/mp4"),
        (b"#!AMR\n\x3c", "audio/amr"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"OggS\0", "audio/ogg"),
        (b"%PDF-1.7", "application/pdf"),
        (b"BEGIN:VCARD\r\nVERSION:3.0", "text/vcard"),
        (b"begin:vcalendar\n", "text/calendar"),
        (b"<?xml version='1.0'?><smil><head/></smil>", "application/smil"),
        (b"Just words", "text/plain"),
        (b"\0\x01\x02nobody knows", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_file_is_known_by_its_beginning(content: bytes, kind: str) -> None:
    assert sniffing.content_type(content, "image/png") == kind


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>",
        b"\n\n  <!DOCTYPE HTML><p>",
        b"\xef\xbb\xbf<script>",
        '<html lang="x">'.encode("utf-16"),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><!-- x --><svg/>",
        b"<?xml version='1.0'?><a/>",
        b"#!/bin/sh\nrm -rf /",
        b"MZ\x90\0",
        b"\x7fELF\x02",
    ],
)
def test_what_a_browser_or_a_machine_would_run_is_refused_under_any_name(content: bytes) -> None:
    assert sniffing.content_type(content, "image/jpeg") in sniffing.DANGEROUS


def test_sound_in_a_container_of_film_is_sound_where_it_is_said_to_be() -> None:
    assert sniffing.content_type(ISO + b"3gp4\0\0", "audio/3gpp") == "audio/3gpp"
    assert sniffing.content_type(ISO + b"isom\0\0", "audio/mp4; codecs=x") == "audio/mp4"


@given(st.binary(max_size=64), st.text(max_size=20))
def test_any_bytes_have_a_type_and_a_name(content: bytes, declared: str) -> None:
    assert sniffing.extension(sniffing.content_type(content, declared)).isalnum()
