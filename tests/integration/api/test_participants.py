"""Participants: which kinds there are, what each may become, and whose the threads are."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from partyline.domain import sids, threads
from partyline.storage import conversations as store
from partyline.storage import lines
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, A, Api, B, C, Clock, D, P, Q, Racing, T

INVISIBLE = "Invalid parameter Identity: it has control characters, or such that change its direction"
NAMES = {
    "address": "MessagingBinding.Address",
    "proxy": "MessagingBinding.ProxyAddress",
    "projected": "MessagingBinding.ProjectedAddress",
}


def change(api: Api, conversation: str, member: str, **form: str) -> tuple[int, int, str] | dict[str, object]:
    """An update's answer, or its refusal."""
    named = {NAMES.get(name, name): value for name, value in form.items()}
    reply = api.post(f"/Conversations/{conversation}/Participants/{member}", named)
    return reply.body if reply.status == 200 else reply.error


def role(api: Api, kind: str = "conversation") -> str:
    """The SID of a new role."""
    return str(api.made("/Roles", {"FriendlyName": "mine", "Type": kind, "Permission": "addParticipant"})["sid"])


def test_a_new_participant_has_every_documented_member(api: Api) -> None:
    sid, given = api.conversation(), role(api)
    reply = api.add(sid, identity="ann", Attributes='{"x":1}', RoleSid=given, DateCreated="2020-01-01T00:00:00Z")
    assert reply.body == {
        "sid": reply.body["sid"],
        "account_sid": ACCOUNT,
        "conversation_sid": sid,
        "identity": "ann",
        "attributes": '{"x":1}',
        "messaging_binding": None,
        "contact": None,
        "role_sid": given,
        "date_created": "2020-01-01T00:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "last_read_message_index": None,
        "last_read_timestamp": None,
        "url": f"{BASE}/v1/Conversations/{sid}/Participants/{reply.body['sid']}",
    }
    for name in (reply.body["sid"], "ann"):
        assert api.get(f"/Conversations/{sid}/Participants/{name}").body == reply.body


@pytest.mark.parametrize(
    ("members", "binding"),
    [
        ({"address": A}, {"type": "sms", "address": A}),
        ({"address": " 12065550150"}, {"type": "sms", "address": A}),
        ({"address": "(206) 555-0150"}, {"type": "sms", "address": A}),
        ({"address": A, "proxy": P}, {"type": "sms", "address": A, "proxy_address": P}),
        ({"projected": P}, {"type": "sms", "projected_address": P}),
        ({"identity": "ann", "projected": P}, {"type": "sms", "projected_address": P}),
        ({"identity": "ann"}, None),
        ({"identity": "ann", "address": "", "projected": ""}, None),
    ],
)
def test_each_kind_of_participant_has_its_binding(api: Api, members: dict[str, str], binding: object) -> None:
    if "address" in members and not members["address"]:
        members = {name: value for name, value in members.items() if name != "address"}
    reply = api.add(api.conversation(), **members)
    assert reply.status == 201, reply.body
    assert reply.body["messaging_binding"] == binding
    assert reply.body["identity"] == members.get("identity")


LONG = "x" * 257
NOBODY = "Invalid parameter Identity: give Identity, MessagingBinding.Address or MessagingBinding.ProjectedAddress"
BOTH = (
    "Invalid messaging binding address: a participant has an Address (a handset) or a ProjectedAddress (one of your "
    "numbers), not both"
)


