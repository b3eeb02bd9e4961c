"""Find the credentials that requests to AWS are signed with.

Lambda puts those of the function's role into the environment, and they hold for as long as the environment of the
function lives. Where they are not there (SnapStart, a person's machine) the SDK finds them, and renews them.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from botocore.exceptions import NoCredentialsError

from partyline.aws.request_signature import Credentials


class CredentialSource:
    """The credentials of this process. `find` is asked where the environment has none."""

    def __init__(self, find: Callable[[], Callable[[], Credentials]] | None = None) -> None:
        self._find = find or _use_sdk
        self._read: Callable[[], Credentials] | None = None

    def fetch(self) -> Credentials:
        """Return the credentials of now. Raises NoCredentialsError when there are none."""
        if self._read is None:
            self._read = _read_environment if "AWS_ACCESS_KEY_ID" in os.environ else self._find()
        return self._read()

    def forget(self) -> None:
        """Find them anew the next time, since AWS did not accept them."""
        self._read = None


def _read_environment() -> Credentials:
    return Credentials(
        os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], os.environ.get("AWS_SESSION_TOKEN")
    )


def _use_sdk() -> Callable[[], Credentials]:
    """Return the function that reads the SDK's credentials, renewed when they end soon."""
    # It loads most of the SDK, so it is imported where it is needed only.
    from botocore.session import Session  # noqa: PLC0415

    found = Session().get_credentials()
    if found is None:
        raise NoCredentialsError

    def read() -> Credentials:
        frozen = found.get_frozen_credentials()
        if not (frozen.access_key and frozen.secret_key):
            raise NoCredentialsError
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return read
