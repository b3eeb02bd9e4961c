"""The codes of errors after which a request can be repeated, by the SDK's list (botocore.retries.standard)."""

from __future__ import annotations

# The request was refused as too fast, and not carried out.
THROTTLES = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException"),
        *("TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException", "BandwidthLimitExceeded"),
        *("ProvisionedThroughputExceededException", "PriorRequestNotComplete", "SlowDown", "EC2ThrottledException"),
    }
)
# It may succeed a moment later.
REPEATED = THROTTLES | {"TransactionInProgressException", "RequestTimeout", "RequestTimeoutException"}
