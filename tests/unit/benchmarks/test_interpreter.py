"""Which Python is measured: that of the deployed functions, where there is one."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from benchmarks.interpreter import find_deployed, read_version


def make_interpreter(path: Path, version: str | None) -> Path:
    """Make a program that tells a version, or fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n" if version else "#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Python."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def test_it_is_the_one_on_path(machine: Path) -> None:
    found = make_interpreter(machine / "bin" / "python3.13", "3.13.1")
    assert find_deployed("python3.13") == found


def test_what_does_not_run_or_is_another_version_is_passed_over(machine: Path) -> None:
    make_interpreter(machine / "bin" / "python3.13", None)
    make_interpreter(machine / "pyenv" / "versions" / "3.13-dev" / "bin" / "python", "3.14.0")
    found = make_interpreter(machine / "pyenv" / "versions" / "3.13.0" / "bin" / "python", "3.13.0")
    assert find_deployed("python3.13") == found


def test_without_one_it_is_our_own(machine: Path) -> None:
    assert find_deployed("python3.13") == Path(sys.executable)


def test_an_interpreter_tells_its_version() -> None:
    assert read_version(Path(sys.executable)) == platform.python_version()
