"""Broken products: each lacks one thing by which it keeps a promise. The histories have to see it.

A mutant replaces a function of the product for as long as it is in force. `promise` is the one that it breaks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from partyline.domain.sends import SendState
from partyline.errors import Conflict
from partyline.inbound import decision, recorder
from partyline.outbound import carrier_requester, send_job
from partyline.outbound.send_attempt import NextStep, SendAttempt, build_retry
from partyline.storage import (
    conversation_attributes,
    conversation_items,
    format_level,
    idempotency,
    inbound_records,
    message_events,
    receipts,
    roster_cache,
    sends,
    table,
    unrouted,
)
from partyline.storage.statements import Statement
from partyline.stream import relay, stream_consumer
from partyline.webhooks import delivery


@dataclass(frozen=True)
class Mutant:
    """A broken product. It replaces some names of the product by what is made of their values."""

    name: str
    promise: str
    replaced: Sequence[tuple[Any, str, Callable[[Any], Any]]]

    @contextmanager
    def in_force(self) -> Iterator[None]:
        with ExitStack() as stack:
            for owner, name, make in self.replaced:
                stack.enter_context(mock.patch.object(owner, name, make(getattr(owner, name))))
            yield


def _without_condition(build: Any) -> Any:
    """A write that is made whatever the table has."""

    def build_always(*given: Any, **named: Any) -> table.Write:
        write: table.Write = build(*given, **named)
        kept = {name: value for name, value in write.parameters.items() if name != "ConditionExpression"}
        return replace(write, parameters=_without_unused(kept))

    return build_always


def _without_unused(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters less the names and values that no expression uses: DynamoDB refuses these."""
    text = str(parameters.get("UpdateExpression", ""))
    for kind in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        used = {name: value for name, value in parameters.get(kind, {}).items() if name in text}
        parameters = {name: value for name, value in parameters.items() if name != kind}
        parameters |= {kind: used} if used else {}
    return parameters


def _forget_repeats(fetch: Any) -> Any:
    return lambda *given: replace(fetch(*given), is_received=False)


def _take_for_recorded(record: Any) -> Any:
    def record_or_not(*given: Any) -> recorder.RecordResult:
        try:
            result: recorder.RecordResult = record(*given)
        except Conflict:
            return recorder.RecordResult(recorder.RecordOutcome.REPEATED)
        return result

    return record_or_not


def _ask_again(_: Any) -> Any:
    """Take an earlier attempt that did not come back as one that did not ask."""
    return lambda item: replace(sends._decode(item), state=SendState.SENDING)


def _retry_unknown(_: Any) -> Any:
    def retry_unknown(requester: Any, request: Any, reason: str) -> SendAttempt:
        sends.record_waiting(requester.table, request.reference, requester.clock())
        return build_retry(reason)

    return retry_unknown


def _give_up_unknown(record: Any) -> Any:
    return lambda *given: replace(record(*given), step=NextStep.DONE)


def _move_anyhow(change: Any) -> Any:
    def change_anyhow(label: str, *given: Any, **named: Any) -> table.Write:
        write: table.Write = change(label, *given, **named)
        always: table.Write = _without_condition(lambda: write)()
        return always if label == "receipt" else write

    return change_anyhow


def _accept_anyhow(build: Any) -> Any:
    """Move receipts to what a carrier answered, however far they are."""

    def build_without_condition(*given: Any, **named: Any) -> Statement:
        statement: Statement = build(*given, **named)
        return replace(statement, rest=statement.rest.removesuffix(' AND "rank"<?'), values=statement.values[:-1])

    return build_without_condition


def _index_anyhow(_: Any) -> Any:
    return conversation_items.revision_matches


def _group_each(_: Any) -> Any:
    numbers = itertools.count()
    return lambda *_: f"group-{next(numbers)}"


def _leave_nobody_out(_: Any) -> Any:
    return lambda *_: {}


def _send_each_apart(relay_message: Any) -> Any:
    """Give the sends of each message a group of their own."""

    def relay_message_apart(self: Any, message: Any) -> None:
        apart = replace(self, enqueue_send=lambda _, token, body: self.enqueue_send(token, token, body))
        relay_message(apart, message)

    return relay_message_apart


