"""The tables of routes: every resource of the API, beneath the account and beneath `/Services/{service}`.

Paths and methods stand beside the handlers, in `partyline.api.resources`.
"""

from __future__ import annotations

from partyline.api.resources import (
    activity,
    address_configurations,
    api_keys,
    api_version,
    bindings,
    configuration,
    contact_export,
    contact_imports,
    contacts,
    conversation_with_participants,
    conversations,
    credentials,
    export,
    lines,
    media,
    messages,
    notes,
    notifications,
    opt_outs,
    participant_conversations,
    participants,
    preview,
    receipts,
    roles,
    scheduled_messages,
    service_configuration,
    services,
    unrouted_texts,
    user_conversations,
    users,
    viewers,
    webhook_configuration,
    webhooks,
)
from partyline.api.router import Level, build_table

ROUTERS = (
    activity.route,
    address_configurations.route,
    api_keys.route,
    api_version.route,
    bindings.route,
    configuration.route,
    # Before contacts, in whose paths a SID stands at the place of the word.
    contact_export.route,
    contact_imports.route,
    contacts.route,
    conversation_with_participants.route,
    conversations.route,
    credentials.route,
    export.route,
    lines.route,
    lines.service_route,
    media.route,
    messages.route,
    notes.route,
    notifications.route,
    opt_outs.route,
    participant_conversations.route,
    participants.route,
    preview.route,
    receipts.route,
    roles.route,
    scheduled_messages.route,
    service_configuration.route,
    services.route,
    unrouted_texts.route,
    user_conversations.route,
    users.route,
    viewers.route,
    webhook_configuration.account_route,
    webhook_configuration.service_route,
    webhooks.route,
)
ACCOUNT = build_table(ROUTERS, Level.ACCOUNT)
SERVICE = build_table(ROUTERS, Level.SERVICE)
