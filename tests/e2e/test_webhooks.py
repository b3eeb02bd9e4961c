"""Webhooks from outside: what a customer's server is told, by a deployed Partyline, whatever that server does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from local.stack import Stack
from partyline.domain.webhook_configuration import POST_EVENTS
from tests.support.receivers import Call, Receiver, Reply, gone_port, receiving
from tests.support.stack_world import World, new_id, new_number, until

P, T = "+12065550100", "+12065550110"
ENABLED = "true"


@contextmanager
def service(world: World, **webhooks: Any) -> Iterator[Any]:
    """A Service of its own with these webhooks, so that no other test is told to them."""
    made = world.api.services.create(friendly_name="told")
    world.api.services(made.sid).configuration.webhooks().update(**webhooks)
    yield world.api.services(made.sid)
    world.api.services(made.sid).delete()


def group(inside: Any, *natives: str, own: str = P) -> Any:
    """A conversation of an agent and some handsets, told of in every step."""
    made = inside.conversations.create(x_twilio_webhook_enabled=ENABLED)
    made.participants.create(
        identity="agent", messaging_binding_projected_address=own, x_twilio_webhook_enabled=ENABLED
    )
    for native in natives:
        made.participants.create(messaging_binding_address=native, x_twilio_webhook_enabled=ENABLED)
    return made


def test_events_of_a_text_are_delivered_in_order_and_signed_as_twilio_does(world: World) -> None:
    ann, ben = new_number(), new_number()
    with receiving() as receiver, service(world, post_webhook_url=receiver.url, filters=list(POST_EVENTS)) as inside:
        made = group(inside, ann, ben)
        sent = made.messages.create(author="agent", body="hello", x_twilio_webhook_enabled=ENABLED)
        people = {member.sid for member in made.participants.list() if "address" in member.messaging_binding}

        def reported() -> dict[str, list[str]]:
            """What was told of each recipient, in its order."""
            statuses_by_participant = {sid: list[str]() for sid in people}
            for call in receiver.of("onDeliveryUpdated"):
                statuses_by_participant[call.parameters["ParticipantSid"]].append(call.parameters["Status"])
            return statuses_by_participant

        statuses_by_participant = until(
            reported, lambda seen: all(statuses[-1:] == ["delivered"] for statuses in seen.values())
        )
        # A carrier's report may overtake our own record that the text was sent: then that is no news any more.
        assert all(
            statuses in (["sent", "delivered"], ["delivered"]) for statuses in statuses_by_participant.values()
        ), statuses_by_participant
        updates = sum(map(len, statuses_by_participant.values()))
        assert receiver.events(made.sid) == [
            "onConversationAdded",
            *["onParticipantAdded"] * 3,
            "onMessageAdded",
            *["onDeliveryUpdated"] * updates,
        ]
        # The agent's user is told of by itself.
        assert until(lambda: receiver.of("onUserAdded"))[0].parameters["Identity"] == "agent"
        assert receiver.authentic(world.auth_token)
        [added] = receiver.of("onMessageAdded")
        assert added.parameters["MessageSid"] == sent.sid
        assert added.parameters["Source"] == "API"
        roster = json.loads(added.parameters["Roster"])
        assert {member.get("address") or member.get("projected_address") for member in roster} == {P, ann, ben}

        world.text(ann, P, ben, text="hi all")
        [_, arrived] = until(lambda: receiver.of("onMessageAdded"), lambda seen: len(seen) == 2)
        assert (arrived.parameters["Author"], arrived.parameters["Source"]) == (ann, "SMS")
        assert arrived.parameters["CarrierMessageId"]


def test_changes_by_the_account_without_the_header_call_no_webhook(world: World) -> None:
    with receiving() as receiver, service(world, post_webhook_url=receiver.url, filters=list(POST_EVENTS)) as inside:
        quiet = inside.conversations.create()
        quiet.messages.create(author="system", body="quiet")
        loud = inside.conversations.create(x_twilio_webhook_enabled=ENABLED)
        assert until(lambda: receiver.events(loud.sid)) == ["onConversationAdded"]
        assert receiver.events(quiet.sid) == []


def test_events_of_a_group_that_a_text_creates_have_twilios_order(world: World) -> None:
    ann, ben = new_number(), new_number()
    of_account = world.api.configuration.webhooks()
    with receiving() as receiver:
        of_account.update(post_webhook_url=receiver.url, filters=list(POST_EVENTS), method="GET")
        try:
            world.text(ann, P, ben, text="first")
            sid = until(lambda: world.owner(ann, ben, P))
            expected = [
                "onConversationAdded",
                *["onParticipantAdded"] * 3,
                "onMessageAdded",
                "onConversationStateUpdated",
            ]
            assert until(lambda: receiver.events(str(sid)), lambda seen: len(seen) >= 6) == expected
        finally:
            of_account.update(post_webhook_url="", filters=[])
        [added] = [call for call in receiver.of("onConversationAdded") if call.parameters["ConversationSid"] == sid]
        assert added.method == "GET"
        assert added.parameters["MessagingBinding.AuthorAddress"] == ann
        assert receiver.authentic(world.auth_token)


def test_event_is_retried_in_order_until_it_is_accepted(world: World) -> None:
    """GIVEN a receiver that is broken at first WHEN it recovers THEN it has every event once, in order, each repeat
    with the token of the first try."""
    failures = 2

    def broken(call: Call) -> Reply:
        tried = sum(earlier.token == call.token for earlier in receiver.calls)
        return Reply(500 if call.event == "onMessageAdded" and tried < failures else 200)

    with (
        receiving(broken) as receiver,
        service(world, post_webhook_url=receiver.url, filters=list(POST_EVENTS)) as inside,
    ):
        made = inside.conversations.create()
        for number in range(3):
            made.messages.create(author="system", body=str(number), x_twilio_webhook_enabled=ENABLED)

        def taken() -> list[str]:
            """The bodies of the events that were answered well."""
            return [call.parameters["Body"] for call in receiver.of("onMessageAdded") if tries(call) > failures]

        def tries(first: Call) -> int:
            return sum(call.token == first.token for call in receiver.calls)

        assert until(taken, lambda seen: len(seen) == 3) == ["0", "1", "2"]
        calls = [call for call in receiver.calls if call.event == "onMessageAdded"]
        # One after the other: none before the one ahead of it was taken. On a slow machine one may come once more.
        bodies = [call.parameters["Body"] for call in calls]
        assert bodies == sorted(bodies)
        for number in range(3):
            counts = [int(call.parameters["RetryCount"]) for call in calls if call.parameters["Body"] == str(number)]
            assert counts == list(range(len(counts)))
            assert len(counts) > failures


@pytest.mark.parametrize("how", ["hangs", "gone", "endless", "elsewhere"])
def test_failing_receiver_delays_no_events_of_others(world: World, how: str) -> None:
    """GIVEN a Service whose receiver hangs, is gone, never ends its answer or sends elsewhere, with much to be told
    WHEN something happens in another Service THEN it is told there, and elsewhere nobody was asked."""

    def bad(_: Call) -> Reply:
        match how:
            case "hangs":
                return Reply(None)
            case "endless":
                return Reply(200, length=10**12)
            case _:
                return Reply(307, headers={"Location": inner.url})

    with receiving() as inner, receiving(bad) as hostile, receiving() as good:
        url = f"http://127.0.0.1:{gone_port()}/" if how == "gone" else hostile.url
        with (
            service(world, post_webhook_url=url, filters=["onConversationAdded"]) as suffering,
            service(world, post_webhook_url=good.url, filters=["onConversationAdded"]) as healthy,
        ):
            for _ in range(6):
                suffering.conversations.create(x_twilio_webhook_enabled=ENABLED)
            if how != "gone":
                until(lambda: hostile.calls)
            made = [healthy.conversations.create(x_twilio_webhook_enabled=ENABLED).sid for _ in range(6)]

            def received_sids() -> set[str]:
                return {call.parameters["ConversationSid"] for call in good.calls}

            assert until(received_sids, lambda seen: seen >= set(made)) == set(made)
        assert inner.calls == []


def test_dead_letter_of_an_event_is_delivered_when_it_is_redriven(world: World, stack: Stack) -> None:
    """GIVEN an event among the dead letters WHEN it is moved back, which the emulator has no command for, THEN its
    receiver is told."""
    sqs = stack.client("sqs")
    dead, alive = stack.output("CallbacksDeadLettersUrl"), stack.output("CallbacksQueueUrl")
    with receiving() as receiver:
        callback = {
            "url": receiver.url,
            "method": "post",
            "parameters": {"EventType": "onMessageAdded", "Body": "late"},
            "token": new_id(),
        }
        letter = {"MessageBody": json.dumps(callback), "MessageGroupId": "g"}
        sqs.send_message(QueueUrl=dead, MessageDeduplicationId=new_id(), **letter)

        def mine() -> list[Any]:
            # Other letters may lie there too.
            found = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages", [])
            return [one for one in found if json.loads(one["Body"]) == callback]

        [kept] = until(mine)
        sqs.send_message(QueueUrl=alive, MessageDeduplicationId=new_id(), **letter)
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=kept["ReceiptHandle"])
        assert [call.parameters["Body"] for call in until(receiver.first_calls)] == ["late"]
        assert receiver.authentic(world.auth_token)


# --- of one conversation


def test_a_conversations_webhooks_hear_what_they_ask_for_and_what_was_said_before(world: World) -> None:
    ann = new_number()
    with receiving() as added, receiving() as triggered, receiving() as replayed:
        made = world.api.conversations.create()
        made.participants.create(messaging_binding_address=ann, messaging_binding_proxy_address=T)
        for number in range(5):
            made.messages.create(author="system", body=f"before {number}")
        hooks: list[dict[str, Any]] = [
            {
                "target": "webhook",
                "configuration_url": added.url,
                "configuration_filters": ["onMessageAdded"],
            },
            {"target": "trigger", "configuration_url": triggered.url, "configuration_triggers": ["Help"]},
            {
                "target": "webhook",
                "configuration_url": replayed.url,
                "configuration_filters": ["onMessageAdded"],
                "configuration_replay_after": 1,
            },
        ]
        for hook in hooks:
            made.webhooks.create(**hook)
        world.text(ann, T, text="thanks")
        # A carrier that gets no answer in time tries the next text meanwhile.
        until(lambda: len(world.messages(made.sid)) == 6)
        world.text(ann, T, text="please HELP me")

        def bodies(receiver: Receiver) -> list[str]:
            return [call.parameters["Body"] for call in receiver.first_calls()]

        said = ["thanks", "please HELP me"]
        assert until(lambda: bodies(added), lambda seen: len(seen) == 2) == said
        assert until(lambda: bodies(triggered)) == said[1:]
        expected = [f"before {number}" for number in (2, 3, 4)] + said
        assert until(lambda: bodies(replayed), lambda seen: len(seen) >= 5) == expected


# --- before it happens


def test_a_webhook_that_is_asked_first_can_change_and_refuse(world: World) -> None:
    def moderate(call: Call) -> Reply:
        if call.parameters.get("Body") == "rude":
            return Reply(403)
        return Reply(200, json.dumps({"body": f"{call.parameters['Body']}!"}).encode())

    with (
        receiving(moderate) as receiver,
        service(world, pre_webhook_url=receiver.url, filters=["onMessageAdd"]) as inside,
    ):
        made = inside.conversations.create()
        said = made.messages.create(author="system", body="hello", x_twilio_webhook_enabled=ENABLED)
        assert said.body == "hello!"
        with pytest.raises(TwilioRestException) as refused:
            made.messages.create(author="system", body="rude", x_twilio_webhook_enabled=ENABLED)
        assert (refused.value.status, refused.value.code) == (403, 50056)
        assert made.messages.create(author="system", body="unasked").body == "unasked"
        assert [message.body for message in made.messages.list()] == ["hello!", "unasked"]
        assert receiver.authentic(world.auth_token)


def test_without_an_answer_in_time_things_happen_as_they_were_asked_for(world: World) -> None:
    with (
        receiving(lambda _: Reply(200, b'{"body": "too late"}', after=8)) as slow,
        service(world, pre_webhook_url=slow.url, filters=["onMessageAdd"]) as inside,
    ):
        made = inside.conversations.create()
        assert made.messages.create(author="system", body="now", x_twilio_webhook_enabled=ENABLED).body == "now"


def test_rejected_group_is_stored_among_the_unrouted_texts(world: World) -> None:
    ann, ben = new_number(), new_number()
    of_account = world.api.configuration.webhooks()
    with receiving(lambda _: Reply(403)) as receiver:
        of_account.update(pre_webhook_url=receiver.url, filters=["onConversationAdd"])
        try:
            world.text(ann, P, ben, text="no thanks")
            until(lambda: receiver.calls)
            world.settle()
        finally:
            of_account.update(pre_webhook_url="", filters=[])
        assert world.owner(ann, ben, P) is None
        assert ("rejected", "no thanks") in until(
            lambda: unrouted(world), lambda kept: ("rejected", "no thanks") in kept
        )


def unrouted(world: World) -> list[tuple[str, str]]:
    return [(text["reason"], text["body"]) for text in world.unrouted()]


def test_conversation_with_participants_is_closed_when_one_is_rejected(world: World) -> None:
    ann, ben = new_number(), new_number()

    def judge(call: Call) -> Reply:
        return Reply(403 if call.parameters.get("MessagingBinding.Address") == ben else 200)

    def people(*natives: str) -> list[str]:
        own = {"identity": "agent", "messaging_binding": {"type": "sms", "projected_address": T}}
        return [json.dumps(own), *(json.dumps({"messaging_binding": {"address": one}}) for one in natives)]

    with (
        receiving(judge) as receiver,
        service(world, pre_webhook_url=receiver.url, filters=["onParticipantAdd"]) as inside,
    ):
        made = inside.conversation_with_participants.create(
            participant=people(ann, ben), x_twilio_webhook_enabled=ENABLED
        )
        fetched = inside.conversations(made.sid)
        assert until(lambda: fetched.fetch().state, lambda state: state != "initializing") == "closed"
        assert sorted(receiver.events(made.sid)) == ["onParticipantAdd"] * 3
        # Its people are free again.
        carl = new_number()
        again = inside.conversation_with_participants.create(
            participant=people(ann, carl), x_twilio_webhook_enabled=ENABLED
        )
        assert until(lambda: inside.conversations(again.sid).fetch().state, lambda state: state == "active") == "active"
