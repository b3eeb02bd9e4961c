"""Take the pictures of the documentation: what `make run` shows with its sample conversations.

python -m tests.support.screenshots     # make screenshots
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, expect

from local.environments import ROOT, STATE
from local.people import Person
from local.samples import story
from tests.support import browser as browsers
from tests.support.inbox_app import PHONE, WIDE, AppPage, InboxBrowser, Theme

PICTURES = ROOT / "docs" / "images"
VALUES = STATE / "local.env"

_HEIGHT = 800
_MOMENT_MS = 1_000
# What is still being drawn when a picture is taken: nothing may move in it, nor be half loaded.
_IS_STILL = """
() => [...document.images].every((one) => one.complete)
  && !document.querySelector("[aria-busy=true], .skeleton")
  && document.getAnimations().every((one) => one.playState !== "running")
"""


@dataclass(frozen=True)
class Picture:
    """A screen to take a picture of. `prepare` brings it from its address to what is shown."""

    name: str
    address: str
    prepare: Callable[[Page], None] = lambda _: None
    width: int = WIDE
    theme: Theme = "light"


def _open(conversation: story.Group) -> Callable[[Page], None]:
    def prepare(page: Page) -> None:
        page.locator("[data-conversation]").filter(has_text=conversation.name).click()
        expect(page.get_by_role("textbox", name="Write a text")).to_be_visible()

    return prepare


def _open_details(page: Page) -> None:
    _open(story.ROOF)(page)
    page.locator(".bubble").filter(has_text="Please go ahead").click()
    expect(page.get_by_role("dialog").get_by_text("Dana Reyes")).to_be_visible()


def _open_members(page: Page) -> None:
    _open(story.OPEN_HOUSE)(page)
    page.get_by_role("button", name="Show the members").click()
    expect(page.get_by_role("dialog").get_by_text("Luis Ortega")).to_be_visible()


def _fill_new_group(page: Page) -> None:
    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_role("menuitem", name="Group message").click()
    dialog = page.get_by_role("dialog")
    people = dialog.get_by_role("combobox", name="People")
    for person in (story.PRIYA, story.GRACE):
        people.fill(person.name)
        page.get_by_role("option").filter(has_text=person.name).first.click()
    dialog.get_by_role("textbox", name="Message").fill("Your keys are ready. Sunday at noon?")
    expect(dialog.get_by_text("2 texts ×")).to_be_visible()


def _open_contact(page: Page) -> None:
    page.locator(".contact-row").filter(has_text=story.BOB.name).click()
    expect(page.get_by_role("article").get_by_role("heading", name=story.BOB.name)).to_be_visible()


SCREENS: Sequence[Picture] = (
    Picture("thread", "/", _open(story.OAK)),
    Picture("thread-dark", "/", _open(story.ROOF), theme="dark"),
    Picture("list-phone", "/", width=PHONE),
    Picture("thread-phone", "/", _open(story.OAK), width=PHONE),
    Picture("details", "/", _open_details),
    Picture("members", "/", _open_members),
    Picture("new-group", "/", _fill_new_group),
    Picture("contacts", "/contacts", _open_contact),
    Picture("import", "/contacts/import"),
    Picture("settings", "/settings/preferences"),
    Picture("people", "/settings/people"),
    Picture("roles", "/settings/roles"),
    Picture("lines", "/settings/lines"),
    Picture("snippets", "/settings/snippets"),
    Picture("opt-outs", "/settings/opt-outs"),
    Picture("unrouted", "/settings/unrouted"),
)


def main() -> None:
    """Take all pictures."""
    values = dict(line.split("=", 1) for line in VALUES.read_text().splitlines() if "=" in line)
    admin = Person(values["INBOX_ADMIN_USER"], "admins", values["INBOX_ADMIN_PASSWORD"])
    PICTURES.mkdir(exist_ok=True)
    with browsers.browsing() as running:
        inbox = InboxBrowser(running, values["PARTYLINE_URL"])
        with inbox.page(None) as app:
            expect(app.page.get_by_role("link", name="Sign in")).to_be_visible()
            _save(app.page, "sign-in")
        for picture in SCREENS:
            with _shown(inbox, admin, picture) as app:
                _save(app.page, picture.name)
        _take_lead(running, inbox, admin)


@contextmanager
def _shown(inbox: InboxBrowser, person: Person, picture: Picture) -> Iterator[AppPage]:
    with inbox.page(person, picture.address, width=picture.width, theme=picture.theme) as app:
        picture.prepare(app.page)
        yield app


def _save(page: Page, name: str) -> None:
    path = PICTURES / f"{name}.png"
    path.write_bytes(_take(page))
    sys.stderr.write(f"{path.relative_to(ROOT)}\n")


def _take(page: Page) -> bytes:
    # What stands beside the main thing, such as the roles of people, comes a moment later.
    page.wait_for_timeout(_MOMENT_MS)
    page.wait_for_function(_IS_STILL)
    return page.screenshot()


def _take_lead(running: Browser, inbox: InboxBrowser, person: Person) -> None:
    """Take the picture of the README: the inbox, and the phones beside it."""
    with inbox.page(person, "/", width=1100, height=_HEIGHT) as app:
        _open(story.OAK)(app.page)
        left = _take(app.page)
        phones = app.page.context.new_page()
        phones.set_viewport_size({"width": 760, "height": _HEIGHT})
        phones.goto(inbox.base)
        phones.get_by_text("fridge").first.click()
        right = _take(phones)
    with browsers.new_context(running, viewport={"width": 1884, "height": _HEIGHT + 24}) as context:
        page = context.new_page()
        page.set_content(
            "<style>body { margin: 0; padding: 12px; display: flex; gap: 8px; background: #d9dee3 }"
            f"img {{ height: {_HEIGHT}px; border-radius: 8px }}</style>"
            f'<img src="{_address_of(left)}"><img src="{_address_of(right)}">'
        )
        _save(page, "readme")


def _address_of(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


if __name__ == "__main__":
    main()
