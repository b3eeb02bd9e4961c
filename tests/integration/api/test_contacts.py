"""Contacts through the API: one number, one contact; who sees and changes which; lists, search, history, merging."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partyline.domain import contact_search, sids
from partyline.lifecycle import cleanup
from partyline.lifecycle.cleanup import Cleaner
from partyline.queues.queue_messages import Removed, RemovedKind
from partyline.storage import contact_keys, contacts, keys
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, A, Api, B, C, Clock, Counting, D, Racing, Reply
from tests.support.files import Files
from tests.support.people import SERVICE, acting, another_service


def numbers(*given: str, **labels: str) -> str:
    return json.dumps([{"number": number} for number in given] + [{"number": n, "label": k} for k, n in labels.items()])


def create(api: Api, name: str = "Bob Miller", *given: str, **form: str) -> Any:
    return api.made("/Contacts", {"FriendlyName": name, "Numbers": numbers(*given), **form})


def manager(api: Api, identity: str = "boss") -> Api:
    role = api.made("/Roles", {"FriendlyName": "manager", "Type": "service", "Permission": "manageContacts"})
    api.made("/Users", {"Identity": identity, "RoleSid": role["sid"]})
    return acting(api, identity)


def names(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [one["friendly_name"] for one in reply.body["contacts"]]


# --- one contact


def test_a_contact_is_created_and_fetched(api: Api) -> None:
    form = {
        "FriendlyName": " Bob Miller ",
        "Numbers": json.dumps([{"number": "(206) 555-0150", "label": "mobile"}, {"number": B, "primary": True}]),
        "Owner": "ann",
        "DoNotDisturb": "true",
        "DoNotDisturbReason": "on holiday",
        "Attributes": '{"vip": true}',
    }
    made = api.made("/Contacts", form)
    sid, url = made["sid"], f"{BASE}/v1/Contacts/{made['sid']}"
    assert sids.matches(sids.CONTACT, sid)
    assert made == {
        "sid": sid,
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "friendly_name": "Bob Miller",
        "numbers": [
            {"number": A, "label": "mobile", "primary": False},
            {"number": B, "label": "", "primary": True},
        ],
        "owner": "ann",
        "do_not_disturb": {"since": "2026-11-22T12:00:00Z", "by": ACCOUNT, "reason": "on holiday"},
        "attributes": '{"vip": true}',
        "version": 1,
        "date_created": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": url,
        "links": {"history": f"{url}/History"},
    }
    assert api.follow(url).body == made


def test_a_contact_may_have_no_number(api: Api) -> None:
    assert api.made("/Contacts", {"FriendlyName": "Kay"})["numbers"] == []


@pytest.mark.parametrize(
    ("form", "parameter"),
    [
        ({}, "FriendlyName"),
        ({"FriendlyName": " "}, "FriendlyName"),
        ({"FriendlyName": "a\u202eb"}, "FriendlyName"),
        ({"FriendlyName": "x" * 257}, "FriendlyName"),
        ({"Numbers": "+12065550150"}, "Numbers"),
        ({"Numbers": "{}"}, "Numbers"),
        ({"Numbers": "[1]"}, "Numbers"),
        ({"Numbers": '[{"number": 1}]'}, "Numbers"),
        ({"Numbers": '["bob"]'}, "Numbers"),
        ({"Numbers": f'["{A}", "{A}"]'}, "Numbers"),
        ({"Numbers": f'[{{"number": "{A}", "label": ["x"]}}]'}, "Numbers"),
        ({"Numbers": f'[{{"number": "{A}", "primary": "yes"}}]'}, "Numbers"),
        ({"Owner": "a\nb"}, "Owner"),
        ({"Owner": "ü" * 129}, "Owner"),
        ({"Owner": "System"}, "Owner"),
        ({"Owner": "US" + "0" * 32}, "Owner"),
        ({"DoNotDisturb": "yes"}, "DoNotDisturb"),
        ({"DoNotDisturbReason": "tired"}, "DoNotDisturbReason"),
        ({"DoNotDisturb": "true", "DoNotDisturbReason": "x" * 257}, "DoNotDisturbReason"),
    ],
)
def test_wrong_parameters_are_refused_by_name(api: Api, form: dict[str, str], parameter: str) -> None:
    form = form if parameter == "FriendlyName" else {"FriendlyName": "Bob", **form}
    refused = api.post("/Contacts", form)
    assert (refused.status, refused.body["code"], refused.body["details"]["parameter"]) == (400, 20001, parameter)
    assert names(api.get("/Contacts")) == []


def test_attributes_are_json(api: Api) -> None:
    assert api.post("/Contacts", {"FriendlyName": "Bob", "Attributes": "{"}).error[:2] == (400, 50304)


def test_a_change_changes_what_it_names(api: Api, clock: Clock) -> None:
    made = create(api, "Bob", A, Owner=" ann ")
    assert made["owner"] == "ann"
    assert [one["sid"] for one in api.get("/Contacts", {"Owner": "ann "}).body["contacts"]] == [made["sid"]]
    clock.tick(hours=1)
    path = f"/Contacts/{made['sid']}"
    assert api.post(path, {"FriendlyName": "Bob"}).body == made
    renamed = api.post(path, {"FriendlyName": "Robert", "Version": "1"}).body
    assert renamed == {**made, "friendly_name": "Robert", "version": 2, "date_updated": "2026-11-22T13:00:00Z"}
    assert api.post(path, {"Owner": "", "Numbers": "[]"}).body["owner"] is None
    assert api.get(path).body["numbers"] == []


def test_a_change_of_an_older_version_is_refused(api: Api) -> None:
    made = create(api)
    path = f"/Contacts/{made['sid']}"
    api.post(path, {"FriendlyName": "Robert"})
    refused = api.post(path, {"FriendlyName": "Bobby", "Version": "1"})
    assert refused.error[:2] == (409, 20409)
    assert refused.body["details"] == {"parameter": "Version", "contact_sid": made["sid"], "version": 2}
    assert api.get(path).body["friendly_name"] == "Robert"
    for wrong in ("", "0", "one", "1.5"):
        assert api.post(path, {"Version": wrong}).body["details"]["parameter"] == "Version"


def test_two_changes_at_the_same_moment_both_hold(api: Api, table: Table) -> None:
    path = f"/Contacts/{create(api)['sid']}"
    racing = Racing(table, 2, contacts.CONTACT, lambda: api.post(path, {"Owner": "ann"}))
    Api(replace(api.context, table=racing)).post(path, {"FriendlyName": "Robert"})
    found = api.get(path).body
    assert (found["friendly_name"], found["owner"], found["version"]) == ("Robert", "ann", 3)


def test_do_not_disturb_says_since_when_and_by_whom(api: Api, clock: Clock) -> None:
    path = f"/Contacts/{create(api)['sid']}"
    api.post(path, {"DoNotDisturb": "true"})
    clock.tick(hours=1)
    again = acting(api, "ann")
    assert again.post(path, {"DoNotDisturb": "true"}).status == 404
    api.post(path, {"DoNotDisturbReason": "asked again"})
    assert api.get(path).body["do_not_disturb"] == {
        "since": "2026-11-22T12:00:00Z",
        "by": ACCOUNT,
        "reason": "asked again",
    }
    assert api.post(path, {"DoNotDisturb": "false"}).body["do_not_disturb"] is None


# --- one number, one contact


def test_a_number_belongs_to_one_living_contact_of_a_service(api: Api) -> None:
    bob, kay = create(api, "Bob", A, B), create(api, "Kay", C)
    for refused in (
        api.post("/Contacts", {"FriendlyName": "Rob", "Numbers": numbers(D, A)}),
        api.post(f"/Contacts/{kay['sid']}", {"Numbers": numbers(C, A), "FriendlyName": "Kate"}),
    ):
        assert refused.error == (409, 20409, f"Number {A} belongs to Contact {bob['sid']}")
        assert refused.body["details"] == {"number": A, "contact_sid": bob["sid"]}
    assert names(api.get("/Contacts")) == ["Bob", "Kay"]
    # Another Service has contacts of its own.
    other = another_service(api)
    assert api.post(f"/Services/{other}/Contacts", {"FriendlyName": "Bob", "Numbers": numbers(A)}).status == 201
    # A number that is given up, or whose contact was deleted, is free.
    api.post(f"/Contacts/{bob['sid']}", {"Numbers": numbers(B)})
    api.post(f"/Contacts/{kay['sid']}", {"Numbers": numbers(C, A)})
    assert api.delete(f"/Contacts/{bob['sid']}").status == 204
    create(api, "Rob", B)
    assert names(api.get("/Contacts", {"Number": A})) == ["Kay"]


def test_of_two_contacts_with_one_number_at_the_same_moment_one_is_made(api: Api, table: Table) -> None:
    racing = Racing(table, 1, contacts.CONTACT, lambda: create(api, "Kay", A))
    refused = Api(replace(api.context, table=racing)).post("/Contacts", {"FriendlyName": "Bob", "Numbers": numbers(A)})
    assert refused.error[:2] == (409, 20409)
    assert names(api.get("/Contacts")) == ["Kay"]


def test_whose_some_numbers_are_is_one_read(api: Api, table: Table) -> None:
    bob = create(api, "Bob", A, B, Owner="ann", DoNotDisturb="true")
    counting = Counting(table)
    found = contacts.fetch_holders(counting, SERVICE, [A, B, C])
    assert counting.asked == ["get_all"]
    assert {one.number for one in found.values()} == {A, B}
    assert {(one.contact_sid, one.friendly_name, one.owner) for one in found.values()} == {(bob["sid"], "Bob", "ann")}
    assert all(one.do_not_disturb for one in found.values())
    api.post(f"/Contacts/{bob['sid']}", {"Owner": "ben", "DoNotDisturb": "false", "FriendlyName": "Rob"})
    found = contacts.fetch_holders(table, SERVICE, [A, B])
    assert {(one.friendly_name, one.owner, one.do_not_disturb) for one in found.values()} == {("Rob", "ben", False)}


def test_a_repeat_with_the_same_key_is_the_same_contact(api: Api) -> None:
    once = replace(api, headers={"Idempotency-Key": "k1"})
    form = {"FriendlyName": "Bob", "Numbers": numbers(A)}
    made = once.post("/Contacts", form)
    again = once.post("/Contacts", form)
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (201, made.body, "true")
    assert once.post("/Contacts", {"FriendlyName": "Kay"}).status == 422
    assert names(api.get("/Contacts")) == ["Bob"]
    # Another request with the number is refused still.
    assert replace(api, headers={"Idempotency-Key": "k2"}).post("/Contacts", form).error[:2] == (409, 20409)


# --- deleting and merging


def test_a_deleted_contact_is_not_found_and_keeps_its_history(api: Api, table: Table) -> None:
    made = create(api, "Bob", A, Owner="ann", Attributes='{"a": 1}')
    path = f"/Contacts/{made['sid']}"
    assert api.delete(path).status == 204
    for gone in (api.get(path), api.post(path, {"FriendlyName": "x"}), api.delete(path)):
        assert gone.error[:2] == (404, 20404)
    for query in ({}, {"Q": "bob"}, {"Number": A}, {"Owner": "ann"}):
        assert names(api.get("/Contacts", query)) == []
    tombstone = contacts.fetch(table, made["sid"])
    assert tombstone is not None
    assert (tombstone.friendly_name, tombstone.version, tombstone.numbers, tombstone.owner) == ("Bob", 2, (), None)
    assert [entry["action"] for entry in api.get(f"{path}/History").body["history"]] == ["deleted", "created"]


@pytest.mark.parametrize("deleted_before", [False, True])
def test_an_erased_contact_leaves_no_name_and_no_history(api: Api, table: Table, *, deleted_before: bool) -> None:
    made = create(api, "Bob", A, Owner="ann")
    path = f"/Contacts/{made['sid']}"
    api.post(path, {"FriendlyName": "Robert"})
    assert acting(api, "ann").call("DELETE", path, {"Erase": "true"}).error[:2] == (403, 50107)
    if deleted_before:
        api.delete(path)
    assert api.call("DELETE", path, {"Erase": "yes"}).body["details"] == {"parameter": "Erase"}
    assert api.call("DELETE", path, {"Erase": "true"}).status == 204
    stored = str(list(table.query_all(contact_keys.contact(made["sid"]).pk)))
    assert not any(word in stored for word in ("Bob", "Robert", A))
    [left] = api.get(f"{path}/History").body["history"]
    assert (left["action"], left["changes"], left["by"]) == ("erased", [], ACCOUNT)
    assert api.get(path).status == 404
    assert names(api.get("/Contacts", {"Number": A})) == []


def history_of(api: Api, sid: str) -> list[str]:
    return [entry["action"] for entry in api.get(f"/Contacts/{sid}/History").body["history"]]


@pytest.mark.parametrize("changes", [2, 3, 7])
def test_a_long_history_is_deleted_step_by_step(
    api: Api, table: Table, clock: Clock, monkeypatch: pytest.MonkeyPatch, changes: int
) -> None:
    """One request does not last for as long as a history is."""
    monkeypatch.setattr(contacts, "_MAX_FORGOTTEN", 3)
    monkeypatch.setattr(cleanup, "_STEP", 2)
    sid, other = create(api, "Bob", A)["sid"], create(api, "Kay", B)["sid"]
    for number in range(1, changes):
        api.post(f"/Contacts/{sid}", {"FriendlyName": f"Bob {number}"})
    assert api.call("DELETE", f"/Contacts/{sid}", {"Erase": "true"}).status == 204
    assert history_of(api, sid) == ["erased"] + ["updated"] * max(changes - 3, 0)
    for one in (sid, other, sids.new(sids.CONTACT)):
        assert Cleaner(table, Files(), clock, lambda: True).clean_up(Removed(RemovedKind.CONTACT_HISTORY, one))
    assert (history_of(api, sid), history_of(api, other)) == (["erased"], ["created"])


@pytest.mark.parametrize("end", ["deleted", "erased", "merged"])
def test_the_answer_to_a_request_is_deleted_with_its_contact(api: Api, table: Table, end: str) -> None:
    once = replace(api, headers={"Idempotency-Key": "k1"})
    form = {"FriendlyName": "Quentin", "Numbers": numbers(A)}
    path = f"/Contacts/{once.made('/Contacts', form)['sid']}"
    if end == "merged":
        survivor = create(api, "Rob", B)["sid"]
        api.post(f"/Contacts/{survivor}/Merge", {"ContactSid": path.removeprefix("/Contacts/")})
    else:
        api.call("DELETE", path, {"Erase": "true"} if end == "erased" else {})
    assert once.post("/Contacts", form).error == (404, 20404, f"The requested resource {path} was not found")
    assert names(api.get("/Contacts", {"Q": "quentin"})) == []
    client: Any = table._client
    [answer] = [item for item in client.scan(TableName="partyline")["Items"] if "fingerprint" in item]
    assert not any(word in str(answer) for word in ("Quentin", A))


def test_a_merge_moves_the_numbers(api: Api, clock: Clock) -> None:
    bob, rob = create(api, "Bob", A), create(api, "Robert", B, Owner="ann", DoNotDisturb="true")
    clock.tick(hours=1)
    merged = api.post(f"/Contacts/{bob['sid']}/Merge", {"ContactSid": rob["sid"]}).body
    assert [(one["number"], one["primary"]) for one in merged["numbers"]] == [(A, True), (B, False)]
    assert (merged["friendly_name"], merged["owner"], merged["version"]) == ("Bob", "ann", 2)
    assert merged["do_not_disturb"] == rob["do_not_disturb"]
    gone = api.get(f"/Contacts/{rob['sid']}")
    assert (gone.status, gone.body["details"]) == (404, {"merged_into": bob["sid"]})
    assert names(api.get("/Contacts", {"Number": B})) == ["Bob"]
    assert names(api.get("/Contacts", {"Q": "0151"})) == ["Bob"]
    assert names(api.get("/Contacts", {"Q": "robert"})) == []
    last = api.get(f"/Contacts/{bob['sid']}/History").body["history"][0]
    assert (last["action"], last["changes"][0]) == (
        "merged",
        {"field": "merged", "before": None, "after": rob["sid"]},
    )


def test_only_another_living_contact_of_the_service_is_merged(api: Api) -> None:
    bob, gone = create(api, "Bob", A), create(api, "Gone", B)
    api.delete(f"/Contacts/{gone['sid']}")
    other = another_service(api)
    stranger = api.made(f"/Services/{other}/Contacts", {"FriendlyName": "Stranger"})
    for sid in (bob["sid"], gone["sid"], stranger["sid"], "CT1", "", sids.new(sids.CONTACT)):
        refused = api.post(f"/Contacts/{bob['sid']}/Merge", {"ContactSid": sid})
        assert (refused.status, refused.body["details"]) == (400, {"parameter": "ContactSid"})
    assert api.get(f"/Contacts/{bob['sid']}").body == bob


def test_the_history_says_who_changed_what_and_when(api: Api, clock: Clock) -> None:
    boss = manager(api)
    made = create(boss, "Bob", A)
    clock.tick(minutes=30)
    api.post(f"/Contacts/{made['sid']}", {"FriendlyName": "Rob", "Owner": "ann"})
    latest, first = boss.get(f"/Contacts/{made['sid']}/History").body["history"]
    assert latest == {
        "account_sid": ACCOUNT,
        "chat_service_sid": SERVICE,
        "contact_sid": made["sid"],
        "action": "updated",
        "by": ACCOUNT,
        "version": 2,
        "changes": [
            {"field": "friendly_name", "before": "Bob", "after": "Rob"},
            {"field": "owner", "before": None, "after": "ann"},
        ],
        "date_created": "2026-11-22T12:30:00Z",
    }
    assert (first["by"], first["action"], first["version"]) == ("boss", "created", 1)


# --- who may


def test_who_manages_contacts_may_do_everything(api: Api) -> None:
    boss = manager(api)
    made, other = create(boss, "Bob", A), create(boss, "Rob", B)
    path = f"/Contacts/{made['sid']}"
    assert boss.post(path, {"Owner": "ann", "Numbers": numbers(A, C)}).status == 200
    assert boss.post(f"{path}/Merge", {"ContactSid": other["sid"]}).status == 200
    assert names(boss.get("/Contacts")) == ["Bob"]
    assert boss.delete(path).status == 204
    assert boss.get(f"{path}/History").status == 200


def test_others_see_and_change_their_own_and_neither_numbers_nor_owner(api: Api) -> None:
    ann = acting(api, "ann")
    own, bens = create(api, "Kay", A, Owner="ann"), create(api, "Bob", B, Owner="ben")
    free = create(api, "Free", C)
    path = f"/Contacts/{own['sid']}"
    assert ann.get(path).body == own
    assert names(ann.get("/Contacts")) == ["Kay"]
    changed = ann.post(path, {"FriendlyName": "Kate", "DoNotDisturb": "true"}).body
    assert (changed["friendly_name"], changed["do_not_disturb"]["by"]) == ("Kate", "ann")
    for form in ({"Owner": "ben"}, {"Owner": ""}, {"Numbers": numbers(A, D)}):
        assert ann.post(path, form).error[:2] == (403, 50107)
    assert ann.delete(path).error[:2] == (403, 50107)
    assert ann.post(f"{path}/Merge", {"ContactSid": bens["sid"]}).error[:2] == (403, 50107)
    assert ann.post("/Contacts", {"FriendlyName": "New", "Owner": "ann"}).error[:2] == (403, 50107)
    for hidden in (bens, free):
        there = f"/Contacts/{hidden['sid']}"
        for reply in (ann.get(there), ann.post(there, {"FriendlyName": "x"}), ann.delete(there),
                      ann.get(f"{there}/History"), ann.post(f"{there}/Merge", {"ContactSid": own["sid"]})):  # fmt: skip
            assert reply.error[:2] == (404, 20404)
    for query in ({"Q": "bob"}, {"Q": "0151"}, {"Number": B}, {"Owner": "ben"}, {"Owner": "ben", "Q": "bob"}):
        assert names(ann.get("/Contacts", query)) == []
    assert names(ann.get("/Contacts", {"Q": "ka"})) == ["Kate"]
    # A deleted contact has no owner any more.
    api.delete(path)
    assert ann.get(f"{path}/History").status == 404


def test_another_service_sees_nothing(api: Api) -> None:
    made, other = create(api, "Bob", A), another_service(api)
    path = f"/Services/{other}/Contacts"
    for query in ({}, {"Q": "bob"}, {"Number": A}):
        assert names(api.get(path, query)) == []
    there = f"{path}/{made['sid']}"
    for reply in (api.get(there), api.delete(there), api.get(f"{there}/History"), api.post(there, {"Owner": "x"})):
        assert reply.error[:2] == (404, 20404)


# --- lists and search


@pytest.fixture
def many(api: Api) -> Api:
    """Contacts whose names have words in common, some of an owner."""
    for number, name in enumerate(
        ("Émile Ober", "anna Ober", "Bob Ober", "Zoë Miller", "漢字 Ober", "Bob Bobson", "Ober Ober", "Carl Oberlin")
    ):
        create(api, name, f"+1206555{number:04}", Owner="ann" if number % 2 else "")
    return api


BY_NAME = ["anna Ober", "Bob Bobson", "Bob Ober", "Carl Oberlin", "Émile Ober", "Ober Ober", "Zoë Miller", "漢字 Ober"]


def test_lists_are_by_name_whatever_its_writing(many: Api) -> None:
    assert names(many.get("/Contacts")) == BY_NAME
    assert names(many.get("/Contacts", {"Owner": "ann"})) == ["anna Ober", "Bob Bobson", "Carl Oberlin", "Zoë Miller"]


@pytest.mark.parametrize(
    "query", [{}, {"Owner": "ann"}, {"Q": "ober"}, {"Q": "o b"}, {"Q": "555"}, {"Q": "o", "Owner": "ann"}]
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9])
def test_pages_hold_everything_once_forward_and_back(many: Api, query: dict[str, str], size: int) -> None:
    everything = names(many.get("/Contacts", query))
    assert len(set(everything)) == len(everything)
    page = many.get("/Contacts", {**query, "PageSize": str(size)})
    forward = names(page)
    while page.body["meta"]["next_page_url"]:
        page = many.follow(page.body["meta"]["next_page_url"])
        forward += names(page)
    assert forward == everything
    backward = names(page)
    while page.body["meta"]["previous_page_url"]:
        page = many.follow(page.body["meta"]["previous_page_url"])
        backward = names(page) + backward
    assert backward == everything


@given(st.text(st.sampled_from("OoBb5é .-"), max_size=6), st.integers(1, 4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
def test_a_search_finds_what_reading_all_contacts_does(many: Api, query: str, size: int) -> None:
    searched = contact_search.parse_query(query)
    if not query or not searched.groups:
        return
    page = many.get("/Contacts", {"Q": query, "PageSize": str(size)})
    found = names(page)
    while page.body["meta"]["next_page_url"]:
        page = many.follow(page.body["meta"]["next_page_url"])
        found += names(page)
    table = many.context.table
    expected = []
    for one in many.get("/Contacts").body["contacts"]:
        contact = contacts.fetch(table, one["sid"])
        assert contact
        if searched.has_match(contact_search.list_terms(contact)):
            expected.append(contact.friendly_name)
    assert sorted(found) == sorted(expected)


def test_a_search_that_fits_few_of_many_reads_a_bounded_part_for_a_page(api: Api, table: Table) -> None:
    for number in range(30):
        create(api, f"Miller {'x' if number == 29 else 'y'}")
    counting = Counting(table)
    page = Api(replace(api.context, table=counting)).get("/Contacts", {"Q": "mill xx", "PageSize": "2"})
    assert names(page) == []
    assert page.body["meta"]["next_page_url"]
    assert counting.read <= 5 * 4 * 4 + 10
    while page.body["meta"]["next_page_url"]:
        page = api.follow(page.body["meta"]["next_page_url"])
        assert names(page) == []


def test_a_renamed_contact_is_found_by_its_new_name_only(api: Api) -> None:
    made = create(api, "Bob Miller", A, Owner="ann")
    path = f"/Contacts/{made['sid']}"
    api.post(path, {"FriendlyName": "Rob Miller", "Numbers": numbers(B), "Owner": "ben"})
    for query in ({"Q": "bob"}, {"Q": "0150"}, {"Q": "miller", "Owner": "ann"}, {"Owner": "ann"}):
        assert names(api.get("/Contacts", query)) == []
    for query in ({"Q": "rob mil"}, {"Q": "0151"}, {"Q": "miller", "Owner": "ben"}, {"Owner": "ben"}):
        assert names(api.get("/Contacts", query)) == ["Rob Miller"]


def test_a_number_is_looked_up_together_with_other_filters(api: Api) -> None:
    create(api, "Bob", A, Owner="ann")
    for query, found in [
        ({"Number": "206-555-0150"}, ["Bob"]),
        ({"Number": A, "Q": "bo"}, ["Bob"]),
        ({"Number": A, "Q": "kay"}, []),
        ({"Number": A, "Owner": "ben"}, []),
        ({"Number": B}, []),
        ({"Number": "bob@example.com"}, []),
        ({"Q": "!!"}, []),
        ({"Q": "", "Number": "", "Owner": ""}, ["Bob"]),
    ]:
        assert names(api.get("/Contacts", query)) == found, query


@given(st.dictionaries(st.sampled_from(["FriendlyName", "Numbers", "Owner", "DoNotDisturb", "DoNotDisturbReason",
                                        "Attributes", "Version", "Q", "Number"]),
                       st.text(st.characters(exclude_categories=["Cs"]), max_size=30)))  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_forms_and_queries_never_fail(api: Api, form: dict[str, str]) -> None:
    sid = create(api, "Bob")["sid"]
    for reply in (api.post("/Contacts", form), api.post(f"/Contacts/{sid}", form), api.get("/Contacts", form)):
        assert reply.status < 500, reply.body


def test_a_removed_service_leaves_no_contacts(api: Api, table: Table, clock: Clock) -> None:
    other = another_service(api)
    path = f"/Services/{other}/Contacts"
    made = api.made(path, {"FriendlyName": "Bob", "Numbers": numbers(A)})
    gone = api.made(path, {"FriendlyName": "Kay", "Numbers": numbers(B)})
    api.delete(f"{path}/{gone['sid']}")
    removed = Removed(RemovedKind.SERVICE, other, other, at=int(clock().timestamp()))
    assert Cleaner(table, Files(), clock, lambda: True).clean_up(removed)
    left = [contact_keys.contact(made["sid"]), contact_keys.contact(gone["sid"]), contact_keys.contact_number(other, A)]
    assert table.get_all(left) == {}
    assert list(table.query_all(contact_keys.contact(made["sid"]).pk)) == []
    for number in range(keys.SHARDS):
        assert list(table.query_all(keys.shard(contact_keys.contact_terms(other), number))) == []
