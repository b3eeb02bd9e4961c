"""Sign requests to AWS with Signature Version 4.

The rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. A property test
holds the result equal to the SDK's signer (botocore.auth.SigV4Auth).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from partyline.frozen_classes import frozen

_ALGORITHM = "AWS4-HMAC-SHA256"


@frozen
class Credentials:
    """What requests are signed with. `token` is that of temporary credentials, as a role has them."""

    access_key: str
    secret_key: str
    token: str | None = None


@frozen
class SigningScope:
    """For which service, in which region, a signature holds."""

    region: str
    service: str


def sign(
    headers: Mapping[str, str], body: bytes, credentials: Credentials, scope: SigningScope, now: datetime
) -> dict[str, str]:
    """Return the headers of `POST /` with this body: those given, and those that sign it.

    Names of headers are in lower case, and `host` is among them. All are signed. `now` is in UTC; AWS refuses a request
    that is more than five minutes away from its own time.
    """
    # Not strftime, which takes three times as long.
    time = now.isoformat(timespec="seconds")[:19].replace("-", "").replace(":", "") + "Z"
    signed = {**headers, "x-amz-date": time}
    if credentials.token:
        signed["x-amz-security-token"] = credentials.token
    ordered = sorted(signed)
    names = ";".join(ordered)
    lines = "".join([f"{name}:{' '.join(signed[name].split())}\n" for name in ordered])
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope_text = f"{time[:8]}/{scope.region}/{scope.service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{time}\n{scope_text}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = _derive_key(credentials.secret_key, time[:8], scope)
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    authorization = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope_text}, SignedHeaders={names}, Signature={signature}"
    )
    return {**signed, "authorization": authorization}


# One key for each service and day; more where credentials change.
@lru_cache(maxsize=16)
def _derive_key(secret_key: str, date: str, scope: SigningScope) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (date, scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
