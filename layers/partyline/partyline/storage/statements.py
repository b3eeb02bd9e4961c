"""Writes as statements of PartiQL: several that do not depend on each other go in one request.

Each has its own condition, and takes the units of a single write. A transaction takes twice as many, and fails as a
whole where one condition does not hold; BatchWriteItem takes no conditions. Everything else is written by a Write
(partyline.storage.table).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partyline.frozen_classes import frozen
from partyline.storage.attribute_values import to_dynamo
from partyline.storage.keys import Key


@frozen
class Statement:
    """One statement: what stands before and after the name of the table, and the values of its question marks."""

    verb: str
    rest: str
    values: tuple[Any, ...]

    def to_request(self, table: str) -> dict[str, Any]:
        """Return the part of a BatchExecuteStatement."""
        parameters = [to_dynamo({"value": value})["value"] for value in self.values]
        return {"Statement": f'{self.verb} "{table}" {self.rest}', "Parameters": parameters}


def update(key: Key, sets: Mapping[str, Any], *, below: tuple[str, int] | None = None) -> Statement:
    """Build the statement that sets attributes of an item, if there is one.

    With `below`, an attribute and a number, only while the attribute is less.
    """
    clauses = " ".join(f'SET "{name}"=?' for name in sets)
    where, values = '"PK"=? AND "SK"=?', [*sets.values(), key.pk, key.sk]
    if below:
        where += f' AND "{below[0]}"<?'
        values.append(below[1])
    return Statement("UPDATE", f"{clauses} WHERE {where}", tuple(values))


def insert(key: Key, item: Mapping[str, Any]) -> Statement:
    """Build the statement that stores an item, unless there is one with its key."""
    attributes = {**key.attributes(), **item}
    fields = ",".join(f"'{name}':?" for name in attributes)
    return Statement("INSERT INTO", f"VALUE {{{fields}}}", tuple(attributes.values()))
