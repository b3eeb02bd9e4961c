"""Scheduled messages: messages of a conversation that are recorded and sent at a later time. Pure.

scheduled ──► sent       at its time
          ├─► failed     at its time, if it would be refused then
          └─► canceled   before
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from partyline.errors import RuleViolation
from partyline.frozen_classes import frozen, replace

# How far ahead a message can be scheduled. The timers run once a minute.
MIN_AHEAD, MAX_AHEAD = timedelta(minutes=1), timedelta(days=35)
# How many messages of one conversation can be scheduled at a time.
MAX_PER_CONVERSATION = 100
# How long one that was sent, canceled or failed can be read.
LIFE = timedelta(days=30)


class ScheduledState(StrEnum):
    """Whether a scheduled message is still to be sent, or how it ended."""

    SCHEDULED = "scheduled"
    SENT = "sent"
    CANCELED = "canceled"
    FAILED = "failed"


@frozen
class ScheduledMessage:
    """A message that is to be recorded at `send_at`.

    - `author`: the author that it is recorded under.
    - `scheduled_by`: the identity of the user that scheduled it; None for the account.
    - `media_sids`: its uploads.
    - `notify_webhooks`: whether webhooks are called for a message of the account.
    - `version`: counts its changes.
    - `request_digest`: names the request that scheduled it, if that had an Idempotency-Key.
    - `message_sid`: the message that it has become. That one has the text, which is removed here.
    - `error_code`, `error_message`: why it could not be sent.
    """

    sid: str
    conversation_sid: str
    service_sid: str
    created: datetime
    updated: datetime
    send_at: datetime
    author: str
    scheduled_by: str | None = None
    body: str | None = None
    attributes: str = "{}"
    media_sids: tuple[str, ...] = ()
    notify_webhooks: bool = False
    version: int = 1
    state: ScheduledState = ScheduledState.SCHEDULED
    request_digest: str | None = None
    message_sid: str | None = None
    error_code: int | None = None
    error_message: str | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be sent now."""
        return self.state is ScheduledState.SCHEDULED and self.send_at <= now

    def sent_as(self, message_sid: str, now: datetime) -> ScheduledMessage:
        """Return it as it is once the message that it becomes is recorded."""
        ended = self._ended(ScheduledState.SENT, now)
        return replace(ended, message_sid=message_sid, body=None, attributes="{}", media_sids=())

    def failed_with(self, code: int, message: str, now: datetime) -> ScheduledMessage:
        """Return it as it is once it was refused."""
        return replace(self._ended(ScheduledState.FAILED, now), error_code=code, error_message=message)

    def canceled(self, now: datetime) -> ScheduledMessage:
        """Return it as it is once it was canceled."""
        return self._ended(ScheduledState.CANCELED, now)

    def _ended(self, state: ScheduledState, now: datetime) -> ScheduledMessage:
        return replace(self, state=state, updated=now, version=self.version + 1)


def check_send_at(send_at: datetime, now: datetime) -> None:
    """Refuse a time that is too near or too far ahead. Raises RuleViolation invalid_parameter."""
    if not now + MIN_AHEAD <= send_at <= now + MAX_AHEAD:
        raise RuleViolation(
            "invalid_parameter", name="SendAt", problem="give a time from one minute to 35 days from now"
        )
