"""Erasing a person: what others keep, what waits, what comes meanwhile, and what a crash leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from partyline.carriers.base import Accepted, InboundText
from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.opt_outs import OptOutChannel
from partyline.domain.receipts import ReceiptStatus
from partyline.inbound import recorder
from partyline.lifecycle.cleanup import Cleaner
from partyline.outbound.delivery_reports import ReportOutcome
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import event_packing, lines, message_events, opt_outs
from partyline.storage.table import Table
from tests.support.api_harness import A, Api, B, Clock, P, Q, build_context, consult_no_webhook
from tests.support.event_world import SERVICE
from tests.support.scene import Crash, Dying, group, make_scene


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(table: Table, clock: Clock) -> Api:
    for address in (P, Q):
        lines.register(table, Line(sids.new(sids.LINE), address, "bandwidth", clock(), clock(), AutoCreation.ALL))
    return Api(build_context(table, clock))


def text(api: Api, sender: str, *others: str, words: str = "hello", line: str = P) -> str:
    """The conversation that takes a text."""
    arrived = InboundText("bandwidth", sids.new("c-"), line, sender, (line, *others), words)
    context = api.context
    return (
        recorder.InboundRecorder(context.table, SERVICE, consult_no_webhook)
        .record(arrived, context.clock())
        .conversation_sid
    )


def tell_roster(api: Api, conversation: str) -> str:
    """What the messages of a conversation have of their events."""
    items = [event_packing.unpack(item) for item in api.context.table.query_all(f"M#{conversation}")]
    return json.dumps([item.get(message_events.ADDITION) for item in items])


def order(api: Api, number: str = A) -> str:
    return str(api.made("/Erasures", {"Address": number})["sid"])


def work(api: Api, sid: str, *, table: Table | None = None, has_time: Callable[[], bool] = lambda: True) -> bool:
    """Do one step of an erasure, up to the next walk."""
    cleaner = Cleaner(table or api.context.table, api.context.bucket, api.context.clock, has_time)
    return cleaner.clean_up(Removed(RemovedKind.PERSON, sid))


def finish(api: Api, sid: str) -> dict[str, Any]:
    """Work until an erasure has ended; its report."""
    while not is_completed(api, sid):
        work(api, sid)
    report: dict[str, Any] = api.get(f"/Erasures/{sid}").body
    return report


def is_completed(api: Api, sid: str) -> bool:
    return bool(api.get(f"/Erasures/{sid}").body["state"] == "completed")


def erase(api: Api, number: str = A) -> dict[str, Any]:
    return finish(api, order(api, number))


def stored(api: Api) -> str:
    client: Any = api.context.table._client
    return json.dumps(client.scan(TableName="partyline")["Items"])


def said(api: Api, conversation: str) -> list[tuple[int, str, str | None]]:
    found = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    return [(one["index"], one["author"], one["body"]) for one in found]


def test_messages_of_others_do_not_tell_that_the_person_was_there(api: Api) -> None:
    # A new stack, which has the newest stored format.
    assert api.get("/Configuration").status == 200
    conversation = text(api, A, B, words="from a")
    text(api, B, A, words="from b")
    text(api, B, A, words="also b")
    assert A in tell_roster(api, conversation)
    report = erase(api)
    assert report["erased"]["messages"] >= 2
    told = tell_roster(api, conversation)
    assert A not in told
    bodies = [one["body"] for one in api.get(f"/Conversations/{conversation}/Messages").body["messages"]]
    assert bodies == [None, "from b", "also b"]


def test_others_keep_their_words_and_the_person_leaves_the_group(api: Api) -> None:
    conversation = text(api, A, B, words="from Ann")
    text(api, B, A, words="from Ben")
    dates = [one["date_created"] for one in api.get(f"/Conversations/{conversation}/Messages").body["messages"]]
    report = erase(api)
    assert (report["state"], report["kept"]) == ("completed", [])
    assert said(api, conversation) == [(0, "erased", None), (1, B, "from Ben")]
    found = api.get(f"/Conversations/{conversation}/Messages").body["messages"]
    assert [one["date_created"] for one in found] == dates
    members = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    assert A not in json.dumps(members) and B in json.dumps(members)
    assert A not in stored(api)


def test_a_conversation_of_two_keeps_its_messages_without_a_word(api: Api) -> None:
    conversation = text(api, A, words="from Ann")
    api.post(f"/Conversations/{conversation}", {"FriendlyName": "Ann the neighbour"})
    api.say(conversation, "to Ann", P)
    api.made(f"/Conversations/{conversation}/Notes", {"Body": "Ann owes us a book"})
    erase(api)
    assert said(api, conversation) == [(0, "erased", None), (1, P, None)]
    assert api.get(f"/Conversations/{conversation}").body["friendly_name"] is None
    assert api.get(f"/Conversations/{conversation}/Notes").body["notes"] == []


def test_who_has_left_a_group_before_keeps_their_words(api: Api) -> None:
    conversation = text(api, B, A, words="from Ben")
    members = api.get(f"/Conversations/{conversation}/Participants").body["participants"]
    (ben,) = [one["sid"] for one in members if B in json.dumps(one["messaging_binding"])]
    assert api.delete(f"/Conversations/{conversation}/Participants/{ben}").status == 204
    erase(api)
    assert said(api, conversation) == [(0, B, "from Ben")]


def test_a_number_in_words_of_others_stays_and_is_reported(api: Api) -> None:
    conversation = text(api, B, words=f"ask Ann at {A}")
    report = erase(api)
    (kept,) = report["kept"]
    message = api.get(f"/Conversations/{conversation}/Messages").body["messages"][0]
    assert kept == {"kind": "messages", "sid": message["sid"], "reason": "others_words"}
    assert message["body"] == f"ask Ann at {A}"


def test_an_opt_out_is_still_honoured_and_its_history_is_gone(api: Api) -> None:
    text(api, A, words="STOP")
    erase(api)
    assert A not in stored(api)
    (left,) = api.get("/OptOuts", {"Address": A}).body["opt_outs"]
    assert (left["state"], left["line"], left["address"]) == ("opted_out", P, None)
    assert api.get(f"/OptOuts/{left['sid']}/Events").body["events"] == []
    conversation = api.group(A)
    assert api.say(conversation).error[1] == 21610


def test_a_contact_who_wanted_no_texts_has_opted_out_of_every_line(api: Api) -> None:
    numbers = json.dumps([{"number": A}])
    api.made("/Contacts", {"FriendlyName": "Ann", "Numbers": numbers, "DoNotDisturb": "true"})
    assert erase(api)["erased"]["contacts"] == 1
    assert A not in stored(api)
    known = [opt_outs.fetch_many(api.context.table, A, line) for line in (P, Q)]
    assert all(one and one.opted_out and one.channel is OptOutChannel.API for one in known)


def test_a_text_that_comes_before_the_walks_is_erased_too(api: Api, clock: Clock) -> None:
    conversation = text(api, A, B)
    sid = order(api)
    clock.tick(seconds=30)
    text(api, A, B, words="one more thing")
    clock.tick(seconds=30)
    finish(api, sid)
    assert said(api, conversation) == [(0, "erased", None), (1, "erased", None)]


def test_who_writes_again_during_the_walks_is_answered_as_a_correspondent(api: Api, clock: Clock) -> None:
    before = text(api, A, words="earlier")
    text(api, A, words="STOP")
    sid = order(api)
    clock.tick(seconds=60)
    work(api, sid)
    clock.tick(seconds=30)
    text(api, A, words="START")
    after = text(api, A, words="me again")
    assert after != before
    clock.tick(seconds=30)
    report = finish(api, sid)
    assert (report["state"], report["kept"]) == ("completed", [])
    assert said(api, before) == [(0, "erased", None), (1, "erased", None)]
    assert (1, A, "me again") in said(api, after)
    assert api.say(after, "welcome back", P).status == 201
    known = opt_outs.fetch_many(api.context.table, A, P)
    assert known and not known.opted_out


def test_a_text_that_waits_is_not_sent_and_its_other_receipts_fail(table: Table, api: Api) -> None:
    one = make_scene(table, clients=2)
    ann, ben = group(one)
    erase(api, ann)
    one.deliver()
    assert one.carrier.asked == []
    assert {address: status.value for address, (status, _) in one.receipts().items()} == {ben: "failed"}
    assert ann not in stored(api)


def test_what_carriers_were_asked_and_have_reported_loses_the_number(table: Table, api: Api) -> None:
    one = make_scene(table, clients=2)
    ann, ben = group(one)
    named = Accepted("c-1", names={f"x{ann}": ann, "y": ben})
    one.carrier.answers = iter([named, Accepted("c-2")])
    one.carrier.limits = replace(one.carrier.limits, one_by_one=True)
    one.deliver()
    apart = make_scene(table, Accepted("c-3", refused={ann: 21610}), addresses=[ann, B])
    apart.deliver()
    one.report(ann, ReceiptStatus.DELIVERED, tag=False, id="never heard of")
    erase(api, ann)
    assert ann.removeprefix("+") not in stored(api)
    # Reports of the others still find their receipts.
    assert one.report(ben, ReceiptStatus.DELIVERED, tag=False, id="c-2") is ReportOutcome.MOVED
    one.deliver()
    apart.deliver()
    assert (len(one.carrier.asked), len(apart.carrier.asked)) == (2, 1)


def test_a_send_that_its_carrier_was_asked_for_is_not_said_to_have_failed(table: Table, api: Api) -> None:
    one = make_scene(table, clients=2)
    ann, ben = group(one)
    # The function dies while the carrier is asked.
    one.carrier.answers = iter([Crash()])
    with pytest.raises(Crash):
        one.deliver()
    erase(api, ann)
    assert {address: status for address, (status, _) in one.receipts().items()} == {ben: ReceiptStatus.QUEUED}


def test_an_erasure_that_dies_at_every_other_write_comes_to_the_same_end(api: Api) -> None:
    conversation = text(api, A, B, words="from Ann")
    text(api, A, words="STOP")
    api.made("/Contacts", {"FriendlyName": "Ann", "Numbers": json.dumps([{"number": A}])})
    sid = order(api)
    died = 0
    while not is_completed(api, sid):
        dying = Dying(api.context.table, 2)
        try:
            work(api, sid, table=dying)
        except Crash:
            died += 1
    assert died > 5
    assert A not in stored(api)
    assert said(api, conversation) == [(0, "erased", None)]


def test_an_erasure_goes_on_where_it_had_no_more_time(api: Api) -> None:
    conversations = [text(api, A, f"+1206555{number}", words="from Ann") for number in range(1000, 1004)]
    sid = order(api)
    runs = 1
    while not work(api, sid, has_time=lambda: False):
        runs += 1
    assert runs >= len(conversations)
    finish(api, sid)
    assert A not in stored(api)


def test_erasing_again_finds_nothing(api: Api) -> None:
    text(api, A, B)
    erase(api)
    assert erase(api)["erased"] == {}


@pytest.mark.parametrize(
    ("address", "reason"), [("Ann", "phone number"), (P, "one of your lines"), ("12345", "phone number")]
)
def test_only_numbers_of_other_people_are_erased(api: Api, address: str, reason: str) -> None:
    refused = api.post("/Erasures", {"Address": address})
    assert refused.error[:2] == (400, 20001)
    assert reason in refused.error[2]


def test_erasures_are_listed_newest_first_and_none_has_the_number(api: Api, clock: Clock) -> None:
    first = order(api)
    clock.tick(seconds=1)
    second = order(api, B)
    listed = api.get("/Erasures").body["erasures"]
    assert [one["sid"] for one in listed] == [second, first]
    assert A not in json.dumps(listed)
    assert api.get("/Erasures/ER" + "0" * 32).status == 404
