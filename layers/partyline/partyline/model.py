"""The domain's plain data: conversations, participants, messages, receipts, sends, lines.

Addresses are canonical, times are aware UTC datetimes, `attributes` is the JSON text that was stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from partyline import addresses, threads
from partyline.states import FAILURES, ConversationState, ReceiptStatus, rank, together
from partyline.webhooks import WebhookMethod


class ParticipantKind(StrEnum):
    """What a participant is, by which of its fields are set."""

    NATIVE = "native"  # address: a handset in a group thread
    PROJECTED = "projected"  # projected address, no identity: an own number that stands for itself
    AGENT = "agent"  # identity + projected address: a person in an app behind an own number
    CHAT = "chat"  # identity only
    MASKED = "masked"  # address + proxy address: a handset that sees the proxy only


# The account itself, as an author and as who made a conversation.
SYSTEM = "system"


class NotificationLevel(StrEnum):
    """Whether an app should make a noise for a conversation; kept for it, without effect here."""

    DEFAULT = "default"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class Participant:
    """A member of a conversation. `identified` is when it got its identity, whatever dates a caller gave it."""

    sid: str
    conversation_sid: str
    created: datetime
    updated: datetime
    identity: str | None = None
    address: str | None = None
    proxy_address: str | None = None
    projected_address: str | None = None
    attributes: str = "{}"
    identified: datetime | None = None
    role_sid: str | None = None
    last_read_message_index: int | None = None
    last_read_timestamp: str | None = None
    notification_level: NotificationLevel = NotificationLevel.DEFAULT

    @property
    def kind(self) -> ParticipantKind:
        """See ParticipantKind; the combination was validated when the participant was made."""
        if self.projected_address:
            return ParticipantKind.AGENT if self.identity else ParticipantKind.PROJECTED
        if self.address:
            return ParticipantKind.MASKED if self.proxy_address else ParticipantKind.NATIVE
        return ParticipantKind.CHAT

    @property
    def author(self) -> str:
        """What a message of this participant shows as its author."""
        return self.identity or addresses.display(self.address or self.projected_address or "")

    @property
    def is_bound(self) -> bool:
        """Whether it takes part by phone: everybody but a chat-only participant has a messaging binding."""
        return self.kind is not ParticipantKind.CHAT


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its participants.

    `threads` are the keys that it owns now. `last_index` is the index of its newest message, -1 without one, and
    `removed` how many messages were deleted. `revision` counts every change but new and deleted messages: what is
    planned for one set of members is never recorded for another. `active_at` is its last activity, from which its
    timers run: `inactive_after` and `closed_after` seconds; `due_at` is when somebody looks whether they are due.
    `told` is whether webhooks hear of its activation, and `begins` the state that this ends in. `created_by` is an
    identity, or SYSTEM.
    """

    sid: str
    service_sid: str
    created: datetime
    updated: datetime
    state: ConversationState = ConversationState.ACTIVE
    friendly_name: str | None = None
    unique_name: str | None = None
    attributes: str = "{}"
    messaging_service_sid: str | None = None
    threads: frozenset[str] = frozenset()
    last_index: int = -1
    revision: int = 0
    removed: int = 0
    active_at: datetime | None = None
    inactive_after: int | None = None
    closed_after: int | None = None
    due_at: datetime | None = None
    told: bool = False
    begins: ConversationState = ConversationState.ACTIVE
    created_by: str = SYSTEM

    @property
    def is_open(self) -> bool:
        """Every state but closed."""
        return self.state is not ConversationState.CLOSED


