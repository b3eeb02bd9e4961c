"""The environments, each made once from a hashed lock file and remade when that file changes.

This module runs in a bare interpreter, before anything is installed: the standard library only.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".partyline"

LOCKS = {
    "dev": ROOT / "requirements.lock",
    "emulator": ROOT / "local" / "emulator.lock",
    "runtime": ROOT / "local" / "runtime.lock",
    "bench": ROOT / "benchmarks" / "requirements.lock",
}
UV_LOCK = ROOT / "local" / "uv.lock"


class SetupError(Exception):
    """An environment cannot be made. The message explains why, to the person at the terminal."""


def ensure(name: str, python: str = sys.executable) -> Path:
    """Make the virtual environment `name` if it is missing or out of date, and return its directory."""
    lock = LOCKS[name]
    packages = sum(1 for line in lock.read_text().splitlines() if "==" in line)
    return once(name, lock, packages, "bin/python", lambda home: _install(home, lock, python), python)


def once(
    name: str, lock: Path, packages: int, proof: str, install: Callable[[Path], None], python: str = sys.executable
) -> Path:
    """The directory `name` under .partyline/, made by `install` when it is missing or its lock file has changed.

    `packages` is the number of packages, to print; `proof` is a path inside that must exist; `python` is the
    interpreter that it is made for.
    """
    home, fingerprint = STATE / name, _fingerprint(lock, python)
    with exclusive(f"{name}.lock"):
        ready = home / ".ready"
        if ready.is_file() and ready.read_text() == fingerprint and (home / proof).exists():
            return home
        print(f"partyline: installing the {name} environment ({packages} packages, once) ...", flush=True)
        shutil.rmtree(home, ignore_errors=True)
        install(home)
        ready.write_text(fingerprint)
    return home


def _install(home: Path, lock: Path, python: str) -> None:
    run([python, "-m", "venv", str(home)], "cannot make a virtual environment")
    if not _install_with_uv(home, lock):
        _install_with_pip(home, lock)


def _install_with_pip(home: Path, lock: Path) -> None:
    pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--no-input", "--quiet"]
    # The lock file is the whole answer: there is nothing to resolve.
    run([*pip, "--no-deps", "--require-hashes", "-r", str(lock)], f"cannot install {lock.name}")


def _install_with_uv(home: Path, lock: Path) -> bool:
    """Install a lock file with uv, which takes a fraction of pip's time, and return whether it was installed.

    uv is the one on PATH, or comes from the package index. It checks the same hashes. Where it cannot install (a mirror
    it does not understand, a platform without it), pip does, and reports what is wrong.
    """
    python = str(home / "bin" / "python")
    uv = shutil.which("uv") or str(STATE / "dev" / "bin" / "uv")
    try:
        # The functions import the emulator's environment, so only the one for development gets what no lock file names.
        if home == STATE / "dev" and not Path(uv).exists():
            _install_with_pip(home, UV_LOCK)
        if not Path(uv).exists():
            return False
        options = parse_index_options(run([python, "-m", "pip", "config", "list"], "cannot read pip's settings"))
        # A package may be on any of pip's indexes; the hashes say which file it is.
        trust = ["--require-hashes", "--index-strategy", "unsafe-best-match"]
        command = [uv, "pip", "install", "--quiet", "--python", python, "--no-deps", *trust]
        run([*command, *options, "-r", str(lock)], f"cannot install {lock.name}")
    except SetupError:
        return False
    return True


def parse_index_options(pip_settings: str) -> list[str]:
    """Return uv's options for the indexes that pip is set up to use: uv reads none of pip's settings itself.

    `pip_settings` is what `pip config list` prints: a line for each, such as global.index-url='https://mirror/simple'.
    """
    found: dict[str, str] = {}
    # The environment's settings come first and count most.
    for line in reversed(pip_settings.splitlines()):
        name, _, value = line.partition("=")
        found[name.rpartition(".")[2]] = str(ast.literal_eval(value))
    names = {"index-url": "--default-index", "extra-index-url": "--index", "find-links": "--find-links"}
    return [part for name, option in names.items() for value in found.get(name, "").split() for part in (option, value)]


@contextlib.contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Hold a lock file under .partyline/, so that two runs side by side do not build the same thing into each other."""
    STATE.mkdir(exist_ok=True)
    with (STATE / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fingerprint(lock: Path, python: str) -> str:
    """Return a digest of what an installed environment depends on: the locked packages, the Python, the place."""
    version = f"{sys.implementation.name} {sys.version_info[:2]}" if python == sys.executable else python
    return hashlib.sha256(f"{version} {platform.platform()} {ROOT}".encode() + lock.read_bytes()).hexdigest()


def run(command: list[str], problem: str, *, cwd: Path | None = None) -> str:
    """Run a program to its end and return its output. Raises SetupError, with what it printed, when it fails."""
    # pip's settings (a mirror, a certificate) may well come from the environment; where modules come from may not.
    inherited = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(
        command, cwd=cwd, env=inherited, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SetupError(f"{problem}:\n{_tail(done.stderr or done.stdout)}")
    return done.stdout


def _tail(output: str, lines: int = 20) -> str:
    """Return the last lines of an output, without pip's warnings, which can be one a package."""
    return "\n".join([line for line in output.splitlines() if not line.startswith("WARNING:")][-lines:])


def main() -> int:
    """Make the environments named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m local.environments", description=__doc__)
    parser.add_argument("names", nargs="+", choices=sorted(LOCKS))
    try:
        for name in parser.parse_args().names:
            ensure(name)
    except SetupError as error:
        print(f"partyline: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
