"""Ask an advisory source for known vulnerabilities of what the lock files pin.

    python -m local.audit

A vulnerability is a failure. Where no source can be reached (no network, a package index of its own), a message says
so and nothing fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.environments import LOCKS, ROOT, UV_LOCK

# The Python Package Index answers for itself; OSV has the same advisories at another address.
SOURCES = ("pypi", "osv")
# The development environment's lock has the layers' packages too, of the same versions; what is deployed comes first.
_LAYERS = tuple(ROOT / "layers" / "partyline" / name for name in ("requirements.txt", "cryptography.txt"))
FILES = (*_LAYERS, *LOCKS.values(), UV_LOCK)
# Seconds for one answer of a source, and for all of them.
_ANSWER, _ALL = 5, 120

Report = Mapping[str, Any]
# Asks one source about some lock files; None when it cannot be reached.
Ask = Callable[[str, Sequence[Path]], Report | None]


@dataclass(frozen=True)
class Vulnerability:
    """An advisory about a package that is pinned."""

    package: str
    version: str
    id: str
    fixed: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"fixed in {', '.join(self.fixed)}" if self.fixed else "not fixed yet"
        return f"{self.package} {self.version}: {self.id}, {mended}"


@dataclass(frozen=True)
class Answer:
    """A source's answer: how many packages it knows, which it does not know, and the vulnerabilities."""

    packages: int
    vulnerabilities: tuple[Vulnerability, ...]
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        unknown = f"; {len(self.unknown)} not known to it: {', '.join(self.unknown)}" if self.unknown else ""
        return f"{self.packages} packages, {len(self.vulnerabilities)} known vulnerabilities{unknown}"


def audit(ask: Ask, files: Sequence[Path] = FILES) -> Answer | None:
    """Return the answer of the first source that knows any of the pinned packages; None where none does."""
    for source in SOURCES:
        reported = (ask(source, files) or {}).get("dependencies", [])
        audited = [one for one in reported if "skip_reason" not in one]
        if audited:
            names = {one["name"] for one in audited}
            unknown = sorted({one["name"] for one in reported} - names)
            packages = {(one["name"], one["version"]) for one in audited}
            return Answer(len(packages), tuple(dict.fromkeys(_found(audited))), tuple(unknown))
    return None


def _found(audited: Iterable[Mapping[str, Any]]) -> Iterator[Vulnerability]:
    for package in audited:
        for known in package["vulns"]:
            yield Vulnerability(package["name"], package["version"], known["id"], tuple(known["fix_versions"]))


def ask_source(source: str, files: Sequence[Path]) -> Report | None:
    """Have pip-audit ask a source."""
    named = [argument for file in files for argument in ("--requirement", str(file))]
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", source, "--format", "json"]
    quietly = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--timeout", str(_ANSWER)]
    try:
        done = subprocess.run([*command, *quietly, *named], capture_output=True, text=True, check=False, timeout=_ALL)
        report: Report = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    return report


def main(ask: Ask = ask_source) -> int:
    """Print the vulnerabilities. The exit status is 1 when there is one."""
    answer = audit(ask)
    if answer is None:
        print("audit: no advisory source can be reached from here; the locks were NOT audited")
        return 0
    for one in answer.vulnerabilities:
        print(f"audit: {one}")
    print(f"audit: {answer}")
    return 1 if answer.vulnerabilities else 0


if __name__ == "__main__":
    sys.exit(main())
