"""The clients of the emulator, whatever a person's own AWS configuration says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from local.emulator import CREDENTIALS, Emulator

ENDPOINT = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_PROFILE": "of-another-machine"},
        {"AWS_DEFAULT_PROFILE": "of-another-machine"},
        {"AWS_CONFIG_FILE": "{directory}/config", "AWS_PROFILE": "work"},
        {"AWS_CONFIG_FILE": "{directory}/broken"},
        {"AWS_SHARED_CREDENTIALS_FILE": "{directory}/broken"},
        {"AWS_ENDPOINT_URL": "https://elsewhere.example"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    ],
    ids=str,
)
@pytest.mark.parametrize("service", ["s3", "cloudformation", "secretsmanager"])
def test_a_client_goes_to_the_emulator(
    service: str, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[profile work]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/x\n")
    (tmp_path / "broken").write_text("no section\n")
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(directory=tmp_path))
    client: Any = Emulator.client(cast(Emulator, SimpleNamespace(endpoint=ENDPOINT)), service)
    sent: list[Any] = []

    def stop(request: Any, **_: Any) -> None:
        sent.append(request)
        raise InterruptedError

    client.meta.events.register("before-send", stop)
    ask = {"s3": "list_buckets", "cloudformation": "list_stacks", "secretsmanager": "list_secrets"}[service]
    with pytest.raises(InterruptedError):
        getattr(client, ask)()
    assert sent[0].url.startswith(ENDPOINT + "/")
    assert f"Credential={CREDENTIALS['AWS_ACCESS_KEY_ID']}/" in str(sent[0].headers["Authorization"])
