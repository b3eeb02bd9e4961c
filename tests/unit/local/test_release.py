"""The name of a release in a built template."""

from __future__ import annotations

import pytest
import yaml

from local.expansion import TEMPLATE, Loader
from local.release import name_release


def test_release_is_named_as_a_text_in_every_functions_variables() -> None:
    named = yaml.load(name_release(TEMPLATE.read_text(), "2026-11-28T14:00:00Z"), Loader)

    assert named["Globals"]["Function"]["Environment"]["Variables"]["RELEASE"] == "2026-11-28T14:00:00Z"


def test_template_that_was_named_before_is_named_anew() -> None:
    once = name_release(TEMPLATE.read_text(), "first")

    assert name_release(once, "second") == name_release(TEMPLATE.read_text(), "second")


@pytest.mark.parametrize("template", ["Variables: {}\n", "  RELEASE: a\n  RELEASE: b\n"])
def test_template_without_one_place_for_it_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="RELEASE stands in the template"):
        name_release(template, "today")
