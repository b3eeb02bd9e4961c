"""Twilio's SDK for Python as it comes from PyPI, through HTTP; nothing but its base URL is changed.

Every test has a sibling in node/scenarios.cjs with the same name, the same steps and the same assertions, which
test_sdk_node.py runs: change both.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import ChatGrant
from twilio.rest import Client

from tests.support.stack_world import World, new_number, until

LINE, OTHER_LINE = "+12065550100", "+12065550101"
CREATED, UPDATED = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2021, 1, 2, 3, 4, 5, tzinfo=UTC)
MESSAGING_SERVICE, OTHER_MESSAGING_SERVICE = "MG" + "0a" * 16, "MG" + "0b" * 16
FLOW = "FW" + "0a" * 16
# Where nothing listens. No event that is told there happens in these tests.
URL, OTHER_URL = "https://hooks.invalid/partyline", "https://hooks.invalid/other"


@pytest.fixture
def client(world: World) -> Client:
    made = Client(world.account_sid, world.auth_token)
    made.conversations.base_url = made.iam.base_url = world.url
    return made


@pytest.fixture
def api(client: Client) -> Any:
    return client.conversations.v1


@pytest.fixture
def service(api: Any) -> Iterator[Any]:
    """A Service with nothing in it but what the test makes."""
    made = api.services.create(friendly_name="SDK").sid
    yield api.services(made)
    assert api.services(made).delete() is True


def unique(text: str) -> str:
    return f"{text} {uuid.uuid4().hex}"


def sids(found: Any) -> list[str]:
    return [each.sid for each in found]


def refused(request: Callable[..., object], **parameters: object) -> tuple[int, int]:
    """The status and Twilio's code that a request is refused with."""
    with pytest.raises(TwilioRestException) as caught:
        request(**parameters)
    return caught.value.status, caught.value.code


def lines(client: Client, method: str, path: str, **form: str) -> int:
    """The status of a request about our own numbers, a resource that the SDK does not know."""
    status: int = client.request(method, f"{client.conversations.base_url}{path}", data=form).status_code
    return status


NOT_FOUND = (404, 20404)


# --- conversations


def test_a_conversation_of_no_parameters_has_every_member(api: Any, client: Client) -> None:
    made = api.conversations.create()
    assert re.fullmatch("CH[0-9a-f]{32}", made.sid)
    assert made.account_sid == client.username
    assert made.chat_service_sid == api.configuration().fetch().default_chat_service_sid
    assert (made.friendly_name, made.unique_name, made.attributes, made.state) == (None, None, "{}", "active")
    assert (made.timers, made.bindings) == ({}, None)
    assert isinstance(made.date_created, datetime)
    assert made.date_updated == made.date_created
    assert made.url.endswith(f"/v1/Conversations/{made.sid}")
    assert set(made.links) == {"participants", "messages", "webhooks", "export"}
    assert made.delete() is True


def test_a_conversation_takes_every_option(api: Any) -> None:
    name = unique("elm")
    made = api.conversations.create(
        x_twilio_webhook_enabled="true",
        friendly_name="12 Elm Street",
        unique_name=name,
        attributes='{"floor": 2}',
        messaging_service_sid=MESSAGING_SERVICE,
        date_created=CREATED,
        date_updated=UPDATED,
        state="inactive",
        timers_inactive="PT1H",
        timers_closed="P1D",
    )
    found = api.conversations(made.sid).fetch()
    for shown in (made, found):
        assert (shown.friendly_name, shown.unique_name, shown.attributes) == ("12 Elm Street", name, '{"floor": 2}')
        assert (shown.messaging_service_sid, shown.state) == (MESSAGING_SERVICE, "inactive")
        assert (shown.date_created, shown.date_updated) == (CREATED, UPDATED)
        assert set(shown.timers) == {"date_closed"}

    made.update(
        x_twilio_webhook_enabled="true",
        friendly_name="14 Elm Street",
        unique_name=f"{name} again",
        attributes='{"floor": 3}',
        messaging_service_sid=OTHER_MESSAGING_SERVICE,
        date_created=UPDATED,
        date_updated=CREATED,
        state="active",
        timers_inactive="PT2H",
        timers_closed="PT0S",
    )
    found = api.conversations(made.sid).fetch()
    assert (found.friendly_name, found.unique_name) == ("14 Elm Street", f"{name} again")
    assert (found.attributes, found.messaging_service_sid) == ('{"floor": 3}', OTHER_MESSAGING_SERVICE)
    assert (found.date_created, found.date_updated, found.state) == (UPDATED, CREATED, "active")
    assert set(found.timers) == {"date_inactive"}

    assert api.conversations(made.sid).delete(x_twilio_webhook_enabled="true") is True
    assert refused(api.conversations(made.sid).fetch) == NOT_FOUND


