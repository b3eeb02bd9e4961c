"""Authenticate the account by its auth token or an API key, and a user by an access token.

HTTP Basic carries the first two (`AC...` or `SK...` and its secret), `Authorization: Bearer` the third. An access token
has Twilio's format: a JWT (HS256) for one identity in one Service. The holder of an API key signs it with the secret of
the key.

The secret of an API key is derived from the deployment's key root and the key's SID, so that no table stores it. A key
is valid as long as its item exists.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import jwt
from jwt.types import Options

from partyline import refusals
from partyline.domain import identities, sids
from partyline.errors import RuleViolation
from partyline.event_headers import read_headers
from partyline.frozen_classes import frozen
from partyline.refusals.violations import to_refusal
from partyline.storage import api_keys
from partyline.storage.table import Table

# Twilio's own limit on an access token's life.
MAX_TOKEN_LIFE = timedelta(hours=24)
ALGORITHM = "HS256"
CONTENT_TYPE = "twilio-fpa;v=1"
# Twilio's SDKs end the name of a token with the second of its creation.
_ISSUED_IN_NAME = re.compile(r"-([0-9]{1,11})$")
# As `token_issuer` names a session.
_SESSION = re.compile(r"[0-9a-f]{32}")
# The end of the year 9999 in Unix time.
_LAST_MOMENT = 253_402_300_800


@frozen
class Token:
    """An access token: one identity in one Service, signed with an API key.

    `issued` and `expires` are in Unix seconds; `issued` 0 is unknown. `session` names the session of sign-in that it is
    of; None for any other token.
    """

    identity: str
    service_sid: str
    key_sid: str
    expires: int
    issued: int = 0
    session: str | None = None


@frozen
class Caller:
    """The caller: a user with its `token`, or the account.

    `key_sid` is the API key that the account used instead of its auth token.
    """

    token: Token | None = None
    key_sid: str | None = None


class Keyring(Protocol):
    """The dependencies of authentication by API keys and access tokens; ApiContext is one."""

    @property
    def table(self) -> Table:
        """Return the table with the API keys."""

    @property
    def account_sid(self) -> str:
        """Return the SID of the account that the tokens belong to."""

    @property
    def key_root(self) -> Callable[[], str]:
        """Return the function that reads the root secret of all API keys."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """Return the clock."""


class AccountKeyring(Keyring, Protocol):
    """A keyring that also has the account's own auth token."""

    @property
    def auth_token(self) -> Callable[[], str]:
        """Return the function that reads the account's auth token."""


def authenticate(event: Mapping[str, Any], keyring: AccountKeyring) -> Caller:
    """Authenticate the caller of a request.

    Raises ApiError 20003, without a reason, and for access tokens 20101 to 20107 and 20157.
    """
    header = str(read_headers(event).get("authorization", ""))
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() == "bearer":
        return Caller(token=read_token(credentials.strip(), keyring))
    user, password = _parse_basic(credentials) if scheme.lower() == "basic" else (b"", b"")
    if sids.matches(sids.API_KEY, user.decode(errors="replace")):
        return Caller(key_sid=_authenticate_key(user.decode(), password, keyring))
    expected = keyring.auth_token()
    # Both are always compared, so that the response time reveals nothing about either.
    matches = hmac.compare_digest(user, keyring.account_sid.encode()) & hmac.compare_digest(password, expected.encode())
    if not (matches and expected):
        raise refusals.unauthenticated()
    return Caller()


