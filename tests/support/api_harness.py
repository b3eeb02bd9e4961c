"""What the API's tests drive it with: real proxy events, and Twilio's own SDK with a transport that makes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from partyline.api.app import handle_request
from partyline.api.context import ApiContext
from partyline.domain import sids
from partyline.domain.conversations import Conversation
from partyline.domain.events import Cause, Event
from partyline.domain.participants import Participant
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.storage import conversations, memberships
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.service_settings import SettingsCache
from partyline.storage.table import Page, Table, Write
from partyline.webhooks import pre_action
from tests.support.files import Files
from tests.support.our_openapi import check_answer

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "correct-horse"
ROOT = "key-root"
HOST = "abc123.execute-api.us-east-1.amazonaws.com"
BASE = f"https://{HOST}/prod"

# Our lines: two on Bandwidth, one each on Telnyx and Twilio; and handsets.
P, Q, T, W = "+12065550100", "+12065550101", "+12065550110", "+12065550120"
A, B, C, D = "+12065550150", "+12065550151", "+12065550152", "+12065550153"

Pairs = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass
class Clock:
    """A clock that stands still until it is told."""

    moment: datetime = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def tick(self, **by: float) -> None:
        self.moment += timedelta(**by)


def consult_no_webhook(configuration: WebhookConfiguration, event: Event, cause: Cause) -> pre_action.PreActionDecision:
    """How pre-action webhooks are asked where none is configured."""
    assert not (configuration.pre_url and event.type in (configuration.filters or ())), event.type
    return pre_action.PROCEED


def build_context(table: Table, clock: Clock) -> ApiContext:
    """What the API works with, as a deployed function has it."""
    settings = SettingsCache(table, clock)
    return ApiContext(
        table, ACCOUNT, lambda: TOKEN, lambda: ROOT, clock, consult_no_webhook, Files(), settings=settings
    )


def send_no_message(conversation_sid: str, sid: str) -> None:
    """How scheduled messages are sent where none is scheduled."""
    raise AssertionError(sid)


def sweep_nothing(conversation_sid: str, sid: str) -> None:
    """How lost sends are looked for where none is lost."""


def activate(table: Table, sid: str, now: datetime) -> None:
    """Make a conversation active that was made with its participants."""
    roster = conversations.load(table, sid)
    assert roster
    conversations.activate(table, roster, now)


@dataclass(frozen=True)
class Reply:
    """A response, read."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def error(self) -> tuple[int, int, str]:
        """Status, code and message of a refusal, with the reason behind it where its details give one."""
        assert self.body["more_info"] == f"https://www.twilio.com/docs/errors/{self.body['code']}"
        assert self.body["status"] == self.status
        reason = self.body.get("details", {}).get("reason")
        return self.status, self.body["code"], self.body["message"] + (f": {reason}" if reason else "")


def basic(user: str = ACCOUNT, password: str = TOKEN) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def proxy_event(
    method: str,
    path: str,
    query: Iterable[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    body: str = "",
) -> dict[str, Any]:
    """A request as API Gateway (REST) hands it to a function: query decoded, path as it came."""
    parameters: dict[str, list[str]] = {}
    for name, value in query:
        parameters.setdefault(name, []).append(value)
    sent = {"Host": HOST, "User-Agent": "test", **(headers or {})}
    return {
        "resource": "/v1/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": {"proxy": path.removeprefix("/v1/")},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/v1/{proxy+}",
            "httpMethod": method,
            "path": f"/prod{path}",
            "stage": "prod",
            "domainName": HOST,
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "test"},
            "apiId": "abc123",
        },
        "body": body or None,
        "isBase64Encoded": False,
    }


def read(body: str, content_type: str) -> Any:
    """A body as what it is: JSON, JSON lines, CSV, or nothing."""
    if content_type.startswith("text/csv"):
        return body
    if content_type == "application/x-ndjson":
        return [json.loads(line) for line in body.splitlines()]
    return json.loads(body) if body else None


