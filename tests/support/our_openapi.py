"""The OpenAPI document of our own resources, as a check of answers."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
# The document allows members of later versions. An answer of this version has none that it does not name.
_COMPONENTS = {
    "schemas": {
        name: {**schema, "additionalProperties": False} if "properties" in schema else schema
        for name, schema in DOCUMENT["components"]["schemas"].items()
    }
}
_PATHS = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in DOCUMENT["paths"]]


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    """Assert that an answer is as the document says, where it has the path and the method."""
    found = next((name for pattern, name in _PATHS if pattern.fullmatch(path)), None)
    operation = DOCUMENT["paths"][found].get(method.lower()) if found else None
    if operation is None or status == 405:
        return
    responses = operation["responses"]
    assert status >= 400 or str(status) in responses, (method, path, status)
    answer = responses.get(str(status), responses["default"])
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    if schema:
        _validator(json.dumps(schema)).validate(body)


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": _COMPONENTS})
