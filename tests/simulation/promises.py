"""What the README promises, checked of a history: while it happens by every change of the table, and at its end."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from local.carrier.base import Webhook
from partyline.domain import sids, threads
from partyline.domain.conversations import ConversationState
from partyline.domain.sends import SendReference
from partyline.errors import PartylineError
from partyline.storage import (
    conversation_list_keys,
    conversation_lists,
    conversations,
    event_packing,
    format_keys,
    format_level,
)
from partyline.storage.attribute_values import from_dynamo
from partyline.storage.keys import Key, attributes
from partyline.storage.queries import Window
from tests.simulation.descriptions import Descriptions
from tests.simulation.network import ACCOUNT_HOOK, AMBIGUOUS, CarrierRequest
from tests.simulation.world import LINES, World

# The attributes that the log of a history shows.
_TOLD = ("author", "body", "state", "status", "reason", "index", "opted_out", "threads")
_OPEN = ("active", "inactive", "initializing")
# The carriers' words and ours for what ends a text.
_FINAL = ("message-delivered", "message-failed", "delivered", "delivery_failed")
_ENDS = ("delivered", "undelivered", "failed")
# Faults that end an attempt to send, or its knowledge of what it has done.
_ENDING = re.compile("crash|lost")
# Twilio's code of a text whose fate is unknown.
_UNKNOWN = 30008


@dataclass
class Promises:
    """What was seen of a history. `broken` are the promises that it broke."""

    broken: list[str] = field(default_factory=list)
    # How often a text was recorded, as a message or an unrouted one: by sender and body.
    recorded: Counter[tuple[str, str]] = field(default_factory=Counter)
    malformed: list[str] = field(default_factory=list)
    # The messages of each conversation in the order of their recording, and those that are answers to a keyword.
    messages: defaultdict[str, list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    by_sid: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    conversations: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    # (address, line) -> how many changes of the table there had been when it opted out.
    opted_out: dict[tuple[str, str], int] = field(default_factory=dict)
    changes: int = 0
    # That of the stored format.
    level: int = format_level.FIRST
    # What happened, in order, in a line each.
    log: list[str] = field(default_factory=list)
    _recorded_at: dict[str, int] = field(default_factory=dict)
    # The webhooks of conversations: (SID, path) -> how many changes of the table there had been when it was stored.
    _hooks: dict[tuple[str, str], int] = field(default_factory=dict)

    clock: Callable[[], float] = lambda: 0.0
    descriptions: Descriptions = field(init=False)
    # What a report has said of the texts that are not in doubt: (tag, recipient).
    reported: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.descriptions = Descriptions(self.break_, self._now)

    def _now(self) -> float:
        return self.clock()

    def _note(self, *words: object) -> None:
        self.log.append(" ".join([f"{self.clock():8.3f}", *map(str, words)]))

    def break_(self, promise: str, *details: object) -> None:
        broken = ": ".join([promise, " ".join(str(detail) for detail in details)])
        if broken not in self.broken:
            self.broken.append(broken)
            self._note("BROKEN", broken)

    # --- while it happens

    def observe(self, record: Mapping[str, Any]) -> None:
        """See a change of the table."""
        self.changes += 1
        change = record["dynamodb"]
        pk, sk = change["Keys"]["PK"]["S"], change["Keys"]["SK"]["S"]
        after, before = change.get("NewImage"), change.get("OldImage")
        self._observe_form(pk, sk, after)
        self._note(record["eventName"], pk, sk, *_tell(after or before))
        self.descriptions.observe(pk, sk, _decode(after))
        match pk[:2], sk[:2]:
            case "M#", "IM":
                self._observe_message(pk, sk, _decode(before), _decode(after))
            case "C#", "C":
                (self.removed if after is None else self.conversations).add(pk[2:])
            case "C#", "W#" if after and not before:
                self._hooks[pk[2:], urlsplit(from_dynamo(after)["url"]).path] = self.changes
            case "U#", _ if after and not before:
                self._observe_unrouted(from_dynamo(after))
            case "O#", "L#":
                self._observe_opt_out((pk[2:], sk[2:]), _decode(after))

    def _observe_form(self, pk: str, sk: str, after: Mapping[str, Any] | None) -> None:
        """See in which form an item is stored."""
        if Key(pk, sk) == format_keys.format_level():
            self.level = format_level.parse_level(_decode(after))
        elif self.level < format_level.NEWEST and _has_newest_form(Key(pk, sk), after or {}):
            self.break_("an earlier release can read everything until the upgrade is finalized", pk, sk)

    def _observe_unrouted(self, after: Mapping[str, Any]) -> None:
        self.recorded[after.get("sender", ""), after.get("body", "")] += 1
        if after["reason"] == "malformed":
            self.malformed.append(after["raw"])

    def _observe_message(
        self, pk: str, sk: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> None:
        if "#" in sk:
            if before and after:
                self._observe_receipt(before, after)
        elif after and not before:
            self.messages[pk[2:]].append(after)
            self.by_sid[after["sid"]] = after
            self._recorded_at[after["sid"]] = self.changes
            self.recorded[after.get("author", ""), after.get("body", "")] += 1

    def _observe_receipt(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        moved = before["status"] != after["status"]
        if after["rank"] < before["rank"] or (moved and after["rank"] == before["rank"]):
            self.break_("receipts only move forward", before["status"], "->", after["status"], after["sid"])

    def _observe_opt_out(self, pair: tuple[str, str], after: Mapping[str, Any] | None) -> None:
        if after and after["opted_out"]:
            self.opted_out.setdefault(pair, self.changes)
        else:
            self.opted_out.pop(pair, None)

    def observe_request(self, request: CarrierRequest) -> None:
        """See a text that leaves for a carrier."""
        self._note("asked", request.send.sender, "->", *request.send.recipients, repr(request.send.text), request.fault)
        reference = SendReference.from_tag(request.tag)
        message = self.by_sid.get(reference.message_sid) if reference else None
        if message is None:
            self.break_("only what is recorded is sent", request.tag)
            return
        if any(one.get("confirms") for one in message.get("sends", ())):
            return
        for to in request.send.recipients:
            since = self.opted_out.get((to, request.send.sender))
            if since is not None and since < self._recorded_at[message["sid"]]:
                self.break_("who has opted out gets nothing", to, "from", request.send.sender, message["sid"])

    def observe_accepted(self, webhook: Webhook) -> None:
        """See the 2xx of a webhook."""
        self._note("accepted", webhook.kind, webhook.id, webhook.recipient or webhook.line, webhook.status or "")
        if webhook.kind == "report" and webhook.status in _FINAL and webhook.recipient:
            self.reported.add((webhook.id, webhook.recipient))
        if webhook.kind == "text":
            sender, body = read_text(webhook)
            if not self.recorded[sender, body] and sender not in LINES:
                self.break_("2xx means recorded", sender, body)

    def observe_error(self, function: str, error: BaseException) -> None:
        """See an error of a function. Those of AWS and the project's own are answers to what was done to it."""
        errors = error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
        for one in errors:
            if not isinstance(one, ClientError | BotoCoreError | PartylineError):
                self.break_("no unexpected error", function, repr(one))

    # --- at the end

    def check(self, world: World) -> None:
        """Check a history that has come to rest."""
        for check in (
            self._check_texts,
            self._check_sends,
            self._check_receipts,
            self._check_sets,
            self._check_webhooks,
            self._check_lists,
            self._check_rest,
            lambda world: self.descriptions.check_table(world.table),
        ):
            check(world)

    def _check_texts(self, world: World) -> None:
        sent: Counter[tuple[str, str]] = Counter()
        for (sender, body, _), copies in world.network.copies.items():
            sent[sender, body] += max(copies.values())
        for text, times in sent.items():
            if self.recorded[text] != times:
                self.break_("a text is recorded exactly once", *text, "sent", times, "recorded", self.recorded[text])

    def _check_sends(self, world: World) -> None:
        last: dict[str, int] = {}
        by_tag: dict[str, list[CarrierRequest]] = {}
        for request in world.network.requests:
            by_tag.setdefault(request.tag, []).append(request)
            reference = SendReference.from_tag(request.tag)
            if reference and request.is_taken:
                index = sids.index_of(reference.message_sid)
                if index < last.get(reference.conversation_sid, index):
                    self.break_(
                        "texts leave in order", reference.message_sid, "after", last[reference.conversation_sid]
                    )
                last[reference.conversation_sid] = index
        for tag, requests in by_tag.items():
            if sum(request.is_taken for request in requests) > 1:
                self.break_("a text is sent at most once", tag, [request.fault for request in requests])
            faults = [request.fault for request in requests]
            if AMBIGUOUS & {*faults[:-1]}:
                self.break_("what may have been sent is not sent again", tag, faults)

    def _check_receipts(self, world: World) -> None:
        in_doubt = {request.tag for request in world.network.requests if request.fault in AMBIGUOUS}
        taken = {request.tag for request in world.network.requests if request.is_taken} - in_doubt
        # A process that ends between its claim and its request leaves a doubt too.
        has_ended = any("OutboundQueue" in fault and _ENDING.search(fault) for fault in world.faults.happened)
        for item in self._items(world):
            if "rank" not in item or item["conversation_sid"] in self.removed:
                continue
            message = self.by_sid[item["message_sid"]]
            tags = [
                SendReference(item["conversation_sid"], item["message_sid"], threads.digest(send["thread"])).tag
                for send in message.get("sends", ())
                if item["address"] in send["natives"]
            ]
            if item["status"] not in _ENDS and (item.get("carrier_message_id", ""), item["address"]) in self.reported:
                self.break_("what was reported is known", item["message_sid"], item["address"], item["status"])
            if item["status"] == "queued":
                self.break_("a text is sent, or its receipts fail", item["message_sid"], item["address"])
            if item["status"] == "failed" and item["error_code"] == _UNKNOWN and {*tags} & taken and not has_ended:
                self.break_("what was accepted does not fail as unknown", item["message_sid"], item["address"])
            if (
                item["status"] == "failed"
                and item["error_code"] == _UNKNOWN
                and not {*tags} & in_doubt
                and not has_ended
            ):
                self.break_("what was never in doubt is not given up", item["message_sid"], item["address"])

    def _check_sets(self, world: World) -> None:
        owners: defaultdict[str, list[str]] = defaultdict(list)
        for item in self._items(world):
            if item["PK"].startswith("C#") and item["SK"] == "C" and item["state"] in _OPEN:
                for thread in item.get("threads", ()):
                    owners[thread].append(item["sid"])
        for thread, sids_of_owners in owners.items():
            if len(sids_of_owners) > 1:
                self.break_("a set of people has one open conversation", thread, *sids_of_owners)

    def _check_webhooks(self, world: World) -> None:
        told: dict[str, int] = {}
        order: dict[str, int] = {}
        for path, call in world.network.told:
            if path != ACCOUNT_HOOK:
                continue
            sid = call.get("MessageSid", "")
            if call["EventType"] != "onMessageAdded" or sid in told:
                continue
            told[sid] = index = int(call["Index"])
            conversation = call["ConversationSid"]
            if index < order.get(conversation, -1):
                self.break_("webhooks are called in order", sid, "after", order[conversation])
            order[conversation] = index
        for conversation in sorted(self.conversations):
            indexes = [message["index"] for message in self.messages[conversation]]
            if indexes != list(range(len(indexes))):
                self.break_("indexes are dense", conversation, indexes)
            for message in self.messages[conversation]:
                if message["sid"] not in told:
                    self.break_("webhooks are called at least once", message["sid"], message.get("body"))
        self._check_hooks({(path, call.get("MessageSid", "")) for path, call in world.network.told})

    def _check_hooks(self, told: Collection[tuple[str, str]]) -> None:
        """The webhooks of a conversation are called for what is recorded after them."""
        for (conversation, path), since in self._hooks.items():
            if conversation in self.removed:
                continue
            for message in self.messages[conversation]:
                if self._recorded_at[message["sid"]] > since and (path, message["sid"]) not in told:
                    self.break_("webhooks are called at least once", path, message["sid"], message.get("body"))

    def _check_lists(self, world: World) -> None:
        """Each conversation is once in the list of its Service, and in that of its state only."""
        there = self.conversations - self.removed
        found = conversations.fetch_many(world.table, sorted(there))
        for service_sid in {one.service_sid for one in found}:
            for state in (None, *ConversationState):
                page = conversation_lists.page(world.table, service_sid, Window(1000), state=state)
                listed = sorted(one.sid for _, one in page.entries)
                expected = sorted(
                    one.sid for one in found if one.service_sid == service_sid and state in (None, one.state)
                )
                if listed != expected:
                    self.break_("every conversation is listed once", state, *listed)

    def _check_rest(self, world: World) -> None:
        for queue, bodies in world.queues.dead_letters().items():
            self.break_("nothing becomes a dead letter", queue, bodies)

    def _items(self, world: World) -> Iterator[Mapping[str, Any]]:
        return map(from_dynamo, world.memory.items())


def read_text(webhook: Webhook) -> tuple[str, str]:
    """The sender and the body of a text in a webhook."""
    if webhook.carrier == "bandwidth":
        message = webhook.payload[0]["message"]
        return message["from"], message["text"]
    payload = webhook.payload["payload"]
    return payload["from"]["phone_number"], payload["text"]


def _has_newest_form(key: Key, item: Mapping[str, Any]) -> bool:
    """Whether an item is of a form that only the newest level has."""
    sid = key.pk.removeprefix("C#")
    is_apart = key in (conversation_list_keys.places(sid), attributes(sid))
    return is_apart or not {event_packing.PACKED, "listed_apart", "attributes_apart"}.isdisjoint(item)


def _decode(image: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return from_dynamo(image) if image is not None else None


def _tell(image: Mapping[str, Any]) -> list[str]:
    """What the log shows of an item."""
    return [str(next(iter(image[name].values()))) for name in _TOLD if name in image]
