"""Read states: what a person has read, as a member or only as one who sees the conversation, and what is unread."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.carriers.base import InboundText
from partyline.inbound.recorder import InboundRecorder
from partyline.storage import event_outbox
from partyline.storage.attribute_values import Item
from tests.support import people
from tests.support.api_harness import A, Api, B, P, consult_no_webhook
from tests.support.inboxes import entries, found
from tests.support.people import SERVICE, role_named

_IDS = itertools.count()


@pytest.fixture
def ann(api: Api) -> Api:
    """A person who sees everything and is a member of nothing."""
    api.made("/Users", {"Identity": "ann", "RoleSid": role_named("inbox member")})
    who = people.acting(api, "ann")
    assert who.get("/Inbox").status == 200
    return who


@pytest.fixture
def agent(api: Api) -> Api:
    """The member of the groups, of staff."""
    api.made("/Users", {"Identity": "agent", "RoleSid": role_named("inbox limited")})
    return people.acting(api, "agent")


def unread(who: Api) -> int:
    [entry] = entries(who)
    return int(entry["unread"])


def text(api: Api) -> None:
    """The customer writes: what the agent writes is not unread for them."""
    arrived = InboundText("bandwidth", f"text-{next(_IDS)}", P, A, (P,), "hello", ())
    InboundRecorder(api.context.table, SERVICE, consult_no_webhook).record(arrived, api.context.clock())


def state(who: Api, conversation: str, **form: str) -> dict[str, object]:
    reply = who.post(f"/Conversations/{conversation}/ReadState", form)
    assert reply.status == 200, reply.body
    assert who.get(f"/Conversations/{conversation}/ReadState").body == reply.body
    return dict(reply.body)


def events_of(api: Api, identity: str) -> list[Item]:
    """The events of an identity's read states, in order."""
    return [
        event["parameters"]
        for item in api.context.table.query(f"US#{api.get(f'/Users/{identity}').body['sid']}").items
        for event in item.get("events", ())
        if event["type"] == "onReadStateUpdated"
    ]


# --- who only sees


def test_who_sees_a_conversation_reads_it(api: Api, ann: Api) -> None:
    group = api.group(A)
    for _ in range(3):
        api.say(group)
    assert unread(ann) == 3
    assert state(ann, group) == {
        "conversation_sid": group,
        "account_sid": api.context.account_sid,
        "chat_service_sid": api.get(f"/Conversations/{group}").body["chat_service_sid"],
        "identity": "ann",
        "last_read_message_index": None,
        "last_message_index": 2,
        "unread": None,
        "marked_unread": False,
        "muted": False,
        "url": f"{api.get(f'/Conversations/{group}').body['url']}/ReadState",
    }
    assert state(ann, group, LastReadMessageIndex="1")["unread"] == 1
    assert unread(ann) == 1
    assert state(ann, group, LastReadMessageIndex="2")["unread"] == 0
    assert unread(ann) == 0
    assert found(ann, View="unread") == []
    marked = state(ann, group, MarkedUnread="true")
    assert (marked["marked_unread"], marked["unread"]) == (True, 0)
    assert unread(ann) == 1
    assert found(ann, View="unread") == [group]
    assert state(ann, group, LastReadMessageIndex="2")["marked_unread"] is False
    assert unread(ann) == 0
    assert state(ann, group, LastReadMessageIndex="")["last_read_message_index"] is None
    assert unread(ann) == 3
    assert (state(ann, group, Muted="true")["muted"], entries(ann)[0]["muted"]) == (True, True)
    assert (state(ann, group, Muted="false")["muted"], entries(ann)[0]["muted"]) == (False, False)


def test_deleted_messages_are_not_unread(api: Api, ann: Api) -> None:
    group = api.group(A)
    sent = [api.say(group).body["sid"] for _ in range(3)]
    state(ann, group, LastReadMessageIndex="0")
    api.delete(f"/Conversations/{group}/Messages/{sent[1]}")
    assert unread(ann) == 1


def test_everyone_has_a_read_state_of_their_own(api: Api, ann: Api, agent: Api) -> None:
    group = api.group(A)
    text(api)
    state(ann, group, LastReadMessageIndex="0", Muted="true")
    assert unread(agent) == 1
    assert agent.get(f"/Conversations/{group}/ReadState").body["muted"] is False
    # Nothing of it is in the conversation.
    [member, _] = api.get(f"/Conversations/{group}/Participants").body["participants"]
    assert member["last_read_message_index"] is None


# --- members: the same data as Twilio's


