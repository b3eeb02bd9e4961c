"""The things that operations are about, made through the API itself as they are needed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.conformance import forms
from tests.conformance.client import Client, Pairs
from tests.conformance.contract import Operation, root_of

# Ten digits of the first unused number, and how many follow it. They make names unique too.
FIRST_NUMBER, NUMBERS = 2_142_000_000, 7_000_000
# As many as a list of receipts has entries.
_RECIPIENTS = 5


@dataclass
class World:
    """Paths of fresh things. `root` is the version, or a Service's path; a path of a collection comes before what is
    in it. Kinds are the contract's: Conversations/Messages. `numbers` are those that nobody has, the same in every run
    unless they are given."""

    client: Client
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(FIRST_NUMBER))
    identity: str = field(init=False)

    def __post_init__(self) -> None:
        self.identity = f"agent {next(self.numbers)}"

    def place(self, operation: Operation) -> str:
        """A path that the operation can be called at: its collection, or one thing in it."""
        where = self.collection(operation.kind, self.root(operation))
        return self.add(operation.kind, where) if operation.names_one else where

    def root(self, operation: Operation) -> str:
        """The default Service, or a new one for an operation that names it."""
        return self.service() if operation.in_service else "/v1"

    def service(self) -> str:
        return self._path(self.client.made("/v1/Services", [("FriendlyName", "Sales")]))

    def collection(self, kind: str, root: str) -> str:
        """A collection, with a new parent where it has one."""
        match kind:
            case "Conversations/Messages":
                return f"{self.group(root)}/Messages"
            case "Conversations/Participants" | "Conversations/Webhooks":
                return f"{self.conversation(root)}/{kind.partition('/')[2]}"
            case "Conversations/Messages/Receipts":
                return f"{self.message(root)}/Receipts"
            case "Users/Conversations":
                return f"{self.user(root)}/Conversations"
        return f"{root}/{kind}"

    def add(self, kind: str, where: str, variant: str | None = None) -> str:
        """Create one more thing in a collection. Returns its path, which ends with its identifier."""
        match kind:
            case "Conversations/Messages/Receipts":
                return self._path(self.client.get(where).body["delivery_receipts"][0])
            case "Users/Conversations":
                conversation = self.conversation(root_of(where))
                self.join(conversation, self.client.get(where.removesuffix("/Conversations")).body["identity"])
                return f"{where}/{conversation.rpartition('/')[2]}"
            case "ParticipantConversations":
                return self.join(self.conversation(root_of(where)), self.identity)
        variants = forms.creations(self, kind, root_of(where))
        return self._path(self.client.made(where, variants[variant or next(iter(variants))]))

    def fitting(self, kind: str, where: str, text: str) -> str | None:
        """One more thing in a collection that this value of a filter fits; None where it would not stay so."""
        if kind == "Bindings":
            return self.add(kind, where, text)
        if text == "initializing":
            return None
        conversation = self._path(self.client.made(where, [("State", "inactive" if text == "inactive" else "active")]))
        if text == "closed":
            assert self.client.post(conversation, [("State", "closed")]).status == 200
        return conversation

    def query(self, kind: str) -> Pairs:
        """What a list cannot be asked for without."""
        return [("Identity", self.identity)] if kind == "ParticipantConversations" else []

    # --- the things themselves

    def conversation(self, root: str) -> str:
        """A conversation without participants, with one message."""
        conversation = self._path(self.client.made(f"{root}/Conversations", []))
        self.client.made(f"{conversation}/Messages", [("Body", "hello")])
        return conversation

    def group(self, root: str, handsets: int = 1) -> str:
        """A conversation of an agent behind a line and some handsets."""
        conversation = self.conversation(root)
        agent = [("Identity", self.identity), ("MessagingBinding.ProjectedAddress", self.line())]
        self.client.made(f"{conversation}/Participants", agent)
        for _ in range(handsets):
            self.client.made(f"{conversation}/Participants", [("MessagingBinding.Address", self.number())])
        return conversation

    def message(self, root: str) -> str:
        where = f"{self.group(root, _RECIPIENTS)}/Messages"
        return self._path(self.client.made(where, [("Author", self.identity), ("Body", "Sunday at noon?")]))

    def join(self, conversation: str, identity: str) -> str:
        """The path of a new participant."""
        return self._path(self.client.made(f"{conversation}/Participants", [("Identity", identity)]))

    def user(self, root: str) -> str:
        return self._path(self.client.made(f"{root}/Users", [("Identity", f"user {next(self.numbers)}")]))

    def role(self, root: str, kind: str) -> str:
        """The SID of a role of a type."""
        permission = "sendMessage" if kind == "conversation" else "joinConversation"
        form = [("FriendlyName", "reader"), ("Type", kind), ("Permission", permission)]
        return str(self.client.made(f"{root}/Roles", form)["sid"])

    def line(self) -> str:
        """One of our own numbers."""
        number = self.number()
        self.client.made("/v1/Lines", [("Address", number), ("Carrier", "bandwidth")])
        return number

    def number(self) -> str:
        """An unused number."""
        return f"+1{next(self.numbers)}"

    def name(self) -> str:
        """A name that nothing has; paths have to take it."""
        return f"12 Elm Street +{next(self.numbers)}"

    def _path(self, body: dict[str, str]) -> str:
        return self.client.path_of(body["url"])
