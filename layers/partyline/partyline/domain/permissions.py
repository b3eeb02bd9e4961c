"""Permissions of roles, and the roles that every Service starts with. Pure.

A role of the type `service` applies to the whole Service, and so to each of its conversations. A role of the type
`conversation` applies to the conversation that its holder is a member of. An action is permitted when either role
permits it. The names are Twilio's (its Role resource, and four more that its API takes), except seven of our own. Five
of them Twilio has no use for: there, who is no member of a conversation neither sees it nor writes in it. `manageLines`
and `manageService` permit people what is the account's alone at Twilio.
"""

from __future__ import annotations

from enum import StrEnum


class RoleType(StrEnum):
    """The scope of a role."""

    CONVERSATION = "conversation"
    SERVICE = "service"


class Permission(StrEnum):
    """One thing that a role may permit."""

    ADD_NON_CHAT_PARTICIPANT = "addNonChatParticipant"
    ADD_PARTICIPANT = "addParticipant"
    CREATE_CONVERSATION = "createConversation"
    DELETE_ANY_MESSAGE = "deleteAnyMessage"
    DELETE_CONVERSATION = "deleteConversation"
    DELETE_OWN_MESSAGE = "deleteOwnMessage"
    EDIT_ANY_MESSAGE = "editAnyMessage"
    EDIT_ANY_MESSAGE_ATTRIBUTES = "editAnyMessageAttributes"
    EDIT_ANY_PARTICIPANT_ATTRIBUTES = "editAnyParticipantAttributes"
    EDIT_ANY_USER_INFO = "editAnyUserInfo"
    EDIT_CONVERSATION_ATTRIBUTES = "editConversationAttributes"
    EDIT_CONVERSATION_NAME = "editConversationName"
    EDIT_NOTIFICATION_LEVEL = "editNotificationLevel"
    EDIT_OWN_MESSAGE = "editOwnMessage"
    EDIT_OWN_MESSAGE_ATTRIBUTES = "editOwnMessageAttributes"
    EDIT_OWN_PARTICIPANT_ATTRIBUTES = "editOwnParticipantAttributes"
    EDIT_OWN_USER_INFO = "editOwnUserInfo"
    JOIN_CONVERSATION = "joinConversation"
    LEAVE_CONVERSATION = "leaveConversation"
    MANAGE_CONTACTS = "manageContacts"
    MANAGE_LINES = "manageLines"
    MANAGE_SERVICE = "manageService"
    REMOVE_PARTICIPANT = "removeParticipant"
    SEND_MEDIA_MESSAGE = "sendMediaMessage"
    SEND_MESSAGE = "sendMessage"
    SET_CONVERSATION_STATE = "setConversationState"
    VIEW_ANY_CONVERSATION = "viewAnyConversation"
    VIEW_ASSIGNED_CONVERSATIONS = "viewAssignedConversations"
    WRITE_AS_LINE = "writeAsLine"


_CONVERSATION_ONLY = frozenset(
    {
        Permission.DELETE_OWN_MESSAGE,
        Permission.EDIT_NOTIFICATION_LEVEL,
        Permission.LEAVE_CONVERSATION,
        Permission.SEND_MEDIA_MESSAGE,
        Permission.SEND_MESSAGE,
    }
)
_SERVICE_ONLY = frozenset(
    {
        Permission.CREATE_CONVERSATION,
        Permission.JOIN_CONVERSATION,
        Permission.MANAGE_CONTACTS,
        Permission.MANAGE_LINES,
        Permission.MANAGE_SERVICE,
        Permission.SET_CONVERSATION_STATE,
        Permission.VIEW_ANY_CONVERSATION,
        Permission.VIEW_ASSIGNED_CONVERSATIONS,
        Permission.WRITE_AS_LINE,
    }
)
# Which permissions a role of each type can hold.
GRANTABLE = {
    RoleType.CONVERSATION: frozenset(Permission) - _SERVICE_ONLY,
    RoleType.SERVICE: frozenset(Permission) - _CONVERSATION_ONLY,
}

