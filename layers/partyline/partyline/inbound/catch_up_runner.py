"""Run a catch-up: fetch what came to a line from its carrier, and record what is not here by the path of a webhook.

A text is recorded exactly once, whether it comes by webhook, by a catch-up, or by both at the same time: the carrier's
id decides, as for a repeated webhook. Texts are taken in the order in which the carrier received them, a day at a time.
Two kinds are stored with the unrouted texts, for a person to route (decision.is_uncertain).

A run ends when its time is over, and what is left goes on behind the last text that was taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from partyline.carriers.base import Carrier, InboundText, WebhookRequest
from partyline.carriers.listing import InboundListing, ListedText
from partyline.domain.catch_ups import CatchUp, CatchUpState, TextFate
from partyline.errors import Conflict, ListingRefused, ListingUnavailable, TableThrottled, TransactionUnsettled
from partyline.frozen_classes import frozen, replace
from partyline.inbound import webhook_handler
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.inbound.webhook_handler import WebhookHandler
from partyline.media import text_part
from partyline.observability import count, logger
from partyline.queues.queue_messages import CatchUpRun
from partyline.storage import catch_ups as store
from partyline.storage import inbound_records, lines
from partyline.storage.table import Table

# How often one is tried while its carrier does not answer, or the table is busy: for about two hours.
MAX_TRIES = 12
_FIRST_PAUSE, _LONGEST_PAUSE = 60, 900
# How many texts are looked for in the table at a time, and taken before it is stored how far a run is.
_CHUNK = 100
_FATES = {
    RecordOutcome.RECORDED: TextFate.RECORDED,
    RecordOutcome.CREATED: TextFate.RECORDED,
    RecordOutcome.REPEATED: TextFate.KNOWN,
    RecordOutcome.COPIED: TextFate.COPIED,
    RecordOutcome.UNROUTED: TextFate.UNROUTED,
}
_BUSY = "the table is busy"


@frozen
class CatchUpSource:
    """Where the texts of a line come from: its carrier, which reads them, and the carrier's list."""

    carrier: Carrier
    listing: InboundListing


class _Overtaken(Exception):
    """Another invocation runs the same catch-up, or its line is gone."""


@dataclass(slots=True)
class _Progress:
    """How far a catch-up is: when its run began, by the table, and by what this run has taken since."""

    table: Table
    clock: Callable[[], datetime]
    began: CatchUp
    stored: CatchUp
    current: CatchUp

    def save(self, current: CatchUp | None = None) -> None:
        """Store how far it is. Raises _Overtaken."""
        after = replace(current or self.current, updated=self.clock())
        if not store.advance(self.table, self.stored, after):
            raise _Overtaken
        self.stored = self.current = after