def test_lists_stop_at_the_limit_and_follow_every_page(service: Any) -> None:
    newest_first = [service.conversations.create().sid for _ in range(5)][::-1]
    listed = service.conversations.list
    assert sids(listed()) == newest_first
    assert sids(listed(limit=3)) == newest_first[:3]
    assert sids(listed(page_size=2)) == newest_first
    assert sids(listed(limit=3, page_size=2)) == newest_first[:3]
    assert sids(listed(limit=2, page_size=4)) == newest_first[:2]
    assert sids(listed(limit=1000)) == newest_first  # more than a page may have
    assert sids(service.conversations.stream(page_size=1)) == newest_first

    first = service.conversations.page(page_size=2)
    assert sids(first) == newest_first[:2]
    second = first.next_page()
    assert sids(second) == newest_first[2:4]
    assert sids(second.previous_page()) == newest_first[:2]
    last = service.conversations.get_page(second.next_page_url)
    assert sids(last) == newest_first[4:]
    assert last.next_page() is None


def test_conversations_are_filtered_by_state_and_date(service: Any) -> None:
    first = service.conversations.create(date_created=datetime(2020, 1, 1, 12, tzinfo=UTC)).sid
    second = service.conversations.create(date_created=datetime(2020, 1, 2, 12, tzinfo=UTC), state="inactive").sid
    third = service.conversations.create(date_created=datetime(2020, 1, 3, 12, tzinfo=UTC)).sid
    service.conversations(third).update(state="closed")
    listed = service.conversations.list
    assert sids(listed(state="active")) == [first]
    assert sids(listed(state="inactive")) == [second]
    assert sids(listed(state="closed")) == [third]
    assert sids(listed(start_date="2020-01-02")) == [third, second]
    assert sids(listed(end_date="2020-01-02")) == [second, first]
    assert sids(listed(start_date="2020-01-02", end_date="2020-01-02")) == [second]
    assert sids(listed(start_date="2020-01-01T12:00:00Z", end_date="2020-01-02T11:59:59Z")) == [first]
    assert sids(listed(state="closed", start_date="2020-01-01", end_date="2020-01-02")) == []
    assert sids(listed(start_date="2020-01-01", page_size=1)) == [third, second, first]


def test_unique_names_with_blanks_and_pluses_stand_in_paths(api: Any) -> None:
    name = unique("12 Elm Street + garden")
    made = api.conversations.create(unique_name=name)
    named = api.conversations(name)
    assert named.fetch().sid == made.sid
    assert named.update(friendly_name="Elm").sid == made.sid
    joined = named.participants.create(identity="ann")
    assert sids(named.participants.list()) == [joined.sid]
    said = named.messages.create(author="ann", body="Hello")
    assert named.messages(said.sid).fetch().conversation_sid == made.sid
    assert named.delete() is True
    assert refused(named.fetch) == NOT_FOUND


def test_a_unique_name_is_taken_once(api: Any) -> None:
    name = unique("elm")
    made = api.conversations.create(unique_name=name)
    other = api.conversations.create(friendly_name="Other")
    assert refused(api.conversations.create, unique_name=name) == (409, 50353)
    assert refused(other.update, unique_name=name, friendly_name="Changed") == (409, 50353)
    assert api.conversations(other.sid).fetch().friendly_name == "Other"
    assert made.delete() is True
    assert other.update(unique_name=name).unique_name == name  # it is free again
    assert other.delete() is True


def test_what_is_wrong_is_refused_and_changes_nothing(api: Any) -> None:
    made = api.conversations.create(friendly_name="12 Elm Street")
    for code, wrong in (
        (50304, {"attributes": "{"}),
        (50378, {"state": "sleeping"}),
        (50341, {"messaging_service_sid": "MG1"}),
        (50379, {"timers_inactive": "soon"}),
        (50376, {"timers_closed": "PT1M"}),
        (20001, {"unique_name": "x" * 257}),
    ):
        assert refused(made.update, friendly_name="Changed", **wrong) == (400, code)
    assert api.conversations(made.sid).fetch().friendly_name == "12 Elm Street"
    assert made.update(state="closed").state == "closed"
    assert refused(made.update, friendly_name="Changed") == (400, 50377)
    assert made.delete() is True


def test_what_is_not_there_is_not_found(api: Any, service: Any) -> None:
    made = api.conversations.create()
    absent = "0" * 32
    for missing in (
        api.conversations(f"CH{absent}").fetch,
        api.conversations("no such name").fetch,
        api.conversations(f"CH{absent}").delete,
        api.conversations(f"CH{absent}").participants.create,
        api.conversations(made.sid).participants(f"MB{absent}").fetch,
        api.conversations(made.sid).participants("nobody@example.com").delete,
        api.conversations(made.sid).messages(f"IM{absent}").fetch,
        api.conversations(made.sid).messages(f"IM{absent}").delivery_receipts(f"DY{absent}").fetch,
        api.conversations(made.sid).webhooks(f"WH{absent}").fetch,
        api.users(f"US{absent}").fetch,
        api.users("nobody@example.com").delete,
        api.users("nobody@example.com").user_conversations(made.sid).fetch,
        api.roles(f"RL{absent}").fetch,
        api.credentials(f"CR{absent}").fetch,
        api.address_configurations("+13105550199").fetch,
        api.services(f"IS{absent}").fetch,
        api.services(f"IS{absent}").conversations(made.sid).fetch,
        service.conversations(made.sid).fetch,
        service.bindings(f"BS{absent}").fetch,
    ):
        assert refused(missing) == NOT_FOUND
    assert made.delete() is True


