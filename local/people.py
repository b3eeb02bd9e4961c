"""The staff of a run: two people in the emulator's Cognito, with passwords that are made up."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any


def _make_password() -> str:
    """Make a password that Cognito takes: long, with a capital, a small letter, a digit and a symbol."""
    return f"Aa1-{secrets.token_urlsafe(12)}"


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in. `group` is one of the template's, and gives the role."""

    name: str
    group: str
    password: str = field(default_factory=_make_password)


@dataclass(frozen=True)
class People:
    """Ann sees and manages everything; Ben is limited to his contacts."""

    admin: Person = field(default_factory=lambda: Person("ann", "admins"))
    limited: Person = field(default_factory=lambda: Person("ben", "limited"))

    def create(self, cognito: Any, pool_id: str) -> None:
        """Create those of both that a user pool does not have, as docs/sign-in.md creates the first administrator."""
        there = {user["Username"] for user in cognito.list_users(UserPoolId=pool_id)["Users"]}
        for person in (self.admin, self.limited):
            if person.name in there:
                continue
            known = {"UserPoolId": pool_id, "Username": person.name}
            attributes = {"email": f"{person.name}@example.com", "email_verified": "true", "name": person.name.title()}
            cognito.admin_create_user(
                **known,
                UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
                MessageAction="SUPPRESS",
            )
            cognito.admin_set_user_password(**known, Password=person.password, Permanent=True)
            cognito.admin_add_user_to_group(**known, GroupName=person.group)

    def variables(self) -> dict[str, str]:
        """Return what a script needs to sign in as either."""
        return {
            "INBOX_ADMIN_USER": self.admin.name,
            "INBOX_ADMIN_PASSWORD": self.admin.password,
            "INBOX_LIMITED_USER": self.limited.name,
            "INBOX_LIMITED_PASSWORD": self.limited.password,
        }
