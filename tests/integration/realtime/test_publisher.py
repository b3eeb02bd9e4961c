"""What happened, told to live connections: who hears it, who no longer does, and what a bad connection costs others."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from partyline.domain import inbox_events, sids
from partyline.domain.events import Event
from partyline.domain.webhook_configuration import STAFF_EVENTS
from partyline.queues import queue_messages
from partyline.queues.queue_messages import Cut, Push
from partyline.realtime import publisher
from partyline.realtime.publisher import LIFE, MAX_TRIES, Publisher, Pushed
from partyline.storage import connections
from tests.integration.realtime.conftest import House
from tests.support.api_harness import ACCOUNT
from tests.support.people import SERVICE, another_service, role_named


def chat(house: House, *identities: str) -> str:
    """A conversation of chat identities."""
    sid = house.api.conversation()
    for identity in identities:
        house.api.member(sid, identity=identity)
    return sid


def supervisor(house: House, identity: str = "boss") -> None:
    house.api.made("/Users", {"Identity": identity, "RoleSid": role_named("service admin")})


def build_push(subject: str, *identities: str, service: str = SERVICE, kind: str = "onMessageAdded") -> Push:
    return Push(service, subject, (Event(kind, {"Index": "0", "Body": "hello"}),), identities)


def publish(house: House, what: Push | Cut, received: int = 1) -> Pushed:
    return Publisher(house.sessions.live).publish(queue_messages.decode_live(publisher.encode(what)), received=received)


def hearing(house: House) -> set[str]:
    """The connections that were told something."""
    receivers = set(house.wire.posted)
    house.wire.posted.clear()
    return receivers


# --- who hears


def test_members_get_events_on_all_connections_and_others_get_none(house: House) -> None:
    conversation = chat(house, "ann", "ben", "absent")
    for sid, identity in (("a1", "ann"), ("a2", "ann"), ("b", "ben"), ("c", "carl")):
        house.connect(sid, identity)

    pushed = publish(house, build_push(conversation))

    assert pushed == Pushed(taken=3)
    parameters = {"Index": "0", "Body": "hello"}
    frame = {"type": "onMessageAdded", "conversation": conversation, "parameters": parameters}
    assert [house.wire.received(sid) for sid in ("a1", "a2", "b", "c")] == [[frame], [frame], [frame], []]


def test_several_events_are_sent_in_order(house: House) -> None:
    conversation = chat(house, "ann")
    house.connect("a")
    kinds = ("onConversationUpdated", "onConversationStateUpdated", "onParticipantRemoved")

    publish(house, Push(SERVICE, conversation, tuple(Event(kind, {}) for kind in kinds)))

    assert house.wire.types("a") == list(kinds)


def test_one_who_has_left_hears_that_and_nothing_after(house: House) -> None:
    conversation = chat(house, "ann", "ben")
    for sid, identity in (("a", "ann"), ("b", "ben")):
        house.connect(sid, identity)
    house.api.delete(f"/Conversations/{conversation}/Participants/ann")

    publish(house, build_push(conversation, "ann", kind="onParticipantRemoved"))
    assert hearing(house) == {"a", "b"}
    publish(house, build_push(conversation))
    assert hearing(house) == {"b"}


def test_of_a_conversation_that_is_gone_those_hear_who_are_named(house: House) -> None:
    conversation = chat(house, "ann", "ben")
    for sid, identity in (("a", "ann"), ("b", "ben")):
        house.connect(sid, identity)
    house.api.delete(f"/Conversations/{conversation}")

    publish(house, build_push(conversation, "ann", kind="onConversationRemoved"))

    assert hearing(house) == {"a"}


def test_supervisors_hear_of_every_conversation_once(house: House) -> None:
    supervisor(house)
    supervisor(house, "member too")
    conversation = chat(house, "ann", "member too")
    for sid, identity in (("s", "boss"), ("m", "member too"), ("c", "carl")):
        house.connect(sid, identity)

    assert publish(house, build_push(conversation)) == Pushed(taken=2)

    assert [len(house.wire.received(sid)) for sid in ("s", "m", "c")] == [1, 1, 0]


@pytest.mark.parametrize("kind", ["onReadStateUpdated", "onInboxEntryRemoved"])
def test_private_events_are_for_whom_they_name_and_for_no_one_else(house: House, kind: str) -> None:
    supervisor(house)
    conversation = chat(house, "ann", "ben")
    for sid, identity in (("a1", "ann"), ("a2", "ann"), ("b", "ben"), ("s", "boss")):
        house.connect(sid, identity)

    publish(house, build_push(conversation, "ann", kind=kind))

    assert hearing(house) == {"a1", "a2"}


def test_who_sees_everything_loses_sight_of_nothing(house: House) -> None:
    supervisor(house)
    conversation = chat(house, "ann")
    for sid, identity in (("c", "carl"), ("s", "boss")):
        house.connect(sid, identity)
    publish(house, build_push(conversation, "carl", "boss", kind="onInboxEntryRemoved"))
    assert hearing(house) == {"c"}
    publish(house, build_push(conversation, "carl", "boss", kind="onReadStateUpdated"))
    assert hearing(house) == {"c", "s"}


def test_a_message_that_could_not_be_sent_is_not_told_to_whom_it_was_for(house: House) -> None:
    supervisor(house)
    conversation = chat(house, "ann", "ben")
    for sid, identity in (("a", "ann"), ("b", "ben"), ("s", "boss")):
        house.connect(sid, identity)
    publish(house, build_push(conversation, "ann", kind="onScheduledMessageFailed"))
    assert hearing(house) == {"a", "s"}


@pytest.mark.parametrize("how", ["another role", "the role's permissions"])
def test_a_supervisor_whose_role_permits_it_no_more_hears_of_no_others_conversation(house: House, how: str) -> None:
    role = house.api.made(
        "/Roles", [("FriendlyName", "lead"), ("Type", "service"), ("Permission", "viewAnyConversation")]
    )["sid"]
    house.api.made("/Users", {"Identity": "boss", "RoleSid": role})
    theirs, mine = chat(house, "ann"), chat(house, "boss")
    house.connect("s", "boss")
    publish(house, build_push(theirs))
    assert hearing(house) == {"s"}

    if how == "another role":
        house.api.post("/Users/boss", {"RoleSid": role_named("service user")})
    else:
        house.api.post(f"/Roles/{role}", {"Permission": "joinConversation"})

    publish(house, build_push(theirs))
    assert hearing(house) == set()
    publish(house, build_push(mine))
    assert hearing(house) == {"s"}
    assert house.wire.cuts == []


def test_notes_are_for_staff_and_for_no_other_member(house: House) -> None:
    number = "+12065550150"
    conversation = chat(house, "customer", "colleague")
    house.api.made("/Lines", {"Address": "+12065550100", "Carrier": "telnyx"})
    bound = {"MessagingBinding.Address": number, "MessagingBinding.ProxyAddress": "+12065550100"}
    house.api.made(f"/Conversations/{conversation}/Participants", bound)
    house.api.made("/Contacts", {"FriendlyName": "Kay", "Numbers": json.dumps([{"number": number}]), "Owner": "owner"})
    supervisor(house)
    for identity in ("lead", "blind"):
        house.api.made("/Users", {"Identity": identity})
    for identity, permissions in (
        ("lead", ("viewAnyConversation", "writeAsLine")),
        ("owner", ("viewAssignedConversations", "writeAsLine")),
        ("colleague", ("writeAsLine",)),
        ("blind", ("writeAsLine",)),
    ):
        given = [("Permission", permission) for permission in permissions]
        role = house.api.made("/Roles", [("FriendlyName", identity), ("Type", "service"), *given])["sid"]
        house.api.post("/Users", {"Identity": identity, "RoleSid": role})
        house.api.post(f"/Users/{identity}", {"RoleSid": role})
    everyone = ("customer", "colleague", "boss", "lead", "owner", "blind")
    for identity in everyone:
        house.connect(identity, identity)

    for kind in (*STAFF_EVENTS, inbox_events.ENTRY_UPDATED):
        publish(house, build_push(conversation, kind=kind))
        assert hearing(house) == {"colleague", "lead", "owner"}
    publish(house, build_push(conversation))
    assert hearing(house) == {"customer", "colleague", "boss", "lead", "owner"}


def test_owners_of_contacts_receive_the_events_of_what_is_assigned_to_them(house: House) -> None:
    number = "+12065550150"
    conversation = chat(house, "ann")
    house.api.made("/Lines", {"Address": "+12065550100", "Carrier": "telnyx"})
    bound = {"MessagingBinding.Address": number, "MessagingBinding.ProxyAddress": "+12065550100"}
    house.api.made(f"/Conversations/{conversation}/Participants", bound)
    other = chat(house, "carl")
    for identity in ("ben", "dan"):
        house.api.made("/Users", {"Identity": identity})
    house.api.post("/Users/ben", {"RoleSid": role_named("inbox limited")})
    form = {"FriendlyName": "Kay", "Numbers": f'["{number}"]', "Owner": "ben"}
    kay = house.api.made("/Contacts", form)["sid"]
    for sid, identity in (("a", "ann"), ("b", "ben"), ("d", "dan")):
        house.connect(sid, identity)

    publish(house, build_push(conversation))
    assert hearing(house) == {"a", "b"}
    publish(house, build_push(other))
    assert hearing(house) == set()

    # Without the permission an owner receives nothing.
    house.api.post(f"/Contacts/{kay}", {"Owner": "dan"})
    publish(house, build_push(conversation))
    assert hearing(house) == {"a"}


def test_owners_of_contacts_receive_that_a_conversation_was_removed(house: House) -> None:
    house.api.made("/Users", {"Identity": "ben", "RoleSid": role_named("inbox limited")})
    for sid, identity in (("b", "ben"), ("d", "dan")):
        house.connect(sid, identity)

    publish(
        house, Push(SERVICE, sids.new(sids.CONVERSATION), (Event("onConversationRemoved", {}),), (), ("ben", "dan"))
    )

    assert hearing(house) == {"b"}


def test_a_role_that_all_users_have_makes_supervisors(house: House) -> None:
    house.api.post(f"/Services/{SERVICE}/Configuration", {"DefaultChatServiceRoleSid": role_named("service admin")})
    house.connect("s", "boss")

    publish(house, build_push(chat(house, "ann")))

    assert hearing(house) == {"s"}


def test_of_a_user_the_user_hears_and_supervisors_do(house: House) -> None:
    supervisor(house)
    for sid, identity in (("a", "ann"), ("b", "ben"), ("s", "boss")):
        house.connect(sid, identity)
    user = sids.user(SERVICE, "ann")

    publish(house, Push(SERVICE, user, (Event("onUserUpdated", {"Identity": "ann"}),)))

    assert [each.get("user") for each in house.wire.received("a")] == [user]
    assert hearing(house) == {"s"}


def test_the_same_identity_of_another_service_hears_nothing(house: House) -> None:
    other = another_service(house.api)
    house.api.made(f"/Services/{other}/Users", {"Identity": "boss", "RoleSid": role_named("service admin", other)})
    conversation = chat(house, "ann", "boss")
    for sid, identity, service in (("ours", "ann", SERVICE), ("theirs", "ann", other), ("boss", "boss", other)):
        house.connect(sid, identity, service=service)

    publish(house, build_push(conversation))

    assert hearing(house) == {"ours"}


def test_nothing_is_sent_without_connections(house: House) -> None:
    assert publish(house, build_push(chat(house, "ann"))) == Pushed()
    assert not connections.is_any_listening(house.table, SERVICE)


# --- who is cut off


@pytest.mark.parametrize("what", ["token", "key", "user", "service"])
def test_unauthorized_connection_gets_nothing_and_is_closed(house: House, what: str) -> None:
    service = another_service(house.api)
    conversation = str(house.api.made(f"/Services/{service}/Conversations")["sid"])
    house.connect("a", life=60, service=service)
    match what:
        case "token":
            house.clock.tick(seconds=60)
        case "key":
            house.api.delete(f"/Keys/{house.key['sid']}")
        case "user":
            house.api.delete(f"/Services/{service}/Users/ann")
        case "service":
            house.api.delete(f"/Services/{service}")

    assert publish(house, build_push(conversation, "ann", service=service)) == Pushed(cut=1)

    assert house.wire.cuts == ["a"]
    assert hearing(house) == set()
    assert not connections.is_any_listening(house.table, service)


def test_removed_user_is_disconnected_everywhere_and_others_stay(house: House) -> None:
    for sid, identity in (("a1", "ann"), ("a2", "ann"), ("b", "ben")):
        house.connect(sid, identity)

    assert publish(house, Cut(SERVICE, sids.user(SERVICE, "ann"), "ann")) == Pushed(cut=2)
    assert publish(house, Cut(SERVICE, sids.user(SERVICE, "ann"), "ann")) == Pushed()

    assert set(house.wire.cuts) == {"a1", "a2"}
    assert house.is_known("b")


def test_users_of_a_removed_service_are_disconnected(house: House) -> None:
    other = another_service(house.api)
    house.connect("a")
    for sid, identity in (("b", "ben"), ("c", "carl")):
        house.connect(sid, identity, service=other)

    assert publish(house, Cut(other, other)) == Pushed(cut=2)

    assert set(house.wire.cuts) == {"b", "c"}
    assert not connections.is_any_listening(house.table, other)
    assert house.is_known("a")


# --- bad connections


def test_one_that_is_gone_is_forgotten(house: House) -> None:
    conversation = chat(house, "ann")
    for sid in ("here", "gone"):
        house.connect(sid)
    house.wire.gone.add("gone")

    assert publish(house, build_push(conversation)) == Pushed(taken=1, gone=1)

    assert not house.is_known("gone")
    assert hearing(house) == {"here"}
    assert house.wire.cuts == []


def test_one_that_takes_nothing_has_it_tried_again_and_is_then_closed(house: House) -> None:
    conversation = chat(house, "ann", "ben")
    for sid, identity in (("good", "ann"), ("bad", "ben")):
        house.connect(sid, identity)
    house.wire.stuck.add("bad")

    for received in range(1, MAX_TRIES):
        assert publish(house, build_push(conversation), received) == Pushed(taken=1, again=True)
        assert house.is_known("bad")
    assert publish(house, build_push(conversation), MAX_TRIES) == Pushed(taken=1, cut=1)

    # The others heard each time: a client drops repeats.
    assert len(house.wire.received("good")) == MAX_TRIES
    assert not house.is_known("bad")
    assert publish(house, build_push(conversation)) == Pushed(taken=1)


# --- the queue's messages


def test_a_push_survives_the_queue() -> None:
    what = Push(SERVICE, "CH1", (Event("a", {"Body": "é\x00"}), Event("b", {})), ("ann", "ben"))

    assert queue_messages.decode_live(publisher.encode(what)) == what
    assert queue_messages.decode_live(publisher.encode(Cut(SERVICE, "US1", "ann"))) == Cut(SERVICE, "US1", "ann")
    assert queue_messages.decode_live(publisher.encode(Cut(SERVICE, SERVICE))) == Cut(SERVICE, SERVICE)


def test_event_too_large_for_a_queue_is_sent_without_its_long_values() -> None:
    events = tuple(Event("onMessageAdded", {"Index": str(index), "Body": "☎" * 5_000}) for index in range(20))

    body = publisher.encode(Push(SERVICE, "CH1", events))

    assert len(body.encode()) < 256 * 1024
    shorter = queue_messages.decode_live(body)
    assert isinstance(shorter, Push)
    assert [event.parameters for event in shorter.events] == [
        {"Index": str(index), "Omitted": "Body"} for index in range(20)
    ]


def test_what_is_older_than_five_minutes_is_late(house: House) -> None:
    now = house.clock()

    assert not publisher.is_expired(now - LIFE, now)
    assert publisher.is_expired(now - LIFE - timedelta(milliseconds=1), now)


def test_what_is_pushed_is_json_with_twilios_names(house: House) -> None:
    conversation = chat(house, "ann")
    house.connect("a")

    publish(house, Push(SERVICE, conversation, (Event("onMessageAdded", {"AccountSid": ACCOUNT, "Body": "☎"}),)))

    [frame] = house.wire.posted["a"]
    assert "☎" in frame
    assert json.loads(frame)["parameters"] == {"AccountSid": ACCOUNT, "Body": "☎"}