# --- participants


def test_a_group_is_made_in_one_request_and_once(api: Any) -> None:
    ann, ben = new_number(), new_number()
    people = [
        json.dumps({"messaging_binding": {"address": ann}}),
        json.dumps({"messaging_binding": {"address": ben}}),
        json.dumps({"identity": "agent", "messaging_binding": {"projected_address": LINE}}),
    ]
    made = api.conversation_with_participants.create(friendly_name="12 Elm Street", participant=people)
    assert isinstance(made.date_created, datetime)
    assert set(made.links) == {"participants", "messages", "webhooks"}
    assert until(lambda: api.conversations(made.sid).fetch().state, lambda state: state == "active") == "active"
    joined = api.conversations(made.sid).participants.list()
    assert [(member.identity, member.messaging_binding) for member in joined] == [
        (None, {"type": "sms", "address": ann}),
        (None, {"type": "sms", "address": ben}),
        ("agent", {"type": "sms", "projected_address": LINE}),
    ]

    with pytest.raises(TwilioRestException) as again:
        api.conversation_with_participants.create(participant=people[::-1])
    assert (again.value.status, again.value.code) == (409, 50438)
    owner = re.search("CH[0-9a-f]{32}", again.value.msg)
    assert owner and owner[0] == made.sid
    assert api.conversations(made.sid).delete() is True


def test_a_group_is_made_member_by_member_and_once(api: Any) -> None:
    ann, ben = new_number(), new_number()
    made, other = api.conversations.create(), api.conversations.create()
    for conversation in (made, other):
        conversation.participants.create(
            identity="agent",
            messaging_binding_projected_address=LINE,
        )
        conversation.participants.create(messaging_binding_address=ann)
    made.participants.create(messaging_binding_address=ben)
    with pytest.raises(TwilioRestException) as taken:
        other.participants.create(messaging_binding_address=ben)
    assert (taken.value.status, taken.value.code) == (409, 50438)
    owner = re.search("CH[0-9a-f]{32}", taken.value.msg)
    assert owner and owner[0] == made.sid
    assert len(other.participants.list()) == 2
    assert refused(made.participants.create, messaging_binding_address=ann) == (409, 50437)
    assert made.delete() is True
    assert other.delete() is True


def test_a_participant_takes_every_option(api: Any) -> None:
    made = api.conversations.create()
    role = api.roles.create(friendly_name="reader", type="conversation", permission=["leaveConversation"])
    made.messages.create(author="system", body="Hello")
    joined = made.participants.create(
        x_twilio_webhook_enabled="true",
        identity="ann",
        attributes='{"desk": 1}',
        role_sid=role.sid,
        date_created=CREATED,
        date_updated=UPDATED,
    )
    found = made.participants(joined.sid).fetch()
    for shown in (joined, found):
        assert (shown.identity, shown.attributes, shown.role_sid) == ("ann", '{"desk": 1}', role.sid)
        assert (shown.date_created, shown.date_updated) == (CREATED, UPDATED)
        assert (shown.messaging_binding, shown.last_read_message_index, shown.last_read_timestamp) == (None, None, None)

    joined.update(
        x_twilio_webhook_enabled="true",
        attributes='{"desk": 2}',
        messaging_binding_projected_address=LINE,
        last_read_message_index=0,
        last_read_timestamp="2021-01-02T03:04:05Z",
        date_created=UPDATED,
        date_updated=CREATED,
    )
    found = made.participants("ann").fetch()
    assert (found.sid, found.attributes) == (joined.sid, '{"desk": 2}')
    assert found.messaging_binding == {"type": "sms", "projected_address": LINE}
    assert (found.last_read_message_index, found.last_read_timestamp) == (0, "2021-01-02T03:04:05Z")
    assert (found.date_created, found.date_updated) == (UPDATED, CREATED)
    assert joined.update(identity="ben").identity == "ben"

    masked = made.participants.create(
        messaging_binding_address=new_number(), messaging_binding_proxy_address=OTHER_LINE
    )
    assert masked.messaging_binding["proxy_address"] == OTHER_LINE
    assert masked.role_sid is None
    assert sids(made.participants.list(page_size=1)) == [joined.sid, masked.sid]
    assert made.participants(masked.sid).delete(x_twilio_webhook_enabled="true") is True
    assert sids(made.participants.list()) == [joined.sid]
    assert made.delete() is True
    assert role.delete() is True


