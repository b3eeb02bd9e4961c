"""What flows are prepared with: requests of clients, webhooks of a carrier, and what the relay makes of the stream."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt

from local.carrier.bandwidth import Bandwidth
from local.carrier.base import Send, Webhook
from local.carrier.network import Text
from local.carrier.settings import Settings
from local.carrier.special_numbers import Outcome
from partyline.domain import sids
from tests.integration.faults.stack import PUBLIC_URL, START, FaultyStack
from tests.simulation.network import carrier_event
from tests.support.api_harness import ACCOUNT, A, P, Pairs, T, basic, proxy_event
from tests.support.simulated_carriers import BANDWIDTH

SERVICE = sids.default_service(ACCOUNT)
HOOK = "https://hooks.example/account"
Event = dict[str, Any]


@dataclass
class Scene:
    """A stack with two lines, and what one can do with it while nothing goes wrong."""

    stack: FaultyStack
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._carrier = Bandwidth(BANDWIDTH, PUBLIC_URL, self.stack.clock, self._new_id)

    def _new_id(self) -> str:
        return f"{next(self._ids):032x}"

    def register_lines(self) -> None:
        """Register two lines, which also makes the account and its first Service."""
        for line, carrier in ((P, "bandwidth"), (T, "telnyx")):
            self.made("/Lines", {"Address": line, "Carrier": carrier, "AutoCreation": "all"})

    # --- clients

    def request(
        self, method: str, path: str, form: Pairs = (), *, key: str = "", authorization: str = "", body: str = ""
    ) -> Event:
        """A request of the account, or of another caller, as the API's function gets it."""
        headers = {"Authorization": authorization or basic(), "X-Twilio-Webhook-Enabled": "true"}
        if method == "POST":
            headers["Content-Type"] = "text/csv" if body else "application/x-www-form-urlencoded"
        if key:
            headers["Idempotency-Key"] = key
        return proxy_event(method, f"/v1{path}", (), headers, body or urlencode(form))

    def made(self, path: str, form: Pairs = (), **more: str) -> dict[str, Any]:
        """What a POST is answered."""
        answer = self.stack.invoke("conversations", self.request("POST", path, form, **more))
        assert answer["statusCode"] < 300, answer
        body: dict[str, Any] = json.loads(answer["body"])
        return body

    def group(self, *handsets: str, line: str = P) -> str:
        """The SID of a conversation of an agent behind a line, and handsets."""
        sid = str(self.made("/Conversations", {"UniqueName": f"group {next(self._ids)}"})["sid"])
        agent = {"Identity": "agent", "MessagingBinding.ProjectedAddress": line}
        for member in (agent, *({"MessagingBinding.Address": handset} for handset in handsets)):
            self.made(f"/Conversations/{sid}/Participants", member)
        return sid

    def say(self, sid: str, body: str = "hello") -> str:
        """The SID of a new message of the agent."""
        return str(self.made(f"/Conversations/{sid}/Messages", {"Author": "agent", "Body": body})["sid"])

    def tell_account(self) -> None:
        """Have the customer's server told of everything that the flows do."""
        filters = [
            ("Filters", event)
            for event in ("onMessageAdded", "onDeliveryUpdated", "onConversationAdded", "onParticipantAdded")
        ]
        self.made("/Configuration/Webhooks", [("PostWebhookUrl", HOOK), ("Method", "POST"), *filters])

    def token(self, identity: str) -> str:
        """An access token of somebody of the staff."""
        key = self.made("/Keys")
        permissions = ("viewAnyConversation", "writeAsLine", "createConversation", "addNonChatParticipant")
        form = [("FriendlyName", identity), ("Type", "service"), *(("Permission", one) for one in permissions)]
        self.made("/Users", {"Identity": identity, "RoleSid": self.made("/Roles", form)["sid"]})
        now = int(START.timestamp())
        grants = {"identity": identity, "chat": {"service_sid": SERVICE}}
        claims = {"iss": key["sid"], "sub": ACCOUNT, "iat": now, "exp": now + 3600, "grants": grants}
        self.stack.token = jwt.encode(claims, key["secret"], "HS256", {"cty": "twilio-fpa;v=1"})
        return self.stack.token

    def page_event(self) -> Event:
        """The redirect by which a browser comes back from the identity provider, with a new attempt."""
        begun = self.stack.invoke("signin", session_event("GET", "/session/start", {}))
        url, cookies = begun["headers"]["Location"], _cookies_of(begun)
        return session_event("GET", "/session/return", cookies, self.stack.provider.sign_in(url, "ann"))

    def signed_in(self) -> dict[str, str]:
        """The cookies of a browser that has signed in."""
        answer = self.stack.invoke("signin", self.page_event())
        assert answer["statusCode"] == 303, answer
        return _cookies_of(answer)

    # --- the carrier

    def text(self, *recipients: str, sender: str = A, body: str = "hi", media: Sequence[str] = ()) -> Event:
        """The webhook of a text to our first line."""
        text = Text(self._new_id(), sender, (P, *recipients), body, tuple(media), START)
        return self._bring(self._carrier.arrival(text, P, Settings(answers_keywords=False)))

    def report(self, request: Any, recipient: str = A) -> Event:
        """The webhook by which the carrier reports that a text of ours was delivered."""
        body = json.loads(request.body)
        sent = Send(
            "bandwidth", self.id_of(request), body["from"], tuple(body["to"]), body["text"], START, tag=body["tag"]
        )
        (report,) = self._carrier.reports(sent, {recipient: Outcome.DELIVERED}, {}, Settings())
        return self._bring(report)

    def id_of(self, request: Any) -> str:
        """The id that the carrier gave a text."""
        return str(json.loads(self.stack.servers.answer(request).body)["id"])

    def _bring(self, webhook: Webhook) -> Event:
        signed = self._carrier.sign(webhook, 1, START)
        return carrier_event("bandwidth", signed.url, signed.headers, signed.body)

    def receive(self, webhook: Event) -> None:
        """Have a webhook received."""
        assert self.stack.invoke("inbound", webhook)["statusCode"] == 200

    # --- what follows

    def relay(self) -> None:
        """Have the relay queue what follows from all that was written."""
        while records := self.stack.take_records():
            assert self.stack.invoke("relay", {"Records": records}) == {"batchItemFailures": []}

    def queued(self, queue: str, *, most: int = 10) -> Event:
        """What a function is given of the latest messages of a queue, which is empty then."""
        self.relay()
        found = [one for one in self.stack.queues.sent if one["QueueUrl"].rpartition("/")[2] == queue][-most:]
        assert found, queue
        self.stack.queues.sent.clear()
        return queue_event(
            queue, [one["MessageBody"] for one in found], [one.get("MessageGroupId", "") for one in found]
        )

    def work(self, function: str, queue: str) -> None:
        """Have a function do what is in its queue."""
        assert self.stack.invoke(function, self.queued(queue)) == {"batchItemFailures": []}