@pytest.mark.parametrize(
    ("members", "error"),
    [
        (
            {},
            (
                400,
                20001,
                NOBODY,
            ),
        ),
        (
            {"address": A, "projected": P},
            (400, 50407, BOTH),
        ),
        (
            {"address": P},
            (
                400,
                50407,
                "Invalid messaging binding address: it is one of your own numbers; give it as ProjectedAddress",
            ),
        ),
        (
            {"address": "somebody"},
            (400, 50407, "Invalid messaging binding address: it is not a phone number in E.164 form"),
        ),
        (
            {"address": LONG},
            (400, 50407, "Invalid messaging binding address: at most 256 characters"),
        ),
        (
            {"address": "😀" * 256},
            (400, 50407, "Invalid messaging binding address: it is not a phone number in E.164 form"),
        ),
        ({"address": ""}, (400, 50411, "Participant address is empty")),
        ({"address": A, "proxy": ""}, (400, 50412, "Participant proxy address is empty")),
        ({"proxy": P}, (400, 50411, "Participant address is empty")),
        ({"address": A, "proxy": A}, (400, 50409, "Participant address equals proxy address")),
        ({"address": A, "proxy": B}, (400, 50413, "Account is not authorized to use proxy address")),
        (
            {"identity": "ann", "address": A},
            (400, 50211, "Identity parameter not acceptable for this Participant: it has an address"),
        ),
        ({"projected": A}, (400, 50439, "Account is not authorized to use the projected address")),
        ({"projected": "x"}, (400, 50439, "Account is not authorized to use the projected address")),
        ({"identity": LONG}, (400, 50207, "Identity too long: at most 256 bytes")),
        # A10: a key of the table is counted in bytes.
        ({"identity": "🦆" * 256}, (400, 50207, "Identity too long: at most 256 bytes")),
        ({"identity": "a\0b"}, (400, 20001, INVISIBLE)),
        ({"identity": "a\u202eb"}, (400, 20001, INVISIBLE)),
        ({"identity": "System"}, (400, 50203, "Identity reserved")),
        ({"identity": "US" + "a" * 32}, (400, 50206, "Identity should not match user SID pattern")),
        ({"identity": "a", "Attributes": "x"}, (400, 50304, "Attributes not valid JSON")),
        ({"identity": "a", "Attributes": f'"{"x" * 4096}"'}, (400, 50303, "Attributes too long: at most 4096 bytes")),
        (
            {"identity": "a", "DateCreated": "x"},
            (400, 50308, "Invalid Date Created parameter: it is not an ISO 8601 date"),
        ),
        (
            {"identity": "a", "DateUpdated": "x"},
            (400, 50309, "Invalid Date Updated parameter: it is not an ISO 8601 date"),
        ),
        (
            {"identity": "a", "RoleSid": "RL1"},
            (400, 20001, "Invalid parameter RoleSid: it is not RL and 32 hexadecimal digits"),
        ),
    ],
)
def test_what_is_no_participant_is_refused(api: Api, members: dict[str, str], error: tuple[int, int, str]) -> None:
    sid = api.conversation()
    assert api.add(sid, **members).error == error
    assert api.get(f"/Conversations/{sid}/Participants").body["participants"] == []


def test_a_foreign_address_is_refused_as_it_was_written(api: Api) -> None:
    """U8: never in the form of our keys; alone, and among the participants of a new conversation."""
    given, sid = "whatsapp:+12065550150", api.conversation()
    refused = api.add(sid, address=given)
    assert (refused.error[:2], refused.body["details"]["address"]) == ((400, 50407), given)
    people = [{"messaging_binding": {"projected_address": P}}, {"messaging_binding": {"address": given}}]
    form = [("Participant", json.dumps(person)) for person in people]
    refused = api.post("/ConversationWithParticipants", form)
    assert (refused.error[:2], refused.body["details"]["address"]) == ((400, 50407), given)


def test_participant_cannot_join_a_conversation_twice(api: Api) -> None:
    group = api.group(A)
    assert api.add(group, identity="agent").error == (409, 50433, "Participant already exists")
    again = (409, 50437, "Group Participant already exists")
    assert api.add(group, address=A).error == again
    assert api.add(group, projected=P).error == again
    assert api.add(group, identity="other", projected=P).error == again
    masked = api.conversation()
    api.member(masked, address=C, proxy=P)
    taken = f"A binding for this participant and proxy address already exists in Conversation {masked}"
    assert api.add(masked, address=C, proxy=P).error == (409, 50416, taken)


def test_a_group_is_taken_whatever_is_added_last(api: Api) -> None:
    first = api.group(A, B)
    taken = (409, 50438, f"Group MMS with given participant list already exists as Conversation {first}")
    second = api.group(A)
    reply = api.add(second, address=B)
    assert reply.error == taken
    assert reply.body["details"] == {"conversation_sid": first}
    third = api.conversation()
    api.member(third, address=A)
    api.member(third, address=B)
    assert api.add(third, projected=P).error == taken
    assert len(api.get(f"/Conversations/{third}/Participants").body["participants"]) == 2


