"""Notifications: who gets one, what it says, and what becomes of it at a push service."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from partyline.domain import sids
from partyline.errors import RequestFailed, RequestRefused, RequestTimedOut
from partyline.http_client import HttpResponse
from partyline.queues.queue_messages import PushJob
from partyline.storage import push_subscriptions, users
from partyline.web_push.push_sender import MAX_TRIES, PATIENCE, PushOutcome
from tests.integration.web_push.conftest import PushWorld
from tests.support.api_harness import A, Api, B, P
from tests.support.people import SERVICE

LIMITED = ("viewAssignedConversations", "writeAsLine")


def contact(api: Api, name: str, number: str, **form: str) -> None:
    numbers = json.dumps([{"number": number}])
    api.made("/Contacts", {"FriendlyName": name, "Numbers": numbers, **form})


def member(api: Api, conversation: str, identity: str) -> None:
    assert api.add(conversation, identity=identity).status == 201


# --- what it says


def test_a_notification_says_who_wrote_what_where(world: PushWorld) -> None:
    world.person("ann")
    group = world.api.group(A, B)
    job = world.text(group, A)
    assert world.send(job).outcomes == {PushOutcome.DELIVERED: 1}
    assert world.service.notices(world.browsers["ann"]) == [
        {
            "type": "message",
            "identity": "ann",
            "conversation_sid": group,
            "message_sid": job.message_sid,
            "index": 0,
            "title": f"{A}, {B}, agent",
            "sender": A,
            "text": "On my way",
            "kind": "text",
            "unread": None,
            "date_created": "2026-11-22T12:00:00.250Z",
        }
    ]


def test_it_counts_what_the_person_has_not_read(world: PushWorld) -> None:
    ann = world.person("ann")
    group = world.api.group(A)
    for _ in range(3):
        world.text(group, A)
    assert ann.post(f"/Conversations/{group}/ReadState", {"LastReadMessageIndex": "0"}).status == 200
    world.send(world.text(group, A))
    [notice] = world.service.notices(world.browsers["ann"])
    assert (notice["index"], notice["unread"]) == (3, 3)


def test_a_newer_one_of_a_conversation_takes_the_place_of_an_older_one(world: PushWorld) -> None:
    world.person("ann")
    world.person("ben")
    groups = [world.api.group(A), world.api.group(B)]
    for group in (*groups, groups[0]):
        world.send(world.text(group, A if group == groups[0] else B))
    topics: dict[str, list[str]] = {}
    for request in world.service.sent:
        topics.setdefault(request.url.rpartition("/")[2], []).append(request.headers["Topic"])
    for first, other, again in topics.values():
        assert first == again != other
    # Nor does a push service learn which people are in the same conversation.
    assert not set(topics["ann"]) & set(topics["ben"])


# --- who gets one


def test_who_wrote_it_is_not_told(world: PushWorld) -> None:
    ann = world.person("ann")
    world.person("ben")
    chat = world.api.conversation()
    member(world.api, chat, "ann")
    said = ann.post(f"/Conversations/{chat}/Messages", {"Body": "Lunch?"})
    assert said.status == 201, said.body
    assert world.told(PushJob(SERVICE, chat, said.body["sid"])) == ["ben"]


def test_answers_of_staff_and_tapbacks_are_no_news(world: PushWorld) -> None:
    ann = world.person("ann")
    world.person("ben")
    group = world.api.conversation()
    assert world.api.add(group, projected=P).status == 201
    assert world.api.add(group, address=A).status == 201
    said = ann.post(f"/Conversations/{group}/Messages", {"Author": P, "Body": "Hello"})
    assert said.status == 201, said.body
    assert world.told(PushJob(SERVICE, group, said.body["sid"])) == []
    said = world.api.say(group, "We are closed", P)
    assert said.status == 201, said.body
    assert world.told(PushJob(SERVICE, group, said.body["sid"])) == []
    assert world.told(world.text(group, A, 'Liked "Hello"', '{"tapback": {"kind": "like"}}')) == []
    assert world.told(world.text(group, A)) == ["ann", "ben"]


def test_all_is_what_one_sees_and_mine_what_one_is_in_charge_of(world: PushWorld) -> None:
    contact(world.api, "Kay", A, Owner="kim")
    for identity, scope, permissions in (
        ("ann", "all", ()),
        ("ben", "mine", ()),
        ("kim", "mine", LIMITED),
        ("lee", "all", LIMITED),
        ("mia", "mine", ("viewAnyConversation", "writeAsLine")),
    ):
        world.person(identity, scope, *permissions)
    kays, others = world.api.group(A), world.api.group(B)
    assert world.told(world.text(kays, A)) == ["ann", "kim"]
    assert world.told(world.text(others, B)) == ["ann"]
    assert world.api.post(f"/Conversations/{others}", {"Assignee": "ben"}).status == 200
    assert world.told(world.text(others, B)) == ["ann", "ben"]
    member(world.api, others, "mia")
    assert world.told(world.text(others, B)) == ["ann", "ben", "mia"]


def test_who_is_assigned_and_may_not_see_it_is_not_told(world: PushWorld) -> None:
    world.person("lee", "mine", *LIMITED)
    group = world.api.group(A)
    assert world.api.post(f"/Conversations/{group}", {"Assignee": "lee"}).status == 200
    assert world.told(world.text(group, A)) == []
    contact(world.api, "Kay", A, Owner="lee")
    assert world.told(world.text(group, A)) == ["lee"]


def test_who_lost_the_role_is_not_told(world: PushWorld) -> None:
    world.person("ann")
    group = world.api.group(A)
    role = world.api.made(
        "/Roles", [("FriendlyName", "guest"), ("Type", "service"), ("Permission", "viewAnyConversation")]
    )["sid"]
    assert world.api.post("/Users/ann", {"RoleSid": role}).status == 200
    assert world.told(world.text(group, A)) == []


def test_quiet_and_read_conversations_stay_quiet(world: PushWorld) -> None:
    ann, ben = world.person("ann"), world.person("ben")
    group = world.api.group(A)
    member(world.api, group, "ben")
    job = world.text(group, A)
    assert world.told(job) == ["ann", "ben"]
    for who in (ann, ben):
        assert who.post(f"/Conversations/{group}/ReadState", {"LastReadMessageIndex": "0"}).status == 200
    assert world.told(job) == []
    later = world.text(group, A)
    assert world.told(later) == ["ann", "ben"]
    assert ann.post(f"/Conversations/{group}/ReadState", {"Muted": "true"}).status == 200
    assert world.told(later) == ["ben"]


@pytest.mark.parametrize("what", ["message", "conversation", "service"])
def test_what_is_gone_is_told_to_nobody(world: PushWorld, what: str) -> None:
    world.person("ann")
    group = world.api.group(A)
    job = world.text(group, A)
    if what == "message":
        assert world.api.delete(f"/Conversations/{group}/Messages/{job.message_sid}").status == 204
    elif what == "conversation":
        assert world.api.delete(f"/Conversations/{group}").status == 204
    else:
        job = replace(job, service_sid=sids.new(sids.SERVICE))
    assert world.told(job) == []


# --- what ends a subscription


def subscriptions(world: PushWorld) -> list[str]:
    table = world.api.context.table
    found = push_subscriptions.fetch_many(table, push_subscriptions.list_of_service(table, SERVICE))
    return sorted(one.identity for one in found)


def end_by_time(world: PushWorld, ann: Api) -> None:
    world.clock.tick(days=7)


def end_by_key(world: PushWorld, ann: Api) -> None:
    table = world.api.context.table
    [one] = push_subscriptions.list_of_person(table, SERVICE, "ann")
    assert world.api.delete(f"/Keys/{one.key_sid}").status == 204


def end_by_revocation(world: PushWorld, ann: Api) -> None:
    user = users.fetch_by_identity(world.api.context.table, SERVICE, "ann")
    assert user
    assert users.revoke_tokens(world.api.context.table, user, world.clock())


def end_by_user(world: PushWorld, ann: Api) -> None:
    assert world.api.delete("/Users/ann").status == 204


@pytest.mark.parametrize("end", [end_by_time, end_by_key, end_by_revocation, end_by_user])
def test_a_subscription_ends_with_the_access_that_made_it(world: PushWorld, end: Any) -> None:
    ann = world.person("ann")
    group = world.api.group(A)
    end(world, ann)
    assert world.told(world.text(group, A)) == []
    assert subscriptions(world) == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(world: PushWorld, status: int) -> None:
    world.person("ann")
    world.person("ben")
    world.service.answers[world.browsers["ann"].endpoint] = [HttpResponse(status)]
    group = world.api.group(A)
    result = world.send(world.text(group, A))
    assert result.outcomes == {PushOutcome.GONE: 1, PushOutcome.DELIVERED: 1}
    assert result.left is None
    assert subscriptions(world) == ["ben"]


def test_one_that_has_subscribed_anew_meanwhile_is_not(world: PushWorld) -> None:
    ann = world.person("ann")
    group = world.api.group(A)
    job = world.text(group, A)
    send = world.service.send

    def subscribe_anew(*given: Any, **more: Any) -> HttpResponse:
        send(*given, **more)
        world.clock.tick(seconds=1)
        assert ann.post("/PushSubscriptions", world.browsers["ann"].form()).status == 200
        return HttpResponse(410)

    world.service.send = subscribe_anew  # type: ignore[method-assign]
    assert world.send(job).outcomes == {PushOutcome.GONE: 1}
    assert subscriptions(world) == ["ann"]


# --- what is tried again


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(429),
        HttpResponse(500),
        HttpResponse(503, headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        RequestFailed("no connection", sent=False),
        RequestTimedOut("no answer in time"),
    ],
)
def test_only_who_was_not_reached_is_tried_again(world: PushWorld, answer: HttpResponse | Exception) -> None:
    world.person("ann")
    world.person("ben")
    world.service.answers[world.browsers["ann"].endpoint] = [answer]
    job = world.text(world.api.group(A), A)
    result = world.send(job)
    assert result.outcomes == {PushOutcome.RETRIED: 1, PushOutcome.DELIVERED: 1}
    sid = push_subscriptions.sid_of(world.browsers["ann"].endpoint)
    assert result.left == replace(job, subscriptions=(sid,), tries=1)
    assert 3 <= result.delay <= 5
    world.service.sent.clear()
    assert world.send(result.left).outcomes == {PushOutcome.DELIVERED: 1}
    assert [one.url for one in world.service.sent] == [world.browsers["ann"].endpoint]


@pytest.mark.parametrize(("asked", "delay"), [("120", 120), ("9000", 300), ("x", None), ("²", None)])
def test_a_push_service_says_how_long_to_wait(world: PushWorld, asked: str, delay: int | None) -> None:
    world.person("ann")
    world.service.answers[world.browsers["ann"].endpoint] = [HttpResponse(429, headers={"retry-after": asked})]
    result = world.send(world.text(world.api.group(A), A))
    assert result.left
    assert result.delay == delay if delay else result.delay <= 5


def test_what_was_read_meanwhile_is_not_tried_again(world: PushWorld) -> None:
    ann = world.person("ann")
    world.service.answers[world.browsers["ann"].endpoint] = [HttpResponse(503)]
    group = world.api.group(A)
    left = world.send(world.text(group, A)).left
    assert left
    assert ann.post(f"/Conversations/{group}/ReadState", {"LastReadMessageIndex": "0"}).status == 200
    assert world.told(left) == []


def test_a_push_service_that_stays_away_is_given_up(world: PushWorld) -> None:
    world.person("ann")
    world.service.answers[world.browsers["ann"].endpoint] = [HttpResponse(503)] * MAX_TRIES
    left: PushJob | None = world.text(world.api.group(A), A)
    delays, outcomes = [], {}
    while left:
        result = world.send(left)
        left, outcomes = result.left, dict(result.outcomes)
        delays.append(result.delay)
    assert outcomes == {PushOutcome.DROPPED: 1}
    assert len(delays) == MAX_TRIES
    assert delays[:-1] == sorted(delays[:-1])
    assert sum(delays) < PATIENCE.total_seconds()
    assert subscriptions(world) == ["ann"]


@pytest.mark.parametrize("answer", [HttpResponse(400), HttpResponse(403), HttpResponse(413), HttpResponse(301)])
def test_what_a_push_service_refuses_is_not_tried_again(world: PushWorld, answer: HttpResponse) -> None:
    world.person("ann")
    world.service.answers[world.browsers["ann"].endpoint] = [answer]
    result = world.send(world.text(world.api.group(A), A))
    assert (dict(result.outcomes), result.left) == ({PushOutcome.REFUSED: 1}, None)
    assert subscriptions(world) == ["ann"]


def test_an_address_that_is_not_public_is_not_asked_again(world: PushWorld) -> None:
    world.person("ann")
    refused = RequestRefused("the name has an address that is not public")
    world.service.answers[world.browsers["ann"].endpoint] = [refused]
    result = world.send(world.text(world.api.group(A), A))
    assert (dict(result.outcomes), result.left) == ({PushOutcome.REFUSED: 1}, None)


def test_an_old_message_is_no_news(world: PushWorld) -> None:
    world.person("ann")
    job = world.text(world.api.group(A), A)
    world.clock.tick(seconds=PATIENCE.total_seconds() + 1)
    assert world.send(job).outcomes == {}
    assert world.send(replace(job, subscriptions=("WP1",))).outcomes == {PushOutcome.DROPPED: 1}
    assert world.service.sent == []


def test_for_whom_there_is_no_time_it_is_later(world: PushWorld) -> None:
    for number in range(20):
        world.person(f"p{number}")
    job = world.text(world.api.group(A), A)
    times = iter([True] * 5)
    world.has_time = lambda: next(times, False)
    result = world.send(job)
    assert result.outcomes == {PushOutcome.DELIVERED: 5, PushOutcome.RETRIED: 15}
    assert result.left
    world.has_time = lambda: True
    assert world.send(result.left).outcomes == {PushOutcome.DELIVERED: 15}
    assert len({one.url for one in world.service.sent}) == 20
