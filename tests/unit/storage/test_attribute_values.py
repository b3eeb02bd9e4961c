"""Attribute values are those of the SDK."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from partyline.storage.attribute_values import from_dynamo, to_dynamo

plain = st.none() | st.booleans() | st.text() | st.integers(-(10**38) + 1, 10**38 - 1)
values = st.recursive(
    plain | st.sets(st.text(), min_size=1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
items = st.dictionaries(st.text(max_size=5), values, max_size=4)


def sort_sets(value: Any) -> Any:
    """The same attribute values, with the members of sets in one order."""
    if isinstance(value, dict):
        return {key: sorted(inner) if key == "SS" else sort_sets(inner) for key, inner in value.items()}
    return [sort_sets(one) for one in value] if isinstance(value, list) else value


@given(items)
def test_an_item_is_written_as_the_sdk_writes_it(item: dict[str, Any]) -> None:
    sdk = {name: TypeSerializer().serialize(value) for name, value in item.items()}
    assert {name: sort_sets(value) for name, value in to_dynamo(item).items()} == {
        name: sort_sets(value) for name, value in sdk.items()
    }


@given(items)
def test_an_item_is_read_as_it_was_written(item: dict[str, Any]) -> None:
    written = to_dynamo(item)
    assert from_dynamo(written) == item
    assert from_dynamo(written) == {name: TypeDeserializer().deserialize(value) for name, value in written.items()}


@pytest.mark.parametrize("number", ["0", "-0", "12", "-7", "1E+2", "1.0", "100.00", "9" * 38, "-1e3"])
def test_a_number_is_read_however_it_is_written(number: str) -> None:
    read = from_dynamo({"a": {"N": number}})["a"]
    assert read == Decimal(number)
    assert type(read) is int


@pytest.mark.parametrize("value", [1.5, b"bytes", set(), {1, 2}, object(), [1.5], {"a": 0.1}])
def test_what_is_not_stored_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no attribute value"):
        to_dynamo({"a": value})


def test_a_number_of_too_many_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="38 digits"):
        to_dynamo({"a": int("1" * 39)})


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(TypeError, match="no value"):
        from_dynamo({"a": {"B": "AAAA"}})
