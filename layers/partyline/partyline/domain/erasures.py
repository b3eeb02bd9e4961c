"""Erasures: what is deleted of a person who asks for it, and what stays in its place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from partyline.domain.addresses import format_address
from partyline.domain.conversations import Conversation
from partyline.domain.messages import Message
from partyline.domain.sends import Send
from partyline.frozen_classes import frozen, replace

# What stands where the number of an erased person was: as the author of a message, in a title.
ERASED = "erased"
# How often the table is walked through: what is still there after that is named in the report.
MAX_WALKS = 5
# How much of what stays a report names.
MAX_KEPT = 100


class ErasureState(StrEnum):
    """How far an erasure is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"


class KeptReason(StrEnum):
    """Why an item that has the number of an erased person stays."""

    # Somebody else wrote the number: in a text, a note, a name.
    OTHERS_WORDS = "others_words"
    # It was still in use at the end: erase again.
    IN_USE = "in_use"
    # A dead-letter queue has messages that could not be read: look into it.
    UNREAD = "unread"


@frozen
class Kept:
    """What has, or may have, the number of an erased person and stays.

    `sid` is what it is or belongs to; of a dead-letter queue its name.
    """

    kind: str
    sid: str
    reason: KeptReason


@frozen
class Erasure:
    """The erasure of what is stored of a number.

    - `by`: the SID of the API key, or of the account.
    - `number`: canonical; None once the erasure has ended.
    - `until`: what was stored before is erased. What the person writes later is theirs to be erased again; None while
      what is found by index is erased.
    - `walk`: which walk through the table this is, from 1; 0 before the first. `place`: the key behind which it goes
      on.
    - `changed`: whether this walk has erased anything.
    - `erased`: how many items were erased, by kind. `kept`: what the last walk found that stays.
    - `version`: counts the stored changes.
    """

    sid: str
    by: str
    created: datetime
    updated: datetime
    number: str | None = None
    state: ErasureState = ErasureState.QUEUED
    until: datetime | None = None
    walk: int = 0
    place: Mapping[str, str] | None = None
    changed: bool = False
    erased: Mapping[str, int] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    completed: datetime | None = None
    version: int = 1

    def add(self, counts: Mapping[str, int], kept: Iterable[Kept] = ()) -> Erasure:
        """Return it with what a step has erased, and what it has found that stays."""
        erased = {kind: self.erased.get(kind, 0) + counts.get(kind, 0) for kind in {**self.erased, **counts}}
        kept = [*kept]
        known = dict.fromkeys([*self.kept, *kept])
        return replace(
            self,
            erased=erased,
            kept=tuple(known)[:MAX_KEPT],
            changed=self.changed or bool(counts) or any(one.reason is KeptReason.IN_USE for one in kept),
        )

    def begin_walk(self, now: datetime) -> Erasure:
        """Return it at the beginning of its next walk."""
        return replace(self, until=self.until or now, walk=self.walk + 1, place=None, changed=False, kept=())

    @property
    def is_last_walk(self) -> bool:
        """Whether there is no other walk after this one."""
        return not self.changed or self.walk >= MAX_WALKS

    def complete(self, now: datetime) -> Erasure:
        """Return it as its report: without the number."""
        return replace(self, state=ErasureState.COMPLETED, number=None, place=None, completed=now)


def is_mentioned(number: str, value: Any) -> bool:
    """Whether a stored value has a number in it, in a name or a value: also within words, or backwards as a term."""
    digits = number.removeprefix("+")
    return _contains((digits, digits[::-1]), value)


def _contains(wanted: tuple[str, str], value: Any) -> bool:
    if isinstance(value, str):
        return any(one in value for one in wanted)
    if isinstance(value, Mapping):
        return any(_contains(wanted, part) for pair in value.items() for part in pair)
    return isinstance(value, list | tuple | set | frozenset) and any(_contains(wanted, part) for part in value)


def is_listed(number: str, rows: Iterable[str]) -> bool:
    """Whether one of some rows has a number, in any notation."""
    import phonenumbers  # noqa: PLC0415  (15 ms of a cold start, and seldom needed)

    national = str(phonenumbers.parse(number).national_number)
    return any(national in re.sub(r"\D", "", row) for row in rows)


def erase_message(message: Message, number: str, now: datetime, *, whole: bool) -> Message:
    """Return what stays of a message: its index and its date; the message itself where it says nothing of the number.

    Words, files and attributes go if the person wrote it or it went to nobody else; with `whole` also unless another
    handset wrote it. Of the texts that it became, those with the number go.
    """
    sends = tuple(send for send in message.sends if not _names(send, number))
    if not (_is_theirs(message, number) or (whole and message.carrier_message_id is None)):
        return message if sends == message.sends else replace(message, sends=sends, updated=now)
    left = expire_message(message, now)
    if message.author != format_address(number):
        author, written_by = message.author, message.written_by
        left = replace(left, author=author, participant_sid=message.participant_sid, written_by=written_by)
    return message if replace(left, updated=message.updated) == message else left


def expire_message(message: Message, now: datetime) -> Message:
    """Return what stays of a message of which nobody is to know any more than that it was there: index and date."""
    return Message(
        sid=message.sid,
        conversation_sid=message.conversation_sid,
        index=message.index,
        created=message.created,
        updated=now,
        author=ERASED,
        received_at=message.received_at,
        service_sid=message.service_sid,
    )


def _is_theirs(message: Message, number: str) -> bool:
    """Whether a person wrote a message, or it went to nobody else."""
    if message.author == format_address(number):
        return True
    return bool(message.sends) and all(set(send.natives) == {number} for send in message.sends)


def _names(send: Send, number: str) -> bool:
    return number in send.natives or is_mentioned(number, send.thread)


def erase_names(conversation: Conversation, number: str, *, whole: bool) -> Conversation:
    """Return a conversation whose title, unique name and attributes do not have a number; with `whole` without them."""
    if whole:
        return replace(conversation, friendly_name=None, unique_name=None, attributes="{}")
    title, name = conversation.friendly_name, conversation.unique_name
    return replace(
        conversation,
        friendly_name=_replace(title, number) if title else title,
        unique_name=None if name and is_mentioned(number, name) else name,
        attributes=_replace(conversation.known_attributes, number),
    )


def _replace(text: str, number: str) -> str:
    return text.replace(number, ERASED).replace(number.removeprefix("+"), ERASED)
