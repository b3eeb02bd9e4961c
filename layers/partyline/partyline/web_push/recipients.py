"""Find the browsers that show a notification of a message: who wants one, sees the conversation, and has not read it.

Rights and read states are those of the moment at which it is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from partyline.domain.inbox import ReadState, read_state_of
from partyline.domain.membership import Roster
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission
from partyline.domain.push_subscriptions import NotifyScope, PushSubscription
from partyline.frozen_classes import frozen
from partyline.realtime import audience
from partyline.storage import push_subscriptions, read_states
from partyline.storage.table import Table


@frozen
class PushRecipient:
    """A browser, and up to which index its person has read the conversation; None when they have never opened it."""

    subscription: PushSubscription
    last_read: int | None


@frozen
class RecipientFinder:
    """Finds the browsers for one message.

    `author` is the member who wrote it, `owners` are the identities that own a contact in the conversation.
    """

    table: Table
    roster: Roster
    message: Message
    author: Participant
    owners: Collection[str]

    def find(self, among: Collection[str], now: datetime) -> list[PushRecipient]:
        """Find the browsers, among some subscriptions or, with none named, all of the Service.

        Subscriptions that have ended, by their time or with their access token, are deleted.

        Cost: one query for those of everything, one for each person in charge, and a batch each of subscriptions,
        users, roles and read states.
        """
        found = push_subscriptions.fetch_many(self.table, among or self._list_candidates())
        wanted = [one for one in found if self._is_wanted(one)]
        people = {one.identity for one in wanted}
        granted = audience.authorize(self.table, self._service_sid, wanted, now, permissions_of=people)
        for expired in granted.expired:
            push_subscriptions.remove(self.table, expired)
        return self._leave_out_readers([one for one in granted.active if self._may_see(one, granted.permissions)])

    @property
    def _service_sid(self) -> str:
        return self.roster.conversation.service_sid

    @property
    def _members(self) -> Mapping[str, Participant]:
        return {one.identity: one for one in self.roster.participants if one.identity}

    def _list_in_charge(self) -> set[str]:
        """List the people whose conversation it is."""
        assignee = self.roster.conversation.assignee
        return {*self.owners, *self._members, *([assignee] if assignee else [])}

    def _list_candidates(self) -> Iterable[str]:
        found = {*push_subscriptions.list_in_scope(self.table, self._service_sid, NotifyScope.ALL)}
        for identity in self._list_in_charge():
            found |= {one.sid for one in push_subscriptions.list_of_person(self.table, self._service_sid, identity)}
        return found

    def _is_wanted(self, subscription: PushSubscription) -> bool:
        """Whether a person wants to know of the conversation, and has not written the message."""
        if subscription.service_sid != self._service_sid or subscription.identity == self.author.identity:
            return False
        return subscription.scope is NotifyScope.ALL or subscription.identity in self._list_in_charge()

    def _may_see(self, subscription: PushSubscription, permissions: Mapping[str, Collection[Permission]]) -> bool:
        """Whether a person may see what a notification says: it names contacts, as the inbox does."""
        identity, permitted = subscription.identity, permissions.get(subscription.identity, ())
        is_owner = identity in self.owners and Permission.VIEW_ASSIGNED_CONVERSATIONS in permitted
        is_visible = is_owner or identity in self._members or Permission.VIEW_ANY_CONVERSATION in permitted
        return is_visible and Permission.WRITE_AS_LINE in permitted

    def _leave_out_readers(self, found: Iterable[PushSubscription]) -> list[PushRecipient]:
        """Leave out the people who have read the message already, and for whom the conversation is quiet."""
        listed = [*found]
        members = self._members
        others = {one.identity for one in listed} - {*members}
        stored = read_states.fetch_many(self.table, self.roster.conversation.sid, others)
        told = []
        for one in listed:
            state: ReadState = read_state_of(members.get(one.identity), stored.get(one.identity))
            has_read = state.last_read_index is not None and state.last_read_index >= self.message.index
            if not (state.muted or has_read):
                told.append(PushRecipient(one, state.last_read_index))
        return told
