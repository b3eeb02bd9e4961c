"""Turns and pauses: no line sends faster than it may, none asks a carrier that said no, and none holds up another."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.carriers import registry
from partyline.carriers.base import Accepted
from partyline.domain import sids
from partyline.domain.lines import Line
from partyline.domain.sends import RequestReference, SendReference, SendState
from partyline.errors import Ambiguous, Conflict, NotReady, Refused, SendError, Throttled, Unavailable
from partyline.outbound import carrier_requester, rate_limiter
from partyline.outbound.carrier_requester import MAX_ATTEMPTS
from partyline.outbound.rate_limiter import FAILURES_TO_PAUSE
from partyline.outbound.send_attempt import NextStep
from partyline.storage import keys, lines, rate_limits, sends
from partyline.storage.attribute_values import Item, from_dynamo
from partyline.storage.rate_limits import StoredTurn
from partyline.storage.table import Table, Write
from tests.support.aws_requests import AwsRequest
from tests.support.scene import FAILED, NOW, QUEUED, Crash, P, Scene, group, make_scene, opt_out, written


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No jitter: pauses are as long as they say."""
    monkeypatch.setattr(
        "partyline.outbound.rate_limiter.random.uniform", lambda low, high: high if high == 1.0 else 0.0
    )


def rated(table: Table, rate: str) -> None:
    line = lines.fetch(table, [P])[P]
    lines.update(table, line, replace(line, rate=rate))


def several(table: Table, count: int, *answers: Any, rate: str | None = None, clients: int = 2) -> list[Scene]:
    """Messages of as many conversations of one line, and one carrier for all."""
    first = make_scene(table, *answers, clients=clients)
    if rate:
        rated(table, rate)
    return [first, *(written(table, first.carrier, clients=clients) for _ in range(count - 1))]


