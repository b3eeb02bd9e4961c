"""Bylines: a text is marked with its author's name where its number does not identify the author."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from partyline.domain.bylines import MAX_NAME, build_byline
from partyline.domain.participants import Participant
from partyline.domain.sends import Send

NOW = datetime(2026, 11, 27, tzinfo=UTC)
P, Q = "+12065550100", "+12065550101"
A, B, C, D = "+12065550150", "+12065550151", "+12065550152", "+12065550153"


def member(sid: str, **fields: str) -> Participant:
    return Participant(sid, "CH1", NOW, NOW, **fields)  # type: ignore[arg-type]  # only text fields are given


AGENT = member("MB1", identity="jane", projected_address=P)
ANN, BEN = member("MB2", address=A), member("MB3", address=B)
CAT = member("MB4", address=C, proxy_address=Q, attributes='{"name": "Cat"}')
DAN = member("MB5", address=D, proxy_address=Q)
OFFICE = member("MB6", identity="office")


@pytest.mark.parametrize(
    ("author", "sender", "recipients", "members", "expected"),
    [
        # Two masked parties: each knows who the other number is. The house writes without a name.
        (CAT, Q, [D], [CAT, DAN], ""),
        (CAT, Q, [D], [CAT, DAN, OFFICE], ""),
        (OFFICE, Q, [D], [CAT, DAN, OFFICE], ""),
        # Among three the author would be unknown.
        (CAT, Q, [D], [CAT, DAN, replace(DAN, sid="MB7", address=A)], "Cat"),
        (DAN, Q, [C], [CAT, DAN, replace(DAN, sid="MB7", address=A)], "#2"),
        # Into a group from an agent's number, which is read as the agent's words.
        (CAT, P, [A, B], [AGENT, ANN, BEN, CAT], "Cat"),
        (DAN, P, [A, B], [AGENT, ANN, BEN, DAN], "#3"),
        # Out of the group to who is masked.
        (BEN, Q, [C], [AGENT, ANN, BEN, CAT], "#2"),
        (AGENT, Q, [C], [AGENT, ANN, BEN, CAT], ""),
        (ANN, Q, [C], [AGENT, ANN, CAT], ""),
        (ANN, P, [C], [AGENT, ANN, replace(CAT, proxy_address=P)], "#1"),
        # An agent's own number identifies the agent, and a program has no name.
        (AGENT, P, [A, B], [AGENT, ANN, BEN], ""),
        (None, Q, [C], [CAT, DAN], ""),
        # A member behind two proxies is one person.
        (CAT, Q, [D], [CAT, replace(CAT, sid="MB8", proxy_address=P), DAN], ""),
    ],
)
def test_byline_names_an_author_with_an_ambiguous_number(
    author: Participant | None, sender: str, recipients: list[str], members: list[Participant], expected: str
) -> None:
    assert build_byline(author, sender, recipients, members) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('{"name": "  Ann\\n Lee "}', "Ann Lee"),
        ('{"name": "' + "x" * 99 + '"}', "x" * MAX_NAME),
        ('{"name": "\\u202eAnn\\u0000"}', "Ann"),
        ('{"name": ""}', "#1"),
        ('{"name": "\\u200b"}', "#1"),
        ('{"name": 7}', "#1"),
        ('["name"]', "#1"),
        ("7", "#1"),
        ("{}", "#1"),
    ],
)
def test_a_name_is_what_the_account_gave_and_never_the_number(attributes: str, expected: str) -> None:
    ann = replace(ANN, attributes=attributes)
    assert build_byline(ann, P, [C], [AGENT, ann, BEN, CAT]) == expected


def test_a_place_does_not_depend_on_the_order_that_members_are_read_in() -> None:
    members = [AGENT, ANN, BEN, DAN]
    assert build_byline(DAN, P, [A, B], members) == build_byline(DAN, P, [A, B], members[::-1]) == "#3"


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [("", "hi", "hi"), ("", None, ""), ("Ann", "hi", "Ann: hi"), ("Ann", None, "Ann:"), ("#2", " hi ", "#2:  hi")],
)
def test_a_byline_stands_before_the_words(name: str, said: str | None, words: str) -> None:
    assert Send("", P, {A: "MB2"}, byline=name).words(said) == words


def test_a_byline_stands_before_words_of_any_length() -> None:
    """C7. What is too long with it is sent in parts."""
    assert Send("", P, {A: "MB2"}, byline="Ann").words("x" * 3000) == "Ann: " + "x" * 3000
