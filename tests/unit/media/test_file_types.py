"""What a file is, whatever is said of it."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.media import archives, file_types, formats

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
    assert file_types.detect_type(content, "image/png") == kind


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
    assert file_types.detect_type(content, "image/jpeg") in file_types.DANGEROUS


def archive(*names: str, stated: str = "") -> bytes:
    """A ZIP archive of these files; one that states its type has that as its first."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as zipped:
        for name in names:
            zipped.writestr(name, stated if name == "mimetype" else "x")
    return written.getvalue()


OFFICE = "application/vnd.openxmlformats-officedocument"
CARD = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Müller;Jörg\r\nEND:VCARD\r\n"
OPUS, THEORA = b"OggS\0\2" + bytes(22) + b"\1\x13OpusHead", b"OggS\0\2" + bytes(22) + b"\1\x2a\x80theora"


@pytest.mark.parametrize(
    ("content", "kind", "suffix"),
    [
        (CARD.encode("latin-1"), "text/vcard", "vcf"),
        (CARD.encode("cp1252").lower(), "text/vcard", "vcf"),
        (CARD.encode("utf-16"), "text/vcard", "vcf"),
        (b"\xff\xf1\x50\x80\x2e\x7f\xfc", "audio/aac", "aac"),
        (b"\xff\xf9\x4c\x80\x2e\x7f\xfc", "audio/aac", "aac"),
        (b"\xff\xfd\x90\x64", "audio/mpeg", "mp3"),
        (b"ID3\4\0\0", "audio/mpeg", "mp3"),
        (b"caff\0\1\0\0desc", "audio/x-caf", "caf"),
        (b"fLaC\0\0\0\x22", "audio/flac", "flac"),
        (b"FORM\0\0\1\0AIFFCOMM", "audio/aiff", "aif"),
        (b"FORM\0\0\1\0AIFCFVER", "audio/aiff", "aif"),
        (b"#!AMR-WB\n\x04", "audio/amr-wb", "awb"),
        (b"MThd\0\0\0\6", "audio/midi", "mid"),
        (b".snd\0\0\0\x18", "audio/basic", "au"),
        (b"RIFF\1\n\0\0QLCMfmt ", "audio/qcelp", "qcp"),
        (OPUS, "audio/ogg", "ogg"),
        (THEORA, "video/ogg", "ogv"),
        (b"RIFF\x24\n\0\0AVI LIST", "video/x-msvideo", "avi"),
        (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "video/x-matroska", "mkv"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "video/webm", "webm"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", "video/x-ms-wmv", "wmv"),
        (b"\0\0\1\xba\x44", "video/mpeg", "mpg"),
        (ISO + b"3g2a\0\0", "video/3gpp2", "3g2"),
        (ISO + b"hevc\0\0", "image/heic", "heic"),
        (ISO + b"mif1\0\0\0\0mif1heic", "image/heic", "heic"),
        (ISO + b"mif1\0\0\0\0mif1avif", "image/avif", "avif"),
        (ISO + b"mif1\0\0\0\0mif1jpeg", "image/heif", "heif"),
        (b"\0\0\0\x0cjP  \r\n", "image/jp2", "jp2"),
        (b"BM\x36\0\0\0\0\0\0\0\x36", "image/bmp", "bmp"),
        (b"{\\rtf1\\ansi", "application/rtf", "rtf"),
        (b"\x1f\x8b\x08\0", "application/gzip", "gz"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "application/x-7z-compressed", "7z"),
        (b"Rar!\x1a\x07\1\0", "application/vnd.rar", "rar"),
        (b"a.txt" + bytes(252) + b"ustar\x0000", "application/x-tar", "tar"),
        (archive("[Content_Types].xml", "word/document.xml"), f"{OFFICE}.wordprocessingml.document", "docx"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), f"{OFFICE}.spreadsheetml.sheet", "xlsx"),
        (archive("[Content_Types].xml", "ppt/presentation.xml"), f"{OFFICE}.presentationml.presentation", "pptx"),
        (archive("word/notes.txt"), "application/zip", "zip"),
        (archive("pass.json", "manifest.json"), "application/vnd.apple.pkpass", "pkpass"),
        (
            archive("mimetype", "content.xml", stated="application/vnd.oasis.opendocument.text"),
            "application/vnd.oasis.opendocument.text",
            "odt",
        ),
        (archive("mimetype", "x", stated="application/x-msdownload"), "application/zip", "zip"),
        (archive("roof.jpg"), "application/zip", "zip"),
        (archive(), "application/zip", "zip"),
    ],
)
def test_what_phones_send_is_known_by_its_bytes(content: bytes, kind: str, suffix: str) -> None:
    """C10."""
    for declared in (None, "application/octet-stream", "text/plain", "image/png"):
        assert file_types.detect_type(content, declared) == kind
    assert file_types.extension_for(kind) == suffix


OLD, UNKNOWN = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", b"\0\x01\x02nobody knows"


