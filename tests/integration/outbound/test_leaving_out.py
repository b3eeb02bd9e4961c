"""Texts to groups of which some have opted out: they get nothing, the others do, and their answers come home."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from partyline.carriers.base import (
    Accepted,
    DeliveryReport,
    InboundMedia,
    InboundText,
    OutboundText,
    WebhookRequest,
)
from partyline.carriers.telnyx import Telnyx, TelnyxSettings
from partyline.domain import sids, threads
from partyline.domain.conversations import Conversation, ConversationState, threads_of
from partyline.domain.opt_outs import OptOutChannel
from partyline.domain.participants import Participant
from partyline.domain.sends import SendState
from partyline.errors import Refused, Unavailable
from partyline.http_client import HttpRequest, HttpResponse
from partyline.inbound import recorder
from partyline.inbound.recorder import RecordOutcome
from partyline.outbound import delivery_reports
from partyline.outbound.send_attempt import NextStep
from partyline.storage import conversations, keys, lines, memberships, messages, opt_outs
from partyline.storage.table import Table, change
from tests.support.api_harness import Counting, consult_no_webhook
from tests.support.scene import (
    DELIVERED,
    FAILED,
    NOW,
    SENT,
    Crash,
    Dying,
    MakeScene,
    P,
    Q,
    Scene,
    group,
    leave_alone,
    make_scene,
    opt_out,
)


@pytest.fixture
def scene(table: Table) -> MakeScene:
    return partial(make_scene, table, clients=3)


def owned(one: Scene) -> frozenset[str]:
    roster = conversations.load(one.table, one.message.conversation_sid)
    assert roster
    return roster.conversation.threads


def arrive(
    one: Scene,
    id: str,
    line: str,
    sender: str,
    *recipients: str,
    text: str = "hi",
    media: tuple[InboundMedia, ...] = (),
) -> recorder.RecordResult:
    inbound = InboundText("bandwidth", id, line, sender, recipients, text, media)
    return recorder.InboundRecorder(one.table, "IS1", consult_no_webhook).record(inbound, NOW)


def test_opted_out_recipient_gets_nothing_and_the_others_do(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben, cat = group(one)
    opt_out(one.table, ben)
    assert one.deliver().state is SendState.SENT
    assert [text.recipients for text in one.carrier.asked] == [tuple(sorted([ann, cat, Q]))]
    assert one.receipts() == {ann: (SENT, 0), ben: (FAILED, 21610), cat: (SENT, 0)}


def test_an_opt_out_of_another_line_is_none_of_this_one(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    _, ben, _ = group(one)
    opt_out(one.table, ben, Q)
    one.deliver()
    assert one.receipts()[ben] == (SENT, 0)


def test_stop_with_a_picture_in_an_alias_thread_stays_in_the_conversation(scene: MakeScene) -> None:
    """C4."""
    one = scene(Accepted("c-1"))
    ann, ben, cat = group(one)
    opt_out(one.table, ben)
    one.deliver()
    picture = InboundMedia("https://carrier.example/1.jpg", "image/jpeg")
    said = arrive(one, "in-1", P, ann, P, Q, cat, text="Stop", media=(picture,))
    assert (said.outcome, said.conversation_sid) == (RecordOutcome.RECORDED, one.message.conversation_sid)
    found = messages.fetch(one.table, said.conversation_sid, said.message_sid)
    assert found and (found.message.sends, len(found.message.media)) == ((), 1)
    known = opt_outs.fetch_many(one.table, ann, P)
    assert known and known.opted_out


def test_recipient_who_opts_in_again_gets_texts_again(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    _, ben, _ = group(one)
    opt_out(one.table, ben)
    opt_out(one.table, ben, opted_out=False)
    one.deliver()
    assert one.receipts()[ben] == (SENT, 0)


def test_text_to_recipients_who_all_opted_out_is_never_sent(scene: MakeScene) -> None:
    one = scene()
    for native in group(one):
        opt_out(one.table, native)
    assert one.deliver().state is SendState.REFUSED
    assert set(one.receipts().values()) == {(FAILED, 21610)}
    assert one.carrier.asked == []


def test_an_opt_out_while_the_carrier_is_down_still_counts(scene: MakeScene) -> None:
    one = scene(Unavailable("down"), Accepted("c-1"))
    _, ben, _ = group(one)
    assert one.deliver().step is NextStep.RETRY
    opt_out(one.table, ben)
    one.deliver()
    assert ben not in one.carrier.asked[1].recipients
    assert one.receipts()[ben] == (FAILED, 21610)


def test_opt_out_after_acceptance_leaves_the_receipt_sent(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    one.deliver()
    opt_out(one.table, group(one)[1])
    one.deliver()
    assert set(one.receipts().values()) == {(SENT, 0)}


def test_answers_to_an_alias_thread_are_recorded_once_and_not_sent_on(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben, cat = group(one)
    opt_out(one.table, ben)
    one.deliver()
    assert threads.build_key([ann, cat, P, Q]) in owned(one)
    first = arrive(one, "in-1", P, ann, P, cat, Q)
    assert (first.outcome, first.conversation_sid) == (RecordOutcome.RECORDED, one.message.conversation_sid)
    assert arrive(one, "in-2", Q, ann, P, cat, Q).outcome is RecordOutcome.COPIED
    found = messages.fetch(one.table, first.conversation_sid, first.message_sid)
    assert found and found.message.sends == ()


def test_copy_of_our_text_from_an_alias_thread_is_no_message(scene: MakeScene) -> None:
    one = scene(Unavailable("down"), Accepted("c-1"))
    ann, ben, cat = group(one)
    opt_out(one.table, ben)
    one.deliver()
    one.deliver()
    assert arrive(one, "echo-1", Q, P, ann, cat, Q, text="hello").outcome is RecordOutcome.COPIED
    assert arrive(one, "in-1", Q, P, ann, cat, Q, text="hello").outcome is not RecordOutcome.COPIED


def test_alias_thread_of_another_conversation_stays_its_own(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben, cat = group(one)
    blank = Participant("", sids.new(sids.CONVERSATION), NOW, NOW)
    members = [
        *(replace(blank, sid=sids.new(sids.PARTICIPANT), address=address) for address in (ann, cat)),
        *(replace(blank, sid=sids.new(sids.PARTICIPANT), projected_address=number) for number in (P, Q)),
    ]
    other = memberships.NewConversation(Conversation(blank.conversation_sid, "IS1", NOW, NOW), members, NOW).store(
        one.table
    )
    opt_out(one.table, ben)
    one.deliver()
    assert one.receipts()[ann] == (SENT, 0)
    assert threads.build_key([ann, cat, P, Q]) not in owned(one)
    assert arrive(one, "in-1", P, ann, P, cat, Q).conversation_sid == other.sid


def test_alias_thread_is_released_with_the_groups_own(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben, cat = group(one)
    opt_out(one.table, ben)
    one.deliver()
    roster = conversations.load(one.table, one.message.conversation_sid)
    assert roster
    closed = replace(roster.conversation, state=ConversationState.CLOSED)
    conversations.update(one.table, roster.conversation, closed, NOW)
    assert conversations.find_owner(one.table, threads.build_key([ann, cat, P, Q])) is None


def test_alias_thread_stays_while_the_group_does(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben, cat = group(one)
    smaller = threads.build_key([ann, cat, P, Q])
    opt_out(one.table, ben)
    one.deliver()
    roster = conversations.load(one.table, one.message.conversation_sid)
    assert roster
    same = [replace(member, attributes='{"x":1}') for member in roster.participants]
    roster = memberships.change_members(one.table, roster, same, NOW)
    assert smaller in roster.conversation.threads
    without_ann = [member for member in roster.participants if member.address != ann]
    roster = memberships.change_members(one.table, roster, without_ann, NOW)
    assert roster.conversation.threads == threads_of(without_ann)
    assert conversations.find_owner(one.table, smaller) is None


def test_group_that_becomes_its_alias_thread_keeps_it(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben, cat = group(one)
    smaller = threads.build_key([ann, cat, P, Q])
    opt_out(one.table, ben)
    one.deliver()
    roster = conversations.load(one.table, one.message.conversation_sid)
    assert roster
    without_ben = [member for member in roster.participants if member.address != ben]
    roster = memberships.change_members(one.table, roster, without_ben, NOW)
    assert roster.conversation.threads == {smaller}
    assert conversations.find_owner(one.table, smaller) == roster.conversation.sid


def test_conversation_keeps_a_limited_number_of_alias_threads(table: Table) -> None:
    one = make_scene(table, clients=7)
    sid = one.message.conversation_sid
    for left_out in group(one):
        smaller = threads.build_key([P, Q, *(native for native in group(one) if native != left_out)])
        assert memberships.claim_alias_thread(table, sid, smaller, NOW)
        assert smaller in owned(one)
        assert len(owned(one)) <= 5


def test_busy_table_before_the_request_costs_no_text(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    opt_out(one.table, group(one)[1])

    class Busy(Table):
        def __init__(self, table: Table) -> None:
            self.__dict__.update(table.__dict__)

        def transact(self, writes: Any) -> None:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        replace(one, table=Busy(one.table)).deliver()
    assert one.carrier.asked == []
    assert one.deliver().state is SendState.SENT


# --- contacts who want no texts


def test_a_contact_who_wants_no_texts_gets_nothing_and_the_others_do(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben, cat = group(one)
    leave_alone(one.table, "+12065550199", ben)
    assert one.deliver().state is SendState.SENT
    assert [text.recipients for text in one.carrier.asked] == [tuple(sorted([ann, cat, Q]))]
    assert one.receipts() == {ann: (SENT, 0), ben: (FAILED, 100610), cat: (SENT, 0)}
    # The others see a smaller thread, and their answers come home.
    assert threads.build_key([P, Q, ann, cat]) in owned(one)
    said = arrive(one, "in-1", P, ann, P, Q, cat)
    assert said.conversation_sid == one.message.conversation_sid


def test_only_the_contacts_of_the_service_who_want_none_are_left_out(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben, _ = group(one)
    leave_alone(one.table, ann, service_sid="IS2")
    leave_alone(one.table, ben, quiet=False)
    one.deliver()
    assert {state for state, _ in one.receipts().values()} == {SENT}


def test_an_opt_out_and_the_wish_of_a_contact_are_two_things(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, ben, cat = group(one)
    leave_alone(one.table, ann, ben)
    opt_out(one.table, ben)
    # START, which lifts an opt-out, does not lift the other.
    opt_out(one.table, ann)
    opt_out(one.table, ann, opted_out=False)
    one.deliver()
    assert one.receipts() == {ann: (FAILED, 100610), ben: (FAILED, 21610), cat: (SENT, 0)}
    assert [text.recipients for text in one.carrier.asked] == [tuple(sorted([cat, Q]))]
    assert not is_out(one, ann)


@pytest.mark.parametrize("opted_out", [0, 1])
def test_a_text_that_no_recipient_wants_is_never_sent(scene: MakeScene, opted_out: int) -> None:
    one = scene()
    everyone = group(one)
    leave_alone(one.table, *everyone)
    for native in everyone[:opted_out]:
        opt_out(one.table, native)
    assert one.deliver().state is SendState.REFUSED
    assert [code for _, code in (one.receipts()[native] for native in everyone)] == [
        *[21610] * opted_out,
        *[100610] * (3 - opted_out),
    ]
    assert one.carrier.asked == []


def test_one_who_wants_no_texts_any_more_while_the_carrier_is_down_gets_none(scene: MakeScene) -> None:
    one = scene(Unavailable("down"), Accepted("c-1"))
    _, ben, _ = group(one)
    assert one.deliver().step is NextStep.RETRY
    leave_alone(one.table, ben)
    one.deliver()
    assert ben not in one.carrier.asked[1].recipients
    assert one.receipts()[ben] == (FAILED, 100610)


def test_contacts_cost_no_round_trip_of_their_own(scene: MakeScene) -> None:
    one = scene()
    counting = Counting(one.table)
    known = lines.fetch_for_sends(counting, one.message.sends, "IS1")
    assert counting.asked == ["get_all"]
    assert known.do_not_disturb == frozenset()


def test_a_message_of_an_older_version_looks_for_no_contacts(scene: MakeScene, table: Table) -> None:
    one = scene(Accepted("c-1"))
    _, ben, _ = group(one)
    leave_alone(table, ben)
    key = keys.message(one.message.conversation_sid, one.message.sid)
    table.write(change("message", key, {"service_sid": None}))
    one.deliver()
    assert one.receipts()[ben] == (SENT, 0)


# --- what a carrier knows


def test_carrier_that_refuses_all_because_of_one_is_asked_without_that_one(scene: MakeScene) -> None:
    one = scene()
    ann, ben, cat = group(one)
    one.carrier.answers = iter([Refused("stop", recipients={ben: 21610}), Accepted("c-1")])
    assert one.deliver().step is NextStep.RETRY
    assert one.deliver().state is SendState.SENT
    assert one.carrier.asked[1].recipients == tuple(sorted([ann, cat, Q]))
    assert one.receipts() == {ann: (SENT, 0), ben: (FAILED, 21610), cat: (SENT, 0)}


def test_partial_acceptance_records_the_opt_outs_it_names(scene: MakeScene) -> None:
    one = scene()
    _, ben, _ = group(one)
    one.carrier.answers = iter([Accepted("c-1", {ben: 21610})])
    one.deliver()
    found = opt_outs.fetch_many(one.table, ben, P)
    assert found and found.opted_out and found.channel is OptOutChannel.CARRIER


@pytest.mark.parametrize("tag", [True, False])
def test_report_records_the_opt_out_that_it_names(scene: MakeScene, tag: bool) -> None:
    one = scene(Accepted("c-1"))
    _, ben, _ = group(one)
    one.deliver()
    one.report(ben, FAILED, tag=tag, code=21610)
    found = opt_outs.fetch_many(one.table, ben, P)
    assert found and found.opted_out


def blocked_and_landline(blocked: int, landline: int) -> list[dict[str, Any]]:
    return [
        {"code": code, "source": {"pointer": f"/to/{place}/phone_number"}}
        for code, place in (("40300", blocked), ("40001", landline))
    ]


def is_out(one: Scene, address: str) -> bool:
    found = opt_outs.fetch_many(one.table, address, P)
    return bool(found and found.opted_out)


def test_only_the_recipient_of_a_report_has_opted_out(scene: MakeScene) -> None:
    """C1."""
    one = scene(Accepted("c-1"))
    ann, ben, _ = group(one)
    one.deliver()
    to = [{"phone_number": address, "status": "delivery_failed"} for address in (ann, ben)]
    payload = {"group_message_id": "c-1", "to": to, "errors": blocked_and_landline(1, 0)}
    body = json.dumps({"data": {"event_type": "message.finalized", "payload": payload}}).encode()
    telnyx = Telnyx(TelnyxSettings("key", "public"), lambda _: HttpResponse(500, b""))
    for event in telnyx.parse(WebhookRequest("https://x", "", {}, {"send": one.reference.tag}, body)):
        assert isinstance(event, DeliveryReport)
        delivery_reports.apply_report(one.table, event, NOW)
    assert {address: one.receipts()[address][1] for address in (ann, ben)} == {ann: 30006, ben: 21610}
    assert (is_out(one, ann), is_out(one, ben)) == (False, True)


def test_only_recipients_named_in_a_refusal_have_opted_out(scene: MakeScene) -> None:
    """C1, in the answer to a request: the text goes on to the other recipients, and each receipt has its own reason."""
    one = scene()
    ann, ben, cat = group(one)
    asked: list[list[str]] = []

    def answer(request: HttpRequest) -> HttpResponse:
        to = json.loads(request.body)["to"]
        asked.append(to)
        errors = blocked_and_landline(to.index(ben) if ben in to else 99, to.index(ann))
        return HttpResponse(400, json.dumps({"errors": errors}).encode())

    def send(text: OutboundText) -> Accepted:
        return Telnyx(TelnyxSettings("key", "public"), answer).send(text)

    one.carrier.answers = iter([send, send])
    assert one.deliver().step is NextStep.RETRY
    assert one.deliver().state is SendState.REFUSED
    assert asked == [sorted([ann, ben, cat, Q]), sorted([ann, cat, Q])]
    assert one.receipts() == {ann: (FAILED, 30006), ben: (FAILED, 21610), cat: (FAILED, 30008)}
    assert [is_out(one, address) for address in (ann, ben, cat)] == [False, True, False]


@pytest.mark.parametrize("writes", range(2))
def test_report_that_crashes_records_the_opt_out_when_repeated(scene: MakeScene, writes: int) -> None:
    one = scene(Accepted("c-1"))
    _, ben, _ = group(one)
    one.deliver()
    with contextlib.suppress(Crash):
        replace(one, table=Dying(one.table, writes)).report(ben, FAILED, code=21610)
    one.report(ben, FAILED, code=21610)
    found = opt_outs.fetch_many(one.table, ben, P)
    assert found and found.opted_out
    assert one.receipts()[ben] == (FAILED, 21610)


def test_a_late_repeat_of_a_report_does_not_undo_an_opt_in(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    _, ben, _ = group(one)
    one.deliver()
    one.report(ben, FAILED, code=21610)
    opt_out(one.table, ben, opted_out=False)
    one.report(ben, FAILED, code=21610)
    found = opt_outs.fetch_many(one.table, ben, P)
    assert found and not found.opted_out


def test_report_before_the_record_of_its_send_records_the_opt_out_too(scene: MakeScene) -> None:
    one = scene()
    ann, ben, cat = group(one)

    def taken(_: object) -> Accepted:
        delivery_reports.apply_report(one.table, DeliveryReport("bandwidth", "IM1", "MB1", FAILED, 21610), NOW)
        return Accepted("IM1", names={"MB0": ann, "MB1": ben, "MB2": cat})

    one.carrier.answers = iter([taken])
    one.deliver()
    assert one.receipts() == {ann: (SENT, 0), ben: (FAILED, 21610), cat: (SENT, 0)}
    found = opt_outs.fetch_many(one.table, ben, P)
    assert found and found.opted_out


def test_opted_out_and_unreachable_recipients_have_different_codes(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    ann, _, _ = group(one)
    one.deliver()
    one.report(ann, FAILED, code=30003)
    assert opt_outs.fetch_many(one.table, ann, P) is None


# --- a request a member


def test_one_by_one_carrier_gets_a_request_a_member_that_names_the_others(scene: MakeScene) -> None:
    one = scene(*[Accepted(f"v-{number}") for number in range(3)])
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    ann, ben, cat = group(one)
    assert one.deliver().state is SendState.SENT
    assert [(text.recipients, text.others) for text in one.carrier.asked] == [
        ((ann,), tuple(sorted([ben, cat, Q]))),
        ((ben,), tuple(sorted([ann, cat, Q]))),
        ((cat,), tuple(sorted([ann, ben, Q]))),
    ]
    assert set(one.receipts().values()) == {(SENT, 0)}
    one.deliver()
    assert len(one.carrier.asked) == 3


def test_each_member_is_tried_again_and_fails_alone(scene: MakeScene) -> None:
    one = scene(Accepted("v-1"), Unavailable("down"), Refused("no", error_code=30006), Accepted("v-2"))
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    ann, ben, cat = group(one)
    assert one.deliver().step is NextStep.RETRY
    assert one.deliver().step is NextStep.DONE
    assert [text.recipients for text in one.carrier.asked] == [(ann,), (ben,), (cat,), (ben,)]
    assert one.receipts() == {ann: (SENT, 0), ben: (SENT, 0), cat: (FAILED, 30006)}


def test_opted_out_member_gets_no_request_but_is_still_named(scene: MakeScene) -> None:
    one = scene(Accepted("v-1"), Accepted("v-2"))
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    ann, ben, cat = group(one)
    opt_out(one.table, ben)
    one.deliver()
    assert [text.recipients for text in one.carrier.asked] == [(ann,), (cat,)]
    assert all(ben in text.others for text in one.carrier.asked)
    assert one.receipts() == {ann: (SENT, 0), ben: (FAILED, 21610), cat: (SENT, 0)}


def test_reports_find_the_members_request(scene: MakeScene) -> None:
    one = scene(*[Accepted(f"v-{number}") for number in range(3)])
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    ann, ben, cat = group(one)
    one.deliver()
    one.report(ben, DELIVERED, tag=False, id="v-1")
    assert one.receipts() == {ann: (SENT, 0), ben: (DELIVERED, 0), cat: (SENT, 0)}


def test_line_moved_between_two_kinds_of_carriers_sends_nothing_twice(scene: MakeScene) -> None:
    one = scene(Accepted("v-1"), Unavailable("down"), Unavailable("down"))
    usual = one.carrier.limits
    one.carrier.limits = replace(usual, one_by_one=True)
    ann, ben, cat = group(one)
    one.deliver()
    one.carrier.limits = usual
    assert one.deliver().step is NextStep.DONE
    assert len(one.carrier.asked) == 3
    assert one.receipts() == {ann: (SENT, 0), ben: (FAILED, 21606), cat: (FAILED, 21606)}


def test_line_moved_to_a_one_by_one_carrier_sends_nothing_again(scene: MakeScene) -> None:
    one = scene(Accepted("c-1"))
    one.deliver()
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    assert one.deliver().step is NextStep.DONE
    assert len(one.carrier.asked) == 1


# --- names instead of addresses


@pytest.mark.parametrize("early", [True, False])
def test_reports_by_the_carriers_names_find_their_recipients(scene: MakeScene, early: bool) -> None:
    one = scene()
    ann, ben, cat = group(one)
    names = {f"MB{number}": address for number, address in enumerate([ann, ben, cat])}

    def report() -> None:
        given = DeliveryReport("bandwidth", "IM1", "MB1", DELIVERED)
        delivery_reports.apply_report(one.table, given, NOW)

    def taken(_: object) -> Accepted:
        if early:
            report()
        return Accepted("IM1", names=names)

    one.carrier.answers = iter([taken])
    one.deliver()
    if not early:
        report()
    assert one.receipts() == {ann: (SENT, 0), ben: (DELIVERED, 0), cat: (SENT, 0)}
