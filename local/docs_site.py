"""Hooks of MkDocs: the repository's Markdown as a website.

GitHub shows README.md and its like at the root, and links lead to files of the repository. The site has only pages and
their pictures, so pages of the root are added to it, links between pages stay, and a link to another file becomes the
file's name.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
# Pages outside docs/, by their path in the repository, with their path in the site.
ADDED = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "clients/javascript/README.md": "javascript-client.md",
}
# The files of docs/ that are on the site.
_SHOWN = {".md", ".json", ".png"}
_SOURCES = {page: source for source, page in ADDED.items()}

_FENCE = re.compile(r"^( *)(`{3,}).*?^ *\2\s*?$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")


def on_config(config: Any) -> Any:
    """Fill the menu's last section with the decisions, by number."""
    pages = ["decisions/README.md", *sorted(f"decisions/{path.name}" for path in (DOCS / "decisions").glob("0*.md"))]
    config["nav"][-1]["Decisions"] = pages
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are not in docs/."""
    for source, page in ADDED.items():
        if (ROOT / source).is_file():
            files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001 - MkDocs names them
    """Rewrite the links of a page, outside its blocks of code."""
    parts, end = [], 0
    for block in _FENCE.finditer(markdown):
        parts += [_rewrite(markdown[end : block.start()], page.file.src_uri), block[0]]
        end = block.end()
    return "".join([*parts, _rewrite(markdown[end:], page.file.src_uri)])


def _rewrite(text: str, page: str) -> str:
    def replace(link: re.Match[str]) -> str:
        mark, label, target = link.groups()
        if "://" in target or target.startswith("#"):
            return link[0]
        place = place_of(page, target)
        return f"{mark}[{label}]({place})" if place else label

    return _LINK.sub(replace, text)


def place_of(page: str, target: str) -> str | None:
    """Where a link of a page leads on the site; None if its target is not there."""
    path, hash_sign, anchor = target.partition("#")
    source = ROOT / _SOURCES.get(page, f"docs/{page}")
    found = (source.parent / path).resolve().relative_to(ROOT).as_posix()
    if found in ADDED and (ROOT / found).is_file():
        place = ADDED[found]
    elif found.startswith("docs/") and Path(found).suffix in _SHOWN:
        place = found.removeprefix("docs/")
    else:
        return None
    return f"{os.path.relpath(place, Path(page).parent)}{hash_sign}{anchor}"
