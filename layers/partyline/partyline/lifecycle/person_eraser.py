"""Erase what is stored of a number, in steps that can be repeated.

1. What an index finds: the opt-outs, the contacts, and conversation by conversation the membership, the messages and
   what waits to be sent. The person leaves a conversation first, so later texts find another one.
2. Walks through the whole table: the number has no index in conversations that the person has left, in texts that
   waited, in sends and reports. The first walk that erases nothing is the last. What it finds that stays is reported.
3. The dead-letter queues of events and of the inbox.

A text that the person writes meanwhile is erased with the rest until the first walk begins. What is stored from then on
stays: whoever writes again is a correspondent again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from partyline.domain import erasures, sids
from partyline.domain.contact_imports import ImportState
from partyline.domain.conversations import Conversation
from partyline.domain.erasures import Erasure, ErasureState, Kept, KeptReason
from partyline.frozen_classes import frozen, replace
from partyline.lifecycle.contact_eraser import erase_contact
from partyline.lifecycle.erasure_scope import CAUSE, ErasureScope, Verdict
from partyline.lifecycle.item_eraser import erase_item
from partyline.lifecycle.message_eraser import leave
from partyline.media import bucket as files
from partyline.media.bucket import Bucket
from partyline.queues.dead_letters import IsWanted, SearchResult, search_nothing
from partyline.storage import contacts, conversations, event_packing, keys, opt_outs, participations, queries, retry
from partyline.storage import erasures as store
from partyline.storage.attribute_values import Item
from partyline.storage.erasures import LeavingTask
from partyline.storage.queries import Window
from partyline.storage.table import Table

# How many items one step reads, of a list and of the whole table, where few are the person's.
_STEP, _WALK_STEP = 100, 250
_CSV = "text/csv"


@frozen
class PersonEraser:
    """Erases people, in steps that take a second or two at most."""

    table: Table
    bucket: Bucket
    clock: Callable[[], datetime]
    search_dead_letters: Callable[[IsWanted], SearchResult] = search_nothing

    def erase(self, sid: str) -> Iterator[None]:
        """Go on with an erasure, up to the next walk; it ends also when another invocation is faster."""
        current = store.fetch(self.table, sid)
        if current is None or current.number is None:
            return
        scope = ErasureScope(self.table, self.clock, current.number, current.by, current.until)
        yield from self._walk(current, scope) if current.walk else self._erase_known(current, scope)

    # --- what an index finds

    def _erase_known(self, current: Erasure, scope: ErasureScope) -> Iterator[None]:
        """Erase what an index finds, then order the first walk."""
        counts = Counter({"opt_outs": opt_outs.erase(self.table, scope.number)})
        counts["contacts"] = sum(self._erase_contact(scope, service_sid) for service_sid in self._list_services())
        state = replace(current.add(+counts), state=ErasureState.RUNNING, updated=self.clock())
        stored = store.advance(self.table, current, state)
        while stored is not None and (task := self._find_task(stored, scope.number)):
            stored = self._work(stored, scope, task)
            yield
        if stored is not None:
            store.begin_walk(self.table, stored, stored.begin_walk(self.clock()), self.clock())

    def _erase_contact(self, scope: ErasureScope, service_sid: str) -> bool:
        holder = contacts.fetch_holders(self.table, service_sid, [scope.number]).get(scope.number)
        return holder is not None and erase_contact(scope, holder.contact_sid) is Verdict.ERASED

    def _list_services(self) -> Iterator[str]:
        after: str | None = None
        while True:
            page = queries.services(self.table, Window(_STEP, after))
            yield from (service.sid for _, service in page.entries)
            if not (page.more and page.ends):
                return
            after = page.ends[1]

    def _find_task(self, current: Erasure, number: str) -> LeavingTask | None:
        """Find a conversation to leave: one that was begun, else the next that an index has."""
        if begun := store.find_task(self.table, current.sid):
            return begun
        for service_sid in self._list_services():
            found = participations.list_for(self.table, service_sid, Window(_STEP), address=number)
            for _, one in found.entries:
                sid = one.conversation.sid
                roster = conversations.load(self.table, sid)
                others = [member for member in roster.participants if member.address != number] if roster else []
                task = LeavingTask(current.sid, sid, whole=not any(member.address for member in others))
                store.add_task(self.table, task)
                return task
        return None

    def _work(self, current: Erasure, scope: ErasureScope, task: LeavingTask) -> Erasure | None:
        """Do a step of a task: leave, and erase a page of messages; return None when another invocation was faster."""
        scope = replace(scope, whole=task.whole)
        counts: Counter[str] = Counter()
        if task.place is None:
            counts["participants"] = int(leave(scope, task.conversation_sid))
            counts["conversations"] = int(self._erase_names(scope, task))
        page = self._read_page(task)
        counts.update(self._erase_items(scope, (item for item in page if _is_erased(scope, item)))[0])
        if len(page) < _STEP:
            store.end_task(self.table, task)
        else:
            store.save_task(self.table, replace(task, place=page[-1]["SK"]))
        return store.advance(self.table, current, replace(current.add(+counts), updated=self.clock()))

    def _read_page(self, task: LeavingTask) -> list[Item]:
        pk = keys.messages(task.conversation_sid)
        after = keys.Key(pk, task.place).attributes() if task.place else None
        return [event_packing.unpack(item) for item in self.table.query(pk, limit=_STEP, after=after).items]

    def _erase_names(self, scope: ErasureScope, task: LeavingTask) -> bool:
        """Erase the number from what a conversation is called; of one about this person only, all of it."""

        def attempt() -> bool:
            before = conversations.fetch(self.table, task.conversation_sid, whole=True)
            after = before and erasures.erase_names(before, scope.number, whole=scope.whole)
            return self._store_names(before, after) if before and after and before != after else False

        return retry.STANDARD.run(attempt)

    def _store_names(self, before: Conversation, after: Conversation) -> bool:
        conversations.update(self.table, before, after, self.clock(), cause=CAUSE)
        return True

    # --- walks

    def _walk(self, begun: Erasure, scope: ErasureScope) -> Iterator[None]:
        """Walk on through the table."""
        current: Erasure | None = begun
        while current is not None:
            page = self.table.scan(limit=_WALK_STEP, after={**current.place} if current.place else None)
            items = map(event_packing.unpack, page.items)
            counts, kept = self._erase_items(scope, (item for item in items if _has_number(scope, item)))
            counts["imports"] += sum(self._erase_file(scope, item) for item in page.items if item["SK"] == "CI")
            after = replace(current.add(+counts, kept), place=page.last_key, updated=self.clock())
            if page.last_key is None:
                self._end_walk(current, after, scope)
                return
            current = store.advance(self.table, current, after)
            yield

    def _end_walk(self, before: Erasure, after: Erasure, scope: ErasureScope) -> None:
        now = self.clock()
        if not after.is_last_walk:
            store.begin_walk(self.table, before, after.begin_walk(now), now)
            return
        found = self.search_dead_letters(lambda body: _is_in_letter(scope, body))
        kept = [Kept("dead_letters", name, KeptReason.UNREAD) for name in found.unread]
        searched = after.add(+Counter(dead_letters=found.removed), kept)
        store.advance(self.table, before, searched.complete(now))

    def _erase_items(self, scope: ErasureScope, items: Iterable[Item]) -> tuple[Counter[str], list[Kept]]:
        """Erase items; return how many of each kind were erased, and what stays."""
        counts: Counter[str] = Counter()
        kept: list[Kept] = []
        for item in items:
            done = erase_item(scope, item)
            if done.verdict is Verdict.ERASED:
                counts[done.kind] += 1
            elif done.verdict is not Verdict.NOTHING:
                kept.append(Kept(done.kind, done.sid, _REASONS[done.verdict]))
        return counts, kept

    def _erase_file(self, scope: ErasureScope, item: dict[str, Any]) -> bool:
        """Delete the file of an import that has ended, if it has the number."""
        if item["state"] in (ImportState.QUEUED, ImportState.RUNNING) or scope.is_later(item["created"]):
            return False
        try:
            content = self.bucket.read(files.original_key(item["sid"], _CSV)).decode("utf-8-sig")
        except LookupError:
            return False
        return erasures.is_listed(scope.number, content.splitlines()) and bool(self.bucket.remove(item["sid"]))


def _is_in_letter(scope: ErasureScope, body: str) -> bool:
    return scope.is_mentioned(body) or any(map(scope.is_mentioned, event_packing.read_packed(body)))


_REASONS = {Verdict.IN_USE: KeptReason.IN_USE, Verdict.OTHERS_WORDS: KeptReason.OTHERS_WORDS}
# What people have written in a conversation, which goes where it is about the person only.
_WORDS = (sids.MESSAGE, sids.NOTE, f"S#{sids.SCHEDULED_MESSAGE}")


def _has_number(scope: ErasureScope, item: Item) -> bool:
    """Whether an item has the number: a row that an import rejected, in any notation."""
    return scope.is_mentioned(item) or erasures.is_listed(scope.number, item.get("cells", ()))


def _is_erased(scope: ErasureScope, item: Item) -> bool:
    """Whether something of an item in a conversation's messages is to be erased."""
    is_word = item["SK"].startswith(_WORDS) and "#DY" not in item["SK"]
    return scope.is_mentioned(item) or (scope.whole and is_word)
