"""The HTTP request that calls a webhook, before a change or after it: Twilio's parameters, signed."""

from __future__ import annotations

from urllib.parse import urldefrag, urlencode

from partyline.domain.webhook_configuration import WebhookMethod
from partyline.http_client import HttpRequest
from partyline.queues.queue_messages import Callback
from partyline.webhooks import signatures

# Seconds for one call, as at Twilio: name lookup, connection and answer together.
TIMEOUT = 5.0


def build_request(callback: Callback, retries: int, auth_token: str) -> HttpRequest:
    """Build the request of a call.

    The fragment of a URL holds Twilio's connection settings, so it is not sent.
    """
    url, _ = urldefrag(callback.url)
    parameters = {**callback.parameters, "RetryCount": str(retries)}
    headers = {"I-Twilio-Idempotency-Token": callback.token}
    form = urlencode(parameters)
    if callback.method is WebhookMethod.GET:
        url = f"{url}{'&' if '?' in url else '?'}{form}"
        return HttpRequest("GET", url, {**headers, signatures.HEADER: signatures.sign(auth_token, url, {})})
    headers |= {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        signatures.HEADER: signatures.sign(auth_token, url, parameters),
    }
    return HttpRequest("POST", url, headers, form.encode())
