"""What becomes of an inbound text, and what its keyword sets off: rules alone, without a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from partyline.carriers.base import InboundMedia, InboundText
from partyline.domain import routing, sids
from partyline.domain.copies import Copies
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.opt_outs import MAX_ANSWERS, Keyword, KeywordAnswer, OptOut, OptOutChannel
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.inbound import keywords
from partyline.inbound.decision import (
    Copied,
    Decision,
    IntoKnown,
    IntoNew,
    Repeated,
    Unrouted,
    counts_as_copy,
    decide,
    is_copy,
)
from partyline.inbound.inbound_context import InboundContext
from partyline.inbound.keywords import NO_EFFECT, KeywordEffect, KeywordOccasion, plan_keyword
from partyline.storage import copies
from partyline.storage.copies import CopyCounter
from partyline.storage.inbound_records import InboundRecords, ThreadOwner
from partyline.storage.keyword_answers import AnswerHistory

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
P, Q, TOLL_FREE = "+12065550100", "+12065550101", "+18005550100"
A, B = "+12065550150", "+12065550151"
OWNER = ThreadOwner("CH1", "IS1", frozenset({P}))
CROWD = tuple(f"+1206556{number:04}" for number in range(routing.MAX_ROSTER + 10))


def line(address: str, auto_creation: AutoCreation = AutoCreation.ALL, language: str = "en") -> Line:
    return Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, auto_creation, language=language)


def state(number: str, *, opted_out: bool) -> OptOut:
    return OptOut(sids.opt_out(A, number), A, number, opted_out, OptOutChannel.TEXT, NOW, NOW)


OUT = {number: state(number, opted_out=True) for number in (P, Q)}
IN = {number: state(number, opted_out=False) for number in (P, Q)}


def text(
    body: str = "hello",
    *others: str,
    sender: str = A,
    line: str = P,
    keyword_handled_by_carrier: Keyword | None = None,
    media: int = 0,
) -> InboundText:
    files = tuple(InboundMedia(f"https://carrier.example/{number}") for number in range(media))
    return InboundText(
        "bandwidth",
        "id-1",
        line,
        sender,
        (P, *others),
        body,
        files,
        keyword_handled_by_carrier=keyword_handled_by_carrier,
    )


def context(
    inbound: InboundText,
    *lines: Line,
    owner: ThreadOwner | None = None,
    seen: Mapping[str, int] | None = None,
    opt_outs: Mapping[str, OptOut] | None = None,
    answers: Mapping[str, AnswerHistory] | None = None,
    unrouted_text: UnroutedText | None = None,
) -> InboundContext:
    arrival = routing.build_arrival(inbound.sender, inbound.recipients, inbound.line)
    key = copies.counter_key(arrival.thread, arrival.sender, inbound.text, len(inbound.media))
    registered = {one.address: one for one in lines}
    records = InboundRecords(
        is_received=False,
        owner=owner,
        counter=CopyCounter(key, Copies(seen or {}), 1 if seen else None),
        lines=registered,
        opt_outs=opt_outs or {},
        answers=answers or {},
    )
    return InboundContext(inbound, arrival.among(registered), records, NOW, unrouted_text)


def received(given: InboundContext) -> InboundContext:
    """The same text when this copy of it was received before."""
    return replace(given, records=replace(given.records, is_received=True))


def stored(line: str = P) -> UnroutedText:
    """A text in the inbox of unrouted texts; without a line while none of its numbers was known."""
    return UnroutedText("UT1", "bandwidth", "id-1", UnroutedReason.UNKNOWN_LINE, NOW, line=line)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (received(context(text("hello", B), line(P), owner=OWNER)), Repeated()),
        (received(context(text("STOP", B), line(P))), Repeated()),
        (context(text("hello", B), line(P), owner=OWNER, seen={Q: 1}), Copied(NO_EFFECT)),
        (context(text("hello", B), line(P), owner=OWNER, seen={P: 1}), IntoKnown(OWNER, NO_EFFECT)),
        (context(text("hello", B), line(P), owner=OWNER, seen={P: 1, Q: 2}), Copied(NO_EFFECT)),
        (context(text("hello", B), line(P), owner=OWNER), IntoKnown(OWNER, NO_EFFECT)),
        (context(text("hello"), line(P), owner=OWNER, seen={Q: 1}), IntoKnown(OWNER, NO_EFFECT)),
        (context(text("hello", *CROWD), line(P), owner=OWNER), Unrouted(UnroutedReason.ROSTER_TOO_LARGE, NO_EFFECT)),
        (context(text("hello", B)), Unrouted(UnroutedReason.UNKNOWN_LINE, NO_EFFECT)),
        (context(text("hello", B, sender=P), line(P)), Unrouted(UnroutedReason.UNKNOWN_LINE, NO_EFFECT)),
        (context(text("hello", Q, B, sender=P), line(P), line(Q)), Unrouted(UnroutedReason.OWN_SENDER, NO_EFFECT)),
        (
            context(text("hello"), line(P, AutoCreation.GROUPS)),
            Unrouted(UnroutedReason.AUTO_CREATION_OFF, NO_EFFECT),
        ),
        (context(text("hello"), line(P, AutoCreation.OFF), owner=OWNER), IntoKnown(OWNER, NO_EFFECT)),
    ],
)
def test_decide_returns_what_becomes_of_a_text(given: InboundContext, expected: Decision) -> None:
    assert decide(given) == expected


def test_decide_makes_a_conversation_by_the_lowest_line_that_allows_it() -> None:
    allowing, other = line(Q, AutoCreation.GROUPS), line(P, AutoCreation.OFF)
    assert decide(context(text("hello", Q, B), other, allowing)) == IntoNew(allowing, NO_EFFECT)


def test_decide_gives_a_keyword_without_a_conversation_its_own_reason() -> None:
    decision = decide(context(text("STOP"), line(P, AutoCreation.OFF)))
    assert isinstance(decision, Unrouted)
    assert decision.reason is UnroutedReason.KEYWORD
    assert decision.effect.changes == {P: None}


def test_decide_gives_a_keyword_in_a_large_roster_its_effect() -> None:
    decision = decide(context(text("STOP", *CROWD), line(P)))
    assert isinstance(decision, Unrouted)
    assert decision.reason is UnroutedReason.ROSTER_TOO_LARGE
    assert decision.effect.changes == {P: None}


def test_decide_answers_help_in_a_roster_too_large_for_a_conversation() -> None:
    decision = decide(context(text("HELP", *CROWD), line(P)))
    assert isinstance(decision, Unrouted)
    assert decision.effect.changes == {}
    assert decision.effect.reply is not None


def test_decide_records_a_replayed_text_though_its_copy_was_received() -> None:
    given = context(text("hello", B), line(P), owner=OWNER, unrouted_text=stored())
    assert decide(received(given)) == IntoKnown(OWNER, NO_EFFECT)


@pytest.mark.parametrize(
    ("given", "counts", "copy"),
    [
        (context(text("hello", B), line(P), seen={Q: 1}), True, True),
        (context(text("hello", B), line(P)), True, False),
        (context(text("hello"), line(P), seen={Q: 1}), False, False),  # a pair has one own number
        (context(text("hello", B), line(P), seen={Q: 1}, unrouted_text=stored()), False, False),  # counted when it came
        (context(text("hello", B), line(P), seen={Q: 1}, unrouted_text=stored(line="")), True, True),
        (context(text("hello", B, line=""), seen={Q: 1}), False, False),  # it is unknown which number is ours
    ],
)
def test_copies_are_counted_once_for_each_own_number(given: InboundContext, counts: bool, copy: bool) -> None:
    assert counts_as_copy(given) is counts
    assert is_copy(given) is copy


# --- keywords


@pytest.mark.parametrize(
    ("given", "keyword"),
    [
        (context(text("Stop."), line(P)), Keyword.STOP),
        (context(text("STOP", media=1), line(P)), Keyword.STOP),
        (context(text("please stop"), line(P)), None),
        (context(text("alto"), line(P)), None),
        (context(text("alto"), line(P, language="es")), Keyword.STOP),
        (context(text("alto", Q), line(P), line(Q, language="es")), Keyword.STOP),
        (context(text("hello", keyword_handled_by_carrier=Keyword.START), line(P)), Keyword.START),
        (context(text("STOP")), None),  # none of its numbers is a line
        (context(text("STOP", Q, sender=P), line(P), line(Q)), None),  # one of our own numbers wrote it
    ],
)
def test_detect_keyword_by_carrier_or_by_language(given: InboundContext, keyword: Keyword | None) -> None:
    assert keywords.detect_keyword(given) is keyword


@pytest.mark.parametrize(
    ("word", "opt_outs", "occasion", "changes", "early"),
    [
        ("STOP", {}, KeywordOccasion.NEW, {P: None, Q: None}, {}),
        ("STOP", OUT, KeywordOccasion.NEW, OUT, {}),
        ("START", OUT, KeywordOccasion.NEW, OUT, {}),
        ("HELP", OUT, KeywordOccasion.NEW, {}, {}),
        ("STOP", {}, KeywordOccasion.COPY, {}, {P: None, Q: None}),
        ("STOP", {P: OUT[P]}, KeywordOccasion.COPY, {}, {Q: None}),
        ("STOP", IN, KeywordOccasion.COPY, {}, {}),  # START came after it
        ("START", OUT, KeywordOccasion.COPY, {}, {}),
        ("HELP", {}, KeywordOccasion.COPY, {}, {}),
        ("STOP", {P: OUT[P]}, KeywordOccasion.REPLAY, {}, {Q: None}),
        ("STOP", IN, KeywordOccasion.REPLAY, {}, {}),
        ("START", OUT, KeywordOccasion.REPLAY, {}, {}),
    ],
)
def test_plan_keyword_changes_what_the_occasion_allows(
    word: str,
    opt_outs: dict[str, OptOut],
    occasion: KeywordOccasion,
    changes: dict[str, OptOut | None],
    early: dict[str, OptOut | None],
) -> None:
    effect = plan_keyword(context(text(word, Q, B), line(P), line(Q), opt_outs=opt_outs), occasion)
    assert effect.keyword is Keyword(word.lower())
    assert (effect.changes, effect.early_changes) == (changes, early)


def test_plan_keyword_obeys_a_copy_whose_carrier_alone_took_it_for_stop() -> None:
    given = context(
        text("leave me alone", Q, B, keyword_handled_by_carrier=Keyword.STOP), line(P), line(Q), opt_outs=IN
    )
    assert plan_keyword(given, KeywordOccasion.COPY) == KeywordEffect(Keyword.STOP, early_changes=IN)


@pytest.mark.parametrize(
    ("word", "opt_outs", "is_answered"),
    [
        ("STOP", {}, True),
        ("STOP", {P: OUT[P]}, True),
        ("STOP", OUT, False),
        ("START", {}, False),
        ("START", {Q: OUT[Q]}, True),
        ("START", IN, False),
        ("HELP", {}, True),
        ("HELP", {P: OUT[P]}, False),
        ("HELP", {Q: OUT[Q]}, True),
    ],
)
def test_plan_keyword_answers_what_is_new(word: str, opt_outs: dict[str, OptOut], is_answered: bool) -> None:
    effect = plan_keyword(context(text(word, Q, B), line(P), line(Q), opt_outs=opt_outs), KeywordOccasion.NEW)
    assert (effect.reply is not None) is is_answered
    assert effect.is_answer_withheld is False


@pytest.mark.parametrize(
    "given",
    [
        context(text("STOP", keyword_handled_by_carrier=Keyword.STOP), line(P)),  # the carrier answered
        context(text("STOP", TOLL_FREE, B), line(P), line(TOLL_FREE)),  # the network answers
        context(text("STOP", sender="BANK"), line(P)),  # a name: nothing can be sent there
    ],
)
def test_plan_keyword_leaves_the_answer_to_carrier_and_network(given: InboundContext) -> None:
    effect = plan_keyword(given, KeywordOccasion.NEW)
    assert effect.keyword is Keyword.STOP
    assert effect.changes
    assert effect.reply is None


def test_plan_keyword_answers_from_the_number_that_received_the_text() -> None:
    effect = plan_keyword(context(text("STOP", Q, B, line=Q), line(P), line(Q)), KeywordOccasion.NEW)
    assert effect.reply
    assert effect.reply.line.address == Q
    (send,) = effect.reply.message.sends
    assert (send.sender, set(send.natives), send.confirms_opt_out) == (Q, {A}, True)


@pytest.mark.parametrize(("age", "is_withheld"), [(timedelta(minutes=5), True), (timedelta(hours=2), False)])
def test_plan_keyword_withholds_an_answer_after_many_recent_ones(age: timedelta, is_withheld: bool) -> None:
    history = AnswerHistory((KeywordAnswer(Keyword.HELP, NOW - age),) * MAX_ANSWERS, MAX_ANSWERS)
    effect = plan_keyword(context(text("HELP"), line(P), answers={P: history}), KeywordOccasion.NEW)
    assert effect.is_answer_withheld is is_withheld
    assert (effect.reply is None) is is_withheld


def test_plan_keyword_changes_most_numbers_first_where_a_transaction_has_no_room() -> None:
    numbers = [f"+1206557{number:04}" for number in range(30)]
    given = context(text("STOP", *numbers), line(P), *(line(number) for number in numbers))
    effect = plan_keyword(given, KeywordOccasion.NEW)
    assert effect.reply
    assert effect.reply.line.address == P
    assert effect.changes == {P: None}
    assert effect.early_changes == dict.fromkeys(numbers)


def test_plan_keyword_without_a_keyword_has_no_effect() -> None:
    for occasion in KeywordOccasion:
        assert plan_keyword(context(text("hello"), line(P), opt_outs=IN), occasion) == NO_EFFECT


# --- texts that a catch-up has found


def found(inbound: InboundText, age: timedelta = timedelta(hours=3), *, roster_unknown: bool = False) -> InboundText:
    """A text that its carrier received a while ago."""
    return replace(inbound, caught_up=True, received_at=NOW - age, roster_unknown=roster_unknown)


OLD = copies.COPIES_LIFE


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (context(found(text("hello", B)), line(P), owner=OWNER), IntoKnown(OWNER, NO_EFFECT)),
        (context(found(text("hello", B)), line(P), owner=OWNER, seen={Q: 1}), Copied(NO_EFFECT)),
        (received(context(found(text("hello"), roster_unknown=True), line(P))), Repeated()),
        (
            context(found(text("hello"), roster_unknown=True), line(P), owner=OWNER),
            Unrouted(UnroutedReason.UNCERTAIN, NO_EFFECT),
        ),
        # A pair has no copies: it is certain at any age.
        (context(found(text("hello"), OLD), line(P), owner=OWNER), IntoKnown(OWNER, NO_EFFECT)),
        (context(found(text("hello", B), OLD), line(P), owner=OWNER), Unrouted(UnroutedReason.UNCERTAIN, NO_EFFECT)),
        # The copies of another one that was caught up are counted still.
        (context(found(text("hello", B), OLD), line(P), owner=OWNER, seen={Q: 1}), Copied(NO_EFFECT)),
        # A webhook that comes late says itself who got the text.
        (context(replace(text("hello", B), received_at=NOW - OLD), line(P), owner=OWNER), IntoKnown(OWNER, NO_EFFECT)),
    ],
)
def test_decide_takes_a_caught_up_text_only_where_it_certainly_belongs(
    given: InboundContext, expected: Decision
) -> None:
    assert decide(given) == expected


def said(number: str, ago: timedelta, *, opted_out: bool) -> dict[str, OptOut]:
    at = NOW - ago
    return {number: replace(state(number, opted_out=opted_out), since=at, updated=at)}


EARLIER, LATER = timedelta(hours=5), timedelta(hours=1)


@pytest.mark.parametrize(
    ("word", "known", "changed"),
    [
        ("STOP", {}, {P}),
        ("STOP", said(P, EARLIER, opted_out=False), {P}),
        ("STOP", said(P, timedelta(hours=3) - timedelta(seconds=30), opted_out=False), {P}),
        ("STOP", said(P, LATER, opted_out=False), set()),
        ("STOP", said(P, EARLIER, opted_out=True), set()),
        ("START", {}, set()),
        ("START", said(P, EARLIER, opted_out=True), {P}),
        ("START", said(P, LATER, opted_out=True), set()),
        ("HELP", said(P, EARLIER, opted_out=True), set()),
    ],
)
def test_caught_up_keyword_holds_unless_its_sender_has_said_otherwise_since(
    word: str, known: dict[str, OptOut], changed: set[str]
) -> None:
    given = context(found(text(word)), line(P), opt_outs=known)
    for occasion in (KeywordOccasion.NEW, KeywordOccasion.COPY):
        effect = plan_keyword(given, occasion)
        assert (set(effect.early_changes), effect.changes, effect.reply) == (changed, {}, None)


def test_uncertain_text_has_the_effect_of_its_keyword() -> None:
    decision = decide(context(found(text("STOP"), roster_unknown=True), line(P)))
    assert isinstance(decision, Unrouted)
    assert decision.effect.early_changes == {P: None}
