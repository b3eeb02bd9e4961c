"""A user's conversations: list, fetch, read horizon and notification level, leave."""

from __future__ import annotations

from typing import Annotated, TypedDict

from partyline import refusals
from partyline.api import authorization, lookups, pagination, pre_webhook, serializers
from partyline.api.bodies import Links, TimersBody
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import choose
from partyline.api.pagination import PagePart
from partyline.api.read_horizon import ReadHorizonForm
from partyline.api.resources import participants
from partyline.api.router import Router
from partyline.domain import events, timers
from partyline.domain.membership import Roster
from partyline.domain.participants import NotificationLevel
from partyline.domain.permissions import Permission
from partyline.domain.services import User
from partyline.frozen_classes import replace
from partyline.storage import memberships, messages, participations, retry
from partyline.storage.participations import Participation
from partyline.storage.queries import Window

route = Router()


class UserConversationForm(ReadHorizonForm):
    """What a user changes of a conversation of their own."""

    notification_level: (
        Annotated[NotificationLevel, choose(NotificationLevel, refusals.notification_level_invalid)] | None
    ) = None


class UserConversationBody(TypedDict):
    """A conversation as a user sees it. Dates and attributes are the conversation's."""

    account_sid: str
    chat_service_sid: str
    conversation_sid: str
    unread_messages_count: int | None
    last_read_message_index: int | None
    participant_sid: str
    user_sid: str
    friendly_name: str | None
    conversation_state: str
    timers: TimersBody
    attributes: str
    date_created: str
    date_updated: str
    created_by: str
    notification_level: str
    unique_name: str | None
    url: str
    links: Links


@route.get("Users/{user}/Conversations", users=True)
def list_page(call: Call) -> ApiResponse:
    """List a user's conversations, the one joined last first.

    Messages are counted as unread once a read horizon is set.
    """
    user = _find_user(call)

    def read(window: Window) -> PagePart:
        page = participations.list_for(call.table, call.scope.service_sid, window, identity=user.identity, whole=True)
        return pagination.to_page_part(page, lambda found: _build_body(call, user, found))

    return pagination.build_list_response(call, "conversations", read, pagination.SMALL_MAX_PAGE_SIZE)


@route.get("Users/{user}/Conversations/{conversation}", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch a user's conversation."""
    user = _find_user(call)
    roster = lookups.load_roster(call, whole=True)
    return ApiResponse(200, _build_body(call, user, _find_participation(call, user, roster)))


@route.post("Users/{user}/Conversations/{conversation}", users=True)
def update(call: Call) -> ApiResponse:
    """Change NotificationLevel, LastReadMessageIndex, LastReadTimestamp. A user changes their own only.

    Raises ApiError 20001, 50056, 50107, 50210, 50377, 50386, 50421.
    """
    user = _find_user(call)
    authorization.require_self(call, user.identity)
    return ApiResponse(200, _build_body(call, user, retry.STANDARD.run(lambda: _change_member(call, user))))


def _change_member(call: Call, user: User) -> Participation:
    """Store what the form names. Raises Conflict when another request is changing the same member."""
    roster = lookups.load_roster(call, whole=True)
    found = _find_participation(call, user, roster)
    form, conversation, before = call.request.form, found.conversation, found.participant
    if "NotificationLevel" in form.values:
        authorization.require_conversation_permission(call, roster, Permission.EDIT_NOTIFICATION_LEVEL)
    lookups.require_changeable(conversation)
    changes = UserConversationForm.parse(form, last_index=conversation.last_index).changes_at(call.now)
    after = replace(before, **changes, updated=call.now)
    pre_webhook.consult(call, events.participant_event("onParticipantUpdate", after, conversation))
    memberships.touch_member(call.table, conversation, before, after, call.now, cause=call.cause)
    return replace(found, participant=after)


@route.delete("Users/{user}/Conversations/{conversation}", users=True)
def delete(call: Call) -> ApiResponse:
    """Remove the user from a conversation. Raises ApiError as the deletion of a participant."""
    user = _find_user(call)
    member = _find_participation(call, user, lookups.load_roster(call)).participant
    return participants.delete(replace(call, ids={**call.ids, "participant": member.sid}))


def _find_user(call: Call) -> User:
    """Find the user of the path, if the caller may see its conversations. Raises ApiError 20404, 50107."""
    user = lookups.find_user(call)
    authorization.require_self(call, user.identity, Permission.VIEW_ANY_CONVERSATION)
    return user


def _find_participation(call: Call, user: User, roster: Roster) -> Participation:
    """Find the user among the members. Raises ApiError 20404."""
    for member in roster.participants:
        if member.identity == user.identity:
            return Participation(member, roster.conversation)
    raise lookups.not_found(call)


def _build_body(call: Call, user: User, found: Participation) -> UserConversationBody:
    conversation, participant = timers.apply_due(found.conversation, call.now), found.participant
    horizon = participant.last_read_message_index
    return {
        "account_sid": call.context.account_sid,
        "chat_service_sid": conversation.service_sid,
        "conversation_sid": conversation.sid,
        "unread_messages_count": messages.unread(call.table, conversation, horizon),
        "last_read_message_index": horizon,
        "participant_sid": participant.sid,
        "user_sid": user.sid,
        "friendly_name": conversation.friendly_name,
        "conversation_state": conversation.state.value,
        "timers": serializers.build_timers(conversation),
        "attributes": conversation.known_attributes,
        "date_created": serializers.format_timestamp(conversation.created),
        "date_updated": serializers.format_timestamp(conversation.updated),
        "created_by": conversation.created_by,
        "notification_level": participant.notification_level.value,
        "unique_name": conversation.unique_name,
        "url": call.url("Users", user.sid, "Conversations", conversation.sid),
        "links": {
            "participant": call.url("Conversations", conversation.sid, "Participants", participant.sid),
            "conversation": call.url("Conversations", conversation.sid),
        },
    }
