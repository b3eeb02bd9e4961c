"""Opt-outs: keywords, their effects and their replies. Pure.

A keyword is a whole text: in any case, with any punctuation, blanks and pictograms around it. A sentence that contains
the word is no keyword; people enter an opt-out in other words (docs/opt-outs.md).

Sources: FCC, 47 CFR 64.1200(a)(10), which names STOP, QUIT, END, REVOKE, OPT OUT, CANCEL and UNSUBSCRIBE, and (a)(12),
one confirmation without other content; CTIA, Messaging Principles and Best Practices (2023), 5.1.3, which adds
STOPALL, HELP, and the required content of replies.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from partyline.domain import addresses
from partyline.frozen_classes import frozen

if TYPE_CHECKING:
    from partyline.domain.lines import Line


class Keyword(StrEnum):
    """The request of a keyword to the line that it is sent to."""

    STOP = "stop"
    START = "start"
    HELP = "help"


class OptOutChannel(StrEnum):
    """The channel by which an opt-out or an opt-in came."""

    TEXT = "text"  # a keyword that we answer
    CARRIER = "carrier"  # the carrier handled a keyword, or refused a text because of an earlier one
    API = "api"


@frozen
class OptOut:
    """Whether an address has opted out of texts from a line.

    - `since`: when the value last changed; `updated`: when it was last confirmed.
    - `digest`: the keyed hash under which an opt-out of the same person stands since their data were erased. The
      `address` of that one itself is ''.
    """

    sid: str
    address: str
    line: str
    opted_out: bool
    channel: OptOutChannel
    since: datetime
    updated: datetime
    digest: str | None = None

    @property
    def is_erased(self) -> bool:
        """Whether only the hash of the number is known."""
        return not self.address


@frozen
class OptOutEvent:
    """One entry of the audit trail of opt-outs.

    - `source`: the carrier with its id of the text, a message of ours that the carrier refused, or the API's caller.
    - `reason`: the words of the API's caller.
    """

    address: str
    line: str
    opted_out: bool
    channel: OptOutChannel
    at: datetime
    source: str = ""
    reason: str = ""


@frozen
class KeywordAnswer:
    """A reply to a keyword, and when it was sent."""

    keyword: Keyword
    at: datetime


# A line answers at most so many keywords of one address in this period.
MAX_ANSWERS = 3
ANSWERS_PERIOD = timedelta(hours=1)


def is_answer_allowed(keyword: Keyword, earlier: Iterable[KeywordAnswer], now: datetime) -> bool:
    """Whether a keyword is answered after these earlier answers.

    An address gets at most MAX_ANSWERS in each period. This ends a loop with a program that replies to each text with a
    keyword. The confirmation of an opt-out is mandatory: it is sent in any case when no recent answer is one.
    """
    recent = [one.keyword for one in earlier if one.at > now - ANSWERS_PERIOD]
    return len(recent) < MAX_ANSWERS or (keyword is Keyword.STOP and Keyword.STOP not in recent)


@frozen
class _Language:
    """The keywords of a language, normalized by _bare, and its replies.

    `{name}` is the name of the line in the format of `naming`. Each reply fits one segment of the GSM alphabet with a
    name of 30 characters.
    """

    keywords: Mapping[str, Keyword]
    answers: Mapping[Keyword, str]
    naming: str = "{name}: "


def _words(stop: str, start: str, help_: str) -> dict[str, Keyword]:
    groups = ((stop, Keyword.STOP), (start, Keyword.START), (help_, Keyword.HELP))
    return {word.strip(): keyword for words, keyword in groups for word in words.split(",")}


# Every line understands English.
ENGLISH = "en"
_LANGUAGES: Mapping[str, _Language] = MappingProxyType(
    {
        ENGLISH: _Language(
            _words(
                "stop, stopall, stop all, unsubscribe, end, quit, cancel, revoke, optout, opt out",
                "start, unstop, optin, opt in",
                "help, info",
            ),
            {
                Keyword.STOP: "{name}You are unsubscribed and will get no more messages. Reply START to resubscribe.",
                Keyword.START: "{name}You are subscribed again. Reply HELP for help, STOP to unsubscribe.",
                Keyword.HELP: "{name}This is a text line. Reply STOP to unsubscribe. Msg & data rates may apply.",
            },
        ),
        "es": _Language(
            _words("alto, parar, baja, cancelar, detener", "iniciar, alta, comenzar", "ayuda, informacion"),
            {
                Keyword.STOP: "{name}Se ha dado de baja y no recibira mas mensajes. Responda START para volver.",
                Keyword.START: "{name}Su alta esta activa de nuevo. Responda HELP para ayuda, STOP para la baja.",
                Keyword.HELP: "{name}Linea de mensajes. Responda STOP para la baja. Pueden aplicarse tarifas.",
            },
        ),
        "fr": _Language(
            _words("arret, arreter, desabonner", "debut, reprendre", "aide"),
            {
                Keyword.STOP: "{name}Vous ne recevrez plus de messages. Repondez START pour vous reabonner.",
                Keyword.START: "{name}Vous recevez de nouveau nos messages. HELP pour l'aide, STOP pour arreter.",
                Keyword.HELP: "{name}Ligne de messages. Repondez STOP pour arreter. Des frais peuvent s'appliquer.",
            },
        ),
        "pt": _Language(
            _words("parar, sair, cancelar", "iniciar, voltar", "ajuda"),
            {
                Keyword.STOP: "{name}Voce nao recebera mais mensagens. Responda START para voltar a receber.",
                Keyword.START: "{name}Voce recebe nossas mensagens de novo. HELP para ajuda, STOP para sair.",
                Keyword.HELP: "{name}Linha de mensagens. Responda STOP para sair. Tarifas podem ser aplicadas.",
            },
        ),
    }
)
LANGUAGES = tuple(_LANGUAGES)
# In characters. No keyword is half as long, which leaves room for punctuation around it.
_LONGEST = 64
# A longer name would make a reply two segments long.
_LONGEST_NAME = 30


def parse_keyword(text: str, language: str = ENGLISH) -> Keyword | None:
    """Parse a text as a keyword in English or the language of its line; None when it is not one."""
    bare = _bare(text)
    return _LANGUAGES[language].keywords.get(bare) or _LANGUAGES[ENGLISH].keywords.get(bare)


def is_possible_keyword(text: str) -> bool:
    """Whether a text is a keyword in any language; used while the line is not known yet."""
    bare = _bare(text)
    return any(bare in language.keywords for language in _LANGUAGES.values())


def reply_for(line: Line, keyword: Keyword) -> str | None:
    """Return a line's reply to a keyword: its own, or else its language's; None when it does not reply."""
    if not line.answers_keywords:
        return None
    language = _LANGUAGES[line.language]
    name = (line.friendly_name or "").strip()
    prefix = language.naming.format(name=name) if 0 < len(name) <= _LONGEST_NAME else ""
    # Only the language's replies are templates; a line's own reply is sent as it is.
    return line.replies.get(keyword.value) or language.answers[keyword].format(name=prefix)


def is_answered_by_network(line: str, keyword: Keyword) -> bool:
    """Whether the network answers a keyword for a line of any carrier: STOP and START to toll-free numbers."""
    return keyword is not Keyword.HELP and addresses.is_toll_free(line)


def _bare(text: str) -> str:
    """Return the words of a short text in lower case, without accents, punctuation and pictograms.

    '' for a text that is too long to be a keyword.
    """
    if len(text) > _LONGEST:
        return ""
    letters = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).casefold()
    plain = (one if one.isalnum() else " " if one.isspace() else "" for one in letters)
    return " ".join("".join(plain).split())
