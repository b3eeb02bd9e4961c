"""Source trees of other releases than this one: those of the past, from the history, and one of the future."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from local.environments import ROOT, STATE

# The last commit of each release.
PAST = {
    "0.1.0": "9dd9182f3c521641fedd687e7b9b0f93823b8905",
    "0.2.0": "3e1b663265bd3cf165acff81ca72ceba0b457765",
}
_DEPLOYED = ("template.yaml", "functions", "layers")


def check_out(version: str) -> Path | None:
    """Return the tree of a release of the past; None where the history is not at hand, as in a shallow clone."""
    target = STATE / "releases" / version
    if not target.is_dir():
        archive = subprocess.run(
            ["git", "archive", PAST[version], *_DEPLOYED], cwd=ROOT, capture_output=True, check=False
        )
        if archive.returncode:
            return None
        unfinished = target.with_suffix(".unfinished")
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(unfinished, filter="data")
        unfinished.rename(target)
    return target


def make_next() -> Path:
    """Make a tree like this one, of whose functions none works with this layer, and none of these with its layer."""
    target = STATE / "releases" / "next"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in _DEPLOYED:
        copied = target / name
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copied, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copied)
    package = target / "layers" / "partyline" / "partyline"
    package.joinpath("bootstrap.py").rename(package / "next_bootstrap.py")
    for path in [*target.glob("functions/*/app.py"), *package.rglob("*.py")]:
        source = path.read_text()
        path.write_text(
            re.sub(r"(?m)^(from partyline import .*?)\bbootstrap\b(?! as)", r"\1next_bootstrap as bootstrap", source)
        )
    return target
