"""Staff of a company in end-to-end tests: people with access tokens, as their browsers call the API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import jwt

from tests.support.stack_world import World

_FORM = "application/x-www-form-urlencoded"
Form = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What a request was answered with."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> int | None:
        """The code of a refusal."""
        return self.body.get("code") if isinstance(self.body, dict) else None


class Caller:
    """Calls the API with credentials of its own, in a Service: without its SID in the default one."""

    def __init__(self, world: World, authorization: str, service_sid: str = "") -> None:
        self._world = world
        self._authorization = authorization
        self._root = f"/v1/Services/{service_sid}" if service_sid else "/v1"

    def get(self, path: str, query: Form = ()) -> Answer:
        return self._call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, form: Form = (), **headers: str) -> Answer:
        return self._call("POST", path, urlencode(form).encode(), Content_Type=_FORM, **headers)

    def delete(self, path: str) -> Answer:
        return self._call("DELETE", path)

    def made(self, path: str, form: Form = ()) -> Any:
        """What a request made. It must have succeeded."""
        answer = self.post(path, form)
        assert answer.status < HTTPStatus.BAD_REQUEST, answer
        return answer.body

    def read(self, path: str, query: Form = ()) -> Any:
        """What a request reads. It must have succeeded."""
        answer = self.get(path, query)
        assert answer.status == HTTPStatus.OK, answer
        return answer.body

    def upload(self, path: str, content: bytes, content_type: str) -> Answer:
        """Post a file as the body."""
        return self._call("POST", path, content, Content_Type=content_type)

    def export(self, conversation_sid: str) -> str:
        """The lines of a conversation's export."""
        path, authorization = f"{self._root}/Conversations/{conversation_sid}/Export", self._authorization
        return self._world.request("GET", path, Authorization=authorization).data.decode()

    def _call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        answer = self._world.request(method, self._root + path, body, Authorization=self._authorization, **headers)
        return Answer(answer.status, json.loads(answer.data) if answer.data else None, answer.headers)

    def create_group(self, line: str, members: Iterable[Mapping[str, str]], **form: str) -> Answer:
        """Create a conversation of a line with handsets, each by address or as a contact."""
        participants = [{"messaging_binding": {"projected_address": line}}, *map(_describe, members)]
        given = [("Participant", json.dumps(one)) for one in participants]
        return self.post("/ConversationWithParticipants", [*given, *form.items()])


def _describe(member: Mapping[str, str]) -> dict[str, Any]:
    binding = {"messaging_binding": {"address": member["address"]}} if "address" in member else {}
    contact = {"contact_sid": member["contact_sid"]} if "contact_sid" in member else {}
    return {**binding, **contact}


class StaffMember(Caller):
    """A person with one of the roles that every Service has."""

    def __init__(self, world: World, name: str, role: str, service_sid: str = "") -> None:
        self.identity = f"{name} {uuid4().hex}"
        self.account = Caller(world, world.basic(), service_sid)
        member_of = service_sid or _default_service(world)
        service = world.api.services(member_of)
        [role_sid] = [one.sid for one in service.roles.list() if one.friendly_name == role]
        self.user_sid = service.users.create(identity=self.identity, role_sid=role_sid).sid
        key = Caller(world, world.basic()).made("/Keys", {"FriendlyName": name})
        grants = {"identity": self.identity, "chat": {"service_sid": member_of}}
        claims = {"iss": key["sid"], "sub": world.account_sid, "exp": time.time() + 3600, "grants": grants}
        self.token = jwt.encode(claims, key["secret"], "HS256", {"cty": "twilio-fpa;v=1"})
        super().__init__(world, f"Bearer {self.token}", service_sid)

    def add_contact(self, name: str, *numbers: str, owner: str = "", **form: str) -> str:
        """Make a contact, as the account; return its SID."""
        given = json.dumps([{"number": number} for number in numbers])
        made = self.account.made("/Contacts", {"FriendlyName": name, "Numbers": given, "Owner": owner, **form})
        return str(made["sid"])


def _default_service(world: World) -> str:
    return str(world.api.configuration().fetch().default_chat_service_sid)
