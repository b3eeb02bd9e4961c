"""Sends: what a message becomes on the wire, one for each thread. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum


class SendState(StrEnum):
    """One carrier request: the text of one message into one thread, or to one member of it.

    (none) -> sending -> sent       the carrier took it
                      -> refused    it said no, or went on saying "not now"
                      -> waiting    it certainly did not take it; -> sending again later
                      -> unknown    no answer: never asked again
           -> split                 its carrier takes one request a member, and each has a state of its own

    `sending` found by a later attempt means that an earlier one died between asking and recording: it becomes
    `unknown` too. From `unknown` it moves on when its fate is learned after all: by a late answer, or by the second
    look.
    """

    SENDING = "sending"
    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Send:
    """One text that a message becomes: into one thread, from one own number, to all other members of the thread.

    - `natives`: the SID of the participant of each native recipient; `others`: our own other numbers in the thread.
    - `confirms_opt_out`: it is the one text that is sent to a recipient who has just opted out.
    - `byline`: the author's name, for recipients to whom the number does not tell it (partyline.domain.bylines).
    - `counted`: the fingerprint of the copy that was expected when the message was recorded. The text that is sent may
      be another one (partyline.outbound.sender).
    """

    thread: str
    sender: str
    natives: dict[str, str]
    others: tuple[str, ...] = ()
    confirms_opt_out: bool = False
    byline: str = ""
    counted: str = field(default="", compare=False)

    def words(self, said: str | None) -> str:
        """What handsets show of what was said. Of a long text, which is sent in parts, the first has the name."""
        return f"{self.byline}: {said or ''}".rstrip() if self.byline else said or ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody that the carrier is asked to reach, sorted, once each."""
        return tuple(sorted({*self.natives, *self.others}))


@dataclass(frozen=True, slots=True)
class SendReference:
    """Which send: of which message, into which thread (its digest); or which part of one that is too long for its
    carrier, from 1, of how many.

    Its tag goes along with the request, and a carrier's reports bring it back: so they find their receipts even when
    the carrier's answer, and with it the carrier's own id, was lost.
    """

    conversation_sid: str
    message_sid: str
    thread: str
    part: int = 1
    parts: int = 1

    @property
    def whole(self) -> SendReference:
        """The send that this is a part of."""
        return SendReference(self.conversation_sid, self.message_sid, self.thread)

    @property
    def tag(self) -> str:
        """The reference as one word of letters, digits and hyphens."""
        part = f"-{self.part}of{self.parts}" if self.parts > 1 else ""
        return f"{self.conversation_sid}-{self.message_sid}-{self.thread}{part}"

    @classmethod
    def from_tag(cls, tag: str | None) -> SendReference | None:
        """The send that a tag names; None when the tag is not one of ours."""
        match = re.fullmatch(
            r"(CH[0-9a-f]{32})-(IM[0-9a-f]{32})-([0-9a-f]{64})(?:-([1-9][0-9]{0,3})of([1-9][0-9]{0,3}))?", tag or ""
        )
        if match is None:
            return None
        part, parts = int(match[4] or 1), int(match[5] or 1)
        return cls(match[1], match[2], match[3], part, parts) if part <= parts else None


@dataclass(frozen=True, slots=True)
class RequestReference:
    """Which request to a carrier: of which send, or which part of it, and to which member.

    `member` is None for a request to all recipients. A carrier that takes one request a member gets one for each.
    """

    send: SendReference
    member: str | None = None
