"""One value of each stored type with every field set, and one with the fewest: the snapshot stored_items.json has the
item of each, as version 0.1.0 wrote it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from partyline.domain.conversations import Conversation, ConversationState
from partyline.domain.events import Cause, Event, EventBatch, Reason, Source
from partyline.domain.lines import AddressConfiguration, AutoCreation, AutoCreationType, Line
from partyline.domain.media import Media, MediaState, StoredMedia
from partyline.domain.messages import Message, Origin
from partyline.domain.opt_outs import OptOut, OptOutChannel, OptOutEvent
from partyline.domain.participants import NotificationLevel, Participant
from partyline.domain.permissions import RoleType
from partyline.domain.push_settings import BindingType, Credential, Notifications, PushBinding, PushMessage, PushType
from partyline.domain.receipts import PartReceipt, Receipt, ReceiptStatus
from partyline.domain.sends import Send
from partyline.domain.services import ApiKey, Configuration, Role, Service, User
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.domain.webhook_configuration import ScopedWebhook, WebhookConfiguration, WebhookMethod, WebhookTarget

# With a fraction, without one, and of a year that needs padding.
T1 = datetime(2026, 3, 4, 5, 6, 7, 89, UTC)
T2 = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
T3 = datetime(987, 1, 2, 3, 4, 5, 600_000, UTC)

_WEBHOOK = ScopedWebhook(
    sid="WH1",
    conversation_sid="CH1",
    created=T1,
    updated=T2,
    target=WebhookTarget.TRIGGER,
    url="https://example.com/hook?a=b",
    method=WebhookMethod.GET,
    filters=("onMessageAdded", "onMessageUpdated"),
    triggers=("help", "stop"),
    flow_sid="FW1",
    replay_after=3,
    since=7,
)

EXAMPLES: dict[str, object] = {
    "conversation": Conversation(
        sid="CH1",
        service_sid="IS1",
        created=T1,
        updated=T2,
        state=ConversationState.INITIALIZING,
        friendly_name="Elm Street ☎",
        unique_name="elm",
        attributes='{"a":1}',
        messaging_service_sid="MG1",
        threads=frozenset({"+12|+13", "+10|+11", "+12|+14"}),
        last_index=41,
        revision=5,
        removed=2,
        active_at=T2,
        inactive_after=60,
        closed_after=600,
        due_at=T3,
        notify_webhooks=True,
        initial_state=ConversationState.INACTIVE,
        created_by="anna",
    ),
    "conversation_least": Conversation("CH1", "IS1", T1, T2),
    "participant": Participant(
        sid="MB1",
        conversation_sid="CH1",
        created=T1,
        updated=T2,
        identity="anna",
        address="+12065550100",
        proxy_address="+12065550101",
        projected_address="+12065550102",
        attributes="{}",
        identified=T3,
        role_sid="RL1",
        last_read_message_index=0,
        last_read_timestamp="2026-03-04T05:06:07Z",
        notification_level=NotificationLevel.MUTED,
    ),
    "participant_least": Participant("MB1", "CH1", T1, T2),
    "message": Message(
        sid="IM1",
        conversation_sid="CH1",
        index=0,
        created=T1,
        updated=T2,
        author="anna",
        body="",
        participant_sid="MB1",
        attributes="{}",
        media=(
            Media("ME1", "https://carrier/1", "image/png", 10, "a.png", MediaState.READY, "telnyx", "ab", "x", False),
            Media("ME2", ""),
        ),
        sends=(
            Send(
                "t1",
                "+1",
                {"+2": "MB2", "+10": "MB3"},
                ("+3", "+1"),
                confirms_opt_out=True,
                byline="Anna",
                counted="ff",
            ),
            Send("t2", "+1", {}),
        ),
        carrier_message_id="c1",
        received_at=T2,
        edited_from="before",
        origin=Origin(("+1", "+0"), "+2", ("+3", "+2")),
    ),
    "message_least": Message("IM1", "CH1", 7, T1, T2, "anna", None),
    "stored_media": StoredMedia("ME1", "IS1", T1, T2, "image/png", 10, "a.png", "anna", "CH1", "IM1", True),
    "stored_media_least": StoredMedia("ME1", "IS1", T1, T2, "image/png", 0),
    "receipt": Receipt(
        sid="DY1",
        message_sid="IM1",
        conversation_sid="CH1",
        participant_sid="MB1",
        address="+1",
        created=T1,
        updated=T2,
        status=ReceiptStatus.UNDELIVERED,
        error_code=30008,
        channel_message_sid="SM1",
        carrier_message_id="c1",
        parts=(PartReceipt(1, ReceiptStatus.SENT, "c1"), PartReceipt(2, ReceiptStatus.UNKNOWN)),
    ),
    "receipt_least": Receipt("DY1", "IM1", "CH1", "MB1", "+1", T1, T2),
    "line": Line(
        sid="PN1",
        address="+1",
        carrier="telnyx",
        created=T1,
        updated=T2,
        auto_creation=AutoCreation.GROUPS,
        friendly_name="Front",
        configuration=AddressConfiguration(
            sid="IG1",
            created=T1,
            updated=T2,
            friendly_name="f",
            address_country="US",
            type=AutoCreationType.WEBHOOK,
            service_sid="IS1",
            webhook_url="https://example.com",
            webhook_method=WebhookMethod.POST,
            webhook_filters=("onMessageAdded",),
            studio_flow_sid="FW1",
            studio_retry_count=3,
            groups_only=False,
        ),
        language="es",
        replies={"stop": "Bye", "help": ""},
        answers_keywords=False,
        rate="0.5",
        sms_price="0.0079",
        mms_price="0.02",
    ),
    "line_configured_least": Line("PN1", "+1", "vonage", T1, T2, configuration=AddressConfiguration("IG1", T1, T2)),
    "line_least": Line("PN1", "+1", "vonage", T1, T2),
    "configuration": Configuration("IS1", "MG1", 60, 0),
    "configuration_least": Configuration("IS1"),
    "service": Service("IS1", "s", T1, T2, "RL1", "RL2", "RL3", True, 0, 600),
    "service_least": Service("IS1", "s", T1, T2, "RL1", "RL2", "RL3"),
    "role": Role("RL1", "IS1", T1, T2, "r", RoleType.CONVERSATION, ("sendMessage", "addParticipant")),
    "role_least": Role("RL1", "IS1", T1, T2, "r", RoleType.SERVICE, ()),
    "user": User("US1", "IS1", "anna", T1, T2, "Anna", '{"b":[]}', "RL1"),
    "user_least": User("US1", "IS1", "anna", T1, T2),
    "api_key": ApiKey("SK1", T1, T2, "k"),
    "api_key_least": ApiKey("SK1", T1, T2),
    "webhook": _WEBHOOK,
    "webhook_least": ScopedWebhook("WH1", "CH1", T1, T2, WebhookTarget.STUDIO),
    "webhook_configuration": WebhookConfiguration(
        "https://a", "https://b", WebhookMethod.GET, ("onMessageAdd",), "webhook"
    ),
    "webhook_configuration_without_filters": WebhookConfiguration(filters=()),
    "webhook_configuration_least": WebhookConfiguration(),
    "credential": Credential("CR1", T1, T2, PushType.APN, "c", True),
    "credential_least": Credential("CR1", T1, T2, PushType.FCM),
    "binding": PushBinding(
        "BS1", "IS1", T1, T2, "anna", BindingType.TWILSOCK, "device", "CR1", (PushMessage.NEW_MESSAGE,)
    ),
    "binding_least": PushBinding("BS1", "IS1", T1, T2, "anna", BindingType.GCM, "device"),
    "notifications": Notifications(True, True, "t", "s", True, "t", "s", True, True, "t", True, "t", "s"),
    "notifications_least": Notifications(),
    "unrouted": UnroutedText(
        sid="UT1",
        carrier="bandwidth",
        carrier_message_id="c1",
        reason=UnroutedReason.REJECTED,
        created=T1,
        line="+1",
        sender="+2",
        recipients=("+3", "+1"),
        body="hi",
        media=(Media("ME1", "https://carrier/1"),),
        raw="{}",
        tag="CH1",
        keyword_handled_by_carrier="stop",
        received_at=T3,
        only_subject=True,
    ),
    "unrouted_least": UnroutedText("UT1", "bandwidth", "", UnroutedReason.MALFORMED, T1),
    "opt_out": OptOut("OO1", "+1", "+2", True, OptOutChannel.CARRIER, T1, T2),
    "opt_out_event": OptOutEvent("+1", "+2", False, OptOutChannel.API, T1, "SK1", "asked"),
    "opt_out_event_least": OptOutEvent("+1", "+2", True, OptOutChannel.TEXT, T1),
    "event_batch": EventBatch(
        service_sid="IS1",
        subject="CH1",
        cause=Cause(Source.SDK, "anna", notify_webhooks=False, reason=Reason.TIMER),
        at=T2,
        events=(Event("onMessageAdded", {"Body": "", "Index": "0"}), Event("onMessageUpdated", {})),
        identities=("anna", "bob"),
        webhooks=(_WEBHOOK,),
        replay="WH1",
    ),
    "event_batch_least": EventBatch("IS1", "CH1", Cause(Source.SYSTEM), T1),
}
