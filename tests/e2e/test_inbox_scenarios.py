"""What staff do in an inbox, as far as the API carries it: scenarios with two people's tokens and phones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import urllib3

from local.carrier.special_numbers import NEVER_DELIVERED, NO_REPORT
from tests.e2e.test_media import png
from tests.support.listeners import Listener, resume, resumed_bodies
from tests.support.stack_world import World, new_number, until
from tests.support.staff import Answer, Caller, StaffMember

FRONT_DESK, TELNYX = "+12065550100", "+12065550110"


@pytest.fixture
def account(world: World) -> Caller:
    return Caller(world, world.basic())


@pytest.fixture
def ann(world: World) -> StaffMember:
    """An administrator."""
    return StaffMember(world, "ann", "inbox admin")


@pytest.fixture
def ben(world: World) -> StaffMember:
    """A person who sees what is assigned to them."""
    return StaffMember(world, "ben", "inbox limited")


@pytest.fixture
def stranger(world: World) -> StaffMember:
    """A person to whom nothing is assigned."""
    return StaffMember(world, "stranger", "inbox limited")


@pytest.fixture
def connect(world: World) -> Iterator[Callable[[StaffMember], Listener]]:
    """Opens live connections of people."""
    with ExitStack() as opened:
        yield lambda who: opened.enter_context(closing(Listener(f"{world.live_url}?token={quote(who.token)}")))


def numbers(*handsets: str) -> list[dict[str, str]]:
    return [{"address": handset} for handset in handsets]


def active(who: Caller, made: Answer) -> str:
    """The SID of a created group, once it is active."""
    assert made.status in {200, 202}, made
    sid = str(made.body["sid"])
    state = until(lambda: who.read(f"/Conversations/{sid}")["state"], lambda seen: seen != "initializing")
    assert state == "active"
    return sid


def write(who: Caller, conversation: str, body: str, **form: str) -> Any:
    return who.made(f"/Conversations/{conversation}/Messages", {"Body": body, **form})


def shown_of_front_desk(world: World, handset: str, number: int) -> list[str]:
    """The texts of the front desk that a handset shows, once there are so many."""
    return until(
        lambda: [text for sender, text in world.read_by(handset) if sender == FRONT_DESK],
        lambda seen: len(seen) >= number,
    )


def bodies(who: Caller, conversation: str, number: int) -> list[str]:
    """The texts of a conversation, once there are so many."""
    path = f"/Conversations/{conversation}/Messages"
    listed = until(lambda: who.read(path)["messages"], lambda seen: len(seen) >= number)
    return [one["body"] for one in listed]


def receipts(who: Caller, conversation: str, message: str, expected: set[str | None]) -> dict[str, tuple[Any, int]]:
    """Status and error code by handset, once the statuses are the expected ones."""
    path = f"/Conversations/{conversation}/Messages/{message}/Receipts"
    listed = until(
        lambda: who.read(path)["delivery_receipts"], lambda seen: {one["status"] for one in seen} == expected
    )
    members = {one["sid"]: one for one in who.read(f"/Conversations/{conversation}/Participants")["participants"]}
    found = {}
    for one in listed:
        binding = members[one["participant_sid"]]["messaging_binding"]
        found[binding["address"]] = (one["status"], one["error_code"])
    return found


def refused(answer: Answer, status: int, code: int) -> bool:
    return (answer.status, answer.code) == (status, code)


def test_1_an_administrator_creates_a_group_of_contacts(world: World, ann: StaffMember) -> None:
    mobile, work, kays = new_number(), new_number(), new_number()
    bob, kay = ann.add_contact("Bob", mobile, work), ann.add_contact("Kay", kays)
    asked = [("Author", FRONT_DESK), ("Address", work), ("Address", kays), ("Body", "Sunday?")]
    [send] = ann.made("/Preview", asked)["sends"]
    assert (send["kind"], send["billed_units"]) == ("group_mms", 2)

    members = [{"contact_sid": bob, "address": work}, {"contact_sid": kay}]
    group = active(ann, ann.create_group(FRONT_DESK, members, FriendlyName="12 Elm"))
    message = write(ann, group, "Sunday?")

    assert (message["author"], message["written_by"]) == (FRONT_DESK, ann.identity)
    sent = receipts(ann, group, message["sid"], {"delivered"})
    assert sent == {work: ("delivered", 0), kays: ("delivered", 0)}
    for handset, other in ((work, kays), (kays, work)):
        [shown] = world.on_handset(handset)
        assert (shown["from"], shown["text"]) == (FRONT_DESK, "Sunday?")
        assert other in json.dumps(shown)
    assert world.on_handset(mobile) == []
    listed = ann.read(f"/Conversations/{group}/Participants")["participants"]
    assert {one["contact"]["name"] for one in listed if one["contact"]} == {"Bob", "Kay"}


def test_2_a_person_is_offered_the_lines_that_are_theirs(account: Caller, ann: StaffMember, ben: StaffMember) -> None:
    toll_free, bens = f"+1833{new_number()[-7:]}", new_number()
    account.made("/Lines", [("Address", toll_free), ("Carrier", "bandwidth"), ("Users", ann.identity)])
    account.made("/Lines", [("Address", bens), ("Carrier", "bandwidth"), ("Users", ben.identity)])

    offered = {one["address"]: one["group_messaging"] for one in ann.read("/Lines", {"PageSize": "500"})["lines"]}

    assert bens not in offered
    assert offered[toll_free] is False
    assert offered[FRONT_DESK] is True
    # An administrator manages every line, and still uses only their own.
    assert ann.get(f"/Lines/{bens}").status == 200
    assert ben.get(f"/Lines/{toll_free}").status == 404
    assert ann.create_group(bens, numbers(new_number(), new_number())).status in {400, 403}


def test_3_a_group_is_as_large_as_its_carrier_allows(ann: StaffMember) -> None:
    nine = [new_number() for _ in range(9)]
    active(ann, ann.create_group(FRONT_DESK, numbers(*nine)))
    assert refused(ann.create_group(FRONT_DESK, numbers(*nine, new_number())), 400, 50426)
    too_many = ann.create_group(TELNYX, numbers(*nine))
    assert refused(too_many, 400, 50436)
    assert too_many.body["details"]["limit"] == 8


def test_4_a_group_that_exists_is_answered(ann: StaffMember) -> None:
    people = numbers(new_number(), new_number())
    group = active(ann, ann.create_group(FRONT_DESK, people))
    again = ann.create_group(FRONT_DESK, people, IfExists="fetch")
    assert (again.status, again.body["sid"]) == (200, group)
    duplicate = ann.create_group(FRONT_DESK, people)
    assert refused(duplicate, 409, 50438)
    assert duplicate.body["details"]["conversation_sid"] == group


def entry(who: Caller, conversation: str, **query: str) -> Any:
    """The entry of a conversation in somebody's inbox, None where it is not on the first page."""
    listed = who.read("/Inbox", query)["entries"]
    return next((one for one in listed if one["conversation_sid"] == conversation), None)


