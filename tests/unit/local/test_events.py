"""What `make events` takes for a failure of a function."""

from __future__ import annotations

from typing import Any

import pytest

from local.events import complaint


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("relay", None),
        ("outbound", {"batchItemFailures": []}),
        ("inbound", {"statusCode": 403, "body": ""}),
        ("authorizer", {"errorType": "Exception", "errorMessage": "Unauthorized"}),
    ],
)
def test_what_a_function_may_answer(function: str, answer: Any) -> None:
    assert complaint(function, answer) is None


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("relay", {"errorType": "KeyError", "errorMessage": "'sid'"}),
        ("inbound", {"errorType": "Exception", "errorMessage": "Unauthorized"}),
        ("conversations", {"statusCode": 500, "body": "{}"}),
        ("outbound", {"batchItemFailures": [{"itemIdentifier": "a"}]}),
    ],
)
def test_what_is_a_failure(function: str, answer: Any) -> None:
    assert complaint(function, answer)
