"""What each function is given while one of its calls goes wrong, and which calls cannot be made good by a repeat."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from partyline.errors import RequestTimedOut
from partyline.http_client import HttpRequest, HttpResponse
from partyline.media import bucket, links
from tests.integration.faults.calls import Fault
from tests.integration.faults.scene import HOOK, Event, Scene, connection_event, session_event
from tests.integration.faults.stack import START
from tests.support.api_harness import A, B, C, P, Q, T
from tests.support.push_service import PushBrowser


@dataclass(frozen=True)
class OtherEnd:
    """An end that is not that of a flow without faults: after which calls and faults, and why that is right.

    `calls` is a pattern of their operations. `more` are words, each of which is in something that there is more, and
    all of that has one of them. So it is with `missing`. No word: there is neither more nor less.
    """

    calls: str
    faults: tuple[Fault, ...]
    why: str
    more: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def covers(self, operation: str, fault: Fault) -> bool:
        return fault in self.faults and re.fullmatch(self.calls, operation) is not None

    def fits(self, more: Counter[str], missing: Counter[str]) -> bool:
        return _is_named(more, self.more) and _is_named(missing, self.missing)


def _is_named(found: Counter[str], words: tuple[str, ...]) -> bool:
    """Whether every word is in something that was found, and everything has one of them."""
    return all(any(word in one for word in words) for one in found) and all(
        any(word in one for one in found) for word in words
    )


@dataclass(frozen=True)
class Flow:
    """One thing that a function does.

    - `begin` prepares the stack and returns the event; `again` returns the event of a repeat, where it is another one.
    - `repeats`: the event comes once more whatever became of it.
    - `is_gradual`: what was done stays done when it fails; else who calls it sees all or nothing.
    - `asks_once`: no server is asked more often than without a fault.
    - `found`: the code of a refusal that tells whoever repeats the request that it was carried out.
    """

    function: str
    name: str
    begin: Callable[[Scene], Event]
    again: Callable[[Scene], Event] | None = None
    repeats: bool = False
    is_gradual: bool = False
    asks_once: bool = False
    found: int = 0
    ends: tuple[OtherEnd, ...] = ()

    def __str__(self) -> str:
        return f"{self.function}: {self.name}"


def _request(method: str, path: str, form: Any = (), *, key: str = "") -> Callable[[Scene], Event]:
    return lambda scene: scene.request(method, path, form, key=key)


def _in_group(
    method: str, path: str = "", form: Mapping[str, str] | None = None, *, key: str = ""
) -> Callable[[Scene], Event]:
    """A request about a conversation of an agent and two handsets."""

    def begin(scene: Scene) -> Event:
        return scene.request(method, f"/Conversations/{scene.group(A, B)}{path}", form or {}, key=key)

    return begin


def _of(
    collection: str, made: Mapping[str, str], method: str, form: Mapping[str, str] | None = None, *, path: str = ""
) -> Callable[[Scene], Event]:
    """A request about what an earlier request has made."""

    def begin(scene: Scene) -> Event:
        return scene.request(method, f"{collection}/{scene.made(collection, made)['sid']}{path}", form or {})

    return begin


def _cancel_scheduled(scene: Scene) -> Event:
    sid = scene.group(A, B)
    scheduled = scene.made(f"/Conversations/{sid}/Messages", SCHEDULED)["sid"]
    return scene.request("DELETE", f"/Conversations/{sid}/ScheduledMessages/{scheduled}")


def _subscribe(scene: Scene) -> Event:
    return scene.request("POST", "/PushSubscriptions", BROWSER, authorization=f"Bearer {scene.token('ann')}")


def _route(scene: Scene) -> Event:
    scene.made(f"/Lines/{P}", {"AutoCreation": "off"})
    scene.receive(scene.text(B))
    scene.made(f"/Lines/{P}", {"AutoCreation": "all"})
    listed = scene.stack.invoke("conversations", scene.request("GET", "/UnroutedTexts"))
    [text] = json.loads(listed["body"])["unrouted_texts"]
    return scene.request("POST", f"/UnroutedTexts/{text['sid']}")


def _of_message(method: str, form: Mapping[str, str] | None = None) -> Callable[[Scene], Event]:
    def begin(scene: Scene) -> Event:
        sid = scene.group(A, B)
        return scene.request(method, f"/Conversations/{sid}/Messages/{scene.say(sid)}", form or {})

    return begin


def _text_again(scene: Scene) -> Event:
    scene.receive(scene.text(B))
    return scene.text(B, body="again")


def _record_send(scene: Scene) -> Event:
    scene.say(scene.group(A, B))
    return scene.queued("OutboundQueue")


def _relay_message(scene: Scene) -> Event:
    scene.tell_account()
    sid = scene.group(A, B)
    scene.relay()
    scene.stack.queues.sent.clear()
    scene.say(sid)
    return {"Records": scene.stack.take_records()}


def _call_webhook(scene: Scene) -> Event:
    scene.tell_account()
    scene.say(scene.group(A, B))
    return scene.queued("CallbacksQueue", most=1)


def _activate(scene: Scene) -> Event:
    scene.made("/ConversationWithParticipants", WITH_PEOPLE, key="with")
    return scene.queued("ActivationQueue")


def _remove_participant(scene: Scene) -> Event:
    sid = scene.group(A, B)
    added = scene.made(f"/Conversations/{sid}/Participants", {"MessagingBinding.Address": C})["sid"]
    return scene.request("DELETE", f"/Conversations/{sid}/Participants/{added}")


def _clean_conversation(scene: Scene) -> Event:
    sid = scene.group(A, B)
    scene.say(sid)
    scene.stack.invoke("conversations", scene.request("DELETE", f"/Conversations/{sid}"))
    return scene.queued("CleanupQueue")


def _report(scene: Scene) -> Event:
    scene.say(scene.group(A, B))
    scene.work("outbound", "OutboundQueue")
    return scene.report(scene.stack.servers.taken[-1])


def _relay_report(scene: Scene) -> Event:
    scene.tell_account()
    report = _report(scene)
    scene.stack.records.clear()
    scene.receive(report)
    return {"Records": scene.stack.take_records()}


def _reconcile(scene: Scene) -> Event:
    scene.say(scene.group(A, B))
    event = scene.queued("OutboundQueue")
    scene.stack.servers.answers["bandwidth"] = _break_off
    scene.stack.invoke("outbound", event)
    del scene.stack.servers.answers["bandwidth"]
    event = scene.queued("ReconcileQueue")
    for record in event["Records"]:
        record["attributes"]["ApproximateReceiveCount"] = "9"
    return event


def _break_off(_: HttpRequest) -> HttpResponse:
    raise RequestTimedOut("no answer")


def _fetch_picture(scene: Scene) -> Event:
    scene.receive(scene.text(B, media=("https://messaging.bandwidth.com/api/v2/users/5500/media/a/1.png",)))
    scene.stack.servers.answers["/media/"] = lambda _: HttpResponse(200, PNG, {"content-type": "image/png"})
    return scene.queued("MediaQueue")


def _open_link(scene: Scene) -> Event:
    sid = scene.made("/Media", (), body="words")["sid"]
    expires = int(START.timestamp()) + 3600
    path = links.build_path("key-root", bucket.original_key(sid, "text/csv"), expires)
    event = scene.request("GET", "")
    return {**event, "resource": "/media/{proxy+}", "pathParameters": {"proxy": path.removeprefix("media/")}}


def _connect(scene: Scene) -> Event:
    return connection_event("CONNECT", FIRST, token=scene.token("ann"))


def _connect_again(scene: Scene) -> Event:
    """A connection that was refused has ended: the client opens another one."""
    return connection_event("CONNECT", SECOND, token=scene.stack.token)


def _connected(scene: Scene) -> str:
    """Have somebody connected who sees everything, and return a conversation."""
    sid = scene.group(A, B)
    assert scene.stack.invoke("connections", _connect(scene)) == {"statusCode": 200}
    return sid


def _resume(scene: Scene) -> Event:
    sid = _connected(scene)
    scene.say(sid)
    frame = {"action": "resume", "conversations": {sid: -1}}
    return connection_event("MESSAGE", FIRST, body=json.dumps(frame))


def _disconnect(scene: Scene) -> Event:
    _connected(scene)
    return connection_event("DISCONNECT", FIRST)


def _push_live(scene: Scene) -> Event:
    sid = _connected(scene)
    scene.relay()
    scene.stack.queues.sent.clear()
    scene.say(sid)
    return scene.queued("LiveQueue")


def _run_import(scene: Scene) -> Event:
    made = scene.made("/Contacts/Imports", (), body="friendly_name,number_1\nBob,+12065550150\nKay,x\n")
    scene.work("imports", "ImportsQueue")
    scene.made(f"/Contacts/Imports/{made['sid']}", {"DryRun": "false"})
    return scene.queued("ImportsQueue")


def _refresh_inbox(scene: Scene) -> Event:
    sid = scene.group(A, B)
    scene.stack.invoke("conversations", scene.request("GET", "/Inbox"))
    scene.work("inbox", "InboxQueue")
    scene.say(sid)
    return scene.queued("InboxQueue")


def _notify(scene: Scene) -> Event:
    scene.group(A, B)
    scene.made("/PushSubscriptions", BROWSER, authorization=f"Bearer {scene.token('ann')}")
    scene.receive(scene.text(B))
    return scene.queued("PushQueue")


def _send_scheduled(scene: Scene) -> Event:
    sid = scene.group(A, B)
    scene.made(f"/Conversations/{sid}/Messages", SCHEDULED, key="later")
    scene.stack.now += timedelta(hours=2)
    return {}


def _close_by_timer(scene: Scene) -> Event:
    scene.made("/Conversations", {"UniqueName": "oak", "Timers.Inactive": "PT1M"})
    scene.stack.now += timedelta(hours=2)
    return {}


def _catch_up(scene: Scene) -> Event:
    record = {"uuid": "text-1", "created_at": "2026-11-22T12:00:00Z"}
    message = {"data": {"direction": "inbound", **TELNYX_TEXT}}
    page = {"data": [record], "meta": {"total_pages": 1}}
    scene.stack.servers.answers["/detail_records"] = lambda _: HttpResponse(200, json.dumps(page).encode())
    scene.stack.servers.answers["/messages/text-1"] = lambda _: HttpResponse(200, json.dumps(message).encode())
    scene.stack.now += timedelta(minutes=10)
    scene.made(f"/Lines/{T}/CatchUp")
    return scene.queued("CatchupQueue")


def _erase(scene: Scene) -> Event:
    scene.receive(scene.text(B))
    scene.made("/Erasures", {"Address": A})
    return scene.queued("CleanupQueue")


def _authorize(scene: Scene) -> Event:
    return {**scene.text(B), "methodArn": "arn:aws:execute-api:us-east-1:123456789012:api/prod/POST/carriers"}


def _token_event(scene: Scene) -> Event:
    return session_event("POST", "/session/token", scene.signed_in())


def _end_session(scene: Scene) -> Event:
    return session_event("POST", "/session/end", scene.signed_in())


# Two connections of one client.
FIRST, SECOND = "x00000001", "x00000002"
MESSAGE = {"Author": "agent", "Body": "hello"}
SCHEDULED = {**MESSAGE, "SendAt": "2026-11-22T13:00:00Z"}
PEOPLE = [
    {"identity": "agent", "messaging_binding": {"projected_address": P}},
    *({"messaging_binding": {"address": one}} for one in (A, B)),
]
WITH_PEOPLE = [("Participant", json.dumps(one)) for one in PEOPLE]
CONVERSATION_HOOK = {
    "Target": "webhook",
    "Configuration.Url": "https://hooks.example/one",
    "Configuration.Method": "POST",
    "Configuration.Filters": "onMessageAdded",
}
ACCOUNT_HOOK = {"PostWebhookUrl": HOOK, "Method": "POST", "Filters": "onMessageAdded"}
ROLE = {"FriendlyName": "desk", "Type": "service", "Permission": "createConversation"}
SNIPPET = {"Name": "hours", "Body": "We are open from nine to five."}
CONTACT = {"FriendlyName": "Bob", "Numbers": json.dumps([{"number": A}])}
CSV = "friendly_name,number_1\nBob,+12065550150\nKay,x\n"
BROWSER = PushBrowser().form()
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
TELNYX_TEXT = {
    "record_type": "message",
    "id": "text-1",
    "type": "SMS",
    "from": {"phone_number": A},
    "to": [{"phone_number": T, "status": "webhook_delivered"}],
    "cc": [],
    "text": "are you there",
    "media": [],
    "received_at": "2026-11-22T12:00:00Z",
}

# A write of which nobody hears.
UNSEEN = (Fault.ANSWER_LOST,)
# What ends a run.
CUT_OFF = (Fault.THROTTLE, Fault.NO_ANSWER, Fault.ANSWER_LOST)
TRANSACTION = "dynamodb.transact_write_items"

AGAIN = "the request takes no Idempotency-Key: whoever repeats it without looking does it twice"
WRITTEN_TWICE = "an update that is repeated is another update, which is told too"
UNKNOWN_FATE = "whether the carrier has the text is asked a minute later, and it is never sent again"
UNATTACHED = "a file that is in no message ends after a day"
UNSTARTED = "an import that was not started ends after a week"
SPENT = "a person signs in anew: each attempt counts once, and a session whose cookie nobody has ends by its time"
QUEUED_UNKNOWN = ('"status": {"S": "queued"}', '"state": {"S": "unknown"}', "queue ReconcileQueue")
SENT = ('"status": {"S": "sent"}', '"state": {"S": "sent"}', "R#bandwidth#")
CONNECTION = ("item DUE#", "item LC#", "item LV#")
ENDED_CONNECTION = "API Gateway says that it has ended when a frame is sent; else it ends with its token"
TO_BE_DONE = "the rest is in the queue again"


def _written(*more: str) -> tuple[OtherEnd, ...]:
    """What there is more when the single write of a request was carried out unseen, and the request is repeated."""
    return (OtherEnd("dynamodb.put_item", UNSEEN, AGAIN, more),)


def _twice(*more: str, missing: tuple[str, ...] = (), why: str = AGAIN) -> tuple[OtherEnd, ...]:
    """What there is more when the transaction of a request was carried out unseen, and the request is repeated."""
    return (OtherEnd(TRANSACTION, UNSEEN, why, more, missing),)


INBOUND = (
    Flow("inbound", "a text that makes a conversation", lambda scene: scene.text(B)),
    Flow("inbound", "a text into a known group", _text_again),
    Flow("inbound", "a STOP", lambda scene: scene.text(body="STOP")),
    Flow("inbound", "a delivery report", _report),
    Flow("authorizer", "a webhook", _authorize),
    Flow(
        "catchup",
        "a lost text",
        _catch_up,
        is_gradual=True,
        ends=(
            OtherEnd(
                "http.get",
                CUT_OFF,
                TO_BE_DONE,
                ("L#+12065550110 CU", "queue CatchupQueue"),
                ("item C#", "item D#", "item L#+12065550110 CU", "item M#", "item T#"),
            ),
            OtherEnd(
                "dynamodb.*",
                CUT_OFF,
                "what a run counted that was cut off is counted as known by the next",
                ("L#+12065550110 CU",),
                ("L#+12065550110 CU",),
            ),
        ),
    ),
)
REQUESTS = (
    Flow("conversations", "create a conversation", _request("POST", "/Conversations", {"UniqueName": "elm"})),
    Flow(
        "conversations",
        "create with participants",
        _request("POST", "/ConversationWithParticipants", WITH_PEOPLE, key="1"),
    ),
    Flow("conversations", "change a conversation", _in_group("POST", "", {"State": "closed"})),
    Flow("conversations", "delete a conversation", _in_group("DELETE")),
    Flow("conversations", "add a participant", _in_group("POST", "/Participants", {"MessagingBinding.Address": C})),
    Flow("conversations", "remove a participant", _remove_participant),
    Flow("conversations", "create a message", _in_group("POST", "/Messages", MESSAGE, key="message")),
    Flow("conversations", "schedule a message", _in_group("POST", "/Messages", SCHEDULED, key="later")),
    Flow(
        "conversations",
        "change a message",
        _of_message("POST", {"Body": "other words"}),
        ends=_twice("onMessageUpdated", why=WRITTEN_TWICE),
    ),
    Flow("conversations", "delete a message", _of_message("DELETE")),
    Flow("conversations", "write a note", _in_group("POST", "/Notes", {"Body": "call back"}, key="note")),
    Flow(
        "conversations",
        "upload a file",
        lambda scene: scene.request("POST", "/Media", key="file", body="words"),
        is_gradual=True,
        ends=(
            OtherEnd("dynamodb.*|s3.*", CUT_OFF, UNATTACHED, ("item ME#",)),
            OtherEnd(".*", CUT_OFF, UNATTACHED, ("item ME#", "file ME")),
        ),
    ),
    Flow(
        "conversations",
        "add a webhook",
        _in_group("POST", "/Webhooks", CONVERSATION_HOOK),
        ends=_twice("item C#CH<sid> C", "W#WH<sid>", missing=("item C#CH<sid> C",)),
    ),
    Flow("conversations", "store a contact", _request("POST", "/Contacts", CONTACT, key="c")),
    Flow(
        "conversations",
        "import contacts",
        lambda scene: scene.request("POST", "/Contacts/Imports", body=CSV),
        is_gradual=True,
        ends=(
            OtherEnd("dynamodb.*|s3.*", CUT_OFF, UNSTARTED, ("item CI#",)),
            OtherEnd("dynamodb.*|s3.*", CUT_OFF, UNSTARTED, ("item CI#CI<sid> CI", "file CI")),
            OtherEnd("dynamodb.put_item", UNSEEN, AGAIN, ("item CI#CI<sid> CI", "item CI#CI<sid> N#", "file CI")),
        ),
    ),
    Flow("conversations", "set the account's webhooks", _request("POST", "/Configuration/Webhooks", ACCOUNT_HOOK)),
    Flow(
        "conversations",
        "register a line",
        _request("POST", "/Lines", {"Address": Q, "Carrier": "bandwidth"}),
        found=20409,
    ),
    Flow(
        "conversations",
        "opt somebody out",
        _request("POST", "/OptOuts", {"Line": P, "Address": A}),
        ends=_twice("item O#+12065550150 A#", why="the history has each time that somebody has said so"),
    ),
    Flow("conversations", "create a user", _request("POST", "/Users", {"Identity": "ann"})),
    Flow(
        "conversations",
        "create a Service",
        _request("POST", "/Services", {"FriendlyName": "Sales"}),
        ends=_twice("item IS#IS<sid> IS", "item IS#IS<sid> RL<sid>"),
    ),
    Flow("conversations", "erase a person", _request("POST", "/Erasures", {"Address": A}), ends=_twice("item ER#")),
    Flow("conversations", "begin a catch-up", _request("POST", f"/Lines/{T}/CatchUp"), found=20409),
    Flow("links", "a file", _open_link),
)
ADMINISTRATION = (
    Flow("conversations", "create a role", _request("POST", "/Roles", ROLE), ends=_written("item IS#IS<sid> RL<sid>")),
    Flow("conversations", "change a role", _of("/Roles", ROLE, "POST", {"Permission": "editOwnUserInfo"})),
    Flow("conversations", "delete a role", _of("/Roles", ROLE, "DELETE")),
    Flow(
        "conversations", "create a key", _request("POST", "/Keys", {"FriendlyName": "desk"}), ends=_written("item SK#")
    ),
    Flow("conversations", "revoke a key", _of("/Keys", {}, "DELETE")),
    Flow(
        "conversations",
        "change a user",
        _of("/Users", {"Identity": "ann"}, "POST", {"FriendlyName": "Ann"}),
        ends=_twice("onUserUpdated", why=WRITTEN_TWICE),
    ),
    Flow("conversations", "delete a user", _of("/Users", {"Identity": "ann"}, "DELETE")),
    Flow("conversations", "revoke a user's tokens", _of("/Users", {"Identity": "ann"}, "DELETE", path="/Tokens")),
    Flow("conversations", "change a line", _request("POST", f"/Lines/{P}", {"Label": "Desk"})),
    Flow("conversations", "release a line", _request("DELETE", f"/Lines/{P}")),
    Flow("conversations", "configure the Service", _request("POST", "/Configuration", {"DefaultInactiveTimer": "P7D"})),
    Flow("conversations", "delete a Service", _of("/Services", {"FriendlyName": "Sales"}, "DELETE")),
    Flow("conversations", "change a contact", _of("/Contacts", CONTACT, "POST", {"FriendlyName": "Rob"})),
    Flow("conversations", "delete a contact", _of("/Contacts", CONTACT, "DELETE")),
    Flow("conversations", "store a snippet", _request("POST", "/Snippets", SNIPPET), found=20409),
    Flow("conversations", "delete a snippet", _of("/Snippets", SNIPPET, "DELETE")),
    Flow("conversations", "cancel a scheduled message", _cancel_scheduled, found=20409),
    Flow("conversations", "subscribe a browser", _subscribe),
    Flow("conversations", "route an unrouted text", _route),
    Flow("conversations", "use the inbox", _request("GET", "/Inbox")),
)
STAFF = (
    Flow(
        "signin",
        "come back",
        lambda scene: scene.page_event(),
        again=lambda scene: scene.page_event(),
        is_gradual=True,
        ends=(
            OtherEnd(".*", CUT_OFF, SPENT, ("item SA#",)),
            OtherEnd("dynamodb.put_item", UNSEEN, SPENT, ("item SA#", "item SS#")),
            # A repeat of the client cannot be told from a second use: the person is refused, and begins again.
            OtherEnd("dynamodb.put_item", (Fault.REPEATED,), SPENT, (), ("item SS#", "item US#")),
        ),
    ),
    Flow("signin", "get a token", _token_event, is_gradual=True),
    Flow("signin", "end a session", _end_session, is_gradual=True),
    Flow(
        "connections",
        "connect",
        _connect,
        again=_connect_again,
        is_gradual=True,
        ends=(OtherEnd("dynamodb.*", CUT_OFF, ENDED_CONNECTION, CONNECTION, ("item LV#",)),),
    ),
    Flow(
        "connections",
        "resume",
        _resume,
        is_gradual=True,
        ends=(
            OtherEnd(
                "gateway.*",
                CUT_OFF,
                "a connection that takes no frame is closed, and opened anew",
                (),
                CONNECTION,
            ),
        ),
    ),
    Flow(
        "connections",
        "disconnect",
        _disconnect,
        is_gradual=True,
        ends=(OtherEnd("dynamodb.*", CUT_OFF, "the timer finds that there is no such connection", ("item DUE#",)),),
    ),
)
BEHIND = (
    Flow("relay", "a message", _relay_message, is_gradual=True),
    Flow("relay", "a delivery report", _relay_report, is_gradual=True),
    Flow(
        "outbound",
        "a text to two handsets",
        _record_send,
        is_gradual=True,
        asks_once=True,
        ends=(
            OtherEnd("dynamodb.update_item", UNSEEN, UNKNOWN_FATE, QUEUED_UNKNOWN, SENT),
            OtherEnd("http.post", (Fault.NO_ANSWER, Fault.ANSWER_LOST), UNKNOWN_FATE, QUEUED_UNKNOWN, SENT),
            OtherEnd(
                "dynamodb.batch_execute_statement",
                (Fault.THROTTLE, Fault.NO_ANSWER),
                UNKNOWN_FATE,
                QUEUED_UNKNOWN,
                SENT,
            ),
        ),
    ),
    Flow("outbound", "a text of unknown fate", _reconcile, is_gradual=True, asks_once=True),
    Flow("media", "a picture", _fetch_picture, is_gradual=True),
    Flow("callbacks", "an event for a webhook", _call_webhook, is_gradual=True),
    Flow("activation", "a conversation", _activate, is_gradual=True),
    Flow("live", "a message", _push_live, is_gradual=True),
    Flow("imports", "contacts", _run_import, is_gradual=True),
    Flow("inbox", "a conversation", _refresh_inbox, is_gradual=True),
    Flow(
        "push",
        "a message",
        _notify,
        is_gradual=True,
        ends=(OtherEnd("http.post", CUT_OFF, TO_BE_DONE, ("queue PushQueue",)),),
    ),
    Flow("timers", "a scheduled message", _send_scheduled, repeats=True, is_gradual=True),
    Flow("timers", "a timer of a conversation", _close_by_timer, repeats=True, is_gradual=True),
    Flow("cleanup", "a removed conversation", _clean_conversation, is_gradual=True),
    Flow(
        "cleanup",
        "an erased person",
        _erase,
        is_gradual=True,
        ends=(
            OtherEnd(
                ".*",
                CUT_OFF,
                "what a run erased that was cut off is not in the report",
                ("item ER#ER<sid> ER",),
                ("item ER#ER<sid> ER",),
            ),
        ),
    ),
)
FLOWS = (*INBOUND, *REQUESTS, *ADMINISTRATION, *STAFF, *BEHIND)
