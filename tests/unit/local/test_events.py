"""What `make events` takes for a failure of a function."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from local.events import EVENTS, complaint, list_layers
from local.stack import LINES


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


def test_the_sample_that_registers_a_line_takes_one_that_is_free() -> None:
    sample = json.loads((EVENTS / "conversations" / "register-line.json").read_text())
    assert parse_qs(sample["body"])["Address"][0] not in dict(LINES)


def test_a_function_has_the_layers_of_all_and_its_own() -> None:
    template = EVENTS.parent / "template.yaml"
    shared, own = (template.parent / name / "python" for name in ("PartylineLayer", "CryptographyLayer"))
    assert list_layers(template, "RelayFunction") == [shared]
    assert list_layers(template, "PushFunction") == [shared, own]
