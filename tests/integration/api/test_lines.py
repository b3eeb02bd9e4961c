"""Lines and unrouted texts, which Twilio does not have."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from partyline.domain import sids
from partyline.domain.media import Media
from partyline.domain.unrouted import UnroutedReason, UnroutedText
from partyline.errors import Conflict
from partyline.storage import unrouted
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, A, Api, Clock, P, Q, Racing, T, W

NEW = "+12065550199"


def underway() -> None:
    """What a write meets while another one of the same item is under way."""
    raise Conflict({})


def test_a_line_is_registered_read_changed_and_forgotten(api: Api, clock: Clock) -> None:
    made = api.post("/Lines", {"Address": "206-555-0199", "Carrier": "Telnyx", "FriendlyName": "Front desk"})
    assert made.status == 201
    assert made.body == {
        "sid": made.body["sid"],
        "account_sid": ACCOUNT,
        "address": NEW,
        "carrier": "telnyx",
        "auto_creation": "off",
        "friendly_name": "Front desk",
        "language": "en",
        "replies": {},
        "answers_keywords": True,
        "rate": None,
        "sms_price": None,
        "mms_price": None,
        "users": [],
        "label": None,
        "group_messaging": True,
        "group_messaging_problem": None,
        "max_group_recipients": 8,
        "max_files": 10,
        "max_group_files": 10,
        "max_files_bytes": 1024 * 1024,
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": f"{BASE}/v1/Lines/{NEW}",
    }
    for name in (NEW, "%2B12065550199", "12065550199"):
        assert api.get(f"/Lines/{name}").body == made.body
    clock.tick(hours=1)
    changed = api.post(f"/Lines/{NEW}", {"AutoCreation": "ALL", "Carrier": "bandwidth", "FriendlyName": ""}).body
    assert changed == {
        **made.body,
        "auto_creation": "all",
        "carrier": "bandwidth",
        "friendly_name": None,
        "max_group_recipients": 9,
        "max_files_bytes": 3_670_016,
        "date_updated": "2026-11-22T13:00:00Z",
    }
    assert api.get(f"/Lines/{NEW}").body == changed
    assert api.delete(f"/Lines/{NEW}").status == 204
    assert api.delete(f"/Lines/{NEW}").status == 404


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (
            {"Carrier": "telnyx"},
            (400, 20001, "Invalid parameter Address: it is not a phone number in E.164 form"),
        ),
        (
            {"Address": "x" * 3000, "Carrier": "telnyx"},
            (400, 20001, "Invalid parameter Address: it is not a phone number in E.164 form"),
        ),
        ({"Address": NEW}, (400, 20001, "Invalid parameter Carrier: use bandwidth, telnyx, twilio, vonage")),
        (
            {"Address": NEW, "Carrier": "pigeon"},
            (400, 20001, "Invalid parameter Carrier: use bandwidth, telnyx, twilio, vonage"),
        ),
        (
            {"Address": NEW, "Carrier": "telnyx", "AutoCreation": "some"},
            (400, 20001, "Invalid parameter AutoCreation: use off, all, groups"),
        ),
        (
            {"Address": NEW, "Carrier": "telnyx", "FriendlyName": "x" * 257},
            (400, 20001, "Invalid parameter FriendlyName: it is longer than 256 characters"),
        ),
        (
            {"Address": NEW, "Carrier": "telnyx", "Rate": "fast"},
            (
                400,
                20001,
                "Invalid parameter Rate: it is not a decimal number of at most nine digits before the point",
            ),
        ),
        (
            {"Address": NEW, "Carrier": "telnyx", "Rate": "0.0"},
            (400, 20001, "Invalid parameter Rate: it must be more than 0"),
        ),
        ({"Address": P, "Carrier": "telnyx"}, (409, 20409, f"Line {P} is registered already")),
    ],
)
def test_a_wrong_line_is_refused(api: Api, form: dict[str, str], error: tuple[int, int, str]) -> None:
    assert api.post("/Lines", form).error == error
    assert len(api.get("/Lines").body["lines"]) == 4


def test_a_wrong_change_of_a_line_is_refused(api: Api) -> None:
    before = api.get(f"/Lines/{P}").body
    for form in ({"Carrier": "pigeon"}, {"AutoCreation": "x"}, {"FriendlyName": "x" * 257}):
        assert api.post(f"/Lines/{P}", form).status == 400
    assert api.post(f"/Lines/{NEW}", {"Carrier": "telnyx"}).status == 404
    assert api.get(f"/Lines/{P}").body == before


def test_two_changes_of_a_line_at_once_both_hold(api: Api, table: Table) -> None:
    other = Racing(table, 1, "line", lambda: api.post(f"/Lines/{P}", {"FriendlyName": "Front desk"}))
    assert Api(replace(api.context, table=other)).post(f"/Lines/{P}", {"AutoCreation": "off"}).status == 200
    line = api.get(f"/Lines/{P}").body
    assert (line["friendly_name"], line["auto_creation"]) == ("Front desk", "off")


def test_a_line_that_is_forgotten_while_it_is_changed_stays_forgotten(api: Api, table: Table) -> None:
    other = Racing(table, 1, "line", lambda: api.delete(f"/Lines/{P}"))
    assert Api(replace(api.context, table=other)).post(f"/Lines/{P}", {"Carrier": "telnyx"}).status == 404
    assert api.get(f"/Lines/{P}").status == 404


@pytest.mark.usefixtures("instant_retries")
def test_a_write_of_a_line_that_meets_another_one_is_tried_again(api: Api, table: Table) -> None:
    def busy() -> Api:
        return Api(replace(api.context, table=Racing(table, 3, "line", underway)))

    assert busy().post("/Lines", {"Address": NEW, "Carrier": "telnyx"}).status == 201
    assert busy().post(f"/Lines/{NEW}", {"Carrier": "bandwidth"}).status == 200
    assert api.get(f"/Lines/{NEW}").body["carrier"] == "bandwidth"


@pytest.mark.usefixtures("instant_retries")
def test_a_line_is_called_registered_only_when_it_is(api: Api, table: Table) -> None:
    busy = Api(replace(api.context, table=Racing(table, 99, "line", underway)))
    reply = busy.post("/Lines", {"Address": NEW, "Carrier": "telnyx"})
    assert reply.status == 409
    assert "registered" not in reply.body["message"]
    assert api.get(f"/Lines/{NEW}").status == 404


def test_lines_are_listed_by_number_page_by_page_and_back(api: Api) -> None:
    assert [line["address"] for line in api.get("/Lines").body["lines"]] == [P, Q, T, W]
    first = api.get("/Lines", {"PageSize": "3"}).body
    second = api.follow(first["meta"]["next_page_url"]).body
    assert [line["address"] for line in second["lines"]] == [W]
    assert api.follow(second["meta"]["previous_page_url"]).body["lines"] == first["lines"]


def test_unrouted_texts_are_listed_newest_first_and_read(api: Api, table: Table, clock: Clock) -> None:
    texts = [
        UnroutedText(
            sid=sids.derive(sids.UNROUTED, str(number)),
            carrier="bandwidth",
            carrier_message_id=f"id-{number}",
            reason=UnroutedReason.AUTO_CREATION_OFF,
            created=clock() + timedelta(seconds=number),
            line=P,
            sender="alpha:BANK",
            recipients=(P, A),
            body="hello",
            media=(Media("ME" + "0" * 32, "https://c.example/1", "image/png"),),
        )
        for number in range(5)
    ]
    for text in texts:
        table.write(unrouted.put_write(text))
    first = api.get("/UnroutedTexts", {"PageSize": "2"}).body
    assert first["meta"]["key"] == "unrouted_texts"
    seen, page = [one["sid"] for one in first["unrouted_texts"]], first
    while page["meta"]["next_page_url"]:
        page = api.follow(page["meta"]["next_page_url"]).body
        seen += [one["sid"] for one in page["unrouted_texts"]]
    assert seen == [text.sid for text in reversed(texts)]
    assert api.follow(first["unrouted_texts"][0]["url"]).body == {
        "sid": texts[-1].sid,
        "account_sid": ACCOUNT,
        "carrier": "bandwidth",
        "carrier_message_id": "id-4",
        "reason": "auto_creation_off",
        "line": P,
        "sender": "BANK",
        "recipients": [P, A],
        "body": "hello",
        "media": [{"url": "https://c.example/1", "content_type": "image/png"}],
        "raw": "",
        "date_received_by_carrier": None,
        "date_created": "2026-11-22T12:00:04Z",
        "url": f"{BASE}/v1/UnroutedTexts/{texts[-1].sid}",
    }
