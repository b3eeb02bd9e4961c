"""Thirty things that carriers and phones really do, and that have broken other systems: each through the deployed
stack, as the carrier would send it.

Some are walkthroughs of their own and are only touched here: opt-outs (23, 24) in test_opt_outs.py, pictures (25) in
test_media.py, races (21) in test_races.py, credentials (27) and forgeries (28) in test_promises.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.e2e.test_group_texting import agent, conversation, native, statuses
from tests.e2e.test_opt_outs import OURS
from tests.support.stack_world import World, new_id, new_number, until

P, Q, T, W = "+12065550100", "+12065550101", "+12065550110", "+12065550120"


def said(world: World, *people: str) -> list[str | None]:
    """What was said in the open conversation of exactly these people."""
    sid = until(lambda: world.owner(*people))
    assert sid, people
    return [body for _, _, body in world.messages(sid)]


def ended(world: World, made: Any, sent: Any, receipts: int) -> list[tuple[str, int]]:
    """Status and error code of each receipt of a message, once so many have come to an end."""

    def all_have(found: list[tuple[str, int]]) -> bool:
        return len(found) == receipts and all(status in ("delivered", "undelivered", "failed") for status, _ in found)

    return until(lambda: statuses(world, made.sid, sent.sid), all_have)


def members(world: World, sid: str) -> list[str]:
    """Addresses of a conversation's members, sorted."""
    found = [member.messaging_binding for member in world.api.conversations(sid).participants.list()]
    return sorted(binding.get("address") or binding["projected_address"] for binding in found)


def answered(world: World, sid: str) -> TwilioRestException:
    """What an agent who is given our number of a conversation hears when they answer."""
    found = world.api.conversations(sid)
    own = next(one for one in found.participants.list() if one.messaging_binding.get("projected_address"))
    own.update(identity="jane")
    with pytest.raises(TwilioRestException) as refused:
        found.messages.create(author="jane", body="hello all")
    return refused.value


def unrouted(world: World, body: str) -> dict[str, Any]:
    """The unrouted text of these words."""
    (found,) = until(lambda: [text for text in world.unrouted() if text["body"] == body])
    return dict(found)


def malformed(world: World) -> set[str]:
    """The unreadable webhooks that were kept."""
    return {text["sid"] for text in world.unrouted() if text["reason"] == "malformed"}


def telnyx(world: World, **payload: Any) -> int:
    """A webhook of Telnyx' with exactly these members beside id and direction."""
    whole = {"direction": "inbound", "id": new_id(), "record_type": "message", "type": "MMS", **payload}
    return world.telnyx_raw(json.dumps({"data": {"event_type": "message.received", "payload": whole}}).encode())()


def bandwidth(world: World, *events: dict[str, Any]) -> int:
    return world.bandwidth_raw(json.dumps(list(events)).encode())()


def received(sender: str, to: Sequence[str], line: str = P, **message: Any) -> dict[str, Any]:
    """One event of Bandwidth's."""
    whole = {"id": new_id(), "owner": line, "direction": "in", "from": sender, "to": list(to), **message}
    return {"type": "message-received", "time": "2026-11-22T18:20:16Z", "description": "", "to": line, "message": whole}


def twilio(world: World, form: list[tuple[str, str]], query: str = "") -> int:
    """A webhook of Twilio's with exactly these parameters."""
    url = f"{world.url}/carriers/twilio{query}"
    # Repeated parameters are signed in their order.
    signed = url + "".join(name + value for name, value in sorted(form, key=lambda pair: pair[0]))
    digest = hmac.new(world._twilio_token.encode(), signed.encode(), hashlib.sha1).digest()
    answer = world.request(
        "POST",
        f"/carriers/twilio{query}",
        urlencode(form).encode(),
        Content_Type="application/x-www-form-urlencoded",
        X_Twilio_Signature=base64.b64encode(digest).decode(),
    )
    return answer.status


