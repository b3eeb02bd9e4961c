"""The outcome of one attempt to send."""

from __future__ import annotations

from enum import StrEnum

from partyline.domain.sends import SendState
from partyline.frozen_classes import frozen


class NextStep(StrEnum):
    """What follows an attempt. The values are words of the log."""

    DONE = "done"
    RETRY = "again"  # after `delay` seconds
    RECONCILE = "reconcile"  # once reports have had time to arrive


@frozen
class SendAttempt:
    """The outcome of one attempt to send.

    `delay` is in seconds. `paced` marks an attempt that made no request, since the turn of the send has not come.
    """

    step: NextStep
    state: SendState
    delay: float = 0.0
    reason: str = ""
    paced: bool = False

    @property
    def urgency(self) -> tuple[int, float]:
        """The rank among the attempts of one send: the lowest decides what follows."""
        return _URGENCY[self.step], self.delay


_URGENCY = {NextStep.RETRY: 0, NextStep.RECONCILE: 1, NextStep.DONE: 2}


def build_retry(reason: str, *, delay: float = 0.0, paced: bool = False) -> SendAttempt:
    """Build the outcome of an attempt that is to be repeated after `delay` seconds."""
    return SendAttempt(NextStep.RETRY, SendState.WAITING, delay, reason, paced)
