"""Sessions of people who have signed in, and how long they live. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from partyline.frozen_classes import frozen

# A session ends a day after its sign-in. A revocation of tokens is stored for longer, so it ends sessions too.
SESSION_LIFE = timedelta(hours=24)
# A session that gets no access token for so long ends.
IDLE_LIFE = timedelta(hours=8)
# For how long a sign-in counts where the provider gives no refresh token, so that it cannot be asked again.
UNCHECKED_LIFE = timedelta(hours=1)


@frozen
class SignInSession:
    """A signed-in browser.

    - `digest`: the hash of its cookie, which is not stored.
    - `subject`: the provider's own name of the person. It never changes within a session.
    - `started`, `used`: the sign-in, and the last access token.
    - `refresh_token`: encrypted with the cookie; None when the provider gave none.
    """

    digest: str
    service_sid: str
    identity: str
    subject: str
    started: datetime
    used: datetime
    refresh_token: str | None = None

    @property
    def end(self) -> datetime:
        """When the session ends unless it is used again."""
        end = min(self.started + SESSION_LIFE, self.used + IDLE_LIFE)
        return end if self.refresh_token else min(end, self.started + UNCHECKED_LIFE)

    def is_alive(self, now: datetime) -> bool:
        """Whether the session has not ended."""
        return now < self.end

    def predates(self, moment: int) -> bool:
        """Whether the sign-in was made up to a moment, in Unix seconds, and so ends by a revocation of then."""
        return int(self.started.timestamp()) <= moment
