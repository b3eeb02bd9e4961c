"""A live connection from its client's side: it opens with an access token, asks, and ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from partyline import refusals
from partyline.auth import scope as scopes
from partyline.auth import tokens
from partyline.domain import events
from partyline.domain.events import Cause, Event, Source
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission
from partyline.errors import ApiError, NotPosted
from partyline.realtime import audience, gateway, protocol, publisher
from partyline.realtime.protocol import Ping, Resume, Typing
from partyline.storage import connections, conversations, messages, quotas
from partyline.storage.connections import MAX_PER_IDENTITY, Connection
from partyline.storage.conversations import Roster
from partyline.storage.messages import MessageWithReceipts

# API Gateway ends every connection after two hours.
LONGEST = 2 * 3600
# How many messages one frame brings at most, and how many are read at a time.
MAX_RESUMED = 500
_PAGE = 100
# So many frames within a window of its quota, and a connection is closed.
_FLOOD = 4 * quotas.MAX_FRAMES


@dataclass(frozen=True, slots=True)
class SessionContext(gateway.LiveConnections):
    """What sessions work with. `key_root` is what the secrets of API keys are derived from."""

    account_sid: str
    key_root: Callable[[], str]


def connect(desk: SessionContext, event: Mapping[str, Any]) -> Connection:
    """Let a connection open that brings an access token, as a header `Authorization: Bearer` or, since browsers cannot
    set one, as the parameter `token`. Its identity is a user from now on.

    Raises ApiError 20101 to 20107, 20157, 20403 in a Service that is not there, 20429 when the identity has too many
    connections or opens too many; and Conflict.
    """
    now = desk.clock()
    token = tokens.read_token(_credentials(event), desk)
    scope = scopes.resolve_scope(desk, now, token.service_sid)
    if scope is None:
        raise refusals.forbidden("the access token is for a Service that is not there")
    person = scopes.resolve_user(desk, now, scope, token)
    # Of a token that is good: one that was revoked must not use up what the identity may do.
    _spend(desk, token.service_sid, token.identity)
    connection = Connection(
        sid=event["requestContext"]["connectionId"],
        service_sid=token.service_sid,
        identity=token.identity,
        key_sid=token.key_sid,
        until=min(token.expires, int(now.timestamp()) + LONGEST),
        supervises=Permission.VIEW_ANY_CONVERSATION in person.permissions,
        # A clock that is ahead of ours does not put it behind a revocation: it was made by now.
        issued=min(token.issued, int(now.timestamp())),
    )
    if connections.register(desk.table, connection, now):
        return connection
    # Those that may not go on, as of a revoked token, keep nobody out.
    _end_fallen(desk, connection)
    if not connections.register(desk.table, connection, now):
        raise refusals.too_many_connections(MAX_PER_IDENTITY)
    return connection


def _end_fallen(desk: SessionContext, other: Connection) -> None:
    """End the connections of an identity that may not go on, and would be found out when they say or hear
    something."""
    own = connections.list_for_identities(desk.table, other.service_sid, [other.identity])
    for connection in audience.authorize(desk.table, other.service_sid, own, desk.clock(), may_see_all=()).ended:
        gateway.close_connection(desk, connection)


def disconnect(desk: gateway.LiveConnections, sid: str) -> None:
    """Forget a connection that has ended."""
    connection = connections.fetch(desk.table, sid)
    if connection is not None:
        connections.remove(desk.table, connection)


def expire(desk: gateway.LiveConnections, sid: str) -> None:
    """End a connection whose token has ended. Repeats change nothing."""
    connection = connections.fetch(desk.table, sid)
    if connection is not None:
        gateway.close_connection(desk, connection)


def handle_frame(desk: SessionContext, sid: str, frame: str) -> ApiError | None:
    """Do what a client's frame asks for; how it was refused, which the client is told too. A connection that may not go
    on, or does not take the answer, is closed; its client comes again and resumes."""
    heard = connections.record_frame(desk.table, sid, desk.clock())
    if heard is None:
        # It was ended, and could not be closed.
        gateway.cut_connection(desk.wire, sid)
        return None
    connection, frames = heard
    if frames > quotas.MAX_FRAMES:
        return _leave_unread(desk, connection, frames)
    asked = {connection.identity}
    stand = audience.authorize(desk.table, connection.service_sid, [connection], desk.clock(), may_see_all=asked)
    if stand.ended:
        gateway.close_connection(desk, connection)
        return None
    try:
        return _answer(_Session(desk, connection, sees_all=bool(stand.see_all)), frame)
    except NotPosted:
        gateway.close_connection(desk, connection)
        return None


def _leave_unread(desk: SessionContext, connection: Connection, frames: int) -> ApiError:
    """Ignore a connection that sends too many frames. It is told so once in a window, and closed when it goes on."""
    refused = refusals.quota_spent(quotas.MAX_FRAMES, quotas.SECONDS)
    if frames > _FLOOD:
        gateway.close_connection(desk, connection)
    elif frames == quotas.MAX_FRAMES + 1:
        with suppress(NotPosted):
            desk.wire.post(connection.sid, protocol.error_frame(refused))
    return refused


def _spend(desk: SessionContext, service_sid: str, identity: str) -> None:
    """Count what an identity asks for, over all its connections. Raises ApiError 20429 when it is too much."""
    if quotas.exceeds_frame_quota(desk.table, service_sid, identity, desk.clock()):
        raise refusals.quota_spent(quotas.MAX_ASKED, quotas.SECONDS)


def _credentials(event: Mapping[str, Any]) -> str:
    headers = event.get("headers") or {}
    given = next((str(value) for name, value in headers.items() if name.lower() == "authorization"), "")
    scheme, _, credentials = given.partition(" ")
    if given:
        return credentials.strip() if scheme.lower() == "bearer" else ""
    return str((event.get("queryStringParameters") or {}).get("token", ""))


# --- what a client asks for


@dataclass(frozen=True, slots=True)
class _Session:
    """A connection that stands, and whether its identity sees every conversation."""

    desk: SessionContext
    connection: Connection
    sees_all: bool

    def tell(self, *frames: str) -> bool:
        """Hand frames to the client; False when it is gone."""
        return all(self.desk.wire.post(self.connection.sid, frame) for frame in frames)

    def member(self, roster: Roster) -> Participant | None:
        """The member of a conversation that the identity is."""
        identity = self.connection.identity
        return next((member for member in roster.participants if member.identity == identity), None)

    def roster(self, conversation_sid: str) -> Roster:
        """A conversation with everybody in it. Raises ApiError 20404, also where it is not visible."""
        roster = conversations.load(self.desk.table, conversation_sid)
        visible = roster and roster.conversation.service_sid == self.connection.service_sid
        if roster is None or not visible or not (self.sees_all or self.member(roster)):
            raise refusals.not_found(f"/Conversations/{conversation_sid}")
        return roster


def _answer(session: _Session, frame: str) -> ApiError | None:
    try:
        asked = protocol.parse_frame(frame)
        if not isinstance(asked, Ping):
            _spend(session.desk, session.connection.service_sid, session.connection.identity)
        match asked:
            case Ping():
                session.tell(protocol.pong_frame())
            case Typing(conversation_sid):
                _typing(session, conversation_sid)
            case Resume(after):
                return _resume(session, after)
    except ApiError as refused:
        session.tell(protocol.error_frame(refused))
        return refused
    return None


def _typing(session: _Session, conversation_sid: str) -> None:
    """Tell the other members, and supervisors, that this one is writing. Once, to whom it reaches. Raises ApiError
    20404, also for one who sees the conversation and takes no part in it."""
    own = session.connection
    roster = session.roster(conversation_sid)
    member = session.member(roster)
    if member is None:
        raise refusals.not_found(f"/Conversations/{conversation_sid}/Participants/{own.identity}")
    others = {one.identity for one in roster.participants if one.identity} - {own.identity}
    found, _ = audience.select_recipients(session.desk.table, own.service_sid, others, session.desk.clock())
    hearing = [one for one in found if one.identity != own.identity]
    publisher.post_frames(
        session.desk.wire, hearing, [protocol.typing_frame(conversation_sid, own.identity, member.sid)]
    )


def _resume(session: _Session, after: Mapping[str, int]) -> ApiError | None:
    """Tell the messages of some conversations from behind an index, MAX_RESUMED in all; the last refusal."""
    left, refused = MAX_RESUMED, None
    for conversation_sid, index in after.items():
        try:
            roster = session.roster(conversation_sid)
        except ApiError as not_visible:
            session.tell(protocol.error_frame(not_visible, conversation_sid))
            refused = not_visible
            continue
        told = _resume_one(session, roster, index, left)
        if told is None:
            # The client is gone.
            break
        left -= told
    return refused


def _resume_one(session: _Session, roster: Roster, after: int, left: int) -> int | None:
    """Tell what came in one conversation, at most `left` messages; how many that was, or None when the client is gone.

    The end was read before the messages, so all that are there up to it are told, and what is not there was deleted.
    """
    conversation, end, told, more = roster.conversation, roster.conversation.last_index, 0, True
    index = after
    while more and told < left:
        page = messages.page(
            session.desk.table, conversation.sid, size=min(_PAGE, left - told), after=None if index < 0 else index
        )
        more = page.more
        if page.messages:
            index = page.messages[-1].message.index
            told += len(page.messages)
            brought = [_event(session.desk, delivered, roster) for delivered in page.messages]
            if not session.tell(*protocol.event_frames(conversation.sid, brought)):
                return None
    reached = index if more else max(index, end)
    return told if session.tell(protocol.resumed_frame(conversation.sid, after, reached, more=more)) else None


def _event(desk: SessionContext, delivered: MessageWithReceipts, roster: Roster) -> Event:
    """What a message was told as, as far as it is still known: who takes part is as of now, and of the source only
    whether a carrier brought it."""
    message = delivered.message
    cause = Cause(Source.SMS if message.carrier_message_id else Source.API)
    event = events.message_added_event(message, roster.conversation, roster.participants)
    return Event(event.type, events.with_common_parameters(event, desk.account_sid, cause))
