"""Make the sample conversations in a running stack: `python -m local.samples`, with the variables of local.env."""

from __future__ import annotations

import os
import sys

from local.samples.client import Refused, Stack
from local.samples.seed import Seed


def main() -> int:
    """Make what is not there yet. The result is the exit status."""
    names = ("PARTYLINE_URL", "PARTYLINE_ACCOUNT_SID", "PARTYLINE_AUTH_TOKEN")
    try:
        if Seed(Stack(*(os.environ[name] for name in names))).run():
            print("the sample conversations are there")
    except (Refused, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
