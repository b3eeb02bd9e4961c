"""The recent answers to keywords: one item for each (address, line).

They keep two programs from answering each other forever.
"""

from __future__ import annotations

from partyline.domain.opt_outs import ANSWERS_PERIOD, Keyword, KeywordAnswer
from partyline.frozen_classes import frozen
from partyline.serialization import format_time, parse_time
from partyline.storage import keys
from partyline.storage.attribute_values import Item
from partyline.storage.table import NEW, Condition, Write, put


@frozen
class AnswerHistory:
    """The answers of one line to one address, oldest first. `version` is None while none is stored."""

    answers: tuple[KeywordAnswer, ...] = ()
    version: int | None = None


def decode_history(item: Item | None) -> AnswerHistory:
    """Decode the item of a history; None stands for a history that is not stored."""
    if item is None:
        return AnswerHistory()
    answers = tuple(KeywordAnswer(Keyword(one["keyword"]), parse_time(one["at"])) for one in item["given"])
    return AnswerHistory(answers, item["version"])


def build_count_write(address: str, line: str, history: AnswerHistory, answer: KeywordAnswer) -> Write:
    """Build the write that adds an answer and drops those older than the period.

    It holds while nothing was answered since the history was read. Label: keyword_answers.
    """
    unchanged = NEW
    if history.version is not None:
        unchanged = Condition("#version = :version", {"#version": "version"}, {":version": history.version})
    recent = [one for one in history.answers if one.at > answer.at - ANSWERS_PERIOD]
    item = {
        "given": [{"keyword": one.keyword.value, "at": format_time(one.at)} for one in (*recent, answer)],
        "version": (history.version or 0) + 1,
        "ttl": int((answer.at + ANSWERS_PERIOD).timestamp()),
    }
    return put("keyword_answers", keys.keyword_answers(address, line), item, unchanged)
