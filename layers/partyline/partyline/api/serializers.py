"""Twilio's resources as JSON.

Every member that Twilio documents is there, null when it has no value; `bodies` has their types. Times are to the
second: Twilio's SDK for Python reads nothing finer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from partyline.api.bodies import (
    BindingBody,
    ChannelMetadataBody,
    ConversationBody,
    CountedMessageBody,
    MediaBody,
    MemberContactBody,
    MessageBody,
    ParticipantBody,
    ReceiptBody,
    ServiceMember,
    StoredMediaBody,
    TimersBody,
)
from partyline.api.context import Call
from partyline.domain import contacts, receipts, sids, timers
from partyline.domain.addresses import format_address
from partyline.domain.contacts import Contact
from partyline.domain.conversations import Conversation
from partyline.domain.media import Media, MediaState, StoredMedia
from partyline.domain.messages import Message
from partyline.domain.participants import Participant
from partyline.domain.receipts import Receipt, ReceiptStatus
from partyline.storage.messages import MessageWithReceipts

# Builds the temporary link to a file from its SID and content type.
FileLink = Callable[[str, str], str]

# Statuses that Twilio's enumeration has no word for. A text without a known outcome was at least sent.
_STATUSES = {ReceiptStatus.QUEUED: None, ReceiptStatus.UNKNOWN: ReceiptStatus.SENT.value}


def format_timestamp(moment: datetime) -> str:
    """Format a time as 2026-01-31T12:00:00Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _format_optional_timestamp(moment: datetime | None) -> str | None:
    return format_timestamp(moment) if moment else None


def build_conversation(call: Call, shown: Conversation, links: Iterable[str]) -> ConversationBody:
    """Build a conversation with links to what is beneath it. Timers that are due have taken effect."""
    shown = timers.apply_due(shown, call.now)
    url = call.url("Conversations", shown.sid)
    return {
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "chat_service_sid": shown.service_sid,
        "messaging_service_sid": messaging_service_or_default(call, shown.messaging_service_sid),
        "friendly_name": shown.friendly_name,
        "unique_name": shown.unique_name,
        "attributes": shown.known_attributes,
        "assignee": shown.assignee,
        "state": shown.state.value,
        "date_created": format_timestamp(shown.created),
        "date_updated": format_timestamp(shown.updated),
        "timers": build_timers(shown),
        "bindings": None,
        "url": url,
        "links": {name: f"{url}/{name.capitalize()}" for name in links},
    }


def messaging_service_or_default(call: Call, named: str | None) -> str:
    """Return a messaging service's SID; the account's first one where none is named."""
    return named or sids.default_messaging_service(call.context.account_sid)


def build_timers(shown: Conversation) -> TimersBody:
    """Build a conversation's timers, as the moments when they are due."""
    due, body = timers.due_dates(shown), TimersBody()
    if "date_inactive" in due:
        body["date_inactive"] = format_timestamp(due["date_inactive"])
    if "date_closed" in due:
        body["date_closed"] = format_timestamp(due["date_closed"])
    return body


def build_service_member(call: Call) -> ServiceMember:
    """Build the member that answers beneath a named Service have in addition."""
    return {"chat_service_sid": call.scope.service_sid} if call.scope.named else {}


def build_participant(call: Call, shown: Participant, contact: Contact | None = None) -> ParticipantBody:
    """Build a participant. An identity without a role has its Service's role for members.

    `contact` is the contact as which it was added, as it is now.
    """
    return {
        **build_service_member(call),
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "conversation_sid": shown.conversation_sid,
        "identity": shown.identity,
        "attributes": shown.attributes,
        "messaging_binding": _build_binding(shown),
        "contact": _build_member_contact(shown, contact),
        "role_sid": shown.role_sid or (call.scope.service.member_role_sid if shown.identity else None),
        "date_created": format_timestamp(shown.created),
        "date_updated": format_timestamp(shown.updated),
        "last_read_message_index": shown.last_read_message_index,
        "last_read_timestamp": shown.last_read_timestamp,
        "url": call.url("Conversations", shown.conversation_sid, "Participants", shown.sid),
    }


def _build_member_contact(shown: Participant, contact: Contact | None) -> MemberContactBody | None:
    """Build the contact of a participant (ours): what has become of it since the participant was added."""
    if shown.contact is None:
        return None
    found = contacts.describe_member(shown.contact, shown.address, contact)
    return {
        "sid": found.sid,
        "name": found.name,
        "name_when_added": found.name_when_added,
        "state": found.state.value,
        "number_is_current": found.number_is_current,
    }


