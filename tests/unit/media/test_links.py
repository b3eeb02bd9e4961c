"""Links open one file, for a time, and nothing else."""

from __future__ import annotations

import pytest

from partyline.media import links

KEY = "ME" + "0" * 31 + "1/original.jpg"
GOOD = links.build_path("root", KEY, 2000)


def opened(path: str, *, secret: str = "root", now: float = 1999.9) -> str | None:
    return links.open_path(secret, path.removeprefix("media/"), now)


def test_a_link_opens_its_file_until_it_ends() -> None:
    assert opened(GOOD) == KEY
    assert opened(GOOD, now=2000) is None


@pytest.mark.parametrize(
    "path",
    [
        GOOD.replace("0001/", "0002/"),
        GOOD.replace("media/2000/", "media/3000/"),
        GOOD.replace("original", "500"),
        GOOD + "/",
        GOOD + "?x",
        GOOD.replace(KEY, "../" + KEY),
        "media/2000//" + KEY,
        "",
        "media",
    ],
)
def test_a_changed_link_opens_nothing(path: str) -> None:
    assert opened(path) is None


def test_a_link_is_good_with_the_secret_that_it_was_signed_with_only() -> None:
    assert opened(GOOD, secret="other") is None
    assert opened(links.build_path("", KEY, 2000), secret="") is None
