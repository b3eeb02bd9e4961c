"""What is left of a conversation, a user, a Service or a file that was removed: deleted afterwards, in small steps.

A run works for as long as it has time; the next one goes on, since what is gone is not found again. Repeats do no harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from partyline.domain import addresses, sids
from partyline.domain.conversations import group_of
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.services import User
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.media.bucket import Bucket
from partyline.storage import conversations, keys, lines, messages, queries, retry, services, unrouted, users
from partyline.storage.conversations import Roster
from partyline.storage.queries import ListPage, Window
from partyline.storage.table import Table

Entry = TypeVar("Entry")

# How much is read, and deleted, in one step.
_STEP = 100
# How far the clocks of functions may be apart.
_MARGIN = timedelta(seconds=5)


class RemovedKind(StrEnum):
    """What leaves something behind when it is removed."""

    CONVERSATION = "conversation"
    SERVICE = "service"
    USER = "user"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed; of a user also the Service and the identity, by which its memberships are found. `at` is when,
    in Unix time; 0 is not known, and long ago."""

    kind: RemovedKind
    sid: str
    service_sid: str = ""
    identity: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Cleaner:
    """What cleaning up works with. `has_time` is asked after each step, which takes a second or two at most."""

    table: Table
    bucket: Bucket
    clock: Callable[[], datetime]
    has_time: Callable[[], bool]


def encode(removed: Removed) -> str:
    """What was removed as the body of a queue's message."""
    return json.dumps(asdict(removed))


def decode(body: str) -> Removed:
    """What such a body says."""
    fields = json.loads(body)
    return Removed(**{**fields, "kind": RemovedKind(fields["kind"])})


def clean_up(desk: Cleaner, removed: Removed) -> bool:
    """Delete what is left, step by step while there is time; whether that was all of it."""
    return all(desk.has_time() for _ in _steps(desk, removed))


def _steps(desk: Cleaner, removed: Removed) -> Iterator[None]:
    match removed.kind:
        case RemovedKind.CONVERSATION:
            return _conversation(desk, removed.sid)
        case RemovedKind.SERVICE:
            return _service(desk, removed)
        case RemovedKind.USER:
            return _user(desk, removed)
        case RemovedKind.MEDIA:
            return _media(desk, removed.sid)


def _conversation(desk: Cleaner, sid: str) -> Iterator[None]:
    """Its participants, webhooks, messages with their files, and receipts. Its sends stay, and the carriers' ids of
    them: a late report finds that there is nothing to move."""
    yield from _partition(desk.table, keys.conversation(sid).pk)
    yield from _partition(desk.table, keys.messages(sid))


def _media(desk: Cleaner, sid: str) -> Iterator[None]:
    """The content of a file."""
    desk.bucket.remove(sid)
    yield


def _service(desk: Cleaner, removed: Removed) -> Iterator[None]:
    """Its conversations, which leave something behind themselves, its users and bindings, and what is beside it: roles
    and settings."""
    table, sid = desk.table, removed.sid
    for conversation in _entries(lambda window: queries.conversations(table, sid, window)):
        _remove(table, conversation.sid, datetime.fromtimestamp(removed.at, UTC) - _MARGIN)
        yield
    for user in _entries(lambda window: queries.users(table, sid, window)):
        table.delete_all([keys.user(user.sid)])
        yield
    for binding in _entries(lambda window: queries.bindings(table, sid, window)):
        table.delete_all([keys.binding(binding.sid)])
        yield
    yield from _partition(table, keys.service(sid).pk)


def _remove(table: Table, sid: str, since: datetime) -> None:
    """Delete a conversation. Texts that carriers brought since its Service was removed were answered 2xx: they are kept
    among the unrouted."""

    def attempt() -> None:
        roster = conversations.load(table, sid)
        if roster is None:
            return
        for message in _received(table, sid, since):
            # Both at once: a run that dies in between must not keep anew what has been routed again since.
            kept = unrouted.put_write(_unrouted(table, roster, message))
            table.transact([kept, messages.handing_over_write(message)])
        # While nothing more has come in since.
        conversations.remove(table, roster.conversation, conversations.no_new_message(roster.conversation))

    retry.STANDARD.run(attempt)


