"""The input and output of every handler: a call, and a response."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from urllib.parse import quote

from partyline.api.request import Request
from partyline.auth.scope import VERSION, CallingUser, Scope
from partyline.auth.tokens import Token
from partyline.domain.events import Cause, Source
from partyline.frozen_classes import frozen
from partyline.http_client import Policy
from partyline.media.bucket import Bucket
from partyline.storage.service_settings import SettingsCache
from partyline.storage.table import Table
from partyline.webhooks.pre_action import Consult


@frozen
class ApiContext:
    """What the API works with.

    The secrets are read for each request, so that a changed one is soon in use. API keys' secrets are derived from
    `key_root`, and links to files are signed with it; `ask` calls pre-action webhooks; `bucket` has the files. `policy`
    says which servers requests may name. `push_key` reads the public key for push services, where there is one.
    `settings` are kept by the process, and confirmed by each request; None to read them each time.
    """

    table: Table
    account_sid: str
    auth_token: Callable[[], str]
    key_root: Callable[[], str]
    clock: Callable[[], datetime]
    ask: Consult
    bucket: Bucket
    group_limit: int = 10
    public_url: str = ""
    policy: Policy = field(default_factory=Policy)
    push_key: Callable[[], bytes] | None = None
    settings: SettingsCache | None = None


@frozen
class Call:
    """One authenticated request, with the names that its path holds and one moment for all that it does.

    `user` is None when the account itself calls: then everything is permitted, except that an API key (`key_sid`)
    manages no API keys. `token` is the access token of a user. `ask` calls the pre-action webhook, once for each event.
    """

    context: ApiContext
    request: Request
    scope: Scope
    ids: Mapping[str, str]
    now: datetime
    ask: Consult
    user: CallingUser | None = None
    key_sid: str | None = None
    token: Token | None = None

    @property
    def cause(self) -> Cause:
        """Return who causes the changes of this request; webhooks always hear of what a user does."""
        if self.user:
            return Cause(Source.SDK, self.user.identity)
        return Cause(Source.API, notify_webhooks=self.request.webhooks_enabled)

    @property
    def caller(self) -> str:
        """Return who calls, as records of changes name them: an identity, an API key or the account."""
        return self.user.identity if self.user else self.key_sid or self.context.account_sid

    @property
    def table(self) -> Table:
        """Return the table."""
        return self.context.table

    def url(self, *segments: str) -> str:
        """Build the absolute URL of a resource of this Service."""
        return self._url(self.scope.path, segments)

    def account_url(self, *segments: str) -> str:
        """Build the absolute URL of a resource of the account, whatever the Service."""
        return self._url(f"/{VERSION}", segments)

    def _url(self, root: str, segments: tuple[str, ...]) -> str:
        path = "".join(f"/{quote(segment, safe='+')}" for segment in segments)
        return f"{self.request.base_url}{root}{path}"


@frozen
class ApiResponse:
    """A response: a JSON body, a text whose type is in `headers`, or no body."""

    status: int
    body: Mapping[str, object] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], ApiResponse]
