"""No test reaches a real AWS account: whatever the environment says of AWS is taken away before anything reads it."""

from __future__ import annotations

import functools
import os
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import settings

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
)

# A deadline of an example would judge the machine: a busy one is slow. Each run draws other examples.
settings.register_profile("partyline", deadline=None, max_examples=30)
# For the loop of somebody at work (make unit).
settings.register_profile("quick", deadline=None, max_examples=20)
# As many examples as hypothesis draws by itself: HYPOTHESIS_PROFILE=thorough make test.
settings.register_profile("thorough", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "partyline"))

# Each session reads the services' descriptions from disk again, which takes longer than most tests.
_load = JSONFileLoader().load_file


@functools.cache
def _load_once(path: str) -> Any:
    return _load(path)


# A test that changes what botocore is made of: there is no setting for it.
JSONFileLoader.load_file = lambda _, file_path: _load_once(file_path)  # type: ignore[method-assign,assignment]


@pytest.fixture
def instant_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no pause between the attempts of a retry policy."""
    # Powertools reads the environment when it is imported: by now the lines above have cleared it.
    from partyline.storage import retry  # noqa: PLC0415

    for policy in (retry.STANDARD, retry.CONTENDED, retry.THROTTLED):
        monkeypatch.setattr(policy, "sleep", lambda _: None)
