from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import addresses, opt_outs
from partyline.domain.lines import Line
from partyline.domain.opt_outs import Keyword, KeywordAnswer, is_answer_allowed

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LINE = Line("LN1", "+12065550100", "bandwidth", NOW, NOW, friendly_name="Elm Street Realty")
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        "Stop.",
        " stop \n",
        "«STOP!»",
        "“Stop”",
        "STOP 🛑",
        "ＳＴＯＰ",
        "s.t.o.p",
        "stop\u200b",
        "STOPALL",
        "stop all",
        "Stop-All",
        "UNSUBSCRIBE",
        "End",
        "quit!!",
        "cancel",
        "REVOKE",
        "OPTOUT",
        "opt out",
        "Opt-Out",
    ],
)
def test_stop_is_recognised(text: str) -> None:
    assert opt_outs.parse_keyword(text) is Keyword.STOP
    assert opt_outs.is_possible_keyword(text)


@pytest.mark.parametrize("text", ["START", "unstop", "Opt in", "optin."])
def test_start_is_recognised(text: str) -> None:
    assert opt_outs.parse_keyword(text) is Keyword.START


@pytest.mark.parametrize("text", ["HELP", "help?", "INFO"])
def test_help_is_recognised(text: str) -> None:
    assert opt_outs.parse_keyword(text) is Keyword.HELP


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "!",
        "Stop please",
        "please stop",
        "stop by at five",
        "don't stop",
        "st op",
        "stopp",
        "unstoppable",
        "yes",
        "no",
        "cancel the order",
        "the end",
        "help me",
        "start now",
        "stop" * 20,
        "STOP" + " " * 80 + "x",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert opt_outs.parse_keyword(text) is None


@pytest.mark.parametrize(
    ("text", "language", "keyword"),
    [
        ("ALTO", "es", Keyword.STOP),
        ("Información", "es", Keyword.HELP),
        ("Arrêt", "fr", Keyword.STOP),
        ("arre\u0302t", "fr", Keyword.STOP),
        ("Ajuda", "pt", Keyword.HELP),
        ("STOP", "fr", Keyword.STOP),
        ("ARRET", "en", None),
    ],
)
def test_a_line_understands_its_language_and_english(text: str, language: str, keyword: Keyword | None) -> None:
    assert opt_outs.parse_keyword(text, language) is keyword
    assert opt_outs.is_possible_keyword(text)


@given(st.text(max_size=80))
def test_what_is_a_keyword_for_some_line_may_be_one(text: str) -> None:
    recognised = any(opt_outs.parse_keyword(text, language) for language in opt_outs.LANGUAGES)
    assert opt_outs.is_possible_keyword(text) is recognised


@given(st.sampled_from(["stop", "cancel", "help", "start"]), st.text("abcxyz", min_size=1, max_size=10), st.booleans())
def test_a_keyword_with_another_word_is_a_sentence(keyword: str, word: str, before: bool) -> None:
    text = f"{word} {keyword}" if before else f"{keyword} {word}"
    assert opt_outs.parse_keyword(text) is None


@pytest.mark.parametrize("language", opt_outs.LANGUAGES)
@pytest.mark.parametrize("keyword", list(Keyword))
def test_every_answer_is_one_plain_segment_that_says_how_to_go_on(language: str, keyword: Keyword) -> None:
    answer = opt_outs.reply_for(replace(LINE, language=language, friendly_name="N" * 30), keyword)
    assert answer
    assert len(answer) <= 160
    assert set(answer) <= GSM
    assert answer.startswith("N" * 30)
    assert ("START" if keyword is Keyword.STOP else "STOP") in answer
    assert opt_outs.parse_keyword(answer, language) is None


def test_a_line_without_a_name_says_none() -> None:
    answer = opt_outs.reply_for(replace(LINE, friendly_name=None), Keyword.STOP)
    assert answer == "You are unsubscribed and will get no more messages. Reply START to resubscribe."


def test_a_lines_own_text_is_said_as_it_is() -> None:
    line = replace(LINE, replies={"stop": "Bye {name}"})
    assert opt_outs.reply_for(line, Keyword.STOP) == "Bye {name}"
    assert opt_outs.reply_for(replace(line, answers_keywords=False), Keyword.STOP) is None


@pytest.mark.parametrize(
    ("address", "toll_free"),
    [
        ("+18005550100", True),
        ("+18335550100", True),
        ("+18885550100", True),
        ("+18225550100", False),
        ("+12065550100", False),
        ("80055", False),
        ("+180055501000", False),
    ],
)
def test_the_network_answers_for_toll_free_numbers(address: str, toll_free: bool) -> None:
    assert addresses.is_toll_free(address) is toll_free
    assert opt_outs.is_answered_by_network(address, Keyword.STOP) is toll_free
    assert not opt_outs.is_answered_by_network(address, Keyword.HELP)


@pytest.mark.parametrize(
    ("before", "keyword", "answered"),
    [
        ((), Keyword.HELP, True),
        ((Keyword.HELP, Keyword.START), Keyword.HELP, True),
        ((Keyword.HELP, Keyword.START, Keyword.HELP), Keyword.HELP, False),
        ((Keyword.HELP, Keyword.START, Keyword.HELP), Keyword.START, False),
        # The one confirmation that is due.
        ((Keyword.HELP, Keyword.START, Keyword.HELP), Keyword.STOP, True),
        ((Keyword.STOP, Keyword.START, Keyword.HELP), Keyword.STOP, False),
        ((Keyword.HELP, Keyword.HELP, Keyword.HELP, Keyword.STOP), Keyword.STOP, False),
    ],
)
def test_so_many_keywords_of_one_address_are_answered_in_an_hour(
    before: tuple[Keyword, ...], keyword: Keyword, answered: bool
) -> None:
    """C14."""
    lately = [KeywordAnswer(one, NOW - timedelta(minutes=59)) for one in before]
    assert is_answer_allowed(keyword, lately, NOW) is answered
    assert is_answer_allowed(keyword, [replace(one, at=NOW - timedelta(minutes=60)) for one in lately], NOW)
