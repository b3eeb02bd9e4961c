"""Programs that this one starts: each in a process group of its own, so that stopping it stops all it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProgramError(Exception):
    """A program failed; the message ends with the last lines of its output."""


class Program:
    """A running program, with a file that collects what it says."""

    def __init__(self, name: str, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        # A signal between the fork and the assignment would leave a program that is never stopped.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
        try:
            with log.open("wb") as output:
                self._process = subprocess.Popen(
                    list(command),
                    cwd=cwd,
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_listen,  # noqa: PLW1509 - one system call, and the only way to undo the mask
                )
        finally:
            _listen()

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def finish(self) -> None:
        """Wait for its end. Raises ProgramError when it failed; stops it when the wait is interrupted."""
        try:
            status = self._process.wait()
        except BaseException:
            self.stop(grace=1)
            raise
        if status != 0:
            raise ProgramError(f"{self.name} failed (status {status}):\n{self.read_log_tail()}")

    def stop(self, grace: float = 5) -> None:
        """Stop it and everything it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        # Whatever it started may have outlived it, or not have listened.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill(self) -> None:
        """Kill it and everything it started, as a power cut would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def read_log_tail(self, lines: int = 30) -> str:
        """Return the last lines of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def _listen() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
