"""Describe the content of a webhook apart from its format, for a test that none of it is lost.

The models beside this module are written from the carriers' documentation (each has its address), apart from the code
that reads them. Each draws a payload with any of its optional fields present or absent, and lists its content.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

_NUMBERS = itertools.count(3_104_000_000)
_TOKENS = itertools.count()
# Text that carriers, phones and people put around words.
_AROUND = ("{}", "  {} ", "{}\n{}", "Ünï {} 😀", "“{}” — {}", "{} +1 & = % {}", "\u202e{}", "{}\x00{}")
_STOP = ("STOP", "stop", " Stop. ", "UNSUBSCRIBE")


@dataclass
class Contents:
    """The content of one webhook.

    `words` and `ids` are unique, `files` are URLs, `addresses` are E.164. `opted_out` are the senders who ask for no
    more texts. `text_parts` are the files that hold the words of a message without a text, by URL: their bytes, and the
    words.
    """

    words: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    opted_out: set[str] = field(default_factory=set)
    text_parts: dict[str, tuple[bytes, set[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Payload:
    """An authentic webhook: its body as the carrier writes it (JSON data, or the pairs of a form), and its content."""

    body: Any
    contents: Contents


def new_number() -> str:
    """A handset that no other payload has."""
    return f"+1{next(_NUMBERS)}"


def new_members(draw: st.DrawFn, contents: Contents) -> tuple[str, list[str]]:
    """Draw the sender of a text and up to three other members."""
    sender, others = new_number(), [new_number() for _ in range(draw(st.integers(0, 3)))]
    contents.addresses |= {sender, *others}
    return sender, others


def new_token(kind: str = "word") -> str:
    """A text that occurs nowhere else."""
    return f"{kind}x{next(_TOKENS):07d}x"


def new_file(draw: st.DrawFn, contents: Contents, host: str) -> str:
    """The URL of a picture or another file that is content."""
    url = f"{host}/{new_token('file')}{draw(st.sampled_from(('.jpg', '.png', '.vcf', '.pdf', '', '.3gp?a=1&b=2')))}"
    contents.files.add(url)
    return url


def new_text_part(draw: st.DrawFn, contents: Contents, host: str) -> str:
    """The URL of a file with the words of a message that has no text."""
    own = Contents()
    text = new_words(draw, own)
    url = f"{host}/{new_token('part')}.txt"
    contents.text_parts[url] = (text.replace("\x00", "").encode(), own.words)
    return url


def new_words(draw: st.DrawFn, contents: Contents) -> str:
    """Some words that are content."""
    form = draw(st.sampled_from(_AROUND))
    tokens = [new_token() for _ in range(form.count("{}"))]
    contents.words |= set(tokens)
    return form.format(*tokens)


def new_text(draw: st.DrawFn, contents: Contents, sender: str) -> str | None:
    """The text of a message: words, a keyword, nothing or null."""
    match draw(st.sampled_from(("words", "words", "words", "words", "long", "stop", "stop", "empty", "null"))):
        case "words":
            return new_words(draw, contents)
        case "long":
            return " ".join(new_words(draw, contents) for _ in range(120))
        case "stop":
            contents.opted_out.add(sender)
            return draw(st.sampled_from(_STOP))
        case "empty":
            return ""
        case _:
            return None


def optional(draw: st.DrawFn, fields: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Any choice of fields without content."""
    return {name: value for name, value in fields if draw(st.booleans())}
