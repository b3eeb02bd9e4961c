"""Whoever is erased is found nowhere: not in an item, an object or a queue, after all functions have worked."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from types import ModuleType
from typing import Any, Self
from urllib.parse import urlencode

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from partyline.http_client import HttpClient, HttpRequest, HttpResponse
from partyline.storage import event_packing
from partyline.storage.attribute_values import from_dynamo, to_dynamo
from tests.integration.functions.conftest import DEAD_LETTERS, SECRETS, Context, event

Load = Callable[[str], ModuleType]
P, Q, UNKNOWN = "+12065550100", "+12065550101", "+12065550109"
# Who is erased, and others.
ANN, BEN, CY = "+12065550163", "+12065550151", "+12065550152"
HOOK = "https://hooks.example.com/account"
# What asks for a file of Bandwidth's, and what it gets.
PICTURE = "https://messaging.bandwidth.com/api/v2/users/5500001/media/ann.png"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
QUEUES = {
    "outbound.fifo": "outbound",
    "callbacks.fifo": "callbacks",
    "live.fifo": "live",
    "activation": "activation",
    "cleanup": "cleanup",
    "inbox": "inbox",
    "push": "push",
    "imports": "imports",
    "media": "media",
}


@dataclass
class Deployment:
    """All functions, with the table's stream and the queues between them."""

    load: Load
    client: Any
    modules: dict[str, ModuleType] = field(default_factory=dict)
    seen: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    asked: list[HttpRequest] = field(default_factory=list)
    number: int = 0

    def call(self, name: str, given: dict[str, Any]) -> Any:
        module = self.modules.setdefault(name, self.load(name))
        return module.handler(given, Context())

    # --- from outside

    def api(self, method: str, path: str, headers: dict[str, str] | None = None, **form: str) -> Any:
        sample = event("conversations/create-conversation")
        pairs = {name.replace("__", "."): value for name, value in form.items()}
        given = {**sample, "httpMethod": method, "path": f"/v1/{path}", "body": urlencode(pairs)}
        if method == "GET":
            given |= {
                "queryStringParameters": pairs,
                "multiValueQueryStringParameters": {k: [v] for k, v in pairs.items()},
            }
        if headers:
            given["headers"] = {**sample["headers"], **headers}
            given["multiValueHeaders"] = {name: [value] for name, value in given["headers"].items()}
        answer = self.call("conversations", given)
        assert answer["statusCode"] < 300, answer
        return json.loads(answer["body"]) if answer["body"] else None

    def text(self, sender: str, *others: str, line: str = P, words: str = "hello", media: tuple[str, ...] = ()) -> None:
        """A text of a handset, as Bandwidth brings it."""
        self.number += 1
        message = {
            "id": f"text-{self.number}",
            "owner": line,
            "applicationId": SECRETS["bandwidth_application_id"],
            "time": "2026-11-28T12:00:00.000Z",
            "segmentCount": 1,
            "direction": "in",
            "to": [line, *others],
            "from": sender,
            "text": words,
            **({"media": list(media)} if media else {}),
        }
        self.webhook([{"type": "message-received", "time": message["time"], "to": line, "message": message}])

    def webhook(self, body: Any) -> None:
        sample = event("inbound/bandwidth-group-text")
        answer = self.call("inbound", {**sample, "body": json.dumps(body)})
        assert answer["statusCode"] == 200, answer

    # --- inside

    def settle(self) -> None:
        """Relay and work until nothing is left to do."""
        while self._relay() or self._work():
            pass

    def _relay(self) -> bool:
        now = {(item["PK"]["S"], item["SK"]["S"]): item for item in self.items()}
        records = [*self._compare(self.seen, now)]
        self.seen = now
        if records:
            assert self.call("relay", {"Records": records}) == {"batchItemFailures": []}
        return bool(records)

    def _compare(self, before: dict[Any, Any], after: dict[Any, Any]) -> Iterator[dict[str, Any]]:
        for key in {**before, **after}:
            old, new = before.get(key), after.get(key)
            if old == new:
                continue
            self.number += 1
            image = new or old or {}
            change = {"Keys": {"PK": image["PK"], "SK": image["SK"]}, "SequenceNumber": str(self.number)}
            change |= ({"OldImage": old} if old else {}) | ({"NewImage": new} if new else {})
            name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
            yield {"eventName": name, "eventID": str(self.number), "dynamodb": change}

    def _work(self) -> bool:
        worked = [self._consume(queue, name) for queue, name in QUEUES.items()]
        return any(worked)

    def _consume(self, queue: str, function: str) -> bool:
        backend = sqs_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].queues[queue]
        messages, backend._messages = [*backend._messages], []
        backend.deleted_messages.clear()
        for message in messages:
            attributes = {"MessageGroupId": message.group_id or "", "ApproximateReceiveCount": "1"}
            record = {
                **event("cleanup/conversation")["Records"][0],
                "messageId": message.id,
                "body": message.body,
                "attributes": {**event("outbound/send")["Records"][0]["attributes"], **attributes},
            }
            assert not self.call(function, {"Records": [record]})["batchItemFailures"], (function, message.body)
        return bool(messages)

    def expire(self, now: datetime) -> None:
        """Delete what the table deletes by itself."""
        for item in self.items():
            if "ttl" in item and int(item["ttl"]["N"]) < now.timestamp():
                self.client.delete_item(TableName="partyline", Key={"PK": item["PK"], "SK": item["SK"]})
        self.settle()

    # --- what is stored

    def items(self) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("scan").paginate(TableName="partyline")
        return [item for page in pages for item in page["Items"]]

    def find_number(self, number: str) -> list[str]:
        """Every place that has a number: its digits, also backwards, or in the notation of people."""
        digits = number.removeprefix("+")
        return self.find(rf"{digits}|{digits[::-1]}|206[^0-9A-Za-z]*{digits[4:7]}[^0-9A-Za-z]*{digits[7:]}")

    def find(self, pattern: str) -> list[str]:
        """Every item, object and queue that has something."""
        wanted = re.compile(pattern)
        items = [event_packing.unpack(from_dynamo(item)) for item in self.items()]
        places = [f"{item['PK']} {item['SK']}" for item in items if wanted.search(json.dumps(item, default=sorted))]
        s3 = boto3.client("s3")
        for one in s3.list_objects_v2(Bucket="media").get("Contents", []):
            content = s3.get_object(Bucket="media", Key=one["Key"])["Body"].read().decode("utf-8", "ignore")
            places += [one["Key"]] if wanted.search(one["Key"] + content) else []
        for name, backend in sqs_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].queues.items():
            places += [name for message in backend._messages if wanted.search(message.body)]
        return places


