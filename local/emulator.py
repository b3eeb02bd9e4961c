"""The AWS emulator (MiniStack): one process on loopback, everything in memory. What is kept for the next run is in a
directory of its own."""

from __future__ import annotations

import os
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local import loopback
from local.environments import STATE
from local.kept import Kept
from local.processes import Program, ProgramError

REGION = "us-east-1"

# Nothing of a person's own AWS configuration may reach what we start, nor what we start a real account.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}

# The same for clients in this process, which read the environment too: no profile and no files. A value is its name in
# files, its variables in the environment, its default, and how it is converted.
_NO_FILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


class Emulator:
    """A running emulator. Its functions run in its own Python environment, one process for each concurrent call."""

    def __init__(self, directory: Path, kept: Kept | None = None) -> None:
        kept = kept or Kept()
        self.port = kept.ports.emulator
        self.endpoint = f"http://{loopback.HOST}:{self.port}"
        # Where deployed APIs answer, and where the connections of WebSocket APIs are managed; an API's id follows.
        self.execute_api = f"{self.endpoint}/_aws/execute-api"
        scratch = directory / "emulator"
        scratch.mkdir(parents=True)
        self._program = Program(
            "the emulator",
            [str(STATE / "emulator" / "bin" / "python"), "-P", str(Path(__file__).with_name("emulator_program.py"))],
            cwd=scratch,
            env={
                **{name: os.environ[name] for name in _INHERITED if name in os.environ},
                **CREDENTIALS,
                "BIND_HOST": loopback.HOST,
                "MINISTACK_HOST": loopback.HOST,
                "GATEWAY_PORT": str(self.port),
                "TMPDIR": str(scratch),
                "STATE_DIR": str((kept.directory or scratch) / "emulator"),
                "S3_DATA_DIR": str(scratch / "s3"),
                # Function processes stay: starting one costs most of a second.
                "LAMBDA_WARM_TTL_SECONDS": "86400",
                # A server of its own for devices, on a port that is the same for every run.
                "IOT_MTLS_ENABLED": "0",
                "PYTHONUNBUFFERED": "1",
                **({"KEPT_STATE": str(kept.directory)} if kept.directory else {}),
            },
            log=directory / "emulator.log",
        )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator."""
        session = boto3.session.Session(
            botocore_session=botocore.session.Session(session_vars=_NO_FILES),
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        config = Config(retries={"mode": "standard", "max_attempts": 3}, max_pool_connections=50, proxies={})
        return session.client(service, endpoint_url=self.endpoint, config=config)  # type: ignore[call-overload]

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._program.running()

    def read_log_tail(self) -> str:
        """The end of its log."""
        return self._program.read_log_tail()

    def kill(self) -> None:
        """Kill it and the functions' processes, as a power cut would."""
        self._program.kill()

    def stop(self) -> None:
        """Stop it and the functions' processes. What is kept was saved before, so the grace is short."""
        self._program.stop(grace=0.2)

    def _wait(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.running():
                break
            if loopback.request(f"{self.endpoint}/_ministack/health", seconds=2)[0] == HTTPStatus.OK:
                return
            time.sleep(0.05)
        raise ProgramError(f"the emulator did not start:\n{self.read_log_tail()}")


def environment(endpoint: str) -> dict[str, str]:
    """Return the environment of a tool that uses an emulator, without this process's own AWS variables."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)])
    ours = {"AWS_ENDPOINT_URL": endpoint, "NO_PROXY": loopback.HOST, "SAM_CLI_TELEMETRY": "0", "PATH": path}
    return {**inherited, **CREDENTIALS, **ours}