def test_a_pair_behind_a_proxy_is_one_conversations(api: Api) -> None:
    first, second = api.conversation(), api.conversation()
    api.member(first, address=A, proxy=P)
    taken = (409, 50416, f"A binding for this participant and proxy address already exists in Conversation {first}")
    assert api.add(second, address=A, proxy=P).error == taken
    api.member(second, address=A, proxy=Q)
    api.member(second, address=B, proxy=P)
    assert api.post(f"/Conversations/{first}", {"State": "closed"}).status == 200
    api.member(second, address=A, proxy=P)


def test_two_parties_join_although_another_conversation_has_their_thread(api: Api) -> None:
    first = api.group(A)
    second = api.group(A)
    third = api.group(A, B)
    assert api.say(first).status == 201
    assert api.say(second).error == (
        409,
        50416,
        f"A binding for this participant and proxy address already exists in Conversation {first}",
    )
    assert api.say(third).status == 201


def test_number_cannot_be_a_native_and_a_masked_member_at_once(api: Api) -> None:
    group = api.group(A, B)
    refused = (409, 50437, "Group Participant already exists")
    assert api.add(group, address=A, proxy=P).error == refused
    assert api.add(group, address=A, proxy=Q).error == refused
    masked = api.member(group, address=C, proxy=Q)
    assert api.add(group, address=C).error == refused
    assert change(api, group, masked, proxy="null") != refused


def test_the_limit_of_a_group_counts_our_own_numbers(api: Api) -> None:
    small = Api(replace(api.context, group_limit=4))
    group = small.group(A, B, C)
    full = (400, 50436, "Participant limit exceeded for group conversation: at most 4")
    assert small.add(group, address=D).error == full
    assert small.add(group, projected=Q).error == full


@pytest.mark.parametrize("address", ["+442071838750", "+16714720000", "97167"])
def test_a_group_is_for_us_and_canadian_numbers_and_a_pair_for_others_too(api: Api, address: str) -> None:
    pair = api.conversation()
    api.member(pair, address=address)
    api.member(pair, projected=P)
    refused = api.add(api.group(A, own=Q), address=address)
    assert (refused.status, refused.body["code"]) == (400, 50407)


def test_a_chat_only_participant_cannot_join_a_group_nor_a_group_form_around_one(api: Api) -> None:
    group = api.group(A, B)
    assert api.add(group, identity="ann").error == (400, 50434, "Participant projected address not provided")
    pair = api.group(C)
    api.member(pair, identity="ann")
    assert api.add(pair, address=D).error == (
        400,
        50435,
        "Group MMS activation failed: participant ann has no projected address",
    )


def test_a_new_member_wakes_an_inactive_conversation(api: Api, table: Table) -> None:
    sid = api.conversation(State="inactive")
    member = api.member(sid, identity="ann")
    assert api.get(f"/Conversations/{sid}").body["state"] == "active"
    assert [one["sid"] for one in api.get("/Conversations", {"State": "active"}).body["conversations"]] == [sid]
    assert api.get("/Conversations", {"State": "inactive"}).body["conversations"] == []
    api.post(f"/Conversations/{sid}", {"State": "inactive"})
    change(api, sid, member, projected=P)
    api.delete(f"/Conversations/{sid}/Participants/{member}")
    assert api.get(f"/Conversations/{sid}").body["state"] == "inactive"


def test_an_own_number_gets_an_identity_is_handed_over_and_stands_alone_again(api: Api) -> None:
    sid = api.conversation()
    for address in (A, B):
        api.member(sid, address=address)
    own = api.member(sid, projected=P)
    assert api.say(sid, author=P).body["participant_sid"] == own
    for identity in ("ann", "bob"):
        after = change(api, sid, own, Identity=identity)
        assert isinstance(after, dict)
        assert (after["identity"], after["messaging_binding"]) == (identity, {"type": "sms", "projected_address": P})
        assert api.say(sid, author=identity).body["participant_sid"] == own
    assert api.say(sid, author="ann").body["code"] == 50513
    detached = change(api, sid, own, Identity="")
    assert isinstance(detached, dict)
    assert detached["identity"] is None
    assert api.say(sid, author="bob").body["code"] == 50513


