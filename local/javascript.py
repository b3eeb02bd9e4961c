"""Check, format, test and build the JavaScript and TypeScript, and pin its tools.

    python -m local.javascript check|format|test|build|serve|lock

`test`, `build` and `serve` (its development server) are for the inbox alone.

The clients of clients/javascript are checked with every parameter typed, and their declarations (.d.ts) are those that
TypeScript reads from their comments. In the page of phones and in tests a parameter may be untyped.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from local import inbox
from local.environments import ROOT, SetupError
from local.node import NODE, NPM, install_modules

CLIENT = ROOT / "clients" / "javascript"
DECLARATIONS = tuple(CLIENT / name for name in ("live.d.ts", "rest.d.ts"))


def check() -> bool:
    """Return whether format, lint and types are right; what is not is printed."""
    modules = install_modules()
    results = [
        _run(modules, "@biomejs/biome/bin/biome", "check", "--error-on-warnings"),
        _run(modules, "typescript/bin/tsc", "--project", "."),
        inbox.check(),
    ]
    built = build_declarations(modules)
    for path in DECLARATIONS:
        results.append(path.is_file() and built is not None and built[path.name] == path.read_text())
        if not results[-1]:
            print(f"{path.relative_to(ROOT)} does not fit its source: make format writes it", file=sys.stderr)
    return all(results)


def format_all() -> bool:
    """Format, apply safe fixes of the linter, and write the client's declarations."""
    modules = install_modules()
    is_formatted = _run(modules, "@biomejs/biome/bin/biome", "check", "--write")
    declarations = build_declarations(modules)
    if declarations is None:
        return False
    for path in DECLARATIONS:
        path.write_text(declarations[path.name])
    return is_formatted


def build_declarations(modules: Path) -> dict[str, str] | None:
    """Return the clients' declarations by their files, or None after printing what is wrong with the types."""
    with tempfile.TemporaryDirectory() as directory:
        if not _run(modules, "typescript/bin/tsc", "--project", str(CLIENT), "--outDir", directory):
            return None
        return {path.name: (Path(directory) / path.name).read_text() for path in DECLARATIONS}


def lock() -> bool:
    """Pin what each package.json names, and all that it needs, in the package-lock.json beside it."""
    return all([_succeeds([str(NODE), str(NPM), "install", "--package-lock-only"]), inbox.lock()])


def build() -> bool:
    """Build the inbox."""
    print(f"the inbox is in {inbox.build(print).relative_to(ROOT)}")
    return True


COMMANDS = {
    "check": check,
    "format": format_all,
    "test": inbox.test,
    "build": build,
    "serve": inbox.serve,
    "lock": lock,
}


def _run(modules: Path, program: str, *arguments: str) -> bool:
    return _succeeds([str(NODE), str(modules / program), *arguments])


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.javascript", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    try:
        return 0 if COMMANDS[parser.parse_args(arguments).command]() else 1
    except SetupError as error:
        print(f"partyline: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
