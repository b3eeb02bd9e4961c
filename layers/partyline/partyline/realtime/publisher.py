"""Push events to live connections. At least once, in the order of each conversation; clients drop repeats.

The receivers of an event are found when it is pushed: the members of its conversation, the owners of contacts in it,
the identities that it names, and supervisors, as far as their connections are authorized then (realtime.audience).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from partyline.auth import visibility
from partyline.domain import inbox_events, sids
from partyline.domain.events import SCHEDULED_MESSAGE_FAILED
from partyline.domain.permissions import Permission
from partyline.domain.webhook_configuration import STAFF_EVENTS
from partyline.frozen_classes import frozen, replace
from partyline.queues import queue_messages
from partyline.queues.queue_messages import Cut, Push
from partyline.realtime import audience, protocol
from partyline.realtime.gateway import LiveConnections, PostResult
from partyline.storage import connections, conversations
from partyline.storage.connections import Connection

# An older event is not worth pushing: a client that was away for so long resumes.
LIFE = timedelta(minutes=5)
# How often a connection may fail to take a frame before it is closed. Its client connects again and resumes.
MAX_TRIES = 3
# A queue's message can hold 256 KB.
_MAX_BODY = 240 * 1024


@frozen
class Pushed:
    """How many connections took a push, were found gone, and were closed.

    `again`: some did not take it, so the whole push is to be repeated.
    """

    taken: int = 0
    gone: int = 0
    cut: int = 0
    again: bool = False


def encode(message: Push | Cut) -> str:
    """Build the body of a queue message. Long values of events are left out when it would be too large."""
    body = queue_messages.encode_live(message)
    if isinstance(message, Cut) or len(body) <= _MAX_BODY:
        return body
    shorter = tuple(protocol.shorten_event(event) for event in message.events)
    return queue_messages.encode_live(replace(message, events=shorter))


def is_expired(sent_at: datetime, now: datetime) -> bool:
    """Whether an event that was queued at `sent_at` is no longer worth pushing."""
    return now - sent_at > LIFE


@frozen
class Publisher:
    """Pushes events to live connections, and closes connections whose user or Service was removed."""

    live: LiveConnections

    def publish(self, message: Push | Cut, *, received: int) -> Pushed:
        """Handle one queue message. `received` is how often the queue has delivered it, this time included."""
        if isinstance(message, Cut):
            closing = self._connections_to_close(message)
            self.live.close_all(closing)
            return Pushed(cut=len(closing))
        return self._push(message, last=received >= MAX_TRIES)

    def _push(self, push: Push, *, last: bool) -> Pushed:
        """Push to every receiver. In the last try a connection that fails is closed instead of tried again."""
        table = self.live.table
        receivers, expired = self._find_receivers(push)
        results = self.live.post_all(receivers, protocol.event_frames(push.subject, push.events))
        gone = [one for one, result in zip(receivers, results, strict=True) if result is PostResult.GONE]
        failed = [one for one, result in zip(receivers, results, strict=True) if result is PostResult.FAILED]
        for connection in gone:
            connections.remove(table, connection)
        closing = [*expired, *(failed if last else ())]
        self.live.close_all(closing)
        return Pushed(
            taken=results.count(PostResult.TAKEN),
            gone=len(gone),
            cut=len(closing),
            again=bool(failed) and not last,
        )

    def _find_receivers(self, push: Push) -> tuple[list[Connection], tuple[Connection, ...]]:
        """Return the connections that the events are for, and the expired ones among those that were read."""
        table, now = self.live.table, self.live.clock()
        if inbox_events.is_private(push.events):
            is_removal = any(event.type == inbox_events.ENTRY_REMOVED for event in push.events)
            return audience.select_named(table, push.service_sid, push.identities, now, with_supervisors=not is_removal)
        identities, owners = self._find_identities(push)
        return audience.select_recipients(
            table, push.service_sid, identities, now, owners=owners, permission=_required_permission(push)
        )

    def _find_identities(self, push: Push) -> tuple[set[str], frozenset[str]]:
        """Return the identities that the events are for, and those that own a contact in the conversation."""
        identities, owners = set(push.identities), frozenset(push.owners)
        if not push.subject.startswith(sids.CONVERSATION):
            named = {event.parameters["Identity"] for event in push.events if "Identity" in event.parameters}
            return identities | named, owners
        roster = conversations.load(self.live.table, push.subject)
        if roster is None:
            return identities, owners
        # Members do not receive that a message to them could not be sent.
        is_unsent = all(event.type == SCHEDULED_MESSAGE_FAILED for event in push.events)
        members = {one.identity for one in roster.participants if one.identity and not is_unsent}
        current = visibility.fetch_owners(self.live.table, push.service_sid, roster.participants)
        return identities | members, owners | current

    def _connections_to_close(self, cut: Cut) -> list[Connection]:
        if cut.identity is None:
            return connections.list_all(self.live.table, cut.service_sid)
        return connections.list_for_identities(self.live.table, cut.service_sid, [cut.identity])


def _required_permission(push: Push) -> Permission | None:
    """Return what the role of a receiver must permit.

    Notes, and entries of the inbox, which name contacts, are for staff, whoever else is in the conversation.
    """
    is_for_staff = any(event.type in (*STAFF_EVENTS, inbox_events.ENTRY_UPDATED) for event in push.events)
    return Permission.WRITE_AS_LINE if is_for_staff else None
