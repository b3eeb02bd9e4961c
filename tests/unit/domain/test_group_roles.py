from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyline.domain import group_roles


def test_a_mapping_is_read_in_order_and_the_first_entry_of_a_group_counts() -> None:
    mapping = group_roles.parse_role_mapping("admins=inbox admin, staff = inbox member,admins=other")
    assert list(mapping.items()) == [("admins", "inbox admin"), ("staff", "inbox member")]


@pytest.mark.parametrize("text", ["", "admins", "admins=", "=role", "a=b,", "a=b,,c=d", ","])
def test_a_mapping_without_a_group_or_a_role_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="roles of groups"):
        group_roles.parse_role_mapping(text)


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ({"admins"}, "inbox admin"),
        ({"limited", "admins"}, "inbox admin"),
        ({"limited", "others"}, "inbox limited"),
        ({"others", "Admins", "inbox admin"}, None),
        (set(), None),
    ],
)
def test_the_first_group_of_the_mapping_gives_the_role(groups: set[str], role: str | None) -> None:
    mapping = group_roles.parse_role_mapping("admins=inbox admin,limited=inbox limited")
    assert group_roles.select_role(mapping, groups) == role


_NAME = st.text(st.characters(codec="utf-8", exclude_characters=",="), min_size=1).map(str.strip).filter(bool)


@given(st.dictionaries(_NAME, _NAME, min_size=1), st.data())
def test_every_group_of_a_mapping_has_its_role_and_no_other_text_has_one(
    mapping: dict[str, str], data: st.DataObject
) -> None:
    parsed = group_roles.parse_role_mapping(",".join(f"{group}={role}" for group, role in mapping.items()))
    assert parsed == mapping
    group = data.draw(st.sampled_from(sorted(mapping)))
    assert group_roles.select_role(parsed, {group}) == mapping[group]
    stranger = data.draw(_NAME)
    assert (group_roles.select_role(parsed, {stranger}) is None) == (stranger not in mapping)
