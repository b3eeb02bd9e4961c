"""The processes of a run: the stand-in, and programs that are measured beside it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.certificates import write_certificate
from benchmarks.scenes import Scene
from benchmarks.stand_in import ASKED, HOST, KEEP, SET_UP
from local.environments import ROOT

# What the functions use for names of queues, in their variables and in events.
_QUEUES = "https://sqs.us-east-1.amazonaws.com"
_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Call:
    """A request to AWS that a program made."""

    service: str
    operation: str
    parameters: Any


class StandIn:
    """The stand-in for AWS. `url` is where it answers, `tls_url` where it does so over TLS, trusted by `bundle`."""

    def __init__(self, connection: http.client.HTTPConnection, tls_url: str, bundle: Path) -> None:
        self._connection = connection
        self.url, self.tls_url, self.bundle = f"http://{connection.host}:{connection.port}", tls_url, bundle

    def keep(self, scenes: Iterable[Scene]) -> None:
        """Hand over scenes."""
        for scene in scenes:
            self._ask(KEEP + scene.name, scene.items)

    def set_up(self, scene: str) -> None:
        """Have the table as it is in a scene."""
        self._ask(SET_UP + scene)

    def list_calls(self) -> list[Call]:
        """List what was asked since a scene was set up."""
        return [Call(*one) for one in self._ask(ASKED)]

    def _ask(self, path: str, body: Any = None) -> Any:
        self._connection.request("POST", path, json.dumps(body))
        return json.loads(self._connection.getresponse().read())


@contextmanager
def running_stand_in() -> Iterator[StandIn]:
    """The stand-in, until the end."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, bundle = write_certificate(HOST, Path(folder))
        with _start([sys.executable, "-m", "benchmarks.stand_in", str(certificate)], dict(os.environ)) as process:
            plain, secure = json.loads(_read_line(process))
            with closing(http.client.HTTPConnection(HOST, plain)) as connection:
                yield StandIn(connection, f"https://{HOST}:{secure}", bundle)


class Program:
    """A program that is measured; see `benchmarks.program`. It was loaded in `loaded` seconds of processor time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.loaded: float = json.loads(_read_line(process))["seconds"]

    def call(self, event: Any) -> tuple[float, Any]:
        """Call it; return the seconds of processor time that it took, and its answer."""
        told = self._ask(event)
        return told["seconds"], told["answer"]

    def read_most_memory(self) -> int:
        """Return the most memory that it had in RAM, in bytes; 0 where the system does not tell."""
        memory: int = self._ask(None)["memory"]
        return memory

    def _ask(self, event: Any) -> Any:
        assert self._process.stdin is not None  # noqa: S101  (it was started with pipes)
        self._process.stdin.write(json.dumps(event).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(_read_line(self._process))


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A file with a handler, and the variables of its function."""

    path: Path
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Launcher:
    """Starts programs by an interpreter, whose environment has what Lambda's has and what the floors need."""

    python: Path
    stand_in: StandIn

    @contextmanager
    def running(self, file: ProgramFile, *, tls: bool = False) -> Iterator[Program]:
        """A program that has been loaded, until the end."""
        command = [str(self.python), "-m", "benchmarks.program", str(file.path)]
        with _start(command, self._build_environment(file.variables, tls=tls)) as process:
            yield Program(process)

    def _build_environment(self, variables: Mapping[str, str], *, tls: bool) -> dict[str, str]:
        """Build what a function finds in Lambda, with the stand-in in place of AWS."""
        placed = {name: self.place(value) for name, value in variables.items()}
        return {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": _REGION,
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_SESSION_TOKEN": "example" * 100,
            "AWS_ENDPOINT_URL": self.stand_in.tls_url if tls else self.stand_in.url,
            "AWS_CA_BUNDLE": str(self.stand_in.bundle),
            # The SDK looks at these files, of which Lambda has none.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            **placed,
            "CARRIER_URLS": f"bandwidth_url={self.stand_in.url}",
        }

    def place(self, text: str) -> str:
        """Return a text with the stand-in in place of the address of queues."""
        return text.replace(_QUEUES, self.stand_in.url)


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a program of this project. It ends with its input, which ends with the context of the process."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "partyline")])
    return subprocess.Popen(
        command, cwd=ROOT, env={**environment, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _read_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None  # noqa: S101  (it was started with pipes)
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{' '.join(map(str, process.args))} has ended")  # type: ignore[arg-type]
    return line
