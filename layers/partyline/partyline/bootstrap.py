"""Build what the functions work with: each dependency in one place.

A function calls these when it starts and hands the results to the class that does its work. The imports stand inside
the functions here, so that each Lambda function loads only the modules it uses: imports are most of a cold start.
Environment variables are read here too; docs/deploying.md has the parameters of a deployment.
"""

from __future__ import annotations

import gc
import os
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from partyline import aws_clients
from partyline.settings import auth_token, carrier_urls, secret, variable

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from partyline.api.context import ApiContext
    from partyline.auth.oidc_provider import OidcProvider
    from partyline.auth.provider_settings import ClientCredentials
    from partyline.auth.sign_in import SignIn
    from partyline.aws.sqs import QueueClient
    from partyline.carriers.base import Carrier, Transport
    from partyline.http_client import HttpClient, Policy
    from partyline.inbound.catch_up_runner import CatchUpSource
    from partyline.inbound.webhook_handler import WebhookHandler
    from partyline.media.bucket import Bucket
    from partyline.realtime.gateway import LiveConnections
    from partyline.storage.table import Table
    from partyline.web_push.server_key import ServerKey
    from partyline.web_push.vapid import PushIdentification
    from partyline.webhooks.pre_action import Consult, PreActionWebhook

_START = "AWS_LAMBDA_INITIALIZATION_TYPE"
if _START in os.environ:
    # A function starts. What it imports and builds it has to its end: to look through all of that for garbage, whenever
    # there is a quarter more of it, is a tenth of a cold start (decision 0179). `prepare` ends this.
    gc.disable()


def prepare_snapshot() -> None:
    """Make each copy of a snapshot of this function's memory (SnapStart) draw random numbers of its own.

    They are the jitter of retries, which would be the same in all copies. What must be unique comes from the system's
    randomness, which copies do not share.
    """
    _run_after_restore(random.seed)


def prepare(*steps: Callable[[], object]) -> None:
    """Do before the first invocation what each of them needs, such as reading a secret or opening a connection.

    Lambda gives a whole processor to a function that starts, and a share of one to its invocations. With SnapStart it
    is done after the memory was restored, since a snapshot must have no answer and no connection. Elsewhere the first
    invocation does it.

    A step that fails is the last one: the first invocation does again what is missing, and answers for it.

    It ends the start: from here on Python looks for garbage. So each function calls it, the last of what it builds.
    """
    start = os.environ.get(_START)
    if start is None:
        return
    if start == "snap-start":
        _run_after_restore(partial(_run_steps, steps))
    else:
        _run_steps(steps)
    # Not among what there is now.
    gc.freeze()
    gc.enable()


def _run_steps(steps: Sequence[Callable[[], object]]) -> None:
    try:
        for step in steps:
            step()
    except Exception as error:  # noqa: BLE001  (Lambda would end the function; the invocation meets what is wrong again)
        from partyline.observability import logger

        logger.warning("start.not_prepared", reason=type(error).__name__)


def _run_after_restore(function: Callable[[], object]) -> None:
    # Lambda's runtimes have it, from python3.12 on.
    with suppress(ModuleNotFoundError):
        from snapshot_restore_py import register_after_restore  # type: ignore[import-not-found]  # the runtime's own

        register_after_restore(function)


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def build_table(hash_key: Callable[[], str] | None = None) -> Table:
    """Build the stack's table. A function that asks who has opted out needs `read_hash_key`."""
    from partyline.storage.table import Table

    return Table(aws_clients.dynamodb(), variable("TABLE_NAME"), hash_key)


def read_hash_key() -> str:
    """Return the key of the hashes by which opt-outs of erased people are found. It is read where there are any."""
    return secret(variable("OPT_OUTS_SECRET_ARN"))["key"]


def build_bucket() -> Bucket:
    """Build the bucket of the messages' files."""
    from partyline.media.bucket import Bucket

    return Bucket(aws_clients.s3, variable("MEDIA_BUCKET"))


