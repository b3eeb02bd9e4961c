"""Values for Hypothesis that are made from one drawn seed.

Hypothesis draws a nested value piece by piece, which takes most of the time of a test whose value is any JSON. Here it
draws a seed, and Python makes the value. A failing value is printed whole, but is not made smaller.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

Value = TypeVar("Value")

_NUMBERS = (0, 1, -1, 2**31, 2**53 + 1, -(2**64), 10**40, 0.0, -0.0, 0.1, 1e308, 5e-324, math.inf, -math.inf, math.nan)
# Characters that are special to JSON, to HTTP, to a terminal or to Unicode, besides any other.
_CHARACTERS = "aZ09 +,;:/\\\"'{}[]<>&%#=@\x00\t\r\n\x1b\x7f\x85\u00a0\u0301\u200d\u202e\u2028\ufeff\ufffd\uffff🦆👍🏽"
_SURROGATES = range(0xD800, 0xE000)
_DEEPEST = 3
_LONGEST = 4


def from_seed(build: Callable[[random.Random], Value]) -> st.SearchStrategy[Value]:
    """Return a strategy of the values that a function builds by chance."""
    return st.integers(0, 2**64 - 1).map(lambda seed: build(random.Random(seed)))


def json_values(strings: Sequence[str] = (), keys: Sequence[str] = ()) -> st.SearchStrategy[Any]:
    """Return a strategy of any JSON, which often has one of the given strings or keys."""
    return from_seed(lambda chance: build_json(chance, strings, keys))


def json_objects(strings: Sequence[str] = (), keys: Sequence[str] = ()) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of JSON objects, which often have the given strings and keys on each level."""
    return from_seed(lambda chance: build_object(chance, strings, keys, _DEEPEST))


def build_text(chance: random.Random, longest: int = 12) -> str:
    """Build a text of any characters but surrogates."""
    return "".join(build_character(chance) for _ in range(chance.randrange(longest + 1)))


def build_character(chance: random.Random) -> str:
    """Build a character: half of the time one that is special somewhere."""
    if chance.random() < 0.5:
        return chance.choice(_CHARACTERS)
    point = chance.choice((chance.randrange(0x250), chance.randrange(0x10000), chance.randrange(sys.maxunicode + 1)))
    return "\ufffd" if point in _SURROGATES else chr(point)


def build_json(chance: random.Random, strings: Sequence[str], keys: Sequence[str], depth: int = _DEEPEST) -> Any:
    """Build any JSON value, of as many levels."""
    kind = chance.randrange(10 if depth else 6)
    if kind <= 1:
        return chance.choice((None, True, False))
    if kind == 2:
        return chance.choice((chance.choice(_NUMBERS), chance.randrange(-1000, 1000), chance.uniform(-1e6, 1e6)))
    if kind <= 5:
        return chance.choice(strings) if strings and chance.random() < 0.6 else build_text(chance)
    if kind <= 7:
        return [build_json(chance, strings, keys, depth - 1) for _ in range(chance.randrange(_LONGEST + 1))]
    return build_object(chance, strings, keys, depth)


def build_object(chance: random.Random, strings: Sequence[str], keys: Sequence[str], depth: int) -> dict[str, Any]:
    """Build a JSON object of as many levels."""
    size = chance.randrange(max(len(keys), _LONGEST) + 1)
    return {
        chance.choice(keys) if keys and chance.random() < 0.9 else build_text(chance): build_json(
            chance, strings, keys, depth - 1
        )
        for _ in range(size)
    }
