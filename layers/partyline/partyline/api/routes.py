"""Every path of the API and who answers it.

The same resources are reached in the account's default Service and beneath `/Services/{service}`. What a chat identity
may call is said here for each method; what it may do there is `access`'s business.
"""

from __future__ import annotations

from partyline.api.resources import (
    address_configurations,
    api_keys,
    bindings,
    configuration,
    conversation_with_participants,
    conversations,
    credentials,
    export,
    lines,
    media,
    messages,
    notifications,
    opt_outs,
    participant_conversations,
    participants,
    preview,
    receipts,
    roles,
    service_configuration,
    services,
    unrouted_texts,
    user_conversations,
    users,
    webhook_configuration,
    webhooks,
)
from partyline.api.router import Route

# Of a Service: the default one, or the one that the path names.
_COMMON = (
    Route("Conversations", {"GET": conversations.list_page, "POST": conversations.create}, people="GET POST"),
    Route(
        "Conversations/{conversation}",
        {"GET": conversations.fetch, "POST": conversations.update, "DELETE": conversations.delete},
        people="GET POST DELETE",
    ),
    Route("Conversations/{conversation}/Export", {"GET": export.export}, people="GET"),
    Route("ConversationWithParticipants", {"POST": conversation_with_participants.create}, people="POST"),
    Route(
        "Conversations/{conversation}/Participants",
        {"GET": participants.list_page, "POST": participants.create},
        people="GET POST",
    ),
    Route(
        "Conversations/{conversation}/Participants/{participant}",
        {"GET": participants.fetch, "POST": participants.update, "DELETE": participants.delete},
        people="GET POST DELETE",
    ),
    Route(
        "Conversations/{conversation}/Messages",
        {"GET": messages.list_page, "POST": messages.create},
        people="GET POST",
    ),
    Route("Conversations/{conversation}/Preview", {"POST": preview.preview}),
    Route(
        "Conversations/{conversation}/Messages/{message}",
        {"GET": messages.fetch, "POST": messages.update, "DELETE": messages.delete},
        people="GET POST DELETE",
    ),
    Route(
        "Conversations/{conversation}/Messages/{message}/ChannelMetadata",
        {"GET": messages.channel_metadata},
        people="GET",
    ),
    Route("Conversations/{conversation}/Messages/{message}/Receipts", {"GET": receipts.list_page}, people="GET"),
    Route("Conversations/{conversation}/Messages/{message}/Receipts/{receipt}", {"GET": receipts.fetch}, people="GET"),
    Route("Conversations/{conversation}/Webhooks", {"GET": webhooks.list_page, "POST": webhooks.create}),
    Route(
        "Conversations/{conversation}/Webhooks/{webhook}",
        {"GET": webhooks.fetch, "POST": webhooks.update, "DELETE": webhooks.delete},
    ),
    Route("Media", {"POST": media.create}, people="POST"),
    Route("Media/{media}", {"GET": media.fetch, "DELETE": media.delete}, people="GET DELETE"),
    Route("Media/{media}/Content", {"GET": media.content}, people="GET"),
    Route("ParticipantConversations", {"GET": participant_conversations.list_page}, people="GET"),
    Route("Roles", {"GET": roles.list_page, "POST": roles.create}),
    Route("Roles/{role}", {"GET": roles.fetch, "POST": roles.update, "DELETE": roles.delete}),
    Route("Users", {"GET": users.list_page, "POST": users.create}),
    Route("Users/{user}", {"GET": users.fetch, "POST": users.update, "DELETE": users.delete}, people="GET POST"),
    Route("Users/{user}/Tokens", {"DELETE": users.revoke_tokens}),
    Route("Users/{user}/Conversations", {"GET": user_conversations.list_page}, people="GET"),
    Route(
        "Users/{user}/Conversations/{conversation}",
        {"GET": user_conversations.fetch, "POST": user_conversations.update, "DELETE": user_conversations.delete},
        people="GET POST DELETE",
    ),
)
# Of the account, or of its default Service.
ACCOUNT = (
    *_COMMON,
    Route("Configuration", {"GET": configuration.fetch, "POST": configuration.update}),
    Route(
        "Configuration/Webhooks",
        {"GET": webhook_configuration.fetch_of_account, "POST": webhook_configuration.update_of_account},
    ),
    Route(
        "Configuration/Addresses",
        {"GET": address_configurations.list_page, "POST": address_configurations.create},
    ),
    Route(
        "Configuration/Addresses/{address}",
        {
            "GET": address_configurations.fetch,
            "POST": address_configurations.update,
            "DELETE": address_configurations.delete,
        },
    ),
    Route("Credentials", {"GET": credentials.list_page, "POST": credentials.create}),
    Route(
        "Credentials/{credential}",
        {"GET": credentials.fetch, "POST": credentials.update, "DELETE": credentials.delete},
    ),
    Route("Keys", {"GET": api_keys.list_page, "POST": api_keys.create}),
    Route("Keys/{key}", {"GET": api_keys.fetch, "POST": api_keys.update, "DELETE": api_keys.delete}),
    Route("Lines", {"GET": lines.list_page, "POST": lines.create}),
    Route("Lines/{line}", {"GET": lines.fetch, "POST": lines.update, "DELETE": lines.delete}),
    Route("OptOuts", {"GET": opt_outs.list_page, "POST": opt_outs.create}),
    Route("OptOuts/{opt_out}", {"GET": opt_outs.fetch, "POST": opt_outs.update}),
    Route("OptOuts/{opt_out}/Events", {"GET": opt_outs.list_events}),
    Route("Services", {"GET": services.list_page, "POST": services.create}),
    Route("Services/{service}", {"GET": services.fetch, "DELETE": services.delete}),
    Route("UnroutedTexts", {"GET": unrouted_texts.list_page}),
    Route(
        "UnroutedTexts/{text}",
        {"GET": unrouted_texts.fetch, "POST": unrouted_texts.route_again, "DELETE": unrouted_texts.delete},
    ),
)
# Beneath /Services/{service}.
SERVICE = (
    *_COMMON,
    Route("Configuration", {"GET": service_configuration.fetch, "POST": service_configuration.update}),
    Route(
        "Configuration/Webhooks",
        {"GET": webhook_configuration.fetch_of_service, "POST": webhook_configuration.update_of_service},
    ),
    Route("Configuration/Notifications", {"GET": notifications.fetch, "POST": notifications.update}),
    Route("Bindings", {"GET": bindings.list_page, "POST": bindings.create}),
    Route("Bindings/{binding}", {"GET": bindings.fetch, "DELETE": bindings.delete}),
)
