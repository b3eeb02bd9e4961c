"""Previews for people, and of the first message of a conversation that does not exist."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import people
from tests.support.api_harness import A, Api, B, C, P, Q, Reply, T
from tests.support.people import administrator, another_service

As = Callable[..., Api]


@pytest.fixture
def acting(api: Api) -> As:
    """The API as a chat identity calls it."""
    return partial(people.acting, api)


def first(who: Api, author: str, *to: str, body: str = "hello", **more: str) -> Reply:
    form = [("Author", author), *(("Address", address) for address in to), ("Body", body), *more.items()]
    return who.post("/Preview", form)


def codes(reply: Reply) -> list[int]:
    return [problem["code"] for problem in reply.body["problems"]]


# --- of a conversation, for people


def test_a_member_previews_without_prices_and_an_administrator_with_them(api: Api, acting: As) -> None:
    api.post(f"/Lines/{P}", {"SmsPrice": "0.01"})
    conversation = api.group(A, own=Q)
    pair = api.conversation()
    for member in ({"identity": "ann", "projected": P}, {"address": B}):
        api.member(pair, **member)
    path = f"/Conversations/{pair}/Preview"
    seen = acting("ann").post(path, {"Body": "hello"}).body
    whole = api.post(path, {"Body": "hello", "Author": "ann"}).body
    assert (whole["total_cost"], whole["sends"][0]["cost"]) == ("0.01", "0.01")
    assert seen == {**whole, "total_cost": None, "sends": [{**whole["sends"][0], "cost": None}]}
    assert acting("ann").post(f"/Conversations/{conversation}/Preview", {"Body": "x"}).error[:2] == (404, 20404)
    # Who sees and may not write is refused, as for the message.
    boss = administrator(api)
    assert boss.post(path, {"Body": "hello"}).error[:2] == (403, 50107)
    assert api.get(f"/Conversations/{pair}/Messages").body["messages"] == []


def test_a_line_that_was_taken_away_is_a_problem_and_shows_nothing(api: Api, acting: As) -> None:
    conversation = api.group(A, own=Q)
    api.member(conversation, identity="ann", projected=P)
    api.made("/OptOuts", {"Line": P, "Address": A, "Reason": "asked"})
    api.post(f"/Lines/{P}", {"Users": "ben"})
    reply = acting("ann").post(f"/Conversations/{conversation}/Preview", {"Body": "hello"})
    assert codes(reply) == [50107]
    assert reply.body["problems"][0]["details"]["line"] == P
    assert reply.body["sends"] == []


def test_a_problem_names_no_conversation_that_the_person_cannot_see(api: Api, acting: As) -> None:
    theirs = api.group(A, own=P)
    ours = api.conversation()
    api.member(ours, identity="ann", projected=P)
    api.member(ours, address=A)
    path = f"/Conversations/{ours}/Preview"
    assert api.post(path, {"Author": "ann", "Body": "x"}).body["problems"][0]["details"]["conversation_sid"] == theirs
    problem = acting("ann").post(path, {"Body": "x"}).body["problems"][0]
    assert problem["code"] == 50416
    assert theirs not in str(problem)


# --- of no conversation yet


def test_a_first_message_is_previewed_as_it_would_go(api: Api) -> None:
    api.post(f"/Lines/{P}", {"SmsPrice": "0.01", "MmsPrice": "0.02"})
    group = first(api, P, A, B, C).body
    assert group == {
        "conversation_sid": None,
        "sends": [
            {
                "from": P,
                "carrier": "bandwidth",
                "kind": "group_mms",
                "recipients": [A, B, C],
                "opted_out": [],
                "do_not_disturb": [],
                "requests": 1,
                "encoding": None,
                "segments": 1,
                "billed_units": 3,
                "cost": "0.06",
            }
        ],
        "total_cost": "0.06",
        "problems": [],
        "warnings": [],
        "existing_conversation_sid": None,
    }
    pair = first(api, P, A).body
    assert (pair["sends"][0]["kind"], pair["total_cost"], pair["problems"]) == ("sms", "0.01", [])
    assert api.get("/Conversations").body["conversations"] == []


def test_who_opted_out_costs_nothing(api: Api) -> None:
    api.post(f"/Lines/{P}", {"MmsPrice": "0.02"})
    api.made("/OptOuts", {"Line": P, "Address": A, "Reason": "asked"})
    reply = first(api, P, A, B, C).body
    assert (reply["sends"][0]["opted_out"], reply["total_cost"], reply["problems"]) == ([A], "0.04", [])
    assert codes(first(api, P, A)) == [21610]


@pytest.mark.parametrize(
    ("author", "to", "expected"),
    [
        (P, [f"+1206555{end}" for end in range(2000, 2009)], []),
        (P, [f"+1206555{end}" for end in range(2000, 2010)], [50436]),
        (T, [f"+1206555{end}" for end in range(2000, 2008)], []),
        (T, [f"+1206555{end}" for end in range(2000, 2009)], [50436]),
        (P, [A, A], [50437]),
        (P, [A, "+442071838750"], [50407]),
        (P, [A, "nobody"], [50407]),
        (P, [A, Q], [50407]),
        (P, ["nobody", "+44", "x" * 300], [50407, 50407, 50407]),
        ("+18885550100", [A, B], [50407]),
    ],
)
def test_what_would_refuse_it_is_a_problem(api: Api, author: str, to: list[str], expected: list[int]) -> None:
    api.post("/Lines", {"Address": "+18885550100", "Carrier": "telnyx"})
    reply = first(api, author, *to)
    assert reply.status == 200
    assert codes(reply) == expected


def test_the_limit_of_a_carrier_is_told_with_its_line(api: Api) -> None:
    [problem] = first(api, T, *(f"+1206555{end}" for end in range(2000, 2009))).body["problems"]
    assert (problem["details"]["line"], problem["details"]["limit"]) == (T, 8)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"Body": ""}, 50503),
        ({"Body": "x" * 1601}, 50504),
        ({"Body": "x", "MediaSid": "ME" + "0" * 32}, 50507),
        ({"Body": "x", "MediaSid": "no"}, 50510),
    ],
)
def test_what_would_refuse_the_message_is_a_problem(api: Api, form: dict[str, str], expected: int) -> None:
    reply = api.post("/Preview", {"Author": P, "Address": A, **form})
    assert codes(reply) == [expected]
    assert len(reply.body["sends"]) == 1


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ([("Address", A)], (400, 20001, "Invalid parameter Author: it is not a phone number in E.164 form")),
        ([("Author", "ann"), ("Address", A)], (400, 20001, None)),
        ([("Author", P)], (400, 20001, "Invalid parameter Address: give 1 to 50")),
        ([("Author", P), *(("Address", f"+1206555{end}") for end in range(2000, 2051))], (400, 20001, None)),
        ([("Author", "+12065550188"), ("Address", A)], (400, 50439, None)),
    ],
)
def test_a_form_without_a_line_or_people_is_refused(
    api: Api, form: list[tuple[str, str]], error: tuple[int, int, str | None]
) -> None:
    reply = api.post("/Preview", [*form, ("Body", "x")])
    assert reply.error[:2] == error[:2]
    assert error[2] in (None, reply.error[2])


def test_the_conversation_that_exists_is_named_to_who_may_see_it(api: Api, acting: As) -> None:
    conversation = api.group(A, B, own=P)
    for who in (api, administrator(api)):
        reply = first(who, P, B, A)
        assert codes(reply) == [50438]
        assert reply.body["problems"][0]["details"] == {"conversation_sid": conversation}
        assert reply.body["existing_conversation_sid"] == conversation
        assert len(reply.body["sends"]) == 1
    hidden = first(acting("eve"), P, A, B)
    assert codes(hidden) == [50438]
    assert hidden.body["existing_conversation_sid"] is None
    assert conversation not in str(hidden.body)
    api.post(f"/Conversations/{conversation}", {"State": "closed"})
    assert codes(first(api, P, B, A)) == []


def test_people_preview_from_lines_of_their_own(api: Api, acting: As) -> None:
    api.post(f"/Lines/{P}", {"Users": "ann", "MmsPrice": "0.02"})
    assert first(acting("ann"), P, A, B).body["total_cost"] is None
    assert first(acting("ann"), P, A, B).body["sends"][0]["cost"] is None
    unknown = first(acting("ben"), "+12065550188", A)
    assert first(acting("ben"), P, A).error == unknown.error
    assert unknown.error[:2] == (400, 50439)


def test_who_creates_nothing_previews_no_first_message(api: Api) -> None:
    role = api.made("/Roles", {"FriendlyName": "reader", "Type": "service", "Permission": "viewAnyConversation"})
    api.made("/Users", {"Identity": "rea", "RoleSid": role["sid"]})
    assert first(people.acting(api, "rea"), P, A).error[:2] == (403, 50107)


def test_another_service_previews_beneath_itself(api: Api, acting: As) -> None:
    other = another_service(api)
    api.post(f"/Lines/{P}", {"Users": f"{other}/ann"})
    there = acting("ann", other)
    form = {"Author": P, "Address": A, "Body": "x"}
    assert there.post(f"/Services/{other}/Preview", form).body["problems"] == []
    assert acting("ann").post("/Preview", form).error[:2] == (400, 50439)


@given(
    form=st.lists(
        st.tuples(
            st.sampled_from(["Author", "Address", "Body", "MediaSid", "Attributes", "DateCreated"]),
            st.one_of(
                st.sampled_from([P, T, A, B, "", "+", "system", "ME" + "0" * 32, "x" * 40_000, "é" * 300, "\0", "911"]),
                st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
            ),
        ),
        max_size=8,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_form_is_a_failure_of_ours(api: Api, form: list[tuple[str, str]]) -> None:
    reply = api.post("/Preview", form)
    assert reply.status in (200, 400)
    assert api.get("/Conversations").body["conversations"] == []
