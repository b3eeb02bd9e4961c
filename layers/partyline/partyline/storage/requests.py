"""Make requests to DynamoDB: repeat throttled ones, raise the failures of a transaction by label, select by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from botocore.exceptions import ClientError

from partyline.aws.repeatable_errors import THROTTLES
from partyline.errors import Conflict, TableThrottled
from partyline.observability import count, logger
from partyline.storage import retry
from partyline.storage.attribute_values import from_dynamo, to_dynamo

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from partyline.aws.dynamodb import DynamoDb

Result = TypeVar("Result")

# The codes of a throttle among the reasons of a cancelled transaction, and of a statement.
_THROTTLE_REASONS = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"})
# The codes of a statement of a batch: those that are repeated, and those of a condition that does not hold.
_REPEATED_STATEMENTS = _THROTTLE_REASONS | {"TransactionConflict", "InternalServerError"}
_VOID_STATEMENTS = frozenset({"ConditionalCheckFailed", "DuplicateItem"})


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
        if error_code(error) in THROTTLES:
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


def execute_statements(client: DynamoDb | DynamoDBClient, statements: list[Any]) -> list[bool]:
    """Carry out the statements of one batch, each for itself; return which of them took effect.

    A statement whose condition does not hold, or whose item is there already, does nothing. Those that meet a
    transaction, or are throttled, are repeated. Raises TableThrottled when they are to the end, and ClientError.
    """
    rest, effective = list(range(len(statements))), [False] * len(statements)

    def attempt() -> None:
        answer = send(client.batch_execute_statement, Statements=[statements[number] for number in rest])
        errors = {number: one.get("Error", {}) for number, one in zip(rest, answer["Responses"], strict=True)}
        for number, error in errors.items():
            effective[number] = not error
        rest[:] = [number for number, error in errors.items() if error.get("Code") in _REPEATED_STATEMENTS]
        for error in errors.values():
            if error and error["Code"] not in _REPEATED_STATEMENTS | _VOID_STATEMENTS:
                raise ClientError({"Error": error}, "BatchExecuteStatement")
        if rest:
            raise RequestThrottled

    retry_throttled(attempt)
    return effective


def raise_write_error(label: str, error: ClientError) -> NoReturn:
    """Raise the reason why one write was not made.

    Raises Conflict for a condition that did not hold, Conflict with nothing in `failed` for a race, or else the error.
    """
    code = error_code(error)
    if code == "ConditionalCheckFailedException":
        found: Any = error.response.get("Item") or {}
        raise Conflict({label: from_dynamo(found)}) from error
    if code == "TransactionConflictException":
        raise Conflict({}) from error
    raise error


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
    if codes & _THROTTLE_REASONS or error_code(error) in THROTTLES:
        raise RequestThrottled from error
    raise error


def build_key_condition(index: str, pk: str, begins: str, between: tuple[str, str] | None) -> dict[str, Any]:
    """Build the parameters of a query that select items by their keys in the table or an index."""
    names, values = {"#pk": f"{index}PK"}, {":pk": pk}
    expression = "#pk = :pk"
    if between:
        expression += " AND #sk BETWEEN :low AND :high"
        values |= {":low": between[0], ":high": between[1]}
    elif begins:
        expression += " AND begins_with(#sk, :begins)"
        values[":begins"] = begins
    if between or begins:
        names["#sk"] = f"{index}SK"
    return {
        "KeyConditionExpression": expression,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": to_dynamo(values),
    }
