"""What a regular expression costs, in counted steps, and the inputs that make it cost most.

`re` counts nothing, so a small backtracking matcher walks the tree that `re` itself makes of a pattern. It tries what
`re` tries, in the same order, without its shortcuts: what is linear here is linear there. Inputs are derived from the
pattern: whatever leads up to each repetition, then many of what it repeats, then what cannot match.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from functools import cache

# The parser is not public, and has been this one since 3.11.
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from typing import Any

Node = tuple[Any, Any]

# Characters, about.
_SHORTEST = 40
_POOL = string.printable + "é“”’👍❤\ufe0f\u200d\u200b\x00"
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
_LEAVES = (_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN)


class TooManySteps(Exception):
    """The count went beyond what any input of this size may cost."""


class Counted:
    """A pattern whose steps are counted."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        source = pattern.pattern
        self._text = source if isinstance(source, str) else source.decode("latin-1")
        # A pattern of bytes is read as one of Latin-1: each byte is a character.
        self._tree = _parser.parse(
            self._text, pattern.flags & ~re.UNICODE if isinstance(source, bytes) else pattern.flags
        )
        self._state = self._tree.state
        self._leaf = cache(self._compiled)
        self._groups: dict[int, tuple[int, int]] = {}
        self._steps = 0
        self._most = 0

    # --- counting

    def search_all(self, text: str) -> int:
        """The steps of finding every match, as `sub` and `findall` do; what `search` takes is no more."""
        return self._count(text, everywhere=True)

    def match(self, text: str) -> int:
        """The steps of a match at the beginning, followed by something that is not there: all ways are tried."""
        return self._count(text, everywhere=False)

    def _count(self, text: str, *, everywhere: bool) -> int:
        self._steps, self._most = 0, 500 * (len(text) + 10)
        start = 0
        while start <= len(text):
            self._groups = {}
            found = self._sequence(list(self._tree), 0, text, start)
            end = next(found, None) if everywhere else max(found, default=None)
            if not everywhere:
                break
            start = end if end is not None and end > start else start + 1
        return self._steps

    def _step(self) -> None:
        self._steps += 1
        if self._steps > self._most:
            raise TooManySteps(self._text)

    # --- matching: each method gives the positions behind a match, in the order in which `re` tries them

    def _sequence(self, nodes: Sequence[Node], index: int, text: str, at: int) -> Iterator[int]:
        if index == len(nodes):
            yield at
            return
        for end in self._node(nodes[index], text, at):
            yield from self._sequence(nodes, index + 1, text, end)

    def _node(self, node: Node, text: str, at: int) -> Iterator[int]:
        operation, argument = node
        self._step()
        if operation in _LEAVES:
            return iter((at + 1,) if self._is(node, text, at) else ())
        if operation is _constants.AT:
            return iter((at,) if self._leaf(_key(node)).match(text, at) else ())
        if operation in _REPEATS:
            return self._repeat(operation, argument, text, at)
        matching = {
            _constants.SUBPATTERN: self._group,
            _constants.GROUPREF: self._reference,
            _constants.BRANCH: self._branch,
            _constants.ATOMIC_GROUP: self._atomic,
            _constants.ASSERT: self._look,
            _constants.ASSERT_NOT: self._look_not,
        }
        return matching[operation](argument, text, at)

    def _group(self, argument: Any, text: str, at: int) -> Iterator[int]:
        number, _, _, tree = argument
        for end in self._sequence(list(tree), 0, text, at):
            before = self._groups.get(number)
            self._groups[number] = (at, end)
            yield end
            if before is None:
                del self._groups[number]
            else:
                self._groups[number] = before

    def _reference(self, number: int, text: str, at: int) -> Iterator[int]:
        begin, behind = self._groups.get(number, (0, 0))
        self._steps += behind - begin
        if number in self._groups and text.startswith(text[begin:behind], at):
            yield at + behind - begin

    def _branch(self, argument: Any, text: str, at: int) -> Iterator[int]:
        for branch in argument[1]:
            yield from self._sequence(list(branch), 0, text, at)

    def _atomic(self, tree: Any, text: str, at: int) -> Iterator[int]:
        return self._first(self._sequence(list(tree), 0, text, at))

    def _look(self, argument: Any, text: str, at: int) -> Iterator[int]:
        direction, tree = argument
        begin = at if direction > 0 else at - tree.getwidth()[0]
        if begin >= 0 and next(self._sequence(list(tree), 0, text, begin), None) is not None:
            yield at

    def _look_not(self, argument: Any, text: str, at: int) -> Iterator[int]:
        if next(self._look(argument, text, at), None) is None:
            yield at

    def _repeat(self, operation: Any, argument: Any, text: str, at: int) -> Iterator[int]:
        low, high, tree = argument
        nodes = list(tree)
        if len(nodes) == 1 and nodes[0][0] in _LEAVES:
            ends = self._run(operation, low, high, nodes[0], text, at)
        elif operation is _constants.MIN_REPEAT:
            ends = self._lazily(low, high, nodes, text, at)
        else:
            ends = self._greedily(low, high, nodes, text, at)
        yield from self._first(ends) if operation is _constants.POSSESSIVE_REPEAT else ends

    def _run(self, operation: Any, low: int, high: Any, leaf: Node, text: str, at: int) -> Iterator[int]:
        """A repetition of one character."""
        if operation is _constants.MIN_REPEAT:
            end = at
            while True:
                if end - at >= low:
                    yield end
                if end - at >= high or not self._is(leaf, text, end):
                    return
                self._step()
                end += 1
        end = at
        while end - at < high and self._is(leaf, text, end):
            self._step()
            end += 1
        for back in range(end, at + low - 1, -1):
            self._step()
            yield back

    def _greedily(self, low: int, high: Any, nodes: Sequence[Node], text: str, at: int) -> Iterator[int]:
        if high > 0:
            for end in self._sequence(nodes, 0, text, at):
                if end > at:
                    yield from self._greedily(max(low - 1, 0), high - 1, nodes, text, end)
        if low <= 0:
            yield at

    def _lazily(self, low: int, high: Any, nodes: Sequence[Node], text: str, at: int) -> Iterator[int]:
        if low <= 0:
            yield at
        if high > 0:
            for end in self._sequence(nodes, 0, text, at):
                if end > at:
                    yield from self._lazily(max(low - 1, 0), high - 1, nodes, text, end)

    @staticmethod
    def _first(ends: Iterator[int]) -> Iterator[int]:
        first = next(ends, None)
        if first is not None:
            yield first

    def _is(self, leaf: Node, text: str, at: int) -> bool:
        return at < len(text) and self._leaf(_key(leaf)).match(text, at) is not None

    def _compiled(self, key: tuple[Any, Any]) -> re.Pattern[str]:
        """A leaf alone, made by `re` itself."""
        operation, argument = key
        node = (operation, list(argument) if isinstance(argument, tuple) else argument)
        compiled: re.Pattern[str] = _compiler.compile(_parser.SubPattern(self._state, [node]), self._state.flags)
        return compiled

    # --- inputs

    def inputs(self, times: int) -> Iterator[str]:
        """Texts that could cost most, so many times as long as the shortest."""
        pumps, leads = self._pumps(), self._leads()
        for lead in leads:
            for pump in pumps:
                yield lead + pump * (times * max(1, _SHORTEST // len(pump))) + self._stranger()

    def _pumps(self) -> list[str]:
        """What may be repeated: a character of each kind that the pattern tells apart, and samples of it, of each part
        with a repetition, and of what leads up to one."""
        leaves = {_key(leaf) for leaf in _leaves(list(self._tree))}
        kinds = {tuple(bool(self._leaf(leaf).match(char)) for leaf in leaves): char for char in reversed(_POOL)}
        parts = [list(self._tree), *(part for part in _parts(list(self._tree)) if any(_repeats(part)))]
        return sorted({*kinds.values(), *self._leads(), *map(self._sample, parts)} - {""})

    def _leads(self) -> list[str]:
        """What leads up to each repetition."""
        nodes = list(self._tree)
        repeated = [index for index, node in enumerate(nodes) if any(_repeats([node]))]
        return sorted({"", *(self._sample(nodes[:index]) for index in repeated)})

    def _stranger(self) -> str:
        """A character that as few of the pattern's parts as possible match."""
        leaves = {_key(leaf) for leaf in _leaves(list(self._tree))}
        return min(_POOL, key=lambda char: sum(bool(self._leaf(leaf).match(char)) for leaf in leaves))

    def _sample(self, nodes: Sequence[Node]) -> str:
        """Something that matches a part, each repetition once at least."""
        text = ""
        for operation, argument in nodes:
            if operation in _LEAVES:
                text += next(
                    char for char in _candidates(operation, argument) if self._is((operation, argument), char, 0)
                )
            elif operation in _REPEATS:
                text += self._sample(list(argument[2])) * max(argument[0], 1)
            elif operation is _constants.SUBPATTERN:
                text += self._sample(list(argument[3]))
            elif operation is _constants.ATOMIC_GROUP:
                text += self._sample(list(argument))
            elif operation is _constants.BRANCH:
                text += self._sample(list(argument[1][0]))
        return text


def _key(node: Node) -> tuple[Any, Any]:
    """A leaf as something that can be looked up."""
    operation, argument = node
    return operation, tuple(argument) if isinstance(argument, list) else argument


def _candidates(operation: Any, argument: Any) -> Iterator[str]:
    """Characters of which one matches: the usual ones first, then those that the leaf names."""
    yield from string.ascii_letters + string.digits
    yield from _POOL
    if operation is _constants.LITERAL:
        yield chr(argument)
    if operation is _constants.IN:
        for kind, value in argument:
            if kind is _constants.LITERAL:
                yield chr(value)
            elif kind is _constants.RANGE:
                yield chr(value[0])


def _children(node: Node) -> list[list[Node]]:
    operation, argument = node
    if operation in _REPEATS:
        return [list(argument[2])]
    if operation is _constants.SUBPATTERN:
        return [list(argument[3])]
    if operation is _constants.ATOMIC_GROUP:
        return [list(argument)]
    if operation is _constants.BRANCH:
        return [list(branch) for branch in argument[1]]
    if operation in {_constants.ASSERT, _constants.ASSERT_NOT}:
        return [list(argument[1])]
    return []


def _leaves(nodes: Sequence[Node]) -> Iterator[Node]:
    for node in nodes:
        if node[0] in _LEAVES:
            yield node
        for child in _children(node):
            yield from _leaves(child)


def _repeats(nodes: Sequence[Node]) -> Iterator[bool]:
    for node in nodes:
        yield node[0] in _REPEATS
        for child in _children(node):
            yield from _repeats(child)


def _parts(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    """Whatever leads up to each part, and each part, at every level."""
    for index, node in enumerate(nodes):
        yield nodes[: index + 1]
        yield [node]
        for child in _children(node):
            yield from _parts(child)