def test_identities_with_blanks_at_signs_and_pluses_stand_in_paths(service: Any) -> None:
    made = service.conversations.create()
    for identity in ("Ann Lee", "ann@example.com", "ann+lee@example.com", "+13105550142"):
        joined = made.participants.create(identity=identity)
        member, user = made.participants(identity), service.users(identity)
        assert member.fetch().sid == joined.sid
        assert member.update(attributes='{"vip": true}').identity == identity
        assert user.fetch().identity == identity
        assert user.update(friendly_name="Ann").identity == identity
        assert user.user_conversations(made.sid).fetch().participant_sid == joined.sid
        assert member.delete() is True
        assert refused(member.fetch) == NOT_FOUND
        assert user.delete() is True
        assert refused(user.fetch) == NOT_FOUND


def test_an_identity_takes_part_once(api: Any) -> None:
    made = api.conversations.create()
    made.participants.create(identity="ann")
    assert refused(made.participants.create, identity="ann", attributes='{"twice": true}') == (409, 50433)
    assert [(member.identity, member.attributes) for member in made.participants.list()] == [("ann", "{}")]
    assert made.delete() is True


def test_conversations_are_found_by_identity_and_by_address(service: Any) -> None:
    ann, agent = new_number(), "agent + co"
    made = service.conversations.create(friendly_name="12 Elm Street", unique_name="elm", attributes='{"floor": 2}')
    by_app = made.participants.create(identity=agent, messaging_binding_projected_address=LINE)
    by_phone = made.participants.create(messaging_binding_address=ann)
    other = service.conversations.create()
    other.participants.create(identity=agent)

    [found] = service.participant_conversations.list(address=ann)
    assert (found.participant_sid, found.participant_identity, found.participant_user_sid) == (by_phone.sid, None, None)
    assert found.participant_messaging_binding["address"] == ann
    assert (found.conversation_sid, found.conversation_state) == (made.sid, "active")
    assert (found.conversation_friendly_name, found.conversation_unique_name) == ("12 Elm Street", "elm")
    assert (found.conversation_attributes, found.conversation_timers) == ('{"floor": 2}', {})
    assert found.conversation_date_created == made.date_created
    assert isinstance(found.conversation_date_updated, datetime)
    assert set(found.links) == {"participant", "conversation"}

    every = service.participant_conversations.list(identity=agent, page_size=1)
    assert {each.conversation_sid for each in every} == {made.sid, other.sid}
    [in_group] = [each for each in every if each.conversation_sid == made.sid]
    assert in_group.participant_sid == by_app.sid
    assert in_group.participant_user_sid == service.users(agent).fetch().sid
    assert len(service.participant_conversations.list(identity=agent, limit=1)) == 1
    assert service.participant_conversations.list(identity="nobody") == []


# --- messages


def test_a_message_takes_every_option(api: Any) -> None:
    made = api.conversations.create()
    author = made.participants.create(identity="ann")
    said = made.messages.create(
        x_twilio_webhook_enabled="true",
        author="ann",
        body="Sunday + noon? ✓",
        attributes='{"pinned": true}',
        date_created=CREATED,
        date_updated=UPDATED,
    )
    found = made.messages(said.sid).fetch()
    for shown in (said, found):
        assert (shown.index, shown.author, shown.body) == (0, "ann", "Sunday + noon? ✓")
        assert (shown.attributes, shown.participant_sid) == ('{"pinned": true}', author.sid)
        assert (shown.date_created, shown.date_updated) == (CREATED, UPDATED)
        assert (shown.media, shown.delivery, shown.content_sid) == (None, None, None)
        assert set(shown.links) == {"delivery_receipts", "channel_metadata"}

    said.update(
        x_twilio_webhook_enabled="true",
        author="ben",
        body="Monday",
        attributes='{"pinned": false}',
        date_created=UPDATED,
        date_updated=CREATED,
    )
    found = made.messages(said.sid).fetch()
    assert (found.author, found.body, found.attributes) == ("ben", "Monday", '{"pinned": false}')
    assert (found.date_created, found.date_updated) == (UPDATED, CREATED)
    assert made.messages(said.sid).delete(x_twilio_webhook_enabled="true") is True
    assert refused(made.messages(said.sid).fetch) == NOT_FOUND
    assert made.delete() is True


def test_messages_are_listed_in_either_order(api: Any) -> None:
    made = api.conversations.create()
    said = [made.messages.create(body=f"Number {number}").sid for number in range(3)]
    listed = made.messages.list
    assert sids(listed()) == sids(listed(order="asc")) == said
    assert sids(listed(order="desc")) == said[::-1]
    assert sids(listed(order="desc", page_size=1)) == said[::-1]
    assert sids(listed(order="desc", limit=2, page_size=1)) == said[:0:-1]
    assert refused(made.messages.create, body="") == (400, 50503)
    assert made.messages(said[1]).delete() is True
    assert [message.index for message in listed()] == [0, 2]
    assert made.delete() is True


