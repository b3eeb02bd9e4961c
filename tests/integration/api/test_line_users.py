"""Who may use a line: people bring into conversations, and write from, only lines whose users name them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.api import filtered_lists
from partyline.domain import sids
from partyline.domain.lines import Line
from partyline.storage import keys, lines, queries
from partyline.storage.table import Table
from partyline.webhooks.pre_action import PreActionDecision
from tests.support import people
from tests.support.api_harness import A, Api, B, C, Clock, Counting, P, Q, Reply, T
from tests.support.people import SERVICE, administrator, another_service

As = Callable[..., Api]
NEW = "+12065550199"


@pytest.fixture
def acting(api: Api) -> As:
    """The API as a chat identity calls it."""
    return partial(people.acting, api)


def allow(api: Api, line: str, *users: str) -> Reply:
    """Set the users of a line."""
    return api.post(f"/Lines/{line}", [("Users", user) for user in users] or {"Users": ""})


def with_participants(who: Api, *members: Mapping[str, object]) -> Reply:
    return who.post("/ConversationWithParticipants", [("Participant", json.dumps(one)) for one in members])


def not_permitted(reply: Reply, line: str) -> bool:
    reason = f"User not authorized for command: you are not among the users of line {line}"
    return reply.error == (403, 50107, reason) and reply.body["details"]["line"] == line


# --- the setting


def test_a_new_line_has_no_user_and_one_from_before_has_everyone(api: Api, table: Table, clock: Clock) -> None:
    assert api.made("/Lines", {"Address": NEW, "Carrier": "telnyx"})["users"] == []
    assert "users" not in (table.get(keys.line(P)) or {})
    assert api.get(f"/Lines/{P}").body["users"] == ["*"]
    # A change of something else does not set them.
    api.post(f"/Lines/{P}", {"FriendlyName": "Front desk"})
    assert "users" not in (table.get(keys.line(P)) or {})


def test_users_and_label_are_set_replaced_and_cleared(api: Api, table: Table) -> None:
    other = another_service(api)
    given = ["ann", f"{SERVICE}/ann", f"{other}/ann", f"{other}/*", "ann/home"]
    made = api.made(
        "/Lines", [("Address", NEW), ("Carrier", "telnyx"), ("Label", "Sales"), *(("Users", user) for user in given)]
    )
    assert made["users"] == ["ann", f"{other}/ann", f"{other}/*", "ann/home"]
    assert made["label"] == "Sales"
    stored = lines.fetch(table, [NEW])[NEW]
    assert stored.users == (f"{SERVICE}/ann", f"{other}/ann", f"{other}/*", f"{SERVICE}/ann/home")
    assert allow(api, NEW, "ben").body["users"] == ["ben"]
    assert api.post(f"/Lines/{NEW}", {"Label": ""}).body["label"] is None
    assert api.get(f"/Lines/{NEW}").body["users"] == ["ben"]
    assert allow(api, NEW).body["users"] == []
    assert allow(api, NEW, "", "*").body["users"] == ["*"]


def test_a_user_keeps_its_service_when_another_one_becomes_the_default(api: Api) -> None:
    other = another_service(api)
    allow(api, P, "ann", f"{other}/ben")
    api.post("/Configuration", {"DefaultChatServiceSid": other})
    assert api.get(f"/Lines/{P}").body["users"] == [f"{SERVICE}/ann", "ben"]


@pytest.mark.parametrize(
    "users",
    [
        ["system"],
        ["ann", "US" + "0" * 32],
        ["a\nb"],
        ["x" * 257],
        [f"IS{'0' * 32}/"],
        [f"IS{'0' * 32}/ann"],
        [f"user {number}" for number in range(101)],
    ],
)
def test_users_that_cannot_be_are_refused(api: Api, users: list[str]) -> None:
    reply = allow(api, P, *users)
    assert reply.error[:2] == (400, 20001)
    assert reply.body["details"] == {"parameter": "Users"}
    assert api.get(f"/Lines/{P}").body["users"] == ["*"]


def test_a_hundred_users_fit(api: Api) -> None:
    assert len(allow(api, P, *(f"user {number}" for number in range(100))).body["users"]) == 100


_ODD_USERS = (
    "",
    "*",
    "/",
    "ann/",
    "*/ann",
    "system",
    SERVICE,
    f"{SERVICE}/",
    f"{SERVICE}/*",
    f"{SERVICE}//",
    "é" * 200,
)


@given(
    users=st.lists(
        st.one_of(st.sampled_from(_ODD_USERS), st.text(st.characters(exclude_categories=["Cs"]), max_size=30)),
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_users_are_given_they_are_stored_or_refused(api: Api, users: list[str]) -> None:
    before = api.get(f"/Lines/{P}").body["users"]
    reply = allow(api, P, *users)
    assert reply.status in (200, 400)
    after = api.get(f"/Lines/{P}").body["users"]
    if reply.status == 400:
        assert after == before
    else:
        # What is shown names the same users again.
        assert allow(api, P, *after).body["users"] == after == reply.body["users"]


# --- adding


def test_a_person_adds_a_line_only_if_it_is_theirs(api: Api, acting: As) -> None:
    allow(api, P, "ann")
    allow(api, Q)
    ann, ben = acting("ann"), acting("ben")
    conversation = ann.conversation()
    unknown = ann.add(conversation, projected="+12065550188").error
    assert ann.add(conversation, projected=Q).error == unknown == (400, 50439, unknown[2])
    unknown = ann.add(conversation, address=A, proxy="+12065550188").error
    assert ann.add(conversation, address=A, proxy=Q).error == unknown == (400, 50413, unknown[2])
    assert ann.add(conversation, identity="ben", projected=Q).error[1] == 50439
    assert ann.add(conversation, address=A, proxy=P).status == 201
    assert ann.add(conversation, projected=P).status == 201
    bens = ben.conversation()
    assert ben.add(bens, projected=P).error[1] == 50439
    assert len(ben.get(f"/Conversations/{bens}/Participants").body["participants"]) == 1
    # The account may always.
    assert api.add(bens, projected=Q).status == 201


def test_an_administrator_is_no_exception(api: Api) -> None:
    allow(api, P, "ann")
    boss = administrator(api)
    assert boss.add(boss.conversation(), projected=P).error[1] == 50439


def test_a_person_makes_a_group_or_a_masked_pair_only_on_a_line_of_theirs(api: Api, acting: As) -> None:
    allow(api, P, "ann")
    ann, ben = acting("ann"), acting("ben")

    def group(who: str) -> list[dict[str, object]]:
        return [
            {"identity": who, "messaging_binding": {"projected_address": P}},
            {"messaging_binding": {"address": A}},
            {"messaging_binding": {"address": B}},
        ]

    masked = {"messaging_binding": {"address": C, "proxy_address": P}}
    refused = with_participants(ben, *group("ben"))
    assert refused.error[:2] == (400, 50439)
    assert refused.body["details"]["participant"] == 1
    assert with_participants(ben, masked).error[:2] == (400, 50413)
    assert api.get("/Conversations").body["conversations"] == []
    assert with_participants(ann, *group("ann")).status == 202
    assert with_participants(ann, masked).status == 202


def test_a_person_adds_a_handset_to_a_group_only_if_a_line_of_it_is_theirs(api: Api, acting: As) -> None:
    conversation = acting("ann").conversation()
    assert api.add(conversation, projected=P).status == 201
    allow(api, P)
    assert not_permitted(acting("ann").add(conversation, address=A), P)
    allow(api, P, "ann")
    assert acting("ann").add(conversation, address=A).status == 201


def test_another_services_person_of_the_same_name_is_somebody_else(api: Api, acting: As) -> None:
    other = another_service(api)
    allow(api, P, "ann")
    theirs = acting("ann", other)
    made = theirs.post(f"/Services/{other}/Conversations").body["sid"]
    path = f"/Services/{other}/Conversations/{made}/Participants"
    assert theirs.post(path, {"MessagingBinding.ProjectedAddress": P}).error[1] == 50439
    allow(api, P, f"{other}/ann")
    assert theirs.post(path, {"MessagingBinding.ProjectedAddress": P}).status == 201


# --- writing


def test_a_person_whose_line_was_taken_away_writes_no_more(api: Api, acting: As) -> None:
    conversation = api.group(A, own=Q)
    api.member(conversation, identity="ann", projected=P)
    ann = acting("ann")
    assert ann.say(conversation, author="ann").status == 201
    allow(api, P, "ben")
    assert not_permitted(ann.say(conversation, author="ann"), P)
    assert len(api.get(f"/Conversations/{conversation}/Messages").body["messages"]) == 1
    # The account may always, also as her; and she still reads.
    assert api.say(conversation, author="ann").status == 201
    assert ann.get(f"/Conversations/{conversation}/Messages").status == 200
    allow(api, P, "ben", "ann")
    assert ann.say(conversation, author="ann").status == 201


def test_a_person_writes_to_masked_members_only_through_a_line_of_theirs(api: Api, acting: As) -> None:
    conversation = api.conversation()
    api.member(conversation, identity="ann")
    api.member(conversation, address=A, proxy=P)
    api.member(conversation, address=B, proxy=T)
    allow(api, P, "ann")
    allow(api, T)
    ann = acting("ann")
    assert not_permitted(ann.say(conversation, author="ann"), T)
    allow(api, T, "ann")
    assert ann.say(conversation, author="ann").status == 201


def test_a_refused_person_learns_nothing_of_opt_outs(api: Api, acting: As) -> None:
    conversation = api.conversation()
    api.member(conversation, identity="ann")
    api.member(conversation, address=A, proxy=P)
    api.made("/OptOuts", {"Line": P, "Address": A, "Reason": "asked"})
    allow(api, P)
    assert not_permitted(acting("ann").say(conversation, author="ann"), P)


def test_chat_alone_needs_no_line(api: Api, acting: As) -> None:
    for line in (P, Q, T):
        allow(api, line)
    conversation = acting("ann").conversation()
    assert acting("ann").say(conversation, author="ann").status == 201


def test_a_pre_action_webhook_gives_a_person_no_line(api: Api, acting: As) -> None:
    conversation = api.group(A, own=Q)
    api.member(conversation, identity="ann", projected=P)
    allow(api, Q)

    def as_the_other(*_: object) -> PreActionDecision:
        return PreActionDecision(changes={"author": Q})

    ann = acting("ann")
    overridden = replace(ann, context=replace(ann.context, ask=as_the_other))
    assert not_permitted(overridden.say(conversation, author="ann"), Q)
    allow(api, Q, "ann")
    assert overridden.say(conversation, author="ann").body["author"] == "agent"


def test_a_line_from_before_is_everyones(api: Api, table: Table, clock: Clock, acting: As) -> None:
    lines.register(table, Line(sids.new(sids.LINE), NEW, "bandwidth", clock(), clock()))
    ann = acting("ann")
    assert ann.add(ann.conversation(), projected=NEW).status == 201


# --- reading


def numbers(page: Reply) -> list[str]:
    return [line["address"] for line in page.body["lines"]]


def test_a_person_reads_the_lines_that_are_theirs(api: Api, acting: As) -> None:
    allow(api, P, "ann", "ben")
    allow(api, Q, "ben")
    allow(api, T)
    api.delete("/Lines/+12065550120")
    ann, ben = acting("ann"), acting("ben")
    assert numbers(ann.get("/Lines")) == [P]
    assert numbers(ben.get("/Lines")) == [P, Q]
    assert numbers(acting("eve").get("/Lines")) == []
    assert ann.get(f"/Lines/{P}").body == ann.get("/Lines").body["lines"][0]
    for line in (Q, T, NEW):
        assert ann.get(f"/Lines/{line}").error == (404, 20404, f"The requested resource /Lines/{line} was not found")
    for refused in (ann.post(f"/Lines/{P}", {"Label": "x"}), ann.delete(f"/Lines/{P}"), ann.post("/Lines")):
        assert refused.error[:2] == (403, 50107)


def test_a_person_sees_of_a_line_neither_its_users_nor_its_prices(api: Api, acting: As) -> None:
    api.post(f"/Lines/{P}", {"SmsPrice": "0.01", "MmsPrice": "0.02", "Label": "Sales"})
    allow(api, P, "ann", "ben", "boss")
    whole = api.get(f"/Lines/{P}").body
    seen = acting("ann").get(f"/Lines/{P}").body
    hidden = {"users": None, "sms_price": None, "mms_price": None}
    assert seen == {**whole, **hidden}
    # Who sees every conversation sees what it costs.
    assert administrator(api).get(f"/Lines/{P}").body == {**whole, "users": None}
    assert (whole["users"], whole["sms_price"], seen["label"]) == (["ann", "ben", "boss"], "0.01", "Sales")


def test_people_read_the_lines_of_their_own_service(api: Api, acting: As) -> None:
    other = another_service(api)
    allow(api, P, "ann")
    allow(api, Q, f"{other}/ann")
    allow(api, T, f"{other}/*")
    here, there = acting("ann"), acting("ann", other)
    assert P in numbers(here.get("/Lines"))
    assert {Q, T}.isdisjoint(numbers(here.get("/Lines")))
    assert numbers(here.get(f"/Services/{SERVICE}/Lines")) == numbers(here.get("/Lines"))
    listed = there.get(f"/Services/{other}/Lines")
    assert set(numbers(listed)) >= {Q, T}
    assert P not in numbers(listed)
    assert there.follow(listed.body["lines"][0]["url"]).body == listed.body["lines"][0]
    assert there.get(f"/Services/{other}/Lines/{P}").status == 404
    assert there.get("/Lines").error[:2] == (403, 20403)


@pytest.mark.parametrize(
    ("number", "carrier", "others", "problem"),
    [
        ("+12065550198", "bandwidth", 9, None),
        ("+12065550197", "telnyx", 8, None),
        ("+18885550197", "telnyx", None, "toll-free numbers send no group MMS; give a long code of yours"),
        ("+442071838750", "vonage", None, "only +1 long codes send group MMS"),
    ],
)
def test_a_line_says_whether_it_can_send_to_groups(
    api: Api, number: str, carrier: str, others: int | None, problem: str | None
) -> None:
    made = api.made("/Lines", {"Address": number, "Carrier": carrier})
    assert (made["group_messaging"], made["group_messaging_problem"]) == (problem is None, problem)
    assert made["max_group_recipients"] == others
    group = [{"messaging_binding": {"address": f"+1206555{end}"}} for end in range(2000, 2000 + (others or 2))]
    made_with = with_participants(api, {"messaging_binding": {"projected_address": number}}, *group)
    assert made_with.status == (202 if problem is None else 400)
    if problem:
        assert made_with.body["details"]["reason"] == problem


@given(
    theirs=st.lists(st.booleans(), max_size=20),
    size=st.integers(1, 5),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_persons_lines_page_to_the_end_and_back(api: Api, table: Table, theirs: list[bool], size: int) -> None:
    for line in [line for line, _ in _lines_of(table)]:
        lines.remove(table, line)
    expected = []
    for number, is_theirs in enumerate(theirs):
        address = f"+1206555{1000 + number}"
        users = (f"{SERVICE}/ann",) if is_theirs else (f"{SERVICE}/ben",)
        lines.register(table, Line(sids.new(sids.LINE), address, "telnyx", Clock()(), Clock()(), users=users))
        expected += [address] if is_theirs else []
    ann = people.acting(api, "ann")
    page = ann.get("/Lines", {"PageSize": str(size)})
    forward = [numbers(page)]
    while page.body["meta"]["next_page_url"]:
        page = ann.follow(page.body["meta"]["next_page_url"])
        forward.append(numbers(page))
    backward = [numbers(page)]
    while page.body["meta"]["previous_page_url"]:
        page = ann.follow(page.body["meta"]["previous_page_url"])
        backward.append(numbers(page))
    assert [line for one in forward for line in one] == expected
    assert [line for one in reversed(backward) for line in one] == expected
    assert all(len(one) <= size for one in [*forward, *backward])


def test_a_page_of_a_persons_lines_costs_by_its_size(api: Api, table: Table, acting: As) -> None:
    for _, line in _lines_of(table):
        lines.remove(table, line.address)
    for number in range(60):
        address = f"+1206555{2000 + number}"
        lines.register(table, Line(sids.new(sids.LINE), address, "telnyx", Clock()(), Clock()(), users=()))
    ann = acting("ann")
    counting = Counting(table)
    page = replace(ann, context=replace(ann.context, table=counting)).get("/Lines", {"PageSize": "4"})
    assert counting.asked.count("query") == filtered_lists.MAX_WINDOWS
    assert counting.read < 40
    assert page.body["meta"]["next_page_url"]


def test_a_page_token_names_no_line_of_other_people(api: Api, acting: As) -> None:
    for number in range(filtered_lists.MAX_WINDOWS):
        api.made("/Lines", {"Address": f"+1206555{2000 + number}", "Carrier": "telnyx", "Users": "ben"})
    allow(api, P, "ben")
    url = acting("ann").get("/Lines", {"PageSize": "1"}).body["meta"]["next_page_url"]
    [token] = parse_qs(urlsplit(url).query)["PageToken"]
    assert b"+1206555" not in base64.urlsafe_b64decode(token + "==")


def _lines_of(table: Table) -> list[tuple[str, Line]]:
    return queries.lines(table, queries.Window(100)).entries
