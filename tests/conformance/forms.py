"""Parameters: right ones, wrong ones, and what a wrong one is refused with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.conformance.client import Pairs
from tests.conformance.contract import Operation, Value

if TYPE_CHECKING:
    from tests.conformance.world import World

# Forms by what they make, or change: chat, native, webhook.
Variants = dict[str, Pairs]

_DATES = [("DateCreated", "2015-12-16T22:18:37Z"), ("DateUpdated", "2015-12-16T22:18:38Z")]
_MESSAGING_SERVICE = ("MessagingServiceSid", "MG" + "a1" * 16)
_FLOW = "FW" + "b2" * 16
_HOOK = "https://example.com/hook?one=1"

# What this API refuses on purpose, with the code: there is nothing here that it could mean.
_REFUSED: Mapping[str, tuple[str, int]] = {
    "Bindings.Email.Address": ("a@example.com", 50420),
    "Bindings.Email.Name": ("A", 50420),
    "ContentSid": ("HX" + "c3" * 16, 50526),
    "MediaSid": ("ME" + "d4" * 16, 50507),
}
_CHANNELS = ("whatsapp", "messenger", "gbm", "email", "rcs", "apple", "chat")
# What holds of operations that do not simply work. Nothing here speaks to the push services of app makers.
_STATES: Mapping[str, str] = dict.fromkeys(
    ("Bindings", "Configuration/Notifications", "Credentials"), "shape kept, no effect"
)
# Taken, and seen in no answer: secrets, what only changes how something is done, and relative times.
_NOT_SHOWN = {
    *("ApiKey", "Certificate", "PrivateKey", "Secret"),
    *("Configuration.ReplayAfter", "ContentVariables", "Participant", "Subject"),
    *("Timers.Closed", "Timers.Inactive"),
}
# The answer comes before the participants have joined, and a user's conversation has no time of reading.
_NOT_SHOWN_OF: Mapping[str, set[str]] = {
    "ConversationWithParticipants": {"State"},
    "Users/Conversations": {"LastReadTimestamp"},
}
# Not the same twice: an address that is added again is refused, and who reads again reads later.
NOT_TWICE = {"MessagingBinding.ProjectedAddress", "MessagingBinding.ProxyAddress", "LastReadMessageIndex"}


def state(operation: Operation) -> str:
    """What holds of an operation that is as documented."""
    return _STATES.get(operation.kind, "works")


def is_shown(kind: str, name: str) -> bool:
    """Whether an answer shows a parameter."""
    return name not in _NOT_SHOWN | _NOT_SHOWN_OF.get(kind, set())


def creations(world: World, kind: str, root: str) -> Variants:
    """Forms with everything that a creation takes, for each variant of what it makes."""
    return _CREATIONS[kind](world, root)


def updates(world: World, operation: Operation, root: str) -> Variants:
    """The same for an update, by the variant of what is updated."""
    names = {value.name for value in operation.given("form")}
    variants = _UPDATES[operation.kind](world, root)
    return {variant: [pair for pair in form if pair[0] in names] for variant, form in variants.items()}


def refused_on_purpose(operation: Operation) -> dict[str, tuple[list[str], int]]:
    """Parameters with the values that are refused, and the code; those with a right value elsewhere are taken."""
    names = {value.name for value in operation.given("form")}
    refused = {name: ([text], code) for name, (text, code) in _REFUSED.items() if name in names}
    if operation.kind == "Configuration/Addresses" and "Type" in names:
        refused["Type"] = (list(_CHANNELS), _GENERIC_CODE)
    return refused


# --- right ones


def _conversations(world: World, _: str) -> Variants:
    return {
        "": [
            ("FriendlyName", "12 Elm Street"),
            ("UniqueName", world.name()),
            *_DATES,
            _MESSAGING_SERVICE,
            ("Attributes", '{"topic": "roof"}'),
            ("State", "inactive"),
            ("Timers.Inactive", "PT1H"),
            ("Timers.Closed", "P1D"),
        ]
    }


def _with_participants(world: World, root: str) -> Variants:
    [form] = _conversations(world, root).values()
    people = [
        f'{{"messaging_binding": {{"address": "{world.number()}"}}}}',
        f'{{"messaging_binding": {{"address": "{world.number()}"}}, "attributes": "{{}}"}}',
        f'{{"identity": "{world.identity}", "messaging_binding": {{"projected_address": "{world.line()}"}}}}',
    ]
    other_pairs = [pair for pair in form if pair[0] != "State"]
    return {"": [*other_pairs, ("State", "active"), *(("Participant", person) for person in people)]}


def _participants(world: World, root: str) -> Variants:
    common = [*_DATES, ("Attributes", '{"seat": 1}')]
    role = world.role(root, "conversation")
    return {
        "chat": [("Identity", world.name()), ("RoleSid", role), *common],
        "native": [("MessagingBinding.Address", world.number()), *common],
        "masked": [
            ("MessagingBinding.Address", world.number()),
            ("MessagingBinding.ProxyAddress", world.line()),
            *common,
        ],
        "projected": [("MessagingBinding.ProjectedAddress", world.line()), *common],
        "agent": [("Identity", world.name()), ("MessagingBinding.ProjectedAddress", world.line()), *common],
    }


def _participant_updates(world: World, root: str) -> Variants:
    common = [*_DATES, ("Attributes", '{"seat": 2}')]
    horizon = [("LastReadMessageIndex", "0"), ("LastReadTimestamp", "2016-01-02T03:04:05Z")]
    role = ("RoleSid", world.role(root, "conversation"))
    return {
        "chat": [("MessagingBinding.ProjectedAddress", world.line()), role, *horizon, *common],
        "native": [("MessagingBinding.ProxyAddress", world.line()), *common],
        "projected": [("Identity", world.name()), *common],
    }


def _messages(world: World, _: str) -> Variants:
    return {
        "": [
            ("Author", world.identity),
            ("Body", "Sunday at noon? 👍🏽 שלום"),
            *_DATES,
            ("Attributes", '{"importance": "high"}'),
            ("Subject", "Sunday"),
            ("ContentVariables", "{}"),
        ]
    }


def _webhooks(_world: World, _: str) -> Variants:
    url = [("Configuration.Url", _HOOK), ("Configuration.Method", "get")]
    replay = ("Configuration.ReplayAfter", "0")
    filters = [("Configuration.Filters", name) for name in ("onMessageAdded", "onParticipantAdded")]
    triggers = [("Configuration.Triggers", word) for word in ("help", "stop it")]
    return {
        "webhook": [("Target", "webhook"), *url, *filters, replay],
        "trigger": [("Target", "trigger"), *url, *triggers, replay],
        "studio": [("Target", "studio"), ("Configuration.FlowSid", _FLOW), replay],
    }


def _addresses(world: World, _: str) -> Variants:
    service = world.service().rpartition("/")[2]
    common = [("AddressCountry", "US"), *_address_names("Front desk")]
    return {
        "default": [("Type", "sms"), ("Address", world.line()), ("AutoCreation.Type", "default"), *common],
        "webhook": [("Type", "sms"), ("Address", world.line()), *_address_webhook(service), *common],
        "studio": [("Type", "sms"), ("Address", world.line()), *_address_studio(service), *common],
    }


def _address_updates(world: World, _: str) -> Variants:
    service = world.service().rpartition("/")[2]
    return {
        "default": [*_address_webhook(service), *_address_names("Back desk")],
        "webhook": [*_address_studio(service), *_address_names("Back desk")],
        "studio": [("AutoCreation.Type", "default"), *_address_names("Back desk")],
    }


def _address_names(name: str) -> Pairs:
    return [("FriendlyName", name), ("AutoCreation.Enabled", "true")]


def _address_webhook(service: str) -> Pairs:
    return [
        ("AutoCreation.Type", "webhook"),
        ("AutoCreation.ConversationServiceSid", service),
        ("AutoCreation.WebhookUrl", _HOOK),
        ("AutoCreation.WebhookMethod", "get"),
        ("AutoCreation.WebhookFilters", "onMessageAdded"),
        ("AutoCreation.WebhookFilters", "onParticipantAdded"),
    ]


def _address_studio(service: str) -> Pairs:
    return [
        ("AutoCreation.Type", "studio"),
        ("AutoCreation.ConversationServiceSid", service),
        ("AutoCreation.StudioFlowSid", _FLOW),
        ("AutoCreation.StudioRetryCount", "3"),
    ]


def _users(world: World, root: str) -> Variants:
    return {
        "": [
            ("Identity", world.name()),
            ("FriendlyName", "Ann"),
            ("Attributes", '{"desk": 4}'),
            ("RoleSid", world.role(root, "service")),
        ]
    }


def _user_conversations(_world: World, root: str) -> Variants:
    return {
        "": [
            ("NotificationLevel", "muted"),
            ("LastReadMessageIndex", "0"),
            ("LastReadTimestamp", "2016-01-02T03:04:05Z"),
        ]
    }


def _roles(_world: World, _: str) -> Variants:
    return {
        "conversation": [
            ("FriendlyName", "writer"),
            ("Type", "conversation"),
            ("Permission", "sendMessage"),
            ("Permission", "leaveConversation"),
        ],
        "service": [("FriendlyName", "maker"), ("Type", "service"), ("Permission", "createConversation")],
    }


def _role_updates(_world: World, _: str) -> Variants:
    return {
        "conversation": [("Permission", "editOwnMessage"), ("Permission", "sendMessage")],
        "service": [("Permission", "joinConversation")],
    }


def _services(_world: World, _: str) -> Variants:
    return {"": [("FriendlyName", "Sales")]}


def _credentials(_world: World, _: str) -> Variants:
    name = ("FriendlyName", "phones")
    apn = [("Certificate", "made up"), ("PrivateKey", "made up"), ("Sandbox", "true")]
    return {
        "apn": [("Type", "apn"), name, *apn],
        "gcm": [("Type", "gcm"), name, ("ApiKey", "made up")],
        "fcm": [("Type", "fcm"), name, ("Secret", "made up")],
    }


def _bindings(world: World, _: str) -> Variants:
    credential = world.client.made("/v1/Credentials", [("Type", "fcm"), ("Secret", "made up")])["sid"]
    return {
        kind: [
            ("Identity", world.identity),
            ("BindingType", kind),
            ("Endpoint", f"device-{world.number()}"),
            ("CredentialSid", credential),
            ("MessageTypes", "added_to_conversation"),
            ("MessageTypes", "new_message"),
        ]
        for kind in ("fcm", "gcm", "apn", "twilsock")
    }


def _configuration(world: World, root: str) -> Variants:
    return {
        "": [
            ("DefaultChatServiceSid", world.service().rpartition("/")[2]),
            ("DefaultMessagingServiceSid", _MESSAGING_SERVICE[1]),
            ("DefaultInactiveTimer", "PT1H"),
            ("DefaultClosedTimer", "P1D"),
            ("DefaultConversationCreatorRoleSid", world.role(root, "conversation")),
            ("DefaultConversationRoleSid", world.role(root, "conversation")),
            ("DefaultChatServiceRoleSid", world.role(root, "service")),
            ("ReachabilityEnabled", "true"),
        ]
    }


def _configuration_webhooks(_world: World, _: str) -> Variants:
    return {
        "": [
            ("Method", "GET"),
            ("Filters", "onMessageAdd"),
            ("Filters", "onMessageAdded"),
            ("PreWebhookUrl", _HOOK),
            ("PostWebhookUrl", _HOOK),
            ("Target", "flex"),
        ]
    }


def _notifications(_world: World, _: str) -> Variants:
    kinds = ("NewMessage", "AddedToConversation", "RemovedFromConversation")
    each = [
        pair
        for kind in kinds
        for pair in ((f"{kind}.Enabled", "true"), (f"{kind}.Template", "${USER}"), (f"{kind}.Sound", "ping"))
    ]
    media = [("NewMessage.WithMedia.Enabled", "true"), ("NewMessage.WithMedia.Template", "a picture")]
    return {"": [("LogEnabled", "true"), ("NewMessage.BadgeCountEnabled", "true"), *each, *media]}


_CREATIONS: Mapping[str, Callable[[World, str], Variants]] = {
    "Conversations": _conversations,
    "ConversationWithParticipants": _with_participants,
    "Conversations/Participants": _participants,
    "Conversations/Messages": _messages,
    "Conversations/Webhooks": _webhooks,
    "Configuration/Addresses": _addresses,
    "Users": _users,
    "Roles": _roles,
    "Services": _services,
    "Credentials": _credentials,
    "Bindings": _bindings,
}
_UPDATES: Mapping[str, Callable[[World, str], Variants]] = {
    "Conversations": _conversations,
    "Conversations/Participants": _participant_updates,
    "Conversations/Messages": _messages,
    "Conversations/Webhooks": _webhooks,
    "Configuration/Addresses": _address_updates,
    "Users": _users,
    "Users/Conversations": _user_conversations,
    "Roles": _role_updates,
    "Credentials": _credentials,
    "Configuration": _configuration,
    "Configuration/Webhooks": _configuration_webhooks,
    "Configuration/Notifications": _notifications,
}


# --- wrong ones

_LONG = "x" * 257
_UNKNOWN = "0" * 32
_DATE = ("yesterday", "2015-13-01T00:00:00Z")
_URLS = ("nowhere", "ftp://example.com/", f"https://example.com/{'x' * 512}")
# What no schema says of a parameter: texts that are wrong for it, and the code when it is not the parameter's own.
_WRONG: Mapping[str, tuple[str | tuple[str, int], ...]] = {
    "Address": ("nowhere",),
    "AddressCountry": ("Atlantis",),
    "Attributes": ("{", ("9" * 16_385, 50303)),
    "Author": (_LONG,),
    "AutoCreation.ConversationServiceSid": ((f"IS{_UNKNOWN}", 50050),),
    "AutoCreation.WebhookFilters": ("onNothing",),
    "AutoCreation.WebhookUrl": _URLS,
    "Body": ("", ("x" * 32_769, 50504)),
    "Configuration.Filters": ("onNothing",),
    "Configuration.Triggers": ("", "x" * 249),
    "Configuration.Url": (("", 50369), ("nowhere", 20001), (f"https://example.com/{'x' * 512}", 50372)),
    "DefaultChatServiceRoleSid": ((f"RL{_UNKNOWN}", 50102),),
    "DefaultChatServiceSid": ((f"IS{_UNKNOWN}", 50050),),
    "DefaultClosedTimer": ("soon", ("PT1M", 50376)),
    "DefaultConversationCreatorRoleSid": ((f"RL{_UNKNOWN}", 50106),),
    "DefaultConversationRoleSid": ((f"RL{_UNKNOWN}", 50109),),
    "DefaultInactiveTimer": ("soon", ("PT1S", 50375)),
    "EndDate": _DATE,
    "Filters": ("onNothing",),
    "FriendlyName": (_LONG,),
    "Identity": (("🦆" * 65, 50207), ("x" * 257, 50207), "a\u202eb", "a\nb", ("system", 50203)),
    "LastReadMessageIndex": ("99",),
    "LastReadTimestamp": _DATE,
    "MessagingBinding.Address": ("nowhere", ("", 50411)),
    "MessagingBinding.ProjectedAddress": ("+12065559999",),
    "MessagingBinding.ProxyAddress": ("+12065559999",),
    "Method": ("DELETE",),
    "PageToken": ("nonsense",),
    "Participant": ("{", "[]"),
    "Permission": ("flyToTheMoon",),
    "PostWebhookUrl": _URLS,
    "PreWebhookUrl": _URLS,
    "RoleSid": ((f"RL{_UNKNOWN}", 50100),),
    "StartDate": _DATE,
    "State": (("closed", 50384), ("", 50374)),
    "Subject": (_LONG,),
    "Timers.Closed": ("soon", ("PT1M", 50376)),
    "Timers.Inactive": ("soon", ("PT1S", 50375)),
    "UniqueName": (_LONG, (f"CH{_UNKNOWN}", 50390)),
}
_GENERIC_CODE = 20001
_CODES: Mapping[str, int] = {
    "Attributes": 50304,
    "Author": 50310,
    "AutoCreation.WebhookFilters": 50365,
    "AutoCreation.WebhookMethod": 50055,
    "Body": 50503,
    "Configuration.Filters": 50365,
    "Configuration.FlowSid": 50367,
    "Configuration.Method": 50055,
    "Configuration.Triggers": 50366,
    "DateCreated": 50308,
    "DateUpdated": 50309,
    "DefaultClosedTimer": 50380,
    "DefaultInactiveTimer": 50379,
    "Filters": 50365,
    "LastReadMessageIndex": 50421,
    "MessagingBinding.Address": 50407,
    "MessagingBinding.ProjectedAddress": 50439,
    "MessagingBinding.ProxyAddress": 50413,
    "MessagingServiceSid": 50341,
    "Method": 50055,
    "NotificationLevel": 50210,
    "Participant": 50424,
    "Permission": 50104,
    "PostWebhookUrl": 50078,
    "PreWebhookUrl": 50077,
    "State": 50378,
    "Target": 50364,
    "Timers.Closed": 50380,
    "Timers.Inactive": 50379,
}
# Where the same name means something else.
_CODES_OF_KINDS: Mapping[tuple[str, str], int] = {
    ("Configuration/Webhooks", "Target"): 20001,
    # Beside an identity, a right one is as wrong.
    ("ParticipantConversations", "Address"): 50451,
    ("Roles", "FriendlyName"): 50003,
    ("Roles", "Type"): 50105,
    ("Services", "FriendlyName"): 50003,
    ("Users", "FriendlyName"): 50003,
}
# What a creation cannot do without, and the code when it is missing.
_MISSING: Mapping[tuple[str, str], int] = {
    ("Conversations/Webhooks", "Target"): 50368,
    ("Users", "Identity"): 50204,
    ("Services", "FriendlyName"): 50000,
    ("Roles", "FriendlyName"): 50000,
    ("Roles", "Type"): 50105,
    ("Roles", "Permission"): 50104,
}


# What no entry of a list can have is in none: nothing is refused.
_FILTERS = {("Bindings", "Identity")}


def wrong(operation: Operation, value: Value) -> list[tuple[str, int]]:
    """Texts that a parameter cannot have, each with the code of its refusal."""
    in_query = value.place == "query"
    own = _CODES.get(value.name, _GENERIC_CODE)
    code = _CODES_OF_KINDS.get((operation.kind, value.name), _GENERIC_CODE if in_query else own)
    is_filter = (operation.kind, value.name) in _FILTERS or value.name == "State"
    particular = () if in_query and is_filter else _WRONG.get(value.name, ())
    if value.name == "State" and operation.names_one:
        # Closing is an update, and no beginning.
        particular = particular[1:]
    given = [text if isinstance(text, tuple) else (text, code) for text in particular]
    return [(text, code) for text in _against_schema(value)] + given


def missing(operation: Operation, value: Value) -> int:
    """The code of a refusal for a parameter that was left out."""
    return _MISSING.get((operation.kind, value.name), _GENERIC_CODE)


def _against_schema(value: Value) -> list[str]:
    if value.enum:
        return ["nonsense"]
    if value.pattern:
        return ["nonsense", f"XX{_UNKNOWN}", f"{value.pattern[1:3]}{_UNKNOWN}0"]
    if value.format == "date-time":
        return list(_DATE)
    if value.type == "integer":
        # The index behind which a webhook is told is -1 for all.
        negative = "-2" if value.name == "Configuration.ReplayAfter" else "-1"
        return ["many", negative, "1.5", *(["0"] if value.minimum else [])]
    return ["perhaps"] if value.type == "boolean" else []
