"""Calling webhooks: what a receiver gets, what counts as taken, and how long it is tried."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from partyline.domain.webhook_configuration import WebhookMethod
from partyline.errors import RequestError, RequestFailed, RequestRefused, RequestTimedOut
from partyline.queues import queue_messages
from partyline.queues.queue_messages import Callback
from partyline.storage import circuit_breakers
from partyline.storage.circuit_breakers import Rejected
from partyline.webhooks.delivery import PATIENCE, DeliveryOutcome, message_group
from tests.integration.webhooks.conftest import TOKEN, World, callback

VALIDATOR = RequestValidator(TOKEN)
NO_ANSWERS = [RequestTimedOut("late"), RequestFailed("gone"), RequestRefused("inside")]


# --- what a receiver gets


def test_a_post_is_a_signed_form(world: World) -> None:
    assert world.deliver(callback("https://crm.example.com/hook?team=elm#rc=2")).outcome is DeliveryOutcome.DELIVERED
    (call,) = world.calls
    assert (call.method, call.url) == ("POST", "https://crm.example.com/hook?team=elm")
    assert call.body
    form = dict(parse_qsl(call.body.decode(), strict_parsing=True))
    assert form == {"EventType": "onMessageAdded", "Body": "über & über", "RetryCount": "0"}
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert call.headers["I-Twilio-Idempotency-Token"] == "token-1"
    assert VALIDATOR.validate(call.url, form, call.headers["X-Twilio-Signature"])


@pytest.mark.parametrize(
    ("configured", "begins"),
    [
        ("https://crm.example.com/hook", "https://crm.example.com/hook?"),
        ("https://crm.example.com/hook?team=elm&team=oak#rc=2", "https://crm.example.com/hook?team=elm&team=oak&"),
    ],
)
def test_a_get_has_its_parameters_behind_those_of_the_url(world: World, configured: str, begins: str) -> None:
    world.deliver(callback(configured, WebhookMethod.GET), received=3)
    (call,) = world.calls
    assert (call.method, call.body) == ("GET", b"")
    assert call.url.startswith(begins)
    form = dict(parse_qsl(urlsplit(call.url).query, strict_parsing=True))
    assert (form["Body"], form["EventType"], form["RetryCount"]) == (
        "über & über",
        "onMessageAdded",
        "2",
    )
    assert VALIDATOR.validate(call.url, {}, call.headers["X-Twilio-Signature"])


def test_a_callback_survives_the_queue() -> None:
    encoded = queue_messages.encode(callback(method=WebhookMethod.GET))
    assert queue_messages.decode(Callback, encoded) == callback(method=WebhookMethod.GET)


def test_order_holds_for_each_url_and_conversation() -> None:
    groups = {message_group(url, subject) for url in ("https://a/", "https://b/") for subject in ("CH1", "CH2")}
    assert len(groups) == 4
    assert message_group("https://a/", "CH1") in groups


# --- what counts as taken


def test_any_2xx_is_success(world: World) -> None:
    for status in (200, 201, 204, 299):
        world.behaviour["crm.example.com"] = status
        assert world.deliver(callback()).outcome is DeliveryOutcome.DELIVERED


def test_every_other_result_is_retried(world: World) -> None:
    behaviours: list[int | RequestError] = [301, 307, 400, 403, 404, 410, 429, 500, 503, *NO_ANSWERS]
    for number, behaviour in enumerate(behaviours):
        world.behaviour[f"{number}.example.com"] = behaviour
        delivered = world.deliver(callback(f"https://{number}.example.com/"))
        assert (delivered.outcome, delivered.reason) == (DeliveryOutcome.RETRIED, str(behaviour))


@pytest.mark.parametrize(
    ("received", "least", "most"), [(1, 1.5, 2), (2, 3, 4), (5, 24, 32), (10, 675, 900), (1000, 675, 900)]
)
def test_failing_call_is_repeated_with_growing_delay(world: World, received: int, least: float, most: float) -> None:
    world.behaviour["crm.example.com"] = 500
    delays = {world.deliver(callback(), received=received).delay for _ in range(20)}
    assert all(least <= delay <= most for delay in delays)
    assert len(delays) > 1


# --- how long it is tried


def run(world: World, one: Callback, sent_at: datetime) -> list[tuple[timedelta, DeliveryOutcome]]:
    """What the queue does with one message until it is done with: when each time, and with what outcome."""
    came = []
    for received in range(1, 1001):
        delivered = world.deliver(one, received=received, sent_at=sent_at)
        came.append((world.now - sent_at, delivered.outcome))
        if delivered.outcome in (DeliveryOutcome.DELIVERED, DeliveryOutcome.GIVEN_UP):
            return came
        world.now += timedelta(seconds=delivered.delay)
    raise AssertionError("the queue itself would have given up")


@pytest.mark.parametrize("behaviour", [500, RequestTimedOut("late")])
def test_failing_call_is_repeated_for_a_day_and_then_given_up(world: World, behaviour: int | RequestError) -> None:
    world.behaviour["crm.example.com"] = behaviour
    came = run(world, callback(), world.now)
    assert [outcome for _, outcome in came].count(DeliveryOutcome.GIVEN_UP) == 1
    assert PATIENCE <= came[-1][0] < PATIENCE + timedelta(minutes=1)
    waits = [later - earlier for (earlier, _), (later, _) in pairwise(came)]
    assert max(waits) <= timedelta(minutes=16)


def test_a_receiver_that_comes_back_gets_what_it_missed(world: World) -> None:
    world.behaviour["crm.example.com"] = RequestFailed("gone")
    begun = world.now
    for received in range(1, 8):
        world.now += timedelta(seconds=world.deliver(callback(), received=received, sent_at=begun).delay)
    world.behaviour["crm.example.com"] = 200
    assert [outcome for _, outcome in run(world, callback(), begun)][-1] is DeliveryOutcome.DELIVERED


def test_message_moved_back_from_the_dead_letters_has_another_day(world: World) -> None:
    world.behaviour["crm.example.com"] = 500
    assert run(world, callback(), world.now)[-1][1] is DeliveryOutcome.GIVEN_UP
    again = run(world, callback(), world.now)
    assert again[0][1] is DeliveryOutcome.RETRIED
    assert again[-1][0] >= PATIENCE


def test_message_that_waited_for_its_turn_all_day_is_tried_once(world: World) -> None:
    assert world.deliver(callback(), sent_at=world.now - 2 * PATIENCE).outcome is DeliveryOutcome.DELIVERED
    world.behaviour["crm.example.com"] = 500
    assert world.deliver(callback(), sent_at=world.now - 2 * PATIENCE).outcome is DeliveryOutcome.GIVEN_UP


# --- one does not delay another


def test_a_receiver_that_hangs_delays_only_its_own_events(world: World) -> None:
    """Ten conversations call two receivers for ten minutes, one call at a time: what the hanging one costs, the other
    waits for."""
    hanging, well = callback("https://hangs.example.com/"), callback("https://well.example.com/")
    world.behaviour["hangs.example.com"] = RequestTimedOut("late")
    world.takes["hangs.example.com"] = timedelta(seconds=5)
    begun = world.now
    queue = [(begun, number, hanging, 1) for number in range(10)]
    queue += [(begun + timedelta(seconds=6 * number), 100 + number, well, 1) for number in range(100)]
    heapq.heapify(queue)
    late = []
    while queue and queue[0][0] < begun + timedelta(minutes=10):
        due, number, one, received = heapq.heappop(queue)
        world.now = max(world.now, due)
        delivered = world.deliver(one, received=received, sent_at=begun)
        if one is well:
            assert delivered.outcome is DeliveryOutcome.DELIVERED
            late.append(world.now - due)
        else:
            again = world.now + timedelta(seconds=delivered.delay)
            heapq.heappush(queue, (again, number, one, received + 1))
    assert len(late) == 100
    # Three failures open the breaker, then one call after 5, 10, 20, ... seconds: six in ten minutes, and one spare.
    assert len([call for call in world.calls if "hangs" in call.url]) <= 3 + 7
    assert max(late) <= timedelta(seconds=16)
    assert sorted(late)[len(late) // 2] < timedelta(seconds=1)


def test_call_without_a_free_slot_is_given_up_before_the_queue_does_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_breakers, "acquire", lambda table, receiver, now: Rejected(0.0))
    came = run(world, callback(), world.now)
    assert {outcome for _, outcome in came[:-1]} == {DeliveryOutcome.HELD}
    assert came[-1][0] >= PATIENCE
    # Soon at first: it may be a matter of seconds.
    assert came[10][0] < timedelta(seconds=30)


def test_rejected_call_costs_no_request_and_no_signature(world: World) -> None:
    world.behaviour["crm.example.com"] = RequestFailed("gone")
    for _ in range(3):
        world.deliver(callback())
    delivered = world.deliver(callback("https://crm.example.com/another"))
    assert (delivered.outcome, delivered.reason) == (DeliveryOutcome.HELD, "circuit open")
    assert 4 < delivered.delay < 8
    assert len(world.calls) == 3
    # The breaker is of the server: scheme, host and port. Other servers of the name have their own.
    assert world.deliver(callback("https://crm.example.com:8443/hook")).outcome is DeliveryOutcome.DELIVERED


def test_status_that_is_no_success_is_no_failure_of_the_receiver(world: World) -> None:
    world.behaviour["crm.example.com"] = 500
    outcomes = {world.deliver(callback()).outcome for _ in range(10)}
    assert outcomes == {DeliveryOutcome.RETRIED}
