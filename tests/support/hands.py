"""The hand of a person at the app: by the pointer, or by the keyboard alone, so that each test is both.

hand = Hand(app, by)
hand.choose(app.page.get_by_role("button", name="More"), "Rename")
hand.write(app.page.get_by_label("Name"), "12 Elm")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Locator, expect

from tests.support.inbox_app import AppPage

By = Literal["pointer", "keyboard"]
BOTH: tuple[By, ...] = ("pointer", "keyboard")

# More presses than that would be no way for a person.
_MOST = 150

# The key that brings the focus nearer to a control; "" when it is there. Inside of what is one stop of the tabs, arrows
# move. Where the focus moves with the next frame, that is waited for.
_NEXT_KEY = """
async (control) => {
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const focused = document.activeElement;
  if (focused === control) return "";
  const isBefore = Boolean(focused.compareDocumentPosition(control) & Node.DOCUMENT_POSITION_PRECEDING);
  const group = control.closest("[role=menu], [role=listbox], ul, ol");
  const roves = control.tabIndex < 0 && group !== null && group.contains(focused);
  if (roves) return isBefore ? "ArrowUp" : "ArrowDown";
  return isBefore && focused !== document.body ? "Shift+Tab" : "Tab";
}
"""


@dataclass(frozen=True)
class Hand:
    """Somebody who uses a page in one way."""

    app: AppPage
    by: By

    def reach(self, control: Locator) -> None:
        """Move the focus to a control by keys."""
        control.wait_for()
        for _ in range(_MOST):
            key = control.evaluate(_NEXT_KEY)
            if not key:
                return
            self.app.press(key)
        raise AssertionError(f"{_MOST} presses did not lead to {control}; the focus is at {self.app.focused()}")

    def press(self, control: Locator, key: str = "Enter") -> None:
        """Press a button or follow a link."""
        if self.by == "pointer":
            control.click()
        else:
            self.reach(control)
            self.app.press(key)

    def switch(self, control: Locator) -> None:
        """Press what is on or off."""
        self.press(control, "Space")

    def write(self, field: Locator, text: str) -> None:
        """Write in a field, in place of what it has."""
        if self.by == "pointer":
            field.fill(text)
        else:
            self.reach(field)
            self.app.press("ControlOrMeta+a", "Delete")
            self.app.page.keyboard.type(text)
        expect(field).to_have_value(text)

    def choose(self, button: Locator, item: str) -> None:
        """Choose from a menu."""
        self.press(button)
        # An entry may say more in a second line.
        self.press(self.app.page.get_by_role("menu").locator(".menu-item").filter(has_text=item).first)

    def select(self, field: Locator, label: str) -> None:
        """Choose in a select field. A label is found by its beginning."""
        options = field.locator("option").all_text_contents()
        found = next(option for option in options if option.startswith(label))
        if self.by == "pointer":
            field.select_option(label=found)
            return
        self.reach(field)
        at = int(field.evaluate("(element) => element.selectedIndex"))
        steps = options.index(found) - at
        self.app.press(*(["ArrowDown"] * steps if steps > 0 else ["ArrowUp"] * -steps))
        assert field.evaluate("(element) => element.selectedOptions[0].label") == found

    def pick(self, combobox: Locator, text: str, option: str) -> Locator:
        """Search in a combobox, and press what it offers with a text; return what was offered."""
        offered = self.app.page.get_by_role("option").filter(has_text=option).first
        self.write(combobox, text)
        offered.wait_for()
        if self.by == "pointer":
            # What cannot be added is pressed all the same: it says why.
            offered.click(force=True)
            return offered
        for _ in range(_MOST):
            if offered.get_attribute("aria-selected") == "true":
                self.app.press("Enter")
                return offered
            self.app.press("ArrowDown")
        raise AssertionError(f"no arrow leads to {option!r}")

    def look(self) -> None:
        """Have axe look at what is shown, at both widths and in both themes. Once: one way of use is enough."""
        if self.by == "pointer":
            self.app.look()
