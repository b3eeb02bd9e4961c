"""moto's DynamoDB, made quick: it takes most of the time of the integration tests.

moto copies the whole table before each write of a transaction, to be able to undo it. Here a stored item is never
changed in place, so a copy of the table shares its items.

moto looks for each of the ten types of a value in an answer under several names. Here under its own.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

from moto.core.serialize import AttributePicker
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_update_item = DynamoDBBackend.update_item
_pick = AttributePicker.__call__


def install() -> None:
    """Change moto for this process."""
    Table.__deepcopy__ = _share_items
    DynamoDBBackend.update_item = _update_copy
    AttributePicker.__call__ = _pick_by_name


def _share_items(table: Any, _: dict[int, Any]) -> Any:
    """A copy of a table and its stream that later writes to the table do not reach."""
    copied = copy.copy(table)
    copied.items = defaultdict(dict, {pk: dict(by_sk) for pk, by_sk in table.items.items()})
    if table.stream_shard is not None:
        copied.stream_shard = copy.copy(table.stream_shard)
        copied.stream_shard.table = copied
        copied.stream_shard.items = list(table.stream_shard.items)
    return copied


def _update_copy(backend: Any, table_name: str, key: dict[str, Any], *given: Any, **named: Any) -> Any:
    """Update an item that no copy of the table has."""
    table = backend.get_table(table_name)
    pk, sk = DynamoType(key[table.hash_key_attr]), DynamoType(key[table.range_key_attr])
    item = table.get_item(pk, sk)
    if item is not None:
        table.items[pk][sk] = copy.deepcopy(item)
    return _update_item(backend, table_name, key, *given, **named)


def _pick_by_name(picker: Any, context: Any) -> Any:
    """A member of a part of an answer."""
    parent = getattr(context.shape, "parent", None)
    if type(context.obj) is dict and parent is not None and parent.name == "AttributeValue":
        return context.obj.get(context.key)
    return _pick(picker, context)