def _build_binding(shown: Participant) -> BindingBody | None:
    """Build the addresses that are set; None for a participant without one."""
    if not shown.is_bound:
        return None
    body: BindingBody = {"type": "sms"}
    if shown.address:
        body["address"] = format_address(shown.address)
    if shown.proxy_address:
        body["proxy_address"] = format_address(shown.proxy_address)
    if shown.projected_address:
        body["projected_address"] = format_address(shown.projected_address)
    return body


def build_message(call: Call, delivered: MessageWithReceipts, link: FileLink | None = None) -> MessageBody:
    """Build a message with the state of its delivery. With `link`, its files have temporary links."""
    shown = delivered.message
    url = call.url("Conversations", shown.conversation_sid, "Messages", shown.sid)
    return {
        **build_service_member(call),
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "conversation_sid": shown.conversation_sid,
        "index": shown.index,
        "author": shown.author,
        "body": shown.body,
        "media": [_build_media(part, link) for part in shown.media] or None,
        "attributes": shown.attributes,
        "participant_sid": shown.participant_sid,
        "written_by": shown.written_by,
        "content_sid": None,
        "date_created": format_timestamp(shown.created),
        "date_updated": format_timestamp(shown.updated),
        "date_received_by_carrier": _format_optional_timestamp(shown.received_at),
        "delivery": receipts.summarize_delivery(receipt.status for receipt in delivered.receipts),
        "url": url,
        "links": {"delivery_receipts": f"{url}/Receipts", "channel_metadata": f"{url}/ChannelMetadata"},
    }


def build_counted_message(
    call: Call, delivered: MessageWithReceipts, link: FileLink | None = None
) -> CountedMessageBody:
    """Build a message that says what became of it for each recipient."""
    statuses = {receipt.participant_sid: _status_of(receipt) for receipt in delivered.receipts}
    return {**build_message(call, delivered, link), "delivery_statuses": statuses}


def build_channel_metadata(call: Call, shown: Message) -> ChannelMetadataBody:
    """Build how a message came or goes: by text or by an app."""
    by_phone = shown.carrier_message_id is not None or bool(shown.sends)
    return {
        "account_sid": call.context.account_sid,
        "chat_service_sid": call.scope.service_sid,
        "conversation_sid": shown.conversation_sid,
        "message_sid": shown.sid,
        "type": "sms" if by_phone else "chat",
        "data": {"carrier_message_id": shown.carrier_message_id},
        "url": call.url("Conversations", shown.conversation_sid, "Messages", shown.sid, "ChannelMetadata"),
    }


def build_stored_media(call: Call, shown: StoredMedia, link: str) -> StoredMediaBody:
    """Build a file, in the form of Twilio's media service. `link` needs no credentials and expires soon."""
    url = call.url("Media", shown.sid)
    return {
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "service_sid": shown.service_sid,
        "channel_sid": shown.conversation_sid,
        "conversation_sid": shown.conversation_sid,
        "message_sid": shown.message_sid,
        "author": shown.author,
        "category": "media",
        "content_type": shown.content_type,
        "filename": shown.filename,
        "size": shown.size,
        "is_multipart_upstream": False,
        "date_created": format_timestamp(shown.created),
        "date_upload_updated": format_timestamp(shown.created),
        "date_updated": format_timestamp(shown.updated),
        "url": url,
        "links": {"content": f"{url}/Content", "content_direct_temporary": link},
    }


def _build_media(shown: Media, link: FileLink | None) -> MediaBody:
    """Build a file of a message: Twilio's members, and whether it is here (`state`), or why not (`error`)."""
    built: MediaBody = {
        "sid": shown.sid,
        "size": shown.size,
        "content_type": shown.content_type,
        "filename": shown.filename,
        "state": shown.state.value,
        "error": shown.error,
    }
    if link:
        is_here = shown.state is MediaState.READY and shown.content_type
        built["link"] = link(shown.sid, shown.content_type or "") if is_here else None
    return built


def build_receipt(call: Call, shown: Receipt) -> ReceiptBody:
    """Build a delivery receipt."""
    return {
        **build_service_member(call),
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "conversation_sid": shown.conversation_sid,
        "message_sid": shown.message_sid,
        "channel_message_sid": shown.channel_message_sid,
        "participant_sid": shown.participant_sid,
        "status": _status_of(shown),
        "error_code": shown.error_code,
        "date_created": format_timestamp(shown.created),
        "date_updated": format_timestamp(shown.updated),
        "url": call.url("Conversations", shown.conversation_sid, "Messages", shown.message_sid, "Receipts", shown.sid),
    }


def _status_of(shown: Receipt) -> str | None:
    """The status of a receipt as Twilio names it; None while the carrier has not answered."""
    return _STATUSES.get(shown.status, shown.status.value)
