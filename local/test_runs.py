"""Run the tests in process and those end to end side by side.

    python -m local.test_runs [pytest's options]

The end-to-end tests mostly wait for a deployed stack. The tests in process use the processors meanwhile, at a lower
priority, so that no end-to-end test waits for them. What the end-to-end tests print is shown afterwards.
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

END_TO_END = ("tests/e2e",)
IN_PROCESS = ("tests/unit", "tests/project", "tests/integration", "tests/conformance")
PARALLEL = ("--numprocesses=auto", "--maxprocesses=4")

# pytest's exit status when no test was selected.
NONE_SELECTED = 5


def combine(statuses: Sequence[int]) -> int:
    """Return the exit status of the first run that failed. One run without a selected test is no failure."""
    failed = [status for status in statuses if status not in {0, NONE_SELECTED}]
    return failed[0] if failed else min(statuses)


def main(options: Sequence[str]) -> int:
    """Run both and return the exit status."""
    signal.signal(signal.SIGTERM, _stop)
    STATE.mkdir(exist_ok=True)
    log = STATE / "e2e.log"
    pytest = (sys.executable, "-m", "pytest", "--durations=10")
    with log.open("wb") as output:
        end_to_end = subprocess.Popen(
            [*pytest, *options, *END_TO_END], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
    in_process = subprocess.Popen([*_patient(), *pytest, *PARALLEL, *options, *IN_PROCESS], cwd=ROOT)
    try:
        first = in_process.wait()
        second = _show(log, end_to_end)
    except KeyboardInterrupt:
        # A terminal sends Ctrl-C to both as well: they tidy up by themselves.
        return combine([in_process.wait(), end_to_end.wait()])
    except SystemExit:
        for run in (in_process, end_to_end):
            run.terminate()
            run.wait()
        raise
    return combine([first, second])


def _patient() -> Sequence[str]:
    """The command that lowers a program's priority, where there is one."""
    return ("nice", "-n", "10") if shutil.which("nice") else ()


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
