"""Write logs and metrics: JSON lines with stable event codes, and counters.

The message of a log line is its event code, and everything else is a field. The formatter masks phone numbers and
e-mail addresses in every field. Bodies, tokens and signatures are never logged.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import RESERVED_LOG_ATTRS, LambdaPowertoolsFormatter

from partyline.domain.addresses import mask

Handler = TypeVar("Handler", bound=Callable[..., Any])

NAMESPACE = "Partyline"
# The most metrics, and values of a metric, of one line.
_MOST = 100
_RESERVED = frozenset(RESERVED_LOG_ATTRS)
_encode = json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False).encode
_NUMBER = re.compile(r"\+[0-9]{7,15}")
# The part before an @ begins at a word boundary and is possessive: no word is scanned twice.
_NUMBER_OR_EMAIL = re.compile(_NUMBER.pattern + r"|(?<![^\s\"@,\\])[^\s\"@,\\]++@[^\s\"@,\\]+")


class MaskingFormatter(LambdaPowertoolsFormatter):
    """Masks every phone number and e-mail address in a line, except its last two characters."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line of JSON."""
        if record.exc_info or record.args:
            return super().format(record)
        # The same for what most records are, in half the time: a test compares them.
        fields = {
            **self.log_format,
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.msg,
            "timestamp": self.formatTime(record),
            **{name: value for name, value in record.__dict__.items() if name not in _RESERVED},
            "xray_trace_id": self._get_latest_trace_id(),
        }
        return self.serialize({name: value for name, value in fields.items() if value is not None})

    def serialize(self, log: Any) -> str:
        """Write the fields of a record as one line of JSON."""
        line = super().serialize(log)
        # Numbers are found by their first character; for e-mail every word is looked at.
        addresses = _NUMBER_OR_EMAIL if "@" in line else _NUMBER
        return addresses.sub(lambda match: mask(match.group()), line)


class Counters:
    """Counts what happens in an invocation, and writes it as one line of CloudWatch's embedded metric format.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    `service` is the dimension of all metrics. `counted` has the amounts that were added to each since the last line.
    """

    def __init__(self, namespace: str, service: str | None) -> None:
        self._namespace = namespace
        self._dimensions = {"service": service} if service else {}
        self._counting = Lock()
        self.counted: dict[str, list[float]] = {}

    def add(self, name: str, amount: float) -> None:
        """Add to a metric. Several threads may do so at once."""
        with self._counting:
            amounts = self.counted.setdefault(name, [])
            amounts.append(float(amount))
            full = self._take() if _MOST in (len(amounts), len(self.counted)) else {}
        self._write(full)

    def flush(self) -> None:
        """Write what was counted, if there is anything."""
        with self._counting:
            counted = self._take()
        self._write(counted)

    def _take(self) -> dict[str, list[float]]:
        counted, self.counted = self.counted, {}
        return counted

    def _write(self, counted: Mapping[str, list[float]]) -> None:
        if not counted:
            return
        definition = {
            "Namespace": self._namespace,
            "Dimensions": [[*self._dimensions]],
            "Metrics": [{"Name": name, "Unit": "Count"} for name in counted],
        }
        description = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [definition]}
        sys.stdout.write(_encode({"_aws": description, **self._dimensions, **counted}) + "\n")

    def log_metrics(self, handler: Handler) -> Handler:
        """Decorate a Lambda handler so that what it counts is written at its end."""

        @functools.wraps(handler)
        def run(event: Any, context: Any) -> Any:
            try:
                return handler(event, context)
            finally:
                self.flush()

        return run  # type: ignore[return-value]  # it is called as the handler is


# POWERTOOLS_SERVICE_NAME is the name of the stack. Messages are event codes: none is read as JSON.
logger = Logger(logger_formatter=MaskingFormatter(json_deserializer=str, json_serializer=_encode))
# Without this, powertools uses the level of Lambda, which is always INFO so that metrics pass.
logging.getLogger(logger.name).setLevel(os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO"))
metrics = Counters(NAMESPACE, os.environ.get("POWERTOOLS_SERVICE_NAME"))


def count(name: str, amount: int = 1) -> None:
    """Add to a metric. docs/operations.md lists the names."""
    metrics.add(name, amount)
