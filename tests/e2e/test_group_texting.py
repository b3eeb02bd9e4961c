"""Group texting end to end: Twilio's SDK on one side, handsets on the other, the deployed stack between."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from local.stack import Stack
from tests.support.stack_world import World, new_number, until

BANDWIDTH = ("+12065550100", "+12065550101")
TELNYX = ("+12065550110", "+12065550111")
MIXED = ("+12065550100", "+12065550110")
TWILIO = ("+12065550120", "+12065550121")
VONAGE = ("+12065550130", "+12065550131")
WITH_TWILIO = ("+12065550100", "+12065550120")
EACH_CARRIER = pytest.mark.parametrize(
    "number",
    [BANDWIDTH[0], TELNYX[0], TWILIO[0], VONAGE[0]],
    ids=["bandwidth", "telnyx", "twilio", "vonage"],
)
LINES = pytest.mark.parametrize(
    "lines",
    [BANDWIDTH, TELNYX, TWILIO, VONAGE, MIXED, WITH_TWILIO],
    ids=["bandwidth", "telnyx", "twilio", "vonage", "one of each", "one at Twilio"],
)
Pair = tuple[str, str]


def conversation(world: World, *participants: dict[str, str]) -> Any:
    """A conversation built member by member, as most integrations do."""
    made = world.api.conversations.create(friendly_name="12 Elm Street")
    for participant in participants:
        made.participants.create(**participant)
    return made


def agent(identity: str, number: str) -> dict[str, str]:
    return {"identity": identity, "messaging_binding_projected_address": number}


def native(number: str) -> dict[str, str]:
    return {"messaging_binding_address": number}


def statuses(world: World, sid: str, message_sid: str) -> list[tuple[str, int]]:
    """Status and error code of each receipt; one that is still inside has no status yet."""
    receipts = world.api.conversations(sid).messages(message_sid).delivery_receipts.list()
    return sorted((receipt.status or "", receipt.error_code) for receipt in receipts)


@LINES
def test_an_agent_and_two_homebuyers(world: World, lines: Pair) -> None:
    number, ann, ben = lines[0], new_number(), new_number()
    made = conversation(world, agent("agent", number), native(ann))

    made.messages.create(author="agent", body="Hello Ann")
    assert until(lambda: world.read_by(ann)) == [(number, "Hello Ann")]
    assert world.on_handset(ann)[0]["to"] == [ann]  # two parties: an ordinary text

    made.participants.create(**native(ben))
    made.messages.create(author="agent", body="Hello both")
    assert until(lambda: world.read_by(ben)) == [(number, "Hello both")]
    assert world.read_by(ann)[-1] == (number, "Hello both")
    assert set(world.on_handset(ben)[0]["to"]) == {ann, ben}  # one group text, not two texts

    world.text(ann, number, ben, text="Hi from Ann")
    assert until(lambda: len(world.messages(made.sid)) == 3)
    world.text(ben, ann, number, text="Hi from Ben")
    until(lambda: len(world.messages(made.sid)) == 4)
    world.settle()
    assert world.messages(made.sid) == [
        (0, "agent", "Hello Ann"),
        (1, "agent", "Hello both"),
        (2, ann, "Hi from Ann"),
        (3, ben, "Hi from Ben"),
    ]
    assert world.read_by(ben) == [(number, "Hello both"), (ann, "Hi from Ann"), (ben, "Hi from Ben")]
    assert world.read_by(ann)[2:] == [(ann, "Hi from Ann"), (ben, "Hi from Ben")]


@LINES
def test_two_agents_with_numbers_of_their_own_and_one_client(world: World, lines: Pair) -> None:
    client = new_number()
    made = conversation(world, agent("ann", lines[0]), agent("ben", lines[1]), native(client))
    made.messages.create(author="ann", body="This is Ann")
    made.messages.create(author="ben", body="This is Ben")
    until(lambda: len(world.on_handset(client)) == 2)
    world.text(client, *lines, text="Thanks, both")
    until(lambda: len(world.messages(made.sid)) == 3)
    world.settle()
    assert world.read_by(client) == [(lines[0], "This is Ann"), (lines[1], "This is Ben"), (client, "Thanks, both")]
    # Each reached our other number too, and the client's both: none of that is a message.
    assert world.messages(made.sid) == [
        (0, "ann", "This is Ann"),
        (1, "ben", "This is Ben"),
        (2, client, "Thanks, both"),
    ]


@LINES
def test_the_first_text_of_a_group_makes_its_conversation(world: World, lines: Pair) -> None:
    number, buyer, partner = lines[0], new_number(), new_number()
    world.text(buyer, partner, number, text="We would like to see it")
    sid = until(lambda: world.owner(buyer, partner, number))
    assert sid
    bindings = [p.messaging_binding for p in world.api.conversations(sid).participants.list()]
    assert sorted(binding.get("address") or binding["projected_address"] for binding in bindings) == sorted(
        [buyer, partner, number]
    )
    assert {"type": "sms", "projected_address": number} in bindings
    for sender, recipients in ((partner, (number, buyer)), (buyer, (number, partner)), (partner, (buyer, number))):
        world.text(sender, *recipients, text=f"from {sender}")
    until(lambda: len(world.messages(sid)) == 4)
    found = world.messages(sid)
    assert found[0] == (0, buyer, "We would like to see it")
    assert sorted(author for _, author, _ in found) == sorted([buyer, buyer, partner, partner])


@LINES
def test_two_own_numbers_in_one_group_make_one_conversation(world: World, lines: Pair) -> None:
    buyer = new_number()
    world.text(buyer, *lines, text="Hello you two")
    world.text(buyer, *lines, text="Hello you two")
    sid = until(lambda: world.owner(buyer, *lines))
    assert sid
    until(lambda: len(world.messages(sid)) == 2)
    world.settle()
    assert world.messages(sid) == [(0, buyer, "Hello you two"), (1, buyer, "Hello you two")]


@EACH_CARRIER
def test_a_standalone_number_is_written_from_gets_an_identity_and_is_handed_over(world: World, number: str) -> None:
    ann, ben = new_number(), new_number()
    made = conversation(world, {"messaging_binding_projected_address": number}, native(ann), native(ben))
    made.messages.create(author=number, body="The office")
    assert until(lambda: world.read_by(ann)) == [(number, "The office")]
    (projected,) = [p for p in made.participants.list() if "projected_address" in p.messaging_binding]
    assert projected.identity is None
    assert made.messages.list()[0].participant_sid == projected.sid

    assert projected.update(identity="carol").identity == "carol"
    made.messages.create(author="carol", body="Carol here")
    assert projected.update(identity="dave").identity == "dave"
    made.messages.create(author="dave", body="Dave took over")
    until(lambda: len(world.on_handset(ben)) == 3)
    assert world.read_by(ben) == [(number, "The office"), (number, "Carol here"), (number, "Dave took over")]
    with pytest.raises(TwilioRestException) as refused:
        made.messages.create(author="carol", body="Am I still here?")
    assert (refused.value.code, refused.value.status) == (50513, 400)


def test_a_whole_group_is_made_in_one_request_and_only_once(world: World) -> None:
    number, ann, ben = BANDWIDTH[0], new_number(), new_number()
    people = [
        f'{{"messaging_binding": {{"address": "{ann}"}}}}',
        f'{{"messaging_binding": {{"address": "{ben}"}}}}',
        f'{{"identity": "agent", "messaging_binding": {{"projected_address": "{number}"}}}}',
    ]
    made = world.api.conversation_with_participants.create(friendly_name="All at once", participant=people)
    assert made.state == "initializing"
    assert until(lambda: world.api.conversations(made.sid).fetch().state, lambda s: s == "active") == "active"
    assert len(world.api.conversations(made.sid).participants.list()) == 3
    with pytest.raises(TwilioRestException) as refused:
        world.api.conversation_with_participants.create(participant=people[::-1])
    assert (refused.value.code, refused.value.status) == (50438, 409)
    assert f"Group MMS with given participant list already exists as Conversation {made.sid}" in refused.value.msg
    assert world.owner(ben, number, ann) == made.sid


def test_existing_one_to_one_of_a_client_does_not_block_a_new_group(world: World) -> None:
    number, client, friend = BANDWIDTH[0], new_number(), new_number()
    first = conversation(world, agent("agent", number), native(client))
    second = conversation(world, agent("agent", number), native(client))
    with pytest.raises(TwilioRestException) as refused:
        second.messages.create(author="agent", body="Nowhere to go")
    assert first.sid in refused.value.msg
    second.participants.create(**native(friend))
    second.messages.create(author="agent", body="Now you are two")
    assert until(lambda: world.read_by(friend)) == [(number, "Now you are two")]


def test_masked_members_see_the_proxy_and_never_each_other(world: World) -> None:
    proxy, other_proxy, ann, ben = *BANDWIDTH, new_number(), new_number()
    made = conversation(
        world,
        {"messaging_binding_address": ann, "messaging_binding_proxy_address": proxy},
        {"messaging_binding_address": ben, "messaging_binding_proxy_address": other_proxy},
    )
    world.text(ann, proxy, text="Who is there?")
    assert until(lambda: world.read_by(ben)) == [(other_proxy, "Who is there?")]
    world.text(ben, other_proxy, text="Me")
    assert until(lambda: world.read_by(ann)[1:]) == [(proxy, "Me")]
    assert world.messages(made.sid) == [(0, ann, "Who is there?"), (1, ben, "Me")]


def test_a_long_text_of_a_masked_member_reaches_the_other_in_parts_with_one_receipt(world: World) -> None:
    """C7."""
    proxy, other_proxy, ann, ben = BANDWIDTH[0], VONAGE[0], new_number(), new_number()
    made = conversation(
        world,
        {"messaging_binding_address": ann, "messaging_binding_proxy_address": proxy},
        {"messaging_binding_address": ben, "messaging_binding_proxy_address": other_proxy},
    )
    parts = [letter * 900 for letter in "abc"]
    world.text(ann, proxy, text=" ".join(parts))
    assert until(lambda: world.read_by(ben), lambda found: len(found) == 3) == [(other_proxy, part) for part in parts]
    ((_, _, words),) = world.messages(made.sid)
    assert words == " ".join(parts)
    (said,) = made.messages.list()
    ended = until(lambda: statuses(world, made.sid, said.sid), lambda found: found[0][0] not in ("", "sent"))
    assert ended == [("delivered", 0)]


def test_a_group_and_a_masked_member_hear_each_other_and_know_who_wrote(world: World) -> None:
    number, proxy, ann, ben, cat = *BANDWIDTH, new_number(), new_number(), new_number()
    made = conversation(
        world,
        agent("jane", number),
        native(ann),
        native(ben),
        {"messaging_binding_address": cat, "messaging_binding_proxy_address": proxy, "attributes": '{"name": "Cat"}'},
    )
    world.text(cat, proxy, text="Is it still there?")
    assert until(lambda: world.read_by(ann)) == until(lambda: world.read_by(ben))
    assert world.read_by(ann) == [(number, "Cat: Is it still there?")]
    world.text(ann, number, ben, text="It is")
    assert until(lambda: world.read_by(cat)[1:]) == [(proxy, "#1: It is")]
    made.messages.create(author="jane", body="Come at noon")
    assert until(lambda: world.read_by(cat)[2:]) == [(proxy, "Come at noon")]
    assert until(lambda: world.read_by(ben)[2:]) == [(number, "Come at noon")]
    assert world.messages(made.sid) == [(0, cat, "Is it still there?"), (1, ann, "It is"), (2, "jane", "Come at noon")]
    assert not any(cat in str(world.on_handset(handset)) for handset in (ann, ben))


def test_group_text_on_a_twilio_line_without_its_roster_is_stored(world: World) -> None:
    number, ann, ben = TWILIO[0], new_number(), new_number()
    world.network(twilio_rosters=False)
    try:
        world.text(ann, ben, number, text=f"Hello Twilio {ann}")
        world.settle()
    finally:
        world.network(twilio_rosters=True)
    assert world.owner(ann, ben, number) is None
    # As a text of hers alone, for which this line makes no conversations.
    unrouted_texts = world.unrouted()
    assert [(one["sender"], one["recipients"]) for one in unrouted_texts if one["body"] == f"Hello Twilio {ann}"] == [
        (ann, [number])
    ]


def test_thread_on_a_twilio_line_reuses_its_group_and_other_members_get_another(world: World) -> None:
    number, ann, ben, cat = TWILIO[0], new_number(), new_number(), new_number()
    made = conversation(world, agent("agent", number), native(ann), native(ben))
    for body in ("one", "two"):
        made.messages.create(author="agent", body=body)
    member = made.participants.create(**native(cat))
    made.messages.create(author="agent", body="three")
    made.participants(member.sid).delete()
    made.messages.create(author="agent", body="four")
    received = until(lambda: world.read_by(ann), lambda seen: len(seen) == 4)
    assert received == [(number, body) for body in ("one", "two", "three", "four")]
    assert world.read_by(cat) == [(number, "three")]
    # What Ann answers in either thread comes here, and once: Twilio tells it twice.
    world.text(ann, number, ben, text="five")
    world.settle()
    assert [body for _, _, body in world.messages(made.sid)] == ["one", "two", "three", "four", "five"]


def test_two_parties_on_a_twilio_line_text_both_ways(world: World) -> None:
    number, ann = TWILIO[0], new_number()
    made = conversation(world, agent("agent", number), native(ann))
    sent = made.messages.create(author="agent", body="Hello Ann")
    assert until(lambda: world.read_by(ann)) == [(number, "Hello Ann")]
    world.text(ann, number, text="Hello agent")
    until(lambda: len(world.messages(made.sid)) == 2)
    assert world.messages(made.sid)[1] == (1, ann, "Hello agent")
    delivered = [("delivered", 0)]
    assert until(lambda: statuses(world, made.sid, sent.sid), lambda s: s == delivered) == delivered


# --- receipts


@EACH_CARRIER
@pytest.mark.parametrize(
    ("special", "expected"),
    [
        ("+12065550190", ("undelivered", 30003)),
        ("+12065550191", ("undelivered", 30006)),
        ("+12065550193", ("sent", 0)),
        ("+12065550194", ("delivered", 0)),
    ],
    ids=["never delivered", "landline", "no report", "throttled twice"],
)
def test_each_recipient_has_a_receipt_of_their_own(
    world: World, number: str, special: str, expected: tuple[str, int]
) -> None:
    if (number, special) == (VONAGE[0], "+12065550191"):
        expected = ("failed", 30005)  # it has no word for a landline, and says so at once
    ann = new_number()
    made = conversation(world, agent("agent", number), native(ann), native(special))
    sent = made.messages.create(author="agent", body=f"Is everybody there? {ann}")
    expected_statuses = sorted([("delivered", 0), expected])
    assert until(lambda: statuses(world, made.sid, sent.sid), lambda s: s == expected_statuses) == expected_statuses
    world.settle()
    assert world.read_by(ann) == [(number, f"Is everybody there? {ann}")]
    fetched = made.messages(sent.sid).fetch()
    assert fetched.delivery["total"] == 2
    assert fetched.delivery["delivered"] == ("all" if expected[0] == "delivered" else "some")
    made.delete()


@EACH_CARRIER
def test_a_member_who_opted_out_at_the_carrier_does_not_cost_the_others_their_text(world: World, number: str) -> None:
    ann, special = new_number(), "+12065550192"
    made = conversation(world, agent("agent", number), native(ann), native(special))
    sent = made.messages.create(author="agent", body=f"to those who listen {ann}")

    def settled(seen: list[tuple[str, int]]) -> bool:
        return seen[0] == ("delivered", 0) and seen[1][1] == 21610

    seen = until(lambda: statuses(world, made.sid, sent.sid), settled)
    assert settled(seen), seen
    assert world.read_by(ann) == [(number, f"to those who listen {ann}")]
    made.delete()


@pytest.mark.parametrize("number", [TELNYX[1], TWILIO[1]], ids=["telnyx", "twilio"])
def test_refusal_by_the_carrier_is_reported_with_its_reason(world: World, number: str) -> None:
    made = conversation(world, agent("agent", number), native("+12065550192"))
    sent = made.messages.create(author="agent", body="hello?")
    refused = [("failed", 21610)]
    assert until(lambda: statuses(world, made.sid, sent.sid), lambda s: s == refused) == refused
    # Known from then on: nobody would get the next one.
    with pytest.raises(TwilioRestException) as again:
        made.messages.create(author="agent", body="hello?")
    assert again.value.code == 21610
    made.delete()


@EACH_CARRIER
def test_lost_answer_is_settled_by_reports_without_a_second_send(world: World, number: str) -> None:
    special = "+12065550195"
    made = conversation(world, agent("agent", number), native(special))
    body = f"Did you get this? {made.sid}"
    sent = made.messages.create(author="agent", body=body)
    delivered = [("delivered", 0)]
    assert until(lambda: statuses(world, made.sid, sent.sid), lambda s: s == delivered) == delivered
    assert [text for _, text in world.read_by(special)].count(body) == 1
    assert [send["text"] for send in world.sends()].count(body) == 1
    made.delete()


@EACH_CARRIER
def test_an_unruly_network_changes_nothing(world: World, number: str) -> None:
    """Every webhook comes three times, in any order, and reports come before the answer to the send."""
    ann, ben = new_number(), new_number()
    world.network(repeat=2, reorder=True, answer_delay_ms=300)
    try:
        made = conversation(world, agent("agent", number), native(ann), native(ben))
        sent = made.messages.create(author="agent", body="one")
        for number_of_text in range(3):
            world.text(ann, number, ben, text=f"reply {number_of_text}")
        delivered = [("delivered", 0)] * 2
        assert until(lambda: statuses(world, made.sid, sent.sid), lambda s: s == delivered) == delivered
        until(lambda: len(world.messages(made.sid)) >= 4)
        world.settle()
    finally:
        world.network(repeat=0, reorder=False, answer_delay_ms=0)
    found = world.messages(made.sid)
    assert [index for index, _, _ in found] == [0, 1, 2, 3]
    assert sorted(body or "" for _, _, body in found) == ["one", "reply 0", "reply 1", "reply 2"]
    assert [text for _, text in world.read_by(ben)].count("one") == 1


def test_messages_of_one_conversation_leave_in_their_order(world: World) -> None:
    ann, ben = new_number(), new_number()
    made = conversation(world, agent("agent", BANDWIDTH[0]), native(ann), native(ben))
    said = [f"line {number}" for number in range(12)]
    for body in said:
        made.messages.create(author="agent", body=body)
    until(lambda: len(world.on_handset(ben)) == len(said))
    assert [text for _, text in world.read_by(ben)] == said


def test_a_closed_group_lets_its_people_go(world: World) -> None:
    number, ann, ben = BANDWIDTH[0], new_number(), new_number()
    made = conversation(world, agent("agent", number), native(ann), native(ben))
    made.update(state="closed")
    assert world.owner(ann, ben, number) is None
    world.text(ann, ben, number, text="Hello again")
    sid = until(lambda: world.owner(ann, ben, number))
    assert sid and sid != made.sid
    assert world.messages(sid) == [(0, ann, "Hello again")]


def test_a_deleted_conversation_is_gone_with_all_it_held(world: World, stack: Stack) -> None:
    number, ann, ben = BANDWIDTH[0], new_number(), new_number()
    made = conversation(world, agent("agent", number), native(ann), native(ben))
    made.messages.create(author="agent", body="soon gone")
    assert made.delete() is True
    with pytest.raises(TwilioRestException) as gone:
        world.api.conversations(made.sid).fetch()
    assert (gone.value.code, gone.value.status) == (20404, 404)
    assert world.owner(ann, ben, number) is None

    def left() -> list[str]:
        pages = [
            stack.client("dynamodb").query(
                TableName=stack.output("TableName"),
                KeyConditionExpression="PK = :held",
                ExpressionAttributeValues={":held": {"S": f"{kind}#{made.sid}"}},
            )
            for kind in ("C", "M")
        ]
        return [item["PK"]["S"] for page in pages for item in page["Items"]]

    assert until(left, lambda found: not found) == []
