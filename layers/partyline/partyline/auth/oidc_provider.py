"""The identity provider: authorization code with PKCE and refresh, by OpenID Connect Core 1.0 and RFC 6749.

Any provider will do. Where its endpoints and the client's credentials come from is in `provider_settings`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote_plus, urlencode, urlsplit

from partyline.auth.id_tokens import Claims, read_id_token
from partyline.auth.provider_settings import ClientCredentials, Endpoints
from partyline.auth.sign_in_attempts import SignInAttempt
from partyline.errors import ProviderFailed, RequestError, SignInRefused
from partyline.frozen_classes import frozen
from partyline.http_client import HttpRequest, HttpResponse, SendRequest

# In seconds. A session's claim of the question to the provider is longer.
_TIMEOUT = 8.0
_MAX_ANSWER = 256 * 1024
# Errors that are the person's, not ours (RFC 6749, section 5.2; OpenID Connect Core, section 3.1.2.6). All others are a
# wrong client, or a provider that is not well.
_REFUSALS = frozenset({"invalid_grant", "access_denied", "login_required", "interaction_required", "consent_required"})
# The one of these that is about the person. The others may be of this sign-in alone: `invalid_grant` is also the answer
# for a token that has expired, was revoked, or was used before.
_DENIED = "access_denied"
# The reasons of a refused refresh: this sign-in has ended, or the person has no access.
ENDED, DENIED = "provider_ended", "provider_denied"
# Longer ones are no provider's, and would not fit into the table.
_MAX_REFRESH_TOKEN = 16 * 1024


@frozen
class ProviderAnswer:
    """What a provider says of a person. `claims` is None when a refresh gave no ID token."""

    claims: Claims | None
    refresh_token: str | None


class ProviderSettings(Protocol):
    """Knows how to speak to a provider."""

    def endpoints(self) -> Endpoints:
        """Return the URLs of the provider. Raises ProviderFailed."""

    def credentials(self) -> ClientCredentials:
        """Return the client's credentials at the provider. Raises ProviderFailed."""


@frozen
class OidcProvider:
    """One identity provider. `scopes` are those that are asked for, separated by spaces."""

    issuer: str
    scopes: str
    settings: ProviderSettings
    send: SendRequest

    def build_authorize_url(self, attempt: SignInAttempt, redirect_uri: str) -> str:
        """Build the URL to which a browser is sent to sign in. Raises ProviderFailed."""
        endpoint = self.settings.endpoints().authorize
        query = {
            "response_type": "code",
            "client_id": self.settings.credentials().client_id,
            "redirect_uri": redirect_uri,
            "scope": self.scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"

    def exchange_code(self, code: str, attempt: SignInAttempt, redirect_uri: str, now: datetime) -> ProviderAnswer:
        """Exchange the code of a redirect for what the provider says of the person.

        Raises SignInRefused for a code that is not valid or was used, and ProviderFailed.
        """
        form = {"code": code, "redirect_uri": redirect_uri, "code_verifier": attempt.verifier}
        answer = self._ask("authorization_code", form, refused="code")
        claims = self._read_claims(answer, now, attempt.nonce)
        if claims is None:
            raise ProviderFailed("no_id_token")
        return ProviderAnswer(claims, _read_refresh_token(answer))

    def refresh(self, refresh_token: str, subject: str, now: datetime) -> ProviderAnswer:
        """Ask what the provider says of the person now.

        A provider that rotates refresh tokens gives a new one. Raises SignInRefused with the reason ENDED or DENIED,
        or `subject` when the answer is about someone else, and ProviderFailed.
        """
        answer = self._ask("refresh_token", {"refresh_token": refresh_token}, refused=ENDED, denied=DENIED)
        claims = self._read_claims(answer, now, None)
        if claims is not None and claims.subject != subject:
            raise SignInRefused("subject")
        return ProviderAnswer(claims, _read_refresh_token(answer) or refresh_token)

    def _read_claims(self, answer: Mapping[str, Any], now: datetime, nonce: str | None) -> Claims | None:
        encoded = answer.get("id_token")
        if not isinstance(encoded, str):
            return None
        client_id = self.settings.credentials().client_id
        return read_id_token(encoded, issuer=self.issuer, client_id=client_id, now=now, nonce=nonce)

    def _ask(
        self, grant: str, form: Mapping[str, str], *, refused: str, denied: str | None = None
    ) -> Mapping[str, Any]:
        """Ask the token endpoint.

        Raises SignInRefused with the reason `refused`, or `denied` where the person has no access, and ProviderFailed.
        """
        client = self.settings.credentials()
        request = HttpRequest(
            "POST",
            self.settings.endpoints().token,
            {
                "Authorization": _basic(client),
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            urlencode({"grant_type": grant, **form}).encode(),
        )
        try:
            response = self.send(request, timeout=_TIMEOUT, max_body=_MAX_ANSWER)
        except RequestError as error:
            raise ProviderFailed("no_answer") from error
        answer = read_json(response)
        if response.status == HTTPStatus.OK:
            return answer
        code = str(answer.get("error"))
        if code in _REFUSALS:
            raise SignInRefused(denied or refused if code == _DENIED else refused)
        raise ProviderFailed(f"status_{response.status}")


def read_json(response: HttpResponse) -> Mapping[str, Any]:
    """Read the JSON object of a provider's answer. Raises ProviderFailed."""
    try:
        answer = json.loads(response.body) if response.complete else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise ProviderFailed(f"answer_{response.status}")
    return answer


def _read_refresh_token(answer: Mapping[str, Any]) -> str | None:
    given = answer.get("refresh_token")
    return given if isinstance(given, str) and 0 < len(given) <= _MAX_REFRESH_TOKEN else None


def _basic(client: ClientCredentials) -> str:
    """Build the client's credentials as RFC 6749, section 2.3.1, has them: each part is form-encoded first."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
