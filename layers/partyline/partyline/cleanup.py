"""What is left of a conversation, a user or a Service that was removed: deleted afterwards, in small steps.

A run works for as long as it has time; the next one goes on, since what is gone is not found again. Repeats do no harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from partyline.directory import User
from partyline.model import Participant
from partyline.store import conversations, keys, listing, services, users
from partyline.store.listing import ListPage, Window
from partyline.store.table import Table, retrying

Entry = TypeVar("Entry")

# How much is read, and deleted, in one step.
_STEP = 100
_TRIES = 8


class Kind(StrEnum):
    """What leaves something behind when it is removed."""

    CONVERSATION = "conversation"
    SERVICE = "service"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed; of a user also the Service and the identity, by which its memberships are found."""

    kind: Kind
    sid: str
    service_sid: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What cleaning up works with. `has_time` is asked after each step, which takes a second or two at most."""

    table: Table
    clock: Callable[[], datetime]
    has_time: Callable[[], bool]


def encode(removed: Removed) -> str:
    """What was removed as the body of a queue's message."""
    return json.dumps(asdict(removed))


def decode(body: str) -> Removed:
    """What such a body says."""
    fields = json.loads(body)
    return Removed(**{**fields, "kind": Kind(fields["kind"])})


def clean(desk: Desk, removed: Removed) -> bool:
    """Delete what is left, step by step while there is time; whether that was all of it."""
    return all(desk.has_time() for _ in _steps(desk, removed))


def _steps(desk: Desk, removed: Removed) -> Iterator[None]:
    match removed.kind:
        case Kind.CONVERSATION:
            return _conversation(desk, removed.sid)
        case Kind.SERVICE:
            return _service(desk, removed.sid)
        case Kind.USER:
            return _user(desk, removed)


def _conversation(desk: Desk, sid: str) -> Iterator[None]:
    """Its participants, webhooks, messages and receipts. Its sends stay, and the carriers' ids of them: a late report
    finds that there is nothing to move."""
    yield from _partition(desk.table, keys.conversation(sid).pk)
    yield from _partition(desk.table, keys.messages(sid))


def _service(desk: Desk, sid: str) -> Iterator[None]:
    """Its conversations, which leave something behind themselves, its users and bindings, and what is beside it: roles
    and settings."""
    table = desk.table
    for conversation in _entries(lambda window: listing.conversations(table, sid, window)):
        _remove(table, conversation.sid)
        yield
    for user in _entries(lambda window: listing.users(table, sid, window)):
        table.delete_all([keys.user(user.sid)])
        yield
    for binding in _entries(lambda window: listing.bindings(table, sid, window)):
        table.delete_all([keys.binding(binding.sid)])
        yield
    yield from _partition(table, keys.service(sid).pk)


def _remove(table: Table, sid: str) -> None:
    def attempt() -> None:
        conversation = conversations.fetch(table, sid)
        if conversation:
            conversations.remove(table, conversation)

    retrying(attempt, tries=_TRIES)


def _user(desk: Desk, removed: Removed) -> Iterator[None]:
    """Its memberships."""
    if services.fetch(desk.table, removed.service_sid) is None:
        # Its conversations are removed with it.
        return
    theirs = _entries(
        lambda window: listing.participations(desk.table, removed.service_sid, window, identity=removed.identity)
    )
    for participant in theirs:
        _leave(desk, participant.conversation_sid, removed)
        yield


def _leave(desk: Desk, conversation_sid: str, removed: Removed) -> None:
    """Take a removed user out of a conversation. A number that they stood behind stays, and stands for itself."""

    def attempt() -> None:
        roster = conversations.load(desk.table, conversation_sid)
        if roster is None:
            return
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
    retrying(attempt, tries=_TRIES)


def _is_left(member: Participant, removed: Removed, user: User | None) -> bool:
    """Whether a member is left of the removed user, and not of the one who came after with the same identity."""
    return member.identity == removed.identity and (user is None or member.created < user.created)


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
        table.delete_all(keys.Key(item["PK"], item["SK"]) for item in found)
        yield
