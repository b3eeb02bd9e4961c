"""U6: the code that shows how to point Twilio's SDK here works whatever the environment says of edges and regions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from twilio.rest import Client

from local.run import HOW_TO

ROOT = Path(__file__).parents[3]
URL = "https://abc.execute-api.us-east-1.amazonaws.com/prod"
PAGES = {
    "make run": HOW_TO,
    "README.md": (ROOT / "README.md").read_text(),
    "docs/twilio.md": (ROOT / "docs" / "twilio.md").read_text(),
}


def settings(page: str, base_url: str) -> list[list[str]]:
    """What the page sets on a client, each time it points one here."""
    code = re.compile(rf"^ *client\.conversations\.{base_url} = .*\n((?: *client\..*\n)*)", re.MULTILINE)
    return [[line.strip() for line in found.group(1).splitlines()] for found in code.finditer(page)]


@pytest.mark.parametrize("page", PAGES)
def test_in_python_requests_go_where_they_are_pointed(page: str) -> None:
    shown = settings(PAGES[page], "base_url")
    assert shown
    for lines in shown:
        environment = {"TWILIO_EDGE": "dublin", "TWILIO_REGION": "ie1"}
        client = Client("AC" + "0" * 32, "token", environment=environment)
        assert client.get_hostname(URL) != URL
        exec("\n".join(lines), {"client": client})
        assert client.get_hostname(URL) == URL


@pytest.mark.parametrize("page", PAGES)
def test_in_node_they_do_too(page: str) -> None:
    shown = settings(PAGES[page], "baseUrl")
    assert shown
    assert all("client.edge = client.region = undefined;" in lines for lines in shown)