@pytest.fixture
def deployment(function: Load, client: Any, secret: Any, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    monkeypatch.setattr("partyline.queues.dead_letters.WAIT", 0)
    secret({**SECRETS, "root": "key root", "key": "hash key"})
    made = Deployment(function, client)

    def send(_: HttpClient, request: HttpRequest, *, timeout: float, max_body: int) -> HttpResponse:
        made.asked.append(request)
        if request.url == PICTURE:
            return HttpResponse(200, PNG, {"content-type": "image/png"})
        if "messages" in request.url:
            made.number += 1
            return HttpResponse(
                202, json.dumps({"id": f"sent-{made.number}"}).encode(), {"content-type": "application/json"}
            )
        return HttpResponse(200, b"{}", {"content-type": "application/json"})

    monkeypatch.setattr(HttpClient, "send", send)
    made.api("POST", "Lines", Address=P, Carrier="bandwidth", AutoCreation="all")
    made.api("POST", "Lines", Address=Q, Carrier="bandwidth", AutoCreation="groups")
    made.api("POST", "Configuration/Webhooks", PostWebhookUrl=HOOK, Filters="onMessageAdded")
    service = made.api("GET", "Configuration")["default_chat_service_sid"]
    made.api("POST", f"Services/{service}/Configuration", TextSearch="on")
    made.api("GET", "Inbox")
    made.settle()
    return made


def everything_about(deployment: Deployment, number: str) -> dict[str, str]:
    """Have a number in every place where one can be; the SIDs of what others need."""
    api, settle = deployment.api, deployment.settle
    contact = api("POST", "Contacts", FriendlyName="Ann", Numbers=json.dumps([{"number": number}]), Attributes="{}")
    api("POST", f"Contacts/{contact['sid']}", FriendlyName="Ann Lee")
    once = {"Idempotency-Key": "once"}
    other = api(
        "POST", "Contacts", once, FriendlyName="Her old entry", Numbers=json.dumps([{"number": "+12065550198"}])
    )
    api("POST", f"Contacts/{contact['sid']}/Merge", ContactSid=other["sid"])
    # Two people, with a picture, a text that has the number, and one that staff wrote.
    deployment.text(number, words=f"call me at {number}", media=(PICTURE,))
    settle()
    alone = api("GET", "ParticipantConversations", Address=number)["conversations"][0]["conversation_sid"]
    notes = {size: json.dumps({"note": "so " * size + number}) for size in (1, 200)}
    api("POST", f"Conversations/{alone}", FriendlyName=f"Ann {number}", UniqueName=f"ann-{number}", Attributes=notes[1])
    api("POST", f"Conversations/{alone}/Messages", once, Author="staff", Body=f"Is {number} right?")
    settle()
    api("POST", f"Conversations/{alone}/Notes", Author="staff", Body=f"{number} is on holiday")
    api("POST", f"Conversations/{alone}/Messages", Author="staff", Body="until then", SendAt="2026-12-20T12:00:00Z")
    # A group, an earlier one that she has left, and one of which a text still waits.
    deployment.text(BEN, number, Q, words="hello both")
    deployment.text(number, BEN, Q, words="the words of Ann", media=(PICTURE,))
    settle()
    group = next(
        one["conversation_sid"]
        for one in api("GET", "ParticipantConversations", Address=number)["conversations"]
        if one["conversation_sid"] != alone
    )
    api("POST", f"Conversations/{group}/Messages", Author=P, Body="to both of you")
    settle()
    api("POST", f"Conversations/{group}", Attributes=notes[200])
    left = api("POST", "Conversations", FriendlyName="left", Attributes=notes[200])["sid"]
    people = f"Conversations/{left}/Participants"
    api("POST", people, Identity="staff", MessagingBinding__ProjectedAddress=P)
    api("POST", people, MessagingBinding__Address=BEN)
    api("POST", people, MessagingBinding__Address=CY)
    member = api("POST", people, MessagingBinding__Address=number)
    deployment.text(number, BEN, CY, words="before I left")
    settle()
    api("DELETE", f"{people}/{member['sid']}")
    deployment.webhook([_report("message-delivered", number, "unknown-1")])
    deployment.text(number, line=UNKNOWN, words="a wrong number")
    deployment.webhook([{"type": "message-received", "message": {"from": number}}])
    deployment.text(number, words="STOP")
    settle()
    api("POST", f"Conversations/{left}/Messages", Author="staff", Body="without her")
    settle()
    return {"alone": alone, "group": group, "left": left, "contact": contact["sid"]}


def bury(name: str, body: str, token: str) -> None:
    """Put a message into a dead-letter queue."""
    client = boto3.client("sqs")
    if name.endswith(".fifo"):
        url = queue_url(name)
        client.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g", MessageDeduplicationId=token)
    else:
        client.send_message(QueueUrl=queue_url(name), MessageBody=body)


def queue_url(name: str) -> str:
    return f"https://sqs.us-east-1.amazonaws.com/{DEFAULT_ACCOUNT_ID}/{name}"


def _report(kind: str, number: str, id: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads(event("inbound/bandwidth-failed")["body"])[0]
    message = {**sample["message"], "id": id, "to": [number], "tag": ""}
    return {**sample, "type": kind, "to": number, "message": message}


def erase(deployment: Deployment, number: str) -> dict[str, Any]:
    """Erase a number and let everything come to its end; the report."""
    ordered = deployment.api("POST", "Erasures", Address=number)
    assert ordered["state"] == "queued"
    deployment.settle()
    report: dict[str, Any] = deployment.api("GET", f"Erasures/{ordered['sid']}")
    return report


def test_a_person_who_was_erased_is_in_no_item_object_or_queue(deployment: Deployment) -> None:
    everything_about(deployment, ANN)
    for name in DEAD_LETTERS:
        bury(name, f'{{"Address": "{ANN}"}}', "1")
        bury(name, f'{{"Address": "{BEN}"}}', "2")
    before = deployment.find_number(ANN)
    report = erase(deployment, ANN)
    assert report["state"] == "completed"
    assert deployment.find_number(ANN) == [], (report, before)
    assert report["kept"] == []
    assert report["erased"]["dead_letters"] == 4
    # Those of others are where they were.
    for url in map(queue_url, DEAD_LETTERS):
        (left,) = boto3.client("sqs").receive_message(QueueUrl=url)["Messages"]
        assert BEN in left["Body"]


def test_a_letter_whose_record_is_compressed_is_found(deployment: Deployment) -> None:
    content = {"events": [{"Author": ANN, "Body": "long " * 300}]}
    packed = event_packing.pack(content)
    assert ANN not in json.dumps(packed)
    letters = [{"record": {"dynamodb": {"NewImage": to_dynamo(packed)}}}, {"letter": json.dumps(to_dynamo(packed))}]
    for number, letter in enumerate(letters):
        bury("relay-dead", json.dumps(letter), str(number))
    bury("relay-dead", '{"packed": {"S": "AAAA"}}', "other")

    assert erase(deployment, ANN)["erased"]["dead_letters"] == 2


def test_a_queue_whose_messages_cannot_all_be_read_is_reported(deployment: Deployment) -> None:
    for number in range(12):
        bury("live-dead.fifo", BEN, str(number))
    assert erase(deployment, ANN)["kept"] == [{"kind": "dead_letters", "sid": "live-dead.fifo", "reason": "unread"}]


class Later(datetime):
    """The clock of a day on which messages have expired."""

    days = 0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + timedelta(days=cls.days)


def test_what_has_expired_is_in_no_item_object_or_queue(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = deployment.api("GET", "Configuration")["default_chat_service_sid"]
    deployment.api("POST", f"Services/{service}/Configuration", MessageRetention="30")
    deployment.text(ANN, BEN, Q, words="the words of Ann", media=(PICTURE,))
    deployment.text(ANN, words="the words of Ann alone")
    deployment.settle()
    for one in deployment.api("GET", "ParticipantConversations", Address=ANN)["conversations"]:
        sid = one["conversation_sid"]
        deployment.api("POST", f"Conversations/{sid}/Messages", Author=P, Body="the words of staff")
        deployment.settle()
        if one["participant_messaging_binding"]["proxy_address"]:
            deployment.api("POST", f"Conversations/{sid}", State="closed")
    deployment.settle()
    assert deployment.find("the words of")
    monkeypatch.setattr("partyline.bootstrap.datetime", Later)
    monkeypatch.setattr(Later, "days", 31)
    deployment.call("timers", event("timers/minute"))
    deployment.settle()
    monkeypatch.setattr(Later, "days", 100)
    deployment.expire(Later.now(UTC))
    assert deployment.find('the words of|"staff"') == []
    # The group is open, so she is a member of it. Nothing else has her number.
    (group,) = deployment.api("GET", "ParticipantConversations", Address=ANN)["conversations"]
    kinds = {place.partition("#")[0] for place in deployment.find_number(ANN)}
    assert kinds == {"C", "T", "IN", "IW"}
    deployment.api("DELETE", f"Conversations/{group['conversation_sid']}")
    deployment.settle()
    assert deployment.find_number(ANN) == []
