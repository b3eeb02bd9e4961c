"""What a notification says, and of which messages there are any. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from partyline.domain import inbox
from partyline.domain.addresses import format_address
from partyline.domain.events import format_timestamp
from partyline.domain.inbox import EntrySources, MessageKind
from partyline.domain.messages import Message
from partyline.domain.participants import Participant, ParticipantKind
from partyline.frozen_classes import frozen

# The longest title and name, and the longest beginning of a text, in characters. The JSON of all of them, with every
# letter of four bytes or written as two, fits into MAX_NOTICE.
MAX_TITLE, MAX_SENDER, MAX_TEXT = 120, 80, 240
MAX_NOTICE = 2_800

# Who writes news: handsets, and people of the app as themselves. What is written as a line is an answer of the staff.
_NEWSMAKERS = frozenset({ParticipantKind.NATIVE, ParticipantKind.MASKED, ParticipantKind.CHAT})


@frozen
class PushNotice:
    """What a notification says of a message, whoever gets it."""

    conversation_sid: str
    message_sid: str
    index: int
    title: str
    sender: str
    text: str
    kind: MessageKind
    created: str

    def encode(self, identity: str, unread: int | None) -> bytes:
        """Encode it as JSON for one person, with how many messages of the conversation they have not read."""
        given = {
            "type": "message",
            "identity": identity,
            "conversation_sid": self.conversation_sid,
            "message_sid": self.message_sid,
            "index": self.index,
            "title": self.title,
            "sender": self.sender,
            "text": self.text,
            "kind": self.kind.value,
            "unread": unread,
            "date_created": self.created,
        }
        return json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode()


def find_author(message: Message, members: Iterable[Participant]) -> Participant | None:
    """Find the member who wrote a message; None for the account, for staff as a line, and for who has left."""
    return next((one for one in members if one.sid == message.participant_sid), None)


def is_news(message: Message, author: Participant | None) -> bool:
    """Whether a message is worth a notification: what others say, but no tapbacks."""
    if author is None or message.written_by is not None or author.kind not in _NEWSMAKERS:
        return False
    return not _is_tapback(message)


def _is_tapback(message: Message) -> bool:
    attributes = json.loads(message.attributes)
    return isinstance(attributes, dict) and "tapback" in attributes


def build_notice(sources: EntrySources, message: Message, author: Participant, names: Mapping[str, str]) -> PushNotice:
    """Build what a notification says. `names` are the friendly names of people of the app, by identity."""
    is_file = bool(message.media) and not message.body
    return PushNotice(
        conversation_sid=message.conversation_sid,
        message_sid=message.sid,
        index=message.index,
        title=_shorten(inbox.describe_title(inbox.build_entry(sources)), MAX_TITLE),
        sender=_shorten(_name(sources, author, names), MAX_SENDER),
        text=_shorten(message.body or "", MAX_TEXT),
        kind=MessageKind.MEDIA if is_file else MessageKind.TEXT,
        created=format_timestamp(message.created),
    )


def _name(sources: EntrySources, author: Participant, names: Mapping[str, str]) -> str:
    if author.address is None:
        return names.get(author.identity or "") or author.identity or ""
    holder = sources.holders.get(author.address)
    added_as = author.contact.name if author.contact else ""
    return (holder.friendly_name if holder else added_as) or format_address(author.address)


def _shorten(text: str, limit: int) -> str:
    """Return a text on one line, without what cannot be shown, and cut where it is too long."""
    line = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
