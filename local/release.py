"""Name the release in a built template, so that a deployment publishes a version of every function.

A version holds the variables of its function, and many of them are parameters of the stack. SAM publishes a version
when the text of the template changes, which the value of a parameter does not (aws/serverless-application-model#3820):
a changed parameter would stay without effect. The name of the release is text, and a variable of every function.

`python -m local.release FILE` names it by the time. `make build` does that.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

_VARIABLE = re.compile(r"(?m)^( +RELEASE:) .*$")


def name_release(template: str, release: str) -> str:
    """Return the text of a template with the name of the release. Raises ValueError if it has no place for it."""
    named, places = _VARIABLE.subn(lambda found: f"{found[1]} {json.dumps(release)}", template)
    if places != 1:
        raise ValueError(f"RELEASE stands in the template {places} times")
    return named


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(name_release(path.read_text(), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"))
