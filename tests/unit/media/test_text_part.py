"""The text part of an MMS: what is read of it, in which charset, and when it is waited for."""

from __future__ import annotations

import codecs
import time
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.carriers import mms_parts, registry
from partyline.carriers.base import InboundMedia, InboundText
from partyline.domain.messages import MAX_INBOUND_BODY as MAX_BODY
from partyline.errors import RequestError, RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse
from partyline.media import text_part

PLAIN = "text/plain"
HEBREW, GREEK, CHINESE = "שלום", "Καλημέρα", "你好，世界"


@pytest.mark.parametrize(
    ("content", "declared", "words"),
    [
        (b"The roof", (), "The roof"),
        ("Ünïcode 👍".encode(), (), "Ünïcode 👍"),
        (codecs.BOM_UTF8 + "é".encode(), ("text/plain; charset=iso-8859-1",), "é"),
        ("é".encode("latin-1"), ("text/plain; charset=iso-8859-1",), "é"),
        ("é".encode("latin-1"), ('text/plain;Charset="ISO-8859-1"; name=a.txt',), "é"),
        ("é".encode("latin-1"), (), "é"),
        (b"\x93quoted\x94", ("text/plain; charset=iso-8859-1",), "“quoted”"),
        (b"\x81", (), "\x81"),
        (HEBREW.encode("iso8859-8"), ("text/plain; charset=ISO-8859-8",), HEBREW),
        (GREEK.encode("cp1253"), ("text/plain; charset=windows-1253",), GREEK),
        (CHINESE.encode("gb18030"), (None, "text/plain; charset=gb18030"), CHINESE),
        (CHINESE.encode("big5"), ("text/plain; charset=Big5",), CHINESE),
        (CHINESE.encode("utf-16"), (), CHINESE),
        (CHINESE.encode("utf-16-be"), ("text/plain; charset=iso-10646-ucs-2",), CHINESE),
        ("STOP".encode("utf-16-be"), (), "STOP"),
        ("STOP".encode("utf-16-le"), (PLAIN,), "STOP"),
        ("STOP".encode("utf-16-be"), ("text/plain; charset=utf-8",), "STOP"),
        # What is declared and does not fit is not believed, nor a codec that is no charset.
        ("é".encode(), ("text/plain; charset=us-ascii",), "é"),
        (b"a\\x41", ("text/plain; charset=unicode_escape",), "a\\x41"),
        (b"aGk=", ("text/plain; charset=base64",), "aGk="),
        (b"hi", ("text/plain; charset=" + "x" * 500,), "hi"),
        (b"hi", ("text/plain; charset=undefined", "text/plain; charset=nonsense"), "hi"),
        # The first that fits: what the server says of its bytes, then what the webhook said.
        (b"\xd0\xe9", ("text/plain; charset=koi8-r", "text/plain; charset=cp1251"), "пИ"),
        # No rule of HTML: it is never shown as that.
        (b'<a href="https://example.com">here</a>', (), '<a href="https://example.com">here</a>'),
        (b"<!doctype html><script>1</script>", (), "<!doctype html><script>1</script>"),
        (b"<3 you", (), "<3 you"),
        (b"BM me", (), "BM me"),
        (b"#!important", (), "#!important"),
        (b"one\r\ntwo\r\n\0", (), "one\ntwo"),
        (b"", (), ""),
        (b" \r\n\t", (), ""),
        ("\u200b".encode(), (), ""),
        (b"\x89PNG\r\n\x1a\n\0\0", (PLAIN,), None),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", (PLAIN,), None),
        (b"begin:vcard\r\nFN:Ann", (PLAIN,), None),
        (b"<smil><head/></smil>", (PLAIN,), None),
        (b"\x01\x02", (PLAIN,), None),
    ],
)
def test_a_text_part_is_read_in_its_charset(
    content: bytes, declared: tuple[str | None, ...], words: str | None
) -> None:
    """C6."""
    assert text_part.decode_text(content, *declared) == words


@given(st.binary(), st.one_of(st.none(), st.text().map(lambda name: f"text/plain; charset={name}")))
def test_no_bytes_break_it_and_what_is_read_can_be_stored(content: bytes, declared: str | None) -> None:
    words = text_part.decode_text(content, declared)
    assert words is None or words.encode().decode() == words


@given(st.sampled_from(sorted(text_part._CODECS)), st.binary(max_size=64))
def test_every_charset_is_one(charset: str, content: bytes) -> None:
    words = text_part.decode_text(content, f"text/plain; charset={charset}")
    assert words is None or words.encode().decode() == words


@pytest.mark.parametrize(
    ("content_type", "url", "is_one"),
    [
        ("text/plain", "https://c.example/1", True),
        ("Text/Plain; charset=utf-8", "https://c.example/1", True),
        (None, "https://c.example/0.TXT?x=1#y", True),
        ("application/octet-stream", "https://c.example/0.txt", True),
        (None, "https://c.example/1", False),
        ("image/jpeg", "https://c.example/1", False),
        ("text/vcard", "https://c.example/1.vcf", False),
    ],
)
def test_text_part_is_recognised_by_its_type_or_name(content_type: str | None, url: str, is_one: bool) -> None:
    assert mms_parts.is_text_part(content_type, url) is is_one


# --- before a text is recorded

