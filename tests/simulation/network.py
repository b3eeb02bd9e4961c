"""The carriers, people's handsets and the customer's server: everything outside of the stack.

A carrier takes a text, or does not, and says so, or does not. What it takes reaches handsets, and comes to our other
numbers as copies; reports follow, in any order, and some twice. A webhook that is not answered 2xx in time comes again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from local.carrier.bandwidth import Bandwidth
from local.carrier.base import Call, Carrier, Send, Webhook
from local.carrier.network import Text
from local.carrier.settings import Settings
from local.carrier.special_numbers import Outcome
from local.carrier.telnyx import GROUP_MMS, MESSAGES, Telnyx
from partyline.errors import RequestFailed, RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse
from tests.simulation.faults import Faults
from tests.simulation.functions import Lambda
from tests.simulation.scheduler import Scheduler, Task
from tests.support.api_harness import HOST
from tests.support.simulated_carriers import BANDWIDTH, TELNYX

PUBLIC_URL = f"https://{HOST}/prod"
HOOKS = "hooks.example"
# The path there of the account's webhook.
ACCOUNT_HOOK = "/account"
# How long each carrier waits for an answer to a webhook, in seconds.
PATIENCE = {"bandwidth": 10.0, "telnyx": 2.0}
# How often it brings one.
TRIES = 30
_OF_SENDS = {
    "crash before": 0.01,
    "crash after": 0.01,
    "no connection": 0.02,
    "request lost": 0.01,
    "answer lost": 0.02,
    "429": 0.02,
    "503": 0.01,
    "502, not taken": 0.01,
    "502, taken": 0.01,
    "unreadable 200": 0.01,
    "taken and forgotten": 0.01,
}
_OF_WEBHOOKS = {"webhook lost": 0.02, "answer lost": 0.02}
_OF_HOOKS = {"500": 0.03, "no connection": 0.01, "answer lost": 0.02}
# Faults after which nobody can know whether the carrier has the text, and those by which it has not.
AMBIGUOUS = frozenset({"crash before", "crash after", "request lost", "answer lost", "unreadable 200"}) | {
    "502, not taken",
    "502, taken",
}
_NOT_TAKEN = frozenset({"crash before", "no connection", "request lost", "429", "503", "502, not taken"})


PersonalText = tuple[str, str, frozenset[str]]


@dataclass(frozen=True)
class CarrierRequest:
    """A request to send a text. `fault` is what went wrong, `is_taken` whether the carrier took the text."""

    send: Send
    fault: str
    at: float

    @property
    def tag(self) -> str:
        """Our tag, which names the send."""
        return self.send.tag or parse_qs(urlsplit(self.send.callback_url or "").query)["send"][0]

    @property
    def is_taken(self) -> bool:
        return self.fault not in _NOT_TAKEN


@dataclass
class Network:
    """The world around the stack. `copies` are the webhooks of texts that reach us, by line, for each text."""

    scheduler: Scheduler
    faults: Faults
    functions: Lambda
    lines: Mapping[str, str]
    requests: list[CarrierRequest] = field(default_factory=list)
    handsets: defaultdict[str, list[Text]] = field(default_factory=lambda: defaultdict(list))
    # Sender, body and thread of texts of people, and how many copies of each reach each of our numbers.
    copies: defaultdict[PersonalText, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # What the customer's servers were told, in order: the path, and the parameters.
    told: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    # Told of each webhook of a carrier that was answered 2xx, and of each text that leaves for a carrier.
    on_accepted: Callable[[Webhook], None] = lambda _: None
    on_request: Callable[[CarrierRequest], None] = lambda _: None
    _ids: int = 0

    def __post_init__(self) -> None:
        self._carriers: dict[str, Carrier] = {
            "bandwidth": Bandwidth(BANDWIDTH, PUBLIC_URL, self._clock, self._new_id),
            "telnyx": Telnyx(TELNYX, PUBLIC_URL, self._clock, self._new_id),
        }

    def _clock(self) -> datetime:
        return datetime.fromtimestamp(self.scheduler.now, UTC)

    def _new_id(self) -> str:
        self._ids += 1
        return hashlib.sha256(str(self._ids).encode()).hexdigest()[:32]

    # --- people

    def text(self, sender: str, recipients: tuple[str, ...], body: str, missing: frozenset[str]) -> None:
        """A person sends a text. Our numbers that are `missing` get no copy of it."""
        text = Text(self._new_id(), sender, recipients, body, (), self._clock())
        self._carry(text, missing)
        for line in recipients:
            if line in self.lines and line not in missing:
                self.copies[sender, body, frozenset({sender, *recipients})][line] += 1

    def _carry(self, text: Text, missing: frozenset[str]) -> None:
        for number in text.recipients:
            if number not in self.lines:
                self.handsets[number].append(text)
            elif number not in missing:
                webhook = self._carriers[self.lines[number]].arrival(text, number, Settings(answers_keywords=False))
                self.bring(webhook, f"text {text.id[-4:]} at {number}")

    # --- webhooks to us

    def bring(self, webhook: Webhook, name: str, delay: float | None = None) -> None:
        """Bring a webhook until it is answered 2xx, and now and then once more."""
        later = 3 * self.faults.latency(name) if delay is None else delay
        self.scheduler.spawn(f"{name} carrier", lambda: self._bring(webhook, name), delay=later)

    def _bring(self, webhook: Webhook, name: str) -> None:
        carrier, attempt = self._carriers[webhook.carrier], 0
        while attempt < TRIES:
            attempt += 1
            fault = self.faults.happens(f"{name} try {attempt}", _OF_WEBHOOKS)
            if fault != "webhook lost":
                signed = carrier.sign(webhook, attempt, self._clock())
                event = carrier_event(webhook.carrier, signed.url, signed.headers, signed.body)
                task = self.functions.begin("inbound", f"{name} try {attempt}", event)
                is_answered = self.scheduler.wait(task, patience=PATIENCE[webhook.carrier])
                if is_answered and self._is_accepted(task, webhook) and fault != "answer lost":
                    break
            self.scheduler.pause(min(2.0**attempt, 60.0))
        if self.faults.happens(name, {"repeated": 0.1}):
            self.scheduler.pause(5.0)
            self._bring(webhook, f"{name} again")

    def _is_accepted(self, task: Task, webhook: Webhook) -> bool:
        if task.error or task.result["statusCode"] >= 300:
            return False
        self.on_accepted(webhook)
        return True

    # --- requests of ours

    def answer(self, request: HttpRequest, timeout: float) -> HttpResponse:
        """Answer a request. Raises RequestError."""
        task = self.scheduler.current
        if task is None:
            raise AssertionError("a request outside of a task")
        task.calls += 1
        name = f"{task.name}/{task.calls}"
        parts = urlsplit(request.url)
        if parts.hostname == HOOKS:
            return self._tell_customer(request, name, timeout)
        if request.method != "POST":
            return HttpResponse(404)
        return self._take_text(request, name, timeout)

    def _tell_customer(self, request: HttpRequest, name: str, timeout: float) -> HttpResponse:
        fault = self.faults.happens(f"{name} hook", _OF_HOOKS)
        self.scheduler.pause(self.faults.latency(f"{name} hook"))
        if fault == "no connection":
            raise RequestFailed("refused", sent=False)
        if fault == "500":
            return HttpResponse(500)
        parameters = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        self.told.append((urlsplit(request.url).path, parameters))
        if fault == "answer lost":
            self.scheduler.pause(timeout)
            raise RequestTimedOut("no answer")
        return HttpResponse(200)

    def _take_text(self, request: HttpRequest, name: str, timeout: float) -> HttpResponse:
        carrier = self._carriers["bandwidth" if "bandwidth" in request.url else "telnyx"]
        operation = GROUP_MMS if request.url.endswith(GROUP_MMS) else MESSAGES
        headers = {key.lower(): value for key, value in request.headers.items()}
        send = carrier.read(Call(operation, {"account": BANDWIDTH.account_id}, headers, request.body), self.lines)
        fault = self.faults.happens(f"{name} send", _OF_SENDS)
        self.scheduler.pause(self.faults.latency(f"{name} to"))
        asked = CarrierRequest(send, fault, self.scheduler.now)
        self.requests.append(asked)
        self.on_request(asked)
        if asked.is_taken:
            self._deliver(carrier, asked, name)
        answer = self._say(carrier, send, fault, timeout)
        self.scheduler.pause(self.faults.latency(f"{name} back"))
        return answer

    def _say(self, carrier: Carrier, send: Send, fault: str, timeout: float) -> HttpResponse:
        match fault:
            case "crash before" | "crash after":
                self.scheduler.die()
            case "no connection":
                raise RequestFailed("refused", sent=False)
            case "request lost" | "answer lost":
                self.scheduler.pause(timeout)
                raise RequestTimedOut("no answer")
            case "429":
                throttled = carrier.throttled()
                return HttpResponse(429, json.dumps(throttled.body).encode(), dict(throttled.headers))
            case "503":
                return HttpResponse(503)
            case "502, taken" | "502, not taken":
                return HttpResponse(502)
            case "unreadable 200":
                return HttpResponse(200, b"<html>")
        accepted = carrier.accepted(send)
        return HttpResponse(accepted.status, json.dumps(accepted.body).encode())

    def _deliver(self, carrier: Carrier, asked: CarrierRequest, name: str) -> None:
        """Bring a text of ours to its handsets and our other numbers, and its reports to us."""
        send = asked.send
        if asked.fault == "taken and forgotten":
            return
        text = Text(self._new_id(), send.sender, send.recipients, send.text, (), self._clock())
        lost = frozenset(line for line in self.lines if self.faults.number(f"{name} copy {line}") < 0.1)
        self._carry(text, lost)
        outcomes = {to: self._outcome(f"{name} {to}") for to in send.recipients if to not in self.lines}
        for number, report in enumerate(carrier.reports(send, outcomes, self.lines, Settings())):
            title = f"{name} report {number}"
            self.bring(report, title, delay=self._delay(title))
            if self.faults.happens(title, {"contradicted": 0.03}):
                turned = dict.fromkeys(outcomes, Outcome.UNREACHABLE)
                (other, *_) = carrier.reports(replace(send), turned, self.lines, Settings())
                self.bring(other, f"{title} turned", delay=self._delay(f"{title} turned"))

    def _outcome(self, name: str) -> Outcome:
        number = self.faults.number(f"outcome {name}")
        return Outcome.UNREPORTED if number < 0.1 else Outcome.UNREACHABLE if number < 0.2 else Outcome.DELIVERED

    def _delay(self, name: str) -> float:
        number = self.faults.number(f"delay {name}")
        return 0.0 if number < 0.3 else 20 * (number - 0.3)


def carrier_event(carrier: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """A webhook as API Gateway hands it to a function."""
    parts = urlsplit(url)
    token = parts.path.partition(f"/carriers/{carrier}/")[2]
    query = parse_qs(parts.query)
    return {
        "resource": f"/carriers/{carrier}/{{token}}" if token else "/carriers/{carrier}",
        "path": parts.path.removeprefix("/prod"),
        "httpMethod": "POST",
        "headers": dict(headers),
        "pathParameters": {"token": token} if token else {"carrier": carrier},
        "multiValueQueryStringParameters": query or None,
        "requestContext": {"domainName": HOST, "stage": "prod"},
        "body": body.decode(),
        "isBase64Encoded": False,
    }
