"""Make requests to DynamoDB: repeat throttled ones, and raise the failures of a transaction by label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from botocore.exceptions import ClientError

from partyline.errors import Conflict, TableThrottled
from partyline.observability import count, logger
from partyline.storage import retry
from partyline.storage.attribute_values import from_dynamo

Result = TypeVar("Result")

# DynamoDB's codes for a request that it refused as too fast and did not carry out.
_THROTTLES = frozenset(
    {
        *("ProvisionedThroughputExceededException", "ThrottlingException", "ThrottlingError", "Throttling"),
        *("RequestLimitExceeded", "RequestThrottled"),
    }
)
# The same codes among the reasons of a cancelled transaction.
_THROTTLE_REASONS = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"})


class RequestThrottled(Exception):
    """DynamoDB refused a request as too fast."""


def error_code(error: ClientError) -> str:
    """Return DynamoDB's code of an error."""
    return error.response["Error"]["Code"]


def send(request: Callable[..., Any], **parameters: Any) -> Any:
    """Make a request once. Raises RequestThrottled."""
    try:
        return request(**parameters)
    except ClientError as error:
        if error_code(error) in _THROTTLES:
            raise RequestThrottled from error
        raise


def send_with_retries(request: Callable[..., Any], **parameters: Any) -> Any:
    """Make a request, and repeat it while it is throttled. Raises TableThrottled."""
    return retry_throttled(lambda: send(request, **parameters))


def retry_throttled(attempt: Callable[[], Result]) -> Result:
    """Repeat an attempt that raises RequestThrottled, for as long as the invocation has time.

    Raises TableThrottled when the last attempt is throttled too.
    """
    tries = 0

    def counted() -> Result:
        nonlocal tries
        tries += 1
        return attempt()

    try:
        return retry.THROTTLED.run(counted, can_retry=lambda error: isinstance(error, RequestThrottled))
    except RequestThrottled as error:
        logger.error("table.throttled", tries=tries)
        count("TableThrottled")
        raise TableThrottled("the table is too busy") from error


def raise_transaction_error(labels: Sequence[str], error: ClientError) -> NoReturn:
    """Raise the reason why a transaction was not written; `labels` name its writes, in their order.

    Raises, in this order: Conflict for a condition that did not hold; Conflict with nothing in `failed` for a race;
    RequestThrottled; or the error itself.
    """
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code") for reason in reasons}
    if "ConditionalCheckFailed" in codes:
        failed = {
            label: from_dynamo(reason.get("Item") or {})
            for label, reason in zip(labels, reasons, strict=False)
            if reason.get("Code") == "ConditionalCheckFailed"
        }
        raise Conflict(failed) from error
    if "TransactionConflict" in codes:
        raise Conflict({}) from error
    if codes & _THROTTLE_REASONS or error_code(error) in _THROTTLES:
        raise RequestThrottled from error
    raise error
