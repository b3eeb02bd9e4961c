"""Join the parts of the simulated network for its HTTP handlers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp

from local.carrier import kept_network, telnyx_records, twilio_messages
from local.carrier.bandwidth import Bandwidth
from local.carrier.base import Answer, Call, Carrier, Refused, Send, Webhook
from local.carrier.events import Events
from local.carrier.hosted_files import HostedFiles
from local.carrier.kept_network import KeptNetwork
from local.carrier.network import BadText, Network, Text, is_number
from local.carrier.settings import Settings, changed
from local.carrier.telnyx import Telnyx
from local.carrier.text_router import RoutedText, SendResult, TextRouter
from local.carrier.twilio import Twilio
from local.carrier.twilio_groups import Groups
from local.carrier.vonage import Vonage
from local.carrier.webhook_sender import QueuedWebhook, WebhookSender
from local.config import Config

# Webhooks that have arrived; the older ones matter to nobody.
_KEPT = 1000


class Simulation:
    """Phones, lines and carriers of one process."""

    def __init__(self, config: Config, session: aiohttp.ClientSession) -> None:
        self.events = Events()
        self._behind = timedelta()
        self._telnyx = Telnyx(config.telnyx, config.public_url, self._clock, _new_id)
        self.hosted_files = HostedFiles(config, _new_id)
        self._groups = Groups(_new_id, self.hosted_files.add)
        self._twilio = Twilio(config.twilio, config.public_url, self._clock, _new_id, self._groups)
        carriers: Mapping[str, Carrier] = {
            "bandwidth": Bandwidth(config.bandwidth, config.public_url, self._clock, _new_id),
            "telnyx": self._telnyx,
            "twilio": self._twilio,
            "vonage": Vonage(config.vonage, config.public_url, self._clock, _new_id),
        }
        self._start = config.settings
        self._router = TextRouter(Network(dict(config.lines)), carriers, self.hosted_files, self._clock, _new_id)
        self._webhook_sender = WebhookSender(carriers, session, _now, self._webhook_changed)
        self._apply(config.settings)

    @property
    def lines(self) -> Mapping[str, str]:
        """Our own numbers and their carriers."""
        return self._router.network.lines

    @property
    def settings(self) -> Settings:
        """The faults of the carriers and of the network."""
        return self._router.settings

    @property
    def sends(self) -> Sequence[Send]:
        """Every send request that a carrier accepted, in order."""
        return self._router.sends

    @property
    def webhooks(self) -> Sequence[QueuedWebhook]:
        """Every webhook, in order."""
        return list(self._webhook_sender.webhooks)

    def counts(self) -> dict[str, Any]:
        """Count the accepted sends, and the webhooks by state."""
        return {"sends": len(self._router.sends), "webhooks": self._webhook_sender.counts()}

    def handsets(self) -> list[str]:
        """Every handset seen so far."""
        return self._router.network.handsets()

    def texts(self, handset: str) -> list[Text]:
        """List the texts that one handset has sent and received, oldest first."""
        return self._router.network.texts(handset)

    def threads(self, handset: str) -> Mapping[frozenset[str], list[Text]]:
        """Group a handset's texts by the set of the other members."""
        return self._router.network.threads(handset)

    def arrivals(self) -> dict[str, dict[str, str]]:
        """Return the state of the webhook of each line that a text goes to, by text."""
        arrivals: dict[str, dict[str, str]] = {}
        for queued in self._webhook_sender.webhooks:
            if queued.webhook.kind == "text":
                arrivals.setdefault(queued.webhook.text_id, {})[queued.webhook.line] = queued.state.value
        return arrivals

    def text(self, sender: str, recipients: list[str], body: str, media: list[str], subject: str = "") -> Text:
        """Send a text from a handset. Raises BadText."""
        text = self._carry(self._router.text(sender, recipients, body, media, subject))
        self._webhook_sender.enqueue(self._twilio.conversation_events(text))
        for answer in self._router.answers(text):
            self._carry(answer)
        return text

    def send(self, carrier: str, call: Call) -> SendResult:
        """Handle a send request to a carrier's API."""
        result = self._router.send(carrier, call)
        if result.routed is not None:
            self._carry(result.routed)
        return result

    def group(self, call: Call) -> Answer:
        """Handle a request to Telnyx for the status of a group text."""
        try:
            return self._telnyx.group(call, self._router.sends)
        except Refused as refused:
            return refused.answer

    def twilio_group(self, method: str, path: str, call: Call) -> Answer:
        """Handle a request to Twilio's conversations."""
        try:
            self._twilio.authorise(call)
            return self._groups.answer(method, path, call, self.lines)
        except Refused as refused:
            return refused.answer

    def twilio_messages(self, call: Call) -> Answer:
        """Handle a request to Twilio for messages that came in."""
        try:
            self._twilio.authorise(call)
        except Refused as refused:
            return refused.answer
        return twilio_messages.find_answer(call, self._list_texts("twilio")) or self.not_found("twilio", "")

    def telnyx_records(self, call: Call) -> Answer:
        """Handle a request to Telnyx for records of texts that came in, or for the message of one."""
        try:
            self._telnyx.authorise(call)
        except Refused as refused:
            return refused.answer
        return telnyx_records.find_answer(call, self._list_texts("telnyx")) or self.not_found("telnyx", "")

    def _list_texts(self, carrier: str) -> list[Webhook]:
        webhooks = (queued.webhook for queued in self._webhook_sender.webhooks)
        return [webhook for webhook in webhooks if webhook.kind == "text" and webhook.carrier == carrier]

    def not_found(self, carrier: str, path: str) -> Answer:
        """Return a carrier's answer to an unknown path."""
        return self._router.carriers[carrier].not_found(path)

    def add_line(self, number: str, carrier: str) -> None:
        """Add a number of ours. Raises BadText."""
        if not is_number(number):
            raise BadText(f"{number!r} is not a phone number")
        if carrier not in self._router.carriers:
            raise BadText(f"{carrier!r} is not one of the carriers {', '.join(self._router.carriers)}")
        self._router.network.lines[number] = carrier

    def change(self, changes: object) -> None:
        """Change settings. Raises BadSetting."""
        self._apply(changed(self.settings, changes))

    @property
    def is_busy(self) -> bool:
        """Whether a webhook is still to be delivered."""
        return any(queued.open_copies for queued in self._webhook_sender.webhooks)

    def keep(self) -> bytes:
        """Return everything but the settings, for `restore`."""
        webhooks = list(self._webhook_sender.webhooks)
        return kept_network.write(
            KeptNetwork(
                lines=dict(self.lines),
                texts=self._router.network.kept(),
                sends=self._router.sends,
                blocked=self._router.blocked,
                groups=self._groups.conversations,
                uploads=self._groups.uploads,
                files=self.hosted_files.kept(),
                webhooks=[queued for queued in webhooks[:-_KEPT] if queued.open_copies] + webhooks[-_KEPT:],
            )
        )

    def restore(self, content: Mapping[str, Any]) -> None:
        """Take up what an earlier run kept, and deliver its webhooks."""
        kept = kept_network.read(content)
        self.hosted_files.restore(kept.files)
        self._router.network.restore(kept.lines, kept.texts)
        self._router.restore(kept.sends, kept.blocked)
        self._groups.conversations.update(kept.groups)
        self._groups.uploads.update(kept.uploads)
        self._webhook_sender.restore(kept.webhooks)

    async def forget(self) -> None:
        """Delete all texts, sends and webhooks, and restore the first settings. Lines stay."""
        await self._webhook_sender.forget()
        self._router.forget()
        self._groups.forget()
        self._apply(self._start)
        self.events.publish({"type": "reset"})

    async def close(self) -> None:
        """Stop delivering webhooks and publishing events."""
        self.events.close()
        await self._webhook_sender.stop()

    def _clock(self) -> datetime:
        """The time of texts and payloads. Signatures have the time of the machine."""
        return _now() - self._behind

    def _apply(self, settings: Settings) -> None:
        self._behind = timedelta(seconds=settings.seconds_behind)
        self._router.settings = settings
        self._webhook_sender.apply(settings)

    def _carry(self, routed: RoutedText) -> Text:
        text = routed.text
        self.events.publish(
            {
                "type": "text",
                "id": text.id,
                "from": text.sender,
                "to": list(text.recipients),
                "text": text.body,
                "media": list(text.media),
                "at": text.at.isoformat(),
            }
        )
        self._webhook_sender.enqueue(routed.webhooks)
        return text

    def _webhook_changed(self, queued: QueuedWebhook) -> None:
        webhook = queued.webhook
        self.events.publish(
            {
                "type": "report" if webhook.kind == "report" else "arrival",
                "carrier": webhook.carrier,
                "id": webhook.id,
                "line": webhook.line,
                "text_id": webhook.text_id,
                "recipient": webhook.recipient,
                "status": webhook.status,
                "code": webhook.code,
                "webhook": queued.state.value,
            }
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid4().hex
