"""End with the program that started this one, even if that was killed and could not say so.

It imports nothing beyond the standard library: the emulator's environment has nothing else of ours.
"""

from __future__ import annotations

import os
import signal
import threading
import time

_LOOK_EVERY = 0.5


def end_with_parent() -> None:
    """From now on, end this program when its parent is gone; and what it started, if it leads a group of its own."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="parent").start()