URL, OTHER, PICTURE = (f"https://api.telnyx.com/v2/media/{name}" for name in ("0.txt", "1.txt", "roof.jpg"))
CARRIER = registry.build_reader("telnyx")


def ok(body: bytes, content_type: str | None = None, *, complete: bool = True) -> HttpResponse:
    return HttpResponse(200, body, {"content-type": content_type} if content_type else {}, complete=complete)


@dataclass
class Server:
    """Answers by URL, and what each was given."""

    answers: dict[str, HttpResponse | RequestError]
    asked: list[str] = field(default_factory=list)

    def ask(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        assert request.method == "GET"
        assert 0 < timeout <= text_part.PATIENCE
        assert max_body == text_part.MAX_BYTES
        self.asked.append(request.url)
        answer = self.answers[request.url]
        if isinstance(answer, RequestError):
            raise answer
        return answer


def text(said: str = "", *media: InboundMedia) -> InboundText:
    return InboundText("telnyx", "id-1", "+12065550100", "+12065550150", ("+12065550100",), said, media)


def completed(given: InboundText, **answers: HttpResponse | RequestError) -> InboundText:
    names = {"url": URL, "other": OTHER}
    ask = Server({names[name]: one for name, one in answers.items()}).ask
    return text_part.fetch_words(ask, CARRIER, given, time.monotonic() + text_part.PATIENCE)


def test_the_words_of_a_text_part_are_the_text() -> None:
    """C6."""
    picture = InboundMedia(PICTURE, "image/jpeg")
    given = text("", InboundMedia(URL, "text/plain"), picture)
    assert completed(given, url=ok("Schön".encode("latin-1"), "text/plain; charset=latin1")) == text("Schön", picture)


def test_several_text_parts_are_one_text_in_their_order() -> None:
    """C6."""
    given = text(" ", InboundMedia(URL, "text/plain"), InboundMedia(OTHER, "text/plain"))
    assert completed(given, url=ok(b"one"), other=ok(b"two")) == text("one\ntwo")


@pytest.mark.parametrize(("words", "whole"), [(b"See you", "Friday\nSee you"), (b"friday", "friday"), (b" ", "Friday")])
def test_words_stand_below_a_subject(words: bytes, whole: str) -> None:
    """C6, C5."""
    given = replace(text("Friday", InboundMedia(URL, "text/plain")), only_subject=True)
    assert completed(given, url=ok(words)) == replace(text(whole), only_subject=words == b" ")


def test_a_text_part_without_an_address_is_not_fetched() -> None:
    given = text("", InboundMedia("", "text/plain"), InboundMedia(URL, "text/plain"))
    assert completed(given, url=ok(b"hi")) == text("hi", InboundMedia("", "text/plain"))


def test_a_text_part_of_blanks_is_nothing() -> None:
    """C6: what is then left of the text is blank, and never recorded silently."""
    assert completed(text("", InboundMedia(URL, "text/plain")), url=ok(b" \n")) == text("")


@pytest.mark.parametrize(
    "given", [text("hi", InboundMedia(URL, "text/plain")), text("", InboundMedia(PICTURE)), text("hi"), text()]
)
def test_a_text_with_words_or_without_a_text_part_fetches_nothing(given: InboundText) -> None:
    """C6."""
    assert completed(given) == given


@pytest.mark.parametrize(
    "answer",
    [
        RequestTimedOut("slow"),
        HttpResponse(500, b""),
        HttpResponse(404, b""),
        ok(b""),
        ok(b"x" * 10, complete=False),
        ok(b"x" * (MAX_BODY + 1)),
        ok(b"\x89PNG\r\n\x1a\n\0"),
    ],
)
def test_what_does_not_come_in_time_or_is_no_text_stays_a_file(answer: HttpResponse | RequestError) -> None:
    """C6."""
    given = text("", InboundMedia(URL, "text/plain"))
    assert completed(given, url=answer) == given


def test_one_part_that_does_not_come_leaves_all_of_them() -> None:
    given = text("", InboundMedia(URL, "text/plain"), InboundMedia(OTHER, "text/plain"))
    assert completed(given, url=ok(b"one"), other=RequestTimedOut("slow")) == given


def test_more_text_parts_than_any_message_has_are_not_fetched() -> None:
    given = text("", *(InboundMedia(f"{URL}?{number}", "text/plain") for number in range(text_part.MAX_PARTS + 1)))
    assert completed(given) == given


def test_all_of_it_has_to_come_in_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    given = text("", InboundMedia(URL, "text/plain"), InboundMedia(OTHER, "text/plain"))
    asked = []

    def slow(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        asked.append((request.url, timeout))
        now[0] += 1.0
        return ok(b"one")

    assert text_part.fetch_words(slow, CARRIER, given, 1.5) == text("one\none")
    assert asked == [(URL, 1.5), (OTHER, 0.5)]
    given = text("", *(InboundMedia(f"{URL}?{number}", "text/plain") for number in range(3)))
    assert text_part.fetch_words(slow, CARRIER, given, 3.5) == given
    assert len(asked) == 4


def test_a_damaged_part_is_no_text() -> None:
    given = text("", InboundMedia(URL, "text/plain", sha256="0" * 64))
    assert completed(given, url=ok(b"one")) == given
