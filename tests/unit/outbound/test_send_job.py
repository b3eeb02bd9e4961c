"""The requests that a send becomes, and what is refused without asking a carrier."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from partyline.carriers import error_codes
from partyline.carriers.bandwidth import Bandwidth
from partyline.carriers.base import Carrier, OutboundMedia
from partyline.carriers.vonage import Vonage
from partyline.domain import sids, threads
from partyline.domain.lines import Line
from partyline.domain.messages import Message
from partyline.domain.receipts import PartReceipt, Receipt, ReceiptStatus
from partyline.domain.sends import RequestReference, Send, SendReference, SendState
from partyline.outbound.send_job import CannotSend, SendJob
from partyline.storage.sends import Claim

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
P, Q = "+12065550100", "+12065550101"
A, B = "+12065550150", "+12065550151"
MESSAGE = Message("IM1", "CH1", 0, NOW, NOW, author="agent", body="abcdef")
SEND = Send(threads.build_key([P, Q, A, B]), P, {A: "MB1", B: "MB2"}, others=(Q,))
REFERENCE = SendReference("CH1", "IM1", "1" * 64)
PICTURE = OutboundMedia("https://example.com/1.jpg", "image/jpeg", 1, "1.jpg", lambda: b"x")


class Named:
    """A carrier that is not asked."""

    def __init__(self, name: str, carrier: type[Bandwidth | Vonage]) -> None:
        self.name = name
        self.limits = carrier.limits


def carrier(name: str = "bandwidth") -> Carrier:
    return cast(Carrier, Named(name, Vonage if name == "vonage" else Bandwidth))


def job(**changes: object) -> SendJob:
    plain = SendJob(
        REFERENCE,
        MESSAGE,
        SEND,
        (),
        carrier(),
        Line("LN1", P, "bandwidth", NOW, NOW),
        lambda name, tag: f"https://example.com/{name}/{tag}",
        media=(PICTURE,),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # each test names the fields that it is about


def test_request_to_all_leaves_out_opted_out_members() -> None:
    text = job(left_out=dict.fromkeys((A,), error_codes.OPTED_OUT), own_numbers=frozenset({Q})).request().text
    assert (text.recipients, text.others, text.own) == ((Q, B), (), frozenset({Q}))
    assert (text.text, text.media, text.tag) == ("abcdef", (PICTURE,), REFERENCE.tag)
    assert text.callback_url == f"https://example.com/bandwidth/{REFERENCE.tag}"


def test_request_to_one_member_names_the_others() -> None:
    request = job(left_out=dict.fromkeys((B,), error_codes.OPTED_OUT)).request(A)
    assert (request.text.recipients, request.text.others) == ((A,), (Q, B))
    assert request.natives == (A,)


def test_requests_of_a_long_text_have_a_tag_each_and_the_files_first() -> None:
    first, second = job().requests((2,), A)
    assert [request.reference.member for request in (first, second)] == [A, A]
    assert (first.text.text, first.text.media, first.text.tag) == ("ab", (PICTURE,), f"{REFERENCE.tag}-1of2")
    assert (second.text.text, second.text.media, second.text.tag) == ("cdef", (), f"{REFERENCE.tag}-2of2")


def test_request_cut_elsewhere_stays_the_same_part() -> None:
    _, second = job().requests((2,))
    assert second.with_cuts((3,)).text.text == "def"
    assert second.with_cuts((3,)).reference == second.reference


def test_text_that_the_carrier_takes_is_one_request() -> None:
    assert job().plan_cuts() == ()
    assert [request.reference for request in job().requests(())] == [RequestReference(REFERENCE)]


@pytest.mark.parametrize(("name", "is_one_by_one"), [("bandwidth", False), ("vonage", Vonage.limits.one_by_one)])
def test_group_is_one_by_one_as_its_carrier_takes_it(name: str, is_one_by_one: bool) -> None:
    assert job(carrier=carrier(name)).is_one_by_one is is_one_by_one
    assert not job(carrier=carrier(name), send=replace(SEND, natives={A: "MB1"}, others=())).is_one_by_one
    assert not job(carrier=CannotSend("gone")).is_one_by_one


def test_claim_records_carrier_cuts_and_left_out_members() -> None:
    claim = job(left_out=dict.fromkeys((B, Q), error_codes.OPTED_OUT)).requests((2,))[0].build_claim()
    assert claim == Claim(SendState.SENDING, carrier="bandwidth", refused={B: error_codes.OPTED_OUT}, cuts=(2,))
    assert job(carrier=CannotSend("gone")).request().build_claim().carrier == ""


def test_first_obstacle_stays() -> None:
    first = job().without_carrier(CannotSend("first", 1))
    assert first.without_carrier(CannotSend("second", 2)).carrier == CannotSend("first", 1)
    refusal = CannotSend("first", 1).to_refusal()
    assert (str(refusal), refusal.error_code) == ("first", 1)


def test_request_that_all_opted_out_of_is_refused() -> None:
    request = job(left_out=dict.fromkeys((A, B), error_codes.OPTED_OUT)).request()
    refusal = request.find_refusal(request.build_claim())
    assert refusal
    assert (refusal.error_code, refusal.recipients) == (error_codes.OPTED_OUT, {})


def test_group_with_an_email_address_is_refused_by_its_name() -> None:
    email = "ann@example.com"
    request = job(send=replace(SEND, natives={A: "MB1", email: "MB2"})).request(A)
    refusal = request.find_refusal(request.build_claim())
    assert refusal
    assert refusal.recipients == {email: error_codes.INVALID_RECIPIENT}


def test_request_is_asked_for_when_nothing_is_against_it() -> None:
    request = job(left_out=dict.fromkeys((A,), error_codes.OPTED_OUT)).request()
    assert request.find_refusal(request.build_claim()) is None


def test_only_new_opt_outs_of_a_refusal_are_new() -> None:
    refused = {A: error_codes.OPTED_OUT, B: error_codes.OPTED_OUT, Q: error_codes.INVALID_RECIPIENT}
    known = job(left_out=dict.fromkeys((B,), error_codes.OPTED_OUT))
    assert known.request().find_new_opt_outs(refused) == (A,)
    confirming = replace(known, send=replace(SEND, confirms_opt_out=True))
    assert confirming.request().find_new_opt_outs(refused) == ()


def test_reported_id_is_that_of_the_part_and_the_member() -> None:
    def receipt(address: str, *parts: PartReceipt) -> Receipt:
        sid = sids.receipt("IM1", REFERENCE.thread, address)
        return Receipt(sid, "IM1", "CH1", "MB1", address, NOW, NOW, parts=parts)

    reported = job(receipts=(receipt(A, PartReceipt(2, ReceiptStatus.SENT, "c-2")), receipt(B)))
    first, second = reported.requests((2,))
    assert (first.reported_id, second.reported_id) == (None, "c-2")
    assert [request.reported_id for request in reported.requests((2,), B)] == [None, None]
    assert [one.status for one in second.receipts] == [ReceiptStatus.SENT, ReceiptStatus.QUEUED]


def test_claim_without_a_carrier_gets_the_name_of_the_lines() -> None:
    request = job().request()
    assert request.with_carrier_name(Claim(SendState.UNKNOWN)).carrier == "bandwidth"
    assert request.with_carrier_name(Claim(SendState.UNKNOWN, carrier="telnyx")).carrier == "telnyx"