def test_case_01_another_order_and_another_sender_are_the_same_thread(world: World) -> None:
    ann, ben = new_number(), new_number()
    for sender, to in ((ann, [P, ben]), (ben, [ann, P]), (ann, [ben, P])):
        assert world.bandwidth(sender, to, P, sender, new_id())() == 200
    assert said(world, P, ann, ben) == [ann, ben, ann]


def test_case_02_a_number_in_any_notation_is_one_member(world: World) -> None:
    ann, ben = new_number(), new_number()
    national = ann.removeprefix("+1")
    written = (ann, ann.removeprefix("+"), national, f"({national[:3]}) {national[3:6]}-{national[6:]}")
    for notation in written:
        assert world.bandwidth(ben, [P, notation], P, notation, new_id())() == 200
    assert said(world, P, ann, ben) == list(written)


def test_case_03_a_roster_with_and_without_our_own_number_does_not_fork(world: World) -> None:
    ann, ben = new_number(), new_number()
    world.bandwidth(ann, [ben], P, "without", new_id())()
    world.bandwidth(ben, [ann, P], P, "with", new_id())()
    assert said(world, P, ann, ben) == ["without", "with"]


def test_case_04_our_own_number_in_cc_and_in_another_notation_is_ours(world: World) -> None:
    ann, ben = new_number(), new_number()
    to = [{"phone_number": T, "status": "webhook_delivered"}]
    assert telnyx(world, **{"from": {"phone_number": ann}}, to=to, cc=[T, "(206) 555-0110", ben], text="cc") == 200
    assert said(world, T, ann, ben) == ["cc"]


def test_case_05_the_echo_of_our_own_text_at_our_other_number_is_no_message(world: World) -> None:
    ann, ben = new_number(), new_number()
    made = conversation(world, agent("jane", P), agent("kim", Q), native(ann), native(ben))
    sent = made.messages.create(author="jane", body="ours")
    assert ended(world, made, sent, 2) == [("delivered", 0)] * 2
    world.settle()
    # The network has brought it to Q.
    webhooks = json.loads(world.request("GET", "/network/webhooks").data)
    assert [one["state"] for one in webhooks if one["kind"] == "text" and ann in str(one["payload"])] == ["delivered"]
    assert [body for _, _, body in world.messages(made.sid)] == ["ours"]
    assert len([one for one in world.sends() if one["text"] == "ours" and ann in one["to"]]) == 1


def test_case_06_two_own_numbers_get_two_webhooks_of_one_message(world: World) -> None:
    ann = new_number()
    for line in (P, Q):
        assert world.bandwidth(ann, [P, Q], line, "to both", new_id())() == 200
    assert said(world, P, Q, ann) == ["to both"]


def test_case_07_three_own_numbers_and_one_handset_are_the_group_of_the_handset(world: World) -> None:
    ann = new_number()
    for line in (P, Q, T):
        carrier = world.telnyx if line == T else world.bandwidth
        assert carrier(ann, [P, Q, T], line, "to all three", new_id())() == 200
    assert said(world, P, Q, T, ann) == ["to all three"]


def test_case_08_a_sender_among_the_recipients_is_a_member_once(world: World) -> None:
    ann, ben = new_number(), new_number()
    assert world.bandwidth(ann, [ann, P, ben], P, "me too", new_id())() == 200
    sid = until(lambda: world.owner(P, ann, ben))
    assert sid
    assert members(world, sid) == sorted([P, ann, ben])


@pytest.mark.parametrize("code", ["97167", "67378", "262966"])
def test_case_09_a_short_code_stays_one(world: World, code: str) -> None:
    ann, ben = new_number(), new_number()
    assert world.bandwidth(ann, [P, code, ben], P, "member", new_id())() == 200
    assert world.bandwidth(code, [P, ann, ben], P, "sender", new_id())() == 200
    sid = until(lambda: world.owner(P, ann, ben, code))
    assert sid
    assert [(author, body) for _, author, body in world.messages(sid)] == [(ann, "member"), (code, "sender")]


