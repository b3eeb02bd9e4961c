"""Try a deployment from outside: `make smoke URL=...`, or `python -m operations.smoke URL`.

Each step is a line; the exit status is 0 when none has failed. What the steps make is deleted again. The credentials
are `PARTYLINE_ACCOUNT_SID` and `PARTYLINE_AUTH_TOKEN` of the environment. Without carriers, everything up to them is
tried. With a line and a phone, a text goes to the phone; with `--reply`, an answer of the phone must come back.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from operations.smoke_client import ApiClient, StepFailed
from operations.smoke_steps import SmokeTest, TextRound


@dataclass(frozen=True, slots=True)
class _Step:
    """A step by its name. It returns a detail of what it saw, None when it does not apply. Raises StepFailed."""

    name: str
    run: Callable[[], str | None]


def run_steps(test: SmokeTest) -> bool:
    """Run the steps up to the first that fails, and then clean up; print each. Return whether none has failed."""
    steps = [
        _Step("the API answers", test.reach_api),
        _Step("requests without credentials are refused", test.try_without_credentials),
        _Step("a conversation is created", test.create_conversation),
        _Step("a live connection opens", test.open_connection),
        _Step("a message is posted", test.post_message),
        _Step("the message is in the list", test.list_messages),
        _Step("the live connection heard of it", test.hear_message),
        _Step("webhooks without a signature are refused", test.try_unsigned_webhooks),
        _Step("a text reaches the phone's carrier", test.send_text),
        _Step("an answer of the phone comes back", test.await_answer),
    ]
    try:
        succeeded = all(_run(step) for step in steps)
    finally:
        cleaned = _run(_Step("everything is deleted again", test.clean_up))
    return succeeded and cleaned


def _run(step: _Step) -> bool:
    try:
        detail = step.run()
    except StepFailed as failure:
        print(f"FAIL  {step.name}: {failure}", flush=True)
        return False
    print(f"skip  {step.name}" if detail is None else f"ok    {step.name}: {detail}", flush=True)
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a deployment; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m operations.smoke", description=__doc__.partition("\n")[0])
    parser.add_argument("url", nargs="?", default=os.environ.get("PARTYLINE_URL", ""), help="the Output ApiUrl")
    live_url = os.environ.get("PARTYLINE_LIVE_URL", "")
    parser.add_argument("--live-url", default=live_url, help="the Output LiveUrl; without it, live events are left out")
    parser.add_argument("--line", default="", help="a line that texts the phone")
    parser.add_argument("--phone", default="", help="the number of a phone that gets a text")
    parser.add_argument("--reply", type=float, default=0.0, help="how many seconds the phone has to answer")
    given = parser.parse_args(arguments)
    account, token = (os.environ.get(f"PARTYLINE_{name}", "") for name in ("ACCOUNT_SID", "AUTH_TOKEN"))
    if not (given.url and account and token):
        parser.error("a URL, PARTYLINE_ACCOUNT_SID and PARTYLINE_AUTH_TOKEN are needed")
    if bool(given.line) != bool(given.phone):
        parser.error("a line and a phone come together")
    client = ApiClient(given.url.rstrip("/"), account, token)
    text = TextRound(given.line, given.phone, given.reply) if given.line else None
    test = SmokeTest(client, given.live_url, text)
    try:
        return 0 if run_steps(test) else 1
    finally:
        test.close()


if __name__ == "__main__":
    raise SystemExit(main())
