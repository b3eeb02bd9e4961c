"""Snippets: texts that staff use again and again, by a short name. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from partyline.frozen_classes import frozen

MAX_NAME = 40
MAX_BODY = 1600
# What one types behind a slash: no blanks.
_NAME = re.compile(r"[\w.-]{1,40}")


@frozen
class Snippet:
    """A text with a short name, unique among those of its owner, or among those for everyone.

    - `owner`: the identity that alone uses it; None for everyone of the Service's staff.
    """

    sid: str
    service_sid: str
    name: str
    body: str
    created: datetime
    updated: datetime
    owner: str | None = None


def is_name(text: str) -> bool:
    """Whether a text can name a snippet: 1 to MAX_NAME letters and digits of any language, `_`, `.` or `-`."""
    return _NAME.fullmatch(text) is not None


def fold_name(name: str) -> str:
    """Return what two names have in common that differ in case only."""
    return name.casefold()
