"""What staff have around them in tests of the inbox: contacts, conversations and phones, made by the API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from local.people import Person
from tests.support.stack_world import World, new_number, until
from tests.support.staff import Caller

FRONT_DESK, FRONT_DESK_LABEL = "+12065550100", "Front desk"
TELNYX, TELNYX_LABEL = "+12065550110", "Sales"


@dataclass(frozen=True)
class Known:
    """A contact with its first number; without a SID somebody who is in no address book."""

    sid: str
    name: str
    number: str

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True)
class Scene:
    """A conversation of a line with people."""

    sid: str
    title: str
    members: tuple[Known, ...]
    line: str = FRONT_DESK

    @property
    def address(self) -> str:
        """Where it is in the app."""
        return f"/c/{self.sid}"

    @property
    def path(self) -> str:
        """Where it is in the API."""
        return f"/Conversations/{self.sid}"


@dataclass
class Office:
    """The API as the account calls it, with what tests ask it for."""

    world: World
    account: Caller

    @classmethod
    def open(cls, world: World) -> Office:
        """An office whose lines have labels and prices."""
        account = Caller(world, world.basic())
        for line, label in ((FRONT_DESK, FRONT_DESK_LABEL), (TELNYX, TELNYX_LABEL)):
            account.made(f"/Lines/{line}", {"Label": label, "SmsPrice": "0.004", "MmsPrice": "0.02", "Users": "*"})
        return cls(world, account)

    def identity(self, person: Person) -> str:
        """The identity of somebody, who need not have signed in yet: the stack's pool gives the name as it."""
        return person.name

    def contact(self, name: str, *more: dict[str, str], owner: str = "", number: str = "") -> Known:
        """A contact whose name nobody else has."""
        known = Known("", f"{name} {_surname()}", number or new_number())
        numbers = [{"number": known.number, "label": "mobile"}, *more]
        form = {"FriendlyName": known.name, "Numbers": json.dumps(numbers), "Owner": owner}
        made = self.account.made("/Contacts", form)
        return Known(made["sid"], known.name, known.number)

    def people(self, *names: str, owner: str = "") -> tuple[Known, ...]:
        """Contacts with a number each."""
        return tuple(self.contact(name, owner=owner) for name in names)

    def group(self, title: str, *members: Known, line: str = FRONT_DESK, **form: str) -> Scene:
        """A group of a line that is active. Its title is one that nobody else has."""
        named = f"{title} {_surname()}"
        described = [{"address": one.number, **({"contact_sid": one.sid} if one.sid else {})} for one in members]
        made = self.account.create_group(line, described, FriendlyName=named, **form)
        assert made.status == 202, made
        return self._active(Scene(str(made.body["sid"]), named, members, line))

    def pair(self, member: Known, line: str = FRONT_DESK) -> Scene:
        """A conversation of a line with one person."""
        described = json.dumps(
            {
                "contact_sid": member.sid,
                "messaging_binding": {"address": member.number, "proxy_address": line},
            }
        )
        made = self.account.made("/ConversationWithParticipants", {"Participant": described})
        return self._active(Scene(str(made["sid"]), member.name, (member,), line))

    def _active(self, scene: Scene) -> Scene:
        state = until(lambda: self.account.read(scene.path)["state"], lambda seen: seen != "initializing")
        assert state == "active", state
        return scene

    def write(self, scene: Scene, body: str, **form: str) -> Any:
        """A message from the line."""
        return self.account.made(f"{scene.path}/Messages", {"Author": scene.line, "Body": body, **form})

    def text(self, scene: Scene, sender: Known, text: str) -> None:
        """A text of a member to all the others."""
        others = [one.number for one in scene.members if one != sender]
        self.world.text(sender.number, scene.line, *others, text=text)

    def bodies(self, scene: Scene) -> list[str]:
        """The texts of a conversation, in order."""
        return [str(one.body) for one in self.world.api.conversations(scene.sid).messages.list()]

    def shown(self, phone: Known, number: int, line: str = FRONT_DESK) -> list[str]:
        """The texts of a line that a phone shows, once there are so many."""

        def look() -> list[str]:
            return [text for sender, text in self.world.read_by(phone.number) if sender == line]

        return until(look, lambda seen: len(seen) >= number)


def _surname() -> str:
    """A name that no other test has, in letters, as names are."""
    return uuid4().hex[:8].translate(str.maketrans("0123456789", "ghijklmnop")).title()
