"""JSON texts that callers write: attributes, numbers, participants. Pure."""

from __future__ import annotations

import json
from typing import Any


def parse_json(value: str) -> Any:
    """Parse a JSON text.

    Raises ValueError, also for what other parsers refuse: NaN, unpaired surrogates, endless nesting.
    """
    try:
        parsed = json.loads(value, parse_constant=_refuse_constant)
        json.dumps(parsed, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return parsed


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
