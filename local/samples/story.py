"""The sample conversations: a company that manages houses, the people it texts with, and a week of texts.

Three of its people have the phones that the page of phones opens first. The others have numbers that no page of the
documentation uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from local.carrier.special_numbers import NEVER_DELIVERED, NO_REPORT

FRONT_DESK, SALES = "+12065550100", "+12065550110"
ANN, BEN = "ann", "ben"


@dataclass(frozen=True)
class LineSettings:
    """What a line is set to: `users` are `*` or identities. The front desk also takes texts to itself alone."""

    address: str
    label: str
    users: tuple[str, ...] = ("*",)
    auto_creation: str = "groups"
    sms_price: str = "0.004"
    mms_price: str = "0.02"


@dataclass(frozen=True)
class Person:
    """A contact, by which the texts name it; `numbers` are pairs of a number and its label, the primary first."""

    name: str
    numbers: tuple[tuple[str, str], ...]
    owner: str = ""

    @property
    def number(self) -> str:
        """The number that it texts with."""
        return self.numbers[0][0]


@dataclass(frozen=True)
class Group:
    """A conversation that staff begin. With one person it is a conversation of two."""

    name: str
    line: str
    members: tuple[Person, ...]
    assignee: str = ""


@dataclass(frozen=True)
class Step:
    """Something that somebody does. `by` is a person with a phone, or an identity.

    `ago` is how many days ago, and `at` the time of that day; today `at` is how many minutes ago. `picture` is one of
    local/samples/pictures.py.
    """

    where: Group
    by: Person | str
    text: str
    ago: int
    at: str
    picture: str = ""
    kind: Literal["text", "note", "done", "do-not-disturb"] = "text"


@dataclass(frozen=True)
class Snippet:
    """A text that staff use again and again."""

    name: str
    body: str


LINES = (
    LineSettings(FRONT_DESK, "Front desk", auto_creation="all"),
    LineSettings("+12065550101", "After hours"),
    LineSettings(SALES, "Sales", users=(ANN, BEN)),
    LineSettings("+12065550111", "Showings"),
    LineSettings("+12065550120", "Repairs"),
    LineSettings("+12065550121", "Billing"),
    LineSettings("+12065550130", "Move-in"),
    # Its label is set last of all: who finds it set finds everything made.
    LineSettings("+12065550131", "Owners", users=(ANN,)),
)

KAY = Person("Kay Olsen", (("+12065550150", "mobile"),), BEN)
BOB = Person("Bob Miller", (("+12065550152", "work"), ("+14255550112", "mobile")), ANN)
MARIA = Person("Maria Alvarez", (("+12065550151", "mobile"),), BEN)
PRIYA = Person("Priya Nair", (("+14255550115", "mobile"),), BEN)
GRACE = Person("Grace Chen", (("+14255550116", "mobile"),), ANN)
SAM = Person("Sam Whitfield (roofer)", (("+14255550117", "mobile"),), ANN)
LUIS = Person("Luis Ortega", (("+14255550118", "mobile"),), ANN)
TOM = Person("Tom Becker", (("+14255550119", "mobile"), ("+14255550120", "office")), ANN)
NORA = Person("Nora Lindqvist", (("+14255550121", "mobile"),), ANN)
DANA = Person("Dana Reyes", ((NEVER_DELIVERED, "mobile"),), ANN)
WALT = Person("Walt Jensen", ((NO_REPORT, "mobile"),), ANN)
PEOPLE = (KAY, BOB, MARIA, PRIYA, GRACE, SAM, LUIS, TOM, NORA, DANA, WALT)
# Somebody who is no contact.
STRANGER = Person("", (("+14255550130", ""),))

OAK = Group("27 Oak Lane", FRONT_DESK, (KAY, BOB), BEN)
ROOF = Group("Roof at 9 Cedar", FRONT_DESK, (SAM, DANA, WALT), ANN)
MOVE = Group("Move-in, unit 4B", SALES, (PRIYA, GRACE))
OPEN_HOUSE = Group("Open house on Saturday", FRONT_DESK, (LUIS, GRACE, NORA))
LEASE = Group("Lease renewal, 7 Ash", FRONT_DESK, (TOM, NORA), ANN)
KEYS = Group("Keys of 31 Birch", FRONT_DESK, (NORA, SAM), ANN)
MARIAS = Group("", FRONT_DESK, (MARIA,))
STRANGERS = Group("", FRONT_DESK, (STRANGER,))
GROUPS = (OAK, ROOF, MOVE, OPEN_HOUSE, LEASE, KEYS)

SNIPPETS = (
    Snippet("hours", "We are here Monday to Friday from 8 to 5."),
    Snippet("thanks", "Thank you, we got it. Somebody will answer you today."),
    Snippet("keys", "You can collect the keys at our desk, 400 Main Street. Please bring your ID."),
)

STEPS = (
    Step(
        KEYS, ANN, "Nora, Sam: the locks at 31 Birch are changed on Monday. Please bring back the old keys.", 6, "09:05"
    ),
    Step(KEYS, SAM, "Mine are in your mailbox", 6, "12:40"),
    Step(KEYS, NORA, "Dropped off this morning", 5, "08:55"),
    Step(KEYS, ANN, "All three are here. Thank you both!", 5, "09:20"),
    Step(KEYS, ANN, "", 5, "09:21", kind="done"),
    Step(LEASE, ANN, "Hi both, your lease ends on January 31. Would you like to renew for a year?", 5, "10:10"),
    Step(LEASE, NORA, "Yes please, same terms?", 5, "10:32"),
    Step(LEASE, TOM, "Please send me letters, not texts. Thanks", 5, "17:48"),
    Step(LEASE, TOM, "asked for letters", 5, "17:55", kind="do-not-disturb"),
    Step(OPEN_HOUSE, ANN, "Open house at 27 Oak Lane on Saturday from 11 to 2. Shall I put you down?", 4, "11:00"),
    Step(OPEN_HOUSE, GRACE, "Count me in, two people", 4, "11:07"),
    Step(OPEN_HOUSE, LUIS, "Who is this?", 4, "13:15"),
    Step(OPEN_HOUSE, LUIS, "STOP", 4, "13:16"),
    Step(OAK, KAY, "Hi, we would love to see the house. Is Sunday possible?", 4, "16:20"),
    Step(OAK, BEN, "Hello Kay and Bob! Sunday at noon works, I will be there with the keys.", 4, "16:31"),
    Step(OAK, BOB, "Perfect. Is there parking?", 4, "16:40"),
    Step(OAK, BEN, "Yes, in the driveway. And here is the floor plan.", 4, "16:44", picture="floor plan"),
    Step(OAK, KAY, "Oh nice, bigger than I thought", 4, "16:52"),
    Step(ROOF, ANN, "Sam, can you look at the roof at 9 Cedar this week? Dana and Walt live there.", 3, "08:30"),
    Step(ROOF, SAM, "Thursday 10 am?", 3, "08:58"),
    Step(ROOF, ANN, "Thursday at 10 then. Dana, Walt: nobody needs to be home.", 3, "09:02"),
    Step(ROOF, SAM, "Found it. Two tiles and the flashing, about 400 dollars", 2, "10:25", picture="roof"),
    Step(ROOF, ANN, "Please go ahead, Sam.", 2, "10:42"),
    Step(MOVE, BEN, "Welcome, Priya and Grace! Your keys are ready on December 1 from 9 on.", 2, "14:00"),
    Step(MOVE, PRIYA, "Thank you! Can we bring the couch the evening before?", 2, "14:09"),
    Step(MOVE, BEN, "Let me ask the concierge.", 2, "14:15"),
    Step(MOVE, GRACE, "It is a big couch 😅", 2, "14:18"),
    Step(OAK, KAY, "We talked it over and want to make an offer!", 1, "18:05"),
    Step(OAK, BEN, "Wonderful! I will send you both the form tomorrow morning.", 1, "18:12"),
    Step(MARIAS, MARIA, "Hello, the heating in 2A is cold since last night", 1, "20:31"),
    Step(MARIAS, ANN, "Sorry to hear that, Maria. Somebody comes tomorrow before 10.", 1, "20:40"),
    Step(MARIAS, MARIA, "Thank you!!", 1, "20:41"),
    Step(ROOF, SAM, "Done. Photos follow with the bill", 0, "95"),
    # The time of a note is that of its writing, so notes stand behind all texts.
    Step(ROOF, ANN, "The owner agreed to 450 at most.", 0, "90", kind="note"),
    Step(STRANGERS, STRANGER, "Hi, is the studio on Pine Street still available?", 0, "70"),
    Step(OAK, BEN, "Good morning! The form is in your mail. Call me with any question.", 0, "45"),
    Step(MARIAS, MARIA, "It is warm again, thank you so much", 0, "22"),
    Step(OAK, BOB, "Got it, reading", 0, "12"),
    Step(OAK, KAY, "One question: is the fridge included?", 0, "6"),
    Step(OAK, ANN, "Kay's bank called, their papers are complete.", 0, "5", kind="note"),
)

# Whose last texts nobody has read yet, by who has not.
UNREAD = {OAK: (ANN, BEN), STRANGERS: (ANN,), MARIAS: (BEN,)}
SCHEDULED = (MOVE, BEN, "Good morning! Your keys are waiting for you at our desk from 9 on.")
