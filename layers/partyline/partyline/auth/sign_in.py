"""Sign people in by an identity provider, and give their browser access tokens.

A browser is sent to the provider and comes back with a code, which is exchanged here, on the server (RFC 10017, the
token-mediating backend). The browser gets a cookie, and by it, for an hour each, the access tokens that the API takes
anyway. The provider's own tokens never reach it.

The provider decides who has access: it is asked at each sign-in and for each access token. The groups that it names
give the role of the person's User. Without one a person does not get in, and their access tokens are revoked.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from partyline import refusals
from partyline.auth import oidc_provider, session_cookies, sign_in_attempts, token_issuer
from partyline.auth import scope as scopes
from partyline.auth.id_tokens import Claims
from partyline.auth.oidc_provider import OidcProvider, ProviderAnswer
from partyline.auth.token_issuer import IssuedToken
from partyline.auth.user_admission import AdmissionRules, Member, admit, bar
from partyline.domain.services import Service
from partyline.domain.sign_in_sessions import SignInSession
from partyline.errors import Conflict, ProviderFailed, SignInRefused
from partyline.frozen_classes import frozen, replace
from partyline.storage import push_subscriptions, users
from partyline.storage import sign_in_sessions as store
from partyline.storage.table import Table
from partyline.storage.users import Revocation

# The longest code that is passed on to a provider, in characters.
_MAX_CODE = 4096


@frozen
class SignedIn:
    """A session that is alive, its person, and, where one was asked for, an access token."""

    session: SignInSession
    service: Service
    member: Member
    issued: IssuedToken | None = None


@frozen
class SignIn:
    """Signs people in. It is a Keyring for the access tokens that it issues."""

    table: Table
    account_sid: str
    key_root: Callable[[], str]
    clock: Callable[[], datetime]
    provider: OidcProvider
    rules: AdmissionRules
    random: Callable[[int], bytes] = secrets.token_bytes

    def begin(self, redirect_uri: str) -> tuple[str, str]:
        """Begin an attempt. Returns the provider's URL and the value of the attempt's cookie.

        Raises ProviderFailed.
        """
        attempt, cookie = sign_in_attempts.begin(self.key_root(), self.clock(), self.random)
        return self.provider.build_authorize_url(attempt, redirect_uri), cookie

    def complete(self, cookie: str, query: Mapping[str, str], redirect_uri: str) -> str:
        """Complete an attempt by the redirect of the provider. Returns the cookie of a new session.

        Each attempt is completed once, whatever comes of it. Raises SignInRefused and ProviderFailed.
        """
        now = self.clock()
        attempt = sign_in_attempts.read_cookie(self.key_root(), cookie, now)
        if attempt is None:
            raise SignInRefused("attempt")
        if not attempt.has_state(query.get("state", "")):
            raise SignInRefused("state")
        if not store.spend_attempt(self.table, attempt.digest, attempt.expires):
            raise SignInRefused("replayed")
        code = query.get("code", "")
        if "error" in query or not 0 < len(code) <= _MAX_CODE:
            raise SignInRefused("denied")
        answer = self.provider.exchange_code(code, attempt, redirect_uri, now)
        return self._start_session(answer, now)

    def give_token(self, cookie: str) -> SignedIn:
        """Give an access token to the holder of a session, after the provider was asked about the person.

        Raises SignInRefused; ProviderFailed, which leaves the session as it is; and Conflict while another request of
        the session asks the provider.
        """
        # The time before the session is read: a revocation that comes later is later than the token.
        now = self.clock()
        current = self._read(cookie, now)
        session = current.session
        member = current.member
        if session.refresh_token is not None:
            session, member = self._ask_again(cookie, current, now)
        if not store.record_use(self.table, replace(session, used=now)):
            raise SignInRefused("ended")
        issued = token_issuer.issue_token(self, session, now)
        return SignedIn(session, current.service, member, issued)

    def describe(self, cookie: str) -> SignedIn:
        """Return the session of a cookie. The provider is not asked. Raises SignInRefused."""
        return self._read(cookie, self.clock())

    def end(self, cookie: str) -> None:
        """End the session of a cookie, if there is one, and the notifications in its browser.

        Its access tokens stay valid until they expire.
        """
        digest = session_cookies.digest(cookie) if session_cookies.is_cookie(cookie) else None
        session = store.fetch(self.table, digest) if digest else None
        if session is None:
            return
        # The session last: by it a request that is repeated finds what an earlier one has left.
        name = token_issuer.name_session(session.digest)
        until = int((self.clock() + 2 * token_issuer.TOKEN_LIFE).timestamp())
        push_subscriptions.end_session(self.table, session.service_sid, session.identity, name, until)
        store.end(self.table, session.digest)

    def _start_session(self, answer: ProviderAnswer, now: datetime) -> str:
        if answer.claims is None:
            raise ProviderFailed("no_id_token")
        scope = scopes.resolve_scope(self, now, None)
        if scope is None:
            raise refusals.failed()
        member = admit(self.table, scope.service, self.rules, answer.claims, self.clock())
        cookie = session_cookies.new_cookie()
        store.create(
            self.table,
            SignInSession(
                digest=session_cookies.digest(cookie),
                service_sid=scope.service_sid,
                identity=member.user.identity,
                subject=answer.claims.subject,
                started=now,
                used=now,
                refresh_token=_encrypt(cookie, answer.refresh_token),
            ),
        )
        return cookie

    def _read(self, cookie: str, now: datetime) -> SignedIn:
        """Read a session with its person.

        Raises SignInRefused: `removed` without a user, `lost` where the provider gave no access, `ended` for the rest.
        """
        digest = session_cookies.digest(cookie) if session_cookies.is_cookie(cookie) else None
        session = store.fetch(self.table, digest) if digest else None
        if session is None:
            raise SignInRefused("ended")
        scope = scopes.resolve_scope(self, now, session.service_sid)
        found = users.fetch_with_revocations(self.table, session.service_sid, [session.identity])
        user, revocation = found[session.identity]
        if scope is None or user is None:
            # The session stays, and tells the same again: to another tab, or when this answer is lost.
            raise SignInRefused("removed")
        self._require_alive(session, revocation, now)
        return SignedIn(session, scope.service, Member.load(self.table, scope.service, user))

    def _require_alive(self, session: SignInSession, revocation: Revocation | None, now: datetime) -> None:
        """Refuse a session that has ended, by its time or by a revocation. Raises SignInRefused."""
        revoked = revocation if revocation and session.predates(revocation.at) else None
        if revoked and revoked.lost:
            # The session stays here too.
            raise SignInRefused("lost")
        if not session.is_alive(now):
            raise SignInRefused("ended")
        if revoked:
            store.end(self.table, session.digest)
            raise SignInRefused("ended")

    def _ask_again(self, cookie: str, current: SignedIn, now: datetime) -> tuple[SignInSession, Member]:
        """Ask the provider about the person of a session, and set the role that it gives now.

        Raises SignInRefused: the session has ended then. All access tokens of the identity have too, unless the
        provider ended no more than this sign-in. Raises ProviderFailed, and Conflict while another request asks.
        """
        session = current.session
        refresh_token = session_cookies.decrypt(cookie, session.refresh_token or "")
        if refresh_token is None:
            store.end(self.table, session.digest)
            raise SignInRefused("ended")
        if not store.claim_check(self.table, session.digest, now):
            raise Conflict({})
        try:
            answer = self.provider.refresh(refresh_token, session.subject, now)
            if answer.refresh_token != refresh_token:
                # At once: the provider has ended the old one, whatever becomes of this request.
                session = replace(session, refresh_token=_encrypt(cookie, answer.refresh_token))
                store.replace_refresh_token(self.table, session)
            member = self._admit_again(current, answer.claims)
        except SignInRefused as refused:
            if refused.reason == oidc_provider.ENDED:
                store.end(self.table, session.digest)
            else:
                # The time of the answer: another browser may have got a token while the provider was asked.
                bar(self.table, current.member.user, self.clock())
            raise
        except Exception:
            store.release_check(self.table, session.digest)
            raise
        return session, member

    def _admit_again(self, current: SignedIn, claims: Claims | None) -> Member:
        """Admit the person again. Without an ID token the refresh shows only that the person is not disabled."""
        if claims is None:
            return current.member
        member = admit(self.table, current.service, self.rules, claims, self.clock())
        if member.user.identity != current.session.identity:
            raise SignInRefused("identity")
        return member


def _encrypt(cookie: str, refresh_token: str | None) -> str | None:
    return session_cookies.encrypt(cookie, refresh_token) if refresh_token else None
