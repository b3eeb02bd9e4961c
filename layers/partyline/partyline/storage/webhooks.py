"""The webhooks of a conversation, and the webhook settings of the account and of a Service."""

from __future__ import annotations

from collections.abc import Mapping

from partyline.domain import roster_marks
from partyline.domain.conversations import Conversation
from partyline.domain.events import QUIETLY, EventBatch
from partyline.domain.services import Service
from partyline.domain.webhook_configuration import (
    MAX_PER_CONVERSATION,
    ScopedWebhook,
    WebhookConfiguration,
    select_configuration,
)
from partyline.errors import Conflict, RuleViolation
from partyline.frozen_classes import frozen, replace
from partyline.storage import codec, event_outbox, keys, service_settings
from partyline.storage.attribute_values import Item
from partyline.storage.conversation_items import no_new_message
from partyline.storage.keys import Key
from partyline.storage.table import EXISTS, NEW, Table, change, delete, diff_items, put

# --- of one conversation


def create(table: Table, conversation: Conversation, webhook: ScopedWebhook) -> None:
    """Store a new webhook of a conversation, and the request to call it for earlier messages if it has one.

    Raises RuleViolation too_many_webhooks, and Conflict when the conversation was changed or has a new message since it
    was read: the count of webhooks and the earlier messages are those of one state.
    """
    parent = keys.conversation(conversation.sid)
    if len(table.query(parent.pk, begins=keys.WEBHOOKS, limit=MAX_PER_CONVERSATION).items) == MAX_PER_CONVERSATION:
        raise RuleViolation("too_many_webhooks", limit=MAX_PER_CONVERSATION)
    raised = codec.encode(replace(roster_marks.raise_revision(conversation), had_webhooks=True))
    sets = {name: raised.get(name) for name in ("revision", "roster_mark", "had_webhooks")}
    table.transact(
        [
            change("conversation", parent, sets, no_new_message(conversation)),
            put("webhook", keys.webhook(conversation.sid, webhook.sid), codec.encode(webhook), NEW),
            *event_outbox.build_writes(*_build_replay_batches(conversation, webhook)),
        ]
    )


def _build_replay_batches(conversation: Conversation, webhook: ScopedWebhook) -> list[EventBatch]:
    if webhook.replay_after is None:
        return []
    return [EventBatch(conversation.service_sid, conversation.sid, QUIETLY, webhook.created, replay=webhook.sid)]


def fetch(table: Table, conversation_sid: str, sid: str) -> ScopedWebhook | None:
    """Read a webhook of a conversation; return None when it does not exist."""
    item = table.get(keys.webhook(conversation_sid, sid))
    return codec.decode(ScopedWebhook, item) if item else None


def update(table: Table, before: ScopedWebhook, after: ScopedWebhook) -> ScopedWebhook | None:
    """Store what differs; return the stored webhook, None when it is gone."""
    sets = diff_items(codec.encode(before), codec.encode(after))
    key = keys.webhook(before.conversation_sid, before.sid)
    try:
        return codec.decode(ScopedWebhook, table.write(change("webhook", key, sets, EXISTS))) if sets else after
    except Conflict as conflict:
        if not conflict.failed:
            raise
        return None


def remove(table: Table, webhook: ScopedWebhook) -> bool:
    """Delete a webhook of a conversation; return False when it is gone already."""
    return table.written(delete("webhook", keys.webhook(webhook.conversation_sid, webhook.sid), EXISTS))


# --- in force


@frozen
class InForce:
    """The webhooks in force in a Service, and the Service itself (None when it is gone)."""

    webhooks: WebhookConfiguration
    service: Service | None


def fetch_in_force(table: Table, service_sid: str) -> InForce:
    """Read the webhooks in force in a Service, and the Service, in one round trip."""
    service = keys.service(service_sid)
    found = table.get_all([*_list_keys_in_force(service_sid), service])
    return InForce(
        _select_in_force(found, service_sid), codec.decode(Service, found[service]) if service in found else None
    )


def fetch_configuration_in_force(table: Table, service_sid: str) -> WebhookConfiguration:
    """Read the webhooks in force in a Service that is known, in one round trip."""
    return _select_in_force(table.get_all(_list_keys_in_force(service_sid)), service_sid)


def _list_keys_in_force(service_sid: str) -> tuple[Key, Key]:
    return keys.account_webhooks(), keys.service_webhooks(service_sid)


def _select_in_force(found: Mapping[Key, Item], service_sid: str) -> WebhookConfiguration:
    configured = (codec.decode(WebhookConfiguration, found.get(key, {})) for key in _list_keys_in_force(service_sid))
    return select_configuration(*configured)


# --- of the account and of a Service: `key` is keys.account_webhooks() or keys.service_webhooks(sid)


def configuration(table: Table, key: Key) -> WebhookConfiguration:
    """Read the settings at a key. All are None when they were never set."""
    return codec.decode(WebhookConfiguration, table.get(key) or {})


def configure(
    table: Table, key: Key, before: WebhookConfiguration, after: WebhookConfiguration
) -> WebhookConfiguration:
    """Store what differs; return the stored settings. Concurrent changes of different settings all hold."""
    sets = diff_items(codec.encode(before), codec.encode(after))
    if not sets:
        return after
    table.written(change("webhooks", key, sets), service_settings.build_version_write())
    return configuration(table, key)
