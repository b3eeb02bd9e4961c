"""`make smoke`, as an operator runs it, against the running stack."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from local.environments import ROOT
from local.stack import LINES, Stack
from tests.support.stack_world import PATIENCE, World, new_number, until

LINE = next(address for address, carrier in LINES if carrier == "bandwidth")


def smoke(stack: Stack, *arguments: str, **environment: str) -> tuple[int, list[str]]:
    """Run the smoke test; return its exit status and its lines."""
    done = subprocess.run(
        [sys.executable, "-m", "operations.smoke", stack.url, "--live-url", stack.live_url, *arguments],
        cwd=ROOT,
        env={**os.environ, **stack.variables(), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def answer(world: World, phone: str) -> None:
    """Answer the first text on a phone."""
    assert until(lambda: world.read_by(phone))
    world.text(phone, LINE, text="I am here")


def test_smoke_test_sends_a_text_and_gets_the_answer(stack: Stack, world: World) -> None:
    phone = new_number()
    with ThreadPoolExecutor(1) as pool:
        answered = pool.submit(answer, world, phone)
        status, lines = smoke(stack, "--line", LINE, "--phone", phone, "--reply", "240")
        answered.result()

    assert (status, [line.partition(":")[0] for line in lines]) == (
        0,
        [
            "ok    the API answers",
            "ok    requests without credentials are refused",
            "ok    a conversation is created",
            "ok    a live connection opens",
            "ok    a message is posted",
            "ok    the message is in the list",
            "ok    the live connection heard of it",
            "ok    webhooks without a signature are refused",
            "ok    a text reaches the phone's carrier",
            "ok    an answer of the phone comes back",
            "ok    everything is deleted again",
        ],
    )
    assert not [one for one in world.api.conversations.list() if (one.friendly_name or "").startswith("smoke-")]


def test_smoke_test_without_carriers_skips_what_needs_them(stack: Stack) -> None:
    status, lines = smoke(stack)

    assert status == 0
    assert [line for line in lines if line.startswith("skip")] == [
        "skip  a text reaches the phone's carrier",
        "skip  an answer of the phone comes back",
    ]


def test_smoke_test_fails_with_a_wrong_token(stack: Stack) -> None:
    status, lines = smoke(stack, PARTYLINE_AUTH_TOKEN="wrong")

    assert status == 1
    assert lines[0].startswith("FAIL  the API answers: GET /v1 answered 401 20003")
    assert "wrong" not in "".join(lines)
