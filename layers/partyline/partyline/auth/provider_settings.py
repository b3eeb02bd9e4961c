"""Where an identity provider's endpoints and our client's credentials at it come from.

The endpoints are given by parameters, or found by the provider's discovery document. The credentials are in a secret,
or those of the client that the template makes in its own user pool.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from partyline.errors import ProviderFailed, RequestError
from partyline.http_client import HttpRequest, SendRequest

_TIMEOUT = 5.0
_MAX_DOCUMENT = 256 * 1024
# Seconds until a changed discovery document or a client's new secret is in use.
_LIFE = 300


class Endpoints(NamedTuple):
    """The URLs of a provider: where browsers are sent, and where codes are exchanged."""

    authorize: str
    token: str


class ClientCredentials(NamedTuple):
    """Our client at a provider."""

    client_id: str
    secret: str


@dataclass(slots=True)
class FixedSettings:
    """Endpoints that are given, and credentials that a function reads."""

    given: Endpoints
    read: Callable[[], ClientCredentials]

    def endpoints(self) -> Endpoints:
        """Return the given endpoints. Raises ProviderFailed for one without TLS."""
        return check_endpoints(self.given)

    def credentials(self) -> ClientCredentials:
        """Return the credentials of now."""
        return self.read()


@dataclass(slots=True)
class DiscoveredSettings:
    """Endpoints from the discovery document of an issuer, which is read again after five minutes."""

    issuer: str
    read: Callable[[], ClientCredentials]
    send: SendRequest
    monotonic: Callable[[], float] = time.monotonic
    _found: Endpoints | None = None
    _until: float = 0.0

    def endpoints(self) -> Endpoints:
        """Return the endpoints of the document (OpenID Connect Discovery 1.0, section 4). Raises ProviderFailed."""
        if self._found is None or self.monotonic() >= self._until:
            self._found, self._until = self._discover(), self.monotonic() + _LIFE
        return self._found

    def credentials(self) -> ClientCredentials:
        """Return the credentials of now."""
        return self.read()

    def _discover(self) -> Endpoints:
        url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            answer = self.send(HttpRequest("GET", url), timeout=_TIMEOUT, max_body=_MAX_DOCUMENT)
        except RequestError as error:
            raise ProviderFailed("no_discovery") from error
        document = _read_document(answer.body) if answer.status == HTTPStatus.OK else {}
        # Section 4.3: a document of another issuer must not be used.
        if document.get("issuer") != self.issuer:
            raise ProviderFailed("discovery")
        return check_endpoints(
            Endpoints(str(document.get("authorization_endpoint", "")), str(document.get("token_endpoint", "")))
        )


@dataclass(slots=True)
class UserPoolClient:
    """The credentials of the only client of a Cognito user pool, which are read again after five minutes.

    They are asked for by the pool, since the client's callback URL is the API's, and the API has this function: in a
    template neither could name the other. `client` is boto3's, `cognito-idp`.
    """

    client: Any
    pool_id: str
    monotonic: Callable[[], float] = time.monotonic
    _found: ClientCredentials | None = None
    _until: float = 0.0

    def read(self) -> ClientCredentials:
        """Return the credentials. Raises ProviderFailed."""
        if self._found is None or self.monotonic() >= self._until:
            self._found, self._until = self._describe(), self.monotonic() + _LIFE
        return self._found

    def _describe(self) -> ClientCredentials:
        try:
            listed = self.client.list_user_pool_clients(UserPoolId=self.pool_id, MaxResults=2)["UserPoolClients"]
            if len(listed) != 1:
                raise ProviderFailed("pool_clients")
            found = self.client.describe_user_pool_client(UserPoolId=self.pool_id, ClientId=listed[0]["ClientId"])
        except (BotoCoreError, ClientError) as error:
            raise ProviderFailed("pool") from error
        described = found["UserPoolClient"]
        return ClientCredentials(described["ClientId"], described.get("ClientSecret", ""))


def check_endpoints(endpoints: Endpoints) -> Endpoints:
    """Return endpoints that are reached over TLS, or on this machine: ID tokens rest on it. Raises ProviderFailed."""
    if not all(_is_safe(url) for url in endpoints):
        raise ProviderFailed("no_tls")
    return endpoints


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read_document(body: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
