"""The site's pages: links that lead to pages of the site, and names in place of links to other files."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from mkdocs.structure.files import Files

from local import docs_site


def rewrite(page: str, text: str) -> str:
    place = SimpleNamespace(file=SimpleNamespace(src_uri=page))
    return docs_site.on_page_markdown(text, place, None, Files([]))


@pytest.mark.parametrize(
    ("page", "written", "shown"),
    [
        ("index.md", "[t](docs/table.md#items)", "[t](table.md#items)"),
        ("index.md", "[t](LICENSE)", "t"),
        ("index.md", "![t](docs/images/readme.png)", "![t](images/readme.png)"),
        ("inbox.md", "![t](images/thread.png)", "![t](images/thread.png)"),
        ("index.md", "[`functions/`](functions)", "`functions/`"),
        ("index.md", "[t](#deploy-it)", "[t](#deploy-it)"),
        ("index.md", "[t](https://example.com/docs/table.md)", "[t](https://example.com/docs/table.md)"),
        ("contributing.md", "[t](docs/decisions/README.md)", "[t](decisions/README.md)"),
        ("table.md", "[t](glossary.md)", "[t](glossary.md)"),
        ("upgrading.md", "[t](../CHANGELOG.md)", "[t](changelog.md)"),
        ("decisions/0001-sids-carry-order.md", "[t](../table.md)", "[t](../table.md)"),
        ("decisions/0001-sids-carry-order.md", "[t](../../README.md#try-it)", "[t](../index.md#try-it)"),
        ("architecture.md", "[t](../layers/partyline/partyline/errors.py)", "t"),
    ],
)
def test_links_of_a_page_lead_to_the_site(page: str, written: str, shown: str) -> None:
    assert rewrite(page, f"See {written}.\n") == f"See {shown}.\n"


def test_blocks_of_code_stay_as_they_are() -> None:
    block = "\n```sh\necho '[t](LICENSE)'\n```\n"

    assert rewrite("index.md", f"[t](LICENSE)\n{block}\n[t](LICENSE)\n") == f"t\n{block}\nt\n"


def test_the_menu_has_all_decisions() -> None:
    config = docs_site.on_config({"nav": [{"Decisions": []}]})
    [pages] = [section["Decisions"] for section in config["nav"]]

    assert pages[0] == "decisions/README.md"
    assert len(pages) == 1 + len(list((docs_site.DOCS / "decisions").glob("0*.md")))
