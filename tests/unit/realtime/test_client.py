"""The JavaScript client: its own tests, in client.test.mjs, run by Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

from local import node

TESTS = Path(__file__).with_name("client.test.mjs")


def test_the_javascript_client() -> None:
    ran = subprocess.run(
        [node.NODE, "--test", "--test-reporter=tap", TESTS], capture_output=True, text=True, timeout=120, check=False
    )

    assert ran.returncode == 0, ran.stdout
    assert "# pass 0" not in ran.stdout
