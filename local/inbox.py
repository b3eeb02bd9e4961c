"""Build, check and test the inbox, the web app of inbox/, with packages of its own.

A build is made only when something that it depends on has changed. It is in functions/pages/site, as the function
serves it.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from local.environments import ROOT, STATE, exclusive, run
from local.node import NODE, NPM, install_modules

APP = ROOT / "inbox"
SITE = ROOT / "functions" / "pages" / "site"

_STAMP = STATE / "inbox-site"
# What is in inbox/ without being part of a build.
_NOT_BUILT = {"node_modules", "dist", "tests", "README.md"}
# The app's REST and live clients are the published ones.
_CLIENTS = ROOT / "clients" / "javascript"


def install() -> Path:
    """Install the packages, put them where the tools of a project look for them, and return that place.

    Raises SetupError.
    """
    modules = install_modules("inbox", APP)
    place = APP / "node_modules"
    with exclusive("inbox.lock"):
        if not place.is_symlink() or place.resolve() != modules.resolve():
            _remove(place)
            place.symlink_to(modules)
    return place


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def build(report: Callable[[str], None] = lambda _: None) -> Path:
    """Build the app unless it is built already, and return the directory of its files.

    `report` is called with the size of a first load. Raises SetupError when the build fails, which it also does when
    that size is above its limit.
    """
    modules = install()
    fingerprint = _fingerprint()
    with exclusive("inbox-build.lock"):
        if not _is_built(fingerprint):
            _STAMP.unlink(missing_ok=True)
            _run_tool(modules / "vite" / "bin" / "vite.js", "build", "--logLevel", "warn")
            report(_run_tool(APP / "build" / "site.ts", str(APP / "dist"), str(SITE)).strip())
            _STAMP.write_text(fingerprint)
    return SITE


def check() -> bool:
    """Return whether the types are right, of the app and of its service worker; what is not is printed."""
    compiler = install() / "typescript" / "bin" / "tsc"
    return all(_succeeds(compiler, "--project", project) for project in (".", "tsconfig.worker.json"))


def test() -> bool:
    """Return whether the tests of its modules pass; their outcome is printed."""
    return _succeeds(install() / "vitest" / "vitest.mjs", "run")


def serve() -> bool:
    """Serve the app from its sources, before a running local stack (the variable STACK), until a signal ends it."""
    return _succeeds(install() / "vite" / "bin" / "vite.js")


def lock() -> bool:
    """Pin what inbox/package.json names, and all that it needs, in inbox/package-lock.json."""
    return _succeeds(NPM, "install", "--package-lock-only")


def _succeeds(script: Path, *arguments: str) -> bool:
    return subprocess.run([str(NODE), str(script), *arguments], cwd=APP, check=False).returncode == 0


def _run_tool(script: Path, *arguments: str) -> str:
    return run([str(NODE), str(script), *arguments], "cannot build the inbox", cwd=APP)


def _is_built(fingerprint: str) -> bool:
    return _STAMP.is_file() and _STAMP.read_text() == fingerprint and (SITE / "files.json").is_file()


def _fingerprint() -> str:
    """Return a digest of what a build depends on. The version of Node is part of it: its zlib compresses the files."""
    digest = hashlib.sha256(f"{NODE} {sys.version_info[:2]}".encode())
    for path in sorted(_inputs()):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    yield from (path for path in _CLIENTS.iterdir() if path.is_file())
    for place in APP.iterdir():
        if place.name not in _NOT_BUILT:
            yield from (path for path in [place, *place.rglob("*")] if path.is_file())
