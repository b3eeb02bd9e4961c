"""Where texts go in and webhooks come out. No I/O: what it returns has still to be answered and delivered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from local.carrier import keywords, special
from local.carrier.network import Network, Text, roster
from local.carrier.pictures import Picture, Pictures
from local.carrier.port import Answer, Call, Carrier, Clock, NewId, Refused, Send, Webhook
from local.carrier.settings import Settings


@dataclass(frozen=True, slots=True)
class Carried:
    """A text that went out, and the webhooks that follow from it, in order."""

    text: Text
    webhooks: tuple[Webhook, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a send request leads to. `answer_lost` means that the carrier took it and its answer never arrives."""

    answer: Answer
    carried: Carried | None = None
    answer_lost: bool = False


class Exchange:
    """The network and the carriers on it; remembers every send that was taken."""

    def __init__(
        self, network: Network, carriers: Mapping[str, Carrier], pictures: Pictures, clock: Clock, new_id: NewId
    ) -> None:
        self.network = network
        self.carriers = carriers
        self.sends: list[Send] = []
        self.settings = Settings()
        self._pictures = pictures
        self._clock = clock
        self._new_id = new_id
        self._turned_away: Counter[object] = Counter()
        # When each line may send again, in Unix time.
        self._free: dict[str, float] = {}
        # What a handset's STOP holds for, and the handset.
        self._blocked: set[tuple[str | None, str]] = set()

    def text(self, sender: str, recipients: list[str], body: str, media: list[str], subject: str = "") -> Carried:
        """A handset writes to a set of numbers. Raises BadText."""
        to = roster(sender, recipients)
        text = Text(self._new_id(), sender, to, body, tuple(media), self._clock(), subject)
        return Carried(text, self._arrivals(text))

    def answers(self, text: Text) -> list[Carried]:
        """What the carriers of our numbers answer to a handset's keyword, from each number that looks after them: to
        STOP once."""
        word = keywords.keyword(text.body) if self.settings.answers_keywords else None
        blocked = frozenset(self._blocked)
        answered = []
        for line in text.recipients:
            scope = self._scope(line)
            if word is None or scope is None:
                continue
            if word == "STOP":
                self._blocked.add((scope, text.sender))
                if (scope, text.sender) in blocked:
                    continue
            elif word == "START":
                self._blocked.discard((scope, text.sender))
            answer = Text(self._new_id(), line, (text.sender,), keywords.ANSWERS[word], (), self._clock())
            answered.append(Carried(answer, self._arrivals(answer)))
        return answered

    def send(self, carrier_name: str, call: Call) -> Outcome:
        """A carrier's API is asked to send."""
        carrier = self.carriers[carrier_name]
        try:
            send = carrier.read(call, self.network.lines)
        except Refused as refused:
            return Outcome(refused.answer)
        if self._is_throttled(send):
            return Outcome(carrier.throttled())
        fates = {number: self._fate(send.sender, number) for number in send.recipients}
        if special.Fate.OPTED_OUT in fates.values():
            refusal = carrier.refuse_opted_out(send, fates, self.settings)
            if refusal is not None:
                return Outcome(refusal)
        self.sends.append(send)
        members = (*send.recipients, *send.named)
        text = Text(self._new_id(), send.sender, members, send.text, send.media, send.at)
        kept_from = frozenset(number for number, fate in fates.items() if fate is special.Fate.OPTED_OUT)
        kept_from |= frozenset(send.named)
        arrivals = self._arrivals(text, kept_from)
        reports = carrier.reports(send, fates, self.network.lines, self.settings)
        return Outcome(
            answer=carrier.accepted(send),
            carried=Carried(text, (*arrivals, *reports)),
            answer_lost=special.swallows_answer(send.recipients),
        )

    def forget(self) -> None:
        """Forget every text, send and try. Lines stay."""
        self.network.forget()
        self.sends.clear()
        self._blocked.clear()
        self._turned_away.clear()
        self._free.clear()

    def _arrivals(self, text: Text, kept_from: frozenset[str] = frozenset()) -> tuple[Webhook, ...]:
        lines = self.network.carry(text, kept_from)
        return tuple(self._arrival(text, line) for line in lines)

    def _arrival(self, text: Text, line: str) -> Webhook:
        carrier = self.carriers[self.network.lines[line]]
        if self.settings.mms_words != "text" and text.is_mms:
            text = self._in_parts(text)
        hosted = tuple(self._pictures.at(carrier.name, url) for url in text.media)
        return carrier.arrival(replace(text, media=hosted), line, self.settings)

    def _in_parts(self, text: Text) -> Text:
        """An MMS with its layout, and its words in a part of their own."""
        layout = self._pictures.keep(Picture(b"<smil><head/><body/></smil>", "application/smil"))
        words = [self._pictures.keep(Picture(text.body.encode(), "text/plain"))] if text.body else []
        body = text.body if self.settings.mms_words == "both" else ""
        return replace(text, body=body, media=(layout, *words, *text.media))

    def _scope(self, line: str) -> str | None:
        carrier = self.network.lines.get(line)
        return keywords.scope(carrier, line) if carrier else None

    def _fate(self, sender: str, number: str) -> special.Fate:
        if (self._scope(sender), number) in self._blocked:
            return special.Fate.OPTED_OUT
        return special.Fate.DELIVERED if number in self.network.lines else special.fate(number)

    def _is_throttled(self, send: Send) -> bool:
        return self._is_too_fast(send) or self._is_turned_away(send)

    def _is_too_fast(self, send: Send) -> bool:
        if not self.settings.rate:
            return False
        # A second's worth may come at once.
        now, free = send.at.timestamp(), self._free.get(send.sender, 0.0)
        if free > now + 1:
            return True
        self._free[send.sender] = max(free, now) + len(send.recipients) / self.settings.rate
        return False

    def _is_turned_away(self, send: Send) -> bool:
        if not special.throttles(send.recipients):
            return False
        # A try that uploads its files anew has them at other addresses.
        same_text = (send.carrier, send.sender, frozenset(send.recipients), send.text, len(send.media), send.tag)
        if self._turned_away[same_text] < special.THROTTLED_TRIES:
            self._turned_away[same_text] += 1
            return True
        del self._turned_away[same_text]
        return False
