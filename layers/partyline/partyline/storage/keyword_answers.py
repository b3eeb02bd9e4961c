"""What was answered to keywords lately: one item for each (address, line), so that two programs do not answer each
other for ever."""

from __future__ import annotations

from partyline.domain.opt_outs import ANSWERS_PERIOD, Keyword, KeywordAnswer
from partyline.serialization import format_time, parse_time
from partyline.storage import keys
from partyline.storage.table import NEW, Condition, Item, Write, put


def list_answers(item: Item | None) -> tuple[KeywordAnswer, ...]:
    """The answers that an item holds, oldest first."""
    stored = item["given"] if item else []
    return tuple(KeywordAnswer(Keyword(one["keyword"]), parse_time(one["at"])) for one in stored)


def count_write(address: str, line: str, before: Item | None, answered: KeywordAnswer) -> Write:
    """Count one more answer; what is older than the period is forgotten. It holds while nothing was answered since
    `before` was read. Label: keyword_answers."""
    version = before["version"] if before else 0
    same = Condition("#version = :version", {"#version": "version"}, {":version": version}) if before else NEW
    recent = [one for one in list_answers(before) if one.at > answered.at - ANSWERS_PERIOD]
    item = {
        "given": [{"keyword": one.keyword.value, "at": format_time(one.at)} for one in (*recent, answered)],
        "version": version + 1,
        "ttl": int((answered.at + ANSWERS_PERIOD).timestamp()),
    }
    return put("keyword_answers", keys.keyword_answers(address, line), item, same)