def _received(table: Table, conversation_sid: str, since: datetime) -> Iterator[Message]:
    """The texts that carriers brought to a conversation since a moment, newest first."""
    after: int | None = None
    while True:
        page = messages.page(table, conversation_sid, size=_STEP, forward=False, after=after)
        for delivered in page.messages:
            if delivered.message.created < since:
                return
            if delivered.message.carrier_message_id:
                yield delivered.message
        if not page.more:
            return
        after = page.messages[-1].message.index


def _unrouted(table: Table, roster: Roster, message: Message) -> UnroutedText:
    """A recorded text as one that no conversation took; repeats make the same."""
    writer = next((member for member in roster.participants if member.sid == message.participant_sid), None)
    group = group_of(roster.participants)
    own, people = sorted(group.projected), {*group.natives, *group.projected}
    if writer and writer.address and writer.proxy_address:
        own, people = [writer.proxy_address], {writer.address, writer.proxy_address}
    sender = (writer.address or writer.projected_address if writer else None) or addresses.canonicalize(message.author)
    line = next((number for number in own if number != sender), "")
    registered = lines.fetch(table, [line] if line else [])
    return UnroutedText(
        sid=sids.derive(sids.UNROUTED, message.sid),
        carrier=registered[line].carrier if line in registered else "",
        carrier_message_id=message.carrier_message_id or "",
        reason=UnroutedReason.SERVICE_REMOVED,
        created=message.created,
        received_at=message.received_at,
        line=line,
        sender=sender,
        recipients=tuple(sorted(people - {sender})),
        body=message.body or "",
        media=message.media,
    )


def _user(desk: Cleaner, removed: Removed) -> Iterator[None]:
    """Its memberships and bindings."""
    if services.fetch(desk.table, removed.service_sid) is None:
        # Its conversations are removed with it.
        return
    theirs = _entries(
        lambda window: queries.participations(desk.table, removed.service_sid, window, identity=removed.identity)
    )
    for participant in theirs:
        _leave(desk, participant.conversation_sid, removed)
        yield
    devices = _entries(
        lambda window: queries.bindings(desk.table, removed.service_sid, window, identities=[removed.identity])
    )
    for binding in devices:
        if _is_older(binding.created, users.fetch(desk.table, removed.sid)):
            desk.table.delete_all([keys.binding(binding.sid)])
        yield


def _leave(desk: Cleaner, conversation_sid: str, removed: Removed) -> None:
    """Take a removed user out of a conversation. A number that they stood behind stays, and stands for itself."""

    def attempt() -> None:
        roster = conversations.load(desk.table, conversation_sid)
        if roster is None:
            return
        settled = conversations.apply_due_timers(desk.table, roster.conversation, now)
        if settled is None:
            return
        roster = replace(roster, conversation=settled)
        # Read after the members: who has joined again is a user again by then.
        user = users.fetch(desk.table, removed.sid)
        members = [
            replace(member, identity=None, role_sid=None, updated=now) if _is_left(member, removed, user) else member
            for member in roster.participants
            if member.projected_address or not _is_left(member, removed, user)
        ]
        if members != list(roster.participants):
            conversations.change_members(desk.table, roster, members, now)

    now = desk.clock()
    retry.STANDARD.run(attempt)


def _is_left(member: Participant, removed: Removed, user: User | None) -> bool:
    """Whether a member is left of the removed user, and not of the one who came after with the same identity."""
    return member.identity == removed.identity and _is_older(member.identified or member.created, user)


def _is_older(moment: datetime, user: User | None) -> bool:
    """Whether something is from before a user who came back."""
    return user is None or moment < user.created


def _entries(read: Callable[[Window], ListPage[Entry]]) -> Iterator[Entry]:
    """A list from its beginning, read as far as it is wanted."""
    window = Window(_STEP)
    while True:
        page = read(window)
        yield from (entry for _, entry in page.entries)
        if not (page.more and page.ends):
            return
        window = Window(_STEP, page.ends[1])


def _partition(table: Table, pk: str) -> Iterator[None]:
    while found := table.query(pk, limit=_STEP).items:
        # The files first: while their message is there the next run finds them again. Their content follows by itself.
        files = [keys.media(part["sid"]) for item in found for part in item.get("media", ())]
        table.delete_all([*files, *(keys.Key(item["PK"], item["SK"]) for item in found)])
        yield
