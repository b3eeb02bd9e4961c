"""What a file is called."""

from __future__ import annotations

import pytest

from partyline.media import filenames


@pytest.mark.parametrize(
    ("name", "kind", "shown"),
    [
        ("roof.jpeg", "image/jpeg", "roof.jpg"),
        ("x.html", "text/plain", "x.txt"),
        ("x.svg", "image/png", "x.png"),
        ("report.pdf.exe", "application/pdf", "report.pdf.pdf"),
        ("plan.docx", "application/octet-stream", "plan.docx"),
        ("plan.dwg", "image/vnd.dwg", "plan.dwg"),
        ("plan", "application/octet-stream", "plan.bin"),
        ("x.exe", "application/octet-stream", "x.bin"),
        ("prices.xll", "application/octet-stream", "prices.bin"),
        ("book.accde", "application/octet-stream", "book.bin"),
        ("x.Class", "application/octet-stream", "x.bin"),
        ("x.pyc", "application/vnd.unheard-of", "x.bin"),
        ("x.HTML", "application/octet-stream", "x.bin"),
        ("x.a b", "application/octet-stream", "x.bin"),
        ("x.tar.gz", "application/gzip", "x.tar.gz"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\photos\\roof.png", "image/png", "roof.png"),
        ("a\r\nX: y.png", "image/png", "aX: y.png"),
        ("\u202egpj.exe", "image/jpeg", "gpj.jpg"),
        (".htaccess", "text/plain", "htaccess.txt"),
        ("", "image/jpeg", "file.jpg"),
        ("...", "image/jpeg", "file.jpg"),
        ("x" * 200 + ".png", "image/png", "x" * 100 + ".png"),
    ],
)
def test_a_name_ends_as_its_type_does(name: str, kind: str, shown: str) -> None:
    """A9."""
    assert filenames.display_name(name, kind) == shown
