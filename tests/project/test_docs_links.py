"""The pages: every link leads to a file that exists, and to a heading that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.docs_pages import ROOT, Page, read_pages, slugify

PAGES = {page.name: page for page in read_pages()}


def broken(page: Page) -> list[str]:
    """The links of a page that lead nowhere."""
    return [link for link in page.links if not link.startswith(("http://", "https://")) and not leads(page, link)]


def leads(page: Page, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / page.name).parent / path if path else ROOT / page.name
    if not target.exists():
        return False
    if not anchor:
        return True
    name = str(Path(target).resolve().relative_to(ROOT))
    return name in PAGES and anchor in PAGES[name].anchors


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_a_file_and_a_heading(name: str) -> None:
    assert broken(PAGES[name]) == []


def test_a_link_to_a_missing_file_or_heading_is_found() -> None:
    page = Page("README.md", "[a](docs/none.md) [b](docs/table.md#none) [c](docs/table.md#items) [d](#none)")

    assert broken(page) == ["docs/none.md", "docs/table.md#none", "#none"]


def test_headings_have_githubs_anchors() -> None:
    assert slugify("What `make run` does, in short") == "what-make-run-does-in-short"
    assert Page("x.md", "# Events\n## Events\n```sh\n# Not a heading\n```\n").anchors == {"events", "events-1"}


def test_every_page_is_reached_from_the_readme() -> None:
    reached, following = set(), ["README.md"]
    while following:
        name = following.pop()
        if name in reached or name not in PAGES:
            continue
        reached.add(name)
        parent = (ROOT / name).parent
        targets = [(parent / link.partition("#")[0]).resolve() for link in PAGES[name].links if "//" not in link]
        following += [str(one.relative_to(ROOT)) for one in targets if one.is_relative_to(ROOT)]

    # Decisions are found in their directory, which is linked; the newest may not be in its list yet.
    assert "docs/decisions/README.md" in reached
    assert [name for name in sorted(set(PAGES) - reached) if not name.startswith("docs/decisions/")] == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_outside_the_project_is_named(name: str) -> None:
    assert "../shared" not in PAGES[name].text


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith("docs/decisions/0")])
def test_files_that_a_page_names_exist(name: str) -> None:
    """Paths in code spans, from the root of the project or of the package. Decisions keep the names of their day, and
    what is in `.partyline/` is made."""
    places = (ROOT, ROOT / "layers" / "partyline" / "partyline", ROOT / "docs")
    named = re.findall(r"`([\w.-]+(?:/[\w.-]+)+\.(?:py|json|yaml|toml|md|js|css|txt))`", PAGES[name].prose)

    named = [path for path in named if not path.startswith(".partyline/")]
    assert [path for path in named if not any((place / path).exists() for place in places)] == []
