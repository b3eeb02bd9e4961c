"""What every handler gets and gives: a call in, an answer out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from partyline.api.requests import Request
from partyline.store.table import Table


@dataclass(frozen=True, slots=True)
class Desk:
    """What the API works with. `auth_token` is asked for each request, so that a changed one is soon in use."""

    table: Table
    account_sid: str
    auth_token: Callable[[], str]
    clock: Callable[[], datetime]
    group_limit: int = 10
    public_url: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """The Service that a path is about, and the path that leads to it."""

    service_sid: str
    path: str


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request with the names that its path holds, and one moment for all that it does."""

    desk: Desk
    request: Request
    scope: Scope
    ids: Mapping[str, str]
    now: datetime

    @property
    def table(self) -> Table:
        """Where everything is."""
        return self.desk.table

    def url(self, *segments: str) -> str:
        """The absolute URL of a resource of this Service."""
        path = "".join(f"/{quote(segment, safe='+')}" for segment in segments)
        return f"{self.request.base_url}{self.scope.path}{path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: a JSON body, or none."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]