@frozen
class CatchUpRunner:
    """Runs catch-ups. `open_source` raises LookupError for a carrier that lacks a secret.

    `has_time` is asked before each request to the carrier, which takes a second or two, its text included.
    """

    table: Table
    handler: WebhookHandler
    open_source: Callable[[str], CatchUpSource]
    clock: Callable[[], datetime]
    has_time: Callable[[], bool]

    def run(self, job: CatchUpRun) -> CatchUpRun | None:
        """Continue a catch-up; return what is left of it. None also when another invocation is at it."""
        found = store.fetch(self.table, job.line)
        if found is None or found.run != job.run or found.has_ended:
            return None
        progress = _Progress(
            self.table, self.clock, found, found, replace(found, state=CatchUpState.RUNNING, problem="")
        )
        try:
            return self._continue(progress, job)
        except _Overtaken:
            return None

    def _continue(self, progress: _Progress, job: CatchUpRun) -> CatchUpRun | None:
        """Take texts until all are taken, the time is over, or something is in the way."""
        try:
            is_done = self._take_texts(progress)
        except ListingRefused as error:
            progress.save(progress.current.fail(str(error)))
            return None
        except ListingUnavailable as error:
            return self._pause(progress, job, str(error))
        except (Conflict, TableThrottled, TransactionUnsettled):
            return self._pause(progress, job, _BUSY)
        progress.save(progress.current.complete() if is_done else progress.current)
        return None if is_done else replace(job, failures=0)

    def _pause(self, progress: _Progress, job: CatchUpRun, problem: str) -> CatchUpRun | None:
        failures = 1 if progress.current.position != progress.began.position else job.failures + 1
        if failures >= MAX_TRIES:
            progress.save(progress.current.fail(problem))
            return None
        progress.save(progress.current.pause(problem))
        return replace(job, failures=failures)

    def _take_texts(self, progress: _Progress) -> bool:
        """Take the texts of a line; return whether all are taken, or else the time is over."""
        source = self._find_source(progress.current)
        for number, day in enumerate(progress.current.days):
            if number and not self.has_time():
                return False
            texts = self._list_day(source, progress.current, day)
            for start in range(0, len(texts), _CHUNK):
                if not self._take_chunk(progress, source, texts[start : start + _CHUNK]):
                    return False
                progress.save()
        return True

    def _find_source(self, catch_up: CatchUp) -> CatchUpSource:
        """Open the carrier's list. Raises ListingRefused when there is none for this line any more."""
        line = lines.fetch(self.table, [catch_up.line]).get(catch_up.line)
        if line is None or line.carrier != catch_up.carrier:
            raise ListingRefused("the line is not with this carrier any more")
        try:
            return self.open_source(catch_up.carrier)
        except LookupError as error:
            raise ListingRefused(str(error)) from error

    def _list_day(self, source: CatchUpSource, catch_up: CatchUp, day: date) -> list[ListedText]:
        """List the texts of a day that are still to be taken, in their order.

        Of one moment they are in the order of the list.
        """
        listed = [text for page in self._iterate_pages(source, catch_up.line, day) for text in page]
        if source.listing.is_newest_first:
            listed.reverse()
        due = {text.id: text for text in listed if catch_up.takes(text.received_at, text.id)}
        return sorted(due.values(), key=lambda text: text.received_at)

    def _iterate_pages(self, source: CatchUpSource, line: str, day: date) -> Iterator[list[ListedText]]:
        for page in source.listing.iterate_pages(line, day):
            yield page
            if not self.has_time():
                # To begin with the same day again would be in vain for ever.
                raise ListingUnavailable("the carrier takes too long to list a day")

    def _take_chunk(self, progress: _Progress, source: CatchUpSource, texts: Sequence[ListedText]) -> bool:
        known = inbound_records.fetch_received(self.table, source.carrier.name, [text.id for text in texts])
        for text in texts:
            if not self.has_time():
                return False
            fate = TextFate.KNOWN if text.id in known else self._take_text(source, progress.current.line, text)
            progress.current = progress.current.count(fate, text.received_at, text.id)
        return True

    def _take_text(self, source: CatchUpSource, line: str, listed: ListedText) -> TextFate:
        """Fetch a text and record it."""
        name = source.carrier.name
        body = source.listing.rebuild_webhook(listed.id)
        request = WebhookRequest("", "", {}, {}, body or b"")
        events = webhook_handler.parse_webhook(source.carrier, request) if body else []
        text = next((event for event in events if isinstance(event, InboundText)), None)
        result = self._record(source.carrier, _complete(text, line, listed), request) if text else None
        if not isinstance(result, RecordResult):
            logger.error("catch_up.unreadable", carrier=name, carrier_message_id=listed.id, gone=body is None)
            return TextFate.UNREADABLE
        if result.outcome is not RecordOutcome.REPEATED:
            count("TextCaughtUp")
        return _FATES[result.outcome]

    def _record(self, carrier: Carrier, text: InboundText, request: WebhookRequest) -> object:
        completed = self.handler.complete(carrier, text, time.monotonic() + text_part.PATIENCE)
        return self.handler.handle_event(carrier.name, completed, request, self.clock())


def _complete(text: InboundText, line: str, listed: ListedText) -> InboundText:
    """Add to a text what is known by where it was listed."""
    return replace(
        text,
        line=line,
        other_lines=(),
        received_at=text.received_at or listed.received_at,
        caught_up=True,
        roster_unknown=listed.roster_unknown,
        # It is stored with the unrouted texts instead.
        roster_missing=False,
    )


def find_delay(left: CatchUpRun) -> int:
    """Return after how many seconds a catch-up goes on: longer after each try in vain."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (left.failures - 1)) if left.failures else 0
