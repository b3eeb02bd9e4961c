"""Tapbacks: reactions to a message, which reach a phone number as texts about it. Pure.

They have no protocol of their own. What is read here is what phones write: iPhones set to English (`Liked “...”`,
`Reacted 🎉 to “...”`, `Loved an image`), and Google Messages, which marks its texts with blanks nobody sees, in any
language. Carriers may make quotes straight and those blanks plain. Somebody can type the same words; they are then read
the same way, which changes nothing of the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from partyline import notation
from partyline.model import Message


class Kind(StrEnum):
    """What somebody says with it."""

    LIKE = "like"
    DISLIKE = "dislike"
    LOVE = "love"
    LAUGH = "laugh"
    EMPHASIS = "emphasis"
    QUESTION = "question"
    EMOJI = "emoji"  # that of the tapback
    STICKER = "sticker"


class MediaKind(StrEnum):
    """What it is about, where no words are quoted: the first half of its content type, or anything."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class Tapback:
    """A reaction, or with `removed` one that is taken back. `emoji` is that of Kind.EMOJI. It is about a message with
    the words `quoted`, which may end in an ellipsis where they were cut, or else with `media`."""

    kind: Kind
    removed: bool = False
    emoji: str | None = None
    quoted: str | None = None
    media: MediaKind | None = None


def recognise(text: str) -> Tapback | None:
    """The tapback that a text is; None when it is anything else."""
    return _marked(text) or _quoting(text) or _about_media(text)


def refers_to(tapback: Tapback, recent: Iterable[Message]) -> Message | None:
    """The one of these messages that a tapback is about: None when none or several could be meant.

    Anybody's message counts, that of who reacts too: phones let people react to their own. Words are compared as they
    were sent, whatever was edited since.
    """
    meant: list[Message] = []
    if tapback.quoted is not None:
        wanted = notation.plain(tapback.quoted)
        meant = [message for message in recent if any(_quotes(wanted, notation.plain(one)) for one in _shown(message))]
    elif tapback.media is not None:
        meant = [message for message in recent if _has(message, tapback.media)]
    return meant[0] if len(meant) == 1 else None


def attributes(tapback: Tapback, message: Message | None) -> str:
    """The attributes of a message that is a tapback, as JSON, with the message it is about where that is known:
    {"tapback": {"kind", "removed", "emoji"?, "message_sid"?, "index"?}}."""
    shown: dict[str, object] = {"kind": tapback.kind.value, "removed": tapback.removed}
    if tapback.emoji:
        shown["emoji"] = tapback.emoji
    if message:
        shown |= {"message_sid": message.sid, "index": message.index}
    return json.dumps({"tapback": shown}, ensure_ascii=False)


# --- forms

_MARKS = "\u200a\u200b\u200c\u2060\ufeff"
_AROUND = " \t\r\n\u00a0\u202f" + _MARKS
_QUOTES = (("“", "”"), ('"', '"'))
# In characters. What stands before a quote is some words, and no form has more.
_LONGEST_HEAD = 64

# One emoji, in the notation of Unicode Technical Standard 51: a flag, a keycap, or pictures joined by U+200D.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001faff][\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]{0,8}"
)
_EMOJI = f"[\U0001f1e6-\U0001f1ff]{{2}}|[#*0-9]\ufe0f?\u20e3|{_PICTURE}(?:\u200d{_PICTURE}){{0,8}}"
_ONE_EMOJI = re.compile(_EMOJI)
_WITH_EMOJI = re.compile(f"(?:(?:[Rr]eacted )?({_EMOJI}) to|[Rr]emoved ({_EMOJI}) from)")

# Google Messages: U+200A around all and around the quote, U+200B around an emoji, U+200C around one that is removed.
_GOOGLES = re.compile(
    "\u200a[^\u200a-\u200c]{0,64}([\u200b\u200c])([^\u200a-\u200c]+)\\1[^\u200a-\u200c]{0,64}"
    "\u200a(.+)\u200a[^\u200a-\u200c]{0,64}\u200a",
    re.DOTALL,
)

