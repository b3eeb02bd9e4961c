"""Opt-outs: what a keyword asks for, and what is answered. Pure.

A keyword is a whole text: in any case, with any punctuation, blanks and pictograms around it. A sentence that holds the
word is none; an opt-out in other words is for people to enter (docs/opt-outs.md).

Sources: FCC, 47 CFR 64.1200(a)(10), which names STOP, QUIT, END, REVOKE, OPT OUT, CANCEL and UNSUBSCRIBE, and (a)(12),
one confirmation that says nothing else; CTIA, Messaging Principles and Best Practices (2023), 5.1.3, which adds
STOPALL, HELP, and what the answers contain.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from partyline.domain import addresses

if TYPE_CHECKING:
    from partyline.domain.lines import Line


class Keyword(StrEnum):
    """What a text of one keyword asks of the line that it is sent to."""

    STOP = "stop"
    START = "start"
    HELP = "help"


class OptOutChannel(StrEnum):
    """The channel by which an opt-out or an opt-in came."""

    TEXT = "text"  # a keyword that was for us to answer
    CARRIER = "carrier"  # the carrier took a keyword, or refused a text since it knows of one
    API = "api"


@dataclass(frozen=True, slots=True)
class OptOut:
    """Whether an address has opted out of texts from a line.

    `since` is when that became so, `updated` when it was last said.
    """

    sid: str
    address: str
    line: str
    opted_out: bool
    channel: OptOutChannel
    since: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class OptOutEvent:
    """One entry of the audit trail of opt-outs.

    `source` is the carrier with its id of the text, a message of ours that the carrier refused, or the API's caller;
    `reason` is the caller's own words.
    """

    address: str
    line: str
    opted_out: bool
    channel: OptOutChannel
    at: datetime
    source: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KeywordAnswer:
    """An answer to a keyword, and when it was given."""

    keyword: Keyword
    at: datetime


# How many keywords of one address a line answers in this time.
MAX_ANSWERS = 3
ANSWERS_PERIOD = timedelta(hours=1)


def is_answer_allowed(keyword: Keyword, given: Iterable[KeywordAnswer], now: datetime) -> bool:
    """Whether a keyword is answered, after the answers that were given before. A program at the other end that answers
    each text with a keyword gets MAX_ANSWERS in each period, as a person would; and the confirmation of an opt-out,
    which is due, where none is among them."""
    recent = [one.keyword for one in given if one.at > now - ANSWERS_PERIOD]
    return len(recent) < MAX_ANSWERS or (keyword is Keyword.STOP and Keyword.STOP not in recent)


@dataclass(frozen=True, slots=True)
class _Language:
    """The keywords of a language, bare (see _bare), and its answers. `{name}` is what the line is called, with what
    leads to it; each answer fits one segment of the GSM alphabet with a name of 30 characters."""

    keywords: Mapping[str, Keyword]
    answers: Mapping[Keyword, str]
    naming: str = "{name}: "


def _words(stop: str, start: str, help_: str) -> dict[str, Keyword]:
    groups = ((stop, Keyword.STOP), (start, Keyword.START), (help_, Keyword.HELP))
    return {word.strip(): keyword for words, keyword in groups for word in words.split(",")}


# English is understood by every line.
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
# In characters: no keyword is half as long, whatever stands around it.
_LONGEST = 64
# A name that is longer would make two segments of an answer.
_LONGEST_NAME = 30


def parse_keyword(text: str, language: str = ENGLISH) -> Keyword | None:
    """The keyword that a text is, in English or the language of its line; None when it is anything else."""
    bare = _bare(text)
    return _LANGUAGES[language].keywords.get(bare) or _LANGUAGES[ENGLISH].keywords.get(bare)


def is_possible_keyword(text: str) -> bool:
    """Whether a text is a keyword in any language, for while its line is not known yet."""
    bare = _bare(text)
    return any(bare in language.keywords for language in _LANGUAGES.values())


def reply_for(line: Line, keyword: Keyword) -> str | None:
    """What a line answers to a keyword: its own text, or else that of its language; None when it does not answer."""
    if not line.answers_keywords:
        return None
    language = _LANGUAGES[line.language]
    name = (line.friendly_name or "").strip()
    called = language.naming.format(name=name) if 0 < len(name) <= _LONGEST_NAME else ""
    # The language's own texts are formatted, a line's own never.
    return line.replies.get(keyword.value) or language.answers[keyword].format(name=called)


def is_answered_by_network(line: str, keyword: Keyword) -> bool:
    """Whether the network answers a keyword for a line, whatever its carrier: STOP and START to toll-free numbers."""
    return keyword is not Keyword.HELP and addresses.is_toll_free(line)


def _bare(text: str) -> str:
    """The words of a short text in lower case, without accents, punctuation and pictograms; '' of any other."""
    if len(text) > _LONGEST:
        return ""
    letters = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).casefold()
    kept = (one if one.isalnum() else " " if one.isspace() else "" for one in letters)
    return " ".join("".join(kept).split())