def test_5_a_reply_is_first_in_the_list_and_unread_until_it_is_read(world: World, ann: StaffMember) -> None:
    ann.read("/Inbox")
    kays, bobs = new_number(), new_number()
    ann.add_contact("Kay", kays)
    group = active(ann, ann.create_group(FRONT_DESK, numbers(kays, bobs), FriendlyName="12 Elm"))
    world.text(kays, FRONT_DESK, bobs, text="At noon")

    shown = until(
        lambda: entry(ann, group), lambda seen: seen and (seen["last_message"] or {}).get("body") == "At noon"
    )
    assert (shown["title"], shown["unread"], shown["line"]) == ("12 Elm", 1, FRONT_DESK)
    assert shown["last_message"]["author"] == kays
    assert {one["name"] for one in shown["members"]} == {"Kay", None}
    assert entry(ann, group, View="unread")

    ann.made(f"/Conversations/{group}/ReadState", {"LastReadMessageIndex": str(shown["last_message"]["index"])})
    assert entry(ann, group)["unread"] == 0
    assert entry(ann, group, View="unread") is None
    ann.made(f"/Conversations/{group}/ReadState", {"MarkedUnread": "true"})
    assert entry(ann, group, View="unread")["marked_unread"] is True


def test_what_is_assigned_and_done_is_in_the_lists_for_it(world: World, ann: StaffMember) -> None:
    ann.read("/Inbox")
    kays = new_number()
    pair = active(ann, ann.create_group(FRONT_DESK, numbers(kays)))
    assert until(lambda: entry(ann, pair, View="unassigned"))
    ann.made(f"/Conversations/{pair}", {"Assignee": ann.identity})
    assert until(lambda: entry(ann, pair, View="mine"))
    ann.made(f"/Conversations/{pair}", {"State": "inactive"})
    assert until(lambda: entry(ann, pair, View="done"))
    # The next text opens it again.
    world.text(kays, FRONT_DESK, text="One more thing")
    assert until(lambda: entry(ann, pair, View="mine"))
    assert entry(ann, pair, View="done") is None