_ADDED = {
    "Liked": Kind.LIKE,
    "Disliked": Kind.DISLIKE,
    "Loved": Kind.LOVE,
    "Laughed at": Kind.LAUGH,
    "Emphasized": Kind.EMPHASIS,
    "Emphasised": Kind.EMPHASIS,
    "Questioned": Kind.QUESTION,
    "Reacted with a sticker to": Kind.STICKER,
}
_REMOVED = {
    "Removed a like from": Kind.LIKE,
    "Removed a dislike from": Kind.DISLIKE,
    "Removed a heart from": Kind.LOVE,
    "Removed a laugh from": Kind.LAUGH,
    "Removed an exclamation from": Kind.EMPHASIS,
    "Removed a question mark from": Kind.QUESTION,
}
_MEDIA = {
    "an image": MediaKind.IMAGE,
    "a photo": MediaKind.IMAGE,
    "a movie": MediaKind.VIDEO,
    "a video": MediaKind.VIDEO,
    "an audio message": MediaKind.AUDIO,
    "an attachment": MediaKind.ATTACHMENT,
}


def _marked(text: str) -> Tapback | None:
    match = _GOOGLES.fullmatch(text)
    if match is None or not _ONE_EMOJI.fullmatch(match[2]):
        return None
    return Tapback(Kind.EMOJI, removed=match[1] == "\u200c", emoji=match[2], quoted=match[3])


def _quoting(text: str) -> Tapback | None:
    outer = text.strip(_AROUND)
    for opening, closing in _QUOTES:
        head, _, rest = outer.partition(opening)
        quoted = rest[:-1].strip(_MARKS)
        if rest.endswith(closing) and quoted.strip() and (tapback := _headed(head, quoted=quoted)):
            return tapback
    return None


def _about_media(text: str) -> Tapback | None:
    outer = text.strip(_AROUND)
    for words, media in _MEDIA.items():
        if outer.endswith(f" {words}") and (tapback := _headed(outer.removesuffix(words), media=media)):
            return tapback
    return None


def _headed(head: str, *, quoted: str | None = None, media: MediaKind | None = None) -> Tapback | None:
    """A tapback by the words before what it is about."""
    if len(head) > _LONGEST_HEAD:
        return None
    words = " ".join(head.translate(notation.UNSEEN).split())
    if kind := _ADDED.get(words):
        return Tapback(kind, quoted=quoted, media=media)
    if kind := _REMOVED.get(words):
        return Tapback(kind, removed=True, quoted=quoted, media=media)
    if match := _WITH_EMOJI.fullmatch(words):
        added, removed = match.groups()
        return Tapback(Kind.EMOJI, removed=bool(removed), emoji=added or removed, quoted=quoted, media=media)
    return None


# --- what is meant

# In characters. Phones cut what is long; a short quote that ends in an ellipsis was written so.
_SHORTEST_CUT = 16
_ELLIPSIS = "..."


def _shown(message: Message) -> set[str]:
    """What handsets show of a message: some with its author's name before it."""
    return {message.said or "", *(send.words(message.said) for send in message.sends)}


def _quotes(wanted: str, said: str) -> bool:
    if not wanted or not said:
        return False
    cut = wanted.removesuffix(_ELLIPSIS).rstrip()
    was_cut = wanted.endswith(_ELLIPSIS) and len(cut) >= _SHORTEST_CUT
    return said == wanted or (was_cut and said.startswith(cut))


def _has(message: Message, wanted: MediaKind) -> bool:
    """Whether a message has media that may be of a kind. A carrier that says no content type may have brought any."""
    if wanted is MediaKind.ATTACHMENT:
        return bool(message.media)
    kinds = ((media.content_type or "").partition("/")[0].lower() for media in message.media)
    return any(kind in ("", wanted.value) for kind in kinds)
