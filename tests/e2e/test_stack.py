"""The stack as it is deployed: it answers, it refuses in the right words, and it stops without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local import loopback
from local.environments import ROOT
from local.stack import LINES, Stack
from tests.support.stack_world import PATIENCE, until


def test_the_lines_are_registered(stack: Stack) -> None:
    status, body = loopback.request(f"{stack.url}/v1/Lines", user=(stack.account_sid, stack.auth_token))

    assert status == 200
    # A sample event registers one more.
    assert {*LINES} <= {(line["address"], line["carrier"]) for line in json.loads(body)["lines"]}


def test_the_phones_page_is_served(stack: Stack) -> None:
    status, body = loopback.request(stack.url)

    assert status == 200
    assert "<html" in body


@pytest.mark.parametrize("path", ["v1/Conversations", "v1/Lines", "v1"])
def test_the_api_asks_for_credentials(stack: Stack, path: str) -> None:
    status, body = loopback.request(f"{stack.url}/{path}")

    assert status == 401
    assert json.loads(body)["code"] == 20003


def test_a_path_that_is_not_there_is_answered_in_the_apis_own_words(stack: Stack) -> None:
    status, body = loopback.request(f"{stack.deployment.url}/nowhere")

    assert status == 404
    assert json.loads(body)["code"] == 20404


def test_a_busy_port_gets_a_plain_message(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local.run"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(stack.port)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 1
    assert f"Port {stack.port} is in use" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_that_a_run_started(stack: Stack, ending: signal.Signals) -> None:
    port = loopback.free_port()
    run = subprocess.Popen(
        [sys.executable, "-m", "local.run"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout is not None
    with run.stdout:
        # One is stopped while it starts, the other when it runs.
        awaited = "deploying ..." if ending is signal.SIGINT else "Ctrl-C stops everything"
        said = [next(line for line in run.stdout if awaited in line)]
        run.send_signal(ending)
        said += run.stdout.readlines()
    run.wait(PATIENCE)

    directory = ROOT / ".partyline" / f"run-{port}"
    assert run.returncode == 0
    assert said[-1] == "partyline: stopped\n"
    assert until(lambda: _processes_with(directory), lambda found: not found) == []
    assert loopback.is_free(port)
    assert stack.emulator.running()


def _processes_with(directory: Path) -> list[str]:
    """Command lines that name the directory."""
    listed = subprocess.run(["ps", "-axww", "-o", "command="], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(directory) in line]
