"""`make events`: every sample in events/ through its built function, run by Lambda's own runtime interface emulator.

The samples are signed with the secrets of sample_secrets.json, so those are what the function is given. Telnyx and
Vonage sign the time too, and what they signed long ago is refused: their samples are signed anew.

Under it a function has what it has in Lambda: its own directory, the built layer, the runtime's boto3, the environment
it was deployed with, and nothing else of this project or its tools.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
import samcli
from nacl.signing import SigningKey
from samcli.yamlhelper import yaml_parse

from local import loopback
from local.deployment import architecture, build
from local.emulator import CREDENTIALS
from local.environments import ROOT, SetupError, ensure
from local.processes import Program, ProgramError
from local.stack import Stack

EVENTS = ROOT / "events"
SECRETS = ROOT / "local" / "sample_secrets.json"

# The private half of the sample public key: the first test vector of RFC 8032.
TELNYX_KEY = SigningKey(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))

_SERVER_ERROR = 500
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


class Function:
    """A built function that waits for events."""

    def __init__(self, name: str, url: str, program: Program) -> None:
        self.name = name
        self._url = url
        self._program = program

    def invoke(self, event: Any) -> Any:
        """Call the function. The answer is as Lambda returns it: with an errorMessage when the function raised."""
        body = json.dumps(event).encode()
        end = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(self._url, body, timeout=60) as answer:
                    return json.loads(answer.read())
            except OSError:
                if not self._program.running() or time.monotonic() > end:
                    raise ProgramError(f"{self.name} does not run:\n{self._program.read_log_tail()}") from None
                time.sleep(0.05)


@contextmanager
def running(stack: Stack, name: str) -> Iterator[Function]:
    """Run a function, by the name of its directory, in the environment of a deployed stack."""
    if platform.system() != "Linux":
        raise SetupError("Lambda's runtime interface emulator runs on Linux only")
    log = stack.directory / f"events-{name}.log"
    layers = list_layers(build(log), f"{name.title()}Function")
    runtime = ensure("runtime")
    physical = stack.physical(f"{name.title()}Function")
    deployed = stack.client("lambda").get_function_configuration(FunctionName=physical)
    door, api = loopback.free_port(), loopback.free_port()
    emulator = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{architecture()}"
    program = Program(
        name,
        [
            str(emulator),
            *("--runtime-interface-emulator-address", f"{loopback.HOST}:{door}"),
            *("--runtime-api-address", f"{loopback.HOST}:{api}"),
            *(str(runtime / "bin" / "python"), "-m", "awslambdaric", deployed["Handler"]),
        ],
        cwd=ROOT / "functions" / name,
        env={
            **{variable: os.environ[variable] for variable in _INHERITED if variable in os.environ},
            **CREDENTIALS,
            **deployed["Environment"]["Variables"],
            **_sample_settings(stack),
            "AWS_ENDPOINT_URL": stack.emulator.endpoint,
            "AWS_LAMBDA_FUNCTION_NAME": physical,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(deployed["Timeout"]),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed["MemorySize"]),
            "LAMBDA_TASK_ROOT": str(ROOT / "functions" / name),
            "PYTHONPATH": os.pathsep.join(str(layer) for layer in layers),
        },
        log=log,
    )
    try:
        yield Function(name, f"http://{loopback.HOST}:{door}/2015-03-31/functions/function/invocations", program)
    finally:
        program.stop(grace=1)


def list_layers(template: Path, function: str) -> list[Path]:
    """List the directories of a function's built layers: those that all functions have, and its own."""
    built = yaml_parse(template.read_text())
    shared = built["Globals"]["Function"]["Layers"]
    own = built["Resources"][function]["Properties"].get("Layers", [])
    return [template.parent / one["Ref"] / "python" for one in [*shared, *own]]


def _sample_settings(stack: Stack) -> dict[str, str]:
    """Return the variables by which a deployed function authenticates the samples."""
    manager = stack.client("secretsmanager")
    arn = manager.create_secret(Name=f"samples-{uuid.uuid4()}", SecretString=SECRETS.read_text())["ARN"]
    # Without a public URL a function takes the URL from the event's API.
    return {"AUTH_SECRET_ARN": arn, "CARRIERS_SECRET_ARN": arn, "PUBLIC_URL": ""}


def samples() -> list[Path]:
    """The sample events, each in the directory of its function."""
    return sorted(EVENTS.glob("*/*.json"))


def signed_now(event: Any) -> Any:
    """The event with a signature of this moment, where Telnyx or Vonage signed it."""
    headers = event.get("headers") or {}
    if event.get("path") == "/carriers/vonage":
        digest = hashlib.sha256(event["body"].encode()).hexdigest()
        claims = {"iat": int(time.time()), "jti": str(uuid.uuid4()), "payload_hash": digest}
        token = jwt.encode(claims, json.loads(SECRETS.read_text())["vonage_signature_secret"], "HS256")
        return {**event, "headers": {**headers, "Authorization": f"Bearer {token}"}}
    if "telnyx-timestamp" not in headers:
        return event
    stamp = str(int(time.time()))
    signature = TELNYX_KEY.sign(f"{stamp}|{event['body']}".encode()).signature
    fresh = {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": base64.b64encode(signature).decode()}
    return {**event, "headers": {**headers, **fresh}}


def complaint(function: str, answer: Any) -> str | None:
    """Say what is wrong with an answer; None when it is one that the function may give."""
    if isinstance(answer, dict) and "errorMessage" in answer:
        # The word by which an authorizer has API Gateway answer 401.
        if function == "authorizer" and answer["errorMessage"] == "Unauthorized":
            return None
        return f"raised {answer.get('errorType')}: {answer['errorMessage']}"
    if isinstance(answer, dict) and answer.get("statusCode", 0) >= _SERVER_ERROR:
        return f"answered {answer['statusCode']}: {answer.get('body')}"
    # No sample needs to be delivered again. The reason of a failure is in the function's log.
    if isinstance(answer, dict) and answer.get("batchItemFailures"):
        return f"did not take {answer['batchItemFailures']}"
    return None


def main() -> int:
    """Run every sample. The result is the exit status."""
    complaints = 0
    try:
        with Stack("events") as stack:
            for directory in sorted({path.parent for path in samples()}):
                with running(stack, directory.name) as function:
                    for path in sorted(directory.glob("*.json")):
                        answer = function.invoke(signed_now(json.loads(path.read_text())))
                        wrong = complaint(directory.name, answer)
                        complaints += wrong is not None
                        print(f"{'FAILED' if wrong else 'ok    '} {path.relative_to(ROOT)}  {wrong or _short(answer)}")
    except (ProgramError, SetupError) as error:
        print(f"partyline: {error}", file=sys.stderr)
        return 1
    return min(complaints, 1)


def _short(answer: Any, length: int = 100) -> str:
    text = json.dumps(answer)
    return text if len(text) <= length else f"{text[:length]} ..."


if __name__ == "__main__":
    sys.exit(main())