def test_a_message_has_a_receipt_for_each_handset(api: Any) -> None:
    ann, ben = new_number(), new_number()
    made = api.conversations.create()
    made.participants.create(identity="agent", messaging_binding_projected_address=LINE)
    people = [made.participants.create(messaging_binding_address=number).sid for number in (ann, ben)]
    said = made.messages.create(author="agent", body="Hello both")
    receipts = api.conversations(made.sid).messages(said.sid).delivery_receipts
    until(lambda: {receipt.status for receipt in receipts.list()}, lambda seen: seen == {"delivered"})
    found = receipts.list(page_size=1)
    assert sorted(receipt.participant_sid for receipt in found) == sorted(people)
    for receipt in found:
        assert (receipt.status, receipt.error_code, receipt.message_sid) == ("delivered", 0, said.sid)
        assert isinstance(receipt.date_updated, datetime)
        assert receipts(receipt.sid).fetch().channel_message_sid == receipt.channel_message_sid
    assert made.messages(said.sid).fetch().delivery == {
        "total": 2,
        "sent": "all",
        "delivered": "all",
        "read": "none",
        "failed": "none",
        "undelivered": "none",
    }
    assert made.delete() is True


# --- webhooks and settings


def test_a_conversations_webhooks_take_every_option(api: Any) -> None:
    made = api.conversations.create()
    webhook_target = made.webhooks.create(
        target="webhook",
        configuration_url=URL,
        configuration_method="get",
        configuration_filters=["onMessageAdded", "onParticipantAdded"],
        configuration_replay_after=0,
    )
    found = made.webhooks(webhook_target.sid).fetch()
    for shown in (webhook_target, found):
        assert (shown.target, shown.conversation_sid) == ("webhook", made.sid)
        assert (shown.configuration["url"], shown.configuration["method"]) == (URL, "GET")
        assert shown.configuration["filters"] == ["onMessageAdded", "onParticipantAdded"]
        assert isinstance(shown.date_created, datetime)
    webhook_target.update(configuration_method="post", configuration_filters=["onMessageRemoved"])
    found = made.webhooks(webhook_target.sid).fetch()
    assert (found.configuration["url"], found.configuration["method"]) == (URL, "POST")
    assert found.configuration["filters"] == ["onMessageRemoved"]

    trigger = made.webhooks.create(
        target="trigger", configuration_url=URL, configuration_triggers=["help me", "stop + go"]
    )
    assert trigger.configuration["triggers"] == ["help me", "stop + go"]
    flow = made.webhooks.create(target="studio", configuration_flow_sid=FLOW)
    assert flow.configuration["flow_sid"] == FLOW
    assert set(sids(made.webhooks.list(page_size=2))) == {webhook_target.sid, trigger.sid, flow.sid}

    assert refused(made.webhooks.create, target="webhook") == (400, 50369)
    assert refused(webhook_target.update, configuration_url="ftp://x", configuration_method="get")[0] == 400
    assert made.webhooks(webhook_target.sid).fetch().configuration["method"] == "POST"
    assert made.webhooks(trigger.sid).delete() is True
    assert refused(made.webhooks(trigger.sid).fetch) == NOT_FOUND
    assert set(sids(made.webhooks.list())) == {webhook_target.sid, flow.sid}
    assert made.delete() is True


def test_the_accounts_configuration_is_read_and_changed(api: Any) -> None:
    before = api.configuration().fetch()
    assert re.fullmatch("IS[0-9a-f]{32}", before.default_chat_service_sid)
    assert set(before.links) == {"service", "webhooks"}
    try:
        api.configuration().update(
            default_chat_service_sid=before.default_chat_service_sid,
            default_messaging_service_sid=MESSAGING_SERVICE,
            default_inactive_timer="PT1H",
            default_closed_timer="P1D",
        )
        changed = api.configuration().fetch()
        assert (changed.default_inactive_timer, changed.default_closed_timer) == ("PT1H", "P1D")
        assert changed.default_messaging_service_sid == MESSAGING_SERVICE
        made = api.conversations.create()
        assert (made.messaging_service_sid, set(made.timers)) == (MESSAGING_SERVICE, {"date_inactive", "date_closed"})
        assert made.delete() is True
        assert refused(api.configuration().update, default_chat_service_sid="IS" + "0" * 32)[0] == 400
    finally:
        after = api.configuration().update(
            default_messaging_service_sid="", default_inactive_timer="PT0S", default_closed_timer="PT0S"
        )
    assert re.fullmatch("MG[0-9a-f]{32}", after.default_messaging_service_sid)
    assert (after.default_inactive_timer, after.default_closed_timer) == (None, None)
    assert after.default_chat_service_sid == before.default_chat_service_sid


def test_the_accounts_webhooks_are_read_and_changed(api: Any) -> None:
    webhooks = api.configuration.webhooks()
    try:
        # Only of users who are changed, which happens to none meanwhile.
        webhooks.update(
            method="GET", filters=["onUserUpdate", "onUserUpdated"], pre_webhook_url=URL, post_webhook_url=OTHER_URL
        )
        changed = webhooks.fetch()
        assert (changed.method, changed.target) == ("GET", "webhook")
        assert changed.filters == ["onUserUpdate", "onUserUpdated"]
        assert (changed.pre_webhook_url, changed.post_webhook_url) == (URL, OTHER_URL)
        assert refused(webhooks.update, method="PUT", post_webhook_url=URL) == (400, 50055)
        assert webhooks.fetch().post_webhook_url == OTHER_URL
    finally:
        webhooks.update(method="POST", pre_webhook_url="", post_webhook_url="")
    assert not webhooks.fetch().post_webhook_url