def build_sqs() -> QueueClient:
    """Build the client of the queues."""
    return aws_clients.sqs()


def build_public_http() -> HttpClient:
    """Build the client for servers on the internet, and in the networks that the deployment allows."""
    from partyline.http_client import HttpClient

    return HttpClient(build_public_policy())


def build_public_policy() -> Policy:
    """Build the policy of which servers are public, or in the networks that the deployment allows."""
    from partyline.http_client import Policy, parse_networks

    return Policy(networks=parse_networks(variable("ALLOWED_NETWORKS")))


def build_push_key() -> ServerKey:
    """Build the key pair by which push services know this deployment."""
    from partyline.web_push.server_key import ServerKey

    return ServerKey(aws_clients.kms(), variable("PUSH_KEY_ID"))


def build_push_identification() -> PushIdentification:
    """Build what identifies this deployment to push services."""
    from partyline.web_push.vapid import PushIdentification

    # They take an https URL only. On a machine at hand there is no such, and no push service of a browser's maker.
    contact = variable("PUBLIC_URL").replace("http://", "https://", 1)
    return PushIdentification(build_push_key(), contact, now)


def build_api_context(
    ask: Consult, key_root: Callable[[], str], bucket: Bucket, push_key: Callable[[], bytes] | None = None
) -> ApiContext:
    """Build what the API works with.

    `ask` calls pre-action webhooks, `key_root` is as `read_key_root`, and `push_key` reads the public half of the key
    for push services, where requests may ask for it.
    """
    from partyline.api.context import ApiContext
    from partyline.storage.service_settings import SettingsCache

    table = build_table(read_hash_key)
    return ApiContext(
        table,
        account_sid=variable("ACCOUNT_SID"),
        auth_token=auth_token,
        key_root=key_root,
        clock=now,
        ask=ask,
        bucket=bucket,
        group_limit=int(variable("GROUP_LIMIT")),
        public_url=variable("PUBLIC_URL"),
        policy=build_public_policy(),
        push_key=push_key,
        settings=SettingsCache(table, now),
    )


def build_pre_webhook(http: HttpClient) -> PreActionWebhook:
    """Build the client of pre-action webhooks."""
    from partyline.webhooks.pre_action import PreActionWebhook

    return PreActionWebhook(variable("ACCOUNT_SID"), auth_token=auth_token, request=http.send)


def build_webhook_handler(table: Table, http: HttpClient, consult: Consult) -> WebhookHandler:
    """Build what records the webhooks of carriers. `http` fetches the words of a text that are in one of its files."""
    from partyline.domain import sids
    from partyline.inbound.recorder import InboundRecorder
    from partyline.inbound.webhook_handler import WebhookHandler
    from partyline.media import text_part
    from partyline.storage.roster_cache import RosterCache
    from partyline.storage.service_settings import SettingsCache

    first_service = sids.default_service(variable("ACCOUNT_SID"))
    recorder = InboundRecorder(table, first_service, consult, SettingsCache(table, now), RosterCache())
    return WebhookHandler(table, recorder, complete=partial(text_part.fetch_words, http.send))


def build_live_connections() -> LiveConnections:
    """Build the access to open WebSocket connections."""
    from partyline.realtime.gateway import ApiGateway, LiveConnections

    return LiveConnections(build_table(), ApiGateway(variable("LIVE_ENDPOINT")), now)


def build_carrier(name: str, transport: Transport | None = None) -> Carrier:
    """Build a carrier from the secrets of now. Without a transport it reads webhooks and sends nothing.

    Raises LookupError for an unknown name, and for a carrier that lacks a secret.
    """
    from partyline.carriers import registry
    from partyline.carriers.transport import no_transport

    return registry.build_carrier(name, read_carrier_secrets(), transport or no_transport, carrier_urls())


