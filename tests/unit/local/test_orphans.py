"""A program of `make run` ends when the one that started it was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CHILD = """
import time
from local.orphans import end_with_parent
end_with_parent()
print("watching", flush=True)
time.sleep(600)
"""
# Starts the child, and says so once it watches.
PARENT = f"""
import subprocess, sys, time
how = dict(stdout=subprocess.PIPE, text=True, start_new_session=True, pass_fds=[int(sys.argv[1])])
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], **how)
print(child.stdout.readline(), flush=True)
time.sleep(600)
"""


def test_a_program_ends_with_a_parent_that_is_killed() -> None:
    # Both have the other end; it is closed when both have ended.
    ours, theirs = os.pipe()
    command = [sys.executable, "-c", PARENT, str(theirs)]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, pass_fds=[theirs])
    os.close(theirs)
    try:
        assert parent.stdout
        assert parent.stdout.readline() == "watching\n"
    finally:
        parent.kill()
        parent.communicate()
    with os.fdopen(ours) as end:
        assert end.read() == ""
