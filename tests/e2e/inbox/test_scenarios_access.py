"""Who may do what, and who is in: scenarios in a real browser."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from local.stack import Stack
from tests.support import browser as browsers
from tests.support.hands import BOTH, By, Hand
from tests.support.inbox_app import AppPage, InboxBrowser
from tests.support.inbox_screens import dialog, entry, field
from tests.support.offices import FRONT_DESK, FRONT_DESK_LABEL, Office
from tests.support.stack_world import new_number

browsers.require()

both = pytest.mark.parametrize("by", BOTH)


@contextmanager
def one_line_for_all(office: Office, owner: str) -> Iterator[None]:
    """Within it all lines but the front desk are somebody's alone, whatever other tests have left."""
    lines = office.account.read("/Lines", {"PageSize": "100"})["lines"]
    before = {line["address"]: line["users"] for line in lines if line["address"] != FRONT_DESK}
    for address in before:
        office.account.made(f"/Lines/{address}", {"Users": owner})
    try:
        yield
    finally:
        for address, users in before.items():
            office.account.made(f"/Lines/{address}", [("Users", user) for user in users or [""]])


@both
def test_2_a_person_is_offered_their_lines_alone(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    ann, ben = office.identity(stack.people.admin), office.identity(stack.people.limited)
    toll_free = f"+1833{new_number()[-7:]}"
    with one_line_for_all(office, ann), inbox.page(stack.people.limited) as app:
        office.account.made("/Lines", {"Address": toll_free, "Carrier": "bandwidth", "Users": ben})
        app.page.reload()
        hand = Hand(app, by)
        hand.choose(app.page.get_by_role("button", name="New", exact=True), "Group message")
        # It is not asked for, since there is only one: a toll-free number does no groups.
        expect(dialog(app)).to_contain_text(FRONT_DESK_LABEL)
        expect(dialog(app).get_by_label("From")).to_have_count(0)
        hand.look()
    office.account.delete(f"/Lines/{toll_free}")


def stored_databases(app: AppPage) -> list[str]:
    found: list[str] = app.page.evaluate("indexedDB.databases().then((all) => all.map(({ name }) => name))")
    return found


@both
def test_19_who_is_removed_is_out_and_leaves_nothing(stack: Stack, inbox: InboxBrowser, office: Office, by: By) -> None:
    person = stack.people.limited
    ben = office.identity(person)
    scene = office.group("Access", office.contact("Kay", owner=ben), office.contact("Bob"))
    with inbox.page(person, scene.address, fresh=True) as app:
        hand = Hand(app, by)
        hand.write(field(app), "A draft of ben's")
        expect(entry(app, scene)).to_be_visible()
        assert stored_databases(app)
        [user] = [one["sid"] for one in office.account.read("/Users")["users"] if one["identity"] == ben]
        office.account.delete(f"/Users/{user}")
        expect(app.page.get_by_role("link", name="Sign in")).to_be_visible()
        expect(app.page.get_by_text("A draft of ben's")).to_have_count(0)
        app.page.wait_for_function("indexedDB.databases().then((all) => all.length === 0)")
        hand.look()
        app.permit("401 (Unauthorized)", "403 (Forbidden)", "404 (Not Found)", "WebSocket")
    # Nobody signs in who was removed, until the account makes the user anew.
    office.account.made("/Users", {"Identity": ben, "FriendlyName": "Ben"})
    inbox.sessions.pop(person.name, None)


def test_20_what_is_not_a_sign_in_sets_nothing(stack: Stack, inbox: InboxBrowser) -> None:
    with inbox.page(None) as app:
        answer = app.page.goto(f"{stack.url}/session/return?code=made-up&state=made-up")
        assert answer
        assert answer.status == 400
        assert app.page.context.cookies() == []
        app.permit("400 (Bad Request)", "favicon")
    with inbox.page(stack.people.admin) as app:
        kept = app.page.evaluate(
            "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])"
        )
        assert "eyJ" not in kept
        requested: list[str] = []
        app.page.on("request", lambda one: requested.append(one.url))
        # The live connection is the last thing that is asked for.
        with app.page.expect_websocket():
            app.page.reload()
        expect(app.page.get_by_role("list", name="Conversations")).to_be_visible()
        assert [url for url in requested if "eyJ" in url and not url.startswith("ws")] == []


@both
def test_21_a_file_of_contacts_is_tried_and_then_imported(
    stack: Stack, inbox: InboxBrowser, office: Office, by: By, tmp_path: Path
) -> None:
    taken = office.contact("Taken")
    name = office.contact("Marker").name.split()[1]
    good = [[f"{name} {place:03}", new_number()] for place in range(195)]
    bad = [[f"{name} bad", "12"], [f"{name} word", "twelve"], ["", new_number()]]
    colliding = [[f"{name} taken", taken.number], [f"{name} twice", good[0][1]]]
    file = tmp_path / "contacts.csv"
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([["name", "number"], *good, *bad, *colliding])
    with inbox.page(stack.people.admin, "/contacts/import") as app:
        hand = Hand(app, by)
        hand.look()
        with app.page.expect_file_chooser() as chooser:
            hand.press(app.page.get_by_role("button", name="Choose a file"))
        chooser.value.set_files(file)
        expect(app.page.get_by_role("status").filter(has_text="Nothing has been created yet")).to_be_visible()
        expect(app.page.get_by_role("row")).to_have_count(6)
        hand.look()
        with app.page.expect_download() as download:
            hand.press(app.page.get_by_role("button", name="Download"))
        rejected = list(csv.reader(Path(download.value.path()).read_text().splitlines()))
        assert len(rejected) == 6
        hand.press(app.page.get_by_role("button", name="Create 195 contacts"))
        expect(app.page.get_by_role("status").filter(has_text="Done.")).to_be_visible()
        found = office.account.read("/Contacts", {"Q": f"{name} 194"})["contacts"]
        # Numbers that end so are found too.
        assert f"{name} 194" in [one["friendly_name"] for one in found]
