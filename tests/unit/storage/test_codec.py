"""The codec of stored items: what version 0.1.0 wrote is what is written now, and is read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline import serialization
from partyline.domain import (
    conversations,
    events,
    lines,
    messages,
    opt_outs,
    participants,
    push_settings,
    receipts,
    sends,
    services,
    unrouted,
    webhook_configuration,
)
from partyline.domain import (
    media as media_types,
)
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.receipts import Receipt, rank
from partyline.storage import codec
from tests.unit.storage.stored_examples import EXAMPLES, T1, T2

# Written by the code of version 0.1.0. Never write it anew: a table in use has such items.
ITEMS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "stored_items.json").read_text())
_KINDS = sorted({type(value) for value in EXAMPLES.values()}, key=lambda kind: kind.__name__)


def encode(value: object) -> dict[str, Any]:
    return codec.encode_receipt(value) if isinstance(value, Receipt) else codec.encode(value)


def test_every_example_has_an_item() -> None:
    assert EXAMPLES.keys() == ITEMS.keys()
    assert len(_KINDS) == 20


@pytest.mark.parametrize("name", EXAMPLES)
def test_encode_writes_the_item_of_the_first_version(name: str) -> None:
    item = encode(EXAMPLES[name])
    assert json.dumps(item, sort_keys=True) == json.dumps(ITEMS[name], sort_keys=True)


@pytest.mark.parametrize("name", EXAMPLES)
def test_decode_reads_the_item_of_the_first_version(name: str) -> None:
    value = EXAMPLES[name]
    decoded = codec.decode(type(value), ITEMS[name])
    assert decoded == value
    # Also the fields that equality leaves out.
    assert encode(decoded) == ITEMS[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_decode_ignores_attributes_that_are_no_fields(name: str) -> None:
    extra = {"PK": "C#1", "SK": "C", "GSI1PK": "x", "outbox": "message", "ttl": 5, "later": {"version": [1]}}
    assert codec.decode(type(EXAMPLES[name]), {**ITEMS[name], **extra}) == EXAMPLES[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_decode_takes_the_default_of_each_missing_attribute(name: str) -> None:
    value: Any = EXAMPLES[name]
    for field in dataclasses.fields(value):
        stored = serialization.STORED_NAMES.get(field.name, field.name)
        item = {other: part for other, part in ITEMS[name].items() if other != stored}
        if field.default is not dataclasses.MISSING:
            default = field.default
        elif field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        else:
            with pytest.raises(ValueError, match=stored):
                codec.decode(type(value), item)
            continue
        assert codec.decode(type(value), item) == dataclasses.replace(value, **{field.name: default})


def test_decode_reads_a_message_of_an_earlier_version() -> None:
    part = {"sid": "ME1", "url": "https://carrier/1"}
    send = {"thread": "t", "sender": "+1", "natives": {"+2": "MB2"}, "later": 1}
    times = {"created": "2026-03-04T05:06:07.000089Z", "updated": "2026-03-04T05:06:07.000000Z"}
    item = {
        "sid": "IM1",
        "conversation_sid": "CH1",
        "index": 0,
        "author": "a",
        **times,
        "media": [part],
        "sends": [send],
    }
    media, sent = media_types.Media("ME1", "https://carrier/1"), sends.Send("t", "+1", {"+2": "MB2"})
    expected = Message("IM1", "CH1", 0, T1, T2, "a", None, media=(media,), sends=(sent,))
    assert codec.decode(Message, item) == expected


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("participant", "notification_level", "loud"),
        ("participant", "created", "yesterday"),
        ("conversation", "state", ""),
        ("message", "index", "first"),
    ],
)
def test_decode_raises_where_a_value_is_not_of_its_type(name: str, attribute: str, value: str) -> None:
    with pytest.raises(ValueError, match=attribute):
        codec.decode(type(EXAMPLES[name]), {**ITEMS[name], attribute: value})


def test_stored_names_are_no_names_of_other_fields() -> None:
    """A field that is called as another one is stored would be written over it."""
    modules = (
        *(media_types, conversations, events, lines, messages, opt_outs, participants, push_settings, receipts, sends),
        *(services, unrouted, webhook_configuration),
    )
    classes = [kind for module in modules for kind in vars(module).values() if dataclasses.is_dataclass(kind)]
    names = {field.name for kind in classes for field in dataclasses.fields(kind)}
    assert not names & set(serialization.STORED_NAMES.values())
    assert serialization.STORED_NAMES.keys() <= names


# --- properties

_TIMES = st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC))  # noqa: DTZ001  (Hypothesis adds the zone)
_VALUES = st.sampled_from(_KINDS).flatmap(st.from_type)
st.register_type_strategy(datetime, _TIMES)
# DynamoDB's numbers have 38 digits, and its texts are UTF-8.
st.register_type_strategy(int, st.integers(-(10**37), 10**37))
st.register_type_strategy(str, st.text(st.characters(codec="utf-8"), max_size=20))
# Of the many kinds of mappings and sequences those that JSON has: bytes are a sequence of int too.
st.register_type_strategy(Mapping, lambda kind: st.dictionaries(*map(st.from_type, get_args(kind)), max_size=3))
st.register_type_strategy(Sequence, lambda kind: st.lists(*map(st.from_type, get_args(kind)), max_size=3))


def _reference(value: Any) -> Any:
    """The plain form by the rules of partyline.serialization, written down once more."""
    if dataclasses.is_dataclass(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        named = {serialization.STORED_NAMES.get(name, name): part for name, part in fields.items()}
        return {name: _reference(part) for name, part in named.items() if part is not None}
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_reference(part) for part in value]
    if isinstance(value, Mapping):
        return dict(value)
    return getattr(value, "value", value)


@given(_VALUES)
def test_encode_follows_the_rules_of_the_plain_form(value: Any) -> None:
    assert codec.encode(value) == _reference(value)


@given(_VALUES)
def test_decode_returns_what_was_encoded(value: Any) -> None:
    decoded = codec.decode(type(value), codec.encode(value))
    assert decoded == value
    assert codec.encode(decoded) == codec.encode(value)


@given(st.from_type(Receipt))
def test_encode_receipt_adds_its_rank_and_leaves_out_no_parts(receipt: Receipt) -> None:
    item = codec.encode_receipt(receipt)
    assert item["rank"] == rank(receipt.status)
    assert ("parts" in item) == bool(receipt.parts)
    assert codec.decode(Receipt, item) == receipt


@given(st.from_type(Participant))
def test_encode_leaves_out_what_is_none(member: Participant) -> None:
    assert None not in codec.encode(member).values()
