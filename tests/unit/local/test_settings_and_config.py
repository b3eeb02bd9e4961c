"""Settings and configuration: what is taken, and how the rest is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.carrier.settings import BadSetting, Settings, changed
from local.config import BadConfig, from_json, load


def test_settings_change_together_or_not_at_all() -> None:
    settings = changed(Settings(), {"repeat": 2, "reorder": True, "drop_copies": ["+12065550101"]})
    assert (settings.repeat, settings.reorder, settings.drop_copies) == (2, True, ("+12065550101",))
    assert changed(settings, {}) == settings
    assert settings.as_json()["drop_copies"] == ["+12065550101"]


@pytest.mark.parametrize(
    "changes",
    [
        [],
        {"nonsense": 1},
        {"repeat": -1},
        {"repeat": 51},
        {"repeat": True},
        {"repeat": "2"},
        {"attempts": 0},
        {"hold": 1},
        {"drop_copies": "+12065550101"},
        {"mms_words": "nowhere"},
        {"telnyx_group_reports": "some"},
        {"telnyx_group_blocks": True},
        {"telnyx_clicks": "yes"},
        {"drop_copies": [1]},
        {"telnyx_cc": "numbers"},
        {"delay_ms": 600_001},
    ],
)
def test_settings_that_make_no_sense(changes: object) -> None:
    with pytest.raises(BadSetting):
        changed(Settings(), changes)


def config(**changes: Any) -> dict[str, Any]:
    return {
        "front_port": 8080,
        "carrier_port": 0,
        "upstream": "http://127.0.0.1:4566/_aws/execute-api/abc/local/",
        "live_upstream": "ws://127.0.0.1:4566/_aws/execute-api/def/local",
        "public_url": "http://127.0.0.1:8080",
        "lines": [["+12065550100", "bandwidth"]],
        "bandwidth": {
            "account_id": "1",
            "application_id": "2",
            "username": "u",
            "password": "p",
            "webhook_token": "t",
        },
        "telnyx": {"api_key": "k", "signing_seed": "00" * 32},
        "twilio": {"account_sid": "AC1", "auth_token": "t"},
        "vonage": {"api_key": "k", "api_secret": "s", "signature_secret": "g"},
        **changes,
    }


def test_a_configuration_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "local.json"
    file.write_text(json.dumps(config(settings={"backoff_ms": 10})))
    loaded = load(file)
    assert loaded.upstream == "http://127.0.0.1:4566/_aws/execute-api/abc/local"
    assert loaded.lines == (("+12065550100", "bandwidth"),)
    assert loaded.settings.backoff_ms == 10


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lines": [["+12065550100", "pigeon"]]}, "carrier"),
        ({"lines": [["12065550100", "telnyx"]]}, "line"),
        ({"lines": {}}, "lines"),
        ({"front_port": "8080"}, "front_port"),
        ({"front_port": 70000}, "front_port"),
        ({"upstream": "127.0.0.1"}, "upstream"),
        ({"live_upstream": "http://127.0.0.1"}, "live_upstream"),
        ({"telnyx": {"api_key": "k", "signing_seed": "00"}}, "signing_seed"),
        ({"twilio": {"account_sid": "AC1"}}, "auth_token"),
        ({"twilio": 1}, "twilio"),
        ({"extra": 1}, "extra"),
        ({"settings": {"repeat": -1}}, "repeat"),
        ({"cors_origins": "https://app.example"}, "cors_origins"),
        ({"cors_origins": ["*"]}, "cors_origins"),
    ],
)
def test_a_bad_configuration_says_what_to_mend(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadConfig, match=says):
        from_json(config(**changes))


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot read"):
        load(tmp_path / "absent.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(BadConfig, match="not JSON"):
        load(tmp_path / "broken.json")
