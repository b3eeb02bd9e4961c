"""Write logs and metrics: JSON lines with stable event codes, and counters.

The message of a log line is its event code, and everything else is a field. The formatter masks phone numbers and
e-mail addresses in every field. Bodies, tokens and signatures are never logged.
"""

from __future__ import annotations

import logging
import os
import re
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit

from partyline.domain.addresses import mask

NAMESPACE = "Partyline"
_NUMBER = re.compile(r"\+[0-9]{7,15}")
# The part before an @ begins at a word boundary and is possessive: no word is scanned twice.
_NUMBER_OR_EMAIL = re.compile(_NUMBER.pattern + r"|(?<![^\s\"@,\\])[^\s\"@,\\]++@[^\s\"@,\\]+")


class MaskingFormatter(LambdaPowertoolsFormatter):
    """Masks every phone number and e-mail address in a line, except its last two characters."""

    def serialize(self, log: Any) -> str:
        """Format a record as one line of JSON."""
        line = super().serialize(log)
        # Numbers are found by their first character; for e-mail every word is looked at.
        addresses = _NUMBER_OR_EMAIL if "@" in line else _NUMBER
        return addresses.sub(lambda match: mask(match.group()), line)


# POWERTOOLS_SERVICE_NAME is the name of the stack. Messages are event codes: none is read as JSON.
logger = Logger(logger_formatter=MaskingFormatter(json_deserializer=str))
# Without this, powertools uses the level of Lambda, which is always INFO so that metrics pass.
logging.getLogger(logger.name).setLevel(os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO"))
metrics = Metrics(namespace=NAMESPACE)


def count(name: str, amount: int = 1) -> None:
    """Add to a metric. docs/operations.md lists the names."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=amount)


def flush() -> None:
    """Write the metrics, if there are any. Use it instead of `metrics.log_metrics` where most runs count nothing."""
    if metrics.metric_set:
        metrics.flush_metrics()
