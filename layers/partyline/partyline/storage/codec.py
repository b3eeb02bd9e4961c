"""Encode the domain's data as attributes of items, and decode it. Keys are added elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from partyline import serialization
from partyline.domain.receipts import Receipt, rank
from partyline.storage.attribute_values import Item

Kind = TypeVar("Kind")


def encode(value: object) -> Item:
    """Encode a dataclass as attributes; a field that is None is left out."""
    return serialization.dump(value, without_none=True)


def decode(kind: type[Kind], item: Mapping[str, Any]) -> Kind:
    """Decode an item. It may have further attributes, or be of an earlier version."""
    return serialization.load(kind, item)


def encode_receipt(receipt: Receipt) -> Item:
    """Encode a receipt with the rank that its forward-only condition compares."""
    item = {**encode(receipt), "rank": rank(receipt.status)}
    return item if receipt.parts else {name: value for name, value in item.items() if name != "parts"}
