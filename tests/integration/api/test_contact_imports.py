"""Imports of contacts: a dry run that says which rows collide, the run that makes contacts, crashes in between."""

from __future__ import annotations

import base64
import contextlib
import csv
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from partyline.api.resources import contact_imports as resource
from partyline.domain.contact_imports import ImportState
from partyline.lifecycle import contact_importer
from partyline.lifecycle.cleanup import Cleaner
from partyline.lifecycle.contact_importer import ContactImporter
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import contact_imports as store
from partyline.storage import contact_keys, contacts, queries
from partyline.storage.queries import Window
from partyline.storage.table import Table
from tests.support.api_harness import A, Api, B, Clock, Reply, proxy_event
from tests.support.files import Files
from tests.support.people import SERVICE, acting, another_service
from tests.support.scene import Crash, Dying


def upload(api: Api, text: str | bytes, path: str = "/Contacts/Imports") -> Reply:
    content = text.encode() if isinstance(text, str) else text
    headers = {"Content-Type": "text/csv", "Authorization": str(api.authorization)}
    event = proxy_event("POST", f"/v1{path}", (), headers, base64.b64encode(content).decode())
    return api.send({**event, "isBase64Encoded": True})


def importer(api: Api, table: Table | None = None, has_time: Callable[[], bool] = lambda: True) -> ContactImporter:
    return ContactImporter(table or api.context.table, api.context.bucket, api.context.clock, has_time)


def ended(api: Api, made: dict[str, Any], run: int) -> dict[str, Any]:
    """What an import says after a run."""
    assert importer(api).run(made["sid"], run)
    body: dict[str, Any] = api.get(f"/Contacts/Imports/{made['sid']}").body
    return body


def names(api: Api) -> list[str]:
    return [one["friendly_name"] for one in api.get("/Contacts", {"PageSize": "100"}).body["contacts"]]


def errors(api: Api, sid: str) -> list[tuple[int, str]]:
    listed = api.get(f"/Contacts/Imports/{sid}/Errors").body["errors"]
    return [(one["row"], one["problem"]) for one in listed]


ROWS = f"name,number,owner\nBob,{A},ann\nKay,x,\nRob,{A},\n,{B},\nTaken,+12065550199,\nLee,+12065550160,ben\n"


@pytest.fixture
def taken(api: Api) -> str:
    """A contact that has the number of a row."""
    return str(api.made("/Contacts", {"FriendlyName": "Old", "Numbers": '["+12065550199"]'})["sid"])


def test_a_dry_run_makes_nothing_and_says_which_rows_would_be_rejected(api: Api, taken: str) -> None:
    made = upload(api, ROWS)
    assert made.status == 202
    assert (made.body["state"], made.body["dry_run"], made.body["rows"]) == ("queued", True, 6)
    after = ended(api, made.body, 1)
    assert (after["state"], after["read"], after["accepted"], after["rejected"]) == ("completed", 6, 2, 4)
    assert names(api) == ["Old"]
    assert errors(api, made.body["sid"]) == [
        (2, "Numbers: each number is a phone number in E.164 form"),
        (3, f"row 1 has {A} too"),
        (4, "friendly_name: it is a text of visible characters"),
        (5, f"+12065550199 belongs to Contact {taken}"),
    ]


