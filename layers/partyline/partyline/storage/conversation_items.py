"""The items of a conversation's partition, and the writes and conditions that concern one item each.

A thread's item exists exactly while an open conversation owns it, so "one open conversation per set of people" is the
condition of one write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from partyline.domain import roster_marks, threads, timers
from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.participants import Participant
from partyline.errors import Conflict, RuleViolation
from partyline.frozen_classes import frozen, replace
from partyline.serialization import format_time
from partyline.storage import codec, conversation_attributes, keys, schedule, users
from partyline.storage import conversation_list_keys as list_keys
from partyline.storage.attribute_values import Item
from partyline.storage.format_level import PLACES_APART
from partyline.storage.leveled_writes import write_by_level
from partyline.storage.schedule import ScheduleKind
from partyline.storage.table import EXISTS, NEW, Condition, Table, Write, change, delete, diff_items, put

# Labels of writes. A Conflict names the failed writes by them.
THREAD, NAME, CONVERSATION = "thread:", "unique_name", "conversation"


# --- the conversation


@frozen
class ListedConversation:
    """What lists read of a conversation: of its own item, or of that with its places."""

    sid: str


def form_new(
    table: Table, conversation: Conversation, members: Iterable[Participant], *, has_webhooks: bool | None
) -> Conversation:
    """Return a conversation that is to be created with these members, in the form in which it is stored."""
    is_apart = table.find_level() >= PLACES_APART
    marked = replace(
        conversation,
        listed_apart=True if is_apart else None,
        roster_mark=roster_marks.build_mark(conversation.revision, members),
        had_webhooks=has_webhooks or None,
    )
    return conversation_attributes.place(marked)


def creation_writes(conversation: Conversation, note: Mapping[str, Any]) -> list[Write]:
    """Build the writes of a new conversation with its places in the lists; `note` goes into its own item."""
    item = {**conversation_attributes.encode(conversation), **note}
    if conversation.state is ConversationState.INITIALIZING:
        item["outbox"] = "activate"
    key = keys.conversation(conversation.sid)
    if conversation.listed_apart:
        beside = conversation_attributes.build_writes(None, conversation)
        return [put(CONVERSATION, key, item, NEW), _put_places(conversation), *beside]
    return [put(CONVERSATION, key, {**item, **_list_places(conversation)}, NEW)]


def change_writes(
    before: Conversation, after: Conversation, sets: Mapping[str, Any], condition: Condition, *, moves: bool = False
) -> list[Write]:
    """Build the writes that set attributes of a conversation's item, and its places in the lists if these differ.

    A conversation of an earlier form has its places in its own item, so each write of it writes two indexes. The first
    write that `moves` it gives them an item of their own; the next one takes them out of the other, whatever it
    changes. In between both are in the indexes, so that no list misses the conversation. Large attributes move with the
    first.
    """
    key, places = keys.conversation(before.sid), _list_places(after)
    moved = diff_items(_list_places(before), places)
    if before.listed_apart:
        without = dict.fromkeys(places)
        return [change(CONVERSATION, key, {**sets, **without}, condition), *([_put_places(after)] if moved else [])]
    sets = {**sets, **moved}
    stays = change(CONVERSATION, key, sets, condition)
    if not moves:
        return [stays]
    return [
        write_by_level(
            CONVERSATION,
            PLACES_APART,
            lambda: [stays],
            lambda: _moving_writes(before, after, sets, condition),
        )
    ]


def _moving_writes(
    before: Conversation, after: Conversation, sets: Mapping[str, Any], condition: Condition
) -> list[Write]:
    """Build the writes that change a conversation, and give what is large or indexed of it items of their own."""
    apart = conversation_attributes.place(replace(after, listed_apart=True))
    placed: Item = {"listed_apart": True}
    if apart.attributes_apart:
        item = conversation_attributes.encode(apart)
        placed |= {name: item[name] for name in conversation_attributes.NAMES}
    return [
        change(CONVERSATION, keys.conversation(before.sid), {**sets, **placed}, condition),
        _put_places(after),
        *conversation_attributes.build_writes(before, apart),
    ]


def removal_writes(conversation: Conversation) -> list[Write]:
    """Build the writes that remove what a conversation has in items of their own: its places, its large attributes."""
    places = [delete("places", list_keys.places(conversation.sid))] if conversation.listed_apart else []
    return [*places, *conversation_attributes.build_removal(conversation)]


def _put_places(conversation: Conversation) -> Write:
    item = {"sid": conversation.sid, **_list_places(conversation)}
    return put("places", list_keys.places(conversation.sid), item)


def _list_places(conversation: Conversation) -> dict[str, str]:
    """List the attributes by which a conversation is in the lists by date and by state."""
    dated = keys.dated(format_time(conversation.created), conversation.sid)
    return {
        "GSI1PK": keys.sharded(list_keys.conversation_list(conversation.service_sid), conversation.sid),
        "GSI1SK": dated,
        "GSI2PK": keys.sharded(list_keys.state_list(conversation.service_sid, conversation.state), conversation.sid),
        "GSI2SK": dated,
    }


def with_timer_entry(
    before: Conversation | None, after: Conversation, now: datetime
) -> tuple[Conversation, list[Write]]:
    """Return a changed conversation with the time of its next check, and the write of the schedule's entry for it.

    An entry that is due earlier stays, and its check schedules the next one. So activity, which only moves the timers,
    costs no write.
    """
    next_check, scheduled = timers.next_check(after, now), before.due_at if before else None
    if next_check is not None and scheduled is not None and now < scheduled <= next_check:
        return after, []
    entries = [] if next_check is None else [schedule.build_entry(ScheduleKind.CONVERSATION, after.sid, next_check)]
    return replace(after, due_at=next_check), entries


def reactivate(conversation: Conversation, now: datetime) -> tuple[Conversation, list[Write]]:
    """Return what a message makes of an inactive conversation, and the write of the entry for its timers."""
    raised = roster_marks.raise_revision(conversation)
    active = replace(raised, state=ConversationState.ACTIVE, active_at=now)
    return with_timer_entry(conversation, active, now)


def revision_matches(conversation: Conversation) -> Condition:
    """Require that only new messages have changed a conversation since it was read, and that its form is the same."""
    return Condition(
        "#revision = :revision" + _same_form(conversation),
        {"#revision": "revision"},
        {":revision": conversation.revision},
    )


def no_new_message(conversation: Conversation) -> Condition:
    """Require that a conversation is unchanged and has no new message."""
    return Condition(
        "#index = :before AND #revision = :revision" + _same_form(conversation),
        {"#index": "last_index", "#revision": "revision"},
        {":before": conversation.last_index, ":revision": conversation.revision},
    )


def _same_form(conversation: Conversation) -> str:
    # A conversation moves once, and never back.
    return "" if conversation.listed_apart else " AND attribute_not_exists(listed_apart)"


# --- its threads and its unique name


def claim_thread(thread: str, owner: Conversation, members: Iterable[Participant]) -> Write:
    """Build the write that claims a thread for a conversation. It holds while the thread is free."""
    numbers = {number for member in members for number in (member.proxy_address, member.projected_address) if number}
    own = sorted(numbers & set(threads.members_of(thread)))
    item = {"conversation_sid": owner.sid, "service_sid": owner.service_sid, "key": thread, "own": own}
    return put(THREAD + thread, keys.thread(threads.digest(thread)), item, NEW)


def release_thread(thread: str, owner: str) -> Write:
    """Build the write that releases a thread. It holds while `owner` owns the thread."""
    is_owner = Condition("conversation_sid = :owner", values={":owner": owner})
    return delete("released", keys.thread(threads.digest(thread)), is_owner)


def taken_threads(conflict: Conflict) -> dict[str, str]:
    """Return the threads of a Conflict that another conversation owns, each with the SID of its owner."""
    return {
        label.removeprefix(THREAD): item["conversation_sid"]
        for label, item in conflict.failed.items()
        if label.startswith(THREAD) and item
    }


def claim_name(conversation: Conversation, name: str) -> Write:
    """Build the write that gives a conversation its unique name. It holds while the name is free."""
    item = {"conversation_sid": conversation.sid, "name": name}
    return put(NAME, keys.unique_name(conversation.service_sid, name), item, NEW)


def check_name_free(conflict: Conflict) -> None:
    """Raise RuleViolation unique_name_exists when a Conflict says that the name is taken."""
    if NAME in conflict.failed:
        owner = conflict.failed[NAME]
        raise RuleViolation("unique_name_exists", name=owner.get("name", ""), owner=owner.get("conversation_sid"))


# --- its members


def put_member(conversation: Conversation, member: Participant) -> Write:
    """Build the write of a new member."""
    return put("member", keys.participant(conversation.sid, member.sid), _member_item(conversation, member))


def change_member(
    conversation: Conversation, before: Participant, after: Participant, condition: Condition = EXISTS
) -> Write:
    """Build the write of what differs. Concurrent changes of other attributes stay."""
    sets = diff_items(_member_item(conversation, before), _member_item(conversation, after))
    return change("member", keys.participant(conversation.sid, before.sid), sets, condition)


def member_matches(member: Participant) -> Condition:
    """Require that a member exists and still has its identity."""
    names = {"#identity": "identity"}
    if member.identity is None:
        return Condition("attribute_exists(PK) AND attribute_not_exists(#identity)", names)
    return Condition("#identity = :identity", names, {":identity": member.identity})


def _member_item(conversation: Conversation, member: Participant) -> Item:
    """Build a participant's item, with its places in the lists by address or identity and by role."""
    item = codec.encode(member)
    if member.identity:
        item["GSI1PK"] = keys.by_identity(conversation.service_sid, member.identity)
    elif member.address:
        item["GSI1PK"] = keys.by_address(conversation.service_sid, member.address)
    if "GSI1PK" in item:
        item["GSI1SK"] = keys.dated(format_time(member.created), member.sid)
    return {**item, **users.role_index_key(member.role_sid, member.sid)}
