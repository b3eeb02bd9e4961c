"""What carriers cannot carry is said when a group is made, and what a message costs before it is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from partyline.carriers.base import InboundText
from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.media import StoredMedia
from partyline.domain.opt_outs import OptOutChannel, OptOutEvent
from partyline.inbound import recorder
from partyline.storage import lines, media, opt_outs
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, A, Api, B, C, P, Q, Reply, T, W, consult_no_webhook

FREE, ABROAD, V = "+18005550100", "+442079460000", "+12065550130"
TOLL = [f"+1206555{number:04}" for number in range(2000, 2012)]


@pytest.fixture
def more(api: Api) -> Api:
    for address, carrier in ((FREE, "bandwidth"), (ABROAD, "bandwidth"), (V, "vonage"), ("12345", "twilio")):
        line = Line(
            sids.new(sids.LINE), address, carrier, api.context.clock(), api.context.clock(), AutoCreation.GROUPS
        )
        lines.register(api.context.table, line)
    return api


def at_once(api: Api, own: str, *natives: str) -> Reply:
    members: list[dict[str, Any]] = [{"identity": "jane", "messaging_binding": {"projected_address": own}}]
    members += [{"messaging_binding": {"address": native}} for native in natives]
    return api.post("/ConversationWithParticipants", [("Participant", json.dumps(member)) for member in members])


@pytest.mark.parametrize(("files", "expected"), [(2, (201, None)), (10, (201, None)), (11, (400, 21623))])
def test_vonage_takes_several_files(more: Api, files: int, expected: tuple[int, int | None]) -> None:
    """C15."""
    service, now = sids.default_service(more.context.account_sid), more.context.clock()
    uploads = [sids.new(sids.MEDIA) for _ in range(files)]
    for upload in uploads:
        media.upload(more.context.table, StoredMedia(upload, service, now, now, "application/pdf", 10, "plan.pdf"))
    sid = more.group(A, B, own=V)
    form = [("Author", "agent"), *(("MediaSid", upload) for upload in uploads)]
    reply = more.post(f"/Conversations/{sid}/Messages", form)
    assert (reply.status, reply.body.get("code")) == expected


@pytest.mark.parametrize(
    ("own", "limit"), [(P, 10), (T, 8), (W, 9), (V, 9)], ids=["bandwidth", "telnyx", "twilio", "vonage"]
)
def test_a_group_is_as_large_as_its_lines_carrier_takes(more: Api, own: str, limit: int) -> None:
    # The account's own limit, ten in all unless it is set higher, would come first.
    large = Api(replace(more.context, group_limit=20))
    assert at_once(large, own, *TOLL[:limit]).status == 202
    refused = at_once(large, own, *TOLL[1 : limit + 2])
    assert refused.error[:2] == (400, 50436)
    assert (refused.body["details"]["line"], refused.body["details"]["limit"]) == (own, limit)


@pytest.mark.parametrize(("own", "natives", "code"), [(P, 9, 50436), (T, 8, 50436), (FREE, 1, 50407)])
def test_a_masked_member_who_becomes_one_of_the_group_makes_it_larger(
    more: Api, own: str, natives: int, code: int
) -> None:
    sid = more.group(*TOLL[:natives], own=own)
    masked = more.member(sid, address=A, proxy=own)
    path = f"/Conversations/{sid}/Participants/{masked}"
    assert more.post(path, {"MessagingBinding.ProxyAddress": "null"}).error[:2] == (400, code)
    assert more.get(path).body["messaging_binding"]["proxy_address"] == own


def arrive(api: Api, table: Table, sender: str, to: tuple[str, ...], line: str, id: str = "id-1") -> str:
    """A text that makes a group; its conversation."""
    inbound = InboundText("bandwidth", id, line, sender, to, "hello all")
    service = sids.default_service(ACCOUNT)
    recorded = recorder.InboundRecorder(table, service, consult_no_webhook).record(inbound, api.context.clock())
    assert recorded.conversation_sid
    return recorded.conversation_sid


def own_of(api: Api, sid: str) -> str:
    """The participant that our number is."""
    members = api.get(f"/Conversations/{sid}/Participants").body["participants"]
    return str(next(one["sid"] for one in members if "projected_address" in one["messaging_binding"]))


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("Alice@Example.com", "alice@example.com"),
        ("110000011909", "110000011909"),
        ("Verizon", "Verizon"),
        ("97167", "97167"),
        ("+442071838750", "+442071838750"),
    ],
)
def test_group_with_an_unreachable_member_is_handed_over_and_a_reply_names_it(
    api: Api, table: Table, sender: str, shown: str
) -> None:
    sid = arrive(api, table, sender, (P, A), P)
    assert api.post(f"/Conversations/{sid}/Participants/{own_of(api, sid)}", {"Identity": "jane"}).status == 200
    refused = api.say(sid, author="jane")
    assert (refused.status, refused.body["code"], refused.body["details"]["address"]) == (400, 50407, shown)
    (problem,) = preview(api, sid, ("Author", "jane"), ("Body", "hi"))["problems"]
    assert problem["code"] == 50407


def test_group_with_a_number_of_puerto_rico_is_answered(api: Api, table: Table) -> None:
    # Nobody could add them; but a carrier that brings their group text may well take the answer.
    sid = arrive(api, table, "+17875550150", (P, A), P)
    assert api.say(sid, author=P).status == 201


def test_a_group_beyond_the_limit_may_have_masked_members_but_no_more_of_its_own(api: Api, table: Table) -> None:
    sid = arrive(api, table, A, (T, *TOLL), T)
    assert api.add(sid, address=B, proxy=P).status == 201
    assert api.add(sid, address=C).error[:2] == (400, 50436)


def test_a_group_that_grows_beyond_its_carrier_is_refused_with_line_and_limit(more: Api) -> None:
    sid = more.group(*TOLL[:8], own=T)
    reply = more.add(sid, address=TOLL[8])
    assert reply.error == (
        400,
        50436,
        (
            "Participant limit exceeded for group conversation: "
            f"line {T} is telnyx's, which takes 8 others in a group; these would be 9"
        ),
    )
    assert (reply.body["details"]["line"], reply.body["details"]["limit"]) == (T, 8)
    # The number of another carrier counts as one of the others.
    second = more.group(*TOLL[:7], TOLL[9], own=T)
    assert more.add(second, projected=P, identity="bob").error[:2] == (400, 50436)


@pytest.mark.parametrize("own", [FREE, ABROAD, "12345"])
def test_a_number_that_sends_no_group_mms_is_refused_in_a_group_and_taken_in_a_pair(more: Api, own: str) -> None:
    refused = at_once(more, own, A, B)
    assert (refused.status, refused.body["code"], refused.body["details"]["address"]) == (400, 50407, own)
    assert at_once(more, own, A).status == 202
    sid = more.conversation()
    more.member(sid, address=B)
    more.member(sid, address=C)
    assert more.add(sid, projected=own, identity="jane").error[1] == 50407


def test_group_created_by_a_text_stays_readable_and_a_reply_says_why_it_is_refused(api: Api, table: Table) -> None:
    sid = arrive(api, table, A, (T, *TOLL), T)
    assert api.post(f"/Conversations/{sid}/Participants/{own_of(api, sid)}", {"Identity": "jane"}).status == 200
    assert arrive(api, table, A, (T, *TOLL), T, "id-2") == sid
    assert len(api.get(f"/Conversations/{sid}/Messages").body["messages"]) == 2
    refused = api.post(f"/Conversations/{sid}/Messages", {"Author": "jane", "Body": "hi"})
    details = refused.body["details"]
    assert "takes at most 8 recipients, and these are 13" in details.pop("reason")
    assert (refused.body["code"], details) == (21653, {"line": T, "carrier": "telnyx", "limit": 8})
    native = api.get(f"/Conversations/{sid}/Participants").body["participants"][-1]["sid"]
    assert api.delete(f"/Conversations/{sid}/Participants/{native}").status == 204


def test_a_text_that_is_longer_than_its_carrier_takes_is_taken_for_it_goes_in_parts(more: Api) -> None:
    """C7."""
    sid = more.group(A, B, own=V)
    written = more.post(f"/Conversations/{sid}/Messages", {"Author": "agent", "Body": "x" * 1600})
    assert (written.status, written.body["body"]) == (201, "x" * 1600)


# --- what it would be


def preview(api: Api, sid: str, *form: tuple[str, str]) -> dict[str, Any]:
    reply = api.post(f"/Conversations/{sid}/Preview", form)
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


def priced(api: Api, line: str, sms: str = "", mms: str = "") -> None:
    assert api.post(f"/Lines/{line}", {"SmsPrice": sms, "MmsPrice": mms}).status == 200


def test_a_plain_text_is_priced_by_segment_and_recipient_and_nothing_is_recorded(api: Api) -> None:
    priced(api, P, "0.004", "0.015")
    sid = api.conversation()
    api.member(sid, address=A, proxy=P)
    api.member(sid, address=B, proxy=T)
    api.member(sid, identity="jane")
    shown = preview(api, sid, ("Author", "jane"), ("Body", "x" * 161))
    first, second = sorted(shown["sends"], key=lambda send: send["from"])
    assert first == {
        "from": P,
        "carrier": "bandwidth",
        "kind": "sms",
        "recipients": [A],
        "opted_out": [],
        "do_not_disturb": [],
        "requests": 1,
        "encoding": "GSM-7",
        "segments": 2,
        "billed_units": 2,
        "cost": "0.008",
    }
    assert (second["from"], second["cost"], shown["total_cost"]) == (T, None, None)
    assert (shown["problems"], shown["warnings"]) == ([], [])
    priced(api, T, "0.01", "")
    assert preview(api, sid, ("Author", "jane"), ("Body", "x" * 161))["total_cost"] == "0.028"
    assert api.get(f"/Conversations/{sid}/Messages").body["messages"] == []


def test_a_group_text_is_priced_by_recipient_and_who_has_opted_out_costs_nothing(more: Api, table: Table) -> None:
    priced(more, V, "", "0.02")
    sid = more.group(A, B, FREE[:-1] + "9", own=V)
    event = OptOutEvent(A, V, opted_out=True, channel=OptOutChannel.API, at=more.context.clock())
    optout = opt_outs.build_writes(None, event)
    table.transact(optout)
    shown = preview(more, sid, ("Author", "agent"), ("Body", "hi 😀"))
    (send,) = shown["sends"]
    assert (send["kind"], send["requests"], send["segments"], send["billed_units"]) == ("group_mms", 2, 1, 2)
    assert (send["opted_out"], send["cost"], shown["total_cost"]) == ([A], "0.04", "0.04")
    assert shown["warnings"] == [f"{FREE[:-1]}9 is toll-free: its owner may not get group MMS"]


@pytest.mark.parametrize(
    ("body", "requests", "segments", "encoding"),
    [
        ("x" * 1530, 1, 10, "GSM-7"),
        # Seven segments and four, where one text would have eleven.
        (f"{'x' * 1000} {'y' * 600}", 2, 11, "GSM-7"),
        ("x" * 900 + " " + "ж" * 600, 2, 15, "UCS-2"),
    ],
)
def test_a_long_text_is_priced_by_its_parts(api: Api, body: str, requests: int, segments: int, encoding: str) -> None:
    """C7."""
    priced(api, T, "0.01", "")
    sid = api.conversation()
    api.member(sid, address=A, proxy=T)
    api.member(sid, identity="jane")
    (send,) = preview(api, sid, ("Author", "jane"), ("Body", body))["sends"]
    assert (send["requests"], send["segments"], send["encoding"]) == (requests, segments, encoding)
    assert send["cost"] == str(Decimal("0.01") * segments)


def test_a_group_of_which_one_is_left_is_priced_as_the_text_that_it_is(more: Api, table: Table) -> None:
    for own, carriers_kind in ((P, "sms"), (V, "group_mms")):
        priced(more, own, "0.004", "0.02")
        sid = more.group(A, B, own=own)
        event = OptOutEvent(B, own, opted_out=True, channel=OptOutChannel.API, at=more.context.clock())
        left_out = opt_outs.build_writes(None, event)
        table.transact(left_out)
        shown = preview(more, sid, ("Author", "agent"), ("Body", "x" * 161))
        (send,) = shown["sends"]
        assert (send["kind"], send["cost"]) == (carriers_kind, "0.008" if carriers_kind == "sms" else "0.02")


def test_only_a_plain_text_of_many_segments_may_arrive_in_parts(api: Api) -> None:
    long = ("Body", "x" * 1000)
    assert preview(api, api.group(A, B), ("Author", "agent"), long)["warnings"] == []
    (warning,) = preview(api, api.group(A, own=Q), ("Author", "agent"), long)["warnings"]
    assert "segments" in warning


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ([("Author", "agent")], 50503),
        ([("Author", "agent"), ("Body", "x" * 1601)], 50504),
        ([("Author", "nobody"), ("Body", "x")], 50513),
        ([("Author", "agent"), ("MediaSid", "ME" + "0" * 32)], 50507),
    ],
)
def test_what_would_be_refused_is_said_in_the_same_words(api: Api, form: list[tuple[str, str]], code: int) -> None:
    sid = api.group(A, B)
    (problem,) = preview(api, sid, *form)["problems"]
    refused = api.post(f"/Conversations/{sid}/Messages", form).body
    assert (problem["code"], problem["message"]) == (code, refused["message"]) == (refused["code"], refused["message"])
    assert len(preview(api, sid, *form)["sends"]) == 1


def test_a_preview_is_of_what_is_there(api: Api) -> None:
    assert api.post(f"/Conversations/CH{'0' * 32}/Preview", {"Body": "x"}).status == 404
    chat = api.conversation()
    api.member(chat, identity="ann")
    assert preview(api, chat, ("Author", "ann"), ("Body", "x")) == {
        "conversation_sid": chat,
        "sends": [],
        "total_cost": "0",
        "problems": [],
        "warnings": [],
    }
