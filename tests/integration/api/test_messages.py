"""Messages: who may write what to whom, in which order they stand, and what is recorded to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from partyline.carriers.base import InboundMedia, InboundText
from partyline.domain import sids, threads
from partyline.domain.messages import Message
from partyline.domain.opt_outs import OptOutChannel, OptOutEvent
from partyline.domain.receipts import ReceiptStatus
from partyline.domain.sends import Send, SendReference
from partyline.errors import Conflict
from partyline.inbound import recorder
from partyline.storage import conversations as store
from partyline.storage import lines, messages, opt_outs, receipts
from partyline.storage.receipts import ReportedStatus
from partyline.storage.table import Table, Write
from tests.support.api_harness import ACCOUNT, BASE, A, Api, B, C, Clock, D, P, Q, Racing, W, consult_no_webhook

NONE = {"sent": "none", "delivered": "none", "read": "none", "failed": "none", "undelivered": "none"}


def recorded(table: Table, reply: Any) -> Message:
    """The message as it is stored."""
    found = messages.fetch(table, reply.body["conversation_sid"], reply.body["sid"])
    assert found
    return found.message


def test_a_new_message_has_every_documented_member(api: Api) -> None:
    sid = api.conversation()
    member = api.member(sid, identity="ann")
    reply = api.say(sid, "hi\nthere 👋", author="ann", Attributes='{"a":1}', DateCreated="2020-01-01T00:00:00Z")
    assert reply.status == 201
    url = f"{BASE}/v1/Conversations/{sid}/Messages/{reply.body['sid']}"
    assert reply.body == {
        "sid": reply.body["sid"],
        "account_sid": ACCOUNT,
        "conversation_sid": sid,
        "index": 0,
        "author": "ann",
        "body": "hi\nthere 👋",
        "media": None,
        "attributes": '{"a":1}',
        "participant_sid": member,
        "written_by": None,
        "content_sid": None,
        "date_created": "2020-01-01T00:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "date_received_by_carrier": None,
        "delivery": None,
        "url": url,
        "links": {"delivery_receipts": f"{url}/Receipts", "channel_metadata": f"{url}/ChannelMetadata"},
    }
    assert api.follow(url).body == reply.body


def test_a_group_gets_one_text_from_its_authors_own_number(api: Api, table: Table) -> None:
    sid = api.group(A, B)
    other = api.member(sid, identity="second", projected=Q)
    natives = {
        one["messaging_binding"]["address"]: one["sid"]
        for one in api.get(f"/Conversations/{sid}/Participants").body["participants"]
        if one["identity"] is None
    }
    reply = api.say(sid, author="second")
    assert reply.body["participant_sid"] == other
    assert reply.body["delivery"] == {"total": 2, **NONE}
    key = threads.build_key([A, B, P, Q])
    assert recorded(table, reply).sends == (Send(key, Q, natives, (P,)),)
    assert recorded(table, api.say(sid, author="agent")).sends == (Send(key, P, natives, (Q,)),)
    assert [one["index"] for one in api.get(f"/Conversations/{sid}/Messages").body["messages"]] == [0, 1]


def test_two_parties_get_a_text_of_their_own(api: Api, table: Table) -> None:
    sid = api.group(A, own=W)
    (send,) = recorded(table, api.say(sid)).sends
    assert (send.thread, send.sender, list(send.natives)) == (threads.build_key([A, W]), W, [A])


def test_masked_members_get_it_each_behind_their_proxy_and_anybody_may_write(api: Api, table: Table) -> None:
    sid = api.conversation()
    api.member(sid, identity="ann")
    first = api.member(sid, address=A, proxy=P)
    api.member(sid, address=B, proxy=W)
    for author, shown in (("ann", "ann"), ("", "system"), ("a stranger", "a stranger")):
        reply = api.say(sid, author=author)
        assert (reply.body["author"], reply.body["delivery"]["total"]) == (shown, 2)
    reply = api.say(sid, author=A)
    assert (reply.body["author"], reply.body["delivery"]["total"]) == (A, 1)
    assert reply.body["participant_sid"] == first
    assert [(send.sender, list(send.natives)) for send in recorded(table, reply).sends] == [(W, [B])]


def test_the_author_is_system_unless_a_group_sees_who_writes(api: Api) -> None:
    sid = api.conversation()
    reply = api.post(f"/Conversations/{sid}/Messages", {"Body": "hi"})
    assert (reply.body["author"], reply.body["participant_sid"]) == ("system", None)


@pytest.mark.parametrize("natives", [(A,), (A, B)])
@pytest.mark.parametrize("author", ["", "system", "stranger", A, C, Q])
def test_only_an_own_number_of_the_group_writes_into_it(api: Api, natives: tuple[str, ...], author: str) -> None:
    refused = (400, 50513, "Message author should be among Group MMS participants")
    assert api.say(api.group(*natives), author=author).error == refused


@pytest.mark.parametrize("author", [P, P.replace("+", " "), "(206) 555-0100"])
def test_an_own_number_may_be_named_as_author(api: Api, author: str) -> None:
    sid = api.conversation()
    own = api.member(sid, projected=P)
    api.member(sid, address=A)
    reply = api.say(sid, author=author)
    assert (reply.body["author"], reply.body["participant_sid"]) == (P, own)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, (400, 50503, "Message body not provided")),
        ({"Body": " \n"}, (400, 50503, "Message body not provided")),
        ({"Body": "x" * 1601}, (400, 50504, "Message body parameter is too long: at most 1600 characters")),
        ({"Body": "x", "MediaSid": "ME" + "0" * 32}, (400, 50507, "Media not found")),
        (
            {"ContentSid": "HX" + "0" * 32},
            (400, 50526, "Invalid content SID: content templates are not supported here: send Body"),
        ),
        ({"Body": "x", "Author": "x" * 257}, (400, 50310, "Author parameter is too long: at most 256 characters")),
        ({"Body": "x", "Attributes": "'"}, (400, 50304, "Attributes not valid JSON")),
        ({"Body": "x", "Attributes": f'"{"x" * 4095}"'}, (400, 50303, "Attributes too long: at most 4096 bytes")),
        ({"Body": "x", "DateCreated": "x"}, (400, 50308, "Invalid Date Created parameter: it is not an ISO 8601 date")),
        ({"Body": "x", "DateUpdated": "x"}, (400, 50309, "Invalid Date Updated parameter: it is not an ISO 8601 date")),
    ],
)
def test_a_wrong_message_is_refused_and_none_is_recorded(
    api: Api, form: dict[str, str], error: tuple[int, int, str]
) -> None:
    sid = api.group(A, B)
    assert api.post(f"/Conversations/{sid}/Messages", {"Author": "agent", **form}).error == error
    assert api.get(f"/Conversations/{sid}/Messages").body["messages"] == []


def test_the_longest_body_depends_on_whether_anybody_gets_it_by_phone(api: Api) -> None:
    assert api.say(api.group(A, B), "😀" * 1600).status == 201
    chat = api.conversation()
    assert api.say(chat, "x" * 32 * 1024).status == 201
    assert api.say(chat, "é" * 16 * 1024 + "x").error == (
        400,
        50504,
        "Message body parameter is too long: at most 32768 bytes",
    )


def test_a_pair_that_another_conversation_had_is_claimed_by_the_next_message(api: Api, table: Table) -> None:
    first, second = api.group(A), api.group(A)
    reply = api.say(second)
    assert reply.error[1] == 50416
    assert reply.body["details"] == {"conversation_sid": first}
    assert api.get(f"/Conversations/{second}/Messages").body["messages"] == []
    api.post(f"/Conversations/{first}", {"State": "closed"})
    assert api.say(second).status == 201
    assert store.find_owner(table, threads.build_key([A, P])) == second


def test_a_group_that_grew_no_longer_holds_its_pair(api: Api, table: Table) -> None:
    grown = api.group(A, B)
    pair = api.group(A)
    assert api.say(pair).status == 201
    assert api.say(grown).status == 201
    assert store.find_owner(table, threads.build_key([A, P])) == pair


def test_a_group_beyond_what_a_carrier_takes_is_refused(api: Api) -> None:
    natives = [f"+1206555{number:04}" for number in range(160, 169)]
    sid = api.group(*natives, own=P)
    assert api.say(sid).status == 201
    # Nothing was said of it when it was made, since the line was another carrier's.
    assert api.post(f"/Lines/{P}", {"Carrier": "telnyx"}).status == 200
    assert api.say(sid).error == (
        400,
        21653,
        (
            f"There are more recipient addresses than allowed: telnyx, which line {P} is of, takes at most 8 "
            "recipients, and these are 9: write to fewer in another conversation"
        ),
    )


def test_nothing_is_sent_from_a_line_that_is_gone(api: Api, table: Table) -> None:
    sid = api.group(A, B)
    lines.remove(table, P)
    assert api.say(sid).error == (400, 50439, "Account is not authorized to use the projected address")


def test_nothing_is_sent_through_a_proxy_that_is_gone(api: Api, table: Table) -> None:
    sid = api.conversation()
    api.member(sid, address=A, proxy=P)
    lines.remove(table, P)
    assert api.say(sid, author="office").error == (400, 50413, "Account is not authorized to use proxy address")


def test_a_message_wakes_an_inactive_conversation(api: Api) -> None:
    sid = api.group(A, B)
    api.post(f"/Conversations/{sid}", {"State": "inactive"})
    api.say(sid)
    assert api.get(f"/Conversations/{sid}").body["state"] == "active"
    assert [one["sid"] for one in api.get("/Conversations", {"State": "active"}).body["conversations"]] == [sid]
    assert api.post(f"/Conversations/{sid}", {"FriendlyName": "still changeable"}).status == 200


def test_messages_that_race_get_indexes_one_after_the_other(api: Api, table: Table) -> None:
    sid = api.group(A, B)
    racing = Api(replace(api.context, table=Racing(table, 3, "message", lambda: api.say(sid, "faster"))))
    assert racing.say(sid, "slower").body["index"] == 3
    bodies = [one["body"] for one in api.get(f"/Conversations/{sid}/Messages").body["messages"]]
    assert bodies == ["faster", "faster", "faster", "slower"]


def test_a_member_who_joins_while_a_message_is_written_gets_it(api: Api, table: Table) -> None:
    sid = api.group(A, B)
    racing = Api(replace(api.context, table=Racing(table, 1, "message", lambda: api.member(sid, address=C))))
    reply = racing.say(sid)
    assert set(recorded(table, reply).sends[0].natives) == {A, B, C}


@pytest.mark.usefixtures("instant_retries")
def test_a_message_that_never_wins_is_refused_not_lost_in_silence(api: Api, table: Table) -> None:
    class Busy(Table):
        def transact(self, writes: Any) -> None:
            raise Conflict({})

    sid = api.group(A, B)
    busy = Api(replace(api.context, table=Busy(table._client, table._name)))
    assert busy.say(sid).error[:2] == (409, 50349)
    assert api.get(f"/Conversations/{sid}/Messages").body["messages"] == []


def test_messages_are_listed_in_both_orders_and_page_by_page(api: Api) -> None:
    sid = api.group(A, B)
    for number in range(5):
        api.say(sid, str(number))
    path = f"/Conversations/{sid}/Messages"

    def bodies(body: Any) -> list[str]:
        return [one["body"] for one in body["messages"]]

    assert bodies(api.get(path).body) == ["0", "1", "2", "3", "4"]
    assert bodies(api.get(path, {"Order": "DeSc", "PageSize": "2"}).body) == ["4", "3"]
    for order, expected in (("asc", ["01", "23", "4"]), ("desc", ["43", "21", "0"])):
        page = api.get(path, {"Order": order, "PageSize": "2"}).body
        seen = ["".join(bodies(page))]
        while page["meta"]["next_page_url"]:
            page = api.follow(page["meta"]["next_page_url"]).body
            seen.append("".join(bodies(page)))
        assert seen == expected
        back = []
        while page["meta"]["previous_page_url"]:
            page = api.follow(page["meta"]["previous_page_url"]).body
            back.append("".join(bodies(page)))
        assert back == expected[-2::-1]
    assert api.get(path, {"Order": "up"}).error == (400, 20001, "Invalid parameter Order: use asc, desc")


def test_a_message_is_changed_without_being_sent_again(api: Api, table: Table, clock: Clock) -> None:
    sid = api.group(A, B)
    made = api.say(sid)
    before = recorded(table, made)
    clock.tick(seconds=1)
    path = f"/Conversations/{sid}/Messages/{made.body['sid']}"
    after = api.post(path, {"Body": "better", "Attributes": "[]", "Author": "someone"}).body
    assert after == {
        **made.body,
        "body": "better",
        "attributes": "[]",
        "author": "someone",
        "date_updated": "2026-11-22T12:00:01Z",
    }
    assert api.get(path).body == after
    assert recorded(table, made).sends == before.sends
    for form, error in (
        ({"Body": ""}, (400, 50503, "Message body not provided")),
        ({"Body": "x" * 32769}, (400, 50504, "Message body parameter is too long: at most 32768 bytes")),
        ({"Attributes": "{"}, (400, 50304, "Attributes not valid JSON")),
        ({"Author": "x" * 257}, (400, 50310, "Author parameter is too long: at most 256 characters")),
    ):
        assert api.post(path, form).error == error
    api.post(f"/Conversations/{sid}", {"State": "closed"})
    closed = (400, 50377, "Can't update conversation as it's in final closed state")
    assert api.post(path, {"Body": "x"}).error == closed
    assert api.delete(path).error == closed
    assert api.get(path).body["body"] == "better"


def test_a_deleted_message_leaves_its_index_unused(api: Api) -> None:
    sid = api.group(A, B)
    gone = api.say(sid).body["sid"]
    path = f"/Conversations/{sid}/Messages/{gone}"
    assert api.delete(path).status == 204
    assert api.get(path).status == api.get(f"{path}/Receipts").status == api.delete(path).status == 404
    assert api.say(sid).body["index"] == 1
    assert [one["index"] for one in api.get(f"/Conversations/{sid}/Messages").body["messages"]] == [1]


def test_a_message_belongs_to_its_conversation_only(api: Api) -> None:
    first, second = api.group(A, B), api.group(C, D)
    message = api.say(first).body["sid"]
    assert api.get(f"/Conversations/{second}/Messages/{message}").status == 404


def report(table: Table, message: Message, address: str, status: ReceiptStatus, error: int, clock: Clock) -> None:
    reference: SendReference = message.reference(message.sends[0])
    receipts.move(table, reference, ReportedStatus(address, status, error), clock(), carrier_message_id="SM" + "1" * 32)


def test_a_list_can_have_the_status_of_each_receipt(api: Api, table: Table, clock: Clock) -> None:
    sid = api.group(A, B)
    made = api.say(sid)
    path = f"/Conversations/{sid}/Messages"
    report(table, recorded(table, made), A, ReceiptStatus.DELIVERED, 0, clock)
    receipts_of = api.get(f"{path}/{made.body['sid']}/Receipts").body["delivery_receipts"]

    [shown] = api.get(path, {"DeliveryStatuses": "true"}).body["messages"]
    assert shown["delivery_statuses"] == {one["participant_sid"]: one["status"] for one in receipts_of}
    assert sorted(shown["delivery_statuses"].values(), key=str) == [None, "delivered"]
    [shown] = api.get(path).body["messages"]
    assert "delivery_statuses" not in shown


def test_receipts_show_how_far_each_recipients_text_got(api: Api, table: Table, clock: Clock) -> None:
    sid = api.group(A, B, C)
    made = api.say(sid)
    message = recorded(table, made)
    path = f"/Conversations/{sid}/Messages/{made.body['sid']}"
    listed = api.get(f"{path}/Receipts").body
    assert listed["meta"]["key"] == "delivery_receipts"
    assert {(one["status"], one["error_code"]) for one in listed["delivery_receipts"]} == {(None, 0)}
    clock.tick(seconds=3)
    report(table, message, A, ReceiptStatus.DELIVERED, 0, clock)
    report(table, message, B, ReceiptStatus.UNDELIVERED, 30003, clock)
    report(table, message, C, ReceiptStatus.UNKNOWN, 0, clock)
    members = {
        (one["messaging_binding"] or {}).get("address"): one["sid"]
        for one in api.get(f"/Conversations/{sid}/Participants").body["participants"]
    }
    shown = {one["participant_sid"]: one for one in api.get(f"{path}/Receipts").body["delivery_receipts"]}
    assert {(shown[members[who]]["status"], shown[members[who]]["error_code"]) for who in (A, B, C)} == {
        ("delivered", 0),
        ("undelivered", 30003),
        ("sent", 0),
    }
    one = shown[members[A]]
    assert one == {
        "sid": one["sid"],
        "account_sid": ACCOUNT,
        "conversation_sid": sid,
        "message_sid": made.body["sid"],
        "channel_message_sid": "SM" + "1" * 32,
        "participant_sid": members[A],
        "status": "delivered",
        "error_code": 0,
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:03Z",
        "url": f"{BASE}/v1{path}/Receipts/{one['sid']}",
    }
    assert api.follow(one["url"]).body == one
    assert api.get(f"{path}/Receipts/DY{'0' * 32}").status == 404
    assert api.get(path).body["delivery"] == {
        "total": 3,
        "sent": "all",
        "delivered": "some",
        "read": "none",
        "failed": "none",
        "undelivered": "some",
    }


def test_receipts_come_fifty_at_most_on_a_page(api: Api) -> None:
    sid = api.group(A, B)
    path = f"/Conversations/{sid}/Messages/{api.say(sid).body['sid']}/Receipts"
    assert api.get(path, {"PageSize": "100"}).body["meta"]["page_size"] == 50
    first = api.get(path, {"PageSize": "1"}).body
    second = api.follow(first["meta"]["next_page_url"]).body
    assert second["meta"]["next_page_url"] is None
    assert first["delivery_receipts"] != second["delivery_receipts"]


def test_a_message_with_pictures_shows_them(api: Api, table: Table) -> None:
    sid = api.group(A, B)
    recorder.InboundRecorder(table, sids.default_service(ACCOUNT), consult_no_webhook).record(
        InboundText("bandwidth", "id-1", P, A, (P, B), "", (InboundMedia("https://c.example/1.jpg", "image/jpeg"),)),
        api.context.clock(),
    )
    (message,) = api.get(f"/Conversations/{sid}/Messages").body["messages"]
    (media,) = message["media"]
    assert sids.matches("ME", media["sid"])
    assert media == {
        "sid": media["sid"],
        "size": None,
        "content_type": "image/jpeg",
        "filename": None,
        "state": "pending",
        "error": None,
    }
    assert (message["author"], message["body"], message["delivery"]) == (A, None, None)


@pytest.mark.usefixtures("instant_retries")
def test_a_write_under_way_elsewhere_is_not_taken_for_a_missing_message(api: Api, table: Table) -> None:
    class Underway(Table):
        def write(self, write: Write) -> Any:
            raise Conflict({})

        def transact(self, writes: Sequence[Write]) -> None:
            raise Conflict({})

    sid = api.group(A, B)
    made = api.say(sid).body["sid"]
    busy = Api(replace(api.context, table=Underway(table._client, table._name)))
    assert busy.post(f"/Conversations/{sid}/Messages/{made}", {"Body": "x"}).error[:2] == (409, 50349)
    reply = busy.post(f"/Conversations/{sid}/Participants/agent", {"Attributes": "[1]"})
    assert reply.error[:2] == (409, 50419)
    assert busy.post(f"/Lines/{P}", {"AutoCreation": "off"}).error[:2] == (409, 20409)


def test_channel_metadata_say_by_which_way_a_message_goes(api: Api) -> None:
    texted = api.say(api.group(A, B)).body
    chat = api.conversation()
    api.member(chat, identity="ann")
    said = api.say(chat, author="ann").body
    for message, way in ((texted, "sms"), (said, "chat")):
        shown = api.follow(message["links"]["channel_metadata"]).body
        assert (shown["message_sid"], shown["type"], shown["data"]) == (
            message["sid"],
            way,
            {"carrier_message_id": None},
        )
        assert shown["url"] == message["links"]["channel_metadata"]


# --- opt-outs


def opt_out(table: Table, address: str, line: str = P) -> None:
    table.transact(
        opt_outs.build_writes(None, OptOutEvent(address, line, opted_out=True, channel=OptOutChannel.API, at=Clock()()))
    )


def test_message_to_a_group_without_reachable_recipients_is_refused(api: Api, table: Table) -> None:
    sid = api.group(A, B)
    for address in (A, B):
        opt_out(table, address)
    people = api.get(f"/Conversations/{sid}/Participants").body["participants"]
    natives = sorted(one["sid"] for one in people if "address" in one["messaging_binding"])
    refused = api.say(sid, "hello", author="agent")
    assert (refused.status, refused.body["code"]) == (400, 21610)
    assert refused.body["details"] == {
        "participants": natives,
        "reason": "everybody who would get this has opted out of the sending number",
    }
    assert api.get(f"/Conversations/{sid}/Messages").body["messages"] == []


def test_message_to_a_group_with_one_recipient_left_is_accepted(api: Api, table: Table) -> None:
    sid = api.group(A, B)
    opt_out(table, A)
    opt_out(table, B, Q)
    assert api.say(sid, "hello", author="agent").status == 201


def test_a_conversation_of_people_in_an_app_knows_no_opt_outs(api: Api) -> None:
    sid = api.conversation()
    api.member(sid, identity="ann")
    assert api.say(sid, "hello", author="ann").status == 201
