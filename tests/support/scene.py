"""A recorded message on a real table, the carrier that is asked to send it, and what becomes of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from partyline.carriers.bandwidth import Bandwidth
from partyline.carriers.base import Accepted, DeliveryReport, FoundMessage, MediaAccess, OutboundMedia, OutboundText
from partyline.carriers.limits import Limits
from partyline.domain import contacts, routing, sids
from partyline.domain.contacts import Contact, ContactAction, ContactNumber, DoNotDisturb
from partyline.domain.conversations import Conversation
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.media import Media
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.opt_outs import OptOutChannel, OptOutEvent
from partyline.domain.participants import Participant
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import SendReference
from partyline.errors import SendError
from partyline.outbound import delivery_reports
from partyline.outbound.carrier_requester import CarrierRequester
from partyline.outbound.delivery_reports import ReportOutcome
from partyline.outbound.rate_limiter import RateLimiter
from partyline.outbound.reconciler import Reconciler
from partyline.outbound.send_attempt import SendAttempt
from partyline.outbound.send_job import CallbackUrl, FindCarrier, SendLoader
from partyline.outbound.send_settlement import SendSettlement
from partyline.outbound.sender import AttachmentSource, Sender
from partyline.storage import contacts as contact_store
from partyline.storage import conversations, lines, memberships, messages, opt_outs
from partyline.storage.table import Table

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
P, Q = "+12065550100", "+12065550101"
A, B, C = "+12065550150", "+12065550151", "+12065550152"
QUEUED, SENT, DELIVERED, FAILED = (
    ReceiptStatus.QUEUED,
    ReceiptStatus.SENT,
    ReceiptStatus.DELIVERED,
    ReceiptStatus.FAILED,
)
# How a test makes its scene, with what is particular to it.
MakeScene = Callable[..., "Scene"]
Answer = Accepted | Exception | Callable[[OutboundText], Accepted]


class Crash(BaseException):
    """The function dies: nothing catches this."""


class Dying(Table):
    """A table whose function dies at the n-th write, counted from 0; each statement of a batch is one."""

    def __init__(self, table: Table, writes_left: int) -> None:
        self.__dict__.update(table.__dict__)
        self._left = writes_left
        self.died = False

    def _live(self) -> None:
        if self._left == 0:
            self.died = True
            raise Crash
        self._left -= 1

    def write(self, write: Any) -> Any:
        self._live()
        return super().write(write)

    def transact(self, writes: Any) -> None:
        self._live()
        super().transact(writes)

    def execute_all(self, statements: Any) -> list[bool]:
        effective = []
        for statement in statements:
            self._live()
            effective += super().execute_all([statement])
        return effective


@dataclass
class FakeCarrier:
    """A carrier that remembers what it was asked and gives the next of its answers."""

    answers: Iterator[Any]
    asked: list[OutboundText] = field(default_factory=list)
    name: str = "bandwidth"
    found: FoundMessage | SendError | Callable[[OutboundText], FoundMessage] | None = None
    looked_for: list[OutboundText] = field(default_factory=list)
    known_ids: list[str] = field(default_factory=list)
    limits: Limits = Bandwidth.limits

    def send(self, text: OutboundText) -> Accepted:
        self.asked.append(text)
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        accepted: Accepted = answer(text) if callable(answer) else answer
        return accepted

    def authenticate(self, request: Any, now: float) -> None:
        raise NotImplementedError

    def parse(self, request: Any) -> Any:
        raise NotImplementedError

    def media_access(self) -> MediaAccess:
        return MediaAccess("Basic secret", "https://carrier.example", ())

    def find(self, text: OutboundText, carrier_message_id: str) -> FoundMessage | None:
        self.looked_for.append(text)
        self.known_ids.append(carrier_message_id)
        if isinstance(self.found, SendError):
            raise self.found
        return self.found(text) if callable(self.found) else self.found


@dataclass(frozen=True)
class Outbound:
    """What sends and reconciles, from parts of which a test replaces what it is about."""

    table: Table
    find_carrier: FindCarrier
    callback_url: CallbackUrl
    clock: Callable[[], datetime]
    attachments: AttachmentSource
    rate: Callable[[str], str | None]
    slots: int = 5
    restored_at: datetime | None = None

    @property
    def loader(self) -> SendLoader:
        return SendLoader(self.table, self.find_carrier, self.callback_url)

    @property
    def settlement(self) -> SendSettlement:
        return SendSettlement(self.table, self.clock)

    @property
    def rate_limiter(self) -> RateLimiter:
        return RateLimiter(self.table, self.clock, self.rate, self.slots)

    @property
    def sender(self) -> Sender:
        requester = CarrierRequester(
            self.table, self.clock, self.settlement, self.rate_limiter, lambda: self.restored_at
        )
        return Sender(self.loader, self.rate_limiter, self.attachments, requester, self.clock)

    @property
    def reconciler(self) -> Reconciler:
        return Reconciler(self.table, self.clock, self.loader, self.settlement)


@dataclass
class Scene:
    """A conversation of an agent (P), another (Q) and natives A and B, and one message of the agent's."""

    table: Table
    carrier: FakeCarrier
    message: Message
    reference: SendReference
    media: tuple[OutboundMedia, ...] = ()
    rate: str | None = None
    now: datetime = NOW
    restored_at: datetime | None = None

    def deliver(self) -> SendAttempt:
        return self.outbound().sender.deliver(self.reference)

    def edit(self, before: Message, after: Message) -> None:
        roster = conversations.load(self.table, self.message.conversation_sid)
        assert roster
        messages.update(self.table, roster.conversation, before, after, NOW)

    def give_up(self) -> int:
        return self.outbound().reconciler.reconcile(self.reference) or 0

    def outbound(self) -> Outbound:
        return Outbound(
            self.table,
            find_carrier=lambda name: self.carrier,
            callback_url=lambda carrier, tag: f"https://example.com/carriers/{carrier}?send={tag}",
            clock=lambda: self.now,
            attachments=lambda message, limits, *, group: self.media,
            rate=lambda carrier: self.rate,
            restored_at=self.restored_at,
        )

    def receipts(self) -> dict[str, tuple[ReceiptStatus, int]]:
        found = messages.fetch(self.table, self.message.conversation_sid, self.message.sid)
        assert found
        return {receipt.address: (receipt.status, receipt.error_code) for receipt in found.receipts}

    def report(
        self, address: str, status: ReceiptStatus, *, tag: bool = True, id: str = "c-1", code: int = 0
    ) -> ReportOutcome:
        given = self.reference.tag if tag else None
        return delivery_reports.apply_report(
            self.table, DeliveryReport("bandwidth", id, address, status, code, None, given), NOW
        )


