"""The export of contacts: all of them once, in parts that are one file, and for those who manage them."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from partyline.api.resources import contact_export
from partyline.domain import contact_csv
from tests.support.api_harness import A, Api, B, Reply
from tests.support.people import acting, another_service


def rows(text: str) -> list[dict[str, str]]:
    return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""))]


def following(reply: Reply) -> str | None:
    found = re.fullmatch(r'<(.*)>; rel="next"', reply.headers.get("Link", ""))
    return found[1] if found else None


@pytest.fixture
def seven(api: Api) -> Api:
    for number in range(7):
        api.made("/Contacts", {"FriendlyName": f"Name {number}, é", "Numbers": f'["+1206555{number:04}"]'})
    return api


def test_contacts_are_exported_without_formulas(api: Api) -> None:
    form = {"FriendlyName": '=HYPERLINK("https://evil.example")', "Numbers": json.dumps([A, B]), "Owner": "@ann"}
    made = api.made("/Contacts", form)
    gone = api.made("/Contacts", {"FriendlyName": "Gone"})
    api.delete(f"/Contacts/{gone['sid']}")
    reply = api.get("/Contacts/Export")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="contacts.csv"'
    [row] = rows(reply.body)
    assert tuple(row) == contact_csv.COLUMNS
    assert {name: cell for name, cell in row.items() if cell} == {
        "sid": made["sid"],
        "friendly_name": '\'=HYPERLINK("https://evil.example")',
        "owner": "'@ann",
        "do_not_disturb": "false",
        "attributes": "{}",
        "number_1": f"'{A}",
        "number_2": f"'{B}",
    }


def test_no_contacts_are_a_file_with_the_names_of_its_columns(api: Api) -> None:
    reply = api.get("/Contacts/Export")
    assert (reply.body.strip().split(","), following(reply)) == (list(contact_csv.COLUMNS), None)


@pytest.mark.parametrize("limit", ["PART_ROWS", "PART_BYTES"])
@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_the_parts_are_one_file(seven: Api, monkeypatch: pytest.MonkeyPatch, limit: str, size: int) -> None:
    monkeypatch.setattr(contact_export, "_BATCH", 2)
    whole = seven.get("/Contacts/Export").body
    length = len(json.dumps(whole.splitlines(keepends=True)[1])) if limit == "PART_BYTES" else 1
    monkeypatch.setattr(contact_export, limit, size * length)
    reply = seven.get("/Contacts/Export")
    parts = [reply.body]
    while url := following(reply):
        reply = seven.follow(url)
        parts.append(reply.body)
    assert "".join(parts) == whole
    assert len(rows(whole)) == 7
    assert len(parts) == -(-7 // size)


def test_only_who_manages_contacts_exports_them(seven: Api) -> None:
    assert acting(seven, "ann").get("/Contacts/Export").error[:2] == (403, 50107)
    assert rows(seven.get(f"/Services/{another_service(seven)}/Contacts/Export").body) == []


@pytest.mark.parametrize("place", ["", "%", "é", "_w", "x" * 1025])
def test_a_place_that_no_export_gave_is_refused(api: Api, place: str) -> None:
    refused = api.get("/Contacts/Export", {"After": place})
    assert (refused.status, refused.body["details"]) == (400, {"parameter": "After"})
    assert replace(api).post("/Contacts/Export").status == 405
