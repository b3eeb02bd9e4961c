"""What `make run` keeps for the next run on the same port: one directory under .partyline/, which `make clean` deletes.

accounts.json   the accounts, passwords and ports of the run
state.json      everything in the emulator and at the simulated carriers, at one instant (local/emulator_state.py)
blobs/          long values of it
files/          pictures that phones sent
emulator/       the keys of the emulator's user pool
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local import loopback
from local.accounts import Accounts
from local.environments import STATE
from local.people import People, Person


@dataclass(frozen=True)
class Ports:
    """The ports behind the front. What is deployed has them in its settings, so that they stay as long as they can."""

    emulator: int = field(default_factory=loopback.free_port)
    carriers: int = field(default_factory=loopback.free_port)

    def where_free(self) -> Ports:
        """The same ports, others in the place of those that another program has taken."""
        return Ports(**{name: port for name, port in asdict(self).items() if loopback.is_free(port)})


@dataclass(frozen=True)
class Kept:
    """What the accounts of a run are, and where its state is kept; without a directory it is not."""

    accounts: Accounts = field(default_factory=Accounts)
    people: People = field(default_factory=People)
    ports: Ports = field(default_factory=Ports)
    directory: Path | None = None

    @property
    def state(self) -> Path | None:
        """The file of what the emulator and the carriers have, if there is one."""
        file = self.directory / "state.json" if self.directory else None
        return file if file and file.is_file() else None


def keep(name: str) -> Kept:
    """Take up what the last run of this name kept, or begin to keep."""
    directory = STATE / name
    for part in (directory, directory / "blobs", directory / "files", directory / "emulator"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = directory / "accounts.json"
    kept = _read(json.loads(file.read_text()), directory) if file.is_file() else Kept(directory=directory)
    kept = Kept(kept.accounts, kept.people, kept.ports.where_free(), directory)
    # As a whole, or not at all: the state is worth nothing without its accounts.
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps({name: asdict(getattr(kept, name)) for name in ("accounts", "people", "ports")}))
    new.replace(file)
    return kept


def _read(content: dict[str, Any], directory: Path) -> Kept:
    people = People(**{name: Person(**person) for name, person in content["people"].items()})
    return Kept(Accounts(**content["accounts"]), people, Ports(**content["ports"]), directory)