def test_new_identity_of_a_number_has_no_horizon_or_role_of_the_previous_one(api: Api) -> None:
    sid = api.group(A)
    own = api.get(f"/Conversations/{sid}/Participants/agent").body["sid"]
    api.say(sid)
    role = sids.derive(sids.ROLE, sids.default_service(ACCOUNT), "channel admin")
    before = change(api, sid, own, LastReadMessageIndex="0", RoleSid=role)
    assert isinstance(before, dict)
    assert (before["last_read_message_index"], before["role_sid"]) == (0, role)
    after = change(api, sid, own, Identity="bob")
    assert isinstance(after, dict)
    assert (after["last_read_message_index"], after["last_read_timestamp"]) == (None, None)
    assert after["role_sid"] == sids.derive(sids.ROLE, sids.default_service(ACCOUNT), "channel user")
    both = change(api, sid, own, Identity="cy", RoleSid=role)
    assert isinstance(both, dict)
    assert both["role_sid"] == role


def test_an_identity_is_refused_where_it_cannot_be_shown(api: Api) -> None:
    group = api.group(A, own=P)
    native = next(
        one["sid"]
        for one in api.get(f"/Conversations/{group}/Participants").body["participants"]
        if one["identity"] is None
    )
    refused = (400, 50444, "Failed to add an identity to a participant: it has no projected address")
    assert change(api, group, native, Identity="ann") == refused
    other = api.conversation()
    chat = api.member(other, identity="ann")
    assert change(api, other, chat, Identity="bob") == refused
    second = api.member(group, projected=Q)
    assert change(api, group, second, Identity="agent") == (409, 50433, "Participant already exists")


def test_a_projected_address_moves_on_and_off_an_identity(api: Api) -> None:
    sid = api.conversation()
    api.member(sid, address=A)
    chat = api.member(sid, identity="ann")
    none = (400, 50442, "Failed to remove the projected address of a participant: the participant has none")
    assert change(api, sid, chat, projected="") == none
    after = change(api, sid, chat, projected=P.replace("+", " "))
    assert isinstance(after, dict)
    assert after["messaging_binding"] == {"type": "sms", "projected_address": P}
    again = (
        400,
        50443,
        "Failed to add a projected address to a participant: the participant already has a messaging binding",
    )
    assert change(api, sid, chat, projected=P) == again
    assert change(api, sid, chat, projected=Q) == again
    for removal in ("", "null"):
        off = change(api, sid, chat, projected=removal)
        assert isinstance(off, dict)
        assert off["messaging_binding"] is None
        change(api, sid, chat, projected=P)
    own = api.member(sid, projected=Q)
    assert change(api, sid, own, projected="null") == (
        400,
        50442,
        "Failed to remove the projected address of a participant: the participant is nothing else; delete it instead",
    )
    other = (400, 50439, "Account is not authorized to use the projected address")
    change(api, sid, chat, projected="null")
    assert change(api, sid, chat, projected=C) == other


def test_a_native_member_goes_behind_a_proxy_and_out_again(api: Api, table: Table) -> None:
    sid = api.conversation()
    native = api.member(sid, address=A)
    chat = api.member(sid, identity="ann")
    none = (400, 50440, "Failed to remove the proxy address of a participant: the participant has none")
    refused = (
        400,
        50441,
        "Failed to add a proxy address to a participant: the participant has no address, or has this proxy already",
    )
    assert change(api, sid, native, proxy="null") == none
    assert change(api, sid, chat, proxy=P) == refused
    after = change(api, sid, native, proxy=P)
    assert isinstance(after, dict)
    assert after["messaging_binding"] == {"type": "sms", "address": A, "proxy_address": P}
    assert store.find_owner(table, f"{P},{A}") == sid
    assert change(api, sid, native, proxy=P) == refused
    assert isinstance(change(api, sid, native, proxy=Q), dict)
    assert store.find_owner(table, f"{P},{A}") is None
    assert isinstance(change(api, sid, native, proxy=""), dict)
    assert store.find_owner(table, f"{Q},{A}") is None


def test_an_update_that_would_take_another_conversations_group_is_refused(api: Api) -> None:
    first = api.group(A, B)
    second = api.conversation()
    api.member(second, address=A)
    api.member(second, address=B)
    chat = api.member(second, identity="ann")
    taken = f"Group MMS with given participant list already exists as Conversation {first}"
    assert change(api, second, chat, projected=P) == (409, 50438, taken)
    assert isinstance(change(api, second, chat, projected=Q), dict)


