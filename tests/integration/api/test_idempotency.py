"""Requests with an Idempotency-Key: what a repeat is answered, and that nothing is done twice."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from partyline.api import idempotency as requests
from partyline.domain.events import Cause, Event
from partyline.domain.opt_outs import OptOutChannel, OptOutEvent
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.errors import TableThrottled
from partyline.lifecycle import cleanup
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import opt_outs
from partyline.storage.attribute_values import Item, from_dynamo
from partyline.storage.idempotency import LABEL
from partyline.storage.table import Table, Write
from partyline.webhooks import pre_action
from tests.support.api_harness import (
    A,
    Api,
    B,
    Clock,
    P,
    Pairs,
    Racing,
    Reply,
    activate,
    basic,
    proxy_event,
)
from tests.support.aws_requests import AwsRequest, Send, intercepted
from tests.support.files import Files
from tests.support.people import acting, another_service

REPLAYED = "Idempotent-Replayed"
HELLO = {"Author": "agent", "Body": "hello"}
UNDER_WAY = (409, 20409, "A request with this Idempotency-Key is under way: try again")
REUSED = (422, 20001, "Invalid parameter Idempotency-Key: another request had it, with other parameters")


def keyed(api: Api, key: str = "k1") -> Api:
    return replace(api, headers={**api.headers, "Idempotency-Key": key})


def say(api: Api, conversation: str, form: Pairs = HELLO, key: str = "k1") -> Reply:
    return keyed(api, key).post(f"/Conversations/{conversation}/Messages", form)


def texts(api: Api, conversation: str) -> list[str]:
    return [message["body"] for message in api.get(f"/Conversations/{conversation}/Messages").body["messages"]]


def items(table: Table) -> list[Item]:
    client: Any = table._client
    return [from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]]


def recorded(table: Table) -> list[Item]:
    """The items of requests."""
    return [item for item in items(table) if "fingerprint" in item]


def assert_replayed(first: Reply, repeat: Reply) -> None:
    assert REPLAYED not in first.headers
    assert repeat.headers[REPLAYED] == "true"
    assert (repeat.status, repeat.body) == (first.status, first.body)


@pytest.fixture
def group(api: Api) -> str:
    """A group on the network, after the first request of the deployment."""
    assert api.get("/Services").status == 200
    return api.group(A, B)


@pytest.fixture
def chat(api: Api) -> str:
    """A conversation of two people in an app."""
    sid = api.conversation()
    for identity in ("agent", "jane"):
        api.member(sid, identity=identity)
    return sid


# --- messages


def test_a_repeat_gets_the_first_answer_and_sends_nothing(api: Api, group: str, clock: Clock) -> None:
    first = say(api, group)
    assert first.status == 201
    clock.tick(minutes=5)
    assert_replayed(first, say(api, group))
    assert_replayed(first, say(api, group, key='"k1"'))
    api.say(group, "in between")
    assert_replayed(first, say(api, group, [("Body", "hello"), ("Author", "agent")]))
    assert texts(api, group) == ["hello", "in between"]


def test_a_body_is_as_it_was_first_answered(api: Api, group: str) -> None:
    first = say(api, group)
    assert api.post(f"/Conversations/{group}/Messages/{first.body['sid']}", {"Body": "edited"}).status == 200
    assert_replayed(first, say(api, group))


def test_a_form_is_compared_by_its_parameters(api: Api, group: str) -> None:
    first = say(api, group, {"Author": "agent", "Body": "a b"})
    event = proxy_event(
        "POST",
        f"/v1/Conversations/{group}/Messages",
        headers={"Authorization": basic(), "Idempotency-Key": "k1"},
        body="Body=a%20%62&Author=%61gent",
    )
    assert_replayed(first, api.send(event))


@pytest.mark.parametrize(
    "other", [{**HELLO, "Body": "Hello"}, {**HELLO, "Attributes": "{}"}, {"Body": "hello"}, {**HELLO, "Body": ""}, {}]
)
def test_another_body_is_refused(api: Api, table: Table, group: str, other: dict[str, str]) -> None:
    say(api, group)
    before = items(table)
    refused = say(api, group, other)
    assert (refused.error, refused.body["details"]) == (REUSED, {"parameter": "Idempotency-Key"})
    assert items(table) == before


def test_another_query_is_refused(api: Api, group: str) -> None:
    say(api, group)
    assert keyed(api).call("POST", f"/Conversations/{group}/Messages", {"a": "1"}, HELLO).error == REUSED


@pytest.mark.parametrize("key", ["", '""', "k" * 129, "a b", "é", '"open'])
def test_what_is_no_key_is_refused(api: Api, table: Table, group: str, key: str) -> None:
    before = items(table)
    for path, form in ((f"/Conversations/{group}/Messages", HELLO), ("/ConversationWithParticipants", MEMBERS)):
        refused = keyed(api, key).post(path, form)
        assert (refused.status, refused.body["code"]) == (400, 20001)
        assert refused.body["details"] == {"parameter": "Idempotency-Key"}
    assert items(table) == before


def test_callers_do_not_share_keys(api: Api, chat: str) -> None:
    people = [acting(api, identity) for identity in ("agent", "jane")]
    answers = [say(caller, chat, {"Body": "hello"}) for caller in (api, *people)]
    assert [answer.body["index"] for answer in answers] == [0, 1, 2]
    for caller, first in zip((api, *people), answers, strict=True):
        assert_replayed(first, say(caller, chat, {"Body": "hello"}))


def test_the_account_and_its_api_keys_are_one_caller(api: Api, group: str) -> None:
    made = api.made("/Keys")
    assert_replayed(say(api, group), say(replace(api, authorization=basic(made["sid"], made["secret"])), group))


def test_a_key_holds_for_one_conversation_whatever_names_it(api: Api) -> None:
    sid = api.conversation(UniqueName="elm street")
    other = api.conversation()
    first = say(api, sid)
    assert_replayed(first, say(api, "elm street"))
    service = api.get(f"/Conversations/{sid}").body["chat_service_sid"]
    repeat = keyed(api).post(f"/Services/{service}/Conversations/{sid}/Messages", HELLO)
    assert (repeat.headers[REPLAYED], repeat.body["sid"]) == ("true", first.body["sid"])
    assert say(api, other).body["sid"] != first.body["sid"]


def test_a_key_holds_for_one_service(api: Api) -> None:
    service = another_service(api)
    path = f"/Services/{service}/ConversationWithParticipants"
    form = [("Participant", json.dumps({"identity": "jane"}))]
    answers = [keyed(api).post(at, form) for at in (path, "/ConversationWithParticipants", path)]
    assert answers[0].body["sid"] != answers[1].body["sid"]
    assert_replayed(answers[0], answers[2])


def test_a_refusal_is_not_stored(api: Api, table: Table, group: str) -> None:
    assert say(api, group, {"Author": "agent", "Body": ""}).body["code"] == 50503
    assert recorded(table) == []
    first = say(api, group)
    assert (first.status, REPLAYED in first.headers) == (201, False)


def close(api: Api, group: str) -> None:
    assert api.post(f"/Conversations/{group}", {"State": "closed"}).status == 200


def opt_everyone_out(api: Api, group: str) -> None:
    for address in (A, B):
        event = OptOutEvent(address, P, opted_out=True, channel=OptOutChannel.API, at=api.context.clock())
        api.context.table.transact(opt_outs.build_writes(None, event))


def lose_the_line(api: Api, group: str) -> None:
    assert api.delete(f"/Lines/{P}").status == 204


@pytest.mark.parametrize("happens", [close, opt_everyone_out, lose_the_line])
def test_a_repeat_is_answered_where_a_new_message_would_be_refused(
    api: Api, group: str, happens: Callable[[Api, str], None]
) -> None:
    first = say(api, group)
    happens(api, group)
    assert say(api, group, key="k2").status == 400
    assert_replayed(first, say(api, group))


def test_a_repeat_finds_its_files_attached(api: Api, group: str) -> None:
    form = {**HELLO, "MediaSid": upload(api).body["sid"]}
    first = say(api, group, form)
    assert say(api, group, form, "k2").body["code"] == 50508
    assert_replayed(first, say(api, group, form))


def test_who_no_longer_sees_the_conversation_gets_no_answer_again(api: Api, chat: str) -> None:
    jane = acting(api, "jane")
    first = say(jane, chat, {"Body": "hello"})
    api.delete(f"/Conversations/{chat}/Participants/jane")
    assert say(jane, chat, {"Body": "hello"}).status == 404
    api.member(chat, identity="jane")
    assert_replayed(first, say(jane, chat, {"Body": "hello"}))


@pytest.mark.parametrize("with_file", [False, True])
def test_who_may_no_longer_write_gets_no_answer_again(api: Api, chat: str, with_file: bool) -> None:
    jane = acting(api, "jane")
    form = {"Body": "hello", **({"MediaSid": upload(jane).body["sid"]} if with_file else {})}
    assert say(jane, chat, form).status == 201
    restrict(api, "jane")
    kept = "sendMessage" if with_file else "sendMediaMessage"
    role = api.made("/Roles", [("FriendlyName", "mute"), ("Type", "conversation"), ("Permission", kept)])
    assert api.post(f"/Conversations/{chat}/Participants/jane", {"RoleSid": role["sid"]}).status == 200
    refused = say(jane, chat, form)
    assert (refused.status, refused.body["code"]) == (403, 50107)


def restrict(api: Api, identity: str) -> None:
    """Take from a user everything that roles in the Service permit."""
    role = api.made("/Roles", [("FriendlyName", "least"), ("Type", "service"), ("Permission", "joinConversation")])
    assert api.post(f"/Users/{identity}", {"RoleSid": role["sid"]}).status == 200


def test_a_key_is_free_after_a_day(api: Api, group: str, clock: Clock) -> None:
    first = say(api, group)
    clock.tick(hours=23, minutes=59)
    assert_replayed(first, say(api, group))
    clock.tick(minutes=1)
    later = say(api, group, {**HELLO, "Body": "another"})
    assert (later.status, later.body["index"]) == (201, 1)
    assert_replayed(later, say(api, group, {**HELLO, "Body": "another"}))


def test_a_deleted_message_is_neither_told_nor_sent_again(api: Api, table: Table, group: str) -> None:
    first = say(api, group, {**HELLO, "Body": "the secret"})
    path = f"/Conversations/{group}/Messages/{first.body['sid']}"
    assert api.delete(path).status == 204
    repeat = say(api, group, {**HELLO, "Body": "the secret"})
    assert repeat.error == (404, 20404, f"The requested resource {path} was not found")
    assert texts(api, group) == []
    kept = [item for item in items(table) if "E#" not in item["SK"]]
    assert "the secret" not in json.dumps(kept, default=str)


def test_deleting_a_message_leaves_a_later_answer_under_its_key(api: Api, group: str, clock: Clock) -> None:
    first = say(api, group)
    clock.tick(days=2)
    later = say(api, group)
    assert api.delete(f"/Conversations/{group}/Messages/{first.body['sid']}").status == 204
    assert_replayed(later, say(api, group))


def test_answers_are_deleted_with_their_conversation(api: Api, table: Table, group: str, clock: Clock) -> None:
    say(api, group)
    api.delete(f"/Conversations/{group}")
    assert say(api, group).status == 404
    cleaner = cleanup.Cleaner(table, Files(), clock, lambda: True)
    assert cleaner.clean_up(Removed(RemovedKind.CONVERSATION, group))
    assert recorded(table) == []


def test_of_two_at_once_one_is_recorded(api: Api, table: Table, group: str) -> None:
    answers: list[Reply] = []
    faster = Racing(table, 1, LABEL, lambda: answers.append(say(api, group)))
    slower = say(replace(api, context=replace(api.context, table=faster)), group)
    assert_replayed(answers[0], slower)
    assert texts(api, group) == ["hello"]


def test_other_messages_at_once_are_retried(api: Api, table: Table, group: str) -> None:
    faster = Racing(table, 3, LABEL, lambda: api.say(group, "another"))
    assert say(replace(api, context=replace(api.context, table=faster)), group).body["index"] == 3


# --- what it costs


@dataclass
class Meter:
    """Counts the requests to the table, and the writes of its transactions."""

    trips: int = 0
    writes: int = 0

    def count(self, request: AwsRequest, send: Send) -> Any:
        """Count a request, and send it on."""
        self.trips += 1
        self.writes += len(request.parameters.get("TransactItems", ()))
        return send()


def cost(act: Callable[[], Reply]) -> tuple[int, int]:
    meter = Meter()
    with intercepted(meter.count):
        act()
    return meter.trips, meter.writes


def test_a_key_costs_one_write_in_the_same_transaction_and_no_round_trip(api: Api, group: str) -> None:
    # The first message of half an hour has the entry of the sweeper.
    api.say(group)
    trips, writes = cost(lambda: api.say(group))
    assert cost(lambda: say(api, group)) == (trips, writes + 1)
    assert cost(lambda: say(api, group)) == (trips, writes + 1)
    api.post(f"/Conversations/{group}", {"State": "closed"})
    refused, _ = cost(lambda: api.say(group))
    assert cost(lambda: say(api, group)) == (refused + 1, 0)


def test_nothing_is_recorded_without_the_header(api: Api, table: Table, group: str) -> None:
    message = api.say(group).body["sid"]
    upload(api)
    api.post("/ConversationWithParticipants", MEMBERS)
    assert recorded(table) == []
    assert all("request_digest" not in item for item in items(table) if item["SK"] == message)


# --- with a pre-action webhook


@dataclass
class Hook:
    """A pre-action webhook: what happens while it is called, and what it decides."""

    decision: pre_action.PreActionDecision = pre_action.PROCEED
    called: int = 0
    meanwhile: Callable[[], object] = lambda: None

    def __call__(self, configuration: WebhookConfiguration, event: Event, cause: Cause) -> pre_action.PreActionDecision:
        if not pre_action.is_subscribed(configuration, event, cause):
            return pre_action.PROCEED
        self.called += 1
        self.meanwhile()
        return self.decision


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
def asking(api: Api, hook: Hook) -> Api:
    """The API of a client that has a pre-action webhook called."""
    form = [("PreWebhookUrl", "https://hooks.example.com/pre")]
    form += [("Filters", event) for event in ("onMessageAdd", "onConversationAdd")]
    assert api.post("/Configuration/Webhooks", form).status == 200
    return replace(api, context=replace(api.context, ask=hook), headers={"X-Twilio-Webhook-Enabled": "true"})


MEMBERS = [("Participant", json.dumps(one)) for one in ({"identity": "jane"}, {"identity": "john"})]


def act_on_message(api: Api, group: str, key: str = "k1") -> Reply:
    return say(api, group, key=key)


def act_on_conversation(api: Api, _: str, key: str = "k1") -> Reply:
    return keyed(api, key).post("/ConversationWithParticipants", MEMBERS)


Act = Callable[..., Reply]
each_act = pytest.mark.parametrize("act", [act_on_message, act_on_conversation])


@each_act
def test_the_webhook_is_called_once_for_all_repeats(asking: Api, group: str, hook: Hook, act: Act) -> None:
    hook.decision = pre_action.PreActionDecision(changes={"body": "changed", "friendly_name": "changed"})
    first = act(asking, group)
    assert "changed" in (first.body.get("body"), first.body.get("friendly_name"))
    assert_replayed(first, act(asking, group))
    assert hook.called == 1


@each_act
def test_a_repeat_while_the_webhook_is_called_comes_back_later(
    asking: Api, group: str, hook: Hook, act: Act, table: Table
) -> None:
    meanwhile: list[Reply] = []
    hook.meanwhile = lambda: meanwhile.append(act(asking, group))
    first = act(asking, group)
    assert (first.status, len(meanwhile), hook.called) == (act(asking, group).status, 1, 1)
    assert meanwhile[0].error == UNDER_WAY
    assert meanwhile[0].headers["Retry-After"] == "2"
    (left,) = recorded(table)
    assert "claim" not in left


def test_another_body_is_refused_while_the_webhook_is_called(asking: Api, group: str, hook: Hook) -> None:
    meanwhile: list[Reply] = []

    def repeat() -> None:
        if hook.called == 1:
            meanwhile.append(say(asking, group, {**HELLO, "Body": "another"}))

    hook.meanwhile = repeat
    assert say(asking, group).status == 201
    assert meanwhile[0].error == REUSED


@each_act
def test_a_rejection_releases_the_claim(asking: Api, group: str, hook: Hook, act: Act, table: Table) -> None:
    hook.decision = pre_action.PreActionDecision(rejected=True)
    assert act(asking, group).status == 403
    assert recorded(table) == []
    hook.decision = pre_action.PROCEED
    assert REPLAYED not in act(asking, group).headers


@each_act
def test_an_error_releases_the_claim(asking: Api, group: str, hook: Hook, act: Act, table: Table) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    hook.meanwhile = fail
    assert act(asking, group).status == 500
    assert recorded(table) == []


def test_a_refusal_after_the_webhook_releases_the_claim(asking: Api, group: str, hook: Hook, table: Table) -> None:
    hook.decision = pre_action.PreActionDecision(changes={"body": " "})
    assert say(asking, group).body["code"] == 50503
    assert recorded(table) == []


@each_act
def test_a_claim_ends_with_the_function_that_made_it(
    asking: Api, group: str, hook: Hook, act: Act, clock: Clock
) -> None:
    """A function that was ended has released nothing; one that only seemed to be has lost its claim."""
    second: list[Reply] = []

    def late() -> None:
        if hook.called == 1:
            clock.tick(seconds=requests.MAX_CLAIM)
            second.append(act(asking, group))

    hook.meanwhile = late
    first = act(asking, group)
    assert second[0].status in (201, 202)
    assert_replayed(second[0], first)
    assert hook.called == 2


def test_a_claim_lasts_as_long_as_the_function_has(
    asking: Api, group: str, hook: Hook, table: Table, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "seconds_left", lambda: 7.5)
    claims: list[Item] = []
    hook.meanwhile = lambda: claims.extend(recorded(table))
    say(asking, group)
    assert claims[0]["claimed_until"] == int(clock().timestamp() * 1000) + 7500


def test_no_claim_is_made_where_no_webhook_is_called(api: Api, group: str) -> None:
    jane = acting(api, "agent")
    # The first change of a window costs one more for the quota.
    assert jane.post(f"/Conversations/{group}/Messages", {"Body": "first"}).status == 201
    trips, writes = cost(lambda: jane.post(f"/Conversations/{group}/Messages", {"Body": "hello"}))
    assert cost(lambda: say(jane, group, {"Body": "hello"})) == (trips, writes + 1)


class Unreleasing(Table):
    """A table that is too busy to delete."""

    def write(self, write: Write) -> Item:
        if write.operation == "Delete":
            raise TableThrottled("the table is too busy")
        return super().write(write)


def test_a_claim_that_cannot_be_released_hides_no_refusal(
    asking: Api, group: str, hook: Hook, table: Table, clock: Clock
) -> None:
    hook.decision = pre_action.PreActionDecision(rejected=True)
    busy = replace(asking, context=replace(asking.context, table=Unreleasing(table._client, table._name)))
    assert say(busy, group).body["code"] == 50056
    assert say(asking, group).error == UNDER_WAY
    clock.tick(seconds=requests.MAX_CLAIM)
    hook.decision = pre_action.PROCEED
    assert say(asking, group).status == 201


# --- conversations with their participants

GROUP = [
    ("Participant", json.dumps({"identity": "jane", "messaging_binding": {"projected_address": P}})),
    ("Participant", json.dumps({"messaging_binding": {"address": A}})),
    ("Participant", json.dumps({"messaging_binding": {"address": B}})),
]


def make(api: Api, form: Pairs = GROUP, key: str = "k1") -> Reply:
    return keyed(api, key).post("/ConversationWithParticipants", form)


def test_a_repeat_makes_no_second_conversation(api: Api, table: Table, clock: Clock) -> None:
    form = [*GROUP, ("UniqueName", "elm")]
    first = make(api, form)
    assert first.status == 202
    assert_replayed(first, make(api, form))
    activate(table, first.body["sid"], clock())
    assert_replayed(first, make(api, form))
    assert len(api.get("/Conversations").body["conversations"]) == 1
    assert make(api, form, "k2").status == 409
    assert make(api, [*GROUP, ("UniqueName", "oak")]).error == REUSED


def test_a_repeat_has_no_other_order_of_participants(api: Api) -> None:
    make(api, MEMBERS)
    assert make(api, MEMBERS[::-1]).error == REUSED


FETCH = [*GROUP, ("IfExists", "fetch")]


@pytest.mark.parametrize("form", [MEMBERS, GROUP, FETCH, [*MEMBERS, ("UniqueName", "elm")]])
def test_of_two_conversations_at_once_one_is_made(api: Api, table: Table, form: Pairs) -> None:
    answers: list[Reply] = []
    faster = Racing(table, 1, LABEL, lambda: answers.append(make(api, form)))
    slower = make(replace(api, context=replace(api.context, table=faster)), form)
    assert_replayed(answers[0], slower)
    assert len(api.get("/Conversations").body["conversations"]) == 1


@pytest.mark.parametrize("form", [MEMBERS, GROUP, FETCH])
def test_a_person_makes_one_conversation(api: Api, form: Pairs) -> None:
    jane = acting(api, "jane")
    first = make(jane, form)
    assert first.status == 202, first.body
    assert_replayed(first, make(jane, form))
    assert len(api.get("/Conversations").body["conversations"]) == 1
    assert REPLAYED not in make(acting(api, "john"), form).headers


def test_a_conversation_that_was_fetched_is_answered_again(api: Api, group: str) -> None:
    form = [
        ("IfExists", "fetch"),
        ("Participant", json.dumps({"identity": "agent", "messaging_binding": {"projected_address": P}})),
        *GROUP[1:],
    ]
    first = make(api, form)
    assert (first.status, first.body["sid"]) == (200, group)
    close(api, group)
    assert_replayed(first, make(api, form))
    assert make(api, form, "k2").status == 202


def test_who_may_no_longer_create_conversations_gets_no_answer_again(api: Api) -> None:
    jane = acting(api, "jane")
    assert make(jane, MEMBERS).status == 202
    restrict(api, "jane")
    assert make(jane, MEMBERS).status == 403


# --- contacts


def test_a_contact_is_created_once(api: Api) -> None:
    form = {"FriendlyName": "Bob Miller", "Numbers": json.dumps([{"number": A}])}
    first = keyed(api).post("/Contacts", form)
    assert first.status == 201
    assert_replayed(first, keyed(api).post("/Contacts", form))
    assert keyed(api, "k2").post("/Contacts", form).status == 409
    assert keyed(api).post("/Contacts", {**form, "FriendlyName": "Bob"}).error == REUSED
    assert len(api.get("/Contacts").body["contacts"]) == 1


def test_of_two_contacts_at_once_one_is_created(api: Api, table: Table) -> None:
    answers: list[Reply] = []

    def create(caller: Api) -> Reply:
        return keyed(caller).post("/Contacts", {"FriendlyName": "Bob Miller"})

    faster = Racing(table, 1, LABEL, lambda: answers.append(create(api)))
    slower = create(replace(api, context=replace(api.context, table=faster)))
    assert_replayed(answers[0], slower)


# --- uploads

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def upload(
    api: Api, content: bytes = PNG, query: Mapping[str, str] = {}, content_type: str = "image/png", **headers: str
) -> Reply:
    named = {**api.headers, "Authorization": api.authorization or "", "Content-Type": content_type, **headers}
    event = proxy_event("POST", "/v1/Media", query.items(), named)
    return api.send({**event, "body": base64.b64encode(content).decode(), "isBase64Encoded": True})


def files(api: Api) -> Files:
    assert isinstance(api.context.bucket, Files)
    return api.context.bucket


def multipart(boundary: str, name: str = "roof.png") -> tuple[bytes, str]:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + PNG + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def test_a_file_is_stored_once(api: Api) -> None:
    first = upload(keyed(api), query={"Filename": "roof.png"})
    assert first.status == 201
    assert_replayed(first, upload(keyed(api), query={"Filename": "roof.png"}))
    assert len(files(api).stored) == 1


def test_a_repeated_form_has_another_boundary(api: Api) -> None:
    (body, kind), (again, kind_again) = multipart("one"), multipart("two")
    first = upload(keyed(api), body, content_type=kind)
    assert_replayed(first, upload(keyed(api), again, content_type=kind_again))
    other, kind_other = multipart("two", "wall.png")
    assert upload(keyed(api), other, content_type=kind_other).error == REUSED


@pytest.mark.parametrize(
    ("content", "query", "content_type"),
    [
        (PNG + b"x", {"Author": "jane"}, "image/png"),
        (PNG, {"Author": "john"}, "image/png"),
        (PNG, {}, "image/png"),
        (PNG, {"Author": "jane"}, "application/octet-stream"),
        (b"", {"Author": "jane"}, "image/png"),
    ],
)
def test_another_file_is_refused(api: Api, content: bytes, query: dict[str, str], content_type: str) -> None:
    assert upload(keyed(api), PNG, {"Author": "jane"}).status == 201
    assert upload(keyed(api), content, query, content_type).error == REUSED
    assert len(files(api).stored) == 1


class Meanwhile(Files):
    """A bucket that something happens in front of."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self._happens = happens

    def put(self, key: str, content: bytes, content_type: str, filename: str | None = None) -> None:
        self._happens()
        super().put(key, content, content_type, filename)


def test_a_repeat_while_the_file_is_stored_comes_back_later(api: Api) -> None:
    meanwhile: list[Reply] = []
    slow = replace(api.context, bucket=Meanwhile(lambda: meanwhile.append(upload(keyed(api)))))
    first = upload(keyed(replace(api, context=slow)))
    assert (meanwhile[0].error, meanwhile[0].headers["Retry-After"]) == (UNDER_WAY, "2")
    assert_replayed(first, upload(keyed(api)))


def test_a_file_that_was_not_stored_leaves_its_key_free(api: Api, table: Table) -> None:
    def fail() -> None:
        raise OSError

    broken = replace(api.context, bucket=Meanwhile(fail))
    assert upload(keyed(replace(api, context=broken))).status == 500
    assert recorded(table) == []
    assert upload(keyed(api)).status == 201


def test_a_person_stores_a_file_once(api: Api) -> None:
    jane, john = acting(api, "jane"), acting(api, "john")
    first = upload(keyed(jane))
    assert_replayed(first, upload(keyed(jane)))
    assert upload(keyed(john)).body["sid"] != first.body["sid"]
    assert upload(keyed(jane), query={"Author": "john"}).status == 403
