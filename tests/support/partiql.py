"""The statements of PartiQL that the project uses, as the requests of DynamoDB that do the same.

The emulator carries out such statements. moto and the table in memory are given these requests instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_UPDATE = re.compile(r'UPDATE "([^"]+)" ((?:SET "\w+"=\? )+)WHERE "PK"=\? AND "SK"=\?(?: AND "(\w+)"<\?)?')
_INSERT = re.compile(r"""INSERT INTO "([^"]+)" VALUE \{((?:'\w+':\?,?)+)\}""")
MOST = 25


def to_write(statement: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return what a statement does, `Update` or `Put`, with the parameters of the request. Raises ValueError."""
    text, values = statement["Statement"], list(statement["Parameters"])
    if found := _UPDATE.fullmatch(text):
        return "Update", _to_update(found[1], re.findall(r'"(\w+)"', found[2]), found[3], values)
    if found := _INSERT.fullmatch(text):
        names = re.findall(r"'(\w+)'", found[2])
        item = dict(zip(names, values, strict=True))
        return "Put", {"TableName": found[1], "Item": item, "ConditionExpression": "attribute_not_exists(PK)"}
    raise ValueError(text)


def _to_update(table: str, names: list[str], below: str | None, values: list[Any]) -> dict[str, Any]:
    condition = "attribute_exists(PK)"
    attributes = {f"#s{number}": name for number, name in enumerate(names)}
    given = {f":s{number}": value for number, value in enumerate(values[: len(names)])}
    pk, sk, *limit = values[len(names) :]
    if below:
        condition += " AND #below < :below"
        attributes["#below"] = below
        [given[":below"]] = limit
    return {
        "TableName": table,
        "Key": {"PK": pk, "SK": sk},
        "UpdateExpression": "SET " + ", ".join(f"#s{number} = :s{number}" for number in range(len(names))),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": attributes,
        "ExpressionAttributeValues": given,
    }


def to_error(operation: str, code: str, message: str) -> dict[str, Any]:
    """Return the answer for a statement whose request would fail."""
    failed = code.removesuffix("Exception")
    name = "DuplicateItem" if (operation, failed) == ("Put", "ConditionalCheckFailed") else failed
    return {"Error": {"Code": name.replace("Validation", "ValidationError"), "Message": message}}
