"""`make run`: the whole of Partyline on this machine, until a signal stops it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from local import admission, loopback
from local.environments import ROOT, STATE, SetupError
from local.processes import ENDINGS, Program, ProgramError

if TYPE_CHECKING:
    from local.kept import Kept
    from local.stack import Stack

# What clients need, and what a script needs that acts as a carrier.
_CLIENT_ENV, _CARRIERS_ENV = STATE / "local.env", STATE / "carriers.env"
_LARGEST_PORT = 65535

HOW_TO = """
ready

  the inbox    {url}/inbox/   (where staff read and write, in a browser)
                 {admin}, who sees everything                password {admin_password}
                 {limited}, who sees those of his contacts     password {limited_password}
  the phones   {url}/   (texts of the simulated handsets, beside it)
  the API      {url}/v1/...
  account SID  {sid}
  auth token   {token}

  curl -u {sid}:{token} {url}/v1/Conversations

  from twilio.rest import Client
  client = Client("{sid}", "{token}")
  client.conversations.base_url = "{url}"
  client.edge = client.region = None  # whatever TWILIO_EDGE and TWILIO_REGION say

  const client = require("twilio")("{sid}", "{token}");
  client.conversations.baseUrl = "{url}";
  client.edge = client.region = undefined;

  The same values are in {env}. What the functions log is in {logs}/emulator.log.
  Ctrl-C stops everything. The next run goes on where this one ends; rm -r {kept} begins anew.
"""


def main() -> int:
    """Run until a signal. The result is the exit status."""
    for ending in ENDINGS:
        signal.signal(ending, _stop)
    kept: Kept | None = None
    try:
        # Here, not above: it takes a moment, and a signal in that moment deserves an answer too.
        from local.kept import keep  # noqa: PLC0415
        from local.stack import Stack  # noqa: PLC0415

        port = front_port()
        kept = keep(f"kept-{port}")
        with Stack(f"run-{port}", port=port, cors_origins=cors_origins(), kept=kept, report=_report) as stack:
            _serve_until_signal(stack)
    except KeyboardInterrupt:
        _say("partyline: stopped")
        return 0
    except (ProgramError, SetupError) as error:
        print(f"partyline: {error}{_hint_at(kept)}", file=sys.stderr, flush=True)
        return 1


def _hint_at(kept: Kept | None) -> str:
    """Say how to begin anew, where there is something from an earlier run that may be in the way."""
    if kept is None or kept.state is None:
        return ""
    directory = kept.state.parent.relative_to(STATE.parent)
    return f"\nIf what earlier runs have kept is in the way, rm -r {directory} begins anew."


def _start_samples(stack: Stack) -> Program:
    """Begin to make the sample conversations: beside the rest, since nobody has to wait for them."""
    return Program(
        "the sample conversations",
        [sys.executable, "-m", "local.samples"],
        cwd=ROOT,
        env={**os.environ, **stack.variables()},
        log=stack.directory / "samples.log",
    )


def _serve_until_signal(stack: Stack) -> NoReturn:
    """Say how to use the stack, with files of what its users need, until a signal raises KeyboardInterrupt."""
    files = {_CLIENT_ENV: _format_env(stack.variables()), _CARRIERS_ENV: _format_env(stack.carrier_variables())}
    root = STATE.parent
    samples: Program | None = None
    try:
        _write_missing(files, overwrite=True)
        _say(
            HOW_TO.format(
                url=stack.url,
                sid=stack.account_sid,
                token=stack.auth_token,
                admin=stack.people.admin.name,
                admin_password=stack.people.admin.password,
                limited=stack.people.limited.name,
                limited_password=stack.people.limited.password,
                env=_CLIENT_ENV.relative_to(root),
                logs=stack.directory.relative_to(root),
                kept=stack.kept.directory.relative_to(root) if stack.kept.directory else "",
            )
        )
        samples = _start_samples(stack)
        while True:
            time.sleep(0.5)
            stack.check()
            if samples is not None and not samples.running():
                _report_samples(samples)
                samples = None
            # Another run, on another port, has its own in the same place, and takes them away when it ends.
            _write_missing(files)
    finally:
        _ignore_endings()
        _say("partyline: stopping ...")
        if samples is not None:
            samples.stop(grace=0)
        _remove_own(files)


def _report_samples(samples: Program) -> None:
    try:
        samples.finish()
    except ProgramError as error:
        # Everything else works without them.
        _say(f"partyline: {error}")
    else:
        # Nothing, where an earlier run has made them.
        if said := samples.read_log_tail():
            _say(f"partyline: {said}")


def front_port() -> int:
    """Return the port of the variable PORT. Raises SetupError when it is not a port, or in use."""
    value = os.environ.get("PORT") or "8080"
    if not value.isdecimal() or not 0 < int(value) <= _LARGEST_PORT:
        raise SetupError(f"PORT={value} is not a port: give a number from 1 to {_LARGEST_PORT}")
    port = int(value)
    if not loopback.is_free(port):
        raise SetupError(
            f"Port {port} is in use by another program. Stop that one, or choose another port: PORT={port + 1} make run"
        )
    return port


def cors_origins() -> tuple[str, ...]:
    """Return the origins whose pages may use the API. Raises SetupError for one that is not an origin."""
    try:
        return admission.parse_origins(os.environ.get("CORS_ORIGINS", ""))
    except admission.BadOrigin as error:
        raise SetupError(f"CORS_ORIGINS: {error}") from error


def _format_env(variables: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in variables.items())


def _write_missing(files: Mapping[Path, str], *, overwrite: bool = False) -> None:
    for file, content in files.items():
        if overwrite or not file.is_file():
            file.touch(mode=0o600)
            file.write_text(content)


def _remove_own(files: Mapping[Path, str]) -> None:
    for file, content in files.items():
        if file.is_file() and file.read_text() == content:
            file.unlink()


def _report(step: str) -> None:
    _say(f"partyline: {step}")


def _say(text: str) -> None:
    print(text, flush=True)


def _stop(_number: int, _frame: FrameType | None) -> None:
    # The first ending is enough: a second one must not interrupt the clean-up.
    _ignore_endings()
    raise KeyboardInterrupt


def _ignore_endings() -> None:
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
