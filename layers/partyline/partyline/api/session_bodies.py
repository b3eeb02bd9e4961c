"""The JSON of /session: who is signed in, and an access token."""

from __future__ import annotations

from pydantic import Field

from partyline.api.response_model import ResponseModel, Timestamp
from partyline.auth.sign_in import SignedIn
from partyline.errors import SignInRefused


class SessionUser(ResponseModel):
    """The User that a session is for."""

    sid: str
    identity: str
    friendly_name: str | None


class SessionRole(ResponseModel):
    """The role that the groups of the person give."""

    sid: str
    friendly_name: str
    permissions: tuple[str, ...]


class SessionFeatures(ResponseModel):
    """What this deployment and its Service offer."""

    group_limit: int = Field(description="How many addresses a group text can have, own numbers included.")
    reachability_enabled: bool = Field(description="Whether the Service shows who is online.")


class SessionBody(ResponseModel):
    """Who is signed in, and what a page needs to begin."""

    account_sid: str
    service_sid: str
    user: SessionUser
    role: SessionRole | None = Field(description="Null when the role was deleted: then nothing is permitted.")
    live_url: str = Field(description="Where live events are received: see docs/live.md.")
    features: SessionFeatures
    date_started: Timestamp
    date_expires: Timestamp = Field(description="When the session ends, unless it gets another access token before.")


class AccessTokenBody(ResponseModel):
    """An access token of the person who is signed in."""

    token: str = Field(description="The access token. Keep it in memory only.")
    identity: str
    service_sid: str
    role: str | None = Field(description="The friendly name of the person's role.")
    date_expires: Timestamp

    @classmethod
    def build(cls, given: SignedIn) -> AccessTokenBody:
        """Build the body of a token that was issued. Raises SignInRefused when none was."""
        if given.issued is None:
            raise SignInRefused("ended")
        return cls(
            token=given.issued.token,
            identity=given.session.identity,
            service_sid=given.session.service_sid,
            role=given.member.role.friendly_name if given.member.role else None,
            date_expires=given.issued.expires,
        )


def build_session_body(found: SignedIn, account_sid: str, live_url: str, group_limit: int) -> SessionBody:
    """Build the body of a session."""
    user, role, session = found.member.user, found.member.role, found.session
    return SessionBody(
        account_sid=account_sid,
        service_sid=session.service_sid,
        user=SessionUser(sid=user.sid, identity=user.identity, friendly_name=user.friendly_name),
        role=SessionRole(sid=role.sid, friendly_name=role.friendly_name, permissions=role.permissions)
        if role
        else None,
        live_url=live_url,
        features=SessionFeatures(group_limit=group_limit, reachability_enabled=found.service.reachability_enabled),
        date_started=session.started,
        date_expires=session.end,
    )
