"""The locks against known vulnerabilities: one that is found fails, a source that is not there does not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from local import audit

PILLOW = {
    "name": "pillow",
    "version": "12.2.0",
    "vulns": [{"id": "CVE-2026-112403", "fix_versions": ["12.3.0"], "aliases": [], "description": ""}],
}
SOUND = {"name": "boto3", "version": "1.44.5", "vulns": []}
UNKNOWN = {"name": "other", "skip_reason": "Dependency not found on PyPI and could not be audited"}
BLIND = {"dependencies": [UNKNOWN]}


def source(**reports: Any) -> Callable[[str, Sequence[Path]], Any]:
    """Each source with what it says."""
    return lambda name, files: reports.get(name)


@pytest.mark.parametrize(
    ("reports", "code", "said"),
    [
        pytest.param({"pypi": {"dependencies": [SOUND]}}, 0, "0 known vulnerabilities\n", id="nothing known"),
        pytest.param(
            {"pypi": {"dependencies": [SOUND, PILLOW, PILLOW]}},
            1,
            "audit: pillow 12.2.0: CVE-2026-112403, fixed in 12.3.0\naudit: 2 packages, 1 known vulnerabilities\n",
            id="a vulnerability",
        ),
        pytest.param({"osv": {"dependencies": [PILLOW]}}, 1, "1 known", id="a second source"),
        pytest.param(
            {"pypi": {"dependencies": [UNKNOWN]}, "osv": {"dependencies": [PILLOW]}}, 1, "1 known", id="blind"
        ),
        pytest.param({"pypi": BLIND}, 0, "NOT audited", id="an index that knows none"),
        pytest.param({"pypi": {"dependencies": [SOUND, UNKNOWN]}}, 0, "1 not known to it: other", id="not all of them"),
        pytest.param({}, 0, "NOT audited", id="no network"),
    ],
)
def test_what_is_known_fails_and_what_cannot_be_asked_is_said(
    reports: dict[str, Any], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A3."""
    assert audit.main(source(**reports)) == code
    assert said in capsys.readouterr().out


def test_one_that_is_not_fixed_says_so() -> None:
    """A3."""
    assert str(audit.Vulnerability("x", "1", "CVE-1", ())) == "x 1: CVE-1, not fixed yet"


@pytest.mark.parametrize(
    "outcome",
    [
        subprocess.TimeoutExpired("pip-audit", 1),
        subprocess.CompletedProcess([], 1, "", "ERROR: could not connect"),
    ],
)
def test_a_source_that_does_not_answer_in_time_has_said_nothing(outcome: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A3."""

    def run(*given: Any, **more: Any) -> Any:
        assert more["timeout"]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(subprocess, "run", run)
    assert audit.ask_source("pypi", audit.FILES) is None


def test_every_lock_is_audited_by_a_program_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A3."""
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, '{"dependencies": []}', "")

    monkeypatch.setattr(subprocess, "run", run)
    assert audit.ask_source("osv", audit.FILES) == {"dependencies": []}
    (command,) = asked
    assert command[:3] == [sys.executable, "-m", "pip_audit"]
    root = Path(audit.__file__).parents[1]
    locks = {str(path) for path in [*root.glob("*.lock"), *root.glob("local/*.lock"), *root.glob("layers/*/*.txt")]}
    assert locks <= set(command)


@pytest.mark.parametrize("lock", ["requirements.lock", "layers/partyline/requirements.txt"])
def test_the_decoder_of_images_is_one_without_a_known_overflow(lock: str) -> None:
    """A3: also where no source can be asked."""
    pinned = re.findall(
        r"^pillow==([0-9]+)\.([0-9]+)", (Path(audit.__file__).parents[1] / lock).read_text(), re.MULTILINE
    )
    assert pinned
    assert all((int(major), int(minor)) >= (12, 3) for major, minor in pinned)
