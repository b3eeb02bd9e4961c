"""docs/webhooks.md: its examples are real requests, one for each event, and its code does what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from partyline.domain.receipts import ReceiptStatus
from partyline.domain.webhook_configuration import EVENTS, WebhookMethod
from partyline.queues import queue_messages
from partyline.webhooks import signatures, webhook_request
from tests.integration.conftest import NAME
from tests.support.api_harness import TOKEN, A, Api, B, C, Clock, P, T
from tests.support.event_world import HOOK, World, beginning
from tests.support.people import acting

PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text()
Parameters = dict[str, str]


@pytest.fixture
def world(dynamodb: Any, table_definition: dict[str, Any]) -> Iterator[World]:
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.create_table(TableName=NAME, StreamSpecification=stream, **table_definition)
    yield beginning(dynamodb, NAME, Clock())
    dynamodb.delete_table(TableName=NAME)


def story(world: World) -> dict[str, list[Parameters]]:
    """A group's texts with everything that can become of them; the parameters of each request by event."""
    pre = [("PreWebhookUrl", HOOK), ("PostWebhookUrl", HOOK)]
    world.api.post("/Configuration/Webhooks", [*pre, *(("Filters", event) for event in EVENTS)])
    found: dict[str, list[Parameters]] = {}

    def collect() -> None:
        world.clock.tick(seconds=10)
        for asked in world.asked:
            found.setdefault(asked["EventType"], []).append(asked)
        world.asked.clear()
        for call in world.relay():
            request = webhook_request.build_request(call.callback, 0, TOKEN)
            sent = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            found.setdefault(call.type, []).append(sent)

    sid = world.text(A, P, B, body="Is 12 Elm Street still for sale?", media=1, id="carrier-1").conversation_sid
    collect()
    other = world.text(C, T, line=T, body="Hello?", id="carrier-2").conversation_sid
    collect()
    api, path = world.enabled, f"/Conversations/{sid}"
    members = api.get(f"{path}/Participants").body["participants"]
    [own] = [member["sid"] for member in members if "projected_address" in member["messaging_binding"]]
    api.post(f"{path}/Participants/{own}", {"Identity": "agent"})
    collect()
    message = api.say(sid, "It is. Sunday at noon?", Attributes='{"importance":"high"}').body
    collect()
    world.report(message, A, ReceiptStatus.DELIVERED)
    world.report(message, B, ReceiptStatus.UNDELIVERED, 30003)
    collect()
    acting(world.api, "agent").post(f"/Users/agent/Conversations/{sid}", {"LastReadMessageIndex": "1"})
    collect()
    api.post(f"{path}/Messages/{message['sid']}", {"Body": "It is. Sunday at one?"})
    collect()
    api.delete(f"{path}/Messages/{message['sid']}")
    collect()
    member = api.add(sid, address=C).body
    collect()
    api.delete(f"{path}/Participants/{member['sid']}")
    collect()
    api.post("/Users/agent", {"FriendlyName": "Front desk"})
    collect()
    api.post(path, {"FriendlyName": "12 Elm Street", "UniqueName": "elm-12", "Timers.Inactive": "PT1M"})
    collect()
    world.clock.tick(minutes=1)
    world.watch()
    collect()
    staff_writes(api, path, collect)
    api.delete(path)
    collect()
    world.api.say(str(other), "Are you still looking?", T, SendAt="2026-11-22T12:10:00Z")
    world.api.post("/OptOuts", {"Line": T, "Address": C})
    world.clock.tick(minutes=10)
    world.watch()
    collect()
    return found


def staff_writes(api: Api, path: str, collect: Callable[[], None]) -> None:
    """What staff do beside the messages."""
    note = api.post(f"{path}/Notes", {"Body": "They want the garden too.", "Author": "jane"}).body
    collect()
    api.post(f"{path}/Notes/{note['sid']}", {"Body": "They want the garden and the shed."})
    collect()
    api.delete(f"{path}/Notes/{note['sid']}")
    collect()
    contact = api.post("/Contacts", {"FriendlyName": "Kay", "Numbers": json.dumps([{"number": A}])}).body
    api.post(f"/Contacts/{contact['sid']}", {"DoNotDisturb": "true"})
    collect()


def examples(page: str) -> dict[str, list[Parameters]]:
    """The examples of a page, by the heading that they stand under."""
    found: dict[str, list[Parameters]] = {}
    for section in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        heading = section.splitlines()[0]
        for block in re.findall(r"```text\n(.*?)```", section, re.DOTALL):
            pairs = (line.partition("=") for line in block.splitlines())
            found.setdefault(heading, []).append({name: value for name, _, value in pairs})
    return found


def plain(parameters: Parameters) -> Parameters:
    """Parameters without what is new each time: the digits of SIDs."""
    return {name: re.sub(r"([A-Z]{2})[0-9a-f]{32}", r"\1", value) for name, value in parameters.items()}


def written(shown: list[Parameters]) -> str:
    """Examples as the page has them."""
    blocks = ("".join(f"{name}={value}\n" for name, value in parameters.items()) for parameters in shown)
    return "\n".join(f"```text\n{block}```" for block in blocks)


def test_every_event_has_an_example_of_a_real_request(world: World) -> None:
    sent, shown = story(world), examples(PAGE)
    assert list(shown) == list(EVENTS)
    for event in EVENTS:
        real = [plain(parameters) for parameters in sent[event]]
        for example in shown[event]:
            assert plain(example) in real, f"{event} is sent as\n{written(sent[event])}"


def test_the_signature_is_checked_as_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    [code] = [one for one in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "RequestValidator" in one]
    monkeypatch.setenv("PARTYLINE_AUTH_TOKEN", TOKEN)
    there: dict[str, Any] = {}
    exec(code, there)
    url = "https://app.example.com/hooks?team=7"
    for method in WebhookMethod:
        callback = queue_messages.Callback(
            url, method, {"EventType": "onMessageAdded", "Body": "Sonntag um zwölf?"}, "token"
        )
        request = webhook_request.build_request(callback, 0, TOKEN)
        form, signature = dict(parse_qsl(request.body.decode())), request.headers[signatures.HEADER]
        assert there["is_from_partyline"](request.url, form, signature)
        assert not there["is_from_partyline"](request.url, {**form, "Body": "Montag?"}, signature)
