"""Telling live connections what happened. At least once, in the order of each conversation; clients drop repeats.

Who hears of an event is found when it is told: the members of its conversation, those whom it names, and supervisors,
as far as their connections still stand (live.standing).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from partyline.domain import sids
from partyline.domain.events import Event
from partyline.errors import NotPosted
from partyline.realtime import audience, protocol
from partyline.realtime.gateway import AT_ONCE, LiveConnections, Wire, close_connection
from partyline.storage import connections, conversations
from partyline.storage.connections import Connection
from partyline.storage.table import Table

# Older ones are worth nothing: a client that was away for so long resumes.
LIFE = timedelta(minutes=5)
# How often a connection may fail to take a frame before it is cut; its client comes again and resumes.
MAX_TRIES = 3
# What a queue's message can hold is 256 KB.
_MAX_BODY = 240 * 1024


@dataclass(frozen=True, slots=True)
class Push:
    """What is told of one conversation or user (`subject`, its SID). `identities` hear of it besides the members."""

    service_sid: str
    subject: str
    events: tuple[Event, ...]
    identities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """Connections that end because a user (`subject`, with its identity) or a Service was removed."""

    service_sid: str
    subject: str
    identity: str | None = None


class Posted(StrEnum):
    """What became of the frames for one connection."""

    TAKEN = "taken"
    GONE = "gone"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push: to how many connections it went, how many were found gone and were cut. `again`: some
    did not take it, so all of it is to be repeated."""

    taken: int = 0
    gone: int = 0
    cut: int = 0
    again: bool = False


def encode(told: Push | Cut) -> str:
    """What is told as the body of a queue's message."""
    if isinstance(told, Cut):
        return json.dumps({"kind": "cut", **asdict(told)})
    body = json.dumps({"kind": "push", **asdict(told)})
    if len(body) <= _MAX_BODY:
        return body
    shorter = tuple(protocol.shorten_event(event) for event in told.events)
    return json.dumps({"kind": "push", **asdict(replace(told, events=shorter))})


def decode(body: str) -> Push | Cut:
    """What such a body tells."""
    fields: dict[str, Any] = json.loads(body)
    if fields.pop("kind") == "cut":
        return Cut(**fields)
    told = tuple(Event(**event) for event in fields["events"])
    return Push(fields["service_sid"], fields["subject"], told, tuple(fields["identities"]))


def push_to_connections(desk: LiveConnections, told: Push | Cut, *, received: int) -> Pushed:
    """Tell it. `received` is how often the queue has given it out, this time included."""
    if isinstance(told, Cut):
        ending = _named(desk.table, told)
        _end_all(desk, ending)
        return Pushed(cut=len(ending))
    members = {*told.identities, *_concerned(desk.table, told)}
    hearing, ended = audience.select_recipients(desk.table, told.service_sid, members, desk.clock())
    results = post_frames(desk.wire, hearing, protocol.event_frames(told.subject, told.events))
    gone = [one for one, result in zip(hearing, results, strict=True) if result is Posted.GONE]
    failed = [one for one, result in zip(hearing, results, strict=True) if result is Posted.FAILED]
    for connection in gone:
        connections.remove(desk.table, connection)
    given_up = failed if received >= MAX_TRIES else []
    _end_all(desk, [*ended, *given_up])
    return Pushed(
        taken=results.count(Posted.TAKEN),
        gone=len(gone),
        cut=len(ended) + len(given_up),
        again=len(failed) > len(given_up),
    )


def is_expired(sent_at: datetime, now: datetime) -> bool:
    """Whether what was queued then is worth nothing any more."""
    return now - sent_at > LIFE


def post_frames(wire: Wire, hearing: Sequence[Connection], frames: Sequence[str]) -> list[Posted]:
    """Hand some frames to each of some connections, side by side."""

    def to(connection: Connection) -> Posted:
        try:
            return Posted.TAKEN if all(wire.post(connection.sid, frame) for frame in frames) else Posted.GONE
        except NotPosted:
            return Posted.FAILED

    if not hearing:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(hearing))) as pool:
        return list(pool.map(to, hearing))


def _concerned(table: Table, told: Push) -> set[str]:
    """The identities that take part in a conversation now, or the identity that a user is."""
    if told.subject.startswith(sids.CONVERSATION):
        roster = conversations.load(table, told.subject)
        return {member.identity for member in roster.participants if member.identity} if roster else set()
    return {event.parameters["Identity"] for event in told.events if "Identity" in event.parameters}


def _named(table: Table, told: Cut) -> list[Connection]:
    if told.identity is None:
        return connections.list_all(table, told.service_sid)
    return connections.list_for_identities(table, told.service_sid, [told.identity])


def _end_all(desk: LiveConnections, ending: Iterable[Connection]) -> None:
    for connection in ending:
        close_connection(desk, connection)