@pytest.mark.parametrize(
    ("content", "declared", "name", "kind"),
    [
        (OLD, "application/msword", "", "application/msword"),
        (OLD, None, "plan.xls", "application/vnd.ms-excel"),
        (OLD, "application/octet-stream", "plan.ppt", "application/vnd.ms-powerpoint"),
        (OLD, "application/x-msi", "setup.msi", "application/octet-stream"),
        (UNKNOWN, "audio/vnd.qcelp", "", "audio/vnd.qcelp"),
        (UNKNOWN, "audio/mpeg", "", "audio/mpeg"),
        (UNKNOWN, "image/x-raw; x=y", "", "image/x-raw"),
        (UNKNOWN, "application/vnd.google-earth.kmz", "", "application/vnd.google-earth.kmz"),
        (UNKNOWN, None, "song.mp3", "audio/mpeg"),
        (UNKNOWN, "image/png", "roof.png", "application/octet-stream"),
        (UNKNOWN, "image/svg+xml", "", "application/octet-stream"),
        (UNKNOWN, "text/html", "x.html", "application/octet-stream"),
        (UNKNOWN, "application/x-msdownload", "x.exe", "application/octet-stream"),
        (UNKNOWN, "application/vnd.android.package-archive", "x.apk", "application/octet-stream"),
        (UNKNOWN, "application/vnd.ms-word.document.macroEnabled.12", "", "application/octet-stream"),
        (UNKNOWN, "image/png\r\nX: y", "", "application/octet-stream"),
        (b"a;b\n1;2", "text/csv", "", "text/csv"),
        (b"a;b\n1;2", "application/octet-stream", "list.csv", "text/csv"),
        (b"a;b\n1;2", "text/plain", "list.csv", "text/csv"),
        (b"alert(1)", "text/javascript", "x.js", "text/plain"),
        ("Grüße".encode("latin-1"), "text/plain; charset=iso-8859-1", "", "text/plain"),
        ("Grüße".encode("latin-1"), None, "", "application/octet-stream"),
        (b"BMW or MZ?", "text/plain", "", "text/plain"),
        (b"MZ is a motorcycle", "text/plain", "", "text/plain"),
        (ISO + b"3g2a\0\0", "audio/3gpp2", "", "audio/3gpp2"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "audio/x-ms-wma", "", "audio/x-ms-wma"),
        (ISO + b"isom\0\0", "audio/x-m4a", "", "audio/mp4"),
    ],
)
def test_declared_type_decides_where_the_bytes_are_inconclusive(
    content: bytes, declared: str | None, name: str, kind: str
) -> None:
    """C10: unless it would be something that is run."""
    assert file_types.detect_type(content, declared, name) == kind


@pytest.mark.parametrize(
    "content",
    [
        "<html><p>Grüße".encode("latin-1"),
        '<svg title="Grüße"/>'.encode("latin-1"),
        "<script>é".encode("utf-16") + b"x",
        archive("META-INF/MANIFEST.MF", "Main.class"),
        archive("AndroidManifest.xml", "classes.dex"),
        archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        b"\xfe\xed\xfa\xcf\1",
        b"\0asm\1\0\0\0",
        b"L\0\0\0\1\x14\2\0",
    ],
)
def test_what_is_run_is_refused_whatever_it_looks_like(content: bytes) -> None:
    """C10."""
    for declared, name in (("text/plain", "x.txt"), ("image/jpeg", "x.jpg"), (None, "")):
        assert file_types.detect_type(content, declared, name) in file_types.DANGEROUS


def test_a_types_suffix_is_a_word_for_a_key() -> None:
    assert all(suffix.isascii() and suffix.isalnum() for suffix in formats.EXTENSIONS.values())
    assert not file_types.DANGEROUS & set(formats.EXTENSIONS)


def test_the_directory_of_an_archive_is_read_no_further_than_needed() -> None:
    """C10."""
    assert len(archives.list_names(archive(*(f"{number}.txt" for number in range(1200))))) == 1000
    whole = archive("a.txt", "b.txt")
    assert archives.list_names(whole) == ["a.txt", "b.txt"]
    assert archives.list_names(whole[:-30]) == []
    assert archives.list_names(b"PK\5\6" + b"\xff" * 18) == []
    assert archives.list_names(whole.replace(b"PK\1\2", b"PK\1\3")) == []


def test_sound_in_a_container_of_film_is_sound_where_it_is_said_to_be() -> None:
    assert file_types.detect_type(ISO + b"3gp4\0\0", "audio/3gpp") == "audio/3gpp"
    assert file_types.detect_type(ISO + b"isom\0\0", "audio/mp4; codecs=x") == "audio/mp4"


@given(st.binary(max_size=64), st.text(max_size=20))
def test_any_bytes_have_a_type_and_a_name(content: bytes, declared: str) -> None:
    assert file_types.extension_for(file_types.detect_type(content, declared)).isalnum()
