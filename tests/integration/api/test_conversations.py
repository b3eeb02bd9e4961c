"""Conversations: create, fetch, list, update, delete; the lookup by people."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from partyline.domain import sids
from partyline.domain.conversations import ConversationState
from partyline.errors import ApiError
from partyline.refusals.violations import as_refusals
from partyline.storage import conversations as store
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, A, Api, B, C, Clock, P, Q, Racing, activate

MG = "MG" + "a" * 32


def test_a_new_conversation_has_every_documented_member(api: Api) -> None:
    """U4: also in a list, `messaging_service_sid` is never null and `bindings` always."""
    made = api.made("/Conversations")
    url = f"{BASE}/v1/Conversations/{made['sid']}"
    assert made == {
        "sid": made["sid"],
        "account_sid": ACCOUNT,
        "chat_service_sid": sids.default_service(ACCOUNT),
        "messaging_service_sid": sids.default_messaging_service(ACCOUNT),
        "friendly_name": None,
        "unique_name": None,
        "attributes": "{}",
        "assignee": None,
        "state": "active",
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "timers": {},
        "bindings": None,
        "url": url,
        "links": {
            "participants": f"{url}/Participants",
            "messages": f"{url}/Messages",
            "webhooks": f"{url}/Webhooks",
            "export": f"{url}/Export",
        },
    }
    assert sids.matches("CH", made["sid"])
    assert api.get(f"/Conversations/{made['sid']}").body == made
    assert api.get("/Conversations").body["conversations"] == [made]


def test_parameters_of_the_caller_are_stored(api: Api) -> None:
    given = {
        "FriendlyName": "Céline & co",
        "UniqueName": "deal-7",
        "Attributes": ' {"a": [1, 2.50]}',
        "State": "InActive",
        "DateCreated": "2015-12-16T22:18:37Z",
        "DateUpdated": "2015-12-17T00:18:38+02:00",
        "MessagingServiceSid": MG,
    }
    made = api.made("/Conversations", given)
    assert (made["friendly_name"], made["unique_name"]) == ("Céline & co", "deal-7")
    assert (made["attributes"], made["state"]) == (' {"a": [1, 2.50]}', "inactive")
    assert (made["date_created"], made["date_updated"]) == ("2015-12-16T22:18:37Z", "2015-12-16T22:18:38Z")
    assert made["messaging_service_sid"] == MG
    assert api.get("/Conversations/deal-7").body == made


NO_EMAIL = "Messaging Binding type does not support the provided parameters: conversations have no e-mail binding here"
REFUSED: list[tuple[dict[str, str], tuple[int, int, str]]] = [
    ({"State": "closed"}, (400, 50384, "Initial state can't be 'closed: create it active or inactive, then close it")),
    ({"State": ""}, (400, 50374, "'State' field can't be empty")),
    (
        {"State": "initializing"},
        (400, 50378, "'State' parameter value is invalid: use active, inactive or closed"),
    ),
    ({"State": "x"}, (400, 50378, "'State' parameter value is invalid: use active, inactive or closed")),
    (
        {"FriendlyName": "x" * 257},
        (400, 20001, "Invalid parameter FriendlyName: it is longer than 256 characters"),
    ),
    ({"UniqueName": "x" * 257}, (400, 20001, "Invalid parameter UniqueName: it is longer than 256 characters")),
    (
        {"UniqueName": "CH" + "0" * 32},
        (400, 50390, "Unique name should not match conversation sid pattern"),
    ),
    ({"Attributes": '"' + "é" * 8192 + '"'}, (400, 50303, "Attributes too long: at most 16384 bytes")),
    ({"Attributes": "{"}, (400, 50304, "Attributes not valid JSON")),
    ({"Attributes": ""}, (400, 50304, "Attributes not valid JSON")),
    ({"Attributes": "NaN"}, (400, 50304, "Attributes not valid JSON")),
    ({"Attributes": "[" * 16000}, (400, 50304, "Attributes not valid JSON")),
    ({"DateCreated": "yesterday"}, (400, 50308, "Invalid Date Created parameter: it is not an ISO 8601 date")),
    ({"DateUpdated": ""}, (400, 50309, "Invalid Date Updated parameter: it is not an ISO 8601 date")),
    (
        {"MessagingServiceSid": "MG1"},
        (400, 50341, "Invalid messaging service SID: it is not MG and 32 hexadecimal digits"),
    ),
    (
        {"State": "active", "Timers.Inactive": "PT59S"},
        (400, 50375, "TimeToInactive should be greater or equal to 1 minute"),
    ),
    (
        {"State": "active", "Timers.Closed": "PT9M59S"},
        (400, 50376, "TimeToClosed should be greater or equal to 10 minutes"),
    ),
    (
        {"State": "active", "Timers.Inactive": "5 minutes"},
        (400, 50379, "TimeToInactive format is invalid: use an ISO 8601 duration such as PT10M"),
    ),
    (
        {"State": "active", "Timers.Closed": ""},
        (400, 50380, "TimeToClosed format is invalid: use an ISO 8601 duration such as PT10M"),
    ),
    (
        {"Bindings.Email.Address": "a@example.com"},
        (400, 50420, NO_EMAIL),
    ),
]


@pytest.mark.parametrize(("form", "error"), REFUSED)
def test_a_wrong_parameter_is_refused_at_creation(api: Api, form: dict[str, str], error: tuple[int, int, str]) -> None:
    assert api.post("/Conversations", form).error == error
    assert api.get("/Conversations").body["conversations"] == []


@pytest.mark.parametrize(("form", "error"), [case for case in REFUSED if case[0] != {"State": "closed"}])
def test_a_wrong_parameter_is_refused_at_an_update(api: Api, form: dict[str, str], error: tuple[int, int, str]) -> None:
    made = api.made("/Conversations")
    assert api.post(f"/Conversations/{made['sid']}", form).error == error
    assert api.get(f"/Conversations/{made['sid']}").body == made


def test_an_update_changes_what_it_names_and_nothing_else(api: Api, clock: Clock) -> None:
    made = api.made("/Conversations", {"FriendlyName": "a", "UniqueName": "u", "Attributes": "[1]"})
    clock.tick(minutes=1)
    after = api.post("/Conversations/u", {"FriendlyName": "b"}).body
    assert after == {**made, "friendly_name": "b", "date_updated": "2026-11-22T12:01:00Z"}
    assert api.post("/Conversations/u", {"FriendlyName": "", "Attributes": "{}"}).body["friendly_name"] is None


def test_an_update_of_nothing_is_refused(api: Api) -> None:
    sid = api.conversation()
    assert api.post(f"/Conversations/{sid}", {"Unknown": "1"}).error == (
        400,
        50347,
        "Parameters are missing for channel update request",
    )


def test_a_unique_name_is_one_conversations_until_it_is_deleted(api: Api) -> None:
    first = api.conversation(UniqueName="deal")
    other = api.conversation()
    taken = (409, 50353, "Conversation with provided unique name already exists")
    assert api.post("/Conversations", {"UniqueName": "deal"}).error == taken
    reply = api.post(f"/Conversations/{other}", {"UniqueName": "deal"})
    assert reply.error == taken
    assert reply.body["details"] == {"unique_name": "deal", "conversation_sid": first}
    api.post(f"/Conversations/{first}", {"State": "closed"})
    assert api.post("/Conversations", {"UniqueName": "deal"}).error == taken
    assert api.delete("/Conversations/deal").status == 204
    assert api.post(f"/Conversations/{other}", {"UniqueName": "deal"}).body["unique_name"] == "deal"
    assert api.get("/Conversations/deal").body["sid"] == other


def test_a_unique_name_is_free_once_its_conversation_has_another_or_none(api: Api) -> None:
    first = api.conversation(UniqueName="a")
    assert api.post("/Conversations/a", {"UniqueName": "b"}).body["unique_name"] == "b"
    assert api.get("/Conversations/a").status == 404
    assert api.post(f"/Conversations/{first}", {"UniqueName": ""}).body["unique_name"] is None
    assert api.get("/Conversations/b").status == 404
    assert api.conversation(UniqueName="a") != api.conversation(UniqueName="b")


def test_states_move_between_active_and_inactive_and_end_closed(api: Api) -> None:
    sid = api.conversation()
    path = f"/Conversations/{sid}"
    assert [api.post(path, {"State": state}).body["state"] for state in ("inactive", "ACTIVE", "closed")] == [
        "inactive",
        "active",
        "closed",
    ]
    closed = (400, 50377, "Can't update conversation as it's in final closed state")
    assert api.post(path, {"State": "active"}).error == closed
    assert api.post(path, {"FriendlyName": "x"}).error == closed
    assert api.add(sid, address=A).error == closed
    assert api.say(sid).error == closed
    assert api.get(path).body["state"] == "closed"
    assert api.delete(path).status == 204
    assert api.get(path).status == 404


def test_an_initializing_conversation_is_read_and_deleted_but_not_changed(api: Api, table: Table) -> None:
    people = ({"messaging_binding": {"address": A}}, {"messaging_binding": {"projected_address": P}})
    form = [("Participant", json.dumps(person)) for person in people]
    made = api.made("/ConversationWithParticipants", form)
    sid, path = made["sid"], f"/Conversations/{made['sid']}"
    member = api.get(f"{path}/Participants").body["participants"][0]["sid"]
    initializing = (
        400,
        50386,
        (
            "Conversation in 'initializing' state may not be updated or used for message sending: "
            "wait until its state is active"
        ),
    )
    assert api.post(path, {"State": "active"}).error == initializing
    assert api.say(sid, author=P).error == initializing
    assert api.add(sid, address=B).error == initializing
    assert api.post(f"{path}/Participants/{member}", {"Attributes": "{}"}).error == initializing
    assert api.delete(f"{path}/Participants/{member}").error == initializing
    assert api.get(path).body["state"] == "initializing"
    assert api.delete(path).status == 204
    assert store.find_owner(table, f"{P},{A}") is None


def test_closing_and_deleting_make_the_group_free(api: Api) -> None:
    first = api.group(A, B)
    api.post(f"/Conversations/{first}", {"State": "closed"})
    second = api.group(A, B)
    assert api.delete(f"/Conversations/{second}").status == 204
    api.group(A, B)


def test_the_list_is_newest_first_and_filtered_by_state_and_date(api: Api, clock: Clock) -> None:
    made = []
    for _ in range(4):
        made.append(api.conversation())
        clock.tick(days=1)
    api.post(f"/Conversations/{made[1]}", {"State": "closed"})

    def found(**query: str) -> list[str]:
        reply = api.get("/Conversations", query)
        assert reply.status == 200, reply.body
        return [one["sid"] for one in reply.body["conversations"]]

    assert found() == made[::-1]
    assert found(State="CLOSED") == [made[1]]
    assert found(State="active") == [made[3], made[2], made[0]]
    assert found(StartDate="2026-11-24") == [made[3], made[2]]
    assert found(EndDate="2026-11-24") == [made[2], made[1], made[0]]
    assert found(StartDate="2026-11-23", EndDate="2026-11-23") == [made[1]]
    assert found(StartDate="2026-11-23T12:00:00Z", EndDate="2026-11-24T12:00:00Z") == [made[2], made[1]]
    assert found(StartDate="2026-11-24T00:00:00+12:00", EndDate="2026-11-23T12:00:00.250Z") == [made[1]]
    assert found(State="active", StartDate="2026-11-24", EndDate="2026-11-24") == [made[2]]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"State": "open"}, (400, 20001, "Invalid parameter State: use initializing, active, inactive, closed")),
        ({"StartDate": "soon"}, (400, 20001, "Invalid parameter StartDate: it is not an ISO 8601 date")),
        ({"EndDate": "2026-13-01"}, (400, 20001, "Invalid parameter EndDate: it is not an ISO 8601 date")),
        (
            {"StartDate": "2026-01-02", "EndDate": "2026-01-01"},
            (400, 50396, "EndDate parameter should be greater than StartDate parameter"),
        ),
        (
            {"StartDate": "0001-01-01T00:00:00+14:00"},
            (400, 20001, "Invalid parameter StartDate: it is not an ISO 8601 date"),
        ),
    ],
)
def test_a_wrong_filter_is_refused(api: Api, query: dict[str, str], error: tuple[int, int, str]) -> None:
    assert api.get("/Conversations", query).error == error


@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z"])
def test_dates_at_the_ends_of_the_calendar_are_filters_like_others(api: Api, date: str) -> None:
    api.conversation(DateCreated=date)
    for name in ("StartDate", "EndDate"):
        assert len(api.get("/Conversations", {name: date}).body["conversations"]) == 1
    assert api.get("/Conversations").body["conversations"][0]["date_created"].startswith(date[:10])


def people(api: Api, *addresses: str) -> Any:
    reply = api.get("/Conversations", [("Address", address) for address in addresses])
    assert reply.status == 200
    assert reply.body["meta"]["key"] == "conversations"
    assert reply.body["meta"]["next_page_url"] is None
    return [one["sid"] for one in reply.body["conversations"]]


def test_the_open_conversation_with_exactly_these_people_is_found(api: Api) -> None:
    group, pair = api.group(A, B), api.group(C, own=Q)
    assert people(api, P, A, B) == [group]
    assert people(api, B, A, P, A) == [group]
    # A plus that was not encoded, and other notations.
    assert people(api, P.replace("+", " "), A.replace("+", " "), "(206) 555-0151") == [group]
    assert people(api, C, Q) == [pair]
    for others in ([A, B], [P, A], [P, A, B, C], [A], [""], ["somebody"]):
        assert people(api, *others) == []
    api.post(f"/Conversations/{group}", {"State": "closed"})
    assert people(api, P, A, B) == []


def test_a_conversation_changed_by_another_request_meanwhile_is_not_overwritten(
    api: Api, table: Table, clock: Clock
) -> None:
    sid = api.conversation()
    before = store.fetch(table, sid)
    assert before
    api.post(f"/Conversations/{sid}", {"State": "inactive"})
    with pytest.raises(ApiError, match="Conflicting channel modification"), as_refusals():
        store.update(table, before, before, clock())
    after = store.fetch(table, sid)
    assert after
    assert after.state is ConversationState.INACTIVE


def test_a_conversation_is_deleted_although_it_becomes_active_meanwhile(api: Api, table: Table, clock: Clock) -> None:
    sid = api.made("/ConversationWithParticipants", [("Participant", '{"identity":"ann"}')])["sid"]
    racing = Racing(table, 1, "conversation", lambda: activate(table, sid, clock()))
    assert Api(replace(api.context, table=racing)).delete(f"/Conversations/{sid}").status == 204
    assert api.get(f"/Conversations/{sid}").status == 404


# --- timers


def test_timers_are_shown_as_the_moments_when_they_are_due(api: Api) -> None:
    timers = {"Timers.Inactive": "PT1M", "Timers.Closed": "P1DT10M"}
    made = api.made("/Conversations", {"State": "active", **timers})
    assert made["timers"] == {"date_inactive": "2026-11-22T12:01:00Z", "date_closed": "2026-11-23T12:10:00Z"}
    assert api.get(f"/Conversations/{made['sid']}").body == made


def test_timers_at_creation_need_no_state(api: Api) -> None:
    """U2: who names none means active, as Twilio's own sample applications do."""
    made = api.made("/Conversations", {"Timers.Inactive": "PT1M", "Timers.Closed": "PT10M"})
    assert made["state"] == "active"
    assert made["timers"] == {"date_inactive": "2026-11-22T12:01:00Z", "date_closed": "2026-11-22T12:10:00Z"}
    api.post("/Configuration", {"DefaultClosedTimer": "PT1H"})
    assert api.made("/Conversations", {"Timers.Inactive": "PT0S", "Timers.Closed": "PT0S"})["timers"] == {}
    members = [("Participant", '{"identity": "ann"}'), ("Timers.Closed", "PT20M")]
    assert api.made("/ConversationWithParticipants", members)["timers"] == {"date_closed": "2026-11-22T12:20:00Z"}


