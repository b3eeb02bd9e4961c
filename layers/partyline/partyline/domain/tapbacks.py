"""Tapbacks: reactions to a message, which reach a phone number as texts about it. Pure.

They have no protocol of their own. What is read here is what phones write: iPhones in the languages of tapback_forms
(`Liked “...”`, `Le gustó “...”`, `Reacted 🎉 to “...”`, `Loved an image`), and Google Messages, which marks its texts
with invisible blanks, in any language. Carriers may make quotes straight and those blanks plain. A person can type
the same words; they are then read the same way, which changes nothing of the text.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from partyline.domain import normalization
from partyline.domain.messages import Message
from partyline.domain.tapback_forms import LANGUAGES, TapbackLanguage


class TapbackKind(StrEnum):
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

    kind: TapbackKind
    removed: bool = False
    emoji: str | None = None
    quoted: str | None = None
    media: MediaKind | None = None


def parse_tapback(text: str) -> Tapback | None:
    """The tapback that a text is; None when it is anything else."""
    return _marked(text) or _quoting(text) or _about_media(text)


def find_target(tapback: Tapback, recent: Iterable[Message]) -> Message | None:
    """The one of these messages that a tapback is about: None when none or several could be meant.

    Anybody's message counts, that of who reacts too: phones let people react to their own. Words are compared as they
    were sent, whatever was edited since.
    """
    meant: list[Message] = []
    if tapback.quoted is not None:
        wanted = normalization.normalize(tapback.quoted)
        meant = [
            message
            for message in recent
            if any(_quotes(wanted, normalization.normalize(one)) for one in _shown(message))
        ]
    elif tapback.media is not None:
        meant = [message for message in recent if _has(message, tapback.media)]
    return meant[0] if len(meant) == 1 else None


def to_attributes(tapback: Tapback, message: Message | None) -> str:
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
_STRAIGHT = '""'
# French has blanks within its quotes.
_BLANKS_IN_QUOTES = " \u00a0\u202f"
# In characters. What stands around a quote is some words, and no form has more.
_LONGEST = 64
# A form may have quotes of its own beside those of what it is about.
_MOST_QUOTES = 3

# One emoji, in the notation of Unicode Technical Standard 51: a flag, a keycap, or pictures joined by U+200D.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001faff][\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]{0,8}"
)
_EMOJI = f"[\U0001f1e6-\U0001f1ff]{{2}}|[#*0-9]\ufe0f?\u20e3|{_PICTURE}(?:\u200d{_PICTURE}){{0,8}}"
_ONE_EMOJI = re.compile(_EMOJI)

# Google Messages: U+200A around all and around the quote, U+200B around an emoji, U+200C around one that is removed.
_GOOGLES = re.compile(
    "\u200a[^\u200a-\u200c]{0,64}([\u200b\u200c])([^\u200a-\u200c]+)\\1[^\u200a-\u200c]{0,64}"
    "\u200a(.+)\u200a[^\u200a-\u200c]{0,64}\u200a",
    re.DOTALL,
)

_SAME_MARKS = {**normalization.UNSEEN, ord("\u2019"): "'", **dict.fromkeys(map(ord, "“”„«»"), '"')}
_EMOJI_PLACE, _PLACE = "{emoji}", "{it}"


def _words(text: str) -> str:
    """The words around a quote, without what languages and carriers change of blanks and marks."""
    plain = " ".join(unicodedata.normalize("NFC", text.translate(_SAME_MARKS)).split())
    return plain.replace(' "', '"').replace('" ', '"')


def _around(forms: str) -> Iterator[tuple[str, str]]:
    """What stands before and behind `{it}` in each of some forms."""
    for form in forms.split("|"):
        before, _, behind = (form if _PLACE in form else f"{form} {_PLACE}").partition(_PLACE)
        yield _words(before), _words(behind)


@dataclass(frozen=True, slots=True)
class _Forms:
    """What reactions look like in some languages, by the words before and behind what they are about: their kind and
    whether they are taken back; with a place for an emoji among the words, whether they are taken back."""

    worded: Mapping[tuple[str, str], tuple[TapbackKind, bool]]
    with_emoji: Mapping[tuple[str, str], bool]


def _forms_of(languages: Iterable[TapbackLanguage]) -> _Forms:
    known = list(languages)
    return _Forms(
        {
            around: (TapbackKind(kind), removed)
            for language in known
            for removed, by_kind in ((False, language.added), (True, language.removed))
            for kind, forms in by_kind.items()
            for around in _around(forms)
        },
        {
            around: removed
            for language in known
            for removed, forms in ((False, language.emoji_added), (True, language.emoji_removed))
            for around in _around(forms)
        },
    )


_ALL_FORMS = _forms_of(LANGUAGES.values())
# By the marks that what it is about is quoted with.
_BY_QUOTES = {
    quotes: _forms_of(language for language in LANGUAGES.values() if quotes in (*language.quotes, _STRAIGHT))
    for quotes in dict.fromkeys(
        (*LANGUAGES["en"].quotes, _STRAIGHT, *(q for one in LANGUAGES.values() for q in one.quotes))
    )
}
# A sentence may begin with them.
_MEDIA = {
    shown: MediaKind(kind)
    for language in LANGUAGES.values()
    for kind, names in language.media.items()
    for words in map(_words, names.split("|"))
    for shown in (words, words[0].upper() + words[1:])
}


def _marked(text: str) -> Tapback | None:
    match = _GOOGLES.fullmatch(text)
    if match is None or not _ONE_EMOJI.fullmatch(match[2]):
        return None
    return Tapback(TapbackKind.EMOJI, removed=match[1] == "\u200c", emoji=match[2], quoted=match[3])


def _quoting(text: str) -> Tapback | None:
    outer = text.strip(_AROUND)
    for quotes, forms in _BY_QUOTES.items():
        around = _MARKS + (_BLANKS_IN_QUOTES if quotes == "«»" else "")
        for start, end in _quotes_in(outer, quotes):
            quoted = outer[start + 1 : end].strip(around)
            if quoted.strip() and (tapback := _formed(forms, outer[:start], outer[end + 1 :], quoted=quoted)):
                return tapback
    return None


def _quotes_in(outer: str, quotes: str) -> Iterator[tuple[int, int]]:
    """Where what is quoted may begin and end, the longest first."""
    head, tail = outer[: _LONGEST + 1], max(len(outer) - _LONGEST - 1, 0)
    starts = [place for place, letter in enumerate(head) if letter == quotes[0]][:_MOST_QUOTES]
    ends = [place for place in range(len(outer) - 1, tail - 1, -1) if outer[place] == quotes[1]][:_MOST_QUOTES]
    return ((start, end) for start in starts for end in ends if start < end)


def _about_media(text: str) -> Tapback | None:
    outer = _words(text.strip(_AROUND)) if len(text) <= 3 * _LONGEST else ""
    for words, media in _MEDIA.items():
        before, found, behind = outer.partition(words)
        # Whole words: an apostrophe joins the one before in French.
        if found and (before or " ").endswith((" ", "'")) and (behind or " ").startswith((" ", ".")):
            head = before.removesuffix("d'") + "de" if before.endswith(" d'") else before
            if tapback := _formed(_ALL_FORMS, head, behind, media=media):
                return tapback
    return None


def _formed(
    forms: _Forms, before: str, behind: str, *, quoted: str | None = None, media: MediaKind | None = None
) -> Tapback | None:
    """A tapback by the words before and behind what it is about."""
    if len(before) > _LONGEST or len(behind) > _LONGEST:
        return None
    head, tail = _words(before), _words(behind)
    if (head, tail) in forms.worded:
        kind, removed = forms.worded[head, tail]
        return Tapback(kind, removed=removed, quoted=quoted, media=media)
    emoji = _ONE_EMOJI.search(head)
    if emoji is None:
        return None
    taken_back = forms.with_emoji.get((head[: emoji.start()] + _EMOJI_PLACE + head[emoji.end() :], tail))
    if taken_back is None:
        return None
    return Tapback(TapbackKind.EMOJI, removed=taken_back, emoji=emoji[0], quoted=quoted, media=media)


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