def test_6_details_say_what_became_of_each_text(ann: StaffMember) -> None:
    handset = new_number()
    group = active(ann, ann.create_group(FRONT_DESK, numbers(handset, NEVER_DELIVERED, NO_REPORT), IfExists="fetch"))
    message = write(ann, group, f"hello {uuid4().hex}")
    found = receipts(ann, group, message["sid"], {"delivered", "undelivered", "sent"})
    assert {found[handset][0], found[NO_REPORT][0]} == {"delivered", "sent"}
    status, code = found[NEVER_DELIVERED]
    assert status == "undelivered"
    assert code


def test_7_texts_go_on_to_the_number_that_was_added(world: World, ann: StaffMember) -> None:
    old, new, other = new_number(), new_number(), new_number()
    bob = ann.add_contact("Bob", old)
    group = active(ann, ann.create_group(FRONT_DESK, [{"contact_sid": bob}, {"address": other}]))

    def contact() -> Any:
        listed = ann.read(f"/Conversations/{group}/Participants")["participants"]
        [shown] = [one["contact"] for one in listed if one["contact"]]
        return shown

    assert contact()["state"] == "current"
    ann.made(f"/Contacts/{bob}", {"Numbers": json.dumps([{"number": new}])})
    assert (contact()["state"], contact()["number_is_current"]) == ("updated", False)
    ann.delete(f"/Contacts/{bob}")
    assert contact()["state"] == "deleted"
    write(ann, group, "still you")
    assert until(lambda: world.read_by(old)) == [(FRONT_DESK, "still you")]
    assert world.on_handset(new) == []


def test_8_a_limited_person_sees_and_starts_what_is_assigned(ann: StaffMember, ben: StaffMember) -> None:
    kays, bobs = new_number(), new_number()
    kay = ann.add_contact("Kay", kays, owner=ben.identity)
    theirs = active(ann, ann.create_group(FRONT_DESK, numbers(kays, bobs)))
    others = active(ann, ann.create_group(FRONT_DESK, numbers(bobs, new_number())))

    assert ben.get(f"/Conversations/{theirs}").status == 200
    for path in ("", "/Messages", "/Participants", "/Export"):
        assert refused(ben.get(f"/Conversations/{others}{path}"), 404, 20404)
    not_mine = ben.create_group(FRONT_DESK, numbers(kays, new_number()))
    assert refused(not_mine, 403, 50107)
    assert not_mine.body["details"]["participant"] == 3

    ben.read("/Inbox")
    assert until(lambda: entry(ben, theirs))
    assert until(lambda: entry(ann, others))
    assert entry(ben, others) is None

    viewers = ann.read(f"/Conversations/{theirs}/Viewers")["viewers"]
    [shown] = [one for one in viewers if one["identity"] == ben.identity]
    assert (shown["sees"], shown["reasons"]) == (True, [{"kind": "contact", "sid": kay}])
    ann.made(f"/Contacts/{kay}", {"Owner": ann.identity})
    assert refused(ben.get(f"/Conversations/{theirs}"), 404, 20404)
    assert entry(ben, theirs) is None


