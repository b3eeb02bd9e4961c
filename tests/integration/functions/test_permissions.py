"""What each function may do to the table is what it does: no call without permission, no permission without a call."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from types import ModuleType
from typing import Any, Self
from urllib.parse import urlencode

import pytest

from partyline.carriers.bandwidth import Bandwidth
from partyline.carriers.base import Accepted, DeliveryReport, FoundMessage, MediaAccess, OutboundText
from partyline.carriers.listing import ListedText
from partyline.carriers.registry import build_reader
from partyline.domain import membership, threads
from partyline.domain.catch_ups import plan_catch_up
from partyline.domain.events import BY_TEXT
from partyline.domain.opt_outs import OptOutChannel, OptOutEvent
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import SendReference
from partyline.errors import Ambiguous
from partyline.inbound.catch_up_runner import CatchUpSource
from partyline.lifecycle import cleanup
from partyline.outbound import delivery_reports
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import catch_ups, conversations, keys, memberships, messages, opt_outs
from partyline.storage.attribute_values import from_dynamo
from partyline.storage.batch_read import BatchRead
from partyline.storage.listeners import UnconnectedServices
from partyline.storage.service_settings import ConfirmedSettings, SettingsCache
from partyline.storage.table import Table, change
from partyline.webhooks.fan_out import FanOut
from partyline.webhooks.pre_action import PreActionDecision
from partyline.webhooks.receivers import Receivers
from tests.integration.functions.conftest import Context, event, granted
from tests.support.files import Files
from tests.support.scene import Outbound
from tests.support.sessions import GUARD, Browser, SessionWorld
from tests.support.stored_events import list_batches

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Load = Callable[[str], ModuleType]


def api(conversations_app: ModuleType, method: str, path: str, **form: str) -> dict[str, Any]:
    sample = event("conversations/create-conversation")
    body = urlencode({name.replace("__", "."): value for name, value in form.items()})
    answer: dict[str, Any] = conversations_app.handler(
        {**sample, "httpMethod": method, "path": f"/v1/{path}", "body": body}, Context()
    )
    assert answer["statusCode"] < 300, answer
    return answer


def sid_in(answer: dict[str, Any], prefix: str) -> str:
    found = re.search(rf'"sid": "({prefix}[0-9a-f]{{32}})"', answer["body"])
    assert found
    return found[1]


@pytest.fixture
def group(function: Load, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, str, str]:
    """The API's function, a conversation of a group and a message in it, all made through the API."""
    monkeypatch.setenv("AUTH_SECRET_ARN", "carriers")
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    monkeypatch.setenv("GROUP_LIMIT", "10")
    app = function("conversations")
    api(app, "POST", "Lines", Address="+12065550100", Carrier="bandwidth", AutoCreation="groups")
    conversation = sid_in(api(app, "POST", "Conversations", UniqueName="elm"), "CH")
    people = f"Conversations/{conversation}/Participants"
    api(app, "POST", people, Identity="agent", MessagingBinding__ProjectedAddress="+12065550100")
    api(app, "POST", people, MessagingBinding__Address="+12065550150")
    api(app, "POST", people, MessagingBinding__Address="+12065550151")
    message = api(app, "POST", f"Conversations/{conversation}/Messages", Author="agent", Body="hello")
    return app, conversation, sid_in(message, "IM")


def test_the_api(group: tuple[ModuleType, str, str], called: set[str]) -> None:
    app, conversation, message = group
    api(app, "GET", "Conversations/elm")
    api(app, "GET", "Conversations")
    api(app, "GET", f"Conversations/{conversation}/Messages")
    api(app, "POST", f"Conversations/{conversation}", UniqueName="oak")
    api(app, "POST", f"Conversations/{conversation}/Participants/agent", Identity="another")
    api(app, "POST", f"Conversations/{conversation}/Messages/{message}", Body="hi")
    api(app, "DELETE", f"Conversations/{conversation}/Messages/{message}")
    api(app, "DELETE", f"Conversations/{conversation}")
    api(app, "POST", "Lines/+12065550100", AutoCreation="off")
    api(app, "DELETE", "Lines/+12065550100")
    service = sid_in(api(app, "POST", "Services", FriendlyName="Elsewhere"), "IS")
    api(app, "POST", "Configuration", DefaultChatServiceSid=service)
    assert called == granted("conversations")


