"""Asking before something happens: the pre-action webhook may go on, change or refuse it.

One call, of five seconds in all; nothing is repeated. Who answers no, or not at all, must not stop the texts of
everybody else: only an answer of 400 and above refuses, and without an answer that can be read what was asked happens
as it is (it fails open), with a line in the log and a count.

An answer is not kept. What was asked and then failed for another reason is asked again when it is tried again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from partyline import http_client
from partyline.domain import events
from partyline.domain.events import Cause, Event
from partyline.domain.webhook_configuration import WebhookConfiguration, WebhookMethod, subscribes_to
from partyline.errors import OutgoingError
from partyline.observability import count, logger
from partyline.webhooks import delivery
from partyline.webhooks.delivery import Callback, Requester

# Bytes of an answer: several times the longest body with the longest attributes.
MAX_ANSWER = 64 * 1024
# How many are asked side by side.
_AT_ONCE = 16

_OF_MESSAGE, _OF_CONVERSATION = ("body", "author", "attributes"), ("friendly_name",)
# What an answer may change, by event. Of everything else it can only be said whether it happens.
_CHANGEABLE = {
    "onMessageAdd": _OF_MESSAGE,
    "onMessageUpdate": _OF_MESSAGE,
    "onConversationAdd": _OF_CONVERSATION,
    "onConversationUpdate": _OF_CONVERSATION,
}
# What is not there yet has no name, and no place: another request may come first.
_NOT_YET = {
    "onMessageAdd": ("MessageSid", "Index", "DateCreated", "DateUpdated"),
    "onConversationAdd": ("ConversationSid", "DateUpdated"),
    "onParticipantAdd": ("ParticipantSid", "DateCreated", "DateUpdated"),
}


@dataclass(frozen=True, slots=True)
class PreActionWebhook:
    """What asking works with: how a request is made (Outgoing.ask), and what signs it."""

    account_sid: str
    auth_token: Callable[[], str]
    request: Requester


@dataclass(frozen=True, slots=True)
class PreActionDecision:
    """What a webhook says of one event: that it must not happen, or what is changed of it, by the names that REST's
    answers have ("body"). The values are not checked yet."""

    rejected: bool = False
    changes: Mapping[str, str] = field(default_factory=dict)


GO_ON = PreActionDecision()
_REJECTED = PreActionDecision(rejected=True)

# Asks about one event; nobody, where no webhook is configured for it.
Ask = Callable[[WebhookConfiguration, Event, Cause], PreActionDecision]
# The same for several, side by side; the answers in their order.
AskAll = Callable[[WebhookConfiguration, Sequence[Event], Cause], Sequence[PreActionDecision]]


def consult(
    desk: PreActionWebhook, configuration: WebhookConfiguration, event: Event, cause: Cause
) -> PreActionDecision:
    """Ask the webhook in force about an event that is about to happen, where it wants to be asked: then this takes up
    to five seconds. Raises only what the secrets raise."""
    if not _asks(configuration, event, cause):
        return GO_ON
    return _judged(event, _call(desk, configuration, event, cause))


def consult_all(
    desk: PreActionWebhook, configuration: WebhookConfiguration, about: Sequence[Event], cause: Cause
) -> list[PreActionDecision]:
    """The same for several events of one type, side by side; five seconds for each sixteen."""
    if not (about and _asks(configuration, about[0], cause)):
        return [GO_ON for _ in about]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        replies = list(pool.map(lambda event: _call(desk, configuration, event, cause), about))
    return [_judged(event, reply) for event, reply in zip(about, replies, strict=True)]


def memoize(ask: Ask) -> Ask:
    """The same, for one request: each event is asked about once, and that answer holds however often it is tried."""
    answers: dict[str, PreActionDecision] = {}

    def asked(configuration: WebhookConfiguration, event: Event, cause: Cause) -> PreActionDecision:
        if event.type not in answers:
            answers[event.type] = ask(configuration, event, cause)
        return answers[event.type]

    return asked


def _asks(configuration: WebhookConfiguration, event: Event, cause: Cause) -> bool:
    return cause.told and configuration.pre_url is not None and subscribes_to(configuration, event.type)


def _call(
    desk: PreActionWebhook, configuration: WebhookConfiguration, event: Event, cause: Cause
) -> http_client.FetchedResponse | OutgoingError:
    told = events.with_common_parameters(event, desk.account_sid, cause)
    parameters = {name: value for name, value in told.items() if name not in _NOT_YET.get(event.type, ())}
    method = configuration.method or WebhookMethod.POST
    callback = Callback(configuration.pre_url or "", method, parameters, secrets.token_hex(16))
    verb, url, body, headers = delivery.build_request(callback, 0, desk.auth_token())
    try:
        return desk.request(verb, url, body, headers, timeout=delivery.TIMEOUT, max_answer=MAX_ANSWER)
    except OutgoingError as error:
        return error


def _judged(event: Event, reply: http_client.FetchedResponse | OutgoingError) -> PreActionDecision:
    """What a reply means; everything but a plain consent is logged and counted."""
    count("PreWebhookAsked")
    if isinstance(reply, OutgoingError):
        return _unanswered(event, str(reply))
    if reply.status >= 400:
        logger.info("pre_webhook.rejected", event_type=event.type, status=reply.status, conversation_sid=_about(event))
        count("PreWebhookRejected")
        return _REJECTED
    if not 200 <= reply.status < 300:
        return _unanswered(event, f"status {reply.status}")
    try:
        changes = _changes(event.type, reply)
    except (ValueError, TypeError, RecursionError) as error:
        logger.warning(
            "pre_webhook.unreadable",
            event_type=event.type,
            reason=type(error).__name__,
            conversation_sid=_about(event),
        )
        count("PreWebhookUnreadable")
        return GO_ON
    if not changes:
        return GO_ON
    logger.info("pre_webhook.modified", event_type=event.type, changes=sorted(changes), conversation_sid=_about(event))
    count("PreWebhookModified")
    return PreActionDecision(changes=changes)


def _unanswered(event: Event, reason: str) -> PreActionDecision:
    logger.warning("pre_webhook.unanswered", event_type=event.type, reason=reason, conversation_sid=_about(event))
    count("PreWebhookUnanswered")
    return GO_ON


def _about(event: Event) -> str | None:
    return event.parameters.get("ConversationSid")


def _changes(event_type: str, reply: http_client.FetchedResponse) -> dict[str, str]:
    """What an answer changes. Members that are null, or that cannot be changed, change nothing. Raises ValueError,
    TypeError and RecursionError for what cannot be read."""
    if not reply.complete:
        raise ValueError("cut off")
    if not reply.body.strip():
        return {}
    given = json.loads(reply.body)
    if not isinstance(given, dict):
        raise TypeError("no object")
    wanted = {name: given[name] for name in _CHANGEABLE.get(event_type, ()) if given.get(name) is not None}
    return {name: _text(name, value) for name, value in wanted.items()}


def _text(name: str, value: object) -> str:
    if name == "attributes" and isinstance(value, dict):
        # Meant is its text, as Twilio takes it.
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        raise TypeError(name)
    # Half a surrogate pair is no text.
    value.encode()
    return value