def build_catch_up_source(name: str, transport: Transport) -> CatchUpSource:
    """Build a carrier with its list of the texts that came in. Raises LookupError as above."""
    from partyline.carriers.listing_registry import LISTINGS
    from partyline.inbound.catch_up_runner import CatchUpSource

    carrier = build_carrier(name, transport)
    return CatchUpSource(carrier, LISTINGS[name](read_carrier_secrets(), carrier_urls(), transport))


def build_webhook_authenticator(name: str) -> Carrier:
    """Build a carrier that authenticates its webhooks and does nothing else. Raises LookupError as above."""
    from partyline.carriers import registry
    from partyline.carriers.transport import no_transport

    return registry.build_carrier(name, read_carrier_secrets(), no_transport)


def read_carrier_secrets() -> Mapping[str, str]:
    """Return the carriers' credentials, not older than settings.SECRET_LIFE."""
    return secret(variable("CARRIERS_SECRET_ARN"))


def load_carriers() -> None:
    """Read the carriers' credentials, and import the carriers that a text of theirs will ask for, with their models."""
    from partyline.carriers import registry, schemas

    registry.load_complete(read_carrier_secrets())
    schemas.build_models()


def load_stored(*kinds: type[Any]) -> Callable[[], None]:
    """Return the step that prepares to read stored values of these classes."""
    from partyline.serialization import prepare_loading

    return partial(prepare_loading, *kinds)


def read_key_root() -> str:
    """Return what the secrets of API keys and the signatures of links are derived from."""
    return secret(variable("KEYS_SECRET_ARN"))["root"]


def build_media_link(key: str) -> str:
    """Build a file's URL for a carrier. It works for as long as a carrier may queue a text."""
    from partyline.media import links

    expires = int(now().timestamp()) + int(variable("MEDIA_LINK_SECONDS"))
    return f"{variable('PUBLIC_URL')}/{links.build_path(read_key_root(), key, expires)}"


def build_sign_in() -> SignIn:
    """Build the sign-in of people."""
    from partyline.auth.sign_in import SignIn
    from partyline.auth.user_admission import AdmissionRules
    from partyline.domain.group_roles import parse_role_mapping

    return SignIn(
        build_table(),
        variable("ACCOUNT_SID"),
        key_root=read_key_root,
        clock=now,
        provider=build_identity_provider(),
        rules=AdmissionRules(
            identity_claim=variable("SIGN_IN_IDENTITY"),
            groups_claim=variable("SIGN_IN_GROUPS"),
            roles=parse_role_mapping(variable("SIGN_IN_ROLES")),
        ),
    )


def build_identity_provider() -> OidcProvider:
    """Build the identity provider: the stack's own user pool, or the provider that the parameters name."""
    from partyline.auth.oidc_provider import OidcProvider
    from partyline.auth.provider_settings import DiscoveredSettings, Endpoints, FixedSettings, UserPoolClient
    from partyline.http_client import HttpClient, Policy

    # The operator chose the provider, so it may be in a private network.
    http = HttpClient(Policy(public_only=False))
    issuer, pool_id = variable("SIGN_IN_ISSUER"), variable("SIGN_IN_POOL_ID")
    read = UserPoolClient(aws_clients.cognito(), pool_id).read if pool_id else read_sign_in_client
    given = Endpoints(variable("SIGN_IN_AUTHORIZE_URL"), variable("SIGN_IN_TOKEN_URL"))
    settings = FixedSettings(given, read) if all(given) else DiscoveredSettings(issuer, read, http.send)
    return OidcProvider(issuer, variable("SIGN_IN_SCOPES"), settings, http.send)


def read_sign_in_client() -> ClientCredentials:
    """Return the credentials of our client at a provider that the stack did not make."""
    from partyline.auth.provider_settings import ClientCredentials

    return ClientCredentials(
        variable("SIGN_IN_CLIENT_ID"), secret(variable("SIGN_IN_SECRET_ARN")).get("client_secret", "")
    )


def build_time_check(context: LambdaContext, reserve: int) -> Callable[[], bool]:
    """Build the question whether an invocation has more than `reserve` milliseconds left."""
    return lambda: context.get_remaining_time_in_millis() > reserve