def test_9_two_people_write_as_one_line(world: World, ann: StaffMember, ben: StaffMember) -> None:
    handset, other = new_number(), new_number()
    ann.add_contact("Kay", handset, owner=ben.identity)
    group = active(ann, ann.create_group(FRONT_DESK, numbers(handset, other)))
    written = {write(who, group, f"from {who.identity}")["written_by"] for who in (ann, ben)}
    assert written == {ann.identity, ben.identity}
    expected = [(FRONT_DESK, f"from {who.identity}") for who in (ann, ben)]
    assert until(lambda: world.read_by(handset), lambda seen: len(seen) == 2) == expected


def test_10_who_opted_out_gets_nothing_more(world: World, ann: StaffMember) -> None:
    kays, bobs = new_number(), new_number()
    group = active(ann, ann.create_group(FRONT_DESK, numbers(kays, bobs)))
    write(ann, group, "Sunday?")
    until(lambda: world.read_by(kays))
    world.text(kays, FRONT_DESK, bobs, text="STOP")
    # The confirmation is for Kay alone.
    until(lambda: [text for sender, text in world.read_by(kays) if sender == FRONT_DESK], lambda seen: len(seen) == 2)
    message = write(ann, group, "Bring cake")
    found = receipts(ann, group, message["sid"], {"delivered", "failed"})
    assert found == {bobs: ("delivered", 0), kays: ("failed", 21610)}
    assert [text for _, text in world.read_by(bobs) if text == "Bring cake"] == ["Bring cake"]
    assert "Bring cake" not in [text for _, text in world.read_by(kays)]
    world.text(kays, FRONT_DESK, bobs, text="START")
    after = until(
        lambda: write(ann, group, "Welcome back"),
        lambda sent: receipts(ann, group, sent["sid"], {"delivered"}).get(kays) == ("delivered", 0),
        patience=60,
    )
    assert after["body"] == "Welcome back"


def test_11_do_not_disturb_leaves_one_member_out(world: World, ann: StaffMember) -> None:
    kays, bobs, lees = new_number(), new_number(), new_number()
    kay = ann.add_contact("Kay", kays)
    group = active(ann, ann.create_group(FRONT_DESK, [{"contact_sid": kay}, *numbers(bobs, lees)]))
    ann.made(f"/Contacts/{kay}", {"DoNotDisturb": "true", "DoNotDisturbReason": "asked by phone"})
    [shown] = ann.made(f"/Conversations/{group}/Preview", {"Body": "hello"})["sends"]
    assert shown["do_not_disturb"] == [kays]
    message = write(ann, group, "hello")
    found = receipts(ann, group, message["sid"], {"delivered", "failed"})
    assert {handset for handset, (status, _) in found.items() if status == "delivered"} == {bobs, lees}
    assert found[kays][1] != 21610
    assert world.on_handset(kays) == []

    listed = ann.read(f"/Conversations/{group}/Participants")["participants"]
    [left_out] = [one["sid"] for one in listed if one["contact"]]
    without = ann.post("/ConversationWithParticipants", {"From": group, "Without": left_out, "IfExists": "fetch"})
    members = ann.read(f"/Conversations/{active(ann, without)}/Participants")["participants"]
    assert {(one["messaging_binding"] or {}).get("address") for one in members} == {None, bobs, lees}