def test_the_run_after_it_makes_the_others(api: Api, taken: str) -> None:
    made = upload(api, ROWS).body
    path = f"/Contacts/Imports/{made['sid']}"
    refused = api.post(path, {"DryRun": "false"})
    assert refused.error[:2] == (409, 20409)
    ended(api, made, 1)
    for wrong in ({}, {"DryRun": "true"}):
        assert api.post(path, wrong).body["details"] == {"parameter": "DryRun"}
    assert api.post(path, {"DryRun": "false"}).body["state"] == "queued"
    assert api.post(path, {"DryRun": "false"}).status == 409
    after = ended(api, made, 2)
    assert (after["state"], after["dry_run"], after["accepted"], after["rejected"]) == ("completed", False, 2, 4)
    assert names(api) == ["Bob", "Lee", "Old"]
    [bob] = api.get("/Contacts", {"Number": A}).body["contacts"]
    assert [row for row, _ in errors(api, made["sid"])] == [2, 3, 4, 5]
    assert errors(api, made["sid"])[1] == (3, f"{A} belongs to Contact {bob['sid']}")
    assert api.get(f"/Contacts/{bob['sid']}/History").body["history"][0]["action"] == "created"
    rejected = api.get(f"{path}/Rejected")
    read = list(csv.DictReader(io.StringIO(rejected.body, newline="")))
    assert [(row["friendly_name"], row["number_1"]) for row in read] == [
        ("Kay", "x"),
        ("Rob", f"'{A}"),
        ("", f"'{B}"),
        ("Taken", "'+12065550199"),
    ]
    assert read[2]["problem"].startswith("friendly_name: ")
    assert taken in read[3]["problem"]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_importer, "CHUNK", 2)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("run", [1, 2], ids=["dry", "not dry"])
@pytest.mark.parametrize("writes", range(8))
def test_a_run_that_crashes_goes_on_and_makes_nothing_twice(api: Api, table: Table, writes: int, run: int) -> None:
    made = upload(api, ROWS).body
    if run == 2:
        ended(api, made, 1)
        api.post(f"/Contacts/Imports/{made['sid']}", {"DryRun": "false"})
    dying = Dying(table, writes)
    with contextlib.suppress(Crash):
        importer(api, dying).run(made["sid"], run)
    after = ended(api, made, run)
    assert (after["state"], after["read"], after["accepted"], after["rejected"]) == ("completed", 6, 3, 3)
    assert names(api) == (["Bob", "Lee", "Taken"] if run == 2 else [])
    assert [row for row, _ in errors(api, made["sid"])] == [2, 3, 4]


@pytest.mark.usefixtures("small")
def test_a_run_without_time_goes_on_in_the_next_and_knows_the_rows_before(api: Api) -> None:
    made = upload(api, ROWS).body
    left = iter([True, False, True, True, True])
    assert not importer(api, has_time=lambda: next(left)).run(made["sid"], 1)
    found = api.get(f"/Contacts/Imports/{made['sid']}").body
    assert (found["state"], found["read"]) == ("running", 2)
    assert importer(api, has_time=lambda: next(left)).run(made["sid"], 1)
    assert errors(api, made["sid"])[1] == (3, f"row 1 has {A} too")


def test_a_run_that_is_repeated_or_outdated_does_nothing(api: Api, table: Table) -> None:
    made = upload(api, "name\nBob").body
    ended(api, made, 1)
    before = table.get(contact_keys.contact_import(made["sid"]))
    for run in (1, 2, 3):
        assert importer(api).run(made["sid"], run)
    assert importer(api).run("CI" + "0" * 32, 1)
    assert table.get(contact_keys.contact_import(made["sid"])) == before


def test_a_run_whose_service_is_removed_meanwhile_makes_no_more(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_importer, "CHUNK", 1)
    other, looks = another_service(api), iter(range(9))
    path = f"/Services/{other}/Contacts/Imports"
    made = upload(api, "name,number\n" + "".join(f"Kay,+1206555{2000 + n}\n" for n in range(5)), path).body
    assert importer(api).run(made["sid"], 1)
    api.post(f"{path}/{made['sid']}", {"DryRun": "false"})

    def has_time() -> bool:
        if next(looks) == 2:
            assert api.delete(f"/Services/{other}").status == 204
        return True

    assert importer(api, has_time=has_time).run(made["sid"], 2)
    stored = queries.contacts(api.context.table, other, Window(9)).entries
    assert len(stored) == 2


def test_an_import_without_its_file_fails(api: Api) -> None:
    made = upload(api, "name\nBob").body
    api.context.bucket.remove(made["sid"])
    assert ended(api, made, 1)["state"] == ImportState.FAILED


