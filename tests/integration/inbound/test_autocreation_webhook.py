"""A text that would make a conversation, or come into one, and the pre-action webhook that is asked about it first."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest

from partyline.carriers.base import InboundMedia, InboundText
from partyline.domain import sids, threads
from partyline.domain.lines import AddressConfiguration, AutoCreation, Line
from partyline.domain.services import Configuration, build_service
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.domain.webhook_configuration import PRE_EVENTS, WebhookConfiguration
from partyline.errors import Conflict, RequestError, RequestFailed, RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse
from partyline.inbound import recorder, webhook_handler
from partyline.inbound.recorder import RecordOutcome, RecordResult
from partyline.observability import metrics
from partyline.storage import (
    conversation_lists,
    conversations,
    keys,
    lines,
    messages,
    queries,
    services,
    unrouted,
    webhooks,
)
from partyline.storage.keys import Key
from partyline.storage.queries import Window
from partyline.storage.service_settings import SettingsCache
from partyline.storage.table import Table, change
from partyline.webhooks import pre_action
from tests.support.aws_requests import AwsRequest

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ACCOUNT = "AC" + "0" * 32
SERVICE = sids.default_service(ACCOUNT)
P, Q, R = "+12065550100", "+12065550101", "+12065550110"
A, B, C = "+12065550150", "+12065550151", "+12065550152"
IDS = itertools.count()


def answered(body: str, status: int = 200, *, complete: bool = True) -> HttpResponse:
    return HttpResponse(status, body.encode(), complete=complete)


@dataclass
class Hook:
    """A receiver. `meanwhile` happens while it thinks, once."""

    answer: HttpResponse | RequestError = field(default_factory=lambda: answered(""))
    meanwhile: Callable[[], object] | None = None
    next: HttpResponse | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        self.asked.append(dict(parse_qsl(request.body.decode())))
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        answer, self.answer, self.next = self.answer, self.next or self.answer, None
        if isinstance(answer, RequestError):
            raise answer
        return answer

    def port(self) -> pre_action.Consult:
        return pre_action.PreActionWebhook(ACCOUNT, lambda: "token", self).consult


@pytest.fixture
def own(table: Table) -> Table:
    """A table with lines and with a pre-action webhook of the account."""
    for address, mode in ((P, AutoCreation.GROUPS), (Q, AutoCreation.GROUPS), (R, AutoCreation.ALL)):
        lines.register(table, Line(sids.new(sids.LINE), address, "bandwidth", NOW, NOW, mode))
    configure(table, keys.account_webhooks())
    return table


def configure(table: Table, key: Key, url: str = "https://hooks.example.com/pre") -> None:
    webhooks.configure(table, key, WebhookConfiguration(), WebhookConfiguration(pre_url=url, filters=PRE_EVENTS))


@pytest.fixture
def hook() -> Hook:
    return Hook()


def text(sender: str, *recipients: str, line: str = P, body: str = "hello", media: int = 0) -> InboundText:
    pictures = tuple(InboundMedia(f"https://carrier.example/{number}.jpg", "image/jpeg") for number in range(media))
    return InboundText("bandwidth", f"id-{next(IDS)}", line, sender, recipients, body, pictures)


def record(table: Table, inbound: InboundText, hook: Hook) -> RecordResult:
    return recorder.InboundRecorder(table, SERVICE, hook.port()).record(inbound, NOW)


def everything(table: Table, service: str = SERVICE) -> list[tuple[str | None, list[str | None]]]:
    """The conversations, by name and with what was said in them."""
    found = [one for _, one in conversation_lists.page(table, service, Window(100)).entries]
    said = {one.sid: messages.page(table, one.sid, size=100).messages for one in found}
    return [(one.friendly_name, [each.message.body for each in said[one.sid]]) for one in found]


def list_unrouted(table: Table) -> list[UnroutedText]:
    return [one for _, one in queries.unrouted(table, Window(100)).entries]


# --- asked


def test_a_group_text_is_asked_about_with_everything_it_brings(own: Table, hook: Hook) -> None:
    made = record(own, text(A, P, B, body="hi all", media=1), hook)
    assert made.outcome is RecordOutcome.CREATED
    [asked] = hook.asked
    media = json.loads(asked.pop("Media"))
    assert asked == {
        "AccountSid": ACCOUNT,
        "MessagingServiceSid": sids.default_messaging_service(ACCOUNT),
        "EventType": "onConversationAdd",
        "Source": "SMS",
        "RetryCount": "0",
        "ChatServiceSid": SERVICE,
        "Attributes": "{}",
        "State": "active",
        "DateCreated": "2026-11-24T12:00:00.000Z",
        "MessagingBinding.Address": f"{P}, {B}",
        "MessagingBinding.AuthorAddress": A,
        "MessageBody": "hi all",
    }
    assert [set(part) for part in media] == [{"Sid", "ContentType", "Filename", "Size"}]


def test_a_strangers_text_is_asked_about_as_a_pair(own: Table, hook: Hook) -> None:
    record(own, text(A, R, line=R), hook)
    [asked] = hook.asked
    assert (asked["MessagingBinding.Address"], asked["MessagingBinding.ProxyAddress"]) == (A, R)


def test_what_is_recorded_is_asked_about_once_and_nothing_else_is(own: Table, hook: Hook) -> None:
    inbound = text(A, P, Q)
    record(own, inbound, hook)
    outcomes = [
        record(own, inbound, hook),
        record(own, text(A, P, Q, line=Q), hook),
        record(own, text(A, P, Q, body="more"), hook),
        record(own, text(A, P), hook),
        record(own, text(A, "+12065559999", line="+12065559999"), hook),
    ]
    assert [one.outcome for one in outcomes] == [
        RecordOutcome.REPEATED,
        RecordOutcome.COPIED,
        RecordOutcome.RECORDED,
        RecordOutcome.UNROUTED,
        RecordOutcome.UNROUTED,
    ]
    assert [asked["EventType"] for asked in hook.asked] == ["onConversationAdd", "onMessageAdd"]


def test_the_webhook_of_the_service_that_it_would_be_in_is_the_one_that_is_asked(own: Table, hook: Hook) -> None:
    services.create_account(own, SERVICE, NOW)
    service, roles = build_service("Second", NOW, sid=sids.new(sids.SERVICE))
    services.create(own, service, roles)
    webhooks.configure(
        own,
        keys.service_webhooks(service.sid),
        WebhookConfiguration(),
        WebhookConfiguration(post_url="https://hooks.example.com/post", filters=PRE_EVENTS),
    )
    line = lines.fetch(own, [P])[P]
    given = AddressConfiguration(sids.new(sids.ADDRESS_CONFIGURATION), NOW, NOW, service_sid=service.sid)
    lines.update(own, line, replace(line, configuration=given))
    record(own, text(A, P, B), hook)
    assert hook.asked == []
    record(own, text(A, Q, B, line=Q), hook)
    assert [one["ChatServiceSid"] for one in hook.asked] == [SERVICE]
    services.configure(own, Configuration(SERVICE), Configuration(service.sid))
    record(own, text(C, Q, B, line=Q), hook)
    assert len(hook.asked) == 1
    services.remove(own, SERVICE)
    assert record(own, text(C, Q, A, line=Q), hook).outcome is RecordOutcome.CREATED


@pytest.mark.parametrize("first", [True, False])
def test_a_services_own_webhook_is_asked_instead_of_the_accounts(own: Table, hook: Hook, first: bool) -> None:
    sid = SERVICE
    services.create_account(own, SERVICE, NOW)
    if not first:
        service, roles = build_service("Second", NOW, sid=sids.new(sids.SERVICE))
        services.create(own, service, roles)
        services.configure(own, Configuration(SERVICE), Configuration(service.sid))
        sid = service.sid
    configure(own, keys.service_webhooks(sid), "https://own.example.com/pre")
    urls: list[str] = []

    def send(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        urls.append(request.url)
        return answered("")

    port = pre_action.PreActionWebhook(ACCOUNT, lambda: "token", send).consult
    recorder.InboundRecorder(own, SERVICE, port).record(text(A, P, B), NOW)
    assert urls == ["https://own.example.com/pre"]


def test_asking_costs_no_round_trip_more(own: Table, hook: Hook, requests_made: list[AwsRequest]) -> None:
    services.create_account(own, SERVICE, NOW)
    recording = recorder.InboundRecorder(own, SERVICE, hook.port(), SettingsCache(own, lambda: NOW))
    recording.record(text(A, P, C), NOW)
    requests_made.clear()
    recording.record(text(A, P, B), NOW)
    assert [one.operation for one in requests_made] == ["BatchGetItem", "BatchGetItem", "TransactWriteItems"]


# --- answered


@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_rejected_text_is_stored_and_creates_no_conversation(own: Table, hook: Hook, status: int) -> None:
    hook.answer = answered("", status)
    inbound = text(A, P, B, body="spam", media=1)
    assert record(own, inbound, hook) == RecordResult(RecordOutcome.UNROUTED, reason=UnroutedReason.REJECTED)
    [one] = list_unrouted(own)
    assert (one.reason, one.body, one.sender, one.recipients) == (UnroutedReason.REJECTED, "spam", A, (P, B))
    assert len(one.media) == 1
    assert everything(own) == []
    assert record(own, inbound, hook).outcome is RecordOutcome.REPEATED
    assert len(hook.asked) == 1
    assert unrouted.fetch(own, one.sid) == one


def test_rejected_group_with_two_own_numbers_is_consulted_and_stored_once(own: Table, hook: Hook) -> None:
    hook.answer = answered("", 403)
    outcomes = [record(own, text(A, P, Q, line=line), hook).outcome for line in (P, Q)]
    assert outcomes == [RecordOutcome.UNROUTED, RecordOutcome.COPIED]
    assert (len(hook.asked), len(list_unrouted(own)), everything(own)) == (1, 1, [])


def test_after_a_rejection_the_next_text_is_asked_about_anew(own: Table, hook: Hook) -> None:
    hook.answer = answered("", 403)
    record(own, text(A, P, B, body="one"), hook)
    hook.answer = answered("")
    assert record(own, text(A, P, B, body="two"), hook).outcome is RecordOutcome.CREATED
    assert everything(own) == [(None, ["two"])]


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ('{"friendly_name": "Elm St 5"}', "Elm St 5"),
        ('{"friendly_name": ""}', None),
        ('{"friendly_name": null, "state": "closed"}', None),
        (json.dumps({"friendly_name": "x" * 256}), "x" * 256),
        (json.dumps({"friendly_name": "x" * 257}), None),
    ],
)
def test_a_conversation_has_the_name_that_the_webhook_gives_it(
    own: Table, hook: Hook, answer: str, name: str | None
) -> None:
    hook.answer = answered(answer)
    made = record(own, text(A, P, B), hook)
    found = conversations.fetch(own, made.conversation_sid)
    assert found
    assert found.friendly_name == name
    assert everything(own) == [(name, ["hello"])]


@pytest.mark.parametrize(
    "answer",
    [
        RequestTimedOut("late"),
        RequestFailed("gone"),
        answered("", 302),
        answered("rubbish"),
        answered('{"friendly_name": "x', complete=False),
    ],
)
def test_without_an_answer_the_conversation_is_made(
    own: Table, hook: Hook, answer: HttpResponse | RequestError
) -> None:
    hook.answer = answer
    assert record(own, text(A, P, B), hook).outcome is RecordOutcome.CREATED
    assert everything(own) == [(None, ["hello"])]


# --- while it thinks


@pytest.mark.parametrize("status", [200, 403])
def test_a_webhook_that_is_repeated_while_it_is_asked_about_ends_as_one(own: Table, hook: Hook, status: int) -> None:
    hook.answer = answered("", status)
    inbound = text(A, P, B)
    hook.meanwhile = lambda: record(own, inbound, hook)
    assert record(own, inbound, hook).outcome is RecordOutcome.REPEATED
    assert len(hook.asked) == 2
    assert len(everything(own)) + len(list_unrouted(own)) == 1


@pytest.mark.parametrize("status", [200, 403])
def test_the_copy_at_another_own_number_that_comes_meanwhile_ends_as_one(own: Table, hook: Hook, status: int) -> None:
    hook.answer = answered("", status)
    hook.meanwhile = lambda: record(own, text(A, P, Q, line=Q), hook)
    assert record(own, text(A, P, Q, line=P), hook).outcome is RecordOutcome.COPIED
    assert len(everything(own)) + len(list_unrouted(own)) == 1


def test_of_two_first_texts_one_makes_the_conversation_and_the_other_joins_it(own: Table, hook: Hook) -> None:
    hook.meanwhile = lambda: record(own, text(B, P, A, body="first"), hook)
    assert record(own, text(A, P, B, body="second"), hook).outcome is RecordOutcome.RECORDED
    assert everything(own) == [(None, ["first", "second"])]


def test_rejected_text_joins_a_conversation_that_was_created_meanwhile(own: Table, hook: Hook) -> None:
    def meanwhile() -> None:
        assert record(own, text(B, P, A, body="first"), hook).outcome is RecordOutcome.CREATED
        hook.answer = answered("", 403)
        hook.next = answered("")

    hook.meanwhile = meanwhile
    assert record(own, text(A, P, B, body="second"), hook).outcome is RecordOutcome.RECORDED
    assert (everything(own), list_unrouted(own)) == ([(None, ["first", "second"])], [])


def test_a_text_that_loses_races_is_asked_about_once(own: Table, hook: Hook) -> None:
    hook.answer = answered('{"friendly_name": "Elm St 5"}')

    class Busy(Table):
        """Two times another transaction is under way."""

        left = 2

        def __init__(self) -> None:
            self.__dict__.update(own.__dict__)

        def transact(self, writes: Any) -> None:
            self.left -= 1
            if self.left >= 0:
                raise Conflict({})
            super().transact(writes)

    assert record(Busy(), text(A, P, B), hook).outcome is RecordOutcome.CREATED
    assert len(hook.asked) == 1
    assert everything(own) == [("Elm St 5", ["hello"])]


def test_rejected_unrouted_and_keyword_texts_have_own_metrics(own: Table, hook: Hook) -> None:
    metrics.counted.clear()
    hook.answer = answered("", 403)
    for taken in (text(A, P, B), text(A, P), text(A, P, body="HELP")):
        webhook_handler.WebhookHandler(own, recorder.InboundRecorder(own, SERVICE, hook.port())).record_text(taken, NOW)
    counted = {name for name in metrics.counted if name.startswith("Text")}
    assert counted == {"TextRejected", "TextUnrouted", "TextKeyword"}
    metrics.counted.clear()


# --- into a conversation that is there


@pytest.fixture
def there(own: Table, hook: Hook) -> str:
    """A group in which somebody has written."""
    made = record(own, text(A, P, B, body="first"), hook)
    hook.asked.clear()
    return made.conversation_sid


def said(table: Table, sid: str) -> list[tuple[str, str | None, str]]:
    """Author, body and attributes of what a conversation holds."""
    page = messages.page(table, sid, size=100).messages
    return [(each.message.author, each.message.body, each.message.attributes) for each in page]


def test_a_text_into_a_conversation_is_asked_about_as_a_message(own: Table, hook: Hook, there: str) -> None:
    record(own, text(B, P, A, body="second"), hook)
    [asked] = hook.asked
    assert asked.pop("ParticipantSid").startswith("MB")
    assert asked == {
        "AccountSid": ACCOUNT,
        "MessagingServiceSid": sids.default_messaging_service(ACCOUNT),
        "EventType": "onMessageAdd",
        "Source": "SMS",
        "RetryCount": "0",
        "ChatServiceSid": SERVICE,
        "ConversationSid": there,
        "Author": B,
        "Body": "second",
        "Attributes": "{}",
    }


def test_changed_text_is_stored_and_its_author_stays(own: Table, hook: Hook, there: str) -> None:
    changes = {"body": "(moderated)", "attributes": {"rude": True}, "author": "somebody else"}
    hook.answer = answered(json.dumps(changes))
    record(own, text(B, P, A, body="rude"), hook)
    assert said(own, there)[1:] == [(B, "(moderated)", '{"rude": true}')]


@pytest.mark.parametrize(
    "changes", [{"body": "x" * 32_769}, {"attributes": "{"}, {"attributes": json.dumps("x" * 4096)}]
)
def test_a_change_that_would_be_refused_of_a_caller_is_not_made(
    own: Table, hook: Hook, there: str, changes: dict[str, str]
) -> None:
    hook.answer = answered(json.dumps(changes))
    assert record(own, text(B, P, A, body="second"), hook).outcome is RecordOutcome.RECORDED
    assert said(own, there)[1:] == [(B, "second", "{}")]


@pytest.mark.parametrize("status", [400, 403, 500])
def test_rejected_text_is_stored_outside_its_conversation(own: Table, hook: Hook, there: str, status: int) -> None:
    hook.answer = answered("", status)
    inbound = text(B, P, A, body="spam")
    assert [record(own, inbound, hook).outcome for _ in range(2)] == [RecordOutcome.UNROUTED, RecordOutcome.REPEATED]
    assert [(one.reason, one.body, one.sender) for one in list_unrouted(own)] == [(UnroutedReason.REJECTED, "spam", B)]
    assert len(said(own, there)) == 1
    hook.answer = answered("")
    record(own, text(A, P, B, body="second"), hook)
    assert [body for _, body, _ in said(own, there)] == ["first", "second"]


@pytest.mark.parametrize("answer", [RequestTimedOut("late"), RequestFailed("gone"), answered("", 307)])
def test_without_an_answer_a_text_comes_in_as_it_is(
    own: Table, hook: Hook, there: str, answer: HttpResponse | RequestError
) -> None:
    hook.answer = answer
    record(own, text(B, P, A, body="second"), hook)
    assert [body for _, body, _ in said(own, there)] == ["first", "second"]


def test_a_text_into_another_service_is_asked_about_there_only(own: Table, hook: Hook) -> None:
    services.create_account(own, SERVICE, NOW)
    second = build_service("Second", NOW, sid=sids.new(sids.SERVICE))
    services.create(own, *second)
    line = lines.fetch(own, [P])[P]
    given = AddressConfiguration(sids.new(sids.ADDRESS_CONFIGURATION), NOW, NOW, service_sid=second[0].sid)
    lines.update(own, line, replace(line, configuration=given))
    configure(own, keys.service_webhooks(second[0].sid), "https://hooks.example.com/second")
    urls: list[str] = []

    def send(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        urls.append(request.url)
        return answered("")

    port = pre_action.PreActionWebhook(ACCOUNT, lambda: "token", send).consult
    for body in ("first", "second"):
        recorder.InboundRecorder(own, SERVICE, port).record(text(A, P, B, body=body), NOW)
    assert urls == ["https://hooks.example.com/second"] * 2


def test_a_repeat_that_comes_while_a_text_is_asked_about_ends_as_one(own: Table, hook: Hook, there: str) -> None:
    inbound = text(B, P, A, body="second")
    hook.meanwhile = lambda: record(own, inbound, hook)
    assert record(own, inbound, hook).outcome is RecordOutcome.REPEATED
    assert [body for _, body, _ in said(own, there)] == ["first", "second"]


def test_thread_claimed_by_an_earlier_version_is_consulted_too(own: Table, hook: Hook, there: str) -> None:
    place = keys.thread(threads.digest(threads.build_key([A, B, P])))
    own.write(change("thread", place, {"service_sid": None}))
    hook.answer = answered("", 403)
    assert record(own, text(B, P, A, body="spam"), hook).reason is UnroutedReason.REJECTED