def test_12_a_text_that_would_reach_nobody_is_refused(world: World, ann: StaffMember) -> None:
    kays = new_number()
    kay = ann.add_contact("Kay", kays)
    pair = active(ann, ann.create_group(FRONT_DESK, [{"contact_sid": kay}]))
    ann.made(f"/Contacts/{kay}", {"DoNotDisturb": "true"})
    assert ann.post(f"/Conversations/{pair}/Messages", {"Body": "hello"}).status == 409
    assert ann.read(f"/Conversations/{pair}/Messages")["messages"] == []
    assert world.on_handset(kays) == []


def test_13_members_of_a_locked_group_stay(account: Caller, ann: StaffMember, ben: StaffMember) -> None:
    service = account.read("/Configuration")["default_chat_service_sid"]
    settings = f"/Services/{service}/Configuration"
    group = active(ann, ann.create_group(FRONT_DESK, numbers(new_number(), new_number())))
    account.made(settings, {"LockGroups": "true"})
    try:
        path, form = f"/Conversations/{group}/Participants", {"MessagingBinding.Address": new_number()}
        locked = ann.post(path, form)
        assert refused(locked, 403, 50107)
        assert "locked" in locked.body["details"]["reason"]
        # Not assigned to them, so not there.
        assert refused(ben.post(path, form), 404, 20404)
        assert account.post(path, form).status == 201
    finally:
        account.made(settings, {"LockGroups": "false"})


def test_14_an_answer_that_was_lost_is_asked_for_again(world: World, ann: StaffMember) -> None:
    handset = new_number()
    pair = active(ann, ann.create_group(FRONT_DESK, numbers(handset)))
    form = {"Body": "once", "Attributes": json.dumps({"client_ref": uuid4().hex})}
    first, again = (
        ann.post(f"/Conversations/{pair}/Messages", form, Idempotency_Key=form["Attributes"][-34:-2]) for _ in range(2)
    )
    assert (first.status, again.status, again.headers["Idempotent-Replayed"]) == (201, 201, "true")
    assert again.body == first.body
    until(lambda: world.read_by(handset))
    world.settle()
    assert world.read_by(handset) == [(FRONT_DESK, "once")]


def test_15_what_was_written_and_what_came_while_a_person_was_offline_is_there_once(
    world: World, ann: StaffMember, ben: StaffMember, connect: Callable[[StaffMember], Listener]
) -> None:
    kays, bobs = new_number(), new_number()
    ann.add_contact("Kay", kays, owner=ben.identity)
    group = active(ann, ann.create_group(FRONT_DESK, numbers(kays, bobs)))
    screen = connect(ann)
    write(ann, group, "Sunday?")
    screen.wait_for("onMessageAdded", ConversationSid=group, Index="0")
    screen.close()

    queued = [(uuid4().hex, body) for body in ("Bring the key", "On my way")]
    came = ["At noon", "Or at one", "Not before noon"]
    for number, text in enumerate(came, start=2):
        world.text(kays, FRONT_DESK, bobs, text=text)
        assert bodies(ben, group, number)[-1] == text

    screen = resume(lambda: connect(ann), group, after=0)
    assert resumed_bodies(screen) == came
    for index, (key, body) in enumerate(queued, start=4):
        form = {"Body": body, "Attributes": json.dumps({"client_ref": key})}
        # What was queued is sent again when its first answer did not come.
        sent = [ann.post(f"/Conversations/{group}/Messages", form, Idempotency_Key=key) for _ in range(2)]
        assert [one.status for one in sent] == [201, 201], sent
        heard = screen.wait_for("onMessageAdded", ConversationSid=group, Index=str(index))["parameters"]
        assert {one.body["sid"] for one in sent} == {heard["MessageSid"]}
        assert json.loads(heard["Attributes"])["client_ref"] == key

    written = ["Sunday?", *(body for _, body in queued)]
    for who in (ann, ben):
        assert bodies(who, group, 6) == ["Sunday?", *came, *written[1:]]
    for handset in (kays, bobs):
        shown_of_front_desk(world, handset, 3)
    world.settle()
    assert [shown_of_front_desk(world, handset, 3) for handset in (kays, bobs)] == [written, written]