def _unwritten(write: table.Write) -> table.Write:
    """A write of something else."""
    return replace(write, parameters={"Item": {"PK": {"S": "NOTHING"}, "SK": {"S": "NOTHING"}}})


def _one(name: str, promise: str, owner: Any, replaced: str, make: Callable[[Any], Any]) -> Mutant:
    return Mutant(name, promise, [(owner, replaced, make)])


MUTANTS = (
    Mutant(
        "repeats of a webhook are not recognised",
        "a text is recorded exactly once",
        [
            (inbound_records, "fetch_records", _forget_repeats),
            (inbound_records, "build_received_write", _without_condition),
        ],
    ),
    _one("copies are not counted", "a text is recorded exactly once", decision, "is_copy", lambda _: lambda _: False),
    _one("who loses a race gives up", "2xx means recorded", recorder._Recording, "record", _take_for_recorded),
    _one(
        "what cannot be read is dropped",
        "what cannot be read is kept",
        unrouted,
        "put_write",
        lambda put: lambda stored: _unwritten(put(stored)) if stored.raw else put(stored),
    ),
    _one(
        "a thread is claimed from its owner",
        "a set of people has one open conversation",
        conversation_items,
        "NEW",
        lambda _: None,
    ),
    _one("an index is used twice", "indexes are dense", conversation_items, "no_new_message", _index_anyhow),
    _one("a claim is not checked", "a text is sent at most once", sends, "_read_earlier_claim", _ask_again),
    _one(
        "a send of unknown fate is repeated",
        "what may have been sent is not sent again",
        carrier_requester.CarrierRequester,
        "_record_unknown",
        _retry_unknown,
    ),
    _one(
        "a send of unknown fate is forgotten",
        "a text is sent, or its receipts fail",
        carrier_requester.CarrierRequester,
        "_record_unknown",
        _give_up_unknown,
    ),
    _one("receipts move backwards", "receipts only move forward", receipts, "change", _move_anyhow),
    _one(
        "an answer moves receipts backwards",
        "receipts only move forward",
        receipts,
        "moving_statement",
        _accept_anyhow,
    ),
    _one("opt-outs are ignored", "who has opted out gets nothing", send_job, "_list_left_out", _leave_nobody_out),
    _one("sends have no order", "texts leave in order", relay.StreamRelay, "_relay_message", _send_each_apart),
    _one("webhooks have no order", "webhooks are called in order", delivery, "message_group", _group_each),
    _one(
        "a queue's refusal is overlooked",
        "webhooks are called at least once",
        stream_consumer,
        "send_all",
        lambda send_all: lambda *given: send_all(*given) and set(),
    ),
    _one(
        "a webhook that failed is not repeated",
        "webhooks are called at least once",
        delivery.WebhookCaller,
        "_postpone",
        lambda _: lambda _self, _sent, result: replace(result, outcome=delivery.DeliveryOutcome.DELIVERED),
    ),
    _one(
        "a request's key is not looked at",
        "a request with a key is carried out once",
        idempotency,
        "_is_free",
        lambda _: lambda _: table.Condition("attribute_not_exists(nothing)"),
    ),
    _one(
        "lists do not follow the state",
        "every conversation is listed once",
        conversation_items,
        "diff_items",
        lambda _: lambda *_: {},
    ),
    _one(
        "the relay does not look for events in messages",
        "webhooks are called at least once",
        message_events,
        "find_batch",
        lambda _: lambda *_: None,
    ),
    _one(
        "kept members are not confirmed",
        "webhooks are called at least once",
        roster_cache,
        "_list_marks",
        lambda _: lambda _: (0, None),
    ),
    _one(
        "large attributes are not written",
        "attributes are what was set",
        conversation_attributes,
        "build_writes",
        lambda _: lambda *_: [],
    ),
    _one(
        "the level of the stored format is not looked at",
        "an earlier release can read everything until the upgrade is finalized",
        format_level.FormatLevel,
        "find",
        lambda _: lambda *_: format_level.NEWEST,
    ),
)
