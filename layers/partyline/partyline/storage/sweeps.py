"""When the sweeper looks at the messages of a conversation that have a follow-up.

A conversation has one entry for half an hour of its messages, which names the first of them. So a message costs a write
only when the last entry of its conversation is used up.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from partyline.domain.messages import Message
from partyline.storage import schedule
from partyline.storage.schedule import ScheduleKind
from partyline.storage.table import Write

# How long after the first message its entry is due. By then nearly every follow-up has been taken up.
DELAY = timedelta(minutes=30)
# How long a request may take, with something to spare. What is recorded later than the entry is due is not seen by it.
_REQUEST = timedelta(minutes=2)


def plan_sweep(message: Message, planned: datetime | None, now: datetime) -> datetime | None:
    """Return when an entry for a new message is due; None when it needs none.

    `planned` is when the last entry of its conversation is due.
    """
    if not message.has_follow_up or (planned is not None and planned - now > _REQUEST):
        return None
    return now + DELAY


def entry_write(message: Message, at: datetime) -> Write:
    """Build the write of an entry that begins with a message."""
    return schedule.build_entry(ScheduleKind.SWEEP, message.sid, at, message.conversation_sid)