def test_an_update_sets_one_timer_and_removes_another(api: Api, clock: Clock) -> None:
    sid = api.conversation(**{"State": "active", "Timers.Inactive": "PT1M", "Timers.Closed": "PT10M"})
    clock.tick(minutes=5)
    after = api.post(f"/Conversations/{sid}", {"Timers.Inactive": "PT0S", "Timers.Closed": "PT1H"}).body
    assert after["timers"] == {"date_closed": "2026-11-22T13:05:00Z"}
    assert api.get(f"/Conversations/{sid}").body["timers"] == after["timers"]


def test_messages_and_members_start_the_timers_anew_and_a_name_does_not(api: Api, clock: Clock) -> None:
    sid = api.conversation(**{"State": "active", "Timers.Closed": "PT10M"})

    def due() -> str:
        return str(api.get(f"/Conversations/{sid}").body["timers"]["date_closed"])

    clock.tick(minutes=1)
    api.post(f"/Conversations/{sid}", {"FriendlyName": "new"})
    assert due() == "2026-11-22T12:10:00Z"
    api.member(sid, identity="ann")
    assert due() == "2026-11-22T12:11:00Z"
    clock.tick(minutes=1)
    api.say(sid, author="ann")
    assert due() == "2026-11-22T12:12:00Z"


def test_inactive_conversation_has_only_the_closed_timer_and_a_closed_one_none(api: Api) -> None:
    timers = {"Timers.Inactive": "PT1M", "Timers.Closed": "PT10M"}
    made = api.made("/Conversations", {"State": "inactive", **timers})
    assert set(made["timers"]) == {"date_closed"}
    assert api.post(f"/Conversations/{made['sid']}", {"State": "closed"}).body["timers"] == {}
