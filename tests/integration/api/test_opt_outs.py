"""Opt-outs through the API: entered by hand, listed, and with everything that was ever said about them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from partyline.carriers.base import InboundText
from partyline.domain.opt_outs import Keyword
from partyline.inbound import recorder
from partyline.storage import erased_opt_outs, opt_outs
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, A, Api, B, Clock, P, Q, Racing, consult_no_webhook
from tests.support.event_world import SERVICE


def enter(api: Api, address: str = A, line: str = P, **form: str) -> Any:
    return api.post("/OptOuts", {"Address": address, "Line": line, **form})


def stop(table: Table, clock: Clock, address: str = A, id: str = "1", answered: Keyword | None = None) -> None:
    inbound = InboundText("bandwidth", id, P, address, (P,), "STOP", keyword_handled_by_carrier=answered)
    recorder.InboundRecorder(table, SERVICE, consult_no_webhook).record(inbound, clock())


def test_an_opt_out_is_entered_by_hand(api: Api, table: Table) -> None:
    made = enter(api, Reason="asked on the telephone")
    assert made.status == 201
    sid = made.body["sid"]
    assert made.body == {
        "sid": sid,
        "account_sid": ACCOUNT,
        "address": A,
        "line": P,
        "state": "opted_out",
        "how": "api",
        "since": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/OptOuts/{sid}",
        "links": {"events": f"{BASE}/v1/OptOuts/{sid}/Events"},
    }
    assert api.get(f"/OptOuts/{sid}").body == made.body
    known = opt_outs.fetch_many(table, A, P)
    assert known and known.opted_out


def test_what_is_said_again_keeps_its_date_and_is_in_the_audit_trail(api: Api, clock: Clock) -> None:
    sid = enter(api).body["sid"]
    clock.tick(hours=1)
    again = enter(api, Reason="wrote a letter")
    assert (again.status, again.body["since"]) == (200, "2026-11-22T12:00:00Z")
    assert again.body["date_updated"] == "2026-11-22T13:00:00Z"
    clock.tick(hours=1)
    assert api.post(f"/OptOuts/{sid}", {"State": "opted_in"}).body["since"] == "2026-11-22T14:00:00Z"
    events = api.get(f"/OptOuts/{sid}/Events").body["events"]
    assert [(event["state"], event["reason"], event["date_created"][11:13]) for event in events] == [
        ("opted_in", None, "14"),
        ("opted_out", "wrote a letter", "13"),
        ("opted_out", None, "12"),
    ]
    assert {(event["how"], event["source"]) for event in events} == {("api", ACCOUNT)}


def test_who_opted_out_themselves_comes_back_by_hand_only_with_a_reason(api: Api, table: Table, clock: Clock) -> None:
    stop(table, clock)
    (known,) = api.get("/OptOuts").body["opt_outs"]
    assert (known["address"], known["how"]) == (A, "text")
    path = f"/OptOuts/{known['sid']}"
    refused = api.post(path, {"State": "opted_in"})
    assert (refused.status, refused.body["details"]) == (400, {"parameter": "Reason"})
    assert api.get(path).body["state"] == "opted_out"
    assert api.post(path, {"State": "opted_in", "Reason": "signed form"}).body["state"] == "opted_in"
    # What was entered by hand goes without.
    enter(api)
    assert api.post(path, {"State": "opted_in"}).status == 200


@pytest.mark.parametrize("answered", [None, Keyword.STOP])
def test_their_own_stop_counts_more_than_what_was_entered_before(
    api: Api, table: Table, clock: Clock, answered: Keyword | None
) -> None:
    sid = enter(api).body["sid"]
    clock.tick(hours=1)
    stop(table, clock, answered=answered)
    known = api.get(f"/OptOuts/{sid}").body
    assert (known["how"], known["since"]) == ("carrier" if answered else "text", "2026-11-22T12:00:00Z")
    assert api.post(f"/OptOuts/{sid}", {"State": "opted_in"}).status == 400
    # What is entered afterwards takes nothing back.
    assert enter(api).body["how"] == known["how"]


@pytest.mark.parametrize("entered", ["opted_in", "opted_out"])
def test_their_own_stop_at_the_same_moment_is_not_lifted(api: Api, table: Table, clock: Clock, entered: str) -> None:
    sid = enter(api, State=entered).body["sid"]
    clock.tick(seconds=1)
    racing = Api(replace(api.context, table=Racing(table, 1, "opt_out", lambda: stop(table, clock))))
    refused = racing.post(f"/OptOuts/{sid}", {"State": "opted_in"})
    assert (refused.status, refused.body["details"]) == (400, {"parameter": "Reason"})
    assert api.get(f"/OptOuts/{sid}").body["state"] == "opted_out"


def test_a_blank_reason_is_none(api: Api, table: Table, clock: Clock) -> None:
    stop(table, clock)
    (known,) = api.get("/OptOuts").body["opt_outs"]
    refused = api.post(f"/OptOuts/{known['sid']}", {"State": "opted_in", "Reason": " \t"})
    assert (refused.status, refused.body["details"]) == (400, {"parameter": "Reason"})


def test_the_audit_trail_has_the_message_that_said_it(api: Api, table: Table, clock: Clock) -> None:
    stop(table, clock, id="abc")
    (known,) = api.get("/OptOuts").body["opt_outs"]
    (event,) = api.get(f"/OptOuts/{known['sid']}/Events").body["events"]
    assert (event["how"], event["source"], event["state"]) == ("text", "bandwidth/abc", "opted_out")


def test_lists_are_of_a_state_a_line_or_an_address(api: Api, clock: Clock) -> None:
    for address, line in [(A, P), (B, P), (A, Q)]:
        enter(api, address, line)
        clock.tick(minutes=1)
    enter(api, B, P, State="opted_in")

    def found(**query: str) -> list[tuple[str, str]]:
        return [(one["address"], one["line"]) for one in api.get("/OptOuts", query).body["opt_outs"]]

    assert found() == [(A, Q), (A, P)]
    assert found(State="opted_in") == [(B, P)]
    assert found(Line=P) == [(A, P)]
    assert found(Address=A) == [(A, P), (A, Q)]
    assert found(Address=A, Line=Q) == [(A, Q)]
    assert found(Address=B) == []
    assert found(Address=B, State="opted_in") == [(B, P)]


def test_lists_are_paged(api: Api, clock: Clock) -> None:
    for number in range(5):
        enter(api, f"+1206555020{number}")
        clock.tick(minutes=1)
    first = api.get("/OptOuts", {"PageSize": "3"}).body
    second = api.follow(first["meta"]["next_page_url"]).body
    listed = [one["address"][-1] for one in [*first["opt_outs"], *second["opt_outs"]]]
    assert listed == list("43210")


@pytest.mark.parametrize(
    ("form", "parameter"),
    [
        ({"Address": "", "Line": P}, "Address"),
        ({"Address": "ann@example.com", "Line": P}, "Address"),
        ({"Address": A, "Line": B}, "Line"),
        ({"Address": A}, "Line"),
        ({"Address": A, "Line": P, "State": "out"}, "State"),
        ({"Address": A, "Line": P, "Reason": "x" * 257}, "Reason"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(api: Api, form: dict[str, str], parameter: str) -> None:
    refused = api.post("/OptOuts", form)
    assert (refused.status, refused.body["code"]) == (400, 20001)
    assert refused.body["details"] == {"parameter": parameter}
    assert api.get("/OptOuts").body["opt_outs"] == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"Line": "junk"}, "Line"),
        ({"Line": "x" * 3000}, "Line"),
        ({"Line": "ann@example.com", "Address": A}, "Line"),
        ({"Address": "x" * 3000}, "Address"),
        ({"Address": "a@" + "b" * 3000}, "Address"),
        # Three times as long in a key of the table.
        ({"Address": "é" * 200}, "Address"),
        ({"State": "out"}, "State"),
    ],
)
def test_invalid_filter_is_named(api: Api, query: dict[str, str], parameter: str) -> None:
    refused = api.get("/OptOuts", query)
    assert (refused.status, refused.body["code"]) == (400, 20001)
    assert refused.body["details"] == {"parameter": parameter}


def test_the_opt_outs_of_a_line_that_was_given_up_are_still_listed(api: Api) -> None:
    enter(api)
    assert api.delete(f"/Lines/{P}").status == 204
    assert [one["address"] for one in api.get("/OptOuts", {"Line": P}).body["opt_outs"]] == [A]


def test_an_unknown_opt_out_is_not_found(api: Api) -> None:
    for path in ("/OptOuts/OO" + "0" * 32, "/OptOuts/x", f"/OptOuts/{A}/Events"):
        assert api.get(path).status == 404
    sid = enter(api).body["sid"]
    assert api.post(f"/OptOuts/{sid}", {}).body["details"] == {"parameter": "State"}


# --- what a line answers


def test_a_line_has_a_language_and_answers_of_its_own(api: Api) -> None:
    line = api.get(f"/Lines/{P}").body
    assert (line["language"], line["replies"], line["answers_keywords"]) == ("en", {}, True)
    form = {"Language": "es", "Replies": '{"stop": "Adios"}', "AnswersKeywords": "false"}
    line = api.post(f"/Lines/{P}", form).body
    assert (line["language"], line["replies"], line["answers_keywords"]) == ("es", {"stop": "Adios"}, False)
    assert api.post(f"/Lines/{P}", {"FriendlyName": "Elm"}).body["replies"] == {"stop": "Adios"}
    several = {"help": "Línea de Elm 👋\nResponda STOP para la baja"}
    assert api.post(f"/Lines/{P}", {"Replies": json.dumps(several)}).body["replies"] == several
    assert api.post(f"/Lines/{P}", {"Replies": ""}).body["replies"] == {}


@pytest.mark.parametrize(
    "form",
    [
        {"Language": "tlh"},
        {"AnswersKeywords": "maybe"},
        {"Replies": "bye"},
        {"Replies": '["bye"]'},
        {"Replies": '{"yes": "bye"}'},
        {"Replies": '{"stop": ""}'},
        {"Replies": '{"stop": 1}'},
        {"Replies": '{"stop": "Stop."}'},
        {"Replies": '{"stop": "\u200b"}'},
        {"Replies": r'{"stop": "\u200b\ufeff "}'},
        {"Replies": r'{"help": "Call us\u0000"}'},
        {"Replies": r'{"help": "Call \u001b[1mus"}'},
        {"Replies": '{"stop": "%s"}' % ("x" * 641)},
    ],
)
def test_what_a_line_cannot_answer_is_refused(api: Api, form: dict[str, str]) -> None:
    refused = api.post(f"/Lines/{P}", form)
    assert (refused.status, refused.body["details"]) == (400, {"parameter": next(iter(form))})


def erase(table: Table, clock: Clock, address: str = A) -> None:
    table.transact([erased_opt_outs.mark_write(table, clock())])
    opt_outs.erase(table, address)


def test_an_erased_opt_out_is_shown_without_its_address(api: Api, table: Table, clock: Clock) -> None:
    stop(table, clock)
    erase(table, clock)
    (listed,) = api.get("/OptOuts").body["opt_outs"]
    assert (listed["address"], listed["line"], listed["state"]) == (None, P, "opted_out")
    assert api.get("/OptOuts", {"Line": P}).body["opt_outs"] == [listed]
    assert api.get("/OptOuts", {"Address": A}).body["opt_outs"] == [listed]
    assert api.get(f"/OptOuts/{listed['sid']}").body == listed
    assert api.get(f"/OptOuts/{listed['sid']}/Events").body["events"] == []


def test_an_erased_person_is_opted_in_by_their_number_and_with_a_reason(api: Api, table: Table, clock: Clock) -> None:
    stop(table, clock)
    erase(table, clock)
    sid = api.get("/OptOuts").body["opt_outs"][0]["sid"]
    assert api.post(f"/OptOuts/{sid}", {"State": "opted_in", "Reason": "a letter"}).error[1] == 20001
    assert enter(api, State="opted_in").error[1] == 20001
    assert enter(api, State="opted_in", Reason="a letter").status == 200
    assert api.get("/OptOuts").body["opt_outs"] == []
    assert api.get(f"/OptOuts/{sid}").status == 404
