"""The API and the carriers' side over a real table with its stream, and all that the relay tells of what they do."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from partyline.api.scheduled_sending import ScheduledSender
from partyline.carriers.base import DeliveryReport, InboundMedia, InboundText
from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.webhook_configuration import POST_EVENTS
from partyline.http_client import HttpRequest, HttpResponse
from partyline.inbound import recorder
from partyline.inbound.recorder import RecordResult
from partyline.lifecycle import activation, expiry
from partyline.outbound import delivery_reports
from partyline.queues.queue_messages import Callback, ImportRun, Push, Removed
from partyline.storage import connections, lines, messages
from partyline.storage.batch_read import BatchRead
from partyline.storage.connections import Connection
from partyline.storage.listeners import UnconnectedServices
from partyline.storage.service_settings import ConfirmedSettings, SettingsCache
from partyline.storage.table import Table
from partyline.stream import relay as stream_relay
from partyline.webhooks import pre_action
from partyline.webhooks.fan_out import FanOut
from partyline.webhooks.pre_action import ConsultAll
from partyline.webhooks.receivers import Receivers
from tests.support.api_harness import (
    ACCOUNT,
    TOKEN,
    Api,
    Clock,
    P,
    Pairs,
    Q,
    T,
    build_context,
    sweep_nothing,
)

SERVICE = sids.default_service(ACCOUNT)
HOOK = "https://hooks.example.com/account"
ENABLED = {"X-Twilio-Webhook-Enabled": "true"}


@dataclass(frozen=True)
class Call:
    """A call that was queued: in the turn of a conversation or user."""

    subject: str
    callback: Callback

    @property
    def url(self) -> str:
        return self.callback.url

    @property
    def type(self) -> str:
        return self.callback.parameters["EventType"]

    @property
    def index(self) -> int:
        return int(self.callback.parameters["Index"])

    def __getitem__(self, name: str) -> str | None:
        return self.callback.parameters.get(name)


@dataclass
class World:
    """The API, and the events that it publishes. `api` is the account over REST without the header, `enabled` with it.
    Pre-action webhooks let everything happen; `asked` is what they were asked."""

    table: Table
    clock: Clock
    news: Callable[[], list[dict[str, Any]]]
    api: Api
    ask_all: ConsultAll
    asked: list[dict[str, str]]
    pushed: list[tuple[Push, str]] = field(default_factory=list)
    cleaned: list[Removed] = field(default_factory=list)
    imported: list[ImportRun] = field(default_factory=list)
    _calls: list[Call] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=itertools.count)
    settings: SettingsCache = field(init=False)
    unconnected: UnconnectedServices = field(init=False)

    def __post_init__(self) -> None:
        self.settings = SettingsCache(self.table, self.clock)
        self.unconnected = UnconnectedServices(self.table, self.clock)

    @property
    def enabled(self) -> Api:
        return replace(self.api, headers=ENABLED)

    # --- live connections

    def listen(self, *events: str, url: str = HOOK, service: str | None = None, method: str = "POST") -> None:
        """Configure the webhook of the account, or of a Service, for some events or all that follow."""
        prefix = f"/Services/{service}" if service else ""
        filters = [("Filters", event) for event in events or POST_EVENTS]
        form: Pairs = [("PostWebhookUrl", url), ("Method", method), *filters]
        assert self.api.post(f"{prefix}/Configuration/Webhooks", form).status == 200

    def hook(self, conversation: str, *events: str, url: str, replay_after: int | None = None) -> str:
        """The SID of a new webhook of a conversation."""
        filters = [("Configuration.Filters", event) for event in events or POST_EVENTS]
        return self._hook(conversation, [("Target", "webhook"), *filters], url, replay_after)

    def trigger(self, conversation: str, *words: str, url: str, replay_after: int | None = None) -> str:
        """The same with keywords."""
        triggers = [("Configuration.Triggers", word) for word in words]
        return self._hook(conversation, [("Target", "trigger"), *triggers], url, replay_after)

    def _hook(self, conversation: str, form: list[tuple[str, str]], url: str, replay_after: int | None) -> str:
        replay = [] if replay_after is None else [("Configuration.ReplayAfter", str(replay_after))]
        path = f"/Conversations/{conversation}/Webhooks"
        return str(self.api.made(path, [*form, ("Configuration.Url", url), *replay])["sid"])

    def connect(self, identity: str) -> None:
        """Have an identity listen live."""
        until = int(self.clock().timestamp()) + 3600
        assert connections.register(
            self.table, Connection(f"c-{identity}", SERVICE, identity, "SK1", until), self.clock()
        )

    # --- what carriers bring

    def text(
        self,
        sender: str,
        *recipients: str,
        line: str = P,
        body: str = "hello",
        media: int = 0,
        id: str | None = None,
    ) -> RecordResult:
        """A handset's text, as its carrier brings it."""
        parts = tuple(InboundMedia(f"https://carrier.example/{number}.jpg", "image/jpeg") for number in range(media))
        carrier = "telnyx" if line == T else "bandwidth"
        arrived = InboundText(carrier, id or f"carrier-{next(self._ids)}", line, sender, recipients, body, parts)
        inbound = recorder.InboundRecorder(self.table, SERVICE, self.api.context.ask, self.settings)
        return inbound.record(arrived, self.clock())

    def report(self, message: dict[str, Any], recipient: str, status: ReceiptStatus, code: int = 0) -> None:
        """What a carrier reports of a message that went into one thread."""
        found = messages.fetch(self.table, message["conversation_sid"], message["sid"])
        assert found
        [send] = found.message.sends
        tag = found.message.reference(send).tag
        report = DeliveryReport("bandwidth", "carrier-out", recipient, status, code, None, tag)
        delivery_reports.apply_report(self.table, report, self.clock())

    # --- time

    def watch(self) -> None:
        """What the function does that looks once a minute."""
        sender = ScheduledSender(self.api.context)
        runner = expiry.TimerRunner(
            self.table, self.clock, self._activate, _unexpected, sender.send, sweep_nothing, lambda: True
        )
        runner.run()

    # --- published events

    def relay(self, *, times: int = 1) -> list[Call]:
        """Relay what is new in the stream, each record so many times; the calls that were queued, in order."""
        before = len(self._calls)
        while records := self.news():
            stream = self._build_relay(records)
            for record in records:
                for _ in range(times):
                    stream.relay(record)
        return self._calls[before:]

    def _build_relay(self, records: Sequence[dict[str, Any]]) -> stream_relay.StreamRelay:
        """The relay of one batch of records."""
        fan_out = self.build_fan_out(stream_relay.list_conversations(records))
        return stream_relay.StreamRelay(
            enqueue_send=lambda group, deduplication_id, body: None,
            fetch_media=lambda reference: None,
            activate=self._activate,
            publish=lambda happening, name: _ignore(fan_out.publish(happening, name)),
            publish_receipt=lambda receipt: _ignore(fan_out.publish_receipt(receipt)),
            clean_up=self.cleaned.append,
            run_import=self.imported.append,
            catch_up=lambda run: None,
            refresh_inbox=lambda service_sid, sid: None,
            order_texts=lambda service_sid, on: None,
            note_holder=lambda service_sid, number: None,
        )

    @property
    def fan_out(self) -> FanOut:
        """The fan-out of a batch without receipts."""
        return self.build_fan_out()

    def build_fan_out(self, conversation_sids: Collection[str] = ()) -> FanOut:
        """The fan-out of one batch. What is kept is kept from batch to batch, as the relay keeps it."""
        read = BatchRead(self.table, conversation_sids)
        settings = ConfirmedSettings(self.settings, read.fetch_settings_version)
        return FanOut(
            self.table,
            Receivers(self.table, read, settings, self.unconnected),
            ACCOUNT,
            enqueue_callback=lambda subject, callback: self._calls.append(Call(subject, callback)),
            enqueue_push=lambda pushed, name: self.pushed.append((pushed, name)),
        )

    def _activate(self, sid: str) -> None:
        activation.Activator(self.table, self.ask_all, self.clock).activate(sid)


