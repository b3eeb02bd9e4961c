"""The build of the inbox: when it happens, and where its packages are. Vite and npm are stood in for."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import inbox
from local.environments import SetupError


class Project:
    """An app with its packages, and what was run to build it."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.runs: list[str] = []
        self.fails = False
        self.modules = root / ".partyline" / "inbox" / "node_modules"
        self.modules.mkdir(parents=True)
        self.source = root / "inbox" / "src" / "main.tsx"
        self.client = root / "clients" / "rest.js"
        for path in (self.source, self.client, root / "inbox" / "package-lock.json"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("first")
        patch.setattr(inbox, "ROOT", root)
        patch.setattr(inbox, "APP", root / "inbox")
        patch.setattr(inbox, "SITE", root / "site")
        patch.setattr(inbox, "_STAMP", root / ".partyline" / "inbox-site")
        patch.setattr(inbox, "_CLIENTS", root / "clients")
        patch.setattr(inbox, "install_modules", lambda _name, _project: self.modules)
        patch.setattr(inbox, "_run_tool", self._run)

    def _run(self, script: Path, *_arguments: str) -> str:
        if self.fails:
            raise SetupError("cannot build the inbox")
        self.runs.append(script.name)
        if script.name == "site.ts":
            (self.root / "site").mkdir(exist_ok=True)
            (self.root / "site" / "files.json").touch()
        return "first load: 1\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


BUILD = ["vite.js", "site.ts"]


def test_the_app_is_built_once(project: Project) -> None:
    reported: list[str] = []
    assert inbox.build(reported.append) == inbox.build(reported.append) == project.root / "site"
    assert project.runs == BUILD
    assert reported == ["first load: 1"]


@pytest.mark.parametrize("changed", ["source", "client"])
def test_what_the_app_is_made_of_builds_it_anew(project: Project, changed: str) -> None:
    inbox.build()
    getattr(project, changed).write_text("second")
    inbox.build()
    assert project.runs == BUILD * 2


def test_a_new_source_and_a_lost_site_build_it_anew(project: Project) -> None:
    inbox.build()
    project.source.with_name("new.ts").touch()
    inbox.build()
    (project.root / "site" / "files.json").unlink()
    inbox.build()
    assert project.runs == BUILD * 3


def test_tests_and_what_a_build_makes_do_not(project: Project) -> None:
    inbox.build()
    for name in ("tests/a.test.ts", "dist/index.html", "README.md"):
        path = project.root / "inbox" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (project.modules / "package.json").touch()
    inbox.build()
    assert project.runs == BUILD


def test_a_build_that_failed_is_tried_again(project: Project) -> None:
    inbox.build()
    project.source.write_text("wrong")
    project.fails = True
    with pytest.raises(SetupError):
        inbox.build()
    project.source.write_text("first")
    project.fails = False
    inbox.build()
    # The site is as it was, but nobody knows.
    assert project.runs == BUILD * 2


@pytest.mark.parametrize("before", ["nothing", "directory", "file", "wrong link", "dangling link"])
def test_the_packages_are_linked_into_the_project_whatever_was_there(project: Project, before: str) -> None:
    place = project.root / "inbox" / "node_modules"
    if before == "directory":
        (place / "preact").mkdir(parents=True)
    elif before == "file":
        place.touch()
    elif before != "nothing":
        (project.root / "elsewhere").mkdir()
        place.symlink_to(project.root / ("elsewhere" if before == "wrong link" else "gone"))
    assert inbox.install() == inbox.install() == place
    assert place.is_symlink()
    assert place.resolve() == project.modules.resolve()
    assert (project.root / "elsewhere").is_dir() == (before in {"wrong link", "dangling link"})
