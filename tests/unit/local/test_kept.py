"""What `make run` keeps beside its state: accounts, passwords and ports, from run to run."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from local import kept, loopback


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kept, "STATE", tmp_path)
    return tmp_path


def test_accounts_and_passwords_stay() -> None:
    first, second = kept.keep("kept-1"), kept.keep("kept-1")

    assert (first.accounts, first.people) == (second.accounts, second.people)
    assert kept.keep("kept-2").accounts != first.accounts


def test_ports_stay_while_they_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept.keep("kept-1")
    assert kept.keep("kept-1").ports == first.ports

    monkeypatch.setattr(loopback, "is_free", lambda port: port != first.ports.emulator)
    moved = kept.keep("kept-1").ports
    assert moved.carriers == first.ports.carriers
    assert moved.emulator != first.ports.emulator
    assert kept.keep("kept-1").ports == moved


def test_nobody_else_on_this_machine_reads_it(state: Path) -> None:
    kept.keep("kept-1")

    assert stat.S_IMODE((state / "kept-1").stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "kept-1" / "accounts.json").stat().st_mode) == 0o600


def test_there_is_a_state_once_it_was_written(state: Path) -> None:
    assert kept.Kept().state is None
    assert kept.keep("kept-1").state is None
    (state / "kept-1" / "state.json").touch()
    assert kept.keep("kept-1").state == state / "kept-1" / "state.json"
