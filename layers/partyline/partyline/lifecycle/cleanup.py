"""Delete what a removed conversation, user, Service or file has left behind, and erase people, in small steps.

A run works for as long as it has time, and the next run continues, since it no longer finds what was deleted. A repeat
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from partyline.domain.participants import Participant
from partyline.domain.services import User
from partyline.frozen_classes import frozen, replace
from partyline.lifecycle import service_removal
from partyline.lifecycle.message_expirer import MessageExpirer
from partyline.lifecycle.person_eraser import PersonEraser
from partyline.media.bucket import Bucket
from partyline.queues.dead_letters import IsWanted, SearchResult, search_nothing
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import (
    contact_keys,
    contacts,
    conversations,
    inbox,
    inbox_keys,
    keys,
    memberships,
    push_subscription_keys,
    push_subscriptions,
    queries,
    retry,
    services,
    snippet_keys,
    snippets,
    text_index,
    users,
)
from partyline.storage.queries import ListPage, Window
from partyline.storage.table import Table

Entry = TypeVar("Entry")

# How many items one step reads and deletes.
_STEP = 100
# How many indexed texts, each with 32 words at most.
_TEXT_STEP = 10
# How far the clocks of two functions may differ.
_MARGIN = timedelta(seconds=5)


@frozen
class Cleaner:
    """Cleans up after removals, and erases people.

    - `has_time`: is asked after each step, which takes a second or two at most.
    - `search_dead_letters`: removes messages from the dead-letter queues that can have numbers.
    """

    table: Table
    bucket: Bucket
    clock: Callable[[], datetime]
    has_time: Callable[[], bool]
    search_dead_letters: Callable[[IsWanted], SearchResult] = search_nothing

    def clean_up(self, removed: Removed) -> bool:
        """Delete what is left, step by step, while there is time; return whether nothing is left."""
        return all(self.has_time() for _ in self._steps(removed))

    def _steps(self, removed: Removed) -> Iterator[None]:
        match removed.kind:
            case RemovedKind.CONVERSATION:
                yield from self._clean_conversation(removed.sid)
            case RemovedKind.SERVICE:
                yield from self._clean_service(removed)
            case RemovedKind.USER:
                yield from self._clean_user(removed)
            case RemovedKind.MEDIA:
                yield from self._clean_media(removed.sid)
            case RemovedKind.CONTACT_IMPORT:
                yield from self._clean_import(removed.sid)
            case RemovedKind.CONTACT_HISTORY:
                yield from self._clean_history(removed.sid)
            case RemovedKind.PERSON:
                eraser = PersonEraser(self.table, self.bucket, self.clock, self.search_dead_letters)
                yield from eraser.erase(removed.sid)
            case RemovedKind.OLD_MESSAGES:
                yield from MessageExpirer(self.table, self.clock).expire(removed.sid)

    def _clean_conversation(self, sid: str) -> Iterator[None]:
        """Delete its participants, webhooks, messages with their files, receipts, and what the inbox and the index of
        texts have of it.

        Its sends and the carriers' ids of them stay: a late delivery report finds that no receipt is left to change.
        The messages go before what the index has of them: it stores nothing of a message that is gone.
        """
        yield from self._clean_partition(keys.conversation(sid).pk)
        yield from self._clean_partition(keys.messages(sid))
        inbox.remove(self.table, inbox.load(self.table, sid), sid)
        yield from self._clean_partition(inbox_keys.partition(sid))
        while texts := text_index.list_records(self.table, sid, _TEXT_STEP):
            self.table.delete_all(key for text in texts for key in text_index.list_keys(text))
            yield

    def _clean_media(self, sid: str) -> Iterator[None]:
        """Delete the content of a file."""
        self.bucket.remove(sid)
        yield

    def _clean_import(self, sid: str) -> Iterator[None]:
        """Delete the file of an import of contacts, and the rows that it rejected."""
        self.bucket.remove(sid)
        yield from self._clean_partition(contact_keys.contact_import(sid).pk)

    def _clean_history(self, sid: str) -> Iterator[None]:
        """Delete the history of a contact that was erased. The clean-up of its Service deletes it too."""
        contact = contacts.fetch(self.table, sid)
        if contact is None or not contact.deleted:
            return
        while contacts.forget_history(self.table, contact, _STEP):
            yield

    def _clean_service(self, removed: Removed) -> Iterator[None]:
        """Delete its conversations, users and contacts, what belongs to people, then its roles and settings.

        Each conversation is cleaned up by itself afterwards.
        """
        table, sid = self.table, removed.sid
        since = datetime.fromtimestamp(removed.at, UTC) - _MARGIN
        for conversation in _list_entries(lambda window: queries.conversations(table, sid, window)):
            service_removal.remove_conversation(table, conversation.sid, since)
            yield
        for user in _list_entries(lambda window: queries.users(table, sid, window)):
            table.delete_all([keys.user(user.sid)])
            yield
        for binding in _list_entries(lambda window: queries.bindings(table, sid, window)):
            table.delete_all([keys.binding(binding.sid)])
            yield
        listed = push_subscriptions.list_of_service(table, sid)
        table.delete_all(push_subscription_keys.push_subscription(one) for one in listed)
        yield
        for read in (queries.contacts, queries.deleted_contacts):
            for contact in _list_entries(partial(read, table, sid)):
                contacts.remove(table, contact)
                yield
        yield from self._clean_partition(snippet_keys.partition(sid))
        yield from self._clean_partition(keys.service(sid).pk)

    def _clean_user(self, removed: Removed) -> Iterator[None]:
        """Delete its memberships, bindings, push subscriptions and own snippets."""
        table, service_sid, identity = self.table, removed.service_sid, removed.identity
        if services.fetch(table, service_sid) is None:
            # The removal of the Service cleans up the conversations.
            return
        for participant in _list_entries(
            lambda window: queries.participations(table, service_sid, window, identity=identity)
        ):
            self._remove_member(participant.conversation_sid, removed)
            yield
        for binding in _list_entries(
            lambda window: queries.bindings(table, service_sid, window, identities=[identity])
        ):
            if _is_older(binding.created, users.fetch(table, removed.sid)):
                table.delete_all([keys.binding(binding.sid)])
            yield
        for subscription in push_subscriptions.list_of_person(table, service_sid, identity):
            if _is_older(subscription.confirmed, users.fetch(table, removed.sid)):
                push_subscriptions.remove(table, subscription)
            yield
        for snippet in _list_entries(
            lambda window: snippets.page(table, service_sid, window, everyones=False, owner=identity)
        ):
            if _is_older(snippet.created, users.fetch(table, removed.sid)):
                table.delete_all(snippets.keys_of(snippet))
            yield

    def _remove_member(self, conversation_sid: str, removed: Removed) -> None:
        """Remove a user from a conversation. A number that it was bound to stays as a participant of its own."""
        now = self.clock()

        def attempt() -> None:
            roster = conversations.load(self.table, conversation_sid)
            if roster is None:
                return
            current = conversations.apply_due_timers(self.table, roster.conversation, now)
            if current is None:
                return
            roster = replace(roster, conversation=current)
            # Read after the members: an identity that has joined again is a user again by then.
            user = users.fetch(self.table, removed.sid)
            left = {member.sid for member in roster.participants if _is_left(member, removed, user)}
            members = [
                replace(member, identity=None, role_sid=None, updated=now) if member.sid in left else member
                for member in roster.participants
                if member.projected_address or member.sid not in left
            ]
            if members != list(roster.participants):
                memberships.change_members(self.table, roster, members, now)

        retry.STANDARD.run(attempt)

    def _clean_partition(self, pk: str) -> Iterator[None]:
        """Delete all items of a partition."""
        while found := self.table.query(pk, limit=_STEP).items:
            # The files first: the next run finds them as long as their message exists. Their content is deleted by the
            # clean-up of each file.
            files = [keys.media(part["sid"]) for item in found for part in item.get("media", ())]
            self.table.delete_all([*files, *(keys.Key(item["PK"], item["SK"]) for item in found)])
            yield


def _is_left(member: Participant, removed: Removed, user: User | None) -> bool:
    """Whether a member is left of the removed user, and not of a later user with the same identity."""
    return member.identity == removed.identity and _is_older(member.identified or member.created, user)


def _is_older(moment: datetime, user: User | None) -> bool:
    """Whether a moment is before a user was created again."""
    return user is None or moment < user.created


def _list_entries(read: Callable[[Window], ListPage[Entry]]) -> Iterator[Entry]:
    """List all entries of a query, reading a page when it is needed."""
    window = Window(_STEP)
    while True:
        page = read(window)
        yield from (entry for _, entry in page.entries)
        if not (page.more and page.ends):
            return
        window = Window(_STEP, page.ends[1])
