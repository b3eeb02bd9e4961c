"""Twilio's Conversations API, as far as group texts need it: conversations by SID or unique name, their participants,
messages and receipts, and the upload of media."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from local.carrier.network import is_number
from local.carrier.pictures import Picture
from local.carrier.port import Answer, Call, Refused

MAX_MEMBERS = 10
# Of one message: characters, and files.
MAX_BODY, MAX_FILES = 1600, 1
_SERVICE = "IS" + "5" * 32


@dataclass(slots=True)
class Room:
    """A conversation at Twilio. `own` and `natives` map numbers to participants' SIDs. It is initializing until
    somebody looks who is in it."""

    sid: str
    unique_name: str | None
    own: dict[str, str]
    natives: dict[str, str]
    state: str = "active"
    messages: list[dict[str, Any]] = field(default_factory=list)
    receipts: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def numbers(self) -> frozenset[str]:
        """Return all its participants."""
        return frozenset((*self.own, *self.natives))


class Groups:
    """Every conversation of the account, and the files that were uploaded for them. `keep` takes one and answers the
    address at which handsets show it."""

    def __init__(self, new_id: Callable[[], str], keep: Callable[[Picture], str]) -> None:
        self.rooms: dict[str, Room] = {}
        # Addresses of uploads by their SIDs.
        self.uploads: dict[str, str] = {}
        self._new_id = new_id
        self._keep = keep

    def forget(self) -> None:
        """Back to the start."""
        self.rooms.clear()
        self.uploads.clear()

    def of(self, numbers: frozenset[str]) -> Room | None:
        """The conversation that is open among exactly these numbers."""
        return next((room for room in self.rooms.values() if room.numbers == numbers and room.state != "closed"), None)

    def room(self, name: str) -> Room:
        """A conversation by SID or unique name. Raises Refused."""
        found = self.rooms.get(name) or next((room for room in self.rooms.values() if room.unique_name == name), None)
        if found is None:
            raise Refused(error(404, 20404, f"The requested resource /Conversations/{name} was not found"))
        return found

    def answer(self, method: str, path: str, call: Call, lines: Mapping[str, str]) -> Answer:
        """Everything but new messages. Raises Refused."""
        form = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
        match method, path.split("/"):
            case "POST", ["ConversationWithParticipants"]:
                answer = self._create(form, lines)
            case "POST", ["Services", _, "Media"]:
                answer = self._upload(call)
            case "GET", ["Conversations", name]:
                answer = Answer(200, _shown(self.room(name)))
            case "POST", ["Conversations", name]:
                answer = self._rename(self.room(name), form)
            case "DELETE", ["Conversations", name]:
                del self.rooms[self.room(name).sid]
                answer = Answer(204, None)
            case "GET", ["Conversations", name, "Participants"]:
                answer = self._participants(self.room(name))
            case "GET", ["Conversations", name, "Messages"]:
                answer = Answer(200, {"messages": self.room(name).messages[::-1]})
            case "GET", ["Conversations", name, "Messages", sid, "Receipts"]:
                answer = self._receipts(self.room(name), sid)
            case _:
                answer = error(404, 20404, f"The requested resource /{path} was not found")
        return answer

    def _receipts(self, room: Room, message_sid: str) -> Answer:
        receipts = [
            {"participant_sid": participant, "status": statuses[message_sid]}
            for participant, statuses in room.receipts.items()
            if message_sid in statuses
        ]
        return Answer(200, {"delivery_receipts": receipts})

    def _upload(self, call: Call) -> Answer:
        sid, content_type = "ME" + self._new_id(), call.headers.get("content-type", "application/octet-stream")
        self.uploads[sid] = self._keep(Picture(call.body, content_type))
        return Answer(201, {"sid": sid, "size": len(call.body), "content_type": content_type})

    def _create(self, form: Mapping[str, Sequence[str]], lines: Mapping[str, str]) -> Answer:
        own, natives = self._read_participants(form, lines)
        if not own or len(own) + len(natives) < 3:
            raise Refused(error(400, 50435, "Group MMS activation failed"))
        if len(own) + len(natives) > MAX_MEMBERS:
            raise Refused(error(400, 50436, "Participant limit exceeded for group conversation"))
        room = Room("CH" + self._new_id(), form.get("UniqueName", [None])[0] or None, own, natives, "initializing")
        owner = self.of(room.numbers)
        if owner:
            text = f"Group MMS with given participant list already exists as Conversation {owner.sid}"
            raise Refused(error(409, 50438, text))
        self._check_name(room.unique_name)
        self.rooms[room.sid] = room
        return Answer(202, _shown(room))

    def _read_participants(
        self, form: Mapping[str, Sequence[str]], lines: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Give each participant a SID: own numbers and handsets. Raises Refused."""
        own: dict[str, str] = {}
        natives: dict[str, str] = {}
        for given in form.get("Participant", []):
            binding = json.loads(given)["messaging_binding"]
            address, projected = binding.get("address"), binding.get("projected_address")
            if projected and lines.get(projected) != "twilio":
                raise Refused(error(400, 50439, "Account is not authorized to use the projected address"))
            if address and (lines.get(address) == "twilio" or not is_number(address)):
                raise Refused(error(400, 50407, "Invalid messaging binding address"))
            (own if projected else natives)[projected or address] = "MB" + self._new_id()
        return own, natives

    def _rename(self, room: Room, form: Mapping[str, Sequence[str]]) -> Answer:
        if room.state == "closed":
            raise Refused(error(400, 50377, "Can't update conversation as it's in final closed state"))
        name = form.get("UniqueName", [None])[0]
        if name != room.unique_name:
            self._check_name(name)
        room.unique_name = name
        return Answer(200, _shown(room))

    def _check_name(self, name: str | None) -> None:
        if name and any(room.unique_name == name for room in self.rooms.values()):
            raise Refused(error(409, 50353, "Conversation with provided unique name already exists"))

    def _participants(self, room: Room) -> Answer:
        if room.state == "initializing":
            room.state = "active"
        bound = [({"projected_address": number}, sid) for number, sid in room.own.items()]
        bound += [({"address": number}, sid) for number, sid in room.natives.items()]
        return Answer(
            200, {"participants": [{"sid": sid, "messaging_binding": {"type": "sms", **one}} for one, sid in bound]}
        )

    def message(self, call: Call) -> tuple[Room, str, str, dict[str, Any]]:
        """A new message: its conversation, its author's number, its text and the stored message. Raises Refused."""
        room = self.room(call.args["name"])
        form = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
        author, text = form.get("Author", [""])[0], form.get("Body", [""])[0]
        if room.state == "closed":
            raise Refused(error(400, 50377, "Can't update conversation as it's in final closed state"))
        if room.state == "initializing":
            raise Refused(error(400, 50386, "Conversation is initializing"))
        if author not in room.own:
            raise Refused(error(400, 50513, "Message author should be among Group MMS participants"))
        files = form.get("MediaSid", [])
        if not (text or files):
            raise Refused(error(400, 50503, "Message body is required"))
        if len(text) > MAX_BODY:
            raise Refused(error(400, 50504, "Message body parameter is too long"))
        if len(files) > MAX_FILES:
            raise Refused(error(400, 21623, f"Number of media files exceeds allowed limit of {MAX_FILES}"))
        if not self.uploads.keys() >= {*files}:
            raise Refused(error(400, 50507, "Media not found"))
        attributes, media = form.get("Attributes", ["{}"])[0], [{"sid": sid} for sid in files]
        stored = {
            "sid": "IM" + self._new_id(),
            "author": author,
            "body": text,
            "attributes": attributes,
            "media": media,
        }
        room.messages.append(stored)
        return room, author, text, stored


def tag_of(message: Mapping[str, Any]) -> str | None:
    """What a sender wrote into the attributes to know its message by."""
    found = re.search(r'"partyline": "([^"]*)"', str(message["attributes"]))
    return found[1] if found else None


def error(status: int, code: int, message: str) -> Answer:
    """An error in Twilio's shape."""
    info = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": message, "more_info": info, "status": status})


def _shown(room: Room) -> dict[str, Any]:
    return {"sid": room.sid, "unique_name": room.unique_name, "state": room.state, "chat_service_sid": _SERVICE}
