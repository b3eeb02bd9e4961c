"""The types of Twilio's resources: their members are those of the contract that the tests of conformance have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from partyline.api import bodies
from partyline.api.resources import (
    bindings,
    configuration,
    credentials,
    notifications,
    participant_conversations,
    roles,
    service_configuration,
    services,
    user_conversations,
    users,
    webhook_configuration,
    webhooks,
)

RESOURCES = json.loads((Path(__file__).parents[2] / "conformance" / "operations.json").read_text())["resources"]
# Ours beside Twilio's.
OURS = {
    "assignee",
    "contact",
    "written_by",
    "date_received_by_carrier",
    "default_inactive_timer",
    "default_closed_timer",
    "lock_groups",
    "text_search",
    "message_retention",
}
IN_SERVICE = "service.service_conversation"


@pytest.mark.parametrize(
    ("body", "resource"),
    [
        (bodies.ConversationBody, IN_SERVICE),
        (bodies.ConversationBody, "service.service_conversation_with_participants"),
        (bodies.MessageBody, f"{IN_SERVICE}.service_conversation_message"),
        (bodies.ParticipantBody, f"{IN_SERVICE}.service_conversation_participant"),
        (bodies.ReceiptBody, f"{IN_SERVICE}.service_conversation_message.service_conversation_message_receipt"),
        (webhooks.WebhookBody, f"{IN_SERVICE}.service_conversation_scoped_webhook"),
        (bindings.PushBindingBody, "service.service_binding"),
        (configuration.ConfigurationBody, "configuration"),
        (credentials.CredentialBody, "credential"),
        (notifications.NotificationsBody, "service.service_configuration.service_notification"),
        (participant_conversations.ParticipantConversationBody, "participant_conversation"),
        (roles.RoleBody, "role"),
        (service_configuration.ServiceConfigurationBody, "service.service_configuration"),
        (services.ServiceBody, "service"),
        (user_conversations.UserConversationBody, "user.user_conversation"),
        (users.UserBody, "user"),
        (webhook_configuration.AccountWebhooksBody, "configuration.configuration_webhook"),
        (webhook_configuration.ServiceWebhooksBody, "service.service_configuration.service_webhook_configuration"),
    ],
)
def test_body_has_the_members_that_twilio_documents(body: Any, resource: str) -> None:
    documented = {field["name"] for field in RESOURCES[resource]["fields"]}
    assert set(body.__annotations__) - documented <= OURS
    assert documented <= set(body.__annotations__)