def test_an_addresss_configuration_is_named_by_the_address(api: Any, client: Client) -> None:
    number = new_number()
    assert lines(client, "POST", "/v1/Lines", Address=number, Carrier="bandwidth") == 201
    made = api.address_configurations.create(
        type="sms",
        address=number,
        friendly_name="Front desk",
        auto_creation_enabled=True,
        auto_creation_type="webhook",
        auto_creation_conversation_service_sid=api.configuration().fetch().default_chat_service_sid,
        auto_creation_webhook_url=URL,
        auto_creation_webhook_method="post",
        auto_creation_webhook_filters=["onParticipantUpdated", "onMessageRemoved"],
        address_country="US",
    )
    named = api.address_configurations(number)
    found = named.fetch()
    assert found.sid == made.sid == api.address_configurations(made.sid).fetch().sid
    assert (found.type, found.address, found.friendly_name) == ("sms", number, "Front desk")
    assert (found.auto_creation["enabled"], found.auto_creation["type"]) == (True, "webhook")
    assert found.auto_creation["webhook_filters"] == ["onParticipantUpdated", "onMessageRemoved"]
    assert isinstance(found.date_created, datetime)
    assert named.update(friendly_name="Back office", auto_creation_enabled=False).friendly_name == "Back office"
    assert named.fetch().auto_creation["enabled"] is False
    assert made.sid in sids(api.address_configurations.list(type="sms", page_size=1))
    assert refused(api.address_configurations.create, type="sms", address=number)[0] == 409
    assert named.delete() is True
    assert refused(named.fetch) == NOT_FOUND
    assert refused(api.address_configurations(made.sid).fetch) == NOT_FOUND
    assert lines(client, "DELETE", f"/v1/Lines/{number}") == 204


def test_push_credentials_are_kept_in_shape(api: Any) -> None:
    made = api.credentials.create(type="fcm", friendly_name="Android", secret="made up")
    assert (made.type, made.friendly_name) == ("fcm", "Android")
    assert isinstance(made.date_created, datetime)
    assert made.update(friendly_name="Phones").friendly_name == "Phones"
    assert api.credentials(made.sid).fetch().friendly_name == "Phones"
    assert made.sid in sids(api.credentials.list())
    assert api.credentials(made.sid).delete() is True
    assert refused(api.credentials(made.sid).fetch) == NOT_FOUND


# --- Services, roles, users


def test_a_service_is_made_listed_and_deleted(api: Any) -> None:
    made = api.services.create(friendly_name="12 Elm Street")
    found = api.services(made.sid).fetch()
    assert (found.friendly_name, found.account_sid) == ("12 Elm Street", made.account_sid)
    assert isinstance(found.date_created, datetime)
    assert {"conversations", "users", "roles", "configuration", "participant_conversations"} <= set(found.links)
    assert {made.sid, api.configuration().fetch().default_chat_service_sid} <= set(sids(api.services.list(page_size=1)))
    conversation = api.services(made.sid).conversations.create()
    assert made.delete() is True
    assert refused(api.services(made.sid).fetch) == NOT_FOUND
    assert refused(conversation.fetch) == NOT_FOUND


def test_everything_of_a_conversation_is_reached_within_its_service(api: Any, service: Any) -> None:
    ann, ben = new_number(), new_number()
    people = [
        json.dumps({"messaging_binding": {"address": ann}}),
        json.dumps({"messaging_binding": {"address": ben}}),
        json.dumps({"identity": "agent", "messaging_binding": {"projected_address": LINE}}),
    ]
    group = service.conversation_with_participants.create(unique_name="elm", participant=people)
    conversation = service.conversations("elm")
    assert until(lambda: conversation.fetch().state, lambda state: state == "active") == "active"
    service_sid = conversation.fetch().chat_service_sid
    joined = conversation.participants("agent").fetch()
    said = conversation.messages.create(author="agent", body="Hello")
    receipt = until(conversation.messages(said.sid).delivery_receipts.list)[0]
    webhook = conversation.webhooks.create(target="studio", configuration_flow_sid=FLOW)
    for shown in (joined, said, receipt, webhook):
        assert shown.chat_service_sid == service_sid
        assert f"/v1/Services/{service_sid}/Conversations/{group.sid}/" in shown.url
    assert conversation.messages(said.sid).update(body="Hello both").body == "Hello both"
    assert conversation.participants("agent").update(attributes='{"desk": 1}').attributes == '{"desk": 1}'
    assert conversation.messages(said.sid).delivery_receipts(receipt.sid).fetch().message_sid == said.sid
    assert conversation.webhooks(webhook.sid).delete() is True

    assert refused(api.conversations(group.sid).fetch) == NOT_FOUND
    assert refused(api.conversations("elm").fetch) == NOT_FOUND
    assert refused(api.conversations(group.sid).messages(said.sid).delete) == NOT_FOUND
    assert group.sid not in sids(api.conversations.list(limit=20))
    assert conversation.messages(said.sid).delete() is True
    assert conversation.participants("agent").delete() is True
    assert conversation.delete() is True
    assert service.conversations.list() == []


