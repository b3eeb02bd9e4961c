"""Large attributes, which are stored apart from their conversation, are in each answer and event that has them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from partyline.api.context import ApiContext
from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.lifecycle.cleanup import Cleaner
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import event_outbox, keys, lines, services
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, ROOT, TOKEN, A, Api, B, Clock, P, consult_no_webhook
from tests.support.files import Files
from tests.support.inboxes import settle
from tests.support.people import acting, role_named

LARGE, LARGER = (json.dumps({"text": letter * size}) for letter, size in (("a", 300), ("b", 16_000)))
SERVICE = sids.default_service(ACCOUNT)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(client: Any, table: Table, clock: Clock) -> Api:
    """The API of a stack that was made by this release."""
    services.create_account(table, SERVICE, clock())
    lines.register(table, Line(sids.new(sids.LINE), P, "bandwidth", clock(), clock(), AutoCreation.GROUPS))
    fresh = Table(client, table._name)
    return Api(ApiContext(fresh, ACCOUNT, lambda: TOKEN, lambda: ROOT, clock, consult_no_webhook, Files()))


def is_apart(api: Api, sid: str) -> bool:
    return api.context.table.get(keys.attributes(sid)) is not None


def list_events(api: Api, sid: str) -> list[tuple[str, str | None]]:
    """The events of a conversation, each with the attributes that it has."""
    found = [item for item in api.context.table.query_all(keys.messages(sid)) if item["SK"].startswith("E#")]
    batches = sorted(map(event_outbox.decode, found), key=lambda batch: batch.at)
    return [(event.type, event.parameters.get("Attributes")) for batch in batches for event in batch.events]


def test_every_answer_that_shows_a_conversation_has_its_attributes(api: Api) -> None:
    made = api.made("/Conversations", {"Attributes": LARGE, "UniqueName": "elm", "FriendlyName": "Elm Street"})
    sid, other = made["sid"], api.conversation(Attributes='{"floor": 2}')
    small = {other: '{"floor": 2}'}
    assert (made["attributes"], is_apart(api, sid), is_apart(api, other)) == (LARGE, True, False)
    for address in (A, B):
        api.add(sid, **{"MessagingBinding.Address": address})
    api.add(sid, **{"Identity": "ann", "MessagingBinding.ProjectedAddress": P})
    api.add(other, Identity="ann")

    def listed(answer: Any) -> dict[str, str]:
        return {one["sid"]: one["attributes"] for one in answer.body["conversations"]}

    assert api.get(f"/Conversations/{sid}").body["attributes"] == LARGE
    assert api.get("/Conversations/elm").body["attributes"] == LARGE
    assert listed(api.get("/Conversations")) == {sid: LARGE, **small}
    assert listed(api.get("/Conversations", {"State": "active"})) == {sid: LARGE, **small}
    assert listed(api.get("/Conversations", [("Address", one) for one in (A, B, P)])) == {sid: LARGE}
    own = api.get("/Users/ann/Conversations").body["conversations"]
    assert {one["conversation_sid"]: one["attributes"] for one in own} == {sid: LARGE, **small}
    assert api.get(f"/Users/ann/Conversations/{sid}").body["attributes"] == LARGE
    read = api.post(f"/Users/ann/Conversations/{sid}", {"NotificationLevel": "muted"})
    assert (read.status, read.body["attributes"]) == (200, LARGE)
    found = api.get("/ParticipantConversations", {"Identity": "ann"}).body["conversations"]
    assert {one["conversation_sid"]: one["conversation_attributes"] for one in found} == {sid: LARGE, **small}
    (found,) = api.get("/ParticipantConversations", {"Address": A}).body["conversations"]
    assert found["conversation_attributes"] == LARGE
    assert api.get(f"/Conversations/{sid}/Export").body[0]["attributes"] == LARGE
    ann = acting(api, "ann")
    assert listed(ann.get("/Conversations")) == {sid: LARGE, **small}
    assert ann.get(f"/Conversations/{sid}").body["attributes"] == LARGE


def test_the_list_of_what_staff_see_has_attributes(api: Api) -> None:
    api.made("/Users", {"Identity": "ben", "RoleSid": role_named("inbox limited")})
    sid = api.conversation(Attributes=LARGE)
    api.member(sid, Identity="ben")
    settle(api.context.table)
    api.get("/Inbox")
    settle(api.context.table)
    (found,) = acting(api, "ben").get("/Conversations").body["conversations"]
    assert (found["sid"], found["attributes"]) == (sid, LARGE)


def test_a_conversation_with_participants_is_fetched_with_its_attributes(api: Api) -> None:
    members = [{"messaging_binding": {"address": A}}, {"messaging_binding": {"address": B}}]
    members.append({"identity": "ann", "messaging_binding": {"projected_address": P}})  # type: ignore[dict-item]
    form = [("IfExists", "fetch"), ("Attributes", LARGE), *(("Participant", json.dumps(one)) for one in members)]
    made = api.post("/ConversationWithParticipants", form)
    again = api.post("/ConversationWithParticipants", form)

    assert (made.status, again.status, again.body["sid"]) == (202, 200, made.body["sid"])
    assert made.body["attributes"] == again.body["attributes"] == LARGE
    assert is_apart(api, made.body["sid"])


def test_every_event_that_has_attributes_has_those_of_its_moment(api: Api, clock: Clock) -> None:
    sid = api.conversation(Attributes=LARGE)
    changes: list[dict[str, str]] = [
        {"FriendlyName": "Elm Street"},
        {"Attributes": LARGER},
        {"State": "inactive"},
        {"Attributes": "{}"},
        {"Attributes": LARGE, "State": "active"},
    ]
    for form in changes:
        clock.tick(seconds=1)
        assert api.post(f"/Conversations/{sid}", form).status == 200
    clock.tick(seconds=1)
    assert api.delete(f"/Conversations/{sid}").status == 204

    assert list_events(api, sid) == [
        ("onConversationAdded", LARGE),
        ("onConversationUpdated", LARGE),
        ("onConversationUpdated", LARGER),
        ("onConversationStateUpdated", None),
        ("onConversationUpdated", "{}"),
        ("onConversationUpdated", LARGE),
        ("onConversationStateUpdated", None),
        ("onConversationRemoved", LARGE),
    ]
    assert not is_apart(api, sid)


def test_what_others_do_in_a_conversation_leaves_its_attributes(api: Api, clock: Clock) -> None:
    sid = api.conversation(Attributes=LARGE, **{"Timers.Inactive": "PT1M", "Timers.Closed": "PT10M"})
    member = api.member(sid, Identity="ann")
    said = api.say(sid, "hello").body["sid"]
    assert api.post(f"/Conversations/{sid}/Messages/{said}", {"Body": "hi"}).status == 200
    assert api.post(f"/Conversations/{sid}/Participants/{member}", {"Attributes": "{}"}).status == 200
    assert (
        api.post(
            f"/Conversations/{sid}/Webhooks",
            {"Target": "webhook", "Configuration.Url": "https://a.example", "Configuration.Filters": "onMessageAdded"},
        ).status
        == 201
    )
    assert api.post(f"/Conversations/{sid}/Notes", {"Author": "ann", "Body": "a note"}).status == 201
    clock.tick(minutes=2)
    assert api.get(f"/Conversations/{sid}").body["state"] == "inactive"
    api.say(sid, "again")
    assert api.delete(f"/Conversations/{sid}/Messages/{said}").status == 204
    assert api.delete(f"/Conversations/{sid}/Participants/{member}").status == 204
    assert api.get(f"/Conversations/{sid}").body["attributes"] == LARGE
    clock.tick(minutes=20)
    closed = api.get(f"/Conversations/{sid}").body
    assert (closed["state"], closed["attributes"]) == ("closed", LARGE)
    assert is_apart(api, sid)


def test_an_old_conversation_goes_with_its_attributes(api: Api, clock: Clock) -> None:
    assert api.post(f"/Services/{SERVICE}/Configuration", {"MessageRetention": "30"}).status == 200
    sid = api.conversation(Attributes=LARGE)
    api.post(f"/Conversations/{sid}", {"State": "closed"})
    clock.tick(days=40)
    Cleaner(api.context.table, Files(), clock, lambda: True).clean_up(Removed(RemovedKind.OLD_MESSAGES, SERVICE))

    assert api.get(f"/Conversations/{sid}").status == 404
    assert not is_apart(api, sid)
    assert ("onConversationRemoved", LARGE) in list_events(api, sid)
