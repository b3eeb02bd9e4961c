"""Convert items to DynamoDB's attribute values and back.

Requests, responses and stream records have attribute values.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]


class _WholeNumbers(TypeDeserializer):
    """Reads each number as an int: every stored number is whole."""

    def _deserialize_n(self, value: str) -> int:
        # A number may be written with an exponent.
        return int(Decimal(value))


_serialize = TypeSerializer().serialize
_deserialize = _WholeNumbers().deserialize


def to_dynamo(item: Mapping[str, Any]) -> dict[str, Any]:
    """Convert an item to attribute values."""
    return {name: _serialize(value) for name, value in item.items()}


def from_dynamo(item: Mapping[str, Any]) -> Item:
    """Convert attribute values to an item."""
    return {name: _deserialize(value) for name, value in item.items()}
