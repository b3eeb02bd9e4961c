"""What a piece of Python costs, counted and not timed: the same on every machine and at every time.

Counted are

* each line that runs, in our code and in the libraries that are written in Python;
* the size of each text, bytes and collection that comes into being: whatever a variable or an argument holds that was
  not seen before. A copy of what is left of an input, made at each step, counts whole at each step;
* the size of a text, bytes or list whenever a method is called that goes through all of it, such as `replace`, or
  `find` without a beginning, and, in our own code, whenever `in` looks through one.

What regular expressions cost is counted by tests/support/patterns.py.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

# What may come on top, once.
_FIXED = 500
_ROOT = Path(__file__).parents[2]
_SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset)
# No answer to an input, but work that does not work.
_MISTAKES = (AttributeError, NameError, TypeError)
_SEARCHED = (str, bytes, bytearray, list, tuple)
# Methods that go through all of what they belong to.
_WHOLE = frozenset(
    {
        *("replace", "split", "rsplit", "splitlines", "encode", "decode", "lower", "upper", "casefold", "title"),
        *("translate", "count", "index", "insert", "remove", "copy", "reverse", "sort", "join", "format", "hex"),
        *("isascii", "isdecimal", "isprintable"),
    }
)
# These too, unless they are told where to begin.
_FROM_A_PLACE = frozenset({"find", "rfind", "index", "rindex", "partition", "rpartition"})


class _Count:
    """The count of one run."""

    def __init__(self) -> None:
        self.total = 0
        # Held, so that no other object gets the same identity.
        self._seen: dict[int, object] = {}

    def trace(self, frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        if event == "call" and _is_ours(frame.f_code):
            frame.f_trace_opcodes = True
        if event == "opcode":
            self._looks(frame)
        else:
            self.total += 1
            self._holds(frame)
        return self.trace

    def profile(self, frame: FrameType, event: str, function: Any) -> None:
        if event != "c_call":
            return
        owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
        if isinstance(owner, _SEARCHED) and (name in _WHOLE or (name in _FROM_A_PLACE and _arguments(frame) < 2)):
            self.total += len(owner)

    def _holds(self, frame: FrameType) -> None:
        for value in frame.f_locals.values():
            if isinstance(value, _SIZED) and id(value) not in self._seen:
                self._seen[id(value)] = value
                self.total += len(value)

    def _looks(self, frame: FrameType) -> None:
        """What `in` looks through, where that is a variable."""
        name = _looked_through(frame.f_code).get(frame.f_lasti)
        value = frame.f_locals.get(name) if name else None
        if isinstance(value, _SEARCHED):
            self.total += len(value)


@cache
def _is_ours(code: CodeType) -> bool:
    path = Path(code.co_filename)
    return path.is_relative_to(_ROOT) and "site-packages" not in path.parts


@cache
def _looked_through(code: CodeType) -> dict[int, str]:
    """By the place of each `in`, the variable that is looked through."""
    found: dict[int, str] = {}
    before: dis.Instruction | None = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "CONTAINS_OP" and before is not None and before.opname.startswith("LOAD_"):
            names = before.argval if isinstance(before.argval, tuple) else (before.argval,)
            if isinstance(names[-1], str):
                found[instruction.offset] = names[-1]
        before = instruction
    return found


@cache
def _calls(code: CodeType) -> dict[int, int]:
    """By the place of each call, how many arguments it has."""
    return {
        instruction.offset: int(instruction.arg or 0)
        for instruction in dis.get_instructions(code)
        if instruction.opname in {"CALL", "PRECALL", "CALL_KW"}
    }


def _arguments(frame: FrameType) -> int:
    return _calls(frame.f_code).get(frame.f_lasti, 0)


@contextmanager
def _counting() -> Iterator[_Count]:
    count, traced, profiled = _Count(), sys.gettrace(), sys.getprofile()
    sys.setprofile(count.profile)
    sys.settrace(count.trace)
    try:
        yield count
    finally:
        sys.settrace(traced)
        sys.setprofile(profiled)


def cost(work: Callable[[], object]) -> int:
    """What some work costs. What it raises for its input is its answer."""
    with _counting() as count:
        try:
            work()
        except _MISTAKES:
            raise
        except Exception:  # noqa: BLE001 - a refusal is what most of such inputs are for
            return count.total
    return count.total


def excess(work: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """How much more the largest of some inputs costs than what is in proportion to the smallest: 1 is in proportion,
    less where there is a bound; with inputs of 1, 2, 4 and 8 times a size it is up to 8 where costs are quadratic.

    Each input is twice as large as the one before.
    """
    # What happens once, as an import, is not the input's; nor may it be the smallest that something remembers.
    cost(lambda: work(inputs[1]))
    costs = [cost(partial(work, given)) for given in inputs]
    return max((now - _FIXED) / (costs[0] << step) for step, now in enumerate(costs))
