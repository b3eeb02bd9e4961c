"""The inbox: one entry for each conversation, a pointer to it in the list of each viewer, and the terms it is found by.

An entry's body is stored once, and pointers are small, since every text moves them in the indexes. All of it is written
by one refresh after the other (partyline.stream.inbox_projector): the entry's version is the condition.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

from partyline.domain.inbox import InboxEntry, InboxPointer
from partyline.domain.services import Service
from partyline.frozen_classes import frozen, replace
from partyline.serialization import format_time
from partyline.storage import codec, event_outbox, inbox_keys, keys, service_settings
from partyline.storage.attribute_values import Item
from partyline.storage.table import EXISTS, MAX_TRANSACTION, NEW, Condition, Table, Write, change, check, delete, put

# The shards of a new inbox.
_SHARDS = 4


@frozen
class StoredEntry:
    """An entry as it is stored, with its pointers by viewer. Without an entry there may still be pointers."""

    entry: InboxEntry | None = None
    pointers: Mapping[str, InboxPointer] = field(default_factory=dict)


# --- the switch


def start(table: Table, service: Service, now: str) -> bool:
    """Let a Service use the inbox from now on, and order to fill it with what is there. False if it uses it already.

    The order is an item that the relay sees, so that it cannot be lost.
    """
    is_first = Condition("attribute_exists(PK) AND attribute_not_exists(#shards)", {"#shards": "inbox_shards"})
    sets = {"inbox_shards": _SHARDS, "inbox_since": now}
    return table.written(
        change("service", keys.service(service.sid), sets, is_first),
        put("start", inbox_keys.start(service.sid), {"sid": service.sid, "outbox": "inbox"}),
        service_settings.build_version_write(),
    )


def mark_filled(table: Table, service_sid: str) -> None:
    """Note that everything that was there before a Service used its inbox is in it; nothing if the Service is gone."""
    table.written(
        change("service", keys.service(service_sid), {"inbox_filled": True}, EXISTS),
        service_settings.build_version_write(),
    )


def order_repair(table: Table, service_sid: str, conversation_sid: str, now: datetime) -> None:
    """Order to bring an entry up to date that a page has found out of date. The relay sees the order."""
    item = {"sid": service_sid, "conversation_sid": conversation_sid, "outbox": "inbox"}
    key = inbox_keys.repair(conversation_sid, secrets.token_hex(4))
    table.write(put("repair", key, {**item, "ttl": int((now + event_outbox.LIFE).timestamp())}))


# --- entries with their pointers


def load(table: Table, conversation_sid: str) -> StoredEntry:
    """Read an entry with its pointers: one query."""
    entry: InboxEntry | None = None
    pointers: dict[str, InboxPointer] = {}
    after: Item | None = None
    while True:
        page = table.query(inbox_keys.partition(conversation_sid), between=inbox_keys.ENTRY_AND_POINTERS, after=after)
        for item in page.items:
            if inbox_keys.is_pointer(keys.Key(item["PK"], item["SK"])):
                pointers[item["viewer"]] = codec.decode(InboxPointer, item)
            else:
                entry = codec.decode(InboxEntry, item)
        after = page.last_key
        if after is None:
            return StoredEntry(entry, pointers)


def build_writes(
    before: StoredEntry, entry: InboxEntry, pointers: Mapping[str, InboxPointer], shards: int
) -> list[Write]:
    """Build the writes of an entry with its pointers and terms, the entry last; none when nothing differs.

    They hold while the entry is as it was read. Otherwise another refresh has stored it since, and the caller reads
    everything again: a later write is never made of an earlier reading. The first ones hold while the conversation is
    there, since its clean-up may have found no entry to delete.

    Pointers come first: what is not made in one transaction is found by them, which terms are not (see `write`).
    """
    version = before.entry.version if before.entry else 0
    writes = [*_pointer_writes(before, entry, pointers, shards), *_term_writes(before.entry, entry)]
    if not writes and not differs(before.entry, entry):
        return []
    stored = codec.encode(replace(entry, version=version + 1))
    if before.entry is None:
        writes.append(check("conversation", keys.conversation(entry.conversation_sid), EXISTS))
    return [*writes, put("entry", inbox_keys.entry(entry.conversation_sid), stored, _is_version(version))]


def differs(before: InboxEntry | None, after: InboxEntry) -> bool:
    """Whether an entry has changed, whatever its version."""
    return before is None or replace(after, version=before.version) != before


def confirm(table: Table, entry: InboxEntry) -> None:
    """Count a reading that found nothing to change.

    Otherwise a refresh that had read something in between would still find the version that it read, and store what is
    no longer so. Raises Conflict when another refresh has stored the entry since.
    """
    version = entry.version
    counted = {"version": version + 1}
    table.write(change("entry", inbox_keys.entry(entry.conversation_sid), counted, _is_version(version)))


def remove(table: Table, before: StoredEntry, conversation_sid: str) -> bool:
    """Delete an entry with its pointers and terms; return whether there was something. Raises Conflict."""
    writes = [delete("pointer", inbox_keys.pointer(conversation_sid, viewer)) for viewer in before.pointers]
    if before.entry:
        known = before.entry
        writes += [delete("term", inbox_keys.term(known.service_sid, one, conversation_sid)) for one in known.terms]
        writes.append(delete("entry", inbox_keys.entry(conversation_sid), _is_version(known.version)))
    if writes:
        write(table, writes)
    return bool(writes)


def write(table: Table, writes: Sequence[Write]) -> None:
    """Make the writes, the last of which has the condition: in one transaction, if they fit.

    Of a conversation with very many people the others come first. Only the last one completes them: a refresh that ends
    in between, or loses a race, is made again. The last one is full, so that it has all terms of a new entry. Raises
    Conflict.
    """
    first = len(writes) % MAX_TRANSACTION
    for end in range(first or MAX_TRANSACTION, len(writes) + 1, MAX_TRANSACTION):
        table.transact(writes[max(0, end - MAX_TRANSACTION) : end])


def _is_version(version: int) -> Condition:
    return Condition("#version = :version", {"#version": "version"}, {":version": version}) if version else NEW


def _placing(entry: InboxEntry) -> tuple[bool, str | None]:
    """Return what decides, beside its pointer, in which lists an entry is."""
    return entry.is_done, entry.assignee


def _pointer_item(entry: InboxEntry, pointer: InboxPointer, shards: int) -> Item:
    """Build a pointer's item, with its places in the viewer's lists: all, and, while it is open, by assignee."""
    service_sid, sid, viewer = entry.service_sid, entry.conversation_sid, pointer.viewer
    by_activity = keys.dated(format_time(pointer.active_at), sid)
    name = inbox_keys.list_name(service_sid, viewer, done=entry.is_done)
    item = {
        **codec.encode(pointer),
        "GSI1PK": inbox_keys.partition_of(name, viewer, shards, sid),
        "GSI1SK": by_activity,
    }
    if not entry.is_done:
        name = inbox_keys.assignee_list_name(service_sid, viewer, entry.assignee or "")
        item |= {"GSI2PK": inbox_keys.partition_of(name, viewer, shards, sid), "GSI2SK": by_activity}
    return item


def _pointer_writes(
    before: StoredEntry, entry: InboxEntry, pointers: Mapping[str, InboxPointer], shards: int
) -> list[Write]:
    is_placed_anew = before.entry is None or _placing(before.entry) != _placing(entry)
    return [
        *(
            put("pointer", inbox_keys.pointer(entry.conversation_sid, viewer), _pointer_item(entry, pointer, shards))
            for viewer, pointer in pointers.items()
            if is_placed_anew or before.pointers.get(viewer) != pointer
        ),
        *(
            delete("pointer", inbox_keys.pointer(entry.conversation_sid, viewer))
            for viewer in before.pointers
            if viewer not in pointers
        ),
    ]


def _term_writes(before: InboxEntry | None, after: InboxEntry) -> list[Write]:
    sid, service_sid = after.conversation_sid, after.service_sid
    old, new = (before.terms if before else ()), after.terms
    return [
        *(
            put("term", inbox_keys.term(service_sid, one, sid), {"term": one, "conversation_sid": sid})
            for one in new
            if one not in old
        ),
        *(delete("term", inbox_keys.term(service_sid, one, sid)) for one in old if one not in new),
    ]
