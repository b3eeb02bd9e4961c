"""The project's Markdown pages: their links, their headings and their blocks of code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A block with one of these on the line above it is checked and not run: it needs an AWS account, Docker, minutes of
# time, or something that only the reader has.
NEEDS = frozenset({"aws", "docker", "minutes", "yours"})
RUNNABLE = frozenset({"sh", "python", "js"})
# Languages of blocks that show something and are no program.
SHOWN = frozenset({"", "json", "mermaid", "text"})

_FENCE = re.compile(r"^( *)(`{3,})(\w*)\s*$")
_MARKER = re.compile(r"^\s*<!-- needs: (.*) -->\s*$")
_LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.*?)\s*#*$")


@dataclass(frozen=True)
class Block:
    """A fenced block of code. `needs` is its marker, empty where it is run."""

    page: str
    line: int
    language: str
    needs: str
    code: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Page:
    """A Markdown file, by its path from the root of the project."""

    name: str
    text: str

    @property
    def blocks(self) -> list[Block]:
        """Its fenced blocks, in order."""
        return list(_blocks(self))

    @property
    def prose(self) -> str:
        """Its text without the blocks."""
        return _without_blocks(self.text)

    @property
    def links(self) -> list[str]:
        """The targets of its links, as they are written."""
        return _LINK.findall(re.sub(r"`[^`]*`", "``", self.prose))

    @property
    def anchors(self) -> set[str]:
        """What links to its headings end in."""
        found: set[str] = set()
        for line in self.prose.splitlines():
            heading = _HEADING.match(line)
            if heading:
                found.add(_unique(slugify(heading[1]), found))
        return found


def read_pages() -> list[Page]:
    """All pages: those of the root, of docs/ and of clients/."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "clients").rglob("*.md")]
    shown = (path for path in paths if "node_modules" not in path.parts)
    return [Page(str(path.relative_to(ROOT)), path.read_text()) for path in sorted(shown)]


def slugify(heading: str) -> str:
    """The anchor of a heading, as GitHub and the site make it."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
    letters = unicodedata.normalize("NFC", plain).lower()
    return re.sub(r"[^\w\- ]", "", letters).strip().replace(" ", "-")


def _blocks(page: Page) -> Iterator[Block]:
    lines = page.text.splitlines()
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        number += 1
        if not fence:
            continue
        begins, indent = number, len(fence[1])
        while not re.fullmatch(rf" *{fence[2]}\s*", lines[number]):
            number += 1
        marker = _MARKER.match(lines[begins - 2]) if begins >= 2 else None
        code = "\n".join(line[indent:] if line[:indent].isspace() else line for line in lines[begins:number])
        yield Block(page.name, begins, fence[3], marker[1] if marker else "", f"{code}\n")
        number += 1


def _without_blocks(text: str) -> str:
    return re.sub(r"^( *)(`{3,}).*?^ *\2\s*$", "", text, flags=re.MULTILINE | re.DOTALL)


def _unique(slug: str, taken: set[str]) -> str:
    number, made = 0, slug
    while made in taken:
        number += 1
        made = f"{slug}-{number}"
    return made
