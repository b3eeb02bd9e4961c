"""What a text costs: what was counted, at AWS's list prices. Dollars for a million texts."""

from __future__ import annotations

from tests.support.capacity.limits import StackLimits

# Dollars for a million, in us-east-1, in November 2026, without AWS's free tier.
GATEWAY_REQUEST = 3.50
LAMBDA_RUN = 0.20
LAMBDA_GIGABYTE_SECOND = 13.33  # on arm64
WRITE_UNIT = 0.625
READ_UNIT = 0.125
QUEUE_REQUEST = 0.50
LOG_GIGABYTE = 0.50
# What Lambda and the gateway log of a run by themselves, in bytes.
RUN_LOG = 700

_MEGABYTES = 1024
_GIGABYTE = 1024**3
_MILLION = 1_000_000
# The functions that the gateway calls.
_REQUESTED = ("conversations", "inbound")


def list_prices(limits: StackLimits) -> dict[str, float]:
    """List the price of each service for a million texts of a flow."""
    count, total = limits.count, limits.count.total
    megabyte_seconds = sum(limits.busy_seconds(name) * limits.template.memory(name) for name in count.parts)
    logged = total.log_bytes + total.invocations * RUN_LOG
    return {
        "API Gateway": sum(count.of(name).invocations for name in _REQUESTED) * GATEWAY_REQUEST,
        "Lambda": total.invocations * LAMBDA_RUN + megabyte_seconds / _MEGABYTES * LAMBDA_GIGABYTE_SECOND,
        "DynamoDB": total.all_writes * WRITE_UNIT + total.reads * READ_UNIT,
        "SQS": (total.queue_requests + total.polls) * QUEUE_REQUEST,
        "CloudWatch Logs": logged / _GIGABYTE * LOG_GIGABYTE * _MILLION,
    }
