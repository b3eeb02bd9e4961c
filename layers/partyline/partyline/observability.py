"""Logs and metrics: JSON lines with stable event codes, and a count for every promise.

The message of a log line is its event code; everything else is a field. Phone numbers and e-mail addresses are masked
in the one formatter, whatever field they come in; bodies, tokens and signatures are never handed to it.
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
# A part before an @ begins where a word does and is taken whole, so no word is looked through twice.
_ADDRESS = re.compile(r"\+[0-9]{7,15}|(?<![^\s\"@,\\])[^\s\"@,\\]++@[^\s\"@,\\]+")


class MaskingFormatter(LambdaPowertoolsFormatter):
    """Hides all but the end of every phone number and e-mail address in a line."""

    def serialize(self, log: Any) -> str:
        """One line of JSON."""
        return _ADDRESS.sub(lambda match: mask(match.group()), super().serialize(log))


# The service's name is the stack's: POWERTOOLS_SERVICE_NAME.
logger = Logger(logger_formatter=MaskingFormatter())
# Powertools would go by the level that Lambda keeps, which is INFO for the sake of the metrics.
logging.getLogger(logger.name).setLevel(os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO"))
metrics = Metrics(namespace=NAMESPACE)


def count(name: str, amount: int = 1) -> None:
    """Add to a metric. Its names are listed in docs/operations.md."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=amount)


def flush() -> None:
    """Write what was counted, where counting is the exception; elsewhere `metrics.log_metrics` does it."""
    if metrics.metric_set:
        metrics.flush_metrics()
