"""The whole simulated network, for the HTTP handlers: texts and send requests in, webhooks and events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp

from local.carrier.bandwidth import Bandwidth
from local.carrier.events import Events
from local.carrier.exchange import Carried, Exchange, Outcome
from local.carrier.network import BadText, Network, Text, is_number
from local.carrier.pictures import Pictures
from local.carrier.port import Answer, Call, Carrier, Refused, Send
from local.carrier.postman import Letter, Postman
from local.carrier.settings import Settings, changed
from local.carrier.telnyx import Telnyx
from local.carrier.twilio import Twilio
from local.carrier.twilio_groups import Groups
from local.carrier.vonage import Vonage
from local.config import Config


class Simulation:
    """Phones, lines and carriers of one process."""

    def __init__(self, config: Config, session: aiohttp.ClientSession) -> None:
        self.events = Events()
        self._telnyx = Telnyx(config.telnyx, config.public_url, _now, _new_id)
        self.pictures = Pictures(config, _new_id)
        self._groups = Groups(_new_id, self.pictures.keep)
        self._twilio = Twilio(config.twilio, config.public_url, _now, _new_id, self._groups)
        carriers: Mapping[str, Carrier] = {
            "bandwidth": Bandwidth(config.bandwidth, config.public_url, _now, _new_id),
            "telnyx": self._telnyx,
            "twilio": self._twilio,
            "vonage": Vonage(config.vonage, config.public_url, _now, _new_id),
        }
        self._start = config.settings
        self._exchange = Exchange(Network(dict(config.lines)), carriers, self.pictures, _now, _new_id)
        self._postman = Postman(carriers, session, _now, self._webhook_changed)
        self._apply(config.settings)

    @property
    def lines(self) -> Mapping[str, str]:
        """Our own numbers and their carriers."""
        return self._exchange.network.lines

    @property
    def settings(self) -> Settings:
        """How unruly the carriers are."""
        return self._exchange.settings

    @property
    def sends(self) -> Sequence[Send]:
        """Every send request that a carrier took, in order."""
        return self._exchange.sends

    @property
    def letters(self) -> Sequence[Letter]:
        """Every webhook that was fired, in order."""
        return list(self._postman.letters)

    def counts(self) -> dict[str, Any]:
        """How many sends were taken and how the webhooks fare."""
        return {"sends": len(self._exchange.sends), "webhooks": self._postman.counts()}

    def handsets(self) -> list[str]:
        """Every handset seen so far."""
        return self._exchange.network.handsets()

    def texts(self, handset: str) -> list[Text]:
        """What one handset has sent and received, oldest first."""
        return self._exchange.network.texts(handset)

    def threads(self, handset: str) -> Mapping[frozenset[str], list[Text]]:
        """A handset's texts by the set of the others in them."""
        return self._exchange.network.threads(handset)

    def arrivals(self) -> dict[str, dict[str, str]]:
        """By text, the state of the webhook of each line that it goes to."""
        arrivals: dict[str, dict[str, str]] = {}
        for letter in self._postman.letters:
            if letter.webhook.kind == "text":
                arrivals.setdefault(letter.webhook.text_id, {})[letter.webhook.line] = letter.state.value
        return arrivals

    def text(self, sender: str, recipients: list[str], body: str, media: list[str], subject: str = "") -> Text:
        """A handset sends a text. Raises BadText."""
        text = self._carry(self._exchange.text(sender, recipients, body, media, subject))
        self._postman.post(self._twilio.twins(text))
        for answer in self._exchange.answers(text):
            self._carry(answer)
        return text

    def send(self, carrier: str, call: Call) -> Outcome:
        """A carrier's API is asked to send."""
        outcome = self._exchange.send(carrier, call)
        if outcome.carried is not None:
            self._carry(outcome.carried)
        return outcome

    def group(self, call: Call) -> Answer:
        """Telnyx is asked what became of a group text."""
        try:
            return self._telnyx.group(call, self._exchange.sends)
        except Refused as refused:
            return refused.answer

    def twilio_group(self, method: str, path: str, call: Call) -> Answer:
        """Twilio's conversations are read or changed."""
        try:
            self._twilio.authorise(call)
            return self._groups.answer(method, path, call, self.lines)
        except Refused as refused:
            return refused.answer

    def not_found(self, carrier: str, path: str) -> Answer:
        """A path that a carrier's API does not have."""
        return self._exchange.carriers[carrier].not_found(path)

    def add_line(self, number: str, carrier: str) -> None:
        """One more number of ours. Raises BadText."""
        if not is_number(number):
            raise BadText(f"{number!r} is not a phone number")
        if carrier not in self._exchange.carriers:
            raise BadText(f"{carrier!r} is not one of the carriers {', '.join(self._exchange.carriers)}")
        self._exchange.network.lines[number] = carrier

    def change(self, changes: object) -> None:
        """Change settings. Raises BadSetting."""
        self._apply(changed(self.settings, changes))

    async def forget(self) -> None:
        """Back to the start: no texts, no sends, no webhooks, the first settings. Lines stay."""
        await self._postman.forget()
        self._exchange.forget()
        self._groups.forget()
        self._apply(self._start)
        self.events.publish({"type": "reset"})

    async def close(self) -> None:
        """Stop delivering webhooks and publishing events."""
        self.events.close()
        await self._postman.forget()

    def _apply(self, settings: Settings) -> None:
        self._exchange.settings = settings
        self._postman.apply(settings)

    def _carry(self, carried: Carried) -> Text:
        text = carried.text
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
        self._postman.post(carried.webhooks)
        return text

    def _webhook_changed(self, letter: Letter) -> None:
        webhook = letter.webhook
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
                "webhook": letter.state.value,
            }
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid4().hex