def test_a_member_has_twilios_horizon_and_level(api: Api, ann: Api, agent: Api) -> None:
    group = api.group(A)
    for _ in range(2):
        text(api)
    own = f"/Users/agent/Conversations/{group}"
    state(agent, group, LastReadMessageIndex="0", Muted="true")
    theirs = agent.get(own).body
    assert (theirs["last_read_message_index"], theirs["unread_messages_count"]) == (0, 1)
    assert theirs["notification_level"] == "muted"
    assert unread(agent) == 1
    state(agent, group, MarkedUnread="true")
    assert agent.post(own, {"LastReadMessageIndex": "1"}).status == 200
    assert agent.get(f"/Conversations/{group}/ReadState").body["last_read_message_index"] == 1
    assert agent.get(f"/Conversations/{group}/ReadState").body["marked_unread"] is False
    assert unread(agent) == 0
    assert agent.post(own, {"NotificationLevel": "default"}).status == 200
    assert agent.get(f"/Conversations/{group}/ReadState").body["muted"] is False


def test_the_others_are_told_of_a_horizon_and_not_of_a_mark(api: Api, ann: Api, agent: Api) -> None:
    group = api.group(A)
    api.say(group)

    def told() -> list[str]:
        items = api.context.table.query(f"M#{group}", begins="E#").items
        return [event.type for item in items for event in event_outbox.decode(item).events]

    before = told().count("onParticipantUpdated")
    state(agent, group, MarkedUnread="true")
    assert told().count("onParticipantUpdated") == before
    state(agent, group, LastReadMessageIndex="0")
    assert told().count("onParticipantUpdated") == before + 1


def test_who_joins_keeps_what_they_have_read(api: Api, ann: Api) -> None:
    group = api.group(A)
    for _ in range(2):
        api.say(group)
    state(ann, group, LastReadMessageIndex="1")
    api.member(group, identity="ann")
    assert unread(ann) == 0
    api.say(group)
    assert unread(ann) == 1


# --- events and refusals


def test_other_connections_of_the_person_are_told(api: Api, ann: Api, agent: Api) -> None:
    group = api.group(A)
    api.say(group)
    for who, identity in ((ann, "ann"), (agent, "agent")):
        state(who, group, LastReadMessageIndex="0")
        state(who, group, LastReadMessageIndex="0")
        [event] = events_of(api, identity)
        assert (event["ConversationSid"], event["LastReadMessageIndex"]) == (group, "0")
        assert (event["MarkedUnread"], event["Muted"]) == ("false", "false")


@pytest.mark.parametrize("index", ["1", "-1", "x", "1.0", "²", "0" * 5000, "99999999999"])
def test_an_index_that_there_is_not_is_refused(api: Api, ann: Api, index: str) -> None:
    group = api.group(A)
    api.say(group)
    refused = ann.post(f"/Conversations/{group}/ReadState", {"LastReadMessageIndex": index, "Muted": "true"})
    assert (refused.status, refused.body["code"]) == (400, 20001)
    assert refused.body["details"]["parameter"] == "LastReadMessageIndex"
    assert ann.get(f"/Conversations/{group}/ReadState").body["muted"] is False


def test_the_account_has_no_read_state(api: Api) -> None:
    group = api.group(A)
    for method in ("GET", "POST"):
        assert api.call(method, f"/Conversations/{group}/ReadState").error[:2] == (403, 20403)


def test_what_is_not_visible_is_not_found(api: Api) -> None:
    group, eve = api.group(A, B), people.acting(api, "eve")
    for method in ("GET", "POST"):
        assert eve.call(method, f"/Conversations/{group}/ReadState").error[:2] == (404, 20404)


def test_a_member_needs_the_permission_that_twilio_asks_for(api: Api, agent: Api) -> None:
    group = api.group(A)
    role = api.made("/Roles", {"FriendlyName": "quiet", "Type": "conversation", "Permission": "sendMessage"})["sid"]
    assert api.post(f"/Conversations/{group}/Participants/agent", {"RoleSid": role}).status == 200
    assert agent.post(f"/Conversations/{group}/ReadState", {"Muted": "true"}).error[:2] == (403, 50107)
    assert agent.post(f"/Conversations/{group}/ReadState", {"MarkedUnread": "true"}).status == 200


ANY_VALUE = st.text(max_size=30) | st.sampled_from(["", "0", "true", "false", "null"])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["LastReadMessageIndex", "MarkedUnread", "Muted"]), ANY_VALUE))
def test_no_form_is_answered_with_5xx(api: Api, ann: Api, form: dict[str, str]) -> None:
    group = api.conversation()
    api.say(group)
    assert ann.post(f"/Conversations/{group}/ReadState", form).status in (200, 400)