def test_a_services_settings_are_read_and_changed(service: Any) -> None:
    before = service.configuration().fetch()
    roles = {role.sid: role.type for role in service.roles.list()}
    assert roles[before.default_conversation_creator_role_sid] == "conversation"
    assert roles[before.default_conversation_role_sid] == "conversation"
    assert roles[before.default_chat_service_role_sid] == "service"
    assert before.reachability_enabled is False

    member = service.roles.create(friendly_name="member", type="conversation", permission=["sendMessage"])
    user = service.roles.create(friendly_name="user", type="service", permission=["editOwnUserInfo"])
    service.configuration().update(
        default_conversation_creator_role_sid=member.sid,
        default_conversation_role_sid=member.sid,
        default_chat_service_role_sid=user.sid,
        reachability_enabled=True,
    )
    after = service.configuration().fetch()
    assert (after.default_conversation_creator_role_sid, after.default_conversation_role_sid) == (
        member.sid,
        member.sid,
    )
    assert (after.default_chat_service_role_sid, after.reachability_enabled) == (user.sid, True)
    assert service.users.create(identity="ann").role_sid == user.sid
    assert refused(service.configuration().update, default_conversation_role_sid=user.sid)[0] == 400

    webhooks = service.configuration.webhooks()
    empty = webhooks.fetch()
    assert (empty.pre_webhook_url, empty.post_webhook_url, empty.filters, empty.method) == (None, None, None, None)
    webhooks.update(
        pre_webhook_url=URL, post_webhook_url=OTHER_URL, filters=["onUserUpdate", "onUserUpdated"], method="POST"
    )
    configuration = webhooks.fetch()
    assert (configuration.pre_webhook_url, configuration.post_webhook_url, configuration.method) == (
        URL,
        OTHER_URL,
        "POST",
    )
    assert configuration.filters == ["onUserUpdate", "onUserUpdated"]

    notifications = service.configuration.notifications()
    notifications.update(log_enabled=True, new_message_enabled=True, new_message_template="${AUTHOR}: ${MESSAGE}")
    shown = notifications.fetch()
    assert shown.log_enabled is True
    assert (shown.new_message["enabled"], shown.new_message["template"]) == (True, "${AUTHOR}: ${MESSAGE}")
    assert service.bindings.list(binding_type=["apn", "fcm"], identity=["ann", "ben"]) == []


def test_a_role_is_made_changed_and_deleted(service: Any) -> None:
    made = service.roles.create(
        friendly_name="guest", type="conversation", permission=["sendMessage", "leaveConversation"]
    )
    assert (made.friendly_name, made.type) == ("guest", "conversation")
    assert set(made.permissions) == {"sendMessage", "leaveConversation"}
    assert isinstance(made.date_created, datetime)
    assert made.update(permission=["sendMessage"]).permissions == ["sendMessage"]
    assert service.roles(made.sid).fetch().permissions == ["sendMessage"]
    assert made.sid in sids(service.roles.list(page_size=2))
    assert refused(made.update, permission=["fly"]) == (400, 50104)
    assert service.roles(made.sid).fetch().permissions == ["sendMessage"]
    assert made.delete() is True
    assert refused(service.roles(made.sid).fetch) == NOT_FOUND


def test_a_user_is_made_changed_and_deleted(service: Any) -> None:
    role = service.roles.create(friendly_name="guest", type="service", permission=["editOwnUserInfo"])
    made = service.users.create(
        x_twilio_webhook_enabled="true",
        identity="ann@example.com",
        friendly_name="Ann",
        attributes='{"desk": 1}',
        role_sid=role.sid,
    )
    found = service.users("ann@example.com").fetch()
    for shown in (made, found):
        assert (shown.identity, shown.friendly_name) == ("ann@example.com", "Ann")
        assert (shown.attributes, shown.role_sid) == ('{"desk": 1}', role.sid)
        assert isinstance(shown.date_created, datetime)
        assert set(shown.links) == {"user_conversations"}
    assert found.sid == made.sid == service.users(made.sid).fetch().sid
    assert refused(service.users.create, identity="ann@example.com", friendly_name="Other") == (409, 50201)
    changed = made.update(x_twilio_webhook_enabled="true", friendly_name="Ann Lee", attributes='{"desk": 2}')
    assert (changed.friendly_name, changed.attributes) == ("Ann Lee", '{"desk": 2}')
    others = [service.users.create(identity=f"user {number}").sid for number in range(2)]
    assert set(sids(service.users.list(page_size=2))) == {made.sid, *others}
    assert len(service.users.list(limit=2)) == 2
    assert service.users(made.sid).delete(x_twilio_webhook_enabled="true") is True
    assert refused(service.users(made.sid).fetch) == NOT_FOUND


