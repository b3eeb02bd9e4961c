"""What an erasure works with: whose data are erased, and from which time on they are somebody's who has come back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from typing import Any

from partyline.domain import erasures
from partyline.domain.events import Cause, Source
from partyline.frozen_classes import frozen
from partyline.serialization import format_time
from partyline.storage.table import Table

# Of what an erasure changes, webhooks are called as for a request that asks for it.
CAUSE = Cause(Source.API)


class Verdict(Enum):
    """What has become of an item that has the number of an erased person."""

    ERASED = auto()
    # It is the person's, who has written again since, or it is counted with another item.
    NOTHING = auto()
    # It is still in use, or follows from another item that has just been erased: the next walk sees it again.
    IN_USE = auto()
    # Others wrote the number.
    OTHERS_WORDS = auto()


@frozen
class ErasureScope:
    """Whose data are erased.

    - `by`: who asked for it.
    - `until`: what was stored from then on stays; None sets no limit.
    - `whole`: of the conversation at hand all words go, since it is about this person only.
    """

    table: Table
    clock: Callable[[], datetime]
    number: str
    by: str
    until: datetime | None = None
    whole: bool = False

    def is_mentioned(self, value: Any) -> bool:
        """Whether the number is in a stored value."""
        return erasures.is_mentioned(self.number, value)

    def is_later(self, moment: datetime | str) -> bool:
        """Whether something was stored after the erasure. A date in the future was set by hand."""
        text = moment if isinstance(moment, str) else format_time(moment)
        return self.until is not None and format_time(self.until) < text <= format_time(self.clock())