def test_case_10_a_member_who_is_listed_twice_is_one_and_gets_one_text(world: World) -> None:
    ann, ben = new_number(), new_number()
    assert world.bandwidth(ann, [ben, P, ben, P], P, "twice", new_id())() == 200
    sid = until(lambda: world.owner(P, ann, ben))
    assert sid
    found = world.api.conversations(sid)
    own = next(one for one in found.participants.list() if one.messaging_binding.get("projected_address"))
    own.update(identity="jane")
    found.messages.create(author="jane", body="once")
    until(lambda: (P, "once") in world.read_by(ben))
    (send,) = [one for one in world.sends() if one["text"] == "once" and ben in one["to"]]
    assert sorted(send["to"]) == sorted([ann, ben])


@pytest.mark.parametrize("cc", [{"cc": []}, {"cc": None}, {}], ids=["empty", "null", "missing"])
def test_case_11_an_empty_roster_is_a_pair(world: World, cc: dict[str, Any]) -> None:
    ann = new_number()
    body = f"alone {ann}"
    assert telnyx(world, **{"from": {"phone_number": ann}}, to=[{"phone_number": T}], text=body, **cc) == 200
    # A pair, for which this line makes no conversation.
    assert (unrouted(world, body)["reason"], unrouted(world, body)["recipients"]) == ("auto_creation_off", [T])


def test_case_12_telnyx_lists_strings_or_objects_and_two_own_numbers(world: World) -> None:
    ann, ben, other = new_number(), new_number(), "+12065550111"
    for place, line in enumerate((T, other)):
        to = [
            {"phone_number": number, "status": "webhook_delivered" if number == line else "delivered"}
            for number in (T, other)
        ]
        cc = [ben] if place else [{"phone_number": ben, "carrier": "", "line_type": ""}]
        assert telnyx(world, **{"from": {"phone_number": ann}}, to=to, cc=cc, text="either way") == 200
    assert said(world, T, other, ann, ben) == ["either way"]


@pytest.mark.parametrize("names", [("OtherRecipients0", "OtherRecipients2"), ("OtherRecipients", "OtherRecipients0")])
def test_case_13_twilio_counts_other_recipients_with_gaps_or_without_number(
    world: World, names: tuple[str, str]
) -> None:
    ann, ben, cat = new_number(), new_number(), new_number()
    form = [("MessageSid", new_id()), ("NumMedia", "0"), ("From", ann), ("To", W), ("Body", "gap")]
    assert twilio(world, [*form, (names[0], ben), (names[1], cat)]) == 200
    assert said(world, W, ann, ben, cat) == ["gap"]


def test_case_13_twilio_names_nine_others(world: World) -> None:
    ann, *others = [new_number() for _ in range(10)]
    assert world.twilio(ann, others, W, "ten of us", new_id())() == 200
    assert said(world, W, ann, *others) == ["ten of us"]


def test_case_14_a_report_for_a_number_outside_the_group_changes_nothing(world: World) -> None:
    ann, ben, stranger = new_number(), new_number(), new_number()
    made = conversation(world, agent("jane", P), native(ann), native(ben))
    sent = made.messages.create(author="jane", body="hello")
    assert ended(world, made, sent, 2) == [("delivered", 0)] * 2
    assert _report(world, made.sid, stranger, "message-failed", 4720) == 200
    assert statuses(world, made.sid, sent.sid) == [("delivered", 0)] * 2


@pytest.mark.parametrize("sender", ["110000011909", "1410200504", "Verizon", "", "+"])
def test_case_15_a_text_of_a_malformed_sender_is_stored_unchanged(world: World, sender: str) -> None:
    ann, body, before = new_number(), f"from {sender or 'nobody'}", malformed(world)
    assert bandwidth(world, received(sender, [P, ann], text=body)) == 200
    if not sender:
        # Without any sender it is no text that could be read.
        assert len(malformed(world) - before) == 1
        return
    sid = until(lambda: world.owner(P, ann, sender))
    assert sid
    assert world.messages(sid) == [(0, sender, body)]
    refusal = answered(world, sid)
    assert (refusal.code, refusal.details["address"]) == (50407, sender)


