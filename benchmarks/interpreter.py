"""Find the Python that functions run with when they are deployed, to measure with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# Prints its version, if it can make an environment.
_PROGRAM = "import ensurepip, platform, venv; print(platform.python_version())"


def find_deployed(runtime: str) -> Path:
    """Return the interpreter of a runtime, such as python3.13: the one on PATH, or one of pyenv's; else our own."""
    version = runtime.removeprefix("python")
    for candidate in _list_candidates(runtime):
        if (read_version(candidate) or "").startswith(f"{version}."):
            return candidate
    return Path(sys.executable)


def read_version(python: Path) -> str | None:
    """Return the version of an interpreter; None for what is none, or cannot make an environment."""
    told = subprocess.run([python, "-c", _PROGRAM], capture_output=True, text=True, check=False)
    return told.stdout.strip() if told.returncode == 0 else None


def _list_candidates(runtime: str) -> Iterator[Path]:
    found = shutil.which(runtime)
    if found:
        yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{runtime.removeprefix('python')}*/bin/python"), reverse=True)
