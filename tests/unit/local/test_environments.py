"""The options of uv for the indexes that pip is configured to use."""

from __future__ import annotations

import pytest

from local.environments import parse_index_options


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ("", []),
        ("global.cert='/etc/ca.crt'\n:env:.default-timeout='180'", []),
        ("global.index-url='https://mirror/simple'", ["--default-index", "https://mirror/simple"]),
        (
            ":env:.index-url='https://ours/simple'\nglobal.index-url='https://mirror/simple'",
            ["--default-index", "https://ours/simple"],
        ),
        (
            "global.extra-index-url='file:///a https://user:p=w@b/simple'\nglobal.find-links='/wheels\\n/more'",
            [
                *("--index", "file:///a", "--index", "https://user:p=w@b/simple"),
                *("--find-links", "/wheels", "--find-links", "/more"),
            ],
        ),
    ],
)
def test_parse_index_options_of_pips_settings(settings: str, options: list[str]) -> None:
    assert parse_index_options(settings) == options
