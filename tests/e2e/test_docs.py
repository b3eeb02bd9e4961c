"""The code of the README and of docs/, run as it stands against the running stack.

Blocks of one page and one language are one program, in the order of the page. What a page marks as `needs: ...` is not
run, and is checked by tests/project/test_docs_code.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http import HTTPStatus
from itertools import groupby
from pathlib import Path

import pytest
from PIL import Image

from local import node
from local.stack import Stack
from tests.support.docs_pages import ROOT, RUNNABLE, Block, read_pages
from tests.support.stack_world import World, until

LONGEST = 240.0
# Where the pages tell the reader to save a program.
TRY = ".partyline/try"
SUFFIX = {"js": "mjs", "python": "py", "sh": "sh"}
# What a program must print, where a page promises it.
PRINTED = {
    ("README.md", "python"): "delivered 0\n",
    ("docs/inbox-api.md", "python"): "12 Elm Street 0 Hi, we have a leaking roof again\n",
    ("docs/live.md", "js"): "connecting\nopen\nonMessageAdded Sunday at noon?\nclosed\n",
}
COMMANDS = {
    "js": [str(node.NODE)],
    "python": [sys.executable, "-W", "error"],
    "sh": ["bash", "-euo", "pipefail"],
}


def programs() -> list[tuple[str, str, str]]:
    """Page, language and code of each program."""
    blocks = [block for page in read_pages() for block in page.blocks if block.language in RUNNABLE and not block.needs]

    def of(block: Block) -> tuple[str, str]:
        return block.page, block.language

    return [
        (page, language, "\n".join(block.code for block in found))
        for (page, language), found in groupby(sorted(blocks, key=of), of)
    ]


@pytest.fixture
def place(tmp_path: Path, stack: Stack) -> Path:
    """A directory as the reader's: with the packages for Node, the clients, and the files that pages name."""
    (tmp_path / TRY).mkdir(parents=True)
    (tmp_path / TRY / "node_modules").symlink_to(node.install_modules())
    (tmp_path / "clients").symlink_to(ROOT / "clients")
    values = "".join(f"{name}={value}\n" for name, value in stack.variables().items())
    (tmp_path / ".partyline" / "local.env").write_text(values)
    Image.new("RGB", (64, 48), "navy").save(tmp_path / "roof.jpg")
    return tmp_path


def catch_up_states(world: World) -> set[str]:
    """The states of the latest catch-ups of all lines that have had one."""
    lines = json.loads(world.request("GET", "/v1/Lines?PageSize=100", Authorization=world.basic()).data)["lines"]
    paths = [f"/v1/Lines/{line['address']}/CatchUp" for line in lines if line["carrier"] in ("telnyx", "twilio")]
    answers = [world.request("GET", path, Authorization=world.basic()) for path in paths]
    return {json.loads(answer.data)["state"] for answer in answers if answer.status == HTTPStatus.OK}


@pytest.mark.parametrize(("page", "language", "code"), programs(), ids=lambda value: value if len(value) < 40 else "")
def test_the_code_of_a_page_runs(page: str, language: str, code: str, place: Path, stack: Stack, world: World) -> None:
    if "CatchUp" in code:
        # A line has one at a time, and another page may have begun one of each line.
        under_way = until(lambda: catch_up_states(world) & {"queued", "running"}, lambda states: not states)
        assert under_way == set()
    file = place / TRY / f"program.{SUFFIX[language]}"
    file.write_text(code)
    ran = subprocess.run(
        [*COMMANDS[language], file],
        cwd=place,
        env={**os.environ, **stack.variables()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )

    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    assert PRINTED.get((page, language), "") in ran.stdout
