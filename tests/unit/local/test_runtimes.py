"""Which of Lambda's runtimes the layer is built for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

LAYER = Path(__file__).parents[3] / "layers" / "partyline"


@pytest.mark.parametrize(
    ("runtime", "architecture", "may"),
    [
        ("python3.11", "arm64", False),
        ("python3.11", "x86_64", False),
        ("python3.11", "host", True),
        ("python3.12", "x86_64", True),
        ("python3.13", "arm64", True),
        ("python3.14", "arm64", True),
    ],
)
def test_the_oldest_runtime_is_for_the_emulator_only(runtime: str, architecture: str, may: bool) -> None:
    """A3."""
    named = [f"PARTYLINE_RUNTIME={runtime}", f"PARTYLINE_ARCHITECTURE={architecture}"]
    done = subprocess.run(["make", "-C", str(LAYER), *named, "runtime"], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is may
    assert may or "glibc 2.26" in done.stderr
