"""Issue access tokens for people who have signed in, signed by an API key of the deployment's own.

The key is made when it is first needed, with the friendly name `sign-in`, and nobody is shown its secret. Revoking it
ends every access token of sign-in at once; the next one is signed by a new key.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

import jwt

from partyline.auth.tokens import ALGORITHM, CONTENT_TYPE, Keyring, key_secret
from partyline.domain import sids
from partyline.domain.services import ApiKey
from partyline.domain.sign_in_sessions import SignInSession
from partyline.errors import Conflict
from partyline.storage import retry, sign_in_sessions

# A live connection ends with its token: shorter ones would make every client connect anew more often.
TOKEN_LIFE = timedelta(minutes=60)
KEY_NAME = "sign-in"


class IssuedToken(NamedTuple):
    """An access token, and when it expires."""

    token: str
    expires: datetime


def name_session(digest: str) -> str:
    """Return the name of a session that its access tokens have. It does not tell where the session is stored."""
    return hashlib.sha256(f"token\n{digest}".encode()).hexdigest()[:32]


def issue_token(keyring: Keyring, session: SignInSession, now: datetime) -> IssuedToken:
    """Issue an access token in Twilio's format, with the session's name beside it. Cost: two reads."""
    key, expires = _signing_key(keyring, now), now.replace(microsecond=0) + TOKEN_LIFE
    issued = int(now.timestamp())
    claims = {
        "jti": f"{key}-{issued}",
        "iss": key,
        "sub": keyring.account_sid,
        "iat": issued,
        "exp": int(expires.timestamp()),
        "sid": name_session(session.digest),
        "grants": {"identity": session.identity, "chat": {"service_sid": session.service_sid}},
    }
    secret = key_secret(keyring.key_root(), key)
    return IssuedToken(jwt.encode(claims, secret, algorithm=ALGORITHM, headers={"cty": CONTENT_TYPE}), expires)


def _signing_key(keyring: Keyring, now: datetime) -> str:
    """Return the SID of the key that signs; make one when there is none, or it was revoked."""

    def attempt() -> str:
        sid, key = sign_in_sessions.fetch_signing_key(keyring.table)
        if key is not None:
            return key.sid
        made = ApiKey(sids.new(sids.API_KEY), now, now, KEY_NAME)
        if not sign_in_sessions.replace_signing_key(keyring.table, made, sid):
            raise Conflict({})
        return made.sid

    return retry.STANDARD.run(attempt)
