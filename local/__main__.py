"""Start from a bare interpreter: make the environments, then continue in the one for development."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from local.environments import ROOT, SetupError, ensure
from local.run import cors_origins, front_port


def main() -> None:
    """Become `python -m local.run` in the development environment."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        # Check the options first: the environments take a while.
        front_port()
        cors_origins()
        home = ensure("dev")
        ensure("emulator")
    except SetupError as error:
        sys.exit(f"partyline: {error}")
    except KeyboardInterrupt:
        sys.exit("partyline: stopped")
    os.chdir(ROOT)
    python = str(home / "bin" / "python")
    os.execv(python, [python, "-m", "local.run"])


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