def _ignore(_: object) -> None:
    pass


def _unexpected(*given: object) -> None:
    raise AssertionError(given)


def _news(name: str) -> list[dict[str, Any]]:
    """What is new in a table's stream: every change, in order, with both images.

    Read where moto keeps it, and taken away there: moto copies all of it for each transaction.
    """
    shard = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables[name].stream_shard
    assert shard
    records = [record.to_json() for record in shard.items]
    shard.items.clear()
    return [{"eventName": record["eventName"], "dynamodb": _change(record)} for record in records]


def _change(record: dict[str, Any]) -> dict[str, Any]:
    """A change as a function gets it: the moment in Unix time."""
    change = record["dynamodb"]
    return {**change, "ApproximateCreationDateTime": change["ApproximateCreationDateTime"].timestamp()}


def beginning(client: Any, name: str, clock: Clock) -> World:
    """A world with three lines: P and Q make conversations of groups, T of everything."""
    table = Table(client, name)
    for address, carrier, mode in (
        (P, "bandwidth", AutoCreation.GROUPS),
        (Q, "bandwidth", AutoCreation.GROUPS),
        (T, "telnyx", AutoCreation.ALL),
    ):
        lines.register(table, Line(sids.new(sids.LINE), address, carrier, clock(), clock(), mode))
    asked: list[dict[str, str]] = []

    def send(request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        asked.append(dict(parse_qsl(request.body.decode(), keep_blank_values=True)))
        return HttpResponse(200, b"")

    asker = pre_action.PreActionWebhook(ACCOUNT, lambda: TOKEN, send)
    context = replace(build_context(table, clock), ask=asker.consult)
    world = World(table, clock, partial(_news, name), Api(context), asker.consult_all, asked)
    # The account's settings are made by the first request.
    world.api.get("/Configuration")
    world.relay()
    return world
