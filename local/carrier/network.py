"""The telephone network between handsets and lines. Plain data, no I/O, no clock.

A line is a number of ours at one carrier; a handset is any other number. A text from X to a set of numbers reaches
every other member of the set, and a handset files it under that set, as phones do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from local.carrier import special_numbers

_NUMBER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}")


class BadText(ValueError):
    """A text that no phone could send. The message says why."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text. `recipients` are everyone but the sender, each once, in the order given; `subject` is an MMS's."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    body: str
    media: tuple[str, ...]
    at: datetime
    subject: str = ""

    @property
    def is_mms(self) -> bool:
        """Whether it is more than a plain text."""
        return self.is_group or bool(self.media or self.subject)

    @property
    def is_group(self) -> bool:
        """Whether more than two numbers see it."""
        return len(self.recipients) > 1

    def others(self, number: str) -> frozenset[str]:
        """The set of numbers that `number` shares this text with: its thread on that phone."""
        return frozenset((self.sender, *self.recipients)) - {number}


def is_number(value: object) -> bool:
    """Whether a value is a phone number in E.164 form, or a short code."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def roster(sender: str, recipients: Iterable[str]) -> tuple[str, ...]:
    """Recipients without repeats and without the sender. Raises BadText when none is left."""
    remaining = tuple(number for number in dict.fromkeys(recipients) if number != sender)
    if not remaining:
        raise BadText("a text needs at least one recipient besides its sender")
    return remaining


class Network:
    """Lines by number, and what every handset has sent and received."""

    def __init__(self, lines: Mapping[str, str]) -> None:
        self.lines = dict(lines)
        self._texts: defaultdict[str, list[Text]] = defaultdict(list)

    def carry(self, text: Text, withheld_from: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Deliver a text to every handset that it reaches, without those that its carrier withholds it from.

        Returns the lines that it reaches.
        """
        if text.sender not in self.lines:
            self._texts[text.sender].append(text)
        reached = []
        for number in text.recipients:
            if number in withheld_from:
                continue
            if number in self.lines:
                reached.append(number)
            elif not (
                special_numbers.is_unreachable(number)
                or (text.sender in self.lines and special_numbers.blocks_lines(number))
            ):
                self._texts[number].append(text)
        return tuple(reached)

    def handsets(self) -> list[str]:
        """Every handset that has sent or received a text."""
        return sorted(self._texts)

    def texts(self, handset: str) -> list[Text]:
        """What a handset has sent and received, oldest first."""
        return list(self._texts.get(handset, ()))

    def threads(self, handset: str) -> dict[frozenset[str], list[Text]]:
        """A handset's texts by the set of other numbers in them, the thread with the latest text first."""
        threads: dict[frozenset[str], list[Text]] = {}
        for text in self._texts.get(handset, ()):
            others = text.others(handset)
            thread = threads.pop(others, [])
            thread.append(text)
            threads[others] = thread
        return dict(reversed(threads.items()))

    def kept(self) -> dict[str, list[Text]]:
        """Return the texts of each handset."""
        return dict(self._texts)

    def restore(self, lines: Mapping[str, str], texts: Mapping[str, list[Text]]) -> None:
        """Add lines, and give handsets their texts."""
        self.lines.update(lines)
        self._texts.update(texts)

    def forget(self) -> None:
        """Empty every handset. Lines stay."""
        self._texts.clear()
