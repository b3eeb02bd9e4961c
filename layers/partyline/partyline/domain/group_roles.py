"""The role that the groups of an identity provider give a person. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def parse_role_mapping(text: str) -> Mapping[str, str]:
    """Parse `admins=inbox admin,staff=inbox member`: the role of each group, in order of precedence.

    Raises ValueError for an entry without a group or a role.
    """
    mapping: dict[str, str] = {}
    for entry in text.split(","):
        group, separator, role = (part.strip() for part in entry.partition("="))
        if not (separator and group and role):
            raise ValueError("write the roles of groups as admins=inbox admin,staff=inbox member")
        mapping.setdefault(group, role)
    return mapping


def select_role(mapping: Mapping[str, str], groups: Collection[str]) -> str | None:
    """Select the role of the first group in the mapping that a person is in; None when there is none."""
    return next((role for group, role in mapping.items() if group in groups), None)
