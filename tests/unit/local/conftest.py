"""A text router with a fixed clock and ids that count."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from local.carrier.text_router import TextRouter
from tests.support.simulated_carriers import build_simulated_carriers

NOW = datetime(2026, 11, 22, 4, 40, 2, 158_000, tzinfo=UTC)
PUBLIC_URL = "http://127.0.0.1:8080"
LINES = {
    "+12065550100": "bandwidth",
    "+12065550101": "bandwidth",
    "+12065550110": "telnyx",
    "+12065550111": "telnyx",
    "+12065550120": "twilio",
    "+12065550121": "twilio",
    "+12065550130": "vonage",
    "+12065550131": "vonage",
}


@pytest.fixture
def router() -> TextRouter:
    numbers = itertools.count(1)
    return build_simulated_carriers(
        LINES, PUBLIC_URL, clock=lambda: NOW, new_id=lambda: f"{next(numbers):04x}" + "0" * 28
    ).router
