"""Tapbacks: reactions to a message, which a phone number receives as texts. Pure.

Tapbacks have no protocol. This module parses the texts that phones write. iPhones write them in the languages of
tapback_forms (`Liked “...”`, `Le gustó “...”`, `Reacted 🎉 to “...”`, `Loved an image`). Google Messages marks its
texts with invisible blanks, in any language. Carriers may replace curly quotes with straight ones and those blanks with
plain ones. A person can type the same words; they are parsed the same way, and the text stays as it is.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache

from partyline.domain import normalization
from partyline.domain.messages import Message
from partyline.domain.tapback_forms import LANGUAGES, TapbackLanguage
from partyline.frozen_classes import frozen


class TapbackKind(StrEnum):
    """The kind of a reaction."""

    LIKE = "like"
    DISLIKE = "dislike"
    LOVE = "love"
    LAUGH = "laugh"
    EMPHASIS = "emphasis"
    QUESTION = "question"
    EMOJI = "emoji"  # the emoji of the tapback
    STICKER = "sticker"


class MediaKind(StrEnum):
    """The kind of file that a tapback without quoted words is about.

    It is the first half of the content type; ATTACHMENT is any file.
    """

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    ATTACHMENT = "attachment"


@frozen
class Tapback:
    """A reaction to a message.

    - `removed`: whether the reaction is removed rather than added.
    - `emoji`: set for TapbackKind.EMOJI.
    - `quoted`: the words of the message; they end in an ellipsis when the phone cut them.
    - `media`: the kind of the message's file, when no words are quoted.
    """

    kind: TapbackKind
    removed: bool = False
    emoji: str | None = None
    quoted: str | None = None
    media: MediaKind | None = None


@frozen
class TapbackMark:
    """What the attributes of a message say of a tapback on a message that is known."""

    kind: str
    removed: bool = False
    emoji: str | None = None


def parse_tapback(text: str) -> Tapback | None:
    """Parse a text as a tapback; None when it is not one."""
    return _parse_google(text) or _parse_quote(text) or _parse_media(text)


def find_target(tapback: Tapback, recent: Iterable[Message]) -> Message | None:
    """Find the message that a tapback is about; None when no message or more than one matches.

    Messages of every author are candidates, since phones allow a reaction to an own message. Words are compared with
    the text that was sent, also when the message was edited since.
    """
    candidates: list[Message] = []
    if tapback.quoted is not None:
        quoted = normalization.normalize(tapback.quoted)
        candidates = [
            message
            for message in recent
            if any(_matches_quote(quoted, normalization.normalize(text)) for text in _displayed_texts(message))
        ]
    elif tapback.media is not None:
        candidates = [message for message in recent if _has_media(message, tapback.media)]
    return candidates[0] if len(candidates) == 1 else None


def to_attributes(tapback: Tapback, message: Message | None) -> str:
    """Build the attributes of a message that is a tapback, as JSON.

    `message` is the one that it is about, when known. Shape:
    {"tapback": {"kind", "removed", "emoji"?, "message_sid"?, "index"?}}.
    """
    fields: dict[str, object] = {"kind": tapback.kind.value, "removed": tapback.removed}
    if tapback.emoji:
        fields["emoji"] = tapback.emoji
    if message:
        fields |= {"message_sid": message.sid, "index": message.index}
    return json.dumps({"tapback": fields}, ensure_ascii=False)


def read_mark(attributes: str) -> TapbackMark | None:
    """Read what `to_attributes` has built; None without a message that it is about, and where it was replaced."""
    try:
        given = json.loads(attributes)
    except ValueError:
        return None
    fields = given.get("tapback") if isinstance(given, dict) else None
    if not isinstance(fields, dict) or not isinstance(fields.get("message_sid"), str):
        return None
    kind, emoji = fields.get("kind"), fields.get("emoji")
    if not isinstance(kind, str):
        return None
    return TapbackMark(kind, fields.get("removed") is True, emoji if isinstance(emoji, str) else None)


# --- forms

_MARKS = "\u200a\u200b\u200c\u2060\ufeff"
_AROUND = " \t\r\n\u00a0\u202f" + _MARKS
_STRAIGHT = '""'
# French has blanks within its quotes.
_BLANKS_IN_QUOTES = " \u00a0\u202f"
# In characters. The words around a quote are never longer in any form.
_LONGEST = 64
# A form may have quotes of its own beside those around the quoted words.
_MOST_QUOTES = 3

# One emoji, in the notation of Unicode Technical Standard 51: a flag, a keycap, or pictures joined by U+200D.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001faff][\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]{0,8}"
)
_EMOJI = f"[\U0001f1e6-\U0001f1ff]{{2}}|[#*0-9]\ufe0f?\u20e3|{_PICTURE}(?:\u200d{_PICTURE}){{0,8}}"
_ONE_EMOJI = re.compile(_EMOJI)

# Google Messages puts U+200A around the text and around the quote, U+200B around an added emoji and U+200C around a
# removed one.
_GOOGLE_FORM = re.compile(
    "\u200a[^\u200a-\u200c]{0,64}([\u200b\u200c])([^\u200a-\u200c]+)\\1[^\u200a-\u200c]{0,64}"
    "\u200a(.+)\u200a[^\u200a-\u200c]{0,64}\u200a",
    re.DOTALL,
)

_SAME_MARKS = {**normalization.UNSEEN, ord("\u2019"): "'", **dict.fromkeys(map(ord, "“”„«»"), '"')}
_EMOJI_PLACE, _PLACE = "{emoji}", "{it}"


def _words(text: str) -> str:
    """Normalize the words around a quote: blanks and marks differ by language and carrier."""
    plain = " ".join(unicodedata.normalize("NFC", text.translate(_SAME_MARKS)).split())
    return plain.replace(' "', '"').replace('" ', '"')


def _around(forms: str) -> Iterator[tuple[str, str]]:
    """Yield the words before and behind `{it}` of each form."""
    for form in forms.split("|"):
        before, _, behind = (form if _PLACE in form else f"{form} {_PLACE}").partition(_PLACE)
        yield _words(before), _words(behind)


@frozen
class _Forms:
    """The forms of some languages, by the words before and behind the quoted words or the name of a file.

    - `worded`: the kind of the reaction, and whether it is removed.
    - `with_emoji`: forms with a place for an emoji; whether the reaction is removed.
    """

    worded: Mapping[tuple[str, str], tuple[TapbackKind, bool]]
    with_emoji: Mapping[tuple[str, str], bool]


@cache
def _forms_with(quotes: str) -> _Forms:
    """Build the forms of the languages that use these quotation marks. Most texts ask for none."""
    return _build_forms([one for one in LANGUAGES.values() if quotes in (*one.quotes, _STRAIGHT)])


@cache
def _all_forms() -> _Forms:
    return _build_forms(LANGUAGES.values())


def _build_forms(known: Collection[TapbackLanguage]) -> _Forms:
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


# All quotation marks, those of English first.
_QUOTES = tuple(
    dict.fromkeys((*LANGUAGES["en"].quotes, _STRAIGHT, *(q for one in LANGUAGES.values() for q in one.quotes)))
)
# The kind of a file by its name, which may begin a sentence.
_MEDIA = {
    name: MediaKind(kind)
    for language in LANGUAGES.values()
    for kind, names in language.media.items()
    for words in map(_words, names.split("|"))
    for name in (words, words[0].upper() + words[1:])
}
_MEDIA_NAME = re.compile("|".join(map(re.escape, _MEDIA)))


def _parse_google(text: str) -> Tapback | None:
    match = _GOOGLE_FORM.fullmatch(text)
    if match is None or not _ONE_EMOJI.fullmatch(match[2]):
        return None
    return Tapback(TapbackKind.EMOJI, removed=match[1] == "\u200c", emoji=match[2], quoted=match[3])


def _parse_quote(text: str) -> Tapback | None:
    outer = text.strip(_AROUND)
    # Most texts have no quotation marks.
    for quotes in (one for one in _QUOTES if one[0] in outer):
        around = _MARKS + (_BLANKS_IN_QUOTES if quotes == "«»" else "")
        for start, end in _quote_bounds(outer, quotes):
            quoted = outer[start + 1 : end].strip(around)
            if not quoted.strip():
                continue
            if tapback := _match_form(_forms_with(quotes), outer[:start], outer[end + 1 :], quoted=quoted):
                return tapback
    return None


def _quote_bounds(outer: str, quotes: str) -> Iterator[tuple[int, int]]:
    """Yield the positions of the first and last mark of each possible quote."""
    head, tail = outer[: _LONGEST + 1], max(len(outer) - _LONGEST - 1, 0)
    starts = [place for place, letter in enumerate(head) if letter == quotes[0]][:_MOST_QUOTES]
    ends = [place for place in range(len(outer) - 1, tail - 1, -1) if outer[place] == quotes[1]][:_MOST_QUOTES]
    return ((start, end) for start in starts for end in ends if start < end)


def _parse_media(text: str) -> Tapback | None:
    outer = _words(text.strip(_AROUND)) if len(text) <= 3 * _LONGEST else ""
    # Most texts name no file.
    return _match_media(outer) if _MEDIA_NAME.search(outer) else None


def _match_media(outer: str) -> Tapback | None:
    for words, media in _MEDIA.items():
        before, found, behind = outer.partition(words)
        # Whole words: an apostrophe joins the one before in French.
        if found and (before or " ").endswith((" ", "'")) and (behind or " ").startswith((" ", ".")):
            head = before.removesuffix("d'") + "de" if before.endswith(" d'") else before
            if tapback := _match_form(_all_forms(), head, behind, media=media):
                return tapback
    return None


def _match_form(
    forms: _Forms, before: str, behind: str, *, quoted: str | None = None, media: MediaKind | None = None
) -> Tapback | None:
    """Build the tapback whose form has these words before and behind; None when no form matches."""
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


# --- the message that a tapback is about

# In characters. Phones cut long quotes only; a short quote that ends in an ellipsis was typed that way.
_SHORTEST_CUT = 16
_ELLIPSIS = "..."


def _displayed_texts(message: Message) -> set[str]:
    """Return the texts that handsets show for a message: with and without its byline."""
    return {message.recorded_body or "", *(send.words(message.recorded_body) for send in message.sends)}


def _matches_quote(quoted: str, text: str) -> bool:
    if not quoted or not text:
        return False
    cut = quoted.removesuffix(_ELLIPSIS).rstrip()
    was_cut = quoted.endswith(_ELLIPSIS) and len(cut) >= _SHORTEST_CUT
    return text == quoted or (was_cut and text.startswith(cut))


def _has_media(message: Message, kind: MediaKind) -> bool:
    """Whether a message has media that may be of a kind. Media without a content type may be of any kind."""
    if kind is MediaKind.ATTACHMENT:
        return bool(message.media)
    types = ((media.content_type or "").partition("/")[0].lower() for media in message.media)
    return any(type_ in ("", kind.value) for type_ in types)