def test_case_16_a_short_code_written_with_011_is_no_foreign_number(world: World) -> None:
    ann = new_number()
    assert world.bandwidth(ann, [P, "011262966"], P, "code", new_id())() == 200
    sid = until(lambda: world.owner(P, ann, "011262966"))
    assert sid
    assert "+262966" not in members(world, sid)


def test_case_17_an_e_mail_address_is_a_member_that_is_shown_and_cannot_be_answered(world: World) -> None:
    ann = new_number()
    assert world.bandwidth("Alice@Example.com", [P, ann], P, "by mail", new_id())() == 200
    sid = until(lambda: world.owner(P, ann, "alice@example.com"))
    assert sid
    assert world.messages(sid) == [(0, "alice@example.com", "by mail")]
    assert members(world, sid) == sorted([P, ann, "alice@example.com"])
    refusal = answered(world, sid)
    assert (refusal.code, refusal.details["address"]) == (50407, "alice@example.com")
    assert world.read_by(ann) == []


@pytest.mark.parametrize(
    ("line", "others", "limit"), [(P, 11, 10), (T, 9, 8), (W, 10, 9)], ids=["bandwidth", "telnyx", "twilio"]
)
def test_case_18_a_group_over_its_carriers_limit_is_stored_and_refuses_replies(
    world: World, line: str, others: int, limit: int
) -> None:
    ann, *rest = [new_number() for _ in range(others)]
    carrier = {P: world.bandwidth, T: world.telnyx, W: world.twilio}[line]
    assert carrier(ann, [line, *rest], line, "many", new_id())() == 200
    sid = until(lambda: world.owner(line, ann, *rest))
    assert sid
    refusal = answered(world, sid)
    assert (refusal.code, refusal.details["limit"]) == (21653, limit)
    assert [body for _, _, body in world.messages(sid)] == ["many"]


def test_case_19_one_more_or_one_less_is_another_thread(world: World) -> None:
    ann, ben, cat = new_number(), new_number(), new_number()
    world.bandwidth(ann, [P, ben], P, "two", new_id())()
    world.bandwidth(ann, [P, ben, cat], P, "three", new_id())()
    world.bandwidth(ann, [P, ben], P, "two again", new_id())()
    assert said(world, P, ann, ben) == ["two", "two again"]
    assert said(world, P, ann, ben, cat) == ["three"]


def test_case_20_a_person_with_two_numbers_is_two_members(world: World) -> None:
    ann, at_work, ben = new_number(), new_number(), new_number()
    world.bandwidth(ann, [P, at_work, ben], P, "from my phone", new_id())()
    world.bandwidth(at_work, [P, ann, ben], P, "from work", new_id())()
    sid = until(lambda: world.owner(P, ann, at_work, ben))
    assert sid
    assert [author for _, author, _ in world.messages(sid)] == [ann, at_work]


def test_case_21_the_same_webhook_several_times_at_once_is_one_message(world: World) -> None:
    ann, ben = new_number(), new_number()
    once = world.telnyx(ann, [T, ben], T, "once", new_id())
    world.deliver_all([once] * 8)
    assert said(world, T, ann, ben) == ["once"]


def _report(world: World, sid: str, recipient: str, kind: str, code: int | None = None) -> int:
    """A report of Bandwidth's on the conversation's only send."""
    (send,) = [one for one in world.sends() if (one["tag"] or "").startswith(sid)]
    message = {"id": send["id"], "owner": P, "direction": "out", "from": P, "to": send["to"], "tag": send["tag"]}
    event: dict[str, Any] = {"type": kind, "time": "2026-11-22T18:20:17Z", "to": recipient, "message": message}
    return bandwidth(world, {**event, **({"errorCode": code} if code else {}), "description": ""})