# The roles that a new Service has, by name: Twilio's four, and three for staff who work in an inbox.
CONVERSATION_ADMIN, CONVERSATION_USER = "channel admin", "channel user"
SERVICE_ADMIN, SERVICE_USER = "service admin", "service user"
INBOX_ADMIN, INBOX_MEMBER, INBOX_LIMITED = "inbox admin", "inbox member", "inbox limited"

_MANAGE = (
    Permission.ADD_NON_CHAT_PARTICIPANT,
    Permission.ADD_PARTICIPANT,
    Permission.DELETE_ANY_MESSAGE,
    Permission.DELETE_CONVERSATION,
    Permission.EDIT_ANY_MESSAGE,
    Permission.EDIT_ANY_MESSAGE_ATTRIBUTES,
    Permission.EDIT_ANY_PARTICIPANT_ATTRIBUTES,
    Permission.EDIT_CONVERSATION_ATTRIBUTES,
    Permission.EDIT_CONVERSATION_NAME,
    Permission.EDIT_OWN_MESSAGE,
    Permission.EDIT_OWN_MESSAGE_ATTRIBUTES,
    Permission.EDIT_OWN_PARTICIPANT_ATTRIBUTES,
    Permission.REMOVE_PARTICIPANT,
)
_TAKE_PART = (
    Permission.DELETE_OWN_MESSAGE,
    Permission.EDIT_NOTIFICATION_LEVEL,
    Permission.EDIT_OWN_MESSAGE,
    Permission.EDIT_OWN_MESSAGE_ATTRIBUTES,
    Permission.EDIT_OWN_PARTICIPANT_ATTRIBUTES,
    Permission.LEAVE_CONVERSATION,
    Permission.SEND_MEDIA_MESSAGE,
    Permission.SEND_MESSAGE,
)
# Staff write as a line without being members of the conversation. So they need no role in it.
_WORK = (
    Permission.ADD_NON_CHAT_PARTICIPANT,
    Permission.CREATE_CONVERSATION,
    Permission.EDIT_OWN_USER_INFO,
    Permission.SET_CONVERSATION_STATE,
    Permission.WRITE_AS_LINE,
)
_SEE_ALL = (
    *_WORK,
    Permission.EDIT_CONVERSATION_NAME,
    Permission.JOIN_CONVERSATION,
    Permission.MANAGE_CONTACTS,
    Permission.VIEW_ANY_CONVERSATION,
)
_ADMINISTER = (
    *_MANAGE,
    *_SEE_ALL,
    Permission.EDIT_ANY_USER_INFO,
    Permission.MANAGE_LINES,
    Permission.MANAGE_SERVICE,
)
INBOX_ROLES: dict[str, tuple[RoleType, tuple[str, ...]]] = {
    INBOX_ADMIN: (RoleType.SERVICE, tuple(sorted(set(_ADMINISTER)))),
    INBOX_MEMBER: (RoleType.SERVICE, tuple(sorted(_SEE_ALL))),
    INBOX_LIMITED: (RoleType.SERVICE, tuple(sorted({*_WORK, Permission.VIEW_ASSIGNED_CONVERSATIONS}))),
}
DEFAULT_ROLES: dict[str, tuple[RoleType, tuple[str, ...]]] = {
    CONVERSATION_ADMIN: (RoleType.CONVERSATION, tuple(sorted({*_TAKE_PART, *_MANAGE}))),
    CONVERSATION_USER: (RoleType.CONVERSATION, _TAKE_PART),
    SERVICE_ADMIN: (
        RoleType.SERVICE,
        (
            *_MANAGE,
            Permission.CREATE_CONVERSATION,
            Permission.EDIT_ANY_USER_INFO,
            Permission.EDIT_OWN_USER_INFO,
            Permission.JOIN_CONVERSATION,
            Permission.VIEW_ANY_CONVERSATION,
        ),
    ),
    SERVICE_USER: (
        RoleType.SERVICE,
        (Permission.CREATE_CONVERSATION, Permission.EDIT_OWN_USER_INFO, Permission.JOIN_CONVERSATION),
    ),
    **INBOX_ROLES,
}
