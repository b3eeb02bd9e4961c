"""moto's values and items, made quick: nearly all values are texts, and no value but a map or a list changes.

moto finds the type of a value out by asking for one after the other, and measures an item anew for each attribute that
it gets. Here a text is compared and measured at once, copies share what cannot change, a new item is measured once, and
a stored one once for all queries.
"""

from __future__ import annotations

from typing import Any

from moto.dynamodb import responses
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import utilities
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

# Of a whole item, in bytes: moto's own bound.
_MAX_SIZE = 405_000
_CHANGEABLE = frozenset({"M", "L", "SS", "NS", "BS"})

_cast_value = DynamoType.cast_value.fget
_copy_value = DynamoType.__deepcopy__
_size = DynamoType.size
_item_size = Item.size
_to_regular_json = DynamoType.to_regular_json
_to_dict = utilities.dynamo_to_dict


def install() -> None:
    """Change moto for this process."""
    DynamoType.cast_value = property(lambda value: value.value if value.type == "S" else _cast_value(value))
    DynamoType.__deepcopy__ = _share_value
    DynamoType.__hash__ = lambda value: hash(value.value if value.type == "S" else (value.type, _cast_value(value)))
    DynamoType.__eq__ = _equals
    DynamoType.size = lambda value: len(value.value.encode()) if value.type == "S" else _size(value)
    DynamoType.to_regular_json = _to_json
    Item.__init__ = _make_item
    Item.size = _measure_once
    responses.dynamo_to_dict = utilities.dynamo_to_dict = _answer_with


def _equals(value: Any, other: Any) -> bool:
    if value.type == "S":
        return bool(other.type == "S" and other.value == value.value)
    return bool(value.type == other.type and value.cast_value == other.cast_value)


def _share_value(value: Any, memo: dict[int, Any]) -> Any:
    return _copy_value(value, memo) if value.type in _CHANGEABLE else value


def _to_json(value: Any) -> Any:
    return {"S": value.value} if value.type == "S" else _to_regular_json(value)


def _answer_with(value: Any) -> Any:
    """A part of an answer, without moto's classes."""
    if type(value) is DynamoType and value.type == "S":
        return {"S": value.value}
    return value if type(value) is str else _to_dict(value)


def _make_item(item: Any, hash_key: Any, range_key: Any, attrs: dict[str, Any]) -> None:
    item.hash_key, item.range_key, item.attrs = hash_key, range_key, LimitedSizeDict()
    dict.update(item.attrs, {name: DynamoType(value) for name, value in attrs.items()})
    # It is not stored yet, and an update adds to it.
    if _item_size(item) > _MAX_SIZE:
        raise ItemSizeTooLarge


def _measure_once(item: Any) -> int:
    """Measure a stored item. It is never changed, and a copy of it is measured anew (tests/support/moto_table.py)."""
    if not hasattr(item, "measured"):
        item.measured = _item_size(item)
    return int(item.measured)
