"""Call AWS services of the JSON protocol, such as DynamoDB, with a signed POST over a kept connection.

The SDK does the same from a model of each service, which takes two thirds of the time of an inbound text. What it
promises is kept: signed requests, credentials that are renewed, time-outs, a second attempt where one can help, and
checked answers. Errors are those of the SDK, so a caller need not know which client it has.

Delivery: at least once. A request whose answer was lost is repeated, as the SDK does.
"""

from __future__ import annotations

import json
import random
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)

from partyline import __version__
from partyline.aws.connections import ConnectFailed, ConnectionPool
from partyline.aws.credential_source import CredentialSource
from partyline.aws.repeatable_errors import REPEATED
from partyline.aws.request_signature import SigningScope, sign
from partyline.frozen_classes import frozen

_REPEATED_STATUSES = frozenset({500, 502, 503, 504})
# The request was signed at another time than AWS has, or with credentials that have ended.
_SKEWED = frozenset({"InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException"})
_encode = json.JSONEncoder(separators=(",", ":")).encode
# A smaller difference is no reason to refuse a request.
_LEAST_SKEW = timedelta(minutes=4)


@frozen
class JsonService:
    """A service: its name in signatures and addresses, and how it names its operations (`X-Amz-Target`).

    `variable` is its name in the variables of the environment, where that is another one. A service that is query
    compatible had another protocol before. It is asked for the codes of errors of that time, as the SDK does.
    """

    name: str
    target: str
    version: str = "1.0"
    variable: str = ""
    is_query_compatible: bool = False


class _NotAnswered(Exception):
    """An attempt failed in a way in which the next one may not; `error` is what a caller gets."""

    def __init__(self, error: BotoCoreError | ClientError) -> None:
        super().__init__()
        self.error = error


def pause_before_repeat(number: int) -> None:
    """Wait up to a tenth of a second after the first attempt, and twice as long after each further one."""
    time.sleep(random.uniform(0, 0.05 * 2**number))  # noqa: S311  (it spreads requests; nothing is secret)


@dataclass(slots=True)
class JsonClient:
    """Calls one service over the connections of `pool`.

    `attempts` are all that are made. `clock` and `pause` (with the number of the attempt) can be replaced by a test.
    """

    service: JsonService
    region: str
    pool: ConnectionPool
    credentials: CredentialSource
    attempts: int = 2
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[int], None] = pause_before_repeat
    _skew: timedelta = field(default=timedelta(), init=False)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation; return its answer. Parameters and answers have the SDK's form, but without bytes.

        Raises ClientError for an error that the service answers, and another BotoCoreError without an answer.
        """
        body = _encode(parameters).encode()
        for number in range(1, self.attempts):
            try:
                return self._attempt(operation, body)
            except _NotAnswered:
                self.pause(number)
        try:
            return self._attempt(operation, body)
        except _NotAnswered as failure:
            raise failure.error from failure.__cause__

    def _attempt(self, operation: str, body: bytes) -> dict[str, Any]:
        headers = self._build_headers(operation, body)
        try:
            answer = self.pool.post(headers, body)
        except (ConnectFailed, OSError, HTTPException) as error:
            raise _NotAnswered(self._build_error(error)) from error
        content = answer.body
        if answer.status != HTTPStatus.OK:
            raise self._read_error(operation, answer.status, answer.headers, content)
        if not _has_checksum(answer.headers, content):
            raise _NotAnswered(HTTPClientError(error="the answer does not have its checksum"))
        try:
            found: dict[str, Any] = json.loads(content or b"{}")
        except ValueError as error:
            raise _NotAnswered(HTTPClientError(error="the answer is no JSON")) from error
        return found

    def _build_headers(self, operation: str, body: bytes) -> dict[str, str]:
        headers = {
            "host": self.pool.host,
            "content-type": f"application/x-amz-json-{self.service.version}",
            "x-amz-target": f"{self.service.target}.{operation}",
        }
        if self.service.is_query_compatible:
            headers["x-amzn-query-mode"] = "true"
        scope = SigningScope(self.region, self.service.name)
        signed = sign(headers, body, self.credentials.fetch(), scope, self.clock() + self._skew)
        return {**signed, "user-agent": f"partyline/{__version__}"}

    def _build_error(self, error: Exception) -> BotoCoreError:
        endpoint = self.pool.endpoint
        if isinstance(error, ConnectFailed):
            is_late = isinstance(error.__cause__, TimeoutError)
            kind = ConnectTimeoutError if is_late else EndpointConnectionError
            return kind(endpoint_url=endpoint, error=error.__cause__)
        if isinstance(error, TimeoutError):
            return ReadTimeoutError(endpoint_url=endpoint, error=error)
        return HTTPClientError(error=error)

    def _read_error(self, operation: str, status: int, headers: Mapping[str, str], content: bytes) -> Exception:
        """Return the error of an answer: one to raise at once, or _NotAnswered when another attempt may help."""
        error = _parse_error(operation, status, headers, content)
        code = error.response["Error"]["Code"]
        if code in _EXPIRED:
            self.credentials.forget()
        corrected = code in _SKEWED and self._correct_clock(headers)
        may_help = corrected or code in _EXPIRED or code in REPEATED or status in _REPEATED_STATUSES
        return _NotAnswered(error) if may_help else error

    def _correct_clock(self, headers: Mapping[str, str]) -> bool:
        """Sign with the service's time from now on; return whether it differs from what was used."""
        try:
            skew = parsedate_to_datetime(headers.get("date", "")) - self.clock()
        # A date without a zone cannot be compared.
        except (TypeError, ValueError):
            return False
        if abs(skew - self._skew) < _LEAST_SKEW:
            return False
        self._skew = skew
        return True


def _has_checksum(headers: Mapping[str, str], content: bytes) -> bool:
    """Whether an answer has the checksum that it names, if it names one."""
    named = headers.get("x-amz-crc32")
    try:
        return named is None or int(named) == zlib.crc32(content)
    except ValueError:
        return False


def _parse_error(operation: str, status: int, headers: Mapping[str, str], content: bytes) -> ClientError:
    """Build the error of the SDK. Besides the code it has the members of the answer, such as CancellationReasons."""
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    body: dict[str, Any] = found if isinstance(found, dict) else {}
    kind = str(body.pop("__type", None) or headers.get("x-amzn-errortype") or status)
    # Of a service that is query compatible: the code, and whose fault it is.
    earlier_code = headers.get("x-amzn-query-error", "").partition(";")[0]
    message = body.get("message", body.get("Message")) or ""
    response: Any = body | {
        "Error": {"Code": earlier_code or kind.rpartition("#")[2].partition(":")[0], "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": headers.get("x-amzn-requestid", "")},
    }
    return ClientError(response, operation)
