"""The JavaScript clients, and the modules of the inbox: their own tests, run by Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from local import inbox, node

TESTS = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.parametrize("tests", TESTS, ids=lambda path: path.name)
def test_the_javascript_client(tests: Path) -> None:
    ran = subprocess.run(
        [node.NODE, "--test", "--test-reporter=tap", tests], capture_output=True, text=True, timeout=120, check=False
    )

    assert ran.returncode == 0, ran.stdout
    assert "# pass 0" not in ran.stdout


def test_each_client_has_tests() -> None:
    clients = (Path(__file__).parents[3] / "clients" / "javascript").glob("*.js")

    assert {path.name.removesuffix(".test.mjs") for path in TESTS} == {path.stem for path in clients}


def test_the_modules_of_the_inbox(capfd: pytest.CaptureFixture[str]) -> None:
    passed = inbox.test()

    assert passed, "".join(capfd.readouterr())
