"""Convert items to DynamoDB's attribute values and back.

Requests, responses and stream records have attribute values. They are those of the SDK (boto3.dynamodb.types), with two
differences: a number is an int, since every stored one is whole, and there are no bytes. The SDK's own conversion takes
several times as long, and importing it loads the whole SDK.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any

Item = dict[str, Any]

# DynamoDB stores 38 digits, and refuses a number with more.
_MOST_DIGITS = 38


def to_dynamo(item: Mapping[str, Any]) -> dict[str, Any]:
    """Convert an item to attribute values. Raises TypeError for a value that is not stored, such as a float."""
    # Most attributes are texts.
    return {name: {"S": value} if type(value) is str else _to_value(value) for name, value in item.items()}


def from_dynamo(item: Mapping[str, Any]) -> Item:
    """Convert attribute values to an item."""
    return {name: value["S"] if "S" in value else _from_value(value) for name, value in item.items()}


def _to_value(value: Any) -> dict[str, Any]:
    kind: str
    content: Any = value
    match value:
        case str():
            kind = "S"
        case None:
            kind, content = "NULL", True
        case bool():
            kind = "BOOL"
        case int():
            kind, content = "N", _to_number(value)
        case dict() | Mapping():
            kind, content = "M", to_dynamo(value)
        case list() | tuple():
            kind, content = "L", [_to_value(one) for one in value]
        case _:
            kind, content = "SS", _to_texts(value)
    return {kind: content}


def _to_number(value: int) -> str:
    number = str(value)
    if len(number.lstrip("-").rstrip("0")) > _MOST_DIGITS:
        raise ValueError(f"a number has at most {_MOST_DIGITS} digits")
    return number


def _to_texts(value: Any) -> list[str]:
    """Convert what is neither of the other types: only a set of texts is stored."""
    if isinstance(value, AbstractSet) and value and all(isinstance(one, str) for one in value):
        return sorted(value)
    raise TypeError(f"no attribute value for a {type(value).__name__}")


def _from_value(value: Mapping[str, Any]) -> Any:
    [(kind, content)] = value.items()
    read = _READERS.get(kind)
    if read is None:
        raise TypeError(f"no value for the attribute type {kind}")
    return read(content)


def _from_number(number: str) -> int:
    # A number may be written with an exponent, or as 1.0.
    return int(number) if number.lstrip("-").isdecimal() else int(Decimal(number))


def _keep(content: Any) -> Any:
    return content


_READERS: dict[str, Callable[[Any], Any]] = {
    "S": _keep,
    "BOOL": _keep,
    "N": _from_number,
    "M": from_dynamo,
    "L": lambda content: [_from_value(one) for one in content],
    "NULL": lambda _: None,
    "SS": set,
}