def test_16_files_go_both_ways_and_what_cannot_go_says_why(
    world: World, ann: StaffMember, ben: StaffMember, stranger: StaffMember, connect: Callable[[StaffMember], Listener]
) -> None:
    kays, bobs = new_number(), new_number()
    ann.add_contact("Kay", kays, owner=ben.identity)
    group = active(ann, ann.create_group(FRONT_DESK, numbers(kays, bobs)))
    path = f"/Conversations/{group}/Messages"
    page = b"<html><script>alert(1)</script></html>"
    refusal = ann.upload("/Media?Filename=page.html", page, "image/png")
    assert refused(refusal, 400, 50511)
    assert refusal.body["details"]["reason"] == "text/html is not supported"
    refusal = ann.upload("/Media?Filename=large.png", bytes(5 * 1024 * 1024), "image/png")
    assert refused(refusal, 413, 50512)
    assert refusal.body["details"]["reason"] == "at most 4194304 bytes"

    picture, plan = png(), b"%PDF-1.7\n% the plan"
    uploads = [ann.upload("/Media?Filename=roof.png", picture, "image/png")]
    uploads += [ann.upload("/Media?Filename=plan.pdf", plan, "application/pdf")]
    # Until it is sent nobody else sees it.
    assert refused(ben.get(f"/Media/{uploads[0].body['sid']}"), 404, 20404)
    sent = ann.made(path, [("Body", "The plan"), *(("MediaSid", one.body["sid"]) for one in uploads)])
    [shown] = until(lambda: [one for one in world.on_handset(kays) if one["media"]])
    assert [urllib3.request("GET", url).data for url in shown["media"]] == [picture, plan]
    assert [one["filename"] for one in ben.read(f"{path}/{sent['sid']}")["media"]] == ["roof.png", "plan.pdf"]

    screen, answer = connect(ben), png(9)
    world.text(kays, FRONT_DESK, bobs, text="My roof", media=[world.picture(kays, answer)])
    assert bodies(ben, group, 2)[-1] == "My roof"
    world.text(kays, FRONT_DESK, bobs, text="My page", media=[world.picture(kays, page)])
    assert bodies(ben, group, 3)[-1] == "My page"
    _, good, bad = [one["sid"] for one in ben.read(path)["messages"]]
    screen.wait_for("onMessageUpdated", MessageSid=good)
    screen.wait_for("onMessageUpdated", MessageSid=bad)
    [[ready], [failed]] = [ben.read(f"{path}/{sid}")["media"] for sid in (good, bad)]
    assert (ready["state"], failed["state"], failed["error"]) == ("ready", "failed", "type")
    links = ben.read(f"/Media/{ready['sid']}")["links"]
    assert urllib3.request("GET", links["content_direct_temporary"]).data == answer
    assert refused(stranger.get(f"/Media/{ready['sid']}"), 404, 20404)


def test_17_a_tapback_names_the_message_that_it_is_about(world: World, ann: StaffMember) -> None:
    bobs, kays = new_number(), new_number()
    group = active(ann, ann.create_group(FRONT_DESK, numbers(bobs, kays)))
    asked = write(ann, group, "Sunday?")
    until(lambda: world.read_by(bobs))
    world.text(bobs, FRONT_DESK, kays, text="Liked “Sunday?”")
    listed = until(lambda: ann.read(f"/Conversations/{group}/Messages")["messages"], lambda seen: len(seen) == 2)
    assert asked["sid"] in listed[1]["attributes"]


