"""The process as a whole: it starts quietly, stops when told to, and says plainly why it cannot start."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def config(front: int, carrier: int) -> dict[str, Any]:
    return {
        "front_port": front,
        "carrier_port": carrier,
        "upstream": "http://127.0.0.1:9",
        "live_upstream": "ws://127.0.0.1:9",
        "public_url": f"http://127.0.0.1:{front}",
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
    }


def run(file: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local.serve", "--config", str(file)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_quietly_until_it_is_stopped(tmp_path: Path, stop: signal.Signals) -> None:
    port = free_port()
    file = tmp_path / "local.json"
    file.write_text(json.dumps(config(port, 0)))
    with run(file) as process:
        try:
            deadline = time.monotonic() + 30
            while not answers(f"http://127.0.0.1:{port}/lines"):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            # A listener for events must not keep it from ending.
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/events", timeout=30) as events:
                assert events.readline() == b"retry: 1000\n"
                process.send_signal(stop)
                assert process.communicate(timeout=30) == ("", "")
        finally:
            process.kill()
    assert process.returncode == 0


def test_a_busy_port_gets_a_plain_message(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        file = tmp_path / "local.json"
        file.write_text(json.dumps(config(port, 0)))
        with run(file) as process:
            output, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert output == ""
    assert errors == f"port {port} is in use by another program: stop it, or choose another port\n"


def test_a_bad_file_gets_a_plain_message(tmp_path: Path) -> None:
    with run(tmp_path / "absent.json") as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.startswith("cannot read ")
    assert errors.count("\n") == 1
