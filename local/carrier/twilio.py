"""Twilio's messages API (one recipient a request), group texts through its conversations, its incoming-message webhook
and its reports."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

from local.carrier.base import Answer, Call, Clock, NewId, Refused, Send, SignedRequest, Webhook
from local.carrier.media import content_type
from local.carrier.network import Text, is_number
from local.carrier.segments import segments
from local.carrier.settings import Settings
from local.carrier.special_numbers import Outcome
from local.carrier.twilio_groups import GroupConversation, Groups, tag_of
from local.carrier.wire_values import basic_header, secrets_match
from local.config import TwilioAccount

MAX_BODY = 1600
MAX_MEDIA = 10
_VERSION = "2010-04-01"
_AUTHENTICATE = 20003

# A new message in a conversation. All other requests to conversations are handled in twilio_groups.
GROUP_MESSAGE = "group message"
_GROUP_CODES = {
    Outcome.UNREACHABLE: "30003",
    Outcome.LANDLINE: "30006",
    Outcome.OPTED_OUT: "21610",
}
_ERROR_CODES = {Outcome.UNREACHABLE: "30003", Outcome.LANDLINE: "30006"}


@dataclass(frozen=True, slots=True)
class Twilio:
    """One Twilio account. Its webhooks are signed with HMAC-SHA1 over the address and every parameter."""

    account: TwilioAccount
    public_url: str
    clock: Clock
    new_id: NewId
    groups: Groups

    name = "twilio"
    challenge = None
    gives_up_unchallenged = False

    def authorise(self, call: Call) -> None:
        """Check the credentials. Raises Refused."""
        expected = basic_header(self.account.account_sid, self.account.auth_token)
        if not secrets_match(call.headers.get("authorization", ""), expected):
            raise Refused(_error(401, _AUTHENTICATE, "Authenticate"))

    def read(self, call: Call, lines: Mapping[str, str]) -> Send:
        """Parse `POST /2010-04-01/Accounts/{AC}/Messages.json` and `POST /v1/Conversations/{CH}/Messages`."""
        self.authorise(call)
        if call.operation == GROUP_MESSAGE:
            return self._read_group(call)
        if call.args["account"] != self.account.account_sid:
            raise Refused(self.not_found(f"/{_VERSION}/Accounts/{call.args['account']}/Messages.json"))
        form = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
        to, sender = form.get("To", [""]), form.get("From", [""])[-1]
        text, media = form.get("Body", [""])[-1], form.get("MediaUrl", [])
        problem = self._problem(to, sender, text, media, lines)
        if problem:
            raise Refused(problem)
        return Send(
            carrier=self.name,
            id=self._sid("MM" if media else "SM"),
            sender=sender,
            recipients=(to[0],),
            text=text,
            at=self.clock(),
            media=tuple(media),
            callback_url=form.get("StatusCallback", [""])[-1] or None,
        )

    def _read_group(self, call: Call) -> Send:
        conversation, author, text, stored = self.groups.message(call)
        others = sorted(conversation.numbers - {author})
        media = tuple(self.groups.uploads[one["sid"]] for one in stored["media"])
        return Send(self.name, stored["sid"], author, tuple(others), text, self.clock(), media, tag=tag_of(stored))

    def _problem(
        self, to: Sequence[str], sender: str, text: str, media: Sequence[str], lines: Mapping[str, str]
    ) -> Answer | None:
        recipient = to[0]
        checks = (
            (len(to) > 1, 21653, "More recipient addresses were given than this kind of message allows."),
            (not recipient, 21604, "A 'To' phone number is required."),
            (not is_number(recipient), 21211, f"Invalid 'To' Phone Number: {recipient}"),
            (not sender, 21603, "A 'From' phone number is required."),
            (
                lines.get(sender) != self.name,
                21660,
                f"Mismatch between the 'From' number {sender} and the account {self.account.account_sid}",
            ),
            (recipient == sender, 21266, "'To' and 'From' number cannot be the same"),
            (not text and not media, 21602, "Message body is required."),
            (len(text) > MAX_BODY, 21617, f"The concatenated message body exceeds the {MAX_BODY} character limit"),
            (len(media) > MAX_MEDIA, 21623, f"Number of media files exceeds allowed limit of {MAX_MEDIA}"),
        )
        return next((_error(400, code, message) for wrong, code, message in checks if wrong), None)

    def refuse_opted_out(self, send: Send, _outcomes: Mapping[str, Outcome], _settings: Settings) -> Answer | None:
        """400: the recipient has unsubscribed from this number. Inside a group the report says it."""
        if send.is_group:
            return None
        return _error(400, 21610, "Attempt to send to unsubscribed recipient")

    def accepted(self, send: Send) -> Answer:
        """201 with the message resource."""
        if send.is_group:
            return Answer(201, {"sid": send.id, "author": send.sender, "body": send.text, "delivery": None})
        path = f"/{_VERSION}/Accounts/{self.account.account_sid}/Messages/{send.id}"
        at = format_datetime(send.at)
        return Answer(
            201,
            {
                "account_sid": self.account.account_sid,
                "api_version": _VERSION,
                "body": send.text,
                "date_created": at,
                "date_sent": None,
                "date_updated": at,
                "direction": "outbound-api",
                "error_code": None,
                "error_message": None,
                "from": send.sender,
                "messaging_service_sid": None,
                "num_media": str(len(send.media)),
                "num_segments": str(_segment_count(send)),
                "price": None,
                "price_unit": "USD",
                "sid": send.id,
                "status": "queued",
                "subresource_uris": {"media": f"{path}/Media.json"},
                "to": send.recipients[0],
                "uri": f"{path}.json",
            },
        )

    def throttled(self) -> Answer:
        """429: never processed, safe to ask again."""
        return _error(429, 20429, "Too Many Requests")

    def not_found(self, path: str) -> Answer:
        """404."""
        return _error(404, 20404, f"The requested resource {path} was not found")

    def arrival(self, text: Text, line: str, settings: Settings) -> Webhook:
        """An incoming message at one own number; the others of a group are numbered from 0."""
        sid = self._sid("MM" if text.is_mms else "SM")
        others = [number for number in text.recipients if number != line and settings.twilio_rosters]
        form = {
            "ToCountry": "US",
            "ToState": "WA",
            "SmsMessageSid": sid,
            "NumMedia": str(len(text.media)),
            "ToCity": "",
            "FromZip": "",
            "SmsSid": sid,
            "FromState": "WA",
            "SmsStatus": "received",
            "FromCity": "",
            "Body": text.body,
            "FromCountry": "US",
            "To": line,
            "ToZip": "",
            "NumSegments": str(1 if text.is_mms else segments(text.body)),
            "MessageSid": sid,
            "AccountSid": self.account.account_sid,
            "From": text.sender,
            "ApiVersion": _VERSION,
        }
        form |= {f"OtherRecipients{place}": number for place, number in enumerate(others)}
        form |= {f"MediaUrl{place}": url for place, url in enumerate(text.media)}
        form |= {f"MediaContentType{place}": content_type(url) for place, url in enumerate(text.media)}
        url = f"{self.public_url}/carriers/twilio"
        return Webhook(self.name, "text", url, sid, line, form, text_id=text.id, at=text.at)

    def reports(
        self, send: Send, outcomes: Mapping[str, Outcome], _lines: Mapping[str, str], _settings: Settings
    ) -> Sequence[Webhook]:
        """Build the status callbacks, if the request asked for them: sent, then delivered or undelivered.

        For a group text these are its conversation's events, under the SIDs of its participants.
        """
        if send.is_group:
            return self._group_reports(send, outcomes)
        if send.callback_url is None:
            return []
        return [
            report
            for number, outcome in outcomes.items()
            if outcome is not Outcome.UNREPORTED
            for report in (
                self._report(send, send.callback_url, number, "sent", None),
                self._report(
                    send,
                    send.callback_url,
                    number,
                    "undelivered" if outcome in _ERROR_CODES else "delivered",
                    _ERROR_CODES.get(outcome),
                ),
            )
        ]

    def conversation_events(self, text: Text) -> Sequence[Webhook]:
        """Build the event by which a conversation repeats an inbound group text, without a roster."""
        conversation = self.groups.find(frozenset((text.sender, *text.recipients)))
        if conversation is None:
            return []
        form = self._event("onMessageAdded", conversation.sid, "IM" + self.new_id())
        form |= {"Author": text.sender, "Body": text.body, "Source": "SMS"}
        line = min(conversation.own)
        return [
            Webhook(self.name, "report", self._webhook_url, form["MessageSid"], line, form, status="onMessageAdded")
        ]

    def _group_reports(self, send: Send, outcomes: Mapping[str, Outcome]) -> Sequence[Webhook]:
        conversation = next(
            one for one in self.groups.conversations.values() if any(m["sid"] == send.id for m in one.messages)
        )
        reports = []
        for number, participant in conversation.natives.items():
            outcome = outcomes[number]
            if outcome is Outcome.UNREPORTED:
                continue
            code = _GROUP_CODES.get(outcome)
            last = "failed" if outcome is Outcome.OPTED_OUT else "undelivered" if code else "delivered"
            conversation.receipts.setdefault(participant, {})[send.id] = last
            if outcome is not Outcome.OPTED_OUT:
                reports.append(self._group_report(conversation, send, number, "sent", None))
            reports.append(self._group_report(conversation, send, number, last, code))
        return reports

    def _group_report(
        self, conversation: GroupConversation, send: Send, number: str, status: str, code: str | None
    ) -> Webhook:
        """A delivery update of one member of a group."""
        form = self._event("onDeliveryUpdated", conversation.sid, send.id)
        form |= {
            "ParticipantSid": conversation.natives[number],
            "Status": status,
            "ChannelMessageSid": "SM" + self.new_id(),
            **({"ErrorCode": code} if code else {}),
        }
        return Webhook(
            self.name,
            "report",
            self._webhook_url,
            send.id,
            send.sender,
            form,
            recipient=number,
            status=status,
            code=code,
        )

    @property
    def _webhook_url(self) -> str:
        return f"{self.public_url}/carriers/twilio"

    def _event(self, event: str, conversation: str, message: str) -> dict[str, str]:
        return {
            "AccountSid": self.account.account_sid,
            "ConversationSid": conversation,
            "EventType": event,
            "MessageSid": message,
        }

    def _report(self, send: Send, url: str, recipient: str, status: str, code: str | None) -> Webhook:
        form = {
            "AccountSid": self.account.account_sid,
            "ApiVersion": _VERSION,
            "From": send.sender,
            "MessageSid": send.id,
            "MessageStatus": status,
            "SmsSid": send.id,
            "SmsStatus": status,
            "To": recipient,
        }
        if code is not None:
            form["ErrorCode"] = code
        return Webhook(
            carrier=self.name,
            kind="report",
            url=url,
            id=send.id,
            line=send.sender,
            payload=form,
            recipient=recipient,
            status=status,
            code=code,
        )

    def sign(self, webhook: Webhook, _attempt: int, _now: datetime) -> SignedRequest:
        """The same form, signature and idempotency token in every attempt."""
        fields: dict[str, str] = webhook.payload
        signed = webhook.url + "".join(name + fields[name] for name in sorted(fields))
        signature = hmac.new(self.account.auth_token.encode(), signed.encode(), hashlib.sha1).digest()
        token = hashlib.sha256(f"{webhook.id}|{fields.get('MessageStatus', '')}".encode()).hexdigest()[:32]
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": token,
            "X-Twilio-Signature": base64.b64encode(signature).decode(),
        }
        return SignedRequest(webhook.url, headers, urlencode(fields).encode())

    def _sid(self, prefix: str) -> str:
        return prefix + self.new_id()


def _error(status: int, code: int, message: str) -> Answer:
    body: dict[str, Any] = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if code == _AUTHENTICATE else {}
    return Answer(status, body, headers)


def _segment_count(send: Send) -> int:
    return 1 if send.media else segments(send.text)
