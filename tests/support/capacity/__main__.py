"""Count, and print the tables; or write them into the documentation."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence

from tests.support import moto_table
from tests.support.capacity import pages
from tests.support.capacity.limits import Assumptions
from tests.support.capacity.template import StackTemplate

_WRITE = "--write"


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments say: NAME=VALUE sets a parameter or an assumption."""
    given = dict(one.split("=", 1) for one in arguments if one != _WRITE)
    assumed = {one.name for one in dataclasses.fields(Assumptions)} & given.keys()
    parameters = {name: value for name, value in given.items() if name not in assumed}
    assumptions = Assumptions(**{name: float(given[name]) for name in assumed})
    parts = pages.build_parts(pages.count_all(StackTemplate(parameters), assumptions))
    if _WRITE in arguments:
        for page in pages.PAGES:
            page.write_text(pages.fill(page.read_text(), parts))
    else:
        sys.stdout.write("\n".join(f"{name}\n\n{part}" for name, part in parts.items()))


if __name__ == "__main__":
    moto_table.install()
    try:
        main(sys.argv[1:])
    except ValueError as error:
        sys.exit(f"make capacity: {error}")