def test_case_22_the_first_end_of_a_text_holds_and_no_report_in_time_is_no_failure(world: World) -> None:
    ann, ben = new_number(), new_number()
    world.network(hold=True)
    try:
        made = conversation(world, agent("jane", P), native(ann), native(ben))
        sent = made.messages.create(author="jane", body="hold")
        until(lambda: statuses(world, made.sid, sent.sid), lambda found: found == [("sent", 0)] * 2)
        assert _report(world, made.sid, ann, "message-failed", 9902) == 200
        assert _report(world, made.sid, ben, "message-failed", 4720) == 200
        assert statuses(world, made.sid, sent.sid) == [("sent", 0), ("undelivered", 30005)]
    finally:
        world.network(hold=False)
    # The carrier says "delivered" of both by now: of one that is news.
    assert ended(world, made, sent, 2) == [("delivered", 0), ("undelivered", 30005)]


def test_case_23_stop_is_a_word_alone(world: World) -> None:
    ann = new_number()

    def opted_out() -> list[str]:
        answer = world.request("GET", f"/v1/OptOuts?Address=%2B{ann[1:]}", Authorization=world.basic())
        return sorted(one["line"] for one in json.loads(answer.data)["opt_outs"] if one["state"] == "opted_out")

    world.text(ann, P, text="Stop please")
    world.settle()
    assert opted_out() == []
    world.text(ann, P, Q, text="STOP ALL!")
    assert until(opted_out, lambda lines: lines == [P, Q]) == [P, Q]
    world.text(ann, P, text="start")
    assert until(opted_out, lambda lines: lines == [Q]) == [Q]


def test_case_23_stop_in_one_group_holds_in_all_and_in_the_pair_and_start_ends_it(world: World) -> None:
    ann, *friends = [new_number() for _ in range(4)]
    groups = [conversation(world, agent("jane", P), native(ann), native(friend)) for friend in friends]
    pair = conversation(world, agent("jane", P), native(ann))
    world.text(ann, P, friends[0], text="Stop.")
    world.settle()
    for made, friend in zip(groups, friends, strict=True):
        sent = made.messages.create(author="jane", body="after the stop")
        assert ended(world, made, sent, 2) == [("delivered", 0), ("failed", 21610)]
        assert (P, "after the stop") in world.read_by(friend)
    with pytest.raises(TwilioRestException) as refused:
        pair.messages.create(author="jane", body="after the stop")
    assert refused.value.code == 21610
    # The one confirmation, and nothing else from that number.
    assert [text for sender, text in world.read_by(ann) if sender == P] == [OURS]
    world.text(ann, P, text="START")
    world.settle()
    pair.messages.create(author="jane", body="welcome back")
    assert until(lambda: (P, "welcome back") in world.read_by(ann))


def test_case_24_one_who_has_opted_out_fails_alone(world: World) -> None:
    ann, ben, cat = new_number(), new_number(), new_number()
    world.text(cat, P, text="STOP")
    world.settle()
    made = conversation(world, agent("jane", P), native(ann), native(ben), native(cat))
    sent = made.messages.create(author="jane", body="to the others")
    assert ended(world, made, sent, 3) == [("delivered", 0), ("delivered", 0), ("failed", 21610)]
    assert (P, "to the others") not in world.read_by(cat)


@pytest.mark.parametrize("text", [{"text": None}, {"text": ""}, {}], ids=["null", "empty", "missing"])
def test_case_25_a_message_of_media_alone_and_a_group_text_without_any(world: World, text: dict[str, Any]) -> None:
    ann, ben, cat = new_number(), new_number(), new_number()
    urls = [f"https://127.0.0.1:9/{number}.png" for number in range(10)]
    layout = ["https://127.0.0.1:9/0.smil", "https://127.0.0.1:9/1.txt", "https://127.0.0.1:9/2.xml"]
    assert bandwidth(world, received(ann, [P, ben], media=[*layout, *urls], **text)) == 200
    sid = until(lambda: world.owner(P, ann, ben))
    assert sid
    (message,) = world.api.conversations(sid).messages.list()
    # Layout is no file; where there is no text, its words may be in the text part.
    assert (message.body, len(list(message.media or ()))) == (None, 11)
    without: dict[str, Any] = {"media": []} if text else {}
    assert bandwidth(world, received(ann, [P, cat], text="no media", **without)) == 200
    assert said(world, P, ann, cat) == ["no media"]


