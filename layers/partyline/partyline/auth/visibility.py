"""Visibility: whether a user sees a conversation.

A user sees a conversation that they take part in, and every one when their role permits `viewAnyConversation`. With
`viewAssignedConversations` they also see those in which a handset is a number of a contact that they own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from partyline.auth.scope import CallingUser
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission
from partyline.storage import contacts
from partyline.storage.table import Table


def is_visible(table: Table, service_sid: str, user: CallingUser, members: Collection[Participant]) -> bool:
    """Whether a conversation of the user's Service with these members is visible to the user.

    Cost: one round trip for a user with `viewAssignedConversations` who is no member, none for others.
    """
    if Permission.VIEW_ANY_CONVERSATION in user.permissions or any(one.identity == user.identity for one in members):
        return True
    if Permission.VIEW_ASSIGNED_CONVERSATIONS not in user.permissions:
        return False
    return user.identity in fetch_owners(table, service_sid, members)


def fetch_owners(table: Table, service_sid: str, members: Iterable[Participant]) -> frozenset[str]:
    """Read the identities that own a contact among the handsets of a conversation, in one round trip."""
    return contacts.fetch_owners(table, service_sid, {member.address for member in members if member.address})
