"""The story of the sample conversations holds together, and takes nothing that the documentation uses."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from local.carrier import special_numbers
from local.samples import pictures, story
from local.samples.story import Person, Step
from local.stack import LINES

ROOT = Path(__file__).parents[3]
PAGES = "\n".join(page.read_text() for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")))
NUMBERS = [number for person in (*story.PEOPLE, story.STRANGER) for number, _ in person.numbers]


@pytest.mark.parametrize("step", story.STEPS, ids=lambda step: step.text[:30])
def test_whoever_acts_takes_part(step: Step) -> None:
    if isinstance(step.by, Person):
        assert step.by in step.where.members
    else:
        users = next(line.users for line in story.LINES if line.address == step.where.line)
        assert {"*", step.by} & {*users}


def test_it_is_told_in_the_order_of_its_days() -> None:
    def when(step: Step) -> tuple[int, float]:
        if step.ago:
            clock = datetime.strptime(step.at, "%H:%M")  # noqa: DTZ007
            return -step.ago, clock.hour * 60 + clock.minute
        return 0, -float(step.at)

    assert list(story.STEPS) == sorted(story.STEPS, key=when)


def test_a_conversation_says_nothing_twice() -> None:
    said = [(step.where, step.text) for step in story.STEPS if step.text]
    assert len(said) == len(set(said))


def test_every_line_is_set_and_every_number_is_of_one_person() -> None:
    assert {line.address for line in story.LINES} == {number for number, _ in LINES}
    assert len(NUMBERS) == len(set(NUMBERS))


def test_the_page_of_phones_opens_three_of_its_people() -> None:
    first = re.search(r"const FIRST = (\[.*\]);", (ROOT / "local" / "front" / "page" / "main.js").read_text())
    assert first
    assert {*json.loads(first[1])} <= {person.number for person in story.PEOPLE}


def test_no_page_uses_the_others_numbers() -> None:
    special = {special_numbers.NEVER_DELIVERED, special_numbers.NO_REPORT}
    phones = {person.number for person in (story.KAY, story.MARIA, story.BOB)}
    assert {number for number in NUMBERS if number in PAGES} <= special | phones


def test_no_group_is_the_one_that_the_readme_makes() -> None:
    readme = {"+12065550150", "+12065550151"}
    assert all({person.number for person in group.members} != readme for group in story.GROUPS)


@pytest.mark.parametrize("name", sorted({step.picture for step in story.STEPS} - {""}))
def test_its_pictures_can_be_sent_by_any_carrier(name: str) -> None:
    picture = pictures.draw(name)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 200_000