def test_case_26_bandwidths_array_has_any_number_of_known_and_unknown_events(world: World) -> None:
    ann, ben = new_number(), new_number()
    assert bandwidth(world) == 200
    assert bandwidth(world, received(ann, [P, ben], text="one")) == 200
    assert (
        bandwidth(
            world,
            received(ann, [P, ben], text="two", carrierName="x", more={"deep": [1]}),
            received(ben, [P, ann], text="3"),
        )
        == 200
    )
    assert bandwidth(world, {"type": "something-new", "message": {}}, received(ann, [P, ben], text="four")) == 200
    assert said(world, P, ann, ben) == ["one", "two", "3", "four"]
    assert world.bandwidth_raw(b"not json")() == 200


def test_case_27_a_wrong_secret_in_bandwidths_path_is_refused(world: World) -> None:
    ann, ben = new_number(), new_number()
    body = json.dumps([received(ann, [P, ben], text="forged")]).encode()
    assert world.bandwidth_raw(body, token="0" * 32)() == 403
    assert world.owner(P, ann, ben) is None


@pytest.mark.parametrize("change", ["written anew", "no signature", "not UTF-8"])
def test_case_28_telnyx_signs_the_bytes_as_they_are(world: World, change: str) -> None:
    ann, ben = new_number(), new_number()
    payload = {"direction": "inbound", "id": new_id(), "from": {"phone_number": ann}, "to": [{"phone_number": T}]}
    whole = {"data": {"event_type": "message.received", "payload": {**payload, "cc": [ben], "text": "bytes"}}}
    body = json.dumps(whole).encode()
    stamp = str(int(time.time()))
    if change == "not UTF-8":
        # Signed, and nothing that could be read: kept.
        before = malformed(world)
        assert world.telnyx_raw(b"\xff\xfe" + body)() == 200
        assert len(malformed(world) - before) == 1
        return
    signature = base64.b64encode(world._telnyx_key.sign(stamp.encode() + b"|" + body).signature).decode()
    headers = {"Telnyx_Timestamp": stamp, "Telnyx_Signature_Ed25519": "" if change == "no signature" else signature}
    sent = body if change == "no signature" else json.dumps(whole, indent=1).encode()
    assert world.request("POST", "/carriers/telnyx", sent, **headers).status in (401, 403)
    assert world.owner(T, ann, ben) is None


@pytest.mark.parametrize("body", ["  blanks at both ends  ", "Ünïcode & plus+ % = ?", "", "a\nb\r\nc", "1+1=2;3&4"])
def test_case_29_twilio_signs_what_was_written_and_nothing_of_it_changes(world: World, body: str) -> None:
    ann, ben = new_number(), new_number()
    form = [("MessageSid", new_id()), ("NumMedia", "0"), ("From", ann), ("To", W), ("Body", body)]
    odd = [("FromCity", ""), ("Repeated", "a"), ("Repeated", "b"), ("OtherRecipients0", ben)]
    before = malformed(world)
    assert twilio(world, [*form, *odd], "?why=not&x=") == 200
    if not body:
        # Neither text nor file: it is authentic, and nothing that was said.
        assert len(malformed(world) - before) == 1
        return
    assert said(world, W, ann, ben) == [body]


def test_case_30_a_member_that_the_senders_phone_lost_is_missing_from_the_new_thread(world: World) -> None:
    ann, ben, cat = new_number(), new_number(), new_number()
    world.bandwidth(ann, [P, ben, cat], P, "all", new_id())()
    world.bandwidth(ben, [P, ann], P, "one less", new_id())()
    assert said(world, P, ann, ben, cat) == ["all"]
    assert said(world, P, ann, ben) == ["one less"]
