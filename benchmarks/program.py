"""One function or floor, in a process of its own, that tells the processor time of each call.

    python -m benchmarks.program FILE

It loads the file as Lambda does, and tells the time of that. Each line of its input is the event of a call, or `null`
to be told the most memory that it had. Times are seconds of user and system time together, of all threads. The file's
own output goes nowhere.

Nothing is imported here but what Lambda's runtime imports anyway.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO


class Context:
    """What Lambda tells a function of its invocation."""

    function_name = "function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""
        return 60_000


def load(path: Path) -> Any:
    """Load a file; return its handler."""
    spec = importlib.util.spec_from_file_location("app", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["app"] = module
    spec.loader.exec_module(module)
    return module.handler


def read_most_memory() -> int:
    """Return the most memory that this process had in RAM, in bytes, as Linux tells it; elsewhere 0.

    What `getrusage` tells has that of the process which started this one.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def main(path: Path, output: TextIO) -> None:
    """Load the file and call it, until the input ends."""

    def tell(**what: Any) -> None:
        output.write(json.dumps(what) + "\n")
        output.flush()

    began = time.process_time()
    handler = load(path)
    tell(seconds=time.process_time() - began)
    for line in sys.stdin:
        event = json.loads(line)
        if event is None:
            tell(memory=read_most_memory())
            continue
        began = time.process_time()
        answer = handler(event, Context())
        ended = time.process_time()
        tell(seconds=ended - began, answer=answer)


if __name__ == "__main__":
    told = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    main(Path(sys.argv[1]), told)
