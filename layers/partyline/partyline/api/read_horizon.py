"""Read horizons, how far a participant has read: the parameters that change them, of participants and of users."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, model_validator

from partyline import refusals
from partyline.api import parsing, serializers
from partyline.api.field_types import REMOVED
from partyline.api.form_model import CLEARABLE, Form, invalid, refused

_INDEX = re.compile("[0-9]{1,10}")


def _check_index(value: str, info: ValidationInfo) -> int | None:
    if value in REMOVED:
        return None
    if not (_INDEX.fullmatch(value) and int(value) <= (info.context or {})["last_index"]):
        raise refused(refusals.read_index_invalid())
    return int(value)


def _check_time(value: str) -> str | None:
    if not value:
        return None
    moment = parsing.parse_moment(value)
    if moment is None:
        raise invalid("it is not an ISO 8601 date")
    return serializers.format_timestamp(moment)


class ReadHorizonForm(Form):
    """The index that a participant has read to, and when. `parse` needs the conversation's `last_index`.

    An empty index, or "null", says that nothing was read. Refuses with 20001, 50421.
    """

    last_read_message_index: Annotated[int | None, BeforeValidator(_check_index), CLEARABLE] = None
    last_read_timestamp: Annotated[str | None, BeforeValidator(_check_time)] = None

    @model_validator(mode="before")
    @classmethod
    def _ignore_time_of_nothing(cls, values: dict[str, str]) -> dict[str, str]:
        is_removed = values.get("LastReadMessageIndex") in REMOVED
        return {name: value for name, value in values.items() if not (is_removed and name == "LastReadTimestamp")}

    def changes_at(self, now: datetime) -> dict[str, Any]:
        """Return the attributes that the parameters change. An index without a time was read now.

        Who has read is not reminded any more that something is unread.
        """
        changes = self.changes()
        if "last_read_message_index" in changes:
            is_read = changes["last_read_message_index"] is not None
            changes.setdefault("last_read_timestamp", serializers.format_timestamp(now) if is_read else None)
            changes["marked_unread"] = None
        return changes
