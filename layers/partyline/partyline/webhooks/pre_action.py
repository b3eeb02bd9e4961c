"""Consult the pre-action webhook, which accepts, changes or rejects an event.

One request of at most five seconds; none is repeated. The webhook fails open, since a customer's server must not stop
other texts: only a status of 400 and above rejects. Without a readable answer the event happens unchanged,
and a warning is logged and counted.

A decision is not stored. When an accepted event fails for another reason, the next attempt consults the webhook again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field

from partyline.domain import events
from partyline.domain.events import Cause, Event
from partyline.domain.webhook_configuration import WebhookConfiguration, WebhookMethod, subscribes_to
from partyline.errors import RequestError
from partyline.frozen_classes import frozen
from partyline.http_client import HttpResponse, SendRequest
from partyline.observability import count, logger
from partyline.queues.queue_messages import Callback
from partyline.webhooks.webhook_request import TIMEOUT, build_request

# Bytes of an answer: several times the longest body with the longest attributes.
MAX_ANSWER = 64 * 1024
# How many events are consulted about in parallel.
_PARALLEL = 16

_MESSAGE_FIELDS, _CONVERSATION_FIELDS = ("body", "author", "attributes"), ("friendly_name",)
# What an answer can change, by event type. Every other event can only be accepted or rejected.
_CHANGEABLE = {
    "onMessageAdd": _MESSAGE_FIELDS,
    "onMessageUpdate": _MESSAGE_FIELDS,
    "onConversationAdd": _CONVERSATION_FIELDS,
    "onConversationUpdate": _CONVERSATION_FIELDS,
}
# Parameters that are left out: a resource that does not exist yet has no SID, and no index, since another request may
# create one first.
_NOT_YET_KNOWN = {
    "onMessageAdd": ("MessageSid", "Index", "DateCreated", "DateUpdated"),
    "onConversationAdd": ("ConversationSid", "DateUpdated"),
    "onParticipantAdd": ("ParticipantSid", "DateCreated", "DateUpdated"),
}


@frozen
class PreActionDecision:
    """What a webhook decides about one event: to reject it, or what to change.

    `changes` are by the field names of REST answers ("body"). The values are not validated yet.
    """

    rejected: bool = False
    changes: Mapping[str, str] = field(default_factory=dict)


PROCEED = PreActionDecision()
_REJECTED = PreActionDecision(rejected=True)

# PreActionWebhook.consult and consult_all, as their callers take them.
Consult = Callable[[WebhookConfiguration, Event, Cause], PreActionDecision]
ConsultAll = Callable[[WebhookConfiguration, Sequence[Event], Cause], Sequence[PreActionDecision]]


@frozen
class PreActionWebhook:
    """Consult the pre-action webhook.

    `request` makes the HTTP request, `auth_token` signs it.
    """

    account_sid: str
    auth_token: Callable[[], str]
    request: SendRequest

    def consult(self, configuration: WebhookConfiguration, event: Event, cause: Cause) -> PreActionDecision:
        """Consult the webhook in force about one event, if it subscribes to it.

        Takes up to five seconds.

        Raises only what the secrets raise.
        """
        if not is_subscribed(configuration, event, cause):
            return PROCEED
        return _decide(event, self._request(configuration, event, cause))

    def consult_all(
        self, configuration: WebhookConfiguration, about: Sequence[Event], cause: Cause
    ) -> list[PreActionDecision]:
        """Consult about events of one type in parallel; return the decisions in order.

        Takes up to five seconds for each sixteen events. Raises only what the secrets raise.
        """
        if not (about and is_subscribed(configuration, about[0], cause)):
            return [PROCEED for _ in about]
        with ThreadPoolExecutor(_PARALLEL) as pool:
            answers = list(pool.map(lambda event: self._request(configuration, event, cause), about))
        return [_decide(event, answer) for event, answer in zip(about, answers, strict=True)]

    def _request(self, configuration: WebhookConfiguration, event: Event, cause: Cause) -> HttpResponse | RequestError:
        """Make the request; return errors, so that parallel requests all end."""
        common = events.with_common_parameters(event, self.account_sid, cause)
        unknown = _NOT_YET_KNOWN.get(event.type, ())
        parameters = {name: value for name, value in common.items() if name not in unknown}
        method = configuration.method or WebhookMethod.POST
        callback = Callback(configuration.pre_url or "", method, parameters, secrets.token_hex(16))
        request = build_request(callback, 0, self.auth_token())
        try:
            return self.request(request, timeout=TIMEOUT, max_body=MAX_ANSWER)
        except RequestError as error:
            return error


def memoize(consult: Consult) -> Consult:
    """Wrap `consult` for one API request: retries of it do not consult again."""
    decisions: dict[str, PreActionDecision] = {}

    def consult_once(configuration: WebhookConfiguration, event: Event, cause: Cause) -> PreActionDecision:
        if event.type not in decisions:
            decisions[event.type] = consult(configuration, event, cause)
        return decisions[event.type]

    return consult_once


def is_subscribed(configuration: WebhookConfiguration, event: Event, cause: Cause) -> bool:
    """Return whether the webhook is called about an event."""
    return cause.notify_webhooks and configuration.pre_url is not None and subscribes_to(configuration, event.type)


def _decide(event: Event, answer: HttpResponse | RequestError) -> PreActionDecision:
    """Read the decision out of an answer.

    Everything but a plain acceptance is logged and counted.
    """
    count("PreWebhookAsked")
    if isinstance(answer, RequestError):
        return _fail_open(event, str(answer))
    if answer.status >= 400:
        logger.info(
            "pre_webhook.rejected", event_type=event.type, status=answer.status, conversation_sid=_conversation(event)
        )
        count("PreWebhookRejected")
        return _REJECTED
    if not 200 <= answer.status < 300:
        return _fail_open(event, f"status {answer.status}")
    try:
        changes = _parse_changes(event.type, answer)
    except (ValueError, TypeError, RecursionError) as error:
        logger.warning(
            "pre_webhook.unreadable",
            event_type=event.type,
            reason=type(error).__name__,
            conversation_sid=_conversation(event),
        )
        count("PreWebhookUnreadable")
        return PROCEED
    if not changes:
        return PROCEED
    logger.info(
        "pre_webhook.modified", event_type=event.type, changes=sorted(changes), conversation_sid=_conversation(event)
    )
    count("PreWebhookModified")
    return PreActionDecision(changes=changes)


def _fail_open(event: Event, reason: str) -> PreActionDecision:
    logger.warning(
        "pre_webhook.unanswered", event_type=event.type, reason=reason, conversation_sid=_conversation(event)
    )
    count("PreWebhookUnanswered")
    return PROCEED


def _conversation(event: Event) -> str | None:
    return event.parameters.get("ConversationSid")


def _parse_changes(event_type: str, answer: HttpResponse) -> dict[str, str]:
    """Parse the changes of an answer.

    Members that are null or cannot be changed are ignored.

    Raises ValueError, TypeError or RecursionError for a body that cannot be read.
    """
    if not answer.complete:
        raise ValueError("cut off")
    if not answer.body.strip():
        return {}
    members = json.loads(answer.body)
    if not isinstance(members, dict):
        raise TypeError("no object")
    changeable = (name for name in _CHANGEABLE.get(event_type, ()) if members.get(name) is not None)
    return {name: _parse_text(name, members[name]) for name in changeable}


def _parse_text(name: str, value: object) -> str:
    if name == "attributes" and isinstance(value, dict):
        # Twilio accepts an object here and stores its JSON text.
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        raise TypeError(name)
    # An unpaired surrogate raises UnicodeEncodeError, a ValueError.
    value.encode()
    return value