def test_18_a_closed_conversation_is_refused_and_a_new_group_from_it_works(
    world: World, ann: StaffMember, ben: StaffMember
) -> None:
    kays, bobs = new_number(), new_number()
    ann.add_contact("Kay", kays, owner=ben.identity)
    group = active(ann, ann.create_group(FRONT_DESK, numbers(kays, bobs)))
    write(ann, group, "Sunday?")
    assert refused(ann.post(f"/Conversations/{group}", {"State": "closed"}), 403, 50107)
    ann.account.made(f"/Conversations/{group}", {"State": "closed"})
    for who in (ann, ben):
        refusal = who.post(f"/Conversations/{group}/Messages", {"Body": "Monday?"})
        assert refused(refusal, 400, 50377)
        assert "closed" in refusal.body["message"]
        assert bodies(who, group, 1) == ["Sunday?"]

    again = active(ann, ann.post("/ConversationWithParticipants", {"From": group}))
    assert again != group
    write(ben, again, "Monday?")
    for handset in (kays, bobs):
        assert shown_of_front_desk(world, handset, 2) == ["Sunday?", "Monday?"]


def test_18_a_group_above_its_carriers_limit_is_read_and_not_answered(
    world: World, ann: StaffMember, ben: StaffMember, stranger: StaffMember
) -> None:
    kays, *others = [new_number() for _ in range(11)]
    ann.add_contact("Kay", kays, owner=ben.identity)
    world.text(kays, FRONT_DESK, *others, text="Hello everyone")
    group = until(lambda: world.owner(FRONT_DESK, kays, *others))
    assert group
    for who in (ann, ben):
        assert bodies(who, group, 1) == ["Hello everyone"]
        refusal = who.post(f"/Conversations/{group}/Messages", {"Body": "Hello"})
        assert refused(refusal, 400, 21653)
        details = refusal.body["details"]
        assert (details["line"], details["carrier"], details["limit"]) == (FRONT_DESK, "bandwidth", 10)
        assert "takes at most 10 recipients, and these are 11" in details["reason"]
    assert refused(stranger.get(f"/Conversations/{group}/Messages"), 404, 20404)
    world.settle()
    assert shown_of_front_desk(world, kays, 0) == []


def test_19_a_person_who_was_removed_is_refused(account: Caller, ben: StaffMember) -> None:
    assert ben.get("/Lines").status == 200
    account.delete(f"/Users/{ben.user_sid}")
    assert ben.get("/Lines").status in {401, 403}


def test_21_a_file_of_contacts_is_tried_and_then_imported(ann: StaffMember) -> None:
    taken, name = new_number(), uuid4().hex[:8]
    ann.add_contact("Kay", taken)
    first, second = new_number(), new_number()
    rows = [
        f"{name} Ann,{first}",
        f"{name} Ben,{second}",
        f"{name} Kay,{taken}",
        f"{name} None,12",
        f"{name} Twice,{first}",
    ]
    sid = ann.upload("/Contacts/Imports", "\n".join(["name,number", *rows]).encode(), "text/csv").body["sid"]

    def completed() -> Any:
        path = f"/Contacts/Imports/{sid}"
        done = until(lambda: ann.read(path), lambda seen: seen["state"] in {"completed", "failed"})
        assert done["state"] == "completed"
        return done

    tried = completed()
    assert (tried["accepted"], tried["rejected"]) == (2, 3)
    assert ann.read("/Contacts", {"Q": name})["contacts"] == []
    assert {one["row"] for one in ann.read(f"/Contacts/Imports/{sid}/Errors")["errors"]} == {3, 4, 5}

    ann.made(f"/Contacts/Imports/{sid}", {"DryRun": "false"})
    assert completed()["accepted"] == 2
    found = ann.read("/Contacts", {"Q": name})["contacts"]
    assert {one["numbers"][0]["number"] for one in found} == {first, second}


