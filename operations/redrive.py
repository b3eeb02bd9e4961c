"""Redrive a queue of a deployed stack: `python -m operations.redrive STACK RelayFailures`.

QUEUE is `RelayFailures`, what the relay gave up, or a dead-letter queue as the stack's Outputs name it without `Url`,
such as `OutboundDeadLetters`. The exit status is 0 when nothing is left in the queue. It can be run again at any time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import boto3

from operations.dead_letters import DeadLetterMove
from operations.deployed_stack import DeployedStack
from operations.relay_replay import LetterOutcome, RelayReplay

RELAY = "RelayFailures"
# Where the messages go of a queue that a function itself fills; those of the others go where they came from.
_DESTINATIONS = {"CallbacksDeadLetters": "CallbacksQueue"}


def _build_client(service: str) -> Any:
    client: Any = boto3.client
    return client(service)


def main(arguments: Sequence[str] | None = None, build_client: Callable[[str], Any] = _build_client) -> int:
    """Redrive a queue; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m operations.redrive", description=__doc__.partition("\n")[0])
    parser.add_argument("stack", help="the name of the stack")
    parser.add_argument("queue", help=f"{RELAY}, or a dead-letter queue such as OutboundDeadLetters")
    forget = "delete letters of the relay whose records the stream no longer has"
    parser.add_argument("--forget-expired", action="store_true", help=forget)
    given = parser.parse_args(arguments)
    stack = DeployedStack(given.stack, build_client("cloudformation"))
    url = stack.outputs.get(f"{given.queue}Url")
    if url is None:
        names = sorted(name.removesuffix("Url") for name in stack.outputs if name.endswith("DeadLettersUrl"))
        parser.error(f"no queue {given.queue}; there are {', '.join([RELAY, *names])}")
    if given.queue == RELAY:
        done = build_replay(stack, url, build_client).run(forget_expired=given.forget_expired)
    else:
        destination = _DESTINATIONS.get(given.queue)
        move = DeadLetterMove(build_client("sqs"), _report_moved)
        done = move.run(url, stack.outputs[f"{destination}Url"] if destination else None)
    print("done" if done else "something is left: see above, and run it again")
    return 0 if done else 1


def build_replay(stack: DeployedStack, url: str, build_client: Callable[[str], Any]) -> RelayReplay:
    """Build the replay of a stack: by the version of the relay that its event source calls."""
    functions = build_client("lambda")
    stream = build_client("dynamodb").describe_table(TableName=stack.outputs["TableName"])["Table"]["LatestStreamArn"]
    sources = functions.list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]
    relay = sources[0]["FunctionArn"] if sources else stack.find_resource("RelayFunction")

    def invoke(event: bytes) -> bytes:
        answer = functions.invoke(FunctionName=relay, Payload=event)
        body: bytes = answer["Payload"].read()
        if "FunctionError" in answer:
            raise RuntimeError(f"the relay failed: {body.decode()[:500]}")
        return body

    return RelayReplay(build_client("sqs"), build_client("dynamodbstreams"), url, invoke, _report_letter)


def _report_letter(outcome: LetterOutcome, text: str) -> None:
    print(f"{outcome}: {text}")


def _report_moved(moved: int, expected: int) -> None:
    print(f"moved {moved} of about {expected}")


if __name__ == "__main__":
    raise SystemExit(main())
