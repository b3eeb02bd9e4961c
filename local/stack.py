"""Partyline as a whole on this machine: emulator, deployed stack, simulated carriers, front. `make run` and the
end-to-end tests start this same thing; several can run side by side.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from local import inbox, loopback
from local.accounts import ACCOUNT_SID
from local.config import CARRIERS
from local.deployment import Deployment, build, deploy
from local.emulator import Emulator, environment
from local.environments import ROOT, STATE, ensure
from local.kept import Kept
from local.processes import Program, ProgramError

T = TypeVar("T")

LINES = (
    ("+12065550100", "bandwidth"),
    ("+12065550101", "bandwidth"),
    ("+12065550110", "telnyx"),
    ("+12065550111", "telnyx"),
    ("+12065550120", "twilio"),
    ("+12065550121", "twilio"),
    ("+12065550130", "vonage"),
    ("+12065550131", "vonage"),
)

# What a machine at hand can be impatient about, and that webhooks may reach what runs on it; everything else is as
# deployed. Reports of a first text meet functions that still start, for seconds on a busy machine, and come before the
# second look.
PARAMETERS = {
    "CarrierTimeout": "3",
    "ReconcileSeconds": "15",
    "CleanupSeconds": "2",
    "AllowedNetworks": "127.0.0.0/8,::1/128",
}


class Stack:
    """A context manager: inside it, the whole system runs.

    `name` is the directory under .partyline/ that holds its files and logs. `port` is the front's, 0 for any free one.
    `parameters` are the template's. Pages of `cors_origins` may use the API. `kept` is what an earlier run has kept,
    and where this one does (local/kept.py). `report` is called with each step, to show progress.
    """

    # The tree that is deployed. That of another release is set before the start.
    source: Path = ROOT

    def __init__(
        self,
        name: str,
        *,
        port: int = 0,
        parameters: Mapping[str, str] | None = None,
        cors_origins: Sequence[str] = (),
        kept: Kept | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.directory = STATE / name
        self.kept = kept or Kept()
        self.accounts = self.kept.accounts
        self.people = self.kept.people
        self.account_sid = ACCOUNT_SID
        self.auth_token = self.accounts.auth_token
        self.port = port or loopback.free_port()
        self.url = f"http://{loopback.HOST}:{self.port}"
        self.live_url = f"ws://{loopback.HOST}:{self.port}/live"
        self._carrier_port = self.kept.ports.carriers
        self.carrier_url = f"http://{loopback.HOST}:{self._carrier_port}"
        self._config = self.directory / "serve.json"
        self._parameters = {**PARAMETERS, **(parameters or {})}
        self._cors_origins = list(cors_origins)
        self._report = report
        self._running = contextlib.ExitStack()
        self._watched: list[Emulator | Program] = []
        self.emulator: Emulator
        self.deployment: Deployment

    def __enter__(self) -> Self:
        """Start everything; when that fails or is interrupted, nothing is left running."""
        try:
            with self._running:
                self._start()
                self._running = self._running.pop_all()
        except BaseException:
            self._clean()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop everything. Logs stay until the next run of the same name."""
        self._running.close()
        self._clean()

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator, to look behind the API."""
        return self.emulator.client(service)

    def output(self, name: str) -> str:
        """An output of the deployed stack."""
        return self.deployment.outputs[name]

    def physical(self, logical: str) -> str:
        """The physical name of a resource of the template."""
        return self.deployment.resources[logical]

    def upgrade(self, source: Path = ROOT, **parameters: str) -> None:
        """Deploy another release, or other parameters, over what runs, which goes on working meanwhile."""
        self.source = source
        self._parameters |= parameters
        template = self._step("building", lambda: build(self.directory / "build.log", source))
        self.deployment = self._step("upgrading", lambda: self._deploy(template))

    def cut_power(self) -> None:
        """Kill everything at once. Nothing can be asked of this stack any more."""
        for program in self._watched:
            program.kill()

    def kill(self, function: str) -> int:
        """Kill the processes of a function (its logical name) as a power cut would. Returns how many there were."""
        killed = found = self._processes(function)
        while found:
            for process in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            # Until they are gone the emulator could still hand one a call.
            found = self._processes(function)
        return len(killed)

    def _processes(self, function: str) -> list[int]:
        listed = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
        mark = re.compile(rf"\s*(\d+) .*{re.escape(str(self.directory))}/.*-{re.escape(self.physical(function))}-")
        return [int(match[1]) for line in listed.stdout.splitlines() if (match := mark.match(line))]

    def variables(self) -> dict[str, str]:
        """Return what a script needs to act as a client."""
        return {
            "PARTYLINE_URL": self.url,
            "PARTYLINE_ACCOUNT_SID": self.account_sid,
            "PARTYLINE_AUTH_TOKEN": self.auth_token,
            "PARTYLINE_LIVE_URL": self.live_url,
            "INBOX_URL": f"{self.url}/inbox/",
            **self.people.variables(),
        }

    def carrier_variables(self) -> dict[str, str]:
        """Return what a script needs to act as a simulated carrier.

        No name is one that a carrier's own tools read, so a shell that has the reader's credentials keeps them.
        """
        return {
            "BANDWIDTH_WEBHOOK_TOKEN": self.accounts.bandwidth_webhook_token,
            "TELNYX_SIGNING_SEED": self.accounts.telnyx_signing_seed,
            "TWILIO_SIGNING_TOKEN": self.accounts.twilio_auth_token,
            "VONAGE_SIGNATURE_SECRET": self.accounts.vonage_signature_secret,
        }

    def check(self) -> None:
        """Raise ProgramError when something that should run has ended."""
        for program in self._watched:
            if not program.running():
                raise ProgramError(f"something stopped by itself:\n{program.read_log_tail()}")

    def _start(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        self._forget(keep=5)
        self.directory.mkdir(parents=True)
        self._config.touch(mode=0o600)
        ensure("emulator")
        self._step("building the inbox", inbox.build)
        template = self._step("building", lambda: build(self.directory / "build.log", self.source))
        self.emulator = self._step("starting the emulator", lambda: Emulator(self.directory, self.kept))
        self._running.callback(self.emulator.stop)
        self._watched.append(self.emulator)
        self.deployment = self._step("deploying", lambda: self._deploy(template))
        # Before the carriers start, and with them what keeps the state: one without the lines is never kept.
        if self.kept.state is None:
            self._step("registering the lines", self._register_lines)
        self._step("starting the simulated carriers and the front", self._serve)

    def _step(self, what: str, work: Callable[[], T]) -> T:
        began = time.monotonic()
        self._report(f"{what} ...")
        result = work()
        self._report(f"{what} took {time.monotonic() - began:.1f} s")
        return result

    def _deploy(self, template: Any) -> Deployment:
        deployment = deploy(
            self.emulator,
            template,
            {
                "AccountSid": ACCOUNT_SID,
                "PublicUrl": self.url,
                "AllowedOrigins": ",".join(self._cors_origins),
                "CarrierUrls": ",".join(f"{name}={url}" for name, url in self._carrier_urls().items()),
                **self._sign_in_parameters(),
                **self._parameters,
            },
            self.directory / "deploy.log",
            self.source,
        )
        manager = self.emulator.client("secretsmanager")
        for output, value in (
            ("AuthSecretArn", {"auth_token": self.auth_token}),
            ("CarriersSecretArn", self.accounts.as_secret()),
        ):
            secret, content = deployment.outputs[output], json.dumps(value)
            if manager.get_secret_value(SecretId=secret).get("SecretString") != content:
                manager.put_secret_value(SecretId=secret, SecretString=content)
        if "UserPoolId" in deployment.outputs:
            self.people.create(self.emulator.client("cognito-idp"), deployment.outputs["UserPoolId"])
        return deployment

    def _sign_in_parameters(self) -> dict[str, str]:
        """Return where the emulator's Cognito is: its pages at the front, for browsers, and its tokens behind it."""
        return {
            "PublicLiveUrl": self.live_url,
            "SignInAuthorizeUrl": f"{self.url}/oauth2/authorize",
            "SignInTokenUrl": f"{self.emulator.endpoint}/oauth2/token",
            # So that people here are called ann and ben.
            "SignInIdentity": "cognito:username",
        }

    def _carrier_urls(self) -> dict[str, str]:
        """Twilio has three APIs, each on a host of its own; the simulated one has them all."""
        twilios = dict.fromkeys(("twilio_conversations_url", "twilio_media_url"), f"{self.carrier_url}/twilio")
        return {f"{name}_url": f"{self.carrier_url}/{name}" for name in CARRIERS} | twilios

    def _serve(self) -> None:
        self._config.write_text(
            json.dumps(
                {
                    "front_port": self.port,
                    "carrier_port": self._carrier_port,
                    "upstream": self.deployment.url,
                    "live_upstream": self.deployment.live_url,
                    "public_url": self.url,
                    "lines": [list(line) for line in LINES],
                    "kept": str(self.kept.directory) if self.kept.directory else None,
                    "kept_at": f"{self.emulator.endpoint}/_partyline/state",
                    "cors_origins": self._cors_origins,
                    **self.accounts.as_settings(),
                }
            )
        )
        program = Program(
            "the simulated carriers",
            [sys.executable, "-m", "local.serve", "--config", str(self._config)],
            cwd=ROOT,
            env=environment(self.emulator.endpoint),
            log=self.directory / "serve.log",
        )
        # It saves what is kept, for both, before it ends.
        self._running.callback(program.stop, grace=20 if self.kept.directory else 1)
        self._watched.append(program)
        end = time.monotonic() + 30
        while loopback.request(self.url, seconds=5)[0] != HTTPStatus.OK:
            self.check()
            if time.monotonic() > end:
                raise ProgramError(f"the front did not answer:\n{program.read_log_tail()}")
            time.sleep(0.05)

    def _register_lines(self) -> None:
        for address, carrier in LINES:
            form = {
                "Address": address,
                "Carrier": carrier,
                "AutoCreation": "groups",
                "FriendlyName": f"{carrier.title()} {address[-4:]}",
                "Users": "*",
            }
            user = (self.account_sid, self.auth_token)
            status, body = loopback.request(f"{self.deployment.url}/v1/Lines", form=form, user=user)
            if status not in {HTTPStatus.CREATED, HTTPStatus.CONFLICT}:
                raise ProgramError(
                    f"the API refused the line {address} with status {status}: {body}\n{self.emulator.read_log_tail()}"
                )

    def _forget(self, keep: int) -> None:
        """Remove the oldest logs of runs of this kind; those that still run have their configuration beside them."""
        kind = self.directory.name.partition("-")[0]
        ended = [path for path in STATE.glob(f"{kind}-*") if not (path / "serve.json").exists()]
        for path in sorted(ended, key=lambda path: path.stat().st_mtime)[:-keep]:
            shutil.rmtree(path, ignore_errors=True)

    def _clean(self) -> None:
        """Remove what could be large or secret; the logs stay. It is thousands of files, which some disks take ten
        seconds for: a process of its own does that in the background."""
        self._config.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (self.directory / "emulator").rename(STATE / f"ended-{time.time_ns()}")
        # With what an earlier one may have left.
        ended = [str(path) for path in STATE.glob("ended-*")]
        if ended:
            os.posix_spawnp("rm", ["rm", "-rf", *ended], os.environ, setpgroup=0)