class Tomorrow(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + timedelta(days=1)


def test_webhooks(
    function: Load,
    group: tuple[ModuleType, str, str],
    called: set[str],
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inbound = function("inbound")
    for name in ("bandwidth-group-text", "bandwidth-two-own-numbers", "bandwidth-malformed", "bandwidth-failed"):
        assert inbound.handler(event(f"inbound/{name}"), Context())["statusCode"] == 200
    # Time has closed its conversation, which is written down before the next text makes another.
    _, conversation, _ = group
    table.write(change("conversation", keys.conversation(conversation), {"closed_after": 1}))
    later = event("inbound/bandwidth-group-text")
    later["body"] = later["body"].replace("sample-bandwidth-1", "sample-bandwidth-later")
    monkeypatch.setattr(inbound.bootstrap, "datetime", Tomorrow)
    assert inbound.handler(later, Context())["statusCode"] == 200
    delivery_reports.apply_report(
        table,
        DeliveryReport("bandwidth", "c-1", "+12065550150", ReceiptStatus.SENT, tag=reference(table, group).tag),
        NOW,
    )
    assert called == granted("inbound")


class Listed:
    """A carrier's list with one text, whose webhook is a sample."""

    is_newest_first = True

    def __init__(self, sample: dict[str, Any], at: datetime) -> None:
        self.sample, self.at = sample, at

    def iterate_pages(self, _line: str, day: date) -> Iterator[list[ListedText]]:
        yield (
            [ListedText(json.loads(self.sample["body"])[0]["message"]["id"], self.at)] if day == self.at.date() else []
        )

    def rebuild_webhook(self, _text_id: str) -> bytes:
        body: str = self.sample["body"]
        return body.encode()


def test_catching_up(
    function: Load,
    group: tuple[ModuleType, str, str],
    called: set[str],
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    catchup = function("catchup")
    now = datetime.now(UTC)
    called.clear()
    table.write(change("conversation", keys.conversation(group[1]), {"closed_after": 1}))
    later = event("inbound/bandwidth-group-text")
    [webhook] = json.loads(later["body"])
    webhook["message"]["time"] = now.isoformat()
    later["body"] = json.dumps([webhook])
    monkeypatch.setattr(catchup.bootstrap, "datetime", Tomorrow)
    source = CatchUpSource(build_reader("bandwidth"), Listed(later, now))
    monkeypatch.setattr(catchup.bootstrap, "build_catch_up_source", lambda *_: source)
    # Rejected, the text is stored under the condition that no other one has made its conversation.
    recorder = replace(catchup.WEBHOOKS.recorder, consult=lambda *_: PreActionDecision(rejected=True))
    monkeypatch.setattr(catchup, "WEBHOOKS", replace(catchup.WEBHOOKS, recorder=recorder))
    tomorrow = now + timedelta(days=1)
    assert catch_ups.start(table, None, plan_catch_up("+12065550100", "bandwidth", now, None, None, tomorrow))
    sample = event("catchup/run")
    sample["Records"][0]["body"] = json.dumps({"line": "+12065550100", "run": 1, "failures": 0})
    assert catchup.handler(sample, Context(milliseconds=300_000)) == {"batchItemFailures": []}
    found = catch_ups.fetch(table, "+12065550100")
    assert found
    assert (found.problem, found.unrouted) == ("", 1)
    assert called == granted("catchup")


def reference(table: Table, group: tuple[ModuleType, str, str]) -> SendReference:
    """The only send of the group's message."""
    found = messages.fetch(table, *group[1:])
    assert found
    return found.message.reference(found.message.sends[0])


def test_events_are_published(group: tuple[ModuleType, str, str], table: Table, called: set[str]) -> None:
    _, conversation, message = group
    client: Any = table._client
    stored = [from_dynamo(item) for item in client.scan(TableName="partyline")["Items"]]
    found = messages.fetch(table, conversation, message)
    assert found
    called.clear()
    read = BatchRead(table)
    settings = ConfirmedSettings(SettingsCache(table, lambda: NOW), read.fetch_settings_version)
    receivers = Receivers(table, read, settings, UnconnectedServices(table, lambda: NOW))
    fan_out = FanOut(table, receivers, ACCOUNT, enqueue_callback=lambda *given: None, enqueue_push=lambda *given: None)
    for number, batch in enumerate(list_batches(stored)):
        fan_out.publish(replace(batch, cause=BY_TEXT), str(number))
    fan_out.publish_receipt(found.receipts[0])
    assert called == granted("relay")


def test_cleaning_up(group: tuple[ModuleType, str, str], table: Table, called: set[str]) -> None:
    app, conversation, _ = group
    found = conversations.fetch(table, conversation)
    assert found
    second = sid_in(api(app, "POST", "Services", FriendlyName="Second"), "IS")
    api(app, "POST", f"Services/{second}/Conversations")
    # Two conversations of one pair: the second one has it to claim once the first one is gone.
    first, _ = pairs = [sid_in(api(app, "POST", "Conversations"), "CH") for _ in range(2)]
    for pair in pairs:
        people = f"Conversations/{pair}/Participants"
        api(app, "POST", people, Identity="ann", MessagingBinding__ProjectedAddress="+12065550100")
        api(app, "POST", people, MessagingBinding__Address="+12065550150")
    api(app, "DELETE", f"Conversations/{first}")
    user = sid_in(api(app, "GET", "Users/ann"), "US")
    api(app, "DELETE", f"Users/{user}")
    person = sid_in(api(app, "POST", "Erasures", Address="+12065550151"), "ER")
    called.clear()
    cleaner = cleanup.Cleaner(table, Files(), clock=lambda: NOW, has_time=lambda: True)
    for removed in (
        Removed(RemovedKind.PERSON, person),
        Removed(RemovedKind.PERSON, person),
        Removed(RemovedKind.USER, user, found.service_sid, "ann"),
        Removed(RemovedKind.SERVICE, second),
        Removed(RemovedKind.CONVERSATION, conversation),
    ):
        assert cleaner.clean_up(removed)
    assert called == granted("cleanup")


class Taking:
    """A carrier that takes everything."""

    name = "bandwidth"
    limits = Bandwidth.limits

    def send(self, text: OutboundText) -> Accepted:
        return Accepted("c-1")

    def authenticate(self, request: Any, now: float) -> None:
        raise NotImplementedError

    def parse(self, request: Any) -> Any:
        raise NotImplementedError

    def find(self, text: OutboundText, carrier_message_id: str) -> FoundMessage | None:
        return None

    def media_access(self) -> MediaAccess:
        raise NotImplementedError


def test_sending(
    group: tuple[ModuleType, str, str], table: Table, called: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    send = reference(table, group)
    line, ann, ben = "+12065550100", "+12065550150", "+12065550151"
    out = OptOutEvent(ben, line, opted_out=True, channel=OptOutChannel.API, at=NOW)
    table.transact(opt_outs.build_writes(None, out))
    monkeypatch.setattr(membership, "MAX_ALIAS_THREADS", 1)
    memberships.claim_alias_thread(table, group[1], threads.build_key([line, ben]), NOW)
    called.clear()
    outbound = Outbound(
        table,
        find_carrier=lambda name: Taking(),
        callback_url=lambda c, t: "",
        clock=lambda: NOW,
        attachments=lambda message, limits, *, group: (),
        rate=lambda carrier: "100",
    )
    outbound.sender.deliver(send)
    outbound.sender.deliver(send)
    outbound.reconciler.reconcile(send)
    job = outbound.loader.load(send)
    assert job
    outbound.settlement.record_opt_outs(job.request(), [ann])
    assert conversations.find_owner(table, threads.build_key([line, ann])) == group[1]
    assert called == granted("outbound")


class Silent(Taking):
    """A carrier that does not say what it did."""

    def send(self, text: OutboundText) -> Accepted:
        raise Ambiguous("no answer")


def test_giving_up(group: tuple[ModuleType, str, str], table: Table, called: set[str]) -> None:
    send = reference(table, group)
    called.clear()
    outbound = Outbound(
        table,
        find_carrier=lambda name: Silent(),
        callback_url=lambda c, t: "",
        clock=lambda: NOW,
        attachments=lambda message, limits, *, group: (),
        rate=lambda carrier: "100",
    )
    outbound.sender.deliver(send)
    assert outbound.reconciler.reconcile(send, last=True) == 2
    assert called <= granted("outbound")


def test_sign_in(function: Load, called: set[str], table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    monkeypatch.setenv("GROUP_LIMIT", "10")
    app = function("signin")
    world = SessionWorld(table)
    provider = world.provider
    provider.now = datetime.now(UTC)
    endpoint = app.SESSIONS
    given = replace(endpoint.sign_in, provider=provider.build(), key_root=lambda: "root")
    world.endpoint = replace(endpoint, sign_in=given)
    browser = Browser(world)
    browser.sign_in("ann")
    browser.token()
    provider.people["ann"].groups = ["limited"]
    browser.token()
    other = Browser(world)
    other.sign_in("ann")
    assert other.ask("POST", "/session/end", headers=GUARD).status == 204
    provider.people["ann"].groups = []
    assert browser.ask_for_token().status == 403
    assert called == granted("signin")