class MediaState(StrEnum):
    """Where a picture or file is.

    pending -> ready    it is in our own storage
            -> failed   it could not be had: gone at the carrier, too large, of no known type
    """

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or file of a message. `url` is where the `carrier` that brought it keeps it, and `sha256` what it says
    of it; '' and None for one that was uploaded here. `size` is in bytes, known when it is ready; `error` is why it
    failed, in a word. `scalable` is whether an image can be made smaller, None where nobody has looked."""

    sid: str
    url: str
    content_type: str | None = None
    size: int | None = None
    filename: str | None = None
    state: MediaState = MediaState.PENDING
    carrier: str | None = None
    sha256: str | None = None
    error: str | None = None
    scalable: bool | None = None


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """A file in our own storage. Until it is attached to a message it has no `message_sid`; then it stays as long as
    its message does. `author` is the identity that uploaded it, or who wrote the message it came with; `scalable` is as
    for Media."""

    sid: str
    service_sid: str
    created: datetime
    updated: datetime
    content_type: str
    size: int
    filename: str | None = None
    author: str | None = None
    conversation_sid: str | None = None
    message_sid: str | None = None
    scalable: bool | None = None

    @property
    def attached(self) -> Media:
        """What a message has of it."""
        return Media(
            self.sid, "", self.content_type, self.size, self.filename, MediaState.READY, scalable=self.scalable
        )


@dataclass(frozen=True, slots=True)
class Send:
    """One text that a message becomes: into one thread, from one own number, to everybody else in it.

    `natives` maps each native recipient to its participant's SID; `others` are our own other numbers of the thread.
    `confirms` marks the one text that still goes to who has opted out: that they have. `byline` is the name of who
    wrote it, for those whom the number does not tell (partyline.bylines). `counted` is the fingerprint of what was
    counted as a copy of it when it was recorded: what leaves may be something else (partyline.sending).
    """

    thread: str
    sender: str
    natives: dict[str, str]
    others: tuple[str, ...] = ()
    confirms: bool = False
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
class Origin:
    """How an inbound text came, for while a file of it may hold its words: the own number that received this copy, or
    several of which one did, who wrote, and everybody in it."""

    receivers: tuple[str, ...]
    sender: str
    roster: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a conversation. `sends` is what it becomes on the wire, fixed when it was recorded;
    `carrier_message_id` is the carrier's id of an inbound one, `received_at` when the carrier got it, by its own clock,
    and `edited_from` what was recorded of an edited one. `origin` is that of an inbound one without words and with
    files."""

    sid: str
    conversation_sid: str
    index: int
    created: datetime
    updated: datetime
    author: str
    body: str | None
    participant_sid: str | None = None
    attributes: str = "{}"
    media: tuple[Media, ...] = ()
    sends: tuple[Send, ...] = ()
    carrier_message_id: str | None = None
    received_at: datetime | None = None
    edited_from: str | None = None
    origin: Origin | None = None

    @property
    def said(self) -> str | None:
        """The text as it was recorded: what is sent, though the message be edited before it leaves."""
        return self.body if self.edited_from is None else self.edited_from

    def reference(self, send: Send) -> SendReference:
        """The name of one of its sends."""
        return SendReference(self.conversation_sid, self.sid, threads.digest(send.thread))

    @property
    def pending(self) -> tuple[Media, ...]:
        """Its files that are still at the carrier."""
        return tuple(part for part in self.media if part.state is MediaState.PENDING)

    def send(self, reference: SendReference) -> Send | None:
        """The send of that name, or the one that it names a part of."""
        return next((send for send in self.sends if self.reference(send) == reference.whole), None)


@dataclass(frozen=True, slots=True)
class MediaReference:
    """Which file of which message."""

    conversation_sid: str
    message_sid: str
    media_sid: str


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """How far one part of a long text has got, by its number from 1."""

    number: int
    status: ReceiptStatus
    carrier_message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of one message to one native recipient. `carrier_message_id` is the carrier's own, as soon as it
    is known. A text that goes in parts has one receipt: `parts` are those of which something is known, `status` is what
    they come to together (states.together), and the carrier's id is that of the first."""

    sid: str
    message_sid: str
    conversation_sid: str
    participant_sid: str
    address: str
    created: datetime
    updated: datetime
    status: ReceiptStatus = ReceiptStatus.QUEUED
    error_code: int = 0
    channel_message_sid: str | None = None
    carrier_message_id: str | None = None
    parts: tuple[PartReceipt, ...] = ()

    def of(self, reference: SendReference) -> Receipt:
        """How far one part has got; the receipt itself for a text that goes whole."""
        if reference.parts == 1:
            return self
        part = self.part(reference.part)
        has_failed = self.status in FAILURES and part.status is ReceiptStatus.QUEUED
        status = self.status if has_failed else part.status
        return replace(self, status=status, carrier_message_id=part.carrier_message_id, parts=())

    def part(self, number: int) -> PartReceipt:
        """What is known of one part."""
        return next((one for one in self.parts if one.number == number), PartReceipt(number, ReceiptStatus.QUEUED))

    def with_part(self, reference: SendReference, part: PartReceipt, error_code: int) -> Receipt:
        """The receipt once a part has got further."""
        others = (one for one in self.parts if one.number != part.number)
        parts = tuple(sorted((*others, part), key=lambda one: one.number))
        status = together([one.status for one in parts], reference.parts)
        is_news = rank(status) > rank(self.status)
        return replace(
            self,
            parts=parts,
            status=status if is_news else self.status,
            error_code=error_code if is_news and status in FAILURES else self.error_code,
        )


class AutoCreation(StrEnum):
    """For which unmatched texts a line makes a conversation."""

    OFF = "off"
    ALL = "all"
    GROUPS = "groups"


