"""Track how long the current invocation can still run. A function has one invocation at a time."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext

Handler = TypeVar("Handler", bound=Callable[..., Any])

_ends = [math.inf]


def track_deadline(handler: Handler) -> Handler:
    """Decorate a Lambda handler so that `seconds_left` works during its invocations."""

    @functools.wraps(handler)
    def run(event: dict[str, Any], context: LambdaContext) -> Any:
        _ends[0] = time.monotonic() + context.get_remaining_time_in_millis() / 1000
        try:
            return handler(event, context)
        finally:
            _ends[0] = math.inf

    return run  # type: ignore[return-value]  # it is called as the handler is


def seconds_left() -> float:
    """Return the seconds until Lambda ends the invocation; infinite outside of an invocation."""
    return _ends[0] - time.monotonic()