@pytest.mark.parametrize("writes", [0, 1])
def test_a_request_that_crashes_leaves_no_file_that_nothing_deletes(api: Api, table: Table, writes: int) -> None:
    api.get("/Contacts")  # The first request of all makes the Service.
    files = Files()
    dying = replace(api, context=replace(api.context, table=Dying(table, writes), bucket=files))
    with contextlib.suppress(Crash):
        upload(dying, "name\nBob")
    stored = {key.partition("/")[0] for key in files.stored}
    assert len(stored) == writes
    for sid in stored:
        # Its expiry has the file deleted. It has no run.
        assert "ttl" in (table.get(contact_keys.contact_import(sid)) or {})
        assert table.get(contact_keys.contact_import_run(sid, 1)) is None


@pytest.mark.parametrize("content", [b"", b"name\n\xff", "color\nred", "name", "name\n" + "x" * 140_000])
def test_other_files_are_refused(api: Api, content: str | bytes) -> None:
    refused = upload(api, content)
    assert (refused.status, refused.body["code"], refused.body["details"]) == (400, 20001, {"parameter": "body"})


def test_only_who_manages_contacts_imports_them(api: Api) -> None:
    made = upload(api, "name\nBob").body
    ann = acting(api, "ann")
    path = f"/Contacts/Imports/{made['sid']}"
    for reply in (
        upload(ann, "name\nBob"),
        ann.get(path),
        ann.post(path, {"DryRun": "false"}),
        ann.get(f"{path}/Errors"),
        ann.get(f"{path}/Rejected"),
    ):
        assert reply.error[:2] == (403, 50107)
    other = another_service(api)
    for beneath in ("", "/Errors", "/Rejected"):
        assert api.get(f"/Services/{other}{path}{beneath}").status == 404
        assert api.get(f"/Contacts/Imports/CI1{beneath}").status == 404


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_pages_and_parts_of_rejected_rows_hold_all_once(api: Api, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    made = upload(api, "name,number\n" + "\n".join(f"Name {number},x" for number in range(4))).body
    ended(api, made, 1)
    path = f"/Contacts/Imports/{made['sid']}"
    page = api.get(f"{path}/Errors", {"PageSize": str(size)})
    rows = [one["row"] for one in page.body["errors"]]
    while page.body["meta"]["next_page_url"]:
        page = api.follow(page.body["meta"]["next_page_url"])
        rows += [one["row"] for one in page.body["errors"]]
    assert rows == [1, 2, 3, 4]
    while page.body["meta"]["previous_page_url"]:
        page = api.follow(page.body["meta"]["previous_page_url"])
    assert page.body["errors"][0]["row"] == 1
    whole = api.get(f"{path}/Rejected").body
    monkeypatch.setattr(resource, "PART_BYTES", size)
    part = api.get(f"{path}/Rejected")
    parts = [part.body]
    while link := part.headers.get("Link"):
        part = api.follow(link.partition(">")[0].removeprefix("<"))
        parts.append(part.body)
    assert "".join(parts) == whole
    assert len(parts) == 4
    assert api.get(f"{path}/Rejected", {"After": "x"}).body["details"] == {"parameter": "After"}


def test_what_is_left_of_an_import_is_cleaned_up(api: Api, table: Table, clock: Clock) -> None:
    made = upload(api, ROWS).body
    ended(api, made, 1)
    removed = Removed(RemovedKind.CONTACT_IMPORT, made["sid"])
    assert Cleaner(table, api.context.bucket, clock, lambda: True).clean_up(removed)
    assert list(table.query_all(contact_keys.contact_import(made["sid"]).pk)) == []
    assert api.context.bucket.describe(f"{made['sid']}/original.csv") is None
    assert store.fetch(table, made["sid"]) is None
    assert contacts.fetch_holders(table, SERVICE, [A]) == {}
