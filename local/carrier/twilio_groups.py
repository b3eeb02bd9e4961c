"""Simulate the part of Twilio's Conversations API that group texts need.

These are conversations by SID or unique name, their participants, messages and receipts, and the upload of media.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from local.carrier.base import Answer, Call, Refused
from local.carrier.hosted_files import HostedFile
from local.carrier.network import is_number

MAX_MEMBERS = 10
# Of one message: characters, and files.
MAX_BODY, MAX_FILES = 1600, 1
_SERVICE = "IS" + "5" * 32


@dataclass(slots=True)
class GroupConversation:
    """A conversation at Twilio.

    `own` and `natives` map numbers to participants' SIDs. It is initializing until its participants are listed.
    """

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
    """Every conversation of the account, and the files that were uploaded for them.

    `add_file` takes a file and returns the address at which handsets show it.
    """

    def __init__(self, new_id: Callable[[], str], add_file: Callable[[HostedFile], str]) -> None:
        self.conversations: dict[str, GroupConversation] = {}
        # Addresses of uploads by their SIDs.
        self.uploads: dict[str, str] = {}
        self._new_id = new_id
        self._add_file = add_file

    def forget(self) -> None:
        """Delete all conversations and uploads."""
        self.conversations.clear()
        self.uploads.clear()

    def find(self, numbers: frozenset[str]) -> GroupConversation | None:
        """Find the open conversation of exactly these numbers."""
        return next(
            (
                conversation
                for conversation in self.conversations.values()
                if conversation.numbers == numbers and conversation.state != "closed"
            ),
            None,
        )

    def conversation(self, name: str) -> GroupConversation:
        """Return a conversation by SID or unique name. Raises Refused."""
        found = self.conversations.get(name) or next(
            (conversation for conversation in self.conversations.values() if conversation.unique_name == name), None
        )
        if found is None:
            raise Refused(error(404, 20404, f"The requested resource /Conversations/{name} was not found"))
        return found

    def answer(self, method: str, path: str, call: Call, lines: Mapping[str, str]) -> Answer:
        """Answer any request but one for a new message. Raises Refused."""
        form = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
        match method, path.split("/"):
            case "POST", ["ConversationWithParticipants"]:
                answer = self._create(form, lines)
            case "POST", ["Services", _, "Media"]:
                answer = self._upload(call)
            case "GET", ["Conversations", name]:
                answer = Answer(200, _body(self.conversation(name)))
            case "POST", ["Conversations", name]:
                answer = self._rename(self.conversation(name), form)
            case "DELETE", ["Conversations", name]:
                del self.conversations[self.conversation(name).sid]
                answer = Answer(204, None)
            case "GET", ["Conversations", name, "Participants"]:
                answer = self._participants(self.conversation(name))
            case "GET", ["Conversations", name, "Messages"]:
                answer = Answer(200, {"messages": self.conversation(name).messages[::-1]})
            case "GET", ["Conversations", name, "Messages", sid, "Receipts"]:
                answer = self._receipts(self.conversation(name), sid)
            case _:
                answer = error(404, 20404, f"The requested resource /{path} was not found")
        return answer

    def _receipts(self, conversation: GroupConversation, message_sid: str) -> Answer:
        receipts = [
            {"participant_sid": participant, "status": statuses[message_sid]}
            for participant, statuses in conversation.receipts.items()
            if message_sid in statuses
        ]
        return Answer(200, {"delivery_receipts": receipts})

    def _upload(self, call: Call) -> Answer:
        sid, content_type = "ME" + self._new_id(), call.headers.get("content-type", "application/octet-stream")
        self.uploads[sid] = self._add_file(HostedFile(call.body, content_type))
        return Answer(201, {"sid": sid, "size": len(call.body), "content_type": content_type})

    def _create(self, form: Mapping[str, Sequence[str]], lines: Mapping[str, str]) -> Answer:
        own, natives = self._read_participants(form, lines)
        if not own or len(own) + len(natives) < 3:
            raise Refused(error(400, 50435, "Group MMS activation failed"))
        if len(own) + len(natives) > MAX_MEMBERS:
            raise Refused(error(400, 50436, "Participant limit exceeded for group conversation"))
        conversation = GroupConversation(
            "CH" + self._new_id(), form.get("UniqueName", [None])[0] or None, own, natives, "initializing"
        )
        owner = self.find(conversation.numbers)
        if owner:
            text = f"Group MMS with given participant list already exists as Conversation {owner.sid}"
            raise Refused(error(409, 50438, text))
        self._check_name(conversation.unique_name)
        self.conversations[conversation.sid] = conversation
        return Answer(202, _body(conversation))

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

    def _rename(self, conversation: GroupConversation, form: Mapping[str, Sequence[str]]) -> Answer:
        if conversation.state == "closed":
            raise Refused(error(400, 50377, "Can't update conversation as it's in final closed state"))
        name = form.get("UniqueName", [None])[0]
        if name != conversation.unique_name:
            self._check_name(name)
        conversation.unique_name = name
        return Answer(200, _body(conversation))

    def _check_name(self, name: str | None) -> None:
        if name and any(conversation.unique_name == name for conversation in self.conversations.values()):
            raise Refused(error(409, 50353, "Conversation with provided unique name already exists"))

    def _participants(self, conversation: GroupConversation) -> Answer:
        if conversation.state == "initializing":
            conversation.state = "active"
        bound = [({"projected_address": number}, sid) for number, sid in conversation.own.items()]
        bound += [({"address": number}, sid) for number, sid in conversation.natives.items()]
        return Answer(
            200, {"participants": [{"sid": sid, "messaging_binding": {"type": "sms", **one}} for one, sid in bound]}
        )

    def message(self, call: Call) -> tuple[GroupConversation, str, str, dict[str, Any]]:
        """Store a new message. Raises Refused.

        Returns its conversation, its author's number, its text and the stored message.
        """
        conversation = self.conversation(call.args["name"])
        form = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
        author, text = form.get("Author", [""])[0], form.get("Body", [""])[0]
        if conversation.state == "closed":
            raise Refused(error(400, 50377, "Can't update conversation as it's in final closed state"))
        if conversation.state == "initializing":
            raise Refused(error(400, 50386, "Conversation is initializing"))
        if author not in conversation.own:
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
        conversation.messages.append(stored)
        return conversation, author, text, stored


def tag_of(message: Mapping[str, Any]) -> str | None:
    """Return the tag that a sender wrote into the attributes."""
    found = re.search(r'"partyline": "([^"]*)"', str(message["attributes"]))
    return found[1] if found else None


def error(status: int, code: int, message: str) -> Answer:
    """Build an error in Twilio's form."""
    info = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": message, "more_info": info, "status": status})


def _body(conversation: GroupConversation) -> dict[str, Any]:
    return {
        "sid": conversation.sid,
        "unique_name": conversation.unique_name,
        "state": conversation.state,
        "chat_service_sid": _SERVICE,
    }