def test_a_user_reads_their_conversations(service: Any) -> None:
    conversation = service.conversations.create(unique_name="elm", friendly_name="12 Elm Street")
    joined = conversation.participants.create(identity="ann")
    for number in range(3):
        conversation.messages.create(author="ben", body=f"Number {number}")
    user = service.users("ann")
    seen = user.user_conversations("elm")
    found = seen.fetch()
    assert (found.conversation_sid, found.participant_sid) == (conversation.sid, joined.sid)
    assert (found.unique_name, found.friendly_name, found.conversation_state) == ("elm", "12 Elm Street", "active")
    assert (found.last_read_message_index, found.unread_messages_count) == (None, None)
    assert (found.notification_level, found.user_sid) == ("default", user.fetch().sid)
    assert set(found.links) == {"participant", "conversation"}

    seen.update(notification_level="muted", last_read_message_index=0, last_read_timestamp=CREATED)
    found = seen.fetch()
    assert (found.notification_level, found.last_read_message_index, found.unread_messages_count) == ("muted", 0, 2)
    assert refused(seen.update, notification_level="loud", last_read_message_index=2) == (400, 50210)
    assert seen.fetch().last_read_message_index == 0

    other = service.conversations.create()
    other.participants.create(identity="ann")
    every = user.user_conversations.list(page_size=1)
    assert {each.conversation_sid for each in every} == {conversation.sid, other.sid}
    assert len(user.user_conversations.list(limit=1)) == 1
    assert seen.delete() is True
    assert refused(seen.fetch) == NOT_FOUND
    assert sids(conversation.participants.list()) == []


# --- API keys and access tokens


def test_an_api_key_is_made_used_and_revoked(client: Client, world: World) -> None:
    keys = client.iam.v1
    made = keys.new_api_key.create(account_sid=world.account_sid, friendly_name="SDK")
    assert re.fullmatch("SK[0-9a-f]{32}", made.sid)
    assert isinstance(made.date_created, datetime)
    by_key = Client(made.sid, made.secret, world.account_sid)
    by_key.conversations.base_url = by_key.iam.base_url = world.url
    conversation = by_key.conversations.v1.conversations.create(friendly_name="By key")
    assert conversation.account_sid == world.account_sid
    assert conversation.delete() is True

    assert keys.api_key(made.sid).update(friendly_name="Renamed").friendly_name == "Renamed"
    assert keys.api_key(made.sid).fetch().friendly_name == "Renamed"
    assert made.sid in sids(keys.get_api_keys.list(account_sid=world.account_sid))
    assert refused(by_key.iam.v1.api_key(made.sid).fetch) == (401, 20003)
    assert keys.api_key(made.sid).delete() is True
    assert refused(keys.api_key(made.sid).fetch) == NOT_FOUND
    assert refused(by_key.conversations.v1.conversations.create) == (401, 20003)


def test_an_access_token_is_an_identitys_credentials(client: Client, world: World, service: Any) -> None:
    service_sid = service.fetch().sid
    key = client.iam.v1.new_api_key.create(account_sid=world.account_sid, friendly_name="SDK")
    token = AccessToken(world.account_sid, key.sid, key.secret, identity="ann@example.com", ttl=600)
    token.add_grant(ChatGrant(service_sid=service_sid))
    bearer = f"Bearer {token.to_jwt()}"

    def ask(method: str, path: str, form: str = "") -> tuple[int, Any]:
        """Status and body of a request that Ann makes."""
        headers = {"Authorization": bearer, "Content_Type": "application/x-www-form-urlencoded"}
        answer = world.request(method, f"/v1/Services/{service_sid}{path}", form.encode() or None, **headers)
        return answer.status, json.loads(answer.data)

    status, made = ask("POST", "/Conversations", "FriendlyName=12+Elm+Street")
    assert (status, made["friendly_name"]) == (201, "12 Elm Street")
    [member] = service.conversations(made["sid"]).participants.list()
    assert member.identity == "ann@example.com"
    status, said = ask("POST", f"/Conversations/{made['sid']}/Messages", "Body=Hello")
    assert (status, said["author"], said["participant_sid"]) == (201, "ann@example.com", member.sid)
    assert service.conversations(made["sid"]).messages(said["sid"]).fetch().body == "Hello"

    hidden = service.conversations.create()
    status, refusal = ask("GET", f"/Conversations/{hidden.sid}")
    assert (status, refusal["code"]) == NOT_FOUND
    status, listed = ask("GET", "/Conversations")
    assert [each["sid"] for each in listed["conversations"]] == [made["sid"]]
    status, refusal = ask("POST", "/Roles", "FriendlyName=admin&Type=service&Permission=editAnyUserInfo")
    assert (status, refusal["code"]) == (403, 50107)

    assert client.iam.v1.api_key(key.sid).delete() is True
    status, refusal = ask("GET", f"/Conversations/{made['sid']}")
    assert (status, refusal["code"]) == (401, 20103)
