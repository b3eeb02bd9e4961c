"""The files around the code agree: one version, one license, and the Pythons that are tested."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import partyline

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
HOOKS: dict[str, Any] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())


def test_one_version_everywhere() -> None:
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)

    assert newest
    assert PROJECT["version"] == partyline.__version__ == newest[1]


def test_the_changelog_has_the_sections_of_its_form() -> None:
    sections = set(re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE))
    dates = re.findall(r"^## \[\d.*\] - (.*)$", CHANGELOG, re.MULTILINE)

    assert sections <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert dates == sorted(dates, reverse=True)


def test_the_license_is_the_one_that_the_project_names() -> None:
    text = (ROOT / "LICENSE").read_text()

    assert PROJECT["license"] == "Apache-2.0"
    assert text.lstrip().startswith("Apache License\n                           Version 2.0, January 2004")
    assert text.rstrip().endswith("limitations under the License.")
    assert [name for name in PROJECT["license-files"] if not (ROOT / name).is_file()] == []


def test_the_workflow_runs_what_every_change_must_pass() -> None:
    [job] = WORKFLOW["jobs"].values()
    oldest = PROJECT["requires-python"].removeprefix(">=")
    supported = {one.rpartition(" ")[2] for one in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", one)}

    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert oldest in job["strategy"]["matrix"]["python"]
    assert set(job["strategy"]["matrix"]["python"]) <= supported


@pytest.mark.parametrize(
    "hook", [hook for repository in HOOKS["repos"] for hook in repository["hooks"]], ids=lambda hook: hook["id"]
)
def test_hooks_run_what_the_checks_run(hook: dict[str, Any]) -> None:
    """The project's own tools, none that is downloaded."""
    tool = Path(hook["entry"].split()[0])
    check = (ROOT / "Makefile").read_text()

    assert hook["language"] == "system"
    assert (ROOT / tool).is_file()
    assert f"$(BIN)/{tool.name}" in check
