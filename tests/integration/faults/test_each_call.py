"""Whatever happens to one call of a function: its work is done once, or the caller gets an error and repeats it.

Each flow (flows.py) is run once to count its calls, and then once for each call and each fault of it. A function that
fails is called again as its caller does: the carrier, the client, the queue, the stream, the schedule. In the end all
is as if nothing had gone wrong; or as the table of flows says, with the reason.

Histories of the whole stack (tests/simulation) have many faults at once, and processes that end. Here each fault meets
each call of each function, alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from partyline.storage import own_writes
from tests.integration.faults.calls import Calls, Fault, MadeCall
from tests.integration.faults.flows import FLOWS, Flow
from tests.integration.faults.scene import Event, Scene
from tests.integration.faults.stack import PAUSE, FaultyStack, Moment, standing
from tests.simulation import stack as template

# How often a function is called before its work counts as lost.
MOST = 6
# Twilio's codes of answers that ask a client to repeat: others are in the way, a conversation that is being made.
BUSY, INITIALIZING = 20409, 50386


@pytest.fixture(scope="module")
def stack() -> Iterator[FaultyStack]:
    with standing() as made:
        yield made


@pytest.fixture(scope="module")
def lines(stack: FaultyStack) -> Moment:
    """The stack with two lines and nothing else."""
    Scene(stack).register_lines()
    return stack.keep()


@dataclass(frozen=True)
class Run:
    """What became of a flow: the answers, None for an error that was raised; what there is after the first of them, and
    at the end; and how many texts carriers have taken."""

    answers: list[Any]
    first: Counter[str]
    last: Counter[str]
    is_done: bool
    taken: int


def run(stack: FaultyStack, flow: Flow, event: Event, calls: Calls) -> Run:
    """Call the function until its work is done; the first time with `calls`."""
    left: Event | None = json.loads(json.dumps(event))
    answers: list[Any] = []
    first: Counter[str] = Counter()
    while left is not None and len(answers) < MOST:
        try:
            answers.append(stack.invoke(flow.function, left, Calls() if answers else calls))
        except Exception as error:  # noqa: BLE001  (whatever it is, Lambda tells the caller of it)
            answers.append(error)
        if len(answers) == 1:
            first = stack.describe()
        left = find_rest(flow, left, answers)
        if left is not None:
            stack.now += timedelta(seconds=PAUSE)
            left = flow.again(Scene(stack)) if flow.again else left
    return Run(answers, first, stack.describe(), left is None, len(stack.servers.taken))


def find_rest(flow: Flow, event: Event, answers: list[Any]) -> Event | None:
    """What is given to the function again; None when there is nothing left to do."""
    answer = answers[-1]
    if isinstance(answer, Exception) or (flow.repeats and len(answers) == 1):
        return event
    if "Records" in event:
        return _find_failed(event, [one["itemIdentifier"] for one in answer["batchItemFailures"]])
    return event if _is_for_later(answer or {}, flow.found) else None


def _is_for_later(answer: Mapping[str, Any], found: int) -> bool:
    """Whether an answer over HTTP has the client repeat its request."""
    status = answer.get("statusCode", HTTPStatus.OK)
    if status == HTTPStatus.CONFLICT:
        return json.loads(answer.get("body") or "{}").get("code", BUSY) in {BUSY, INITIALIZING} - {found}
    return bool(status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS)


def _find_failed(event: Event, failed: list[str]) -> Event | None:
    if not failed:
        return None
    records = event["Records"]
    if "dynamodb" in records[0]:
        # The stream gives all behind the first failure again.
        numbers = [one["dynamodb"]["SequenceNumber"] for one in records]
        return {"Records": records[numbers.index(failed[0]) :]}
    staying = [one for one in records if one["messageId"] in failed]
    for record in staying:
        received = int(record["attributes"]["ApproximateReceiveCount"])
        record["attributes"]["ApproximateReceiveCount"] = str(received + 1)
    return {"Records": staying}


def find_problem(flow: Flow, made: MadeCall, fault: Fault, calm: Run, before: Counter[str], seen: Run) -> str:
    """What is wrong with the way that a flow took with a fault; '' for nothing."""
    if not seen.is_done:
        return "never done"
    if flow.asks_once and seen.taken > calm.taken:
        return "a carrier was asked twice"
    more, missing = seen.last - calm.last, calm.last - seen.last
    if more or missing:
        ends = (one for one in flow.ends if one.covers(made.operation, fault))
        if not any(end.fits(more, missing) for end in ends):
            return "another end" + _list_differences(more, missing)
    # Those who call with a request see all of it or nothing.
    elif not flow.is_gradual and len(seen.answers) > 1 and seen.first not in (before, calm.last):
        return "done in part" + _list_differences(seen.first - before, before - seen.first)
    if fault is Fault.SHORT_THROTTLE and len(seen.answers) > len(calm.answers):
        return "a short throttle is not waited for"
    return ""


def _list_differences(more: Counter[str], missing: Counter[str]) -> str:
    lines = [*(f"+ {one}" for one in sorted(more.elements())), *(f"- {one}" for one in sorted(missing.elements()))]
    return "".join(f"\n{line}" for line in lines)


def find_problems(flow: Flow, stack: FaultyStack, lines: Moment) -> dict[str, str]:
    """What is wrong with a flow, by the call and the fault of it."""
    stack.return_to(lines)
    event = flow.begin(Scene(stack))
    began, at = stack.keep(), stack.now
    before, whole = stack.describe(), Calls()
    calm = run(stack, flow, event, whole)
    assert calm.is_done and len(calm.answers) == 1 + flow.repeats and whole.made, calm.answers
    assert (calm.answers[0] or {}).get("statusCode", HTTPStatus.OK) < HTTPStatus.BAD_REQUEST, calm.answers
    problems: dict[str, str] = {}
    for made in whole.made:
        for fault in made.faults():
            stack.return_to(began)
            stack.now = at
            seen = run(stack, flow, event, Calls(made.number, fault))
            if problem := find_problem(flow, made, fault, calm, before, seen):
                problems[f"{made.number} {made.operation}, {fault}"] = problem
    return problems


@pytest.mark.parametrize("flow", FLOWS, ids=str)
def test_whatever_goes_wrong_the_work_is_done_once_or_the_caller_is_told(
    flow: Flow, stack: FaultyStack, lines: Moment
) -> None:
    problems = find_problems(flow, stack, lines)
    assert not problems, "\n".join(f"{name}: {problem}" for name, problem in problems.items())


def test_a_product_that_takes_its_own_writes_for_anothers_is_seen(
    stack: FaultyStack, lines: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_writes, "make", lambda table, write, _: table.write(write))
    [flow] = [one for one in FLOWS if one.name == "an erased person"]
    problems = find_problems(flow, stack, lines)
    assert problems and all(name.endswith(Fault.REPEATED) for name in problems), problems


def test_every_function_that_calls_anything_has_a_flow() -> None:
    # The function of the inbox's pages reads files beside it, and has no rights.
    assert {flow.function for flow in FLOWS} == {*template.functions()} - {"pages"}
