"""The API over a real table with four lines, and Twilio's SDK on top of it."""

from __future__ import annotations

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from partyline.domain import sids
from partyline.domain.lines import AutoCreation, Line
from partyline.storage import lines
from partyline.storage.table import Table
from tests.support.api_harness import ACCOUNT, BASE, TOKEN, Api, Clock, InProcess, P, Q, T, W, build_context


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(table: Table, clock: Clock) -> Api:
    for address, carrier in ((P, "bandwidth"), (Q, "bandwidth"), (T, "telnyx"), (W, "twilio")):
        lines.register(table, Line(sids.new(sids.LINE), address, carrier, clock(), clock(), AutoCreation.GROUPS))
    return Api(build_context(table, clock))


@pytest.fixture
def sdk(api: Api) -> Client:
    """The official client; only its base URL is set, and its requests do not leave the process."""
    http = TwilioHttpClient()
    http.session.mount("https://", InProcess(api))
    client = Client(ACCOUNT, TOKEN, http_client=http)
    client.conversations.base_url = BASE
    return client