@dataclass
class Api:
    """The API, called through events. Every response is checked for what all of them must be."""

    context: ApiContext
    authorization: str | None = field(default_factory=basic)
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, event: Mapping[str, Any]) -> Reply:
        response = handle_request(event, self.context)
        assert set(response) == {"statusCode", "headers", "body"}
        json.dumps(response)
        if response["statusCode"] == 204:
            assert response["body"] == ""
        body = read(response["body"], response["headers"]["Content-Type"])
        check_answer(event["httpMethod"], event["path"], response["statusCode"], body)
        return Reply(response["statusCode"], body, response["headers"])

    def call(self, method: str, path: str, query: Pairs = (), form: Pairs = ()) -> Reply:
        pairs = query.items() if isinstance(query, Mapping) else query
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if method == "POST" else {}
        headers |= self.headers
        if self.authorization is not None:
            headers["Authorization"] = self.authorization
        return self.send(proxy_event(method, f"/v1{path}", pairs, headers, urlencode(form)))

    def get(self, path: str, query: Pairs = ()) -> Reply:
        return self.call("GET", path, query)

    def post(self, path: str, form: Pairs = ()) -> Reply:
        return self.call("POST", path, form=form)

    def delete(self, path: str) -> Reply:
        return self.call("DELETE", path)

    def follow(self, url: str) -> Reply:
        """Ask for a URL that an answer held."""
        assert url.startswith(f"{BASE}/v1/")
        path, _, query = url.removeprefix(f"{BASE}/v1").partition("?")
        return self.get(path, parse_qsl(query, keep_blank_values=True))

    # --- what most tests begin with

    def made(self, path: str, form: Pairs = ()) -> dict[str, Any]:
        """What a creation answers."""
        reply = self.post(path, form)
        assert reply.status in (201, 202), reply.body
        body: dict[str, Any] = reply.body
        return body

    def conversation(self, **form: str) -> str:
        """The SID of a new conversation."""
        return str(self.made("/Conversations", form)["sid"])

    def add(self, conversation: str, **members: str) -> Reply:
        """Add a participant: address, proxy, projected, identity."""
        names = {
            "address": "MessagingBinding.Address",
            "proxy": "MessagingBinding.ProxyAddress",
            "projected": "MessagingBinding.ProjectedAddress",
            "identity": "Identity",
        }
        form = {names.get(name, name): value for name, value in members.items()}
        return self.post(f"/Conversations/{conversation}/Participants", form)

    def member(self, conversation: str, **members: str) -> str:
        """The SID of a new participant."""
        reply = self.add(conversation, **members)
        assert reply.status == 201, reply.body
        return str(reply.body["sid"])

    def group(self, *natives: str, own: str = P, **form: str) -> str:
        """A conversation of an agent behind an own number and some handsets: what these requests leave, without them
        where nothing is asked for that the account's settings could change."""
        if not form:
            return self._stored_group(*natives, own=own)
        conversation = self.conversation(**form)
        self.member(conversation, identity="agent", projected=own)
        for native in natives:
            self.member(conversation, address=native)
        return conversation

    def _stored_group(self, *natives: str, own: str) -> str:
        now, service = self.context.clock(), sids.default_service(ACCOUNT)
        group = Conversation(sids.new(sids.CONVERSATION), service, now, now, active_at=now)
        first, *others = sids.new_many(sids.PARTICIPANT, 1 + len(natives))
        agent = Participant(first, group.sid, now, now, identity="agent", projected_address=own, identified=now)
        handsets = [
            Participant(sid, group.sid, now, now, address=native) for sid, native in zip(others, natives, strict=True)
        ]
        return memberships.NewConversation(group, [agent, *handsets], now).store(self.context.table).sid

    def say(self, conversation: str, body: str = "hello", author: str = "agent", **form: str) -> Reply:
        return self.post(f"/Conversations/{conversation}/Messages", {"Author": author, "Body": body, **form})


class Racing(Table):
    """A table on which somebody else is a moment faster, a few times, where a write has a certain label."""

    def __init__(self, inner: Table, times: int, label: str, act: Callable[[], object]) -> None:
        super().__init__(inner._client, inner._name, inner._hash_key)
        self._left, self._label, self._act = times, label, act

    def transact(self, writes: Sequence[Write]) -> None:
        self._come_first(writes)
        super().transact(writes)

    def write(self, write: Write) -> Item:
        self._come_first([write])
        return super().write(write)

    def _come_first(self, writes: Sequence[Write]) -> None:
        if self._left > 0 and any(write.label == self._label for write in writes):
            self._left -= 1
            self._act()


class Counting(Table):
    """A table that counts what it is asked, and the items that it reads."""

    def __init__(self, inner: Table) -> None:
        super().__init__(inner._client, inner._name, inner._hash_key)
        self.asked: list[str] = []
        self.read = 0

    def query(self, *given: Any, **named: Any) -> Page:
        self.asked.append("query")
        page = super().query(*given, **named)
        self.read += len(page.items)
        return page

    def count(self, *given: Any, **named: Any) -> int:
        self.asked.append("count")
        return super().count(*given, **named)

    def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        self.asked.append("get")
        item = super().get(key, consistent=consistent)
        self.read += item is not None
        return item

    def get_all(self, keys: Iterable[Key]) -> dict[Key, Item]:
        self.asked.append("get_all")
        items = super().get_all(keys)
        self.read += len(items)
        return items


class InProcess(requests.adapters.BaseAdapter):
    """A transport for the SDK's own HTTP client: a request becomes an event, and the response comes straight back."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        url = urlsplit(str(request.url))
        assert f"{url.scheme}://{url.netloc}" == f"https://{HOST}"
        assert url.path.startswith("/prod/")
        body = request.body or ""
        assert isinstance(body, str)
        event = proxy_event(
            str(request.method),
            url.path.removeprefix("/prod"),
            parse_qsl(url.query, keep_blank_values=True),
            {name: str(value) for name, value in request.headers.items()},
            body,
        )
        answer = handle_request(event, self._api.context)
        response = requests.Response()
        response.status_code = answer["statusCode"]
        response.headers.update(answer["headers"])
        response._content = answer["body"].encode()
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        pass