def queue_event(queue: str, bodies: Sequence[str], groups: Sequence[str], received: int = 1) -> Event:
    """Messages of a queue as Lambda hands them over. Of a FIFO queue they have groups."""
    suffix = ".fifo" if any(groups) else ""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": f"message-{number}",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": str(received),
                    "SentTimestamp": str(int(START.timestamp() * 1000)),
                    **({"MessageGroupId": group} if group else {}),
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}{suffix}",
                "awsRegion": "us-east-1",
            }
            for number, (body, group) in enumerate(zip(bodies, groups, strict=True))
        ]
    }


def connection_event(kind: str, sid: str, *, token: str = "", body: str | None = None) -> Event:
    """An event of a live connection, as API Gateway tells of it."""
    return {
        "headers": {"Host": "live.example"},
        "queryStringParameters": {"token": token} if token else None,
        "requestContext": {"routeKey": f"${kind.lower()}", "eventType": kind, "connectionId": sid},
        "body": body,
        "isBase64Encoded": False,
    }


def session_event(method: str, path: str, cookies: Mapping[str, str], query: Mapping[str, str] | None = None) -> Event:
    """A request of a browser to the sign-in."""
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "Origin": "https://" + PUBLIC_URL.split("/")[2],
        "X-Partyline-Session": "1",
    }
    return {**proxy_event(method, path, list((query or {}).items()), headers), "resource": path}


def _cookies_of(answer: Mapping[str, Any]) -> dict[str, str]:
    pairs = [cookie.partition("; ")[0].partition("=") for cookie in answer["multiValueHeaders"]["Set-Cookie"]]
    return {name: value for name, _, value in pairs if value}
