"""Answer the frames of one authorized live connection: ping, typing and resume."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from partyline import refusals
from partyline.auth import visibility
from partyline.auth.scope import CallingUser
from partyline.domain import events
from partyline.domain.events import Cause, Event, Source
from partyline.domain.membership import Roster
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission
from partyline.errors import ApiError
from partyline.frozen_classes import frozen
from partyline.realtime import audience, protocol
from partyline.realtime.gateway import LiveConnections
from partyline.realtime.protocol import Ping, Resume, Typing
from partyline.storage import conversations, messages
from partyline.storage.connections import Connection
from partyline.storage.messages import MessageWithReceipts

# How many messages one frame resumes at most, and how many are read at a time.
MAX_RESUMED = 500
_PAGE = 100


@frozen
class FrameHandler:
    """Answers the frames of one connection.

    `spend_quota` takes the SID of the Service and the identity, and raises ApiError 20429. `user` has the permissions
    of now.
    """

    live: LiveConnections
    connection: Connection
    account_sid: str
    spend_quota: Callable[[str, str], None]
    user: CallingUser

    def handle(self, frame: str) -> ApiError | None:
        """Answer a frame; return the error that the client was sent, if there is one. Raises NotPosted."""
        try:
            request = protocol.parse_frame(frame)
            if not isinstance(request, Ping):
                self.spend_quota(self.connection.service_sid, self.connection.identity)
            match request:
                case Ping():
                    self._post(protocol.pong_frame())
                case Typing(conversation_sid):
                    self._announce_typing(conversation_sid)
                case Resume(after):
                    return self._resume(after)
        except ApiError as refused:
            self._post(protocol.error_frame(refused))
            return refused
        return None

    def _post(self, *frames: str) -> bool:
        """Send frames to the client; return False when it is gone."""
        return all(self.live.gateway.post(self.connection.sid, frame) for frame in frames)

    def _announce_typing(self, conversation_sid: str) -> None:
        """Announce to the others who see the conversation that this identity is typing. At most once.

        A member may, and who may write as a line without being a member. Raises ApiError 20404 for others.
        """
        own = self.connection
        roster = self._load_visible(conversation_sid)
        member = self._find_member(roster)
        if member is None and Permission.WRITE_AS_LINE not in self.user.permissions:
            raise refusals.not_found(f"/Conversations/{conversation_sid}/Participants/{own.identity}")
        others = {one.identity for one in roster.participants if one.identity} - {own.identity}
        owners = visibility.fetch_owners(self.live.table, own.service_sid, roster.participants)
        found, _ = audience.select_recipients(
            self.live.table, own.service_sid, others, self.live.clock(), owners=owners
        )
        receivers = [one for one in found if one.identity != own.identity]
        frame = protocol.typing_frame(conversation_sid, own.identity, member.sid if member else None)
        self.live.post_all(receivers, [frame])

    def _resume(self, after: Mapping[str, int]) -> ApiError | None:
        """Send the messages behind an index of some conversations, MAX_RESUMED in all; return the last error."""
        left, refused = MAX_RESUMED, None
        for conversation_sid, index in after.items():
            try:
                roster = self._load_visible(conversation_sid)
            except ApiError as not_visible:
                self._post(protocol.error_frame(not_visible, conversation_sid))
                refused = not_visible
                continue
            sent = self._resume_conversation(roster, index, left)
            if sent is None:
                # The client is gone.
                break
            left -= sent
        return refused

    def _resume_conversation(self, roster: Roster, after: int, left: int) -> int | None:
        """Send at most `left` messages of one conversation; return how many, or None when the client is gone.

        The last index was read before the messages. So every message up to it is sent, except deleted ones.
        """
        conversation, sent, more = roster.conversation, 0, True
        index = after
        while more and sent < left:
            page = messages.page(
                self.live.table, conversation.sid, size=min(_PAGE, left - sent), after=None if index < 0 else index
            )
            more = page.more
            if page.messages:
                index = page.messages[-1].message.index
                sent += len(page.messages)
                found = [self._build_event(message, roster) for message in page.messages]
                if not self._post(*protocol.event_frames(conversation.sid, found)):
                    return None
        reached = index if more else max(index, conversation.last_index)
        return sent if self._post(protocol.resumed_frame(conversation.sid, after, reached, more=more)) else None

    def _build_event(self, found: MessageWithReceipts, roster: Roster) -> Event:
        """Build the event that announced a message, as far as it is known now.

        The participants are those of now, and of the source only is known whether a carrier brought the message.
        """
        message = found.message
        cause = Cause(Source.SMS if message.carrier_message_id else Source.API)
        event = events.message_added_event(message, roster.conversation, roster.participants)
        return Event(event.type, events.with_common_parameters(event, self.account_sid, cause))

    def _load_visible(self, conversation_sid: str) -> Roster:
        """Load a conversation with its participants. Raises ApiError 20404, also where it is not visible."""
        roster = conversations.load(self.live.table, conversation_sid)
        is_own_service = roster and roster.conversation.service_sid == self.connection.service_sid
        if roster is None or not is_own_service or not self._is_visible(roster):
            raise refusals.not_found(f"/Conversations/{conversation_sid}")
        return roster

    def _is_visible(self, roster: Roster) -> bool:
        return visibility.is_visible(self.live.table, self.connection.service_sid, self.user, roster.participants)

    def _find_member(self, roster: Roster) -> Participant | None:
        """Return the member of a conversation that the identity of the connection is."""
        identity = self.connection.identity
        return next((member for member in roster.participants if member.identity == identity), None)