def make_scene(
    table: Table,
    *answers: Answer | BaseException,
    body: str = "hello",
    clients: int = 2,
    carrier: str = "bandwidth",
    addresses: Sequence[str] = (),
    media: Sequence[Media] = (),
) -> Scene:
    """A conversation of two agents (P, Q) and some natives, with one message of the first agent's."""
    for address in (P, Q):
        line = Line(sids.new(sids.LINE), address, carrier, NOW, NOW, AutoCreation.GROUPS)
        if address not in lines.fetch(table, [address]):
            lines.register(table, line)
    return written(table, FakeCarrier(iter(answers)), body, clients, addresses, media)


CLIENTS = itertools.count()


def written(
    table: Table,
    carrier: FakeCarrier,
    body: str = "hello",
    clients: int = 2,
    addresses: Sequence[str] = (),
    media: Sequence[Media] = (),
) -> Scene:
    """A message in a group of these native addresses, or else of as many new ones as there are clients."""
    sid = sids.new(sids.CONVERSATION)
    blank = Participant("", sid, NOW, NOW)
    agent = replace(blank, sid=sids.new(sids.PARTICIPANT), identity="agent", projected_address=P)
    other = replace(blank, sid=sids.new(sids.PARTICIPANT), identity="other", projected_address=Q)
    natives = [
        replace(blank, sid=sids.new(sids.PARTICIPANT), address=address)
        for address in addresses or [f"+1206555{next(CLIENTS) + 1000}" for _ in range(clients)]
    ]
    members = [agent, other, *natives]
    conversation = memberships.NewConversation(Conversation(sid, "IS1", NOW, NOW), members, NOW).store(table)
    message = Message(
        sid=sids.message(0),
        conversation_sid=sid,
        index=0,
        created=NOW,
        updated=NOW,
        author="agent",
        body=body,
        participant_sid=agent.sid,
        media=tuple(media),
        sends=routing.plan_sends(members, conversation.threads, agent),
        service_sid="IS1",
    )
    table.transact(messages.recording_writes(Roster(conversation, tuple(members)), message, NOW))
    (send,) = message.sends
    return Scene(table, carrier, message, message.reference(send))


def natives(scene: Scene) -> tuple[str, str]:
    ann, ben = scene.message.sends[0].natives
    return ann, ben


def group(scene: Scene) -> list[str]:
    return sorted(scene.message.sends[0].natives)


def opt_out(table: Table, address: str, line: str = P, *, opted_out: bool = True) -> None:
    before = opt_outs.fetch_many(table, address, line)
    table.transact(
        opt_outs.build_writes(before, OptOutEvent(address, line, opted_out, channel=OptOutChannel.API, at=NOW))
    )


def leave_alone(table: Table, *addresses: str, service_sid: str = "IS1", quiet: bool = True) -> None:
    """Store a contact of these numbers who wants no texts."""
    numbers = contacts.check_numbers([ContactNumber(address) for address in addresses])
    silence = DoNotDisturb(NOW, "boss") if quiet else None
    made = Contact(sids.new(sids.CONTACT), service_sid, "Kay", NOW, NOW, numbers, None, silence)
    contact_store.save(table, None, made, contacts.describe_change(None, made, ContactAction.CREATED, "boss"))