def test_a_member_keeps_a_number_whose_line_is_gone(api: Api, table: Table) -> None:
    group = api.group(A, B, own=T)
    lines.remove(table, T)
    after = change(api, group, "agent", Identity="ann")
    assert isinstance(after, dict)
    assert after["messaging_binding"] == {"type": "sms", "projected_address": T}


def test_settings_change_without_touching_the_threads(api: Api, clock: Clock) -> None:
    group = api.group(A, B)
    before = api.get(f"/Conversations/{group}/Participants/agent").body
    clock.tick(minutes=1)
    given = role(api)
    after = change(api, group, "agent", Attributes='{"a":1}', RoleSid=given, DateCreated="2020-01-01")
    assert after == {
        **before,
        "attributes": '{"a":1}',
        "role_sid": given,
        "date_created": "2020-01-01T00:00:00Z",
        "date_updated": "2026-11-22T12:01:00Z",
    }
    assert api.get(f"/Conversations/{group}/Participants/agent").body == after
    assert api.post(f"/Conversations/{group}/Participants/agent", {}).status == 200


def test_the_read_horizon_is_an_index_of_the_conversation_and_a_time(api: Api, clock: Clock) -> None:
    sid = api.conversation()
    api.member(sid, identity="ann")
    wrong = (400, 50421, "Invalid last read message index format: it is not an index of this conversation")
    assert change(api, sid, "ann", LastReadMessageIndex="0") == wrong
    for _ in range(3):
        api.say(sid, author="ann")
    for index in ("3", "-1", "1.0", "x", " ", "²", "9" * 50, "0000000000999", "0" * 5000):
        assert change(api, sid, "ann", LastReadMessageIndex=index) == wrong
    after = change(api, sid, "ann", LastReadMessageIndex="2")
    assert isinstance(after, dict)
    assert (after["last_read_message_index"], after["last_read_timestamp"]) == (2, "2026-11-22T12:00:00Z")
    after = change(api, sid, "ann", LastReadTimestamp="2026-11-22T14:00:00+01:00")
    assert isinstance(after, dict)
    assert (after["last_read_message_index"], after["last_read_timestamp"]) == (2, "2026-11-22T13:00:00Z")
    assert change(api, sid, "ann", LastReadTimestamp="noon") == (
        400,
        20001,
        "Invalid parameter LastReadTimestamp: it is not an ISO 8601 date",
    )


@pytest.mark.parametrize("nothing", ["", "null"])
def test_a_read_horizon_is_taken_away_with_its_time(api: Api, nothing: str) -> None:
    sid = api.conversation()
    before = api.add(sid, identity="ann").body
    api.say(sid, author="ann")
    assert isinstance(change(api, sid, "ann", LastReadMessageIndex="0"), dict)
    assert change(api, sid, "ann", LastReadMessageIndex=nothing) == before
    assert api.get(f"/Conversations/{sid}/Participants/ann").body == before


# --- roles


def test_member_by_identity_has_the_services_default_role(api: Api) -> None:
    sid = api.conversation()
    default = api.add(sid, identity="ann").body["role_sid"]
    assert api.get(f"/Roles/{default}").body["friendly_name"] == "channel user"
    assert api.add(sid, address=A).body["role_sid"] is None
    given = role(api)
    after = change(api, sid, "ann", RoleSid=given)
    assert isinstance(after, dict)
    assert after["role_sid"] == given


def test_a_role_that_is_no_conversation_role_of_the_service_is_refused(api: Api) -> None:
    sid = api.conversation()
    api.member(sid, identity="ann")
    before = api.get(f"/Conversations/{sid}/Participants").body
    elsewhere = api.made("/Services", {"FriendlyName": "other"})["sid"]
    theirs = api.get(f"/Services/{elsewhere}/Roles").body["roles"]
    for wrong in (role(api, "service"), "RL" + "b" * 32, *(one["sid"] for one in theirs)):
        refused = (400, 50100, "Role not found: this Service has no such role of the type conversation")
        assert api.add(sid, identity="bob", RoleSid=wrong).error == refused
        assert change(api, sid, "ann", RoleSid=wrong) == refused
    assert api.get(f"/Conversations/{sid}/Participants").body == before


