"""Sessions of sign-in, the attempts that were used, and which API key signs the access tokens.

Sessions are found by the hash of their cookie only, so none can be listed. They expire by TTL; who reads one checks its
life, since DynamoDB deletes late.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from partyline.domain.services import ApiKey
from partyline.domain.sign_in_sessions import SESSION_LIFE, SignInSession
from partyline.errors import Conflict
from partyline.serialization import format_time
from partyline.storage import api_keys, codec, keys, own_writes
from partyline.storage.table import EXISTS, NEW, Condition, Table, change, delete, put

# For how long one request may ask the provider; then the next may. Longer than the signin function runs.
_CHECK_LEASE = timedelta(seconds=30)


def create(table: Table, session: SignInSession) -> None:
    """Store a new session."""
    ttl = int((session.started + SESSION_LIFE).timestamp())
    item = {**codec.encode(session), "ttl": ttl}
    own_writes.make(table, put("session", keys.sign_in_session(session.digest), item, NEW), item)


def fetch(table: Table, digest: str) -> SignInSession | None:
    """Read a session; return None when it does not exist. It may have ended."""
    item = table.get(keys.sign_in_session(digest))
    return codec.decode(SignInSession, item) if item else None


def claim_check(table: Table, digest: str, now: datetime) -> bool:
    """Claim the question to the provider; return False while another request asks, or when the session is gone.

    A provider may take a refresh token that is used twice at once for a stolen one.
    """
    moment = int(now.timestamp())
    free = Condition(
        "attribute_exists(PK) AND (attribute_not_exists(checking_until) OR checking_until <= :now)",
        values={":now": moment},
    )
    until = int((now + _CHECK_LEASE).timestamp())
    return table.written(change("session", keys.sign_in_session(digest), {"checking_until": until}, free))


def release_check(table: Table, digest: str) -> None:
    """Give the claim back, since the provider did not answer."""
    table.written(change("session", keys.sign_in_session(digest), {"checking_until": None}, EXISTS))


def replace_refresh_token(table: Table, session: SignInSession) -> None:
    """Store the refresh token that a provider gave instead of the one before."""
    sets = {"refresh_token": session.refresh_token}
    table.written(change("session", keys.sign_in_session(session.digest), sets, EXISTS))


def record_use(table: Table, session: SignInSession) -> bool:
    """Store that a session was used, and end the claim; return False when the session was ended meanwhile."""
    sets = {"used": format_time(session.used), "checking_until": None}
    return table.written(change("session", keys.sign_in_session(session.digest), sets, EXISTS))


def end(table: Table, digest: str) -> None:
    """Delete a session. Repeats change nothing."""
    table.write(delete("session", keys.sign_in_session(digest)))


def spend_attempt(table: Table, digest: str, expires: int) -> bool:
    """Record that an attempt to sign in was used; return False when it was used before.

    Nothing tells a second use from a repeat by the client, so that is refused too: the person begins again.
    """
    return table.written(put("attempt", keys.sign_in_attempt(digest), {"ttl": expires}, NEW))


def fetch_signing_key(table: Table) -> tuple[str | None, ApiKey | None]:
    """Read which API key signs access tokens: its SID, if one was ever chosen, and the key unless it was revoked."""
    pointer = table.get(keys.sign_in_key())
    sid = str(pointer["key_sid"]) if pointer else None
    return sid, api_keys.fetch(table, sid) if sid else None


def replace_signing_key(table: Table, key: ApiKey, previous: str | None) -> bool:
    """Store a new key that signs access tokens; return False when another request has chosen one."""
    unchanged = Condition("key_sid = :previous", values={":previous": previous}) if previous else NEW
    try:
        table.transact(
            [api_keys.build_write(key), put("signing key", keys.sign_in_key(), {"key_sid": key.sid}, unchanged)]
        )
    except Conflict as conflict:
        if "signing key" not in conflict.failed:
            raise
        return False
    return True
