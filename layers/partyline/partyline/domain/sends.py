"""Sends: the texts that a message becomes on the wire, one for each thread. Pure."""

from __future__ import annotations

import re
from dataclasses import field
from enum import StrEnum

from partyline.frozen_classes import frozen


class SendState(StrEnum):
    """The state of one carrier request: the text of one message into one thread, or to one member of it.

    (none) -> sending -> sent       the carrier accepted it
                      -> refused    the carrier rejected it, or answered "not now" until the last retry
                      -> waiting    the carrier certainly did not accept it; -> sending again later
                      -> unknown    no answer came; the request is never repeated
           -> split                 the carrier takes one request a member, and each has its own state

    A later attempt may find `sending`. Then an earlier attempt ended after its request and before its result was
    recorded, and the state becomes `unknown`. A late answer or the reconciler can still move it on from `unknown`.
    """

    SENDING = "sending"
    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SPLIT = "split"


@frozen
class Send:
    """One text of a message: into one thread, from one own number, to all other members of the thread.

    - `natives`: the participant's SID by the address of each native recipient.
    - `others`: our other own numbers in the thread.
    - `confirms_opt_out`: the text confirms an opt-out, and may be sent to a recipient that has just opted out.
    - `byline`: the author's name, where the sending number does not identify the author (partyline.domain.bylines).
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

    def words(self, recorded: str | None) -> str:
        """Build the text that handsets show: the byline, if any, and the recorded text.

        Only the first part of a long text has the byline.
        """
        return f"{self.byline}: {recorded or ''}".rstrip() if self.byline else recorded or ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """The addresses that the carrier is asked to reach, sorted, each once."""
        return tuple(sorted({*self.natives, *self.others}))


_TAG = re.compile(r"(CH[0-9a-f]{32})-(IM[0-9a-f]{32})-([0-9a-f]{64})(?:-([1-9][0-9]{0,3})of([1-9][0-9]{0,3}))?")


@frozen
class SendReference:
    """The name of a send, or of one part of a send that is too long for its carrier.

    - `thread`: the digest of the thread.
    - `part`, `parts`: the number of the part, from 1, and how many there are.

    Its tag goes along with the request, and the carrier's reports contain it. So a report finds its receipt even when
    the carrier's answer was lost, and with it the carrier's own id.
    """

    conversation_sid: str
    message_sid: str
    thread: str
    part: int = 1
    parts: int = 1

    @property
    def whole(self) -> SendReference:
        """The reference of the send that this is a part of."""
        return SendReference(self.conversation_sid, self.message_sid, self.thread)

    @property
    def tag(self) -> str:
        """The reference as one word of letters, digits and hyphens."""
        part = f"-{self.part}of{self.parts}" if self.parts > 1 else ""
        return f"{self.conversation_sid}-{self.message_sid}-{self.thread}{part}"

    @classmethod
    def from_tag(cls, tag: str | None) -> SendReference | None:
        """Parse a tag; None when the tag is not one of ours."""
        match = _TAG.fullmatch(tag or "")
        if match is None:
            return None
        part, parts = int(match[4] or 1), int(match[5] or 1)
        return cls(match[1], match[2], match[3], part, parts) if part <= parts else None


@frozen
class RequestReference:
    """The name of a request to a carrier: a send, or a part of it, and a member.

    `member` is None for a request to all recipients. A carrier that takes one request a member gets one for each.
    """

    send: SendReference
    member: str | None = None