# --- identities are users


def users(api: Api) -> dict[str, str]:
    """SIDs of users by identity."""
    return {user["identity"]: user["sid"] for user in api.get("/Users").body["users"]}


def test_who_joins_by_identity_is_a_user(api: Api) -> None:
    sid = api.conversation()
    api.member(sid, identity="ann")
    api.member(sid, address=A)
    known = users(api)
    assert set(known) == {"ann"}
    api.made("/Users", {"Identity": "bob", "FriendlyName": "Bob", "Attributes": "[1]"})
    before = api.get("/Users/bob").body
    api.member(api.conversation(), identity="ann")
    api.member(sid, identity="bob")
    assert users(api) == {**known, "bob": before["sid"]}
    assert api.get("/Users/bob").body == before


def test_who_takes_over_an_own_number_is_a_user(api: Api) -> None:
    sid = api.conversation()
    api.member(sid, address=A)
    own = api.member(sid, projected=P)
    assert isinstance(change(api, sid, own, Identity="ann"), dict)
    assert set(users(api)) == {"ann"}
    assert isinstance(change(api, sid, own, Identity="bob"), dict)
    assert set(users(api)) == {"ann", "bob"}


def test_who_is_refused_is_no_user(api: Api) -> None:
    group = api.group(A, B)
    assert api.add(group, identity="ann").status == 400
    assert set(users(api)) == {"agent"}


def test_members_who_are_added_at_once_are_all_in_it(api: Api, table: Table) -> None:
    sid = api.conversation()
    arriving = iter([{"address": A}, {"address": B}, {"projected": P}])
    racing = Api(replace(api.context, table=Racing(table, 3, "member", lambda: api.member(sid, **next(arriving)))))
    racing.member(sid, address=C)
    assert store.find_owner(table, threads.build_key([A, B, C, P])) == sid
    identity = iter("xyz")
    own = api.get(f"/Conversations/{sid}/Participants").body["participants"]
    (own_sid,) = [one["sid"] for one in own if "projected_address" in one["messaging_binding"]]
    racing = Api(
        replace(
            api.context, table=Racing(table, 2, "member", lambda: change(api, sid, own_sid, Identity=next(identity)))
        )
    )
    assert racing.delete(f"/Conversations/{sid}/Participants/{own_sid}").status == 204


@pytest.mark.usefixtures("instant_retries")
def test_a_change_of_members_that_never_wins_is_refused(api: Api, table: Table) -> None:
    sid = api.conversation()
    name = itertools.count()

    def rename() -> None:
        api.post(f"/Conversations/{sid}", {"FriendlyName": str(next(name))})

    racing = Api(replace(api.context, table=Racing(table, 99, "member", rename)))
    status, code, message = racing.add(sid, identity="ann").error
    assert (status, code) == (409, 50419)
    assert message.startswith("Conflicting member modification")
    assert api.get(f"/Conversations/{sid}/Participants").body["participants"] == []


def test_participants_are_listed_page_by_page(api: Api) -> None:
    sid = api.conversation()
    members = {api.member(sid, identity=f"person {number}") for number in range(5)}
    page = api.get(f"/Conversations/{sid}/Participants", {"PageSize": "2"}).body
    assert page["meta"]["key"] == "participants"
    seen = [one["sid"] for one in page["participants"]]
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
        seen += [one["sid"] for one in page["participants"]]
    assert len(seen) == 5
    assert set(seen) == members


def test_a_late_horizon_of_the_one_before_is_not_the_next_ones(api: Api) -> None:
    sid = api.group(A)
    own = api.get(f"/Conversations/{sid}/Participants/agent").body["sid"]
    api.say(sid)

    def hand_over() -> None:
        assert isinstance(change(api, sid, own, Identity="bob"), dict)

    racing = Api(replace(api.context, table=Racing(api.context.table, 1, "member", hand_over)))
    late = racing.post(f"/Conversations/{sid}/Participants/agent", {"LastReadMessageIndex": "0"})
    assert late.error[:2] == (404, 20404)
    assert api.get(f"/Conversations/{sid}/Participants/bob").body["last_read_message_index"] is None
