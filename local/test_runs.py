"""Run the tests in process, those end to end and those of the inbox side by side.

    python -m local.test_runs [pytest's options]

The end-to-end tests mostly wait for a deployed stack, and those of the inbox for a browser; each of the two has a
stack of its own, where one test follows the other. The tests in process use the processors meanwhile, at a lower
priority, so that nobody waits for them. What the others print is shown afterwards.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from local.environments import ROOT, STATE

# The paths of each run that has a stack, by its name.
END_TO_END = {"e2e": ("tests/e2e", "--ignore=tests/e2e/inbox"), "inbox": ("tests/e2e/inbox",)}
IN_PROCESS = ("tests/simulation", "tests/unit", "tests/project", "tests/integration", "tests/conformance")
# A file is run by one process, so that what its tests share is made once.
PARALLEL = ("--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder")

# pytest's exit status when no test was selected.
NONE_SELECTED = 5


def combine(statuses: Sequence[int]) -> int:
    """Return the exit status of the first run that failed. A run without a selected test is no failure."""
    failed = [status for status in statuses if status not in {0, NONE_SELECTED}]
    return failed[0] if failed else min(statuses)


def main(options: Sequence[str]) -> int:
    """Run them all and return the exit status."""
    signal.signal(signal.SIGTERM, _stop)
    STATE.mkdir(exist_ok=True)
    pytest = (sys.executable, "-m", "pytest", "--durations=10")
    behind = {
        STATE / f"{name}.log": _begin([*pytest, *options, *paths], STATE / f"{name}.log")
        for name, paths in END_TO_END.items()
    }
    in_process = subprocess.Popen([*_patient(), *pytest, *PARALLEL, *options, *IN_PROCESS], cwd=ROOT)
    try:
        return combine([in_process.wait(), *(_show(log, run) for log, run in behind.items())])
    except KeyboardInterrupt:
        # A terminal sends Ctrl-C to all of them as well: they tidy up by themselves.
        return combine([run.wait() for run in (in_process, *behind.values())])
    except SystemExit:
        for run in (in_process, *behind.values()):
            run.terminate()
        for run in (in_process, *behind.values()):
            run.wait()
        raise


def _begin(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program that writes into a log."""
    with log.open("wb") as output:
        return subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)


def _patient() -> Sequence[str]:
    """The command that lowers a program's priority, where there is one."""
    return ("nice", "-n", "15") if shutil.which("nice") else ()


def _show(log: Path, run: subprocess.Popen[bytes]) -> int:
    """Print a log while its program runs, and return the program's exit status."""
    with log.open("rb") as lines:
        while True:
            status = run.poll()
            sys.stdout.buffer.write(lines.read())
            sys.stdout.buffer.flush()
            if status is not None:
                return status
            time.sleep(0.2)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
