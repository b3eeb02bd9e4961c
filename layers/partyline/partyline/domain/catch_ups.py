"""Catch-ups: texts that came to a line, whose webhooks did not, are fetched from the line's carrier. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

from partyline.errors import RuleViolation
from partyline.frozen_classes import frozen, replace

# Received texts are recognised for longer (inbound_records.RECEIVED_LIFE), and Telnyx has texts for ten days.
MAX_AGE = timedelta(days=7)
# The latest texts are left to their webhooks, which carriers may be repeating. A webhook says more than a list.
SETTLED = timedelta(minutes=5)
# A catch-up begins before the end of the one before: a carrier may list a text late.
OVERLAP = timedelta(hours=1)
# One that has not moved for so long has ended without a word: another one may begin.
STALLED = timedelta(hours=6)


class CatchUpState(StrEnum):
    """How far a catch-up is. A failed one says why: `CatchUp.problem`."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class TextFate(StrEnum):
    """What has become of a text that a carrier listed."""

    KNOWN = "known"  # it is here already
    RECORDED = "recorded"  # a message now
    COPIED = "copied"  # the message is there already: another line's copy, or we sent it
    UNROUTED = "unrouted"  # stored with the unrouted texts
    UNREADABLE = "unreadable"  # the carrier has it no more, or it cannot be read


@frozen
class CatchUp:
    """The latest catch-up of a line.

    - `run`: counts the line's catch-ups.
    - `since`, `until`: it takes the texts that the carrier received from the one to before the other.
    - `completed_until`: up to when everything was taken, by this one or those before it.
    - `leaves_gap`: it begins behind that.
    - `position`, `at_position`: when the last text that it took was received, and the ids of those that it took of this
      moment. Carriers say the second, so there may be several.
    - `problem`: why it failed, or waits to go on.
    - `known` and so on: how many texts have had each fate.
    """

    line: str
    carrier: str
    since: datetime
    until: datetime
    created: datetime
    updated: datetime
    run: int = 1
    state: CatchUpState = CatchUpState.QUEUED
    completed_until: datetime | None = None
    leaves_gap: bool = False
    position: datetime | None = None
    at_position: tuple[str, ...] = ()
    problem: str = ""
    known: int = 0
    recorded: int = 0
    copied: int = 0
    unrouted: int = 0
    unreadable: int = 0

    @property
    def listed(self) -> int:
        """How many texts it has taken so far."""
        return self.known + self.recorded + self.copied + self.unrouted + self.unreadable

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in (CatchUpState.COMPLETED, CatchUpState.FAILED)

    @property
    def days(self) -> list[date]:
        """The days of UTC that it takes texts of and has not finished, in order."""
        first = self.position or self.since
        return [first.date() + timedelta(days=number) for number in range((self.until.date() - first.date()).days + 1)]

    def is_under_way(self, now: datetime) -> bool:
        """Whether it has not ended, and has moved lately."""
        return not self.has_ended and now - self.updated < STALLED

    def takes(self, received_at: datetime, text_id: str) -> bool:
        """Whether it is still to take a text."""
        if not self.since <= received_at < self.until:
            return False
        reached = self.position or self.since
        return received_at > reached or (received_at == reached and text_id not in self.at_position)

    def count(self, fate: TextFate, received_at: datetime, text_id: str) -> CatchUp:
        """Return it after it has taken a text. Texts are taken in the order in which the carrier received them."""
        before = self.at_position if received_at == self.position else ()
        counted = {fate.value: getattr(self, fate.value) + 1}
        return replace(self, position=received_at, at_position=(*before, text_id), **counted)

    def complete(self) -> CatchUp:
        """Return it after it has taken every text."""
        end = self.completed_until if self.leaves_gap else max(self.until, self.completed_until or self.until)
        return replace(self, state=CatchUpState.COMPLETED, problem="", completed_until=end)

    def fail(self, problem: str) -> CatchUp:
        """Return it when it cannot go on."""
        return replace(self, state=CatchUpState.FAILED, problem=problem)

    def pause(self, problem: str) -> CatchUp:
        """Return it while it waits to go on."""
        return replace(self, state=CatchUpState.RUNNING, problem=problem)


def plan_catch_up(
    line: str, carrier: str, registered: datetime, before: CatchUp | None, since: datetime | None, now: datetime
) -> CatchUp:
    """Plan the next catch-up of a line.

    Without `since` it begins a little before the end of what was taken so far, at first when the line was registered,
    and MAX_AGE ago at the earliest. Raises RuleViolation invalid_parameter.
    """
    oldest, until = now - MAX_AGE, now - SETTLED
    if since is not None and not oldest <= since < until:
        problem = f"use a time of the last {MAX_AGE.days} days, at least {SETTLED.seconds // 60} minutes ago"
        raise RuleViolation("invalid_parameter", name="Since", problem=problem)
    done = before.completed_until if before else None
    begins = max(registered if done is None else done - OVERLAP, oldest)
    return CatchUp(
        line=line,
        carrier=carrier,
        since=begins if since is None else since,
        until=max(until, begins) if since is None else until,
        created=now,
        updated=now,
        run=before.run + 1 if before else 1,
        completed_until=done,
        leaves_gap=since is not None and since > max(done or registered, oldest),
    )