def test_22_a_note_is_for_staff_and_goes_to_no_phone(world: World, ann: StaffMember, ben: StaffMember) -> None:
    kays, bobs = new_number(), new_number()
    ann.add_contact("Kay", kays, owner=ben.identity)
    group = active(ann, ann.create_group(FRONT_DESK, numbers(kays, bobs)))
    note = ann.made(f"/Conversations/{group}/Notes", {"Body": "They have a dog."})
    assert [one["sid"] for one in ben.read(f"/Conversations/{group}/Notes")["notes"]] == [note["sid"]]
    write(ben, group, "On my way")
    assert until(lambda: world.read_by(kays)) == [(FRONT_DESK, "On my way")]
    assert [one["body"] for one in ann.read(f"/Conversations/{group}/Messages")["messages"]] == ["On my way"]

    customer, chat = StaffMember(world, "customer", "service user"), ann.account.made("/Conversations")["sid"]
    ann.account.made(f"/Conversations/{chat}/Participants", {"Identity": customer.identity})
    ann.made(f"/Conversations/{chat}/Notes", {"Body": "for us"})
    assert refused(customer.get(f"/Conversations/{chat}/Notes"), 403, 50107)
    assert "for us" in ann.export(chat)
    assert "for us" not in customer.export(chat)


def test_10_the_thread_shows_who_opted_out_and_who_did_what(world: World, ann: StaffMember, ben: StaffMember) -> None:
    kays, bobs = new_number(), new_number()
    ann.add_contact("Kay", kays, owner=ben.identity)
    group = active(ann, ann.create_group(FRONT_DESK, numbers(kays, bobs)))
    ann.made(f"/Conversations/{group}", {"Assignee": ben.identity})
    ann.made(f"/Conversations/{group}/Notes", {"Body": "They have a second key."})
    write(ann, group, "Sunday?")
    until(lambda: world.read_by(kays))
    world.text(kays, FRONT_DESK, bobs, text="STOP")
    path = f"/Conversations/{group}/Activity"
    activity = until(lambda: ben.read(path)["activity"], lambda seen: len(seen) == 5)
    assert [(one["kind"], one["by"]) for one in activity] == [
        ("assigned", ann.identity),
        ("note", ann.identity),
        ("message", ann.identity),
        ("message", kays),
        ("opted_out", None),
    ]


def test_23_contacts_are_found_by_name_and_by_the_end_of_a_number(ann: StaffMember) -> None:
    number, name = new_number(), f"Zoë{uuid4().hex[:8]}"
    sid = ann.add_contact(f"{name} Miller", number)
    for words in (f"{name[:6].lower()} mil", f"{name} {number[-4:]}"):
        assert [one["sid"] for one in ann.read("/Contacts", {"Q": words})["contacts"]] == [sid]


def test_23_a_word_in_a_thread_is_found_and_read_from_there(
    world: World, ann: StaffMember, ben: StaffMember, stranger: StaffMember
) -> None:
    kays, bobs = new_number(), new_number()
    ann.add_contact("Kay", kays, owner=ben.identity)
    group = active(ann, ann.create_group(FRONT_DESK, numbers(kays, bobs)))
    path = f"/Conversations/{group}/Messages"
    world.text(kays, FRONT_DESK, bobs, text="The café key is under the mat")
    until(lambda: ben.read(path)["messages"])
    for body in ("Thanks", "On my way", "Done"):
        write(ann, group, body)

    [hit] = ben.read(path, {"Q": "KEY cafe"})["messages"]
    assert (hit["author"], hit["index"]) == (kays, 0)
    behind = ben.read(path, {"After": str(hit["index"]), "PageSize": "2"})["messages"]
    assert [one["body"] for one in behind] == ["Thanks", "On my way"]
    newest = ben.read(path, {"Order": "desc", "PageSize": "1"})["messages"]
    assert [one["body"] for one in newest] == ["Done"]
    assert refused(stranger.get(path, {"Q": "key"}), 404, 20404)
