"""Values from a seed are as various as those that are drawn piece by piece."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from tests.support.seeded import build_json, build_object, build_text


def walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        value = [*value, *value.values()]
    for part in value if isinstance(value, list) else ():
        yield from walk(part)


def test_build_json_has_every_type_the_given_words_and_can_be_written() -> None:
    built = [build_json(random.Random(seed), ["+1206"], ["id"]) for seed in range(500)]
    assert {type(part) for part in walk(built)} == {type(None), bool, int, float, str, list, dict}
    assert {"+1206", "id"} <= {part for part in walk(built) if isinstance(part, str)}
    json.dumps(built, ensure_ascii=False).encode()


def test_build_object_has_the_given_keys_on_each_level() -> None:
    built = [build_object(random.Random(seed), (), ["id", "to"], 3) for seed in range(200)]
    inner = [part for one in built for value in one.values() for part in walk(value) if isinstance(part, dict)]
    assert any({"id", "to"} <= one.keys() for one in built)
    assert any({"id", "to"} <= one.keys() for one in inner)


def test_build_text_has_most_of_unicode() -> None:
    characters = {character for seed in range(2000) for character in build_text(random.Random(seed))}
    assert {"\x00", '"', "\u202e", "🦆"} <= characters
    assert any(ord(character) > 0x10000 for character in characters - set("🦆👍🏽"))
    assert not any(0xD800 <= ord(character) < 0xE000 for character in characters)