class AutoCreationType(StrEnum):
    """What a conversation that a text makes is given besides: nothing, a webhook, a webhook to Twilio's Studio."""

    DEFAULT = "default"
    WEBHOOK = "webhook"
    STUDIO = "studio"


@dataclass(frozen=True, slots=True)
class AddressConfiguration:
    """Twilio's view of a line's autocreation: where its conversations are made, and what they are given.

    Whether it is on is the line's `auto_creation` alone; `groups_only` is what the configuration itself was told of
    groups, None before it was kept. `service_sid` None is the account's default Service.
    """

    sid: str
    created: datetime
    updated: datetime
    friendly_name: str | None = None
    address_country: str | None = None
    type: AutoCreationType = AutoCreationType.DEFAULT
    service_sid: str | None = None
    webhook_url: str | None = None
    webhook_method: WebhookMethod | None = None
    webhook_filters: tuple[str, ...] = ()
    studio_flow_sid: str | None = None
    studio_retry_count: int | None = None
    groups_only: bool | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One of our own numbers.

    `language` (ISO 639-1) is that of its keywords and replies; `replies` are its own texts, by keyword, instead of the
    language's; `answers_keywords` is whether it replies at all. `rate` is how many texts a second it may send, None for
    as many as come. `sms_price` and `mms_price` are what a segment and a group text to one recipient cost. All three
    are decimal numbers as text.
    """

    sid: str
    address: str
    carrier: str
    created: datetime
    updated: datetime
    auto_creation: AutoCreation = AutoCreation.OFF
    friendly_name: str | None = None
    configuration: AddressConfiguration | None = None
    language: str = "en"
    replies: dict[str, str] = field(default_factory=dict)
    answers_keywords: bool = True
    rate: str | None = None
    sms_price: str | None = None
    mms_price: str | None = None


class UnroutedReason(StrEnum):
    """Why an authentic text is in no conversation."""

    UNKNOWN_LINE = "unknown_line"
    AUTO_CREATION_OFF = "auto_creation_off"
    OWN_SENDER = "own_sender"
    ROSTER_TOO_LARGE = "roster_too_large"
    SERVICE_REMOVED = "service_removed"
    REJECTED = "rejected"
    KEYWORD = "keyword"  # STOP, START or HELP: it has had its effect, and starts no conversation
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class UnroutedText:
    """A text, or an unreadable webhook, that no conversation took: kept so that nothing is ever lost. `raw` is such a
    webhook's body, and `tag` what its URL brought back of ours. `answered` is the keyword that its carrier took it for,
    `received_at` when that got it, `only_subject` whether its words may be in a file (carriers.port.InboundText)."""

    sid: str
    carrier: str
    carrier_message_id: str
    reason: UnroutedReason
    created: datetime
    line: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    body: str = ""
    media: tuple[Media, ...] = ()
    raw: str = ""
    tag: str | None = None
    answered: str | None = None
    received_at: datetime | None = None
    only_subject: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The part of a conversation's members that shares one thread: natives and projected numbers."""

    natives: dict[str, Participant] = field(default_factory=dict)
    projected: dict[str, Participant] = field(default_factory=dict)

    @property
    def thread(self) -> str | None:
        """The key, or None while nobody is on one of the two sides."""
        if not (self.natives and self.projected):
            return None
        return threads.key([*self.natives, *self.projected])


def group_of(participants: Iterable[Participant]) -> Group:
    """The members by address that share the group thread."""
    group = Group()
    for participant in participants:
        if participant.kind is ParticipantKind.NATIVE and participant.address:
            group.natives[participant.address] = participant
        elif participant.projected_address:
            group.projected[participant.projected_address] = participant
    return group


def masked_threads(participants: Iterable[Participant]) -> dict[str, Participant]:
    """The 1:1 threads of the masked members, by key."""
    return {
        threads.key([member.address, member.proxy_address]): member
        for member in participants
        if member.address and member.proxy_address
    }


def smaller_threads(owned: Iterable[str], participants: Iterable[Participant]) -> frozenset[str]:
    """Which of the owned threads are the group without some of its members: what handsets show after a text that left
    out those who had opted out."""
    everybody = list(participants)
    group = group_of(everybody).thread
    whole = set(threads.members(group or ""))
    return frozenset(one for one in owned if set(threads.members(one)) < whole) - masked_threads(everybody).keys()


def threads_of(participants: Iterable[Participant]) -> frozenset[str]:
    """The keys of all threads that a conversation with these participants wants to own."""
    everybody = list(participants)
    group = group_of(everybody).thread
    return frozenset({*masked_threads(everybody), *([group] if group else [])})
