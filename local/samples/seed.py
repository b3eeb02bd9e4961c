"""Tell the story (local/samples/story.py) to a running stack, as its people would: through the API, and by phone.

It is told in the order of its days. Each text is sent for real, at the phones with their clocks set back; the message
then gets its day by `DateCreated`, which is for history that is imported.

It may be interrupted at any point and told again: what is there is left as it is. The last thing that is made is the
label of the last line; once it is there, nothing is told again, whatever has become of the rest.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from local.samples import pictures, story
from local.samples.client import Refused, Stack, until
from local.samples.story import ANN, BEN, Group, LineSettings, Person, Step

_ROLES = {ANN: "inbox admin", BEN: "inbox limited"}


class Seed:
    """Makes everything once in one stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._started = datetime.now().astimezone()
        self._staff: dict[str, Stack] = {}
        self._sids: dict[Group, str] = {}
        self._contacts: dict[Person, str] = {}
        self._service = ""

    def run(self) -> bool:
        """Make what is not there yet, and return whether there was such. Raises Refused, and TimeoutError for what did
        not follow."""
        *lines, last = story.LINES
        if self._stack.get(f"Lines/{last.address}")["label"] == last.label:
            return False
        for line in lines:
            self._set_line(line)
        self._service = self._stack.get("Configuration")["default_chat_service_sid"]
        # From now on the inbox counts what is unread.
        self._stack.get("Inbox")
        key = self._stack.post("Keys", {"FriendlyName": "Sample conversations"})
        for identity, role in _ROLES.items():
            self._add_user(identity, role)
            self._staff[identity] = self._stack.as_person(identity, self._service, key)
        for person in story.PEOPLE:
            self._add_contact(person)
        for snippet in story.SNIPPETS:
            self._make("Snippets", {"Name": snippet.name, "Body": snippet.body})
        try:
            for step in story.STEPS:
                self._take(step)
        finally:
            self._stack.set_clocks_back(0)
        self._finish()
        self._stack.delete(f"Keys/{key['sid']}")
        self._set_line(last)
        return True

    def _finish(self) -> None:
        """Read what is read, and leave a message for tomorrow."""
        for group, sid in self._sids.items():
            for identity, person in self._staff.items():
                self._read(person, sid, 2 if identity in story.UNREAD.get(group, ()) else 0)
        group, identity, text = story.SCHEDULED
        tomorrow = self._started.replace(hour=9, minute=0, second=0) + timedelta(days=1)
        sid = self._sids[group]
        if not self._stack.get(f"Conversations/{sid}/ScheduledMessages")["scheduled_messages"]:
            later = {"Body": text, "SendAt": tomorrow.isoformat()}
            self._staff[identity].post(f"Conversations/{sid}/Messages", later)

    def _read(self, person: Stack, sid: str, left: int) -> None:
        messages = self._stack.get(f"Conversations/{sid}/Messages", {"Order": "desc", "PageSize": "1"})["messages"]
        horizon = messages[0]["index"] - left
        try:
            read = {"LastReadMessageIndex": str(horizon) if horizon >= 0 else ""}
            person.post(f"Conversations/{sid}/ReadState", read)
        except Refused as refused:
            # Ben sees the conversations of his contacts only.
            if refused.status != HTTPStatus.NOT_FOUND:
                raise

    def _take(self, step: Step) -> None:
        when = self._find_time(step)
        self._stack.set_clocks_back(int((datetime.now(UTC) - when).total_seconds()))
        if step.where not in self._sids:
            self._begin(step.where)
        sid = self._sids.get(step.where, "")
        match step.kind:
            case "note":
                self._write_note(sid, step)
            case "done":
                self._stack.post(f"Conversations/{sid}", {"State": "inactive"})
            case "do-not-disturb" if isinstance(step.by, Person):
                wish = {"DoNotDisturb": "true", "DoNotDisturbReason": step.text}
                self._stack.post(f"Contacts/{self._contacts[step.by]}", wish)
            case _:
                self._send(step, when)

    def _send(self, step: Step, when: datetime) -> None:
        """Send a text, wait for it, and give its message its day."""
        group = step.where
        if self._find_message(group, step.text):
            return
        self._write(step)
        until(lambda: self._find_message(group, step.text) is not None, f"the text {step.text!r}")
        message = self._find_message(group, step.text) or {}
        if message["author"] == group.line:
            until(lambda: self._is_delivered(group, message), f"the delivery of {step.text!r}")
        day = when.astimezone(UTC).isoformat()
        path = f"Conversations/{self._sids[group]}/Messages/{message['sid']}"
        self._stack.post(path, {"DateCreated": day, "DateUpdated": day})

    def _write(self, step: Step) -> None:
        group, picture = step.where, pictures.draw(step.picture) if step.picture else None
        if isinstance(step.by, Person):
            others = [one.number for one in group.members if one is not step.by]
            self._stack.text(step.by.number, [group.line, *others], step.text, picture)
        else:
            writer = self._staff[step.by]
            form = {"Body": step.text} | ({"MediaSid": writer.upload(self._service, picture)} if picture else {})
            writer.post(f"Conversations/{self._sids[group]}/Messages", form)

    def _is_delivered(self, group: Group, message: dict[str, Any]) -> bool:
        """Whether the reports are there of those that have some."""
        path = f"Conversations/{self._sids[group]}/Messages/{message['sid']}/Receipts"
        final = {"delivered", "undelivered", "failed"}
        receipts = self._stack.get(path)["delivery_receipts"]
        unreported = sum(member is story.WALT for member in group.members)
        return sum(receipt["status"] in final for receipt in receipts) >= len(receipts) - unreported

    def _find_message(self, group: Group, text: str) -> dict[str, Any] | None:
        sid = self._sids.get(group) or self._find(group)
        if sid is None:
            return None
        messages = self._stack.get(f"Conversations/{sid}/Messages", {"PageSize": "100"})["messages"]
        return next((message for message in messages if message["body"] == text), None)

    def _find(self, group: Group) -> str | None:
        """Find the conversation that a text has made."""
        addresses = [("Address", number) for number in (group.line, *(one.number for one in group.members))]
        found = self._stack.get("Conversations", addresses)["conversations"]
        if found:
            self._sids[group] = found[0]["sid"]
        return self._sids.get(group)

    def _begin(self, group: Group) -> None:
        """Begin a conversation of contacts; that of a single person begins with a text of theirs."""
        if not group.name:
            return
        members: list[dict[str, Any]] = [{"messaging_binding": {"projected_address": group.line}}]
        members += [{"contact_sid": self._contacts[person]} for person in group.members]
        form = [("FriendlyName", group.name), ("IfExists", "fetch")]
        form += [("Participant", json.dumps(member)) for member in members]
        sid = self._sids[group] = self._stack.post("ConversationWithParticipants", form)["sid"]
        until(
            lambda: self._stack.get(f"Conversations/{sid}")["state"] != "initializing", f"the beginning of {group.name}"
        )
        if group.assignee:
            self._stack.post(f"Conversations/{sid}", {"Assignee": group.assignee})

    def _write_note(self, sid: str, step: Step) -> None:
        notes = self._stack.get(f"Conversations/{sid}/Notes")["notes"]
        if all(note["body"] != step.text for note in notes):
            self._staff[str(step.by)].post(f"Conversations/{sid}/Notes", {"Body": step.text})

    def _find_time(self, step: Step) -> datetime:
        if not step.ago:
            return self._started - timedelta(minutes=int(step.at))
        hour, minute = map(int, step.at.split(":"))
        return (self._started - timedelta(days=step.ago)).replace(hour=hour, minute=minute)

    def _set_line(self, line: LineSettings) -> None:
        form = [
            ("Label", line.label),
            ("AutoCreation", line.auto_creation),
            ("SmsPrice", line.sms_price),
            ("MmsPrice", line.mms_price),
            *(("Users", user) for user in line.users),
        ]
        self._stack.post(f"Lines/{line.address}", form)

    def _add_user(self, identity: str, role: str) -> None:
        roles = self._stack.get("Roles", {"PageSize": "100"})["roles"]
        [sid] = [one["sid"] for one in roles if one["friendly_name"] == role]
        self._make("Users", {"Identity": identity, "FriendlyName": identity.title(), "RoleSid": sid})

    def _add_contact(self, person: Person) -> None:
        numbers = [{"number": number, "label": label} for number, label in person.numbers]
        form = {"FriendlyName": person.name, "Numbers": json.dumps(numbers), "Owner": person.owner}
        self._make("Contacts", form)
        [contact] = self._stack.get("Contacts", {"Number": person.number})["contacts"]
        self._contacts[person] = contact["sid"]

    def _make(self, path: str, form: dict[str, str]) -> None:
        """Make something, if it is not there already."""
        try:
            self._stack.post(path, form)
        except Refused as refused:
            if refused.status != HTTPStatus.CONFLICT:
                raise