def test_text_without_a_request_says_nothing_of_the_carrier(table: Table) -> None:
    one, other = several(table, 2, *[Unavailable("down")] * 4, clients=1)
    opt_out(table, *group(one))
    for _ in range(4):
        other.deliver()
    assert one.deliver().state is SendState.REFUSED
    assert rate_limits.load(table, other.reference, P, "bandwidth").account.failures == 4


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Accepted("c-1"), SendState.SENT),
        (Ambiguous("no answer"), SendState.UNKNOWN),
        (Unavailable("down"), SendState.WAITING),
        (Refused("no"), SendState.REFUSED),
    ],
)
def test_outcome_is_recorded_though_the_rate_limit_cannot_be(
    table: Table, monkeypatch: pytest.MonkeyPatch, answer: Any, state: SendState
) -> None:
    one = make_scene(table, Throttled("full"), answer)
    one.now += timedelta(seconds=one.deliver().delay + 1)

    def busy(*given: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(rate_limits, "reset", busy)
    monkeypatch.setattr(rate_limits, "count_failure", busy)
    with pytest.raises(TimeoutError):
        one.deliver()
    left = sends.find(table, RequestReference(one.reference))
    assert left and left.state is state


def test_line_rate_counts_texts_a_second_by_recipient(table: Table) -> None:
    scenes = several(table, 4, *[Accepted(f"c-{number}") for number in range(4)], rate="1.5")
    # Two clients and our other number: three recipients, two seconds.
    first, *later = [one.deliver() for one in scenes]
    assert first.state is SendState.SENT
    assert [(one.step, one.paced, one.delay) for one in later] == [
        (NextStep.RETRY, True, 2.0),
        (NextStep.RETRY, True, 4.0),
        (NextStep.RETRY, True, 6.0),
    ]
    # A send that comes back has its turn, whichever came in between.
    scenes[2].now = NOW + timedelta(seconds=4)
    assert scenes[2].deliver().state is SendState.SENT
    scenes[1].now = NOW + timedelta(seconds=1)
    assert scenes[1].deliver().delay == pytest.approx(1.0)
    assert len(scenes[0].carrier.asked) == 2


def test_account_rate_paces_all_lines_and_the_later_turn_counts(table: Table) -> None:
    one, other = several(table, 2, Accepted("c-1"), Accepted("c-2"), rate="100")
    one.rate = other.rate = "0.5"
    assert one.deliver().state is SendState.SENT
    assert other.deliver().delay == pytest.approx(6.0)


@pytest.mark.parametrize("scope", [rate_limits.line_scope(P), rate_limits.account_scope("bandwidth")])
def test_after_a_pause_a_line_keeps_to_its_rate(table: Table, scope: str) -> None:
    scenes = several(table, 6, *[Accepted(f"c-{number}") for number in range(6)], rate="1")
    for one in scenes:
        one.deliver()
    milliseconds = int(NOW.timestamp() * 1000)
    rate_limits.pause(table, scope, milliseconds + 10_000, milliseconds + 1)
    # Their turns were 3, 6, 9, 12 and 15 seconds after the first. None of it is lost to those that wait behind.
    for one in scenes:
        one.now = NOW + timedelta(seconds=10)
    rate_limits.reset(table, scope)
    assert [one.deliver().delay for one in scenes[1:]] == [0.0, 3.0, 6.0, 9.0, 12.0]
    assert len(scenes[0].carrier.asked) == 2


def test_a_rate_that_is_corrected_holds_from_then_on_for_all(table: Table) -> None:
    scenes = several(table, 4, *[Accepted(f"c-{number}") for number in range(4)], rate="0.001")
    for one in scenes[:3]:
        one.deliver()
    rated(table, "10")
    for one in scenes:
        one.now = NOW + timedelta(seconds=1)
    attempts = [one.deliver() for one in scenes[1:]]
    assert [attempt.delay for attempt in attempts] == pytest.approx([0.0, 0.0, 0.6])
    # None at all is another rate, too.
    line = lines.fetch(table, [P])[P]
    lines.update(table, line, replace(line, rate=None))
    assert scenes[3].deliver().state is SendState.SENT


def test_waiting_for_a_turn_spends_no_attempt_and_claims_nothing(table: Table) -> None:
    one, other = several(table, 2, Accepted("c-1"), rate="0.1")
    one.deliver()
    for _ in range(3 * MAX_ATTEMPTS):
        assert other.deliver().paced
    assert table.get(keys.send(other.reference)) is None


def test_a_line_without_a_rate_leaves_nothing_behind(table: Table) -> None:
    one = make_scene(table, Accepted("c-1"))
    assert one.deliver().state is SendState.SENT
    assert table.get(keys.pace(rate_limits.line_scope(P))) is None
    assert table.get(keys.turn(one.reference)) is None


@pytest.mark.usefixtures("quick")
def test_throttled_line_is_paused_for_all_its_conversations(table: Table) -> None:
    scenes = several(table, 5, Throttled("full", retry_after=60), *[Accepted(f"c-{n}") for n in range(5)])
    asked = scenes[0].carrier.asked
    assert scenes[0].deliver().delay == pytest.approx(60)
    assert [one.deliver().paced for one in scenes] == [True] * 5
    assert len(asked) == 1
    for one in scenes:
        one.now = NOW + timedelta(seconds=61)
    # One tries; the others wait for what comes of it.
    assert rate_limits.load(table, scenes[0].reference, P, "bandwidth").line.failures == 1
    assert scenes[1].deliver().state is SendState.SENT
    assert [one.deliver().state for one in scenes if one is not scenes[1]] == [SendState.SENT] * 4


@pytest.mark.usefixtures("quick")
def test_while_one_send_probes_the_others_wait(table: Table) -> None:
    def trying(text: Any) -> Accepted:
        assert other.deliver().paced
        return Accepted("c-1")

    one, other = several(table, 2, Throttled("full", retry_after=60), trying, Accepted("c-2"))
    one.deliver()
    one.now = other.now = NOW + timedelta(seconds=61)
    assert one.deliver().state is SendState.SENT
    assert other.deliver().state is SendState.SENT


@pytest.mark.usefixtures("quick")
def test_line_that_stays_full_pauses_longer_and_fails_texts_after_hours(table: Table) -> None:
    one = make_scene(table, *[Throttled("full")] * 100)
    rests = []
    while (attempt := one.deliver()).step is NextStep.RETRY:
        rests.append(attempt.delay)
        one.now += timedelta(seconds=attempt.delay + 1)
    assert rests[:3] == [2.0, 4.0, 8.0]
    assert max(rests) == 300.0
    assert one.now - NOW >= rate_limiter.PATIENCE
    assert set(one.receipts().values()) == {(FAILED, 30001)}


@pytest.mark.usefixtures("quick")
def test_text_that_is_never_attempted_fails_after_the_patience(table: Table) -> None:
    one, other = several(table, 2, *[Throttled("full", retry_after=1800)] * 100)
    states = []
    for minutes in range(0, 241, 10):
        one.now = other.now = NOW + timedelta(minutes=minutes)
        one.deliver()
        states.append(other.deliver().state)
    assert states == [SendState.WAITING] * 24 + [SendState.REFUSED]
    assert set(other.receipts().values()) == {(FAILED, 30001)}
    assert {text.tag for text in one.carrier.asked} == {one.reference.tag}
    # What is written now waits as long.
    fresh = written(table, one.carrier)
    fresh.now = one.now
    assert fresh.deliver().paced


@pytest.mark.usefixtures("quick")
def test_text_of_unknown_fate_is_looked_up_after_a_long_wait(table: Table) -> None:
    one, other = several(table, 2, Crash(), *[Throttled("full", retry_after=1800)] * 100)
    with pytest.raises(Crash):
        one.deliver()
    steps = set()
    for minutes in range(0, 251, 10):
        other.now = one.now = NOW + timedelta(minutes=minutes)
        other.deliver()
        steps.add(one.deliver().step)
    assert steps == {NextStep.RETRY, NextStep.RECONCILE}
    assert set(one.receipts().values()) == {(QUEUED, 0)}


@pytest.mark.usefixtures("quick")
def test_hours_of_waiting_for_a_turn_are_no_impatience(table: Table) -> None:
    # The message may even be dated back by its author.
    one, other = several(table, 2, Throttled("full"), Accepted("c-1"), Throttled("full"), Accepted("c-2"))
    assert not one.deliver().paced
    assert other.deliver().paced
    one.now = NOW + timedelta(seconds=10)
    assert one.deliver().state is SendState.SENT
    other.now = NOW + timedelta(hours=5)
    assert other.deliver().step is NextStep.RETRY
    other.now += timedelta(seconds=10)
    assert other.deliver().state is SendState.SENT


@pytest.mark.usefixtures("quick")
def test_a_text_that_is_throttled_while_others_go_ends_too(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrier_requester, "MAX_THROTTLED", 5)
    one, *others = several(table, 5, *[Throttled("full"), Accepted("c-1")] * 5, clients=1)
    delays = []
    for other in others:
        delays.append(one.deliver().delay)
        one.now = other.now = one.now + timedelta(seconds=delays[-1])
        assert other.deliver().state is SendState.SENT
    assert delays == [2.0, 4.0, 8.0, 16.0]
    assert one.deliver().state is SendState.REFUSED
    assert set(one.receipts().values()) == {(FAILED, 30001)}


class Memory(Table):
    """As much of a table as pausing needs, since a day's waiting is many looks."""

    def __init__(self) -> None:
        self.items: dict[keys.Key, dict[str, Any]] = {}

    def get_all(self, requested: Iterable[keys.Key]) -> dict[keys.Key, Item]:
        return {key: self.items[key] for key in requested if key in self.items}

    def write(self, write: Write) -> Item:
        given = write.parameters
        key = from_dynamo(given["Key"])
        names, values = given["ExpressionAttributeNames"], from_dynamo(given["ExpressionAttributeValues"])
        item = self.items.setdefault(keys.Key(key["PK"], key["SK"]), {})
        if "ConditionExpression" in given:
            assert given["ConditionExpression"] == "#until = :before"
            if item.get("until") != values[":before"]:
                raise Conflict({write.label: item})
        for place, name in names.items():
            value = values.get(f":{place[1:]}")
            match place[1], value:
                case "s", None:
                    item.pop(name, None)
                case "s", _:
                    item[name] = value
                case "a", _:
                    item[name] = item.get(name, 0) + value
                case "d", _:
                    item.setdefault(name, value)
        return dict(item)


@pytest.mark.parametrize("error", [Throttled("full"), Unavailable("down")])
def test_sends_to_a_dead_carrier_wait_no_longer_than_the_patience(error: SendError) -> None:
    """A hundred conversations, as their queue does it: who is due next is received. An answer takes ten seconds, and
    attempts do not run out."""
    now = NOW
    limiter = rate_limiter.RateLimiter(Memory(), clock=lambda: now, rate=lambda carrier: None, slots=5)
    line = Line("LN1", P, "bandwidth", NOW, NOW)
    references = [SendReference("CH1", f"IM{number}", "0") for number in range(100)]
    due: list[tuple[datetime, int, rate_limiter.Turn | None]] = [(NOW, number, None) for number in range(100)]
    received, asked = [0] * 100, 0
    while due:
        now, number, answered = heapq.heappop(due)
        reference, delay = references[number], 1.0
        if answered and answered.waited >= rate_limiter.PATIENCE.total_seconds():
            continue
        if answered and isinstance(error, Throttled):
            delay = limiter.record_throttled(reference, answered.known, None)
        elif answered:
            limiter.record_no_answer(answered.known)
        else:
            received[number] += 1
            turn = limiter.take_turn(reference, line, 1)
            if turn.wait and turn.waited >= rate_limiter.PATIENCE.total_seconds():
                continue
            if not turn.wait:
                asked += 1
                heapq.heappush(due, (now + timedelta(seconds=10), number, turn))
                continue
            delay = turn.wait
        heapq.heappush(due, (now + timedelta(seconds=math.ceil(delay)), number, None))
    assert now - NOW < rate_limiter.PATIENCE + timedelta(minutes=10)
    assert max(received) < 200
    assert asked < 300


def test_line_that_fails_for_days_still_pauses(table: Table) -> None:
    one = make_scene(table)
    known = replace(
        rate_limits.load(table, one.reference, P, "bandwidth"),
        line=rate_limits.Pace(rate_limits.line_scope(P), failures=5000),
    )
    assert one.outbound().rate_limiter.record_throttled(one.reference, known, None) <= 300


@pytest.mark.parametrize(("expected", "is_read"), [("bandwidth", True), ("telnyx", False), (None, False)])
def test_pauses_are_read_with_a_line_that_has_the_carrier_that_it_had(
    table: Table, expected: str | None, is_read: bool
) -> None:
    one = make_scene(table, Throttled("full", retry_after=600))
    one.deliver()
    loader = replace(one.outbound().loader, carriers={P: expected} if expected else {})
    job = loader.load(one.reference)
    assert job
    pace = rate_limits.load(table, one.reference, P, "bandwidth")
    assert pace.line.until
    assert job.pace == (pace if is_read else None)
    assert loader.carriers == {P: "bandwidth"}


@pytest.mark.usefixtures("quick")
def test_first_attempt_looks_for_no_turn_and_keeps_one_that_is_there(
    table: Table, requests_made: list[AwsRequest]
) -> None:
    one, other = several(table, 2, Accepted("c-1"), rate="1.5")
    one.deliver()
    assert other.deliver().delay == pytest.approx(2.0)
    requests_made.clear()
    loader = replace(other.outbound().loader, carriers={P: "bandwidth"})
    # As if it were queued twice, and this were the first attempt of the second time.
    job = loader.load(other.reference, is_first=True)
    assert job and job.line and job.pace
    assert (job.pace.turn, keys.turn(other.reference).sk in str(requests_made)) == (StoredTurn(), False)
    limiter = other.outbound().rate_limiter
    assert limiter.take_turn(other.reference, job.line, 3, job.pace).wait == pytest.approx(2.0)


def test_another_line_is_not_held_up(table: Table) -> None:
    lines.register(table, Line("LN2", "+12065550177", "bandwidth", NOW, NOW))
    one = make_scene(table, Throttled("full", retry_after=600), Accepted("c-1"))
    one.deliver()
    known = rate_limits.load(table, one.reference, "+12065550177", "bandwidth")
    assert (known.line.is_clear, known.account.is_clear) == (True, True)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("error", [Unavailable("down"), Ambiguous("no answer")])
def test_carrier_that_does_not_answer_is_paused_for_all_lines(table: Table, error: Exception) -> None:
    scenes = several(
        table,
        FAILURES_TO_PAUSE + 2,
        *[error] * FAILURES_TO_PAUSE,
        Accepted("c-1"),
        Accepted("c-2"),
    )
    *dead, one, other = scenes
    for scene in dead:
        assert not scene.deliver().paced
    assert [scene.deliver().paced for scene in (one, other)] == [True, True]
    one.now = other.now = NOW + timedelta(seconds=10)
    assert one.deliver().state is SendState.SENT
    assert rate_limits.load(table, one.reference, P, "bandwidth").account.is_clear
    assert other.deliver().state is SendState.SENT


def test_failures_that_are_not_in_a_row_pause_nothing(table: Table) -> None:
    answers = [Unavailable("down"), Unavailable("down"), Refused("no", error_code=30007)] * 4
    for one in several(table, len(answers), *answers):
        assert not one.deliver().paced


def test_text_without_recipients_takes_no_turn(table: Table) -> None:
    one, other = several(table, 2, *[Unavailable("down")] * 4, clients=1)
    for _ in range(4):
        other.deliver()
    opt_out(table, *one.message.sends[0].natives)
    assert one.deliver().state is SendState.REFUSED
    assert rate_limits.load(table, other.reference, P, "bandwidth").account.failures == 4


def test_groups_that_a_carrier_makes_ready_pause_no_line(table: Table) -> None:
    scenes = several(
        table,
        2 * FAILURES_TO_PAUSE,
        *[NotReady("the group is being made")] * 2 * FAILURES_TO_PAUSE,
    )
    attempts = [one.deliver() for one in scenes]
    assert [(attempt.step, attempt.paced) for attempt in attempts] == [(NextStep.RETRY, False)] * len(scenes)
    assert max(attempt.delay for attempt in attempts) <= 2
    assert rate_limits.load(table, scenes[0].reference, P, "bandwidth").account.is_clear


def test_a_carrier_that_is_not_ready_has_answered(table: Table) -> None:
    answers = [
        *[Unavailable("down")] * (FAILURES_TO_PAUSE - 1),
        NotReady("the group is being made"),
        Unavailable("down"),
    ]
    scenes = several(table, len(answers) + 1, *answers, Accepted("c-1"))
    assert not any(one.deliver().paced for one in scenes)


def test_a_group_that_is_never_ready_ends_visibly(table: Table) -> None:
    one = make_scene(table, *[NotReady("the group is being made")] * MAX_ATTEMPTS)
    while (attempt := one.deliver()).step is NextStep.RETRY:
        one.now += timedelta(seconds=attempt.delay)
    assert attempt.state is SendState.REFUSED
    assert set(one.receipts().values()) == {(FAILED, 30008)}


@pytest.mark.parametrize("is_first", [False, True])
def test_sends_that_are_queued_anew_keep_the_rate(table: Table, *, is_first: bool) -> None:
    """Their turns from before a pause are void, also at a first attempt, which does not look for them."""
    scenes = several(table, 5, *[Accepted(f"c-{number}") for number in range(5)], rate="1")

    def take_turns() -> list[float]:
        return [take_turn(one, is_first=is_first) for one in scenes]

    assert take_turns() == pytest.approx([0, 1, 2, 3, 4])
    paused = int(NOW.timestamp() * 1000) + 1000
    rate_limits.pause(table, rate_limits.line_scope(P), paused + 60_000, paused)
    rate_limits.reset(table, rate_limits.line_scope(P))
    for one in scenes:
        one.now = NOW + timedelta(hours=1)
    assert take_turns() == pytest.approx([0, 1, 2, 3, 4])
    # What was taken since holds.
    assert take_turns() == pytest.approx([0, 1, 2, 3, 4])


def take_turn(one: Scene, *, is_first: bool) -> float:
    """After how many seconds a send may be made."""
    sender = one.outbound()
    job = replace(sender.loader, carriers={P: "bandwidth"}).load(one.reference, is_first=is_first)
    assert job
    assert job.line
    return sender.rate_limiter.take_turn(one.reference, job.line, 1, job.pace).wait


def test_turn_is_stored_once_for_any_number_of_attempts(table: Table) -> None:
    one = make_scene(table)
    assert rate_limits.keep_turn(table, one.reference, 5000, "1/", 1000).at == 5000
    assert rate_limits.keep_turn(table, one.reference, 9000, "1/", 1001).at == 5000
    # One that was void gives way to another, once.
    assert rate_limits.keep_turn(table, one.reference, 7000, "1/", 2000, before=1000).at == 7000
    assert rate_limits.keep_turn(table, one.reference, 9000, "1/", 2001, before=1000).at == 7000


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 2000)), min_size=1, max_size=12))
def test_turns_never_overlap_and_leave_no_gap_while_there_are_any(table: Table, asked: list[tuple[int, int]]) -> None:
    scope, now, free = sids.new(sids.LINE), 1_000_000, 0
    for later, interval in asked:
        now += later
        at = rate_limits.reserve(table, scope, "1", interval, now)
        assert at == max(now, free)
        free = at + interval


@pytest.mark.parametrize(
    ("given_", "rate"),
    [("", None), ("10", "10"), ("0.25", "0.25"), ("0", None), ("-1", None), ("fast", None), ("1e3", None)],
)
def test_the_rate_of_an_account_is_a_number_in_its_secret(given_: str, rate: str | None) -> None:
    assert registry.account_rate("telnyx", {"telnyx_rate": given_}) == rate
    assert registry.account_rate("telnyx", {}) is None


def test_a_busy_table_takes_no_turn(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    one = make_scene(table, Accepted("c-1"))
    rated(table, "1")

    def busy(*given: Any) -> int:
        raise TimeoutError

    monkeypatch.setattr(rate_limits, "reserve", busy)
    with pytest.raises(TimeoutError):
        one.deliver()
    assert one.carrier.asked == []
