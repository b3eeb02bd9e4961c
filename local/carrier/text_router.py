"""Route texts between handsets and carriers, and build the webhooks that result. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from local.carrier import keywords, special_numbers
from local.carrier.base import Answer, Call, Carrier, Clock, NewId, Refused, Send, Webhook
from local.carrier.hosted_files import HostedFile, HostedFiles
from local.carrier.network import Network, Text, roster
from local.carrier.settings import Settings


@dataclass(frozen=True, slots=True)
class RoutedText:
    """A text that was sent, and the webhooks that result from it, in order."""

    text: Text
    webhooks: tuple[Webhook, ...]


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of a send request. `answer_lost` means that the carrier accepted it and its answer never arrives."""

    answer: Answer
    routed: RoutedText | None = None
    answer_lost: bool = False


class TextRouter:
    """Routes texts over the network and its carriers, and remembers every accepted send."""

    def __init__(
        self, network: Network, carriers: Mapping[str, Carrier], hosted_files: HostedFiles, clock: Clock, new_id: NewId
    ) -> None:
        self.network = network
        self.carriers = carriers
        self.sends: list[Send] = []
        self.settings = Settings()
        self._hosted_files = hosted_files
        self._clock = clock
        self._new_id = new_id
        self._rejections: Counter[object] = Counter()
        # When each line may send again, in Unix time.
        self._free: dict[str, float] = {}
        # Pairs of the scope of a handset's STOP, and the handset.
        self._blocked: set[tuple[str | None, str]] = set()

    def text(self, sender: str, recipients: list[str], body: str, media: list[str], subject: str = "") -> RoutedText:
        """Route a text of a handset to a set of numbers. Raises BadText."""
        to = roster(sender, recipients)
        text = Text(self._new_id(), sender, to, body, tuple(media), self._clock(), subject)
        return RoutedText(text, self._arrivals(text))

    def answers(self, text: Text) -> list[RoutedText]:
        """Route the carriers' answers to a handset's keyword, one from each number whose carrier handles keywords.

        STOP is answered once.
        """
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
            answered.append(RoutedText(answer, self._arrivals(answer)))
        return answered

    def send(self, carrier_name: str, call: Call) -> SendResult:
        """Handle a send request to a carrier's API."""
        carrier = self.carriers[carrier_name]
        try:
            send = carrier.read(call, self.network.lines)
        except Refused as refused:
            return SendResult(refused.answer)
        if self._is_throttled(send):
            return SendResult(carrier.throttled())
        outcomes = {number: self._find_outcome(send.sender, number) for number in send.recipients}
        if special_numbers.Outcome.OPTED_OUT in outcomes.values():
            refusal = carrier.refuse_opted_out(send, outcomes, self.settings)
            if refusal is not None:
                return SendResult(refusal)
        self.sends.append(send)
        members = (*send.recipients, *send.unreached)
        text = Text(self._new_id(), send.sender, members, send.text, send.media, send.at)
        withheld_from = frozenset(
            number for number, outcome in outcomes.items() if outcome is special_numbers.Outcome.OPTED_OUT
        )
        withheld_from |= frozenset(send.unreached)
        arrivals = self._arrivals(text, withheld_from)
        reports = carrier.reports(send, outcomes, self.network.lines, self.settings)
        return SendResult(
            answer=carrier.accepted(send),
            routed=RoutedText(text, (*arrivals, *reports)),
            answer_lost=special_numbers.loses_answer(send.recipients),
        )

    @property
    def blocked(self) -> list[tuple[str | None, str]]:
        """Return who has sent STOP: pairs of its scope, and the handset."""
        return list(self._blocked)

    def restore(self, sends: Iterable[Send], blocked: Iterable[tuple[str | None, str]]) -> None:
        """Take up the sends and the STOPs of an earlier run."""
        self.sends.extend(sends)
        self._blocked.update(blocked)

    def forget(self) -> None:
        """Forget every text, send and attempt. Lines stay."""
        self.network.forget()
        self.sends.clear()
        self._blocked.clear()
        self._rejections.clear()
        self._free.clear()

    def _arrivals(self, text: Text, withheld_from: frozenset[str] = frozenset()) -> tuple[Webhook, ...]:
        lines = self.network.carry(text, withheld_from)
        return tuple(self._arrival(text, line) for line in lines)

    def _arrival(self, text: Text, line: str) -> Webhook:
        carrier = self.carriers[self.network.lines[line]]
        if self.settings.mms_words != "text" and text.is_mms:
            text = self._in_parts(text)
        hosted = tuple(self._hosted_files.carrier_url(carrier.name, url) for url in text.media)
        return carrier.arrival(replace(text, media=hosted), line, self.settings)

    def _in_parts(self, text: Text) -> Text:
        """Return an MMS with its layout, and its words in a part of their own."""
        layout = self._hosted_files.add(HostedFile(b"<smil><head/><body/></smil>", "application/smil"))
        words = [self._hosted_files.add(HostedFile(text.body.encode(), "text/plain"))] if text.body else []
        body = text.body if self.settings.mms_words == "both" else ""
        return replace(text, body=body, media=(layout, *words, *text.media))

    def _scope(self, line: str) -> str | None:
        carrier = self.network.lines.get(line)
        return keywords.scope(carrier, line) if carrier else None

    def _find_outcome(self, sender: str, number: str) -> special_numbers.Outcome:
        if (self._scope(sender), number) in self._blocked:
            return special_numbers.Outcome.OPTED_OUT
        return special_numbers.Outcome.DELIVERED if number in self.network.lines else special_numbers.outcome_at(number)

    def _is_throttled(self, send: Send) -> bool:
        return self._is_too_fast(send) or self._is_rejected(send)

    def _is_too_fast(self, send: Send) -> bool:
        if not self.settings.rate:
            return False
        # A second's worth may come at once.
        now, free = send.at.timestamp(), self._free.get(send.sender, 0.0)
        if free > now + 1:
            return True
        self._free[send.sender] = max(free, now) + len(send.recipients) / self.settings.rate
        return False

    def _is_rejected(self, send: Send) -> bool:
        if not special_numbers.is_throttled(send.recipients):
            return False
        # An attempt that uploads its files again has them at other addresses.
        same_text = (send.carrier, send.sender, frozenset(send.recipients), send.text, len(send.media), send.tag)
        if self._rejections[same_text] < special_numbers.THROTTLED_TRIES:
            self._rejections[same_text] += 1
            return True
        del self._rejections[same_text]
        return False