def key_secret(root: str, sid: str) -> str:
    """Derive the secret of an API key: 43 letters, digits, hyphens and underscores."""
    digest = hmac.new(root.encode(), b"api-key\n" + sid.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _authenticate_key(sid: str, secret: bytes, keyring: Keyring) -> str:
    """Check the secret of an API key and return its SID. The table is read only for a correct secret."""
    root = keyring.key_root()
    if not (
        root and hmac.compare_digest(secret, key_secret(root, sid).encode()) and api_keys.fetch(keyring.table, sid)
    ):
        raise refusals.unauthenticated()
    return sid


def _parse_basic(encoded: str) -> tuple[bytes, bytes]:
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b"", b""
    return user, password


# --- access tokens


def read_token(encoded: str, keyring: Keyring) -> Token:
    """Check an access token and return it. Raises ApiError 20101 to 20107 and 20157."""
    header, claims = _parse_unverified(encoded)
    if header.get("alg") != ALGORITHM or header.get("cty", CONTENT_TYPE) != CONTENT_TYPE:
        raise refusals.token_header_invalid()
    issuer, root = claims.get("iss"), keyring.key_root()
    if not isinstance(issuer, str) or not sids.matches(sids.API_KEY, issuer):
        raise refusals.token_issuer_invalid()
    if claims.get("sub") != keyring.account_sid:
        raise refusals.token_issuer_invalid()
    try:
        jwt.decode(encoded, key_secret(root, issuer), algorithms=[ALGORITHM], options=_SIGNATURE_ONLY)
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise refusals.token_signature_invalid() from None
    expires = _check_times(claims, keyring.clock())
    identity, service_sid = _parse_grant(claims)
    if not root or api_keys.fetch(keyring.table, issuer) is None:
        raise refusals.token_issuer_invalid()
    return Token(identity, service_sid, issuer, int(expires), _issued_at(claims), _session_of(claims))


# _check_times checks the times, with our own clock and Twilio's error codes.
_SIGNATURE_ONLY: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


def _parse_unverified(encoded: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Parse the header and claims of a token without any check of its signature."""
    try:
        header = jwt.get_unverified_header(encoded)
        claims = jwt.decode(encoded, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise refusals.token_invalid() from None
    return header, claims


def _check_times(claims: Mapping[str, Any], now: datetime) -> float:
    """Check the validity period of a token, and return its end in Unix seconds."""
    expires, begins = parse_time(claims.get("exp")), parse_time(claims.get("nbf", 0))
    if expires is None or begins is None:
        raise refusals.token_invalid()
    moment = now.timestamp()
    if expires <= moment:
        raise refusals.token_expired()
    if begins > moment:
        raise refusals.token_too_early()
    # The life begins with the creation, if the token has it: a revoked token must end before its revocation expires.
    if expires - min(_issued_at(claims) or moment, moment) > MAX_TOKEN_LIFE.total_seconds():
        raise refusals.token_lives_too_long()
    return expires


def _issued_at(claims: Mapping[str, Any]) -> int:
    """Return when a token was created, by `iat` or by the end of `jti`; 0 when unknown.

    Twilio's SDKs put the time behind the key in `jti`.
    """
    moment = parse_time(claims.get("iat"))
    if moment is not None:
        return int(moment)
    name = claims.get("jti")
    behind = _ISSUED_IN_NAME.search(name) if isinstance(name, str) else None
    return int(behind.group(1)) if behind else 0


def _session_of(claims: Mapping[str, Any]) -> str | None:
    """Return the session of sign-in that a token is of; None for one that the customer's own server has made."""
    name = claims.get("sid")
    return name if isinstance(name, str) and _SESSION.fullmatch(name) else None


def parse_time(value: Any) -> float | None:
    """Parse a time in Unix seconds; None for any other value, such as NaN, which would never expire."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and 0 <= value < _LAST_MOMENT else None


def _parse_grant(claims: Mapping[str, Any]) -> tuple[str, str]:
    """Parse the identity and the Service of a token's chat grant. Raises ApiError 20106."""
    grants = claims.get("grants")
    chat = grants.get("chat") if isinstance(grants, dict) else None
    identity = grants.get("identity") if isinstance(grants, dict) else None
    service = chat.get("service_sid") if isinstance(chat, dict) else None
    if not (isinstance(identity, str) and _is_text(identity)):
        raise refusals.token_grants_invalid("no identity")
    try:
        identities.check_identity(identity)
    except RuleViolation as violation:
        raise refusals.token_grants_invalid(to_refusal(violation).message) from violation
    if not (isinstance(service, str) and sids.matches(sids.SERVICE, service)):
        raise refusals.token_grants_invalid("no service_sid in the chat grant")
    return identity, service


def _is_text(value: str) -> bool:
    """Whether a value can be stored: JSON can contain half a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
